//! Kernels that go over all parameters: the sum of gradients and its norm, optimizers and average, in
//! place; and the one of the rows' losses.
//!
//! Sums have a fixed order, and nothing is added atomically: the same device gives the same bits.

use cubecl::prelude::*;

/// Units of a cube.
pub(super) const UNITS: usize = 256;

/// The most cubes that share a pass over all parameters; each goes on to where no other is.
pub(super) const MOST_CUBES: usize = 512;

/// Units that share a row's loss.
const LANES: usize = 16;

/// Rows that a cube takes the losses of.
pub(super) const LOSS_ROWS: usize = UNITS / LANES;

/// The loss of each row, and its gradient by the output in the output's place; `sums` gets each cube's sum
/// of losses, from `first_sum` on.
#[cube(launch_unchecked)]
pub(super) fn loss(
    space: &mut [f32],
    losses: &mut [f32],
    sums: &mut [f32],
    rows: usize,
    features: usize,
    output: usize,
    stride: usize,
    target: usize,
    weight: usize,
    first_loss: usize,
    first_sum: usize,
    share: f32,
    delta: f32,
    #[comptime] huber: bool,
) {
    let unit = UNIT_POS as usize;
    let lane = unit % LANES;
    let row = CUBE_POS_X as usize * LOSS_ROWS + unit / LANES;
    let mut sum = 0.0f32;
    let mut factor = 0.0f32;
    if row < rows {
        factor = share * space[weight + row];
        let mut feature = lane;
        while feature < features {
            let place = output + row * stride + feature;
            let error = space[place] - space[target + row * features + feature];
            let (loss, slope) = loss_of(error, delta, huber);
            sum += loss;
            space[place] = factor * slope;
            feature += LANES;
        }
    }
    let mut sums_of_units = Shared::<[f32]>::new_slice(UNITS);
    sums_of_units[unit] = factor * sum;
    let mut step = comptime!(LANES / 2).runtime();
    while step > 0 {
        sync_cube();
        if lane < step {
            sums_of_units[unit] += sums_of_units[unit + step];
        }
        step /= 2;
    }
    if lane == 0 && row < rows {
        losses[first_loss + row] = sums_of_units[unit];
    }
    let mut step = comptime!(UNITS / 2).runtime();
    while step >= LANES {
        sync_cube();
        if unit < step && lane == 0 {
            sums_of_units[unit] += sums_of_units[unit + step];
        }
        step /= 2;
    }
    if unit == 0 {
        sums[first_sum + CUBE_POS_X as usize] = sums_of_units[0];
    }
}

/// The loss of one number's error, squared or Huber's, and its slope.
#[cube]
pub(super) fn loss_of(error: f32, delta: f32, #[comptime] huber: bool) -> (f32, f32) {
    if comptime!(huber) {
        let size = error.abs();
        let near = select(size > delta, delta, size);
        (0.5 * near * near + delta * (size - near), select(error < 0.0, -near, near))
    } else {
        (error * error, 2.0 * error)
    }
}

/// The sum of all slices' gradients into the first, and each cube's sum of its squares.
#[cube(launch_unchecked)]
pub(super) fn sum(partial: &mut [f32], sums: &mut [f32], len: usize, slices: usize) {
    let mut squares = 0.0f32;
    let mut place = ABSOLUTE_POS;
    while place < len {
        let mut gradient = partial[place];
        for slice in 1..slices {
            gradient += partial[slice * len + place];
        }
        partial[place] = gradient;
        squares += gradient * gradient;
        place += CUBE_COUNT * UNITS;
    }
    let total = sum_of_units(squares);
    if UNIT_POS == 0 {
        sums[CUBE_POS] = total;
    }
}

/// The sum over all units of a cube.
#[cube]
pub(super) fn sum_of_units(own: f32) -> f32 {
    let unit = UNIT_POS as usize;
    let mut sums = Shared::<[f32]>::new_slice(UNITS);
    sync_cube();
    sums[unit] = own;
    let mut step = comptime!(UNITS / 2).runtime();
    while step > 0 {
        sync_cube();
        if unit < step {
            sums[unit] += sums[unit + step];
        }
        step /= 2;
    }
    sync_cube();
    sums[0]
}

/// The sum of so many numbers, in every unit.
#[cube]
fn sum_of(numbers: &[f32], first: usize, count: usize) -> f32 {
    let mut own = 0.0f32;
    let mut place = UNIT_POS as usize;
    while place < count {
        own += numbers[first + place];
        place += UNITS;
    }
    sum_of_units(own)
}

