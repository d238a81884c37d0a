//! Filling in is exact on a Gaussian, where each step is `x' = A·x + b + Σ C·z`.
//!
//! The data has zero means, unit variances and correlation 0.8; the second feature is known. Given y = 1,
//! the first is N(0.8, 0.6²).

use std::cell::{Cell, RefCell};

use super::super::add_noise;
use super::*;
use crate::{
    AncestralVariance, Betas, Ddpm, End, Euler, Heun, Karras, NoiseLevel, Resampling,
    correlated::{Correlated, Matrix, host, product, rows},
    cosine_betas, sample,
};

const Y: f64 = 1.0;
const ANCESTRAL: Ddpm = Ddpm { variance: AncestralVariance::Lower, quiet_steps: 1 };

fn gaussian() -> Correlated {
    Correlated { mean: [0.0; 2], covariance: [[1.0, 0.8], [0.8, 1.0]] }
}

/// Filling in of so many rows; the open cells' known value must not count.
fn inpaint(sampler: &dyn Sampler, count: usize) -> Inpaint<'_> {
    let known = rows(&[f64::NAN, Y].repeat(count), 2);
    Inpaint::new(sampler, known, rows(&[0.0, 1.0].repeat(count), 2)).expect("valid")
}

/// The step of a method on the Gaussian without filling in, by its formula: A, and c of its noise `c · z`.
fn formula(is_ancestral: bool, step: &Transition) -> (Matrix, f64) {
    let (t, s) = (&step.from, &step.to);
    let kept = t.alpha() * s.sigma() / (s.alpha() * t.sigma());
    let renewed = if is_ancestral { 1.0 - kept * kept } else { 0.0 };
    // x' = alpha_s D + sigma_s sqrt(1 − tau) · (x − alpha_t D) / sigma_t, with D = gain · x.
    let of_x = s.sigma() * (1.0 - renewed).sqrt() / t.sigma();
    let of_clean = s.alpha() - t.alpha() * of_x;
    let mut a = gaussian().gain(t).map(|row| row.map(|gain| of_clean * gain));
    (0..2).for_each(|i| a[i][i] += of_x);
    (a, s.sigma() * renewed.sqrt())
}

/// Fixed numbers that pass for noise.
fn noise_of(step: usize, call: usize) -> [f64; 2] {
    [0, 1].map(|i| 1.5 * (1.0 + 7.3 * step as f64 + 2.9 * call as f64 + 1.7 * f64::from(i)).sin())
}

#[test]
fn every_step_is_the_formula_s_and_known_cells_are_replaced_with_noise_of_their_own() {
    let karras = Karras::new(0.05, 8.0, 7.0).expect("valid");
    let cosine = Betas::new(&cosine_betas(9).expect("valid")).expect("valid");
    let schedules: [&dyn NoiseSchedule; 2] = [&karras, &cosine];
    let resampling = Resampling { jump: 3, repeats: 2 };
    for (schedule, end) in schedules.iter().flat_map(|s| [(s, End::CLEAN), (s, End::LastLevel)]) {
        let plan = Plan::through(&schedule.levels(9).expect("levels"), end).expect("levels");
        let plan = resampling.plan(plan).expect("a plan");
        for (method, is_ancestral) in [(&Euler as &dyn Sampler, false), (&ANCESTRAL, true)] {
            let calls = RefCell::new(vec![0; plan.transitions().len()]);
            let noise = &mut |step: &Transition| {
                let call = calls.borrow()[step.index];
                calls.borrow_mut()[step.index] += 1;
                rows(&noise_of(step.index, call), 2)
            };
            let mut seen = Vec::new();
            let observe = &mut |p: &crate::Progress| seen.push(host(p.x.clone()));
            let x = rows(&[5.0, -3.0], 2);
            sample(&inpaint(method, 1), &gaussian(), &plan, x, noise, observe).expect("drawn");
            for (step, pair) in plan.transitions().iter().zip(seen.windows(2)) {
                let (x, got, s) = (&pair[0], &pair[1], &step.to);
                let [first, second] = [0, 1].map(|call| noise_of(step.index, call));
                let (want, asked) = if step.is_rising() {
                    let kept = s.alpha() / step.from.alpha();
                    let missing = s.sigma().powi(2) - (kept * step.from.sigma()).powi(2);
                    ([0, 1].map(|i| kept * x[i] + missing.sqrt() * first[i]), 1)
                } else {
                    let (a, c) = formula(is_ancestral, step);
                    let own = if is_ancestral { second } else { first };
                    let open = a[0][0] * x[0] + a[0][1] * x[1] + c * first[0];
                    let asked = if s.sigma() == 0.0 { 0 } else { 1 + usize::from(is_ancestral) };
                    ([open, s.alpha() * Y + s.sigma() * own[1]], asked)
                };
                assert_eq!(calls.borrow()[step.index], asked, "{step:?}");
                for (got, want) in got.iter().zip(want) {
                    assert!((got - want).abs() < 1e-13 * 10.0, "{step:?}: {got} for {want}");
                }
            }
            if end == End::CLEAN {
                assert_eq!(seen.last().expect("an end")[1], Y, "exactly");
            }
        }
    }
}

