//! Batches: clean rows, levels and noise become the network's input and target. The random numbers are
//! those that Langevin draws, at the same places of the same streams.

use std::ops::Range;

use langevin_data::{Part, Purpose, Streams, normal_words};

use crate::{
    Problem,
    lines::{Lines, stride},
};

/// Noise of a training row, and the network's target for it.
#[derive(Debug, Clone)]
pub enum Noise {
    /// One level of a grid for the whole batch. The network is told sigma; its target is the noise scaled
    /// to the next level's sigma.
    Grid {
        /// The noise scales, the largest first.
        sigmas: Vec<f64>,
    },
    /// A level for each row, with `ln sigma ~ N(mean, std²)`. The network is told `ln(sigma) / 4`; its
    /// input and target have EDM's preconditioning for data of unit variance.
    LogNormal {
        /// Mean of ln sigma.
        mean: f64,
        /// Standard deviation of ln sigma.
        std: f64,
    },
}

/// Chunk of a batch.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) rows: usize,
    pub(crate) features: usize,
    /// The network's input, in rows of `stride(features + 1)` floats.
    pub(crate) input: Lines,
    /// The network's target, row by row.
    pub(crate) target: Vec<f32>,
    clean: Vec<f64>,
    noise: Vec<f64>,
    levels: Vec<f64>,
}

impl Batch {
    pub(crate) fn new(rows: usize, features: usize) -> Self {
        Self {
            rows,
            features,
            input: Lines::zeros(rows * stride(features + 1)),
            target: vec![0.0; rows * features],
            clean: vec![0.0; rows * features],
            noise: vec![0.0; rows * features],
            levels: vec![0.0; 2 * rows],
        }
    }

    /// Draws the rows `rows` of the batch of step `step`.
    pub(crate) fn draw(
        &mut self,
        problem: &Problem,
        streams: &Streams,
        step: u64,
        rows: Range<usize>,
    ) {
        let (first, features, data) = (rows.start as u64, self.features, problem.data.as_ref());
        self.rows = rows.len();
        let values = self.rows * features;
        let stream = &mut streams.at(Purpose::Data, step, first * data.words_per_row());
        data.draw(Part::Training, stream, &mut self.clean[..values]);
        let mut stream = streams.at(Purpose::Noise, step, first * normal_words(features));
        stream.fill_normal_rows(&mut self.noise[..values], features);
        let mut level = |row: usize, sigma: f64, told: f64, input: f64, share: [f64; 2]| {
            let place = row * stride(features + 1);
            for i in 0..features {
                let (x0, eps) = (self.clean[row * features + i], self.noise[row * features + i]);
                self.input[place + i] = (input * (x0 + sigma * eps)) as f32;
                self.target[row * features + i] = (share[0] * x0 + share[1] * eps) as f32;
            }
            self.input[place + features] = told as f32;
        };
        match &problem.noise {
            Noise::Grid { sigmas } => {
                let t = streams.at(Purpose::Level, step, 0).uniform();
                let place = (((1.0 - t) * sigmas.len() as f64) as usize).min(sigmas.len() - 1);
                let next = sigmas.get(place + 1).copied().unwrap_or(0.0);
                let sigma = sigmas[place];
                (0..self.rows).for_each(|row| level(row, sigma, sigma, 1.0, [0.0, next]));
            }
            Noise::LogNormal { mean, std } => {
                let levels = &mut self.levels[..2 * self.rows];
                streams.at(Purpose::Level, step, 2 * first).fill_normal(levels);
                for row in 0..self.rows {
                    let log = mean + std * levels[2 * row];
                    let sigma = log.exp();
                    let scale = 1.0 / (1.0 + sigma * sigma).sqrt();
                    level(row, sigma, log / 4.0, scale, [sigma * scale, -scale]);
                }
            }
        }
    }
}
