//! The direct engine: it trains Langevin's multilayer perceptron on the processor, in buffers of its own.
//! It makes Burn's modules of them only where the networks are asked for.

use std::{any::Any, cell::OnceCell};

use burn::{
    module::{ModuleVisitor, Param},
    tensor::{DType, Device, Tensor},
};
use langevin_core::{Mlp, Network};
use rayon::prelude::*;

use super::{
    buffer::Buffer,
    form::{Form, Layer},
    gradients::Gradients,
    learner::{Learner, Training},
    pass::Network as Loops,
    simd::InstructionSet,
    update::State,
};
use crate::{
    config::OptimizerConfig,
    engine::{
        Engine, EngineError, StepOutput,
        optimizer::ModuleOptimizer,
        tensors::{Array, ArrayError, Path, TensorMap, Values},
    },
    problem::StepBatch,
};

/// The name of the position's frequencies among the weights.
const FREQUENCIES: &str = "position.frequencies";

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
    pub(crate) averages: OnceCell<Vec<N>>,
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
            averages: OnceCell::new(),
        })
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
        let mut checked = ModuleOptimizer::new(&self.training.optimizer);
        checked.load(map, module)?;
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
            Values::F32(_) => None,
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
        let sum = losses.iter().map(|loss| f64::from(*loss)).sum();
        let loss = batch.reduction.of_sum(sum, batch.rows);
        StepOutput::Host { loss, gradient_norm: f64::from(norm) }
    }

    fn networks(&self) -> &[N] {
        self.networks.get_or_init(|| {
            self.learners.iter().map(|learner| self.module(&learner.parameters)).collect()
        })
    }

    fn hand_over(&mut self, from: usize, to: usize) {
        self.networks.take();
        self.averages.take();
        let state = State::new(&self.training.optimizer, self.gradients.network.len());
        self.learners[to] = Learner { state, ..self.learners[from].clone() };
    }

    fn keep_averages(&mut self) {
        self.averages.take();
        for learner in &mut self.learners {
            learner.average = Some(learner.parameters.clone());
        }
    }

    fn average(&mut self, network: usize, decay: f64) {
        self.averages.take();
        self.learners[network].average(&self.gradients, decay);
    }

    fn averages(&self) -> Option<&[N]> {
        let averages: Option<Vec<_>> = self.learners.iter().map(|l| l.average.as_ref()).collect();
        let modules = |averages: Vec<&Buffer>| {
            averages.into_iter().map(|average| self.module(average).valid()).collect()
        };
        averages.map(|averages| &self.averages.get_or_init(|| modules(averages))[..])
    }

    fn weights(&self) -> Vec<TensorMap> {
        self.learners.iter().map(|learner| self.named(&learner.parameters)).collect()
    }

    fn average_weights(&self) -> Option<Vec<TensorMap>> {
        let averages = self.learners.iter().map(|learner| learner.average.as_ref());
        averages.map(|average| average.map(|average| self.named(average))).collect()
    }

    fn optimizer_state(&self) -> TensorMap {
        TensorMap::joined(self.learners.iter().map(|l| self.state(&l.state)).collect())
    }

    fn restore(
        &mut self,
        weights: TensorMap,
        averages: Option<TensorMap>,
        optimizer: TensorMap,
    ) -> Result<(), ArrayError> {
        let count = self.learners.len();
        let (weights, states) = (weights.split(count)?, optimizer.split(count)?);
        let mut averages = match averages {
            Some(averages) => averages.split(count)?.into_iter().map(Some).collect(),
            None => vec![None; count],
        };
        let expected = TensorMap::of_module(&self.template);
        let layers = &self.gradients.network.layers;
        let mut learners = Vec::new();
        for ((mut weights, state), average) in weights.into_iter().zip(states).zip(&mut averages) {
            for map in [Some(&mut weights), average.as_mut()].into_iter().flatten() {
                map.same_architecture(&expected)?;
                // The template holds the frequencies of all networks.
                if map.0.remove(FREQUENCIES) != expected.0.get(FREQUENCIES).cloned() {
                    return Err(ArrayError::OtherSeed(FREQUENCIES.to_owned()));
                }
            }
            learners.push(Learner {
                parameters: parameters(layers, weights),
                state: self.read_state(state, &self.template)?,
                average: average.take().map(|average| parameters(layers, average)),
            });
        }
        (self.networks, self.averages) = (OnceCell::new(), OnceCell::new());
        self.learners = learners;
        Ok(())
    }
}

