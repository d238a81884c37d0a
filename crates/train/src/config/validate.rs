//! Checks that need the parts themselves: ranges, and whether the parts fit each other.

use langevin_core::{LevelSampler, NoiseLevel, NoiseSchedule, Prediction};
use langevin_data::{Dataset, LevelDensity, Part, Streams};

use super::{
    DataConfig, EmaConfig, EndConfig, KeepConfig, LearningRateConfig, NetworksConfig,
    OptimizerConfig, RunConfig, SamplerConfig, StartConfig,
};
use crate::{
    TrainError,
    error::{at_field, in_section},
};

/// By how much of its standard deviation the data's marginal may miss a start from pure noise.
const START_TOLERANCE: f64 = 0.05;
/// The most repeats of the last step.
const MOST_REPEATS: usize = 10_000;
/// The most rows of a measurement of the held-out loss.
const MOST_VALIDATION_ROWS: usize = 10_000_000;

impl RunConfig {
    /// Checks every field, and that the parts fit each other.
    ///
    /// # Errors
    /// The first field that is out of its range, by its path; a prediction or an embedding that is
    /// singular on the schedule; a start that is not the data's marginal.
    pub fn validate(&self) -> Result<(), TrainError> {
        if self.version != 1 {
            let message =
                format!("must be 1, the version that this program reads, got {}", self.version);
            return Err(TrainError::config("version", message));
        }
        self.validate_name()?;
        if let DataConfig::Table(table) = &self.data {
            table.validate()?;
        }
        let data = self.data.distribution()?;
        self.validate_denoiser(data.as_deref())?;
        self.validate_training()?;
        self.validate_sampling()?;
        self.validate_film()?;
        data.map_or(Ok(()), |data| self.validate_start(data.as_ref()))
    }

