//! Every step on a Gaussian against the papers' formulas, written here from the papers and in their
//! own variables: sigmas (EDM; Song et al. 2021), alpha-bars (DDPM, DDIM), times (rectified flow).

use burn::tensor::DType;

use super::{
    Affine, End, GaussianOracle, Method, SIGMA_MAX, SIGMA_MIN, Schedule, T_MIN, Transition, probe,
};

/// A Gaussian along one axis: mean and standard deviation.
type Gaussian = (f64, f64);

/// `levels` numbers from `a` to `b`.
fn linspace(a: f64, b: f64, levels: usize) -> Vec<f64> {
    (0..levels).map(|i| a + (b - a) * i as f64 / (levels - 1).max(1) as f64).collect()
}

/// EDM's sigmas: equation 5, then the 0 that algorithm 1 ends at.
fn edm_sigmas(levels: usize) -> Vec<f64> {
    let ends = (SIGMA_MAX.powf(1.0 / 7.0), SIGMA_MIN.powf(1.0 / 7.0));
    linspace(ends.0, ends.1, levels).iter().map(|root| root.powf(7.0)).chain([0.0]).collect()
}

/// The alpha-bars of `levels` levels evenly spaced in k, then the 1 of clean data.
fn alpha_bars(betas: &[f64], levels: usize) -> Vec<f64> {
    let products: Vec<f64> = betas
        .iter()
        .scan(1.0, |product, beta| {
            *product *= 1.0 - beta;
            Some(*product)
        })
        .collect();
    let last = (betas.len() - 1) as f64;
    // numpy's round, as in diffusers' "linspace", takes ties to even.
    let chosen = linspace(last, 0.0, levels).into_iter().map(|k| k.round_ties_even() as usize);
    chosen.map(|k| products[k]).chain([1.0]).collect()
}

/// DDPM's linear betas. Source: Ho et al. 2020, section 4.
fn ddpm_betas(count: usize) -> Vec<f64> {
    let scale = 1000.0 / count as f64;
    linspace(1e-4 * scale, 0.02 * scale, count)
}

/// Improved DDPM's cosine betas. Source: Nichol & Dhariwal 2021, section 3.2.
fn improved_ddpm_betas(count: usize) -> Vec<f64> {
    let bar =
        |t: f64| ((t / count as f64 + 0.008) / 1.008 * std::f64::consts::FRAC_PI_2).cos().powi(2);
    (0..count).map(|t| (1.0 - bar((t + 1) as f64) / bar(t as f64)).min(0.999)).collect()
}

/// A grid in its papers' own variable, with clean data at its end.
enum Grid {
    Sigmas(Vec<f64>),
    AlphaBars(Vec<f64>),
    Times(Vec<f64>),
}

impl Grid {
    fn new(schedule: Schedule, levels: usize) -> Self {
        match schedule {
            Schedule::Karras => Self::Sigmas(edm_sigmas(levels)),
            Schedule::Linear(count) => Self::AlphaBars(alpha_bars(&ddpm_betas(count), levels)),
            Schedule::Cosine(count) => {
                Self::AlphaBars(alpha_bars(&improved_ddpm_betas(count), levels))
            }
            Schedule::Flow(t_max) => {
                Self::Times(linspace(t_max, T_MIN, levels).into_iter().chain([0.0]).collect())
            }
        }
    }

    /// The paper's step i as a function of x and z.
    fn published(&self, method: Method, i: usize, g: Gaussian) -> Box<dyn Fn(f64, f64) -> f64> {
        match self {
            Self::Sigmas(sigmas) => exploding(method, sigmas[i], sigmas[i + 1], g),
            Self::AlphaBars(bars) => preserving(method, bars[i], bars[i + 1], g),
            Self::Times(times) => straight(method, times[i], times[i + 1], g),
        }
    }
}

