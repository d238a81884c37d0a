//! Spread of system 1's samples with a perfect network and either target. It tells how much of the
//! published systems' collapse comes from the target, and how much from the training.
//!
//! For data with standard deviation s at level σ_i, the best estimate of the noise is
//! `σ_i² / (σ_i² + s²) · (x − mean)`. A step that takes away the share `f` of it multiplies the
//! standard deviation by `1 − f · σ_i² / (σ_i² + s²)`.

/// Target of the network: a share of the noise.
#[derive(Clone, Copy)]
pub enum Target {
    /// Share `σ_{i+1} / σ_i`.
    Published,
    /// Share `1 − σ_{i+1} / σ_i`.
    Corrected,
}

/// Levels of system 1, from σ = 1 to 0.001, and 0.
fn levels() -> Vec<f64> {
    const STEPS: usize = 10;
    const RHO: f64 = 7.0;
    let (max, min) = (1.0, f64::powf(0.001, 1.0 / RHO));
    let level = |i: usize| (max + i as f64 / (STEPS - 1) as f64 * (min - max)).powf(RHO);
    (0..STEPS).map(level).chain([0.0]).collect()
}

/// Standard deviation of the final samples of a perfect network.
pub fn perfect_std(target: Target) -> f64 {
    const DATA_STD: f64 = 0.01;
    let levels = levels();
    let mut std = levels[0];
    for pair in levels.windows(2) {
        let ratio = pair[1] / pair[0];
        let share = match target {
            Target::Published => ratio,
            Target::Corrected => 1.0 - ratio,
        };
        let noise = pair[0].powi(2) / (pair[0].powi(2) + DATA_STD.powi(2));
        std *= 1.0 - share * noise;
    }
    std
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_is_the_systems() {
        let levels = levels();
        assert_eq!((levels.len(), levels[0], levels[10]), (11, 1.0, 0.0));
        assert!((levels[9] - 0.001).abs() < 1e-15);
        assert!((levels[1] - 0.603_090_8).abs() < 1e-7);
    }

    #[test]
    fn a_perfect_network_keeps_more_of_the_spread_with_the_corrected_target() {
        // Both numbers were computed apart, in Python.
        assert!((perfect_std(Target::Published) - 0.00549).abs() < 5e-6);
        assert!((perfect_std(Target::Corrected) - 0.00787).abs() < 5e-6);
    }
}
