//! Chunks of samples: a fixed number of rows, drawn from the start distribution and moved through
//! all levels.

use burn::tensor::{Device, Tensor, TensorData};
use langevin_core::{Denoiser, Inpaint, NoiseLevel, Pilot, Plan, Sampler, sample};
use langevin_data::{Dataset, LevelDensity, Purpose, Streams, normal_words};

use super::{
    given::{Given, ToldRows},
    informed::Source,
    moments::level_goal,
    range::range_of,
};
use crate::{
    TrainError,
    config::{BoundConfig, StartConfig},
    error::in_section,
    problem::{
        Problem,
        moments::{DataMoments, matched},
    },
};

/// Rows of every network call while sampling. The number is fixed because a matrix product's bits
/// depend on its size; the last chunk is padded.
pub(super) const SAMPLING_ROWS: usize = 512;

/// Settings that all chunks of one drawing share: sampler, start, plan, denoiser and random
/// streams.
pub(super) struct Drawing<'a> {
    pub(super) streams: Streams,
    pub(super) sampler: &'a dyn Sampler,
    pub(super) start: Start,
    /// Whether the start is that of the data, or, of samples that are told something, of their own rows.
    pub(super) is_matched: bool,
    pub(super) plan: Plan,
    pub(super) source: Source<'a>,
    /// Within which estimates are kept.
    pub(super) range: Option<Vec<[f64; 2]>>,
    pub(super) told: Option<Telling<'a>>,
    pub(super) device: &'a Device,
    pub(super) features: usize,
}

/// What is told of the samples.
pub(super) struct Telling<'a> {
    pub(super) given: &'a Given,
    pub(super) data: &'a dyn Dataset,
}

/// The range of each feature within which a run keeps estimates, where it does.
pub(super) fn bound_of(problem: &Problem, data: &dyn Dataset) -> Option<Vec<[f64; 2]>> {
    match problem.config().sample.bound {
        BoundConfig::Data => Some(range_of(data)),
        BoundConfig::None => None,
    }
}

impl<'a> Drawing<'a> {
    pub(super) fn new(
        problem: &'a Problem,
        seed: u64,
        data: &'a dyn Dataset,
        (source, given): (Source<'a>, Option<&'a Given>),
        device: &'a Device,
    ) -> Result<Self, TrainError> {
        let (sampler, plan) = (problem.sampler(), problem.plan().clone());
        let condition = problem.diffusion().condition_of(data);
        given.map_or(Ok(()), |given| given.check(data, condition.as_ref()))?;
        let mut drawing = Self {
            streams: Streams::new(seed),
            sampler,
            start: Start::new(&problem.config().sample.start, data, plan.start())?,
            is_matched: problem.config().sample.start == StartConfig::Matched,
            plan,
            source,
            range: bound_of(problem, data),
            told: given.map(|given| Telling { given, data }),
            device,
            features: data.features(),
        };
        if let Some(method) = sampler.adaptive() {
            let schedule = problem.diffusion().schedule.as_ref();
            let x = drawing.tensor(&drawing.start(0));
            let told = drawing.told_rows(0)?;
            let plan = drawing.plan.clone();
            drawing.plan = drawing.source.of_rows(
                told.as_ref(),
                drawing.range.as_ref(),
                device,
                |denoiser| {
                    method
                        .adapt(plan, &Pilot { denoiser, schedule, x })
                        .map_err(in_section("sample.sampler"))
                },
            )?;
            if drawing.plan.start() != problem.plan().start() {
                let message = "chose another start than the plan's, from which the rows were drawn";
                return Err(TrainError::config("sample.sampler", message));
            }
            problem.check_plan(&drawing.plan)?;
        }
        if let Source::FilledIn { resampling, .. } = &drawing.source {
            let plan = resampling.plan(drawing.plan);
            drawing.plan = plan.map_err(in_section("sample.inpaint"))?;
        }
        Ok(drawing)
    }

