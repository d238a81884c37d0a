//! Level samplers: how the noise levels of the training rows are drawn.

use langevin_data::{Stream, exp};

use crate::{CoreError, NoiseLevel, NoiseSchedule, error::positive};

/// Training levels: how the noise levels of the training rows are drawn. [`LevelSampler`] holds ours.
pub trait TrainingLevels: Send + Sync {
    /// Draws the levels of `rows` rows of training step `step`, or of held-out rows where `step` is
    /// `None`.
    ///
    /// Row i uses words `2i` and `2i + 1` of the stream and no others
    /// ([`LevelSampler::WORDS_PER_ROW`]), so that a row's level depends on its place alone.
    fn draw(
        &self,
        schedule: &dyn NoiseSchedule,
        stream: &mut Stream,
        rows: usize,
        step: Option<u64>,
    ) -> Vec<NoiseLevel>;

    /// Whether all rows of a step share one level, as networks of their own for each level need it.
    fn is_per_batch(&self) -> bool {
        false
    }

    /// The order in which the levels of a grid are trained; `None` where they have none.
    fn order(&self) -> Option<LevelOrder> {
        None
    }
}

/// Order of training: the levels of a grid one after the other, the least noisy first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LevelOrder {
    /// Training steps at the first level.
    pub first: u64,
    /// Training steps at each later level.
    pub each: u64,
}

impl LevelOrder {
    /// The level that training step `step` trains, and whether `step` is the first to train it.
    ///
    /// The grid has `levels` levels, counted here from the least noisy.
    pub fn at(&self, step: u64, levels: usize) -> (usize, bool) {
        let Self { first, each } = *self;
        let last = levels.saturating_sub(1) as u64;
        let place = step.checked_sub(first).map_or(0, |after| 1 + after / each.max(1));
        let begins = step == 0 || step >= first && (step - first).is_multiple_of(each);
        (place.min(last) as usize, begins && place <= last)
    }

    /// The number of training steps that all `levels` levels of a grid take together.
    pub const fn steps(&self, levels: usize) -> u64 {
        self.each.saturating_mul(levels.saturating_sub(1) as u64).saturating_add(self.first)
    }
}

/// Distribution of the training rows' levels.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)
)]
pub enum LevelSampler {
    /// Time uniform in [0, 1]: every level of a grid equally likely.
    Uniform {
        /// Whether every row gets its own level or the batch shares one.
        #[cfg_attr(feature = "serde", serde(default))]
        per: UniformPer,
    },
    /// Time uniform, stratified: [0, 1] is cut into as many equal parts as there are rows, and each part
    /// gets one row.
    Stratified,
    /// `ln(sigma / alpha) ~ N(mean, std²)`, as EDM. Source: Karras et al. 2022, table 1.
    LogNormal {
        /// Mean of ln(sigma / alpha).
        #[cfg_attr(feature = "serde", serde(default = "crate::defaults::edm_mean"))]
        mean: f64,
        /// Standard deviation of ln(sigma / alpha).
        #[cfg_attr(feature = "serde", serde(default = "crate::defaults::edm_std"))]
        std: f64,
    },
    /// `logit(t) ~ N(mean, std²)`, as Stable Diffusion 3. Source: Esser et al. 2024, equation 19.
    LogitNormal {
        /// Mean of logit(t).
        #[cfg_attr(feature = "serde", serde(default))]
        mean: f64,
        /// Standard deviation of logit(t).
        #[cfg_attr(feature = "serde", serde(default = "crate::defaults::one"))]
        std: f64,
    },
    /// The levels of a grid one after the other, the least noisy first. All rows of a step share one
    /// level.
    InOrder {
        /// Training steps at the first level.
        first: u64,
        /// Training steps at each later level.
        each: u64,
    },
}

/// Rows that share one uniform level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(rename_all = "snake_case")
)]
pub enum UniformPer {
    /// Every row has its own level.
    #[default]
    Row,
    /// The whole batch shares one level.
    Batch,
}

impl Default for LevelSampler {
    fn default() -> Self {
        Self::Uniform { per: UniformPer::Row }
    }
}

