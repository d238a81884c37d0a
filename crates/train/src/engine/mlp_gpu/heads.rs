//! Heads of a batch on a GPU: the table of their places in the upload, and the kernel of their losses.

use cubecl::prelude::*;

use super::update::{LANES, LOSS_ROWS, UNITS, loss_of, put_losses};
use crate::problem::{Head, HeadForm, HeadKind, HeadLoss, StepBatch};

/// Layout of a batch's heads, as far as the places of their numbers go.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Layout {
    /// One head of squared errors, whose cells count once: targets and weights, for the kernels that know no
    /// heads.
    Single {
        columns: usize,
    },
    Heads(Vec<HeadLayout>),
}

/// Layout of one head.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct HeadLayout {
    columns: usize,
    /// Numbers that a row's outputs are compared with: its targets, or its class.
    compared: usize,
    is_class: bool,
    /// Weights of a row's cells, 0 where every cell counts once.
    cell_weights: usize,
    /// Offsets of a row's logits, 0 where there are none.
    offsets: usize,
}

/// Entries of a head in the table.
const ENTRIES: usize = 7;

/// Entry of a head for numbers that it doesn't have.
const NONE: u32 = u32::MAX;

impl Layout {
    pub(super) fn of(batch: &StepBatch) -> Self {
        match batch.one_squared_head() {
            Some((target, _)) => Self::Single { columns: target.columns },
            None => Self::Heads(batch.heads.iter().map(HeadLayout::of).collect()),
        }
    }

    /// The largest layout of batches of a form: its classes may have offsets.
    pub(super) fn of_form(heads: &[HeadForm]) -> Self {
        let squared = HeadKind::SquaredError;
        match heads {
            [HeadForm { kind, columns, by_cell: false }] if *kind == squared => {
                Self::Single { columns: *columns }
            }
            _ => Self::Heads(heads.iter().map(HeadLayout::of_form).collect()),
        }
    }

    /// Numbers of a row in the upload.
    pub(super) fn numbers(&self) -> usize {
        match self {
            Self::Single { columns } => columns + 1,
            Self::Heads(heads) => heads.iter().map(HeadLayout::numbers).sum(),
        }
    }

    /// Places of the heads' numbers from `place` on, for a batch of `rows` rows. Empty for a single head.
    pub(super) fn table(&self, place: usize, rows: usize) -> Vec<u32> {
        let Self::Heads(heads) = self else { return Vec::new() };
        let (mut column, mut end) = (0, place);
        let mut table = Vec::with_capacity(heads.len() * ENTRIES);
        for head in heads {
            let mut place = |count: usize| {
                let first = end;
                end += rows * count;
                if count > 0 { first as u32 } else { NONE }
            };
            table.extend([
                column as u32,
                head.columns as u32,
                u32::from(head.is_class),
                place(head.compared),
                place(1),
                place(head.cell_weights),
                place(head.offsets),
            ]);
            column += head.columns;
        }
        table
    }
}

impl HeadLayout {
    fn of(head: &Head) -> Self {
        let columns = head.columns();
        let (is_class, offsets) = match &head.loss {
            HeadLoss::Squared(_) => (false, 0),
            HeadLoss::CrossEntropy(classes) => (true, classes.offsets().map_or(0, |_| columns)),
        };
        let cell_weights = head.cell_weight.as_ref().map_or(0, |weight| weight.columns);
        Self { columns, compared: head.cells(), is_class, cell_weights, offsets }
    }

    fn of_form(head: &HeadForm) -> Self {
        let is_class = head.kind == HeadKind::CrossEntropy;
        let (compared, offsets) = if is_class { (1, head.columns) } else { (head.columns, 0) };
        let cell_weights = if head.by_cell { compared } else { 0 };
        Self { columns: head.columns, compared, is_class, cell_weights, offsets }
    }

    const fn numbers(&self) -> usize {
        self.compared + 1 + self.cell_weights + self.offsets
    }
}

/// Adds the heads' numbers to an upload, as their layout says.
pub(super) fn pack(heads: &[Head], values: &mut Vec<f32>) {
    for head in heads {
        let offsets = match &head.loss {
            HeadLoss::Squared(target) => {
                values.extend_from_slice(&target.values);
                None
            }
            HeadLoss::CrossEntropy(classes) => {
                // Exact: there are at most 2^24 classes.
                values.extend(classes.of_rows().iter().map(|class| *class as f32));
                classes.offsets()
            }
        };
        values.extend_from_slice(&head.weight);
        values.extend(head.cell_weight.iter().flat_map(|weight| &weight.values));
        values.extend_from_slice(offsets.unwrap_or_default());
    }
}

