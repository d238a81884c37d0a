//! The discrete, variance-preserving grids of DDPM: explicit, linear and cosine betas.

use super::{LevelGrid, NoiseSchedule, countable};
use crate::{CoreError, NoiseLevel, error::positive};

/// DDPM's grid of K levels, which preserves the variance of data with variance 1.
///
/// `alpha_bar_k = Π_{j<=k} (1 − beta_j)`, `alpha = sqrt(alpha_bar)`,
/// `sigma = sqrt(1 − alpha_bar)`.
///
/// Level index 0 is the noisiest, k = K − 1. Source: Ho et al. 2020, "Denoising diffusion
/// probabilistic models", equation 4.
#[derive(Debug, Clone, PartialEq)]
pub struct Betas {
    grid: LevelGrid,
    /// DDPM's `1 − beta` of the step into each level, noisiest first.
    step_alphas: Vec<f64>,
}

impl Betas {
    /// The grid of the given betas, `betas[0]` the first step away from the data.
    ///
    /// # Errors
    /// There must be at least one beta, and each must be above 0 and below 1.
    pub fn new(betas: &[f64]) -> Result<Self, CoreError> {
        if betas.is_empty() {
            return Err(CoreError::parameter("betas", "must hold at least one number", "none"));
        }
        if let Some((k, beta)) = betas.iter().enumerate().find(|(_, b)| !(**b > 0.0 && **b < 1.0)) {
            let value = format!("{beta} at position {k}");
            return Err(CoreError::parameter("betas", "each must be above 0 and below 1", value));
        }
        let mut alpha_bar = 1.0;
        // 1 − alpha_bar has a recurrence of its own: as a difference it would lose digits at small k.
        let mut noise = 0.0;
        let mut levels: Vec<_> = betas
            .iter()
            .map(|beta| {
                noise += alpha_bar * beta;
                alpha_bar *= 1.0 - beta;
                NoiseLevel::of(alpha_bar.sqrt(), noise.sqrt())
            })
            .collect();
        levels.reverse();
        let step_alphas = betas.iter().rev().map(|b| 1.0 - b).collect();
        Ok(Self { grid: LevelGrid::from_noisiest(levels), step_alphas })
    }
}

impl NoiseSchedule for Betas {
    fn at(&self, t: f64) -> NoiseLevel {
        self.grid.at(t)
    }

    fn at_ratio(&self, ratio: f64) -> NoiseLevel {
        self.grid.at_ratio(ratio)
    }

    /// `alpha = 1 / sqrt(1 + ratio²)`, `sigma = ratio · alpha`: every level has `alpha² + sigma² = 1`. Beyond
    /// the grid's ends, the end.
    fn between(&self, ratio: f64) -> NoiseLevel {
        let [least, most] = [0.0, 1.0].map(|t| self.grid.at(t).ratio());
        let ratio = ratio.clamp(least, most);
        let norm = ratio.hypot(1.0);
        NoiseLevel::of(1.0 / norm, ratio / norm)
    }

    fn levels(&self, count: usize) -> Result<Vec<NoiseLevel>, CoreError> {
        self.grid.levels(count)
    }

    fn len(&self) -> Option<usize> {
        self.grid.len()
    }

    fn step_alpha(&self, level: &NoiseLevel) -> Option<f64> {
        self.step_alphas.get(level.index()?).copied()
    }
}

/// Linear betas: `steps` numbers evenly spaced from `beta_start` to `beta_end`.
///
/// # Errors
/// `steps` must be at least 1, both betas above 0 and below 1, and `beta_end` at least `beta_start`.
///
/// Source: Ho et al. 2020, section 4 (1000 steps from 1e-4 to 0.02).
pub fn linear_betas(steps: usize, beta_start: f64, beta_end: f64) -> Result<Vec<f64>, CoreError> {
    countable(steps)?;
    for (name, beta) in [("beta_start", beta_start), ("beta_end", beta_end)] {
        if !(beta > 0.0 && beta < 1.0) {
            return Err(CoreError::parameter(name, "must be above 0 and below 1", beta));
        }
    }
    if beta_end < beta_start {
        let requirement = format!("must be at least beta_start = {beta_start}");
        return Err(CoreError::parameter("beta_end", requirement, beta_end));
    }
    let last = (steps - 1).max(1) as f64;
    Ok((0..steps).map(|k| beta_start + k as f64 / last * (beta_end - beta_start)).collect())
}

