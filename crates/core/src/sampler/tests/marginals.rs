//! Marginals at the last level above zero: from the first level's exact marginal, the product of the
//! affine steps gives their mean and variance without chance.

use burn::tensor::DType;

use super::{End, GaussianOracle, Method, Schedule, assert_order, probe};

const MEAN: f64 = 0.7;
const STD: f64 = 0.4;

/// Errors of the mean and of the standard deviation at the last level.
fn errors_at_the_last_level(method: Method, schedule: Schedule, step_count: usize) -> (f64, f64) {
    let sampler = method.sampler();
    let oracle = GaussianOracle::new(&[MEAN], &[STD]);
    let levels = schedule.levels(step_count + 1);
    let exact = |i: usize| {
        let (alpha, sigma) = (levels[i].alpha(), levels[i].sigma());
        (alpha * MEAN, (alpha * STD).powi(2) + sigma * sigma)
    };
    let (mut mean, mut variance) = exact(0);
    let plan = schedule.plan(method, step_count + 1, End::LastLevel);
    assert_eq!(plan.transitions().len(), step_count);
    for step in plan.transitions() {
        let affine = probe(sampler.as_ref(), &oracle, &plan, step, DType::F64)[0];
        mean = affine.a * mean + affine.b;
        variance = affine.a.powi(2) * variance + affine.c.powi(2);
    }
    let (exact_mean, exact_variance) = exact(step_count);
    ((mean - exact_mean).abs(), (variance.sqrt() - exact_variance.sqrt()).abs())
}

#[test]
fn mean_and_variance_converge_at_the_samplers_order() {
    // Of 1281 levels, 160, 320, … steps take every 8th, 4th, …: the grids are smooth and nested.
    for schedule in [
        Schedule::Karras,
        Schedule::Linear(1281),
        Schedule::Cosine(1281),
        Schedule::Flow(1.0),
        Schedule::Flow(0.99),
    ] {
        for method in Method::ALL {
            let errors: Vec<f64> = [160, 320, 640, 1280]
                .map(|count| {
                    let (mean, std) = errors_at_the_last_level(method, schedule, count);
                    // Since D(alpha · mean) = mean, every step keeps the mean up to rounding.
                    assert!(mean < 1e-12, "{method:?} {schedule:?} {count}: mean off by {mean:e}");
                    std
                })
                .to_vec();
            assert_order(&errors, method.order(), &format!("{method:?} {schedule:?}"));
        }
    }
}

#[test]
fn heun_stays_near_the_data_on_a_grid_that_starts_without_signal() {
    // At the first level alpha = 2.4e-5, and EDM's variable sigma / alpha is 4e4. In that variable the
    // same 24 levels end with 1.5 times the standard deviation of the data; along the chord with 1.003.
    let (_, off) = errors_at_the_last_level(Method::Heun, Schedule::Cosine(1000), 23);
    assert!(off < 0.01 * STD, "{off}");
}