    fn validate_name(&self) -> Result<(), TrainError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if self.name.is_empty()
            || self.name.len() > 100
            || self.name.starts_with('.')
            || !self.name.chars().all(allowed)
        {
            let requirement =
                "must be 1 to 100 letters, digits, '.', '_' or '-', not starting with '.'";
            return Err(TrainError::config("name", format!("{requirement}, got {:?}", self.name)));
        }
        Ok(())
    }

    fn validate_denoiser(&self, data: Option<&dyn Dataset>) -> Result<(), TrainError> {
        let schedule = self.noise.schedule.build().map_err(in_section("noise.schedule"))?;
        self.validate_order(schedule.as_ref())?;
        let streams = Streams::new(self.seed);
        let embedding =
            self.denoiser.embedding.build(&streams).map_err(in_section("denoiser.embedding"))?;
        let prediction =
            self.denoiser.prediction.build().map_err(in_section("denoiser.prediction"))?;
        let weighting = self.train.weighting.build().map_err(in_section("train.weighting"))?;
        for level in [schedule.at(1.0), schedule.at(0.0)] {
            prediction.check_target(&level).map_err(at_field("denoiser.prediction"))?;
            // A level step can be trained for, and taken, where it says nothing of the clean row.
            if !matches!(prediction, Prediction::LevelStep { .. }) {
                prediction.check(&level).map_err(at_field("denoiser.prediction"))?;
            }
            let weight = weighting.at(&level, &prediction);
            if !weight.is_finite() {
                let message = format!(
                    "must be finite at every level, got {weight} at sigma = {}: use {{\"kind\": \"uniform\"}}",
                    level.sigma()
                );
                return Err(TrainError::config("train.weighting", message));
            }
            embedding.check(&level, schedule.as_ref()).map_err(at_field("denoiser.embedding"))?;
        }
        if let (Some(data), Some(mlp)) = (data, self.denoiser.network.mlp(1, 0)) {
            let mlp = langevin_core::MlpConfig { features: data.features(), ..mlp };
            mlp.validate().map_err(in_section("denoiser.network"))?;
        }
        self.train.loss.build().map_err(in_section("train.loss"))?;
        Ok(())
    }

    /// Levels in order, and one network a level, need the levels of a grid.
    fn validate_order(&self, schedule: &dyn NoiseSchedule) -> Result<(), TrainError> {
        let levels = self.noise.levels.build().map_err(in_section("noise.levels"))?;
        let per_level = self.denoiser.networks == NetworksConfig::OnePerLevel;
        let in_order = matches!(levels, LevelSampler::InOrder { .. });
        for (path, needs) in [("noise.levels", in_order), ("denoiser.networks", per_level)] {
            if needs && schedule.len().is_none() {
                let message = "needs a schedule of discrete levels: betas, or karras with `steps`";
                return Err(TrainError::config(path, message));
            }
        }
        if per_level && !levels.is_per_batch() {
            let message = "`one_per_level` needs all rows of a step at one level: noise.levels must be \
                           of kind `in_order`, or `uniform` per `batch`";
            return Err(TrainError::config("denoiser.networks", message));
        }
        let count = schedule.len().unwrap_or(1);
        if let Some(needed) = levels.steps_in_order(count).filter(|n| *n != self.train.steps) {
            let message = format!(
                "must be {needed}: noise.levels.first and {} times noise.levels.each, got {}",
                count - 1,
                self.train.steps
            );
            return Err(TrainError::config("train.steps", message));
        }
        let waits = [
            ("train.patience", self.train.patience.is_some()),
            ("train.keep", self.train.keep == KeepConfig::Best),
        ];
        if let Some((path, _)) = waits.iter().find(|(_, waits)| in_order && *waits) {
            let message = "would end the run before its last level is trained: leave it out where \
                           noise.levels is of kind `in_order`";
            return Err(TrainError::config(*path, message));
        }
        Ok(())
    }

    fn validate_training(&self) -> Result<(), TrainError> {
        let train = &self.train;
        at_least_one("train.steps", train.steps)?;
        at_least_one("train.batch", train.batch as u64)?;
        if let DataConfig::GaussianMixture { means, balanced: true, .. } = &self.data
            && !train.batch.is_multiple_of(means.len().max(1))
        {
            let message = format!(
                "must be a multiple of {}, the Gaussians of data.means, since data.balanced is true; got {}",
                means.len(),
                train.batch
            );
            return Err(TrainError::config("train.batch", message));
        }
        at_least_one("train.log_every", train.log_every)?;
        at_least_one("train.checkpoint_every", train.checkpoint_every)?;
        at_least_one("train.keep_checkpoints", train.keep_checkpoints as u64)?;
        at_least_one("train.validate_rows", train.validate_rows as u64)?;
        if train.validate_rows > MOST_VALIDATION_ROWS {
            let message =
                format!("must be at most {MOST_VALIDATION_ROWS}, got {}", train.validate_rows);
            return Err(TrainError::config("train.validate_rows", message));
        }
        at_least_one("train.accumulate", train.accumulate as u64)?;
        if train.accumulate > train.batch {
            let message = format!(
                "must be at most train.batch = {}, one row a part, got {}",
                train.batch, train.accumulate
            );
            return Err(TrainError::config("train.accumulate", message));
        }
        if let Some(patience) = train.patience {
            at_least_one("train.patience", patience)?;
        }
        let needs_validation = [
            ("train.keep", train.keep == KeepConfig::Best),
            ("train.patience", train.patience.is_some()),
        ];
        if let Some((path, _)) = needs_validation.iter().find(|(_, needs)| *needs)
            && train.validate_every == 0
        {
            let message = "needs the held-out loss: train.validate_every must be at least 1, got 0";
            return Err(TrainError::config(*path, message));
        }
        if let Some(norm) = train.clip_norm {
            above_zero("train.clip_norm", norm)?;
        }
        self.validate_optimizer()?;
        self.validate_learning_rate()?;
        if let EmaConfig::Exponential { decay, .. } = train.ema {
            in_range("train.ema.decay", decay, 0.0, 1.0)?;
        }
        Ok(())
    }

    fn validate_optimizer(&self) -> Result<(), TrainError> {
        let path = |field: &str| format!("train.optimizer.{field}");
        match self.train.optimizer {
            OptimizerConfig::Sgd { momentum, dampening, nesterov, weight_decay } => {
                in_range(&path("momentum"), momentum, 0.0, 1.0)?;
                in_range(&path("dampening"), dampening, 0.0, 1.0)?;
                not_negative(&path("weight_decay"), weight_decay)?;
                if nesterov && (momentum == 0.0 || dampening != 0.0) {
                    let message = "needs a momentum above 0 and a dampening of 0";
                    return Err(TrainError::config(path("nesterov"), message));
                }
                Ok(())
            }
            OptimizerConfig::Adam { betas, epsilon, weight_decay }
            | OptimizerConfig::Adamw { betas, epsilon, weight_decay } => {
                in_range(&path("betas[0]"), betas[0], 0.0, 1.0)?;
                in_range(&path("betas[1]"), betas[1], 0.0, 1.0)?;
                above_zero(&path("epsilon"), epsilon)?;
                not_negative(&path("weight_decay"), weight_decay)
            }
        }
    }

    fn validate_learning_rate(&self) -> Result<(), TrainError> {
        let path = |field: &str| format!("train.learning_rate.{field}");
        match self.train.learning_rate {
            LearningRateConfig::Constant { value } => above_zero(&path("value"), value),
            LearningRateConfig::Piecewise { ref values, ref steps } => {
                for (i, value) in values.iter().enumerate() {
                    above_zero(&path(&format!("values[{i}]")), *value)?;
                }
                if values.len() != steps.len() + 1 {
                    let message = format!(
                        "must hold {} numbers, one more than `steps`, got {}",
                        steps.len() + 1,
                        values.len()
                    );
                    return Err(TrainError::config(path("values"), message));
                }
                if !steps.is_sorted_by(|a, b| a < b) || steps.first() == Some(&0) {
                    let message = format!("must rise, from at least 1, got {steps:?}");
                    return Err(TrainError::config(path("steps"), message));
                }
                Ok(())
            }
            LearningRateConfig::Cosine { peak, warmup, end }
            | LearningRateConfig::Linear { peak, warmup, end } => {
                above_zero(&path("peak"), peak)?;
                not_negative(&path("end"), end)?;
                if warmup > self.train.steps {
                    let message =
                        format!("must be at most train.steps = {}, got {warmup}", self.train.steps);
                    return Err(TrainError::config(path("warmup"), message));
                }
                Ok(())
            }
            LearningRateConfig::StepDecay { initial, factor, every } => {
                above_zero(&path("initial"), initial)?;
                above_zero(&path("factor"), factor)?;
                at_least_one(&path("every"), every)
            }
        }
    }

    fn validate_sampling(&self) -> Result<(), TrainError> {
        at_least_one("sample.count", self.sample.count as u64)?;
        self.sample.sampler.build().map_err(in_section("sample.sampler"))?;
        let levels = self.sampling_levels()?;
        let schedule = self.noise.schedule.build().map_err(in_section("noise.schedule"))?;
        let prediction =
            self.denoiser.prediction.build().map_err(in_section("denoiser.prediction"))?;
        if let SamplerConfig::Subtract { steps } = self.sample.sampler
            && schedule.len() != Some(steps)
        {
            let grid = schedule.len().map_or("no grid".to_owned(), |n| format!("{n} levels"));
            let message = format!(
                "`subtract` goes from each level of the schedule to the next: must be its number of \
                 levels, got {steps} steps and {grid}"
            );
            return Err(TrainError::config("sample.sampler.steps", message));
        }
        if matches!(self.sample.sampler, SamplerConfig::Subtract { .. })
            && let Some(level) = levels.iter().find(|level| level.alpha() != 1.0)
        {
            let message = format!(
                "`subtract` leads to the next level only where alpha is 1 everywhere, as on karras: got \
                 alpha = {}",
                level.alpha()
            );
            return Err(TrainError::config("sample.sampler.kind", message));
        }
        let takes_off = matches!(self.sample.sampler, SamplerConfig::Subtract { .. })
            && matches!(prediction, Prediction::LevelStep { .. });
        let streams = Streams::new(self.seed);
        let embedding =
            self.denoiser.embedding.build(&streams).map_err(in_section("denoiser.embedding"))?;
        for level in &levels {
            if !takes_off {
                prediction.check(level).map_err(at_field("denoiser.prediction"))?;
            }
            embedding.check(level, schedule.as_ref()).map_err(at_field("denoiser.embedding"))?;
        }
        if let EndConfig::Clean { repeats } = self.sample.end
            && repeats > MOST_REPEATS
        {
            let message = format!("must be at most {MOST_REPEATS}, got {repeats}");
            return Err(TrainError::config("sample.end.repeats", message));
        }
        if let StartConfig::Gaussian { std, .. } = &self.sample.start {
            above_zero("sample.start.std", *std)?;
        }
        if let Some((path, row)) = self.sample.start.row()
            && (row.is_empty() || !row.iter().all(|x| (*x as f32).is_finite()))
        {
            return Err(TrainError::config(
                path,
                format!("must hold numbers that are finite as 32-bit floats, got {row:?}"),
            ));
        }
        Ok(())
    }

    #[cfg(not(feature = "figures"))]
    #[expect(clippy::unused_self, reason = "films are part of the feature")]
    fn validate_film(&self) -> Result<(), TrainError> {
        Ok(())
    }

    #[cfg(feature = "figures")]
    fn validate_film(&self) -> Result<(), TrainError> {
        use crate::show::film::{Course, FilmError};
        let Some(film) = &self.report.film else { return Ok(()) };
        let course = if film.there_and_back { Course::ThereAndBack } else { Course::OneWay };
        film.settings(course).validate().map_err(|error| match error {
            FilmError::Setting { field, required, got } => TrainError::config(
                format!("report.film.{field}"),
                format!("must be {required}, got {got}"),
            ),
            other => TrainError::config("report.film", other.to_string()),
        })
    }

    /// The levels that sampling goes through, noisiest first.
    ///
    /// # Errors
    /// More levels than a discrete schedule has.
    pub fn sampling_levels(&self) -> Result<Vec<NoiseLevel>, TrainError> {
        let schedule = self.noise.schedule.build().map_err(in_section("noise.schedule"))?;
        schedule.levels(self.sample.sampler.steps()).map_err(in_section("sample.sampler"))
    }

    /// Checks that sampling starts from what the data has become at the first level.
    ///
    /// # Errors
    /// A start from noise alone where the data's marginal is off by more than 5 % of its standard
    /// deviation; a stated start of another width than the data.
    pub fn validate_start(&self, data: &dyn Dataset) -> Result<(), TrainError> {
        if let Some((path, row)) = self.sample.start.row()
            && row.len() != 1
            && row.len() != data.features()
        {
            let message = format!(
                "must hold 1 number or {}, one a feature, got {}",
                data.features(),
                row.len()
            );
            return Err(TrainError::config(path, message));
        }
        match &self.sample.start {
            StartConfig::Gaussian { .. } | StartConfig::Row { .. } => Ok(()),
            StartConfig::Exact {} => self.validate_exact_start(data),
            StartConfig::Marginal {} if data.mean().is_none() || data.variance().is_none() => {
                let message =
                    "the data does not state its mean and variance, which `marginal` needs";
                Err(TrainError::config("sample.start", message))
            }
            StartConfig::Marginal {} => Ok(()),
            StartConfig::Noise {} => self.validate_noise_start(data),
        }
    }

    /// Checks that what the held-out loss decides has rows to measure it by.
    ///
    /// # Errors
    /// `keep` of kind best, or `patience`, where no row is held out.
    pub fn validate_held_out(&self, data: &dyn Dataset) -> Result<(), TrainError> {
        let train = &self.train;
        let path = match (train.keep, train.patience) {
            (KeepConfig::Best, _) => "train.keep",
            (_, Some(_)) => "train.patience",
            _ => return Ok(()),
        };
        if data.len(Part::HeldOut) != Some(0) {
            return Ok(());
        }
        let message =
            "needs the held-out loss, and no row is held out: data.holdout must be above 0";
        Err(TrainError::config(path, message))
    }

    fn validate_exact_start(&self, data: &dyn Dataset) -> Result<(), TrainError> {
        let Some(first) = self.sampling_levels()?.first().copied() else { return Ok(()) };
        LevelDensity::new(data, first.alpha(), first.sigma())
            .map(|_| ())
            .map_err(|error| TrainError::config("sample.start", error.to_string()))
    }

    fn validate_noise_start(&self, data: &dyn Dataset) -> Result<(), TrainError> {
        let levels = self.sampling_levels()?;
        let (Some(level), Some(mean), Some(variance)) =
            (levels.first(), data.mean(), data.variance())
        else {
            return Ok(());
        };
        for (feature, (mean, variance)) in mean.iter().zip(&variance).enumerate() {
            let mean = level.alpha() * mean;
            let std = (level.alpha() * variance.sqrt()).hypot(level.sigma());
            let off = (mean.abs() / std).max((level.sigma() / std - 1.0).abs());
            if off > START_TOLERANCE {
                let message = format!(
                    "starting from N(0, {:.4}²) is off: at the first level feature {feature} of the data \
                     has mean {mean:.4} and standard deviation {std:.4}. Use {{\"kind\": \"marginal\"}}, \
                     state the distribution ({{\"kind\": \"gaussian\", \"mean\": …, \"std\": …}}), or let \
                     the schedule end in more noise",
                    level.sigma()
                );
                return Err(TrainError::config("sample.start", message));
            }
        }
        Ok(())
    }
}

fn at_least_one(path: &str, value: u64) -> Result<(), TrainError> {
    if value == 0 {
        return Err(TrainError::config(path, "must be at least 1, got 0"));
    }
    Ok(())
}

/// Above zero also as the 32-bit float that the arithmetic uses.
fn above_zero(path: &str, value: f64) -> Result<(), TrainError> {
    if value > 0.0 && (value as f32).is_normal() {
        return Ok(());
    }
    let requirement = "must be finite and above 0, also as a 32-bit float";
    Err(TrainError::config(path, format!("{requirement}, got {value}")))
}

fn not_negative(path: &str, value: f64) -> Result<(), TrainError> {
    if value.is_finite() && value >= 0.0 {
        return Ok(());
    }
    Err(TrainError::config(path, format!("must be finite and at least 0, got {value}")))
}

/// `low <= value < high`, also as the 32-bit float that the arithmetic uses.
fn in_range(path: &str, value: f64, low: f64, high: f64) -> Result<(), TrainError> {
    if value >= low && f64::from(value as f32) < high {
        return Ok(());
    }
    Err(TrainError::config(path, format!("must be at least {low} and below {high}, got {value}")))
}
