//! Faults: what is wrong with a file or a checkpoint of a run.

use std::{io, sync::Arc};

use crate::{
    TrainError,
    store::{
        checkpoint::{LoadError, Mismatch},
        manifest::MANIFEST,
    },
    trainer::RestoreError,
};

/// What a check of a run finds, in words that follow the name of the file or the checkpoint.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("is not valid JSON: {0}")]
    Json(serde_json::Error),
    /// A file that is not the run's.
    #[error("{0}")]
    NotOurs(Box<dyn std::error::Error + Send + Sync>),
    /// A manifest that is no manifest for another reason.
    #[error(transparent)]
    Unreadable(TrainError),
    /// A name in the manifest that leads out of the run's folder.
    #[error("is no name of a file in the run's folder")]
    NoFileName,
    #[error("its checksum is not the one that {MANIFEST} names")]
    Checksum,
    #[error("line {line} is no log line")]
    NoLogLine {
        /// The line's number, from 1.
        line: u64,
    },
    /// A checkpoint that cannot be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A checkpoint that does not belong to the run.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    /// No engine to take up checkpoints.
    #[error(transparent)]
    NoEngine(#[from] Arc<NoEngine>),
    #[error("a resumed run takes the newest that is not damaged, of step {step}, or none")]
    NewestUnfit {
        /// The step of the newest checkpoint that is not damaged.
        step: u64,
    },
    #[error("none is sound: the run must be started anew")]
    NoneSound,
    #[error("none is whole, though the run has made {made} steps")]
    NoneWhole {
        /// The steps that the manifest names.
        made: u64,
    },
}

impl From<RestoreError> for Fault {
    fn from(why: RestoreError) -> Self {
        Self::Mismatch(why.into())
    }
}

/// Why no engine can take up the checkpoints of a run.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoEngine {
    #[error("the network has no weights")]
    NoWeights,
    #[error(transparent)]
    Engine(#[from] TrainError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_goes_on_after_the_name_of_what_has_it() {
        let faults: [(Fault, &str); 6] = [
            (Fault::NoFileName, "is no name of a file in the run's folder"),
            (Fault::Checksum, "its checksum is not the one that manifest.json names"),
            (Fault::NoLogLine { line: 3 }, "line 3 is no log line"),
            (Arc::new(NoEngine::NoWeights).into(), "the network has no weights"),
            (
                Fault::NewestUnfit { step: 5 },
                "a resumed run takes the newest that is not damaged, of step 5, or none",
            ),
            (Fault::NoneSound, "none is sound: the run must be started anew"),
        ];
        for (fault, message) in faults {
            assert_eq!(fault.to_string(), message);
        }
    }
}
