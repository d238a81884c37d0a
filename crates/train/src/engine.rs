//! One training step: the boundary between diffusion and arithmetic.

use burn::{
    module::{ModuleMapper, ModuleVisitor, Param},
    optim::{GradientsAccumulator, GradientsParams},
    tensor::{Device, Tensor},
};
use langevin_core::{LossReduction, Network};

use crate::{
    StepBatch, TrainError,
    config::OptimizerConfig,
    optimizer::ModuleOptimizer,
    tensors::{ArrayError, TensorMap},
    transfer::{read, upload},
};

/// What trains a network: it sees [`StepBatch`]es and knows nothing of diffusion.
pub trait Engine<N: Network>: Send {
    /// What a run's manifest calls it.
    fn name(&self) -> &'static str;

    /// One step of the optimizer. Nothing is read back from the device.
    fn step(&mut self, batch: &StepBatch, learning_rate: f64) -> StepOutput;

    /// One step, and `beside`, which knows nothing of it, while the step is made or after it.
    fn step_beside(
        &mut self,
        batch: &StepBatch,
        learning_rate: f64,
        beside: &mut (dyn FnMut() + Send),
    ) -> StepOutput {
        // A GPU is still at work when this comes back.
        let output = self.step(batch, learning_rate);
        beside();
        output
    }

    /// The networks with their present weights, on the training device; mostly one.
    fn networks(&self) -> &[N];

    /// Lets network `to` start from the weights of network `from`, and from their average; its
    /// optimizer starts anew.
    fn hand_over(&mut self, from: usize, to: usize);

    /// Keeps an average of each network's weights, which starts at the present ones.
    fn keep_averages(&mut self);

    /// `average ← average + (1 − decay) · (weights − average)` for one network.
    fn average(&mut self, network: usize, decay: f64);

    /// The networks with their averaged weights, on the plain device; none unless they are kept.
    fn averages(&self) -> Option<&[N]>;

    /// The weights of each network, by name.
    fn weights(&self) -> Vec<TensorMap> {
        self.networks().iter().map(TensorMap::of_module).collect()
    }

    /// The averaged weights of each network, by name; none unless they are kept.
    fn average_weights(&self) -> Option<Vec<TensorMap>> {
        Some(self.averages()?.iter().map(TensorMap::of_module).collect())
    }

    /// Everything that the next steps depend on, beside the weights.
    fn optimizer_state(&self) -> TensorMap;

    /// Takes up weights, averages where they are kept, and optimizer state of a checkpoint.
    ///
    /// # Errors
    /// The name of the array that does not fit.
    fn restore(
        &mut self,
        weights: TensorMap,
        averages: Option<TensorMap>,
        optimizer: TensorMap,
    ) -> Result<(), ArrayError>;
}

/// Why an engine cannot train a network on a device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// A device that is not the processor.
    #[error("the direct engine needs the backend flex or ndarray")]
    NotProcessor,
    /// A device that is no GPU.
    #[error("the direct engine for GPUs needs wgpu, cuda or rocm")]
    NotGpu,
    /// A network of the caller's own.
    #[error("the direct engine knows Langevin's multilayer perceptron only")]
    OtherNetwork,
    /// Weights that are no 32-bit floats.
    #[error("the direct engine computes in 32-bit floats alone")]
    NumberType,
    /// Weights that are not trained.
    #[error("the direct engine trains every weight, in 32-bit floats")]
    Frozen,
    /// A weight that is no matrix.
    #[error("{0}")]
    NoMatrix(String),
    /// A GPU that is too small for the network, or for a batch.
    #[error("the direct engine needs {needed} {what} here, and this GPU has {has}")]
    SmallGpu {
        /// What there is too little of.
        what: &'static str,
        /// How much of it is needed.
        needed: usize,
        /// How much of it there is.
        has: usize,
    },
}

/// The loss before a step, and the L2 norm of all its gradients together, before clipping.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "a run has all its outputs of one kind")]
pub enum StepOutput {
    /// On the device, until someone reads it.
    Device {
        /// The loss of each row: `[rows]`.
        row_losses: Tensor<1>,
        /// The norm: `[1]`.
        gradient_norm: Tensor<1>,
    },
    /// In a buffer of [`GpuEngine`](crate::GpuEngine), until someone reads it.
    #[cfg(feature = "gpu")]
    Buffer(crate::DeviceOutput),
    /// On the host.
    Host {
        /// The batch's loss.
        loss: f64,
        /// The norm.
        gradient_norm: f64,
    },
}

