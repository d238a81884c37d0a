//! Forward and backward of a few rows, whose activations stay in the cache.

use std::ops::Range;

use super::{
    activation::{Activate, Chain},
    buffer::{Buffer, stride},
    form::{Form, Layer, Transposed},
    functions::sin_cos_of_turns,
    loss::Loss,
    product::{Product, Start},
    simd::{InstructionSet, Kernel, Simd},
};
use crate::{StepBatch, diffusion::Columns};

/// A network: its form, where its numbers are, and the instructions to compute it with.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) form: Form,
    pub(crate) layers: Vec<Layer>,
    pub(crate) set: InstructionSet,
}

/// What a thread needs to take rows through the network, and back: one chunk of rows.
#[derive(Debug)]
pub(crate) struct Workspace {
    input: Buffer,
    /// Each hidden layer's output.
    hidden: Vec<Buffer>,
    /// Each hidden layer's sums z, then `act'(z)`, then the loss's gradient by z.
    slopes: Vec<Buffer>,
    /// The network's output, then the loss's gradient by it.
    output: Buffer,
    /// The loss's gradient by a hidden layer's output.
    gradient: Buffer,
}

impl Workspace {
    /// Room for so many rows.
    pub(crate) fn new(form: &Form, rows: usize) -> Self {
        let hidden = || Buffer::zeros(rows * stride(form.width));
        Self {
            input: Buffer::zeros(rows * stride(form.inputs())),
            hidden: (0..form.depth).map(|_| hidden()).collect(),
            slopes: (0..form.depth).map(|_| hidden()).collect(),
            output: Buffer::zeros(rows * stride(form.features)),
            gradient: hidden(),
        }
    }
}

impl Network {
    pub(crate) fn new(form: Form, set: InstructionSet) -> Self {
        Self { layers: form.layers(), form, set }
    }

    /// The length of a buffer of all parameters.
    pub(crate) fn len(&self) -> usize {
        self.layers.last().map_or(0, Layer::end)
    }

    /// The losses of some rows, and the gradient of their sum, which is added to `gradients`.
    #[expect(clippy::too_many_arguments, reason = "what is read, and the three places to write to")]
    pub(crate) fn differentiate(
        &self,
        parameters: &[f32],
        transposed: &Transposed,
        batch: &StepBatch,
        rows: Range<usize>,
        space: &mut Workspace,
        losses: &mut [f32],
        gradients: &mut [f32],
    ) {
        self.read_input(batch, rows.clone(), space);
        self.forward(parameters, rows.len(), space);
        let features = self.form.features;
        let loss = Loss {
            reduction: batch.reduction,
            features,
            target: &batch.target.values[rows.start * features..rows.end * features],
            weight: &batch.weight[rows.clone()],
        };
        let stride = stride(features);
        loss.differentiate(&mut space.output[..rows.len() * stride], stride, losses);
        self.backward(transposed, rows.len(), space, gradients);
    }

    /// Puts the rows' columns side by side: `[x, sin, cos, level features, condition]`.
    fn read_input(&self, batch: &StepBatch, rows: Range<usize>, space: &mut Workspace) {
        let length = stride(self.form.inputs());
        let mut place = |first: usize, columns: &Columns| {
            let count = columns.columns;
            let from = columns.values[rows.start * count..rows.end * count].chunks_exact(count);
            for (to, from) in space.input.chunks_exact_mut(length).zip(from) {
                to[first..first + count].copy_from_slice(from);
            }
        };
        let (features, count) = (self.form.features, self.form.position_features());
        place(0, &batch.input);
        let mut first = features + 2 * count;
        for columns in batch.level_features.iter().chain(&batch.condition) {
            place(first, columns);
            first += columns.columns;
        }
        if count > 0 {
            for row in space.input.chunks_exact_mut(length).take(rows.len()) {
                let (x, rest) = row.split_at_mut(features);
                let (sin, cos) = rest[..2 * count].split_at_mut(count);
                self.set.run(Position { x, frequencies: &self.form.frequencies, sin, cos });
            }
        }
    }

