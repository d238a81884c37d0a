//! The deciding tests of the samplers: exact, on Gaussians and mixtures, without chance.
//!
//! - [`affine`]: on a Gaussian every step is `a·x + b + c·z` with the paper's a, b and c;
//! - [`marginals`]: the product of those steps converges to the exact marginal at its order;
//! - [`mixture`]: the end point on four modes converges to the finely solved one at its order;
//! - [`contract`]: levels told, calls made, noise asked for, dtype kept, observer served;
//! - [`seams`]: methods that remember, and plans that rise.

mod affine;
mod contract;
mod marginals;
mod mixture;
mod seams;

use std::sync::Mutex;

use burn::tensor::{DType, Device, Tensor, TensorData};

use super::{AncestralVariance, Ddim, Ddpm, Dpm2, End, Euler, Heun, Plan, Sampler, Transition};
use crate::{
    Betas, CoreError, Denoiser, Karras, NoiseLevel, NoiseSchedule, RectifiedFlow, cosine_betas,
    linear_betas,
};

/// The methods under test.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Method {
    Euler,
    Heun,
    /// DPM-Solver-2, whose steps ask for a level between.
    Dpm2,
    /// DDIM with this eta.
    Ddim(f64),
    /// DDPM with the posterior's variance.
    Lower,
    /// DDPM with the forward step's variance.
    Upper,
}

impl Method {
    const ALL: [Self; 8] = [
        Self::Euler,
        Self::Heun,
        Self::Dpm2,
        Self::Ddim(0.0),
        Self::Ddim(0.5),
        Self::Ddim(1.0),
        Self::Lower,
        Self::Upper,
    ];

    fn sampler(self) -> Box<dyn Sampler> {
        match self {
            Self::Euler => Box::new(Euler),
            Self::Heun => Box::new(Heun),
            Self::Dpm2 => Box::new(Dpm2),
            Self::Ddim(eta) => Box::new(Ddim::new(eta).expect("valid")),
            Self::Lower => Box::new(Ddpm { variance: AncestralVariance::Lower, quiet_steps: 1 }),
            Self::Upper => Box::new(Ddpm { variance: AncestralVariance::Upper, quiet_steps: 1 }),
        }
    }

    fn is_deterministic(self) -> bool {
        matches!(self, Self::Euler | Self::Heun | Self::Dpm2 | Self::Ddim(0.0))
    }

    fn order(self) -> f64 {
        if matches!(self, Self::Heun | Self::Dpm2) { 2.0 } else { 1.0 }
    }
}

/// The schedules under test.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Schedule {
    Karras,
    /// DDPM's linear betas of this many levels.
    Linear(usize),
    /// Cosine betas of this many levels.
    Cosine(usize),
    /// The rectified flow from this t down to 0.001.
    Flow(f64),
}

const SIGMA_MIN: f64 = 0.002;
const SIGMA_MAX: f64 = 80.0;
const T_MIN: f64 = 0.001;

impl Schedule {
    fn build(self) -> Box<dyn NoiseSchedule> {
        match self {
            Self::Karras => Box::new(Karras::new(SIGMA_MIN, SIGMA_MAX, 7.0).expect("valid")),
            Self::Linear(count) => {
                // 1e-4 to 0.02 at 1000 levels, the same path at other counts.
                let scale = 1000.0 / count as f64;
                let betas = linear_betas(count, 1e-4 * scale, 0.02 * scale).expect("valid");
                Box::new(Betas::new(&betas).expect("valid"))
            }
            Self::Cosine(count) => {
                Box::new(Betas::new(&cosine_betas(count).expect("valid")).expect("valid"))
            }
            Self::Flow(t_max) => Box::new(RectifiedFlow::new(T_MIN, t_max).expect("valid")),
        }
    }

    fn levels(self, count: usize) -> Vec<NoiseLevel> {
        self.build().levels(count).expect("as many levels")
    }

    /// The plan of a method through `count` levels of this schedule.
    fn plan(self, method: Method, count: usize, end: End) -> Plan {
        let plan = Plan::through(&self.levels(count), end).expect("a level");
        method.sampler().refine(plan, self.build().as_ref()).expect("a plan")
    }
}

/// The exact denoiser of a Gaussian with independent axes; it records the levels that it is told.
struct GaussianOracle {
    mean: Vec<f64>,
    std: Vec<f64>,
    told: Mutex<Vec<NoiseLevel>>,
}

