//! Methods and plans of a user's own, by the traits alone: a multistep method, and rising transitions.

use std::cell::RefCell;

use burn::tensor::{DType, Tensor};
use langevin_data::GaussianMixture;

use super::{GaussianOracle, Schedule, assert_order, host, rows};
use crate::{
    CoreError, Denoiser, End, Euler, Heun, MixtureOracle, Noise, NoiseLevel, Plan, Sampler, Steps,
    Transition, sample,
};

/// Adams–Bashforth's method of order 2 in sigma, for alpha = 1: it remembers the slope of the step
/// before.
struct AdamsBashforth2;

/// The slope before, and the length of its step in sigma.
struct Remembered(Option<(Tensor<2>, f64)>);

impl Sampler for AdamsBashforth2 {
    fn start(&self, _plan: &Plan) -> Box<dyn Steps + '_> {
        Box::new(Remembered(None))
    }
}

impl Steps for Remembered {
    fn step(
        &mut self,
        x: Tensor<2>,
        denoiser: &dyn Denoiser,
        step: &Transition,
        _noise: &mut Noise,
    ) -> Result<Tensor<2>, CoreError> {
        let slope = (x.clone() - denoiser.denoise(x.clone(), &step.from)?) / step.from.sigma();
        let h = step.to.sigma() - step.from.sigma();
        let change = match self.0.take() {
            None => slope.clone() * h,
            Some((before, length)) => {
                let share = h / (2.0 * length);
                (slope.clone() * (1.0 + share) - before * share) * h
            }
        };
        self.0 = Some((slope, h));
        Ok(x + change)
    }

    fn restart(&mut self) {
        self.0 = None;
    }
}

fn start() -> Tensor<2> {
    rows(vec![70.0, 33.0, -20.0, 90.0], [2, 2], DType::F64)
}

fn end_point(sampler: &dyn Sampler, steps: usize) -> Vec<f64> {
    let means = vec![vec![-1.0, -1.0], vec![-1.0, 1.0], vec![1.0, -1.0], vec![1.0, 1.0]];
    let oracle = MixtureOracle::new(GaussianMixture::new(means, 0.2, None).expect("valid"));
    let plan = Plan::through(&Schedule::Karras.levels(steps + 1), End::LastLevel).expect("levels");
    let none = &mut |_: &Transition| unreachable!("no noise");
    host(sample(sampler, &oracle, &plan, start(), none, &mut |_| {}).expect("drawn"))
}

#[test]
fn a_multistep_method_has_second_order() {
    // Heun at 16 times the steps of the finest is off by at most 1/256 of its error.
    let reference = end_point(&Heun, 20_480);
    let errors = [160, 320, 640, 1280].map(|steps| {
        let off = end_point(&AdamsBashforth2, steps);
        let square: f64 = off.iter().zip(&reference).map(|(a, b)| (a - b).powi(2)).sum();
        square.sqrt()
    });
    assert_order(&errors, 2.0, "Adams–Bashforth");
}

#[test]
fn two_chunks_of_one_method_share_nothing() {
    let oracle = GaussianOracle::new(&[0.7, -0.2], &[0.4, 1.3]);
    let plan = Plan::through(&Schedule::Karras.levels(6), End::LastLevel).expect("levels");
    let chunks = [start(), start() * -0.3];
    let alone = chunks.clone().map(|x| {
        let none = &mut |_: &Transition| unreachable!("no noise");
        host(sample(&AdamsBashforth2, &oracle, &plan, x, none, &mut |_| {}).expect("drawn"))
    });
    let mut methods = chunks.map(|x| (AdamsBashforth2.start(&plan), Some(x)));
    for step in plan.transitions() {
        for (method, x) in &mut methods {
            let rows = x.take().expect("rows");
            let none = &mut |_: &Transition| unreachable!("no noise");
            *x = Some(method.step(rows, &oracle, step, none).expect("a step"));
        }
    }
    assert_eq!(methods.map(|(_, x)| host(x.expect("rows"))), alone);
}

/// The level of a Gaussian N(mean, std²), its mean and variance.
fn marginal(level: &NoiseLevel, mean: f64, std: f64) -> (f64, f64) {
    let (alpha, sigma) = (level.alpha(), level.sigma());
    (alpha * mean, (alpha * std).powi(2) + sigma * sigma)
}

