//! [`closest_records`]: do made rows lie nearer to training rows than to held-out ones, and are they copies?

use std::collections::HashSet;

use rayon::prelude::*;

use super::TableRows;
use crate::{
    Purpose, Streams,
    measure::{
        COPYING_ROWS, COPYING_WORK, MeasureError, bootstrap::draw_to_front, nearest::quantile,
        rows::spread, table::Cells,
    },
};

/// Stream of [`Purpose::Reference`] that rows are chosen by.
const STREAM: u64 = (1 << 63) + 16;

/// Distance of two different values of a category: the sum of differences between their one-hot rows.
const OTHER_VALUE: f64 = 2.0;

/// Place of a missing number, where the training rows reach from 0 to 1.
const MISSING_NUMBER: f64 = -1.0;

/// Number of columns that are added up before a row that is already too far away is left.
const BLOCK: usize = 16;

/// Number of rows in a tile. All queries go through a tile while it is in the cache.
const TILE: usize = 512;

/// Number of queries that one thread takes through all tiles.
const ROWS_AT_ONCE: usize = 64;

/// How near made rows lie to training rows, beside held-out ones.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ClosestRecords {
    /// Share of the made rows that are strictly nearer to a training row than to every held-out row; ties count half. It is
    /// ½ for rows that know nothing of the training rows but their distribution, above it for copies. The
    /// training rows are cut to as many as the held-out rows.
    pub share: f64,
    /// Standard error of the share over the made rows. That of the choice of training and held-out rows comes on top.
    pub standard_error: f64,
    /// Share of all made rows that equal a training row in every cell, of all of them.
    pub copies: f64,
    /// The same share of the held-out rows: what chance alone gives.
    pub held_out_copies: f64,
    /// Distances of made rows to their closest training row.
    pub made: RecordDistances,
    /// Distances of held-out rows to their closest training row, of the same ones.
    pub held_out: RecordDistances,
    /// Made rows whose distances were measured.
    pub compared: usize,
    /// Training rows, and held-out rows, that distances were measured to.
    pub each: usize,
}

/// Quantiles of distances to the closest row.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RecordDistances {
    /// The distance that 5 % of the rows are below.
    pub five_percent: f64,
    /// Median distance.
    pub median: f64,
}

/// The distances of made rows to the closest training and held-out rows, and the share of copies.
///
/// The distance is the sum over columns of `|x − y| / range` for numbers, with the range of the training rows, and of 2 for
/// two different values of a category, the difference of their one-hot rows. A missing number lies one range below the
/// least one; a missing category is a value of its own. A number that is the same in all training rows is left out.
///
/// Training and held-out rows are cut to equal numbers, at random. Distances are measured of at most 4000 made rows, evenly
/// spread, and of as many held-out rows; of fewer, but at least 200, where training rows and columns are many. Copies are
/// looked for among all rows, and two missing cells are equal there. The same inputs and seed give the same numbers.
///
/// # Errors
/// Rows with other columns.
///
/// Source: Zhang et al. 2024, "Mixed-Type Tabular Data Synthesis with Score-based Diffusion in Latent Space" (TabSyn),
/// eval_dcr.py, for the distance and the share, there without ties and missing cells.
pub fn closest_records(
    training: TableRows<'_>,
    held_out: TableRows<'_>,
    made: TableRows<'_>,
    seed: u64,
) -> Result<ClosestRecords, MeasureError> {
    held_out.require_columns("held-out rows", training.columns())?;
    made.require_columns("made rows", training.columns())?;
    let scales = Scale::of(training);
    let mut stream = Streams::new(seed).at(Purpose::Reference, STREAM, 0);
    let each = training.count().min(held_out.count());
    let [near, fresh] = [training, held_out].map(|rows| {
        let mut numbers: Vec<usize> = (0..rows.count()).collect();
        if rows.count() > each {
            draw_to_front(&mut numbers, each, &mut stream);
        }
        Encoded::new(rows, &numbers[..each], &scales)
    });
    let [most, least] = COPYING_ROWS;
    let rows = (COPYING_WORK / (2 * each * scales.len())).clamp(least, most);
    let queries = Encoded::new(made, &spread(made.count(), rows), &scales);
    let reference = Encoded::new(held_out, &spread(held_out.count(), rows), &scales);

    let to_training = queries.nearest(&near);
    let to_held_out = queries.nearest(&fresh);
    let pairs = to_training.iter().zip(&to_held_out);
    let nearer: Vec<f64> =
        pairs.map(|(a, b)| f64::midpoint(f64::from(a < b), f64::from(a <= b))).collect();
    let count = nearer.len() as f64;
    let share = nearer.iter().sum::<f64>() / count;
    let variance = nearer.iter().map(|x| (x - share).powi(2)).sum::<f64>() / count;
    let known: HashSet<Vec<u64>> = training.iter().map(bits).collect();
    let copies = |rows: TableRows<'_>| {
        rows.iter().filter(|row| known.contains(&bits(row))).count() as f64 / rows.count() as f64
    };
    Ok(ClosestRecords {
        share,
        standard_error: (variance / count).sqrt(),
        copies: copies(made),
        held_out_copies: copies(held_out),
        made: RecordDistances::of(to_training),
        held_out: RecordDistances::of(reference.nearest(&near)),
        compared: nearer.len(),
        each,
    })
}

