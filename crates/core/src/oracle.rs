//! The exact denoisers of a Gaussian mixture, against which every sampler is measured, and of a mixture with categories.

mod table;

use burn::tensor::{Bool, DType, Tensor, TensorData, activation::softmax};
use langevin_data::{Dataset, GaussianMixture};

pub use self::table::TableOracle;
use crate::{ConditionalDenoiser, CoreError, Denoiser, NoiseLevel};

/// Exact denoiser of a Gaussian mixture: `D(x; level) = E[x_0 | x_t = x]` by its closed formula.
///
/// It can be told clean numbers of each row: then `D(x; level, condition)` is `E[x_0 | x_t = x, these numbers]`,
/// whatever x holds in their place. The `condition` has two columns for each feature, `[batch, 2 · features]`: a
/// value, and behind it the flag 1 where the value is known or 0 where it is not. A known number is its own estimate.
///
/// The estimate is computed on the host in f64 and returned in the tensors' dtype, so that only the
/// sampler's own error remains. Where x lies on an autodiff device it is computed in tensors instead, in
/// the dtype of x, and is differentiable by x.
pub struct MixtureOracle {
    mixture: GaussianMixture,
}

impl MixtureOracle {
    /// The exact denoiser of `mixture`.
    pub const fn new(mixture: GaussianMixture) -> Self {
        Self { mixture }
    }

    /// The estimate of an isotropic mixture in tensors: `Σ_i p_i(x) · (m_i + gain · (x − alpha m_i))`, where p is
    /// the softmax of `ln w_i − |x − alpha m_i|² / (2 v)`, with `v = alpha² std² + sigma²` and
    /// `gain = alpha std² / v`.
    fn isotropic_in_tensors(&self, x: Tensor<2>, level: &NoiseLevel) -> Tensor<2> {
        let (alpha, sigma, std) = (level.alpha(), level.sigma(), self.mixture.std());
        let variance = (alpha * std).powi(2) + sigma * sigma;
        let gain = alpha * std * std / variance;
        let place = (&x.device(), x.dtype());
        let (components, [rows, features]) = (self.mixture.weights().len(), x.dims());
        let logs: Vec<f64> = self.mixture.weights().iter().map(|weight| weight.ln()).collect();
        let logs = Tensor::<2>::from_data(TensorData::new(logs, [1, components]), place);
        let means = TensorData::new(self.mixture.means().concat(), [1, components, features]);
        let means = Tensor::<3>::from_data(means, place);
        let away = x.reshape([rows, 1, features]) - means.clone().mul_scalar(alpha);
        let squares = away.clone().square().sum_dim(2).reshape([rows, components]);
        // Burn differentiates `div_scalar` in f32 even where the tensors are f64.
        let shares = softmax(logs - squares.mul_scalar(0.5 / variance), 1);
        let own = means + away.mul_scalar(gain);
        (own * shares.reshape([rows, components, 1])).sum_dim(1).reshape([rows, features])
    }

    /// The estimate of any mixture in tensors, by the gains and whitenings of its components' posteriors: see
    /// [`ComponentPosterior`](langevin_data::ComponentPosterior). `known` has the flags of one row for all rows, or
    /// those of each row, which then holds the known values themselves.
    fn in_tensors(&self, x: Tensor<2>, level: &NoiseLevel, known: &[bool]) -> Tensor<2> {
        let place = (&x.device(), x.dtype());
        let (components, [rows, features]) = (self.mixture.weights().len(), x.dims());
        let (mut logs, mut centres) = (Vec::new(), Vec::new());
        let (mut whitenings, mut gains) = (Vec::new(), Vec::new());
        for known in known.chunks_exact(features) {
            let posteriors = self.mixture.posteriors(level.alpha(), level.sigma(), known);
            for (posterior, mean) in posteriors.iter().zip(self.mixture.means()) {
                let scale = |known: &bool| if *known { 1.0 } else { level.alpha() };
                centres.extend(mean.iter().zip(known).map(|(m, known)| scale(known) * m));
                logs.push(posterior.log_weight());
                whitenings.extend(posterior.whitening());
                gains.extend_from_slice(posterior.gain());
            }
        }
        let patterns = known.len() / features;
        let square = [patterns, components, features, features];
        let tensor = |values: Vec<f64>, shape: [usize; 4]| {
            Tensor::<4>::from_data(TensorData::new(values, shape), place)
        };
        let centres = tensor(centres, [patterns, components, 1, features]);
        let away = x.reshape([rows, 1, 1, features]) - centres;
        let white = (away.clone() * tensor(whitenings, square)).sum_dim(3);
        let logs = tensor(logs, [patterns, components, 1, 1]);
        let shares = softmax(logs - white.square().sum_dim(2).mul_scalar(0.5), 1);
        let means = tensor(self.mixture.means().concat(), [1, components, features, 1]);
        let own = means + (away * tensor(gains, square)).sum_dim(3);
        (own * shares).sum_dim(1).reshape([rows, features])
    }

