//! Whether a run fits into memory, before anything of it is allocated.

use crate::{
    RunConfig, TrainError,
    config::{EmaConfig, EngineConfig, OptimizerConfig},
    sampling::TRAJECTORY_ROWS,
};

/// What a layer takes beside its parameters, in numbers of 4 bytes: 13 KiB with either engine.
const LAYER_OVERHEAD: usize = 4096;

/// The most groups of rows that the direct engine sums by themselves.
const MOST_GROUPS: usize = 16;

/// What a run needs at its largest moment, roughly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryEstimate {
    /// Values of all parameters of the network.
    pub parameters: usize,
    /// Bytes for weights, gradients, optimizer state, averages and a batch's activations.
    pub bytes: u64,
}

impl MemoryEstimate {
    /// The estimate for a run with our own network; `None` for a user's own.
    pub fn of(config: &RunConfig, features: usize, level_features: usize) -> Option<Self> {
        let mlp = config.denoiser.network.mlp(features, level_features)?;
        let grid = config.noise.schedule.build().ok().and_then(|schedule| schedule.len());
        let networks = config.denoiser.networks.count(grid);
        let parameters = mlp.parameters().saturating_mul(networks);
        let moments = match config.train.optimizer {
            OptimizerConfig::Sgd { momentum: 0.0, .. } => 0,
            OptimizerConfig::Sgd { .. } => 1,
            OptimizerConfig::Adam { .. } | OptimizerConfig::Adamw { .. } => 2,
        };
        let averages = usize::from(config.train.ema != EmaConfig::None {});
        // Weights, gradients, and one copy while the optimizer makes the new ones.
        let copies = 3 + moments + averages;
        // Each hidden layer keeps its sum and its activation for the way back, and their gradients.
        let width = mlp.width.saturating_mul(4).saturating_mul(mlp.depth).saturating_add(1024);
        // What the first layer gets, with its angles, sines and cosines and their gradients.
        let input = mlp.position_features.saturating_mul(2).saturating_add(level_features);
        let width = width.saturating_add(input.saturating_mul(4));
        let rows = config.train.batch.max(512);
        let samples = config.sample.count.saturating_mul(features).saturating_mul(4);
        let way = match config.report.needs_trajectory() {
            // The way itself, and as it is written.
            true => {
                TRAJECTORY_ROWS.min(config.sample.count).saturating_mul(features).saturating_mul(2)
            }
            false => 0,
        };
        let way = way.saturating_mul(config.sample.sampler.steps().saturating_add(1));
        // What a layer has beside its numbers: names, shapes, shared pointers.
        let overhead = mlp.depth.saturating_add(1).saturating_mul(networks);
        let overhead = overhead.saturating_mul(LAYER_OVERHEAD);
        // The direct engine sums the gradients of up to as many groups of rows side by side.
        let groups = match config.train.engine {
            EngineConfig::Tape => 0,
            EngineConfig::Auto | EngineConfig::Direct => config.train.batch.min(MOST_GROUPS),
        };
        let values = parameters
            .saturating_mul(copies)
            .saturating_add(mlp.parameters().saturating_mul(groups))
            .saturating_add(rows.saturating_mul(width))
            .saturating_add(rows.saturating_mul(features).saturating_mul(16))
            .saturating_add(samples)
            .saturating_add(way)
            .saturating_add(overhead);
        Some(Self { parameters, bytes: (values as u64).saturating_mul(4) })
    }

    /// Fails where the machine has less memory free than this.
    ///
    /// # Errors
    /// Names what is needed and what is there.
    pub fn check(&self) -> Result<(), TrainError> {
        let free = free_memory();
        if free > 0 && self.bytes > free {
            return Err(TrainError::Usage(format!(
                "this run needs about {} of memory, {} are free: lower the numbers of denoiser.network, \
                 train.batch or sample.count",
                gibibytes(self.bytes),
                gibibytes(free)
            )));
        }
        Ok(())
    }
}

/// Bytes of memory that are free for a new process; 0 where the system does not say.
pub fn free_memory() -> u64 {
    let mut system = sysinfo::System::new();
    system.refresh_memory();
    system.available_memory()
}

fn gibibytes(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse_config;

    #[test]
    fn layers_without_width_and_frequencies_without_number_do_not_fit() {
        let text = r#"{"name":"t","data":{"kind":"gaussian","mean":[1],"std":0.1},
            "noise":{"schedule":{"kind":"karras"}},
            "denoiser":{"network":{"kind":"mlp","width":1,"depth":100000000},"prediction":{"kind":"edm"}},
            "train":{"steps":1,"batch":1,"optimizer":{"kind":"sgd"},
                     "learning_rate":{"kind":"constant","value":0.1}},
            "sample":{"sampler":{"kind":"euler","steps":2}}}"#;
        let config = parse_config("t", text, &[]).expect("valid");
        let estimate = MemoryEstimate::of(&config, 1, 1).expect("our own network");
        assert!(estimate.bytes > 1 << 40, "{estimate:?}");
        // A table's worth of frequencies: few parameters, and much for every row of a batch.
        let set = ["denoiser.network.depth=1", "denoiser.network.position_features=30000000"];
        let set = set.map(str::to_owned);
        let wide = parse_config("t", text, &set).expect("valid");
        assert!(MemoryEstimate::of(&wide, 2, 1).expect("ours").bytes > 1 << 38);
        let small =
            parse_config("t", text, &["denoiser.network.depth=3".to_owned()]).expect("valid");
        assert!(MemoryEstimate::of(&small, 1, 1).expect("ours").bytes < 4 << 20);
    }
}
