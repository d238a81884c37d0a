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

/// What the kernels that make losses are told of the rows.
#[derive(CubeType, CubeLaunch)]
pub(super) struct LossArguments {
    pub(super) rows: usize,
    /// Columns of output and target.
    pub(super) features: usize,
    /// The place of the output.
    pub(super) output: usize,
    pub(super) output_stride: usize,
    /// The place of the targets.
    pub(super) target: usize,
    /// The place of the rows' weights.
    pub(super) weight: usize,
    /// The place of the first row's loss among the losses.
    pub(super) first_loss: usize,
    /// The place of the first cube's sum of losses among the sums.
    pub(super) first_sum: usize,
    /// What a row's sum of errors is multiplied by.
    pub(super) share: f32,
    /// Where Huber's loss turns linear; read by that loss alone.
    pub(super) delta: f32,
}

/// The loss of each row, and its gradient by the output in the output's place; `sums` gets each cube's sum
/// of losses, from `first_sum` on.
#[cube(launch_unchecked)]
pub(super) fn loss(
    space: &mut [f32],
    losses: &mut [f32],
    sums: &mut [f32],
    arguments: &LossArguments,
    #[comptime] huber: bool,
) {
    let (rows, features) = (arguments.rows, arguments.features);
    let unit = UNIT_POS as usize;
    let lane = unit % LANES;
    let row = CUBE_POS_X as usize * LOSS_ROWS + unit / LANES;
    let mut sum = 0.0f32;
    let mut factor = 0.0f32;
    if row < rows {
        factor = arguments.share * space[arguments.weight + row];
        let mut feature = lane;
        while feature < features {
            let place = arguments.output + row * arguments.output_stride + feature;
            let error = space[place] - space[arguments.target + row * features + feature];
            let (loss, slope) = loss_of(error, arguments.delta, huber);
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
        losses[arguments.first_loss + row] = sums_of_units[unit];
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
        sums[arguments.first_sum + CUBE_POS_X as usize] = sums_of_units[0];
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

/// What every optimizer's kernel is told.
#[derive(CubeType, CubeLaunch)]
pub(super) struct UpdateArguments {
    /// The place of what changes from step to step.
    pub(super) rule: usize,
    /// Parameters.
    pub(super) len: usize,
    /// Rows of the batch.
    pub(super) rows: usize,
    /// Sums of the gradients' squares.
    pub(super) squares: usize,
    /// The place of the first sum of losses.
    pub(super) first_loss: usize,
    /// Sums of losses, where `factor` is 0.
    pub(super) losses: usize,
    /// What the reduction makes of the sum of the rows' gradients; 0 where it is `sqrt(S)`, whose factor
    /// is `1 / (2 sqrt(S))`.
    pub(super) factor: f32,
    /// PyTorch's limit of the norm; none where it is 0.
    pub(super) clip: f32,
}

/// What the gradients are multiplied by, and their norm, which goes to `output`.
#[cube]
fn scale(sums: &[f32], output: &mut [f32], arguments: &UpdateArguments) -> f32 {
    let loss = sum_of(sums, arguments.first_loss, arguments.losses);
    let factor = arguments.factor;
    let factor = select(factor == 0.0, 0.5 / loss.sqrt(), factor);
    let norm = sum_of(sums, 0, arguments.squares).sqrt() * factor;
    if ABSOLUTE_POS == 0 {
        output[arguments.rows] = norm;
    }
    let clip = arguments.clip;
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
    arguments: &UpdateArguments,
    decay: f32,
    momentum: f32,
    ahead: f32,
    own: f32,
    #[comptime] has_momentum: bool,
) {
    let (rule, len) = (arguments.rule, arguments.len);
    let (rate, share) = (space[rule], space[rule + 1]);
    let factor = scale(sums, output, arguments);
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
    arguments: &UpdateArguments,
    beta_1: f32,
    beta_2: f32,
    penalty: f32,
) {
    let (rule, len) = (arguments.rule, arguments.len);
    let (rate, epsilon, keep) = (space[rule], space[rule + 1], space[rule + 2]);
    let factor = scale(sums, output, arguments);
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
