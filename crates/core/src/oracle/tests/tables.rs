//! The exact denoiser of mixtures with categories: on the host as their posterior means, in tensors the same, with its slope.

use langevin_data::{CategoricalMixture, Part, ProductComponent, Purpose, Streams};

use super::*;
use crate::oracle::TableOracle;

const ROWS: usize = 12;
/// Two numbers, and categories of two and three values.
const FEATURES: usize = 7;

fn mixture() -> CategoricalMixture {
    let component = |means: [f64; 2], stds: [f64; 2], shares: [&[f64]; 2]| ProductComponent {
        means: means.to_vec(),
        stds: stds.to_vec(),
        shares: shares.map(<[f64]>::to_vec).to_vec(),
    };
    let components = vec![
        component([-1.0, 0.5], [0.4, 0.6], [&[0.9, 0.1], &[0.7, 0.2, 0.1]]),
        component([1.2, 0.0], [0.2, 0.5], [&[0.2, 0.8], &[0.05, 0.05, 0.9]]),
        component([0.1, -1.0], [0.5, 0.3], [&[0.5, 0.5], &[0.1, 0.8, 0.1]]),
    ];
    CategoricalMixture::new(components, Some(vec![0.3, 0.3, 0.4])).expect("valid")
}

/// Noisy rows, and a condition that tells some cells of their clean rows.
fn rows(level: &NoiseLevel) -> (Vec<f64>, Vec<f64>, Vec<Option<f64>>) {
    let (mut clean, mut noise) = (vec![0.0; ROWS * FEATURES], vec![0.0; ROWS * FEATURES]);
    mixture().draw(Part::Training, &mut Streams::new(2).at(Purpose::Data, 0, 0), &mut clean);
    Streams::new(2).at(Purpose::Noise, 0, 0).fill_normal(&mut noise);
    let noisy =
        clean.iter().zip(&noise).map(|(x, eps)| level.alpha() * x + level.sigma() * eps).collect();
    let (mut condition, mut known) = (Vec::new(), Vec::new());
    for (i, row) in clean.chunks_exact(FEATURES).enumerate() {
        for (column, features) in [0..1, 1..2, 2..4, 4..7].into_iter().enumerate() {
            let is_known = i >> column & 1 == 1;
            let own = row[features].iter();
            condition.extend(own.clone().map(|x| if is_known { *x } else { 0.0 }));
            condition.push(f64::from(u8::from(is_known)));
            known.extend(own.map(|x| is_known.then_some(*x)));
        }
    }
    (noisy, condition, known)
}

fn tensor(values: &[f64], columns: usize, device: &Device, dtype: DType) -> Tensor<2> {
    let data = TensorData::new(values.to_vec(), [values.len() / columns, columns]);
    Tensor::from_data(data, (device, dtype))
}

#[test]
fn the_estimate_is_the_mixture_s_on_the_host_and_in_tensors() {
    let (oracle, plain) = (TableOracle::new(mixture()), Device::flex());
    for (alpha, sigma) in [(1.0, 0.05), (1.0, 0.3), (1.0, 20.0), (0.6, 0.8), (0.0, 1.0)] {
        let level = NoiseLevel::new(alpha, sigma).expect("valid");
        let (noisy, condition, known) = rows(&level);
        let whole = mixture().posterior_means(&noisy, alpha, sigma);
        let told = mixture().posterior_means_given(&noisy, alpha, sigma, &known);
        for (device, dtype, tolerance) in [
            (plain.clone(), DType::F64, 1e-14),
            (plain.clone().autodiff(), DType::F64, 1e-10),
            (plain.clone(), DType::F32, 1e-5),
        ] {
            let x = tensor(&noisy, FEATURES, &device, dtype);
            // What the noisy row is, rounded.
            let near = |got: Tensor<2>, want: &[f64], tolerance: f64| {
                assert_eq!(got.dtype(), dtype);
                for (got, want) in values(got).iter().zip(want) {
                    assert!((got - want).abs() < tolerance, "{level:?} {dtype:?}: {got} {want}");
                }
            };
            // At little noise rounding the row moves its estimate by alpha · a² / sigma² times as much.
            let tolerance =
                if dtype == DType::F32 { f64::max(tolerance, 1e-6 / sigma) } else { tolerance };
            near(oracle.denoise(x.clone(), &level).expect("a level"), &whole, tolerance);
            let condition = tensor(&condition, 11, &device, dtype);
            near(oracle.denoise_given(x, &level, &condition).expect("a level"), &told, tolerance);
        }
    }
}

#[test]
fn the_gradient_by_the_rows_is_the_slope() {
    let (oracle, plain) = (TableOracle::new(mixture()), Device::flex());
    for (alpha, sigma) in [(1.0, 0.5), (0.6, 0.8)] {
        let level = NoiseLevel::new(alpha, sigma).expect("valid");
        let (noisy, condition, _) = rows(&level);
        let factors: Vec<f64> = (0..noisy.len()).map(|i| 1.0 + (i % 5) as f64).collect();
        let sum = |x: &[f64]| -> f64 {
            let told = tensor(&condition, 11, &plain, DType::F64);
            let x = tensor(x, FEATURES, &plain, DType::F64);
            let denoised = oracle.denoise_given(x, &level, &told).expect("a level");
            values(denoised).iter().zip(&factors).map(|(x, factor)| x * factor).sum()
        };
        let device = plain.clone().autodiff();
        let x = tensor(&noisy, FEATURES, &device, DType::F64).require_grad();
        let told = tensor(&condition, 11, &device, DType::F64);
        let denoised = oracle.denoise_given(x.clone(), &level, &told).expect("a level");
        let loss = (denoised * tensor(&factors, FEATURES, &device, DType::F64)).sum();
        let gradient = values(x.grad(&loss.backward()).expect("a gradient"));
        for (i, got) in gradient.iter().enumerate() {
            let moved = |by: f64| {
                let mut x = noisy.clone();
                x[i] += by;
                sum(&x)
            };
            let h = 1e-3;
            let [near, far] = [h, 2.0 * h].map(|h| moved(h) - moved(-h));
            let want = (8.0 * near - far) / (12.0 * h);
            assert!((got - want).abs() < 1e-7, "{alpha} {sigma} {i}: {got} for {want}");
        }
    }
}

#[test]
fn a_condition_of_another_width_or_flag_is_refused() {
    let (oracle, device) = (TableOracle::new(mixture()), Device::flex());
    let level = NoiseLevel::new(1.0, 1.0).expect("valid");
    let said = |condition: &[f64], columns: usize| {
        let x = tensor(&[0.0; FEATURES], FEATURES, &device, DType::F64);
        let condition = tensor(condition, columns, &device, DType::F64);
        oracle.denoise_given(x, &level, &condition).expect_err("refused").to_string()
    };
    let width = "condition: must have 11 columns, the features of each column and a flag, got 10";
    assert_eq!(said(&[0.0; 10], 10), width);
    assert_eq!(said(&[0.5; 11], 11), "condition: must have flags 0 or 1, got 0.5");
    let rows = "condition: must hold one row for each of the 1 rows, got 2";
    assert_eq!(said(&[0.0; 22], 11), rows);
}
