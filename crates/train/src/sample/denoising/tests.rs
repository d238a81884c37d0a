//! Denoisers whose errors are known in closed form, or whose faults were planted.

use langevin_core::{
    Activation, CoreError, MixtureOracle, MlpConfig, NoiseSchedule, RectifiedFlow,
};
use langevin_data::{
    Gaussian, GaussianMixture, Holdout, SplitOptions, Stream, Table, TableData, TableOptions,
    measure::Estimate,
};

use super::*;
use crate::{config::parse_config, engine::RunDenoiser};

const KARRAS: &str = r#"{ "kind": "karras", "sigma_min": 0.01, "sigma_max": 20 }"#;
const FLOW: &str = r#"{ "kind": "rectified_flow", "t_min": 0.1 }"#;
/// Standard deviation of the data.
const D: f64 = 0.7;

/// A problem of 20 levels.
fn problem(schedule: &str) -> Problem {
    let text = format!(
        r#"{{
            "name": "t",
            "data": {{ "kind": "gaussian", "mean": [0, 0], "std": {D} }},
            "noise": {{ "schedule": {schedule} }},
            "denoiser": {{ "network": {{ "kind": "mlp", "width": 8 }},
                           "prediction": {{ "kind": "velocity" }},
                           "embedding": {{ "kind": "column", "of": "sigma" }} }},
            "train": {{ "steps": 10, "batch": 4, "optimizer": {{ "kind": "adam" }},
                       "learning_rate": {{ "kind": "constant", "value": 1e-3 }} }},
            "sample": {{ "sampler": {{ "kind": "euler", "steps": 20 }}, "start": {{ "kind": "marginal" }},
                         "count": 8 }}
        }}"#
    );
    Problem::new(parse_config("t", &text, &[]).expect("valid")).expect("valid")
}

fn gaussian() -> Gaussian {
    Gaussian::new(vec![0.4, -0.3], D).expect("valid")
}

fn two_modes() -> GaussianMixture {
    GaussianMixture::new(vec![vec![-1.0, 0.0], vec![1.0, 0.0]], 0.1, None).expect("valid")
}

fn errors(problem: &Problem, data: &dyn Dataset, denoiser: &dyn Denoiser) -> Denoising {
    try_errors(problem, data, denoiser).expect("measured")
}

fn try_errors(
    problem: &Problem,
    data: &dyn Dataset,
    denoiser: &dyn Denoiser,
) -> Result<Denoising, TrainError> {
    denoising_errors(
        problem,
        5,
        data,
        denoiser,
        &Device::flex(),
        &mut |_| ControlFlow::Continue(()),
    )
}

/// Denoiser by a function of a noisy row, on the host.
struct OfRow<F>(F);

fn of_row<F: Fn(&[f64], &NoiseLevel) -> Option<Vec<f64>> + Sync>(of: F) -> OfRow<F> {
    OfRow(of)
}

impl<F: Fn(&[f64], &NoiseLevel) -> Option<Vec<f64>> + Sync> Denoiser for OfRow<F> {
    fn denoise(&self, x: Tensor<2>, level: &NoiseLevel) -> Result<Tensor<2>, CoreError> {
        let (shape, device) = (x.dims(), x.device());
        let rows: Vec<f64> = x.into_data().iter::<f64>().collect();
        let none = || CoreError::Own("no estimate".to_owned());
        let row = |row| (self.0)(row, level).ok_or_else(none);
        let rows: Result<Vec<_>, _> = rows.chunks_exact(shape[1]).map(row).collect();
        let values: Vec<f32> = rows?.concat().into_iter().map(|v| v as f32).collect();
        Ok(Tensor::from_data(TensorData::new(values, shape), &device))
    }
}

fn near(found: Estimate, want: f64) -> bool {
    (found.mean - want).abs() < 5.0 * found.standard_error
}

#[test]
fn the_oracle_has_no_regret() {
    let (problem, data) = (problem(KARRAS), two_modes());
    let found = errors(&problem, &data, &MixtureOracle::new(data.clone()));
    assert_eq!((found.levels.len(), found.rows, found.pairs, found.left_out), (20, 2048, 2048, 0));
    for level in &found.levels {
        let relative = level.relative_regret().expect("known");
        assert!(relative < 1e-6, "sigma = {}: {relative}", level.sigma);
        // Each estimate is rounded to 24 bits, so off by 2^-24 of itself at most; E |D|² <= E |x_0|².
        let most = 2_f64.powi(-48) * (1.0 + 2.0 * 0.01) * 1.05;
        assert!(level.regret.expect("known").mean <= most, "sigma = {}", level.sigma);
        assert_eq!(level.independent, None, "needed only where the optimum is not known");
    }
    let regret = found.regret.expect("known");
    assert!(regret.nats < 1e-6, "{regret:?}");
}

