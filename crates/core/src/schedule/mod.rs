//! Noise schedules: which noise levels exist.

mod betas;
mod grid;
mod karras;
mod rectified_flow;

pub use betas::{Betas, cosine_betas, karras_betas, linear_betas};
pub use grid::LevelGrid;
pub use karras::Karras;
pub use rectified_flow::RectifiedFlow;

use crate::{CoreError, NoiseLevel};

/// The noise levels of a model: a continuous path or a discrete grid.
#[allow(clippy::len_without_is_empty, reason = "no schedule is empty")]
pub trait NoiseSchedule: Send + Sync {
    /// The level at time `t` in [0, 1], with the noisiest at t = 1; outside, the nearest end. A discrete
    /// grid cuts [0, 1] into equal parts, one for each level.
    fn at(&self, t: f64) -> NoiseLevel;

    /// The level whose `sigma / alpha` is `ratio`, which must not be NaN.
    ///
    /// A discrete grid gives the level that is nearest in ln ratio. A path that ends before `ratio` gives
    /// its end.
    fn at_ratio(&self, ratio: f64) -> NoiseLevel;

    /// The level of the path whose `sigma / alpha` is `ratio`, even between the levels of a grid, where
    /// some methods ask the denoiser. It has no index. A discrete grid of a user's own must say which path
    /// it lies on; by default this is [`at_ratio`](Self::at_ratio).
    fn between(&self, ratio: f64) -> NoiseLevel {
        self.at_ratio(ratio).off_grid()
    }

    /// `count` levels with sigma > 0, the noisiest first, evenly spaced in t where the schedule has no grid
    /// of its own. The sampling loop alone appends sigma = 0.
    ///
    /// # Errors
    /// `count` must be at least 1, and at most [`len`](Self::len) on a discrete grid.
    fn levels(&self, count: usize) -> Result<Vec<NoiseLevel>, CoreError> {
        countable(count)?;
        Ok(from_one_to_zero(count).enumerate().map(|(i, t)| self.at(t).with_index(i)).collect())
    }

    /// The number of levels of a discrete grid, `None` for a continuous path.
    fn len(&self) -> Option<usize> {
        None
    }

    /// DDPM's `alpha_k = 1 − beta_k` of the step into this level; `None` off a grid of betas.
    fn step_alpha(&self, _level: &NoiseLevel) -> Option<f64> {
        None
    }
}

/// `count` numbers from 1 to 0, both ends included; one number is 1.
fn from_one_to_zero(count: usize) -> impl Iterator<Item = f64> {
    let last = count.saturating_sub(1).max(1) as f64;
    (0..count).map(move |i| 1.0 - i as f64 / last)
}

/// The largest number of levels of a grid. A larger number is a slip, and would only fill the memory.
const MOST_LEVELS: usize = 1_000_000;

/// Fails unless `count` is at least 1 and at most [`MOST_LEVELS`].
fn countable(count: usize) -> Result<(), CoreError> {
    if count == 0 {
        return Err(CoreError::parameter("steps", "must be at least 1", count));
    }
    if count > MOST_LEVELS {
        let requirement = format!("must be at most {MOST_LEVELS}");
        return Err(CoreError::parameter("steps", requirement, count));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_between_lies_on_the_path_and_has_no_index() {
        let exploding = Karras::new(0.01, 10.0, 7.0).expect("valid");
        let exploding_grid = LevelGrid::of(&exploding, 9).expect("levels");
        let flow = RectifiedFlow::new(0.01, 0.99).expect("valid");
        let flow_grid = LevelGrid::of(&flow, 9).expect("levels");
        let betas = Betas::new(&linear_betas(9, 0.01, 0.5).expect("valid")).expect("valid");
        type OnPath = fn(f64, f64) -> f64;
        let one: OnPath = |alpha, _| alpha;
        let sum: OnPath = |alpha, sigma| alpha + sigma;
        let circle: OnPath = |alpha, sigma| alpha * alpha + sigma * sigma;
        let schedules: [(&dyn NoiseSchedule, OnPath); 5] = [
            (&exploding, one),
            (&exploding_grid, one),
            (&flow, sum),
            (&flow_grid, sum),
            (&betas, circle),
        ];
        for (number, (schedule, on_path)) in schedules.into_iter().enumerate() {
            let ends = [schedule.at(0.0), schedule.at(1.0)].map(|level| level.ratio());
            for share in [0.0, 0.2, 0.5, 0.77, 1.0] {
                let ratio = ends[0] * (ends[1] / ends[0]).powf(share);
                let level = schedule.between(ratio);
                assert!((level.ratio() / ratio - 1.0).abs() < 1e-12, "{number}: {share} {level:?}");
                let on_path = on_path(level.alpha(), level.sigma());
                assert!((on_path - 1.0).abs() < 1e-14, "{number}: {share} {level:?}");
                assert_eq!((level.index(), level.next_sigma()), (None, None), "{number}");
            }
            // Beyond its ends a grid gives the end; never a number that is none.
            for ratio in [0.0, f64::INFINITY].into_iter().skip(usize::from(number == 0) * 2) {
                let level = schedule.between(ratio);
                let end = if ratio == 0.0 { ends[0] } else { ends[1] };
                assert!((level.ratio() / end - 1.0).abs() < 1e-12, "{number}: {ratio} {level:?}");
            }
        }
    }
}