/// Cosine betas: `beta_k = min(1 − f((k+1)/K) / f(k/K), 0.999)` with
/// `f(t) = cos²((t + 0.008) / 1.008 · π/2)`.
///
/// # Errors
/// `steps` must be at least 1.
///
/// Source: Nichol & Dhariwal 2021, "Improved denoising diffusion probabilistic models", equation 17.
pub fn cosine_betas(steps: usize) -> Result<Vec<f64>, CoreError> {
    countable(steps)?;
    let count = steps as f64;
    let f = |t: f64| ((t + 0.008) / 1.008 * std::f64::consts::FRAC_PI_2).cos().powi(2);
    Ok((0..steps)
        .map(|k| (1.0 - f((k as f64 + 1.0) / count) / f(k as f64 / count)).min(0.999))
        .collect())
}

/// Power-law betas: `steps` numbers rising along EDM's law, `(low + k / (K−1) · (high − low))^rho` with
/// `low = beta_start^(1/rho)` and `high = beta_end^(1/rho)`.
///
/// # Errors
/// The errors of [`linear_betas`]; besides, `rho` must be finite and above 0.
///
/// Source: Karras et al. 2022, equation 5, used for betas in ascending order.
pub fn karras_betas(
    steps: usize,
    beta_start: f64,
    beta_end: f64,
    rho: f64,
) -> Result<Vec<f64>, CoreError> {
    // Linear betas have the same range, and the same errors.
    let line = linear_betas(steps, beta_start, beta_end)?;
    positive("rho", rho)?;
    let (low, high) = (beta_start.powf(1.0 / rho), beta_end.powf(1.0 / rho));
    let last = (steps - 1).max(1) as f64;
    let between = |k: usize| (low + k as f64 / last * (high - low)).powf(rho);
    // The ends are exact: a power and its root would miss them by rounding.
    let ends = |(k, beta): (usize, f64)| {
        if k == 0 || k + 1 == steps { beta } else { between(k).clamp(beta_start, beta_end) }
    };
    Ok(line.into_iter().enumerate().map(ends).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linear() -> Betas {
        Betas::new(&linear_betas(1000, 1e-4, 0.02).expect("valid")).expect("valid")
    }

    #[test]
    fn signal_and_noise_preserve_the_variance() {
        for betas in [linear_betas(1000, 1e-4, 0.02), cosine_betas(1000), cosine_betas(20)] {
            let betas = betas.expect("valid");
            let grid = Betas::new(&betas).expect("valid");
            for level in grid.levels(betas.len()).expect("all") {
                let variance = level.alpha().powi(2) + level.sigma().powi(2);
                // 1000 products and sums, each rounded to 1.1e-16.
                assert!((variance - 1.0).abs() < 4e-13, "{variance}");
            }
        }
    }

    #[test]
    fn the_least_noisy_level_comes_from_the_first_beta_alone() {
        let grid = Betas::new(&[0.001, 0.5, 0.9]).expect("valid");
        let levels = grid.levels(3).expect("all");
        assert!((levels[2].sigma() - 0.001_f64.sqrt()).abs() < 1e-16);
        assert!((levels[0].alpha().powi(2) - 0.999 * 0.5 * 0.1).abs() < 1e-15);
        assert!((grid.step_alpha(&levels[0]).expect("a grid") - 0.1).abs() < 1e-15);
        assert!((grid.step_alpha(&levels[2]).expect("a grid") - 0.999).abs() < 1e-15);
        assert_eq!(
            levels.iter().map(|l| l.index()).collect::<Vec<_>>(),
            [Some(0), Some(1), Some(2)]
        );
    }

    #[test]
    fn a_subset_keeps_both_ends() {
        let levels = linear().levels(10).expect("10 levels");
        assert_eq!(levels[0].index(), Some(0));
        assert_eq!(levels[9].index(), Some(999));
        assert_eq!(levels[1].index(), Some(111));
        assert_eq!(linear().levels(1).expect("one")[0].index(), Some(0));
        let message = linear().levels(1001).expect_err("too many").to_string();
        assert_eq!(message, "steps: must be at most the schedule's 1000 levels, got 1001");
    }

    #[test]
    fn a_uniform_time_makes_every_level_equally_likely() {
        let grid = Betas::new(&[0.1, 0.2, 0.3, 0.4]).expect("valid");
        let mut counts = [0; 4];
        for i in 0..4000 {
            counts[grid.at((f64::from(i) + 0.5) / 4000.0).index().expect("a grid")] += 1;
        }
        assert_eq!(counts, [1000; 4]);
        assert_eq!(grid.at(1.0).index(), Some(0));
        assert_eq!(grid.at(0.0).index(), Some(3));
    }

    #[test]
    fn the_nearest_ratio_is_found() {
        let grid = linear();
        for level in grid.levels(1000).expect("all") {
            assert_eq!(grid.at_ratio(level.ratio() * 1.0001).index(), level.index());
        }
        assert_eq!(grid.at_ratio(1e9).index(), Some(0));
        assert_eq!(grid.at_ratio(1e-9).index(), Some(999));
        assert_eq!(grid.at_ratio(f64::INFINITY).index(), Some(0));
        assert_eq!(grid.at_ratio(0.0).index(), Some(999));
        // Nearest in ln ratio, on both sides of the middle.
        let levels = grid.levels(1000).expect("all");
        let (low, high) = (levels[500].ratio(), levels[499].ratio());
        let middle = (low * high).sqrt();
        assert_eq!(grid.at_ratio(middle * 0.999).index(), Some(500));
        assert_eq!(grid.at_ratio(middle * 1.001).index(), Some(499));
    }

    #[test]
    fn betas_outside_zero_to_one_are_refused() {
        let message = Betas::new(&[0.1, 1.0]).expect_err("refused").to_string();
        assert_eq!(message, "betas: each must be above 0 and below 1, got 1 at position 1");
        assert!(Betas::new(&[]).is_err());
        assert!(linear_betas(10, 0.02, 0.01).is_err());
        assert!(linear_betas(0, 0.01, 0.02).is_err());
        assert!(linear_betas(usize::MAX, 0.01, 0.02).is_err());
        assert!(cosine_betas(usize::MAX).is_err());
    }

    #[test]
    fn cosine_levels_are_the_papers_alpha_bars() {
        let grid = Betas::new(&cosine_betas(1000).expect("valid")).expect("valid");
        let f = |t: f64| ((t + 0.008) / 1.008 * std::f64::consts::FRAC_PI_2).cos().powi(2);
        for (index, level) in grid.levels(1000).expect("all").iter().enumerate().skip(1) {
            // The product of 1 − beta telescopes to f((k + 1) / K) / f(0): the last beta alone is capped.
            let k = 999 - index;
            let expected = f((k as f64 + 1.0) / 1000.0) / f(0.0);
            let alpha_bar = level.alpha().powi(2);
            // 1000 factors, each rounded a few times.
            assert!((alpha_bar / expected - 1.0).abs() < 1e-12, "{k} {alpha_bar} {expected}");
        }
        let betas = cosine_betas(1000).expect("valid");
        assert_eq!(betas[999], 0.999);
        assert!(betas[998] < 0.999, "one capped beta alone");
    }

    #[test]
    fn betas_on_edms_grid_rise_from_end_to_end() {
        let betas = karras_betas(20, 0.001, 0.9, 4.0).expect("valid");
        assert_eq!((betas[0], betas[19]), (0.001, 0.9));
        for (k, beta) in betas.iter().enumerate() {
            let (low, high) = (0.001_f64.powf(0.25), 0.9_f64.powf(0.25));
            let expected = (low + k as f64 / 19.0 * (high - low)).powi(4);
            assert!((beta / expected - 1.0).abs() < 1e-13, "{k} {beta} {expected}");
        }
        assert!(betas.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(karras_betas(20, 0.001, 0.9, 0.0).is_err());
        assert!(karras_betas(20, 0.9, 0.001, 4.0).is_err());
        assert_eq!(karras_betas(1, 0.1, 0.9, 4.0).expect("valid"), [0.1]);
    }

    #[test]
    fn linear_betas_reach_both_ends() {
        let betas = linear_betas(1000, 1e-4, 0.02).expect("valid");
        assert_eq!((betas[0], betas[999]), (1e-4, 0.02));
        assert_eq!(linear_betas(1, 1e-4, 0.02).expect("valid"), [1e-4]);
    }
}