/// Exact mean and standard deviation of the open cell at the plan's end, over all draws of noise.
fn end_of(method: &dyn Sampler, plan: &Plan) -> [f64; 2] {
    // Row 0 is all zero, rows 1 and 2 have x_i = 1, and so on: z_i = 1 in the first call, in the second.
    const ROWS: usize = 7;
    let unit = |first: usize| {
        let mut values = [0.0; 2 * ROWS];
        (0..2).for_each(|i| values[2 * (first + i) + i] = 1.0);
        rows(&values, 2)
    };
    let (gaussian, inpaint) = (gaussian(), inpaint(method, ROWS));
    let mut steps = inpaint.start(plan);
    let variance = plan.start().sigma().powi(2);
    let (mut mean, mut covariance) = ([0.0; 2], [[variance, 0.0], [0.0, variance]]);
    for step in plan.transitions() {
        let calls = Cell::new(0);
        let noise = &mut |_: &Transition| unit(3 + 2 * calls.replace(calls.get() + 1));
        let next = if step.is_rising() {
            add_noise(unit(1), step, noise)
        } else {
            steps.step(unit(1), &gaussian, step, noise).expect("a step")
        };
        let next = host(next);
        let row = |k: usize| [next[2 * k], next[2 * k + 1]];
        let b = row(0);
        // Rows 1 + 2k and 2 + 2k, less row 0, are the columns of a matrix, here as rows.
        let columns = |k: usize| [1, 2].map(|i| [0, 1].map(|j| row(2 * k + i)[j] - b[j]));
        let [a, first, second] = [0, 1, 2].map(columns);
        mean = [0, 1].map(|j| a[0][j] * mean[0] + a[1][j] * mean[1] + b[j]);
        let transposed = |m: &Matrix| [0, 1].map(|i| [m[0][i], m[1][i]]);
        covariance = product(&product(&transposed(&a), &covariance), &a);
        for added in [first, second].map(|c| product(&transposed(&c), &c)) {
            (0..2).for_each(|i| (0..2).for_each(|j| covariance[i][j] += added[i][j]));
        }
    }
    [mean[0], covariance[0][0].sqrt()]
}

#[test]
fn replacement_ends_where_it_is_known_to_and_repeats_bring_it_nearer_to_the_exact_law() {
    let levels = Karras::new(0.002, 20.0, 7.0).expect("valid").levels(200).expect("levels");
    let plan = Plan::through(&levels, End::CLEAN).expect("levels");
    let ends = |method: &dyn Sampler| {
        [1, 2, 5, 10].map(|repeats| {
            let resampling = Resampling { jump: 10, repeats };
            end_of(method, &resampling.plan(plan.clone()).expect("a plan"))
        })
    };
    // Found by an independent program, too; exact are 0.8 and 0.6.
    let euler = [[0.345, 0.768], [0.496, 0.699], [0.659, 0.638], [0.729, 0.615]];
    let ancestral = [[0.494, 0.692], [0.625, 0.642], [0.728, 0.608], [0.764, 0.596]];
    for (method, want) in [(&Euler as &dyn Sampler, euler), (&ANCESTRAL, ancestral)] {
        let ends = ends(method);
        let off = ends.map(|[mean, std]| [(mean - 0.8).abs(), (std - 0.6).abs()]);
        for (got, want) in ends.as_flattened().iter().zip(want.as_flattened()) {
            assert!((got - want).abs() < 6e-4, "{ends:?} for {want:?}");
        }
        for pair in off.windows(2) {
            assert!(pair[1][0] < pair[0][0] && pair[1][1] < pair[0][1], "{ends:?}");
        }
    }
}

#[test]
fn cells_are_known_row_by_row() {
    let plan = Plan::from(NoiseLevel::new(1.0, 2.0).expect("valid")).to(NoiseLevel::CLEAN);
    let mask = [1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0];
    let known = [9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0];
    let inpaint = Inpaint::new(&Euler, rows(&known, 2), rows(&mask, 2)).expect("valid");
    let x = rows(&[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8], 2);
    let none = &mut |_: &Transition| unreachable!("no noise");
    let open =
        host(sample(&Euler, &gaussian(), &plan, x.clone(), none, &mut |_| {}).expect("drawn"));
    let got = host(sample(&inpaint, &gaussian(), &plan, x, none, &mut |_| {}).expect("drawn"));
    for i in 0..8 {
        assert_eq!(got[i], if mask[i] == 1.0 { known[i] } else { open[i] }, "cell {i}");
    }
}

/// Method that counts what it is asked, with a choice of levels of its own.
#[derive(Default)]
struct Asked(std::sync::Mutex<Vec<&'static str>>);

struct AskedSteps<'a>(&'a Asked);

