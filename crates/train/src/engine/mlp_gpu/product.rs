//! Kernels that multiply matrices: a layer forward, back by its input, and the gradients of all layers.
//!
//! A cube makes a square tile of the result, `block` by `block` numbers a unit, from tiles of both
//! factors in shared memory. Sizes are any: what lies beyond a matrix counts as zero.

use cubecl::prelude::*;
use langevin_core::Activation;

use super::{activation::act, update::sum_of_units};

/// Units along each side of a cube.
pub(super) const SIDE: usize = 16;

/// Products of each number that are summed between two loads of tiles.
pub(super) const DEPTH: usize = 16;

/// Columns of the table that [`gradients`] reads.
pub(super) const COLUMNS: usize = 9;

/// Kernel of a layer forward: `output = act(input · weight + bias)`, to which a residual layer adds its input,
/// and `slope = act'`. Without an activation the output is the sums alone.
///
/// All but the parameters lie in `space`, at the places given. The rows of weight and output have `stride`
/// numbers.
#[cube(launch_unchecked)]
pub(super) fn forward(
    space: &mut [f32],
    parameters: &[f32],
    rows: usize,
    inputs: usize,
    outputs: usize,
    input: usize,
    input_stride: usize,
    weight: usize,
    stride: usize,
    output: usize,
    slope: usize,
    #[comptime] block: usize,
    #[comptime] activation: Option<Activation>,
    #[comptime] residual: bool,
) {
    let first_row = CUBE_POS_X as usize * SIDE * block;
    let first_column = CUBE_POS_Y as usize * SIDE * block;
    let mut sums = Array::<f32>::new(comptime!(block * block));
    multiply(
        &space[..],
        input,
        input_stride,
        first_row,
        rows,
        parameters,
        weight,
        stride,
        first_column,
        outputs,
        inputs,
        &mut sums,
        block,
    );
    #[unroll]
    for i in 0..block {
        #[unroll]
        for j in 0..block {
            let row = first_row + UNIT_POS_Y as usize + comptime!(SIDE * i);
            let column = first_column + UNIT_POS_X as usize + comptime!(SIDE * j);
            if row < rows && column < outputs {
                let bias = parameters[weight + inputs * stride + column];
                let z = sums[comptime!(i * block + j)] + bias;
                let place = row * stride + column;
                match comptime!(activation) {
                    Some(activation) => {
                        let (value, derivative) = act(z, activation);
                        space[slope + place] = derivative;
                        if comptime!(residual) {
                            space[output + place] = value + space[input + place];
                        } else {
                            space[output + place] = value;
                        }
                    }
                    None => space[output + place] = z,
                }
            }
        }
    }
}

/// Kernel of a layer backward: the gradient by its input, `gradient = delta · weightᵀ`, to which a residual
/// layer adds the gradient that was there. `slope = slope · gradient` then is the delta of the layer before.
/// `turned` holds the transposed weight.
#[cube(launch_unchecked)]
pub(super) fn backward(
    space: &mut [f32],
    turned: &[f32],
    rows: usize,
    inputs: usize,
    outputs: usize,
    delta: usize,
    weight: usize,
    stride: usize,
    gradient: usize,
    slope: usize,
    input_stride: usize,
    #[comptime] block: usize,
    #[comptime] residual: bool,
) {
    let first_row = CUBE_POS_X as usize * SIDE * block;
    let first_column = CUBE_POS_Y as usize * SIDE * block;
    let mut sums = Array::<f32>::new(comptime!(block * block));
    multiply(
        &space[..],
        delta,
        stride,
        first_row,
        rows,
        turned,
        weight,
        input_stride,
        first_column,
        inputs,
        outputs,
        &mut sums,
        block,
    );
    #[unroll]
    for i in 0..block {
        #[unroll]
        for j in 0..block {
            let row = first_row + UNIT_POS_Y as usize + comptime!(SIDE * i);
            let column = first_column + UNIT_POS_X as usize + comptime!(SIDE * j);
            if row < rows && column < inputs {
                let place = row * input_stride + column;
                let mut sum = sums[comptime!(i * block + j)];
                if comptime!(residual) {
                    sum += space[gradient + place];
                }
                space[gradient + place] = sum;
                space[slope + place] *= sum;
            }
        }
    }
}

