//! Drawing samples from a trained network: chunks of one size, so that a sample's bits depend on its
//! number alone, and the statistics of every level on the way.

use std::ops::ControlFlow;

use burn::tensor::{Device, Tensor, TensorData};
use langevin_core::{Denoiser, End, NoiseLevel, Sampler, sample};
use langevin_data::{Dataset, LevelDensity, Purpose, Streams, normal_words};

use crate::{
    RunConfig, TrainError,
    config::{SampleConfig, StartConfig},
    error::in_section,
};

/// Rows of every call of the network while sampling: matrix products give other bits at other
/// sizes, so the last chunk is padded.
const SAMPLING_ROWS: usize = 512;

/// Samples whose way through the levels is kept.
pub(crate) const TRAJECTORY_ROWS: usize = 2000;

/// Samples, and what was measured on the way.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    /// Columns of a row.
    pub features: usize,
    /// The samples, row by row.
    pub values: Vec<f32>,
    /// One entry for the start and one for the end of each step, all rows in each.
    pub levels: Vec<LevelSummary>,
    /// The first rows, 2000 at most, at each of those levels; none where the run file draws nothing of
    /// them.
    pub trajectory: Vec<Vec<f32>>,
}

/// Mean and standard deviation of the rows at one level of the sampling.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelSummary {
    /// The level.
    pub level: NoiseLevel,
    /// Mean by feature.
    pub mean: Vec<f64>,
    /// Standard deviation by feature.
    pub std: Vec<f64>,
    /// Mean squared distance to the nearest mode of the data, where it has modes.
    pub convergence: Option<f64>,
}

/// The samples that a run's denoiser gives.
///
/// Sample i starts from, and is disturbed by, numbers that depend on the seed and i alone. `seed`
/// stands in for the run's own. `progress` hears the share that is done, and may break off.
///
/// # Errors
/// A grid or a start that the schedule or the data does not have; a device that failed;
/// [`TrainError::Interrupted`] where `progress` broke off.
pub fn draw_samples(
    config: &RunConfig,
    seed: u64,
    data: &dyn Dataset,
    denoiser: &dyn Denoiser,
    device: &Device,
    progress: &mut dyn FnMut(f64) -> ControlFlow<()>,
) -> Result<Samples, TrainError> {
    let drawing = Drawing::new(config, seed, data, denoiser, device)?;
    let (count, features) = (config.sample.count, data.features());
    let keeps = config.report.needs_trajectory();
    let visited = drawing.end.visited(&drawing.levels);
    let mut values = Vec::with_capacity(count * features);
    let modes = data.modes().unwrap_or_default();
    let centers: Vec<_> = modes.into_iter().map(|mode| mode.center).collect();
    let mut moments = vec![Moments::new(features, &centers); visited.len()];
    let mut trajectory = vec![Vec::new(); visited.len()];
    while values.len() < count * features {
        let first = values.len() / features;
        let rows = (count - first).min(SAMPLING_ROWS);
        let mut broken_off = false;
        let chunk = drawing.chunk(first as u64, &mut |seen, chunk| {
            let own = &chunk[..rows * features];
            moments[seen.step].add(own);
            let most = if keeps { TRAJECTORY_ROWS * features } else { 0 };
            let wanted = most.saturating_sub(trajectory[seen.step].len());
            trajectory[seen.step].extend_from_slice(&own[..own.len().min(wanted)]);
            let done = seen.step as f64 / seen.steps.max(1) as f64;
            let share = (first as f64 + rows as f64 * done) / count as f64;
            broken_off |= progress(share).is_break();
        })?;
        if broken_off {
            return Err(TrainError::Interrupted);
        }
        values.extend_from_slice(&chunk[..rows * features]);
    }
    let levels = visited.iter().zip(&moments).map(|(level, m)| m.summary(*level)).collect();
    Ok(Samples { features, values, levels, trajectory })
}

/// What every chunk shares.
struct Drawing<'a> {
    streams: Streams,
    sampler: Box<dyn Sampler>,
    start: Start,
    levels: Vec<NoiseLevel>,
    end: End,
    denoiser: &'a dyn Denoiser,
    device: &'a Device,
    features: usize,
}

impl<'a> Drawing<'a> {
    fn new(
        config: &RunConfig,
        seed: u64,
        data: &dyn Dataset,
        denoiser: &'a dyn Denoiser,
        device: &'a Device,
    ) -> Result<Self, TrainError> {
        let SampleConfig { sampler, start, end, .. } = &config.sample;
        let levels = config.sampling_levels()?;
        Ok(Self {
            streams: Streams::new(seed),
            sampler: sampler.build().map_err(in_section("sample.sampler"))?,
            start: Start::new(start, data, &levels)?,
            levels,
            end: end.build(),
            denoiser,
            device,
            features: data.features(),
        })
    }

