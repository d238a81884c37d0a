//! What every distribution promises, checked on all of them, and what some know beyond it.

mod posterior_means;

use super::*;
use crate::{Dataset, Part, Purpose, Streams};

fn mixture() -> GaussianMixture {
    let means = vec![vec![-1.0, 0.5], vec![2.0, 1.0], vec![0.0, -2.0]];
    GaussianMixture::new(means, 0.4, Some(vec![1.0, 2.0, 5.0])).expect("valid")
}

fn all() -> Vec<(&'static str, Box<dyn Dataset>)> {
    let boxed: [(&str, Box<dyn Dataset>); 11] = [
        ("gaussian", Box::new(Gaussian::new(vec![1.0, -2.0, 0.5], 0.7).expect("valid"))),
        ("mixture", Box::new(mixture())),
        ("eight gaussians", Box::new(EightGaussians::new(2.0, 0.2).expect("valid"))),
        ("two moons", Box::new(TwoMoons::new(0.05).expect("valid"))),
        ("two moons without noise", Box::new(TwoMoons::new(0.0).expect("valid"))),
        ("spiral", Box::new(Spiral::new(1.5, 0.02).expect("valid"))),
        ("spiral of 0.3 turns", Box::new(Spiral::new(0.3, 0.1).expect("valid"))),
        ("swiss roll", Box::new(SwissRoll::new(0.03).expect("valid"))),
        ("rings", Box::new(Rings::new(vec![0.5, 1.0, 3.0], 0.05).expect("valid"))),
        ("checkerboard", Box::new(Checkerboard::new(4).expect("valid"))),
        ("small checkerboard", Box::new(Checkerboard::new(2).expect("valid"))),
    ];
    boxed.into()
}

fn draw(data: &dyn Dataset, first: u64, rows: usize) -> Vec<f64> {
    let mut out = vec![0.0; rows * data.features()];
    let word = first * data.words_per_row();
    data.draw(Part::Training, &mut Streams::new(11).at(Purpose::Data, 0, word), &mut out);
    out
}

#[test]
fn sample_moments_are_the_exact_ones() {
    const ROWS: usize = 200_000;
    for (name, data) in all() {
        let features = data.features();
        let rows = draw(data.as_ref(), 0, ROWS);
        let mean = data.mean().expect("known");
        let covariance = data.covariance().expect("known");
        // The sample mean of f over the rows, and its standard error.
        let average = |f: &dyn Fn(&[f64]) -> f64| {
            let values: Vec<f64> = rows.chunks(features).map(f).collect();
            let average = values.iter().sum::<f64>() / ROWS as f64;
            let square = values.iter().map(|v| (v - average).powi(2)).sum::<f64>() / ROWS as f64;
            (average, (square / ROWS as f64).sqrt())
        };
        for i in 0..features {
            let (found, error) = average(&|x| x[i]);
            assert!((found - mean[i]).abs() < 4.0 * error, "{name}: mean {i} {found} {mean:?}");
            for j in 0..features {
                let (found, error) = average(&|x| (x[i] - mean[i]) * (x[j] - mean[j]));
                let exact = covariance[i][j];
                let off = (found - exact).abs();
                assert!(off < 4.0 * error, "{name}: covariance {i} {j} {found}, exactly {exact}");
            }
        }
    }
}

#[test]
fn a_row_is_where_its_words_are() {
    for (name, data) in all() {
        let rows = draw(data.as_ref(), 0, 300);
        for i in [0, 1, 7, 255, 299] {
            let own = &rows[i * data.features()..(i + 1) * data.features()];
            assert_eq!(draw(data.as_ref(), i as u64, 1), own, "{name}: row {i}");
        }
        let streams = Streams::new(11);
        let mut stream = streams.at(Purpose::Data, 0, 0);
        data.draw(Part::Training, &mut stream, &mut vec![0.0; 5 * data.features()]);
        let after = streams.at(Purpose::Data, 0, 5 * data.words_per_row()).next_word();
        assert_eq!(stream.next_word(), after, "{name}");
    }
}

/// Numbers that every release must give again: runs of old config files depend on them.
#[test]
fn values_are_stable() {
    let found: Vec<(&str, u64)> = all()
        .iter()
        .map(|(name, data)| {
            let row = draw(data.as_ref(), 3, 1);
            (*name, row.iter().fold(0_u64, |sum, x| sum.rotate_left(7) ^ x.to_bits()))
        })
        .collect();
    assert_eq!(found, STABLE);
}

