//! The direct engine: it trains Langevin's multilayer perceptron on the processor, in buffers of its own.
//! It makes Burn's modules of them only where the networks are asked for.

use std::{cell::OnceCell, collections::BTreeMap, ops::Range};

use burn::tensor::Device;
use langevin_core::{LossReduction, Network};
use rayon::prelude::*;

use super::{
    buffer::Buffer,
    form::Layer,
    gradients::Gradients,
    known::{FREQUENCIES, fits, floats, is_processor, known, weight},
    learner::{Learner, Training},
    loss,
    pass::Network as Loops,
    simd::InstructionSet,
    update::State,
};
use crate::{
    config::OptimizerConfig,
    engine::{
        Average, BatchGradients, Engine, EngineError, GradientsError, StepOutput,
        averages::in_order,
        optimizer::ModuleOptimizer,
        tensors::{Array, ArrayError, TensorMap, Values},
    },
    problem::{BatchForm, StepBatch},
};

/// The direct engine, for Langevin's own multilayer perceptron on flex and ndarray. It has plain loops over a
/// few rows at a time instead of a tape, and keeps every buffer from step to step.
///
/// The engine computes what [`TapeEngine`](crate::engine::TapeEngine) does but for rounding, and their checkpoints are
/// the same. Its bits depend on the processor's instruction set, and not on the number of threads.
pub struct DirectEngine<N> {
    /// A module of the same form, which [`networks`](Engine::networks) fills with weights.
    pub(crate) template: N,
    pub(crate) training: Training,
    pub(crate) gradients: Gradients,
    /// One learner a network.
    pub(crate) learners: Vec<Learner>,
    /// The networks as modules: made when they are asked for, dropped when the weights change.
    pub(crate) networks: OnceCell<Vec<N>>,
    /// The averages that are kept, each with the networks as modules.
    pub(crate) averages: Vec<(Average, OnceCell<Vec<N>>)>,
}

impl<N: Network> DirectEngine<N> {
    /// An engine for `count` networks that all start as `network`.
    ///
    /// # Errors
    /// The reason why this network, or this device, needs the tape.
    pub fn new(
        network: N,
        count: usize,
        config: &OptimizerConfig,
        clip_norm: Option<f64>,
        device: &Device,
    ) -> Result<Self, EngineError> {
        let device = device.clone().inner();
        if !is_processor(&device) {
            return Err(EngineError::NotProcessor);
        }
        let (template, form, weights) = known(network, &device)?;
        let network = Loops::new(form, InstructionSet::in_use());
        let learner = Learner::new(config, parameters(&network.layers, weights));
        Ok(Self {
            template,
            training: Training { optimizer: config.clone(), clip_norm },
            gradients: Gradients::new(network, rayon::current_num_threads()),
            learners: vec![learner; count],
            networks: OnceCell::new(),
            averages: Vec::new(),
        })
    }

    /// Whether this engine can train `network` on a device, by batches of a form.
    ///
    /// # Errors
    /// The reason why the network, the batches, the optimizer or the device needs another engine.
    pub fn supports(
        network: &N,
        batch: &BatchForm,
        optimizer: &OptimizerConfig,
        device: &Device,
    ) -> Result<(), EngineError> {
        let device = device.clone().inner();
        if !is_processor(&device) {
            return Err(EngineError::NotProcessor);
        }
        let (_, form, _) = known(network.clone(), &device)?;
        fits(&form, batch, optimizer)
    }

    /// The module with the parameters of a buffer.
    fn module(&self, parameters: &[f32]) -> N {
        let module = self.named(parameters).into_module(self.template.clone());
        // The names and shapes are the template's own.
        module.unwrap_or_else(|_| self.template.clone())
    }

    fn named(&self, parameters: &[f32]) -> TensorMap {
        let network = &self.gradients.network;
        let mut map = arrays(&network.layers, parameters, "");
        let (features, frequencies) = (network.form.features, &network.form.frequencies);
        if !frequencies.is_empty() {
            let shape = [features, frequencies.len() / features];
            map.0.insert(FREQUENCIES.to_owned(), Array::f32(shape, frequencies.clone()));
        }
        map
    }

    /// Buffer of a group's gradients.
    ///
    /// # Errors
    /// The name of the array that is missing, left over or of another shape or type.
    pub(crate) fn gradient(&self, sum: TensorMap) -> Result<Buffer, ArrayError> {
        let layers = &self.gradients.network.layers;
        let empty = Buffer::zeros(self.gradients.network.len());
        sum.same_architecture(&arrays(layers, &empty, ""))?;
        Ok(parameters(layers, sum))
    }

    /// Place of an average among those that are kept.
    fn place(&self, name: &str) -> Option<usize> {
        self.averages.iter().position(|(average, _)| average.name() == name)
    }

    /// Drops the modules of the averaged weights.
    fn forget_averages(&mut self) {
        for (_, networks) in &mut self.averages {
            networks.take();
        }
    }

