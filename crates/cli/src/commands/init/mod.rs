//! `langevin init`: a config for a table of the user's own, with columns chosen and sizes proposed.

mod columns;
mod flags;
mod foreign;
mod listing;
mod reasons;
mod recipe;
mod remarks;

use std::path::{Path, PathBuf};

use langevin_data::{
    ColumnSurvey, Decimal, Gaps, Guess, Layout, Survey, Table, TableError, TableOptions,
};
use langevin_train::{
    DataConfig, Problem, TrainError, read_config, relative_path, shell_word, write_new_file,
};
use serde_json::json;

use self::{columns::LeftOut, flags::with_flags, listing::wrapped};
use crate::{
    args::{Args, InitArgs, YesNo},
    failure::Failure,
    output::print,
};

/// Share of rows that must be complete; below it the columns that cost most are left out.
const COMPLETE: f64 = 0.5;

/// Writes the config and says what it chose.
pub fn run(args: &Args, init: &InitArgs) -> Result<(), Failure> {
    foreign::refuse(&init.data)?;
    let guess = Guess::read(&init.data, &asked(init)).map_err(wrong)?;
    let survey = Survey::read(&init.data, &guess.options).map_err(wrong)?;
    let sheet = guess.options.layout.sheet.as_deref();
    let row_names = guess.options.layout.row_names;
    let (mut chosen, mut left_out) = columns::choose(&survey, row_names, sheet.is_some());
    can_be_learnt(init, &chosen, &left_out)?;
    let options = with_missing(&guess.options, &chosen);
    let complete = leave_out_gaps(init, &options, &mut chosen, &mut left_out)?;

    let name = run_name(&init.data);
    let path = init.out.clone().unwrap_or_else(|| PathBuf::from(format!("{name}.json")));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        return Err(Failure::usage(format!(
            "--out: there is no folder {}; make it, or name another",
            folder.display()
        )));
    }
    let folder = folder.unwrap_or(Path::new("."));
    let data = relative_path(&init.data, folder);
    let mut specs: Vec<_> =
        chosen.iter().map(|column| columns::spec(column, survey.rows)).collect();
    let reading = TableOptions { columns: Some(specs.clone()), ..options.clone() };
    let why = columns::encode(&mut specs, &Table::read(&init.data, &reading).map_err(wrong)?);
    let said: Vec<_> = specs.iter().map(columns::as_json).collect();
    let text = recipe::config(&recipe::Described {
        name: &name,
        path: &data,
        options: &options,
        columns: &said,
        rows: survey.rows,
    });
    // Only a config that `train` accepts is written: its parts, and its data.
    let problem = Problem::new(read_config(&path.display().to_string(), folder, &text, &[])?)?;
    let config = problem.config();
    config.data.build(config.seed).map_err(|error| named_as_given(init, &config.data, error))?;
    write_new_file(&path, text.as_bytes())?;
    let path = path.display().to_string();
    let file = init.data.file_name().unwrap_or_default().to_string_lossy();
    let table = match sheet {
        Some(sheet) => format!("{file} sheet {sheet} row"),
        None => format!("{file} line"),
    };
    let remarks = remarks::remarks(&table, &survey, &chosen, complete);
    if args.json {
        let remarks: Vec<_> =
            remarks.iter().map(|remark| remark.replace(listing::UNBROKEN, " ")).collect();
        let names: Vec<_> = chosen.iter().map(|column| &column.name).collect();
        let left_out: Vec<_> =
            left_out.iter().map(|(name, why)| json!({ "name": name, "why": why })).collect();
        let event = json!({
            "event": "wrote", "path": path, "columns": names, "left_out": left_out, "rows": survey.rows,
            "complete_rows": complete, "found": guess.said, "remarks": remarks
        });
        print(&event.to_string());
        return Ok(());
    }
    let columns = if chosen.len() == 1 { "column" } else { "columns" };
    print(&format!("{path}: {} rows, {} {columns} to learn", survey.rows, chosen.len()));
    let said = |text: &str, indent| print(&wrapped(text, indent));
    guess.said.iter().for_each(|found| said(found, 0));
    for ((column, spec), why) in chosen.iter().zip(&specs).zip(why) {
        said(&columns::described(column, spec, why), 2);
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
        ..TableOptions::default()
    }
}