const STABLE: [(&str, u64); 11] = [
    ("gaussian", 0xe5d70666f5c99230),
    ("mixture", 0x568929b6e0a62e3e),
    ("eight gaussians", 0x438c681cbda72163),
    ("two moons", 0xc92211c180cdc713),
    ("two moons without noise", 0xc96816900ef0e003),
    ("spiral", 0xcbc845726742c6a0),
    ("spiral of 0.3 turns", 0xda7bcb9eb0bbfab3),
    ("swiss roll", 0xc643c5385dbfeea5),
    ("rings", 0x4d4b1d344520b1e0),
    ("checkerboard", 0xd3a8b6aa1d2462fd),
    ("small checkerboard", 0xcb98b6aa1d2462fd),
];

#[test]
fn densities_integrate_to_one() {
    for (name, data) in all().into_iter().filter(|(_, data)| data.features() == 2) {
        if data.log_density(&[0.0; 2]).is_none() {
            continue;
        }
        // The middle of each of 800² cells over [−6, 6]²; the sum over a Gaussian of std 0.2 is
        // exact to rounding, over the checkerboard's cells too, whose edges lie between.
        let side = 12.0 / 800.0;
        let place = |i: usize| -6.0 + side * (i as f64 + 0.5);
        let sum: f64 = (0..800 * 800)
            .filter_map(|n| data.log_density(&[place(n / 800), place(n % 800)]))
            .map(f64::exp)
            .sum();
        let integral = sum * side * side;
        // 4 / 0.015 cells are not whole: the board's border cuts through cells.
        let tolerance = if name.contains("checkerboard") { 0.01 } else { 1e-9 };
        assert!((integral - 1.0).abs() < tolerance, "{name}: {integral}");
    }
}

#[test]
fn scores_are_the_slopes_of_the_log_densities() {
    let mut checked = 0;
    for (name, data) in all() {
        let point: Vec<f64> = (0..data.features()).map(|i| 0.3 - 0.5 * i as f64).collect();
        let Some(score) = data.score(&point) else { continue };
        for i in 0..point.len() {
            let at = |shift: f64| {
                let mut x = point.clone();
                x[i] += shift;
                data.log_density(&x).expect("known where the score is")
            };
            let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((slope - score[i]).abs() < 1e-6 * slope.abs().max(1.0), "{name}: {slope}");
        }
        checked += 1;
    }
    assert_eq!(checked, 3, "Gaussian, mixture, eight Gaussians");
}

/// `E[x_0 | x] = (x + sigma² · ∇ log p(x)) / alpha` (Robbins 1956, Efron 2011).
#[test]
fn posterior_means_follow_tweedies_formula() {
    let mixture = mixture();
    for (alpha, sigma) in [(1.0, 0.01), (1.0, 3.0), (0.8, 0.6), (0.1, 0.995)] {
        for x in [[0.0, 0.0], [1.5, -0.5], [-4.0, 3.0]] {
            let score = mixture.diffused(alpha, sigma).score(&x).expect("closed");
            for (i, mean) in mixture.posterior_mean(&x, alpha, sigma).iter().enumerate() {
                let tweedie = (x[i] + sigma * sigma * score[i]) / alpha;
                assert!(
                    (mean - tweedie).abs() < 1e-12 * tweedie.abs().max(1.0),
                    "{mean} {tweedie}"
                );
            }
        }
    }
}

#[test]
fn a_diffused_mixture_is_its_rows_scaled_and_noised() {
    let (alpha, sigma) = (0.6, 0.8);
    let mixture = mixture();
    let (clean, diffused) = (mixture.covariance(), mixture.diffused(alpha, sigma).covariance());
    let (clean, diffused) = (clean.expect("known"), diffused.expect("known"));
    for i in 0..2 {
        for j in 0..2 {
            let noise = if i == j { sigma * sigma } else { 0.0 };
            let exact = alpha * alpha * clean[i][j] + noise;
            assert!((diffused[i][j] - exact).abs() < 1e-14);
        }
    }
}

