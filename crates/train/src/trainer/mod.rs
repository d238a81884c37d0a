//! Training: one step at a time, with its log lines and the state that a checkpoint saves.

mod error;
mod progress;

use std::collections::BTreeMap;

use burn::tensor::Device;
use langevin_core::Network;
use langevin_data::{Dataset, Part, Streams};

use crate::{
    TrainError,
    config::RunConfig,
    engine::{
        Average, Engine, EngineError, StepOutput, engine_for,
        mlp_cpu::same_seed,
        row_losses,
        tensors::TensorMap,
        transfer::{read, upload},
    },
    problem::{Problem, StepBatch},
};

pub(crate) use error::{ProgressError, RestoreError};
pub(crate) use progress::{Best, Progress};
pub use progress::{Metrics, StepReport};

/// Steps whose losses may wait on the device; beyond, they are read without a log line.
const MOST_UNREAD: usize = 256;

/// Rows of one forward pass of the held-out loss. The number is fixed, so that bits do not depend
/// on how many rows are measured.
const VALIDATION_ROWS: usize = 256;

/// Sources of a batch: the run's parts, its data and its random streams.
struct Source {
    problem: Problem,
    data: Box<dyn Dataset>,
    streams: Streams,
}

impl Source {
    /// Batch of a step. It depends on the step alone, not on the thread or the time.
    fn batch(&self, step: u64) -> Result<StepBatch, TrainError> {
        let rows = self.problem.config().train.batch;
        self.problem.diffusion().training_batch(self.data.as_ref(), &self.streams, step, rows)
    }
}

/// Trainer of a network, for any [`Network`] and any [`Dataset`]. [`step`](Self::step) makes one
/// training step.
///
/// Schedules, log lines and checkpoints count these steps. All settings come from the run file.
pub struct Trainer<N: Network> {
    source: Source,
    /// Next step and its batch, if the batch was drawn while the last step was computed.
    drawn: Option<(u64, Result<StepBatch, TrainError>)>,
    /// Batch of the last step. The thread that draws the next batch frees it, since most often it
    /// allocated it.
    spent: Option<StepBatch>,
    device: Device,
    engine: Box<dyn Engine<N>>,
    why_tape: Option<EngineError>,
    progress: Progress,
    /// Losses and gradient norms of the steps since the device was last read.
    unread: Vec<StepOutput>,
    /// Step whose weights are there without its losses, and why; such a trainer does not go on.
    failed: Option<(u64, String)>,
}

/// Name of a run's averaged weights, from which samples are drawn.
const EMA: &str = "ema";

/// The averages that a run keeps: one, or none.
pub(crate) fn averages(problem: &Problem) -> Vec<Average> {
    let ema = problem.config().train.ema.clone();
    let kept = ema.is_kept().then(|| Average::new(EMA, move |step| ema.decay(step)));
    kept.into_iter().collect()
}

/// The saved averages of a run, by name.
pub(crate) fn by_name(ema: Option<TensorMap>) -> BTreeMap<String, TensorMap> {
    ema.into_iter().map(|ema| (EMA.to_owned(), ema)).collect()
}

impl<N: Network> Trainer<N> {
    /// Trainer at step 0, on the engine that the run file asks for.
    ///
    /// A network whose weights are still lazy is initialised under the run's seed.
    ///
    /// # Errors
    /// A run file that does not fit the data, or the network.
    pub fn new(
        problem: Problem,
        network: N,
        data: Box<dyn Dataset>,
        device: &Device,
    ) -> Result<Self, TrainError> {
        problem.check_data(data.as_ref())?;
        device.seed(problem.config().seed);
        // Reading lazy parameters initialises them.
        TensorMap::of_module(&network);
        let streams = Streams::new(problem.config().seed);
        let source = Source { problem, data, streams };
        let first = source.batch(0)?;
        let form = first.form();
        let (engine, why_tape) = engine_for(&source.problem, Some(&form), network, device)?;
        let Source { problem, data, .. } = source;
        if why_tape.is_some() {
            check_output(&engine.networks()[0], &first, device)?;
        }
        let drawn = Some((0, Ok(first)));
        Ok(Self { why_tape, drawn, ..Self::assemble(problem, engine, data, device)? })
    }

