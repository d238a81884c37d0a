//! Level embeddings: the columns beside a network's input that tell it the noise level.

use langevin_data::{Purpose, Streams, fill_sin_cos_turns};

use crate::{CoreError, NoiseLevel, NoiseSchedule, Prediction, error::positive};

/// Quantity that stands for a noise level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(rename_all = "snake_case")
)]
pub enum LevelQuantity {
    /// The noise scale sigma.
    Sigma,
    /// `ln(sigma / alpha) / 4`, EDM's c_noise.
    #[default]
    LogSigma,
    /// `2 · ln(alpha / sigma)`.
    LogSnr,
    /// The signal scale alpha.
    Alpha,
    /// DDPM's `1 − beta` of the step into the level; on a grid of betas only.
    StepAlpha,
    /// The level's number k, 0 next to the data; on a discrete grid only.
    Index,
}

impl LevelQuantity {
    /// The quantity's name in run files and messages.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sigma => "sigma",
            Self::LogSigma => "log_sigma",
            Self::LogSnr => "log_snr",
            Self::Alpha => "alpha",
            Self::StepAlpha => "step_alpha",
            Self::Index => "index",
        }
    }

    /// Whether the quantity exists at the levels of a discrete grid alone, and not between them.
    pub const fn needs_grid(&self) -> bool {
        matches!(self, Self::StepAlpha | Self::Index)
    }

    /// The quantity's value at a level.
    ///
    /// # Errors
    /// The quantity must exist at the level: logarithms do not at alpha = 0 or sigma = 0, and grid
    /// quantities do not off a grid.
    pub fn of(&self, level: &NoiseLevel, schedule: &dyn NoiseSchedule) -> Result<f64, CoreError> {
        let missing = |requirement| CoreError::Quantity {
            quantity: self.name(),
            alpha: level.alpha(),
            sigma: level.sigma(),
            requirement,
        };
        let logarithm = |value: f64| {
            value.is_finite().then_some(value).ok_or(missing("alpha and sigma must be above 0"))
        };
        match self {
            Self::Sigma => Ok(level.sigma()),
            Self::Alpha => Ok(level.alpha()),
            Self::LogSigma => logarithm(level.ratio().ln() / 4.0),
            Self::LogSnr => logarithm(level.log_snr()),
            Self::StepAlpha => {
                schedule.step_alpha(level).ok_or(missing("the schedule must be a grid of betas"))
            }
            Self::Index => {
                let from_noisiest = |len: usize| len.checked_sub(1 + level.index()?);
                let k = schedule.len().and_then(from_noisiest);
                k.map(|k| k as f64).ok_or(missing(
                    "the schedule must be a discrete grid (betas, or karras with `steps`)",
                ))
            }
        }
    }
}

/// Configuration of the level embedding: how a level quantity becomes columns beside the network's input.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)
)]
pub enum LevelEmbeddingConfig {
    /// The network is not told the level.
    None,
    /// One column: the quantity itself.
    Column {
        /// The level quantity that the network is told.
        #[cfg_attr(feature = "serde", serde(default))]
        of: LevelQuantity,
    },
    /// Sines and cosines at geometrically spaced frequencies.
    Sinusoidal {
        /// The level quantity that the network is told.
        #[cfg_attr(feature = "serde", serde(default))]
        of: LevelQuantity,
        /// Number of columns, even.
        #[cfg_attr(feature = "serde", serde(default = "crate::defaults::embedding_features"))]
        features: usize,
    },
    /// Sines and cosines at random frequencies.
    Fourier {
        /// The level quantity that the network is told.
        #[cfg_attr(feature = "serde", serde(default))]
        of: LevelQuantity,
        /// Number of columns, even.
        #[cfg_attr(feature = "serde", serde(default = "crate::defaults::embedding_features"))]
        features: usize,
        /// Standard deviation of the frequencies, in turns per unit of the quantity.
        #[cfg_attr(feature = "serde", serde(default = "crate::defaults::one"))]
        scale: f64,
    },
}

impl Default for LevelEmbeddingConfig {
    fn default() -> Self {
        Self::Column { of: LevelQuantity::default() }
    }
}

/// Largest scale of random frequencies.
const MOST_SCALE: f64 = 1e6;

impl LevelEmbeddingConfig {
    /// Fails on a parameter out of its range.
    ///
    /// # Errors
    /// `features` must be even and from 2 to 65536, `scale` above 0 and at most 10⁶, beyond which an angle's rounding
    /// in 32 bits is as large as a turn.
    pub fn validate(&self) -> Result<(), CoreError> {
        if let Self::Sinusoidal { features, .. } | Self::Fourier { features, .. } = *self
            && (!(2..=65_536).contains(&features) || features % 2 == 1)
        {
            let requirement = "must be even and from 2 to 65536";
            return Err(CoreError::parameter("features", requirement, features));
        }
        if let Self::Fourier { scale, .. } = *self {
            positive("scale", scale)?;
            if scale > MOST_SCALE {
                let requirement = format!("must be at most {MOST_SCALE}");
                return Err(CoreError::parameter("scale", requirement, scale));
            }
        }
        Ok(())
    }

