//! Mixtures with full covariances, against formulas with determinants and inverses by elimination.

mod given;

use crate::{Dataset, GaussianMixture, Part, Purpose, Streams};

type Matrix = Vec<Vec<f64>>;

/// Places between and beyond the means.
const POINTS: [[f64; 3]; 5] =
    [[0.5, -1.0, 0.3], [0.0, 0.2, 0.1], [1.5, 0.4, -0.9], [-1.4, 0.9, 1.6], [3.0, -2.0, 2.5]];

const LEVELS: [(f64, f64); 5] = [(1.0, 0.01), (1.0, 0.5), (0.6, 0.8), (0.05, 0.99), (1.0, 30.0)];

fn means() -> Matrix {
    vec![vec![0.5, -1.0, 0.3], vec![-0.8, 0.4, 1.1], vec![1.2, 0.9, -0.7]]
}

fn covariances() -> Vec<Matrix> {
    let all = [
        [[1.0, 0.6, -0.3], [0.6, 0.8, 0.1], [-0.3, 0.1, 0.5]],
        [[0.3, -0.2, 0.05], [-0.2, 0.6, 0.25], [0.05, 0.25, 0.4]],
        [[2.0, 0.9, 0.7], [0.9, 0.7, 0.2], [0.7, 0.2, 0.9]],
    ];
    all.map(|matrix| matrix.map(|row| row.to_vec()).to_vec()).to_vec()
}

fn weights() -> Vec<f64> {
    vec![0.5, 0.2, 0.3]
}

fn mixture() -> GaussianMixture {
    GaussianMixture::with_covariances(means(), covariances(), Some(weights())).expect("valid")
}

/// The inverse and the determinant, by Gauss and Jordan's elimination with pivots.
fn inverse(matrix: &Matrix) -> (Matrix, f64) {
    let n = matrix.len();
    let (mut left, mut determinant) = (matrix.clone(), 1.0);
    let mut right: Matrix = (0..n).map(|i| (0..n).map(|j| f64::from(i == j)).collect()).collect();
    for i in 0..n {
        let largest = |a: &usize, b: &usize| left[*a][i].abs().total_cmp(&left[*b][i].abs());
        let pivot = (i..n).max_by(largest).expect("rows are left");
        if pivot != i {
            left.swap(pivot, i);
            right.swap(pivot, i);
            determinant = -determinant;
        }
        let scale = left[i][i];
        determinant *= scale;
        for side in [&mut left, &mut right] {
            side[i].iter_mut().for_each(|x| *x /= scale);
        }
        for row in (0..n).filter(|row| *row != i) {
            let factor = left[row][i];
            for side in [&mut left, &mut right] {
                let pivot = side[i].clone();
                side[row].iter_mut().zip(pivot).for_each(|(x, own)| *x -= factor * own);
            }
        }
    }
    (right, determinant)
}

/// `ln Σ w N(x; m, C)`, by the formula of the density.
fn log_density(means: &Matrix, covariances: &[Matrix], weights: &[f64], x: &[f64]) -> f64 {
    let density = |((mean, covariance), weight): ((&Vec<f64>, &Matrix), &f64)| {
        let (inverse, determinant) = inverse(covariance);
        let away: Vec<f64> = x.iter().zip(mean).map(|(x, m)| x - m).collect();
        let square: f64 = inverse
            .iter()
            .zip(&away)
            .map(|(row, a)| a * row.iter().zip(&away).map(|(c, b)| c * b).sum::<f64>())
            .sum();
        let volume = std::f64::consts::TAU.powi(x.len() as i32) * determinant;
        weight * (-0.5 * square).exp() / volume.sqrt()
    };
    means.iter().zip(covariances).zip(weights).map(density).sum::<f64>().ln()
}

/// The slope of f along axis i: a difference of order 4.
fn slope(f: &dyn Fn(&[f64]) -> f64, x: &[f64], i: usize, h: f64) -> f64 {
    let at = |by: f64| {
        let mut x = x.to_vec();
        x[i] += by;
        f(&x)
    };
    (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * h)
}

fn close(found: f64, want: f64, tolerance: f64, what: &str) {
    let off = (found - want).abs();
    assert!(off <= tolerance * want.abs().max(1.0), "{what}: {found}, exactly {want}");
}