    /// Fills the workspace's layers from its input.
    fn forward(&self, parameters: &[f32], rows: usize, space: &mut Workspace) {
        let (mut input, mut length) = (&space.input[..], stride(self.form.inputs()));
        let layers = self.layers.iter().zip(&mut space.slopes).zip(&mut space.hidden);
        for (i, ((layer, z), output)) in layers.enumerate() {
            self.sums(layer, parameters, rows, (input, length), z);
            let len = rows * layer.stride;
            self.set.run(Activate {
                activation: self.form.activation,
                z: &mut z[..len],
                before: (self.form.residual && i > 0).then_some(input),
                output: &mut output[..len],
            });
            (input, length) = (output, layer.stride);
        }
        let last = &self.layers[self.form.depth];
        self.sums(last, parameters, rows, (input, length), &mut space.output);
    }

    /// `input · weight + bias`.
    fn sums(
        &self,
        layer: &Layer,
        parameters: &[f32],
        rows: usize,
        (input, length): (&[f32], usize),
        output: &mut [f32],
    ) {
        self.set.run(Product {
            rows,
            inner: layer.inputs,
            columns: layer.outputs,
            a: input,
            a_row: length,
            a_column: 1,
            b: &parameters[layer.weight()],
            b_row: layer.stride,
            start: Start::Row(&parameters[layer.bias()]),
            c: output,
            c_row: layer.stride,
        });
    }

    /// Adds the gradients; the workspace's output holds the loss's gradient by it.
    fn backward(
        &self,
        transposed: &Transposed,
        rows: usize,
        space: &mut Workspace,
        gradients: &mut [f32],
    ) {
        let Workspace { input, hidden, slopes, output, gradient, .. } = space;
        for (i, layer) in self.layers.iter().enumerate().rev() {
            let len = rows * layer.stride;
            let own = &mut gradients[layer.first..layer.end()];
            let (weight, bias) = own.split_at_mut(layer.inputs * layer.stride);
            // The loss's gradient by this layer's sums.
            let delta = if i < self.form.depth {
                let (delta, gradient) = (&mut slopes[i][..len], &gradient[..len]);
                self.set.run(Chain { delta, gradient, sums: bias });
                delta
            } else {
                let delta = &mut output[..len];
                for row in delta.chunks_exact(layer.stride) {
                    for (sum, delta) in bias.iter_mut().zip(row) {
                        *sum += delta;
                    }
                }
                delta
            };
            let (a, a_column) = match i {
                0 => (&input[..], stride(self.form.inputs())),
                _ => (&hidden[i - 1][..], stride(self.form.width)),
            };
            self.set.run(Product {
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
            if i > 0 {
                let (b, b_row) = transposed.of(i);
                let skips = self.form.residual && i < self.form.depth;
                self.set.run(Product {
                    rows,
                    inner: layer.outputs,
                    columns: layer.inputs,
                    a: delta,
                    a_row: layer.stride,
                    a_column: 1,
                    b,
                    b_row,
                    start: if skips { Start::Own } else { Start::Zero },
                    c: &mut gradient[..],
                    c_row: stride(self.form.width),
                });
            }
        }
    }
}

/// `sin(2π x·B)` and `cos(2π x·B)` of one row.
struct Position<'a> {
    x: &'a [f32],
    frequencies: &'a [f32],
    sin: &'a mut [f32],
    cos: &'a mut [f32],
}

impl Kernel for Position<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        self.sin.fill(0.0);
        for (x, frequencies) in self.x.iter().zip(self.frequencies.chunks_exact(self.cos.len())) {
            for (turns, frequency) in self.sin.iter_mut().zip(frequencies) {
                *turns = S::mul_add(*x, *frequency, *turns);
            }
        }
        for (sin, cos) in self.sin.iter_mut().zip(self.cos) {
            (*sin, *cos) = sin_cos_of_turns::<S>(*sin);
        }
    }
}
