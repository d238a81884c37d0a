//! Kernel of forward pass, losses and backward pass for narrow networks: one launch instead of one a layer.
//!
//! A cube keeps its rows' activations in shared memory from layer to layer. Each unit makes the numbers of
//! some rows and columns, and no other unit reads or writes these in the device's memory. So that memory
//! needs no barrier.

#![expect(clippy::collapsible_if, reason = "a condition of the compiler's around the kernel's")]

use cubecl::prelude::*;
use langevin_core::Activation;

use super::{
    activation::act,
    update::{LossArguments, loss_of},
};

/// Units of a cube along x. Unit x makes the columns x, x + LANES, and so on.
pub(super) const LANES: usize = 64;

/// Units of a cube along y. Each makes its share of the rows.
pub(super) const GROUPS: usize = 4;

/// Lines of an unrolled loop.
const UNROLLED: usize = 4;

/// Shape of the kernel, which is compiled for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Shape {
    /// Rows of a cube, a multiple of [`GROUPS`].
    pub(super) rows: usize,
    /// Columns of a unit.
    pub(super) columns: usize,
    /// Columns of the widest matrix.
    pub(super) widest: usize,
    /// Columns of the output.
    pub(super) outputs: usize,
    pub(super) activation: Activation,
    pub(super) residual: bool,
    pub(super) huber: bool,
}

/// Kernel of the pass: fills the outputs and deltas of all layers, `losses` and `sums`.
///
/// `turned` holds the transposed weights of all layers but the first, `[outputs, inputs]`.
#[cube(launch_unchecked)]
pub(super) fn pass(
    space: &mut [f32],
    parameters: &[f32],
    turned: &[f32],
    losses: &mut [f32],
    sums: &mut [f32],
    arguments: &LossArguments,
    part_rows: usize,
    inputs: usize,
    width: usize,
    depth: usize,
    input: usize,
    input_stride: usize,
    stride: usize,
    hidden: usize,
    slopes: usize,
    #[comptime] shape: Shape,
) {
    let (rows, outputs) = (arguments.rows, arguments.columns);
    let output_stride = arguments.output_stride;
    let cube_rows = comptime!(shape.rows);
    let own = comptime!(shape.rows / GROUPS);
    let wide = comptime!(shape.columns);
    let mut left = Shared::<[f32]>::new_slice(comptime!(shape.widest * shape.rows));
    let mut losses_of_units = Shared::<[f32]>::new_slice(comptime!(shape.outputs * shape.rows));
    let mut results = Array::<f32>::new(comptime!(own * wide));
    let mut gradient = Array::<f32>::new(comptime!(own * wide));
    let first_row = CUBE_POS_X as usize * cube_rows;
    let own_row = UNIT_POS_Y as usize * own;
    let x = UNIT_POS_X as usize;
    let layer_len = part_rows * stride;

    // The input; each line of `left` is a column.
    let unit = UNIT_POS as usize;
    let mut number = unit;
    while number < inputs * cube_rows {
        let (row, column) = (number / inputs, number % inputs);
        let mut value = 0.0f32;
        if first_row + row < rows {
            value = space[input + (first_row + row) * input_stride + column];
        }
        left[column * cube_rows + row] = value;
        number += comptime!(LANES * GROUPS);
    }
    sync_cube();

    // Forward.
    let mut place = 0usize;
    let mut inner = inputs;
    for layer in 0..depth {
        multiply(
            &left,
            parameters,
            place,
            stride,
            inner,
            width,
            &mut results,
            own,
            wide,
            cube_rows,
        );
        #[unroll]
        for j in 0..wide {
            let column = x + comptime!(LANES * j);
            if column < width {
                let bias = parameters[place + inner * stride + column];
                #[unroll]
                for i in 0..own {
                    let (value, slope) =
                        act(results[comptime!(i * wide + j)] + bias, comptime!(shape.activation));
                    let mut value = value;
                    if comptime!(shape.residual) {
                        if layer > 0 {
                            value += left[column * cube_rows + own_row + i];
                        }
                    }
                    results[comptime!(i * wide + j)] = value;
                    let row = first_row + own_row + i;
                    if row < rows {
                        let to = layer * layer_len + row * stride + column;
                        space[hidden + to] = value;
                        space[slopes + to] = slope;
                    }
                }
            }
        }
        put(&results, &mut left, width, own, wide, cube_rows);
        place += (inner + 1) * stride;
        inner = width;
    }

    // The output and the losses.
    multiply(
        &left,
        parameters,
        place,
        output_stride,
        width,
        outputs,
        &mut results,
        own,
        wide,
        cube_rows,
    );
    #[unroll]
    for j in 0..wide {
        let column = x + comptime!(LANES * j);
        if column < outputs {
            let bias = parameters[place + width * output_stride + column];
            #[unroll]
            for i in 0..own {
                let row = first_row + own_row + i;
                let mut loss = 0.0f32;
                let mut by_output = 0.0f32;
                if row < rows {
                    let factor = arguments.share * space[arguments.weight + row];
                    let error = results[comptime!(i * wide + j)] + bias
                        - space[arguments.target + row * outputs + column];
                    let (of_error, slope) = loss_of(error, arguments.delta, comptime!(shape.huber));
                    loss = factor * of_error;
                    by_output = factor * slope;
                    space[arguments.output + row * output_stride + column] = by_output;
                }
                results[comptime!(i * wide + j)] = by_output;
                losses_of_units[column * cube_rows + own_row + i] = loss;
            }
        }
    }
    put(&results, &mut left, outputs, own, wide, cube_rows);
    if unit < cube_rows {
        let mut loss = 0.0f32;
        for column in 0..outputs {
            loss += losses_of_units[column * cube_rows + unit];
        }
        // Read by this unit alone until the barrier.
        losses_of_units[unit] = loss;
        if first_row + unit < rows {
            losses[arguments.first_loss + first_row + unit] = loss;
        }
    }
    sync_cube();
    if unit == 0 {
        let mut loss = 0.0f32;
        for row in 0..cube_rows {
            loss += losses_of_units[row];
        }
        sums[arguments.first_sum + CUBE_POS_X as usize] = loss;
    }

    // Back.
    let mut inner = outputs;
    let mut place = (depth - 1) * width * stride;
    for back in 0..depth {
        let layer = depth - 1 - back;
        multiply(&left, turned, place, stride, inner, width, &mut results, own, wide, cube_rows);
        #[unroll]
        for j in 0..wide {
            let column = x + comptime!(LANES * j);
            if column < width {
                #[unroll]
                for i in 0..own {
                    let n = comptime!(i * wide + j);
                    let mut sum = results[n];
                    if comptime!(shape.residual) {
                        if back > 0 {
                            sum += gradient[n];
                        }
                        gradient[n] = sum;
                    }
                    let row = first_row + own_row + i;
                    let mut by_sums = 0.0f32;
                    if row < rows {
                        let at = slopes + layer * layer_len + row * stride + column;
                        by_sums = sum * space[at];
                        space[at] = by_sums;
                    }
                    results[n] = by_sums;
                }
            }
        }
        if layer > 0 {
            put(&results, &mut left, width, own, wide, cube_rows);
            place -= width * stride;
            inner = width;
        }
    }
}

