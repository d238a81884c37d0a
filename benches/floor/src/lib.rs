//! The floor of the benchmarks: the training step of jobs A to D as a plain Rust program would have it.
//!
//! The floor has no tensors, no tape, and nothing of Langevin but its random numbers. A [`Floor`] draws the
//! noise that Langevin's own step draws, takes chunks of rows forward and back through a perceptron with
//! ReLU, and updates the weights. A [`Problem`] names the data, the [`Noise`] and the [`Update`].
//!
//! So the floor's losses are Langevin's up to rounding, and its time shows what Langevin could still gain.

mod lines;
mod pass;
mod product;
mod rows;

use langevin_data::{Dataset, Streams};
use rayon::prelude::*;

pub use rows::Noise;

use lines::{Lines, stride};
use pass::{Layer, Pass};

/// Number of rows that go through the network together: their activations fit into the second-level cache.
const CHUNK: usize = 128;

/// Training problem: data, noise and update.
pub struct Problem {
    /// The seed of all random numbers.
    pub seed: u64,
    /// The number of rows of a step.
    pub rows: usize,
    /// The clean rows.
    pub data: Box<dyn Dataset>,
    /// The noise, and the network's target for it.
    pub noise: Noise,
    /// The update of the weights.
    pub update: Update,
}

/// Update of the weights after each step.
#[derive(Debug, Clone, Copy)]
pub enum Update {
    /// Gradient descent on the sum of the squared errors.
    Sgd {
        /// Learning rate.
        rate: f32,
    },
    /// Adam with PyTorch's defaults on the mean of the squared errors.
    Adam {
        /// Learning rate.
        rate: f32,
    },
}

/// Perceptron in training, without Langevin.
pub struct Floor {
    problem: Problem,
    streams: Streams,
    layers: Vec<Layer>,
    weights: Lines,
    /// The weight matrices with rows and columns exchanged, made once a step.
    transposed: Vec<Lines>,
    moments: [Lines; 2],
    /// The buffers of each thread.
    passes: Vec<Pass>,
    steps: u64,
}

impl Floor {
    /// A perceptron with ReLU whose steps run on `threads` threads.
    ///
    /// `layers` holds each layer's first weights, `[out, in]`, and biases.
    pub fn new(problem: Problem, layers: &[(Vec<f32>, Vec<f32>)], threads: usize) -> Self {
        let mut first = 0;
        let places: Vec<Layer> = layers
            .iter()
            .map(|(weight, bias)| {
                let layer = Layer::new(first, weight.len() / bias.len(), bias.len());
                first = layer.end();
                layer
            })
            .collect();
        let mut weights = Lines::zeros(first);
        for (place, (weight, bias)) in places.iter().zip(layers) {
            for (out, row) in weight.chunks_exact(place.inputs).enumerate() {
                for (i, value) in row.iter().enumerate() {
                    weights[place.first + i * place.stride + out] = *value;
                }
            }
            let at = place.first + place.inputs * place.stride;
            weights[at..at + bias.len()].copy_from_slice(bias);
        }
        let chunks = problem.rows.div_ceil(CHUNK);
        let rows = problem.rows.min(CHUNK);
        Self {
            streams: Streams::new(problem.seed),
            transposed: places
                .iter()
                .map(|layer| Lines::zeros(layer.outputs * stride(layer.inputs)))
                .collect(),
            moments: [Lines::zeros(first), Lines::zeros(first)],
            passes: (0..threads.clamp(1, chunks)).map(|_| Pass::new(&places, rows)).collect(),
            layers: places,
            weights,
            steps: 0,
            problem,
        }
    }

    /// Makes one training step; gives the loss before it.
    pub fn step(&mut self) -> f64 {
        let Self { problem, streams, layers, weights, transposed, passes, steps, .. } = self;
        for (layer, to) in layers.iter().zip(&mut *transposed).skip(1) {
            layer.transpose(weights, to);
        }
        let (threads, step) = (passes.len(), *steps);
        let chunks = problem.rows.div_ceil(CHUNK);
        let work = |(thread, pass): (usize, &mut Pass)| {
            pass.begin();
            for chunk in thread * chunks / threads..(thread + 1) * chunks / threads {
                let rows = chunk * CHUNK..problem.rows.min((chunk + 1) * CHUNK);
                pass.batch.draw(problem, streams, step, rows);
                pass.differentiate(layers, weights, transposed);
            }
        };
        if threads == 1 {
            passes.iter_mut().enumerate().for_each(work);
        } else {
            passes.par_iter_mut().enumerate().for_each(work);
        }
        let (first, others) = passes.split_at_mut(1);
        let gradients = &mut first[0].gradients;
        for other in &*others {
            gradients.iter_mut().zip(&*other.gradients).for_each(|(sum, more)| *sum += more);
        }
        let sum: f64 = first[0].loss + others.iter().map(|pass| pass.loss).sum::<f64>();
        self.steps += 1;
        self.update();
        match self.problem.update {
            Update::Sgd { .. } => sum,
            Update::Adam { .. } => sum / self.values(),
        }
    }

    /// The number of values of a batch, by which a mean loss divides.
    fn values(&self) -> f64 {
        (self.problem.rows * self.problem.data.features()) as f64
    }

    fn update(&mut self) {
        let values = self.values() as f32;
        let gradients = &self.passes[0].gradients;
        match self.problem.update {
            Update::Sgd { rate } => {
                self.weights.iter_mut().zip(&**gradients).for_each(|(w, g)| *w -= rate * g);
            }
            Update::Adam { rate } => {
                let [mean, square] = &mut self.moments;
                let corrections = [0.9_f64, 0.999].map(|b| 1.0 - b.powi(self.steps as i32));
                let size = (f64::from(rate) / corrections[0]) as f32;
                let root = (1.0 / corrections[1]) as f32;
                let step = product::Adam { size, root, scale: 1.0 / values };
                product::adam(step, &mut self.weights, mean, square, gradients);
            }
        }
    }
}
