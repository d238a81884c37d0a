//! A noise schedule of your own: the circle alpha = cos(π t / 2), sigma = sin(π t / 2).
//!
//! `cargo run -p cli --example own_schedule`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::{f64::consts::FRAC_PI_2, ops::ControlFlow};

use burn::tensor::Device;
use langevin_core::{NoiseLevel, NoiseSchedule};
use langevin_train::{Problem, RunDenoiser, Trainer, built_in, draw_samples, parse_config};

/// The circle from t = `t_min` to t = `t_max`, which keeps the variance of data with variance 1.
struct Circle {
    t_min: f64,
    t_max: f64,
}

impl NoiseSchedule for Circle {
    fn at(&self, t: f64) -> NoiseLevel {
        let angle = FRAC_PI_2 * (self.t_min + t.clamp(0.0, 1.0) * (self.t_max - self.t_min));
        NoiseLevel::new(angle.cos(), angle.sin()).unwrap_or(NoiseLevel::CLEAN)
    }

    fn at_ratio(&self, ratio: f64) -> NoiseLevel {
        let t = ratio.atan() / FRAC_PI_2;
        self.at((t - self.t_min) / (self.t_max - self.t_min))
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Any run file will do; its schedule is replaced by ours, with settings that we read ourselves.
    let own = r#"{"kind":"custom","name":"circle","settings":{"t_min":0.01,"t_max":0.99}}"#;
    let settings = [
        &format!("noise.schedule={own}"),
        "noise.levels={\"kind\":\"uniform\"}",
        "train.steps=300",
    ];
    let text = include_str!("../configs/two-moons.json");
    let config = parse_config("two-moons", text, &settings.map(str::to_owned))?;
    let problem = Problem::builder(config).schedule(Circle { t_min: 0.01, t_max: 0.99 }).build()?;

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
    let samples = draw_samples(problem, 1000, 0, trainer.data(), &denoiser, &device, &mut |_| {
        ControlFlow::Continue(())
    })?;
    println!("the first sample is {:?}", &samples.values[..samples.features]);
    Ok(())
}