/// Product of a unit's rows and columns, `results = left · right`. A line of `left` is a column.
#[cube]
fn multiply(
    left: &Shared<[f32]>,
    right: &[f32],
    place: usize,
    stride: usize,
    inner: usize,
    columns: usize,
    results: &mut Array<f32>,
    #[comptime] own: usize,
    #[comptime] wide: usize,
    #[comptime] cube_rows: usize,
) {
    #[unroll]
    for n in 0..comptime!(own * wide) {
        results[n] = 0.0;
    }
    let mut line = 0usize;
    while line + comptime!(UNROLLED - 1) < inner {
        #[unroll]
        for step in 0..UNROLLED {
            let right_line = place + (line + step) * stride;
            add_line(left, right, line + step, right_line, columns, results, own, wide, cube_rows);
        }
        line += UNROLLED;
    }
    while line < inner {
        let right_line = place + line * stride;
        add_line(left, right, line, right_line, columns, results, own, wide, cube_rows);
        line += 1;
    }
}

#[cube]
fn add_line(
    left: &Shared<[f32]>,
    right: &[f32],
    line: usize,
    right_line: usize,
    columns: usize,
    results: &mut Array<f32>,
    #[comptime] own: usize,
    #[comptime] wide: usize,
    #[comptime] cube_rows: usize,
) {
    let own_row = line * cube_rows + UNIT_POS_Y as usize * own;
    let mut own_left = Array::<f32>::new(own);
    #[unroll]
    for i in 0..own {
        own_left[i] = left[own_row + i];
    }
    #[unroll]
    for j in 0..wide {
        // Units beyond the last column read the last one again.
        let column = min(UNIT_POS_X as usize + comptime!(LANES * j), columns - 1);
        let factor = right[right_line + column];
        #[unroll]
        for i in 0..own {
            results[comptime!(i * wide + j)] += own_left[i] * factor;
        }
    }
}

/// Writes the units' results to `left`, once all units have read its old numbers.
#[cube]
fn put(
    results: &Array<f32>,
    left: &mut Shared<[f32]>,
    columns: usize,
    #[comptime] own: usize,
    #[comptime] wide: usize,
    #[comptime] cube_rows: usize,
) {
    sync_cube();
    let own_row = UNIT_POS_Y as usize * own;
    #[unroll]
    for j in 0..wide {
        let column = UNIT_POS_X as usize + comptime!(LANES * j);
        if column < columns {
            #[unroll]
            for i in 0..own {
                left[column * cube_rows + own_row + i] = results[comptime!(i * wide + j)];
            }
        }
    }
    sync_cube();
}
