//! The tape engine: Burn's autodiff takes any network on any backend through a step.

use std::{collections::BTreeMap, ops::Range};

use burn::{
    module::{ModuleMapper, ModuleVisitor, Param},
    optim::{GradientsAccumulator, GradientsParams},
    tensor::{Device, Tensor},
};
use langevin_core::{LossReduction, Network};

use super::{
    Average, BatchGradients, Engine, GradientsError, StepOutput,
    averages::{in_order, place},
    by_name::{losses_on, named, of_names},
    optimizer::ModuleOptimizer,
    tape_losses::losses_of,
    tensors::{ArrayError, TensorMap},
    transfer::{read, upload},
};
use crate::{config::OptimizerConfig, problem::StepBatch};

/// The reference engine: Burn's autodiff tape. Any network, any backend.
pub struct TapeEngine<N> {
    networks: Vec<N>,
    /// One optimizer per network.
    optimizers: Vec<ModuleOptimizer>,
    kept: Vec<Average>,
    /// The averaged weights of each network, for each average that is kept.
    averages: Vec<Vec<N>>,
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
            kept: Vec::new(),
            averages: Vec::new(),
            clip_norm,
            device: device.clone().autodiff(),
        }
    }

    /// The rows' losses, and the gradients of the loss by parameter, without a step.
    pub fn differentiate(&self, batch: &StepBatch) -> (Tensor<1>, GradientsParams) {
        let network = &self.networks[batch.network];
        if batch.parts > 1 {
            return self.accumulated_gradients(batch);
        }
        let row_losses = row_losses(network, batch, &self.device);
        let loss = reduce(row_losses.clone(), batch.reduction);
        let gradients = GradientsParams::from_grads(loss.backward(), network);
        (row_losses.inner(), gradients)
    }

    /// Does what [`differentiate`](Self::differentiate) does part by part. The gradients of the rows' losses are added
    /// up, and then the reduction multiplies all of them by one factor.
    fn accumulated_gradients(&self, batch: &StepBatch) -> (Tensor<1>, GradientsParams) {
        let network = &self.networks[batch.network];
        let mut sum = GradientsAccumulator::new();
        let mut losses = Vec::new();
        for part in batch.split() {
            let (rows, gradients) = self.differentiate_part(network, &part);
            losses.push(rows);
            sum.accumulate(network, gradients);
        }
        let losses = Tensor::cat(losses, 0);
        let gradients = scaled(network, sum.grads(), &losses, batch.reduction);
        (losses, gradients)
    }

    /// The losses of a part's rows, and the gradients of their sum.
    fn differentiate_part(&self, network: &N, part: &StepBatch) -> (Tensor<1>, GradientsParams) {
        let rows = row_losses(network, part, &self.device);
        let losses = rows.clone().inner();
        (losses, GradientsParams::from_grads(rows.sum().backward(), network))
    }

    /// Clips the gradients of a network's loss and moves its weights.
    fn update(
        &mut self,
        network: usize,
        (row_losses, gradients): (Tensor<1>, GradientsParams),
        learning_rate: f64,
    ) -> StepOutput {
        let mut norm = Norm { gradients, squares: Vec::new() };
        self.networks[network].visit(&mut norm);
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
            self.networks[network].visit(&mut scale);
            gradients = scale.gradients;
        }
        // The network is taken out, so that the step may write where the old weights were.
        let module = self.networks.remove(network);
        let module = self.optimizers[network].step(learning_rate, module, gradients);
        self.networks.insert(network, module);
        StepOutput::Device { row_losses, gradient_norm }
    }
}

