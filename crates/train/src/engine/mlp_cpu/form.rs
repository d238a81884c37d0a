//! Form of a multilayer perceptron, and the places of its parameters in one flat buffer.

use langevin_core::Activation;

use super::{
    buffer::{Buffer, LINE},
    divide::LEAST,
    panels::{self, PANEL},
    team::{Part, Team},
};

/// Form of a network: all there is to it beside its parameters.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Form {
    /// Columns of a row of data.
    pub(crate) features: usize,
    /// Columns of the output.
    pub(crate) outputs: usize,
    /// Columns of the level and of the condition.
    pub(crate) extra_features: usize,
    /// Units of each hidden layer.
    pub(crate) width: usize,
    /// Hidden layers.
    pub(crate) depth: usize,
    pub(crate) activation: Activation,
    /// Whether each hidden layer after the first adds its input to its output.
    pub(crate) residual: bool,
    /// Frequencies of the position, `[features, count]`, which are not trained; empty where there are none.
    pub(crate) frequencies: Vec<f32>,
    /// Whether sines and cosines fade with the noise in the input, which the last column of the level tells.
    pub(crate) fades: bool,
}

/// Place of a layer's parameters: panels of `[inputs + 1, width]`. Each panel holds the columns of the weight
/// for some outputs, and their bias as its last row. Columns beyond the outputs are zero, and stay so.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Layer {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    /// Outputs that a panel has room for.
    pub(crate) width: usize,
    pub(crate) first: usize,
}

impl Form {
    /// Number of frequencies of the position.
    pub(crate) const fn position_features(&self) -> usize {
        self.frequencies.len() / self.features
    }

    /// Columns that a row's data give the first layer: the row itself, and the sines and cosines of its position.
    pub(crate) const fn data_inputs(&self) -> usize {
        self.features + 2 * self.position_features()
    }

    /// Columns of the first layer's input.
    pub(crate) const fn inputs(&self) -> usize {
        self.data_inputs() + self.extra_features
    }

    /// The layers in order; the last is the output. `width` gives the width of the panels for a number of
    /// outputs.
    pub(crate) fn layers(&self, width: fn(usize) -> usize) -> Vec<Layer> {
        let mut first = 0;
        let layer = |i| {
            let inputs = if i == 0 { self.inputs() } else { self.width };
            let outputs = if i == self.depth { self.outputs } else { self.width };
            let layer = Layer { inputs, outputs, width: width(outputs), first };
            first = layer.end();
            layer
        };
        (0..=self.depth).map(layer).collect()
    }
}

impl Layer {
    /// Length of a panel.
    pub(crate) const fn panel(&self) -> usize {
        (self.inputs + 1) * self.width
    }

    /// Place where the next layer begins.
    pub(crate) const fn end(&self) -> usize {
        self.first + (self.inputs + 1) * self.outputs.next_multiple_of(self.width)
    }

    /// The panels of this layer in order.
    pub(crate) fn panels<'a>(&self, buffer: &'a [f32]) -> impl Iterator<Item = &'a [f32]> {
        buffer[self.first..self.end()].chunks_exact(self.panel())
    }

    /// Weight and bias of one panel.
    pub(crate) fn panel_of<'a>(&self, buffer: &'a [f32], panel: usize) -> (&'a [f32], &'a [f32]) {
        let first = self.first + panel * self.panel();
        buffer[first..first + self.panel()].split_at(self.inputs * self.width)
    }

    /// Reads the weight, `[outputs, inputs]`, and the bias.
    pub(crate) fn read(&self, buffer: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let mut weight = vec![0.0; self.outputs * self.inputs];
        let mut bias = Vec::with_capacity(self.outputs);
        let rows = weight.chunks_mut(self.width * self.inputs);
        for (panel, (to, from)) in rows.zip(self.panels(buffer)).enumerate() {
            let held = (self.outputs - panel * self.width).min(self.width);
            let (weight, own) = from.split_at(self.inputs * self.width);
            transpose((weight, self.width), (to, self.inputs), self.inputs, held);
            bias.extend_from_slice(&own[..held]);
        }
        (weight, bias)
    }

    /// Writes a weight, `[outputs, inputs]`.
    pub(crate) fn write_weight(&self, buffer: &mut [f32], weight: &[f32]) {
        let panels = buffer[self.first..self.end()].chunks_exact_mut(self.panel());
        for (to, from) in panels.zip(weight.chunks(self.width * self.inputs)) {
            let held = from.len() / self.inputs;
            transpose((from, self.inputs), (to, self.width), held, self.inputs);
        }
    }

    /// Writes a bias.
    pub(crate) fn write_bias(&self, buffer: &mut [f32], bias: &[f32]) {
        let panels = buffer[self.first..self.end()].chunks_exact_mut(self.panel());
        for (to, from) in panels.zip(bias.chunks(self.width)) {
            to[self.inputs * self.width..][..from.len()].copy_from_slice(from);
        }
    }
}

/// Transposed weights of every layer after the first, for the backward pass.
#[derive(Debug)]
pub(crate) struct Transposed {
    /// Places where the layers begin.
    places: Vec<usize>,
    buffer: Buffer,
}