#[test]
fn the_density_of_a_level_is_that_of_the_diffused_mixture() {
    let mixture = mixture();
    let x = [0.7, -1.1];
    for (alpha, sigma) in [(1.0, 0.0), (0.6, 0.8), (1.0, 80.0), (0.0, 0.5)] {
        let found = mixture.diffused_log_density(alpha, sigma, &x);
        assert_eq!(found, mixture.diffused(alpha, sigma).log_density(&x), "{alpha} {sigma}");
    }
    assert_eq!(mixture.diffused_log_density(0.0, 0.0, &x), None);
    // N(0.6 · 2, (0.6 · 0.5)² + 0.4² = 0.5²) at 1.7: one std from its mean.
    let gaussian = Gaussian::new(vec![2.0], 0.5).expect("valid");
    let found = gaussian.diffused_log_density(0.6, 0.4, &[1.7]).expect("closed");
    let exact = -0.5 - (0.5 * std::f64::consts::TAU.sqrt()).ln();
    assert!((found - exact).abs() < 1e-14, "{found} {exact}");
    // Of the eight at distance 1, only the own one is near: a share of 1/8, in the plane.
    let eight = EightGaussians::new(1.0, 0.01).expect("valid");
    let found = eight.diffused_log_density(0.5, 0.012, &[0.5, 0.0]).expect("closed");
    let exact = -(8.0 * std::f64::consts::TAU * 0.013 * 0.013_f64).ln();
    assert!((found - exact).abs() < 1e-12, "{found} {exact}");
    assert_eq!(TwoMoons::new(0.1).expect("valid").diffused_log_density(1.0, 1.0, &x), None);
}

#[test]
fn far_from_every_mode_nothing_overflows() {
    let mixture = mixture();
    let far = [1e6, -1e6];
    assert!(mixture.log_density(&far).expect("closed").is_finite());
    assert!(mixture.score(&far).expect("closed").iter().all(|s| s.is_finite()));
    assert!(mixture.posterior_mean(&far, 1.0, 1e-3).iter().all(|m| m.is_finite()));
}

#[test]
fn checkerboards_alternate() {
    let board = Checkerboard::new(4).expect("valid");
    let density = |x, y| board.log_density(&[x, y]).expect("closed").exp();
    assert!((density(-1.5, -1.5) - 0.125).abs() < 1e-15);
    assert!((density(1.5, 1.5) - 0.125).abs() < 1e-15);
    assert_eq!(density(-0.5, -1.5), 0.0);
    assert_eq!(density(2.5, -1.5), 0.0);
    for row in draw(&board, 0, 1000).chunks(2) {
        assert!(density(row[0], row[1]) > 0.0, "{row:?}");
    }
}

#[test]
fn modes_hold_their_shares() {
    let mixture = mixture();
    let modes = mixture.modes().expect("known");
    let rows = draw(&mixture, 0, 20_000);
    for mode in &modes {
        let near = |row: &&[f64]| {
            let square = |i: usize| (row[i] - mode.center[i]).powi(2);
            square(0) + square(1) < (3.0 * mode.std).powi(2)
        };
        // Of a Gaussian in the plane 1 − exp(−4.5) lie within 3 std.
        let exact = mode.share * (1.0 - (-4.5_f64).exp());
        let found = rows.chunks(2).filter(near).count() as f64 / 20_000.0;
        // 4 standard errors, and 0.002 for the tails of the two others.
        assert!(
            (found - exact).abs() < 4.0 * (exact / 20_000.0).sqrt() + 0.002,
            "{mode:?} {found}"
        );
    }
}

#[test]
fn bad_parameters_are_refused_by_name() {
    let nan = f64::NAN;
    let cases = [
        (Gaussian::new(vec![], 1.0).err(), "mean: must hold at least one number, got none"),
        (Gaussian::new(vec![nan], 1.0).err(), "mean: must hold finite numbers, got NaN"),
        (Gaussian::new(vec![0.0], 0.0).err(), "std: must be finite and above 0, got 0"),
        (GaussianMixture::new(vec![], 1.0, None).err(), "means: must hold at least one mean"),
        (
            GaussianMixture::new(vec![vec![0.0], vec![0.0, 1.0]], 1.0, None).err(),
            "means[1]: must hold 1 numbers as the first mean does, got 2",
        ),
        (
            GaussianMixture::new(vec![vec![0.0]], 1.0, Some(vec![0.5, 0.5])).err(),
            "weights: must hold 1 numbers, one a mean, got 2",
        ),
        (
            GaussianMixture::new(vec![vec![0.0]], 1.0, Some(vec![-1.0])).err(),
            "weights[0]: must be finite and above 0, got -1",
        ),
        (
            GaussianMixture::new(vec![vec![0.0], vec![1.0]], 1.0, Some(vec![1.0, 3.0]))
                .and_then(GaussianMixture::balanced)
                .err(),
            "balanced: must be false where the weights are not equal, got true with 0.25 and 0.75",
        ),
        (EightGaussians::new(-2.0, 0.1).err(), "radius: must be finite and above 0, got -2"),
        (EightGaussians::new(2.0, nan).err(), "std: must be finite and above 0, got NaN"),
        (TwoMoons::new(-0.1).err(), "noise: must be finite and at least 0, got -0.1"),
        (Spiral::new(0.0, 0.1).err(), "turns: must be finite and above 0, got 0"),
        (Spiral::new(1.0, f64::INFINITY).err(), "noise: must be finite and at least 0, got inf"),
        (SwissRoll::new(nan).err(), "noise: must be finite and at least 0, got NaN"),
        (Rings::new(vec![], 0.1).err(), "radii: must hold at least one number, got none"),
        (Rings::new(vec![1.0, 0.0], 0.1).err(), "radii[1]: must be finite and above 0, got 0"),
        (Checkerboard::new(3).err(), "cells: must be even, from 2 to 64, got 3"),
        (Checkerboard::new(0).err(), "cells: must be even, from 2 to 64, got 0"),
    ];
    for (error, message) in cases {
        let error = error.map(|error| error.to_string()).unwrap_or_default();
        assert!(error.starts_with(message), "{error:?} is not {message:?}");
    }
}

