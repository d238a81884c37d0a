//! The training loop's state: a step, a log line, a checkpoint's contents.

mod error;

use burn::tensor::Device;
use langevin_core::Network;
use langevin_data::{Dataset, Part, Streams};
use serde::{Deserialize, Serialize};

use crate::{
    TrainError,
    config::RunConfig,
    engine::{
        Engine, EngineError, StepOutput, engine_for, row_losses, tensors::TensorMap, transfer::read,
    },
    problem::{Diffusion, Problem, StepBatch},
};

pub(crate) use error::{ProgressError, RestoreError};

/// Steps whose losses may wait on the device; beyond, they are read without a log line.
const MOST_UNREAD: usize = 256;

/// Rows of one forward pass of the held-out loss; one size, so that bits do not depend on the count.
const VALIDATION_ROWS: usize = 256;

/// A line of metrics.jsonl. The same run gives the same line, bit for bit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Training steps made.
    pub step: u64,
    /// The loss of the last of them.
    pub loss: f64,
    /// The mean loss of the steps since the line before.
    pub mean_loss: f64,
    /// The L2 norm of the last step's gradients, before clipping.
    pub gradient_norm: f64,
    /// The last step's learning rate.
    pub learning_rate: f64,
    /// The loss on held-out rows, where it was measured after this step, with the averaged weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_out_loss: Option<f64>,
}

/// What a step did.
#[derive(Debug, Clone, PartialEq)]
pub struct StepReport {
    /// Training steps made.
    pub step: u64,
    /// The learning rate that the step used.
    pub learning_rate: f64,
    /// The log line, where this step has one.
    pub metrics: Option<Metrics>,
}

/// What a checkpoint holds beside weights, averages and optimizer state.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// Training steps made.
    pub step: u64,
    /// Sum of the losses since the last log line.
    pub loss_sum: f64,
    /// Steps in that sum.
    pub loss_count: u64,
    /// The lowest held-out loss so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best: Option<Best>,
}

impl Progress {
    /// Fails where it cannot be that of a run after `step` steps.
    ///
    /// # Errors
    /// What is wrong.
    pub(crate) fn check(&self, step: u64) -> Result<(), ProgressError> {
        let Self { step: own, loss_sum: sum, loss_count: count, best } = *self;
        if own != step {
            return Err(ProgressError::OtherStep { step: own });
        }
        if count > step || !sum.is_finite() {
            return Err(ProgressError::Losses { sum, count });
        }
        match best {
            Some(Best { step: lowest, since, .. }) if lowest > step || since > step => {
                Err(ProgressError::Best { step: lowest, since })
            }
            _ => Ok(()),
        }
    }
}

/// The step of the lowest held-out loss.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Best {
    /// Training steps made.
    pub step: u64,
    /// The loss.
    pub held_out_loss: f64,
    /// Measurements since then, none of them lower.
    pub since: u64,
}

/// Sources of a batch: parts, data and streams.
struct Source {
    problem: Problem,
    data: Box<dyn Dataset>,
    streams: Streams,
}

impl Source {
    /// The batch of a step: the same whoever asks for it, and when.
    fn batch(&self, step: u64) -> Result<StepBatch, TrainError> {
        let rows = self.problem.config().train.batch;
        self.problem.diffusion().training_batch(self.data.as_ref(), &self.streams, step, rows)
    }
}

/// A network in training: [`step`](Self::step) is one step, and the clock of everything.
///
/// Made for any [`Network`] and any [`Dataset`]; the run file says the rest.
pub struct Trainer<N: Network> {
    source: Source,
    /// The coming step, and its batch, where it was drawn beside the last one.
    drawn: Option<(u64, Result<StepBatch, TrainError>)>,
    /// The last step's batch, for the thread that draws to free: most often it drew that one too.
    spent: Option<StepBatch>,
    device: Device,
    engine: Box<dyn Engine<N>>,
    why_tape: Option<EngineError>,
    progress: Progress,
    /// Outputs of the steps since the device was last read.
    unread: Vec<StepOutput>,
}

