//! Drawing samples from a trained network: chunks of one size, so that a sample's bits depend on its
//! number alone, and the statistics of every level on the way.

use std::ops::ControlFlow;

use burn::tensor::{Device, Tensor, TensorData};
use langevin_core::{Denoiser, End, NoiseLevel, Sampler, sample};
use langevin_data::{Dataset, Purpose, Streams, normal_words};

use crate::{
    RunConfig, TrainError,
    config::{SampleConfig, StartConfig},
    error::in_section,
};

/// Rows of every call of the network while sampling: matrix products give other bits at other
/// sizes, so the last chunk is padded.
const SAMPLING_ROWS: usize = 512;

/// Samples, and what was measured on the way.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    /// Columns of a row.
    pub features: usize,
    /// The samples, row by row.
    pub values: Vec<f32>,
    /// One entry a level, noisiest first, the clean end last.
    pub levels: Vec<LevelSummary>,
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
    let SampleConfig { sampler, count, start } = &config.sample;
    let levels = config.sampling_levels()?;
    let features = data.features();
    let drawing = Drawing {
        streams: Streams::new(seed),
        sampler: sampler.build().map_err(in_section("sample.sampler"))?,
        start: Start::new(start, data, &levels),
        levels,
        denoiser,
        device,
        features,
    };
    let mut values = Vec::with_capacity(count * features);
    let mut moments = vec![Moments::new(features); drawing.levels.len() + 1];
    while values.len() < count * features {
        let first = values.len() / features;
        let rows = (count - first).min(SAMPLING_ROWS);
        let mut broken_off = false;
        let chunk = drawing.chunk(first as u64, rows, &mut moments, &mut |step| {
            let share = (first as f64 + rows as f64 * step) / *count as f64;
            broken_off |= progress(share).is_break();
        })?;
        if broken_off {
            return Err(TrainError::Interrupted);
        }
        values.extend_from_slice(&chunk[..rows * features]);
    }
    let ends = drawing.levels.iter().copied().chain([NoiseLevel::CLEAN]);
    let levels = ends.zip(&moments).map(|(level, m)| m.summary(level)).collect();
    Ok(Samples { features, values, levels })
}

/// What every chunk shares.
struct Drawing<'a> {
    streams: Streams,
    sampler: Box<dyn Sampler>,
    start: Start,
    levels: Vec<NoiseLevel>,
    denoiser: &'a dyn Denoiser,
    device: &'a Device,
    features: usize,
}

impl Drawing<'_> {
    /// Samples `first..first + SAMPLING_ROWS`, of which `rows` are wanted.
    fn chunk(
        &self,
        first: u64,
        rows: usize,
        moments: &mut [Moments],
        progress: &mut dyn FnMut(f64),
    ) -> Result<Vec<f32>, TrainError> {
        let mut normals = self.normals(0, first);
        self.start.apply(&mut normals);
        let x = self.tensor(&normals);
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
        let mut observe = |seen: &langevin_core::Progress| {
            match read_rows(seen.x.clone()) {
                Ok(values) => moments[seen.step].add(&values[..rows * self.features]),
                Err(error) => problem = Some(error),
            }
            progress(seen.step as f64 / seen.steps as f64);
        };
        let x = sample(
            self.sampler.as_ref(),
            self.denoiser,
            None,
            &self.levels,
            End::Clean,
            x,
            &mut noise,
            &mut observe,
        );
        problem.map_or_else(|| read_rows(x), Err)
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

/// The Gaussian that sampling starts from, by feature.
struct Start {
    mean: Vec<f64>,
    std: Vec<f64>,
}

impl Start {
    fn new(config: &StartConfig, data: &dyn Dataset, levels: &[NoiseLevel]) -> Self {
        let features = data.features();
        let first = levels.first().copied().unwrap_or(NoiseLevel::CLEAN);
        match config {
            StartConfig::Noise {} => {
                Self { mean: vec![0.0; features], std: vec![first.sigma(); features] }
            }
            StartConfig::Gaussian { mean, std } => Self {
                mean: (0..features).map(|i| mean[i.min(mean.len() - 1)]).collect(),
                std: vec![*std; features],
            },
            StartConfig::Marginal {} => {
                let mean = data.mean().unwrap_or_default();
                let variance = data.variance().unwrap_or_default();
                let goal = level_goal(&mean, &variance, &first);
                Self { mean: goal.mean, std: goal.std }
            }
        }
    }

    /// Turns standard normal rows into rows of the start.
    fn apply(&self, rows: &mut [f64]) {
        for row in rows.chunks_exact_mut(self.mean.len()) {
            for ((x, mean), std) in row.iter_mut().zip(&self.mean).zip(&self.std) {
                *x = mean + std * *x;
            }
        }
    }
}

/// The exact mean and standard deviation of `alpha · x_0 + sigma · eps` by feature.
pub fn level_goal(mean: &[f64], variance: &[f64], level: &NoiseLevel) -> LevelSummary {
    let std = |variance: &f64| (level.alpha() * variance.sqrt()).hypot(level.sigma());
    LevelSummary {
        level: *level,
        mean: mean.iter().map(|m| level.alpha() * m).collect(),
        std: variance.iter().map(std).collect(),
    }
}

/// Running mean and variance by feature (Welford).
#[derive(Debug, Clone)]
struct Moments {
    count: f64,
    mean: Vec<f64>,
    squares: Vec<f64>,
}

impl Moments {
    fn new(features: usize) -> Self {
        Self { count: 0.0, mean: vec![0.0; features], squares: vec![0.0; features] }
    }

    fn add(&mut self, values: &[f32]) {
        for row in values.chunks_exact(self.mean.len()) {
            self.count += 1.0;
            for (i, value) in row.iter().enumerate() {
                let off = f64::from(*value) - self.mean[i];
                self.mean[i] += off / self.count;
                self.squares[i] += off * (f64::from(*value) - self.mean[i]);
            }
        }
    }

    fn summary(&self, level: NoiseLevel) -> LevelSummary {
        let std = self.squares.iter().map(|s| (s / self.count).sqrt()).collect();
        LevelSummary { level, mean: self.mean.clone(), std }
    }
}

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
            start: Start { mean: vec![0.0], std: vec![1.0] },
            levels: vec![level, NoiseLevel::new(1.0, 1.0).expect("valid")],
            denoiser: &oracle,
            device: &Device::flex(),
            features: 1,
        };
        let mut moments = vec![Moments::new(1); 3];
        let last = drawing.chunk(0, 1, &mut moments, &mut |_| {}).expect("drawn");
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
