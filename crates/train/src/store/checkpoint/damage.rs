//! Damage: why a checkpoint is not what was saved.

use std::{io, path::Path, str::Utf8Error};

use super::INDEX;
use crate::{TrainError, engine::tensors::ArrayError, trainer::ProgressError};

/// What is wrong with a checkpoint that is not what was saved.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Damage {
    /// A link in the place of the checkpoint's folder.
    #[error("it must be a folder, and no link")]
    Link,
    #[error("{file} is not there")]
    Missing { file: String },
    /// A file that checkpoint.json must list and does not.
    #[error("{file} is not listed")]
    NotListed { file: &'static str },
    /// Something in the place of a file that is no regular file, or larger than the file may be.
    #[error("{file}: {source}")]
    NoFile { file: String, source: io::Error },
    #[error("{file} has {bytes} bytes, not {saved}")]
    Size { file: &'static str, bytes: u64, saved: u64 },
    #[error("the checksum of {file} does not hold")]
    Checksum { file: &'static str },
    #[error("{file}: {source}")]
    Arrays { file: &'static str, source: ArrayError },
    #[error("{INDEX}: {0}")]
    IndexText(#[from] Utf8Error),
    /// A checkpoint.json without a second line.
    #[error("{INDEX} is cut")]
    IndexCut,
    #[error("{INDEX}: {0}")]
    IndexJson(#[from] serde_json::Error),
    #[error("{INDEX}: {0}")]
    Progress(#[from] ProgressError),
}

/// Why a checkpoint is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    /// It is not what was saved, and never will be again.
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// It may be sound: here and now it cannot be read.
    #[error(transparent)]
    Unreadable(TrainError),
}

impl LoadError {
    /// The error of a program that needs this very checkpoint.
    pub(crate) fn at(self, path: &Path) -> TrainError {
        match self {
            Self::Damaged(why) => {
                TrainError::DamagedCheckpoint { path: path.to_owned(), source: why.into() }
            }
            Self::Unreadable(error) => error,
        }
    }
}
