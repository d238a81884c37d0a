//! Builder of a problem, through which a user's own parts enter.

use langevin_core::{LevelWeight, NoiseLevel, NoiseSchedule, Plan, Sampler, TrainingLevels};
use langevin_data::Streams;

use super::{Diffusion, Problem};
use crate::{
    TrainError,
    config::{CustomPart, NetworkConfig, RunConfig, ScheduleConfig},
    error::in_section,
};

/// Builder of a [`Problem`] from a run file and from the parts which that file leaves to the program, by
/// `{"kind": "custom", "name": …}`.
pub struct ProblemBuilder {
    config: RunConfig,
    schedule: Option<Box<dyn NoiseSchedule>>,
    levels: Option<Box<dyn TrainingLevels>>,
    weighting: Option<Box<dyn LevelWeight>>,
    sampler: Option<Box<dyn Sampler>>,
}

impl ProblemBuilder {
    pub(super) const fn new(config: RunConfig) -> Self {
        Self { config, schedule: None, levels: None, weighting: None, sampler: None }
    }

    /// Gives the noise schedule, for `noise.schedule`.
    #[must_use]
    pub fn schedule(mut self, schedule: impl NoiseSchedule + 'static) -> Self {
        self.schedule = Some(Box::new(schedule));
        self
    }

    /// Gives the levels of the training rows, for `noise.levels`.
    #[must_use]
    pub fn levels(mut self, levels: impl TrainingLevels + 'static) -> Self {
        self.levels = Some(Box::new(levels));
        self
    }

    /// Gives the weights of the levels, for `train.weighting`.
    #[must_use]
    pub fn weighting(mut self, weighting: impl LevelWeight + 'static) -> Self {
        self.weighting = Some(Box::new(weighting));
        self
    }

    /// Gives the sampling method, for `sample.sampler`.
    #[must_use]
    pub fn sampler(mut self, sampler: impl Sampler + 'static) -> Self {
        self.sampler = Some(Box::new(sampler));
        self
    }

    /// Builds the parts that the run file describes, and checks that all fit each other.
    ///
    /// # Errors
    /// The first field that is out of its range, or does not fit another, by its path; a part that the
    /// run file leaves to the program and the program does not give, or the other way round.
    pub fn build(self) -> Result<Problem, TrainError> {
        let Self { config, schedule, levels, weighting, sampler } = self;
        config.validate()?;
        let RunConfig { noise, denoiser, train, sample, .. } = &config;
        let custom = match &noise.schedule {
            ScheduleConfig::Custom(part) => Some(part),
            _ => None,
        };
        let schedule = choose("noise.schedule", "own_schedule", custom, schedule, || {
            noise.schedule.build().map_err(in_section("noise.schedule"))
        })?;
        let levels = choose("noise.levels", "own_levels", noise.levels.custom(), levels, || {
            let Some(ours) = noise.levels.ours() else { return Ok(None) };
            let levels = ours.validated().map_err(in_section("noise.levels"))?;
            Ok(Some(Box::new(levels)))
        })?;
        let custom = train.weighting.custom();
        let weighting = choose("train.weighting", "own_weighting", custom, weighting, || {
            let Some(ours) = train.weighting.ours() else { return Ok(None) };
            let weighting = ours.validated().map_err(in_section("train.weighting"))?;
            Ok(Some(Box::new(weighting)))
        })?;
        let custom = sample.sampler.custom();
        let sampler = choose("sample.sampler", "own_sampler", custom.as_ref(), sampler, || {
            sample.sampler.build().map_err(in_section("sample.sampler"))
        })?;
        let embedding = denoiser.embedding.init(&Streams::new(config.seed));
        let embedding = match &denoiser.network {
            NetworkConfig::Mlp(form) if form.fades() => {
                embedding.map(|embedding| embedding.with_input_noise(denoiser.prediction))
            }
            _ => embedding,
        };
        let levels_of_sampling = schedule.levels(sample.sampler.steps());
        let levels_of_sampling = levels_of_sampling.map_err(in_section("sample.sampler"))?;
        check_schedule(schedule.as_ref(), &levels_of_sampling)?;
        let plan = Plan::through(&levels_of_sampling, sample.end)
            .and_then(|plan| sampler.refine(plan, schedule.as_ref()))
            .map_err(in_section("sample.sampler"))?;
        let problem = Problem {
            sampler,
            plan,
            diffusion: Diffusion {
                networks: denoiser.networks.count(schedule.len()),
                schedule,
                levels,
                embedding: embedding.map_err(in_section("denoiser.embedding"))?,
                prediction: denoiser.prediction,
                weighting,
                condition: config.data.condition().cloned(),
                reduction: train.loss,
                parts: train.accumulate,
            },
            config,
        };
        problem.check_parts()?;
        Ok(problem)
    }
}

/// Checks what a schedule promises, which a user's own may not keep.
fn check_schedule(schedule: &dyn NoiseSchedule, levels: &[NoiseLevel]) -> Result<(), TrainError> {
    let refuse = |message: String| Err(TrainError::config("noise.schedule", message));
    if schedule.len() == Some(0) {
        return refuse("must have at least one level, got 0".to_owned());
    }
    if let Some(level) = levels.iter().find(|level| level.sigma() == 0.0) {
        return refuse(format!("must give levels with sigma above 0, got {}", level.sigma()));
    }
    match levels.windows(2).find(|pair| pair[1].ratio() > pair[0].ratio()) {
        None => Ok(()),
        Some(pair) => refuse(format!(
            "must give its levels noisiest first, got sigma / alpha = {} before {}",
            pair[0].ratio(),
            pair[1].ratio()
        )),
    }
}

/// The part that the program gives where the run file leaves it to the program, else ours.
fn choose<P: ?Sized>(
    path: &str,
    example: &str,
    custom: Option<&CustomPart>,
    given: Option<Box<P>>,
    ours: impl FnOnce() -> Result<Option<Box<P>>, TrainError>,
) -> Result<Box<P>, TrainError> {
    match (custom, given) {
        (Some(_), Some(part)) => Ok(part),
        (Some(part), None) => Err(part.missing(path, example)),
        (None, given) => match (given, ours()?) {
            (None, Some(part)) => Ok(part),
            _ => {
                let message = "must be {\"kind\": \"custom\", \"name\": …}, since the program gives a \
                               part of its own";
                Err(TrainError::config(path, message))
            }
        },
    }
}
