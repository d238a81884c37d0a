//! Exact denoiser of a Gaussian of two correlated features: in tensors, so that it is differentiable. For tests.

use burn::tensor::{DType, Device, Tensor, TensorData};

use crate::{CoreError, Denoiser, NoiseLevel};

pub type Matrix = [[f64; 2]; 2];

/// Gaussian of two features.
pub struct Correlated {
    pub mean: [f64; 2],
    pub covariance: Matrix,
}

impl Correlated {
    /// Gain of the estimate: `D = m + gain · (x − alpha m)`, `gain = alpha C (alpha² C + sigma² I)⁻¹`.
    pub fn gain(&self, level: &NoiseLevel) -> Matrix {
        let (alpha, variance) = (level.alpha(), level.sigma().powi(2));
        let [[a, b], [c, d]] = self.covariance.map(|row| row.map(|c| alpha * alpha * c));
        let (a, d) = (a + variance, d + variance);
        let inverse = [[d, -b], [-c, a]].map(|row| row.map(|e| alpha * e / (a * d - b * c)));
        product(&self.covariance, &inverse)
    }

    /// Covariance of `x_0` given `x_t`: `C − alpha · gain · C`.
    pub fn left(&self, level: &NoiseLevel) -> Matrix {
        let seen = product(&self.gain(level), &self.covariance);
        std::array::from_fn(|i| {
            std::array::from_fn(|j| self.covariance[i][j] - level.alpha() * seen[i][j])
        })
    }

    /// The Gaussian given that `feature` was observed as `y` with noise of this variance.
    pub fn given(&self, feature: usize, y: f64, variance: f64) -> Self {
        let c = &self.covariance;
        let gain = c.map(|row| row[feature] / (c[feature][feature] + variance));
        Self {
            mean: std::array::from_fn(|i| self.mean[i] + gain[i] * (y - self.mean[feature])),
            covariance: std::array::from_fn(|i| {
                std::array::from_fn(|j| c[i][j] - gain[i] * c[feature][j])
            }),
        }
    }
}

impl Denoiser for Correlated {
    fn denoise(&self, x: Tensor<2>, level: &NoiseLevel) -> Result<Tensor<2>, CoreError> {
        let place = (&x.device(), x.dtype());
        let mean = Tensor::<2>::from_data(TensorData::new(self.mean.to_vec(), [1, 2]), place);
        let gain = TensorData::new(self.gain(level).concat(), [2, 2]);
        // The gain is symmetric: a row of it is a column, too.
        let gain = Tensor::<2>::from_data(gain, place);
        Ok(mean.clone() + (x - mean.mul_scalar(level.alpha())).matmul(gain))
    }
}

pub fn product(a: &Matrix, b: &Matrix) -> Matrix {
    a.map(|row| std::array::from_fn(|j| row[0] * b[0][j] + row[1] * b[1][j]))
}

/// Rows of so many columns, in f64.
pub fn rows(values: &[f64], columns: usize) -> Tensor<2> {
    let data = TensorData::new(values.to_vec(), [values.len() / columns, columns]);
    Tensor::from_data(data, (&Device::flex(), DType::F64))
}

/// The values of a tensor in f64.
pub fn host(x: Tensor<2>) -> Vec<f64> {
    x.into_data().convert_dtype(DType::F64).iter::<f64>().collect()
}
