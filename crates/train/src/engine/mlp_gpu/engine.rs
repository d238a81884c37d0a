//! The engine for GPUs: a [`DirectEngine`] whose learners live on the device.

use std::{cell::OnceCell, collections::BTreeMap, ops::Range};

use burn::tensor::Device as BurnDevice;
use burn_dispatch::DispatchDevice;
use cubecl::client::Client;
use langevin_core::Network;

use super::{
    device::Device, halves::HostGradients, heads::Layout, learner::DeviceLearner, plan::Hardware,
    stride,
};
use crate::{
    config::OptimizerConfig,
    engine::{
        Average, BatchGradients, DirectEngine, Engine, EngineError, GradientsError, PartialSums,
        StepOutput,
        mlp_cpu::{
            engine::{arrays, parameters},
            form::Form,
            gradients::Gradients,
            known::{fits, known},
            learner::{Learner, Training},
            pass::Network as Loops,
            simd::InstructionSet,
        },
        tensors::{ArrayError, TensorMap},
    },
    problem::{BatchForm, StepBatch},
};

/// The direct engine for GPUs, for Langevin's own multilayer perceptron on wgpu, CUDA and ROCm. It has kernels
/// of its own over flat buffers instead of a tape, and keeps every buffer from step to step.
///
/// The engine computes what [`TapeEngine`](crate::engine::TapeEngine) does but for rounding, and their checkpoints are
/// the same. The same device gives the same bits.
pub struct GpuEngine<N> {
    template: N,
    form: Form,
    training: Training,
    device: Device,
    /// The averages that are kept.
    kept: Vec<Average>,
    /// One learner a network.
    learners: Vec<DeviceLearner>,
    /// The engine on the host with the same learners: read from the device when it is needed, dropped when
    /// the weights change.
    host: OnceCell<DirectEngine<N>>,
}

