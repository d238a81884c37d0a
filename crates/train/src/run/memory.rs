//! Estimate of the memory that a run needs, before anything of it is allocated.

use langevin_data::{Dataset, Part};

use crate::{
    TrainError,
    config::{Choice, EmaConfig, EngineConfig, OptimizerConfig, TRAJECTORY_ROWS},
    engine::mlp_cpu::most_groups,
    problem::{FreeMemory, MemoryBound, Problem, free_memory},
    sample::{
        bytes_of_denoising,
        spaces::{DRAWN_ROWS, measured_rows},
    },
};

/// Memory that a layer takes beside its parameters, in numbers of 4 bytes; it is 13 KiB with any engine.
const LAYER_OVERHEAD: usize = 4096;

/// Memory that a noise level takes, in numbers of 4 bytes.
const LEVEL_NUMBERS: usize = 8;

/// Rough estimate of the most memory that a run on the processor needs at once. On a GPU the direct
/// engine also keeps the weights, and its slices of gradients, on the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryEstimate {
    /// Number of values of all parameters of all networks.
    pub parameters: usize,
    /// Bytes for weights, gradients, optimizer state, averages, batches and their activations, the
    /// samples with all that is made of them, and the data.
    pub bytes: u64,
    /// Bytes of these that the data takes already.
    loaded: u64,
}

impl MemoryEstimate {
    /// Estimate for a run with Langevin's own network; returns `None` for a user's own.
    pub fn of(problem: &Problem, data: &dyn Dataset) -> Option<Self> {
        let (config, diffusion, features) =
            (problem.config(), problem.diffusion(), data.features());
        let (networks, [drawn, told]) = (diffusion.networks, diffusion.network_columns(data));
        let mlp = config.denoiser.network.mlp(drawn, told)?;
        let parameters = mlp.parameters().saturating_mul(networks);
        let moments = match config.train.optimizer {
            OptimizerConfig::Sgd { momentum: 0.0, .. } => 0,
            OptimizerConfig::Sgd { .. } => 1,
            OptimizerConfig::Adam { .. } | OptimizerConfig::Adamw { .. } => 2,
        };
        let averages = usize::from(config.train.ema != EmaConfig::None);
        // Weights, gradients, and one copy of the weights while the optimizer makes the new ones.
        let copies = 3 + moments + averages;
        // Each hidden layer keeps its sum and its activation for the backward pass, and their gradients.
        let width =
            mlp.form.width.saturating_mul(4).saturating_mul(mlp.form.depth).saturating_add(1024);
        // Inputs of the first layer, with their angles, sines and cosines and their gradients.
        let input = mlp.form.position_features.saturating_mul(2).saturating_add(told);
        let width = width.saturating_add(input.saturating_mul(4));
        let rows = config.train.batch.max(512);
        let samples = config.sample.count.saturating_mul(numbers_of_a_sample(features));
        let way = match config.report.needs_trajectory() {
            // The trajectory itself, and its bytes as it is written.
            true => {
                TRAJECTORY_ROWS.min(config.sample.count).saturating_mul(features).saturating_mul(2)
            }
            false => 0,
        };
        let way = way.saturating_mul(config.sample.sampler.steps().saturating_add(1));
        // Memory of a layer beside its numbers: names, shapes, shared pointers.
        let overhead = mlp.form.depth.saturating_add(1).saturating_mul(networks);
        let overhead = overhead.saturating_mul(LAYER_OVERHEAD);
        // The direct engine sums the gradients of up to this many groups of rows side by side.
        let groups = match config.train.engine {
            Choice::Ours(EngineConfig::Auto | EngineConfig::Direct) => {
                most_groups(mlp.parameters(), config.train.batch)
            }
            Choice::Ours(EngineConfig::Tape) | Choice::Custom(_) => 0,
        };
        let batches = numbers_of_batches(config.train.batch, features, told);
        let values = parameters
            .saturating_mul(copies)
            .saturating_add(mlp.parameters().saturating_mul(groups))
            .saturating_add(rows.saturating_mul(width))
            .saturating_add(rows.saturating_mul(features).saturating_mul(16))
            .saturating_add(batches)
            .saturating_add(samples)
            .saturating_add(way)
            .saturating_add(overhead);
        let (loaded, copied) = bytes_of_data(data, config.report.evaluation);
        let bytes = (values as u64).saturating_mul(4).saturating_add(loaded).saturating_add(copied);
        Some(Self { parameters, bytes, loaded })
    }

    /// Fails where the machine has less memory free than this.
    ///
    /// # Errors
    /// Names what is needed and what is there.
    pub fn check(&self) -> Result<(), TrainError> {
        let needed = self.bytes - self.loaded;
        match free_memory().filter(|free| needed > free.bytes) {
            Some(FreeMemory { bytes: free, bound }) => {
                let within = (bound != MemoryBound::Machine).then(|| bound.to_string());
                Err(TrainError::TooLittleMemory { needed, free, within })
            }
            None => Ok(()),
        }
    }
}

/// Memory of the data in bytes: the rows of a table as they are, and, where samples are measured against
/// them, as many rows as they are measured against in the model's space and the user's, and those that tell a denoiser's errors.
fn bytes_of_data(data: &dyn Dataset, is_measured: bool) -> (u64, u64) {
    let (features, columns) = (data.features() as u64, data.columns().len() as u64);
    let parts = [data.len(Part::Training), data.len(Part::HeldOut)];
    let kept: u64 = parts.iter().flatten().map(|rows| *rows as u64).sum();
    let most = measured_rows(data);
    let drawn: u64 = parts.iter().map(|rows| rows.unwrap_or(DRAWN_ROWS).min(most) as u64).sum();
    let copied = drawn.saturating_mul((features + columns) * 8);
    let measured = copied.saturating_add(bytes_of_denoising(data.features()));
    (kept.saturating_mul(columns * 8), if is_measured { measured } else { 0 })
}

