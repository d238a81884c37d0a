//! A sampler of your own with a memory: Adams and Bashforth's method of order 2, one call a step.
//!
//! `cargo run -p cli --example own_sampler`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::ops::ControlFlow;

use burn::tensor::{Device, Tensor};
use langevin_core::{CoreError, Denoiser, MixtureOracle, Noise, Plan, Sampler, Steps, Transition};
use langevin_data::GaussianMixture;
use langevin_train::{Problem, draw_samples, parse_config};

/// The method, which remembers nothing: what it saw of a chunk of rows is in its [`Memory`].
struct AdamsBashforth;

/// The slope `dx / d sigma` of the step before, and that step's length.
struct Memory(Option<(Tensor<2>, f64)>);

impl Sampler for AdamsBashforth {
    fn start(&self, _plan: &Plan) -> Box<dyn Steps + '_> {
        Box::new(Memory(None))
    }
}

impl Steps for Memory {
    fn step(
        &mut self,
        x: Tensor<2>,
        denoiser: &dyn Denoiser,
        step: &Transition,
        _noise: &mut Noise,
    ) -> Result<Tensor<2>, CoreError> {
        let slope = (x.clone() - denoiser.denoise(x.clone(), &step.from)?) / step.from.sigma();
        let h = step.to.sigma() - step.from.sigma();
        let (before, length) = self.0.replace((slope.clone(), h)).unwrap_or((slope.clone(), h));
        let mean = slope.clone() + (slope - before) * (h / (2.0 * length));
        Ok(x + mean * h)
    }
    fn restart(&mut self) {
        self.0 = None;
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let settings = [r#"sample.sampler={"kind":"custom","name":"ab2","steps":24}"#.to_owned()];
    let config = parse_config("default", include_str!("../configs/default.json"), &settings)?;
    let problem = Problem::builder(config).sampler(AdamsBashforth).build()?;
    // The exact denoiser of two Gaussians in place of a network's.
    let data = GaussianMixture::new(vec![vec![-1.0, 0.0], vec![1.0, 0.0]], 0.1, None)?;
    let (oracle, device) = (MixtureOracle::new(data.clone()), Device::flex());
    let mut go_on = |_| ControlFlow::Continue(());
    let samples = draw_samples(&problem, 1000, 0, &data, &oracle, &device, &mut go_on)?;
    println!("the first sample is {:?}", &samples.values[..2]);
    Ok(())
}