impl RecordDistances {
    fn of(mut distances: Vec<f64>) -> Self {
        distances.sort_unstable_by(f64::total_cmp);
        let [five_percent, median] = [0.05, 0.5].map(|p| quantile(&distances, p));
        Self { five_percent, median }
    }
}

/// The bits of a row, by which two rows are equal if all their cells are.
fn bits(row: &[f64]) -> Vec<u64> {
    // + 0 turns −0 into 0.
    row.iter().map(|cell| if cell.is_nan() { u64::MAX } else { (cell + 0.0).to_bits() }).collect()
}

/// How the cells of a column are encoded.
enum Scale {
    Number { least: f64, over_range: f64 },
    Category { missing: u32 },
}

impl Scale {
    fn of(rows: TableRows<'_>) -> Vec<Self> {
        let scale = |(i, cells): (usize, &Cells)| match *cells {
            Cells::Category(count) => Self::Category { missing: count as u32 },
            Cells::Numbers => {
                let values = rows.column(i);
                let least = values.iter().copied().fold(f64::INFINITY, f64::min);
                let range = values.iter().copied().fold(f64::NEG_INFINITY, f64::max) - least;
                let over_range = if range > 0.0 { 1.0 / range } else { 0.0 };
                Self::Number { least: if least.is_finite() { least } else { 0.0 }, over_range }
            }
        };
        rows.columns().iter().enumerate().map(scale).collect()
    }
}

/// Rows as the distance takes them: places of categories, missing last, and scaled numbers.
struct Encoded {
    count: usize,
    categories: Vec<u32>,
    numbers: Vec<f64>,
}

/// One row of [`Encoded`].
#[derive(Clone, Copy)]
struct Record<'a> {
    categories: &'a [u32],
    numbers: &'a [f64],
}

impl Encoded {
    fn new(rows: TableRows<'_>, chosen: &[usize], scales: &[Scale]) -> Self {
        let (mut categories, mut numbers) = (Vec::new(), Vec::new());
        for row in rows.gather(chosen).chunks_exact(scales.len()) {
            for (cell, scale) in row.iter().zip(scales) {
                match *scale {
                    Scale::Category { missing } if cell.is_nan() => categories.push(missing),
                    Scale::Category { .. } => categories.push(*cell as u32),
                    Scale::Number { .. } if cell.is_nan() => numbers.push(MISSING_NUMBER),
                    Scale::Number { least, over_range } => {
                        numbers.push((cell - least) * over_range);
                    }
                }
            }
        }
        Self { count: chosen.len(), categories, numbers }
    }

