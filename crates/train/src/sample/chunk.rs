//! Chunks of samples: a fixed number of rows, drawn from the start distribution and moved through
//! all levels.

use burn::tensor::{Device, Tensor, TensorData};
use langevin_core::{Denoiser, NoiseLevel, Pilot, Plan, Sampler, sample};
use langevin_data::{Dataset, LevelDensity, Purpose, Streams, normal_words};

use super::moments::level_goal;
use crate::{TrainError, config::StartConfig, error::in_section, problem::Problem};

/// Rows of every network call while sampling. The number is fixed because a matrix product's bits
/// depend on its size; the last chunk is padded.
pub(super) const SAMPLING_ROWS: usize = 512;

/// Settings that all chunks of one drawing share: sampler, start, plan, denoiser and random
/// streams.
pub(super) struct Drawing<'a> {
    pub(super) streams: Streams,
    pub(super) sampler: &'a dyn Sampler,
    pub(super) start: Start,
    pub(super) plan: Plan,
    pub(super) denoiser: &'a dyn Denoiser,
    pub(super) device: &'a Device,
    pub(super) features: usize,
}

impl<'a> Drawing<'a> {
    pub(super) fn new(
        problem: &'a Problem,
        seed: u64,
        data: &dyn Dataset,
        denoiser: &'a dyn Denoiser,
        device: &'a Device,
    ) -> Result<Self, TrainError> {
        let (sampler, plan) = (problem.sampler(), problem.plan().clone());
        let mut drawing = Self {
            streams: Streams::new(seed),
            sampler,
            start: Start::new(&problem.config().sample.start, data, plan.start())?,
            plan,
            denoiser,
            device,
            features: data.features(),
        };
        if let Some(method) = sampler.adaptive() {
            let schedule = problem.diffusion().schedule.as_ref();
            let x = drawing.tensor(&drawing.start(0));
            let plan = method.adapt(drawing.plan, &Pilot { denoiser, schedule, x });
            drawing.plan = plan.map_err(in_section("sample.sampler"))?;
            if drawing.plan.start() != problem.plan().start() {
                let message = "chose another start than the plan's, from which the rows were drawn";
                return Err(TrainError::config("sample.sampler", message));
            }
            problem.check_plan(&drawing.plan)?;
        }
        Ok(drawing)
    }

    /// Draws samples `first..first + SAMPLING_ROWS`. `observe` sees the rows at the start and after
    /// each step.
    pub(super) fn chunk(
        &self,
        first: u64,
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
        let x = sample(self.sampler, self.denoiser, &self.plan, x, &mut noise, &mut observe);
        let x = x.map_err(in_section("sample.sampler"))?;
        problem.map_or_else(|| read_rows(x), Err)
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
        Ok(match config {
            StartConfig::Noise => {
                Self::Gaussian { mean: vec![0.0; features], std: same(first.sigma()) }
            }
            StartConfig::Gaussian { mean, std } => {
                Self::Gaussian { mean: of_row(mean, 1.0), std: same(*std) }
            }
            StartConfig::Row { row } => {
                Self::Gaussian { mean: of_row(row, first.alpha()), std: same(first.sigma()) }
            }
            StartConfig::Marginal => {
                let mean = data.mean().unwrap_or_default();
                let variance = data.variance().unwrap_or_default();
                let goal = level_goal(&mean, &variance, &first);
                Self::Gaussian { mean: goal.mean, std: goal.std }
            }
            StartConfig::Exact => Self::Exact(
                LevelDensity::new(data, first.alpha(), first.sigma())
                    .map_err(in_section("sample.start"))?,
            ),
        })
    }
}
