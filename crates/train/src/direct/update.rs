//! Gradient norm, optimizers and average, each one pass over all parameters, in place.
//!
//! The formulas are burn-optim's, which are PyTorch's; `optimizer.rs` holds them to goldens.

use super::{
    buffer::{Buffer, LINE},
    simd::{Kernel, Simd},
};
use crate::config::OptimizerConfig;

/// The sum of squares, in f64.
pub(crate) struct Squares<'a>(pub(crate) &'a [f32]);

impl Kernel for Squares<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<S: Simd>(self) -> f64 {
        let mut sums = [0.0; LINE];
        for line in self.0.as_chunks::<LINE>().0 {
            for (sum, x) in sums.iter_mut().zip(line) {
                *sum += f64::from(*x) * f64::from(*x);
            }
        }
        sums.iter().sum()
    }
}

/// `average += share · (weights − average)`.
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

/// An optimizer's state.
#[derive(Debug, Clone)]
pub(crate) struct State {
    /// Steps made.
    pub(crate) steps: u64,
    /// The momentum, or Adam's two moments.
    pub(crate) moments: Vec<Buffer>,
}

impl State {
    /// The state before the first step, for so many parameters.
    pub(crate) fn new(config: &OptimizerConfig, len: usize) -> Self {
        let moments = match config {
            OptimizerConfig::Sgd { momentum, .. } => usize::from(*momentum > 0.0),
            OptimizerConfig::Adam { .. } | OptimizerConfig::Adamw { .. } => 2,
        };
        Self { steps: 0, moments: (0..moments).map(|_| Buffer::zeros(len)).collect() }
    }
}

/// One step of an optimizer.
pub(crate) struct Update<'a> {
    pub(crate) config: &'a OptimizerConfig,
    pub(crate) state: &'a mut State,
    pub(crate) learning_rate: f64,
    pub(crate) weights: &'a mut [f32],
    pub(crate) gradients: &'a [f32],
    /// What the gradients are multiplied by first.
    pub(crate) factor: f32,
}

impl Kernel for Update<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let Self { config, state, learning_rate, weights, gradients, factor } = self;
        let rate = learning_rate as f32;
        let first = state.steps == 0;
        state.steps += 1;
        let pairs = weights.iter_mut().zip(gradients);
        match (config, &mut state.moments[..]) {
            (OptimizerConfig::Sgd { weight_decay, .. }, []) => {
                let decay = *weight_decay as f32;
                for (w, g) in pairs {
                    *w -= rate * (g * factor + decay * *w);
                }
            }
            (
                OptimizerConfig::Sgd { momentum, dampening, nesterov, weight_decay },
                [velocity, ..],
            ) => {
                let (momentum, decay) = (*momentum as f32, *weight_decay as f32);
                // The first velocity is the gradient itself.
                let share = if first { 1.0 } else { (1.0 - dampening) as f32 };
                let (ahead, own) = if *nesterov { (momentum, 1.0) } else { (1.0, 0.0) };
                for ((w, g), v) in pairs.zip(&mut velocity[..]) {
                    let g = g * factor + decay * *w;
                    *v = g * share + *v * momentum;
                    *w -= rate * (*v * ahead + g * own);
                }
            }
            (
                OptimizerConfig::Adam { betas, epsilon, weight_decay }
                | OptimizerConfig::Adamw { betas, epsilon, weight_decay },
                [moments_1, moments_2, ..],
            ) => {
                let [beta_1, beta_2] = betas.map(|beta| beta as f32);
                let time = i32::try_from(state.steps).unwrap_or(i32::MAX);
                let root = (1.0 - beta_2.powi(time)).sqrt();
                let rate = rate * root / (1.0 - beta_1.powi(time));
                let epsilon = *epsilon as f32 * root;
                let (penalty, keep) = match config {
                    OptimizerConfig::Adamw { .. } => {
                        (0.0, (1.0 - learning_rate * weight_decay) as f32)
                    }
                    _ => (*weight_decay as f32, 1.0),
                };
                let moments = moments_1.iter_mut().zip(&mut moments_2[..]);
                for ((w, g), (m, v)) in pairs.zip(moments) {
                    let g = g * factor + penalty * *w;
                    *m = *m * beta_1 + g * (1.0 - beta_1);
                    *v = *v * beta_2 + g * g * (1.0 - beta_2);
                    *w = *w * keep - rate * *m / (v.sqrt() + epsilon);
                }
            }
            // `State::new` gives Adam two moments.
            (OptimizerConfig::Adam { .. } | OptimizerConfig::Adamw { .. }, _) => {}
        }
    }
}