fn all_close(found: &[f64], want: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), want.len(), "{what}");
    found.iter().zip(want).for_each(|(found, want)| close(*found, *want, tolerance, what));
}

/// The ways to know numbers of x, by the bits of the first.
fn subsets(x: &[f64]) -> impl Iterator<Item = Vec<Option<f64>>> {
    let known = |subset: usize| {
        x.iter().enumerate().map(|(i, x)| (subset >> i & 1 == 1).then_some(*x)).collect()
    };
    (0..1_usize << x.len()).map(known)
}

#[test]
fn log_density_is_the_formula_s_and_the_score_its_slope() {
    let mixture = mixture();
    let density = |x: &[f64]| mixture.log_density(x).expect("closed");
    for x in POINTS {
        let want = log_density(&means(), &covariances(), &weights(), &x);
        close(density(&x), want, 1e-13, "log density");
        for (i, score) in mixture.score(&x).expect("closed").into_iter().enumerate() {
            // h⁴ / 30 times a fifth derivative of up to some 1000, and 1e-15 / h of rounding.
            close(score, slope(&density, &x, i, 1e-3), 1e-9, "score");
        }
    }
    let far = [1e6, -1e6, 1e6];
    assert!(density(&far).is_finite());
    assert!(mixture.score(&far).expect("closed").iter().all(|score| score.is_finite()));
}

#[test]
fn a_level_is_the_mixture_of_scaled_and_noised_covariances() {
    for (alpha, sigma) in LEVELS {
        let scaled = |mean: &Vec<f64>| mean.iter().map(|m| alpha * m).collect();
        let means: Matrix = means().iter().map(scaled).collect();
        let mut noisy = covariances();
        for covariance in &mut noisy {
            covariance.iter_mut().flatten().for_each(|c| *c *= alpha * alpha);
            (0..3).for_each(|i| covariance[i][i] += sigma * sigma);
        }
        let diffused = mixture().diffused(alpha, sigma);
        for (found, want) in diffused.covariances().iter().zip(&noisy) {
            all_close(&found.concat(), &want.concat(), 1e-14, "covariance");
        }
        assert_eq!(diffused.means(), means);
        for x in POINTS {
            let found = mixture().diffused_log_density(alpha, sigma, &x).expect("closed");
            // At the least noise the densities multiply rounding by some 10.
            close(found, log_density(&means, &noisy, &weights(), &x), 1e-12, "log density");
            assert_eq!(diffused.log_density(&x), Some(found));
        }
    }
    assert_eq!(mixture().diffused_log_density(0.0, 0.0, &POINTS[0]), None);
}

/// `E[x_0 | x] = (x + sigma² · ∇ log p(x)) / alpha` (Robbins 1956, Efron 2011).
#[test]
fn posterior_means_follow_tweedie_s_formula() {
    let mixture = mixture();
    for (alpha, sigma) in [(1.0, 0.1), (1.0, 0.5), (0.6, 0.8), (0.3, 0.95)] {
        let found = mixture.posterior_means(&POINTS.concat(), alpha, sigma);
        for (x, found) in POINTS.iter().zip(found.chunks_exact(3)) {
            assert_eq!(found, mixture.posterior_mean(x, alpha, sigma));
            let density =
                |x: &[f64]| mixture.diffused_log_density(alpha, sigma, x).expect("closed");
            for (i, found) in found.iter().enumerate() {
                let score = slope(&density, x, i, 1e-3);
                close(*found, (x[i] + sigma * sigma * score) / alpha, 1e-8, "posterior mean");
            }
        }
    }
}