    /// Trainer at step 0, on an engine that the caller has built.
    ///
    /// # Errors
    /// A run file that does not fit the data, or asks for another number of networks than the engine has, or
    /// for an average that it does not keep.
    pub fn with_engine(
        problem: Problem,
        engine: Box<dyn Engine<N>>,
        data: Box<dyn Dataset>,
        device: &Device,
    ) -> Result<Self, TrainError> {
        problem.check_data(data.as_ref())?;
        let trainer = Self::assemble(problem, engine, data, device)?;
        if trainer.config().train.ema.is_kept() && trainer.engine.averages(EMA).is_none() {
            let message = format!("the engine {} keeps no averages: use `none`", trainer.engine());
            return Err(TrainError::config("train.ema", message));
        }
        Ok(trainer)
    }

    fn assemble(
        problem: Problem,
        mut engine: Box<dyn Engine<N>>,
        data: Box<dyn Dataset>,
        device: &Device,
    ) -> Result<Self, TrainError> {
        let (given, wanted) = (engine.networks().len(), problem.diffusion().networks);
        if given != wanted {
            let message = format!("needs an engine of {wanted} networks, got one of {given}");
            return Err(TrainError::config("denoiser.networks", message));
        }
        engine.keep_averages(averages(&problem));
        let streams = Streams::new(problem.config().seed);
        Ok(Self {
            source: Source { problem, data, streams },
            drawn: None,
            spent: None,
            device: device.clone().inner(),
            engine,
            why_tape: None,
            progress: Progress { step: 0, loss_sum: 0.0, loss_count: 0, best: None },
            unread: Vec::new(),
            failed: None,
        })
    }

    /// Fails unless the trainer is at its start, and was made from `config`.
    pub(crate) fn check_new(&self, config: &RunConfig) -> Result<(), TrainError> {
        let made = self.progress.step;
        if made > 0 {
            return Err(TrainError::NotNew { made });
        }
        if self.config() != config {
            return Err(TrainError::OtherConfig);
        }
        Ok(())
    }

    /// Makes one training step.
    ///
    /// # Errors
    /// A batch that cannot be drawn: the trainer is then as before, and the step may be repeated.
    ///
    /// A loss or gradient norm that is not finite, with the first step that has it; a device that
    /// failed. Both are found when losses are read: at a step with a log line, and after 256 steps
    /// without one. The weights have moved by then, so the trainer neither makes further steps nor is
    /// saved: it says so by [`TrainError::FailedBefore`].
    pub fn step(&mut self) -> Result<StepReport, TrainError> {
        self.check_sound()?;
        let step = self.progress.step;
        let train = &self.source.problem.config().train;
        let learning_rate = train.learning_rate.at(step, train.steps);
        // A step that failed may be repeated: its batch is then drawn anew.
        let drawn = self.drawn.take().filter(|(own, _)| *own == step);
        let batch = drawn.map_or_else(|| self.source.batch(step), |(_, batch)| batch)?;
        if let Some((from, to)) = self.source.problem.diffusion().handover(step) {
            self.engine.hand_over(from, to);
        }
        let (source, drawn, spent) = (&self.source, &mut self.drawn, &mut self.spent);
        let next = step + 1;
        let mut draw = || {
            spent.take();
            *drawn = (next < train.steps).then(|| (next, source.batch(next)));
        };
        self.unread.push(self.engine.step_beside(&batch, learning_rate, &mut draw));
        self.engine.average(batch.network, step);
        self.spent = Some(batch);
        self.progress.step += 1;
        let metrics = self.log(learning_rate);
        let metrics = self.keep_failure(metrics)?;
        Ok(StepReport { step: self.progress.step, learning_rate, metrics })
    }

    /// The log line of the last step, where one is due. Losses that have waited long are read.
    fn log(&mut self, learning_rate: f64) -> Result<Option<Metrics>, TrainError> {
        if self.is_log_step() {
            return self.metrics(learning_rate);
        }
        if self.unread.len() >= MOST_UNREAD {
            self.read_losses()?;
        }
        Ok(None)
    }

    /// Keeps the reason of a failure after which the trainer does not go on.
    fn keep_failure<T>(&mut self, result: Result<T, TrainError>) -> Result<T, TrainError> {
        if let Err(why) = &result {
            self.failed = Some((self.progress.step, why.to_string()));
        }
        result
    }

    /// Fails after a failure that left the weights of a step without its losses.
    fn check_sound(&self) -> Result<(), TrainError> {
        match self.failed.clone() {
            Some((step, why)) => Err(TrainError::FailedBefore { step, why }),
            None => Ok(()),
        }
    }

