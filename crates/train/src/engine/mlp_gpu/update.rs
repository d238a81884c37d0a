//! Kernels that go over all parameters, in place: the sum of gradients and its norm, optimizers, average. Also
//! the kernel of the rows' losses.
//!
//! Sums have a fixed order, and nothing is added atomically. So the same device gives the same bits.

use cubecl::prelude::*;

/// Units of a cube.
pub(super) const UNITS: usize = 256;

/// The most cubes that share a pass over all parameters. A cube takes several parts where there are more.
pub(super) const MOST_CUBES: usize = 512;

/// Units that share a row's loss.
pub(super) const LANES: usize = 16;

/// Rows whose losses a cube makes.
pub(super) const LOSS_ROWS: usize = UNITS / LANES;

/// Arguments that both kernels of losses take.
#[derive(CubeType, CubeLaunch)]
pub(super) struct LossArguments {
    pub(super) rows: usize,
    /// Columns of output and target.
    pub(super) columns: usize,
    /// Place of the output.
    pub(super) output: usize,
    pub(super) output_stride: usize,
    /// Place of the targets.
    pub(super) target: usize,
    /// Place of the rows' weights.
    pub(super) weight: usize,
    /// Place of the first row's loss in `losses`.
    pub(super) first_loss: usize,
    /// Place of the first cube's sum of losses in `sums`.
    pub(super) first_sum: usize,
    /// Factor of a row's sum of errors.
    pub(super) share: f32,
    /// Huber's delta; other losses do not read it.
    pub(super) delta: f32,
}

/// Kernel of the rows' losses. Each loss's gradient by the output takes the output's place. `sums` gets each
/// cube's sum of losses.
#[cube(launch_unchecked)]
pub(super) fn loss(
    space: &mut [f32],
    losses: &mut [f32],
    sums: &mut [f32],
    arguments: &LossArguments,
    #[comptime] huber: bool,
) {
    let (rows, columns) = (arguments.rows, arguments.columns);
    let unit = UNIT_POS as usize;
    let lane = unit % LANES;
    let row = CUBE_POS_X as usize * LOSS_ROWS + unit / LANES;
    let mut sum = 0.0f32;
    let mut factor = 0.0f32;
    if row < rows {
        factor = arguments.share * space[arguments.weight + row];
        let mut column = lane;
        while column < columns {
            let place = arguments.output + row * arguments.output_stride + column;
            let error = space[place] - space[arguments.target + row * columns + column];
            let (loss, slope) = loss_of(error, arguments.delta, huber);
            sum += loss;
            space[place] = factor * slope;
            column += LANES;
        }
    }
    put_losses(factor * sum, losses, sums, rows, arguments.first_loss, arguments.first_sum);
}

/// Sums each row's losses over its units, and the rows' losses over the cube.
#[cube]
pub(super) fn put_losses(
    own: f32,
    losses: &mut [f32],
    sums: &mut [f32],
    rows: usize,
    first_loss: usize,
    first_sum: usize,
) {
    let unit = UNIT_POS as usize;
    let lane = unit % LANES;
    let row = CUBE_POS_X as usize * LOSS_ROWS + unit / LANES;
    let mut sums_of_units = Shared::<[f32]>::new_slice(UNITS);
    sums_of_units[unit] = own;
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

/// Loss of one number's error, squared or Huber's, and the loss's slope.
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

/// Kernel of the sum of all slices' gradients, which goes to the first slice. `sums` gets each cube's sum of
/// squares.
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

/// Sum over all units of a cube, in every unit.
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

/// Sum of `count` numbers, in every unit.
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

/// Arguments that every optimizer's kernel takes.
#[derive(CubeType, CubeLaunch)]
pub(super) struct UpdateArguments {
    /// Place in `space` of what changes from step to step.
    pub(super) rule: usize,
    /// Number of parameters.
    pub(super) len: usize,
    /// Rows of the batch.
    pub(super) rows: usize,
    /// Number of sums of the gradients' squares.
    pub(super) squares: usize,
    /// Place of the first sum of losses.
    pub(super) first_loss: usize,
    /// Number of sums of losses, where `factor` is 0.
    pub(super) losses: usize,
    /// Factor that the reduction gives the sum of the rows' gradients. It is 0 for the reduction `sqrt(S)`,
    /// whose factor `1 / (2 sqrt(S))` the kernel computes.
    pub(super) factor: f32,
    /// PyTorch's limit of the norm; 0 where there is none.
    pub(super) clip: f32,
}

/// Factor by which the gradients are multiplied. Their norm goes to `output`.
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

/// Writes a weight to its place, and to its place among the transposed weights, where it has one.
#[cube]
fn write(w: f32, place: usize, weights: &mut [f32], turned: &mut [f32], places: &[u32]) {
    weights[place] = w;
    let other = places[place] as usize;
    if other < turned.len() {
        turned[other] = w;
    }
}

/// Kernel of a step of SGD, as the direct engine's `Update` has it. Without momentum `moments` is not read.
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

/// Kernel of a step of Adam or AdamW, as the direct engine's `Update` has it. The second moments come after the
/// first.
///
/// What changes from step to step comes with the upload, at `rule`: the rate, epsilon, and the share of the
/// weights that weight decay leaves.
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

/// Kernel of the average of the weights: `average += share · (weights − average)`.
#[cube(launch_unchecked)]
pub(super) fn average(average: &mut [f32], weights: &[f32], len: usize, share: f32) {
    let mut place = ABSOLUTE_POS;
    while place < len {
        let old = average[place];
        average[place] = old + (weights[place] - old) * share;
        place += CUBE_COUNT * UNITS;
    }
}
