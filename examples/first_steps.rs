//! Two moons, trained and sampled in thirty lines.
//!
//! `cargo run -p cli --example first_steps`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::ops::ControlFlow;

use burn::tensor::Device;
use langevin_train::{Problem, RunDenoiser, Trainer, built_in, draw_samples, parse_config};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A run file, with two of its fields changed, and its parts.
    let text = include_str!("../configs/two-moons.json");
    let settings = ["train.steps=500", "train.log_every=100"].map(str::to_owned);
    let problem = Problem::new(parse_config("two-moons", text, &settings)?)?;

    let device = Device::flex();
    let (network, data) = built_in(&problem, &device)?;
    let mut trainer = Trainer::new(problem, network, data, &device)?;
    while !trainer.is_done() {
        if let Some(metrics) = trainer.step()?.metrics {
            println!("step {} loss {:.4}", metrics.step, metrics.mean_loss);
        }
    }
    let (problem, networks) = (trainer.problem(), trainer.sampling_networks());
    let denoiser = RunDenoiser::new(problem.diffusion(), &networks);
    let mut go_on = |_| ControlFlow::Continue(());
    let samples = draw_samples(problem, 1000, 0, trainer.data(), &denoiser, &device, &mut go_on)?;
    println!("{} samples, the first {:?}", samples.values.len() / 2, &samples.values[..2]);
    Ok(())
}