/// The failure of a file that cannot be read, with the flags of this command instead of a config's fields.
fn wrong(error: TableError) -> Failure {
    Failure::usage(with_flags(Failure::from(TrainError::from(error)).message()))
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
    if chosen.iter().any(|column| !columns::is_constant(column)) {
        return Ok(());
    }
    let constant = chosen.iter().map(|column| {
        let value = column.distinct.iter().flatten().next().map_or("one value", |value| value);
        format!("{} (is {value} in all rows, and one column at least must vary)", column.name)
    });
    let reasons = left_out.iter().map(|(name, why)| format!("{name} ({why})"));
    let reasons: Vec<_> = constant.chain(reasons).collect();
    Err(Failure::usage(format!(
        "{}: no column can be learnt: {}",
        init.data.display(),
        reasons.join(", ")
    )))
}

/// The options with all fields of the chosen columns that stand for a missing value.
fn with_missing(options: &TableOptions, chosen: &[&ColumnSurvey]) -> TableOptions {
    let mut options = options.clone();
    let values = &mut options.layout.missing_values;
    for value in chosen.iter().flat_map(|column| &column.marks) {
        if !values.contains(value) {
            values.push(value.clone());
        }
    }
    options
}

/// Leaves out the columns that cost most rows, while too few are complete. Returns the number that is.
fn leave_out_gaps(
    init: &InitArgs,
    options: &TableOptions,
    chosen: &mut Vec<&ColumnSurvey>,
    left_out: &mut Vec<LeftOut>,
) -> Result<u64, Failure> {
    let mut reading = options.clone();
    let specs = chosen.iter().map(|column| columns::spec(column, 0)).collect();
    reading.columns = Some(specs);
    let gaps = Gaps::read(&init.data, &reading).map_err(wrong)?;
    let lacking: Vec<_> = (0..chosen.len()).map(|place| gaps.lacking(place)).collect();
    let mut without = Vec::new();
    while (gaps.complete(&without) as f64) < COMPLETE * gaps.rows as f64
        && without.len() + 1 < chosen.len()
    {
        let with_each = gaps.complete_with_each(&without, chosen.len());
        let places = (0..chosen.len()).filter(|place| !without.contains(place));
        // The last of equals is left out, so that a table keeps its first columns.
        let best = places.max_by_key(|place| (with_each[*place], lacking[*place]));
        let Some(place) = best.filter(|place| lacking[*place] > 0) else { break };
        let why = format!(
            "lacks {} values: with it {} of {} rows would be complete",
            lacking[place],
            gaps.complete(&without),
            gaps.rows
        );
        left_out.push((chosen[place].name.clone(), why));
        without.push(place);
    }
    let mut place = 0;
    chosen.retain(|_| {
        place += 1;
        !without.contains(&(place - 1))
    });
    can_be_learnt(init, chosen, left_out)?;
    Ok(gaps.complete(&without))
}

/// The run's name: the file's name without its endings, with `-` for characters that it may not have.
fn run_name(data: &Path) -> String {
    let name = data.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.split('.').next().unwrap_or_default();
    let allowed = |c: char| if c.is_ascii_alphanumeric() || "_-".contains(c) { c } else { '-' };
    let name: String = stem.chars().map(allowed).take(60).collect();
    if name.is_empty() { "table".to_owned() } else { name }
}

/// The path as text that a shell takes for one word, and `train` for a path instead of a name or a flag.
fn shown_as_path(path: &str) -> String {
    let plain = path.contains('/') || (path.ends_with(".json") && !path.starts_with('-'));
    shell_word(Path::new(&if plain { path.to_owned() } else { format!("./{path}") }))
}
