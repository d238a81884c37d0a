//! Promises that hold for any bytes at all: one function for each reader of files from elsewhere.
//!
//! A reader promises three things: it does not panic; it refuses bad bytes with one message of bounded
//! length; what it reads can be written and read again. Each function panics where such a promise breaks,
//! and returns whether the bytes were read. cargo-fuzz, the corpus and the tests all call these functions;
//! [`mutate`] damages sound files.
#![allow(clippy::expect_used, clippy::panic, reason = "a broken promise must end the process")]

pub mod mutate;
mod run;

use std::{
    fmt::Display,
    io::{Cursor, Write},
};

use langevin_data::{
    ColumnKind, ColumnSpec, ColumnSurvey, FloatArray, Gaps, Guess, SplitOptions, Survey, Table,
    TableData, TableError, TableOptions, Transform,
};
use langevin_train::{Problem, TensorMap, parse_config};

pub use run::{RUN_FILES, checkpoint, copy_run, resealed, run, run_file};

/// A reader by the name of its fuzz target and of its folder under `corpus/`.
pub type Target = (&'static str, fn(&[u8]) -> bool);

/// Every reader.
pub const TARGETS: [Target; 9] = [
    ("config", config),
    ("csv", csv),
    ("guess", guess),
    ("npy", npy),
    ("gzip", gzip),
    ("sheet", sheet),
    ("weights", weights),
    ("checkpoint", checkpoint),
    ("run", run),
];

/// Largest number of bytes that the numbers of a table may take here.
const MEMORY: u64 = 256 << 20;
/// Largest number of bytes that the parts of a workbook may take here.
const SHEET_MEMORY: u64 = 32 << 20;
/// Largest number of bytes of a message: a field's path and what is wrong, at four bytes a character.
const MESSAGE: usize = 9000;

/// Fails unless a refusal has a message of bounded length; gives `false`, for not read.
fn refused(error: impl Display) -> bool {
    let message = error.to_string();
    assert!(!message.trim().is_empty(), "a refusal without a message");
    assert!(message.len() <= MESSAGE, "{} bytes of message", message.len());
    false
}

/// Reads a run file; a valid one must be the same when it is written and read again.
pub fn config(bytes: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(bytes) else { return false };
    match parse_config("run.json", text, &[]).and_then(Problem::new) {
        Ok(problem) => {
            let config = problem.config();
            let resolved = serde_json::to_string(config).expect("a valid config is written");
            let again = parse_config("run.json", &resolved, &[]).expect("and read again");
            assert_eq!(again, *config);
            true
        }
        Err(error) => refused(error),
    }
}

/// Reads a table of text.
pub fn csv(bytes: &[u8]) -> bool {
    table("a.csv", bytes)
}

/// Guesses how a table is laid out, and reads it so: the survey's columns of numbers are a table, or no row of
/// them is complete, and a file that names itself a header has one row less.
pub fn guess(bytes: &[u8]) -> bool {
    let Ok(mut guess) = Guess::from_bytes("a.txt", bytes, &TableOptions::default()) else {
        return false;
    };
    let Ok(survey) = Survey::from_bytes("a.txt", bytes, &guess.options) else { return false };
    let is_number = |column: &&ColumnSurvey| {
        [ColumnKind::Number, ColumnKind::Integer].contains(&column.kind) && column.infinite == 0
    };
    let chosen: Vec<_> = survey.columns.iter().filter(is_number).collect();
    for value in chosen
        .iter()
        .flat_map(|column| column.marks.iter().chain(column.odd.iter().map(|cell| &cell.text)))
    {
        guess.options.layout.missing_values.push(value.clone());
    }
    let specs = chosen.iter().map(|column| {
        let spec = ColumnSpec {
            format: column.format.clone(),
            decimals: column.decimals,
            trailing_zeros: column.trailing_zeros && column.decimals.is_some(),
            ..ColumnSpec::named(column.name.as_str())
        };
        spec.check("a").expect("a column that was found can be said");
        spec
    });
    guess.options.columns = Some(specs.collect());
    guess.options.memory = Some(MEMORY);
    let complete = Gaps::from_bytes("a.txt", bytes, &guess.options).map(|gaps| gaps.complete(&[]));
    match (Table::from_bytes("a.txt", bytes, &guess.options), complete) {
        (Ok(table), Ok(complete)) => {
            assert_eq!(table.rows() as u64, complete);
            true
        }
        (Err(error @ (TableError::Text { .. } | TableError::Infinite { .. })), Ok(_)) => {
            panic!("what the survey took for numbers is none: {error}")
        }
        _ => false,
    }
}

/// Reads a NumPy array, as a table and as an array of any shape.
pub fn npy(bytes: &[u8]) -> bool {
    let is_table = table("a.npy", bytes);
    let is_array = match FloatArray::from_npy(bytes) {
        Ok(array) => {
            let product = array.shape.iter().try_fold(1_usize, |a, b| a.checked_mul(*b));
            assert_eq!(product, Some(array.values.len()));
            assert!(array.values.len() * 4 < bytes.len());
            true
        }
        Err(error) => refused(error),
    };
    is_table || is_array
}

/// Reads tables of both kinds that gzip packed.
pub fn gzip(bytes: &[u8]) -> bool {
    ["a.csv.gz", "a.npy.gz"].map(|name| table(name, bytes)).contains(&true)
}

/// Reads workbooks of both kinds, of which the bytes are the XML of the sheet, and the bytes as a workbook.
pub fn sheet(bytes: &[u8]) -> bool {
    let book: &[u8] = b"<workbook><sheets><sheet name=\"S\" r:id=\"r\"/></sheets></workbook>";
    let relations: &[u8] =
        b"<a><Relationship Id=\"r\" Type=\"x/worksheet\" Target=\"sheet.xml\"/></a>";
    let excel = archive(&[
        ("xl/workbook.xml", book),
        ("xl/_rels/workbook.xml.rels", relations),
        ("xl/sheet.xml", bytes),
    ]);
    let open = archive(&[("content.xml", bytes), ("META-INF/manifest.xml", b"<a/>")]);
    let mut is_read = false;
    for book in [&excel, &open, bytes] {
        let options = TableOptions { memory: Some(SHEET_MEMORY), ..TableOptions::default() };
        let guess = match Guess::from_bytes("a.xlsx", book, &options) {
            Ok(guess) => guess,
            Err(error) => {
                refused(error);
                continue;
            }
        };
        // A cell may be any text, a title or a unit, and a table of none has no rows.
        let _ = Table::from_bytes("a.xlsx", book, &guess.options);
        is_read |= Survey::from_bytes("a.xlsx", book, &guess.options).is_ok();
    }
    is_read
}

/// A zip archive of files, as they are.
fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = zip::CompressionMethod::Stored;
    let options = zip::write::SimpleFileOptions::default().compression_method(stored);
    for (name, bytes) in files {
        zip.start_file(*name, options).expect("a name of its own");
        zip.write_all(bytes).expect("memory");
    }
    zip.finish().expect("memory").into_inner()
}