/// On N(m, d² I) the constant m has the regret `alpha² d⁴ / (alpha² d² + sigma²)` a feature, the optimum
/// the error `d² sigma² / (alpha² d² + sigma²)`, and the constant their sum, d².
#[test]
fn a_constant_has_its_closed_regret() {
    for schedule in [KARRAS, FLOW] {
        let (problem, data) = (problem(schedule), gaussian());
        let found = errors(&problem, &data, &of_row(|_, _| Some(vec![0.4, -0.3])));
        let variance = D * D;
        for level in &found.levels {
            let (signal, noise) = (level.alpha * level.alpha * variance, level.sigma * level.sigma);
            let regret = level.regret.expect("known");
            let at = format!("alpha = {}, sigma = {}", level.alpha, level.sigma);
            assert!(near(level.error, 2.0 * variance), "{at}: {:?}", level.error);
            let optimum = level.optimum.expect("known");
            assert!(near(optimum, 2.0 * variance * noise / (signal + noise)), "{at}: {optimum:?}");
            if level.alpha == 0.0 {
                // Without signal the mean is the optimum, but for its rounding.
                assert!(regret.mean < 1e-14, "{at}: {regret:?}");
                continue;
            }
            let want = 2.0 * variance * signal / (signal + noise);
            assert!(near(regret, want), "{at}: {regret:?} for {want}");
            // Half of its square sum is a chi-squared variable of 2 degrees, as wide as its mean; its spread
            // over 2048 rows is itself known within √(8 / 2048) / 2 = 0.031 of it.
            let relative = regret.standard_error / regret.mean * 2048_f64.sqrt();
            assert!((relative - 1.0).abs() < 4.5 * 0.031, "{at}: {relative}");
            // The constant is the one that is always measured beside.
            assert!((level.constant.mean - level.error.mean).abs() < 1e-6, "{at}");
        }
        let regret = found.regret.expect("known");
        let closed = |snr: f64| variance * snr - (variance * snr).ln_1p();
        let want = closed(regret.snr[1]) - closed(regret.snr[0]);
        let snrs: Vec<f64> =
            found.levels.iter().map(|l| l.snr()).filter(|snr| *snr > 0.0).collect();
        assert_eq!(regret.snr, [snrs[0], snrs[snrs.len() - 1]]);
        // The trapezoidal rule over the levels, whose own error the measure's tests bound.
        let f = |snr: f64| snr * variance * (variance * snr) / (1.0 + variance * snr);
        let pieces = snrs.windows(2).map(|s| 0.5 * (f(s[0]) + f(s[1])) * (s[1] / s[0]).ln());
        let rule: f64 = pieces.sum();
        assert!((rule / want - 1.0).abs() < 0.2 && rule > want, "{rule} {want}");
        assert!((regret.nats - rule).abs() < 5.0 * regret.standard_error, "{regret:?} for {rule}");
        assert!(regret.standard_error < 0.05 * regret.nats, "{regret:?}");
    }
}

#[test]
fn told_the_next_level_it_has_more_regret_at_that_level_alone() {
    let (problem, data) = (problem(KARRAS), two_modes());
    let oracle = MixtureOracle::new(data.clone());
    let exact = errors(&problem, &data, &oracle);
    let levels: Vec<_> = problem.sampling_levels().collect();
    for told in [3, 8, 14, 18] {
        let wrong = of_row(|x: &[f64], level: &NoiseLevel| {
            let place = levels.iter().position(|own| own == level)?;
            let level = if place == told { &levels[told + 1] } else { level };
            Some(data.posterior_mean(x, level.alpha(), level.sigma()))
        });
        let found = errors(&problem, &data, &wrong);
        for (i, (found, exact)) in found.levels.iter().zip(&exact.levels).enumerate() {
            let relative = found.relative_regret().expect("known");
            if i == told {
                assert!(relative > 1e-3, "level {told}: {relative}");
                let regret = found.regret.expect("known");
                assert!(regret.mean > 20.0 * regret.standard_error, "level {told}: {regret:?}");
            } else {
                assert_eq!(found, exact, "level {i}");
            }
        }
        assert_eq!(found.worst().expect("known").sigma, levels[told].sigma());
    }
}

#[test]
fn the_number_of_threads_changes_no_bit_and_every_level_has_noise_of_its_own() {
    let (problem, data) = (problem(KARRAS), two_modes());
    let extra = problem.diffusion().embedding.features();
    let config = MlpConfig::new(2, extra, 16, 2, Activation::Silu);
    let networks = [config.init(&Streams::new(1), &Device::flex()).expect("valid")];
    let denoiser = RunDenoiser::new(problem.diffusion(), &networks);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| errors(&problem, &data, &denoiser))
    };
    let one = on(1);
    assert_eq!(one, on(5));
    assert_eq!(one, errors(&problem, &data, &denoiser));
    // The error of the row x / alpha itself is sigma² |eps|²: equal noise would give equal ratios.
    let found = errors(&problem, &data, &of_row(|x, _| Some(x.to_vec())));
    let ratio = |i: usize| found.levels[i].error.mean / found.levels[i].sigma.powi(2);
    assert!((ratio(0) - ratio(1)).abs() > 1e-4, "{} {}", ratio(0), ratio(1));
    assert!((ratio(0) - 2.0).abs() < 5.0 * 2.0 / 64.0, "{}", ratio(0));
}