impl<N: Network> Engine<N> for TapeEngine<N> {
    fn name(&self) -> &'static str {
        "tape"
    }

    fn step(&mut self, batch: &StepBatch, learning_rate: f64) -> StepOutput {
        self.update(batch.network, self.differentiate(batch), learning_rate)
    }

    fn groups(&self, batch: &StepBatch) -> usize {
        batch.cut().count()
    }

    fn gradients(
        &mut self,
        batch: &StepBatch,
        groups: Range<usize>,
    ) -> Result<BatchGradients, GradientsError> {
        let all = self.groups(batch);
        let mut made = BatchGradients::begin(batch, self.networks.len(), &groups, all)?;
        made.is_reduced = batch.parts <= 1;
        let network = &self.networks[batch.network];
        for rows in batch.cut().skip(groups.start).take(groups.len()) {
            let (losses, gradients) = match made.is_reduced {
                true => self.differentiate(batch),
                false => self.differentiate_part(network, &batch.slice(rows)),
            };
            made.losses.extend(read(losses).map_err(Box::new)?);
            made.sums.push(named(&gradients, network));
        }
        Ok(made)
    }

    fn apply(
        &mut self,
        made: BatchGradients,
        learning_rate: f64,
    ) -> Result<StepOutput, GradientsError> {
        made.check_whole(self.networks.len())?;
        let network = &self.networks[made.network];
        let mut sum = GradientsAccumulator::new();
        for group in made.sums {
            sum.accumulate(network, of_names(group, network)?);
        }
        let losses = losses_on(&made.losses, &self.device.clone().inner());
        let gradients = match made.is_reduced {
            true => sum.grads(),
            false => scaled(network, sum.grads(), &losses, made.reduction),
        };
        Ok(self.update(made.network, (losses, gradients), learning_rate))
    }

    fn networks(&self) -> &[N] {
        &self.networks
    }

    fn hand_over(&mut self, from: usize, to: usize) {
        self.networks[to] = self.networks[from].clone();
        self.optimizers[to].restart();
        for averages in &mut self.averages {
            averages[to] = averages[from].clone();
        }
    }

    fn keep_averages(&mut self, averages: Vec<Average>) {
        let present = || self.networks.iter().map(N::valid).collect();
        self.averages = averages.iter().map(|_| present()).collect();
        self.kept = averages;
    }

    fn average(&mut self, network: usize, step: u64) {
        for (kept, averages) in self.kept.iter().zip(&mut self.averages) {
            let Some(decay) = kept.decay(step) else { continue };
            let mut collect = Collect::default();
            self.networks[network].visit(&mut collect);
            let mut blend = Blend { weights: collect.0, next: 0, share: 1.0 - decay };
            averages[network] = averages[network].clone().map(&mut blend);
        }
    }

    fn averages(&self, name: &str) -> Option<&[N]> {
        place(&self.kept, name).map(|average| &self.averages[average][..])
    }

    fn optimizer_state(&self) -> TensorMap {
        let states = self.optimizers.iter().zip(&self.networks);
        TensorMap::joined(states.map(|(optimizer, network)| optimizer.state(network)).collect())
    }

    fn restore(
        &mut self,
        weights: TensorMap,
        averages: BTreeMap<String, TensorMap>,
        optimizer: TensorMap,
    ) -> Result<(), ArrayError> {
        let count = self.networks.len();
        // All is made before anything is replaced: a failure must leave no halves.
        let load = |map: TensorMap, own: &[N]| -> Result<Vec<N>, ArrayError> {
            let maps = map.split(count)?.into_iter().zip(own);
            maps.map(|(map, own)| map.into_module(own.clone())).collect()
        };
        let networks = load(weights, &self.networks)?;
        let states = optimizer.split(count)?.into_iter().zip(&self.optimizers).zip(&networks);
        let optimizers = states.map(|((state, own), network)| own.loaded(state, network));
        let optimizers = optimizers.collect::<Result<_, _>>()?;
        let saved = in_order(&self.kept, averages)?.into_iter().zip(&self.averages);
        let averages = saved.map(|(saved, own)| load(saved, own)).collect::<Result<_, _>>()?;
        (self.networks, self.optimizers, self.averages) = (networks, optimizers, averages);
        Ok(())
    }
}

/// The gradients of the loss from those of the sum of the rows' losses.
fn scaled<N: Network>(
    network: &N,
    gradients: GradientsParams,
    losses: &Tensor<1>,
    reduction: LossReduction,
) -> GradientsParams {
    let factor = match reduction {
        LossReduction::Mean | LossReduction::Huber { .. } => {
            Tensor::full([1], 1.0 / losses.dims()[0] as f64, &losses.device())
        }
        LossReduction::Sum => return gradients,
        // d sqrt(S) = dS / (2 sqrt(S)).
        LossReduction::Norm => losses.clone().sum().sqrt().recip().mul_scalar(0.5),
    };
    let mut scale = Scale { gradients, factor };
    network.visit(&mut scale);
    scale.gradients
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
