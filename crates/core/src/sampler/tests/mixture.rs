//! End points of the ODE samplers on four modes, against finely solved ones.
//!
//! The reference is the classical Runge–Kutta method in plain f64 over thousands of steps. It solves
//! `dx/du = alpha'(u) · D + sigma'(u) · eps` in a variable u that is chosen for each path.

use burn::tensor::DType;
use langevin_data::GaussianMixture;

use super::{Method, Schedule, assert_order, host, rows};
use crate::{End, MixtureOracle, NoiseLevel, sample};

/// Start points of the rows, in units of the first level's noise; off the lines where modes meet.
const START: [[f64; 2]; 6] =
    [[0.9, 0.4], [-0.3, 1.2], [-1.5, -0.2], [0.15, -0.8], [1.1, -1.4], [-0.6, -0.55]];

fn four_modes() -> GaussianMixture {
    let means = vec![vec![-1.0, -1.0], vec![-1.0, 1.0], vec![1.0, -1.0], vec![1.0, 1.0]];
    GaussianMixture::new(means, 0.2, None).expect("valid")
}

/// The path of a schedule in a smooth variable u.
trait Path {
    /// The variable u at a level.
    fn at(&self, level: &NoiseLevel) -> f64;
    /// The values of alpha and sigma at u, then their derivatives by u.
    fn point(&self, u: f64) -> [f64; 4];
}

/// The variance-exploding path: alpha = 1, u = ln sigma.
struct Exploding;
/// The variance-preserving path: alpha = cos u, sigma = sin u.
struct Preserving;
/// The straight path: alpha = 1 − t, sigma = t, u = ln t.
struct Straight;

impl Path for Exploding {
    fn at(&self, level: &NoiseLevel) -> f64 {
        level.sigma().ln()
    }
    fn point(&self, u: f64) -> [f64; 4] {
        [1.0, u.exp(), 0.0, u.exp()]
    }
}

impl Path for Preserving {
    fn at(&self, level: &NoiseLevel) -> f64 {
        level.sigma().atan2(level.alpha())
    }
    fn point(&self, u: f64) -> [f64; 4] {
        [u.cos(), u.sin(), -u.sin(), u.cos()]
    }
}

impl Path for Straight {
    fn at(&self, level: &NoiseLevel) -> f64 {
        level.sigma().ln()
    }
    fn point(&self, u: f64) -> [f64; 4] {
        [1.0 - u.exp(), u.exp(), -u.exp(), u.exp()]
    }
}

/// Solves the ODE from one level to another by the classical Runge–Kutta method.
fn solve(path: &dyn Path, mut x: [f64; 2], levels: [&NoiseLevel; 2], steps: usize) -> [f64; 2] {
    let modes = four_modes();
    let slope = |x: [f64; 2], u: f64| {
        let [alpha, sigma, d_alpha, d_sigma] = path.point(u);
        let denoised = modes.posterior_mean(&x, alpha, sigma);
        [0, 1].map(|i| d_alpha * denoised[i] + d_sigma * (x[i] - alpha * denoised[i]) / sigma)
    };
    let [start, end] = levels.map(|level| path.at(level));
    let h = (end - start) / steps as f64;
    let moved = |x: [f64; 2], by: f64, slope: [f64; 2]| [0, 1].map(|i| x[i] + by * slope[i]);
    for step in 0..steps {
        let u = start + h * step as f64;
        let first = slope(x, u);
        let second = slope(moved(x, h / 2.0, first), u + h / 2.0);
        let third = slope(moved(x, h / 2.0, second), u + h / 2.0);
        let fourth = slope(moved(x, h, third), u + h);
        x = [0, 1].map(|i| x[i] + h / 6.0 * (first[i] + 2.0 * (second[i] + third[i]) + fourth[i]));
    }
    x
}

/// The root of the mean square distance of the rows from the solved ones.
fn distance(got: &[f64], solved: &[[f64; 2]]) -> f64 {
    let square: f64 = got.iter().zip(solved.as_flattened()).map(|(a, b)| (a - b).powi(2)).sum();
    (square / got.len() as f64).sqrt()
}

#[test]
fn the_end_point_converges_to_the_solved_one_at_the_samplers_order() {
    let oracle = MixtureOracle::new(four_modes());
    let cases: [(Schedule, &dyn Path); 5] = [
        (Schedule::Karras, &Exploding),
        (Schedule::Linear(1281), &Preserving),
        (Schedule::Cosine(1281), &Preserving),
        (Schedule::Flow(0.99), &Straight),
        (Schedule::Flow(1.0), &Straight),
    ];
    for (schedule, path) in cases {
        let ends = schedule.levels(2);
        let start = START.map(|z| z.map(|z| ends[0].sigma() * z));
        let solved = |steps| start.map(|x| solve(path, x, [&ends[0], &ends[1]], steps));
        let reference = solved(8000);
        // With order 4, halving the steps leaves an error 2^4 − 1 times smaller than the difference.
        let left = distance(reference.as_flattened(), &solved(4000)) / 15.0;
        assert!(left < 1e-10, "{schedule:?}: the reference is off by {left:e}");

        for method in [Method::Euler, Method::Ddim(0.0), Method::Heun, Method::Dpm2] {
            let errors = [160, 320, 640, 1280].map(|steps| {
                let x = rows(start.as_flattened().to_vec(), [START.len(), 2], DType::F64);
                let plan = schedule.plan(method, steps + 1, End::LastLevel);
                let (sampler, mut no_noise) = (method.sampler(), |_: &_| panic!("no noise"));
                let x = sample(sampler.as_ref(), &oracle, &plan, x, &mut no_noise, &mut |_| {})
                    .expect("drawn");
                assert_eq!(x.dtype(), DType::F64);
                distance(&host(x), &reference)
            });
            assert_order(&errors, method.order(), &format!("{method:?} {schedule:?}"));
        }
    }
}
