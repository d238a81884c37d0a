//! The tape's gradient of any heads against differences of its loss, all in f64.

use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param},
    optim::GradientsParams,
    tensor::{DType, Device, Tensor, TensorData},
};
use langevin_core::{Activation, LossReduction, Mlp, MlpConfig, MlpForm, Network};
use langevin_data::Streams;

use super::{batch, mixes, output_columns};
use crate::{
    engine::{tape::reduce, tape_losses::losses_of, transfer::upload},
    problem::StepBatch,
};

/// Casts every parameter to f64.
struct Widen;

impl ModuleMapper for Widen {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|tensor| tensor.cast(DType::F64))
    }
}

/// Adds `by` to one number of one parameter.
struct Nudge {
    parameter: usize,
    place: usize,
    by: f64,
}

impl ModuleMapper for Nudge {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let own = self.parameter == 0;
        self.parameter = self.parameter.wrapping_sub(1);
        if !own {
            return param;
        }
        param.map(|tensor| {
            let (shape, device) = (tensor.dims(), tensor.device());
            let mut values: Vec<f64> = tensor.into_data().iter::<f64>().collect();
            values[self.place] += self.by;
            Tensor::from_data(TensorData::new(values, shape), (&device, DType::F64))
        })
    }
}

/// Collects the gradient of each trained parameter, with the parameter's number.
struct Collect<'a> {
    gradients: &'a GradientsParams,
    number: usize,
    found: Vec<(usize, Vec<f64>)>,
}

impl ModuleVisitor for Collect<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.get::<D>(param.id) {
            assert_eq!(gradient.dtype(), DType::F64);
            self.found.push((self.number, gradient.into_data().iter::<f64>().collect()));
        }
        self.number += 1;
    }
}

fn loss(network: &Mlp, batch: &StepBatch, device: &Device) -> Tensor<1> {
    let there = upload(batch, (device, DType::F64));
    let output = network.forward(there.input, there.level_features, there.condition);
    assert_eq!(output.dtype(), DType::F64);
    reduce(losses_of(output, &there.heads, batch), batch.reduction)
}

#[test]
fn the_tapes_gradient_is_the_slope_of_its_loss() {
    let device = Device::flex();
    for (number, kinds) in mixes().iter().enumerate() {
        let form = MlpForm {
            width: 4,
            depth: 2,
            activation: Activation::Tanh,
            residual: true,
            position_features: 1,
            position_scale: 0.3,
            position_resolution: None,
        };
        let outputs = output_columns(kinds);
        let config = MlpConfig { features: 3, outputs, extra_features: 5, form };
        let network = config.init(&Streams::new(5), &device).expect("valid");
        let plain = network.map(&mut Widen);
        let taped = plain.clone().train();
        let huber = LossReduction::Huber { delta: 0.5 };
        let reduction = [LossReduction::Mean, LossReduction::Norm, huber][number % 3];
        let batch = batch(kinds, 7, reduction);
        let gradients = loss(&taped, &batch, &device.clone().autodiff()).backward();
        let gradients = GradientsParams::from_grads(gradients, &taped);
        let mut collect = Collect { gradients: &gradients, number: 0, found: Vec::new() };
        taped.visit(&mut collect);
        assert_eq!(collect.found.len(), 6, "every weight and bias");
        for (parameter, gradient) in collect.found {
            let largest = gradient.iter().fold(0.0_f64, |most, g| most.max(g.abs()));
            for (place, slope) in gradient.iter().enumerate() {
                let moved = |by: f64| {
                    let moved = plain.clone().map(&mut Nudge { parameter, place, by });
                    loss(&moved, &batch, &device).into_scalar::<f64>()
                };
                // The cubic term is 1e-10 of the loss's third derivative, rounding 1e-16 of the loss over
                // 1e-5. Huber's function bends at 0.5, where a difference is off by 1e-5 of a row's share.
                let found = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                let off = (found - slope).abs() / largest;
                assert!(off < 1e-6, "{kinds:?}: parameter {parameter}, {place}: {found} {slope}");
            }
        }
    }
}
