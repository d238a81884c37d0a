//! Moments of the rows at a level, and their distances to the nearest mode, added up chunk by
//! chunk.

use langevin_core::NoiseLevel;

/// Mean and standard deviation by feature at one level of the sampling.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelSummary {
    /// The level.
    pub level: NoiseLevel,
    /// Mean by feature.
    pub mean: Vec<f64>,
    /// Standard deviation by feature.
    pub std: Vec<f64>,
    /// Mean squared distance to the nearest mode, if the data has modes.
    pub convergence: Option<f64>,
}

/// Exact mean and standard deviation by feature of `alpha · x_0 + sigma · eps`, from `mean` and
/// `variance` of `x_0`.
pub fn level_goal(mean: &[f64], variance: &[f64], level: &NoiseLevel) -> LevelSummary {
    let std = |variance: &f64| (level.alpha() * variance.sqrt()).hypot(level.sigma());
    LevelSummary {
        level: *level,
        mean: mean.iter().map(|m| level.alpha() * m).collect(),
        std: variance.iter().map(std).collect(),
        convergence: None,
    }
}

/// Mean and variance by feature, and squared distances to the nearest of the modes' centres.
#[derive(Debug, Clone)]
pub(super) struct Moments<'a> {
    count: f64,
    mean: Vec<f64>,
    /// Sums of squared differences from the mean, by feature.
    squares: Vec<f64>,
    centers: &'a [Vec<f64>],
    distances: f64,
}

impl<'a> Moments<'a> {
    pub(super) fn new(features: usize, centers: &'a [Vec<f64>]) -> Self {
        let zeros = vec![0.0; features];
        Self { count: 0.0, mean: zeros.clone(), squares: zeros, centers, distances: 0.0 }
    }

    /// Adds a chunk of rows.
    pub(super) fn add(&mut self, values: &[f32]) {
        let features = self.mean.len();
        let mut own = Self::new(features, self.centers);
        own.count = (values.len() / features) as f64;
        for row in values.chunks_exact(features) {
            for (sum, value) in own.mean.iter_mut().zip(row) {
                *sum += f64::from(*value);
            }
        }
        own.mean.iter_mut().for_each(|mean| *mean /= own.count);
        for row in values.chunks_exact(features) {
            for ((square, mean), value) in own.squares.iter_mut().zip(&own.mean).zip(row) {
                let off = f64::from(*value) - mean;
                *square += off * off;
            }
            let square = |center: &Vec<f64>| -> f64 {
                row.iter().zip(center).map(|(x, c)| (f64::from(*x) - c).powi(2)).sum()
            };
            own.distances += self.centers.iter().map(square).fold(f64::INFINITY, f64::min);
        }
        self.join(&own);
    }

    /// Adds the moments of other rows. Source: Chan, Golub & LeVeque 1983, equation 2.1.
    pub(super) fn join(&mut self, other: &Self) {
        let count = self.count + other.count;
        let share = if count > 0.0 { other.count / count } else { 0.0 };
        let places = self.mean.iter_mut().zip(&mut self.squares);
        for ((mean, squares), (m, s)) in places.zip(other.mean.iter().zip(&other.squares)) {
            let off = m - *mean;
            *mean += off * share;
            *squares += s + off * off * self.count * share;
        }
        self.distances += other.distances;
        self.count = count;
    }

    pub(super) fn summary(&self, level: NoiseLevel) -> LevelSummary {
        let std = self.squares.iter().map(|s| (s / self.count).sqrt()).collect();
        let convergence = (!self.centers.is_empty()).then_some(self.distances / self.count);
        LevelSummary { level, mean: self.mean.clone(), std, convergence }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_chunks_joined_are_those_of_all_rows() {
        let values: Vec<f32> = (0..60).map(|i| 5.0 + (i as f32 * 1.7).sin()).collect();
        let centers = [vec![5.0, 5.5], vec![6.0, 4.0]];
        let mut joined = Moments::new(2, &centers);
        for chunk in [&values[..2], &values[2..40], &values[40..]] {
            let mut own = Moments::new(2, &centers);
            own.add(chunk);
            joined.join(&own);
        }
        let seen = joined.summary(NoiseLevel::CLEAN);
        for feature in 0..2 {
            let of: Vec<f64> =
                values.iter().skip(feature).step_by(2).map(|x| f64::from(*x)).collect();
            let mean = of.iter().sum::<f64>() / 30.0;
            let variance = of.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 30.0;
            // Rounding of 30 sums of numbers near 5.
            assert!((seen.mean[feature] - mean).abs() < 1e-13);
            assert!((seen.std[feature] - variance.sqrt()).abs() < 1e-13);
        }
        let nearest = values.chunks(2).map(|row| {
            let square =
                |c: &[f64]| (f64::from(row[0]) - c[0]).powi(2) + (f64::from(row[1]) - c[1]).powi(2);
            square(&centers[0]).min(square(&centers[1]))
        });
        let convergence = seen.convergence.expect("centres");
        assert!((convergence - nearest.sum::<f64>() / 30.0).abs() < 1e-13);
    }
}