/// Whether a device is the processor; other backends keep weights elsewhere.
pub(crate) fn is_processor(device: &Device) -> bool {
    // By its text: the enum's variants depend on features of a crate that is not ours.
    let name = format!("{device:?}");
    ["Device<Flex", "Device<NdArray"].iter().any(|processor| name.starts_with(processor))
}

/// A network that needs no tape: the module on its device, its form, and its weights.
///
/// # Errors
/// The reason why the network needs the tape.
pub(crate) fn known<N: Network>(
    network: N,
    device: &Device,
) -> Result<(N, Form, TensorMap), EngineError> {
    let template = network.to_device(device).train();
    let weights = TensorMap::of_module(&template);
    let form = form(&template, &weights)?;
    let mut look = Look::default();
    template.visit(&mut look);
    if !look.trains_all {
        return Err(EngineError::Frozen);
    }
    Ok((template, form, weights))
}

/// The form of a network that the loops support.
///
/// # Errors
/// The reason why they do not support it.
pub(super) fn form<N: Network>(network: &N, weights: &TensorMap) -> Result<Form, EngineError> {
    let any: &dyn Any = network;
    let Some(mlp) = any.downcast_ref::<Mlp>() else {
        return Err(EngineError::OtherNetwork);
    };
    let mut look = Look::default();
    network.visit(&mut look);
    if !look.is_f32 {
        return Err(EngineError::NumberType);
    }
    let shape = |name: &str| weights.0.get(name).map_or(&[0, 0][..], |array| &array.shape[..]);
    let depth = (1..).take_while(|i| !shape(&weight(*i)).contains(&0)).count();
    let matrix = |layer| match *shape(&weight(layer)) {
        [outputs, inputs] => Ok((outputs, inputs)),
        _ => Err(EngineError::NoMatrix(weight(layer))),
    };
    let ((width, inputs), (outputs, _)) = (matrix(0)?, matrix(depth)?);
    let features = mlp.features();
    let frequencies = weights.0.get(FREQUENCIES).map_or(&[][..], floats).to_vec();
    Ok(Form {
        features,
        outputs,
        extra_features: inputs - features - 2 * frequencies.len() / features,
        width,
        depth,
        activation: mlp.activation(),
        residual: mlp.is_residual(),
        frequencies,
    })
}

/// Types of all parameters, and whether all are trained.
struct Look {
    path: Path,
    is_f32: bool,
    /// Whether all are trained but the position's frequencies.
    trains_all: bool,
}

impl Default for Look {
    fn default() -> Self {
        Self { path: Path::default(), is_f32: true, trains_all: true }
    }
}

impl ModuleVisitor for Look {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.is_f32 &= param.val().dtype() == DType::F32;
        self.trains_all &= param.is_require_grad() == (self.path.name() != FREQUENCIES);
    }
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

fn weight(layer: usize) -> String {
    format!("layers.{layer}.weight")
}

/// Names of a layer's two parameters, weight and bias, with an ending.
fn names(number: usize, end: &str) -> [String; 2] {
    [weight(number) + end, format!("layers.{number}.bias{end}")]
}

/// Arrays of a buffer by name, in the layout of files.
fn arrays(layers: &[Layer], buffer: &[f32], end: &str) -> TensorMap {
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

fn floats(array: &Array) -> &[f32] {
    match &array.values {
        Values::F32(values) => values,
        Values::I64(_) => &[],
    }
}
