//! Guidance is exact on Gaussians, where guided estimates are lines, and rescales each row by itself.

use std::sync::atomic::{AtomicUsize, Ordering};

use burn::tensor::{DType, Device};
use langevin_data::{GaussianMixture, Streams};

use super::*;
use crate::{
    Activation, Conditioned, End, Euler, Karras, LevelEmbeddingConfig, LevelGrid, MixtureOracle,
    MlpConfig, NetworkDenoiser, NoiseSchedule, NoiseShare, Plan, Prediction, Transition,
    correlated::{host, rows},
    sample,
};

/// Mean and standard deviation of the strong and of the weak denoiser's data.
const STRONG: (f64, f64) = (1.3, 0.4);
const WEAK: (f64, f64) = (-0.2, 1.1);

fn oracle((mean, std): (f64, f64)) -> MixtureOracle {
    MixtureOracle::new(GaussianMixture::new(vec![vec![mean]], std, None).expect("valid"))
}

/// Slope and offset of the exact estimate of a Gaussian: `m + alpha s² / (alpha² s² + sigma²) · (x − alpha m)`.
fn line((mean, std): (f64, f64), level: &NoiseLevel) -> (f64, f64) {
    let (alpha, variance) = (level.alpha(), std * std);
    let slope = alpha * variance / (alpha * alpha * variance + level.sigma().powi(2));
    (slope, mean - slope * alpha * mean)
}

/// Slope and offset of the guided estimate: `w` times the strong one's and `1 − w` times the weak one's.
fn guided_line(weight: f64, level: &NoiseLevel) -> (f64, f64) {
    let ((a, b), (a_0, b_0)) = (line(STRONG, level), line(WEAK, level));
    (weight * a + (1.0 - weight) * a_0, weight * b + (1.0 - weight) * b_0)
}

fn level(alpha: f64, sigma: f64) -> NoiseLevel {
    NoiseLevel::new(alpha, sigma).expect("valid")
}

fn by_weight(weight: f64) -> Guidance {
    Guidance { weight, ..Guidance::default() }
}

#[test]
fn the_guided_estimate_of_gaussians_is_the_line_of_the_formula() {
    let (strong, weak) = (oracle(STRONG), oracle(WEAK));
    for weight in [0.0, 0.3, 1.0, 1.5, 4.0] {
        let guided = Guided::new(&strong, &weak, by_weight(weight));
        for level in [level(1.0, 0.05), level(1.0, 2.0), level(0.6, 0.8), level(0.0, 1.0)] {
            let x = [0.0, 1.0, -2.5];
            let got = host(guided.denoise(rows(&x, 1), &level).expect("a level"));
            let (a, b) = guided_line(weight, &level);
            for (got, x) in got.iter().zip(x) {
                let want = a * x + b;
                // A few roundings of numbers below 30.
                assert!((got - want).abs() < 3e-14, "{weight} {level:?}: {got} for {want}");
            }
        }
    }
}

#[test]
fn guided_sampling_ends_with_the_mean_and_variance_of_its_lines() {
    let levels = Karras::new(0.01, 30.0, 7.0).expect("valid").levels(12).expect("levels");
    let plan = Plan::through(&levels, End::CLEAN).expect("levels");
    let (strong, weak) = (oracle(STRONG), oracle(WEAK));
    let mut ends = Vec::new();
    for weight in [0.0, 0.5, 1.0, 2.5] {
        // Euler's step is x' = k x + (1 − k) D for alpha = 1, with k = sigma' / sigma.
        let (mut mean, mut variance) = (0.0, 900.0);
        for step in plan.transitions() {
            let kept = step.to.sigma() / step.from.sigma();
            let (a, b) = guided_line(weight, &step.from);
            let slope = kept + (1.0 - kept) * a;
            (mean, variance) = (slope * mean + (1.0 - kept) * b, slope * slope * variance);
        }
        let guided = Guided::new(&strong, &weak, by_weight(weight));
        let none = &mut |_: &Transition| unreachable!("no noise");
        let x = rows(&[0.0, 30.0, -75.0], 1);
        let end = host(sample(&Euler, &guided, &plan, x, none, &mut |_| {}).expect("drawn"));
        // The end is a line of the start, through its mean and one deviation above.
        let std = end[1] - end[0];
        assert!((end[0] - mean).abs() < 1e-12, "{weight}: {end:?} for {mean}");
        assert!((std * std - variance).abs() < 1e-12, "{weight}: {end:?} for {variance}");
        assert!((end[2] - (end[0] - 2.5 * std)).abs() < 1e-12, "{weight}: {end:?}");
        ends.push((mean, std));
    }
    // More weight leads further from the weak one's mean and varies less.
    assert!(ends.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 > pair[1].1), "{ends:?}");
}

