//! `train`: steps, optimizer, learning rate, averaging and cadences.

use langevin_core::{CoreError, LossReduction, Weighting};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the network is trained. Every cadence is in steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    /// Training steps.
    pub steps: u64,
    /// Rows of a step.
    pub batch: usize,
    /// The optimizer, with PyTorch's defaults.
    pub optimizer: OptimizerConfig,
    /// The learning rate, by step.
    pub learning_rate: LearningRateConfig,
    /// The largest norm of all gradients together; larger ones are scaled down to it.
    #[serde(default)]
    pub clip_norm: Option<f64>,
    /// The average of the weights that samples are drawn with.
    #[serde(default)]
    pub ema: EmaConfig,
    /// How errors count by level.
    #[serde(default)]
    pub weighting: WeightingConfig,
    /// How a batch's errors become one loss.
    #[serde(default)]
    pub loss: LossConfig,
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
    /// Checkpoints that are kept, the newest.
    #[serde(default = "two")]
    pub keep_checkpoints: usize,
    /// Parts of a batch whose gradients are made one after the other and added: a part needs less
    /// memory, and the step is the same but for rounding.
    #[serde(default = "one_part")]
    pub accumulate: usize,
    /// What makes the steps.
    #[serde(default)]
    pub engine: EngineConfig,
    /// Which weights samples are drawn with.
    #[serde(default)]
    pub keep: KeepConfig,
    /// Measurements of the held-out loss without a new lowest one after which the run ends early;
    /// never where left out.
    #[serde(default)]
    pub patience: Option<u64>,
}

/// What makes the steps. Both do the same but for rounding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EngineConfig {
    /// The direct one where it can, else the tape.
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
    /// Those of the last step.
    #[default]
    Last,
    /// Those of the lowest held-out loss, whose checkpoint is kept beside the newest.
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
        /// Added to the root of the second moment.
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
        /// Added to the root of the second moment.
        #[serde(default = "epsilon")]
        epsilon: f64,
        /// Share of the weights taken off, times the learning rate.
        #[serde(default = "hundredth")]
        weight_decay: f64,
    },
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

/// The learning rate, keyed by the step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum LearningRateConfig {
    /// The same at every step.
    Constant {
        /// The learning rate.
        value: f64,
    },
    /// A linear rise over `warmup` steps, then half a cosine down to `end`, reached after the last step.
    Cosine {
        /// The highest learning rate.
        peak: f64,
        /// Steps of the rise.
        #[serde(default)]
        warmup: u64,
        /// The learning rate after the last step.
        #[serde(default)]
        end: f64,
    },
    /// A linear rise over `warmup` steps, then a line down to `end`, reached after the last step.
    Linear {
        /// The highest learning rate.
        peak: f64,
        /// Steps of the rise.
        #[serde(default)]
        warmup: u64,
        /// The learning rate after the last step.
        #[serde(default)]
        end: f64,
    },
    /// One value after the other, changed at the given steps.
    Piecewise {
        /// The values, one more than steps.
        values: Vec<f64>,
        /// The first step of each value after the first, rising.
        steps: Vec<u64>,
    },
    /// Multiplied by `factor` every `every` steps.
    StepDecay {
        /// The learning rate of the first steps.
        initial: f64,
        /// The factor.
        factor: f64,
        /// Steps between changes.
        every: u64,
    },
}

impl LearningRateConfig {
    /// The learning rate of step `step` (from 0) of a run of `steps`.
    ///
    /// Cosine: `end + (peak − end) · (1 + cos(π p)) / 2` and linear: `peak + (end − peak) · p`, with
    /// `p = (step − warmup) / (steps − warmup)`; in the rise `peak · (step + 1) / warmup`.
    pub fn at(&self, step: u64, steps: u64) -> f64 {
        let progress = |warmup: u64| {
            let span = steps.saturating_sub(warmup).max(1) as f64;
            (step.saturating_sub(warmup) as f64 / span).min(1.0)
        };
        let rise = |peak: f64, warmup: u64| peak * (step + 1) as f64 / warmup as f64;
        match *self {
            Self::Constant { value } => value,
            Self::Piecewise { ref values, steps: ref changes } => {
                let place = changes.partition_point(|change| *change <= step);
                values.get(place).copied().unwrap_or(0.0)
            }
            Self::Cosine { peak, warmup, .. } | Self::Linear { peak, warmup, .. }
                if step < warmup =>
            {
                rise(peak, warmup)
            }
            Self::Cosine { peak, warmup, end } => {
                let half_turn = std::f64::consts::PI * progress(warmup);
                end + (peak - end) * 0.5 * (1.0 + half_turn.cos())
            }
            Self::Linear { peak, warmup, end } => peak + (end - peak) * progress(warmup),
            Self::StepDecay { initial, factor, every } => {
                initial * factor.powi(i32::try_from(step / every).unwrap_or(i32::MAX))
            }
        }
    }