impl LevelSampler {
    /// Number of 64-bit words of the level stream that one row uses.
    pub const WORDS_PER_ROW: u64 = 2;

    /// Fails on a parameter out of its range.
    ///
    /// # Errors
    /// `mean` must be finite, `std` finite and above 0, and `first` and `each` at least 1. For
    /// `LogNormal`, `|mean| + 9 std` must be at most 80, beyond which sigma leaves f32's range.
    pub fn validated(self) -> Result<Self, CoreError> {
        if let Self::LogNormal { mean, std } | Self::LogitNormal { mean, std } = self {
            positive("std", std)?;
            if !mean.is_finite() {
                return Err(CoreError::parameter("mean", "must be finite", mean));
            }
        }
        if let Self::InOrder { first, each } = self
            && let Some((name, _)) =
                [("first", first), ("each", each)].iter().find(|(_, n)| *n == 0)
        {
            return Err(CoreError::parameter(name, "must be at least 1", 0));
        }
        if let Self::LogNormal { mean, std } = self {
            let extent = mean.abs() + 9.0 * std;
            if extent > 80.0 {
                let requirement =
                    "|mean| + 9 std must be at most 80, where sigma leaves f32's range";
                return Err(CoreError::parameter("std", requirement, extent));
            }
        }
        Ok(self)
    }
}

impl TrainingLevels for LevelSampler {
    fn is_per_batch(&self) -> bool {
        matches!(self, Self::Uniform { per: UniformPer::Batch } | Self::InOrder { .. })
    }

    fn order(&self) -> Option<LevelOrder> {
        let Self::InOrder { first, each } = *self else { return None };
        Some(LevelOrder { first, each })
    }

    /// Held-out rows belong to no step: with levels in order, they share one uniform level.
    fn draw(
        &self,
        schedule: &dyn NoiseSchedule,
        stream: &mut Stream,
        rows: usize,
        step: Option<u64>,
    ) -> Vec<NoiseLevel> {
        let levels = schedule.len().unwrap_or(1);
        if let Some((order, step)) = self.order().zip(step) {
            let (place, _) = order.at(step, levels);
            return vec![schedule.at((place as f64 + 0.5) / levels as f64); rows];
        }
        match *self {
            Self::Uniform { per: UniformPer::Row } => {
                let mut words = vec![0.0; 2 * rows];
                stream.fill_uniform(&mut words);
                words.chunks_exact(2).map(|pair| schedule.at(pair[0])).collect()
            }
            Self::Uniform { per: UniformPer::Batch } | Self::InOrder { .. } => {
                vec![schedule.at(stream.uniform()); rows]
            }
            Self::Stratified => {
                let mut words = vec![0.0; 2 * rows];
                stream.fill_uniform(&mut words);
                let place =
                    |(i, pair): (usize, &[f64])| schedule.at((i as f64 + pair[0]) / rows as f64);
                words.chunks_exact(2).enumerate().map(place).collect()
            }
            Self::LogNormal { mean, std } => {
                normals(stream, rows).map(|z| schedule.at_ratio(exp(mean + std * z))).collect()
            }
            Self::LogitNormal { mean, std } => normals(stream, rows)
                .map(|z| schedule.at(1.0 / (1.0 + exp(-(mean + std * z).clamp(-700.0, 700.0)))))
                .collect(),
        }
    }
}

/// One standard normal number for each row.
fn normals(stream: &mut Stream, rows: usize) -> impl Iterator<Item = f64> {
    let mut normals = vec![0.0; 2 * rows];
    stream.fill_normal(&mut normals);
    normals.into_iter().step_by(2)
}

#[cfg(test)]
mod tests {
    use langevin_data::{Purpose, Streams};

    use super::*;
    use crate::{Betas, Karras};

    fn stream(word: u64) -> Stream {
        Streams::new(3).at(Purpose::Level, 7, word)
    }