/// Arguments of the kernel of the heads' losses.
#[derive(CubeType, CubeLaunch)]
pub(super) struct HeadsArguments {
    pub(super) rows: usize,
    pub(super) heads: usize,
    /// Place of the output.
    pub(super) output: usize,
    pub(super) output_stride: usize,
    /// The first row of the batch among those of the upload, and its loss's place in `losses`.
    pub(super) first_row: usize,
    /// Place of the first cube's sum of losses in `sums`.
    pub(super) first_sum: usize,
    /// Factor of the sum of a row's losses.
    pub(super) share: f32,
    /// Huber's delta; other losses do not read it.
    pub(super) delta: f32,
}

/// Number of heads of a table.
pub(super) const fn count(table: &[u32]) -> usize {
    table.len() / ENTRIES
}

/// Kernel of the rows' losses of any heads. Each loss's gradient by the output takes the output's place. `sums`
/// gets each cube's sum of losses.
///
/// Each unit keeps to its own columns of the output. All units pass the same barriers, whatever the heads are.
#[cube(launch_unchecked)]
pub(super) fn losses_of_heads(
    space: &mut [f32],
    losses: &mut [f32],
    sums: &mut [f32],
    table: &[u32],
    arguments: &HeadsArguments,
    #[comptime] huber: bool,
) {
    let unit = UNIT_POS as usize;
    let lane = unit % LANES;
    let row = CUBE_POS_X as usize * LOSS_ROWS + unit / LANES;
    let is_row = row < arguments.rows;
    let row_of_batch = arguments.first_row + row;
    let mut of_units = Shared::<[f32]>::new_slice(UNITS);
    let mut loss = 0.0f32;
    for head in 0..arguments.heads {
        let entry = head * ENTRIES;
        let columns = table[entry + 1] as usize;
        let is_class = is_row && table[entry + 2] == 1;
        let compared = table[entry + 3] as usize;
        let at = arguments.output + row * arguments.output_stride + table[entry] as usize;

        // The largest logit.
        let mut largest = comptime!(f32::MIN).runtime();
        if is_class {
            let mut column = lane;
            while column < columns {
                let mut z = space[at + column];
                if table[entry + 6] != NONE {
                    z += space[table[entry + 6] as usize + row_of_batch * columns + column];
                    space[at + column] = z;
                }
                largest = select(z > largest, z, largest);
                column += LANES;
            }
        }
        let largest = over_row(largest, &mut of_units, true);

        // The sum of the exponentials.
        let mut total = 0.0f32;
        let mut own = 0.0f32;
        let mut class = 0usize;
        if is_class {
            class = space[compared + row_of_batch] as usize;
            let mut column = lane;
            while column < columns {
                let below = space[at + column] - largest;
                if column == class {
                    own = below;
                }
                // Far below, some devices' exponential is no number. NaN is no less and stays.
                let power = select(below < -87.0f32, 0.0f32, below.exp());
                space[at + column] = power;
                total += power;
                column += LANES;
            }
        }
        let total = over_row(total, &mut of_units, false);

        if is_row {
            let weight = arguments.share * space[table[entry + 4] as usize + row_of_batch];
            let cell_weights = table[entry + 5];
            let mut column = lane;
            while column < columns {
                let mut factor = weight;
                if is_class {
                    if cell_weights != NONE {
                        factor *= space[cell_weights as usize + row_of_batch];
                    }
                    let mut slope = space[at + column] / total;
                    if column == class {
                        slope -= 1.0;
                        loss += factor * (total.ln() - own);
                    }
                    space[at + column] = factor * slope;
                } else {
                    let cell = row_of_batch * columns + column;
                    if cell_weights != NONE {
                        factor *= space[cell_weights as usize + cell];
                    }
                    let error = space[at + column] - space[compared + cell];
                    let (of_error, slope) = loss_of(error, arguments.delta, huber);
                    space[at + column] = factor * slope;
                    loss += factor * of_error;
                }
                column += LANES;
            }
        }
    }
    put_losses(loss, losses, sums, arguments.rows, arguments.first_row, arguments.first_sum);
}

/// Largest, or sum, of the numbers of a row's units, in each of them.
#[cube]
fn over_row(own: f32, of_units: &mut Shared<[f32]>, #[comptime] is_largest: bool) -> f32 {
    let unit = UNIT_POS as usize;
    let lane = unit % LANES;
    // All units have read what is there.
    sync_cube();
    of_units[unit] = own;
    let mut step = comptime!(LANES / 2).runtime();
    while step > 0 {
        sync_cube();
        if lane < step {
            let (a, b) = (of_units[unit], of_units[unit + step]);
            of_units[unit] = if comptime!(is_largest) { select(b > a, b, a) } else { a + b };
        }
        step /= 2;
    }
    sync_cube();
    of_units[unit - lane]
}