/// A step of the papers that write `x = x_0 + sigma · eps`.
fn exploding(method: Method, s: f64, next: f64, (m, d): Gaussian) -> Box<dyn Fn(f64, f64) -> f64> {
    let denoised = move |x: f64, s: f64| (d * d * x + s * s * m) / (d * d + s * s);
    let score = move |x: f64| (m - x) / (d * d + s * s);
    // Song et al. 2021 (SDE), equation 47; k-diffusion's get_ancestral_step.
    let up = (next * next * (s * s - next * next) / (s * s)).sqrt();
    match method {
        // EDM, algorithm 1, lines 4, 5 and, for Heun, 6 to 8.
        Method::Euler => Box::new(move |x, _| x + (next - s) * (x - denoised(x, s)) / s),
        Method::Heun => Box::new(move |x, _| {
            let slope = (x - denoised(x, s)) / s;
            let euler = x + (next - s) * slope;
            if next == 0.0 {
                return euler;
            }
            let slope_next = (euler - denoised(euler, next)) / next;
            x + (next - s) * (0.5 * slope + 0.5 * slope_next)
        }),
        // k-diffusion, sample_dpm_2 without churn.
        Method::Dpm2 => Box::new(move |x, _| {
            let slope = (x - denoised(x, s)) / s;
            if next == 0.0 {
                return x + (next - s) * slope;
            }
            let middle = ((s.ln() + next.ln()) / 2.0).exp();
            let x_2 = x + slope * (middle - s);
            x + (x_2 - denoised(x_2, middle)) / middle * (next - s)
        }),
        Method::Ddim(eta) => Box::new(move |x, z| {
            let up = eta * up;
            let down = (next * next - up * up).sqrt();
            x + (x - denoised(x, s)) / s * (down - s) + up * z
        }),
        Method::Lower => Box::new(move |x, z| x + (s * s - next * next) * score(x) + up * z),
        // Song et al. 2021 (SDE), equation 46, without noise in the last step.
        Method::Upper => {
            let std = if next == 0.0 { 0.0 } else { (s * s - next * next).sqrt() };
            Box::new(move |x, z| x + (s * s - next * next) * score(x) + std * z)
        }
    }
}

/// A step of the papers that write `x = sqrt(alpha_bar) · x_0 + sqrt(1 − alpha_bar) · eps`.
fn preserving(
    method: Method,
    bar: f64,
    next: f64,
    (m, d): Gaussian,
) -> Box<dyn Fn(f64, f64) -> f64> {
    let eps_at = move |x: f64, bar: f64| {
        (1.0 - bar).sqrt() * (x - bar.sqrt() * m) / (bar * d * d + 1.0 - bar)
    };
    let x0_at = move |x: f64, bar: f64| {
        (bar.sqrt() * d * d * x + (1.0 - bar) * m) / (bar * d * d + 1.0 - bar)
    };
    let (eps, x0) = (move |x| eps_at(x, bar), move |x| x0_at(x, bar));
    // DDIM, equation 12 with the sigma of equation 16.
    let ddim = move |eta: f64| {
        let std = eta * ((1.0 - next) / (1.0 - bar)).sqrt() * (1.0 - bar / next).sqrt();
        move |x, z| {
            next.sqrt() * x0(x) + (1.0 - next - std * std).max(0.0).sqrt() * eps(x) + std * z
        }
    };
    // DDPM, algorithm 2, line 4, with the beta of the two levels.
    let ddpm = move |variance: f64| {
        let (alpha, beta) = (bar / next, 1.0 - bar / next);
        let std = if next == 1.0 { 0.0 } else { variance.sqrt() };
        move |x, z| (x - beta / (1.0 - bar).sqrt() * eps(x)) / alpha.sqrt() + std * z
    };
    let beta = 1.0 - bar / next;
    match method {
        Method::Euler => Box::new(ddim(0.0)),
        Method::Ddim(eta) => Box::new(ddim(eta)),
        // DPM-Solver, algorithm 1 with r_1 = 1/2: lambda = ln(alpha / sigma), h its change.
        Method::Dpm2 => Box::new(move |x, _| {
            if next == 1.0 {
                return x0(x);
            }
            let lambda = |bar: f64| 0.5 * (bar / (1.0 - bar)).ln();
            let h = lambda(next) - lambda(bar);
            let middle = 1.0 / (1.0 + (-2.0 * (lambda(bar) + h / 2.0)).exp());
            let u = (middle / bar).sqrt() * x - (1.0 - middle).sqrt() * (h / 2.0).exp_m1() * eps(x);
            (next / bar).sqrt() * x - (1.0 - next).sqrt() * h.exp_m1() * eps_at(u, middle)
        }),
        Method::Lower => Box::new(ddpm((1.0 - next) / (1.0 - bar) * beta)),
        Method::Upper => Box::new(ddpm(beta)),
        // Heun along the chord: the mean of two slopes, each D · d alpha + eps · d sigma.
        Method::Heun => Box::new(move |x, _| {
            let d_alpha = next.sqrt() - bar.sqrt();
            let d_sigma = (1.0 - next).sqrt() - (1.0 - bar).sqrt();
            let slope = d_alpha * x0(x) + d_sigma * eps(x);
            if next == 1.0 {
                return x0(x);
            }
            let slope_next = d_alpha * x0_at(x + slope, next) + d_sigma * eps_at(x + slope, next);
            x + (slope + slope_next) / 2.0
        }),
    }
}

