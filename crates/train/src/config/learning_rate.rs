//! `train.learning_rate`: the learning rate of each step.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ranges::{above_zero, at_least_one, not_negative};
use crate::TrainError;

/// The learning rate, keyed by the step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum LearningRateConfig {
    /// The same learning rate at every step.
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
    /// One learning rate after the other, changed at the given steps.
    Piecewise {
        /// The learning rates, one more than `steps`.
        values: Vec<f64>,
        /// The first step of each value after the first, rising.
        steps: Vec<u64>,
    },
    /// A learning rate that is multiplied by `factor` every `every` steps.
    StepDecay {
        /// The learning rate of the first steps.
        initial: f64,
        /// Factor of each change.
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

    /// Whether the learning rate of a step depends on the run's length. Such a run cannot be extended as
    /// if it had been longer from the start.
    pub const fn depends_on_length(&self) -> bool {
        matches!(self, Self::Cosine { .. } | Self::Linear { .. })
    }

    /// Checks the section by itself, for a run of `steps`.
    ///
    /// # Errors
    /// A field out of its range, by its path.
    pub(crate) fn validate(&self, steps: u64) -> Result<(), TrainError> {
        let path = |field: &str| format!("train.learning_rate.{field}");
        match *self {
            Self::Constant { value } => above_zero(&path("value"), value),
            Self::Piecewise { ref values, steps: ref changes } => {
                for (i, value) in values.iter().enumerate() {
                    above_zero(&path(&format!("values[{i}]")), *value)?;
                }
                let (given, needed) = (values.len(), changes.len() + 1);
                if given != needed {
                    let message =
                        format!("must hold {needed} numbers, one more than `steps`, got {given}");
                    return Err(TrainError::config(path("values"), message));
                }
                if !changes.is_sorted_by(|a, b| a < b) || changes.first() == Some(&0) {
                    let message = format!("must rise, from at least 1, got {changes:?}");
                    return Err(TrainError::config(path("steps"), message));
                }
                Ok(())
            }
            Self::Cosine { peak, warmup, end } | Self::Linear { peak, warmup, end } => {
                above_zero(&path("peak"), peak)?;
                not_negative(&path("end"), end)?;
                if warmup > steps {
                    let message = format!("must be at most train.steps = {steps}, got {warmup}");
                    return Err(TrainError::config(path("warmup"), message));
                }
                Ok(())
            }
            Self::StepDecay { initial, factor, every } => {
                above_zero(&path("initial"), initial)?;
                above_zero(&path("factor"), factor)?;
                at_least_one(&path("every"), every)
            }
        }
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