    /// What is told of the rows of the chunk from sample `first` on.
    pub(super) fn told_rows(&self, first: u64) -> Result<Option<ToldRows>, TrainError> {
        let Some(Telling { given, data }) = &self.told else { return Ok(None) };
        given.told(*data, self.source.condition(), &self.streams, first, SAMPLING_ROWS).map(Some)
    }

    /// Draws samples `first..first + SAMPLING_ROWS`, with their [told rows](Self::told_rows). `observe` sees the rows at the
    /// start and after each step.
    pub(super) fn chunk(
        &self,
        first: u64,
        told: Option<&ToldRows>,
        observe: &mut dyn FnMut(&langevin_core::Progress, &[f32]),
    ) -> Result<Vec<f32>, TrainError> {
        let x = self.tensor(&self.start(first));
        // Stream 0 draws the start and stream i + 1 the noise of step i. A sampler's second noise
        // in a step comes from the stream 2^32 further on.
        let (mut present, mut calls) = (0, 0);
        let mut noise = |step: &langevin_core::Transition| {
            calls = if step.index == present { calls } else { 0 };
            present = step.index;
            let stream = (calls << 32) + step.index as u64 + 1;
            calls += 1;
            self.tensor(&self.normals(stream, first))
        };
        let mut problem = None;
        let mut observe = |seen: &langevin_core::Progress| match read_rows(seen.x.clone()) {
            Ok(values) => observe(seen, &values),
            Err(error) => problem = Some(error),
        };
        let x = self.source.of_rows(told, self.range.as_ref(), self.device, |denoiser| {
            let x = match (&self.source, told) {
                (Source::Told { .. }, Some(told)) if self.is_matched => {
                    self.told_start(x, told, denoiser)?
                }
                _ => x,
            };
            let by = |sampler: &dyn Sampler| {
                let x = sample(sampler, denoiser, &self.plan, x, &mut noise, &mut observe);
                x.map_err(in_section("sample.sampler"))
            };
            match (&self.source, told) {
                (Source::FilledIn { .. }, Some(told)) => {
                    let [known, mask] = told.cells();
                    let filling =
                        Inpaint::new(self.sampler, self.tensor(&known), self.tensor(&mask));
                    by(&filling.map_err(in_section("sample.inpaint"))?)
                }
                _ => by(self.sampler),
            }
        })?;
        problem.map_or_else(|| read_rows(x), Err)
    }

    /// Moves the start of rows that are told something from the data's mean to their own: `x − mean + alpha · D(mean)`, D their
    /// estimates at the first level, where the mean says nothing of a row. From the data's mean they would end off by what the two differ
    /// in, which the noise does not quite hide: at sigma 20 a number of mean −0.36 given what is told came out at −0.31, by the exact
    /// denoiser.
    fn told_start(
        &self,
        x: Tensor<2>,
        told: &ToldRows,
        denoiser: &dyn Denoiser,
    ) -> Result<Tensor<2>, TrainError> {
        let Start::Gaussian { mean, .. } = &self.start else { return Ok(x) };
        let level = self.plan.start();
        let mean = self.tensor(&mean.repeat(SAMPLING_ROWS));
        let estimate = denoiser.denoise(mean.clone(), &level);
        let estimate = estimate.map_err(in_section("sample.sampler"))?;
        let is_told: Vec<f32> =
            told.of_rows().map(|is_told| f32::from(u8::from(is_told))).collect();
        let is_told =
            Tensor::<2>::from_data(TensorData::new(is_told, [SAMPLING_ROWS, 1]), self.device);
        Ok(x + (estimate.mul_scalar(level.alpha()) - mean) * is_told)
    }

    /// The denoiser's estimates at the first level of samples `first..first + SAMPLING_ROWS`, with their [told rows](Self::told_rows).
    pub(super) fn first_estimates(
        &self,
        first: u64,
        told: Option<&ToldRows>,
    ) -> Result<Vec<f32>, TrainError> {
        let (x, level) = (self.tensor(&self.start(first)), self.plan.start());
        self.source.of_rows(told, self.range.as_ref(), self.device, |denoiser| {
            read_rows(denoiser.denoise(x, &level).map_err(in_section("sample.sampler"))?)
        })
    }

