//! What must hold for any bytes at all: a function for each reader of what may come from elsewhere.
//!
//! Each ends in a panic where its promise breaks: no panic of the reader's own, one message of bounded
//! length for what is refused, and what is read can be written and read again. Each says whether it was
//! read. cargo-fuzz, the corpus and the tests all call these; [`mutate`] damages what is sound.
#![allow(clippy::expect_used, clippy::panic, reason = "a broken promise must end the process")]

pub mod mutate;
mod run;

use std::fmt::Display;

use langevin_data::{FloatArray, SplitOptions, Survey, Table, TableData, TableOptions, Transform};
use langevin_train::{Problem, TensorMap, parse_config};

pub use run::{RUN_FILES, checkpoint, copy_run, resealed, run, run_file};

/// A reader by the name of its fuzz target and of its folder under `corpus/`.
pub type Target = (&'static str, fn(&[u8]) -> bool);

/// Every reader.
pub const TARGETS: [Target; 7] = [
    ("config", config),
    ("csv", csv),
    ("npy", npy),
    ("gzip", gzip),
    ("weights", weights),
    ("checkpoint", checkpoint),
    ("run", run),
];

/// The most bytes that the numbers of a table may take here.
const MEMORY: u64 = 256 << 20;
/// The most bytes of a message: those of a field's path and of what is wrong, four each.
const MESSAGE: usize = 9000;

/// A message is there, and of bounded length.
fn refused(error: impl Display) -> bool {
    let message = error.to_string();
    assert!(!message.trim().is_empty(), "a refusal without a message");
    assert!(message.len() <= MESSAGE, "{} bytes of message", message.len());
    false
}

/// A run file: what is valid is the same when it is written and read again.
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

/// A table of text.
pub fn csv(bytes: &[u8]) -> bool {
    table("a.csv", bytes)
}

/// An array of NumPy, as a table and of any shape.
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

/// Tables that gzip packed.
pub fn gzip(bytes: &[u8]) -> bool {
    ["a.csv.gz", "a.npy.gz"].map(|name| table(name, bytes)).contains(&true)
}

/// What is read has rows, and its numbers are finite, in the model's space too.
fn table(name: &str, bytes: &[u8]) -> bool {
    // Names of columns are shown whole here, and cut where the program prints them.
    let _ = Survey::from_bytes(name, bytes, None, None);
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

/// A safetensors file: what is read is finite, and the same when it is written and read again.
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
