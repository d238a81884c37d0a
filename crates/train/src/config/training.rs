//! `train`: steps, optimizer, averaging and cadences.

use langevin_core::{LossReduction, Weighting};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Choice, LearningRateConfig,
    ranges::{above_zero, at_least_one, in_range, not_negative},
};
use crate::{TrainError, error::in_section};

/// The most rows of a measurement of the held-out loss.
const MOST_VALIDATION_ROWS: usize = 10_000_000;

/// How the network is trained. Every cadence is in steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    /// Training steps.
    pub steps: u64,
    /// Rows of the batch of a step.
    pub batch: usize,
    /// The optimizer, with PyTorch's defaults.
    pub optimizer: OptimizerConfig,
    /// The learning rate, by step.
    pub learning_rate: LearningRateConfig,
    /// The largest norm of all gradients together; larger ones are scaled down to it.
    #[serde(default)]
    pub clip_norm: Option<f64>,
    /// The average of the weights, which samples are drawn with.
    #[serde(default)]
    pub ema: EmaConfig,
    /// How errors are weighted by level.
    #[serde(default)]
    pub weighting: Choice<Weighting>,
    /// How a batch's errors become one loss.
    #[serde(default)]
    pub loss: LossReduction,
    /// Steps between lines of metrics.jsonl.
    #[serde(default = "fifty")]
    pub log_every: u64,
    /// Steps between measurements of the held-out loss; 0 for none.
    #[serde(default = "five_hundred")]
    pub validate_every: u64,
    /// Rows of a measurement of the held-out loss.
    #[serde(default = "thousand_rows")]
    pub validate_rows: usize,
    /// Steps between checkpoints.
    #[serde(default = "thousand")]
    pub checkpoint_every: u64,
    /// Number of newest checkpoints that are kept.
    #[serde(default = "two")]
    pub keep_checkpoints: usize,
    /// Number of parts of a batch, whose gradients are made one after the other and added: a part needs
    /// less memory, and the step is the same but for rounding.
    #[serde(default = "one_part")]
    pub accumulate: usize,
    /// Which engine makes the steps.
    #[serde(default)]
    pub engine: Choice<EngineConfig>,
    /// Which weights samples are drawn with.
    #[serde(default)]
    pub keep: KeepConfig,
    /// Number of measurements without a new lowest held-out loss after which the run ends early; never
    /// where left out.
    #[serde(default)]
    pub patience: Option<u64>,
}

impl TrainConfig {
    /// Checks the section by itself.
    ///
    /// # Errors
    /// A field out of its range, by its path.
    pub(crate) fn validate(&self) -> Result<(), TrainError> {
        at_least_one("train.steps", self.steps)?;
        at_least_one("train.batch", self.batch as u64)?;
        at_least_one("train.log_every", self.log_every)?;
        at_least_one("train.checkpoint_every", self.checkpoint_every)?;
        at_least_one("train.keep_checkpoints", self.keep_checkpoints as u64)?;
        at_least_one("train.validate_rows", self.validate_rows as u64)?;
        if self.validate_rows > MOST_VALIDATION_ROWS {
            let message =
                format!("must be at most {MOST_VALIDATION_ROWS}, got {}", self.validate_rows);
            return Err(TrainError::config("train.validate_rows", message));
        }
        at_least_one("train.accumulate", self.accumulate as u64)?;
        if self.accumulate > self.batch {
            let message = format!(
                "must be at most train.batch = {}, one row a part, got {}",
                self.batch, self.accumulate
            );
            return Err(TrainError::config("train.accumulate", message));
        }
        if let Some(patience) = self.patience {
            at_least_one("train.patience", patience)?;
        }
        if let Some(norm) = self.clip_norm {
            above_zero("train.clip_norm", norm)?;
        }
        self.optimizer.validate()?;
        self.learning_rate.validate(self.steps)?;
        if let EmaConfig::Exponential { decay, .. } = self.ema {
            in_range("train.ema.decay", decay, 0.0, 1.0)?;
        }
        self.loss.validated().map_err(in_section("train.loss"))?;
        Ok(())
    }

    /// Path of the field that leaves a decision to the held-out loss, or `None` where no field does.
    pub(crate) fn decided_by_held_out_loss(&self) -> Option<&'static str> {
        match (self.keep, self.patience) {
            (KeepConfig::Best, _) => Some("train.keep"),
            (KeepConfig::Last, Some(_)) => Some("train.patience"),
            (KeepConfig::Last, None) => None,
        }
    }
}

/// Which engine makes the steps. Both engines do the same but for rounding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EngineConfig {
    /// The direct engine where it can, else the tape.
    #[default]
    Auto,
    /// Langevin's own loops for its multilayer perceptron on the processor, its own kernels on a GPU.
    Direct,
    /// Burn's tape: any network, any backend.
    Tape,
}