#[test]
fn few_rows_are_taken_several_times_and_measured_beside_independent_features() {
    let value = |i: i32, j: i32| (i * (7 + 4 * j) + i * i * j) % 23;
    let text: String = (0..200).map(|i| format!("{},{}\n", value(i, 0), value(i, 1))).collect();
    let table = Table::from_bytes("t", text.as_bytes(), &TableOptions::default()).expect("sound");
    let split = SplitOptions { holdout: Holdout::Share(0.1), ..SplitOptions::default() };
    let data = TableData::new(table, &split).expect("sound");
    let training: Vec<f64> = (0..180)
        .flat_map(|i| {
            let mut row = [0.0; 2];
            data.row(Part::Training, i, &mut row);
            row
        })
        .collect();
    let fitted = IndependentFeatures::fit(Rows::new("t", 2, &training).expect("valid"));
    let denoiser =
        of_row(|x: &[f64], level: &NoiseLevel| Some(fitted.at(level.alpha(), level.sigma())(x)));
    let found = errors(&problem(KARRAS), &data, &denoiser);
    // 20 rows, as often as gives at least 2048 pairs.
    assert_eq!((found.rows, found.pairs, found.regret), (20, 20 * 103, None));
    assert!(found.worst().is_none());
    for level in &found.levels {
        assert_eq!((level.optimum, level.regret), (None, None));
        let independent = level.independent.expect("measured");
        // The same denoiser on the same rows and noise, but for the rounding of D to 24 bits.
        let off = (level.error.mean - independent.mean).abs() / independent.mean.max(1e-6);
        assert!(off < 1e-5, "sigma = {}: {off}", level.sigma);
    }
    // Without noise to speak of it finds the row among the values, under much noise no more than the mean.
    let (first, last) = (&found.levels[0], &found.levels[19]);
    let [first_mean, last_mean] = [first, last].map(|l| l.independent.expect("measured").mean);
    assert!(last_mean < 1e-3 * last.constant.mean, "{last:?}");
    assert!((first_mean / first.constant.mean - 1.0).abs() < 0.02, "{first:?}");
    // A standard error over 20 rows, which is not made smaller by more noise for each.
    let relative = first.constant.standard_error / first.constant.mean;
    assert!((0.08..0.4).contains(&relative), "{relative}");
}

#[test]
fn levels_without_a_finite_estimate_are_left_out() {
    let (problem, data) = (problem(KARRAS), gaussian());
    let levels: Vec<_> = problem.sampling_levels().collect();
    let denoiser = of_row(|x: &[f64], level: &NoiseLevel| {
        let place = levels.iter().position(|own| own == level)?;
        (place != 4).then(|| if place == 9 { vec![f64::NAN; 2] } else { x.to_vec() })
    });
    let found = errors(&problem, &data, &denoiser);
    assert_eq!((found.levels.len(), found.left_out), (18, 2));
    let left: Vec<f64> = found.levels.iter().map(|level| level.sigma).collect();
    assert!(!left.contains(&levels[4].sigma()) && !left.contains(&levels[9].sigma()));
}

#[test]
fn each_level_is_measured_once_and_no_more_than_128() {
    let levels = RectifiedFlow::new(0.001, 1.0).expect("valid").levels(300).expect("levels");
    let measured = measured_levels(levels.clone());
    assert_eq!((measured.len(), measured[0], measured[127]), (128, levels[0], levels[299]));
    let few = levels[..5].to_vec();
    let repeated: Vec<_> = [&few[..], &few[1..], &few[4..]].concat();
    assert_eq!(measured_levels(repeated), few);
    assert_eq!(measured_levels(few[..1].to_vec()), few[..1]);
    assert!(measured_levels(Vec::new()).is_empty());
}

/// Data of a user's own, whose posterior means are too few.
struct TooFew;

impl Dataset for TooFew {
    fn features(&self) -> usize {
        2
    }
    fn words_per_row(&self) -> u64 {
        2
    }
    fn draw(&self, _part: Part, stream: &mut Stream, rows: &mut [f64]) {
        stream.fill_normal_rows(rows, 2);
    }
    fn posterior_means(&self, rows: &[f64], _alpha: f64, _sigma: f64) -> Option<Vec<f64>> {
        Some(rows[1..].to_vec())
    }
}

#[test]
fn posterior_means_of_another_number_are_refused_and_a_stop_ends_it() {
    let (problem, denoiser) = (problem(KARRAS), of_row(|x, _| Some(x.to_vec())));
    let message = try_errors(&problem, &TooFew, &denoiser).expect_err("too few").to_string();
    assert_eq!(message, "data: must give 1024 numbers as posterior means, got 1023");
    let (mut heard, device) = (Vec::new(), Device::flex());
    let mut stop = |share: f64| {
        heard.push(share);
        if heard.len() == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let stopped = denoising_errors(&problem, 5, &gaussian(), &denoiser, &device, &mut stop);
    assert!(matches!(stopped, Err(TrainError::Interrupted)));
    assert_eq!(heard, [0.05, 0.1]);
}
