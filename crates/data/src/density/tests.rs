//! Levels against their closed forms: density, moments, distribution function and quantiles.

use super::*;
use crate::{Gaussian, GaussianMixture, Mode, Part, Purpose, Stream, Streams, TwoMoons};

/// How far a density may be off, of its peak. A cubic is halved until it is within 1e-7, and its
/// halves, which are kept, are off by a sixteenth of that: 6e-9, and up to three times as much where
/// the fourth derivative changes over the cell.
const POINTWISE: f64 = 2e-8;

/// How far a distribution function may be off: the density is off by 1e-8 of itself, on either side
/// of zero; and each of at most 100 cells in the tails of a mode, or towards a jump, by 1e-13.
fn probability(u: f64) -> f64 {
    1e-8 * u.min(1.0 - u) + 1e-11
}

/// The normal distribution function: its power series (Marsaglia 2004), and its continued fraction
/// from 3 on (Abramowitz & Stegun 1964, 26.2.14).
fn normal(x: f64) -> f64 {
    let density = (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt();
    if x.abs() < 3.0 {
        let term = |t: &f64, i: i32| t * x * x / f64::from(2 * i + 1);
        let terms = std::iter::successors(Some((x, 1)), |(t, i)| Some((term(t, *i), i + 1)));
        return 0.5 + density * terms.take(100).map(|(t, _)| t).sum::<f64>();
    }
    let fraction = (1..300).rev().fold(x.abs(), |sum, i| x.abs() + f64::from(i) / sum);
    if x < 0.0 { density / fraction } else { 1.0 - density / fraction }
}

/// Data that a user wrote: a density by formula.
struct Own {
    density: fn(f64) -> f64,
    moments: Option<[f64; 2]>,
    modes: Vec<Mode>,
}

impl Dataset for Own {
    fn features(&self) -> usize {
        1
    }
    fn words_per_row(&self) -> u64 {
        0
    }
    fn draw(&self, _part: Part, _stream: &mut Stream, _rows: &mut [f64]) {}
    fn mean(&self) -> Option<Vec<f64>> {
        self.moments.map(|[mean, _]| vec![mean])
    }
    fn variance(&self) -> Option<Vec<f64>> {
        self.moments.map(|[_, variance]| vec![variance])
    }
    fn log_density(&self, x: &[f64]) -> Option<f64> {
        Some((self.density)(x[0]).ln())
    }
    fn modes(&self) -> Option<Vec<Mode>> {
        (!self.modes.is_empty()).then(|| self.modes.clone())
    }
}

fn own(density: fn(f64) -> f64, mean: f64, variance: f64) -> Own {
    Own { density, moments: Some([mean, variance]), modes: Vec::new() }
}

fn gaussian() -> GaussianMixture {
    GaussianMixture::new(vec![vec![1.0]], 0.01, None).expect("valid")
}

/// Three modes that are 10,000 of their std apart.
fn spikes() -> GaussianMixture {
    let means = vec![vec![10.0], vec![-10.0], vec![0.0]];
    GaussianMixture::new(means, 0.001, Some(vec![1.0, 2.0, 5.0])).expect("valid")
}

/// Signal and noise after each of nine DDPM steps.
fn nine_steps() -> Vec<[f64; 2]> {
    let betas = [0.001, 0.01, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 0.999];
    let products = betas.iter().scan(1.0, |product, beta| {
        *product *= 1.0 - beta;
        Some(*product)
    });
    products.map(|product: f64| [product.sqrt(), (1.0 - product).sqrt()]).collect()
}

/// Checks everything that a level states against the exact density and distribution function.
fn compare(level: &LevelDensity, density: impl Fn(f64) -> f64, cdf: impl Fn(f64) -> f64, of: &str) {
    let grid = level.grid();
    assert!(grid.is_sorted_by(|a, b| a < b), "{of}: the grid");
    assert_eq!((grid.len(), grid.len()), (level.densities().len(), level.distribution().len()));
    let peak = level.densities().iter().copied().fold(0.0, f64::max);
    let mut last = 0.0;
    for (i, ends) in grid.windows(2).enumerate() {
        for part in 0..5 {
            let x = ends[0] + (ends[1] - ends[0]) * f64::from(part) / 5.0;
            let off = (level.density(x) - density(x)).abs();
            assert!(off <= POINTWISE * peak, "{of}: density off by {off} of {peak} at {x}");
            let (found, exact) = (level.cdf(x), cdf(x));
            let off = (found - exact).abs();
            assert!(off <= probability(exact), "{of}: distribution off by {off} at {x}, {exact}");
            assert!(found >= last && level.density(x) >= 0.0, "{of}: it falls at {x}");
            last = found;
        }
        assert_eq!(level.density(ends[0]), level.densities()[i], "{of}");
        assert_eq!(level.cdf(ends[0]), level.distribution()[i], "{of}");
    }
    for u in probabilities() {
        let x = level.quantile(u);
        // An x next to this one is as good, and lies so much deeper.
        let ulp = density(x) * f64::EPSILON * x.abs();
        let off = (cdf(x) - u).abs();
        assert!(off <= probability(u) + ulp, "{of}: quantile {x} of {u} is that of {}", cdf(x));
    }
}

/// From 1e-9 to 1 − 1e-9, close to the ends and evenly between, but not where the spikes' weights
/// sum up: there the quantile leaps.
fn probabilities() -> Vec<f64> {
    let tails = [1e-9, 1e-7, 1e-5, 1e-3];
    let mut all: Vec<f64> = (1..100).map(|i| f64::from(i) / 100.0).filter(|u| *u != 0.25).collect();
    all.extend(tails.iter().flat_map(|u| [*u, 1.0 - u]));
    all
}

fn compare_mixture(data: &GaussianMixture, alpha: f64, sigma: f64) -> LevelDensity {
    let level = LevelDensity::new(data, alpha, sigma).expect("valid");
    let exact = data.diffused(alpha, sigma);
    let density = |x: f64| exact.log_density(&[x]).expect("closed").exp();
    let parts = || exact.means().iter().zip(exact.weights());
    let cdf =
        |x: f64| parts().map(|(mean, weight)| weight * normal((x - mean[0]) / exact.std())).sum();
    compare(&level, density, cdf, &format!("alpha {alpha}, sigma {sigma}"));
    let (mean, variance) = (exact.mean().expect("closed")[0], exact.variance().expect("closed")[0]);
    // Off by 1e-8 in its density, a level is off by that part of its std in its mean, and of its
    // variance, so by half of it in its std; most of it cancels.
    let std = variance.sqrt();
    assert!((level.integral() - 1.0).abs() < 1e-9, "{}", level.integral());
    assert!((level.mean() - mean).abs() < 1e-9 * std.max(mean.abs()), "{} {mean}", level.mean());
    assert!((level.std() / std - 1.0).abs() < 1e-9, "{} {std}", level.std());
    level
}

#[test]
fn every_level_of_nine_ddpm_steps_is_exact() {
    for [alpha, sigma] in nine_steps() {
        let level = compare_mixture(&gaussian(), alpha, sigma);
        assert!((level.mean() - alpha).abs() < 1e-9);
        assert!((level.std() - (alpha * alpha * 1e-4 + sigma * sigma).sqrt()).abs() < 1e-9);
    }
}

#[test]
fn spikes_far_apart_are_exact_at_every_level() {
    for sigma in [0.0, 1e-9, 3e-6, 1e-5, 1e-3, 0.03, 1.0, 3.0, 100.0] {
        compare_mixture(&spikes(), 1.0, sigma);
    }
    for [alpha, sigma] in [[0.0, 1.0], [1e-3, 1.0], [0.5, 0.7], [0.5, 0.0], [30.0, 0.01]] {
        compare_mixture(&spikes(), alpha, sigma);
    }
}

/// The std of the data and of the noise meet at 0.01; below 2e-5 the noise has nodes at every x.
#[test]
fn noise_of_every_width_is_exact() {
    for sigma in [1e-300, 1e-17, 1e-6, 2e-5, 3e-5, 1e-4, 0.003, 0.007, 0.01, 0.014, 0.03] {
        compare_mixture(&gaussian(), 0.8, sigma);
    }
}

#[test]
fn modes_of_different_scales_are_exact() {
    let both = |x: f64, sigma: f64, f: fn(f64) -> f64, per_std: bool| {
        [(0.0, 1.0), (0.3, 1e-4)].map(|(mean, std): (f64, f64)| {
            let std = std.hypot(sigma);
            0.5 * f((x - mean) / std) / if per_std { std } else { 1.0 }
        })
    };
    let bell = |z: f64| (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
    let density = |x: f64| {
        let bell = |z: f64| (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
        0.5 * (bell(x) + 1e4 * bell((x - 0.3) * 1e4))
    };
    let mode = |center, std| Mode { center: vec![center], share: 0.5, std };
    let data = Own { density, moments: None, modes: vec![mode(0.0, 1.0), mode(0.3, 1e-4)] };
    for sigma in [0.0, 1e-7, 1e-5, 1e-3, 0.3, 30.0] {
        let level = LevelDensity::new(&data, 1.0, sigma).expect("valid");
        let sum = |x, f, per_std| both(x, sigma, f, per_std).iter().sum();
        let of = format!("sigma {sigma}");
        compare(&level, |x| sum(x, bell, true), |x| sum(x, normal, false), &of);
    }
}

/// At 1 a place is rounded by up to 1.1e-16, which is 1.1e-7 of this std, and a Gaussian changes by
/// up to 0.6 of its peak over one: 7e-8 at the x, and as much at the nodes. Halving until the
/// rounding is followed would never end.
#[test]
fn data_as_narrow_as_the_rounding_of_its_place_is_not_halved_forever() {
    let data = GaussianMixture::new(vec![vec![1.0]], 1e-9, None).expect("valid");
    for sigma in [0.0, 1e-12, 1e-10, 1e-9, 1e-8, 1.0] {
        let level = LevelDensity::new(&data, 0.77, sigma).expect("valid");
        assert!(level.grid().len() < 1000, "{}", level.grid().len());
        assert!((level.integral() - 1.0).abs() < 1.4e-7, "{}", level.integral());
        assert!((level.std() / sigma.hypot(0.77e-9) - 1.0).abs() < 1.4e-7, "{}", level.std());
    }
}

/// Uniform on (2, 3): jumps, of which the data says nothing.
#[test]
fn jumps_are_found_and_blurred_exactly() {
    let data = own(|x| f64::from(u8::from(2.0 < x && x < 3.0)), 2.5, 1.0 / 12.0);
    for sigma in [1e-5, 1e-3, 0.1, 10.0] {
        let level = LevelDensity::new(&data, 0.8, sigma).expect("valid");
        let ends = |x: f64| [(x - 1.6) / sigma, (x - 2.4) / sigma];
        let density = |x: f64| (normal(ends(x)[0]) - normal(ends(x)[1])) / 0.8;
        // ∫ Φ = z Φ(z) + φ(z).
        let cdf = |x: f64| {
            let bell = |z: f64| (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
            let [below, above] = ends(x).map(|z| z * normal(z) + bell(z));
            (sigma * (below - above) / 0.8).clamp(0.0, 1.0)
        };
        compare(&level, density, cdf, &format!("sigma {sigma}"));
    }
    let level = LevelDensity::new(&data, 1.0, 0.0).expect("valid");
    for x in [1.0, 1.999_999, 2.000_001, 2.3, 2.5, 2.999_999, 3.000_001, 4.0] {
        let inside = f64::from(u8::from(2.0 < x && x < 3.0));
        assert!((level.density(x) - inside).abs() < 1e-12, "{x}");
        assert!((level.cdf(x) - (x - 2.0).clamp(0.0, 1.0)).abs() < 1e-12, "{x}");
    }
}

#[test]
fn tails_heavier_than_a_gaussian_are_kept() {
    // Laplace around 1, with a kink, and an exponential from 0, with a jump; e^−x at 28 is 1e-12.
    let laplace = own(|x| 0.5 * (-(x - 1.0).abs()).exp(), 1.0, 2.0);
    let level = LevelDensity::new(&laplace, 1.0, 0.0).expect("valid");
    let half = |x: f64| 0.5 * (-(x - 1.0).abs()).exp();
    let cdf = |x: f64| if x < 1.0 { half(x) } else { 1.0 - half(x) };
    compare(&level, half, cdf, "Laplace");
    let exponential = own(|x| if x < 0.0 { 0.0 } else { (-x).exp() }, 1.0, 1.0);
    let level = LevelDensity::new(&exponential, 1.0, 0.0).expect("valid");
    for u in probabilities() {
        assert!((1.0 - (-level.quantile(u)).exp() - u).abs() < probability(u), "{u}");
    }
    let level = LevelDensity::new(&exponential, 0.6, 0.8).expect("valid");
    assert!((level.mean() - 0.6).abs() < 1e-8 && (level.std() - 1.0).abs() < 1e-8);
}

#[test]
fn the_distribution_function_of_a_quantile_is_its_probability() {
    for [alpha, sigma] in [[1.0, 0.0], [0.8, 0.6], [1e-3, 1.0]] {
        let level = LevelDensity::new(&spikes(), alpha, sigma).expect("valid");
        for u in probabilities() {
            let x = level.quantile(u);
            let ulp = level.density(x) * f64::EPSILON * x.abs();
            assert!((level.cdf(x) - u).abs() <= 1e-15 + ulp, "{u}: {x}, {}", level.cdf(x));
        }
    }
}

#[test]
fn quantiles_never_fall_and_are_finite_up_to_the_ends() {
    let level = LevelDensity::new(&spikes(), 0.9, 0.1).expect("valid");
    let mut all = vec![0.0; 20_000];
    Streams::new(2).at(Purpose::Sampling, 0, 0).fill_uniform(&mut all);
    // Neighbours, where rounding could make the second fall.
    all.extend((0..2_000).map(|i| 0.7 + f64::from(i) * f64::EPSILON / 2.0));
    all.extend([0.0, 5e-324, 1e-300, 1e-17, 1.0 - f64::EPSILON / 2.0, 1.0]);
    all.sort_by(f64::total_cmp);
    let found: Vec<f64> = all.iter().map(|u| level.quantile(*u)).collect();
    assert!(found.is_sorted() && found.iter().all(|x| x.is_finite()));
    let (first, last) = (level.grid()[0], level.grid()[level.grid().len() - 1]);
    assert!(first <= found[0] && found[found.len() - 1] <= last);
    // Those of 0 and 1 have the same place as those next to them, 8 std of 0.1 beyond the spikes.
    assert!((level.quantile(0.0) + 9.8).abs() < 0.11 && (level.quantile(1.0) - 9.8).abs() < 0.11);
    assert_eq!((level.cdf(first - 1.0), level.cdf(last + 1.0)), (0.0, 1.0));
    assert_eq!((level.density(first - 1.0), level.density(last + 1.0)), (0.0, 0.0));
    assert_eq!((level.cdf(f64::NEG_INFINITY), level.cdf(f64::INFINITY)), (0.0, 1.0));
}

/// Kolmogorov and Smirnov's statistic is above 1.95 for one sample in a thousand.
#[test]
fn samples_follow_the_exact_distribution() {
    for ([alpha, sigma], stream) in nine_steps().into_iter().zip(0..) {
        let level = LevelDensity::new(&gaussian(), alpha, sigma).expect("valid");
        let mut samples = vec![0.0; 100_000];
        Streams::new(9).at(Purpose::Sampling, stream, 0).fill_uniform(&mut samples);
        samples.iter_mut().for_each(|sample| *sample = level.quantile(*sample));
        samples.sort_by(f64::total_cmp);
        let std = (0.01 * alpha).hypot(sigma);
        let gap = |(i, x): (usize, &f64)| {
            let exact = normal((x - alpha) / std);
            (exact - i as f64 / 1e5).abs().max((exact - (i + 1) as f64 / 1e5).abs())
        };
        let largest = samples.iter().enumerate().map(gap).fold(0.0, f64::max) * 1e5_f64.sqrt();
        assert!(largest < 1.95, "alpha {alpha}: {largest}");
        // Nor is it below 0.4 in more than one of 300, as that of evenly spaced points would be.
        assert!(largest > 0.4, "alpha {alpha}: {largest}");
    }
}

#[test]
fn what_has_no_level_is_refused_by_name() {
    let one = Gaussian::new(vec![0.0], 1.0).expect("valid");
    let moons = TwoMoons::new(0.1).expect("valid");
    let none = Own { density: |_| 1.0, moments: None, modes: Vec::new() };
    let double = own(|x| 2.0 * (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt(), 0.0, 1.0);
    let pole = own(|x| (x - 1.0).abs().powf(-0.5) * (-(x - 1.0).abs()).exp(), 1.0, 0.75);
    let point = own(|_| 1.0, 0.0, 0.0);
    let cases: [(&dyn Dataset, [f64; 2], &str); 11] = [
        (&one, [-1.0, 1.0], "alpha: must be finite and at least 0, got -1"),
        (&one, [f64::NAN, 1.0], "alpha: must be finite and at least 0, got NaN"),
        (&one, [1.0, -0.5], "sigma: must be finite and at least 0, got -0.5"),
        (&one, [1.0, f64::INFINITY], "sigma: must be finite and at least 0, got inf"),
        (&one, [0.0, 0.0], "sigma: must be above 0 where alpha is 0, got 0"),
        (&moons, [1.0, 1.0], "data: must have 1 feature, got 2"),
        (&none, [1.0, 1.0], "data: must know its modes, or its mean and variance, got none"),
        (&point, [1.0, 1.0], "data: must have finite centres and stds above 0, got 0 and 0"),
        (&double, [1.0, 1.0], "data: must have a density that integrates to 1 around its modes"),
        (&double, [1.0, 0.0], "data: must have a density that integrates to 1 around its modes"),
        (&pole, [1.0, 0.0], "data: must have a finite density, got inf at 1"),
    ];
    for (data, [alpha, sigma], message) in cases {
        let error = LevelDensity::new(data, alpha, sigma).map(|_| ()).expect_err(message);
        assert!(error.to_string().starts_with(message), "{error} is not {message}");
    }
}
