//! Named arrays of a module's parameters: floats, integers and booleans, each in its own type.

use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param},
    tensor::{Bool, Int, Tensor, TensorData, kind::Basic},
};

use super::{Array, ArrayError, Layout, Path, TensorMap};

impl TensorMap {
    /// The parameters of a module, trained or not. Initialises those that are still lazy.
    pub fn of_module<M: Module>(module: &M) -> Self {
        let layout = Layout::of(module);
        let mut reader = Reader { layout, tensors: Self::default(), path: Path::default() };
        module.visit(&mut reader);
        reader.tensors
    }

    /// Puts these parameters into a module.
    ///
    /// # Errors
    /// The first name that one side lacks, or whose shape or type of numbers differs.
    pub fn into_module<M: Module>(mut self, module: M) -> Result<M, ArrayError> {
        let (layout, expected) = (Layout::of(&module), Self::of_module(&module));
        for (name, array) in &mut self.0 {
            if let Some(expected) = expected.0.get(name) {
                let own = Array { shape: Vec::new(), values: super::Values::I64(Vec::new()) };
                *array = layout.update(name, std::mem::replace(array, own), expected);
            }
        }
        self.same_architecture(&expected)?;
        let mut writer = Writer { layout, tensors: self, path: Path::default() };
        Ok(module.map(&mut writer))
    }
}

/// Visitor that reads a module's parameters into named arrays.
struct Reader {
    layout: Layout,
    tensors: TensorMap,
    path: Path,
}

impl Reader {
    fn put(&mut self, data: &TensorData) {
        let array = self.layout.turn(&self.path, Array::of_data(data));
        self.tensors.0.insert(self.path.name(), array);
    }
}

impl ModuleVisitor for Reader {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.put(&param.val().to_data());
    }

    fn visit_int<const D: usize>(&mut self, param: &Param<Tensor<D, Int>>) {
        self.put(&param.val().to_data());
    }

    fn visit_bool<const D: usize>(&mut self, param: &Param<Tensor<D, Bool>>) {
        self.put(&param.val().to_data());
    }
}

/// Mapper that replaces a module's parameters by named arrays.
struct Writer {
    layout: Layout,
    tensors: TensorMap,
    path: Path,
}

impl Writer {
    /// The tensor of the array with the present path, of the old one's type and on its device.
    fn new_of<const D: usize, K: Basic>(&mut self, old: &Tensor<D, K>) -> Option<Tensor<D, K>> {
        let array = self.tensors.0.remove(&self.path.name())?;
        let data = self.layout.turn(&self.path, array).into_data(old.dtype());
        Some(Tensor::from_data(data, (&old.device(), old.dtype())))
    }
}

impl ModuleMapper for Writer {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|old| match self.new_of(&old) {
            Some(new) => new.set_require_grad(old.is_require_grad()),
            None => old,
        })
    }

    fn map_int<const D: usize>(&mut self, param: Param<Tensor<D, Int>>) -> Param<Tensor<D, Int>> {
        param.map(|old| self.new_of(&old).unwrap_or(old))
    }

    fn map_bool<const D: usize>(
        &mut self,
        param: Param<Tensor<D, Bool>>,
    ) -> Param<Tensor<D, Bool>> {
        param.map(|old| self.new_of(&old).unwrap_or(old))
    }
}
