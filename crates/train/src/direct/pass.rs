//! Forward and backward of a few rows, whose activations stay in the cache.

use std::ops::Range;

use super::{
    activation::{Activate, Apply, Chain},
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
    pub(crate) input: Buffer,
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

/// A sum of gradients in the making.
#[derive(Debug)]
pub(crate) enum Sum<'a> {
    /// These rows are the first: what is there does not count.
    New(&'a mut [f32]),
    /// There are others in it.
    Further(&'a mut [f32]),
}

/// What a thread needs to take rows through the network and not back.
#[derive(Debug)]
pub(crate) struct ForwardSpace {
    input: Buffer,
    /// Two hidden layers' outputs.
    hidden: [Buffer; 2],
    output: Buffer,
}

impl ForwardSpace {
    /// Room for so many rows at once.
    pub(crate) fn new(form: &Form, rows: usize) -> Self {
        let hidden = || Buffer::zeros(rows * stride(form.width));
        Self {
            input: Buffer::zeros(rows * stride(form.inputs())),
            hidden: [hidden(), hidden()],
            output: Buffer::zeros(rows * stride(form.features)),
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

    /// The losses of some rows, and the gradient of their sum, which is added to `gradients`, or
    /// written over what is there in a group's first chunk.
    #[expect(clippy::too_many_arguments, reason = "what is read, and the three places to write to")]
    pub(crate) fn differentiate(
        &self,
        parameters: &[f32],
        transposed: &Transposed,
        batch: &StepBatch,
        rows: Range<usize>,
        space: &mut Workspace,
        losses: &mut [f32],
        gradients: Sum<'_>,
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
    pub(crate) fn read_input(&self, batch: &StepBatch, rows: Range<usize>, space: &mut Workspace) {
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
        self.place_position(&mut space.input[..rows.len() * length]);
    }

    /// Fills in the sines and cosines of rows whose data columns are there.
    fn place_position(&self, input: &mut [f32]) {
        let (features, count) = (self.form.features, self.form.position_features());
        if count > 0 {
            for row in input.chunks_exact_mut(stride(self.form.inputs())) {
                let (x, rest) = row.split_at_mut(features);
                let (sin, cos) = rest[..2 * count].split_at_mut(count);
                self.set.run(Position { x, frequencies: &self.form.frequencies, sin, cos });
            }
        }
    }

    /// The first layer's bias for rows that share their extra columns: `bias + extra · weight`.
    pub(crate) fn shared_bias(&self, parameters: &[f32], extra: &[f32]) -> Buffer {
        let layer = &self.layers[0];
        let bias = &parameters[layer.bias()];
        let mut shared = Buffer::zeros(layer.stride);
        shared.copy_from_slice(bias);
        if !extra.is_empty() {
            let own = layer.weight().start + (layer.inputs - extra.len()) * layer.stride;
            self.set.run(Product {
                rows: 1,
                inner: extra.len(),
                columns: layer.outputs,
                a: extra,
                a_row: extra.len(),
                a_column: 1,
                b: &parameters[own..layer.weight().end],
                b_row: layer.stride,
                start: Start::Row(bias),
                c: &mut shared,
                c_row: layer.stride,
            });
        }
        shared
    }

    /// The network's output for rows that share their extra columns, which `bias` has in it.
    ///
    /// # Shapes
    /// `x` and `output` are `[rows, features]`.
    pub(crate) fn predict(
        &self,
        parameters: &[f32],
        bias: &[f32],
        x: &[f32],
        space: &mut ForwardSpace,
        output: &mut [f32],
    ) {
        let (features, length) = (self.form.features, stride(self.form.inputs()));
        let ForwardSpace { input, hidden, output: sums } = space;
        let chunk = input.len() / length * features;
        for (x, output) in x.chunks(chunk).zip(output.chunks_mut(chunk)) {
            let rows = x.len() / features;
            for (to, from) in input.chunks_exact_mut(length).zip(x.chunks_exact(features)) {
                to[..features].copy_from_slice(from);
            }
            self.place_position(&mut input[..rows * length]);
            let [before, after] = &mut *hidden;
            let (first, later) = (&self.layers[0], &self.layers[1..self.form.depth]);
            let inner = features + 2 * self.form.position_features();
            self.sums(first, parameters, bias, inner, rows, (input, length), after);
            let z = &mut after[..rows * first.stride];
            self.set.run(Apply { activation: self.form.activation, z, before: None });
            for layer in later {
                std::mem::swap(before, after);
                let own = &parameters[layer.bias()];
                let from = (&before[..], layer.stride);
                self.sums(layer, parameters, own, layer.inputs, rows, from, after);
                let len = rows * layer.stride;
                self.set.run(Apply {
                    activation: self.form.activation,
                    z: &mut after[..len],
                    before: self.form.residual.then_some(&before[..len]),
                });
            }
            let last = &self.layers[self.form.depth];
            let (own, from) = (&parameters[last.bias()], (&after[..], first.stride));
            self.sums(last, parameters, own, last.inputs, rows, from, sums);
            let sums = sums.chunks_exact(last.stride);
            for (to, from) in output.chunks_exact_mut(features).zip(sums) {
                to.copy_from_slice(&from[..features]);
            }
        }
    }

    /// Fills the workspace's layers from its input.
    fn forward(&self, parameters: &[f32], rows: usize, space: &mut Workspace) {
        let (mut input, mut length) = (&space.input[..], stride(self.form.inputs()));
        let layers = self.layers.iter().zip(&mut space.slopes).zip(&mut space.hidden);
        for (i, ((layer, z), output)) in layers.enumerate() {
            let bias = &parameters[layer.bias()];
            self.sums(layer, parameters, bias, layer.inputs, rows, (input, length), z);
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
        let bias = &parameters[last.bias()];
        let from = (input, length);
        self.sums(last, parameters, bias, last.inputs, rows, from, &mut space.output);
    }

    /// `input · weight + bias`, over the first `inner` columns of the input.
    #[expect(clippy::too_many_arguments, reason = "what is read, and the place to write to")]
    fn sums(
        &self,
        layer: &Layer,
        parameters: &[f32],
        bias: &[f32],
        inner: usize,
        rows: usize,
        (input, length): (&[f32], usize),
        output: &mut [f32],
    ) {
        self.set.run(Product {
            rows,
            inner,
            columns: layer.outputs,
            a: input,
            a_row: length,
            a_column: 1,
            b: &parameters[layer.weight()],
            b_row: layer.stride,
            start: Start::Row(bias),
            c: output,
            c_row: layer.stride,
        });
    }

    /// Makes the gradients; the workspace's output holds the loss's gradient by it.
    fn backward(
        &self,
        transposed: &Transposed,
        rows: usize,
        space: &mut Workspace,
        gradients: Sum<'_>,
    ) {
        let (gradients, start) = match gradients {
            Sum::New(gradients) => {
                for layer in &self.layers {
                    gradients[layer.bias()].fill(0.0);
                }
                (gradients, Start::Zero)
            }
            Sum::Further(gradients) => (gradients, Start::Own),
        };
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
                start,
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
