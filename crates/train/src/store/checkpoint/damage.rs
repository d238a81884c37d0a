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
    /// The checkpoint is not what was saved, and never will be again.
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// The checkpoint may be sound, and cannot be read here and now.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_damage_names_its_file_and_what_is_wrong() {
        let file = "model.safetensors";
        let array = ArrayError::Missing("layers.0.bias".to_owned());
        let faults: [(Damage, &str); 9] = [
            (Damage::Link, "it must be a folder, and no link"),
            (Damage::Missing { file: file.to_owned() }, "model.safetensors is not there"),
            (Damage::NotListed { file }, "model.safetensors is not listed"),
            (Damage::Size { file, bytes: 3, saved: 4 }, "model.safetensors has 3 bytes, not 4"),
            (Damage::Checksum { file }, "the checksum of model.safetensors does not hold"),
            (Damage::Arrays { file, source: array }, "model.safetensors: layers.0.bias is missing"),
            (Damage::IndexCut, "checkpoint.json is cut"),
            (ProgressError::OtherStep { step: 7 }.into(), "checkpoint.json: it is of step 7"),
            (
                ProgressError::Best { step: 9, since: 2 }.into(),
                "checkpoint.json: its lowest loss is of step 9, 2 measurements ago",
            ),
        ];
        for (fault, message) in faults {
            assert_eq!(fault.to_string(), message);
            let needed = LoadError::from(fault).at(Path::new("run/step-1"));
            let whole = format!("checkpoint run/step-1 is damaged: {message}");
            assert_eq!((needed.to_string(), needed.is_usage()), (whole, false));
        }
    }
}
