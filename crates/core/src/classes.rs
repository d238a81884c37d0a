//! Categories among a row's features: what the noise says of their values, and the estimate that a network's logits are.

use std::ops::Range;

use burn::tensor::{Tensor, TensorData, activation::softmax};
use langevin_data::{DrawnCategory, exp, ln};

use crate::NoiseLevel;

/// Least logarithm of a weight: [`exp`] takes none below −700, and such a weight is 0 beside the largest.
const LEAST: f64 = -700.0;

/// Features of a row that a network's outputs mean alike: numbers, or the values of a category.
#[derive(Debug, Clone, PartialEq)]
pub enum RowPart<'a> {
    /// Numbers, whose outputs a [`Prediction`](crate::Prediction) makes estimates of.
    Numbers(Range<usize>),
    /// A category, whose outputs are logits.
    Category(&'a DrawnCategory),
}

/// The parts of a row of so many features, in order: its `categories`, and the numbers between them.
#[must_use]
pub fn row_parts(features: usize, categories: &[DrawnCategory]) -> Vec<RowPart<'_>> {
    let (mut parts, mut next) = (Vec::new(), 0);
    for category in categories {
        let own = category.features();
        if next < own.start {
            parts.push(RowPart::Numbers(next..own.start));
        }
        next = own.end;
        parts.push(RowPart::Category(category));
    }
    if next < features {
        parts.push(RowPart::Numbers(next..features));
    }
    parts
}

/// Appends the exact part of a category's logits, which a network's outputs are added to: but for one number, the logarithm of
/// the posterior of each value k given the category's own noisy features x alone,
/// `ln share_k + alpha · s · (x_k + alpha · s · share_k) / sigma²`, with s the category's scale.
///
/// So a network whose output is 0 is the exact denoiser of independent columns.
///
/// # Shapes
/// `x` holds the category's features of one row, K of them; K numbers are appended.
pub fn class_offsets(category: &DrawnCategory, level: &NoiseLevel, x: &[f64], out: &mut Vec<f64>) {
    let signal = level.alpha() * category.scale;
    let factor = signal / (level.sigma() * level.sigma());
    let logit = |(x, share): (&f64, &f64)| ln(*share) + factor * (x + signal * share);
    out.extend(x.iter().zip(&category.shares).map(logit));
}

/// The estimate `s · (softmax(logits) − shares)` of a category's clean features in one row, in place of the network's `outputs`,
/// which are added to [`class_offsets`].
///
/// # Shapes
/// `x` and `outputs` hold the category's features of one row.
pub fn class_estimate(
    category: &DrawnCategory,
    level: &NoiseLevel,
    x: &[f32],
    outputs: &mut [f32],
) {
    let mut logits = Vec::with_capacity(x.len());
    let x: Vec<f64> = x.iter().map(|x| f64::from(*x)).collect();
    class_offsets(category, level, &x, &mut logits);
    logits.iter_mut().zip(&*outputs).for_each(|(logit, output)| *logit += f64::from(*output));
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    for logit in &mut logits {
        let below = *logit - largest;
        // What is no number stays none: a network that is lost must be seen.
        *logit = if below.is_nan() { below } else { exp(below.max(LEAST)) };
    }
    let sum: f64 = logits.iter().sum();
    for ((output, weight), share) in outputs.iter_mut().zip(logits).zip(&category.shares) {
        *output = (category.scale * (weight / sum - share)) as f32;
    }
}

