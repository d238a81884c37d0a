//! The first program of "Introduction to Diffusion Models", simple_1Diffusion.py, in its order and with its
//! names in the comments. It prints mean and standard deviation by level beside their goals, and draws them
//! into the system's temporary folder. `cargo run -p cli --example first_diffusion`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use langevin_core::{
    Activation, Karras, LevelEmbeddingConfig, LevelGrid, LevelQuantity, LevelSampler, LevelSteps,
    LossReduction, MlpConfig, NoiseLevel, NoiseShare, Prediction, UniformPer, Weighting,
};
use langevin_data::{Gaussian, Purpose, Streams};
use langevin_train::{
    Diffusion, Engine, OptimizerConfig, RunDenoiser, TapeEngine, figures, level_goal,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (device, streams) = (Device::flex(), Streams::new(0)); // everything random has seed 0
    let data = Gaussian::new(vec![1.0], 0.01)?; // mu_data, sigma_data
    let diffusion = Diffusion {
        schedule: Box::new(LevelGrid::of(&Karras::new(0.001, 1.0, 7.0)?, 10)?), // Sigmas
        levels: Box::new(LevelSampler::Uniform { per: UniformPer::Batch }),     // id_sigma
        embedding: LevelEmbeddingConfig::Column { of: LevelQuantity::Sigma }.init(&streams)?, // torch.cat((x, s), dim=1)
        prediction: Prediction::LevelStep { share: NoiseShare::Published }, // n*Sigmas[i+1]/sigma
        weighting: Box::new(Weighting::Uniform),
        condition: None, // nothing but the level is told
        networks: 1,
        reduction: LossReduction::Sum, // torch.sum(…)
        parts: 1,
    };
    // class Denoiser: Linear(1+1, 32), ReLU, Linear(32, 32), ReLU, Linear(32, 1).
    let network = MlpConfig::new(1, 1, 32, 2, Activation::Relu).init(&streams, &device)?;
    let mut engine = TapeEngine::new(network, 1, &OptimizerConfig::sgd(), None, &device);
    for epoch in 0..1000 {
        // y, n and sigma, and of them the input y + n and the goal; then pred, loss, backward, step.
        let batch = diffusion.training_batch(&data, &streams, epoch, 32)?;
        engine.step(&batch, 1e-3);
    }
    let networks = [engine.networks()[0].valid()]; // torch.no_grad()
    let denoiser = RunDenoiser::new(&diffusion, &networks);
    let mut start = vec![0.0; 1000]; // x = torch.randn((test_size, 1))*sigma_max, which is 1
    streams.at(Purpose::Sampling, 0, 0).fill_normal_rows(&mut start, 1);
    let mut x = Tensor::<2>::from_data(TensorData::new(start, [1000, 1]), &device);
    let mut along = Vec::new();
    for level in diffusion.schedule.levels(10)?.into_iter().chain([NoiseLevel::CLEAN]) {
        let (variance, mean) = x.clone().var_mean(0);
        let [mean, std] = [mean, variance.sqrt()].map(|x| vec![x.into_scalar::<f64>()]);
        let goal = level_goal(&[1.0], &[0.01 * 0.01], &level);
        let (sigma, goal_mean, goal_std) = (level.sigma(), goal.mean, goal.std);
        println!("{sigma:.3}: mean {mean:.3?} of {goal_mean:.3?}, std {std:.4?} of {goal_std:.4?}");
        along.push(figures::LevelStatistics { sigma, mean, std, goal_mean, goal_std });
        if sigma > 0.0 {
            x = x.clone() - denoiser.level_step(x, &level)?; // x -= denoiser(x, Sigmas[i])
        }
    }
    let path = std::env::temp_dir().join("first-diffusion.svg");
    std::fs::write(&path, figures::levels("Denoising process", &["x".to_owned()], &along)?.svg())?;
    println!("drawn in {}", path.display());
    Ok(())
}
