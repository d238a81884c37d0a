//! Data of your own: Langevin trains on anything that fills rows from a stream of random numbers.
//!
//! `cargo run -p cli --example own_data`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::ops::ControlFlow;

use burn::tensor::Device;
use langevin_data::{Dataset, Part, Stream, Streams, sin_cos_turns};
use langevin_train::{Problem, RunDenoiser, Trainer, draw_samples, parse_config};

/// A clover: three leaves, r = cos(3 · angle).
struct Clover;

impl Dataset for Clover {
    fn features(&self) -> usize {
        2
    }

    fn words_per_row(&self) -> u64 {
        1
    }

    fn draw(&self, _part: Part, stream: &mut Stream, rows: &mut [f64]) {
        for row in rows.chunks_exact_mut(2) {
            let turns = stream.uniform();
            let (radius, (sin, cos)) = (sin_cos_turns(3.0 * turns).1, sin_cos_turns(turns));
            row.copy_from_slice(&[radius * cos, radius * sin]);
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let settings =
        [r#"data={"kind":"custom","name":"clover"}"#, "train.steps=300", "train.batch=128"];
    let text = include_str!("../configs/two-moons.json");
    let problem = Problem::new(parse_config("two-moons", text, &settings.map(str::to_owned))?)?;

    let device = Device::flex();
    let told = problem.diffusion().embedding.features();
    let form = &problem.config().denoiser.network;
    let network = form.init(Clover.features(), told, &Streams::new(0), &device)?;
    let mut trainer = Trainer::new(problem, network, Box::new(Clover), &device)?;
    for _ in 0..300 {
        if let Some(metrics) = trainer.step()?.metrics {
            println!("step {} loss {:.4}", metrics.step, metrics.mean_loss);
        }
    }
    let (problem, networks) = (trainer.problem(), trainer.sampling_networks());
    let denoiser = RunDenoiser::new(problem.diffusion(), &networks);
    let samples = draw_samples(problem, 1000, 0, trainer.data(), &denoiser, &device, &mut |_| {
        ControlFlow::Continue(())
    })?;
    println!("the first sample is {:?}", &samples.values[..samples.features]);
    Ok(())
}