#[test]
fn a_rising_transition_leads_from_each_level_s_marginal_to_the_noisier_one_s() {
    let oracle = GaussianOracle::new(&[0.7], &[0.4]);
    for schedule in [Schedule::Karras, Schedule::Linear(100), Schedule::Flow(1.0)] {
        let levels = schedule.levels(6);
        let noisier = levels.clone();
        for (from, to) in levels.iter().chain([&NoiseLevel::CLEAN]).flat_map(|from| {
            let above = noisier.iter().filter(|to| to.ratio() > from.ratio());
            above.map(move |to| (*from, *to))
        }) {
            // x = 0, x = 1 and z = 1 give the transition's a, b and c.
            let x = rows(vec![0.0, 1.0, 0.0], [3, 1], DType::F64);
            let plan = Plan::from(from).to(to);
            let noise = &mut |_: &Transition| rows(vec![0.0, 0.0, 1.0], [3, 1], DType::F64);
            let x = sample(&Euler, &oracle, &plan, x, noise, &mut |_| {}).expect("drawn");
            let [b, a, c] = host(x)[..] else { panic!("three rows") };
            let ((a, c), (mean, variance)) = ((a - b, c - b), marginal(&from, 0.7, 0.4));
            let want = marginal(&to, 0.7, 0.4);
            let got = (a * mean + b, a * a * variance + c * c);
            // Three products of numbers of the size of the wanted ones.
            assert!((got.0 - want.0).abs() < 1e-14, "{from:?} {to:?}: {got:?} for {want:?}");
            assert!((got.1 / want.1 - 1.0).abs() < 1e-14, "{from:?} {to:?}: {got:?} for {want:?}");
            assert!(oracle.told.lock().expect("one thread").is_empty(), "no call");
        }
    }
}

#[test]
fn noise_is_added_by_the_transition_s_number_and_the_method_forgets() {
    let level = |sigma| NoiseLevel::new(1.0, sigma).expect("valid");
    // Restart sampling: down, up again, down once more to clean data.
    let plan = Plan::from(level(4.0)).to(level(2.0)).to(level(1.0)).to(level(3.0));
    let plan = plan.to(level(1.5)).to(NoiseLevel::CLEAN);
    let oracle = GaussianOracle::new(&[0.7, -0.2], &[0.4, 1.3]);
    let asked = RefCell::new(Vec::new());
    let mut seen = Vec::new();
    let noise = &mut |step: &Transition| {
        asked.borrow_mut().push(step.index);
        rows(vec![0.1, 0.2, -0.3, 0.4], [2, 2], DType::F64)
    };
    let observe = &mut |p: &crate::Progress| seen.push((p.level, p.x.clone()));
    let x = sample(&AdamsBashforth2, &oracle, &plan, start(), noise, observe).expect("drawn");
    assert_eq!(asked.into_inner(), [2], "the third transition rises");
    assert_eq!(
        seen.iter().map(|(level, _)| *level).collect::<Vec<_>>(),
        plan.visited().collect::<Vec<_>>()
    );
    // What comes after the rise is what a new method makes of the risen rows.
    let rest = Plan::from(level(3.0)).to(level(1.5)).to(NoiseLevel::CLEAN);
    let none = &mut |_: &Transition| unreachable!("no noise");
    let again = sample(&AdamsBashforth2, &oracle, &rest, seen[3].1.clone(), none, &mut |_| {});
    assert_eq!(host(x), host(again.expect("drawn")));
}

#[test]
fn an_error_of_the_denoiser_ends_the_sampling() {
    struct Fails;
    impl Denoiser for Fails {
        fn denoise(&self, x: Tensor<2>, level: &NoiseLevel) -> Result<Tensor<2>, CoreError> {
            match level.sigma() > 1.0 {
                true => Ok(x),
                false => Err(CoreError::Own(format!("nothing at {}", level.sigma()))),
            }
        }
    }
    let level = |sigma| NoiseLevel::new(1.0, sigma).expect("valid");
    let plan = Plan::through(&[level(2.0), level(1.0)], End::CLEAN).expect("levels");
    let none = &mut |_: &Transition| unreachable!("no noise");
    let drawn = sample(&Euler, &Fails, &plan, start(), none, &mut |_| {});
    assert_eq!(drawn.expect_err("fails").to_string(), "nothing at 1");
    let plan = Plan::from(level(2.0)).to(NoiseLevel::CLEAN).to(NoiseLevel::CLEAN);
    let drawn = sample(&Euler, &Fails, &plan, start(), none, &mut |_| {});
    let message = drawn.expect_err("from clean to clean").to_string();
    assert!(message.starts_with("plan: no step leads from sigma = 0"), "{message}");
}
