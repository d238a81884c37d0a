//! The engine: a [`DirectEngine`] whose learners live on a GPU.

use std::cell::OnceCell;

use burn::tensor::Device as BurnDevice;
use burn_dispatch::DispatchDevice;
use cubecl::client::Client;
use langevin_core::Network;

use super::{device::Device, learner::DeviceLearner, stride};
use crate::{
    DirectEngine, Engine, EngineError, OptimizerConfig, StepBatch, StepOutput,
    direct::{
        engine::{known, parameters},
        form::Form,
        gradients::Gradients,
        learner::{Learner, Training},
        pass::Network as Loops,
        simd::InstructionSet,
    },
    tensors::{ArrayError, TensorMap},
};

/// The engine for Langevin's own multilayer perceptron on wgpu, CUDA and ROCm: kernels of its own over
/// flat buffers instead of a tape, every buffer kept from step to step.
///
/// It does what [`TapeEngine`](crate::TapeEngine) does but for rounding, and their checkpoints are
/// the same. The same device gives the same bits.
pub struct GpuEngine<N> {
    template: N,
    form: Form,
    training: Training,
    device: Device,
    /// One a network.
    learners: Vec<DeviceLearner>,
    /// The same on the host: read when something asks for it, forgotten when the weights change.
    host: OnceCell<DirectEngine<N>>,
}

impl<N: Network> GpuEngine<N> {
    /// An engine for `count` networks that all start as `network`.
    ///
    /// # Errors
    /// Why this network, or this device, needs the tape.
    pub fn new(
        network: N,
        count: usize,
        config: &OptimizerConfig,
        clip_norm: Option<f64>,
        device: &BurnDevice,
    ) -> Result<Self, EngineError> {
        let device = device.clone().inner();
        let Some(client) = client(&device) else {
            return Err(EngineError::NotGpu);
        };
        let (template, form, weights) = known(network, &device)?;
        let network = in_rows(&form);
        let learner = Learner::new(config, parameters(&network.layers, weights));
        let device = Device::new(client, network);
        device.check(1)?;
        let mut engine = Self {
            template,
            form,
            training: Training { optimizer: config.clone(), clip_norm },
            device,
            learners: Vec::new(),
            host: OnceCell::new(),
        };
        engine.take_up(engine.on_host(vec![learner; count]));
        Ok(engine)
    }

    /// Fails where a batch of so many rows is too large for the device.
    ///
    /// # Errors
    /// What it lacks.
    pub fn check_batch(&self, rows: usize) -> Result<(), EngineError> {
        self.device.check(rows)
    }

    /// The direct engine with these learners, for all that is no step: its layers are row by row, its
    /// modules on the GPU.
    fn on_host(&self, learners: Vec<Learner>) -> DirectEngine<N> {
        let network = in_rows(&self.form);
        DirectEngine {
            template: self.template.clone(),
            training: self.training.clone(),
            gradients: Gradients::new(network, 1),
            learners,
            networks: OnceCell::new(),
            averages: OnceCell::new(),
        }
    }

    /// Goes on from an engine on the host.
    fn take_up(&mut self, host: DirectEngine<N>) {
        let Device { client, turned, .. } = &self.device;
        let learners = host.learners.iter().map(|l| DeviceLearner::new(client, turned, l));
        self.learners = learners.collect();
        self.host = OnceCell::from(host);
    }

    /// The engine on the host as it is now.
    fn host(&self) -> &DirectEngine<N> {
        self.host.get_or_init(|| {
            let len = self.form.layers(stride).last().map_or(0, |layer| layer.end());
            let read = |l: &DeviceLearner| l.read(&self.device.client, &self.training, len);
            match self.learners.iter().map(read).collect() {
                Ok(learners) => self.on_host(learners),
                // As Burn's own tensors do when their device is lost; a run ends with this message.
                Err(error) => std::panic::resume_unwind(Box::new(error.to_string())),
            }
        })
    }

    /// Lets the engine on the host change what is on the device.
    fn change(&mut self, change: impl FnOnce(&mut DirectEngine<N>)) {
        self.host();
        if let Some(mut host) = self.host.take() {
            change(&mut host);
            self.take_up(host);
        }
    }
}

impl<N: Network> Engine<N> for GpuEngine<N> {
    fn name(&self) -> &'static str {
        "direct"
    }

    fn step(&mut self, batch: &StepBatch, learning_rate: f64) -> StepOutput {
        self.host.take();
        let learner = &mut self.learners[batch.network];
        StepOutput::Buffer(self.device.step(learner, &self.training, batch, learning_rate))
    }

    fn networks(&self) -> &[N] {
        self.host().networks()
    }

    fn hand_over(&mut self, from: usize, to: usize) {
        self.change(|host| host.hand_over(from, to));
    }

    fn keep_averages(&mut self) {
        self.change(DirectEngine::keep_averages);
    }

    fn average(&mut self, network: usize, decay: f64) {
        self.host.take();
        self.device.average(&self.learners[network], decay);
    }

    fn averages(&self) -> Option<&[N]> {
        self.host().averages()
    }

    fn weights(&self) -> Vec<TensorMap> {
        self.host().weights()
    }

    fn average_weights(&self) -> Option<Vec<TensorMap>> {
        self.host().average_weights()
    }

    fn optimizer_state(&self) -> TensorMap {
        self.host().optimizer_state()
    }

    fn restore(
        &mut self,
        weights: TensorMap,
        averages: Option<TensorMap>,
        optimizer: TensorMap,
    ) -> Result<(), ArrayError> {
        let learners = self.host().learners.clone();
        let mut host = self.on_host(learners);
        host.restore(weights, averages, optimizer)?;
        self.take_up(host);
        Ok(())
    }
}

/// A network whose layers are matrices row by row, in panels of all their outputs.
fn in_rows(form: &Form) -> Loops {
    Loops { layers: form.layers(stride), form: form.clone(), set: InstructionSet::detect() }
}

/// The client of a GPU; none of a device that is none.
pub(crate) fn client(device: &BurnDevice) -> Option<Client> {
    match device.as_dispatch() {
        DispatchDevice::Cube(cubecl::Device::Cpu(_)) => None,
        DispatchDevice::Cube(device) => Some(device.client()),
        _ => None,
    }
}
