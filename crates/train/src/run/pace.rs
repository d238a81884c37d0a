//! Pace: about how long a step takes, told before the first one where it is long.

use std::time::Instant;

use burn::tensor::{Device, Tensor};
use langevin_data::Dataset;

use super::MemoryEstimate;
use crate::{engine::mlp_cpu::is_processor, problem::Problem};

/// Multiplications of a step, with its additions, from which on it may be long.
const LONG: f64 = 2e10;

/// Seconds from which on a step is spoken of.
const SPOKEN_OF: f64 = 2.0;

/// Rows and columns of the product by which the device is measured.
const PRODUCT: [usize; 2] = [128, 1024];

/// Times that a step reads or writes a number of the network's size: its weights, gradients, moments and averages.
const PASSES: f64 = 20.0;

/// Bytes that a machine moves in a second, at the least.
const MOVED: f64 = 5e9;

/// Sentence on how long a step will take, and all that are left after `made`; `None` where a step is short, for a user's
/// own network, and on a GPU, whose speed no short product tells.
///
/// The time is that of `6 · parameters · rows` operations at the speed of a product of matrices on the device, and that
/// of the passes over all weights; it is right within a factor of two.
pub fn pace(problem: &Problem, data: &dyn Dataset, device: &Device, made: u64) -> Option<String> {
    if !is_processor(&device.clone().inner()) {
        return None;
    }
    let train = &problem.config().train;
    let estimate = MemoryEstimate::of(problem, data)?;
    let parameters = estimate.parameters as f64 / problem.diffusion().networks as f64;
    let operations = 6.0 * parameters * train.batch as f64;
    if operations < LONG {
        return None;
    }
    let step = operations / operations_a_second(device)? + PASSES * 4.0 * parameters / MOVED;
    (step > SPOKEN_OF).then(|| {
        let left = train.steps.saturating_sub(made);
        format!(
            "a step of {parameters} parameters and {} rows is estimated to take {}, and the {left} steps of the run {}",
            train.batch,
            spoken(step),
            spoken(step * left as f64)
        )
    })
}

/// Operations that the device makes in a second in a product of matrices.
fn operations_a_second(device: &Device) -> Option<f64> {
    let [rows, columns] = PRODUCT;
    let device = device.clone().inner();
    let rows_of = Tensor::<2>::ones([rows, columns], &device);
    let weights = Tensor::<2>::ones([columns, columns], &device);
    let product = || rows_of.clone().matmul(weights.clone()).slice([0..1, 0..1]).try_into_data();
    product().ok()?;
    let start = Instant::now();
    product().ok()?;
    let operations = 2.0 * (rows * columns * columns) as f64;
    Some(operations / start.elapsed().as_secs_f64().max(1e-9))
}

/// A time in the unit that suits it.
fn spoken(seconds: f64) -> String {
    match seconds {
        short if short < 100.0 => format!("{short:.0} s"),
        long if long < 6000.0 => format!("{:.0} min", long / 60.0),
        long if long < 72.0 * 3600.0 => format!("{:.0} h", long / 3600.0),
        long => format!("{:.0} days", long / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_spoken_in_the_unit_that_suits_it() {
        let times = [4.4, 99.0, 240.0, 7200.0, 1e6].map(spoken);
        assert_eq!(times, ["4 s", "99 s", "4 min", "2 h", "12 days"]);
    }
}