impl<N: Network> GpuEngine<N> {
    /// An engine for `count` networks that all start as `network`.
    ///
    /// # Errors
    /// The reason why this network, or this device, needs the tape.
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
        device.check()?;
        let mut engine = Self {
            template,
            form,
            training: Training { optimizer: config.clone(), clip_norm },
            device,
            kept: Vec::new(),
            learners: Vec::new(),
            host: OnceCell::new(),
        };
        engine.take_up(engine.on_host(vec![learner; count]));
        Ok(engine)
    }

    /// Whether this engine can train `network` on a device, by batches of a form.
    ///
    /// # Errors
    /// The reason why the network, the batches, the optimizer or the device needs another engine.
    pub fn supports(
        network: &N,
        batch: &BatchForm,
        optimizer: &OptimizerConfig,
        device: &BurnDevice,
    ) -> Result<(), EngineError> {
        let device = device.clone().inner();
        let Some(client) = client(&device) else {
            return Err(EngineError::NotGpu);
        };
        let (_, form, _) = known(network.clone(), &device)?;
        fits(&form, batch, optimizer)?;
        let size = (batch.rows, &Layout::of_form(&batch.heads));
        Hardware::new(client.properties()).check(&form, &form.layers(stride), size)
    }

    /// An engine on the host with these learners, for all but the steps. Its layers are single panels, as on
    /// the device, and its modules are on the GPU.
    fn on_host(&self, learners: Vec<Learner>) -> DirectEngine<N> {
        let network = in_rows(&self.form);
        DirectEngine {
            template: self.template.clone(),
            training: self.training.clone(),
            gradients: Gradients::new(network, 1),
            learners,
            networks: OnceCell::new(),
            averages: self.kept.iter().map(|own| (own.clone(), OnceCell::new())).collect(),
        }
    }

    /// Copies the learners of an engine on the host to the device, and keeps that engine.
    fn take_up(&mut self, host: DirectEngine<N>) {
        let Device { client, turned, .. } = &self.device;
        let learners = host.learners.iter().map(|l| DeviceLearner::new(client, turned, l));
        self.learners = learners.collect();
        let frequencies = &host.gradients.network.form.frequencies;
        if *frequencies != self.form.frequencies {
            self.form.frequencies.clone_from(frequencies);
            self.device.set_frequencies(frequencies.clone());
        }
        self.host = OnceCell::from(host);
    }

    /// The engine on the host with the present weights.
    fn host(&self) -> &DirectEngine<N> {
        self.host.get_or_init(|| {
            let len = self.form.layers(stride).last().map_or(0, |layer| layer.end());
            let read = |l: &DeviceLearner| l.read(&self.device.client, &self.training, len);
            match self.learners.iter().map(read).collect() {
                Ok(learners) => self.on_host(learners),
                // Burn's own tensors panic too when their device is lost; a run ends with this message.
                Err(error) => std::panic::resume_unwind(Box::new(error.to_string())),
            }
        })
    }

    /// Changes the learners by way of the engine on the host.
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

    fn groups(&self, batch: &StepBatch) -> usize {
        // The slices are added on the device.
        usize::from(batch.rows > 0)
    }

    fn gradients(
        &mut self,
        batch: &StepBatch,
        groups: Range<usize>,
    ) -> Result<BatchGradients, GradientsError> {
        let all = self.groups(batch);
        let mut made = BatchGradients::begin(batch, self.learners.len(), &groups, all)?;
        let learner = &self.learners[batch.network];
        let read = self.device.gradients_of(learner, batch).map_err(Box::new)?;
        made.sums.push(arrays(&self.form.layers(stride), &read.gradients, ""));
        made.losses = read.losses.iter().map(|loss| f64::from(*loss)).collect();
        made.partial = Some(PartialSums { squares: read.squares, losses: read.loss_sums });
        Ok(made)
    }

    fn apply(
        &mut self,
        made: BatchGradients,
        learning_rate: f64,
    ) -> Result<StepOutput, GradientsError> {
        made.check_whole(self.learners.len())?;
        let BatchGradients { network, losses, reduction, is_reduced, sums, partial, .. } = made;
        let (false, Some(PartialSums { squares, losses: loss_sums }), Ok([sum])) =
            (is_reduced, partial, <[TensorMap; 1]>::try_from(sums))
        else {
            return Err(GradientsError::OtherEngine);
        };
        let gradients = self.host().gradient(sum)?.to_vec();
        let loss = reduction.of_rows(&losses);
        let losses = losses.iter().map(|loss| *loss as f32).collect();
        let made = HostGradients { gradients, squares, loss_sums, losses };
        self.host.take();
        let learner = &mut self.learners[network];
        let norm = self.device.apply(learner, &self.training, &made, reduction, learning_rate);
        let gradient_norm = f64::from(norm.map_err(Box::new)?);
        Ok(StepOutput::Host { loss, gradient_norm })
    }

    fn networks(&self) -> &[N] {
        self.host().networks()
    }

    fn hand_over(&mut self, from: usize, to: usize) {
        self.change(|host| host.hand_over(from, to));
    }

    fn keep_averages(&mut self, averages: Vec<Average>) {
        self.kept.clone_from(&averages);
        self.change(|host| host.keep_averages(averages));
    }

    fn average(&mut self, network: usize, step: u64) {
        for (number, average) in self.kept.iter().enumerate() {
            if let Some(decay) = average.decay(step) {
                self.host.take();
                self.device.average(&self.learners[network], number, decay);
            }
        }
    }

    fn averages(&self, name: &str) -> Option<&[N]> {
        self.host().averages(name)
    }

    fn weights(&self) -> Vec<TensorMap> {
        self.host().weights()
    }

    fn average_weights(&self, name: &str) -> Option<Vec<TensorMap>> {
        self.host().average_weights(name)
    }

    fn optimizer_state(&self) -> TensorMap {
        self.host().optimizer_state()
    }

    fn restore(
        &mut self,
        weights: TensorMap,
        averages: BTreeMap<String, TensorMap>,
        optimizer: TensorMap,
    ) -> Result<(), ArrayError> {
        let learners = self.host().learners.clone();
        let mut host = self.on_host(learners);
        host.restore(weights, averages, optimizer)?;
        self.take_up(host);
        Ok(())
    }
}

/// Network whose layers are each one panel of all outputs: a matrix row by row.
fn in_rows(form: &Form) -> Loops {
    Loops { layers: form.layers(stride), form: form.clone(), set: InstructionSet::in_use() }
}

/// Client of a GPU; none for other devices.
pub(crate) fn client(device: &BurnDevice) -> Option<Client> {
    match device.as_dispatch() {
        DispatchDevice::Cube(cubecl::Device::Cpu(_)) => None,
        DispatchDevice::Cube(device) => Some(device.client()),
        _ => None,
    }
}
