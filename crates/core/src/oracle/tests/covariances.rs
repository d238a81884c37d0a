//! The exact denoiser of mixtures with full covariances and of rows of which some numbers are known, against
//! the conditional Gaussians of all numbers at once, by elimination.

use burn::tensor::Device;

use super::super::*;
use crate::{Conditioned, level_step};

type Matrix = [[f64; 3]; 3];

const MEANS: Matrix = [[0.5, -1.0, 0.3], [-0.8, 0.4, 1.1], [1.2, 0.9, -0.7]];

const COVARIANCES: [Matrix; 3] = [
    [[1.0, 0.6, -0.3], [0.6, 0.8, 0.1], [-0.3, 0.1, 0.5]],
    [[0.3, -0.2, 0.05], [-0.2, 0.6, 0.25], [0.05, 0.25, 0.4]],
    [[2.0, 0.9, 0.7], [0.9, 0.7, 0.2], [0.7, 0.2, 0.9]],
];

const WEIGHTS: [f64; 3] = [0.5, 0.2, 0.3];

const LEVELS: [(f64, f64); 6] =
    [(1.0, 0.02), (1.0, 0.5), (0.6, 0.8), (0.1, 0.995), (0.0, 1.0), (1.0, 30.0)];

/// Clean rows, and the noise that is added to them.
const CLEAN: [[f64; 3]; 4] =
    [[0.5, -1.0, 0.3], [0.0, 0.2, 0.1], [1.5, 0.4, -0.9], [-1.4, 0.9, 1.6]];
const NOISE: [[f64; 3]; 4] =
    [[0.3, -1.2, 0.8], [1.9, 0.1, -0.6], [-0.4, -0.7, 1.1], [0.2, 1.3, -2.1]];

fn full() -> MixtureOracle {
    let rows = |matrix: Matrix| matrix.map(|row| row.to_vec()).to_vec();
    let covariances = COVARIANCES.map(rows).to_vec();
    let mixture =
        GaussianMixture::with_covariances(rows(MEANS), covariances, Some(WEIGHTS.to_vec()));
    MixtureOracle::new(mixture.expect("valid"))
}

fn isotropic() -> (MixtureOracle, [Matrix; 3]) {
    let means = MEANS.map(|row| row.to_vec()).to_vec();
    let mixture = GaussianMixture::new(means, 0.7, Some(WEIGHTS.to_vec()));
    let one = [[0.49, 0.0, 0.0], [0.0, 0.49, 0.0], [0.0, 0.0, 0.49]];
    (MixtureOracle::new(mixture.expect("valid")), [one; 3])
}

/// The solution s of `matrix s = right`, and the determinant, by Gauss's elimination with pivots.
fn solved(mut matrix: Matrix, mut right: [f64; 3]) -> ([f64; 3], f64) {
    let mut determinant = 1.0;
    for i in 0..3 {
        let largest = |a: &usize, b: &usize| matrix[*a][i].abs().total_cmp(&matrix[*b][i].abs());
        let pivot = (i..3).max_by(largest).expect("rows are left");
        if pivot != i {
            matrix.swap(pivot, i);
            right.swap(pivot, i);
            determinant = -determinant;
        }
        determinant *= matrix[i][i];
        for row in i + 1..3 {
            let factor = matrix[row][i] / matrix[i][i];
            let pivot = matrix[i];
            matrix[row].iter_mut().zip(pivot).skip(i).for_each(|(x, own)| *x -= factor * own);
            right[row] -= factor * right[i];
        }
    }
    for i in (0..3).rev() {
        let known: f64 = (i + 1..3).map(|j| matrix[i][j] * right[j]).sum();
        right[i] = (right[i] - known) / matrix[i][i];
    }
    (right, determinant)
}

/// `E[x_0 | z]` of observations `z_j = a_j x_0j + s_j eps_j`: with a = 1 and s = 0 of a known number.
fn expected(
    covariances: &[Matrix; 3],
    x: &[f64; 3],
    known: &[Option<f64>; 3],
    (alpha, sigma): (f64, f64),
) -> [f64; 3] {
    let z: [f64; 3] = std::array::from_fn(|j| known[j].unwrap_or(x[j]));
    let a = known.map(|known| if known.is_some() { 1.0 } else { alpha });
    let s = known.map(|known| if known.is_some() { 0.0 } else { sigma });
    let parts: [(f64, [f64; 3]); 3] = std::array::from_fn(|k| {
        let (mean, covariance) = (MEANS[k], covariances[k]);
        let mut observed = [[0.0; 3]; 3];
        for (i, row) in observed.iter_mut().enumerate() {
            for (j, v) in row.iter_mut().enumerate() {
                *v = a[i] * covariance[i][j] * a[j] + if i == j { s[i] * s[i] } else { 0.0 };
            }
        }
        let away: [f64; 3] = std::array::from_fn(|j| z[j] - a[j] * mean[j]);
        let (pull, determinant) = solved(observed, away);
        let square: f64 = away.iter().zip(pull).map(|(a, b)| a * b).sum();
        let estimate = std::array::from_fn(|i| {
            mean[i] + (0..3).map(|j| covariance[i][j] * a[j] * pull[j]).sum::<f64>()
        });
        (WEIGHTS[k].ln() - 0.5 * (determinant.ln() + square), estimate)
    });
    let largest = parts.iter().map(|(log, _)| *log).fold(f64::NEG_INFINITY, f64::max);
    let shares = parts.map(|(log, _)| (log - largest).exp());
    let sum: f64 = shares.iter().sum();
    std::array::from_fn(|i| {
        parts.iter().zip(shares).map(|((_, own), share)| share / sum * own[i]).sum()
    })
}