    /// The embedding, whose random frequencies come from the run's streams.
    ///
    /// # Errors
    /// See [`validate`](Self::validate).
    pub fn init(&self, streams: &Streams) -> Result<LevelEmbedding, CoreError> {
        self.validate()?;
        let mut frequencies = Vec::new();
        if let Self::Fourier { features, scale, .. } = *self {
            let mut normals = vec![0.0; features / 2];
            streams.at(Purpose::Frequencies, 0, 0).fill_normal(&mut normals);
            frequencies.extend(normals.iter().map(|z| (scale * z) as f32));
        }
        Ok(LevelEmbedding { config: *self, frequencies, input_noise: None })
    }
}

/// Level embedding with its frequencies, as [`LevelEmbeddingConfig::init`] makes it.
///
/// `sinusoidal` gives `[sin(v · w_j), cos(v · w_j)]` of the quantity v, with `w_j = 10000^(−j / (features/2))`.
/// Source: Vaswani et al. 2017, section 3.5. `fourier` gives `[sin(2π v f_j), cos(2π v f_j)]` with fixed
/// `f_j ~ N(0, scale²)`. Source: Tancik et al. 2020, equation 5.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelEmbedding {
    /// The quantity, and what becomes of it.
    pub config: LevelEmbeddingConfig,
    /// The random frequencies f_j of `fourier`, one for two columns, rounded to f32, as they are stored
    /// beside the weights; empty for the other kinds.
    pub frequencies: Vec<f32>,
    /// The prediction that scales the network's input, where a last column tells the standard deviation of
    /// the noise in it, `c_in · sigma`.
    pub input_noise: Option<Prediction>,
}

impl LevelEmbedding {
    /// The quantity that the network is told, if it is told any.
    pub const fn quantity(&self) -> Option<LevelQuantity> {
        match self.config {
            LevelEmbeddingConfig::None => None,
            LevelEmbeddingConfig::Column { of }
            | LevelEmbeddingConfig::Sinusoidal { of, .. }
            | LevelEmbeddingConfig::Fourier { of, .. } => Some(of),
        }
    }

    /// The same with a last column that tells the standard deviation of the noise in the network's input,
    /// `c_in · sigma`. A network whose position features fade needs it: see
    /// [`MlpForm::fades`](crate::MlpForm::fades).
    #[must_use]
    pub fn with_input_noise(self, prediction: Prediction) -> Self {
        Self { input_noise: Some(prediction), ..self }
    }

    /// The number of columns.
    pub fn features(&self) -> usize {
        let own = match self.config {
            LevelEmbeddingConfig::None => 0,
            LevelEmbeddingConfig::Column { .. } => 1,
            LevelEmbeddingConfig::Sinusoidal { features, .. } => features,
            LevelEmbeddingConfig::Fourier { .. } => 2 * self.frequencies.len(),
        };
        own + usize::from(self.input_noise.is_some())
    }

    /// Fails on a level at which the embedded quantity does not exist.
    ///
    /// # Errors
    /// See [`LevelQuantity::of`].
    pub fn check(&self, level: &NoiseLevel, schedule: &dyn NoiseSchedule) -> Result<(), CoreError> {
        self.columns(level, schedule, &mut Vec::new())
    }

    /// Appends the columns of one level to `out`.
    ///
    /// # Errors
    /// See [`LevelQuantity::of`].
    pub fn columns(
        &self,
        level: &NoiseLevel,
        schedule: &dyn NoiseSchedule,
        out: &mut Vec<f32>,
    ) -> Result<(), CoreError> {
        match self.config {
            LevelEmbeddingConfig::None => {}
            LevelEmbeddingConfig::Column { of } => out.push(of.of(level, schedule)? as f32),
            LevelEmbeddingConfig::Sinusoidal { of, features } => {
                let value = of.of(level, schedule)?;
                let half = features / 2;
                let turns = move |j: usize| {
                    value * 10_000_f64.powf(-(j as f64) / half as f64) / std::f64::consts::TAU
                };
                sines_and_cosines((0..half).map(turns), out);
            }
            LevelEmbeddingConfig::Fourier { of, .. } => {
                let value = of.of(level, schedule)?;
                sines_and_cosines(self.frequencies.iter().map(|f| value * f64::from(*f)), out);
            }
        }
        if let Some(prediction) = &self.input_noise {
            out.push((prediction.coefficients(level).input * level.sigma()) as f32);
        }
        Ok(())
    }
}

