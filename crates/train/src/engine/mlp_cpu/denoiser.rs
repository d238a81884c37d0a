//! Denoiser of a run's networks. Langevin's multilayer perceptrons on the processor go through the direct
//! engine's loops, all other networks through Burn.

use std::sync::{Mutex, PoisonError};

use burn::tensor::{DType, Tensor, TensorData};
use langevin_core::{
    ConditionalDenoiser, CoreError, Denoiser, LevelSteps, Network, NetworkDenoiser, NoiseLevel,
    Prediction, RowPart, class_estimate, level_step, network_of, row_parts,
};
use langevin_data::{Dataset, DrawnCategory};

use super::{
    buffer::Buffer,
    engine::parameters,
    form::Form,
    gradients::CHUNK_ROWS,
    known::{form, is_processor},
    pass::{ForwardSpace, Network as Loops},
    simd::InstructionSet,
};
use crate::{
    engine::TensorMap,
    problem::{Columns, Diffusion},
};

/// Denoiser of a run: its networks, trained for its [`Diffusion`], estimate the clean rows.
///
/// It computes what [`NetworkDenoiser`] does but for rounding. It is faster where the networks are Langevin's
/// own on flex or ndarray; there the result of a row depends on that row alone, not on those beside it.
pub struct RunDenoiser<'a, N> {
    diffusion: &'a Diffusion,
    networks: NetworkDenoiser<'a, N>,
    categories: &'a [DrawnCategory],
    /// The same networks for the loops; empty where the loops do not support them.
    direct: Vec<Direct>,
    /// Workspaces that no thread uses at the moment.
    spaces: Mutex<Vec<ForwardSpace>>,
}

struct Direct {
    network: Loops,
    parameters: Buffer,
}

impl Direct {
    /// The network for the loops; none where the network or its device needs Burn.
    fn new<N: Network>(network: &N) -> Option<Self> {
        let on_processor = network.devices().iter().all(is_processor);
        let weights = on_processor.then(|| TensorMap::of_module(network))?;
        let network = Loops::new(form(network, &weights).ok()?, InstructionSet::in_use());
        Some(Self { parameters: parameters(&network.layers, weights), network })
    }
}

impl<'a, N: Network> RunDenoiser<'a, N> {
    /// A denoiser of one network, or of one for each level of the grid in the levels' order.
    pub fn new(diffusion: &'a Diffusion, networks: &'a [N]) -> Self {
        let direct: Option<Vec<_>> = networks.iter().map(Direct::new).collect();
        let Diffusion { prediction, embedding, schedule, .. } = diffusion;
        Self {
            networks: NetworkDenoiser::new(networks, *prediction, embedding, schedule.as_ref()),
            direct: direct.unwrap_or_default(),
            diffusion,
            categories: &[],
            spaces: Mutex::new(Vec::new()),
        }
    }

    /// The denoiser of the rows of `data`, which may hold categories.
    #[must_use]
    pub fn of(self, data: &'a dyn Dataset) -> Self {
        let categories = data.drawn_categories();
        Self { networks: self.networks.with_categories(categories), categories, ..self }
    }

    /// The estimate `skip · x + out · F(input · x)` by the loops; none where it needs Burn.
    fn line(
        &self,
        x: &Tensor<2>,
        level: &NoiseLevel,
        condition: Option<&Tensor<2>>,
        [input, skip, out]: [f64; 3],
    ) -> Result<Option<Tensor<2>>, CoreError> {
        // The loops keep no tape: rows that are differentiated go through Burn.
        if self.direct.is_empty() || x.device().is_autodiff() {
            return Ok(None);
        }
        let Direct { network, parameters } = network_of(&self.direct, level)?;
        let embedding = &self.diffusion.embedding;
        let condition = match condition.map(|told| (told.dims()[1], told.clone().into_data())) {
            None => None,
            Some((columns, data)) => match data.try_into_vec::<f32>() {
                Ok(values) => Some(Columns { columns, values }),
                Err(_) => return Ok(None),
            },
        };
        let told = embedding.features() + condition.as_ref().map_or(0, |own| own.columns);
        let Form { features, outputs, extra_features, .. } = network.form;
        if x.dtype() != DType::F32 || extra_features != told || outputs != features {
            return Ok(None);
        }
        let mut told = Vec::new();
        embedding.columns(level, self.diffusion.schedule.as_ref(), &mut told)?;
        let bias = network.shared_bias(parameters, &told);
        let (device, shape) = (x.device(), x.dims());
        let Ok(values) = x.clone().into_data().try_into_vec::<f32>() else { return Ok(None) };
        let scaled: Vec<f32> = values.iter().map(|x| x * input as f32).collect();
        let mut output = vec![0.0; values.len()];
        let spare = self.spaces.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut space = spare.unwrap_or_else(|| ForwardSpace::new(&network.form, CHUNK_ROWS));
        let condition = condition.as_ref();
        network.predict(parameters, (&told, &bias), &scaled, condition, &mut space, &mut output);
        self.spaces.lock().unwrap_or_else(PoisonError::into_inner).push(space);
        let numbers = |outputs: &mut [f32], x: &[f32]| {
            for (f, x) in outputs.iter_mut().zip(x) {
                *f = x * skip as f32 + *f * out as f32;
            }
        };
        if self.categories.is_empty() {
            numbers(&mut output, &values);
            return Ok(Some(Tensor::from_data(TensorData::new(output, shape), &device)));
        }
        let rows = output.chunks_exact_mut(features).zip(values.chunks_exact(features));
        for (outputs, x) in rows {
            for part in row_parts(features, self.categories) {
                match part {
                    RowPart::Numbers(own) => numbers(&mut outputs[own.clone()], &x[own]),
                    RowPart::Category(own) => {
                        let place = own.features();
                        class_estimate(own, level, &x[place.clone()], &mut outputs[place]);
                    }
                }
            }
        }
        Ok(Some(Tensor::from_data(TensorData::new(output, shape), &device)))
    }