#[test]
fn every_component_draws_rows_of_its_mean_and_covariance() {
    const ROWS: usize = 200_000;
    // So far apart that the nearest mean tells a row's component.
    let means: Matrix =
        means().iter().map(|mean| mean.iter().map(|m| 100.0 * m).collect()).collect();
    let mixture = GaussianMixture::with_covariances(means.clone(), covariances(), Some(weights()))
        .expect("valid");
    let mut rows = vec![0.0; 3 * ROWS];
    mixture.draw(Part::Training, &mut Streams::new(5).at(Purpose::Data, 0, 0), &mut rows);
    let square =
        |x: &[f64], mean: &[f64]| -> f64 { x.iter().zip(mean).map(|(x, m)| (x - m).powi(2)).sum() };
    let mut own = vec![Vec::new(); 3];
    for row in rows.chunks_exact(3) {
        let nearest =
            |a: &usize, b: &usize| square(row, &means[*a]).total_cmp(&square(row, &means[*b]));
        own[(0..3).min_by(nearest).expect("three")].push(row);
    }
    for (((own, mean), covariance), weight) in
        own.iter().zip(&means).zip(covariances()).zip(weights())
    {
        let n = own.len() as f64;
        let share = n / ROWS as f64;
        // Everywhere within 4.5 standard errors.
        assert!((share - weight).abs() < 4.5 * (weight * (1.0 - weight) / ROWS as f64).sqrt());
        let average = |f: &dyn Fn(&[f64]) -> f64| own.iter().map(|row| f(row)).sum::<f64>() / n;
        for i in 0..3 {
            let off = average(&|x| x[i] - mean[i]);
            assert!(off.abs() < 4.5 * (covariance[i][i] / n).sqrt(), "mean {i} is off by {off}");
            for j in 0..=i {
                let found = average(&|x| (x[i] - mean[i]) * (x[j] - mean[j]));
                let exact = covariance[i][j];
                // A product of normals has the variance v_i v_j + c².
                let error = ((covariance[i][i] * covariance[j][j] + exact * exact) / n).sqrt();
                assert!((found - exact).abs() < 4.5 * error, "{i} {j}: {found}, exactly {exact}");
            }
        }
    }
}

#[test]
fn moments_of_the_whole_are_those_of_its_draws() {
    const ROWS: usize = 200_000;
    let mixture = mixture();
    let mut rows = vec![0.0; 3 * ROWS];
    mixture.draw(Part::HeldOut, &mut Streams::new(6).at(Purpose::HeldOut, 0, 0), &mut rows);
    let (mean, covariance) = (mixture.mean().expect("known"), mixture.covariance().expect("known"));
    let checked = |f: &dyn Fn(&[f64]) -> f64, exact: f64, what: &str| {
        let values: Vec<f64> = rows.chunks_exact(3).map(f).collect();
        let average = values.iter().sum::<f64>() / ROWS as f64;
        let square = values.iter().map(|v| (v - average).powi(2)).sum::<f64>() / ROWS as f64;
        let error = (square / ROWS as f64).sqrt();
        assert!((average - exact).abs() < 4.5 * error, "{what}: {average}, exactly {exact}");
    };
    for i in 0..3 {
        checked(&|x| x[i], mean[i], "mean");
        for j in 0..3 {
            checked(&|x| (x[i] - mean[i]) * (x[j] - mean[j]), covariance[i][j], "covariance");
        }
    }
    let diagonal: Vec<f64> = (0..3).map(|i| covariance[i][i]).collect();
    all_close(&mixture.variance().expect("known"), &diagonal, 1e-15, "variance");
}

#[test]
fn a_row_is_where_its_words_are_and_components_can_take_turns() {
    let random = GaussianMixture::with_covariances(means(), covariances(), None).expect("valid");
    let balanced = random.clone().balanced().expect("equal weights");
    let draw = |mixture: &GaussianMixture, first: u64, rows: usize| {
        let mut out = vec![0.0; 3 * rows];
        let word = first * mixture.words_per_row();
        mixture.draw(Part::Training, &mut Streams::new(11).at(Purpose::Data, 0, word), &mut out);
        out
    };
    // One word for the component and two pairs of normals.
    assert_eq!(random.words_per_row(), 5);
    for mixture in [&random, &balanced] {
        let rows = draw(mixture, 0, 300);
        for i in [0, 1, 7, 255, 299] {
            assert_eq!(draw(mixture, i as u64, 1), rows[3 * i..][..3], "row {i}");
        }
    }
    // A row of component k has the same normals z as those of one that is alone.
    let rows = draw(&balanced, 0, 30);
    for (k, (mean, covariance)) in means().into_iter().zip(covariances()).enumerate() {
        let alone = GaussianMixture::with_covariances(vec![mean], vec![covariance], None);
        let alone = draw(&alone.expect("valid"), 0, 30);
        for i in (k..30).step_by(3) {
            assert_eq!(rows[3 * i..][..3], alone[3 * i..][..3], "row {i}");
        }
    }
}

