//! Denoisers: the estimate of the clean row, where networks and samplers meet.

use burn::tensor::{Tensor, TensorData};

use langevin_data::DrawnCategory;

use crate::{
    CoreError, LevelEmbedding, Network, NoiseLevel, NoiseSchedule, Prediction,
    classes::{RowPart, class_estimates, row_parts},
};

/// Denoiser: estimates the clean rows behind noisy ones, by a network, an oracle, a guided combination.
///
/// What is told about the rows beside their level is part of the denoiser: see [`Conditioned`]. Several
/// threads may call one denoiser at the same time, each with rows of its own.
pub trait Denoiser: Sync {
    /// The estimate `D(x_t; level)` of `E[x_0 | x_t]`.
    ///
    /// # Shapes
    /// `x` and the result `[batch, features]`, of the same dtype; every row is at `level`.
    ///
    /// # Errors
    /// A level at which the denoiser has no estimate.
    fn denoise(&self, x: Tensor<2>, level: &NoiseLevel) -> Result<Tensor<2>, CoreError>;

    /// The level steps that the denoiser gives by itself; none for most denoisers.
    fn level_steps(&self) -> Option<&dyn LevelSteps> {
        None
    }
}

/// Denoiser that is told something about the rows, a row of columns for each: a class, some of the row's
/// own columns.
pub trait ConditionalDenoiser: Denoiser {
    /// The estimate `D(x_t; level, condition)` of `E[x_0 | x_t, condition]`.
    ///
    /// # Shapes
    /// As [`denoise`](Denoiser::denoise); `condition` `[batch, condition features]`.
    ///
    /// # Errors
    /// As [`denoise`](Denoiser::denoise).
    fn denoise_given(
        &self,
        x: Tensor<2>,
        level: &NoiseLevel,
        condition: &Tensor<2>,
    ) -> Result<Tensor<2>, CoreError>;
}

/// Denoiser of rows of which something is known: it tells another denoiser their condition.
pub struct Conditioned<'a> {
    denoiser: &'a dyn ConditionalDenoiser,
    condition: Tensor<2>,
}

impl<'a> Conditioned<'a> {
    /// The denoiser of the rows with this `condition`, `[batch, condition features]`: it denoises these
    /// rows alone, all of them and in this order.
    pub const fn new(denoiser: &'a dyn ConditionalDenoiser, condition: Tensor<2>) -> Self {
        Self { denoiser, condition }
    }
}

impl Denoiser for Conditioned<'_> {
    fn denoise(&self, x: Tensor<2>, level: &NoiseLevel) -> Result<Tensor<2>, CoreError> {
        let (rows, told) = (x.dims()[0], self.condition.dims()[0]);
        if rows != told {
            let requirement = format!("must hold one row for each of the {rows} rows");
            return Err(CoreError::parameter("condition", requirement, told));
        }
        self.denoiser.denoise_given(x, level, &self.condition)
    }

    fn level_steps(&self) -> Option<&dyn LevelSteps> {
        self.denoiser.level_steps().is_some().then_some(self)
    }
}

/// A denoiser's own level steps are told of no condition.
impl LevelSteps for Conditioned<'_> {
    fn level_step(&self, _x: Tensor<2>, _level: &NoiseLevel) -> Result<Tensor<2>, CoreError> {
        let requirement = "must be none where the denoiser makes level steps by itself";
        Err(CoreError::parameter("condition", requirement, self.condition.dims()[1]))
    }
}

/// Level steps, by which the systems of the article "Introduction to Diffusion Models" sample: what is
/// subtracted from rows at a level of a grid to bring them to the next.
pub trait LevelSteps {
    /// The excess that is subtracted: for an exact denoiser `(1 − sigma' / sigma) · (x − D)`, with sigma'
    /// the noise scale of the grid's next level.
    ///
    /// # Shapes
    /// `x` and the result `[batch, features]`; every row is at `level`.
    ///
    /// # Errors
    /// As [`Denoiser::denoise`].
    fn level_step(&self, x: Tensor<2>, level: &NoiseLevel) -> Result<Tensor<2>, CoreError>;
}

