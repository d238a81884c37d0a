//! The tape engine: Burn's autodiff takes any network on any backend through a step.

use burn::{
    module::{ModuleMapper, ModuleVisitor, Param},
    optim::{GradientsAccumulator, GradientsParams},
    tensor::{Device, Tensor},
};
use langevin_core::{LossReduction, Network};

use super::{
    Engine, StepOutput,
    optimizer::ModuleOptimizer,
    tape_losses::losses_of,
    tensors::{ArrayError, TensorMap},
    transfer::upload,
};
use crate::{config::OptimizerConfig, problem::StepBatch};

/// The reference engine: Burn's autodiff tape. Any network, any backend.
pub struct TapeEngine<N> {
    networks: Vec<N>,
    /// One optimizer per network.
    optimizers: Vec<ModuleOptimizer>,
    /// The averaged weights of each network, where averages are kept.
    averages: Option<Vec<N>>,
    clip_norm: Option<f64>,
    device: Device,
}

impl<N: Network> TapeEngine<N> {
    /// Builds an engine for `count` networks that all start as `network`. `device` need not be an
    /// autodiff device.
    pub fn new(
        network: N,
        count: usize,
        config: &OptimizerConfig,
        clip_norm: Option<f64>,
        device: &Device,
    ) -> Self {
        let network = network.to_device(&device.clone().inner()).train();
        Self {
            networks: vec![network; count],
            optimizers: (0..count).map(|_| ModuleOptimizer::new(config)).collect(),
            averages: None,
            clip_norm,
            device: device.clone().autodiff(),
        }
    }

    /// The rows' losses, and the gradients of the loss by parameter, without a step.
    pub fn gradients(&self, batch: &StepBatch) -> (Tensor<1>, GradientsParams) {
        let network = &self.networks[batch.network];
        if batch.parts > 1 {
            return self.accumulated_gradients(batch);
        }
        let row_losses = row_losses(network, batch, &self.device);
        let loss = reduce(row_losses.clone(), batch.reduction);
        let gradients = GradientsParams::from_grads(loss.backward(), network);
        (row_losses.inner(), gradients)
    }

    /// Computes [`gradients`](Self::gradients) part by part. The gradients of the rows' losses are added
    /// up, and then the reduction multiplies all of them by one factor.
    fn accumulated_gradients(&self, batch: &StepBatch) -> (Tensor<1>, GradientsParams) {
        let network = &self.networks[batch.network];
        let mut sum = GradientsAccumulator::new();
        let mut losses = Vec::new();
        for part in batch.split() {
            let rows = row_losses(network, &part, &self.device);
            losses.push(rows.clone().inner());
            let gradients = rows.sum().backward();
            sum.accumulate(network, GradientsParams::from_grads(gradients, network));
        }
        let losses = Tensor::cat(losses, 0);
        let factor = match batch.reduction {
            LossReduction::Mean | LossReduction::Huber { .. } => {
                Tensor::full([1], 1.0 / batch.rows as f64, &losses.device())
            }
            LossReduction::Sum => return (losses, sum.grads()),
            // d sqrt(S) = dS / (2 sqrt(S)).
            LossReduction::Norm => losses.clone().sum().sqrt().recip().mul_scalar(0.5),
        };
        let mut scale = Scale { gradients: sum.grads(), factor };
        network.visit(&mut scale);
        (losses, scale.gradients)
    }
}