impl<N: Network> Trainer<N> {
    /// A trainer at step 0, on the engine that the run file asks for.
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
        // Reading the parameters makes them.
        TensorMap::of_module(&network);
        let (engine, why_tape) = engine_for(&problem, network, device)?;
        Ok(Self { why_tape, ..Self::with_engine(problem, engine, data, device)? })
    }

    /// A trainer at step 0 on an engine of the caller's.
    ///
    /// # Errors
    /// A run file that does not fit.
    pub fn with_engine(
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
        if problem.config().train.ema.decay(0).is_some() {
            engine.keep_averages();
        }
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
        })
    }

    /// Makes one training step.
    ///
    /// # Errors
    /// At a step with a log line, or 256 steps after the last one: the first step since then whose
    /// loss or gradient norm is not finite, or a device that failed.
    pub fn step(&mut self) -> Result<StepReport, TrainError> {
        let step = self.progress.step;
        let train = &self.source.problem.config().train;
        let learning_rate = train.learning_rate.at(step, train.steps);
        // A step that failed may be made again.
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
        if let Some(decay) = train.ema.decay(step) {
            self.engine.average(batch.network, decay);
        }
        self.spent = Some(batch);
        self.progress.step += 1;
        if self.unread.len() >= MOST_UNREAD && !self.is_log_step() {
            self.read_losses()?;
        }
        let metrics = if self.is_log_step() { self.metrics(learning_rate)? } else { None };
        Ok(StepReport { step: self.progress.step, learning_rate, metrics })
    }

    /// Makes one training step and gives its log line, whether one is due or not. Makes a second one where
    /// the first was the 256th whose loss was unread, and was read without a line.
    pub(crate) fn step_and_read(&mut self) -> Result<Metrics, TrainError> {
        loop {
            let StepReport { learning_rate, metrics, .. } = self.step()?;
            let metrics = if metrics.is_some() { metrics } else { self.metrics(learning_rate)? };
            if let Some(metrics) = metrics {
                return Ok(metrics);
            }
        }
    }

    /// A step's line is due every `log_every` steps, at every validation, and at the end.
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
        // The measurement at the end of a run is left out: a longer run would not have it there.
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

    /// Reads the losses of all steps since the last reading, in one transfer; gives the last step's loss
    /// and gradient norm, `None` where there was no step since.
    fn read_losses(&mut self) -> Result<Option<(f64, f64)>, TrainError> {
        let unread = std::mem::take(&mut self.unread);
        if unread.is_empty() {
            return Ok(None);
        }
        let first = self.progress.step - unread.len() as u64 + 1;
        let mut last = None;
        let outputs = StepOutput::read(&unread, self.source.problem.diffusion().reduction)?;
        for (step, (loss, norm)) in (first..).zip(outputs) {
            for (quantity, value) in [("loss", loss), ("gradient norm", norm)] {
                if !value.is_finite() {
                    let quantity = quantity.to_owned();
                    return Err(TrainError::NotFinite { step, quantity, value });
                }
            }
            self.progress.loss_sum += loss;
            self.progress.loss_count += 1;
            last = Some((loss, norm));
        }
        Ok(last)
    }

    /// The mean loss of the held-out rows under the weights that sampling would use.
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
        Ok(self.source.problem.diffusion().reduction.of_rows(&losses))
    }

    /// The networks that samples are drawn with, one or one for each level: the averaged ones where
    /// there are any, on the plain device.
    pub fn sampling_networks(&self) -> Vec<N> {
        match self.engine.averages() {
            Some(averages) => averages.to_vec(),
            None => self.engine.networks().iter().map(N::valid).collect(),
        }
    }

    /// Whether this step has the lowest held-out loss so far.
    pub(crate) fn is_best(&self) -> bool {
        self.progress.best.is_some_and(|best| best.step == self.progress.step)
    }

    /// Whether all steps are made, or the held-out loss has not fallen for as long as the run waits.
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

    /// The run file.
    pub const fn config(&self) -> &RunConfig {
        self.source.problem.config()
    }

    /// The parts of the run.
    pub const fn problem(&self) -> &Problem {
        &self.source.problem
    }

    /// What makes its batches.
    pub const fn diffusion(&self) -> &Diffusion {
        self.source.problem.diffusion()
    }

    /// The data.
    pub fn data(&self) -> &dyn Dataset {
        self.source.data.as_ref()
    }

    /// The name of what makes the steps.
    pub fn engine(&self) -> &'static str {
        self.engine.name()
    }

    /// Why the tape makes the steps, where the run file leaves the choice and the direct engine cannot.
    pub const fn why_tape(&self) -> Option<&EngineError> {
        self.why_tape.as_ref()
    }

    /// The plain device.
    pub const fn device(&self) -> &Device {
        &self.device
    }

    /// The weights by name, with the level embedding's random frequencies beside them.
    pub fn weights(&self) -> TensorMap {
        self.with_frequencies(self.engine.weights())
    }

    /// The averaged weights by name, where there are any.
    pub fn ema_weights(&self) -> Option<TensorMap> {
        Some(self.with_frequencies(self.engine.average_weights()?))
    }

    fn with_frequencies(&self, networks: Vec<TensorMap>) -> TensorMap {
        let mut weights = TensorMap::joined(networks);
        weights.put_frequencies(self.source.problem.frequencies());
        weights
    }

    /// What the next step depends on beside the weights.
    pub fn optimizer_state(&self) -> TensorMap {
        self.engine.optimizer_state()
    }

    /// The counters of a checkpoint; reads what is still on the device first, so that nothing that
    /// is not finite is ever saved.
    pub(crate) fn settle(&mut self) -> Result<Progress, TrainError> {
        self.read_losses()?;
        Ok(self.progress)
    }

    /// Goes on from a checkpoint.
    ///
    /// # Errors
    /// Averaged weights that only the run or only the checkpoint has; the first array that does not fit.
    pub(crate) fn restore(
        &mut self,
        progress: Progress,
        weights: TensorMap,
        ema: Option<TensorMap>,
        optimizer: TensorMap,
    ) -> Result<(), RestoreError> {
        let averaged = self.config().train.ema.decay(0).is_some();
        RestoreError::check_averages(averaged, ema.is_some())?;
        self.engine.restore(weights, ema, optimizer)?;
        self.progress = progress;
        self.drawn = None;
        self.unread.clear();
        Ok(())
    }
}