/// The same of many rows, as tensors: the category's columns of the rows and of the network's outputs.
///
/// # Shapes
/// `x`, `outputs` and the result are `[batch, K]`.
pub(crate) fn class_estimates(
    category: &DrawnCategory,
    level: &NoiseLevel,
    x: Tensor<2>,
    outputs: Tensor<2>,
) -> Tensor<2> {
    let signal = level.alpha() * category.scale;
    let factor = signal / (level.sigma() * level.sigma());
    let row = |values: Vec<f64>| {
        let data = TensorData::new(values, [1, category.count()]);
        Tensor::<2>::from_data(data, (&x.device(), x.dtype()))
    };
    let shares = row(category.shares.clone());
    let logs = row(category.shares.iter().map(|share| ln(*share)).collect());
    // The largest is taken off before the factor, which is huge at little noise.
    let seen = x.clone() + shares.clone().mul_scalar(signal);
    let largest = seen.clone().max_dim(1);
    let logits = (seen - largest).mul_scalar(factor) + logs + outputs;
    (softmax(logits, 1) - shares).mul_scalar(category.scale)
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use langevin_data::{Purpose, Streams};

    use super::*;

    fn category() -> DrawnCategory {
        DrawnCategory { first: 0, scale: 1.6, shares: vec![0.5, 0.05, 0.45] }
    }

    #[test]
    fn the_exact_part_is_the_posterior_of_the_noisy_features() {
        let category = category();
        for (alpha, sigma) in [(1.0, 0.3), (0.6, 0.8), (1.0, 20.0), (0.0, 1.0)] {
            let level = NoiseLevel::new(alpha, sigma).expect("valid");
            let x = [0.4, -1.1, 0.7];
            let mut offsets = Vec::new();
            class_offsets(&category, &level, &x, &mut offsets);
            // ln share + ln N(x; alpha · code, sigma²), from the definition.
            let exact = |k: usize| {
                let away = x.iter().zip(category.code(k)).map(|(x, code)| x - alpha * code);
                category.shares[k].ln() - away.map(|d| d * d).sum::<f64>() / (2.0 * sigma * sigma)
            };
            for k in 1..3 {
                let (got, want) = (offsets[k] - offsets[0], exact(k) - exact(0));
                assert!((got - want).abs() < 1e-12 * want.abs().max(1.0), "{k}: {got} {want}");
            }
        }
    }

    #[test]
    fn tensors_and_rows_give_the_same_estimates_at_any_noise() {
        let (category, device) = (category(), Device::flex());
        let mut numbers = vec![0.0; 60];
        Streams::new(3).at(Purpose::Reference, 0, 0).fill_normal(&mut numbers);
        let numbers: Vec<f32> = numbers.into_iter().map(|x| x as f32).collect();
        let (x, outputs) = numbers.split_at(30);
        let tensor = |values: &[f32]| {
            Tensor::<2>::from_data(TensorData::new(values.to_vec(), [10, 3]), &device)
        };
        for sigma in [1e-4, 0.05, 1.0, 40.0] {
            let level = NoiseLevel::new(1.0, sigma).expect("valid");
            let together = class_estimates(&category, &level, tensor(x), tensor(outputs));
            let together = together.into_data().try_into_vec::<f32>().expect("f32");
            let mut alone = outputs.to_vec();
            for (x, outputs) in x.chunks_exact(3).zip(alone.chunks_exact_mut(3)) {
                class_estimate(&category, &level, x, outputs);
                let sum: f32 = outputs.iter().sum();
                assert!(sum.abs() < 1e-5, "{sum}");
            }
            for (a, b) in alone.iter().zip(&together) {
                assert!((a - b).abs() < 2e-5, "{sigma}: {a} {b}");
            }
        }
    }

    #[test]
    fn a_row_s_parts_are_its_categories_and_the_numbers_between() {
        let at = |first| DrawnCategory { first, ..category() };
        let own = [at(2), at(5), at(9)];
        let parts = row_parts(13, &own);
        let [first, second, third] = &own;
        assert_eq!(
            parts,
            [
                RowPart::Numbers(0..2),
                RowPart::Category(first),
                RowPart::Category(second),
                RowPart::Numbers(8..9),
                RowPart::Category(third),
                RowPart::Numbers(12..13),
            ]
        );
        assert_eq!(row_parts(4, &[]), [RowPart::Numbers(0..4)]);
    }
}
