//! [`select`]: the columns of a file that a table takes, and the one that weighs its rows.

use std::collections::HashMap;

use super::{TableError, TableOptions, ToldError, WeightError};

/// Likeness of two names, by Jaro and Winkler, above which one may have been meant for the other.
const ALIKE: f64 = 0.75;

/// Columns that a table takes, by their places in the file.
pub(super) struct Selection {
    /// In the order of `data.columns` or, without it, of the file; those that are told come last, in their order.
    pub columns: Vec<usize>,
    /// Column of what rows weigh.
    pub weight: Option<usize>,
}

/// The columns of these names that a table takes.
pub(super) fn select(
    file: &str,
    names: &[String],
    options: &TableOptions,
) -> Result<Selection, TableError> {
    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    for (i, name) in names.iter().enumerate() {
        places.entry(name).or_default().push(i);
    }
    let unknown = |field, name: &str| TableError::UnknownColumn {
        file: file.to_owned(),
        field,
        name: name.to_owned(),
        nearest: nearest(name, names),
        known: names.to_vec(),
    };
    if let Some(name) = options.exclude.iter().find(|name| !places.contains_key(name.as_str())) {
        return Err(unknown("data.exclude", name));
    }
    if let Some(name) = options.told.iter().find(|name| !places.contains_key(name.as_str())) {
        return Err(unknown("data.condition.columns", name));
    }
    let weight = options.weight.as_ref().map(|name| {
        if options.told.contains(name) {
            let (file, column) = (file.to_owned(), name.clone());
            return Err(WeightError::Told { file, column }.into());
        }
        match places.get(name.as_str()).map(Vec::as_slice) {
            None | Some([]) => Err(unknown("data.weight", name)),
            Some([place]) => Ok(*place),
            Some([first, second, ..]) => Err(same_name(file, name, [*first, *second])),
        }
    });
    let weight = weight.transpose()?;
    // What is told is taken, though other fields leave it out.
    for name in options.exclude.iter().filter(|name| !options.told.contains(name)) {
        places.insert(name, Vec::new());
    }
    let mut chosen = Vec::new();
    let said = options.columns.as_ref().map(|specs| specs.iter().map(|spec| &spec.name));
    let mut wanted: Vec<_> = said.map_or_else(|| names.iter().collect(), Iterator::collect);
    let is_learnt =
        |name: &&String| !options.told.contains(name) && options.weight.as_ref() != Some(*name);
    wanted.retain(is_learnt);
    // What is said of other columns than those to learn chooses none.
    if wanted.is_empty() && !(options.told.is_empty() && options.weight.is_none()) {
        wanted = names.iter().filter(is_learnt).collect();
    }
    let drawn = wanted.len();
    wanted.extend(&options.told);
    for name in wanted {
        // Each place is taken out, so that a second mention finds none.
        match places.get_mut(name.as_str()).map(std::mem::take).as_deref() {
            None => return Err(unknown("data.columns", name)),
            Some([first, second, ..]) => return Err(same_name(file, name, [*first, *second])),
            Some([place]) => chosen.push(*place),
            Some([]) if options.exclude.contains(name) => {}
            Some([]) => {
                return Err(TableError::ChosenTwice { file: file.to_owned(), name: name.clone() });
            }
        }
    }
    if chosen.is_empty() {
        return Err(TableError::NoColumns { file: file.to_owned() });
    }
    if drawn == 0 {
        return Err(ToldError::All { file: file.to_owned(), told: options.told.clone() }.into());
    }
    Ok(Selection { columns: chosen, weight })
}

fn same_name(file: &str, name: &str, places: [usize; 2]) -> TableError {
    let [first, second] = places.map(|place| place + 1);
    TableError::SameName { file: file.to_owned(), name: name.to_owned(), first, second }
}

fn nearest(name: &str, names: &[String]) -> Option<String> {
    let name = name.to_lowercase();
    let likeness = |known: &String| strsim::jaro_winkler(&name, &known.to_lowercase());
    let alike = names.iter().map(|known| (likeness(known), known));
    let best = alike.filter(|(likeness, _)| *likeness > ALIKE);
    best.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, known)| known.clone())
}