/// Numbers that every release must give again: runs of old config files depend on them.
#[test]
fn values_are_stable() {
    let mut rows = vec![0.0; 3 * 100];
    mixture().draw(Part::Training, &mut Streams::new(11).at(Purpose::Data, 0, 0), &mut rows);
    let sum = rows.iter().fold(0_u64, |sum, x| sum.rotate_left(7) ^ x.to_bits());
    assert_eq!(sum, 0x4a0dbf0dec714b3e);
}

#[test]
fn covariances_that_are_all_std_squared_make_the_isotropic_mixture() {
    const STD: f64 = 0.7;
    let one: Matrix =
        (0..3).map(|i| (0..3).map(|j| if i == j { STD * STD } else { 0.0 }).collect()).collect();
    let full = GaussianMixture::with_covariances(means(), vec![one; 3], Some(weights()));
    let (full, isotropic) =
        (full.expect("valid"), GaussianMixture::new(means(), STD, Some(weights())).expect("valid"));
    let same = |found: Option<Vec<f64>>, want: Option<Vec<f64>>, what: &str| {
        all_close(&found.expect("known"), &want.expect("known"), 1e-13, what);
    };
    let draw = |mixture: &GaussianMixture| {
        let mut rows = vec![0.0; 300];
        mixture.draw(Part::Training, &mut Streams::new(7).at(Purpose::Data, 0, 0), &mut rows);
        Some(rows)
    };
    same(draw(&full), draw(&isotropic), "rows");
    same(full.mean(), isotropic.mean(), "mean");
    same(full.variance(), isotropic.variance(), "variance");
    let flat = |mixture: &GaussianMixture| mixture.covariance().map(|rows| rows.concat());
    same(flat(&full), flat(&isotropic), "covariance");
    close(full.std(), isotropic.std(), 1e-15, "std");
    assert_eq!(full.covariances(), isotropic.covariances());
    assert!(full.modes().is_none() && isotropic.modes().is_some());
    for (alpha, sigma) in LEVELS {
        let level = |mixture: &GaussianMixture, x: &[f64]| {
            mixture.diffused_log_density(alpha, sigma, x).map(|density| vec![density])
        };
        let rows = POINTS.concat();
        let [found, want] = [&full, &isotropic].map(|m| m.posterior_means(&rows, alpha, sigma));
        all_close(&found, &want, 1e-13, "posterior means");
        for x in POINTS {
            same(level(&full, &x), level(&isotropic, &x), "density of the level");
            let score = |m: &GaussianMixture| m.diffused(alpha, sigma).score(&x);
            same(score(&full), score(&isotropic), "score");
            for known in subsets(&x) {
                let means = |m: &GaussianMixture| m.posterior_means_given(&x, alpha, sigma, &known);
                all_close(&means(&full), &means(&isotropic), 1e-13, "given some");
            }
        }
    }
    for x in POINTS {
        same(full.log_density(&x).map(|d| vec![d]), isotropic.log_density(&x).map(|d| vec![d]), "");
        for known in subsets(&x).take(7) {
            let given = |mixture: &GaussianMixture| mixture.given(&known).expect("some unknown");
            let (found, want) = (given(&full), given(&isotropic));
            all_close(found.weights(), want.weights(), 1e-13, "weights given some");
            assert_eq!(found.means(), want.means());
        }
    }
}