impl Transposed {
    pub(crate) fn new(layers: &[Layer]) -> Self {
        let mut end = 0;
        let place = |layer: &Layer| {
            let place = end;
            end += layer.outputs * panels::padded(layer.inputs);
            place
        };
        // The first layer's weight would only serve the gradient by the data, which is not needed.
        let places = layers[1..].iter().map(place).collect();
        Self { places, buffer: Buffer::zeros(end) }
    }

    /// Transposes the present weights, by several threads where they are many. `beside` runs meanwhile.
    pub(crate) fn update(
        &mut self,
        layers: &[Layer],
        parameters: &[f32],
        team: &Team,
        beside: Option<&mut (dyn FnMut() + Send)>,
    ) {
        let threads = self.buffer.len() / (2 * LEAST) + usize::from(beside.is_some());
        let mut rest = &mut self.buffer[..];
        let panels = layers[1..].iter().flat_map(|layer| {
            let (width, padded) = (panels::width(layer.inputs), panels::padded(layer.inputs));
            let own;
            (own, rest) = std::mem::take(&mut rest).split_at_mut(layer.outputs * padded);
            let panels = own.chunks_exact_mut(layer.outputs * width).enumerate();
            panels.map(move |(panel, to)| (layer, panel, to))
        });
        let parts = beside.map(Part::Beside).into_iter().chain(panels.map(Part::Own));
        team.for_each(threads, parts, |part| match part {
            Part::Beside(work) => work(),
            Part::Own((layer, panel, to)) => {
                let (width, held) =
                    (panels::width(layer.inputs), panels::held(panel, layer.inputs));
                let outputs = to.chunks_mut(layer.width * width).enumerate();
                for ((i, to), from) in outputs.zip(layer.panels(parameters)) {
                    let from = &from[panel * width * layer.width..];
                    let shape = (held, panels::held(i, layer.outputs));
                    match (layer.width, width) {
                        (LINE, LINE) => transpose_panel::<LINE, LINE>(from, to, shape),
                        (LINE, _) => transpose_panel::<LINE, PANEL>(from, to, shape),
                        (_, LINE) => transpose_panel::<PANEL, LINE>(from, to, shape),
                        _ => transpose_panel::<PANEL, PANEL>(from, to, shape),
                    }
                }
            }
        });
    }

    /// A panel of a layer's transposed weight, `[outputs, inputs]`; `number` is the layer's.
    pub(crate) fn of(&self, layer: &Layer, number: usize, panel: usize) -> &[f32] {
        let size = layer.outputs * panels::width(layer.inputs);
        &self.buffer[self.places[number - 1] + panel * size..][..size]
    }
}

/// Transposes a matrix `[rows, columns]`. Each matrix comes with the length of its rows. It goes in blocks of
/// 4 × 4, which stay in registers.
fn transpose(
    (from, from_row): (&[f32], usize),
    (to, to_row): (&mut [f32], usize),
    rows: usize,
    columns: usize,
) {
    const BLOCK: usize = 4;
    let whole = |count: usize| count - count % BLOCK;
    let (whole_rows, whole_columns) = (whole(rows), whole(columns));
    for row in (0..whole_rows).step_by(BLOCK) {
        for column in (0..whole_columns).step_by(BLOCK) {
            let mut block = [[0.0; BLOCK]; BLOCK];
            for (i, values) in block.iter_mut().enumerate() {
                values.copy_from_slice(&from[(row + i) * from_row + column..][..BLOCK]);
            }
            let [a, b, c, d] = block;
            for j in 0..BLOCK {
                to[(column + j) * to_row + row..][..BLOCK]
                    .copy_from_slice(&[a[j], b[j], c[j], d[j]]);
            }
        }
    }
    // What the blocks leave at both sides.
    for row in 0..rows {
        let first = if row < whole_rows { whole_columns } else { 0 };
        for column in first..columns {
            to[column * to_row + row] = from[row * from_row + column];
        }
    }
}

/// Transposes a matrix of a panel. The compiler knows the lengths of both matrices' rows, `FROM` and `TO`, so
/// that places in them are cheap to compute and to check.
fn transpose_panel<const FROM: usize, const TO: usize>(
    from: &[f32],
    to: &mut [f32],
    (rows, columns): (usize, usize),
) {
    const BLOCK: usize = 4;
    let from = &from.as_chunks::<FROM>().0[..rows];
    let to = &mut to.as_chunks_mut::<TO>().0[..columns];
    let from_bands = from.as_chunks::<BLOCK>().0;
    for (i, to) in to.as_chunks_mut::<BLOCK>().0.iter_mut().enumerate() {
        for (j, from) in from_bands.iter().enumerate() {
            let [a, b, c, d] = from.each_ref().map(|row| row.as_chunks::<BLOCK>().0[i]);
            for (k, row) in to.iter_mut().enumerate() {
                row.as_chunks_mut::<BLOCK>().0[j] = [a[k], b[k], c[k], d[k]];
            }
        }
    }
    let whole = |count: usize| count - count % BLOCK;
    for (row, from) in from.iter().enumerate() {
        let first = if row < whole(rows) { whole(columns) } else { 0 };
        for (to, value) in to.iter_mut().zip(from).skip(first) {
            to[row] = *value;
        }
    }
}
