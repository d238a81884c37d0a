//! A loss weighting of your own: P2, which turns from levels with little noise to those in the middle.
//!
//! `cargo run -p cli --example own_weighting`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use burn::tensor::Device;
use langevin_core::{LevelWeight, NoiseLevel, Prediction};
use langevin_train::{Problem, Trainer, built_in, parse_config};

/// Weight `1 / (1 + SNR)^gamma` on the error of the noise. Source: Choi et al. 2022, "Perception
/// prioritized training of diffusion models", equation 8 with k = 1.
struct P2 {
    gamma: f64,
}

impl LevelWeight for P2 {
    fn at(&self, level: &NoiseLevel, prediction: &Prediction) -> f64 {
        // The error of the noise is SNR times that of x_0, which is c_out² times the network's own.
        let of_sample = level.snr() / (1.0 + level.snr()).powf(self.gamma);
        of_sample * prediction.coefficients(level).out.powi(2)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let settings = [r#"train.weighting={"kind":"custom","name":"p2"}"#, "train.steps=300"];
    let text = include_str!("../configs/two-moons.json");
    let config = parse_config("two-moons", text, &settings.map(str::to_owned))?;
    let problem = Problem::builder(config).weighting(P2 { gamma: 1.0 }).build()?;

    let device = Device::flex();
    let (network, data) = built_in(&problem, &device)?;
    let mut trainer = Trainer::new(problem, network, data, &device)?;
    while !trainer.is_done() {
        if let Some(metrics) = trainer.step()?.metrics {
            println!("step {} loss {:.4}", metrics.step, metrics.mean_loss);
        }
    }
    Ok(())
}