    /// Samples `first..first + SAMPLING_ROWS`; `observe` sees them at the start and after each step.
    fn chunk(
        &self,
        first: u64,
        observe: &mut dyn FnMut(&langevin_core::Progress, &[f32]),
    ) -> Result<Vec<f32>, TrainError> {
        let x = self.tensor(&self.start(first));
        // Stream 0 is the start; stream i + 1 is step i's noise, and 2^32 further on its second.
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
        let x = sample(
            self.sampler.as_ref(),
            self.denoiser,
            None,
            &self.levels,
            self.end,
            x,
            &mut noise,
            &mut observe,
        );
        problem.map_or_else(|| read_rows(x), Err)
    }

    /// Rows of the start.
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

    fn normals(&self, stream: u64, first: u64) -> Vec<f64> {
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

fn read_rows(x: Tensor<2>) -> Result<Vec<f32>, TrainError> {
    let data = x.try_into_data().map_err(|error| TrainError::Device(error.to_string()))?;
    Ok(data.iter::<f32>().collect())
}

/// What sampling starts from.
enum Start {
    /// By feature.
    Gaussian { mean: Vec<f64>, std: Vec<f64> },
    /// The exact density of the first level.
    Exact(LevelDensity),
}

impl Start {
    fn new(
        config: &StartConfig,
        data: &dyn Dataset,
        levels: &[NoiseLevel],
    ) -> Result<Self, TrainError> {
        let features = data.features();
        let first = levels.first().copied().unwrap_or(NoiseLevel::CLEAN);
        let of_row = |row: &[f64], alpha: f64| {
            (0..features).map(|i| alpha * row[i.min(row.len() - 1)]).collect()
        };
        let same = |std: f64| vec![std; features];
        Ok(match config {
            StartConfig::Noise {} => {
                Self::Gaussian { mean: vec![0.0; features], std: same(first.sigma()) }
            }
            StartConfig::Gaussian { mean, std } => {
                Self::Gaussian { mean: of_row(mean, 1.0), std: same(*std) }
            }
            StartConfig::Row { row } => {
                Self::Gaussian { mean: of_row(row, first.alpha()), std: same(first.sigma()) }
            }
            StartConfig::Marginal {} => {
                let mean = data.mean().unwrap_or_default();
                let variance = data.variance().unwrap_or_default();
                let goal = level_goal(&mean, &variance, &first);
                Self::Gaussian { mean: goal.mean, std: goal.std }
            }
            StartConfig::Exact {} => Self::Exact(
                LevelDensity::new(data, first.alpha(), first.sigma())
                    .map_err(in_section("sample.start"))?,
            ),
        })
    }
}

/// The exact mean and standard deviation of `alpha · x_0 + sigma · eps` by feature.
pub fn level_goal(mean: &[f64], variance: &[f64], level: &NoiseLevel) -> LevelSummary {
    let std = |variance: &f64| (level.alpha() * variance.sqrt()).hypot(level.sigma());
    LevelSummary {
        level: *level,
        mean: mean.iter().map(|m| level.alpha() * m).collect(),
        std: variance.iter().map(std).collect(),
        convergence: None,
    }
}

/// Running mean and variance by feature (Welford), and the sum of squared distances to the nearest of
/// some centres.
#[derive(Debug, Clone)]
struct Moments<'a> {
    count: f64,
    mean: Vec<f64>,
    squares: Vec<f64>,
    centers: &'a [Vec<f64>],
    distances: f64,
}

impl<'a> Moments<'a> {
    fn new(features: usize, centers: &'a [Vec<f64>]) -> Self {
        let zeros = vec![0.0; features];
        Self { count: 0.0, mean: zeros.clone(), squares: zeros, centers, distances: 0.0 }
    }

    fn add(&mut self, values: &[f32]) {
        for row in values.chunks_exact(self.mean.len()) {
            self.count += 1.0;
            for (i, value) in row.iter().enumerate() {
                let off = f64::from(*value) - self.mean[i];
                self.mean[i] += off / self.count;
                self.squares[i] += off * (f64::from(*value) - self.mean[i]);
            }
            let square = |center: &Vec<f64>| -> f64 {
                row.iter().zip(center).map(|(x, c)| (f64::from(*x) - c).powi(2)).sum()
            };
            let nearest = self.centers.iter().map(square).fold(f64::INFINITY, f64::min);
            self.distances += nearest;
        }
    }

    fn summary(&self, level: NoiseLevel) -> LevelSummary {
        let std = self.squares.iter().map(|s| (s / self.count).sqrt()).collect();
        let convergence = (!self.centers.is_empty()).then_some(self.distances / self.count);
        LevelSummary { level, mean: self.mean.clone(), std, convergence }
    }
}

#[cfg(test)]
mod parity;

#[cfg(test)]
mod tests {
    use langevin_core::MixtureOracle;
    use langevin_data::GaussianMixture;

    use super::*;
    use crate::config::parse_config;