/// Kernel of the gradients of all layers' weights and biases. Each slice of the rows writes to a part of
/// `partial` of its own, and from a batch's second part on adds to it (`further`). A single slice is the whole
/// sum already, so then `sums` gets each cube's sum of squares.
///
/// The table has a row for each layer: its first tile, its rows with the bias's, its columns, the places
/// and strides of input, delta and parameters. Cubes lie along x by tile, along y by slice.
#[cube(launch_unchecked)]
pub(super) fn gradients(
    space: &[f32],
    table: &[u32],
    partial: &mut [f32],
    sums: &mut [f32],
    layers: usize,
    len: usize,
    rows: usize,
    slice_rows: usize,
    first_input: usize,
    further: u32,
    #[comptime] block: usize,
    #[comptime] single: bool,
) {
    let tile = CUBE_POS_X;
    let mut entry = 0usize;
    for layer in 1..layers {
        if table[layer * COLUMNS] <= tile {
            entry = layer * COLUMNS;
        }
    }
    let tile = (tile - table[entry]) as usize;
    let (lines, columns) = (table[entry + 1] as usize, table[entry + 2] as usize);
    let mut input = table[entry + 3] as usize;
    if entry == 0 {
        input = first_input;
    }
    let input_stride = table[entry + 4] as usize;
    let (delta, stride) = (table[entry + 5] as usize, table[entry + 6] as usize);
    let (place, place_stride) = (table[entry + 7] as usize, table[entry + 8] as usize);
    let across = (columns + comptime!(SIDE * block - 1)) / comptime!(SIDE * block);
    let first_line = tile / across * comptime!(SIDE * block);
    let first_column = tile % across * comptime!(SIDE * block);

    let mut left = Shared::<[f32]>::new_slice(comptime!(DEPTH * (SIDE * block + 1)));
    let mut right = Shared::<[f32]>::new_slice(comptime!(DEPTH * (SIDE * block + 1)));
    let mut products = Array::<f32>::new(comptime!(block * block));
    clear(&mut products, block);
    let slice = CUBE_POS_Y as usize;
    let mut first = slice * slice_rows;
    let last = min(first + slice_rows, rows);
    while first < last {
        load_with_ones(
            space,
            input,
            input_stride,
            first_line,
            lines - 1,
            first,
            last,
            &mut left,
            block,
        );
        load(space, delta, 1, stride, first_column, columns, first, last, &mut right, block, false);
        sync_cube();
        add_products(&left, &right, &mut products, block);
        sync_cube();
        first += DEPTH;
    }
    let mut squares = 0.0f32;
    #[unroll]
    for i in 0..block {
        #[unroll]
        for j in 0..block {
            let line = first_line + UNIT_POS_Y as usize + comptime!(SIDE * i);
            let column = first_column + UNIT_POS_X as usize + comptime!(SIDE * j);
            if line < lines && column < columns {
                let place = slice * len + place + line * place_stride + column;
                let mut sum = products[comptime!(i * block + j)];
                if further == 1 {
                    sum += partial[place];
                }
                partial[place] = sum;
                squares += sum * sum;
            }
        }
    }
    if comptime!(single) {
        let total = sum_of_units(squares);
        if UNIT_POS == 0 {
            sums[CUBE_POS_X as usize] = total;
        }
    }
}