fn four_modes() -> GaussianMixture {
    let means = [[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]].map(|m| m.to_vec()).to_vec();
    // Equal weights, stated.
    GaussianMixture::new(means, 0.01, Some(vec![0.1; 4])).expect("valid")
}

/// The component of each row of [`four_modes`], whose modes are 100 std from the axes.
fn components(rows: &[f64]) -> Vec<usize> {
    let of = |row: &[f64]| match (row[0] > 0.0, row[1] > 0.0) {
        (true, true) => 0,
        (false, true) => 1,
        (false, false) => 2,
        (true, false) => 3,
    };
    rows.chunks(2).map(of).collect()
}

#[test]
fn a_balanced_batch_holds_equally_many_of_every_mode() {
    let balanced = four_modes().balanced().expect("equal weights");
    let found = components(&draw(&balanced, 0, 128));
    assert!(found.iter().enumerate().all(|(row, component)| *component == row % 4), "{found:?}");
    // Wherever it starts, and however it is cut up.
    let whole = draw(&balanced, 0, 300);
    for first in [1, 2, 3, 63, 171] {
        assert_eq!(draw(&balanced, first, 128), whole[2 * first as usize..][..256], "{first}");
    }
    let mut cut = vec![0.0; 600];
    let mut stream = Streams::new(11).at(Purpose::Data, 0, 0);
    for rows in cut.chunks_mut(2 * 37) {
        balanced.draw(Part::Training, &mut stream, rows);
    }
    assert_eq!(cut, whole);
}

#[test]
fn balance_changes_nothing_but_the_component_of_training_rows() {
    let (random, balanced) = (four_modes(), four_modes().balanced().expect("equal weights"));
    let held_out = |data: &GaussianMixture| {
        let mut rows = vec![0.0; 2 * 128];
        data.draw(Part::HeldOut, &mut Streams::new(11).at(Purpose::HeldOut, 0, 3), &mut rows);
        rows
    };
    assert_eq!(held_out(&random), held_out(&balanced));
    let (own, taken) = (draw(&random, 0, 128), draw(&balanced, 0, 128));
    assert_ne!(components(&own), components(&taken));
    // A row's noise is the same around another mean.
    for ((x, y), (i, j)) in own
        .iter()
        .zip(&taken)
        .zip(components(&own).into_iter().zip(components(&taken)).flat_map(|pair| [pair, pair]))
    {
        if i == j {
            assert_eq!(x, y);
        }
        assert!(((x - x.signum()) - (y - y.signum())).abs() < 1e-15);
    }
    assert_eq!(balanced.words_per_row(), random.words_per_row());
    assert_eq!(balanced.mean(), random.mean());
    assert_eq!(balanced.covariance(), random.covariance());
    assert_eq!(balanced.modes(), random.modes());
    let x = [0.3, -0.2];
    assert_eq!(balanced.log_density(&x), random.log_density(&x));
    assert_eq!(balanced.score(&x), random.score(&x));
    assert_eq!(balanced.posterior_mean(&x, 0.6, 0.8), random.posterior_mean(&x, 0.6, 0.8));
    let levels = [balanced.diffused(0.6, 0.8), random.diffused(0.6, 0.8)];
    assert_eq!(levels[0].log_density(&x), levels[1].log_density(&x));
}

/// What a mixture drew before it could be balanced, of either part.
#[test]
fn a_mixture_s_random_rows_are_those_of_every_release() {
    for part in [Part::Training, Part::HeldOut] {
        let mut rows = vec![0.0; 2 * 1000];
        mixture().draw(part, &mut Streams::new(11).at(Purpose::Data, 0, 0), &mut rows);
        let sum = rows.iter().fold(0_u64, |sum, x| sum.rotate_left(7) ^ x.to_bits());
        assert_eq!(sum, 0x95a3702d92b2087b, "{part:?}");
    }
}