fn rows(values: &[f64], columns: usize, device: &Device) -> Tensor<2> {
    let data = TensorData::new(values.to_vec(), [values.len() / columns, columns]);
    Tensor::from_data(data, (device, DType::F64))
}

fn noisy((alpha, sigma): (f64, f64)) -> [[f64; 3]; 4] {
    std::array::from_fn(|row| {
        std::array::from_fn(|j| alpha * CLEAN[row][j] + sigma * NOISE[row][j])
    })
}

/// The condition of a row, with a number of no account where nothing is known.
fn condition(known: &[Option<f64>; 3]) -> [f64; 6] {
    std::array::from_fn(|i| match (known[i / 2], i % 2) {
        (Some(value), 0) => value,
        (None, 0) => 77.0,
        (value, _) => f64::from(value.is_some()),
    })
}

/// Every row with every subset of its numbers known, neighbours with different ones.
fn told() -> Vec<(usize, [Option<f64>; 3])> {
    let all = (0..8).flat_map(|subset| (0..4).map(move |row| (row, (subset + row) % 8)));
    let known = |(row, subset): (usize, usize)| {
        // Known numbers need not be those that the noisy row was made of.
        let value = |j: usize| CLEAN[(row + 1) % 4][j];
        (row, std::array::from_fn(|j| (subset >> j & 1 == 1).then_some(value(j))))
    };
    all.map(known).collect()
}

