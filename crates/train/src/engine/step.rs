//! One training step: the boundary between diffusion and arithmetic.

use burn::tensor::Tensor;
use langevin_core::{LossReduction, Network};

use super::{
    tensors::{ArrayError, TensorMap},
    transfer::read,
};
use crate::{TrainError, problem::StepBatch};

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
    /// In a buffer of [`GpuEngine`](crate::engine::GpuEngine), until someone reads it.
    #[cfg(feature = "gpu")]
    Buffer(super::DeviceOutput),
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
            return super::mlp_gpu::read(&buffers);
        }
        if tensors.is_empty() { Ok(Vec::new()) } else { read(Tensor::cat(tensors, 0)) }
    }
}