    /// Whether the learning rate of a step depends on the run's length, so that a run cannot be
    /// extended as if it had been longer from the start.
    pub const fn depends_on_length(&self) -> bool {
        matches!(self, Self::Cosine { .. } | Self::Linear { .. })
    }
}

/// The average of the weights over the steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum EmaConfig {
    /// No average: samples are drawn with the last weights.
    None {},
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

impl Default for EmaConfig {
    fn default() -> Self {
        Self::None {}
    }
}

impl EmaConfig {
    /// The decay after step `step` (from 0); `None` where nothing is averaged.
    pub fn decay(&self, step: u64) -> Option<f64> {
        match *self {
            Self::None {} => None,
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

/// How errors count by level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum WeightingConfig {
    /// 1 on the network's own error.
    Uniform {},
    /// 1 on the error of x_0.
    Sample {},
    /// The signal-to-noise ratio on the error of x_0.
    Snr {},
    /// min(SNR, gamma) on the error of x_0.
    MinSnr {
        /// The ceiling.
        #[serde(default = "five")]
        gamma: f64,
    },
    /// EDM's weight.
    Edm {
        /// Standard deviation of the data.
        #[serde(default = "one")]
        sigma_data: f64,
    },
}

fn five() -> f64 {
    5.0
}
fn one() -> f64 {
    1.0
}

impl Default for WeightingConfig {
    fn default() -> Self {
        Self::Uniform {}
    }
}

impl WeightingConfig {
    /// The weighting itself.
    ///
    /// # Errors
    /// A parameter out of its range.
    pub fn build(&self) -> Result<Weighting, CoreError> {
        match *self {
            Self::Uniform {} => Weighting::Uniform,
            Self::Sample {} => Weighting::Sample,
            Self::Snr {} => Weighting::Snr,
            Self::MinSnr { gamma } => Weighting::MinSnr { gamma },
            Self::Edm { sigma_data } => Weighting::Edm { sigma_data },
        }
        .validated()
    }
}

/// How a batch's errors become one loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum LossConfig {
    /// The mean of the squared errors over rows and features.
    Mean {},
    /// Their sum.
    Sum {},
    /// The root of their sum.
    Norm {},
    /// The mean of Huber's function.
    Huber {
        /// Where the square ends.
        #[serde(default = "one")]
        delta: f64,
    },
}

impl Default for LossConfig {
    fn default() -> Self {
        Self::Mean {}
    }
}

impl LossConfig {
    /// The reduction itself.
    ///
    /// # Errors
    /// A parameter out of its range.
    pub fn build(&self) -> Result<LossReduction, CoreError> {
        match *self {
            Self::Mean {} => LossReduction::Mean,
            Self::Sum {} => LossReduction::Sum,
            Self::Norm {} => LossReduction::Norm,
            Self::Huber { delta } => LossReduction::Huber { delta },
        }
        .validated()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cosine_rises_to_its_peak_and_falls_to_its_end() {
        let rate = LearningRateConfig::Cosine { peak: 1.0, warmup: 10, end: 0.2 };
        assert!((rate.at(0, 110) - 0.1).abs() < 1e-15);
        assert!((rate.at(9, 110) - 1.0).abs() < 1e-15);
        assert!((rate.at(10, 110) - 1.0).abs() < 1e-15);
        assert!((rate.at(60, 110) - 0.6).abs() < 1e-15, "half way is the mean of peak and end");
        let last = 0.2 + 0.8 * 0.5 * (1.0 + (std::f64::consts::PI * 0.99).cos());
        assert!((rate.at(109, 110) - last).abs() < 1e-15, "`end` is reached after the last step");
    }

    #[test]
    fn a_line_falls_evenly() {
        let rate = LearningRateConfig::Linear { peak: 1.0, warmup: 0, end: 0.0 };
        for step in 0..10 {
            assert!((rate.at(step, 10) - (1.0 - step as f64 / 10.0)).abs() < 1e-15);
        }
    }

    #[test]
    fn pieces_begin_at_their_steps() {
        let rate = LearningRateConfig::Piecewise { values: vec![2e-3, 1e-5], steps: vec![20] };
        assert_eq!([0, 19, 20, 900].map(|step| rate.at(step, 30)), [2e-3, 2e-3, 1e-5, 1e-5]);
        assert!(!rate.depends_on_length());
    }

    #[test]
    fn step_decay_is_pytorchs_step_lr() {
        let rate = LearningRateConfig::StepDecay { initial: 1e-3, factor: 0.95, every: 100 };
        assert_eq!(rate.at(99, 3000), 1e-3);
        assert!((rate.at(100, 3000) - 0.95e-3).abs() < 1e-18);
        assert!((rate.at(2999, 3000) - 1e-3 * 0.95_f64.powi(29)).abs() < 1e-18);
    }
}
