//! [`select`]: the columns of a file that a table takes.

use std::collections::HashMap;

use super::{TableError, TableOptions, ToldError};

/// Likeness of two names, by Jaro and Winkler, above which one may have been meant for the other.
const ALIKE: f64 = 0.75;

/// The indices of the chosen columns, in the order of `data.columns` or, without it, of the file; those that are told
/// come last, in their order.
pub(super) fn select(
    file: &str,
    names: &[String],
    options: &TableOptions,
) -> Result<Vec<usize>, TableError> {
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
    // What is told is taken, though other fields leave it out.
    for name in options.exclude.iter().filter(|name| !options.told.contains(name)) {
        places.insert(name, Vec::new());
    }
    let mut chosen = Vec::new();
    let said = options.columns.as_ref().map(|specs| specs.iter().map(|spec| &spec.name));
    let mut wanted: Vec<_> = said.map_or_else(|| names.iter().collect(), Iterator::collect);
    wanted.retain(|name| !options.told.contains(name));
    // What is said of told columns alone chooses none.
    if wanted.is_empty() && !options.told.is_empty() {
        wanted = names.iter().filter(|name| !options.told.contains(name)).collect();
    }
    let drawn = wanted.len();
    wanted.extend(&options.told);
    for name in wanted {
        // Each place is taken out, so that a second mention finds none.
        match places.get_mut(name.as_str()).map(std::mem::take).as_deref() {
            None => return Err(unknown("data.columns", name)),
            Some([first, second, ..]) => {
                let (file, name) = (file.to_owned(), name.clone());
                let (first, second) = (first + 1, second + 1);
                return Err(TableError::SameName { file, name, first, second });
            }
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
    Ok(chosen)
}

fn nearest(name: &str, names: &[String]) -> Option<String> {
    let name = name.to_lowercase();
    let likeness = |known: &String| strsim::jaro_winkler(&name, &known.to_lowercase());
    let alike = names.iter().map(|known| (likeness(known), known));
    let best = alike.filter(|(likeness, _)| *likeness > ALIKE);
    best.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, known)| known.clone())
}