/// Denoiser that counts its calls.
struct Counted<'a>(&'a dyn Denoiser, AtomicUsize);

impl<'a> Counted<'a> {
    fn new(denoiser: &'a dyn Denoiser) -> Self {
        Self(denoiser, AtomicUsize::new(0))
    }

    fn taken(&self) -> usize {
        self.1.swap(0, Ordering::Relaxed)
    }
}

impl Denoiser for Counted<'_> {
    fn denoise(&self, x: Tensor<2>, level: &NoiseLevel) -> Result<Tensor<2>, CoreError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.denoise(x, level)
    }
}

#[test]
fn weights_of_one_and_zero_and_levels_outside_the_interval_call_one_denoiser() {
    let (strong, weak) = (oracle(STRONG), oracle(WEAK));
    let (strong, weak) = (Counted::new(&strong), Counted::new(&weak));
    let x = || rows(&[0.1, 0.7, -2.3], 1);
    let own = |denoiser: &Counted, level: &NoiseLevel| {
        let own = host(denoiser.denoise(x(), level).expect("a level"));
        denoiser.taken();
        own
    };
    // Calls of the strong and of the weak denoiser, and the estimate.
    let guided = |guidance: Guidance, level: &NoiseLevel| {
        let guided = Guided::new(&strong, &weak, guidance);
        let got = host(guided.denoise(x(), level).expect("a level"));
        (strong.taken(), weak.taken(), got)
    };
    let here = level(0.8, 0.6);
    for rescale in [0.0, 0.5] {
        let alone = |weight| Guidance { weight, interval: None, rescale };
        assert_eq!(guided(alone(1.0), &here), (1, 0, own(&strong, &here)));
        assert_eq!(guided(alone(0.0), &here), (0, 1, own(&weak, &here)));
    }
    assert_eq!(guided(Guidance::default(), &here), (1, 0, own(&strong, &here)));
    for weight in [0.0, 3.0] {
        let limited = Guidance { weight, interval: Some([0.6, 2.0]), rescale: 0.0 };
        for outside in [0.599_999, 2.000_001] {
            let outside = level(1.0, outside);
            assert_eq!(guided(limited, &outside), (1, 0, own(&strong, &outside)), "{weight}");
        }
        for inside in [0.6, 1.0, 2.0] {
            let inside = level(1.0, inside);
            assert_eq!(guided(limited, &inside), guided(by_weight(weight), &inside), "{weight}");
        }
    }
}

/// Denoiser whose estimate is always the same.
struct Fixed(Tensor<2>);

impl Denoiser for Fixed {
    fn denoise(&self, _x: Tensor<2>, _level: &NoiseLevel) -> Result<Tensor<2>, CoreError> {
        Ok(self.0.clone())
    }
}

fn std(row: &[f64]) -> f64 {
    let mean = row.iter().sum::<f64>() / row.len() as f64;
    (row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / row.len() as f64).sqrt()
}

#[test]
fn each_row_is_rescaled_by_its_own_deviations() {
    const FEATURES: usize = 17;
    // Rows of size 1, 100 and 0.01, with means of their own.
    let values = |phase: f64| -> Vec<f64> {
        let row = |scale: f64| {
            (0..FEATURES).map(move |i| scale * (0.4 * phase + (i as f64 * phase).sin()))
        };
        [1.0, 100.0, 0.01].into_iter().flat_map(row).collect()
    };
    let (strong, weak) = (values(1.7), values(0.9));
    let fixed = |values: &[f64]| Fixed(rows(values, FEATURES));
    let (of_strong, of_weak) = (fixed(&strong), fixed(&weak));
    let (weight, level) = (2.5, level(1.0, 1.0));
    for rescale in [0.0, 0.3, 1.0] {
        let guidance = Guidance { weight, interval: None, rescale };
        guidance.check(FEATURES).expect("valid");
        let guided = Guided::new(&of_strong, &of_weak, guidance);
        let got = host(guided.denoise(rows(&strong, FEATURES), &level).expect("a level"));
        for row in 0..3 {
            let of = row * FEATURES..(row + 1) * FEATURES;
            let (strong, weak) = (&strong[of.clone()], &weak[of.clone()]);
            let plain: Vec<f64> =
                strong.iter().zip(weak).map(|(c, o)| o + weight * (c - o)).collect();
            let ratio = std(strong) / std(&plain);
            assert!((ratio - 1.0).abs() > 0.2, "it counts: {ratio}");
            for (got, plain) in got[of].iter().zip(&plain) {
                let want = rescale * plain * ratio + (1.0 - rescale) * plain;
                assert!((got / want - 1.0).abs() < 1e-12, "{rescale} {row}: {got} for {want}");
            }
        }
    }
}

