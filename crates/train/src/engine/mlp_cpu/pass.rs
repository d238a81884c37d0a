//! Forward and backward pass of a few rows, whose activations stay in the cache.

use std::ops::Range;

use super::{
    activation::{Activate, Apply, Chain},
    buffer::Buffer,
    form::{Form, Layer, Transposed},
    heads::of_heads,
    loss::Loss,
    panels,
    position::{Fade, Position, fading_rates},
    product::{Left, Product, Start},
    simd::InstructionSet,
    team::{Team, for_each},
};
use crate::problem::{Columns, StepBatch};

/// Network without its parameters: its form, its layers' places, and the instructions that compute it.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) form: Form,
    pub(crate) layers: Vec<Layer>,
    pub(crate) set: InstructionSet,
}

/// Workspace of a forward and backward pass of one chunk of rows. Every matrix is in panels.
#[derive(Debug)]
pub(crate) struct Workspace {
    input: Input,
    /// Output of each hidden layer.
    hidden: Vec<Buffer>,
    /// For each hidden layer: first the sums z, then `act'(z)`, then the loss's gradient by z.
    slopes: Vec<Buffer>,
    /// First the network's output, then the loss's gradient by it.
    output: Buffer,
    /// One row of the output.
    row: Vec<f32>,
    /// The loss's gradient by a hidden layer's output.
    gradient: Buffer,
}

impl Workspace {
    /// A workspace for up to `rows` rows.
    pub(crate) fn new(form: &Form, rows: usize) -> Self {
        let hidden = || Buffer::zeros(rows * panels::padded(form.width));
        Self {
            input: Input::new(form, rows, panels::width(form.inputs())),
            hidden: (0..form.depth).map(|_| hidden()).collect(),
            slopes: (0..form.depth).map(|_| hidden()).collect(),
            output: Buffer::zeros(rows * panels::padded(form.outputs)),
            row: vec![0.0; form.outputs],
            gradient: hidden(),
        }
    }
}

/// Input of the first layer.
#[derive(Debug)]
pub(crate) struct Input {
    /// The input in panels of `width` columns.
    pub(crate) columns: Buffer,
    width: usize,
    /// Sines and cosines of the position, row by row.
    position: Buffer,
    /// The rate by which each frequency's sine and cosine fade.
    rates: Buffer,
    /// What is left of them at a row's noise.
    left: Buffer,
}

impl Input {
    /// Room for `rows` rows, in panels of `width` columns.
    pub(crate) fn new(form: &Form, rows: usize, width: usize) -> Self {
        Self {
            columns: Buffer::zeros(rows * form.inputs().next_multiple_of(width)),
            width,
            position: Buffer::zeros(rows * 2 * form.position_features()),
            rates: Buffer::zeros(form.position_features()),
            left: Buffer::zeros(form.position_features()),
        }
    }
}

