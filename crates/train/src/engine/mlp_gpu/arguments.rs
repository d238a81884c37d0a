//! What launches are given: their cubes, and the numbers that reductions and optimizers make.

use cubecl::prelude::*;
use langevin_core::LossReduction;

use super::{
    plan::RULE,
    product::SIDE,
    update::{LOSS_ROWS, UNITS},
};
use crate::config::OptimizerConfig;

/// Factor of the gradients of the rows' losses; 0 where the kernel makes it of the losses.
pub(super) fn factor(reduction: LossReduction, rows: usize) -> f32 {
    match reduction {
        LossReduction::Mean | LossReduction::Huber { .. } => 1.0 / rows as f32,
        LossReduction::Sum => 1.0,
        LossReduction::Norm => 0.0,
    }
}

/// Huber's delta; other losses do not read it.
pub(super) fn delta(reduction: LossReduction) -> f32 {
    match reduction {
        LossReduction::Huber { delta } => delta as f32,
        _ => 0.0,
    }
}

/// Numbers that an optimizer's kernel reads anew in each step; `steps` is the step's number. The formulas are
/// those of the direct engine's `Update`.
pub(super) fn rule(optimizer: &OptimizerConfig, steps: u64, learning_rate: f64) -> [f32; RULE] {
    let rate = learning_rate as f32;
    match optimizer {
        // The first velocity is the gradient itself.
        OptimizerConfig::Sgd { dampening, .. } => {
            [rate, if steps == 1 { 1.0 } else { (1.0 - dampening) as f32 }, 0.0]
        }
        OptimizerConfig::Adam { betas, epsilon, weight_decay }
        | OptimizerConfig::Adamw { betas, epsilon, weight_decay } => {
            let [beta_1, beta_2] = betas.map(|beta| beta as f32);
            let time = i32::try_from(steps).unwrap_or(i32::MAX);
            let root = (1.0 - beta_2.powi(time)).sqrt();
            let keep = match optimizer {
                OptimizerConfig::Adamw { .. } => (1.0 - learning_rate * weight_decay) as f32,
                _ => 1.0,
            };
            [rate * root / (1.0 - beta_1.powi(time)), *epsilon as f32 * root, keep]
        }
    }
}

/// Cubes of a launch, and the units of each.
pub(super) type Cubes = (CubeCount, CubeDim);

/// Cubes that make a matrix of `rows` and `columns`, `block` numbers a unit along each side.
pub(super) fn tiles(rows: usize, columns: usize, block: usize) -> Cubes {
    square(rows.div_ceil(SIDE * block), columns.div_ceil(SIDE * block))
}

/// Cubes that multiply matrices, `x` by `y` of them.
pub(super) fn square(x: usize, y: usize) -> Cubes {
    (CubeCount::Static(x as u32, y as u32, 1), CubeDim::new_2d(SIDE as u32, SIDE as u32))
}

/// Cubes that go over numbers one after the other.
pub(super) fn line(count: usize) -> Cubes {
    (CubeCount::Static(count as u32, 1, 1), CubeDim::new_1d(UNITS as u32))
}

const _: () = assert!(LOSS_ROWS * SIDE == UNITS);
