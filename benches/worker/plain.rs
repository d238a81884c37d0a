//! Training in plain Burn, as Burn's book writes it: with Burn's autodiff and its own optimizer, a tensor for
//! each array of a batch, and no average of the weights.

use burn::{
    module::Module,
    optim::{AdamConfig, GradientsParams, ModuleOptimizer, SgdConfig},
    tensor::{Device, Tensor, TensorData},
};
use langevin_core::Network;
use langevin_data::Streams;
use langevin_train::{Columns, OptimizerConfig, Problem, RunConfig, built_in};

use crate::{
    conversation::{Outcome, Work},
    device::device,
};

/// Training steps in plain Burn; the loss of every `log_every`th is read.
pub fn work(config: &RunConfig, way: &str) -> Outcome<Work> {
    let device = device(way)?;
    let autodiff = device.clone().autodiff();
    let problem = Problem::new(config.clone())?;
    let (network, data) = built_in(&problem, &device)?;
    let mut networks = vec![network.train()];
    let mut optimizer = optimizer(config)?;
    let train = config.train.clone();
    let streams = Streams::new(config.seed);
    let (rows, log_every, mut step) = (train.batch, train.log_every, 0);
    Ok(Box::new(move || {
        for _ in 0..log_every {
            let network = networks.pop().ok_or("a step before has failed")?;
            let batch = problem.diffusion().training_batch(data.as_ref(), &streams, step, rows)?;
            let to_device = |columns: &Columns| tensor(columns, rows, &autodiff);
            let told = batch.level_features.as_ref().map(to_device);
            let output = network.forward(to_device(&batch.input), told, None);
            let head = batch.one_squared_head().ok_or("plain Burn: squared errors only")?;
            let weight = Columns { columns: 1, values: head.1.to_vec() };
            let errors = (output - to_device(head.0)).square() * to_device(&weight);
            let loss = errors.mean();
            let gradients = GradientsParams::from_grads(loss.backward(), &network);
            let rate = train.learning_rate.at(step, train.steps);
            networks.push(optimizer.step(rate, network, gradients));
            step += 1;
            if step % log_every == 0 && !loss.into_scalar::<f32>().is_finite() {
                return Err("plain Burn's loss is not finite".into());
            }
        }
        Ok(log_every)
    }))
}

fn tensor(columns: &Columns, rows: usize, device: &Device) -> Tensor<2> {
    Tensor::from_data(TensorData::new(columns.values.clone(), [rows, columns.columns]), device)
}

fn optimizer(config: &RunConfig) -> Outcome<ModuleOptimizer> {
    match config.train.optimizer {
        OptimizerConfig::Sgd { .. } => Ok(SgdConfig::new().init()),
        OptimizerConfig::Adam { .. } => Ok(AdamConfig::new().with_epsilon(1e-8).init()),
        OptimizerConfig::Adamw { .. } => Err("plain Burn: SGD and Adam only".into()),
    }
}
