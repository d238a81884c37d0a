//! The variance-exploding grid of EDM: alpha = 1, sigma spaced by a power law.

use super::NoiseSchedule;
use crate::{CoreError, NoiseLevel, error::positive};

/// EDM's variance-exploding path: the signal stays whole, and sigma follows a power law.
///
/// `sigma(t) = (sigma_min^(1/rho) + t · (sigma_max^(1/rho) − sigma_min^(1/rho)))^rho`, alpha = 1.
///
/// Source: Karras et al. 2022, "Elucidating the design space of diffusion-based generative
/// models", equation 5; `levels(n)` is its grid with i = 0..n−1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Karras {
    sigma_min: f64,
    sigma_max: f64,
    rho: f64,
}

impl Karras {
    /// The path from `sigma_max` (t = 1) to `sigma_min` (t = 0).
    ///
    /// # Errors
    /// All three must be finite and above 0, and sigma_max at least sigma_min.
    pub fn new(sigma_min: f64, sigma_max: f64, rho: f64) -> Result<Self, CoreError> {
        positive("sigma_min", sigma_min)?;
        positive("sigma_max", sigma_max)?;
        positive("rho", rho)?;
        if sigma_max < sigma_min {
            let requirement = format!("must be at least sigma_min = {sigma_min}");
            return Err(CoreError::parameter("sigma_max", requirement, sigma_max));
        }
        Ok(Self { sigma_min, sigma_max, rho })
    }
}

impl NoiseSchedule for Karras {
    fn at(&self, t: f64) -> NoiseLevel {
        // The ends are exact: a power and its root would miss them by rounding.
        if t >= 1.0 {
            return NoiseLevel::of(1.0, self.sigma_max);
        }
        if t <= 0.0 {
            return NoiseLevel::of(1.0, self.sigma_min);
        }
        // With sigma_max taken out of the brackets nothing overflows, however small rho is.
        let low = (self.sigma_min / self.sigma_max).powf(1.0 / self.rho);
        NoiseLevel::of(1.0, self.sigma_max * (low + t * (1.0 - low)).powf(self.rho))
    }

    /// Any ratio has a level: the ends bound the grid, not the path, as in EDM's training.
    fn at_ratio(&self, ratio: f64) -> NoiseLevel {
        NoiseLevel::of(1.0, ratio)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_is_edms_and_hits_both_ends() {
        let levels = Karras::new(0.002, 80.0, 7.0).expect("valid").levels(18).expect("18 levels");
        assert_eq!(levels.len(), 18);
        assert_eq!(levels[0].sigma(), 80.0);
        assert_eq!(levels[17].sigma(), 0.002);
        // EDM's own formula, i = 1: (80^(1/7) + 1/17 · (0.002^(1/7) − 80^(1/7)))^7.
        let (low, high) = (0.002_f64.powf(1.0 / 7.0), 80.0_f64.powf(1.0 / 7.0));
        let expected = (high + (low - high) / 17.0).powf(7.0);
        assert!((levels[1].sigma() / expected - 1.0).abs() < 1e-13);
        assert!(levels.windows(2).all(|pair| pair[0].sigma() > pair[1].sigma()));
    }

    #[test]
    fn one_level_is_the_noisiest() {
        let levels = Karras::new(0.002, 80.0, 7.0).expect("valid").levels(1).expect("one level");
        assert_eq!(levels, [NoiseLevel::of(1.0, 80.0).with_index(0)]);
    }

    #[test]
    fn bad_parameters_are_named() {
        let message = |a, b, c| Karras::new(a, b, c).expect_err("refused").to_string();
        assert_eq!(message(-1.0, 1.0, 7.0), "sigma_min: must be finite and above 0, got -1");
        assert_eq!(message(1.0, 0.5, 7.0), "sigma_max: must be at least sigma_min = 1, got 0.5");
        assert_eq!(message(0.1, 1.0, 0.0), "rho: must be finite and above 0, got 0");
        let levels = |n| Karras::new(0.1, 1.0, 7.0).expect("valid").levels(n);
        assert!(levels(0).is_err());
        let message = levels(usize::MAX).expect_err("too many").to_string();
        assert!(message.starts_with("steps: must be at most 1000000, got"), "{message}");
    }

    #[test]
    fn the_ends_hold_for_any_power() {
        for rho in [1e-3, 0.5, 1.0, 7.0, 1e3] {
            let schedule = Karras::new(0.002, 80.0, rho).expect("valid");
            let levels = schedule.levels(9).expect("9 levels");
            assert_eq!((levels[0].sigma(), levels[8].sigma()), (80.0, 0.002));
            for level in levels {
                assert!((0.002..=80.0).contains(&level.sigma()), "{rho} {level:?}");
            }
            assert_eq!((schedule.at(2.0).sigma(), schedule.at(-1.0).sigma()), (80.0, 0.002));
        }
        // rho = 1 is linear in sigma.
        let linear = Karras::new(1.0, 3.0, 1.0).expect("valid");
        assert!((linear.at(0.25).sigma() - 1.5).abs() < 1e-15);
    }
}