impl GaussianOracle {
    fn new(mean: &[f64], std: &[f64]) -> Self {
        Self { mean: mean.to_vec(), std: std.to_vec(), told: Mutex::default() }
    }

    fn features(&self) -> usize {
        self.mean.len()
    }
}

impl Denoiser for GaussianOracle {
    fn denoise(&self, x: Tensor<2>, level: &NoiseLevel) -> Result<Tensor<2>, CoreError> {
        self.told.lock().expect("one thread").push(*level);
        let (dims, dtype) = (x.dims(), x.dtype());
        let (alpha, variance) = (level.alpha(), level.sigma().powi(2));
        let denoised = host(x)
            .chunks_exact(self.features())
            .flat_map(|row| {
                row.iter().zip(self.mean.iter().zip(&self.std)).map(|(x, (m, d))| {
                    (alpha * d * d * x + variance * m) / (alpha * alpha * d * d + variance)
                })
            })
            .collect();
        Ok(rows(denoised, dims, dtype))
    }
}

/// The values of a tensor, on the host in f64.
fn host(x: Tensor<2>) -> Vec<f64> {
    x.into_data().convert_dtype(DType::F64).iter::<f64>().collect()
}

/// A tensor with the given values, dimensions and dtype.
fn rows(values: Vec<f64>, dims: [usize; 2], dtype: DType) -> Tensor<2> {
    Tensor::from_data(TensorData::new(values, dims), (&Device::flex(), dtype))
}

/// A step along one axis: `x' = a·x + b + c·z`.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Affine {
    a: f64,
    b: f64,
    c: f64,
}

/// The affine form of a sampler's step on each axis of a Gaussian, probed at x = 0, x = 1 and z = 1.
fn probe(
    sampler: &dyn Sampler,
    oracle: &GaussianOracle,
    plan: &Plan,
    step: &Transition,
    dtype: DType,
) -> Vec<Affine> {
    let features = oracle.features();
    let dims = [1 + 2 * features, features];
    // Row 0 is all zero; row 1 + i has x_i = 1; row 1 + features + i has z_i = 1.
    let ones = |first: usize| {
        let mut values = vec![0.0; dims[0] * features];
        (0..features).for_each(|i| values[(first + i) * features + i] = 1.0);
        rows(values, dims, dtype)
    };
    let mut noise = |_: &Transition| ones(1 + features);
    let next = sampler.start(plan).step(ones(1), oracle, step, &mut noise).expect("a step");
    assert_eq!(next.dtype(), dtype, "a step keeps the dtype");
    let next = host(next);
    let at = |row: usize, column: usize| next[row * features + column];
    for (row, column) in (0..2 * features).flat_map(|r| (0..features).map(move |c| (r, c))) {
        if row % features != column {
            assert_eq!(at(1 + row, column), at(0, column), "axes are independent");
        }
    }
    (0..features)
        .map(|i| Affine {
            a: at(1 + i, i) - at(0, i),
            b: at(0, i),
            c: at(1 + features + i, i) - at(0, i),
        })
        .collect()
}

/// The slopes of ln error over ln(1 / steps), each between two neighbouring errors. The numbers of steps
/// double from one error to the next.
fn slopes(errors: &[f64]) -> Vec<f64> {
    errors.windows(2).map(|pair| (pair[0] / pair[1]).log2()).collect()
}

/// Fails unless errors at doubling numbers of steps show `order`.
///
/// With `error = C h^p (1 + k h + O(h²))` the slope between h and h/2 is `p + k h / (2 ln 2) + O(h²)`.
/// So the slope's distance to p halves from one pair to the next; three quarters are allowed. And
/// `2 · last − former` is p up to O(h²), which has the size of that distance's square: 0.01 for the
/// allowed distance of 0.1. An error of another order, or one that does not vanish with h, moves the
/// slopes away from p instead.
fn assert_order(errors: &[f64], order: f64, what: &str) {
    let slopes = slopes(errors);
    let [.., former, last] = slopes[..] else { panic!("at least three errors") };
    let off = |slope: f64| (slope - order).abs();
    let message = format!("{what}: order {order}, errors {errors:?}, slopes {slopes:.3?}");
    assert!(off(last) < 0.1, "{message}");
    assert!(off(last) < (0.75 * off(former)).max(0.01), "{message}");
    assert!(off(2.0 * last - former) < 0.02, "{message}");
    println!("{message}");
}
