//! Gradient norm, optimizers and average: each is one pass over all parameters, in place.
//!
//! The formulas are those of burn-optim and PyTorch; `three_steps_of_every_optimizer_are_pytorchs` holds them.

use super::{
    buffer::{Buffer, LINE},
    divide::{Divide, LEAST},
    simd::{InstructionSet, Kernel, Simd},
    team::Team,
};
use crate::config::OptimizerConfig;

/// Sum of squares, in f64. Its blocks depend on the length alone, so the number of threads changes no bit.
pub(crate) fn sum_of_squares(set: InstructionSet, numbers: &[f32], team: &Team) -> f64 {
    const MOST_BLOCKS: usize = 64;
    let size = numbers.len().div_ceil(MOST_BLOCKS).next_multiple_of(LINE).max(LEAST);
    let mut sums = [0.0; MOST_BLOCKS];
    let blocks = numbers.chunks(size).zip(&mut sums);
    let threads = numbers.len() / LEAST;
    team.for_each(threads, blocks, |(block, sum)| *sum = set.run(Squares(block)).iter().sum());
    sums.iter().sum()
}

/// Kernel of sums of squares, in f64: one sum for each place in a cache line. A single sum would not be
/// compiled to vector instructions.
struct Squares<'a>(&'a [f32]);

impl Kernel for Squares<'_> {
    type Output = [f64; LINE];

    #[inline(always)]
    fn run<S: Simd>(self) -> [f64; LINE] {
        let mut sums = [0.0; LINE];
        for line in self.0.as_chunks::<LINE>().0 {
            for (sum, x) in sums.iter_mut().zip(line) {
                *sum += f64::from(*x) * f64::from(*x);
            }
        }
        sums
    }
}

/// Kernel of the average of the weights: `average += share · (weights − average)`.
pub(crate) struct Average<'a> {
    pub(crate) average: &'a mut [f32],
    pub(crate) weights: &'a [f32],
    pub(crate) share: f32,
}

impl Kernel for Average<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        for (average, weight) in self.average.iter_mut().zip(self.weights) {
            *average += (weight - *average) * self.share;
        }
    }
}

impl Divide for Average<'_> {
    fn len(&self) -> usize {
        self.average.len()
    }

    fn split_at(self, place: usize) -> (Self, Self) {
        let (average, later_average) = self.average.split_at_mut(place);
        let (weights, later_weights) = self.weights.split_at(place);
        let share = self.share;
        (
            Self { average, weights, share },
            Self { average: later_average, weights: later_weights, share },
        )
    }
}

/// State of an optimizer.
#[derive(Debug, Clone)]
pub(crate) struct State {
    /// Steps made so far.
    pub(crate) steps: u64,
    /// The momentum, or Adam's two moments.
    pub(crate) moments: Vec<Buffer>,
}

impl State {
    /// The state of `len` parameters before the first step.
    pub(crate) fn new(config: &OptimizerConfig, len: usize) -> Self {
        let moments = match config {
            OptimizerConfig::Sgd { momentum, .. } => usize::from(*momentum > 0.0),
            OptimizerConfig::Adam { .. } | OptimizerConfig::Adamw { .. } => 2,
        };
        Self { steps: 0, moments: (0..moments).map(|_| Buffer::zeros(len)).collect() }
    }

    /// The two moments; an empty slice for each that the optimizer does not have.
    pub(crate) fn moments(&mut self) -> [&mut [f32]; 2] {
        let mut moments = self.moments.iter_mut();
        [(); 2].map(|()| moments.next().map(|moment| &mut moment[..]).unwrap_or_default())
    }
}

/// Kernel of one step of an optimizer.
pub(crate) struct Update<'a> {
    pub(crate) config: &'a OptimizerConfig,
    /// Number of the step, from 1.
    pub(crate) steps: u64,
    pub(crate) moments: [&'a mut [f32]; 2],
    pub(crate) learning_rate: f64,
    pub(crate) weights: &'a mut [f32],
    pub(crate) gradients: &'a [f32],
    /// Factor by which the gradients are multiplied first.
    pub(crate) factor: f32,
}

impl Kernel for Update<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let Self { config, steps, moments, learning_rate, weights, gradients, factor } = self;
        let [moments_1, moments_2] = moments;
        let rate = learning_rate as f32;
        let pairs = weights.iter_mut().zip(gradients);
        match config {
            OptimizerConfig::Sgd { momentum: 0.0, weight_decay, .. } => {
                let decay = *weight_decay as f32;
                for (w, g) in pairs {
                    *w -= rate * (g * factor + decay * *w);
                }
            }
            OptimizerConfig::Sgd { momentum, dampening, nesterov, weight_decay } => {
                let (momentum, decay) = (*momentum as f32, *weight_decay as f32);
                // The first velocity is the gradient itself.
                let share = if steps == 1 { 1.0 } else { (1.0 - dampening) as f32 };
                let (ahead, own) = if *nesterov { (momentum, 1.0) } else { (1.0, 0.0) };
                for ((w, g), v) in pairs.zip(moments_1) {
                    let g = g * factor + decay * *w;
                    *v = g * share + *v * momentum;
                    *w -= rate * (*v * ahead + g * own);
                }
            }
            OptimizerConfig::Adam { betas, epsilon, weight_decay }
            | OptimizerConfig::Adamw { betas, epsilon, weight_decay } => {
                let [beta_1, beta_2] = betas.map(|beta| beta as f32);
                let time = i32::try_from(steps).unwrap_or(i32::MAX);
                let root = (1.0 - beta_2.powi(time)).sqrt();
                let rate = rate * root / (1.0 - beta_1.powi(time));
                let epsilon = *epsilon as f32 * root;
                let (penalty, keep) = match config {
                    OptimizerConfig::Adamw { .. } => {
                        (0.0, (1.0 - learning_rate * weight_decay) as f32)
                    }
                    _ => (*weight_decay as f32, 1.0),
                };
                let moments = moments_1.iter_mut().zip(moments_2);
                for ((w, g), (m, v)) in pairs.zip(moments) {
                    let g = g * factor + penalty * *w;
                    *m = *m * beta_1 + g * (1.0 - beta_1);
                    *v = *v * beta_2 + g * g * (1.0 - beta_2);
                    *w = *w * keep - rate * *m / (v.sqrt() + epsilon);
                }
            }
        }
    }
}

impl Divide for Update<'_> {
    fn len(&self) -> usize {
        self.weights.len()
    }

    fn split_at(self, place: usize) -> (Self, Self) {
        let (weights, later_weights) = self.weights.split_at_mut(place);
        let (gradients, later_gradients) = self.gradients.split_at(place);
        let [one, two] = self.moments.map(|moment| moment.split_at_mut(place.min(moment.len())));
        let first = Self { weights, gradients, moments: [one.0, two.0], ..self };
        let rest = Self {
            weights: later_weights,
            gradients: later_gradients,
            moments: [one.1, two.1],
            ..first
        };
        (first, rest)
    }
}