/// A step of the papers that write `x = (1 − t) · x_0 + t · eps`.
fn straight(method: Method, t: f64, next: f64, (m, d): Gaussian) -> Box<dyn Fn(f64, f64) -> f64> {
    let variance = move |t: f64| (1.0 - t).powi(2) * d * d + t * t;
    let x0 = move |x: f64, t: f64| ((1.0 - t) * d * d * x + t * t * m) / variance(t);
    let eps = move |x: f64, t: f64| t * (x - (1.0 - t) * m) / variance(t);
    let velocity = move |x: f64, t: f64| eps(x, t) - x0(x, t);
    // The Markov chain through both levels is x_t = keep · x_next + N(0, forward). By Bayes, the density
    // of x_next given x_t and x_0 is proportional to the product of two Gaussians.
    let keep = (1.0 - t) / (1.0 - next);
    let forward = t * t - (keep * next).powi(2);
    let posterior = next * next * forward / (forward + (keep * next).powi(2));
    let mean = move |x: f64| {
        (forward * (1.0 - next) * x0(x, t) + next * next * keep * x)
            / (forward + (keep * next).powi(2))
    };
    match method {
        Method::Euler => Box::new(move |x, _| x + (next - t) * velocity(x, t)),
        Method::Heun => Box::new(move |x, _| {
            let euler = x + (next - t) * velocity(x, t);
            if next == 0.0 {
                return euler;
            }
            x + (next - t) * (velocity(x, t) + velocity(euler, next)) / 2.0
        }),
        // DPM-Solver, algorithm 1 with r_1 = 1/2, at alpha = 1 − t and sigma = t.
        Method::Dpm2 => Box::new(move |x, _| {
            if next == 0.0 || t == 1.0 {
                return x + (next - t) * velocity(x, t);
            }
            let lambda = |t: f64| ((1.0 - t) / t).ln();
            let h = lambda(next) - lambda(t);
            let middle = 1.0 / (1.0 + (lambda(t) + h / 2.0).exp());
            let u = (1.0 - middle) / (1.0 - t) * x - middle * (h / 2.0).exp_m1() * eps(x, t);
            (1.0 - next) / (1.0 - t) * x - next * h.exp_m1() * eps(u, middle)
        }),
        Method::Ddim(eta) => Box::new(move |x, z| {
            let renewed = eta * eta * posterior;
            (1.0 - next) * x0(x, t)
                + (next * next - renewed).sqrt() * eps(x, t)
                + renewed.sqrt() * z
        }),
        Method::Lower => Box::new(move |x, z| mean(x) + posterior.sqrt() * z),
        Method::Upper => {
            let std = if next == 0.0 { 0.0 } else { forward.sqrt() };
            Box::new(move |x, z| mean(x) + std * z)
        }
    }
}

const SCHEDULES: [Schedule; 6] = [
    Schedule::Karras,
    Schedule::Linear(1000),
    Schedule::Linear(50),
    Schedule::Cosine(1000),
    Schedule::Flow(1.0),
    Schedule::Flow(0.99),
];

