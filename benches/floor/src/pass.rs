//! The forward and backward pass of a chunk of rows.

use crate::{
    lines::{Lines, stride},
    product::{Product, Start, product},
    rows::Batch,
};

/// Place of a linear layer's numbers among the weights: `inputs` rows of `stride` floats, then the bias.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layer {
    pub(crate) first: usize,
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) stride: usize,
}

impl Layer {
    pub(crate) const fn new(first: usize, inputs: usize, outputs: usize) -> Self {
        Self { first, inputs, outputs, stride: stride(outputs) }
    }

    /// The index of the bias's first number.
    const fn bias(&self) -> usize {
        self.first + self.inputs * self.stride
    }

    pub(crate) const fn end(&self) -> usize {
        self.bias() + self.stride
    }

    /// Writes the weights as `outputs` rows of `stride(inputs)`.
    pub(crate) fn transpose(&self, weights: &[f32], to: &mut [f32]) {
        let length = stride(self.inputs);
        for (i, row) in weights[self.first..self.bias()].chunks_exact(self.stride).enumerate() {
            for (o, value) in row[..self.outputs].iter().enumerate() {
                to[o * length + i] = *value;
            }
        }
    }
}

/// Buffers with which one thread differentiates chunks of rows.
#[derive(Debug)]
pub(crate) struct Pass {
    pub(crate) batch: Batch,
    /// The gradient of the sum of squared errors, in the order of the weights.
    pub(crate) gradients: Lines,
    /// The sum of squared errors.
    pub(crate) loss: f64,
    /// Each layer's output, ReLU included.
    outputs: Vec<Lines>,
    /// The loss's gradients by the sums that enter a layer's ReLU: of the layer at hand and the one before.
    deltas: [Lines; 2],
}

impl Pass {
    pub(crate) fn new(layers: &[Layer], rows: usize) -> Self {
        let widest = layers.iter().map(|layer| layer.stride).max().unwrap_or(0);
        let features = layers.last().map_or(0, |layer| layer.outputs);
        Self {
            batch: Batch::new(rows, features),
            gradients: Lines::zeros(layers.last().map_or(0, Layer::end)),
            loss: 0.0,
            outputs: layers.iter().map(|layer| Lines::zeros(rows * layer.stride)).collect(),
            deltas: [Lines::zeros(rows * widest), Lines::zeros(rows * widest)],
        }
    }

    pub(crate) fn begin(&mut self) {
        self.gradients.fill(0.0);
        self.loss = 0.0;
    }

    /// Adds the loss and the gradient of the rows in `batch` to the sums of the pass.
    pub(crate) fn differentiate(
        &mut self,
        layers: &[Layer],
        weights: &[f32],
        transposed: &[Lines],
    ) {
        self.forward(layers, weights);
        self.errors(layers);
        for i in (0..layers.len()).rev() {
            self.gradients_of(i, layers);
            if i > 0 {
                self.delta_before(i, layers, transposed);
            }
        }
    }

    fn forward(&mut self, layers: &[Layer], weights: &[f32]) {
        let rows = self.batch.rows;
        for (i, layer) in layers.iter().enumerate() {
            let (before, after) = self.outputs.split_at_mut(i);
            let (a, a_row) = match before.last() {
                Some(output) => (&output[..], layers[i - 1].stride),
                None => (&self.batch.input[..], stride(layer.inputs)),
            };
            let output = &mut after[0][..rows * layer.stride];
            product(Product {
                rows,
                inner: layer.inputs,
                columns: layer.outputs,
                a,
                a_row,
                a_column: 1,
                b: &weights[layer.first..layer.bias()],
                b_row: layer.stride,
                start: Start::Row(&weights[layer.bias()..layer.end()]),
                c: output,
                c_row: layer.stride,
            });
            if i + 1 < layers.len() {
                output.iter_mut().for_each(|x| *x = x.max(0.0));
            }
        }
    }

    /// Computes the squared errors, and their gradient by the network's output.
    fn errors(&mut self, layers: &[Layer]) {
        let last = layers.len() - 1;
        let (length, features) = (layers[last].stride, self.batch.features);
        let mut sum = 0.0_f32;
        let rows =
            self.outputs[last].chunks_exact(length).zip(self.deltas[0].chunks_exact_mut(length));
        for ((output, delta), target) in
            rows.zip(self.batch.target.chunks_exact(features)).take(self.batch.rows)
        {
            for ((delta, output), target) in delta.iter_mut().zip(output).zip(target) {
                let error = output - target;
                sum += error * error;
                *delta = 2.0 * error;
            }
        }
        self.loss += f64::from(sum);
    }

    /// Adds the gradients of one layer's weights and bias.
    fn gradients_of(&mut self, i: usize, layers: &[Layer]) {
        let (layer, rows) = (&layers[i], self.batch.rows);
        let delta = &self.deltas[0][..rows * layer.stride];
        let own = &mut self.gradients[layer.first..layer.end()];
        let (weight, bias) = own.split_at_mut(layer.inputs * layer.stride);
        for row in delta.chunks_exact(layer.stride) {
            for (sum, delta) in bias[..layer.outputs].iter_mut().zip(row) {
                *sum += delta;
            }
        }
        let (a, a_column) = match i {
            0 => (&self.batch.input[..], stride(layer.inputs)),
            _ => (&self.outputs[i - 1][..], layers[i - 1].stride),
        };
        product(Product {
            rows: layer.inputs,
            inner: rows,
            columns: layer.outputs,
            a,
            a_row: 1,
            a_column,
            b: delta,
            b_row: layer.stride,
            start: Start::Own,
            c: weight,
            c_row: layer.stride,
        });
    }

    /// Computes the loss's gradient by the sums of the layer before layer `i`.
    fn delta_before(&mut self, i: usize, layers: &[Layer], transposed: &[Lines]) {
        let (layer, before, rows) = (&layers[i], &layers[i - 1], self.batch.rows);
        let [delta, next] = &mut self.deltas;
        let next_rows = &mut next[..rows * before.stride];
        product(Product {
            rows,
            inner: layer.outputs,
            columns: layer.inputs,
            a: delta,
            a_row: layer.stride,
            a_column: 1,
            b: &transposed[i],
            b_row: stride(layer.inputs),
            start: Start::Zero,
            c: next_rows,
            c_row: before.stride,
        });
        for (delta, output) in next_rows.iter_mut().zip(&*self.outputs[i - 1]) {
            *delta = if *output > 0.0 { *delta } else { 0.0 };
        }
        self.deltas.swap(0, 1);
    }
}