/// Which weights samples are drawn with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeepConfig {
    /// The weights of the last step.
    #[default]
    Last,
    /// The weights of the lowest held-out loss, whose checkpoint is kept beside the newest.
    Best,
}

fn one_part() -> usize {
    1
}

fn fifty() -> u64 {
    50
}
fn five_hundred() -> u64 {
    500
}
fn thousand_rows() -> usize {
    1024
}
fn thousand() -> u64 {
    1000
}
fn two() -> usize {
    2
}

/// The optimizer; defaults are PyTorch's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum OptimizerConfig {
    /// Stochastic gradient descent.
    Sgd {
        /// Momentum.
        #[serde(default)]
        momentum: f64,
        /// Dampening of the momentum.
        #[serde(default)]
        dampening: f64,
        /// Whether the momentum is Nesterov's.
        #[serde(default)]
        nesterov: bool,
        /// L2 penalty, added to the gradient.
        #[serde(default)]
        weight_decay: f64,
    },
    /// Adam (Kingma & Ba 2015, algorithm 1).
    Adam {
        /// Decay rates of the two moments.
        #[serde(default = "betas")]
        betas: [f64; 2],
        /// Number that is added to the root of the second moment.
        #[serde(default = "epsilon")]
        epsilon: f64,
        /// L2 penalty, added to the gradient.
        #[serde(default)]
        weight_decay: f64,
    },
    /// Adam with decoupled weight decay (Loshchilov & Hutter 2019, algorithm 2).
    Adamw {
        /// Decay rates of the two moments.
        #[serde(default = "betas")]
        betas: [f64; 2],
        /// Number that is added to the root of the second moment.
        #[serde(default = "epsilon")]
        epsilon: f64,
        /// Share of the weights that is taken off, times the learning rate.
        #[serde(default = "hundredth")]
        weight_decay: f64,
    },
}

impl OptimizerConfig {
    /// Stochastic gradient descent without momentum.
    pub const fn sgd() -> Self {
        Self::Sgd { momentum: 0.0, dampening: 0.0, nesterov: false, weight_decay: 0.0 }
    }

    /// Adam with PyTorch's defaults.
    pub fn adam() -> Self {
        Self::Adam { betas: betas(), epsilon: epsilon(), weight_decay: 0.0 }
    }

    /// AdamW with PyTorch's defaults.
    pub fn adamw() -> Self {
        Self::Adamw { betas: betas(), epsilon: epsilon(), weight_decay: hundredth() }
    }

    fn validate(&self) -> Result<(), TrainError> {
        let path = |field: &str| format!("train.optimizer.{field}");
        match *self {
            Self::Sgd { momentum, dampening, nesterov, weight_decay } => {
                in_range(&path("momentum"), momentum, 0.0, 1.0)?;
                in_range(&path("dampening"), dampening, 0.0, 1.0)?;
                not_negative(&path("weight_decay"), weight_decay)?;
                if nesterov && (momentum == 0.0 || dampening != 0.0) {
                    let message = "needs a momentum above 0 and a dampening of 0";
                    return Err(TrainError::config(path("nesterov"), message));
                }
                Ok(())
            }
            Self::Adam { betas, epsilon, weight_decay }
            | Self::Adamw { betas, epsilon, weight_decay } => {
                in_range(&path("betas[0]"), betas[0], 0.0, 1.0)?;
                in_range(&path("betas[1]"), betas[1], 0.0, 1.0)?;
                above_zero(&path("epsilon"), epsilon)?;
                not_negative(&path("weight_decay"), weight_decay)
            }
        }
    }
}

fn betas() -> [f64; 2] {
    [0.9, 0.999]
}
fn epsilon() -> f64 {
    1e-8
}
fn hundredth() -> f64 {
    0.01
}

/// The average of the weights over the steps.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum EmaConfig {
    /// No average: samples are drawn with the last weights.
    #[default]
    None,
    /// `ema ← d · ema + (1 − d) · weights` after each step.
    Exponential {
        /// The decay d.
        #[serde(default = "decay")]
        decay: f64,
        /// Whether step k uses `min(decay, (1 + k) / (10 + k))`, so that the start is forgotten.
        #[serde(default = "yes")]
        warmup: bool,
    },
}

impl EmaConfig {
    /// Whether averages are kept.
    pub(crate) const fn is_kept(&self) -> bool {
        !matches!(self, Self::None)
    }

    /// The decay after step `step` (from 0), or `None` where nothing is averaged.
    pub fn decay(&self, step: u64) -> Option<f64> {
        match *self {
            Self::None => None,
            Self::Exponential { decay, warmup: false } => Some(decay),
            Self::Exponential { decay, warmup: true } => {
                let k = (step + 1) as f64;
                Some(decay.min((1.0 + k) / (10.0 + k)))
            }
        }
    }
}

fn decay() -> f64 {
    0.999
}
fn yes() -> bool {
    true
}
