//! data.json: what a run keeps of a table, so that its samples need no other file.

use std::path::Path;

use langevin_data::KeptTable;

use crate::{
    TrainError,
    store::{
        durable::write_durably,
        reading::{read_json, share_of_memory},
    },
};

pub(crate) const KEPT: &str = "data.json";

/// Writes what is kept, and gives the file's checksum.
pub(crate) fn write_kept(run: &Path, kept: &KeptTable) -> Result<String, TrainError> {
    let path = run.join(KEPT);
    // In one line: a column by rank has a number for each of its values.
    let mut text = serde_json::to_string(kept)
        .map_err(|source| TrainError::Json { name: path.display().to_string(), source })?;
    text.push('\n');
    write_durably(&path, text.as_bytes())?;
    Ok(blake3::hash(text.as_bytes()).to_string())
}

/// Reads what a run keeps of its table; `None` where it keeps nothing.
///
/// # Errors
/// A file that cannot be read, or is not ours.
pub(crate) fn read_kept(run: &Path) -> Result<Option<KeptTable>, TrainError> {
    read_json(&run.join(KEPT), share_of_memory())
}