/// The most memory that a row of the samples takes at the end of a run, in numbers of 4 bytes.
fn numbers_of_a_sample(features: usize) -> usize {
    // Each number of the row is held as it was drawn, and in 64 bits in the model's space and in the
    // user's: 5. The text of samples.csv has 24 bytes a number, in a vector that grows to twice its
    // size: 12. The evaluation, after the text, takes no more: both spaces again, and a row of the
    // modes.
    let written = features.saturating_mul(5 + 12);
    // Afterwards the samples are read again, and the figures and the page are drawn side by side. Each
    // drawing has vectors that grow to twice their size: up to four columns of the scatter, one of the
    // marginals, a row of the modes.
    let columns = features.min(4) * 4 + 4;
    let drawn = features.saturating_mul(5 + 2).saturating_add(2 * (columns + 8));
    written.max(drawn)
}

/// Memory of two batches of so many rows, one in use and one in the making, in numbers of 4 bytes.
fn numbers_of_batches(rows: usize, features: usize, level_features: usize) -> usize {
    // Input and target, the columns that tell the level, and the weight.
    let row = features.saturating_mul(2).saturating_add(level_features).saturating_add(1);
    // The batch in the making also holds its rows and its noise, both in 64 bits, and its levels.
    let making = features.saturating_mul(4).saturating_add(LEVEL_NUMBERS);
    rows.saturating_mul(row.saturating_mul(2).saturating_add(making))
}

#[cfg(test)]
mod tests {
    use langevin_data::{Gaussian, SplitOptions, Table, TableData, TableOptions};

    use super::*;
    use crate::config::parse_config;

    const RUN: &str = r#"{"name":"t","data":{"kind":"gaussian","mean":[1],"std":0.1},
        "noise":{"schedule":{"kind":"karras"}},
        "denoiser":{"network":{"kind":"mlp","width":1,"depth":3},"prediction":{"kind":"edm"}},
        "train":{"steps":1,"batch":1,"optimizer":{"kind":"sgd"},
                 "learning_rate":{"kind":"constant","value":0.1}},
        "sample":{"sampler":{"kind":"euler","steps":2}}}"#;

    /// Estimated bytes of the run with these settings.
    fn bytes(settings: &[&str], features: usize) -> u64 {
        let settings: Vec<_> = settings.iter().map(|setting| (*setting).to_owned()).collect();
        let problem = Problem::new(parse_config("t", RUN, &settings).expect("valid"));
        let data = Gaussian::new(vec![0.0; features], 0.1).expect("valid");
        MemoryEstimate::of(&problem.expect("valid"), &data).expect("our own network").bytes
    }

    #[test]
    fn a_table_counts_as_it_is_and_as_samples_are_measured_against_it() {
        let rows: String = (0..1000).map(|i| format!("{i},{},7\n", i % 10)).collect();
        let table = Table::from_bytes("t", rows.as_bytes(), &TableOptions::default());
        let data = TableData::new(table.expect("sound"), &SplitOptions::default()).expect("sound");
        // Three columns, of which one is constant: two features.
        assert_eq!(bytes_of_data(&data, false), (1000 * 3 * 8, 0));
        let errors = bytes_of_denoising;
        assert_eq!(bytes_of_data(&data, true), (1000 * 3 * 8, 1000 * (3 + 2) * 8 + errors(2)));
        let drawn = Gaussian::new(vec![0.0; 4], 0.1).expect("valid");
        assert_eq!(bytes_of_data(&drawn, true), (0, 2 * 2000 * 8 * 8 + errors(4)));
        // 2048 and 16,384 rows; 256 rows of 4096 features, and 1024 of them.
        assert_eq!(errors(4), (2048 + 5 * 16_384) * 4 * 8);
        assert_eq!(errors(4096), (256 + 5 * 1024) * 4096 * 8);
    }

    #[test]
    fn layers_without_width_and_frequencies_without_number_do_not_fit() {
        assert!(bytes(&["denoiser.network.depth=100000000"], 1) > 1 << 40);
        // Very many frequencies need few parameters, and much memory for every row of a batch.
        let set = ["denoiser.network.depth=1", "denoiser.network.position_features=30000000"];
        assert!(bytes(&set, 2) > 1 << 38);
        assert!(bytes(&[], 1) < 4 << 20);
    }

    #[test]
    fn samples_count_with_all_that_is_made_of_them() {
        // Samples in the plane were measured to take 60 to 80 bytes a number over the program without
        // them.
        let more = bytes(&["sample.count=1000000"], 2) - bytes(&["sample.count=1000"], 2);
        assert_eq!(more, 999_000 * 2 * 108);
        // Few of an image's many columns are drawn by themselves.
        assert_eq!(numbers_of_a_sample(784) * 4, 784 * 68);
        assert_eq!(numbers_of_a_sample(1) * 4, 156);
    }

    #[test]
    fn a_batch_in_use_and_one_in_the_making_count() {
        // Each batch has two inputs, two targets, a level and a weight; one also has two numbers of data
        // and two of noise in 64 bits.
        assert_eq!(numbers_of_batches(1, 2, 1), 2 * 6 + 8 + 8);
        assert_eq!(numbers_of_batches(4096, 2, 1), 4096 * 28);
        let more = bytes(&["train.batch=8192"], 2) - bytes(&["train.batch=4096"], 2);
        assert!(more >= 4096 * 28 * 4, "{more}");
    }
}
