//! The mixture as a [`Dataset`]: draws, moments, densities and modes.

use super::{Choice, GaussianMixture, Spread};
use crate::{Dataset, Mode, Part, Stream, distributions::chosen, normal_words};

impl GaussianMixture {
    /// The mean over the components of their covariance of features i and j.
    fn covariance_within(&self, i: usize, j: usize) -> f64 {
        match &self.spread {
            Spread::Isotropic(std) if i == j => std * std,
            Spread::Isotropic(_) => 0.0,
            Spread::Own(covariances) => {
                self.weights.iter().zip(covariances).map(|(w, c)| w * c.at(i, j)).sum()
            }
        }
    }

    /// Draws rows as [`draw`](Dataset::draw) does; `note` hears the component of each.
    pub(crate) fn draw_components(
        &self,
        part: Part,
        stream: &mut Stream,
        rows: &mut [f64],
        mut note: impl FnMut(usize),
    ) {
        let in_turn = part == Part::Training && self.choice == Choice::InTurn;
        let modes = self.means.len();
        let mut turn = ((stream.position() / self.words_per_row()) % modes as u64) as usize;
        stream.fill_rows(rows, self.features(), 1, |uniforms, row| {
            // A row whose component comes in turn uses this word too, so that its normals stay the same.
            let component = if in_turn { turn } else { chosen(&self.weights, uniforms[0]) };
            turn = if turn + 1 == modes { 0 } else { turn + 1 };
            note(component);
            let mean = &self.means[component];
            match &self.spread {
                Spread::Isotropic(std) => {
                    row.iter_mut().zip(mean).for_each(|(x, mean)| *x = mean + std * *x);
                }
                Spread::Own(covariances) => covariances[component].correlate(mean, row),
            }
        });
    }
}

impl Dataset for GaussianMixture {
    fn features(&self) -> usize {
        self.means[0].len()
    }

    fn words_per_row(&self) -> u64 {
        1 + normal_words(self.features())
    }

    fn draw(&self, part: Part, stream: &mut Stream, rows: &mut [f64]) {
        self.draw_components(part, stream, rows, |_| {});
    }

    fn mean(&self) -> Option<Vec<f64>> {
        let of = |i: usize| self.means.iter().zip(&self.weights).map(|(m, w)| w * m[i]).sum();
        Some((0..self.features()).map(of).collect())
    }

    /// The covariance `Σ w_i (C_i + (m_i − m)(m_i − m)ᵀ)`.
    fn covariance(&self) -> Option<Vec<Vec<f64>>> {
        let mean = self.mean()?;
        let of = |i: usize, j: usize| {
            let parts = self.means.iter().zip(&self.weights);
            let spread: f64 = parts.map(|(m, w)| w * (m[i] - mean[i]) * (m[j] - mean[j])).sum();
            spread + self.covariance_within(i, j)
        };
        let features = self.features();
        Some((0..features).map(|i| (0..features).map(|j| of(i, j)).collect()).collect())
    }

    fn variance(&self) -> Option<Vec<f64>> {
        let mean = self.mean()?;
        let of = |i: usize| {
            let parts = self.means.iter().zip(&self.weights);
            let spread: f64 = parts.map(|(m, w)| w * (m[i] - mean[i]).powi(2)).sum();
            spread + self.covariance_within(i, i)
        };
        Some((0..self.features()).map(of).collect())
    }

    fn log_density(&self, x: &[f64]) -> Option<f64> {
        Some(self.log_density_at(x))
    }

    fn diffused_log_density(&self, alpha: f64, sigma: f64, x: &[f64]) -> Option<f64> {
        match &self.spread {
            Spread::Isotropic(std) => {
                let std = (alpha * std).hypot(sigma);
                (std > 0.0).then(|| self.isotropic_log_density(alpha, std, x))
            }
            Spread::Own(_) => {
                (alpha.max(sigma) > 0.0).then(|| self.diffused(alpha, sigma).log_density_at(x))
            }
        }
    }

    fn score(&self, x: &[f64]) -> Option<Vec<f64>> {
        Some(self.score_at(x))
    }

    fn posterior_means(&self, rows: &[f64], alpha: f64, sigma: f64) -> Option<Vec<f64>> {
        Some(Self::posterior_means(self, rows, alpha, sigma))
    }

    /// The components; `None` where they have a covariance each, since a [`Mode`] is as wide along every axis.
    fn modes(&self) -> Option<Vec<Mode>> {
        let Spread::Isotropic(std) = self.spread else { return None };
        let mode = |(center, share): (&Vec<f64>, &f64)| Mode {
            center: center.clone(),
            share: *share,
            std,
        };
        Some(self.means.iter().zip(&self.weights).map(mode).collect())
    }
}