    const RUN: &str = r#"{
        "name": "t",
        "data": { "kind": "gaussian_mixture", "means": [[-1, 0], [1, 0]], "std": 0.1 },
        "noise": { "schedule": { "kind": "karras", "sigma_min": 0.01, "sigma_max": 20 } },
        "denoiser": { "network": { "kind": "mlp", "width": 8 }, "prediction": { "kind": "edm" } },
        "train": { "steps": 10, "batch": 4, "optimizer": { "kind": "adam" },
                   "learning_rate": { "kind": "constant", "value": 1e-3 } },
        "sample": { "sampler": { "kind": "SAMPLER", "steps": 12 }, "count": COUNT }
    }"#;

    fn draw(sampler: &str, count: usize) -> Samples {
        let text = RUN.replace("SAMPLER", sampler).replace("COUNT", &count.to_string());
        let config = parse_config("t", &text, &[]).expect("valid");
        let means = vec![vec![-1.0, 0.0], vec![1.0, 0.0]];
        let mixture = GaussianMixture::new(means, 0.1, None).expect("valid");
        let oracle = MixtureOracle::new(mixture.clone());
        draw_samples(&config, 5, &mixture, &oracle, &Device::flex(), &mut |_| {
            ControlFlow::Continue(())
        })
        .expect("drawn")
    }

    /// Adds two draws of noise in each step, and keeps nothing else.
    struct Twice;

    impl Sampler for Twice {
        fn step(
            &self,
            _x: Tensor<2>,
            _denoiser: &dyn Denoiser,
            _condition: Option<&Tensor<2>>,
            step: &langevin_core::Transition,
            noise: &mut langevin_core::Noise,
        ) -> Tensor<2> {
            Tensor::cat(vec![noise(step), noise(step)], 1)
        }

        fn calls(&self, _step: &langevin_core::Transition) -> usize {
            0
        }
    }

    #[test]
    fn a_sampler_that_asks_for_noise_twice_gets_two_draws() {
        let mixture = GaussianMixture::new(vec![vec![0.0]], 0.1, None).expect("valid");
        let oracle = MixtureOracle::new(mixture);
        let level = NoiseLevel::new(1.0, 2.0).expect("valid");
        let drawing = Drawing {
            streams: Streams::new(1),
            sampler: Box::new(Twice),
            start: Start::Gaussian { mean: vec![0.0], std: vec![1.0] },
            levels: vec![level, NoiseLevel::new(1.0, 1.0).expect("valid")],
            end: End::CLEAN,
            denoiser: &oracle,
            device: &Device::flex(),
            features: 1,
        };
        let last = drawing.chunk(0, &mut |_, _| {}).expect("drawn");
        let draw = |stream| drawing.normals(stream, 0)[0] as f32;
        assert_eq!(last[..2], [draw(2), draw((1 << 32) + 2)], "the second step's two");
        assert_ne!(last[0], last[1]);
    }

    #[test]
    fn sampling_breaks_off_when_asked() {
        let text = RUN.replace("SAMPLER", "heun").replace("COUNT", "2000");
        let config = parse_config("t", &text, &[]).expect("valid");
        let mixture = GaussianMixture::new(vec![vec![0.0, 0.0]], 0.1, None).expect("valid");
        let oracle = MixtureOracle::new(mixture.clone());
        let mut heard = 0.0;
        let drawn = draw_samples(&config, 5, &mixture, &oracle, &Device::flex(), &mut |share| {
            heard = share;
            if share > 0.3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert!(matches!(drawn, Err(TrainError::Interrupted)), "{drawn:?}");
        assert!(heard < 0.6, "{heard}");
    }

    #[test]
    fn a_sample_does_not_depend_on_how_many_are_drawn() {
        for sampler in ["heun", "ddpm"] {
            let (few, many) = (draw(sampler, 7), draw(sampler, 700));
            assert_eq!(few.values.len(), 14);
            assert_eq!(few.values[..], many.values[..14], "{sampler}");
            assert_ne!(many.values[..14], many.values[1024..1038], "chunks differ");
        }
    }

    #[test]
    fn the_oracle_s_samples_follow_the_exact_moments_of_every_level() {
        let samples = draw("heun", 2000);
        assert_eq!(samples.levels.len(), 13);
        assert_eq!(samples.levels[12].level, NoiseLevel::CLEAN);
        for (i, seen) in samples.levels.iter().enumerate() {
            let goal = level_goal(&[0.0, 0.0], &[1.01, 0.01], &seen.level);
            for feature in 0..2 {
                // Five standard errors, and 8 % for twelve steps of Heun.
                let error = goal.std[feature] / 2000_f64.sqrt() * 5.0;
                assert!((seen.mean[feature]).abs() < error, "level {i}: {seen:?}");
                assert!(
                    (seen.std[feature] / goal.std[feature] - 1.0).abs() < 0.16,
                    "level {i}: {seen:?} {goal:?}"
                );
            }
        }
    }
}