/// Reads a table, which must have rows and finite numbers and go into the model's space without a panic.
fn table(name: &str, bytes: &[u8]) -> bool {
    // Messages are not measured here: they hold columns' names whole, which the program cuts as it prints.
    let _ = Survey::from_bytes(name, bytes, &TableOptions::default());
    let options = TableOptions { memory: Some(MEMORY), ..TableOptions::default() };
    let Ok(table) = Table::from_bytes(name, bytes, &options) else { return false };
    assert!(table.rows() > 0 && !table.columns().is_empty());
    for row in 0..table.rows() {
        assert!(table.row(row).iter().all(|value| value.is_finite()), "row {row}");
    }
    for transform in [Transform::Quantile, Transform::Standardise] {
        let _ =
            TableData::new(table.clone(), &SplitOptions { transform, ..SplitOptions::default() });
    }
    true
}

/// Reads a safetensors file, which must be finite and the same when it is written and read again.
pub fn weights(bytes: &[u8]) -> bool {
    match TensorMap::from_safetensors(bytes) {
        Ok(map) => {
            let written = map.to_safetensors().expect("what was read is written");
            assert_eq!(
                TensorMap::from_safetensors(&written).expect("what was written is read"),
                map
            );
            true
        }
        Err(error) => {
            let error = error.to_string();
            refused(&error[..error.len().min(MESSAGE)])
        }
    }
}