/// The level step of any denoiser: its own, or the share of the estimated noise that a level has in excess
/// of the next.
///
/// # Errors
/// As [`Denoiser::denoise`].
pub fn level_step(
    denoiser: &dyn Denoiser,
    x: Tensor<2>,
    level: &NoiseLevel,
) -> Result<Tensor<2>, CoreError> {
    match denoiser.level_steps() {
        Some(own) => own.level_step(x, level),
        None => excess_noise(denoiser, x, level),
    }
}

/// The share `1 − sigma' / sigma` of the estimated noise `x − D`.
fn excess_noise(
    denoiser: &dyn Denoiser,
    x: Tensor<2>,
    level: &NoiseLevel,
) -> Result<Tensor<2>, CoreError> {
    let denoised = denoiser.denoise(x.clone(), level)?;
    let kept = level.next_sigma().unwrap_or(level.sigma()) / level.sigma();
    Ok((x - denoised).mul_scalar(1.0 - kept))
}

/// Denoiser of a trained network, or of one network for each level of a grid:
/// `D = c_skip · x + c_out · F(c_in · x)`, with the coefficients of a prediction, and of categories the mean of the softmax of
/// F and the [exact part](crate::class_offsets) of the logits.
///
/// It is differentiable by x where x lies on an autodiff device.
pub struct NetworkDenoiser<'a, N> {
    networks: &'a [N],
    prediction: Prediction,
    embedding: &'a LevelEmbedding,
    schedule: &'a dyn NoiseSchedule,
    categories: &'a [DrawnCategory],
}

impl<'a, N: Network> NetworkDenoiser<'a, N> {
    /// The denoiser of one network, or of as many networks as the grid has levels, in the order of the
    /// levels' index.
    ///
    /// Every level that the denoiser will see should pass [`Prediction::check`].
    pub fn new(
        networks: &'a [N],
        prediction: Prediction,
        embedding: &'a LevelEmbedding,
        schedule: &'a dyn NoiseSchedule,
    ) -> Self {
        Self { networks, prediction, embedding, schedule, categories: &[] }
    }

    /// The denoiser of rows in which these categories stand.
    #[must_use]
    pub const fn with_categories(self, categories: &'a [DrawnCategory]) -> Self {
        Self { categories, ..self }
    }

    /// The network's output F at a level.
    ///
    /// # Errors
    /// A level that the embedding has no number for, or of which there is no network.
    pub fn output(
        &self,
        x: Tensor<2>,
        level: &NoiseLevel,
        condition: Option<&Tensor<2>>,
    ) -> Result<Tensor<2>, CoreError> {
        let [rows, _] = x.dims();
        let mut columns = Vec::new();
        self.embedding.columns(level, self.schedule, &mut columns)?;
        let level_features = (!columns.is_empty()).then(|| {
            let data = TensorData::new(columns, [1, self.embedding.features()]);
            Tensor::from_data(data, (&x.device(), x.dtype())).repeat_dim(0, rows)
        });
        let network = network_of(self.networks, level)?;
        let input = x.mul_scalar(self.prediction.coefficients(level).input);
        let condition = condition.cloned();
        if !input.device().is_autodiff() {
            return Ok(network.forward(input, level_features, condition));
        }
        // The rows are differentiated: all that meets them must be on the tape, too.
        let on_tape = |told: Tensor<2>| match told.device().is_autodiff() {
            true => told,
            false => Tensor::from_inner(told),
        };
        let condition = condition.map(on_tape);
        if on_autodiff(network) {
            return Ok(network.forward(input, level_features, condition));
        }
        Ok(network.clone().train().no_grad().forward(input, level_features, condition))
    }