impl Asked {
    fn note(&self, what: &'static str) {
        self.0.lock().expect("one thread").push(what);
    }
}

impl Sampler for Asked {
    fn start(&self, _plan: &Plan) -> Box<dyn Steps + '_> {
        self.note("start");
        Box::new(AskedSteps(self))
    }

    fn calls(&self, _step: &Transition) -> usize {
        7
    }

    fn refine(&self, plan: Plan, _schedule: &dyn NoiseSchedule) -> Result<Plan, CoreError> {
        Ok(plan.to(NoiseLevel::CLEAN))
    }

    fn adaptive(&self) -> Option<&dyn Adaptive> {
        Some(self)
    }

    fn amplification(&self, _step: &Transition) -> f64 {
        0.5
    }
}

impl Adaptive for Asked {
    fn adapt(&self, plan: Plan, _pilot: &crate::Pilot) -> Result<Plan, CoreError> {
        Ok(plan)
    }
}

impl Steps for AskedSteps<'_> {
    fn step(
        &mut self,
        x: Tensor<2>,
        _denoiser: &dyn Denoiser,
        _step: &Transition,
        _noise: &mut Noise,
    ) -> Result<Tensor<2>, CoreError> {
        self.0.note("step");
        Ok(x)
    }

    fn restart(&mut self) {
        self.0.note("restart");
    }
}

#[test]
fn the_method_itself_is_told_of_rises_and_asked_for_all_else() {
    let asked = Asked::default();
    let inpaint = inpaint(&asked, 1);
    let schedule = Karras::new(1.0, 4.0, 7.0).expect("valid");
    let plan = Plan::through(&schedule.levels(2).expect("levels"), End::LastLevel).expect("levels");
    let plan = inpaint.refine(plan, &schedule).expect("a plan");
    assert_eq!(plan.end(), NoiseLevel::CLEAN);
    let step = &plan.transitions()[0];
    assert_eq!((inpaint.calls(step), inpaint.amplification(step)), (7, 0.5));
    assert!(inpaint.adaptive().is_some());
    let plan = Resampling { jump: 2, repeats: 2 }.plan(plan).expect("a plan");
    let noise = &mut |_: &Transition| rows(&[0.0, 0.0], 2);
    sample(&inpaint, &gaussian(), &plan, rows(&[1.0, 2.0], 2), noise, &mut |_| {}).expect("drawn");
    let seen = asked.0.lock().expect("one thread").clone();
    assert_eq!(seen, ["start", "step", "step", "restart", "step", "step"]);
}

#[test]
fn a_method_s_order_and_dtype_stay() {
    let levels = Karras::new(0.1, 4.0, 7.0).expect("valid").levels(4).expect("levels");
    let plan = Plan::through(&levels, End::CLEAN).expect("levels");
    let none_known = |x: Tensor<2>| {
        let inpaint = Inpaint::new(&Heun, x.zeros_like(), x.zeros_like()).expect("valid");
        let noise = &mut |_: &Transition| x.ones_like();
        sample(&inpaint, &gaussian(), &plan, x.clone(), noise, &mut |_| {}).expect("drawn")
    };
    let x = rows(&[1.0, -3.0], 2);
    let none = &mut |_: &Transition| unreachable!("no noise");
    let own = sample(&Heun, &gaussian(), &plan, x.clone(), none, &mut |_| {}).expect("drawn");
    assert_eq!(host(none_known(x.clone())), host(own));
    assert_eq!(none_known(x.cast(DType::F32)).dtype(), DType::F32);
}

#[test]
fn masks_and_known_values_that_do_not_fit_are_refused() {
    let message = |known: Tensor<2>, mask: Tensor<2>| {
        Inpaint::new(&Euler, known, mask).err().expect("refused").to_string()
    };
    let pair = || rows(&[1.0, 2.0], 2);
    let message_of_shapes = message(pair(), rows(&[1.0, 0.0], 1));
    assert_eq!(
        message_of_shapes,
        "mask: must have the shape of the known rows, [1, 2], got [2, 1]"
    );
    let halves = message(pair(), rows(&[1.0, 0.5], 2));
    assert_eq!(halves, "mask: must be 1 in known cells and 0 in open ones, got 0.5");
    let unknown = message(rows(&[f64::NAN, 2.0], 2), rows(&[1.0, 0.0], 2));
    assert_eq!(unknown, "known: must be finite, got NaN");
    let inpaint = inpaint(&Euler, 2);
    let plan = Plan::from(NoiseLevel::new(1.0, 2.0).expect("valid")).to(NoiseLevel::CLEAN);
    let none = &mut |_: &Transition| unreachable!("no noise");
    let drawn = sample(&inpaint, &gaussian(), &plan, pair(), none, &mut |_| {});
    let message = drawn.expect_err("two rows are known").to_string();
    assert_eq!(message, "known: must have the shape of the sampled rows, [1, 2], got [2, 2]");
}
