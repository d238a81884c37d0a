//! The batches of coming steps, made by another thread while the engine is at work.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, sync_channel},
    },
    thread,
    vec::IntoIter,
};

use langevin_data::{Dataset, Streams};

use crate::{Diffusion, StepBatch, TrainError};

/// Rows that are handed over at once, about: waking a thread costs as much as drawing some hundred.
/// Batches of more than that are not made ahead: their steps keep all cores busy, and memory counts.
pub(crate) const ROWS_AT_ONCE: usize = 4096;

/// Steps that are handed over at once, at most.
pub(crate) const STEPS_AT_ONCE: usize = 64;

/// What batches are made of.
pub(crate) struct Source {
    pub(crate) diffusion: Diffusion,
    pub(crate) data: Box<dyn Dataset>,
    pub(crate) streams: Streams,
    /// Rows of a batch.
    pub(crate) rows: usize,
}

impl Source {
    /// The batch of a step: the same whoever asks for it, and when.
    pub(crate) fn batch(&self, step: u64) -> Result<StepBatch, TrainError> {
        self.diffusion.training_batch(self.data.as_ref(), &self.streams, step, self.rows)
    }
}

/// Batches step after step. Dropped, it ends its thread.
pub(crate) struct Ahead {
    blocks: Receiver<Vec<Result<StepBatch, TrainError>>>,
    block: IntoIter<Result<StepBatch, TrainError>>,
}

impl Ahead {
    /// The batches from step `first` up to step `end`; none where the system gives no thread.
    pub(crate) fn start(source: Arc<Source>, first: u64, end: u64) -> Option<Self> {
        let size = (ROWS_AT_ONCE / source.rows.max(1)).clamp(1, STEPS_AT_ONCE);
        // One block waits while the next is made.
        let (sender, blocks) = sync_channel(1);
        let make = move || {
            for start in (first..end).step_by(size) {
                let steps = start..end.min(start + size as u64);
                let block: Vec<_> = steps.map(|step| source.batch(step)).collect();
                if sender.send(block).is_err() {
                    return;
                }
            }
        };
        thread::Builder::new().name("batches".to_owned()).spawn(make).ok()?;
        Some(Self { blocks, block: Vec::new().into_iter() })
    }

    /// The next step's batch; none after the last, or where the thread has panicked.
    pub(crate) fn next(&mut self) -> Option<Result<StepBatch, TrainError>> {
        if self.block.as_slice().is_empty() {
            self.block = self.blocks.recv().ok()?.into_iter();
        }
        self.block.next()
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::{built_in, parse_config};

    #[test]
    fn batches_made_ahead_are_those_made_one_by_one() {
        let text = include_str!("../../../configs/default.json");
        for rows in [1, 100, 3000] {
            let settings = [format!("train.batch={rows}")];
            let config = parse_config("default", text, &settings).expect("valid");
            let data = built_in(&config, &Device::flex()).expect("built in").1;
            let diffusion = Diffusion::new(&config).expect("valid");
            let source = Source { diffusion, data, streams: Streams::new(5), rows };
            let source = Arc::new(source);
            let mut ahead = Ahead::start(source.clone(), 3, 150).expect("a thread");
            for step in 3..150 {
                let batch = ahead.next().expect("before the end").expect("drawn");
                assert!(batch == source.batch(step).expect("drawn"), "{rows} rows, step {step}");
            }
            assert!(ahead.next().is_none(), "no step after the last");
        }
    }
}