/// Sum of gradients to which some rows are added.
#[derive(Debug)]
pub(crate) enum Sum<'a> {
    /// The rows are the first: the buffer's old numbers do not count.
    New(&'a mut [f32]),
    /// The sum holds other rows' gradients already.
    Further(&'a mut [f32]),
}

/// Workspace of a forward pass alone.
#[derive(Debug)]
pub(crate) struct ForwardSpace {
    /// The most rows that it has room for.
    rows: usize,
    input: Input,
    /// Outputs of two hidden layers: the present one and the one before.
    hidden: [Buffer; 2],
    output: Buffer,
}

impl ForwardSpace {
    /// A workspace for up to `rows` rows at once.
    pub(crate) fn new(form: &Form, rows: usize) -> Self {
        let hidden = || Buffer::zeros(rows * panels::padded(form.width));
        Self {
            rows,
            input: Input::new(form, rows, panels::width(form.inputs())),
            hidden: [hidden(), hidden()],
            output: Buffer::zeros(rows * panels::padded(form.outputs)),
        }
    }
}

impl Network {
    pub(crate) fn new(form: Form, set: InstructionSet) -> Self {
        Self { layers: form.layers(panels::width), form, set }
    }

    /// Length of a buffer of all parameters.
    pub(crate) fn len(&self) -> usize {
        self.layers.last().map_or(0, Layer::end)
    }

    /// Computes the losses of some rows, and the gradient of their sum. The gradient is added to
    /// `gradients`, or replaces what is there in a group's first chunk. A team, where there is one, shares the
    /// columns of each layer.
    #[expect(clippy::too_many_arguments, reason = "what is read, and the three places to write to")]
    pub(crate) fn differentiate(
        &self,
        parameters: &[f32],
        transposed: &Transposed,
        batch: &StepBatch,
        rows: Range<usize>,
        team: Option<&Team>,
        space: &mut Workspace,
        losses: &mut [f32],
        gradients: Sum<'_>,
    ) {
        self.read_input(batch, rows.clone(), &mut space.input);
        self.forward(parameters, rows.len(), team, space);
        let columns = self.form.outputs;
        let output = &mut space.output[..rows.len() * panels::padded(columns)];
        if let Some((target, weight)) = batch.one_squared_head() {
            let loss = Loss {
                reduction: batch.reduction,
                columns,
                target: target.of(rows.clone()),
                weight: &weight[rows.clone()],
            };
            loss.differentiate(output, losses);
        } else {
            of_heads(self.set, batch, rows.clone(), output, &mut space.row, losses);
        }
        self.backward(transposed, rows.len(), team, space, gradients);
    }

    /// Fills the input with the rows' columns: `[x, sin, cos, level features, condition]`.
    pub(crate) fn read_input(&self, batch: &StepBatch, rows: Range<usize>, input: &mut Input) {
        let told = batch.level_features.as_ref().map(|told| (told.of(rows.clone()), told.columns));
        let noise =
            |row: usize| told.map_or(0.0, |(values, columns)| values[(row + 1) * columns - 1]);
        self.place_data(batch.input.of(rows.clone()), noise, rows.len(), input);
        let mut first = self.form.data_inputs();
        for columns in batch.level_features.iter().chain(&batch.condition) {
            let (values, shape) = (columns.of(rows.clone()), (rows.len(), columns.columns));
            panels::place(&mut input.columns, input.width, first, values, shape);
            first += columns.columns;
        }
    }

    /// Fills the input's first columns: rows of data, and their sines and cosines. `noise` is the standard
    /// deviation of the noise in a row.
    fn place_data(&self, x: &[f32], noise: impl Fn(usize) -> f32, rows: usize, input: &mut Input) {
        let (features, count) = (self.form.features, self.form.position_features());
        panels::place(&mut input.columns, input.width, 0, x, (rows, features));
        if count > 0 {
            let position = &mut input.position[..rows * 2 * count];
            let frequencies = &self.form.frequencies;
            if self.form.fades {
                fading_rates(frequencies, &mut input.rates);
            }
            let rows_of = x.chunks_exact(features).zip(position.chunks_exact_mut(2 * count));
            input.left.fill(1.0);
            let mut faded_at = f32::NAN;
            for (i, (x, row)) in rows_of.enumerate() {
                if self.form.fades && noise(i) != faded_at {
                    // When sampling, all rows have one noise.
                    faded_at = noise(i);
                    let (rates, left) = (&input.rates, &mut input.left);
                    self.set.run(Fade { rates, noise: faded_at, left });
                }
                let (sin, cos) = row.split_at_mut(count);
                self.set.run(Position { x, frequencies, left: &input.left, sin, cos });
            }
            let shape = (rows, 2 * count);
            panels::place(&mut input.columns, input.width, features, position, shape);
        }
    }

    /// Bias of the first layer for rows that share the columns of their level: `bias + level · weight`, panel by
    /// panel.
    pub(crate) fn shared_bias(&self, parameters: &[f32], level: &[f32]) -> Buffer {
        let layer = &self.layers[0];
        let mut shared = Buffer::zeros(panels::padded(layer.outputs));
        for (panel, c) in shared.chunks_exact_mut(layer.width).enumerate() {
            let (weight, bias) = layer.panel_of(parameters, panel);
            if level.is_empty() {
                c.copy_from_slice(bias);
                continue;
            }
            self.set.run(Product {
                rows: 1,
                inner: level.len(),
                columns: panels::held(panel, layer.outputs),
                a: Left::turned(level, 1),
                b: &weight[self.form.data_inputs() * layer.width..],
                start: Start::Row(bias),
                c,
                width: layer.width,
            });
        }
        shared
    }

    /// Output of the network for rows that share the columns of their level, `told`, each with a condition of
    /// its own where there is one. `bias` is their [`shared_bias`](Self::shared_bias).
    ///
    /// # Shapes
    /// `x` is `[rows, features]`, `output` `[rows, outputs]`.
    pub(crate) fn predict(
        &self,
        parameters: &[f32],
        (told, bias): (&[f32], &[f32]),
        x: &[f32],
        condition: Option<&Columns>,
        space: &mut ForwardSpace,
        output: &mut [f32],
    ) {
        let (features, outputs) = (self.form.features, self.form.outputs);
        let ForwardSpace { rows: most, input, hidden: [before, after], output: sums } = space;
        let (first, last) = (&self.layers[0], &self.layers[self.form.depth]);
        let inner = self.form.data_inputs();
        let chunks = x.chunks(*most * features).zip(output.chunks_mut(*most * outputs));
        for (chunk, (x, output)) in chunks.enumerate() {
            let rows = x.len() / features;
            self.place_data(x, |_| told.last().copied().unwrap_or_default(), rows, input);
            let first_row = chunk * *most;
            let condition =
                condition.map(|columns| (columns.of(first_row..first_row + rows), columns));
            let len = rows * panels::padded(first.outputs);
            let a = Left::of(&input.columns, rows, self.form.inputs());
            let z = after[..len].chunks_exact_mut(rows * first.width);
            for ((panel, z), bias) in z.enumerate().zip(bias.chunks_exact(first.width)) {
                self.sums(first, panel, (a, inner, rows), parameters, Some(bias), z);
                if let Some((values, columns)) = condition {
                    self.add_condition(panel, (values, columns.columns, rows), parameters, z);
                }
                self.set.run(Apply { activation: self.form.activation, z, before: None });
            }
            for layer in &self.layers[1..self.form.depth] {
                std::mem::swap(before, after);
                let a = Left::of(before, rows, layer.inputs);
                let size = rows * layer.width;
                let z = after[..len].chunks_exact_mut(size);
                for ((panel, z), before) in z.enumerate().zip(before.chunks_exact(size)) {
                    self.sums(layer, panel, (a, layer.inputs, rows), parameters, None, z);
                    let before = self.form.residual.then_some(before);
                    self.set.run(Apply { activation: self.form.activation, z, before });
                }
            }
            let a = Left::of(after, rows, last.inputs);
            let sums = &mut sums[..rows * panels::padded(outputs)];
            for (panel, sums) in sums.chunks_exact_mut(rows * last.width).enumerate() {
                self.sums(last, panel, (a, last.inputs, rows), parameters, None, sums);
            }
            panels::read(sums, last.width, output, (rows, outputs));
        }
    }

    /// Adds `condition · weight` to one panel of the first layer's sums.
    fn add_condition(
        &self,
        panel: usize,
        (values, columns, rows): (&[f32], usize, usize),
        parameters: &[f32],
        c: &mut [f32],
    ) {
        let layer = &self.layers[0];
        let (weight, _) = layer.panel_of(parameters, panel);
        self.set.run(Product {
            rows,
            inner: columns,
            columns: panels::held(panel, layer.outputs),
            a: Left::rows(values, columns),
            b: &weight[(layer.inputs - columns) * layer.width..],
            start: Start::Own,
            c,
            width: layer.width,
        });
    }

    /// Forward pass: fills the workspace's layers from its input.
    fn forward(&self, parameters: &[f32], rows: usize, team: Option<&Team>, space: &mut Workspace) {
        let (mut input, mut columns) = (&space.input.columns[..], self.form.inputs());
        let layers = self.layers.iter().zip(&mut space.slopes).zip(&mut space.hidden);
        for (i, ((layer, z), output)) in layers.enumerate() {
            let (size, len) = (rows * layer.width, rows * panels::padded(layer.outputs));
            let a = Left::of(input, rows, columns);
            let z = z[..len].chunks_exact_mut(size);
            let panels = z.zip(output[..len].chunks_exact_mut(size)).enumerate();
            for_each(team, panels, |(panel, (z, output))| {
                self.sums(layer, panel, (a, columns, rows), parameters, None, z);
                let skips = self.form.residual && i > 0;
                let before = skips.then(|| &input[panel * size..][..size]);
                self.set.run(Activate { activation: self.form.activation, z, before, output });
            });
            (input, columns) = (output, layer.outputs);
        }
        let last = &self.layers[self.form.depth];
        let a = Left::of(input, rows, columns);
        let output = &mut space.output[..rows * panels::padded(last.outputs)];
        let panels = output.chunks_exact_mut(rows * last.width).enumerate();
        for_each(team, panels, |(panel, output)| {
            self.sums(last, panel, (a, columns, rows), parameters, None, output);
        });
    }

    /// One panel of `a · weight + bias`, over the first `inner` columns of a. The bias is the layer's own
    /// where none is given.
    fn sums(
        &self,
        layer: &Layer,
        panel: usize,
        (a, inner, rows): (Left<'_>, usize, usize),
        parameters: &[f32],
        bias: Option<&[f32]>,
        c: &mut [f32],
    ) {
        let (b, own) = layer.panel_of(parameters, panel);
        self.set.run(Product {
            rows,
            inner,
            columns: panels::held(panel, layer.outputs),
            a,
            b,
            start: Start::Row(bias.unwrap_or(own)),
            c,
            width: layer.width,
        });
    }

    /// Backward pass: makes the gradients. The workspace's output holds the loss's gradient by the output.
    fn backward(
        &self,
        transposed: &Transposed,
        rows: usize,
        team: Option<&Team>,
        space: &mut Workspace,
        gradients: Sum<'_>,
    ) {
        let (mut rest, start) = match gradients {
            Sum::New(gradients) => (gradients, Start::Zero),
            Sum::Further(gradients) => (gradients, Start::Own),
        };
        let Workspace { input, hidden, slopes, output, gradient, .. } = space;
        for (i, layer) in self.layers.iter().enumerate().rev() {
            let (earlier, own) = std::mem::take(&mut rest).split_at_mut(layer.first);
            rest = earlier;
            let own = own[..layer.end() - layer.first].chunks_exact_mut(layer.panel());
            let x = if i == 0 { &input.columns[..] } else { &hidden[i - 1][..] };
            let (len, size) = (rows * panels::padded(layer.outputs), rows * layer.width);
            if i == self.form.depth {
                let panels = output[..len].chunks_exact(size).zip(own);
                for_each(team, panels, |(delta, own)| {
                    let (weight, bias) = self.clear(layer, start, own);
                    for row in delta.chunks_exact(bias.len()) {
                        for (sum, delta) in bias.iter_mut().zip(row) {
                            *sum += delta;
                        }
                    }
                    self.weight_gradient(layer, (x, rows), delta, start, weight);
                });
                continue;
            }
            let (slopes, later_deltas) = slopes.split_at_mut(i + 1);
            let later = &self.layers[i + 1];
            let later_delta = later_deltas.first().unwrap_or(output);
            let a = Left::of(later_delta, rows, later.outputs);
            let skips = self.form.residual && i + 1 < self.form.depth;
            let panels = gradient[..len].chunks_exact_mut(size);
            let panels = panels.zip(slopes[i][..len].chunks_exact_mut(size)).zip(own).enumerate();
            for_each(team, panels, |(panel, ((gradient, delta), own))| {
                self.set.run(Product {
                    rows,
                    inner: later.outputs,
                    columns: panels::held(panel, layer.outputs),
                    a,
                    b: transposed.of(later, i + 1, panel),
                    start: if skips { Start::Own } else { Start::Zero },
                    c: gradient,
                    width: layer.width,
                });
                let (weight, sums) = self.clear(layer, start, own);
                self.set.run(Chain { delta, gradient, sums });
                self.weight_gradient(layer, (x, rows), delta, start, weight);
            });
        }
    }

    /// Gradients of one panel by weight and by bias; the latter starts at zero in the first chunk.
    fn clear<'a>(
        &self,
        layer: &Layer,
        start: Start<'_>,
        panel: &'a mut [f32],
    ) -> (&'a mut [f32], &'a mut [f32]) {
        let (weight, bias) = panel.split_at_mut(layer.inputs * layer.width);
        if matches!(start, Start::Zero) {
            bias.fill(0.0);
        }
        (weight, bias)
    }

    /// One panel of the gradient by the weight, `xᵀ · delta`.
    fn weight_gradient(
        &self,
        layer: &Layer,
        (x, rows): (&[f32], usize),
        delta: &[f32],
        start: Start<'_>,
        c: &mut [f32],
    ) {
        let width = panels::width(layer.inputs);
        for (c, x) in c.chunks_mut(width * layer.width).zip(x.chunks_exact(rows * width)) {
            self.set.run(Product {
                rows: c.len() / layer.width,
                inner: rows,
                columns: layer.width,
                a: Left::turned(x, width),
                b: delta,
                start,
                c,
                width: layer.width,
            });
        }
    }
}
