//! Denoisers: the estimate of the clean row, where networks and samplers meet.

use burn::tensor::{Tensor, TensorData};

use crate::{LevelEmbedding, Network, NoiseLevel, NoiseSchedule, Prediction};

/// Denoiser: estimates the clean rows behind noisy ones, by a network, an oracle, a guided combination.
///
/// Several threads may call one denoiser at the same time, each with rows of its own.
pub trait Denoiser: Sync {
    /// The estimate `D(x_t; level)` of `E[x_0 | x_t]`.
    ///
    /// # Shapes
    /// `x` and the result `[batch, features]`, of the same dtype; every row is at `level`.
    fn denoise(&self, x: Tensor<2>, level: &NoiseLevel, condition: Option<&Tensor<2>>)
    -> Tensor<2>;

    /// The excess that is subtracted from rows at a level of a grid to bring them to the next level: by
    /// default `(1 − sigma' / sigma) · (x − D)`, with sigma' the noise scale of the next level.
    ///
    /// # Shapes
    /// As [`denoise`](Self::denoise).
    fn level_step(
        &self,
        x: Tensor<2>,
        level: &NoiseLevel,
        condition: Option<&Tensor<2>>,
    ) -> Tensor<2> {
        let denoised = self.denoise(x.clone(), level, condition);
        excess_noise(x, denoised, level)
    }
}

/// The share `1 − sigma' / sigma` of the estimated noise `x − D`: what a level has in excess of the next.
fn excess_noise(x: Tensor<2>, denoised: Tensor<2>, level: &NoiseLevel) -> Tensor<2> {
    let kept = level.next_sigma().unwrap_or(level.sigma()) / level.sigma();
    (x - denoised).mul_scalar(1.0 - kept)
}

/// Denoiser of a trained network, or of one network for each level of a grid:
/// `D = c_skip · x + c_out · F(c_in · x)`, with the coefficients of a prediction.
pub struct NetworkDenoiser<'a, N> {
    networks: &'a [N],
    prediction: Prediction,
    embedding: &'a LevelEmbedding,
    schedule: &'a dyn NoiseSchedule,
}

impl<'a, N: Network> NetworkDenoiser<'a, N> {
    /// The denoiser of one network, or of as many networks as the grid has levels, in the order of the
    /// levels' index.
    ///
    /// Every level that the denoiser will see must have passed [`Prediction::check`] and
    /// [`LevelEmbedding::check`].
    pub fn new(
        networks: &'a [N],
        prediction: Prediction,
        embedding: &'a LevelEmbedding,
        schedule: &'a dyn NoiseSchedule,
    ) -> Self {
        Self { networks, prediction, embedding, schedule }
    }

    /// The network's output F at a level.
    fn predict(
        &self,
        x: Tensor<2>,
        level: &NoiseLevel,
        condition: Option<&Tensor<2>>,
    ) -> Tensor<2> {
        let [rows, _] = x.dims();
        let mut columns = Vec::new();
        // `LevelEmbedding::check` refused such a level before sampling; NaN makes a slip visible.
        if self.embedding.columns(level, self.schedule, &mut columns).is_err() {
            columns = vec![f32::NAN; self.embedding.features()];
        }
        let level_features = (!columns.is_empty()).then(|| {
            let data = TensorData::new(columns, [1, self.embedding.features()]);
            Tensor::from_data(data, (&x.device(), x.dtype())).repeat_dim(0, rows)
        });
        let own = level.index().filter(|_| self.networks.len() > 1).unwrap_or(0);
        let input = x.mul_scalar(self.prediction.coefficients(level).input);
        match self.networks.get(own) {
            Some(network) => network.forward(input, level_features, condition.cloned()),
            None => input.mul_scalar(f64::NAN),
        }
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
        let output = self.predict(x.clone(), level, condition);
        x.mul_scalar(c.skip) + output.mul_scalar(c.out)
    }

    /// The network's output itself where the prediction is a level step.
    fn level_step(
        &self,
        x: Tensor<2>,
        level: &NoiseLevel,
        condition: Option<&Tensor<2>>,
    ) -> Tensor<2> {
        if let Prediction::LevelStep { .. } = self.prediction {
            return self.predict(x, level, condition);
        }
        let denoised = self.denoise(x.clone(), level, condition);
        excess_noise(x, denoised, level)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{DType, Device};
    use langevin_data::Streams;

    use super::*;
    use crate::{
        Activation, Betas, Karras, LevelEmbeddingConfig, LevelGrid, LevelQuantity, MlpConfig,
        NoiseShare,
    };

    fn values(x: Tensor<2>) -> Vec<f32> {
        x.into_data().try_into_vec::<f32>().expect("f32")
    }

    #[test]
    fn the_network_is_told_the_level_and_its_output_becomes_the_clean_row() {
        let grid = Betas::new(&[0.1, 0.3, 0.5]).expect("valid");
        let streams = Streams::new(2);
        let of = LevelQuantity::LogSnr;
        let embedding = LevelEmbeddingConfig::Fourier { of, features: 4, scale: 1.0 };
        let embedding = embedding.init(&streams).expect("valid");
        let config = MlpConfig::new(2, 4, 8, 1, Activation::Tanh);
        let device = Device::flex();
        let network = config.init(&streams, &device).expect("valid");
        let x = TensorData::new(vec![0.5_f32, -1.0, 2.0, 0.3, 0.0, 1.0], [3, 2]);
        let x = Tensor::<2>::from_data(x, &device);
        for prediction in
            [Prediction::Noise, Prediction::Velocity, Prediction::Edm { sigma_data: 0.5 }]
        {
            let denoiser =
                NetworkDenoiser::new(std::slice::from_ref(&network), prediction, &embedding, &grid);
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
    #[test]
    fn each_level_has_its_network_and_a_level_step_is_its_output() {
        let path = Karras::new(0.01, 1.0, 3.0).expect("valid");
        let grid = LevelGrid::of(&path, 3).expect("three levels");
        let config = MlpConfig::new(1, 0, 4, 1, Activation::Relu);
        let device = Device::flex();
        let networks: Vec<_> =
            (0..3).map(|seed| config.init(&Streams::new(seed), &device).expect("valid")).collect();
        let x = Tensor::<2>::from_data(TensorData::new(vec![0.4_f32, -1.2], [2, 1]), &device);
        let untold = LevelEmbeddingConfig::None.init(&Streams::new(0)).expect("valid");
        for share in [NoiseShare::Published, NoiseShare::Corrected] {
            let prediction = Prediction::LevelStep { share };
            let denoiser = NetworkDenoiser::new(&networks, prediction, &untold, &grid);
            for (level, own) in grid.levels(3).expect("all").iter().zip(&networks) {
                let output = values(own.forward(x.clone(), None, None));
                assert_eq!(values(denoiser.level_step(x.clone(), level, None)), output);
            }
        }
        // Any other prediction gives the level step through its estimate of the clean row.
        let denoiser = NetworkDenoiser::new(&networks[..1], Prediction::Sample, &untold, &grid);
        let level = grid.at(1.0);
        let kept = level.next_sigma().expect("a grid") / level.sigma();
        let step = values(denoiser.level_step(x.clone(), &level, None));
        let clean = values(networks[0].forward(x.clone(), None, None));
        for ((step, clean), x) in step.iter().zip(clean).zip(values(x)) {
            let want = (1.0 - kept) * f64::from(x - clean);
            assert!((f64::from(*step) - want).abs() < 1e-6, "{step} {want}");
        }
    }
}