    /// The known numbers of each row.
    fn known(&self, rows: usize, condition: &Tensor<2>) -> Result<Vec<Option<f64>>, CoreError> {
        let things = vec![1; self.mixture.features()];
        known_features(rows, condition, &things, "a value and a flag for each feature")
    }
}

/// The known features of each row. The condition holds things of so many features, one after the other, with a flag behind
/// each; `meaning` says so in a message.
fn known_features(
    rows: usize,
    condition: &Tensor<2>,
    things: &[usize],
    meaning: &str,
) -> Result<Vec<Option<f64>>, CoreError> {
    let [told, columns] = condition.dims();
    if told != rows {
        let requirement = format!("must hold one row for each of the {rows} rows");
        return Err(CoreError::parameter("condition", requirement, told));
    }
    let width = things.iter().sum::<usize>() + things.len();
    if columns != width {
        let requirement = format!("must have {width} columns, {meaning}");
        return Err(CoreError::parameter("condition", requirement, columns));
    }
    let (cells, mut known) = (values(condition.clone()), Vec::new());
    let mut rest = &cells[..];
    for features in things.iter().cycle().take(rows * things.len()) {
        let (thing, next) = rest.split_at(features + 1);
        let (values, flag) = thing.split_at(*features);
        match flag {
            [0.0] => known.resize(known.len() + features, None),
            [1.0] => known.extend(values.iter().copied().map(Some)),
            _ => {
                return Err(CoreError::parameter("condition", "must have flags 0 or 1", flag[0]));
            }
        }
        rest = next;
    }
    Ok(known)
}

/// The numbers of a tensor in f64, row by row.
fn values(x: Tensor<2>) -> Vec<f64> {
    x.into_data().convert_dtype(DType::F64).iter::<f64>().collect()
}

/// The tensor of what `estimate` makes of the rows on the host.
fn on_host(x: Tensor<2>, estimate: impl FnOnce(&[f64]) -> Vec<f64>) -> Tensor<2> {
    let (dims, device, dtype) = (x.dims(), x.device(), x.dtype());
    Tensor::from_data(TensorData::new(estimate(&values(x)), dims), (&device, dtype))
}

impl Denoiser for MixtureOracle {
    fn denoise(&self, x: Tensor<2>, level: &NoiseLevel) -> Result<Tensor<2>, CoreError> {
        let (alpha, sigma) = (level.alpha(), level.sigma());
        Ok(match (x.device().is_autodiff(), self.mixture.is_isotropic()) {
            (false, _) => on_host(x, |rows| self.mixture.posterior_means(rows, alpha, sigma)),
            (true, true) => self.isotropic_in_tensors(x, level),
            (true, false) => self.in_tensors(x, level, &vec![false; self.mixture.features()]),
        })
    }
}

impl ConditionalDenoiser for MixtureOracle {
    fn denoise_given(
        &self,
        x: Tensor<2>,
        level: &NoiseLevel,
        condition: &Tensor<2>,
    ) -> Result<Tensor<2>, CoreError> {
        let (alpha, sigma, dims) = (level.alpha(), level.sigma(), x.dims());
        let known = self.known(dims[0], condition)?;
        if !x.device().is_autodiff() {
            return Ok(on_host(x, |rows| {
                self.mixture.posterior_means_given(rows, alpha, sigma, &known)
            }));
        }
        let flags: Vec<bool> = known.iter().map(Option::is_some).collect();
        let told: Vec<f64> = known.iter().map(|value| value.unwrap_or(0.0)).collect();
        let told = Tensor::<2>::from_data(TensorData::new(told, dims), (&x.device(), x.dtype()));
        let mask = TensorData::new(flags.clone(), dims);
        let mask = Tensor::<2, Bool>::from_data(mask, &x.device());
        let x = x.mask_where(mask.clone(), told.clone());
        Ok(self.in_tensors(x, level, &flags).mask_where(mask, told))
    }
}

#[cfg(test)]
mod tests;