    fn state(&self, state: &State) -> TensorMap {
        let layers = &self.gradients.network.layers;
        let mut map = TensorMap::default();
        if state.steps == 0 {
            return map;
        }
        for (name, moment) in moments(&self.training.optimizer).iter().zip(&state.moments) {
            map.0.extend(arrays(layers, moment, name).0);
        }
        if state.moments.len() == 2 {
            let names = (0..layers.len()).flat_map(|i| names(i, TIME));
            map.0.extend(names.map(|name| (name, Array::counter(state.steps as i64))));
        }
        map
    }

    /// The optimizer's state of a checkpoint. The tape's optimizer checks it first.
    fn read_state(&self, map: TensorMap, module: &N) -> Result<State, ArrayError> {
        let checked = ModuleOptimizer::new(&self.training.optimizer).loaded(map, module)?;
        let mut map = checked.state(module);
        let network = &self.gradients.network;
        let mut state = State::new(&self.training.optimizer, network.len());
        if map.0.is_empty() {
            return Ok(state);
        }
        state.steps = 1;
        for (name, moment) in moments(&self.training.optimizer).iter().zip(&mut state.moments) {
            take(&network.layers, &mut map, moment, name)?;
        }
        let mut times = map.0.values().filter_map(|array| match &array.values {
            Values::I64(values) => values.first().copied(),
            Values::F32(_) | Values::Other(_) => None,
        });
        if let Some(time) = times.next() {
            if times.any(|other| other != time) {
                return Err(ArrayError::DifferentSteps);
            }
            state.steps = u64::try_from(time).unwrap_or(0);
        }
        Ok(state)
    }
}

impl<N: Network> Engine<N> for DirectEngine<N> {
    fn name(&self) -> &'static str {
        "direct"
    }

    fn step(&mut self, batch: &StepBatch, learning_rate: f64) -> StepOutput {
        self.step_beside(batch, learning_rate, &mut || ())
    }

    fn step_beside(
        &mut self,
        batch: &StepBatch,
        learning_rate: f64,
        beside: &mut (dyn FnMut() + Send),
    ) -> StepOutput {
        self.networks.take();
        let learner = &mut self.learners[batch.network];
        let (losses, norm) =
            learner.step(&self.training, &mut self.gradients, batch, learning_rate, beside);
        output(losses, norm, batch.reduction)
    }

    fn groups(&self, batch: &StepBatch) -> usize {
        self.gradients.count(batch.rows)
    }

    fn gradients(
        &mut self,
        batch: &StepBatch,
        groups: Range<usize>,
    ) -> Result<BatchGradients, GradientsError> {
        let all = self.groups(batch);
        let mut made = BatchGradients::begin(batch, self.learners.len(), &groups, all)?;
        let parameters = &self.learners[batch.network].parameters;
        let layers = self.gradients.network.layers.clone();
        for (sum, losses) in self.gradients.of_groups(parameters, batch, groups) {
            made.sums.push(arrays(&layers, sum, ""));
            made.losses.extend(losses.iter().map(|loss| f64::from(*loss)));
        }
        Ok(made)
    }

    fn apply(
        &mut self,
        made: BatchGradients,
        learning_rate: f64,
    ) -> Result<StepOutput, GradientsError> {
        made.check_whole(self.learners.len())?;
        let network = &self.gradients.network;
        let sums = made.sums.into_iter().map(|sum| self.gradient(sum));
        let sums = sums.collect::<Result<Vec<_>, _>>()?;
        let set = network.set;
        self.networks.take();
        let sum = self.gradients.add(sums, &made.losses);
        let factor = if made.is_reduced { 1.0 } else { loss::factor(made.reduction, sum.0) };
        let learner = &mut self.learners[made.network];
        let (losses, norm) = learner.apply(&self.training, set, sum, factor, learning_rate);
        Ok(output(losses, norm, made.reduction))
    }

    fn networks(&self) -> &[N] {
        self.networks.get_or_init(|| {
            self.learners.iter().map(|learner| self.module(&learner.parameters)).collect()
        })
    }

    fn hand_over(&mut self, from: usize, to: usize) {
        self.networks.take();
        self.forget_averages();
        let state = State::new(&self.training.optimizer, self.gradients.network.len());
        self.learners[to] = Learner { state, ..self.learners[from].clone() };
    }

    fn keep_averages(&mut self, averages: Vec<Average>) {
        for learner in &mut self.learners {
            learner.averages = averages.iter().map(|_| learner.parameters.clone()).collect();
        }
        self.averages = averages.into_iter().map(|average| (average, OnceCell::new())).collect();
    }

    fn average(&mut self, network: usize, step: u64) {
        for (number, (average, networks)) in self.averages.iter_mut().enumerate() {
            if let Some(decay) = average.decay(step) {
                networks.take();
                self.learners[network].average(&self.gradients, number, decay);
            }
        }
    }

    fn averages(&self, name: &str) -> Option<&[N]> {
        let number = self.place(name)?;
        let (_, networks) = &self.averages[number];
        let module = |learner: &Learner| self.module(&learner.averages[number]).valid();
        Some(networks.get_or_init(|| self.learners.iter().map(module).collect()))
    }

    fn weights(&self) -> Vec<TensorMap> {
        self.learners.iter().map(|learner| self.named(&learner.parameters)).collect()
    }

    fn average_weights(&self, name: &str) -> Option<Vec<TensorMap>> {
        let number = self.place(name)?;
        Some(self.learners.iter().map(|learner| self.named(&learner.averages[number])).collect())
    }

    fn optimizer_state(&self) -> TensorMap {
        TensorMap::joined(self.learners.iter().map(|l| self.state(&l.state)).collect())
    }

    fn restore(
        &mut self,
        weights: TensorMap,
        averages: BTreeMap<String, TensorMap>,
        optimizer: TensorMap,
    ) -> Result<(), ArrayError> {
        let count = self.learners.len();
        let (weights, states) = (weights.split(count)?, optimizer.split(count)?);
        let kept: Vec<_> = self.averages.iter().map(|(average, _)| average.clone()).collect();
        let averages = in_order(&kept, averages)?.into_iter().map(|map| map.split(count));
        let averages = averages.collect::<Result<Vec<_>, _>>()?;
        let expected = TensorMap::of_module(&self.template);
        let layers = &self.gradients.network.layers;
        let mut frequencies = None;
        let mut take = |mut map: TensorMap| -> Result<Buffer, ArrayError> {
            map.same_architecture(&expected)?;
            // The loops hold one set of frequencies, that of all networks.
            let own = map.0.remove(FREQUENCIES);
            if *frequencies.get_or_insert_with(|| own.clone()) != own {
                return Err(ArrayError::OwnFrequencies(FREQUENCIES.to_owned()));
            }
            Ok(parameters(layers, map))
        };
        let mut learners = Vec::new();
        for (weights, state) in weights.into_iter().zip(states) {
            let state = self.read_state(state, &self.template)?;
            learners.push(Learner { parameters: take(weights)?, state, averages: Vec::new() });
        }
        for averages in averages {
            for (learner, average) in learners.iter_mut().zip(averages) {
                learner.averages.push(take(average)?);
            }
        }
        if let Some(Some(own)) = frequencies {
            self.gradients.network.form.frequencies = floats(&own).to_vec();
        }
        self.networks.take();
        self.forget_averages();
        self.learners = learners;
        Ok(())
    }
}

