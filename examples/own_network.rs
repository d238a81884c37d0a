//! A network of your own: Langevin trains a Burn module that shares one gate over all features.
//!
//! `cargo run -p cli --example own_network`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::ops::ControlFlow;

use burn::{
    module::Module,
    nn::{Linear, LinearConfig},
    tensor::{Device, Tensor, activation},
};
use langevin_core::Network;
use langevin_train::{Problem, RunDenoiser, Trainer, draw_samples, parse_config};

/// Two layers whose hidden units are gated by the noise level.
#[derive(Module, Debug)]
struct Gated {
    position: Linear,
    gate: Linear,
    output: Linear,
}

impl Network for Gated {
    fn forward(&self, x: Tensor<2>, told: Option<Tensor<2>>, _: Option<Tensor<2>>) -> Tensor<2> {
        let mut hidden = self.position.forward(x).tanh();
        if let Some(level) = told {
            hidden = hidden * activation::sigmoid(self.gate.forward(level));
        }
        self.output.forward(hidden)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Any run file will do; its network is replaced by ours, and its length is cut for the example.
    let settings = ["denoiser.network={\"kind\":\"custom\",\"name\":\"gated\"}", "train.steps=300"];
    let text = include_str!("../configs/two-moons.json");
    let problem = Problem::new(parse_config("two-moons", text, &settings.map(str::to_owned))?)?;
    let device = Device::flex();
    let data = problem.config().data.build(0)?;
    let told = problem.diffusion().embedding.features();
    let network = Gated {
        position: LinearConfig::new(data.features(), 128).init(&device),
        gate: LinearConfig::new(told, 128).init(&device),
        output: LinearConfig::new(128, data.features()).init(&device),
    };
    let mut trainer = Trainer::new(problem, network, data, &device)?;
    while !trainer.is_done() {
        trainer.step()?;
    }
    let (problem, networks) = (trainer.problem(), trainer.sampling_networks());
    let denoiser = RunDenoiser::new(problem.diffusion(), &networks);
    let samples = draw_samples(problem, 1000, 0, trainer.data(), &denoiser, &device, &mut |_| {
        ControlFlow::Continue(())
    })?;
    println!("the first sample is {:?}", &samples.values[..samples.features]);
    Ok(())
}