#[test]
fn the_estimate_given_any_known_numbers_is_the_conditional_mean_of_all_numbers() {
    let device = Device::flex();
    let (isotropic, squares) = isotropic();
    for (oracle, covariances) in [(full(), COVARIANCES), (isotropic, squares)] {
        for scales in LEVELS {
            let level = NoiseLevel::new(scales.0, scales.1).expect("valid");
            let (mut x, mut conditions, mut want) = (Vec::new(), Vec::new(), Vec::new());
            for (row, known) in told() {
                let noisy = noisy(scales)[row];
                // What a known number's cell holds counts for nothing.
                x.extend((0..3).map(|j| if known[j].is_some() { f64::NAN } else { noisy[j] }));
                conditions.extend(condition(&known));
                want.push((known, expected(&covariances, &noisy, &known, scales)));
            }
            let conditions = rows(&conditions, 6, &device);
            for device in [device.clone(), device.clone().autodiff()] {
                let x = rows(&x, 3, &device);
                let got = values(oracle.denoise_given(x, &level, &conditions).expect("a level"));
                for (got, (known, want)) in got.chunks_exact(3).zip(&want) {
                    for j in 0..3 {
                        let off = (got[j] - want[j]).abs();
                        assert!(off < 1e-10, "{scales:?} {known:?}: {got:?} for {want:?}");
                        assert!(known[j].is_none_or(|value| got[j] == value), "{known:?} {got:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn rows_of_which_nothing_is_known_have_the_plain_estimate() {
    let device = Device::flex();
    let nothing = condition(&[None; 3]).repeat(4);
    for oracle in [full(), isotropic().0] {
        for scales in LEVELS {
            let level = NoiseLevel::new(scales.0, scales.1).expect("valid");
            let x = || rows(&noisy(scales).concat(), 3, &device);
            let told = Conditioned::new(&oracle, rows(&nothing, 6, &device));
            let got = values(told.denoise(x(), &level).expect("a level"));
            let want = values(oracle.denoise(x(), &level).expect("a level"));
            for (got, want) in got.iter().zip(&want) {
                assert!((got - want).abs() < 1e-13, "{scales:?}: {got} for {want}");
            }
        }
    }
    // In its own dtype, as every estimate.
    let x = rows(&CLEAN.concat(), 3, &device).cast(DType::F32);
    let condition = rows(&nothing, 6, &device).cast(DType::F32);
    let level = NoiseLevel::new(0.6, 0.8).expect("valid");
    let got = full().denoise_given(x, &level, &condition).expect("a level");
    assert_eq!(got.dtype(), DType::F32);
}

#[test]
fn a_level_step_of_the_conditioned_oracle_leads_to_the_conditional_mean() {
    let (device, oracle) = (Device::flex(), full());
    let known = [Some(0.4), None, None];
    let told = Conditioned::new(&oracle, rows(&condition(&known), 6, &device));
    let level = NoiseLevel::new(1.0, 0.5).expect("valid").with_next(0.0);
    let x = noisy((1.0, 0.5))[1];
    let step = values(level_step(&told, rows(&x, 3, &device), &level).expect("a step"));
    let want = expected(&COVARIANCES, &x, &known, (1.0, 0.5));
    for j in 0..3 {
        assert!((x[j] - step[j] - want[j]).abs() < 1e-10, "{step:?} {want:?}");
    }
}

#[test]
fn tensors_give_the_host_s_estimate_and_its_slopes() {
    let (plain, oracle) = (Device::flex(), full());
    let factors: Vec<f64> = (1..=12).map(f64::from).collect();
    let nothing = [[None; 3]; 4];
    let some = [[None; 3], [Some(0.4), None, None], [None, Some(-0.2), Some(0.9)], [Some(1.0); 3]];
    for (alpha, sigma) in [(1.0, 0.5), (0.6, 0.8), (0.0, 1.0)] {
        let level = NoiseLevel::new(alpha, sigma).expect("valid");
        let x: [f64; 12] = noisy((alpha, sigma)).concat().try_into().expect("4 rows of 3");
        for known in [None, Some(nothing), Some(some)] {
            let estimate = |x: Tensor<2>| match known {
                None => oracle.denoise(x, &level).expect("a level"),
                Some(known) => {
                    let told = known.map(|known| condition(&known)).concat();
                    let told = rows(&told, 6, &plain);
                    oracle.denoise_given(x, &level, &told).expect("a level")
                }
            };
            let host = values(estimate(rows(&x, 3, &plain)));
            let on_tape = rows(&x, 3, &plain.clone().autodiff()).require_grad();
            let denoised = estimate(on_tape.clone());
            for (got, want) in values(denoised.clone()).iter().zip(&host) {
                assert!((got - want).abs() < 1e-13 * 10.0, "{got} for {want}");
            }
            let loss = (denoised * rows(&factors, 3, &on_tape.device())).sum();
            let gradient = on_tape.grad(&loss.backward()).expect("a gradient");
            for (i, got) in values(gradient).into_iter().enumerate() {
                let sum = |by: f64| -> f64 {
                    let mut x = x;
                    x[i] += by;
                    let denoised = values(estimate(rows(&x, 3, &plain)));
                    denoised.iter().zip(&factors).map(|(value, factor)| factor * value).sum()
                };
                // A difference of order 4: its error is h^4 / 30 times a fifth derivative of up to some
                // 1000, and rounding leaves 1e-14 / h.
                let h = 1e-3;
                let [near, far] = [h, 2.0 * h].map(|h| sum(h) - sum(-h));
                let want = (8.0 * near - far) / (12.0 * h);
                assert!((got - want).abs() < 1e-9, "{alpha} {sigma} {i}: {got} for {want}");
            }
        }
    }
}

#[test]
fn the_estimate_is_finite_at_every_level() {
    let (device, oracle) = (Device::flex(), full());
    let conditions: Vec<f64> = told().iter().flat_map(|(_, known)| condition(known)).collect();
    let conditions = rows(&conditions, 6, &device);
    for exponent in (-150..=150).step_by(5) {
        let sigma = 10_f64.powi(exponent);
        for alpha in [0.0, 1e-100, 0.5, 1.0] {
            let level = NoiseLevel::new(alpha, sigma).expect("valid");
            let x = rows(&noisy((alpha, sigma)).concat().repeat(8), 3, &device);
            for got in values(oracle.denoise_given(x, &level, &conditions).expect("a level")) {
                assert!(got.abs() < 10.0, "{level:?}: {got}");
            }
        }
    }
}

#[test]
fn conditions_of_another_shape_are_refused() {
    let (device, oracle) = (Device::flex(), full());
    let level = NoiseLevel::new(0.6, 0.8).expect("valid");
    let refusal = |condition: &[f64], columns: usize| {
        let (x, condition) = (rows(&CLEAN.concat(), 3, &device), rows(condition, columns, &device));
        oracle.denoise_given(x, &level, &condition).expect_err("refused").to_string()
    };
    assert_eq!(
        refusal(&[0.0; 18], 6),
        "condition: must hold one row for each of the 4 rows, got 3"
    );
    assert_eq!(
        refusal(&[0.0; 12], 3),
        "condition: must have 6 columns, a value and a flag for each feature, got 3"
    );
    assert_eq!(refusal(&[0.5; 24], 6), "condition: must have flags 0 or 1, got 0.5");
}
