//! A program of your own on Langevin's libraries: trains, saves, loads and samples, once with a run folder
//! and once without. `cargo run` in this folder.

use std::{error::Error, ops::ControlFlow};

use burn::tensor::Device;
use langevin_train::{
    Problem, Program, RunDenoiser, RunOptions, TensorMap, built_in, built_in_trainer,
    draw_samples, parse_config, read_run_config, resume, sample_run, train_with,
};

fn main() -> Result<(), Box<dyn Error>> {
    let device = Device::flex();
    let text = include_str!("../../../configs/two-moons.json");
    let settings = ["train.steps=200", "sample.count=1000", "report.figures=[]", "report.page=false"];
    let config = parse_config("two-moons", text, &settings.map(str::to_owned))?;
    let folder = std::env::temp_dir().join(format!("langevin-outside-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;

    // With a run folder: everything is on the disk, and the run can be resumed and sampled from there.
    let run = folder.join("run");
    let program = Program::new("flex", "the processor");
    let mut options = RunOptions { stop_after: Some(100), ..RunOptions::new(&device, program) };
    train_with(built_in_trainer(config.clone(), &device)?, Some(&run), &options, &mut ())?;
    options.stop_after = None;
    let report = resume(&run, None, built_in_trainer, &options, &mut ())?;
    println!("with a run folder: {} steps, then", report.step);
    let problem = Problem::new(read_run_config(&run)?)?;
    let (network, data) = built_in(&problem, &device)?;
    let drawn = sample_run(&run, problem, 0, network, data.as_ref(), &options, &mut ())?;
    println!("  the first sample is {:?}", &drawn.values[..drawn.features]);

    // Without: the steps one by one, and the weights as one safetensors file.
    let mut trainer = built_in_trainer(config.clone(), &device)?;
    while !trainer.is_done() {
        trainer.step()?;
    }
    let path = folder.join("weights.safetensors");
    let weights = TensorMap::of_module(&trainer.sampling_networks()[0]);
    std::fs::write(&path, weights.to_safetensors()?)?;
    let problem = Problem::new(config)?;
    let (untrained, data) = built_in(&problem, &device)?;
    let network = TensorMap::from_safetensors(&std::fs::read(&path)?)?.into_module(untrained)?;
    let denoiser = RunDenoiser::new(problem.diffusion(), std::slice::from_ref(&network));
    let mut go_on = |_| ControlFlow::Continue(());
    let again = draw_samples(&problem, 1000, 0, data.as_ref(), &denoiser, &device, &mut go_on)?;
    println!("without: the same samples, {}", again.values == drawn.values);
    if again.values != drawn.values {
        return Err("the two ways differ".into());
    }
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}