/// The unit's numbers of a cube's tile of `left · right`, where `depth` products make a number. Rows of
/// `left` from `row` on, and columns of `right` from `column` on; each matrix begins at its place,
/// and its rows have `stride` numbers.
#[cube]
fn multiply(
    left: &[f32],
    left_place: usize,
    left_stride: usize,
    row: usize,
    rows: usize,
    right: &[f32],
    right_place: usize,
    right_stride: usize,
    column: usize,
    columns: usize,
    depth: usize,
    sums: &mut Array<f32>,
    #[comptime] block: usize,
) {
    let mut a = Shared::<[f32]>::new_slice(comptime!(DEPTH * (SIDE * block + 1)));
    let mut b = Shared::<[f32]>::new_slice(comptime!(DEPTH * (SIDE * block + 1)));
    clear(sums, block);
    let mut at = 0usize;
    while at < depth {
        load(left, left_place, left_stride, 1, row, rows, at, depth, &mut a, block, true);
        load(right, right_place, 1, right_stride, column, columns, at, depth, &mut b, block, false);
        sync_cube();
        add_products(&a, &b, sums, block);
        sync_cube();
        at += DEPTH;
    }
}

#[cube]
fn clear(sums: &mut Array<f32>, #[comptime] block: usize) {
    #[unroll]
    for i in 0..comptime!(block * block) {
        sums[i] = 0.0;
    }
}

/// Loads a tile of a factor to shared memory: the numbers `place + line · line_step + depth · step` of `from`,
/// and zero beyond `lines` and `end`. `along` says whether the numbers of one line lie side by side.
#[cube]
fn load(
    from: &[f32],
    place: usize,
    line_step: usize,
    step: usize,
    first_line: usize,
    lines: usize,
    first: usize,
    end: usize,
    tile: &mut Shared<[f32]>,
    #[comptime] block: usize,
    #[comptime] along: bool,
) {
    let (x, y) = (UNIT_POS_X as usize, UNIT_POS_Y as usize);
    #[unroll]
    for i in 0..block {
        // Neighbouring units read neighbouring numbers.
        let (own_line, own_depth) = if comptime!(along) { (y, x) } else { (x, y) };
        let own_line = own_line + comptime!(SIDE * i);
        let (line, depth) = (first_line + own_line, first + own_depth);
        let mut value = 0.0f32;
        if line < lines && depth < end {
            value = from[place + line * line_step + depth * step];
        }
        tile[own_depth * comptime!(SIDE * block + 1) + own_line] = value;
    }
}

/// Loads a tile of a transposed matrix, with a line of ones after the last, which makes the bias's gradient.
#[cube]
fn load_with_ones(
    from: &[f32],
    place: usize,
    stride: usize,
    first_line: usize,
    lines: usize,
    first: usize,
    end: usize,
    tile: &mut Shared<[f32]>,
    #[comptime] block: usize,
) {
    let (x, depth) = (UNIT_POS_X as usize, UNIT_POS_Y as usize);
    #[unroll]
    for i in 0..block {
        let own_line = x + comptime!(SIDE * i);
        let line = first_line + own_line;
        let mut value = 0.0f32;
        if first + depth < end {
            if line < lines {
                value = from[place + line + (first + depth) * stride];
            } else if line == lines {
                value = 1.0f32;
            }
        }
        tile[depth * comptime!(SIDE * block + 1) + own_line] = value;
    }
}

/// Adds the products of two tiles to the unit's sums.
#[cube]
fn add_products(
    left: &Shared<[f32]>,
    right: &Shared<[f32]>,
    sums: &mut Array<f32>,
    #[comptime] block: usize,
) {
    let (x, y) = (UNIT_POS_X as usize, UNIT_POS_Y as usize);
    let mut a = Array::<f32>::new(block);
    #[unroll]
    for depth in 0..DEPTH {
        let line = comptime!(depth * (SIDE * block + 1));
        #[unroll]
        for i in 0..block {
            a[i] = left[line + y + comptime!(SIDE * i)];
        }
        #[unroll]
        for j in 0..block {
            let b = right[line + x + comptime!(SIDE * j)];
            #[unroll]
            for i in 0..block {
                sums[comptime!(i * block + j)] += a[i] * b;
            }
        }
    }
}
