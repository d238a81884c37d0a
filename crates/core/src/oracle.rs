//! The exact denoiser of a Gaussian mixture, against which every sampler is measured.

use burn::tensor::{DType, Tensor, TensorData};
use langevin_data::GaussianMixture;

use crate::{Denoiser, NoiseLevel};

/// Exact denoiser of a Gaussian mixture: `D(x; level) = E[x_0 | x_t = x]` by its closed formula.
///
/// The estimate is computed on the host in f64 and returned in the tensors' dtype, so that only the
/// sampler's own error remains.
pub struct MixtureOracle {
    mixture: GaussianMixture,
}

impl MixtureOracle {
    /// The exact denoiser of `mixture`.
    pub const fn new(mixture: GaussianMixture) -> Self {
        Self { mixture }
    }
}

impl Denoiser for MixtureOracle {
    fn denoise(
        &self,
        x: Tensor<2>,
        level: &NoiseLevel,
        _condition: Option<&Tensor<2>>,
    ) -> Tensor<2> {
        let [rows, features] = x.dims();
        let (device, dtype) = (x.device(), x.dtype());
        let data = x.into_data().convert_dtype(DType::F64);
        let values: Vec<f64> = data.iter::<f64>().collect();
        let denoised = self.mixture.posterior_means(&values, level.alpha(), level.sigma());
        Tensor::from_data(TensorData::new(denoised, [rows, features]), (&device, dtype))
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    fn denoised(x: &[f64], level: &NoiseLevel, dtype: DType) -> Vec<f64> {
        let means = vec![vec![-1.0, -1.0], vec![-1.0, 1.0], vec![1.0, -1.0], vec![1.0, 1.0]];
        let oracle = MixtureOracle::new(GaussianMixture::new(means, 0.01, None).expect("valid"));
        let data = TensorData::new(x.to_vec(), [x.len() / 2, 2]);
        let x = Tensor::from_data(data, (&Device::flex(), dtype));
        let out = oracle.denoise(x, level, None);
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
            let got = oracle.denoise(x, &level, None).into_data().convert_dtype(DType::F64);
            // m + alpha d² / (alpha² d² + sigma²) · (x − alpha m).
            let want = 0.5 + 0.6 * 4.0 / (0.36 * 4.0 + 0.64) * (1.7 - 0.3);
            let got: Vec<f64> = got.iter::<f64>().collect();
            assert!((got[0] - want).abs() < tolerance * 4.0, "{got:?} {want}");
        }
    }
}
