//! Shares of samples and of held-out rows that have something, and whether samples have it too often.

/// Points that samples may have it more often than held-out rows.
const POINTS: f64 = 0.05;

/// Standard errors of the difference below which it is chance.
const ERRORS: f64 = 3.0;

/// Numbers of rows that have something, among all samples and all held-out rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Counts {
    /// Samples that have it.
    pub samples: usize,
    /// All samples.
    pub all_samples: usize,
    /// Held-out rows that have it.
    pub held_out: usize,
    /// All held-out rows.
    pub all_held_out: usize,
}

impl Counts {
    /// The shares of samples and of held-out rows; 0 of none.
    #[must_use]
    pub fn shares(&self) -> [f64; 2] {
        let share = |some: usize, all: usize| some as f64 / all.max(1) as f64;
        [share(self.samples, self.all_samples), share(self.held_out, self.all_held_out)]
    }

    /// Whether samples have it more often by over five points, and by over three standard errors: where rows
    /// are few or the share is near a half, five points may be chance.
    #[must_use]
    pub fn is_excess(&self) -> bool {
        let [samples, held_out] = self.shares();
        let counts = [self.all_samples, self.all_held_out].map(|count| count.max(1) as f64);
        let pooled = (self.samples + self.held_out) as f64 / (counts[0] + counts[1]);
        let variance = pooled * (1.0 - pooled) * (1.0 / counts[0] + 1.0 / counts[1]);
        let excess = samples - held_out;
        excess > POINTS && excess > ERRORS * variance.max(0.0).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(samples: usize, held_out: usize, all: usize) -> Counts {
        Counts { samples, all_samples: all, held_out, all_held_out: all }
    }

    #[test]
    fn five_points_are_borne_and_more_are_not() {
        assert!(!counts(50, 0, 1000).is_excess());
        assert!(counts(51, 0, 1000).is_excess());
        assert!(!counts(560, 510, 1000).is_excess());
        assert!(!counts(0, 800, 1000).is_excess());
        assert!(counts(1000, 600, 1000).is_excess());
    }

    #[test]
    fn what_may_be_chance_is_no_excess() {
        // 6 points: 2.7 standard errors at a half of 1000.
        assert!(!counts(560, 500, 1000).is_excess());
        assert!(counts(568, 500, 1000).is_excess());
        assert!(!counts(5, 1, 50).is_excess());
        assert!(!counts(0, 0, 0).is_excess());
        assert!(counts(50, 0, 50).is_excess());
    }
}
