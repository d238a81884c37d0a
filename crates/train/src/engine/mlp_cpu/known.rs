//! What the direct engines know: devices, networks, batches and optimizers that need no tape.

use std::any::Any;

use burn::{
    module::{ModuleVisitor, Param},
    tensor::{DType, Device, Tensor},
};
use burn_dispatch::DispatchDevice;
use langevin_core::{Mlp, Network, OwnNetwork};

use super::form::Form;
use crate::{
    config::OptimizerConfig,
    engine::{
        EngineError,
        tensors::{Array, ArrayError, Path, TensorMap, Values},
    },
    problem::{BatchForm, HeadKind},
};

/// The name of the position's frequencies among the weights.
pub(super) const FREQUENCIES: &str = "position.frequencies";

/// Whether the loops can make steps with an optimizer, by batches of a form.
///
/// # Errors
/// The reason why they cannot.
pub(crate) fn fits(
    form: &Form,
    batch: &BatchForm,
    optimizer: &OptimizerConfig,
) -> Result<(), EngineError> {
    use OptimizerConfig::{Adam, Adamw, Sgd};
    if !matches!(optimizer, Sgd { .. } | Adam { .. } | Adamw { .. }) {
        return Err(EngineError::OtherOptimizer);
    }
    let has = |kind| matches!(kind, HeadKind::SquaredError | HeadKind::CrossEntropy);
    if !batch.heads.iter().all(|head| has(head.kind)) {
        return Err(EngineError::OtherHeads);
    }
    let outputs: usize = batch.heads.iter().map(|head| head.columns).sum();
    let batch = [batch.input, batch.level + batch.condition, outputs];
    let network = [form.features, form.extra_features, form.outputs];
    if batch != network {
        return Err(EngineError::OtherColumns { network, batch });
    }
    Ok(())
}

/// Fails where saved weights of our own perceptron have other frequencies of the position than `expected`,
/// its weights by the run's seed. Frequencies of another run are sound, but not what the seed of this one
/// gave.
///
/// # Errors
/// The name of the frequencies.
pub(crate) fn same_seed<N: Network>(
    network: &N,
    expected: &TensorMap,
    saved: &TensorMap,
) -> Result<(), ArrayError> {
    let (expected, saved) = (expected.0.get(FREQUENCIES), saved.0.get(FREQUENCIES));
    match (own(network), expected, saved) {
        (Some(_), Some(expected), Some(saved)) if expected != saved => {
            Err(ArrayError::OtherSeed(FREQUENCIES.to_owned()))
        }
        _ => Ok(()),
    }
}

/// The network as our own perceptron, if it is one.
fn own<N: Network>(network: &N) -> Option<&Mlp> {
    let any: &dyn Any = network;
    match any.downcast_ref() {
        Some(OwnNetwork::Mlp(mlp)) => Some(mlp),
        _ => any.downcast_ref(),
    }
}

/// Whether a device is the processor; other backends keep weights elsewhere. The backends of the processor
/// are those of this crate's features, since Burn's type of a device has no others.
pub(crate) fn is_processor(device: &Device) -> bool {
    match device.as_dispatch() {
        #[cfg(feature = "flex")]
        DispatchDevice::Flex(_) => true,
        #[cfg(feature = "ndarray")]
        DispatchDevice::NdArray(_) => true,
        _ => false,
    }
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
    let Some(mlp) = own(network) else {
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
        fades: mlp.fades(),
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

/// The name of a layer's weight.
pub(super) fn weight(layer: usize) -> String {
    format!("layers.{layer}.weight")
}

/// The numbers of an array whose type has been checked.
pub(super) fn floats(array: &Array) -> &[f32] {
    match &array.values {
        Values::F32(values) => values,
        Values::I64(_) | Values::Other(_) => &[],
    }
}
