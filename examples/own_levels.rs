//! Training levels of your own: ln(sigma / alpha) is uniform between two ends.
//!
//! `cargo run -p cli --example own_levels`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use burn::tensor::Device;
use langevin_core::{NoiseLevel, NoiseSchedule, TrainingLevels};
use langevin_data::Stream;
use langevin_train::{Problem, Trainer, built_in, parse_config};

/// Levels whose `sigma / alpha` is log-uniform from `low` to `high`.
struct LogUniform {
    low: f64,
    high: f64,
}

impl TrainingLevels for LogUniform {
    fn draw(
        &self,
        schedule: &dyn NoiseSchedule,
        stream: &mut Stream,
        rows: usize,
        _step: Option<u64>,
    ) -> Vec<NoiseLevel> {
        // Two words a row, as the trait asks for, of which this needs one.
        let mut words = vec![0.0; 2 * rows];
        stream.fill_uniform(&mut words);
        let ratio = |u: f64| self.low * (self.high / self.low).powf(u);
        words.chunks_exact(2).map(|pair| schedule.at_ratio(ratio(pair[0]))).collect()
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let settings = [r#"noise.levels={"kind":"custom","name":"log_uniform"}"#, "train.steps=300"];
    let text = include_str!("../configs/two-moons.json");
    let config = parse_config("two-moons", text, &settings.map(str::to_owned))?;
    let problem = Problem::builder(config).levels(LogUniform { low: 0.01, high: 10.0 }).build()?;

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
