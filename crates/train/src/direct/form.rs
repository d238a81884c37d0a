//! The form of a multilayer perceptron, and where its numbers lie in one flat buffer.

use std::ops::Range;

use langevin_core::Activation;

use super::{
    buffer::{Buffer, stride},
    divide::LEAST,
};

/// What there is to know of a network beside its numbers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Form {
    /// Columns of a row of data, and of the output.
    pub(crate) features: usize,
    /// Columns that tell the level, and of the condition.
    pub(crate) extra_features: usize,
    /// Units of each hidden layer.
    pub(crate) width: usize,
    /// Hidden layers.
    pub(crate) depth: usize,
    pub(crate) activation: Activation,
    /// Whether each hidden layer after the first adds to what it got.
    pub(crate) residual: bool,
    /// Frequencies of the position, `[features, count]`, which are not trained; none: empty.
    pub(crate) frequencies: Vec<f32>,
}

/// Where a layer's numbers are: the rows of its weight `[inputs, outputs]`, then its bias, each row
/// of `stride` numbers. What a row has beyond `outputs` is zero, and stays so.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Layer {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) stride: usize,
    pub(crate) first: usize,
}

impl Form {
    /// Frequencies of the position.
    pub(crate) const fn position_features(&self) -> usize {
        self.frequencies.len() / self.features
    }

    /// Columns of the first layer's input.
    pub(crate) const fn inputs(&self) -> usize {
        self.features + 2 * self.position_features() + self.extra_features
    }

    /// The layers, in order; the last is the output.
    pub(crate) fn layers(&self) -> Vec<Layer> {
        let mut first = 0;
        let layer = |i| {
            let inputs = if i == 0 { self.inputs() } else { self.width };
            let outputs = if i == self.depth { self.features } else { self.width };
            let layer = Layer { inputs, outputs, stride: stride(outputs), first };
            first = layer.end();
            layer
        };
        (0..=self.depth).map(layer).collect()
    }
}

impl Layer {
    /// The weight's place in the buffer of all parameters.
    pub(crate) const fn weight(&self) -> Range<usize> {
        self.first..self.first + self.inputs * self.stride
    }

    /// The bias's place.
    pub(crate) const fn bias(&self) -> Range<usize> {
        self.first + self.inputs * self.stride..self.end()
    }

    /// Where the next layer begins.
    pub(crate) const fn end(&self) -> usize {
        self.first + (self.inputs + 1) * self.stride
    }

    /// Puts numbers into some rows of this layer.
    pub(crate) fn write(&self, buffer: &mut [f32], rows: Range<usize>, values: &[f32]) {
        let rows = buffer[rows].chunks_exact_mut(self.stride);
        for (row, values) in rows.zip(values.chunks_exact(self.outputs)) {
            row[..self.outputs].copy_from_slice(values);
        }
    }
}

/// The weights of every layer after the first, rows and columns exchanged: for the way back.
#[derive(Debug)]
pub(crate) struct Transposed {
    /// For each layer: where it begins, and the length of a row.
    places: Vec<(usize, usize)>,
    buffer: Buffer,
}

impl Transposed {
    pub(crate) fn new(layers: &[Layer]) -> Self {
        let mut end = 0;
        let place = |layer: &Layer| {
            let place = (end, stride(layer.inputs));
            end += layer.outputs * place.1;
            place
        };
        // The first layer's would be the data's gradient, which nobody asks for.
        let mut places = vec![(0, 0)];
        places.extend(layers[1..].iter().map(place));
        Self { places, buffer: Buffer::zeros(end) }
    }

    /// Takes up the present weights; those of large layers side by side where there are threads.
    pub(crate) fn update(&mut self, layers: &[Layer], parameters: &[f32], threads: usize) {
        let layers = layers.iter().zip(&self.places).skip(1);
        if threads < 2 || self.buffer.len() < 2 * LEAST {
            for (layer, &(first, stride)) in layers {
                let to = &mut self.buffer[first..first + layer.outputs * stride];
                transpose(layer, &parameters[layer.weight()], to, stride);
            }
            return;
        }
        let mut rest = &mut self.buffer[..];
        rayon::in_place_scope(|scope| {
            for (layer, &(_, stride)) in layers {
                let to;
                (to, rest) = std::mem::take(&mut rest).split_at_mut(layer.outputs * stride);
                let from = &parameters[layer.weight()];
                scope.spawn(move |_| transpose(layer, from, to, stride));
            }
        });
    }

    /// `[outputs, inputs]` of a layer, and the length of a row.
    pub(crate) fn of(&self, layer: usize) -> (&[f32], usize) {
        let (first, stride) = self.places[layer];
        (&self.buffer[first..], stride)
    }
}

/// A layer's weight, `[inputs, outputs]`, as `[outputs, inputs]` with rows of `stride` numbers; in blocks
/// of 4 × 4, which stay in registers.
pub(crate) fn transpose(layer: &Layer, from: &[f32], to: &mut [f32], stride: usize) {
    const BLOCK: usize = 4;
    let whole = |count: usize| count - count % BLOCK;
    let (inputs, outputs) = (whole(layer.inputs), whole(layer.outputs));
    for (input, rows) in from.chunks_exact(BLOCK * layer.stride).enumerate() {
        let input = BLOCK * input;
        if input == inputs {
            break;
        }
        for output in (0..outputs).step_by(BLOCK) {
            let rows: [[f32; BLOCK]; BLOCK] = std::array::from_fn(|i| {
                let row = &rows[i * layer.stride + output..][..BLOCK];
                std::array::from_fn(|j| row[j])
            });
            for j in 0..BLOCK {
                let column: [f32; BLOCK] = std::array::from_fn(|i| rows[i][j]);
                to[(output + j) * stride + input..][..BLOCK].copy_from_slice(&column);
            }
        }
    }
    // What is left of both sides.
    for input in 0..layer.inputs {
        let first = if input < inputs { outputs } else { 0 };
        for output in first..layer.outputs {
            to[output * stride + input] = from[input * layer.stride + output];
        }
    }
}