/// Output of a step from the rows' losses and the norm of their gradient.
fn output(losses: &[f32], norm: f32, reduction: LossReduction) -> StepOutput {
    let sum = losses.iter().map(|loss| f64::from(*loss)).sum();
    StepOutput::Host { loss: reduction.of_sum(sum, losses.len()), gradient_norm: f64::from(norm) }
}

/// Ending of the names of Adam's counters.
const TIME: &str = ".momentum.time";

/// Endings of the names of an optimizer's moments.
fn moments(config: &OptimizerConfig) -> &'static [&'static str] {
    match config {
        OptimizerConfig::Sgd { .. } => &[".momentum.velocity"],
        OptimizerConfig::Adam { .. } | OptimizerConfig::Adamw { .. } => {
            &[".momentum.moment_1", ".momentum.moment_2"]
        }
    }
}

/// Names of a layer's two parameters, weight and bias, with an ending.
fn names(number: usize, end: &str) -> [String; 2] {
    [weight(number) + end, format!("layers.{number}.bias{end}")]
}

/// Arrays of a buffer by name, in the layout of files.
pub(crate) fn arrays(layers: &[Layer], buffer: &[f32], end: &str) -> TensorMap {
    let of_layer = |(i, layer): (usize, &Layer)| {
        let ([weight_name, bias_name], (weight, bias)) = (names(i, end), layer.read(buffer));
        [
            (weight_name, Array::f32([layer.outputs, layer.inputs], weight)),
            (bias_name, Array::f32([layer.outputs], bias)),
        ]
    };
    TensorMap(layers.par_iter().enumerate().flat_map_iter(of_layer).collect())
}

/// Moves the arrays of a map into a buffer.
fn take(
    layers: &[Layer],
    map: &mut TensorMap,
    buffer: &mut [f32],
    end: &str,
) -> Result<(), ArrayError> {
    for (i, layer) in layers.iter().enumerate() {
        let mut array = |name: String| map.0.remove(&name).ok_or(ArrayError::Missing(name));
        let [weight, bias] = names(i, end);
        layer.write_weight(buffer, floats(&array(weight)?));
        layer.write_bias(buffer, floats(&array(bias)?));
    }
    Ok(())
}

/// Buffer of a network's weights, whose names and shapes have been checked.
pub(crate) fn parameters(layers: &[Layer], mut weights: TensorMap) -> Buffer {
    let mut buffer = Buffer::zeros(layers.last().map_or(0, Layer::end));
    let taken = take(layers, &mut weights, &mut buffer, "");
    debug_assert!(taken.is_ok(), "{taken:?}");
    buffer
}
