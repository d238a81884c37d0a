//! An engine of your own: Burn's tape with Burn's RMSprop, which Langevin's own engines do not have.
//!
//! `cargo run -p cli --example own_engine`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::collections::BTreeMap;

use burn::optim::{GradientsParams, ModuleOptimizer, RmsPropConfig};
use burn::{module::Module, tensor::Device};
use langevin_core::Network;
use langevin_train::{ArrayError, Engine, Problem, StepBatch, StepOutput, TensorMap, Trainer};
use langevin_train::{built_in, parse_config, row_losses};

/// The engine of one network. A resumed run would begin with a new optimizer: see `optimizer_state`.
struct RmsProp<N>(Vec<N>, ModuleOptimizer);

impl<N: Network> Engine<N> for RmsProp<N> {
    fn name(&self) -> &'static str {
        "rmsprop"
    }
    fn step(&mut self, batch: &StepBatch, learning_rate: f64) -> StepOutput {
        let network = &mut self.0[batch.network];
        let loss = row_losses(network, batch, &network.devices()[0]).mean();
        let gradients = GradientsParams::from_grads(loss.backward(), network);
        *network = self.1.step(learning_rate, network.clone(), gradients);
        StepOutput::Host { loss: loss.into_scalar::<f64>(), gradient_norm: 0.0 }
    }
    fn networks(&self) -> &[N] {
        &self.0
    }
    fn hand_over(&mut self, from: usize, to: usize) {
        self.0[to] = self.0[from].clone();
    }
    fn restore(
        &mut self,
        weights: TensorMap,
        _averages: BTreeMap<String, TensorMap>,
        _optimizer: TensorMap,
    ) -> Result<(), ArrayError> {
        self.0 = vec![weights.into_module(self.0[0].clone())?];
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let own = r#"train.engine={"kind":"custom","name":"rmsprop"}"#;
    let settings = [own, r#"train.ema={"kind":"none"}"#, "train.steps=300"].map(str::to_owned);
    let config = parse_config("two-moons", include_str!("../configs/two-moons.json"), &settings)?;
    let (problem, device) = (Problem::new(config)?, Device::flex());
    let (network, data) = built_in(&problem, &device)?;
    let engine = RmsProp(vec![network.train()], RmsPropConfig::new().init());
    let mut trainer = Trainer::with_engine(problem, Box::new(engine), data, &device)?;
    while !trainer.is_done() {
        trainer.step()?;
    }
    println!("held-out loss {:.4} after {} steps", trainer.held_out_loss()?, trainer.steps_made());
    Ok(())
}
