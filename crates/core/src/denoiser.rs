//! Where networks and samplers meet: the estimate of the clean row.

use burn::tensor::{Tensor, TensorData};

use crate::{LevelEmbedding, Network, NoiseLevel, NoiseSchedule, Prediction};

/// The estimate of the clean rows behind noisy ones: a network, an oracle, a guided combination.
pub trait Denoiser {
    /// `D(x_t; level)`, the estimate of E[x_0 | x_t].
    ///
    /// # Shapes
    /// `x` and the result `[batch, features]`, of the same dtype; every row is at `level`.
    fn denoise(&self, x: Tensor<2>, level: &NoiseLevel, condition: Option<&Tensor<2>>)
    -> Tensor<2>;
}

/// A trained network with its prediction and level embedding: `D = c_skip · x + c_out · F(c_in · x)`.
pub struct NetworkDenoiser<'a, N> {
    network: &'a N,
    prediction: Prediction,
    embedding: &'a LevelEmbedding,
    schedule: &'a dyn NoiseSchedule,
}

impl<'a, N: Network> NetworkDenoiser<'a, N> {
    /// The denoiser of a network; every level that it will see must have passed
    /// [`Prediction::check`] and [`LevelEmbedding::check`].
    pub fn new(
        network: &'a N,
        prediction: Prediction,
        embedding: &'a LevelEmbedding,
        schedule: &'a dyn NoiseSchedule,
    ) -> Self {
        Self { network, prediction, embedding, schedule }
    }
}

impl<N: Network> Denoiser for NetworkDenoiser<'_, N> {
    fn denoise(
        &self,
        x: Tensor<2>,
        level: &NoiseLevel,
        condition: Option<&Tensor<2>>,
    ) -> Tensor<2> {
        let c = self.prediction.coefficients(level);
        let [rows, _] = x.dims();
        let mut columns = Vec::new();
        // A level without its quantity was refused before sampling; NaN makes a slip visible.
        if self.embedding.columns(level, self.schedule, &mut columns).is_err() {
            columns = vec![f32::NAN; self.embedding.features()];
        }
        let level_features = (!columns.is_empty()).then(|| {
            let data = TensorData::new(columns, [1, self.embedding.features()]);
            Tensor::from_data(data, (&x.device(), x.dtype())).repeat_dim(0, rows)
        });
        let output =
            self.network.forward(x.clone().mul_scalar(c.input), level_features, condition.cloned());
        x.mul_scalar(c.skip) + output.mul_scalar(c.out)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{DType, Device};
    use langevin_data::Streams;

    use super::*;
    use crate::{Activation, Betas, LevelQuantity, MlpConfig};

    fn values(x: Tensor<2>) -> Vec<f32> {
        x.into_data().try_into_vec::<f32>().expect("f32")
    }

    #[test]
    fn the_network_is_told_the_level_and_its_output_becomes_the_clean_row() {
        let grid = Betas::new(&[0.1, 0.3, 0.5]).expect("valid");
        let streams = Streams::new(2);
        let embedding =
            LevelEmbedding::fourier(LevelQuantity::LogSnr, 4, 1.0, &streams).expect("valid");
        let config = MlpConfig {
            features: 2,
            extra_features: 4,
            width: 8,
            depth: 1,
            activation: Activation::Tanh,
            residual: false,
            position_features: 0,
            position_scale: 1.0,
        };
        let device = Device::flex();
        let network = config.init(&streams, &device).expect("valid");
        let x = TensorData::new(vec![0.5_f32, -1.0, 2.0, 0.3, 0.0, 1.0], [3, 2]);
        let x = Tensor::<2>::from_data(x, &device);
        for prediction in
            [Prediction::Noise, Prediction::Velocity, Prediction::Edm { sigma_data: 0.5 }]
        {
            let denoiser = NetworkDenoiser::new(&network, prediction, &embedding, &grid);
            for level in grid.levels(3).expect("all") {
                let mut told = Vec::new();
                embedding.columns(&level, &grid, &mut told).expect("exists");
                let told = TensorData::new(told.repeat(3), [3, 4]);
                let told = Tensor::<2>::from_data(told, &device);
                let c = prediction.coefficients(&level);
                let output = values(network.forward(x.clone() * c.input as f32, Some(told), None));
                let denoised = denoiser.denoise(x.clone(), &level, None);
                assert_eq!(denoised.dtype(), DType::F32);
                for ((got, x), output) in values(denoised).iter().zip(values(x.clone())).zip(output)
                {
                    let want = c.skip * f64::from(x) + c.out * f64::from(output);
                    assert!(
                        (f64::from(*got) - want).abs() < 1e-6 * want.abs().max(1.0),
                        "{level:?}"
                    );
                }
            }
        }
    }
}