    /// Rows that sampling starts from, `[SAMPLING_ROWS, features]`.
    fn start(&self, first: u64) -> Vec<f64> {
        match &self.start {
            Start::Exact(density) => {
                let mut uniforms = vec![0.0; SAMPLING_ROWS];
                self.streams.at(Purpose::Sampling, 0, first).fill_uniform(&mut uniforms);
                uniforms.iter().map(|u| density.quantile(*u)).collect()
            }
            Start::Gaussian { mean, std } => {
                let mut rows = self.normals(0, first);
                for row in rows.chunks_exact_mut(mean.len()) {
                    for ((x, mean), std) in row.iter_mut().zip(mean).zip(std) {
                        *x = mean + std * *x;
                    }
                }
                rows
            }
        }
    }

    pub(super) fn normals(&self, stream: u64, first: u64) -> Vec<f64> {
        let mut normals = vec![0.0; SAMPLING_ROWS * self.features];
        let word = first * normal_words(self.features);
        let mut stream = self.streams.at(Purpose::Sampling, stream, word);
        stream.fill_normal_rows(&mut normals, self.features);
        normals
    }

    fn tensor(&self, values: &[f64]) -> Tensor<2> {
        let values: Vec<f32> = values.iter().map(|v| *v as f32).collect();
        Tensor::from_data(TensorData::new(values, [SAMPLING_ROWS, self.features]), self.device)
    }
}

pub(super) fn read_rows(x: Tensor<2>) -> Result<Vec<f32>, TrainError> {
    let data = x.try_into_data().map_err(TrainError::device)?;
    Ok(data.iter::<f32>().collect())
}

/// Start distribution of the sampling.
pub(super) enum Start {
    /// Independent normal numbers, with a mean and a standard deviation by feature.
    Gaussian { mean: Vec<f64>, std: Vec<f64> },
    /// Exact density of one-dimensional data at the first level.
    Exact(LevelDensity),
}

