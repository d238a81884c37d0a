//! `langevin init`: a config for a table of the user's own, with columns chosen and sizes proposed.

mod columns;
mod flags;
mod foreign;
mod listing;
mod pictures;
mod reasons;
mod recipe;
mod remarks;

use std::path::{Path, PathBuf};

use langevin_data::{
    ColumnKind, ColumnSpec, ColumnSurvey, Decimal, Gaps, Guess, Layout, Missing, Survey, Table,
    TableError, TableOptions,
};
use langevin_train::{
    DataConfig, Problem, TrainError, read_config, relative_path, shell_word, write_new_file,
};
use serde_json::json;

use self::{
    columns::LeftOut, flags::with_flags, listing::wrapped, pictures::Pictures, recipe::Columns,
    remarks::Place,
};
use super::check_folder_of;
use crate::{
    args::{Args, InitArgs, YesNo},
    failure::Failure,
    output::{print, print_json, print_lines, shown},
};

/// Share of rows that must be complete; below it what is missing is learnt, where rows are no pictures.
const COMPLETE: f64 = 0.98;

/// Writes the config and says what it chose.
pub fn run(args: &Args, init: &InitArgs) -> Result<(), Failure> {
    // A run file holds the path as text, which a name in other bytes is not.
    for (what, path) in [("DATA", Some(&init.data)), ("--out", init.out.as_ref())] {
        if let Some(path) = path.filter(|path| path.to_str().is_none()) {
            return Err(Failure::usage(format!(
                "{what}: must be a file whose path is UTF-8, got {path:?}; rename it"
            )));
        }
    }
    foreign::refuse(&init.data)?;
    let guess = Guess::read(&init.data, &asked(init)).map_err(wrong)?;
    let survey = Survey::read(&init.data, &guess.options).map_err(wrong)?;
    let sheet = guess.options.layout.sheet.as_deref();
    let row_names = guess.options.layout.row_names;
    let (mut chosen, mut left_out) = columns::choose(&survey, row_names, sheet.is_some());
    if let Some(weight) = &init.weight {
        chosen.retain(|column| column.name != *weight);
        left_out.retain(|(name, _)| name != weight);
        left_out.push((weight.clone(), "says how often its row is drawn".to_owned()));
    }
    // Only a file of text has a delimiter once it is guessed.
    let is_array = sheet.is_none() && guess.options.delimiter.is_none();
    let asked =
        pictures::Asked { width: init.image_width, takes_all: left_out.is_empty(), is_array };
    let pictures = pictures::find(&survey, &asked)?;
    if pictures.is_some() {
        if init.weight.is_some() {
            return Err(Failure::usage(
                "--weight: must be left out where rows are pictures".to_owned(),
            ));
        }
        (chosen, left_out) = (survey.columns.iter().collect(), Vec::new());
        pictures_can_be_learnt(init, &chosen)?;
    } else {
        can_be_learnt(init, &chosen, &left_out)?;
    }
    let is_weight = |column: &&ColumnSurvey| init.weight.as_ref() == Some(&column.name);
    let weight = survey.columns.iter().find(is_weight);
    let mut options = with_missing(&guess.options, chosen.iter().copied().chain(weight));
    // It is read as it is spelt.
    let weight = weight.map(columns::spelt).filter(|spec| *spec != ColumnSpec::named(&*spec.name));
    let each = pictures.as_ref().map(|_| pictures::spec(&survey));
    let complete = match &each {
        Some(each) => complete_pictures(init, &options, each)?,
        None => complete_rows(init, &options, &chosen)?,
    };
    if each.is_none() && (complete as f64) < COMPLETE * survey.rows as f64 {
        options.missing = Missing::Model;
    }

    let name = run_name(&init.data);
    let path = init.out.clone().unwrap_or_else(|| PathBuf::from(format!("{name}.json")));
    check_folder_of(&path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let data = relative_path(&init.data, folder);
    let mut specs: Vec<_> = match &each {
        Some(_) => Vec::new(),
        None => chosen.iter().map(|column| columns::spec(column, survey.rows)).collect(),
    };
    let mut learnt = Vec::new();
    if each.is_none() {
        let columns = specs.iter().chain(&weight).cloned().collect();
        let reading = TableOptions { columns: Some(columns), ..options.clone() };
        learnt = columns::encode(&mut specs, &Table::read(&init.data, &reading).map_err(wrong)?);
    }
    let said: Vec<_> = specs.iter().chain(&weight).map(columns::as_json).collect();
    let of_each = each.as_ref().map_or(String::new(), columns::each_as_json);
    let text = recipe::config(&recipe::Described {
        name: &name,
        path: &data,
        options: &options,
        columns: match &pictures {
            Some(pictures) => Columns::Pixels(pictures.picture, &of_each),
            None => Columns::Each(&said, specs.iter().any(columns::has_classes)),
        },
        axes: &survey.axes,
        rows: survey.rows,
    });
    // Only a config that `train` accepts is written: its parts, and its data.
    let problem = Problem::new(read_config(&path.display().to_string(), folder, &text, &[])?)?;
    let config = problem.config();
    config.data.build(config.seed).map_err(|error| named_as_given(init, &config.data, error))?;
    write_new_file(&path, text.as_bytes())?;
    let path = path.display().to_string();
    let file = init.data.file_name().unwrap_or_default().to_string_lossy();
    let place = match sheet {
        _ if is_array => Place { before: format!("{file} row"), after: " (counted from 0)" },
        Some(sheet) => Place { before: format!("{file} sheet {sheet} row"), after: "" },
        None => Place { before: format!("{file} line"), after: "" },
    };
    let remarks =
        remarks::remarks(&place, &survey, &chosen, &options, complete, pictures.is_some());
    let found = pictures.as_ref().map(|pictures| told(&survey, pictures));
    let found = found.or_else(|| no_pictures(&survey));
    let found: Vec<_> = guess.said.iter().cloned().chain(found).collect();
    if args.json {
        let remarks: Vec<_> =
            remarks.iter().map(|remark| remark.replace(listing::UNBROKEN, " ")).collect();
        let names: Vec<_> = chosen.iter().map(|column| &column.name).collect();
        let left_out: Vec<_> =
            left_out.iter().map(|(name, why)| json!({ "name": name, "why": why })).collect();
        let event = json!({
            "event": "wrote", "path": path, "columns": names, "left_out": left_out, "rows": survey.rows,
            "complete_rows": complete, "found": found, "remarks": remarks
        });
        print_json(&event);
        return Ok(());
    }
    let columns = if chosen.len() == 1 { "column" } else { "columns" };
    print(&format!("{path}: {} rows, {} {columns} to learn", survey.rows, chosen.len()));
    let said = |text: &str, indent| print_lines(wrapped(&shown(text), indent));
    found.iter().for_each(|found| said(found, 0));
    if each.is_some() {
        said(&pictures::described(&survey), 2);
    }
    for ((column, spec), learnt) in chosen.iter().zip(&specs).zip(learnt) {
        said(&columns::described(column, spec, learnt.as_deref()), 2);
    }
    left_out.iter().for_each(|(name, why)| said(&format!("left out: {name} ({why})"), 0));
    remarks.iter().for_each(|remark| said(remark, 0));
    print(&format!("next: langevin train {}", shown_as_path(&path)));
    Ok(())
}

/// How the arguments say that the file is read.
fn asked(init: &InitArgs) -> TableOptions {
    let byte = |c: char| u8::try_from(c).ok();
    TableOptions {
        header: init.header.map(|header| header == YesNo::Yes),
        delimiter: init.delimiter.and_then(byte),
        layout: Layout {
            decimal: init.decimal.as_ref().map(|sign| match sign.as_str() {
                "," => Decimal::Comma,
                _ => Decimal::Point,
            }),
            comment: init.comment.and_then(byte),
            missing_values: init.missing.clone(),
            sheet: init.sheet.clone(),
            skip_lines: init.skip_lines,
            ..Layout::default()
        },
        weight: init.weight.clone(),
        ..TableOptions::default()
    }
}

/// The failure of a file that cannot be read, with the flags of this command instead of a config's fields.
fn wrong(error: TableError) -> Failure {
    Failure::usage(with_flags(Failure::from(TrainError::from(error)).message()))
}

/// What is said of pictures: how many of which size, and how they were told.
fn told(survey: &Survey, pictures: &Pictures) -> String {
    let how = pictures.said.as_ref().map_or(String::new(), |said| format!(": {said}"));
    let things = if survey.rows == 1 { "picture" } else { "pictures" };
    format!("{} {things} of {}{how}", survey.rows, pictures.picture)
}

/// What is said of an array whose axes are none of pictures.
fn no_pictures(survey: &Survey) -> Option<String> {
    let axes: Vec<_> = survey.axes.iter().map(usize::to_string).collect();
    (!axes.is_empty()).then(|| {
        format!(
            "each row has {} numbers, read as columns; pictures have rows of [height, width], [height, width, channels] or \
             [channels, height, width], with 1, 3 or 4 channels",
            axes.join(" by ")
        )
    })
}

/// The failure of a table that the config leads to, with its path as it was given.
fn named_as_given(init: &InitArgs, data: &DataConfig, error: TrainError) -> Failure {
    let failure = Failure::from(error);
    match data {
        DataConfig::Table(table) => {
            let given = init.data.display().to_string();
            Failure::usage(with_flags(&failure.message().replace(&table.path, &given)))
        }
        _ => failure,
    }
}

/// Fails where no chosen column varies.
fn can_be_learnt(
    init: &InitArgs,
    chosen: &[&ColumnSurvey],
    left_out: &[LeftOut],
) -> Result<(), Failure> {
    let is_alone = |column: &&ColumnSurvey| column.kind == ColumnKind::Text && chosen.len() == 1;
    if chosen.iter().any(|column| !columns::is_constant(column) && !is_alone(column)) {
        return Ok(());
    }
    let constant = chosen.iter().map(|column| match is_alone(column) {
        true => {
            let why = reasons::texts(column);
            format!("{} ({why}, and a category alone is no more than its shares)", column.name)
        }
        false => {
            let value = column.distinct.iter().flatten().next().map_or("one value", |value| value);
            format!("{} (is {value} in all rows, and one column at least must vary)", column.name)
        }
    });
    let reasons = left_out.iter().map(|(name, why)| format!("{name} ({why})"));
    let reasons: Vec<_> = constant.chain(reasons).collect();
    Err(Failure::usage(format!(
        "{}: no column can be learnt: {}",
        init.data.display(),
        reasons.join(", ")
    )))
}

/// Fails where all pictures are the same.
fn pictures_can_be_learnt(init: &InitArgs, pixels: &[&ColumnSurvey]) -> Result<(), Failure> {
    match pixels.iter().any(|column| !columns::is_constant(column)) {
        true => Ok(()),
        false => Err(Failure::usage(format!(
            "{}: all its pictures are the same, and one pixel at least must vary",
            init.data.display()
        ))),
    }
}

/// The number of pictures without a gap.
fn complete_pictures(
    init: &InitArgs,
    options: &TableOptions,
    each: &ColumnSpec,
) -> Result<u64, Failure> {
    let reading = TableOptions { each: Some(each.clone()), ..options.clone() };
    Ok(Gaps::read(&init.data, &reading).map_err(wrong)?.complete(&[]))
}

/// The options with all fields of these columns that stand for a missing value.
fn with_missing<'a>(
    options: &TableOptions,
    columns: impl Iterator<Item = &'a ColumnSurvey>,
) -> TableOptions {
    let mut options = options.clone();
    let values = &mut options.layout.missing_values;
    for value in columns.flat_map(|column| &column.marks) {
        if !values.contains(value) {
            values.push(value.clone());
        }
    }
    options
}

/// The number of rows that have all values.
fn complete_rows(
    init: &InitArgs,
    options: &TableOptions,
    chosen: &[&ColumnSurvey],
) -> Result<u64, Failure> {
    let specs = chosen.iter().map(|column| columns::spec(column, 0)).collect();
    let reading = TableOptions { columns: Some(specs), ..options.clone() };
    Ok(Gaps::read(&init.data, &reading).map_err(wrong)?.complete(&[]))
}

/// The run's name: the file's name without its ending, with `-` for characters that it may not have.
fn run_name(data: &Path) -> String {
    let name = data.file_name().unwrap_or_default().to_string_lossy();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let allowed = |c: char| if c.is_ascii_alphanumeric() || "_-".contains(c) { c } else { '-' };
    let name: String = stem.chars().map(allowed).take(60).collect();
    if name.is_empty() { "table".to_owned() } else { name }
}

/// The path as text that a shell takes for one word, and `train` for a path instead of a name or a flag.
fn shown_as_path(path: &str) -> String {
    let plain = path.contains('/') || (path.ends_with(".json") && !path.starts_with('-'));
    shell_word(Path::new(&if plain { path.to_owned() } else { format!("./{path}") }))
}