impl<N: Network> Engine<N> for TapeEngine<N> {
    fn name(&self) -> &'static str {
        "tape"
    }

    fn step(&mut self, batch: &StepBatch, learning_rate: f64) -> StepOutput {
        let (row_losses, gradients) = self.gradients(batch);
        let mut norm = Norm { gradients, squares: Vec::new() };
        self.networks[batch.network].visit(&mut norm);
        let Norm { mut gradients, squares } = norm;
        let gradient_norm = if squares.is_empty() {
            Tensor::zeros([1], &row_losses.device())
        } else {
            Tensor::cat(squares, 0).sum().sqrt()
        };
        if let Some(limit) = self.clip_norm {
            // PyTorch's clip_grad_norm_: min(1, limit / (norm + 1e-6)).
            let factor =
                gradient_norm.clone().add_scalar(1e-6).recip().mul_scalar(limit).clamp_max(1.0);
            let mut scale = Scale { gradients, factor };
            self.networks[batch.network].visit(&mut scale);
            gradients = scale.gradients;
        }
        // The network is taken out, so that the step may write where the old weights were.
        let network = self.networks.remove(batch.network);
        let network = self.optimizers[batch.network].step(learning_rate, network, gradients);
        self.networks.insert(batch.network, network);
        StepOutput::Device { row_losses, gradient_norm }
    }

    fn networks(&self) -> &[N] {
        &self.networks
    }

    fn hand_over(&mut self, from: usize, to: usize) {
        self.networks[to] = self.networks[from].clone();
        self.optimizers[to].restart();
        if let Some(averages) = &mut self.averages {
            averages[to] = averages[from].clone();
        }
    }

    fn keep_averages(&mut self) {
        self.averages = Some(self.networks.iter().map(N::valid).collect());
    }

    fn average(&mut self, network: usize, decay: f64) {
        let Some(averages) = &mut self.averages else { return };
        let mut collect = Collect::default();
        self.networks[network].visit(&mut collect);
        let mut blend = Blend { weights: collect.0, next: 0, share: 1.0 - decay };
        averages[network] = averages[network].clone().map(&mut blend);
    }

    fn averages(&self) -> Option<&[N]> {
        self.averages.as_deref()
    }

    fn optimizer_state(&self) -> TensorMap {
        let states = self.optimizers.iter().zip(&self.networks);
        TensorMap::joined(states.map(|(optimizer, network)| optimizer.state(network)).collect())
    }

    fn restore(
        &mut self,
        weights: TensorMap,
        averages: Option<TensorMap>,
        optimizer: TensorMap,
    ) -> Result<(), ArrayError> {
        let count = self.networks.len();
        let (weights, states) = (weights.split(count)?, optimizer.split(count)?);
        for (i, (weights, state)) in weights.into_iter().zip(states).enumerate() {
            let network = weights.into_module(self.networks[i].clone())?;
            self.optimizers[i].load(state, &network)?;
            self.networks[i] = network;
        }
        if let (Some(own), Some(saved)) = (&mut self.averages, averages) {
            for (own, saved) in own.iter_mut().zip(saved.split(count)?) {
                *own = saved.into_module(own.clone())?;
            }
        }
        Ok(())
    }
}

/// The loss of each row: the sum over its cells of `row weight · cell weight · loss of the cell`, for `Mean` and
/// `Huber` divided by the number of all cells.
///
/// # Shapes
/// `[rows]`.
pub fn row_losses<N: Network>(network: &N, batch: &StepBatch, device: &Device) -> Tensor<1> {
    let there = upload(batch, device);
    let output = network.forward(there.input, there.level_features, there.condition);
    losses_of(output, &there.heads, batch)
}

/// Reduces the rows' losses to the loss that is differentiated.
pub(super) fn reduce(rows: Tensor<1>, reduction: LossReduction) -> Tensor<1> {
    match reduction {
        LossReduction::Mean | LossReduction::Huber { .. } => rows.mean(),
        LossReduction::Sum => rows.sum(),
        LossReduction::Norm => rows.sum().sqrt(),
    }
}

/// Collects the sum of squares of every gradient, in the order of the parameters.
struct Norm {
    gradients: GradientsParams,
    squares: Vec<Tensor<1>>,
}

impl ModuleVisitor for Norm {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.get::<D>(param.id) {
            // The rows are summed first: flex sums four million elements and more in the order in which
            // its threads steal them.
            let sums = gradient.square().sum_dim(D - 1);
            // The sum of a vector is one number already: without a second sum a GPU runs one kernel
            // less.
            self.squares.push(if D == 1 { sums.reshape([1]) } else { sums.sum() });
        }
    }
}

/// Multiplies every gradient by one factor.
struct Scale {
    gradients: GradientsParams,
    factor: Tensor<1>,
}

impl ModuleVisitor for Scale {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.remove::<D>(param.id) {
            let scaled = gradient * self.factor.clone().reshape([1; D]);
            self.gradients.register(param.id, scaled);
        }
    }
}

/// Collects every parameter by its place in the traversal.
#[derive(Default)]
struct Collect(burn::tensor::container::TensorContainer<u64>);

impl ModuleVisitor for Collect {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let place = self.0.len() as u64;
        self.0.register(place, param.val().inner());
    }
}

/// Moves every average by a share of its distance from the weight.
struct Blend {
    weights: burn::tensor::container::TensorContainer<u64>,
    next: u64,
    share: f64,
}

impl ModuleMapper for Blend {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(weight) = self.weights.remove::<Tensor<D>>(&self.next) else { return param };
        self.next += 1;
        param.map(|average| {
            let change = weight - average.clone();
            average + change.mul_scalar(self.share)
        })
    }
}