    fn estimate(
        &self,
        x: Tensor<2>,
        level: &NoiseLevel,
        condition: Option<&Tensor<2>>,
    ) -> Result<Tensor<2>, CoreError> {
        let c = self.diffusion.prediction.coefficients(level);
        match (self.line(&x, level, condition, [c.input, c.skip, c.out])?, condition) {
            (Some(denoised), _) => Ok(denoised),
            (None, Some(condition)) => self.networks.denoise_given(x, level, condition),
            (None, None) => self.networks.denoise(x, level),
        }
    }
}

impl<N: Network> Denoiser for RunDenoiser<'_, N> {
    fn denoise(&self, x: Tensor<2>, level: &NoiseLevel) -> Result<Tensor<2>, CoreError> {
        self.estimate(x, level, None)
    }

    fn level_steps(&self) -> Option<&dyn LevelSteps> {
        Some(self)
    }
}

impl<N: Network> ConditionalDenoiser for RunDenoiser<'_, N> {
    fn denoise_given(
        &self,
        x: Tensor<2>,
        level: &NoiseLevel,
        condition: &Tensor<2>,
    ) -> Result<Tensor<2>, CoreError> {
        self.estimate(x, level, Some(condition))
    }
}

impl<N: Network> LevelSteps for RunDenoiser<'_, N> {
    fn level_step(&self, x: Tensor<2>, level: &NoiseLevel) -> Result<Tensor<2>, CoreError> {
        if !self.categories.is_empty() {
            let taken = 1.0 - level.next_sigma().unwrap_or(level.sigma()) / level.sigma();
            return Ok((x.clone() - self.estimate(x, level, None)?).mul_scalar(taken));
        }
        let c = self.diffusion.prediction.coefficients(level);
        let line = match self.diffusion.prediction {
            // The output itself is the step.
            Prediction::LevelStep { .. } => [c.input, 0.0, 1.0],
            _ => {
                let taken = 1.0 - level.next_sigma().unwrap_or(level.sigma()) / level.sigma();
                [c.input, taken * (1.0 - c.skip), -taken * c.out]
            }
        };
        match self.line(&x, level, None, line)? {
            Some(step) => Ok(step),
            None => level_step(&self.networks, x, level),
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use langevin_core::{Activation, MlpConfig, MlpForm};
    use langevin_data::Streams;

    use super::*;
    use crate::{
        config::parse_config,
        engine::tests::{matrix, numbers},
        problem::Problem,
    };

    /// The largest distance of two matrices, over the largest number of the second.
    fn distance(ours: &[f32], theirs: &[f32]) -> f32 {
        assert_eq!(ours.len(), theirs.len());
        let largest = theirs.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
        ours.iter().zip(theirs).fold(0.0_f32, |most, (a, b)| most.max((a - b).abs())) / largest
    }

    #[test]
    fn the_loops_tell_each_row_its_own_condition_as_burn_does() {
        let text = include_str!("../../../../../configs/default.json");
        let config = parse_config("default", text, &[]).expect("valid");
        let problem = Problem::new(config).expect("valid");
        let diffusion = problem.diffusion();
        let (embedding, device) = (&diffusion.embedding, Device::flex());
        let form = MlpForm {
            width: 40,
            depth: 2,
            activation: Activation::Silu,
            residual: true,
            position_features: 3,
            position_scale: 0.3,
            position_resolution: None,
        };
        let extra_features = embedding.features() + 3;
        let config = MlpConfig { features: 2, outputs: 2, extra_features, form };
        let networks = [config.init(&Streams::new(1), &device).expect("valid")];
        let denoiser = RunDenoiser::new(diffusion, &networks);
        // Several chunks, the last of them not full.
        let (rows, mut number) = (150, numbers(1));
        let tensor = |columns: &Columns| {
            let rows = columns.values.len() / columns.columns;
            let data = TensorData::new(columns.values.clone(), [rows, columns.columns]);
            Tensor::<2>::from_data(data, &device)
        };
        let read = |tensor: Tensor<2>| tensor.into_data().try_into_vec::<f32>().expect("f32");
        let x = tensor(&matrix(rows, 2, &mut number));
        let told = matrix(rows, 3, &mut number);
        let mut turned = told.clone();
        turned.values.rotate_left(3);
        let (told, turned) = (tensor(&told), tensor(&turned));
        for level in &problem.sampling_levels().collect::<Vec<_>>() {
            let c = diffusion.prediction.coefficients(level);
            let line = |x: &Tensor<2>, told: &Tensor<2>| {
                let ours = denoiser.line(x, level, Some(told), [c.input, c.skip, c.out]);
                read(ours.expect("a level").expect("by the loops"))
            };
            let mut columns = Vec::new();
            embedding.columns(level, diffusion.schedule.as_ref(), &mut columns).expect("exists");
            let columns = Columns { columns: columns.len(), values: columns.repeat(rows) };
            let input = x.clone().mul_scalar(c.input);
            let output = networks[0].forward(input, Some(tensor(&columns)), Some(told.clone()));
            let theirs = read(x.clone().mul_scalar(c.skip) + output.mul_scalar(c.out));
            // Sums of up to 40 products rounded to 6e-8, through 3 layers.
            let off = distance(&line(&x, &told), &theirs);
            assert!(off < 1e-5, "{level:?}: {off}");
            let off = distance(&line(&x, &turned), &theirs);
            let small = (c.out.abs() * 1e-2) as f32;
            assert!(off > small, "{level:?}: another row's condition changes {off} alone");
            // A row does not see those beside it.
            let (part, told_part) = (x.clone().narrow(0, 0, 5), told.clone().narrow(0, 0, 5));
            assert_eq!(line(&part, &told_part), line(&x, &told)[..10], "{level:?}");
        }
        // Columns of another number are not the loops'.
        let level = problem.plan().start();
        for told in [Some(&x), None] {
            assert!(denoiser.line(&x, &level, told, [1.0; 3]).expect("a level").is_none());
        }
    }

    #[test]
    fn rows_on_the_tape_are_differentiated() {
        let text = include_str!("../../../../../configs/default.json");
        let config = parse_config("default", text, &[]).expect("valid");
        let problem = Problem::new(config).expect("valid");
        let diffusion = problem.diffusion();
        let form = MlpForm { width: 16, depth: 2, ..MlpForm::default() };
        let extra_features = diffusion.embedding.features();
        let config = MlpConfig { features: 2, outputs: 2, extra_features, form };
        let networks = [config.init(&Streams::new(1), &Device::flex()).expect("valid")];
        let denoiser = RunDenoiser::new(diffusion, &networks);
        let level = diffusion.schedule.at(0.5);
        let rows = |values: &[f32], device: &Device| {
            Tensor::<2>::from_data(TensorData::new(values.to_vec(), [2, 2]), device)
        };
        let tape = Device::flex().autodiff();
        let x = rows(&[0.5, -1.0, 2.0, 0.3], &tape).require_grad();
        let denoised = denoiser.denoise(x.clone(), &level).expect("a level");
        let gradients = denoised.clone().sum().backward();
        let gradient = x.grad(&gradients).expect("x is differentiated");
        let skip = diffusion.prediction.coefficients(&level).skip as f32;
        let gradient: Vec<f32> = gradient.into_data().iter::<f32>().collect();
        assert!(gradient.iter().any(|slope| (slope - skip).abs() > 1e-4), "{gradient:?}");
        // The loops give the same numbers without a tape.
        let plain = denoiser.denoise(rows(&[0.5, -1.0, 2.0, 0.3], &Device::flex()), &level);
        let plain: Vec<f32> = plain.expect("a level").into_data().iter::<f32>().collect();
        let denoised: Vec<f32> = denoised.into_data().iter::<f32>().collect();
        assert!(distance(&denoised, &plain) < 1e-5, "{denoised:?} {plain:?}");
    }
}
