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

#[cfg(test)]
mod tests {
    use burn::{
        module::ParamId,
        tensor::{DType, Device, IntDType, bf16, f16},
    };

    use super::*;
    use crate::engine::tensors::Values;

    /// A module with a parameter of every type that the backend has.
    #[derive(Module, Debug)]
    struct Mixed {
        double: Param<Tensor<2>>,
        half: Param<Tensor<1>>,
        brain: Param<Tensor<1>>,
        single: Param<Tensor<1>>,
        counts: Param<Tensor<2, Int>>,
        bytes: Param<Tensor<1, Int>>,
        mask: Param<Tensor<1, Bool>>,
    }

    /// The module of a number, which decides all its values.
    fn mixed(number: u8, device: &Device) -> Mixed {
        let x = f64::from(number) + 1.0 / 3.0;
        let float = |values: TensorData, dtype| Tensor::<1>::from_data(values, (device, dtype));
        let halves = [x, -x].map(f16::from_f64).to_vec();
        let brains = [x, 3.0 * x].map(bf16::from_f64).to_vec();
        let doubles = TensorData::new(vec![x, 1e300, -1e-300, 0.1, x / 7.0, -0.0], [2, 3]);
        let counts = vec![i32::MIN, -1, 0, 1, i32::MAX, i32::from(number)];
        let counts = TensorData::new(counts, [3, 2]);
        let (bytes, mask) = (vec![0_u8, number, 255], vec![true, false, number.is_multiple_of(2)]);
        let ints: DType = IntDType::I32.into();
        let byte: DType = IntDType::U8.into();
        Mixed {
            double: Param::from_tensor(Tensor::from_data(doubles, (device, DType::F64))),
            half: Param::from_tensor(float(TensorData::new(halves, [2]), DType::F16)),
            brain: Param::from_tensor(float(TensorData::new(brains, [2]), DType::BF16)),
            single: Param::from_tensor(float(TensorData::from([x as f32]), DType::F32)),
            counts: Param::initialized(ParamId::new(), Tensor::from_data(counts, (device, ints))),
            bytes: Param::initialized(
                ParamId::new(),
                Tensor::from_data(TensorData::new(bytes, [3]), (device, byte)),
            ),
            mask: Param::initialized(
                ParamId::new(),
                Tensor::from_data(TensorData::new(mask, [3]), device),
            ),
        }
    }

    /// Every parameter as it lies in memory, with its type.
    fn bits(module: &Mixed) -> Vec<(DType, Vec<u8>)> {
        let Mixed { double, half, brain, single, counts, bytes, mask } = module;
        let data = [
            double.val().into_data(),
            half.val().into_data(),
            brain.val().into_data(),
            single.val().into_data(),
            counts.val().into_data(),
            bytes.val().into_data(),
            mask.val().into_data(),
        ];
        data.iter().map(|data| (data.dtype(), data.as_bytes().to_vec())).collect()
    }

    #[test]
    fn parameters_of_every_type_survive_the_file_and_back_bit_for_bit() {
        let device = Device::flex();
        let module = mixed(3, &device);
        let types = [DType::F64, DType::F16, DType::BF16, DType::F32, DType::I32, DType::U8];
        assert!(bits(&module).iter().map(|(dtype, _)| *dtype).take(6).eq(types));
        let map = TensorMap::of_module(&module);
        assert_eq!(map.0.len(), 7);
        let bytes = map.to_safetensors().expect("serializes");
        let read = TensorMap::from_safetensors(&bytes).expect("reads");
        assert_eq!(read, map);
        let other = mixed(8, &device);
        assert_ne!(bits(&other), bits(&module));
        let restored = read.into_module(other).expect("the same types");
        assert_eq!(bits(&restored), bits(&module));
    }

    #[test]
    fn another_type_of_number_is_refused_by_name() {
        let device = Device::flex();
        let map = TensorMap::of_module(&mixed(3, &device));
        for (name, from) in
            [("double", "single"), ("half", "brain"), ("counts", "bytes"), ("mask", "bytes")]
        {
            let mut other = map.clone();
            let shape = map.0[name].shape.clone();
            let values = map.0[from].values.clone();
            other.0.insert(name.to_owned(), Array { shape, values });
            let why = other.into_module(mixed(3, &device)).expect_err("refused").to_string();
            assert_eq!(why, format!("{name} holds numbers of another type"));
        }
    }

    #[test]
    fn what_no_file_of_ours_holds_is_refused_in_every_type() {
        let device = Device::flex();
        for (name, place, byte, why) in [
            ("mask", 1, 2, "mask holds a boolean that is neither 0 nor 1"),
            ("double", 15, 0x7f, "double holds NaN"),
            ("half", 1, 0x7e, "half holds NaN"),
            ("brain", 1, 0x7f, "brain holds NaN"),
        ] {
            let map = TensorMap::of_module(&mixed(3, &device));
            let mut bytes = map.to_safetensors().expect("serializes");
            let Values::Other(own) = &map.0[name].values else {
                panic!("{name} is of another type")
            };
            let first = bytes.windows(own.bytes().len()).rposition(|part| part == own.bytes());
            bytes[first.expect("there") + place] = byte;
            if name != "mask" {
                // All bits of the exponent, and one of the fraction.
                bytes[first.expect("there") + place - 1] = 0xff;
            }
            let message = TensorMap::from_safetensors(&bytes).expect_err("refused").to_string();
            assert_eq!(message, why);
        }
        let mut map = TensorMap::of_module(&mixed(3, &device));
        let infinite = TensorData::new(vec![1.0, f64::NEG_INFINITY], [2]);
        map.0.insert("double".to_owned(), Array::of_data(&infinite));
        assert_eq!(map.not_finite(), Some(("double", f64::NEG_INFINITY)));
    }

    #[test]
    fn matrices_of_every_width_are_transposed() {
        let (rows, columns) = (3, 18);
        let numbers: Vec<u8> = (0..rows * columns).collect();
        let shape = [usize::from(rows), usize::from(columns)];
        for data in [
            TensorData::new(numbers.iter().map(|n| f64::from(*n)).collect::<Vec<_>>(), shape),
            TensorData::new(numbers.iter().map(|n| f32::from(*n)).collect::<Vec<_>>(), shape),
            TensorData::new(numbers.iter().map(|n| f16::from(*n)).collect::<Vec<_>>(), shape),
            TensorData::new(numbers.iter().map(|n| i32::from(*n)).collect::<Vec<_>>(), shape),
            TensorData::new(numbers.clone(), shape),
        ] {
            let dtype = data.dtype();
            let turned = Array::of_data(&data).transposed();
            assert_eq!(turned.shape, [18, 3]);
            let read: Vec<u8> = turned.into_data(dtype).iter::<u8>().collect();
            let expected = (0..columns).flat_map(|c| (0..rows).map(move |r| r * columns + c));
            assert!(expected.eq(read), "{dtype:?}");
        }
    }
}
