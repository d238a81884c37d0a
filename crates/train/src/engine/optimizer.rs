//! burn-optim's optimizers with PyTorch's defaults, their state kept by parameter path.
//!
//! Burn keys its own record by random ids. Here the state is keyed as the weights are, so that other
//! programs can read a checkpoint and a new process can resume from it.

use std::collections::BTreeMap;

use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param},
    optim::{
        Adam, AdamConfig, AdamW, AdamWConfig, DynState, GradientsParams, Optimizer, RecordState,
        Sgd, SgdConfig, StateSink, StateSource, decay::WeightDecayConfig, momentum::MomentumConfig,
    },
    tensor::Tensor,
};

use crate::{
    config::OptimizerConfig,
    engine::tensors::{Array, ArrayError, Layout, Path, TensorMap, Values},
};

/// An optimizer and its state, with one entry per trained parameter.
pub(crate) struct ModuleOptimizer {
    kind: Kind,
    states: BTreeMap<String, DynState>,
}

#[derive(Clone)]
enum Kind {
    Sgd(Sgd),
    Adam(Adam),
    AdamW(AdamW),
}

impl ModuleOptimizer {
    pub(crate) fn new(config: &OptimizerConfig) -> Self {
        let decay = |penalty: f64| (penalty > 0.0).then(|| WeightDecayConfig::new(penalty as f32));
        let kind = match *config {
            OptimizerConfig::Sgd { momentum, dampening, nesterov, weight_decay } => {
                let momentum = (momentum > 0.0).then(|| {
                    MomentumConfig::new()
                        .with_momentum(momentum)
                        .with_dampening(dampening)
                        .with_nesterov(nesterov)
                });
                let config = SgdConfig::new().with_momentum(momentum);
                Kind::Sgd(config.with_weight_decay(decay(weight_decay)).build())
            }
            OptimizerConfig::Adam { betas, epsilon, weight_decay } => Kind::Adam(
                AdamConfig::new()
                    .with_beta_1(betas[0] as f32)
                    .with_beta_2(betas[1] as f32)
                    .with_epsilon(epsilon as f32)
                    .with_weight_decay(decay(weight_decay))
                    .build(),
            ),
            OptimizerConfig::Adamw { betas, epsilon, weight_decay } => Kind::AdamW(
                AdamWConfig::new()
                    .with_beta_1(betas[0] as f32)
                    .with_beta_2(betas[1] as f32)
                    .with_epsilon(epsilon as f32)
                    .with_weight_decay(weight_decay as f32)
                    .build(),
            ),
        };
        Self { kind, states: BTreeMap::new() }
    }

    /// Clears the state that earlier steps left.
    pub(crate) fn restart(&mut self) {
        self.states.clear();
    }

    /// Makes one step on every parameter that has a gradient.
    pub(crate) fn step<M: Module>(&mut self, rate: f64, module: M, grads: GradientsParams) -> M {
        let states = &mut self.states;
        match &self.kind {
            Kind::Sgd(optimizer) => module.map(&mut Stepper::new(optimizer, rate, grads, states)),
            Kind::Adam(optimizer) => module.map(&mut Stepper::new(optimizer, rate, grads, states)),
            Kind::AdamW(optimizer) => module.map(&mut Stepper::new(optimizer, rate, grads, states)),
        }
    }

    /// The state as named arrays: `PATH.momentum.moment_1` and the like.
    pub(crate) fn state<M: Module>(&self, module: &M) -> TensorMap {
        let states = &self.states;
        match &self.kind {
            Kind::Sgd(_) => read_state::<Sgd, M>(states, module),
            Kind::Adam(_) => read_state::<Adam, M>(states, module),
            Kind::AdamW(_) => read_state::<AdamW, M>(states, module),
        }
    }

    /// The same optimizer with a state that [`state`](Self::state) gave for the same module.
    ///
    /// # Errors
    /// The name of an array that is missing, left over or of another shape.
    pub(crate) fn loaded<M: Module>(
        &self,
        state: TensorMap,
        module: &M,
    ) -> Result<Self, ArrayError> {
        let states = match &self.kind {
            Kind::Sgd(_) => write_state::<Sgd, M>(state, module)?,
            Kind::Adam(_) => write_state::<Adam, M>(state, module)?,
            Kind::AdamW(_) => write_state::<AdamW, M>(state, module)?,
        };
        Ok(Self { kind: self.kind.clone(), states })
    }
}

/// Mapper that makes the optimizer's step on every parameter of a module.
struct Stepper<'a, O> {
    optimizer: &'a O,
    rate: f64,
    grads: GradientsParams,
    states: &'a mut BTreeMap<String, DynState>,
    path: Path,
}

impl<'a, O: Optimizer> Stepper<'a, O> {
    fn new(
        optimizer: &'a O,
        rate: f64,
        grads: GradientsParams,
        states: &'a mut BTreeMap<String, DynState>,
    ) -> Self {
        Self { optimizer, rate, grads, states, path: Path::default() }
    }
}