impl StepOutput {
    /// Loss and gradient norm of several steps, by one transfer where they are on a device.
    ///
    /// # Errors
    /// A device that failed.
    pub fn read(outputs: &[Self], reduction: LossReduction) -> Result<Vec<(f64, f64)>, TrainError> {
        let mut values = Self::values(outputs)?.into_iter();
        let mut next = |rows: usize| {
            let rows: Vec<f64> = values.by_ref().take(rows).collect();
            (reduction.of_rows(&rows), values.next().unwrap_or(f64::NAN))
        };
        let read = outputs.iter().map(|output| match output {
            Self::Device { row_losses, .. } => next(row_losses.dims()[0]),
            #[cfg(feature = "gpu")]
            Self::Buffer(output) => next(output.rows),
            Self::Host { loss, gradient_norm } => (*loss, *gradient_norm),
        });
        Ok(read.collect())
    }

    /// What is on a device: the rows' losses and the norm of each step, one after the other.
    fn values(outputs: &[Self]) -> Result<Vec<f64>, TrainError> {
        let mut tensors = Vec::new();
        #[cfg(feature = "gpu")]
        let mut buffers = Vec::new();
        for output in outputs {
            match output {
                Self::Device { row_losses, gradient_norm } => {
                    tensors.extend([row_losses.clone(), gradient_norm.clone()]);
                }
                #[cfg(feature = "gpu")]
                Self::Buffer(output) => buffers.push(output),
                Self::Host { .. } => {}
            }
        }
        #[cfg(feature = "gpu")]
        if !buffers.is_empty() {
            return crate::gpu::read(&buffers);
        }
        if tensors.is_empty() { Ok(Vec::new()) } else { read(Tensor::cat(tensors, 0)) }
    }
}

/// The reference engine: Burn's autodiff tape. Any network, any backend.
pub struct TapeEngine<N> {
    networks: Vec<N>,
    /// One a network.
    optimizers: Vec<ModuleOptimizer>,
    /// One a network, where weights are averaged.
    averages: Option<Vec<N>>,
    clip_norm: Option<f64>,
    device: Device,
}

impl<N: Network> TapeEngine<N> {
    /// An engine on `device`, which need not be an autodiff device, for `count` networks that all
    /// start as `network`.
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

    /// The loss and its gradients, by parameter, without a step.
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

    /// The same part by part: the gradients of the rows' losses add up, and what the reduction makes
    /// of their sum is one factor for all.
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
        // Taken out, so that the step may write where the old weights were.
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

/// The loss of each row: the mean over features of its weighted errors for `Mean` and `Huber`, the
/// sum for `Sum` and `Norm`.
///
/// # Shapes
/// `[rows]`.
pub fn row_losses<N: Network>(network: &N, batch: &StepBatch, device: &Device) -> Tensor<1> {
    let there = upload(batch, device);
    let output = network.forward(there.input, there.level_features, there.condition);
    let error = output - there.target;
    let each = match batch.reduction {
        LossReduction::Huber { delta } => {
            // 0.5 · c² + delta · (|e| − c) with c = min(|e|, delta).
            let size = error.abs();
            let near = size.clone().clamp_max(delta);
            near.clone().square().mul_scalar(0.5) + (size - near).mul_scalar(delta)
        }
        _ => error.square(),
    };
    let row = match batch.reduction {
        LossReduction::Mean | LossReduction::Huber { .. } => each.mean_dim(1),
        LossReduction::Sum | LossReduction::Norm => each.sum_dim(1),
    };
    let row = row.reshape([batch.rows]);
    match there.weight {
        Some(weight) => row * weight,
        None => row,
    }
}

/// The loss that is differentiated.
fn reduce(rows: Tensor<1>, reduction: LossReduction) -> Tensor<1> {
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
            // Along the rows first: flex sums four million elements and more in the order in which its
            // threads steal them.
            let sums = gradient.square().sum_dim(D - 1);
            // The sum of one number is that number, and a kernel less on a GPU.
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

/// Every parameter, by its place in the traversal.
#[derive(Default)]
struct Collect(burn::tensor::container::TensorContainer<u64>);

impl ModuleVisitor for Collect {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let place = self.0.len() as u64;
        self.0.register(place, param.val().inner());
    }
}

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
