//! data.json: what a run keeps of a table, so that its samples need no other file.

use std::path::Path;

use langevin_data::KeptTable;

use crate::{
    TrainError,
    store::{
        Manifest,
        durable::write_durably,
        manifest::MANIFEST,
        reading::{read, share_of_memory},
    },
};

pub(crate) const KEPT: &str = "data.json";

/// Why a file is not what a run kept of its table.
#[derive(Debug, thiserror::Error)]
enum KeptError {
    #[error(
        "its checksum is not the one that {MANIFEST} names; `langevin train --resume RUN` writes it anew"
    )]
    Checksum,
    #[error("is not as it was written ({0}); `langevin train --resume RUN` writes it anew")]
    Json(#[from] serde_json::Error),
}

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
/// A file that cannot be read, is another than the manifest names, or is not ours.
pub(crate) fn read_kept(
    run: &Path,
    manifest: Option<&Manifest>,
) -> Result<Option<KeptTable>, TrainError> {
    let path = run.join(KEPT);
    let Some(bytes) = read(&path, share_of_memory())? else { return Ok(None) };
    let refuse = |why: KeptError| TrainError::NotOurs { path: path.clone(), source: why.into() };
    let sum = manifest.and_then(|manifest| manifest.files.get(KEPT));
    if sum.is_some_and(|sum| *sum != blake3::hash(&bytes).to_string()) {
        return Err(refuse(KeptError::Checksum));
    }
    serde_json::from_slice(&bytes).map(Some).map_err(|why| refuse(why.into()))
}
