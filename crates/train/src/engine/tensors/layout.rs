//! Which weights files hold the other way round: those of Burn's linear layers.

use std::collections::{BTreeMap, BTreeSet};

use burn::{
    module::{Module, ModuleVisitor, Param},
    tensor::Tensor,
};

use super::{Array, Path};

/// What Burn calls the container of its `Linear`, and of any other struct of that name.
const LINEAR: &str = "Struct:Linear";

/// Weights of a module's linear layers, by path. Burn holds them as `[in, out]`, files as `[out, in]`, as
/// PyTorch does.
///
/// Burn tells the name of a struct, not its type. A struct `Linear` counts as Burn's where its `weight` is a
/// matrix and its `bias`, if it has one, has the weight's second dimension.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    turned: BTreeSet<String>,
    /// Weights of other structs `Linear`, which files of earlier versions hold transposed too.
    once_turned: BTreeSet<String>,
}

impl Layout {
    /// The layout of a module's arrays. Initialises parameters that are still lazy.
    pub(crate) fn of<M: Module>(module: &M) -> Self {
        let mut look = Look::default();
        module.visit(&mut look);
        let Look { weights, biases, .. } = look;
        let is_burns = |parent: &str, outputs| biases.get(parent).is_none_or(|len| *len == outputs);
        let mut layout = Self::default();
        for (parent, outputs) in weights {
            let own = is_burns(&parent, outputs);
            let names = if own { &mut layout.turned } else { &mut layout.once_turned };
            names.insert(parent + "weight");
        }
        layout
    }

    /// Turns an array between a module's layout and that of files; both ways are the same.
    pub(crate) fn turn(&self, path: &Path, array: Array) -> Array {
        if self.turned.contains(&path.name()) { array.transposed() } else { array }
    }

    /// Turns the array of a file to the layout of a module, where the parameter has the shape `wanted`.
    pub(crate) fn take(&self, name: &str, array: Array, wanted: &[usize]) -> Array {
        let is_reversed = || array.shape != wanted && array.shape.iter().rev().eq(wanted);
        let turns =
            self.turned.contains(name) || (self.once_turned.contains(name) && is_reversed());
        if turns { array.transposed() } else { array }
    }

    /// Turns an array that an earlier version wrote to the layout in which this one writes it.
    pub(super) fn update(&self, name: &str, array: Array, expected: &Array) -> Array {
        if self.turned.contains(name) { array } else { self.take(name, array, &expected.shape) }
    }
}

/// Visitor that collects the structs named `Linear`: the outputs of their weights, the length of their
/// biases.
#[derive(Default)]
struct Look {
    path: Path,
    weights: BTreeMap<String, usize>,
    biases: BTreeMap<String, usize>,
}

impl ModuleVisitor for Look {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some((parent, name)) = self.path.within(LINEAR) else { return };
        match (name, &param.val().dims()[..]) {
            ("weight", [_, outputs]) => self.weights.insert(parent, *outputs),
            ("bias", [len]) => self.biases.insert(parent, *len),
            // A bias that no layer of Burn's has.
            ("bias", _) => self.biases.insert(parent, usize::MAX),
            _ => None,
        };
    }
}

#[cfg(test)]
mod tests {
    use burn::{nn::LinearConfig, tensor::Device};

    use super::*;
    use crate::engine::tensors::{TensorMap, Values};

    /// A layer of the user's own: its weight is `[out, in]` already.
    mod own {
        use super::*;

        #[derive(Module, Debug)]
        pub(super) struct Linear {
            pub(super) weight: Param<Tensor<2>>,
            pub(super) bias: Param<Tensor<1>>,
        }
    }

    fn own() -> own::Linear {
        let device = Device::flex();
        own::Linear {
            weight: Param::from_tensor(Tensor::from_floats(
                [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]],
                &device,
            )),
            bias: Param::from_tensor(Tensor::from_floats([7.0, 8.0], &device)),
        }
    }

    #[test]
    fn burns_linear_layer_is_known_by_its_container() {
        for bias in [true, false] {
            let layer = LinearConfig::new(3, 2).with_bias(bias).init(&Device::flex());
            let layout = Layout::of(&layer);
            assert!(layout.turned.contains("weight"), "bias {bias}");
            assert_eq!(TensorMap::of_module(&layer).0["weight"].shape, [2, 3], "as PyTorch's");
        }
    }

    #[test]
    fn another_struct_of_that_name_is_not_taken_for_burns() {
        let map = TensorMap::of_module(&own());
        let weight = Array::f32([2, 3], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(map.0["weight"], weight, "as it is");
        let empty = own::Linear {
            weight: Param::from_tensor(Tensor::zeros([2, 3], &Device::flex())),
            ..own()
        };
        let restored = map.clone().into_module(empty).expect("the same");
        assert_eq!(TensorMap::of_module(&restored), map);
    }

    #[test]
    fn a_file_that_took_it_for_burns_is_still_read() {
        let expected = TensorMap::of_module(&own());
        let mut old = expected.clone();
        let turned = Array::f32([3, 2], vec![1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        old.0.insert("weight".to_owned(), turned);
        let restored = old.into_module(own()).expect("an earlier version's");
        let values: Vec<f32> = restored.weight.val().into_data().iter::<f32>().collect();
        assert_eq!(Values::F32(values), expected.0["weight"].values);
    }
}
