//! The straight path of flow matching: alpha = 1 − t, sigma = t.

use super::NoiseSchedule;
use crate::{CoreError, NoiseLevel, error::positive};

/// The straight path from data to noise.
///
/// `x_t = (1 − t) · x_0 + t · eps` for t from `t_min` to `t_max`.
///
/// Source: Liu et al. 2022, "Flow straight and fast", equation 1 with time reversed (t = 1 is noise).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RectifiedFlow {
    t_min: f64,
    t_max: f64,
}

impl RectifiedFlow {
    /// The path from `t_max`, the noisiest, to `t_min`.
    ///
    /// # Errors
    /// The ends must satisfy 0 < t_min < t_max <= 1. At t_max = 1 no signal is left, so that the noise
    /// prediction is refused there.
    pub fn new(t_min: f64, t_max: f64) -> Result<Self, CoreError> {
        positive("t_min", t_min)?;
        positive("t_max", t_max)?;
        if t_max > 1.0 {
            return Err(CoreError::parameter("t_max", "must be at most 1", t_max));
        }
        if t_min >= t_max {
            let requirement = format!("must be below t_max = {t_max}");
            return Err(CoreError::parameter("t_min", requirement, t_min));
        }
        Ok(Self { t_min, t_max })
    }
}

impl NoiseSchedule for RectifiedFlow {
    fn at(&self, t: f64) -> NoiseLevel {
        // The ends are exact: a sum that rounds to just below 1 would hide a level without signal.
        let t = if t >= 1.0 {
            self.t_max
        } else if t <= 0.0 {
            self.t_min
        } else {
            (self.t_min + t * (self.t_max - self.t_min)).min(self.t_max)
        };
        NoiseLevel::of(1.0 - t, t)
    }

    fn at_ratio(&self, ratio: f64) -> NoiseLevel {
        // sigma / alpha = t / (1 − t); a ratio off the path gives the end that is nearest.
        if ratio >= self.at(1.0).ratio() {
            self.at(1.0)
        } else if ratio <= self.at(0.0).ratio() {
            self.at(0.0)
        } else {
            NoiseLevel::of(1.0 / (1.0 + ratio), ratio / (1.0 + ratio))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signal_and_noise_add_up_to_one() {
        let flow = RectifiedFlow::new(0.001, 1.0).expect("valid");
        for level in flow.levels(11).expect("11 levels") {
            assert!((level.alpha() + level.sigma() - 1.0).abs() < 1e-15);
        }
        assert_eq!(flow.at(1.0).alpha(), 0.0);
        assert!((flow.at_ratio(3.0).ratio() - 3.0).abs() < 1e-14);
    }

    #[test]
    fn no_level_lies_off_the_path() {
        let mut t_min = 1e-6;
        while t_min < 0.9 {
            for t_max in [0.95, 0.999, 1.0] {
                let flow = RectifiedFlow::new(t_min, t_max).expect("valid");
                assert_eq!(flow.at(1.0).sigma(), t_max);
                assert_eq!(flow.at(0.0).sigma(), t_min);
                assert!(flow.at(1.0 - f64::EPSILON / 2.0).sigma() <= t_max);
                assert_eq!(flow.at_ratio(0.0), flow.at(0.0));
                assert_eq!(flow.at_ratio(f64::INFINITY), flow.at(1.0));
                for ratio in [f64::MIN_POSITIVE, 1e18] {
                    assert!((t_min..=t_max).contains(&flow.at_ratio(ratio).sigma()));
                }
            }
            t_min *= 1.37;
        }
    }

    #[test]
    fn times_outside_zero_to_one_are_refused() {
        assert!(RectifiedFlow::new(0.0, 1.0).is_err());
        assert!(RectifiedFlow::new(0.1, 1.1).is_err());
        assert!(RectifiedFlow::new(0.9, 0.9).is_err());
    }
}
