//! The networks of Langevin's own, behind one type.

use burn::{
    module::{Module, ModuleMapper, ModuleVisitor},
    tensor::{Device, Tensor},
};

use crate::{Mlp, Network};

/// Network of Langevin's own, of whatever kind.
///
/// The kind is no part of a parameter's name: a file of weights tells `layers.0.weight`, not which variant
/// has it. So [`Module`] is implemented by hand, where Burn's derive would enter a module of the variant's
/// name.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum OwnNetwork {
    /// A multilayer perceptron.
    Mlp(Mlp),
}

impl From<Mlp> for OwnNetwork {
    fn from(mlp: Mlp) -> Self {
        Self::Mlp(mlp)
    }
}

impl Module for OwnNetwork {
    fn collect_devices(&self, devices: Vec<Device>) -> Vec<Device> {
        match self {
            Self::Mlp(mlp) => mlp.collect_devices(devices),
        }
    }

    fn fork(self, device: &Device) -> Self {
        match self {
            Self::Mlp(mlp) => Self::Mlp(mlp.fork(device)),
        }
    }

    fn to_device(self, device: &Device) -> Self {
        match self {
            Self::Mlp(mlp) => Self::Mlp(mlp.to_device(device)),
        }
    }

    fn train(self) -> Self {
        match self {
            Self::Mlp(mlp) => Self::Mlp(mlp.train()),
        }
    }

    fn valid(&self) -> Self {
        match self {
            Self::Mlp(mlp) => Self::Mlp(mlp.valid()),
        }
    }

    fn materialize(self) -> Self {
        match self {
            Self::Mlp(mlp) => Self::Mlp(mlp.materialize()),
        }
    }

    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        match self {
            Self::Mlp(mlp) => mlp.visit(visitor),
        }
    }

    fn map<M: ModuleMapper>(self, mapper: &mut M) -> Self {
        match self {
            Self::Mlp(mlp) => Self::Mlp(mlp.map(mapper)),
        }
    }
}

impl Network for OwnNetwork {
    fn forward(
        &self,
        x: Tensor<2>,
        level_features: Option<Tensor<2>>,
        condition: Option<Tensor<2>>,
    ) -> Tensor<2> {
        match self {
            Self::Mlp(mlp) => mlp.forward(x, level_features, condition),
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::{module::Param, tensor::Device};
    use langevin_data::Streams;

    use super::*;
    use crate::{Activation, MlpConfig};

    /// Visitor that collects the names of all parameters.
    #[derive(Default)]
    struct Names {
        path: Vec<String>,
        seen: Vec<String>,
    }

    impl ModuleVisitor for Names {
        fn enter_module(&mut self, name: &str, _container_type: &str) {
            self.path.push(name.to_owned());
        }
        fn exit_module(&mut self, _name: &str, _container_type: &str) {
            self.path.pop();
        }
        fn visit_float<const D: usize>(&mut self, _param: &Param<Tensor<D>>) {
            self.seen.push(self.path.join("."));
        }
    }

    #[test]
    fn the_kind_of_a_network_is_no_part_of_a_parameters_name() {
        let names = |network: &dyn Fn(&mut Names)| {
            let mut names = Names::default();
            network(&mut names);
            names.seen
        };
        let config = MlpConfig::new(2, 1, 4, 1, Activation::Relu);
        let mlp = config.init(&Streams::new(0), &Device::flex()).expect("valid");
        let own = OwnNetwork::from(mlp.clone());
        let expected = ["layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias"];
        assert_eq!(names(&|names| own.visit(names)), expected);
        assert_eq!(names(&|names| mlp.visit(names)), expected);
        assert_eq!(own.num_params(), mlp.num_params());
        assert_eq!(own.devices(), mlp.devices());
    }
}
