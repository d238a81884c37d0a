//! The exact denoiser of a mixture of numbers and categories.

use burn::tensor::{Bool, Tensor, TensorData, activation::softmax};
use langevin_data::{CategoricalMixture, DrawnCategory};

use super::{known_features, on_host};
use crate::{ConditionalDenoiser, CoreError, Denoiser, NoiseLevel};

/// Exact denoiser of a [`CategoricalMixture`]: `D(x; level) = E[x_0 | x_t = x]` by its closed formula.
///
/// It can be told clean cells of each row: then `D(x; level, condition)` is `E[x_0 | x_t = x, these cells]`, whatever x holds in
/// their place. The `condition` has, for each column, its features and behind them the flag 1 where the cell is known or 0 where
/// it is not: what a run's network is told where any columns may be given.
///
/// As with [`MixtureOracle`](crate::MixtureOracle), the estimate is computed on the host in f64, or, where x lies on an autodiff
/// device, in tensors of the dtype of x, differentiable by x.
pub struct TableOracle {
    mixture: CategoricalMixture,
    /// Number of features of each column.
    widths: Vec<usize>,
}

impl TableOracle {
    /// The exact denoiser of `mixture`.
    #[must_use]
    pub fn new(mixture: CategoricalMixture) -> Self {
        let mut widths = vec![1; mixture.numbers()];
        widths.extend(mixture.categories().iter().map(DrawnCategory::count));
        Self { mixture, widths }
    }

    /// The estimate in tensors: see [`CategoricalMixture`]'s posterior means, of which this is the same formula.
    fn in_tensors(&self, x: Tensor<2>, level: &NoiseLevel, known: &[Option<f64>]) -> Tensor<2> {
        let place = (&x.device(), x.dtype());
        let ([rows, features], components) = (x.dims(), self.mixture.weights().len());
        let matrix = |values: Vec<f64>, shape: [usize; 2]| {
            Tensor::<2>::from_data(TensorData::new(values, shape), place)
        };
        let told = known.iter().map(|known| known.unwrap_or(0.0)).collect();
        let told = matrix(told, [rows, features]);
        let mask: Vec<bool> = known.iter().map(Option::is_some).collect();
        let mask = Tensor::<2, Bool>::from_data(TensorData::new(mask, [rows, features]), place.0);
        let x = x.mask_where(mask.clone(), told.clone());

        let logs = self.mixture.weights().iter().map(|weight| weight.ln()).collect();
        let mut logs = matrix(logs, [1, components]).repeat_dim(0, rows);
        let (numbers, mut of_numbers) = (self.mixture.numbers(), None);
        if numbers > 0 {
            // A known number is at a level without noise.
            let of_level = |own: f64, of_known: f64| {
                let cell = |known: &Option<f64>| known.map_or(own, |_| of_known);
                let of_row =
                    |row: &[Option<f64>]| row[..numbers].iter().map(cell).collect::<Vec<_>>();
                let values = known.chunks_exact(features).flat_map(of_row).collect();
                matrix(values, [rows, numbers]).unsqueeze_dim::<3>(1)
            };
            let alpha = of_level(level.alpha(), 1.0);
            let noise = of_level(level.sigma() * level.sigma(), 0.0);
            let of = |values: Vec<f64>| matrix(values, [components, numbers]).unsqueeze::<3>();
            let own = self.mixture.components();
            let means = of(own.iter().flat_map(|own| own.means.clone()).collect());
            let squares = own.iter().flat_map(|own| own.stds.iter().map(|std| std * std));
            let squares = of(squares.collect());
            let away = x.clone().narrow(1, 0, numbers).unsqueeze_dim::<3>(1);
            let away = away - alpha.clone() * means.clone();
            let variance = alpha.clone().square() * squares.clone() + noise;
            let exponents = away.clone().square() / variance.clone() + variance.clone().log();
            logs = logs - exponents.sum_dim(2).squeeze_dim::<2>(2).mul_scalar(0.5);
            of_numbers = Some(means + away * alpha * squares / variance);
        }
        let mut of_categories = Vec::new();
        for (i, category) in self.mixture.categories().iter().enumerate() {
            let (count, signal) = (category.count(), level.alpha() * category.scale);
            let factor = signal / (level.sigma() * level.sigma());
            let shares = matrix(category.shares.clone(), [1, count]);
            let seen = x.clone().narrow(1, category.first, count);
            let seen = seen + shares.clone().mul_scalar(signal);
            let likelihoods = (seen.clone() - seen.max_dim(1)).mul_scalar(factor).exp();
            // A known value is the only one: 1, and 0 at the others.
            let one_hot = known.chunks_exact(features).flat_map(|row| {
                let own = row[category.features()].iter().zip(&category.shares);
                own.map(|(y, share)| (y.unwrap_or(0.0) / category.scale + share).round())
            });
            let one_hot = matrix(one_hot.collect(), [rows, count]);
            let is_known = mask.clone().narrow(1, category.first, count);
            let likelihoods = likelihoods.mask_where(is_known, one_hot);
            let of_component = self.mixture.components().iter().flat_map(|own| &own.shares[i]);
            let of_component = matrix(of_component.copied().collect(), [components, count]);
            let sums = likelihoods.clone().matmul(of_component.clone().transpose());
            logs = logs + sums.clone().log();
            of_categories.push((category.scale, shares, likelihoods, of_component, sums));
        }
        let probabilities = softmax(logs, 1);
        let mut parts = Vec::new();
        if let Some(own) = of_numbers {
            let weighted = own * probabilities.clone().unsqueeze_dim::<3>(2);
            parts.push(weighted.sum_dim(1).squeeze_dim::<2>(1));
        }
        for (scale, shares, likelihoods, of_component, sums) in of_categories {
            let values = (probabilities.clone() / sums).matmul(of_component) * likelihoods;
            parts.push((values - shares).mul_scalar(scale));
        }
        Tensor::cat(parts, 1).mask_where(mask, told)
    }
}

impl Denoiser for TableOracle {
    fn denoise(&self, x: Tensor<2>, level: &NoiseLevel) -> Result<Tensor<2>, CoreError> {
        if x.device().is_autodiff() {
            let [rows, features] = x.dims();
            return Ok(self.in_tensors(x, level, &vec![None; rows * features]));
        }
        let means = |rows: &[f64]| self.mixture.posterior_means(rows, level.alpha(), level.sigma());
        Ok(on_host(x, means))
    }
}

impl ConditionalDenoiser for TableOracle {
    fn denoise_given(
        &self,
        x: Tensor<2>,
        level: &NoiseLevel,
        condition: &Tensor<2>,
    ) -> Result<Tensor<2>, CoreError> {
        let meaning = "the features of each column and a flag";
        let known = known_features(x.dims()[0], condition, &self.widths, meaning)?;
        if x.device().is_autodiff() {
            return Ok(self.in_tensors(x, level, &known));
        }
        let (alpha, sigma) = (level.alpha(), level.sigma());
        Ok(on_host(x, |rows| self.mixture.posterior_means_given(rows, alpha, sigma, &known)))
    }
}