    fn records(&self) -> Vec<Record<'_>> {
        let [places, numbers] = [self.categories.len(), self.numbers.len()].map(|n| n / self.count);
        let record = |i: usize| Record {
            categories: &self.categories[i * places..][..places],
            numbers: &self.numbers[i * numbers..][..numbers],
        };
        (0..self.count).map(record).collect()
    }

    /// The distance of each row to the nearest of the others, exact.
    fn nearest(&self, others: &Self) -> Vec<f64> {
        let (queries, others) = (self.records(), others.records());
        let mut nearest = vec![f64::INFINITY; queries.len()];
        let parts = queries.par_chunks(ROWS_AT_ONCE).zip(nearest.par_chunks_mut(ROWS_AT_ONCE));
        parts.for_each(|(queries, nearest)| {
            for tile in others.chunks(TILE) {
                for (row, nearest) in queries.iter().zip(&mut *nearest) {
                    *nearest = tile.iter().fold(*nearest, |least, other| row.nearer(*other, least));
                }
            }
        });
        nearest
    }
}

impl Record<'_> {
    /// The smaller of `least` and the distance to another row.
    fn nearer(self, other: Record<'_>, least: f64) -> f64 {
        let pairs = self.categories.iter().zip(other.categories);
        let mut sum = OTHER_VALUE * f64::from(pairs.map(|(a, b)| u32::from(a != b)).sum::<u32>());
        for (a, b) in self.numbers.chunks(BLOCK).zip(other.numbers.chunks(BLOCK)) {
            if sum >= least {
                return least;
            }
            sum += a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum::<f64>();
        }
        sum.min(least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAN: f64 = f64::NAN;

    /// Rows of two numbers, of which a tenth is missing, and two categories, of which one too.
    const COLUMNS: [Cells; 4] =
        [Cells::Numbers, Cells::Category(5), Cells::Numbers, Cells::Category(2)];

    fn drawn(count: usize, seed: u64) -> Vec<f64> {
        let mut uniforms = vec![0.0; 6 * count];
        Streams::new(seed).at(Purpose::Reference, 0, 0).fill_uniform(&mut uniforms);
        let row = |u: &[f64]| {
            let missing = |share: f64, value: f64| if share < 0.1 { NAN } else { value };
            [
                7.0 * u[0],
                missing(u[1], (5.0 * u[2]).floor()),
                missing(u[3], u[4]),
                (2.0 * u[5]).floor(),
            ]
        };
        uniforms.chunks_exact(6).flat_map(row).collect()
    }

    fn rows(values: &[f64]) -> TableRows<'_> {
        TableRows::new("rows", &COLUMNS, values).expect("valid")
    }

    #[test]
    fn small_rows_have_the_distances_found_by_hand() {
        // Ranges 10 and 2, from 0 and 1 on.
        let training = [0.0, 0.0, 1.0, 0.0, 10.0, 1.0, 3.0, 1.0];
        let held_out = [5.0, 0.0, 1.0, 0.0, 10.0, 1.0, NAN, 1.0];
        // Nearest: 0.2 from the first training row and 0.3 from the first held-out one; then 2 from either second
        // row's category; then the held-out row itself, two ranges from the second training row.
        let made =
            [2.0, 0.0, 1.0, 0.0, 10.0, 4.0, 3.0, 1.0, 10.0, 1.0, NAN, 1.0, 2.5, 0.0, 1.0, 0.0];
        let found = closest_records(rows(&training), rows(&held_out), rows(&made), 1)
            .expect("same columns");
        // Nearer, nearer, farther (it is the held-out row itself), tied at 0.25.
        assert_eq!((found.share, found.compared, found.each), (2.5 / 4.0, 4, 2));
        // Distances 0.2, 2, 2, 0.25.
        assert_eq!(found.made.median, f64::midpoint(0.25, 2.0));
        assert_eq!((found.copies, found.held_out_copies), (0.0, 0.0));
        // Outcomes 1, 1, 0 and ½: variance 0.171875.
        assert!((found.standard_error - (0.171_875_f64 / 4.0).sqrt()).abs() < 1e-15);
    }

    #[test]
    fn the_nearest_is_the_nearest_of_all() {
        let (x, y) = (drawn(150, 1), drawn(1200, 2));
        let scales = Scale::of(rows(&y));
        let all = |values: &[f64]| -> Vec<usize> { (0..values.len() / 4).collect() };
        let [queries, others] =
            [&x, &y].map(|values| Encoded::new(rows(values), &all(values), &scales));
        // Ranges of the rows, and one-hot rows written out.
        let range = |column: usize| {
            let known = || y.iter().skip(column).step_by(4).copied().filter(|v| !v.is_nan());
            (known().fold(NAN, f64::min), known().fold(NAN, f64::max))
        };
        let written_out = |row: &[f64]| -> Vec<f64> {
            let mut out = Vec::new();
            for (column, values) in [(0, 0), (1, 6), (2, 0), (3, 3)] {
                let cell = row[column];
                if values == 0 {
                    let (least, largest) = range(column);
                    let scaled = (cell - least) / (largest - least);
                    out.push(if cell.is_nan() { -1.0 } else { scaled });
                } else {
                    let place = if cell.is_nan() { values - 1 } else { cell as usize };
                    out.extend((0..values).map(|value| f64::from(u8::from(value == place))));
                }
            }
            out
        };
        let y: Vec<Vec<f64>> = y.chunks(4).map(written_out).collect();
        for (found, row) in queries.nearest(&others).iter().zip(x.chunks(4).map(written_out)) {
            let distance =
                |other: &Vec<f64>| row.iter().zip(other).map(|(a, b)| (a - b).abs()).sum::<f64>();
            let least = y.iter().map(distance).fold(f64::INFINITY, f64::min);
            // Sums and quotients in another order.
            assert!((found - least).abs() < 1e-13, "{found}, not {least}");
        }
    }

    #[test]
    fn copies_are_seen_and_fresh_rows_are_not() {
        let (training, held_out) = (drawn(3000, 3), drawn(1500, 4));
        let of = |made: &[f64]| {
            closest_records(rows(&training), rows(&held_out), rows(made), 1).expect("same columns")
        };
        let fresh = of(&drawn(2000, 5));
        // By the made rows' chance and that of 1500 rows against 1500: four standard errors of √(¼ (1/2000 + 1/1500)).
        assert!((fresh.share - 0.5).abs() < 4.0 * 0.017, "{fresh:?}");
        assert!((fresh.made.median / fresh.held_out.median - 1.0).abs() < 0.15, "{fresh:?}");
        assert_eq!((fresh.copies, fresh.held_out_copies, fresh.each), (0.0, 0.0, 1500));
        let copied = of(&training);
        assert_eq!(copied.copies, 1.0);
        // Half of the training rows are kept, and their copies are at distance 0; the others are as fresh rows are.
        assert!((copied.share - 0.75).abs() < 4.0 * 0.012, "{copied:?}");
        assert_eq!(of(&held_out).share, 0.0);
    }

    #[test]
    fn equal_rows_may_lack_the_same_cells_and_have_zeros_of_either_sign() {
        let training = [0.0, NAN, NAN, 1.0];
        let made = [-0.0, NAN, -NAN, 1.0, 0.0, 0.0, NAN, 1.0];
        let found = closest_records(rows(&training), rows(&training), rows(&made), 1);
        let found = found.expect("same columns");
        assert_eq!((found.copies, found.held_out_copies, found.share), (0.5, 1.0, 0.5));
    }

    #[test]
    fn every_number_of_threads_gives_the_same_numbers() {
        let (training, made) = (drawn(700, 6), drawn(300, 7));
        let found = |threads: usize| {
            let pool =
                rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            pool.install(|| closest_records(rows(&training), rows(&made), rows(&made), 2))
        };
        assert_eq!(found(1), found(3));
    }
}
