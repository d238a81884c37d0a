//! Batches of any heads, and the engines against each other on them.

use langevin_core::LossReduction;

use crate::problem::{Classes, Columns, Head, HeadLoss, StepBatch};

mod agreement;
mod slopes;

/// wgpu's device, opened once a process; none without an adapter, unless `LANGEVIN_REQUIRE_WGPU` says that it must
/// be there.
#[cfg(feature = "gpu")]
pub(crate) fn gpu() -> Option<burn::tensor::Device> {
    use burn::tensor::Device;
    static WGPU: std::sync::OnceLock<Option<Device>> = std::sync::OnceLock::new();
    let open = || match Device::wgpu_options().init_with_setup() {
        Ok((device, _)) => Some(device),
        Err(error) if std::env::var_os("LANGEVIN_REQUIRE_WGPU").is_none() => {
            println!("SKIPPED: {error}");
            None
        }
        Err(error) => panic!("no wgpu adapter: {error}"),
    };
    WGPU.get_or_init(open).clone()
}

/// Numbers in −1..1 from a seed.
pub(crate) fn numbers(seed: u64) -> impl FnMut() -> f32 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
    }
}

/// Head of a batch without its numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Squared { columns: usize, has_cell_weights: bool },
    Classes { count: usize, has_offsets: bool, has_cell_weights: bool },
}

/// The kinds of heads of several batches. In the last, heads lie across the panels of the output.
pub(crate) fn mixes() -> [Vec<Kind>; 4] {
    let numbers = |columns, has_cell_weights| Kind::Squared { columns, has_cell_weights };
    let classes = |count, has_offsets, has_cell_weights| Kind::Classes {
        count,
        has_offsets,
        has_cell_weights,
    };
    [
        vec![numbers(3, true)],
        vec![classes(5, true, false)],
        vec![numbers(2, false), classes(4, true, true), classes(2, false, false), numbers(1, true)],
        vec![classes(40, true, true), numbers(37, true), classes(3, true, false)],
    ]
}

pub(crate) fn output_columns(kinds: &[Kind]) -> usize {
    let columns = |kind: &Kind| match kind {
        Kind::Squared { columns, .. } => *columns,
        Kind::Classes { count, .. } => *count,
    };
    kinds.iter().map(columns).sum()
}

/// A matrix of `rows` rows of numbers in −2..2.
pub(crate) fn matrix(rows: usize, columns: usize, number: &mut impl FnMut() -> f32) -> Columns {
    Columns { columns, values: (0..rows * columns).map(|_| 2.0 * number()).collect() }
}

/// Heads of these kinds, whose weights differ from row to row and from cell to cell; some are 0.
pub(crate) fn heads(kinds: &[Kind], rows: usize, number: &mut impl FnMut() -> f32) -> Vec<Head> {
    let cell_weight = |columns: usize, is_given: bool| {
        let values = (0..rows * columns).map(|cell| [0.5, 0.0, 1.0, 3.0, 0.75][cell % 5]);
        is_given.then(|| Columns { columns, values: values.collect() })
    };
    let head = |(place, kind): (usize, &Kind)| {
        let weight = (0..rows).map(|row| 0.5 + ((row + place) % 3) as f32).collect();
        match *kind {
            Kind::Squared { columns, has_cell_weights } => Head {
                loss: HeadLoss::Squared(matrix(rows, columns, number)),
                weight,
                cell_weight: cell_weight(columns, has_cell_weights),
            },
            Kind::Classes { count, has_offsets, has_cell_weights } => {
                let of_rows = (0..rows).map(|row| (row * 7 % count) as u32).collect();
                let mut classes = Classes::new(count, of_rows).expect("valid");
                if has_offsets {
                    let offsets: Vec<_> =
                        (0..rows * count).map(|_| 3.0 * f64::from(number())).collect();
                    classes = classes.with_offsets(&offsets).expect("finite");
                }
                let cell_weight = cell_weight(1, has_cell_weights);
                Head { loss: HeadLoss::CrossEntropy(classes), weight, cell_weight }
            }
        }
    };
    kinds.iter().enumerate().map(head).collect()
}

/// A batch with these heads: 3 features, 2 columns of the level and 3 of the condition.
fn batch(kinds: &[Kind], rows: usize, reduction: LossReduction) -> StepBatch {
    let mut number = numbers(rows as u64);
    StepBatch {
        network: 0,
        rows,
        parts: 1,
        input: matrix(rows, 3, &mut number),
        level_features: Some(matrix(rows, 2, &mut number)),
        condition: Some(matrix(rows, 3, &mut number)),
        heads: heads(kinds, rows, &mut number),
        reduction,
    }
}