    /// The estimate of the clean rows.
    fn estimate(
        &self,
        x: Tensor<2>,
        level: &NoiseLevel,
        condition: Option<&Tensor<2>>,
    ) -> Result<Tensor<2>, CoreError> {
        let c = self.prediction.coefficients(level);
        let [rows, features] = x.dims();
        let output = self.output(x.clone(), level, condition)?;
        if self.categories.is_empty() {
            return Ok(x.mul_scalar(c.skip) + output.mul_scalar(c.out));
        }
        let part = |part: RowPart<'_>| {
            let of = |tensor: &Tensor<2>, columns| tensor.clone().slice([0..rows, columns]);
            match part {
                RowPart::Numbers(own) => {
                    of(&x, own.clone()).mul_scalar(c.skip) + of(&output, own).mul_scalar(c.out)
                }
                RowPart::Category(own) => {
                    let (x, output) = (of(&x, own.features()), of(&output, own.features()));
                    class_estimates(own, level, x, output)
                }
            }
        };
        let parts = row_parts(features, self.categories).into_iter().map(part);
        Ok(Tensor::cat(parts.collect(), 1))
    }
}

/// The network of a level: the only one, or the one of the level's index.
///
/// # Errors
/// A level without an index, or beyond the last network, where there are several.
pub fn network_of<'a, N>(networks: &'a [N], level: &NoiseLevel) -> Result<&'a N, CoreError> {
    let own = if networks.len() == 1 { Some(0) } else { level.index() };
    own.and_then(|index| networks.get(index)).ok_or(CoreError::NoNetwork {
        alpha: level.alpha(),
        sigma: level.sigma(),
        networks: networks.len(),
    })
}

fn on_autodiff<N: Network>(network: &N) -> bool {
    network.devices().iter().all(burn::tensor::Device::is_autodiff)
}

impl<N: Network> Denoiser for NetworkDenoiser<'_, N> {
    fn denoise(&self, x: Tensor<2>, level: &NoiseLevel) -> Result<Tensor<2>, CoreError> {
        self.estimate(x, level, None)
    }

    fn level_steps(&self) -> Option<&dyn LevelSteps> {
        matches!(self.prediction, Prediction::LevelStep { .. }).then_some(self)
    }
}

impl<N: Network> ConditionalDenoiser for NetworkDenoiser<'_, N> {
    fn denoise_given(
        &self,
        x: Tensor<2>,
        level: &NoiseLevel,
        condition: &Tensor<2>,
    ) -> Result<Tensor<2>, CoreError> {
        self.estimate(x, level, Some(condition))
    }
}

/// The network's output itself, of a network with the prediction [`LevelStep`](Prediction::LevelStep).
impl<N: Network> LevelSteps for NetworkDenoiser<'_, N> {
    fn level_step(&self, x: Tensor<2>, level: &NoiseLevel) -> Result<Tensor<2>, CoreError> {
        self.output(x, level, None)
    }
}

