//! Files of a checkpoint's arrays: how they are summed up and written to the disk.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    panic,
    path::PathBuf,
    sync::{Arc, mpsc},
    thread,
};

use langevin_core::Network;
use serde::{Deserialize, Serialize};

use super::ARRAYS;
use crate::{TrainError, engine::tensors::TensorMap, store::durable::Staged, trainer::Trainer};

/// Size and checksum that a file must have.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileSum {
    pub(super) bytes: u64,
    pub(super) blake3: String,
}

/// Writes the arrays of the trainer's state under temporary names, and returns the files' checksums.
/// While one file is written, it is summed up, and the arrays of the next are copied; where the system gives no thread
/// for that, one thing is done after the other.
pub(super) fn stage<'a, N: Network>(
    trainer: &Trainer<N>,
    step: u64,
    paths: &'a [PathBuf; 3],
) -> Result<(BTreeMap<String, FileSum>, Vec<Staged<'a>>), TrainError> {
    let copies: [&dyn Fn() -> Option<TensorMap>; 3] =
        [&|| Some(trainer.weights()), &|| trainer.ema_weights(), &|| {
            Some(trainer.optimizer_state())
        }];
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::sync_channel::<(&PathBuf, Arc<TensorMap>)>(0);
        let write = |(path, tensors): (&'a PathBuf, Arc<_>)| Staged::new(path, &parts(&tensors)?);
        let write_all = move || receiver.into_iter().map(write).collect::<Result<Vec<_>, _>>();
        let writer = thread::Builder::new().name("writer".to_owned());
        let writer = writer.spawn_scoped(scope, write_all).ok();
        let (mut files, mut staged) = (BTreeMap::new(), Vec::new());
        for ((name, path), copy) in ARRAYS.into_iter().zip(paths).zip(copies) {
            let Some(tensors) = copy() else { continue };
            if let Some((_, value)) = tensors.not_finite() {
                let quantity = format!("new value of {name}");
                return Err(TrainError::NotFinite { step, quantity, value });
            }
            let tensors = Arc::new(tensors);
            let job = (path, Arc::clone(&tensors));
            match writer {
                None => staged.push(write(job)?),
                // The writer is gone only where it failed; its error is returned below.
                Some(_) if sender.send(job).is_err() => break,
                Some(_) => {}
            }
            files.insert(name.to_owned(), FileSum::of(&parts(&tensors)?));
        }
        drop(sender);
        if let Some(writer) = writer {
            staged = writer.join().unwrap_or_else(|panic| panic::resume_unwind(panic))?;
        }
        Ok((files, staged))
    })
}

fn parts(tensors: &TensorMap) -> Result<Vec<Cow<'_, [u8]>>, TrainError> {
    let parts = tensors.parts_of_safetensors();
    parts.map_err(|why| TrainError::SaveArrays(why.into()))
}

impl FileSum {
    /// Size and checksum of a file whose parts are given one after the other.
    fn of(parts: &[Cow<[u8]>]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(part);
        }
        Self { bytes: hasher.count(), blake3: hasher.finalize().to_string() }
    }
}