    /// Whether a log line is due: every `log_every` steps, at every validation, and at the end.
    fn is_log_step(&self) -> bool {
        let (step, train) = (self.progress.step, &self.config().train);
        step.is_multiple_of(train.log_every) || step == train.steps || self.is_validation_step()
    }

    fn is_validation_step(&self) -> bool {
        let (step, train) = (self.progress.step, &self.config().train);
        train.validate_every > 0
            && self.source.data.len(Part::HeldOut) != Some(0)
            && (step.is_multiple_of(train.validate_every) || step == train.steps)
    }

    /// The log line of the last step; `None` where its loss was read before.
    fn metrics(&mut self, learning_rate: f64) -> Result<Option<Metrics>, TrainError> {
        let Some((loss, gradient_norm)) = self.read_losses()? else { return Ok(None) };
        let step = self.progress.step;
        let held_out_loss = self.is_validation_step().then(|| self.held_out_loss()).transpose()?;
        if let Some(value) = held_out_loss.filter(|loss| !loss.is_finite()) {
            return Err(TrainError::NotFinite {
                step,
                quantity: "held-out loss".to_owned(),
                value,
            });
        }
        // The best loss ignores a validation that is made only because the run ends: a longer run
        // would not make it.
        let every = self.config().train.validate_every.max(1);
        if let Some(loss) = held_out_loss.filter(|_| step.is_multiple_of(every)) {
            self.progress.best = Some(match self.progress.best {
                Some(best) if best.held_out_loss <= loss => Best { since: best.since + 1, ..best },
                _ => Best { step, held_out_loss: loss, since: 0 },
            });
        }
        let mean_loss = self.progress.loss_sum / self.progress.loss_count as f64;
        (self.progress.loss_sum, self.progress.loss_count) = (0.0, 0);
        Ok(Some(Metrics { step, loss, mean_loss, gradient_norm, learning_rate, held_out_loss }))
    }

    /// Reads the losses of all steps since the last reading, in one transfer. Returns the last
    /// step's loss and gradient norm.
    fn read_losses(&mut self) -> Result<Option<(f64, f64)>, TrainError> {
        let unread = std::mem::take(&mut self.unread);
        if unread.is_empty() {
            return Ok(None);
        }
        let first = self.progress.step - unread.len() as u64 + 1;
        let (mut last, mut sum, mut count) = (None, self.progress.loss_sum, 0);
        let outputs = StepOutput::read(&unread, self.problem().diffusion().reduction)?;
        for (step, (loss, norm)) in (first..).zip(outputs) {
            for (quantity, value) in [("loss", loss), ("gradient norm", norm)] {
                if !value.is_finite() {
                    let quantity = quantity.to_owned();
                    return Err(TrainError::NotFinite { step, quantity, value });
                }
            }
            sum += loss;
            count += 1;
            last = Some((loss, norm));
        }
        self.progress.loss_sum = sum;
        self.progress.loss_count += count;
        Ok(last)
    }

    /// Mean loss on the held-out rows, under the weights that sampling uses.
    ///
    /// # Errors
    /// A device that failed.
    pub fn held_out_loss(&self) -> Result<f64, TrainError> {
        let wanted = self.config().train.validate_rows;
        let networks = self.sampling_networks();
        let mut losses = Vec::new();
        while losses.len() < wanted {
            let Source { problem, data, streams } = &self.source;
            let batch = problem.diffusion().held_out_batch(
                data.as_ref(),
                streams,
                losses.len() as u64,
                VALIDATION_ROWS,
            )?;
            losses.extend(read(row_losses(&networks[batch.network], &batch, &self.device))?);
        }
        losses.truncate(wanted);
        Ok(self.problem().diffusion().reduction.of_rows(&losses))
    }

    /// Networks that samples are drawn with: one, or one for each level. Their weights are the
    /// averages if the run keeps averages. They lie on the device without autodiff.
    pub fn sampling_networks(&self) -> Vec<N> {
        match self.engine.averages(EMA) {
            Some(averages) => averages.to_vec(),
            None => self.engine.networks().iter().map(N::valid).collect(),
        }
    }

    /// Whether the lowest held-out loss so far was measured at this step.
    pub(crate) fn is_best(&self) -> bool {
        self.progress.best.is_some_and(|best| best.step == self.progress.step)
    }

    /// Whether training has ended: all steps are made, or `patience` measurements in a row were not
    /// below the best.
    pub fn is_done(&self) -> bool {
        let train = &self.config().train;
        let patience = train.patience.zip(self.progress.best);
        self.progress.step >= train.steps
            || patience.is_some_and(|(patience, best)| best.since >= patience)
    }