/// Known numbers and a level without noise: the posterior mean is that of [`given`](GaussianMixture::given).
#[test]
fn posterior_means_are_finite_and_right_at_the_ends_of_all_levels() {
    let mixture = mixture();
    let x = POINTS[3];
    for known in subsets(&x) {
        let means = |x: &[f64], alpha: f64, sigma: f64| {
            mixture.posterior_means_given(x, alpha, sigma, &known)
        };
        // No noise: the row itself. No signal: the mean given what is known.
        for sigma in [0.0, 1e-300, 1e-150, 1e-12] {
            all_close(&means(&x, 1.0, sigma), &x, 1e-13, "no noise");
        }
        let mut want: Vec<f64> = known.iter().map(|y| y.unwrap_or(0.0)).collect();
        if let Ok(given) = mixture.given(&known) {
            let unknown = want.iter_mut().zip(&known).filter(|(_, known)| known.is_none());
            let mean = given.mean().expect("known");
            unknown.zip(mean).for_each(|((want, _), mean)| *want = mean);
        }
        for (alpha, sigma) in [(0.0, 1.0), (0.0, 1e-150), (0.0, 1e150), (1e-100, 1.0), (1.0, 1e100)]
        {
            let noise = [0.3, -1.2, 0.5].map(|eps| sigma * eps);
            all_close(&means(&noise, alpha, sigma), &want, 1e-13, "no signal");
        }
        for exponent in -150..=150 {
            let sigma = 10_f64.powi(exponent);
            for alpha in [0.0, 1e-100, 0.5, 1.0] {
                let x = x.map(|x0| alpha * x0 + sigma);
                for mean in means(&x, alpha, sigma) {
                    assert!(mean.abs() < 10.0, "{known:?} {alpha} {sigma}: {mean}");
                }
            }
        }
    }
}

#[test]
fn bad_covariances_and_bad_known_numbers_are_refused_by_name() {
    let mixture_of = |covariances: Vec<Matrix>| {
        GaussianMixture::with_covariances(vec![vec![0.0; 2]; 2], covariances, None).err()
    };
    let with = |a: f64, b: f64, c: f64, d: f64| {
        let unit = vec![vec![1.0, 0.0], vec![0.0, 1.0]];
        mixture_of(vec![unit, vec![vec![a, b], vec![c, d]]])
    };
    let unit = vec![vec![1.0, 0.0], vec![0.0, 1.0]];
    let given = |known: &[Option<f64>]| {
        let mixture = GaussianMixture::new(vec![vec![0.0; 2]], 1.0, None).expect("valid");
        mixture.given(known).err()
    };
    let shape = "covariances[1]: must hold 2 rows of 2 numbers, as many as a mean";
    let positive = "covariances[1]: must be positive definite, got a variance of";
    let cases = [
        (mixture_of(vec![unit.clone()]), "covariances: must hold 2 matrices, one a mean, got 1"),
        (mixture_of(vec![unit.clone(), vec![vec![1.0]]]), &format!("{shape}, got 1 rows")),
        (
            mixture_of(vec![unit, vec![vec![1.0, 0.0], vec![0.0]]]),
            &format!("{shape}, got 1 in row 1"),
        ),
        (with(1.0, 0.0, 0.0, f64::NAN), "covariances[1]: must hold finite numbers, got NaN"),
        (
            with(1.0, 0.5, 0.4, 1.0),
            "covariances[1]: must be symmetric, got 0.5 at [0][1] and 0.4 at [1][0]",
        ),
        (
            with(1.0, 0.5, 0.5 + 1e-11, 1.0),
            "covariances[1]: must be symmetric, got 0.5 at [0][1] and 0.50000000001 at [1][0]",
        ),
        (with(0.0, 0.0, 0.0, 1.0), &format!("{positive} 0 in number 0 given those before it")),
        (with(1.0, 2.0, 2.0, 1.0), &format!("{positive} -3 in number 1 given those before it")),
        (with(1.0, 0.1, 0.1, 0.010000000000000002), &format!("{positive} ")),
        (given(&[None]), "known: must hold 2 numbers or gaps, one a feature, got 1"),
        (given(&[None, Some(f64::NAN)]), "known[1]: must be finite, got NaN"),
        (given(&[Some(1.0); 2]), "known: must leave a number unknown, got all 2"),
        (
            given(&[Some(1e200), None]),
            "known: must lie within 1e154 standard deviations of a mean, got [1e200]",
        ),
    ];
    for (error, message) in cases {
        let error = error.map(|error| error.to_string()).unwrap_or_default();
        assert!(error.starts_with(message), "{error:?} is not {message:?}");
    }
    assert_eq!(with(1.0, 0.5, 0.5 + 1e-13, 1.0), None, "rounding is no asymmetry");
}
