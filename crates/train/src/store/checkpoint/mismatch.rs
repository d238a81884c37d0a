//! Mismatches: why a sound checkpoint, or a run's folder, does not belong to the run at hand.

use std::path::Path;

use crate::{
    TrainError,
    engine::tensors::ArrayError,
    store::{kept::KEPT, manifest::MANIFEST},
    trainer::RestoreError,
};

/// The first difference between what was saved and what a run has.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Mismatch {
    #[error("was trained on other data than config.json describes")]
    OtherData,
    /// The same of a file, which may have changed.
    #[error("was trained on other data than config.json describes, or its file has changed since")]
    OtherTable,
    #[error("was trained on other data than {KEPT} keeps")]
    OtherDataKept,
    #[error("was trained on other data than {MANIFEST} names")]
    OtherDataThanManifest,
    #[error("was trained with another {path} than config.json describes")]
    OtherSection {
        /// The section's path in the run file.
        path: &'static str,
    },
    #[error("{file}: {source}")]
    Array { file: &'static str, source: ArrayError },
    /// Random frequencies of the level's embedding that do not fit it.
    #[error("{file}: {source}")]
    Frequencies { file: &'static str, source: Box<TrainError> },
    #[error(transparent)]
    Restore(#[from] RestoreError),
}

impl Mismatch {
    /// The error of the folder `path`, which does not belong to the run at hand.
    pub(crate) fn of(self, path: &Path) -> TrainError {
        match self {
            Self::OtherTable => TrainError::OtherTable(path.to_owned()),
            why => TrainError::mismatch(path, why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_from_a_file_may_have_changed() {
        let said = Mismatch::OtherData.to_string();
        assert_eq!(said, "was trained on other data than config.json describes");
        let said = format!("runs/t: {}", Mismatch::OtherTable);
        assert_eq!(Mismatch::OtherTable.of(Path::new("runs/t")).to_string(), said);
        assert_eq!(
            Mismatch::OtherDataThanManifest.to_string(),
            "was trained on other data than manifest.json names"
        );
    }

    #[test]
    fn an_array_is_named_with_its_file() {
        let (file, source) = ("ema.safetensors", ArrayError::NotOfNetwork("w".to_owned()));
        let why = Mismatch::Array { file, source };
        assert_eq!(why.to_string(), "ema.safetensors: w is not part of the network");
        let why = TrainError::Frequencies { given: 1, needed: 0 };
        let why = Mismatch::Frequencies { file, source: Box::new(why) };
        let message =
            "ema.safetensors: level_embedding.frequencies is missing or has another shape";
        assert_eq!(why.to_string(), message);
    }
}
