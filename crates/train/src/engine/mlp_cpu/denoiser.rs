//! Denoiser of a run's networks. Langevin's multilayer perceptrons on the processor go through the direct
//! engine's loops, all other networks through Burn.

use std::sync::{Mutex, PoisonError};

use burn::tensor::{DType, Tensor, TensorData};
use langevin_core::{Denoiser, Network, NetworkDenoiser, NoiseLevel, Prediction};

use super::{
    buffer::Buffer,
    engine::parameters,
    gradients::CHUNK_ROWS,
    known::{form, is_processor},
    pass::{ForwardSpace, Network as Loops},
    simd::InstructionSet,
};
use crate::{engine::TensorMap, problem::Diffusion};

/// Denoiser of a run: its networks, trained for its [`Diffusion`], estimate the clean rows.
///
/// It computes what [`NetworkDenoiser`] does but for rounding. It is faster where the networks are Langevin's
/// own on flex or ndarray; there the result of a row depends on that row alone, not on those beside it.
pub struct RunDenoiser<'a, N> {
    diffusion: &'a Diffusion,
    networks: NetworkDenoiser<'a, N>,
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
            spaces: Mutex::new(Vec::new()),
        }
    }

    /// The estimate `skip · x + out · F(input · x)` by the loops; none where it needs Burn.
    fn line(
        &self,
        x: &Tensor<2>,
        level: &NoiseLevel,
        condition: Option<&Tensor<2>>,
        [input, skip, out]: [f64; 3],
    ) -> Option<Tensor<2>> {
        let own = level.index().filter(|_| self.direct.len() > 1).unwrap_or(0);
        let Direct { network, parameters } = self.direct.get(own)?;
        let embedding = &self.diffusion.embedding;
        let same_columns = network.form.extra_features == embedding.features();
        if condition.is_some() || x.dtype() != DType::F32 || !same_columns {
            return None;
        }
        let mut told = Vec::new();
        // A level without its quantity was refused before sampling; NaN makes a slip visible.
        if embedding.columns(level, self.diffusion.schedule.as_ref(), &mut told).is_err() {
            told = vec![f32::NAN; embedding.features()];
        }
        let bias = network.shared_bias(parameters, &told);
        let (device, shape) = (x.device(), x.dims());
        let values = x.clone().into_data().try_into_vec::<f32>().ok()?;
        let scaled: Vec<f32> = values.iter().map(|x| x * input as f32).collect();
        let mut output = vec![0.0; values.len()];
        let spare = self.spaces.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut space = spare.unwrap_or_else(|| ForwardSpace::new(&network.form, CHUNK_ROWS));
        network.predict(parameters, &bias, &scaled, &mut space, &mut output);
        self.spaces.lock().unwrap_or_else(PoisonError::into_inner).push(space);
        for (f, x) in output.iter_mut().zip(values) {
            *f = x * skip as f32 + *f * out as f32;
        }
        Some(Tensor::from_data(TensorData::new(output, shape), &device))
    }
}

impl<N: Network> Denoiser for RunDenoiser<'_, N> {
    fn denoise(
        &self,
        x: Tensor<2>,
        level: &NoiseLevel,
        condition: Option<&Tensor<2>>,
    ) -> Tensor<2> {
        let c = self.diffusion.prediction.coefficients(level);
        let own = self.line(&x, level, condition, [c.input, c.skip, c.out]);
        own.unwrap_or_else(|| self.networks.denoise(x, level, condition))
    }

    fn level_step(
        &self,
        x: Tensor<2>,
        level: &NoiseLevel,
        condition: Option<&Tensor<2>>,
    ) -> Tensor<2> {
        let c = self.diffusion.prediction.coefficients(level);
        let line = match self.diffusion.prediction {
            // The output itself is the step.
            Prediction::LevelStep { .. } => [c.input, 0.0, 1.0],
            _ => {
                let taken = 1.0 - level.next_sigma().unwrap_or(level.sigma()) / level.sigma();
                [c.input, taken * (1.0 - c.skip), -taken * c.out]
            }
        };
        let own = self.line(&x, level, condition, line);
        own.unwrap_or_else(|| self.networks.level_step(x, level, condition))
    }
}
