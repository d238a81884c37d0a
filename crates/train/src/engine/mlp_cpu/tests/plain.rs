//! Plain loops in f64, by the formulas: the network, its losses and their gradient, one row at a time.

use langevin_core::{Activation, LossReduction};

use super::super::{
    form::{Form, Layer},
    pass::Network,
};
use crate::problem::{Columns, HeadLoss, StepBatch};

/// erf by its series, erfc by its continued fraction: both to 1e-13 where they are used.
pub(super) fn erfc(x: f64) -> f64 {
    let scale = std::f64::consts::FRAC_2_SQRT_PI;
    if x < 0.0 {
        return 2.0 - erfc(-x);
    }
    if x < 2.5 {
        let terms = (0..80).scan(x, |term, n| {
            let own = *term / f64::from(2 * n + 1);
            *term *= -x * x / f64::from(n + 1);
            Some(own)
        });
        return 1.0 - scale * terms.sum::<f64>();
    }
    let fraction = (1..200).rev().fold(x, |rest, n| x + f64::from(n) / 2.0 / rest);
    0.5 * scale * (-x * x).exp() / fraction
}

/// An activation and its derivative.
fn activate(activation: Activation, z: f64) -> (f64, f64) {
    match activation {
        Activation::Relu => (z.max(0.0), f64::from(u8::from(z > 0.0))),
        Activation::Silu => {
            let s = 1.0 / (1.0 + (-z).exp());
            (z * s, s + z * s * (1.0 - s))
        }
        Activation::Gelu => {
            let share = 0.5 * erfc(-z * std::f64::consts::FRAC_1_SQRT_2);
            let density = (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
            (z * share, share + z * density)
        }
        Activation::Tanh => (z.tanh(), 1.0 - z.tanh().powi(2)),
    }
}

/// Each layer's weight and bias, in f64 and without padding.
pub(super) type Weights = Vec<(Vec<f64>, Vec<f64>)>;

pub(super) fn weights(network: &Network, parameters: &[f32]) -> Weights {
    let read = |layer: &Layer| {
        let (weight, bias) = layer.read(parameters);
        let (inputs, wide) = (layer.inputs, |x: &f32| f64::from(*x));
        let turned = (0..weight.len()).map(|i| {
            let (input, output) = (i / layer.outputs, i % layer.outputs);
            wide(&weight[output * inputs + input])
        });
        (turned.collect(), bias.iter().map(wide).collect())
    };
    network.layers.iter().map(read).collect()
}

/// The rows' losses and the gradient of the batch's loss, by the formulas, one row at a time.
pub(super) fn plain(form: &Form, weights: &Weights, batch: &StepBatch) -> (Vec<f64>, Weights) {
    let mut gradients: Weights =
        weights.iter().map(|(w, b)| (vec![0.0; w.len()], vec![0.0; b.len()])).collect();
    let mut losses = Vec::new();
    for row in 0..batch.rows {
        let of = |columns: &Columns| {
            let count = columns.columns;
            let values = &columns.values[row * count..(row + 1) * count];
            values.iter().map(|v| f64::from(*v)).collect::<Vec<_>>()
        };
        let x = of(&batch.input);
        let count = form.position_features();
        let angle = |j: usize| {
            let turns =
                x.iter().enumerate().map(|(d, x)| x * f64::from(form.frequencies[d * count + j]));
            std::f64::consts::TAU * turns.sum::<f64>()
        };
        // The noise is the last column of the level.
        let noise = batch.level_features.as_ref().and_then(|told| of(told).pop()).unwrap_or(0.0);
        let left = |j: usize| {
            let b = (0..x.len()).map(|d| f64::from(form.frequencies[d * count + j]).powi(2));
            let reach = 3.0 * std::f64::consts::TAU * b.sum::<f64>().sqrt() * noise;
            if form.fades { (-0.5 * reach * reach).exp() } else { 1.0 }
        };
        let mut input = x.clone();
        input.extend((0..count).map(|j| angle(j).sin() * left(j)));
        input.extend((0..count).map(|j| angle(j).cos() * left(j)));
        input.extend(batch.level_features.iter().chain(&batch.condition).flat_map(of));

        let (mut inputs, mut slopes) = (vec![input], Vec::new());
        for (i, (w, b)) in weights.iter().enumerate() {
            let input = &inputs[i];
            let sum = |o: usize| {
                b[o] + input.iter().enumerate().map(|(k, x)| x * w[k * b.len() + o]).sum::<f64>()
            };
            let sums: Vec<f64> = (0..b.len()).map(sum).collect();
            if i == form.depth {
                inputs.push(sums);
                continue;
            }
            let both: Vec<_> = sums.iter().map(|z| activate(form.activation, *z)).collect();
            let before = |o: usize| if form.residual && i > 0 { input[o] } else { 0.0 };
            let output = both.iter().enumerate().map(|(o, (value, _))| before(o) + value).collect();
            slopes.push(both.iter().map(|(_, slope)| *slope).collect::<Vec<_>>());
            inputs.push(output);
        }

        let (loss, mut delta) = of_heads(batch, row, &inputs[form.depth + 1]);
        losses.push(loss);

        let mut skipped = vec![0.0; form.width];
        for i in (0..=form.depth).rev() {
            let (w, _) = &weights[i];
            let outputs = delta.len();
            for (k, x) in inputs[i].iter().enumerate() {
                for (o, d) in delta.iter().enumerate() {
                    gradients[i].0[k * outputs + o] += x * d;
                }
            }
            gradients[i].1.iter_mut().zip(&delta).for_each(|(g, d)| *g += d);
            if i > 0 {
                let back = |k: usize| {
                    delta.iter().enumerate().map(|(o, d)| d * w[k * outputs + o]).sum::<f64>()
                };
                let skips = form.residual && i < form.depth;
                let whole: Vec<f64> = (0..form.width)
                    .map(|k| back(k) + if skips { skipped[k] } else { 0.0 })
                    .collect();
                delta = whole.iter().zip(&slopes[i - 1]).map(|(d, slope)| d * slope).collect();
                skipped = whole;
            }
        }
    }
    let sum: f64 = losses.iter().sum();
    let factor = match batch.reduction {
        LossReduction::Mean | LossReduction::Huber { .. } => 1.0 / batch.rows as f64,
        LossReduction::Sum => 1.0,
        LossReduction::Norm => 0.5 / sum.sqrt(),
    };
    for (w, b) in &mut gradients {
        w.iter_mut().chain(b).for_each(|g| *g *= factor);
    }
    (losses, gradients)
}

/// The loss of a row with these outputs, and its gradient by them.
fn of_heads(batch: &StepBatch, row: usize, outputs: &[f64]) -> (f64, Vec<f64>) {
    let (mut loss, mut delta, mut cells) = (0.0, Vec::new(), 0.0);
    for head in &batch.heads {
        let at = |values: &[f32], place: usize| f64::from(values[place]);
        let weight = |columns: usize, cell: usize| {
            let own = head.cell_weight.as_ref();
            let own = own.map_or(1.0, |weight| at(&weight.values, row * columns + cell));
            at(&head.weight, row) * own
        };
        let outputs = &outputs[delta.len()..];
        match &head.loss {
            HeadLoss::Squared(Columns { columns, values }) => {
                for (cell, output) in outputs[..*columns].iter().enumerate() {
                    let error = output - at(values, row * columns + cell);
                    let (value, slope) = match batch.reduction {
                        LossReduction::Huber { delta } if error.abs() > delta => {
                            (delta * (error.abs() - delta / 2.0), delta * error.signum())
                        }
                        LossReduction::Huber { .. } => (error * error / 2.0, error),
                        _ => (error * error, 2.0 * error),
                    };
                    loss += weight(*columns, cell) * value;
                    delta.push(weight(*columns, cell) * slope);
                    cells += 1.0;
                }
            }
            HeadLoss::CrossEntropy(classes) => {
                let (count, class) = (classes.count(), classes.of_rows()[row] as usize);
                let offset = |j: usize| classes.offsets().map_or(0.0, |o| at(o, row * count + j));
                let powers = (0..count).map(|j| (outputs[j] + offset(j)).exp());
                let powers: Vec<f64> = powers.collect();
                let sum: f64 = powers.iter().sum();
                loss += weight(1, 0) * (sum / powers[class]).ln();
                let onehot = |j: usize| f64::from(u8::from(j == class));
                let slope = |(j, power): (usize, &f64)| weight(1, 0) * (power / sum - onehot(j));
                delta.extend(powers.iter().enumerate().map(slope));
                cells += 1.0;
            }
        }
    }
    let share = match batch.reduction {
        LossReduction::Mean | LossReduction::Huber { .. } => 1.0 / cells,
        _ => 1.0,
    };
    delta.iter_mut().for_each(|delta| *delta *= share);
    (share * loss, delta)
}