impl Start {
    fn new(
        config: &StartConfig,
        data: &dyn Dataset,
        first: NoiseLevel,
    ) -> Result<Self, TrainError> {
        let features = data.features();
        let of_row = |row: &[f64], alpha: f64| {
            (0..features).map(|i| alpha * row[i.min(row.len() - 1)]).collect()
        };
        let same = |std: f64| vec![std; features];
        let noise = || Self::Gaussian { mean: vec![0.0; features], std: same(first.sigma()) };
        let marginal = |moments: &DataMoments| {
            let goal = level_goal(&moments.mean, &moments.variance, &first);
            Self::Gaussian { mean: goal.mean, std: goal.std }
        };
        Ok(match config {
            StartConfig::Matched => matched(data, &first).as_ref().map_or_else(noise, marginal),
            StartConfig::Noise => noise(),
            StartConfig::Gaussian { mean, std } => {
                Self::Gaussian { mean: of_row(mean, 1.0), std: same(*std) }
            }
            StartConfig::Row { row } => {
                Self::Gaussian { mean: of_row(row, first.alpha()), std: same(first.sigma()) }
            }
            StartConfig::Marginal => marginal(&DataMoments::of(data)),
            StartConfig::Exact => Self::Exact(
                LevelDensity::new(data, first.alpha(), first.sigma())
                    .map_err(in_section("sample.start"))?,
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use langevin_core::MixtureOracle;
    use langevin_data::{Gaussian, GaussianMixture};

    use super::*;
    use crate::{config::parse_config, problem::moments::tests::Unstated};

    /// A run on a normal number of spread 1 with another mean, from sigma 20 on.
    fn run(version: u32, mean: f64) -> Problem {
        let text = format!(
            r#"{{
                "version": {version}, "name": "t",
                "data": {{ "kind": "gaussian", "mean": [{mean}, 0], "std": 1 }},
                "noise": {{ "schedule": {{ "kind": "karras", "sigma_min": 0.01, "sigma_max": 20 }} }},
                "denoiser": {{ "network": {{ "kind": "mlp" }}, "prediction": {{ "kind": "edm" }} }},
                "train": {{ "steps": 10, "batch": 4, "optimizer": {{ "kind": "adam" }},
                            "learning_rate": {{ "kind": "constant", "value": 1e-3 }} }},
                "sample": {{ "sampler": {{ "kind": "heun", "steps": 12 }} }}
            }}"#
        );
        Problem::new(parse_config("t", &text, &[]).expect("valid")).expect("valid")
    }

    /// The first `chunks` chunks of a run's start.
    fn start(problem: &Problem, data: &dyn Dataset, chunks: u64) -> Vec<f64> {
        let oracle =
            MixtureOracle::new(GaussianMixture::new(vec![vec![0.0; 2]], 1.0, None).expect("valid"));
        let device = Device::flex();
        let drawing =
            Drawing::new(problem, 5, data, (Source::Same(&oracle), None), &device).expect("valid");
        (0..chunks).flat_map(|chunk| drawing.start(chunk * SAMPLING_ROWS as u64)).collect()
    }

    /// What `noise` has always drawn.
    fn noise(chunks: u64) -> Vec<f64> {
        let rows = chunks as usize * SAMPLING_ROWS;
        let mut normals = vec![0.0; 2 * rows];
        Streams::new(5).at(Purpose::Sampling, 0, 0).fill_normal_rows(&mut normals, 2);
        normals.iter().map(|z| 20.0 * z).collect()
    }

    #[test]
    fn the_start_has_the_data_s_mean_where_noise_is_off_by_a_hundredth() {
        let std = 401_f64.sqrt();
        let (chunks, rows) = (200, 200.0 * SAMPLING_ROWS as f64);
        for (off, stated) in [(0.02, true), (-0.02, true), (0.02, false)] {
            let mean = off * std;
            let data = Gaussian::new(vec![mean, 0.0], 1.0).expect("valid");
            let problem = run(2, mean);
            let start = match stated {
                true => start(&problem, &data, chunks),
                false => start(&problem, &Unstated(data, None), chunks),
            };
            let found = start.iter().step_by(2).sum::<f64>() / rows;
            // Five standard errors, of the start's rows and of 10,000 rows of data. They are 0.016 std,
            // so that a start at 0 is seen.
            let error = (std * std / rows + if stated { 0.0 } else { 1e-4 }).sqrt();
            assert!((found - mean).abs() < 5.0 * error, "{found} for {mean}, {stated}");
            assert!(found.abs() > 0.004 * std && start != noise(chunks));
        }
    }

    #[test]
    fn the_start_is_noise_bit_for_bit_within_a_hundredth_and_in_version_1() {
        let std = 401_f64.sqrt();
        let of = |mean: f64| Gaussian::new(vec![mean, 0.0], 1.0).expect("valid");
        for (version, off) in [(2, 0.0), (2, 0.009), (2, -0.009), (1, 0.02), (1, 0.049)] {
            let mean = off * std;
            assert_eq!(start(&run(version, mean), &of(mean), 3), noise(3), "{version} {off}");
        }
        assert_ne!(start(&run(2, 0.011 * std), &of(0.011 * std), 3), noise(3));
    }

    #[test]
    fn a_matched_start_is_marginal_s_bit_for_bit_where_it_is_no_noise() {
        let data = Gaussian::new(vec![3.0, 0.0], 1.0).expect("valid");
        let matched = run(2, 3.0);
        let mut config = matched.config().clone();
        config.sample.start = StartConfig::Marginal;
        let marginal = Problem::new(config).expect("valid");
        assert_eq!(start(&matched, &data, 2), start(&marginal, &data, 2));
    }
}