    #[test]
    fn a_row_s_level_depends_on_its_place_alone() {
        let schedule = Karras::new(0.002, 80.0, 7.0).expect("valid");
        for sampler in [
            LevelSampler::default(),
            LevelSampler::LogNormal { mean: -1.2, std: 1.2 },
            LevelSampler::LogitNormal { mean: 0.0, std: 1.0 },
        ] {
            let together = sampler.draw(&schedule, &mut stream(0), 5, Some(7));
            for (i, level) in together.iter().enumerate() {
                let word = i as u64 * LevelSampler::WORDS_PER_ROW;
                assert_eq!(
                    sampler.draw(&schedule, &mut stream(word), 1, Some(7)),
                    [*level],
                    "{sampler:?}"
                );
            }
        }
    }

    #[test]
    fn log_normal_levels_have_their_mean_and_std() {
        let schedule = Karras::new(0.002, 80.0, 7.0).expect("valid");
        let sampler = LevelSampler::LogNormal { mean: -1.2, std: 0.9 };
        let levels = sampler.draw(&schedule, &mut stream(0), 40_000, Some(7));
        let mean = levels.iter().map(|l| l.sigma().ln()).sum::<f64>() / 40_000.0;
        let variance =
            levels.iter().map(|l| (l.sigma().ln() - mean).powi(2)).sum::<f64>() / 40_000.0;
        // Five standard errors: 0.9 / 200 for the mean, 0.81 · sqrt(2) / 200 for the variance.
        assert!((mean + 1.2).abs() < 5.0 * 0.9 / 200.0, "{mean}");
        assert!((variance - 0.81).abs() < 5.0 * 0.81 * 2_f64.sqrt() / 200.0, "{variance}");
    }

    #[test]
    fn stratified_rows_cover_every_part_once() {
        let grid = Betas::new(&[0.01; 64]).expect("valid");
        let levels = LevelSampler::Stratified.draw(&grid, &mut stream(0), 64, Some(7));
        let mut seen: Vec<_> = levels.iter().filter_map(NoiseLevel::index).collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..64).collect::<Vec<_>>());
    }

    #[test]
    fn one_level_a_batch_is_shared_by_its_rows() {
        let grid = Betas::new(&[0.01; 64]).expect("valid");
        let sampler = LevelSampler::Uniform { per: UniformPer::Batch };
        let levels = sampler.draw(&grid, &mut stream(0), 9, Some(7));
        assert!(levels.iter().all(|level| *level == levels[0]));
    }

    #[test]
    fn levels_in_order_begin_next_to_the_data_and_end_at_the_noise() {
        let grid = Betas::new(&[0.01; 3]).expect("valid");
        let sampler = LevelSampler::InOrder { first: 5, each: 2 };
        let index = |step| {
            let levels = sampler.draw(&grid, &mut stream(0), 4, Some(step));
            assert!(levels.iter().all(|level| *level == levels[0]));
            levels[0].index().expect("a grid")
        };
        let seen: Vec<_> = (0..11).map(index).collect();
        assert_eq!(seen, [2, 2, 2, 2, 2, 1, 1, 0, 0, 0, 0]);
        let order = sampler.order().expect("in order");
        let begins: Vec<_> = (0..11).filter(|step| order.at(*step, 3).1).collect();
        assert_eq!(begins, [0, 5, 7]);
        assert_eq!(order.steps(3), 9);
        let held_out: std::collections::BTreeSet<_> = (0..60)
            .map(|word| sampler.draw(&grid, &mut stream(word), 1, None)[0].index())
            .collect();
        assert_eq!(held_out.len(), 3, "held-out rows see every level");
    }

    #[test]
    fn parameters_are_checked() {
        assert!(LevelSampler::InOrder { first: 1, each: 1 }.validated().is_ok());
        let message = LevelSampler::InOrder { first: 1, each: 0 }.validated().expect_err("none");
        assert_eq!(message.to_string(), "each: must be at least 1, got 0");
        assert!(LevelSampler::LogNormal { mean: 0.0, std: 0.0 }.validated().is_err());
        assert!(LevelSampler::LogitNormal { mean: f64::INFINITY, std: 1.0 }.validated().is_err());
        assert!(LevelSampler::LogNormal { mean: -1.2, std: 1.2 }.validated().is_ok());
        let message =
            LevelSampler::LogNormal { mean: 0.0, std: 10.0 }.validated().expect_err("far");
        assert!(message.to_string().ends_with("f32's range, got 90"), "{message}");
    }
}
