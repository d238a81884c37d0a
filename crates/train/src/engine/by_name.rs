//! Gradients of a module by name, in the layout of files, and back on its device.

use burn::{
    module::{Module, ModuleVisitor, Param},
    optim::GradientsParams,
    tensor::{Device, Tensor, TensorData},
};

use super::tensors::{Array, ArrayError, Layout, Path, TensorMap};

/// Reads the gradients of a module's parameters to the host.
pub(super) fn named<M: Module>(gradients: &GradientsParams, module: &M) -> TensorMap {
    let (layout, path) = (Layout::of(module), Path::default());
    let mut read = Read { gradients, layout, path, arrays: TensorMap::default() };
    module.visit(&mut read);
    read.arrays
}

/// Puts named gradients on the device of a module, by its parameters.
///
/// # Errors
/// An array that is not the gradient of a parameter, or has another shape or type of numbers.
pub(super) fn of_names<M: Module>(
    arrays: TensorMap,
    module: &M,
) -> Result<GradientsParams, ArrayError> {
    let (layout, path) = (Layout::of(module), Path::default());
    let (gradients, problem) = (GradientsParams::new(), None);
    let mut write = Write { arrays, layout, path, gradients, problem };
    module.visit(&mut write);
    match (write.problem, write.arrays.0.into_keys().next()) {
        (Some(problem), _) => Err(problem),
        (None, Some(name)) => Err(ArrayError::NotOfNetwork(name)),
        (None, None) => Ok(write.gradients),
    }
}

/// Puts losses on a device.
pub(super) fn losses_on(losses: &[f64], device: &Device) -> Tensor<1> {
    let losses: Vec<f32> = losses.iter().map(|loss| *loss as f32).collect();
    let shape = [losses.len()];
    Tensor::from_data(TensorData::new(losses, shape), device)
}

struct Read<'a> {
    gradients: &'a GradientsParams,
    layout: Layout,
    path: Path,
    arrays: TensorMap,
}

impl ModuleVisitor for Read<'_> {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(gradient) = self.gradients.get::<D>(param.id) else { return };
        let array = self.layout.turn(&self.path, Array::of_data(&gradient.into_data()));
        self.arrays.0.insert(self.path.name(), array);
    }
}

struct Write {
    arrays: TensorMap,
    layout: Layout,
    path: Path,
    gradients: GradientsParams,
    problem: Option<ArrayError>,
}

impl ModuleVisitor for Write {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let name = self.path.name();
        let Some(array) = self.arrays.0.remove(&name) else { return };
        let parameter = param.val();
        let (array, expected) = (self.layout.turn(&self.path, array), parameter.dims().to_vec());
        if array.shape != expected {
            self.problem = Some(ArrayError::Shape { name, shape: array.shape, expected });
        } else if !array.holds(parameter.dtype()) {
            self.problem = Some(ArrayError::NumberType(name));
        } else {
            let (device, dtype) = (parameter.device().inner(), parameter.dtype());
            let gradient = Tensor::<D>::from_data(array.into_data(dtype), (&device, dtype));
            self.gradients.register(param.id, gradient);
        }
    }
}