#[cfg(test)]
mod tests {
    use burn::{
        module::Module,
        tensor::{DType, Device},
    };
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
                let denoised = denoiser.denoise(x.clone(), &level).expect("a level");
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
                assert_eq!(
                    values(level_step(&denoiser, x.clone(), level).expect("a step")),
                    output
                );
            }
        }
        // Any other prediction gives the level step through its estimate of the clean row.
        let denoiser = NetworkDenoiser::new(&networks[..1], Prediction::Sample, &untold, &grid);
        let level = grid.at(1.0);
        let kept = level.next_sigma().expect("a grid") / level.sigma();
        let step = values(level_step(&denoiser, x.clone(), &level).expect("a step"));
        let clean = values(networks[0].forward(x.clone(), None, None));
        for ((step, clean), x) in step.iter().zip(clean).zip(values(x)) {
            let want = (1.0 - kept) * f64::from(x - clean);
            assert!((f64::from(*step) - want).abs() < 1e-6, "{step} {want}");
        }
    }

    /// A network with a condition of one column, and a prediction that it is trained for.
    fn conditional() -> (crate::Mlp, LevelEmbedding, Betas) {
        let embedding = LevelEmbeddingConfig::default().init(&Streams::new(0)).expect("valid");
        let config = MlpConfig::new(2, 2, 8, 1, Activation::Tanh);
        let network = config.init(&Streams::new(5), &Device::flex()).expect("valid");
        (network, embedding, Betas::new(&[0.1, 0.3, 0.5]).expect("valid"))
    }

    fn rows(values: &[f32], columns: usize, device: &Device) -> Tensor<2> {
        let data = TensorData::new(values.to_vec(), [values.len() / columns, columns]);
        Tensor::from_data(data, device)
    }

    #[test]
    fn each_row_is_told_its_own_condition() {
        let (network, embedding, grid) = conditional();
        let networks = [network];
        let denoiser = NetworkDenoiser::new(&networks, Prediction::Velocity, &embedding, &grid);
        let (device, level) = (Device::flex(), grid.at(0.5));
        let x = rows(&[0.5, -1.0, 0.5, -1.0, 0.5, -1.0], 2, &device);
        let told = |condition: &[f32]| {
            let condition = rows(condition, 1, &device);
            Conditioned::new(&denoiser, condition).denoise(x.clone(), &level)
        };
        let all = values(told(&[0.0, 1.0, 2.0]).expect("a level"));
        for (i, own) in [0.0, 1.0, 2.0].into_iter().enumerate() {
            let alone = values(told(&[own; 3]).expect("a level"));
            assert_eq!(all[2 * i..2 * i + 2], alone[..2], "row {i}");
        }
        assert_ne!(all[..2], all[2..4], "the condition counts");
        let message = told(&[0.0, 1.0]).expect_err("two for three rows").to_string();
        assert_eq!(message, "condition: must hold one row for each of the 3 rows, got 2");
    }

    #[test]
    fn rows_are_differentiated_through_a_network_that_is_not() {
        let (network, embedding, grid) = conditional();
        let (plain, tape) = (Device::flex(), Device::flex().autodiff());
        let level = grid.at(0.5);
        let gradient = |network: crate::Mlp, condition: Tensor<2>| {
            let networks = [network];
            let denoiser = NetworkDenoiser::new(&networks, Prediction::Velocity, &embedding, &grid);
            let x = rows(&[0.5, -1.0, 2.0, 0.3], 2, &tape).require_grad();
            let conditioned = Conditioned::new(&denoiser, condition);
            let denoised = conditioned.denoise(x.clone(), &level).expect("a level");
            let factors = rows(&[1.0, 2.0, 3.0, 4.0], 2, &tape);
            let gradients = (denoised * factors).sum().backward();
            values(x.grad(&gradients).expect("x is differentiated"))
        };
        let told = [0.3, -0.7];
        let trained = network.clone().train();
        let want = gradient(trained, rows(&told, 1, &tape));
        assert_eq!(gradient(network, rows(&told, 1, &plain)), want);
        // The skip connection alone would give the same for every number of a row.
        let skip = Prediction::Velocity.coefficients(&level).skip as f32;
        assert!((want[0] - skip).abs() > 1e-3 && (want[3] - 4.0 * skip).abs() > 1e-3, "{want:?}");
    }

    #[test]
    fn a_level_without_a_network_is_refused() {
        let networks = [1, 2, 3];
        let grid = Betas::new(&[0.1, 0.3, 0.5]).expect("valid");
        let levels = grid.levels(3).expect("all");
        let own: Vec<_> =
            levels.iter().map(|level| *network_of(&networks, level).expect("its own")).collect();
        assert_eq!(own, networks);
        let message = network_of(&networks, &levels[0].off_grid()).expect_err("none").to_string();
        assert!(message.starts_with("none of the 3 networks is for the noise level"), "{message}");
        assert!(network_of(&networks[..2], &levels[2]).is_err());
        assert_eq!(network_of(&networks[..1], &levels[2].off_grid()), Ok(&1), "one serves all");
        assert!(network_of(&networks[..0], &levels[0]).is_err());
    }
}