#[test]
fn a_row_of_equal_features_is_rescaled_to_itself() {
    let (strong, weak) = (Fixed(rows(&[0.0; 16], 16)), Fixed(rows(&[0.0; 16], 16)));
    let guidance = Guidance { weight: 2.0, interval: None, rescale: 1.0 };
    let guided = Guided::new(&strong, &weak, guidance);
    let got = guided.denoise(rows(&[1.0; 16], 16), &level(0.0, 1.0)).expect("a level");
    assert_eq!(host(got), [0.0; 16]);
}

#[test]
fn settings_out_of_their_range_are_refused() {
    let message =
        |guidance: Guidance, features| guidance.check(features).expect_err("refused").to_string();
    let plain = Guidance::default();
    assert_eq!(plain.check(1), Ok(()));
    assert_eq!(plain, Guidance { weight: 1.0, interval: None, rescale: 0.0 });
    for weight in [-0.1, f64::NAN, f64::INFINITY] {
        let message = message(by_weight(weight), 16);
        assert!(message.starts_with("weight: must be finite and at least 0"), "{message}");
    }
    for interval in [[-0.1, 1.0], [2.0, 1.0], [0.0, f64::INFINITY], [f64::NAN, 1.0]] {
        let message = message(Guidance { interval: Some(interval), ..plain }, 16);
        assert!(message.starts_with("interval: must be finite, at least 0"), "{message}");
    }
    assert_eq!(Guidance { interval: Some([0.0, 0.0]), ..plain }.check(1), Ok(()));
    for rescale in [-0.1, 1.1, f64::NAN] {
        let message = message(Guidance { rescale, ..plain }, 16);
        assert!(message.starts_with("rescale: must be from 0 to 1"), "{message}");
    }
    let rescaled = Guidance { rescale: 0.7, ..plain };
    assert_eq!(rescaled.check(16), Ok(()));
    let message = message(rescaled, 15);
    assert!(message.starts_with("rescale: must be 0 for rows of 15 features"), "{message}");
}

#[test]
fn level_steps_are_guided_through_the_estimate_and_a_network_s_own_are_refused() {
    let (strong, weak) = (oracle(STRONG), oracle(WEAK));
    let grid = LevelGrid::of(&Karras::new(0.5, 5.0, 3.0).expect("valid"), 3).expect("a grid");
    let level = grid.levels(3).expect("all")[1];
    let guided = Guided::new(&strong, &weak, by_weight(2.0));
    let x = || rows(&[0.4, -1.3], 1);
    let got = host(level_step(&guided, x(), &level).expect("a step"));
    let (a, b) = guided_line(2.0, &level);
    let share = 1.0 - level.next_sigma().expect("a grid") / level.sigma();
    for (got, x) in got.iter().zip(host(x())) {
        assert!((got - share * (x - (a * x + b))).abs() < 1e-14, "{got}");
    }
    let embedding = LevelEmbeddingConfig::None.init(&Streams::new(0)).expect("valid");
    let config = MlpConfig::new(1, 1, 8, 1, Activation::Tanh);
    let networks = [config.init(&Streams::new(5), &Device::flex()).expect("valid")];
    let own = Prediction::LevelStep { share: NoiseShare::Corrected };
    let own = NetworkDenoiser::new(&networks, own, &embedding, &grid);
    let own = Conditioned::new(&own, rows(&[0.0, 1.0], 1).cast(DType::F32));
    for (strong, weak) in [(&own as &dyn Denoiser, &weak as &dyn Denoiser), (&strong, &own)] {
        let guided = Guided::new(strong, weak, by_weight(2.0));
        let message = level_step(&guided, x(), &level).expect_err("refused").to_string();
        assert!(message.starts_with("weight: must be 1 or 0 where a denoiser makes"), "{message}");
    }
    let alone = Guided::new(&strong, &own, by_weight(1.0));
    let got = host(level_step(&alone, x(), &level).expect("the strong one's"));
    assert_eq!(got, host(level_step(&strong, x(), &level).expect("a step")));
}
