//! The exact denoiser of isotropic mixtures, against formulas and at the ends of all levels.

mod covariances;
mod tables;

use burn::tensor::Device;

use super::*;

fn denoised(x: &[f64], level: &NoiseLevel, dtype: DType) -> Vec<f64> {
    let means = vec![vec![-1.0, -1.0], vec![-1.0, 1.0], vec![1.0, -1.0], vec![1.0, 1.0]];
    let oracle = MixtureOracle::new(GaussianMixture::new(means, 0.01, None).expect("valid"));
    let data = TensorData::new(x.to_vec(), [x.len() / 2, 2]);
    let x = Tensor::from_data(data, (&Device::flex(), dtype));
    let out = oracle.denoise(x, level).expect("a level");
    assert_eq!(out.dtype(), dtype);
    out.into_data().convert_dtype(DType::F64).iter::<f64>().collect()
}

#[test]
fn without_noise_the_row_itself_comes_back() {
    let x = [0.99, 1.01, -1.004, 0.98, 0.3, -2.0];
    for sigma in [0.0, 1e-300, 1e-12] {
        let level = NoiseLevel::new(1.0, sigma).expect("valid");
        for (got, want) in denoised(&x, &level, DType::F64).iter().zip(x) {
            assert!((got - want).abs() < 1e-14, "{sigma:e}: {got} for {want}");
        }
    }
}

#[test]
fn without_signal_the_datas_mean_comes_back() {
    for level in [NoiseLevel::new(0.0, 1.0), NoiseLevel::new(1.0, 1e12)] {
        for got in denoised(&[0.9, -1.7], &level.expect("valid"), DType::F64) {
            assert!(got.abs() < 1e-11, "{got}");
        }
    }
}

#[test]
fn the_estimate_is_finite_at_every_level_and_near_the_modes() {
    for exponent in -150..=150 {
        let sigma = 10_f64.powi(exponent);
        for alpha in [0.0, 1e-100, 0.5, 1.0] {
            let level = NoiseLevel::new(alpha, sigma).expect("valid");
            let x = [alpha + 3.0 * sigma, alpha - 3.0 * sigma, 0.0, 0.0];
            for got in denoised(&x, &level, DType::F64) {
                // At most three of the data's standard deviations off the mode.
                assert!(got.is_finite() && got.abs() < 1.03, "{level:?}: {got}");
            }
        }
    }
}

#[test]
fn the_estimate_of_one_gaussian_is_the_wiener_filter() {
    let gaussian = GaussianMixture::new(vec![vec![0.5]], 2.0, None).expect("valid");
    let oracle = MixtureOracle::new(gaussian);
    let level = NoiseLevel::new(0.6, 0.8).expect("valid");
    for (dtype, tolerance) in [(DType::F64, 1e-15), (DType::F32, 2e-7)] {
        let data = TensorData::new(vec![1.7], [1, 1]);
        let x = Tensor::from_data(data, (&Device::flex(), dtype));
        let got = oracle.denoise(x, &level).expect("a level").into_data().convert_dtype(DType::F64);
        // m + alpha d² / (alpha² d² + sigma²) · (x − alpha m).
        let want = 0.5 + 0.6 * 4.0 / (0.36 * 4.0 + 0.64) * (1.7 - 0.3);
        let got: Vec<f64> = got.iter::<f64>().collect();
        assert!((got[0] - want).abs() < tolerance * 4.0, "{got:?} {want}");
    }
}

#[test]
fn the_gradient_by_the_rows_is_the_formula_s() {
    let means = vec![vec![-1.0, 0.5], vec![1.0, 0.0], vec![0.2, -0.7]];
    let weights = Some(vec![0.5, 0.2, 0.3]);
    let oracle = MixtureOracle::new(GaussianMixture::new(means, 0.3, weights).expect("valid"));
    let plain = Device::flex();
    let values = [0.4, -0.3, 1.2, 0.1, -0.8, 0.6];
    for (alpha, sigma) in [(1.0, 0.5), (0.6, 0.8), (0.0, 1.0)] {
        let level = NoiseLevel::new(alpha, sigma).expect("valid");
        let rows = |values: &[f64], device: &Device| {
            let data = TensorData::new(values.to_vec(), [values.len() / 2, 2]);
            Tensor::<2>::from_data(data, (device, DType::F64))
        };
        let sum = |values: &[f64]| -> f64 {
            let denoised = oracle.denoise(rows(values, &plain), &level).expect("a level");
            // A different factor for each number tells them apart.
            let values = denoised.into_data().iter::<f64>().collect::<Vec<_>>();
            values.iter().enumerate().map(|(i, value)| (i + 1) as f64 * value).sum()
        };
        let x = rows(&values, &plain.clone().autodiff()).require_grad();
        let denoised = oracle.denoise(x.clone(), &level).expect("a level");
        let factors = rows(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &x.device());
        let loss = (denoised * factors).sum();
        let value = loss.clone().into_data().iter::<f64>().next().expect("one number");
        assert!((value - sum(&values)).abs() < 1e-13 * 30.0, "{alpha} {sigma}: {value}");
        let gradient = x.grad(&loss.backward()).expect("a gradient");
        for (i, got) in gradient.into_data().iter::<f64>().enumerate() {
            let moved = |by: f64| {
                let mut values = values;
                values[i] += by;
                sum(&values)
            };
            // A difference of order 4: its error is h^4 / 30 times a fifth derivative of size 1 to
            // 1000, and the host's exponentials leave 1e-14 / h.
            let h = 1e-3;
            let [near, far] = [h, 2.0 * h].map(|h| moved(h) - moved(-h));
            let want = (8.0 * near - far) / (12.0 * h);
            assert!((got - want).abs() < 1e-9, "{alpha} {sigma} {i}: {got} for {want}");
        }
    }
}