/// Every schedule with its numbers of levels: one, two, some, and all (40 of a continuous path).
fn grids() -> impl Iterator<Item = (Schedule, usize)> {
    SCHEDULES.into_iter().flat_map(|schedule| {
        let counts = match schedule {
            Schedule::Linear(count) | Schedule::Cosine(count) => [1, 2, 25, count],
            _ => [1, 2, 12, 40],
        };
        counts.map(|count| (schedule, count))
    })
}

/// The distance that rounding may put between two ways to compute the same step.
///
/// It matters where the step weights a difference of numbers near 1 by far more than 1; elsewhere it is
/// far below the tolerance.
fn rounding(method: Method, step: &Transition, dtype: DType) -> f64 {
    let (t, s) = (&step.from, &step.to);
    // The papers' DDPM and DDIM divide x − sigma · eps by alpha; this test does so in f64.
    let by_alpha = 4.0 * f64::EPSILON * s.alpha() / t.alpha();
    // Heun's difference of slopes has a weight of the size sigma_t / sigma_s: 40000 from 80 to 0.002.
    let epsilon = if dtype == DType::F32 { f64::from(f32::EPSILON) } else { f64::EPSILON };
    let by_length = 4.0 * epsilon * s.alpha() * t.sigma() / s.sigma();
    match method {
        // DPM-Solver's own form has x / alpha as a term, in f64, times the weight that our difference of
        // estimates has: alpha_s · r_t / r_m. Where it writes 1 − alpha_bar for sigma², near clean data
        // that loses digits, too; and rounding of its h = ln(r_t / r_s) is multiplied by h in exp(h).
        Method::Dpm2 if let [m] = &step.between[..] => {
            let weight = s.alpha() * t.ratio() / m.ratio();
            let is_preserving = (t.alpha().hypot(t.sigma()) - 1.0).abs() < 1e-9;
            let lost = if is_preserving { s.alpha() / s.sigma().powi(2) } else { 0.0 };
            (4.0 + (t.ratio() / s.ratio()).ln())
                * (weight * epsilon).max(weight.max(lost) * f64::EPSILON / t.alpha())
        }
        Method::Heun if s.sigma() > 0.0 => by_length,
        _ if t.alpha() > 0.0 => by_alpha,
        _ => 0.0,
    }
}

/// Fails unless every step of every grid is the paper's, on one axis and on two.
fn compare(method: Method, dtype: DType, tolerance: f64) {
    for (mean, std) in [(vec![0.7], vec![0.4]), (vec![-1.3, 0.2], vec![1.7, 0.05])] {
        let oracle = GaussianOracle::new(&mean, &std);
        for (schedule, count) in grids() {
            let plan = schedule.plan(method, count, End::CLEAN);
            let (steps, grid) = (plan.transitions(), Grid::new(schedule, count));
            assert_eq!(steps.len(), count, "as many steps as levels");
            for step in steps {
                let probed = probe(method.sampler().as_ref(), &oracle, &plan, step, dtype);
                let tolerance = |size: f64| {
                    (tolerance * size.abs().max(1.0)).max(rounding(method, step, dtype))
                };
                for (axis, got) in probed.iter().enumerate() {
                    let at = format!(
                        "{method:?}, {schedule:?}, {count} levels, step {}, axis {axis}",
                        step.index
                    );
                    let formula = grid.published(method, step.index, (mean[axis], std[axis]));
                    let b = formula(0.0, 0.0);
                    let want = Affine { a: formula(1.0, 0.0) - b, b, c: formula(0.0, 1.0) - b };
                    if step.index + 1 == count || method.is_deterministic() {
                        assert_eq!(got.c, 0.0, "{at}: no noise");
                    }
                    for (got, want) in [(got.a, want.a), (got.b, want.b), (got.c, want.c)] {
                        let off = (got - want).abs();
                        assert!(
                            off <= tolerance(want),
                            "{at}: {got:e} for {want:e}, off by {off:e}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn every_step_is_the_papers_in_f64() {
    Method::ALL.into_iter().for_each(|method| compare(method, DType::F64, 1e-12));
}

#[test]
fn every_step_is_the_papers_in_f32() {
    Method::ALL.into_iter().for_each(|method| compare(method, DType::F32, 1e-5));
}