/// What the gradients are multiplied by, and their norm, which goes to `output`.
///
/// `factor` is what the reduction makes of the sum of the rows' gradients; where it is 0 it is that of
/// `sqrt(S)`: `1 / (2 sqrt(S))`. `clip` is PyTorch's limit, none where it is 0.
#[cube]
fn scale(
    sums: &[f32],
    output: &mut [f32],
    rows: usize,
    squares: usize,
    first_loss: usize,
    losses: usize,
    factor: f32,
    clip: f32,
) -> f32 {
    let loss = sum_of(sums, first_loss, losses);
    let factor = select(factor == 0.0, 0.5 / loss.sqrt(), factor);
    let norm = sum_of(sums, 0, squares).sqrt() * factor;
    if ABSOLUTE_POS == 0 {
        output[rows] = norm;
    }
    let clipped = clip / (norm + 1e-6);
    factor * select(clip > 0.0 && clipped < 1.0, clipped, 1.0)
}

/// Writes a weight to its place, and to that among the turned weights, where it has one.
#[cube]
fn write(w: f32, place: usize, weights: &mut [f32], turned: &mut [f32], places: &[u32]) {
    weights[place] = w;
    let other = places[place] as usize;
    if other < turned.len() {
        turned[other] = w;
    }
}

/// A step of SGD, as the direct engine's `Update` has it; without momentum `moments` is not read.
///
/// What changes from step to step comes with the upload, at `rule`: the rate and the gradient's share of
/// the velocity.
#[cube(launch_unchecked)]
pub(super) fn sgd(
    space: &[f32],
    gradients: &[f32],
    sums: &[f32],
    weights: &mut [f32],
    moments: &mut [f32],
    output: &mut [f32],
    turned: &mut [f32],
    places: &[u32],
    rule: usize,
    len: usize,
    rows: usize,
    squares: usize,
    first_loss: usize,
    losses: usize,
    factor: f32,
    clip: f32,
    decay: f32,
    momentum: f32,
    ahead: f32,
    own: f32,
    #[comptime] has_momentum: bool,
) {
    let (rate, share) = (space[rule], space[rule + 1]);
    let factor = scale(sums, output, rows, squares, first_loss, losses, factor, clip);
    let mut place = ABSOLUTE_POS;
    while place < len {
        let w = weights[place];
        let g = gradients[place] * factor + decay * w;
        let mut step = g;
        if comptime!(has_momentum) {
            let v = g * share + moments[place] * momentum;
            moments[place] = v;
            step = v * ahead + g * own;
        }
        write(w - rate * step, place, weights, turned, places);
        place += CUBE_COUNT * UNITS;
    }
}

/// A step of Adam or AdamW, as the direct engine's `Update` has it; the second moments come after the first.
///
/// What changes from step to step comes with the upload, at `rule`: the rate, epsilon, and what is kept of
/// the weights.
#[cube(launch_unchecked)]
pub(super) fn adam(
    space: &[f32],
    gradients: &[f32],
    sums: &[f32],
    weights: &mut [f32],
    moments: &mut [f32],
    output: &mut [f32],
    turned: &mut [f32],
    places: &[u32],
    rule: usize,
    len: usize,
    rows: usize,
    squares: usize,
    first_loss: usize,
    losses: usize,
    factor: f32,
    clip: f32,
    beta_1: f32,
    beta_2: f32,
    penalty: f32,
) {
    let (rate, epsilon, keep) = (space[rule], space[rule + 1], space[rule + 2]);
    let factor = scale(sums, output, rows, squares, first_loss, losses, factor, clip);
    let mut place = ABSOLUTE_POS;
    while place < len {
        let w = weights[place];
        let g = gradients[place] * factor + penalty * w;
        let m = moments[place] * beta_1 + g * (1.0 - beta_1);
        let v = moments[len + place] * beta_2 + g * g * (1.0 - beta_2);
        moments[place] = m;
        moments[len + place] = v;
        let w = w * keep - rate * m / (v.sqrt() + epsilon);
        write(w, place, weights, turned, places);
        place += CUBE_COUNT * UNITS;
    }
}

/// `average += share · (weights − average)`.
#[cube(launch_unchecked)]
pub(super) fn average(average: &mut [f32], weights: &[f32], len: usize, share: f32) {
    let mut place = ABSOLUTE_POS;
    while place < len {
        let old = average[place];
        average[place] = old + (weights[place] - old) * share;
        place += CUBE_COUNT * UNITS;
    }
}