    /// Training steps made.
    pub const fn steps_made(&self) -> u64 {
        self.progress.step
    }

    /// Settings of the run, from its run file.
    pub const fn config(&self) -> &RunConfig {
        self.source.problem.config()
    }

    /// Parts of the run, built from its run file.
    pub const fn problem(&self) -> &Problem {
        &self.source.problem
    }

    /// Data that the run is trained on.
    pub fn data(&self) -> &dyn Dataset {
        self.source.data.as_ref()
    }

    /// Name of the engine that makes the steps.
    pub fn engine(&self) -> &'static str {
        self.engine.name()
    }

    /// Reason why the tape engine makes the steps, if the run file leaves the choice and the direct
    /// engine cannot.
    pub const fn why_tape(&self) -> Option<&EngineError> {
        self.why_tape.as_ref()
    }

    /// Device without autodiff.
    pub const fn device(&self) -> &Device {
        &self.device
    }

    /// Weights by name, and the random frequencies of the level embedding.
    pub fn weights(&self) -> TensorMap {
        self.with_frequencies(self.engine.weights())
    }

    /// Averaged weights by name, if the run keeps averages.
    pub fn ema_weights(&self) -> Option<TensorMap> {
        Some(self.with_frequencies(self.engine.average_weights(EMA)?))
    }

    fn with_frequencies(&self, networks: Vec<TensorMap>) -> TensorMap {
        let mut weights = TensorMap::joined(networks);
        weights.put_frequencies(&self.problem().diffusion().embedding.frequencies);
        weights
    }

    /// State of the optimizer, on which the next step depends beside the weights.
    pub fn optimizer_state(&self) -> TensorMap {
        self.engine.optimizer_state()
    }

    /// Counters for a checkpoint. The losses that wait on the device are read first, so that a run
    /// whose loss is not finite is never saved.
    pub(crate) fn settle(&mut self) -> Result<Progress, TrainError> {
        self.check_sound()?;
        let read = self.read_losses();
        self.keep_failure(read)?;
        Ok(self.progress)
    }

    /// Replaces the random frequencies of the level's embedding by those of a checkpoint.
    ///
    /// # Errors
    /// See [`Problem::with_frequencies`].
    pub(crate) fn set_frequencies(&mut self, frequencies: Vec<f32>) -> Result<(), TrainError> {
        self.drawn = None;
        self.source.problem.set_frequencies(frequencies)
    }

    /// Fails where the weights of a checkpoint were made by another seed, as the frequencies of the
    /// position tell. The trainer must be at step 0.
    ///
    /// # Errors
    /// The name of the frequencies.
    pub(crate) fn check_seed(&self, weights: &TensorMap) -> Result<(), RestoreError> {
        let networks = self.engine.networks();
        let expected = self.engine.weights();
        for (own, expected) in weights.clone().split(networks.len())?.iter().zip(&expected) {
            same_seed(&networks[0], expected, own)?;
        }
        Ok(())
    }

    /// Resumes from a checkpoint; a trainer that had failed goes on from there.
    ///
    /// # Errors
    /// Averaged weights that only the run or only the checkpoint has; the first array that does not fit.
    /// The trainer is as before then.
    pub(crate) fn restore(
        &mut self,
        progress: Progress,
        weights: TensorMap,
        ema: Option<TensorMap>,
        optimizer: TensorMap,
    ) -> Result<(), RestoreError> {
        let averaged = self.config().train.ema.is_kept();
        RestoreError::check_averages(averaged, ema.is_some())?;
        self.engine.restore(weights, by_name(ema), optimizer)?;
        self.progress = progress;
        self.drawn = None;
        self.unread.clear();
        self.failed = None;
        Ok(())
    }
}

/// Checks that a network of a user's own gives as many columns as the batch's heads have, by its first row.
fn check_output<N: Network>(
    network: &N,
    batch: &StepBatch,
    device: &Device,
) -> Result<(), TrainError> {
    let first = batch.slice(0..1);
    let there = upload(&first, &device.clone().inner());
    let output = network.valid().forward(there.input, there.level_features, there.condition);
    let (given, needed) = (output.dims(), [1, first.output_columns()]);
    if given != needed {
        let message = format!("must give {needed:?} numbers for one row, got {given:?}");
        return Err(TrainError::config("denoiser.network", message));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