impl<O: Optimizer> ModuleMapper for Stepper<'_, O> {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(grad) = self.grads.remove::<D>(param.id) else { return param };
        let name = self.path.name();
        let state = self.states.remove(&name).map(DynState::downcast::<O::State<D>>);
        let (id, tensor, mapper) = param.consume();
        let (tensor, state) = self.optimizer.step(self.rate, tensor.inner(), grad, state);
        if let Some(state) = state {
            self.states.insert(name, DynState::create(state, D));
        }
        Param::from_mapped_value(id, Tensor::from_inner(tensor).require_grad(), mapper)
    }
}

/// Visitor that reads the optimizer's state of each parameter into named arrays.
struct StateReader<'a, O> {
    states: &'a BTreeMap<String, DynState>,
    out: TensorMap,
    layout: Layout,
    path: Path,
    optimizer: std::marker::PhantomData<O>,
}

fn read_state<O: Optimizer, M: Module>(
    states: &BTreeMap<String, DynState>,
    module: &M,
) -> TensorMap {
    let optimizer = std::marker::PhantomData::<O>;
    let (layout, path) = (Layout::of(module), Path::default());
    let mut reader = StateReader { states, out: TensorMap::default(), layout, path, optimizer };
    module.visit(&mut reader);
    reader.out
}

impl<O: Optimizer> ModuleVisitor for StateReader<'_, O> {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, _param: &Param<Tensor<D>>) {
        let name = self.path.name();
        let Some(state) = self.states.get(&name) else { return };
        let mut sink = StateSink::default();
        state.downcast_ref::<O::State<D>>().state_flatten(&name, &mut sink);
        for (key, data) in sink.tensors {
            self.out.0.insert(key, self.layout.turn(&self.path, Array::of_data(&data)));
        }
        for (key, value) in sink.scalars {
            // The only scalars of these optimizers are counters of steps.
            let value = usize::try_from(value).unwrap_or(0);
            self.out.0.insert(key, Array::counter(value as i64));
        }
    }
}

/// Visitor that makes the optimizer's state of each parameter from named arrays.
struct StateWriter<O> {
    state: TensorMap,
    states: BTreeMap<String, DynState>,
    layout: Layout,
    path: Path,
    problem: Option<ArrayError>,
    optimizer: std::marker::PhantomData<O>,
}

fn write_state<O: Optimizer, M: Module>(
    state: TensorMap,
    module: &M,
) -> Result<BTreeMap<String, DynState>, ArrayError> {
    let mut writer = StateWriter {
        state,
        states: BTreeMap::new(),
        layout: Layout::of(module),
        path: Path::default(),
        problem: None,
        optimizer: std::marker::PhantomData::<O>,
    };
    module.visit(&mut writer);
    if let Some(problem) = writer.problem {
        return Err(problem);
    }
    match writer.state.0.keys().next() {
        Some(name) => Err(ArrayError::NoParameter(name.clone())),
        None => Ok(writer.states),
    }
}

impl<O: Optimizer> ModuleVisitor for StateWriter<O> {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let name = self.path.name();
        let prefix = format!("{name}.");
        let own: Vec<_> =
            self.state.0.keys().filter(|key| key.starts_with(&prefix)).cloned().collect();
        let (mut counters, mut tensors) = (BTreeMap::new(), Vec::new());
        let parameter = param.val();
        for key in own.iter().cloned() {
            let Some(array) = self.state.0.remove(&key) else { continue };
            let array = self.layout.take(&name, array, &parameter.dims());
            match &array.values {
                Values::I64(values) => {
                    let value = values.first().copied().unwrap_or_default();
                    counters.insert(key, (value.max(0) as usize).into());
                }
                _ if !array.holds(parameter.dtype()) => {
                    self.problem = Some(ArrayError::NumberType(key));
                    return;
                }
                _ if array.shape == parameter.dims() => {
                    tensors.push((key, array.into_data(parameter.dtype())));
                }
                _ => {
                    self.problem = Some(ArrayError::StateShape { name: key, shape: array.shape });
                    return;
                }
            }
        }
        // A parameter that no loss has reached has no state: it starts with its first gradient. A whole
        // state of another optimizer is refused by a comparison of the run files.
        if !param.is_require_grad() || own.is_empty() {
            return;
        }
        let mut source = StateSource::new(counters);
        for (key, data) in tensors {
            source.insert_tensor(key, data);
        }
        let device = parameter.device().inner();
        let Some(state) =
            <O::State<D> as RecordState>::state_unflatten(&name, &mut source, &device)
        else {
            self.problem = Some(ArrayError::IncompleteState(name));
            return;
        };
        // Burn ignores arrays that it has no field for: those are found by reading the state back.
        let mut sink = StateSink::default();
        state.state_flatten(&name, &mut sink);
        let taken = |key: &String| {
            sink.tensors.iter().any(|(k, _)| k == key) || sink.scalars.iter().any(|(k, _)| k == key)
        };
        if let Some(left) = own.iter().find(|key| !taken(key)) {
            self.problem = Some(ArrayError::OtherOptimizer(left.clone()));
            return;
        }
        self.states.insert(name, DynState::create(state, D));
    }
}
