//! Reading of the files in a run's folder, which may come from elsewhere. Only regular files are read,
//! and only as many bytes as a file of the kind may have. A link may lead anywhere, and a pipe or a
//! device may never end.

use std::{
    fs::{self, File},
    io::{
        self, BufRead, BufReader,
        ErrorKind::{NotADirectory, NotFound},
        Read,
    },
    path::Path,
};

use serde::de::DeserializeOwned;

use crate::{TrainError, problem::free_memory, store::disk};

/// The most bytes of manifest.json.
pub(crate) const MANIFEST_LIMIT: u64 = 1 << 20;
/// The most bytes of evaluation.json: a few hundred for each of 65,536 columns.
pub(crate) const EVALUATION_LIMIT: u64 = 32 << 20;
/// The most bytes of levels.json: two numbers for each level and feature.
pub(crate) const LEVELS_LIMIT: u64 = 64 << 20;
/// The most bytes of a line of a log.
const LINE_LIMIT: u64 = 1 << 16;

/// The most bytes of a file whose size depends on the run alone: an eighth of the memory that is free,
/// since numbers may take four times their text.
pub(crate) fn share_of_memory() -> u64 {
    free_memory().map_or(1 << 30, |free| free.bytes / 8)
}

/// Opens a regular file of at most `limit` bytes.
pub(crate) fn open(path: &Path, limit: u64) -> io::Result<File> {
    let found = fs::symlink_metadata(path)?;
    if !found.is_file() {
        return Err(io::Error::other("it must be a regular file, not a link, folder or device"));
    }
    if found.len() > limit {
        return Err(too_large(found.len(), limit));
    }
    disk::open(path)
}

fn too_large(size: u64, limit: u64) -> io::Error {
    io::Error::other(format!("it has {size} bytes, and at most {limit} are read"))
}

/// Reads a file; returns `None` where there is no file.
///
/// # Errors
/// It is no regular file, larger than `limit`, or cannot be read.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, TrainError> {
    let read = || {
        let mut bytes = Vec::new();
        // The file may have grown since its size was checked.
        open(path, limit)?.take(limit + 1).read_to_end(&mut bytes)?;
        match bytes.len() as u64 {
            size if size > limit => Err(too_large(size, limit)),
            _ => Ok(bytes),
        }
    };
    if_there(path, read())
}

/// Reads a file of text; returns `None` where there is no file.
///
/// # Errors
/// As [`read`]; it is not UTF-8.
pub(crate) fn read_text(path: &Path, limit: u64) -> Result<Option<String>, TrainError> {
    let Some(bytes) = read(path, limit)? else { return Ok(None) };
    let text = String::from_utf8(bytes).map_err(|error| io::Error::other(error.utf8_error()));
    if_there(path, text)
}

/// Reads a file of JSON; returns `None` where there is no file.
///
/// # Errors
/// As [`read`]; it is not what `T` says.
pub(crate) fn read_json<T: DeserializeOwned>(
    path: &Path,
    limit: u64,
) -> Result<Option<T>, TrainError> {
    let Some(bytes) = read(path, limit)? else { return Ok(None) };
    let parsed = serde_json::from_slice(&bytes);
    parsed.map(Some).map_err(|source| TrainError::Json { name: path.display().to_string(), source })
}

/// Turns the error of a file that does not exist into `None`.
fn if_there<T>(path: &Path, read: io::Result<T>) -> Result<Option<T>, TrainError> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error) if matches!(error.kind(), NotFound | NotADirectory) => Ok(None),
        Err(source) => Err(TrainError::io("cannot read", path, source)),
    }
}

/// Opens a file as [`read`] does, to be read piece by piece; `None` where there is none.
pub(crate) fn open_if_there(path: &Path, limit: u64) -> Result<Option<File>, TrainError> {
    if_there(path, open(path, limit))
}

/// Whole lines of a log, read one at a time. A last line that a killed run left without its end is
/// skipped.
pub(crate) struct Lines {
    file: BufReader<File>,
    number: usize,
}

impl Lines {
    /// Opens a log.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { file: BufReader::new(open(path, share_of_memory())?), number: 0 })
    }
}

impl Iterator for Lines {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut line = Vec::new();
        self.number += 1;
        match self.file.by_ref().take(LINE_LIMIT).read_until(b'\n', &mut line) {
            Ok(_) if line.ends_with(b"\n") => Some(Ok(line)),
            Ok(length) if length as u64 == LINE_LIMIT => {
                let message = format!("line {} has more than {LINE_LIMIT} bytes", self.number);
                Some(Err(io::Error::other(message)))
            }
            Ok(_) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

/// The lines of a log that parse as `T`; empty where there is no log.
///
/// # Errors
/// It is no regular file, too large, or has a line without end.
pub(crate) fn read_lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, TrainError> {
    let Some(lines) = if_there(path, Lines::open(path))? else { return Ok(Vec::new()) };
    let parsed =
        lines.filter_map(|line| line.map(|line| serde_json::from_slice(&line).ok()).transpose());
    Ok(if_there(path, parsed.collect())?.unwrap_or_default())
}

#[cfg(test)]
mod tests;
