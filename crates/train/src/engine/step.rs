//! One training step: the boundary between diffusion and arithmetic.

use std::{collections::BTreeMap, ops::Range};

use burn::tensor::Tensor;
use langevin_core::{LossReduction, Network};

use super::{
    Average, BatchGradients, GradientsError,
    tensors::{ArrayError, TensorMap},
    transfer::read,
};
use crate::{TrainError, problem::StepBatch};

/// An engine, which trains networks on [`StepBatch`]es and knows nothing of diffusion.
pub trait Engine<N: Network>: Send {
    /// The engine's name in a run's manifest.
    fn name(&self) -> &'static str;

    /// Makes one step of the optimizer, by a batch whose arrays fit each other and the network. Nothing is read
    /// back from the device.
    fn step(&mut self, batch: &StepBatch, learning_rate: f64) -> StepOutput;

    /// Makes one step, and calls `beside` while the step is made or after it. `beside` is independent of
    /// the step.
    fn step_beside(
        &mut self,
        batch: &StepBatch,
        learning_rate: f64,
        beside: &mut (dyn FnMut() + Send),
    ) -> StepOutput {
        // A GPU is still at work when `step` returns.
        let output = self.step(batch, learning_rate);
        beside();
        output
    }

    /// Number of groups of the batch's rows whose gradients are made apart.
    fn groups(&self, _batch: &StepBatch) -> usize {
        1
    }

    /// First half of a step: the gradients of some of the batch's groups, on the host. No weight moves. By
    /// default an engine makes whole steps alone.
    ///
    /// # Errors
    /// Groups or a network that are not there; a device that failed; an engine without halves.
    fn gradients(
        &mut self,
        _batch: &StepBatch,
        _groups: Range<usize>,
    ) -> Result<BatchGradients, GradientsError> {
        Err(GradientsError::WholeSteps(self.name()))
    }

    /// Second half of a step: adds the groups' gradients in order, clips them and moves the weights. All
    /// groups of a batch, made in one range or joined, give the bits of [`step`](Self::step).
    ///
    /// # Errors
    /// Gradients of a part of the batch, or that do not fit the network; nothing was changed then.
    fn apply(
        &mut self,
        _gradients: BatchGradients,
        _learning_rate: f64,
    ) -> Result<StepOutput, GradientsError> {
        Err(GradientsError::WholeSteps(self.name()))
    }

    /// The networks with their present weights, on the training device; most runs have one.
    fn networks(&self) -> &[N];

    /// Copies the weights of network `from`, and their averages, to network `to`, whose optimizer starts
    /// anew.
    fn hand_over(&mut self, from: usize, to: usize);

    /// Starts to average each network's weights, from the present ones on; earlier averages go. Their names
    /// differ from each other. By default an engine keeps none.
    fn keep_averages(&mut self, _averages: Vec<Average>) {}

    /// Updates each average of one network after step `step`, from 0, by its own decay.
    fn average(&mut self, _network: usize, _step: u64) {}

    /// The networks with the averaged weights of a name, on the device without autodiff. Returns `None`
    /// where no such average is kept.
    fn averages(&self, _name: &str) -> Option<&[N]> {
        None
    }

    /// The weights of each network, by name.
    fn weights(&self) -> Vec<TensorMap> {
        self.networks().iter().map(TensorMap::of_module).collect()
    }

    /// The averaged weights of each network, by their arrays' names, or `None` where no such average is
    /// kept.
    fn average_weights(&self, name: &str) -> Option<Vec<TensorMap>> {
        Some(self.averages(name)?.iter().map(TensorMap::of_module).collect())
    }

    /// State of the optimizers: all that the next steps depend on beside the weights. By default they have
    /// none.
    fn optimizer_state(&self) -> TensorMap {
        TensorMap::default()
    }

    /// Loads the weights, the averages by name and the optimizer state of a checkpoint.
    ///
    /// # Errors
    /// The name of the array that does not fit, or of an average that only one side has. Nothing was
    /// changed then.
    fn restore(
        &mut self,
        weights: TensorMap,
        averages: BTreeMap<String, TensorMap>,
        optimizer: TensorMap,
    ) -> Result<(), ArrayError>;
}

/// Loss before a step, and L2 norm of all gradients together, before clipping.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "a run has all its outputs of one kind")]
pub enum StepOutput {
    /// Tensors on the device, until someone reads them.
    Device {
        /// The loss of each row: `[rows]`.
        row_losses: Tensor<1>,
        /// The gradient norm: `[1]`.
        gradient_norm: Tensor<1>,
    },
    /// A buffer of [`GpuEngine`](crate::engine::GpuEngine), until someone reads it.
    #[cfg(feature = "gpu")]
    Buffer(super::DeviceOutput),
    /// Numbers on the host.
    Host {
        /// The batch's loss.
        loss: f64,
        /// The gradient norm.
        gradient_norm: f64,
    },
}

impl StepOutput {
    /// Reads loss and gradient norm of several steps, in one transfer where they are on a device.
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

    /// Numbers of the outputs on a device: for each step its rows' losses, then its gradient norm.
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
            return super::mlp_gpu::read(&buffers);
        }
        if tensors.is_empty() { Ok(Vec::new()) } else { read(Tensor::cat(tensors, 0)) }
    }
}