/// Appends to `out` the sines, then the cosines, of angles in turns.
fn sines_and_cosines(turns: impl Iterator<Item = f64>, out: &mut Vec<f32>) {
    let turns: Vec<f64> = turns.collect();
    let first = out.len();
    out.resize(first + 2 * turns.len(), 0.0);
    let (sines, cosines) = out[first..].split_at_mut(turns.len());
    fill_sin_cos_turns(&turns, sines, cosines);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Betas, Karras, RectifiedFlow};

    fn columns(
        embedding: &LevelEmbedding,
        level: &NoiseLevel,
        schedule: &dyn NoiseSchedule,
    ) -> Vec<f32> {
        let mut out = Vec::new();
        embedding.columns(level, schedule, &mut out).expect("exists");
        out
    }

    fn column(of: LevelQuantity) -> LevelEmbedding {
        LevelEmbeddingConfig::Column { of }.init(&Streams::new(0)).expect("valid")
    }

    #[test]
    fn the_network_is_told_the_level_itself_not_its_neighbour() {
        let grid = Betas::new(&[0.1, 0.2, 0.4]).expect("valid");
        let levels = grid.levels(3).expect("all");
        for (level, (k, step_alpha)) in levels.iter().zip([(2.0, 0.6), (1.0, 0.8), (0.0, 0.9)]) {
            assert_eq!(columns(&column(LevelQuantity::Index), level, &grid), [k]);
            let told = columns(&column(LevelQuantity::StepAlpha), level, &grid);
            assert!((told[0] - step_alpha).abs() < 1e-7);
        }
    }

    #[test]
    fn edms_level_number_is_a_quarter_of_ln_sigma() {
        let schedule = Karras::new(0.01, 10.0, 7.0).expect("valid");
        let level = schedule.at(1.0);
        let told = columns(&column(LevelQuantity::LogSigma), &level, &schedule);
        assert_eq!(told, [(10_f64.ln() / 4.0) as f32]);
    }

    #[test]
    fn sinusoidal_columns_follow_their_formula() {
        let grid = Betas::new(&[0.01; 100]).expect("valid");
        let config = LevelEmbeddingConfig::Sinusoidal { of: LevelQuantity::Index, features: 8 };
        let embedding = config.init(&Streams::new(0)).expect("valid");
        let level = grid.levels(100).expect("all")[12];
        let told = columns(&embedding, &level, &grid);
        for j in 0..4 {
            let angle = 87.0 * 10_000_f64.powf(-(j as f64) / 4.0);
            assert!((f64::from(told[j]) - angle.sin()).abs() < 1e-6);
            assert!((f64::from(told[4 + j]) - angle.cos()).abs() < 1e-6);
        }
    }

    #[test]
    fn fourier_columns_follow_their_formula_and_seed() {
        let schedule = Karras::new(0.01, 10.0, 7.0).expect("valid");
        let make = |seed| {
            let of = LevelQuantity::LogSigma;
            let config = LevelEmbeddingConfig::Fourier { of, features: 6, scale: 16.0 };
            config.init(&Streams::new(seed)).expect("valid")
        };
        assert_ne!(make(0), make(1));
        let LevelEmbedding { frequencies, .. } = make(0);
        assert_eq!(frequencies.len(), 3);
        let level = schedule.at(0.3);
        let value = level.sigma().ln() / 4.0;
        let told = columns(&make(0), &level, &schedule);
        for (j, f) in frequencies.iter().enumerate() {
            let angle = std::f64::consts::TAU * value * f64::from(*f);
            assert!((f64::from(told[j]) - angle.sin()).abs() < 1e-6);
            assert!((f64::from(told[3 + j]) - angle.cos()).abs() < 1e-6);
        }
    }

    #[test]
    fn the_noise_in_the_input_is_told_last() {
        let schedule = Karras::new(0.01, 10.0, 7.0).expect("valid");
        let level = schedule.at(0.7);
        let own = column(LevelQuantity::Sigma);
        for (prediction, scale) in [
            (Prediction::Edm { sigma_data: 0.5 }, 1.0 / level.sigma().hypot(0.5)),
            (Prediction::Sample, 1.0),
        ] {
            let embedding = own.clone().with_input_noise(prediction);
            assert_eq!(embedding.features(), 2);
            let told = columns(&embedding, &level, &schedule);
            assert_eq!(told[..1], columns(&own, &level, &schedule)[..]);
            assert!((f64::from(told[1]) - scale * level.sigma()).abs() < 1e-7, "{told:?}");
        }
    }

    #[test]
    fn a_number_that_does_not_exist_is_refused() {
        let flow = RectifiedFlow::new(0.01, 1.0).expect("valid");
        let embedding = column(LevelQuantity::LogSnr);
        assert!(embedding.check(&flow.at(1.0), &flow).is_err());
        assert!(column(LevelQuantity::Sigma).check(&flow.at(1.0), &flow).is_ok());
        assert!(column(LevelQuantity::StepAlpha).check(&flow.at(0.5), &flow).is_err());
        for features in [0, 3, 1 << 60] {
            let of = LevelQuantity::Sigma;
            let config = LevelEmbeddingConfig::Sinusoidal { of, features };
            assert!(config.init(&Streams::new(0)).is_err());
        }
    }

    #[test]
    fn a_level_off_the_grid_has_no_index() {
        let grid = Betas::new(&[0.1, 0.2]).expect("valid");
        let embedding = column(LevelQuantity::Index);
        let stray = NoiseLevel::new(0.6, 0.8).expect("valid");
        assert!(embedding.check(&stray, &grid).is_err());
        assert!(embedding.check(&stray.with_index(2), &grid).is_err());
        assert!(embedding.check(&NoiseLevel::CLEAN, &grid).is_err());
        assert!(embedding.check(&stray.with_index(1), &grid).is_ok());
    }
}
