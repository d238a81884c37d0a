//! [`filled`]: how well a model fills in hidden cells of rows: whether what it draws spreads as it should, and how near to
//! the truth it lies, beside simple ways to fill in.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::{
    MeasureError, Rows,
    rows::{spread, squared_distance},
};
use crate::{
    Stream,
    linear::{cholesky, solve_lower},
};

/// Levels of the central intervals whose coverage is counted.
const LEVELS: [f64; 11] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99];

/// Most training rows that a column alone is drawn from.
const COLUMN_ROWS: usize = 1000;

/// Number of the nearest training rows.
const NEAREST: usize = 20;

/// Rows with hidden cells, and what was drawn in their place.
#[derive(Debug, Clone, Copy)]
pub struct HiddenCells<'a> {
    /// Names of the columns.
    pub names: &'a [String],
    /// The rows as they are.
    pub truth: Rows<'a>,
    /// For each cell whether it was told; the others were hidden.
    pub known: &'a [bool],
    /// Rows that were drawn with the known cells told: as many for each row as for the others, one after the other.
    pub draws: Rows<'a>,
    /// Rows of the same distribution, by which the simple ways fill in.
    pub training: Rows<'a>,
}

/// How hidden cells were filled in.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Filled {
    /// Rows.
    pub rows: usize,
    /// Draws of each row.
    pub draws: usize,
    /// Hidden cells.
    pub cells: usize,
    /// Share of the hidden cells that lie within the central interval of the draws, for each level of the interval. It is
    /// the level itself where the draws are as uncertain as they should be.
    pub coverage: Vec<Coverage>,
    /// Mean continuous ranked probability score of the hidden cells, lower is better, in the units of the rows.
    pub score: Score,
    /// The same of each column that was hidden in a row at least.
    pub columns: Vec<FilledColumn>,
}

/// Coverage of a central interval.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Coverage {
    /// Level of the interval.
    pub level: f64,
    /// Share of the cells within it.
    pub share: f64,
    /// Standard error of the share, over rows.
    pub standard_error: f64,
}

/// Continuous ranked probability score of the draws, and of simple ways to fill in: `column`, the training rows' values of the
/// column alone; `linear`, the Gaussian of a linear regression on the known cells; `nearest`, the 20 training rows that are
/// nearest in the known cells.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Score {
    /// Of the draws.
    pub draws: f64,
    /// Standard error of `draws`, over rows.
    pub standard_error: f64,
    /// Of the simple ways, by name.
    pub baselines: BTreeMap<String, f64>,
}

/// How the hidden cells of one column were filled in.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FilledColumn {
    /// Name of the column.
    pub column: String,
    /// Hidden cells.
    pub cells: usize,
    /// Coverage of the intervals of 50 and 90 %.
    pub coverage: [f64; 2],
    /// Mean score of the draws.
    pub score: f64,
}

/// One hidden cell.
struct Cell {
    row: usize,
    column: usize,
    /// Place of the truth among the draws, uniform in (0, 1) where they follow it.
    place: f64,
    /// Score of the draws and of the baselines.
    scores: [f64; 4],
}

/// Names of the baselines, in the order of a cell's scores.
const BASELINES: [&str; 3] = ["column", "linear", "nearest"];

/// Measures how hidden cells were filled in. `stream` spreads the truth's place among equal draws.
///
/// The score of a cell y with draws x is `mean |x_i − y| − mean_{i ≠ j} |x_i − x_j| / 2`, which does not favour many draws
/// over few. Source: Gneiting & Raftery 2007, "Strictly proper scoring rules, prediction, and estimation", section 4.2;
/// Ferro 2014, "Fair scores for ensemble forecasts".
///
/// # Errors
/// Arrays that do not fit each other, no hidden cell, fewer than two draws a row or two training rows.
pub fn filled(hidden: &HiddenCells<'_>, stream: &mut Stream) -> Result<Filled, MeasureError> {
    let HiddenCells { names, truth, known, draws, training } = hidden;
    let (columns, rows) = (truth.columns(), truth.count());
    draws.require_columns("draws", columns)?;
    training.require_columns("training rows", columns)?;
    let wrong = |rows: &str, values, columns| MeasureError::Shape {
        rows: rows.to_owned(),
        values,
        columns,
    };
    if names.len() != columns {
        return Err(wrong("names", names.len(), columns));
    }
    if known.len() != rows * columns {
        return Err(wrong("known cells", known.len(), columns));
    }
    let each = draws.count() / rows;
    if each < 2 || !draws.count().is_multiple_of(rows) {
        return Err(wrong("draws", draws.count() * columns, columns));
    }
    if training.count() < 2 || known.iter().all(|known| *known) {
        return Err(MeasureError::Empty { rows: "hidden cells, or two training rows".to_owned() });
    }
    let uniforms: Vec<f64> = known.iter().map(|_| stream.uniform()).collect();
    let simple = Simple::of(*training);
    let drawn: Vec<&[f64]> = draws.iter().collect();
    let truths: Vec<&[f64]> = truth.iter().collect();
    let of_row = |row: usize| {
        let known = &known[row * columns..(row + 1) * columns];
        let guide = simple.given(truths[row], known);
        let cell = |column: usize| {
            let y = truths[row][column];
            let mut own: Vec<f64> =
                drawn[row * each..(row + 1) * each].iter().map(|row| row[column]).collect();
            own.sort_unstable_by(f64::total_cmp);
            let below = own.partition_point(|x| *x < y);
            let equal = own.partition_point(|x| *x <= y) - below;
            let place = uniforms[row * columns + column] * (equal + 1) as f64;
            let place = (below as f64 + place) / (each + 1) as f64;
            let [of_column, linear, nearest] = guide.scores(column, y);
            Cell { row, column, place, scores: [score(&own, y), of_column, linear, nearest] }
        };
        (0..columns).filter(|column| !known[*column]).map(cell).collect::<Vec<_>>()
    };
    let cells: Vec<Cell> = (0..rows).into_par_iter().flat_map_iter(of_row).collect();
    Ok(summary(&cells, rows, each, names))
}

fn summary(cells: &[Cell], rows: usize, draws: usize, names: &[String]) -> Filled {
    let within = |cell: &Cell, level: f64| f64::from((cell.place - 0.5).abs() <= level / 2.0);
    let coverage = LEVELS.map(|level| {
        let (share, standard_error) = mean_over_rows(cells, rows, |cell| within(cell, level));
        Coverage { level, share, standard_error }
    });
    let mean = |i: usize| mean_over_rows(cells, rows, |cell| cell.scores[i]);
    let baselines =
        BASELINES.iter().enumerate().map(|(i, name)| ((*name).to_owned(), mean(i + 1).0));
    let (score, standard_error) = mean(0);
    let score = Score { draws: score, standard_error, baselines: baselines.collect() };
    let column = |(column, name): (usize, &String)| {
        let own: Vec<&Cell> = cells.iter().filter(|cell| cell.column == column).collect();
        let share = |of: &dyn Fn(&Cell) -> f64| {
            own.iter().map(|cell| of(cell)).sum::<f64>() / own.len() as f64
        };
        (!own.is_empty()).then(|| FilledColumn {
            column: name.clone(),
            cells: own.len(),
            coverage: [0.5, 0.9].map(|level| share(&|cell| within(cell, level))),
            score: share(&|cell| cell.scores[0]),
        })
    };
    let columns = names.iter().enumerate().filter_map(column).collect();
    Filled { rows, draws, cells: cells.len(), coverage: coverage.to_vec(), score, columns }
}

/// The mean over cells and its standard error; cells of one row hang together.
fn mean_over_rows(cells: &[Cell], rows: usize, of: impl Fn(&Cell) -> f64) -> (f64, f64) {
    let count = cells.len() as f64;
    let mean = cells.iter().map(&of).sum::<f64>() / count;
    let mut sums = vec![0.0; rows];
    cells.iter().for_each(|cell| sums[cell.row] += of(cell) - mean);
    (mean, sums.iter().map(|sum| sum * sum).sum::<f64>().sqrt() / count)
}

/// The score of sorted draws.
fn score(sorted: &[f64], y: f64) -> f64 {
    let count = sorted.len() as f64;
    let away = sorted.iter().map(|x| (x - y).abs()).sum::<f64>() / count;
    let ranks = sorted.iter().enumerate();
    let apart: f64 = ranks.map(|(i, x)| (2.0 * i as f64 + 1.0 - count) * x).sum();
    away - apart / (count * (count - 1.0))
}

/// The score of a Gaussian.
fn gaussian_score(mean: f64, std: f64, y: f64) -> f64 {
    if std == 0.0 {
        return (y - mean).abs();
    }
    let z = (y - mean) / std;
    let density = (-z * z / 2.0).exp() / std::f64::consts::TAU.sqrt();
    let below = libm::erfc(-z / std::f64::consts::SQRT_2) / 2.0;
    std * (z * (2.0 * below - 1.0) + 2.0 * density - std::f64::consts::PI.sqrt().recip())
}

/// Simple ways to fill in, of training rows.
struct Simple<'a> {
    rows: Vec<&'a [f64]>,
    mean: Vec<f64>,
    covariance: Vec<f64>,
    /// Values of each column, sorted.
    columns: Vec<Vec<f64>>,
}

impl<'a> Simple<'a> {
    fn of(training: Rows<'a>) -> Self {
        let (columns, mean) = (training.columns(), training.mean());
        let mut covariance = vec![0.0; columns * columns];
        for row in training.iter() {
            for i in 0..columns {
                for j in 0..columns {
                    covariance[i * columns + j] += (row[i] - mean[i]) * (row[j] - mean[j]);
                }
            }
        }
        covariance.iter_mut().for_each(|sum| *sum /= training.count() as f64);
        let chosen = spread(training.count(), COLUMN_ROWS);
        let rows: Vec<&[f64]> = training.iter().collect();
        let column = |i: usize| {
            let mut values: Vec<f64> = chosen.iter().map(|row| rows[*row][i]).collect();
            values.sort_unstable_by(f64::total_cmp);
            values
        };
        Self { mean, covariance, columns: (0..columns).map(column).collect(), rows }
    }

    /// What the known cells of a row say of the others.
    fn given(&self, row: &[f64], known: &[bool]) -> SimpleGiven<'_> {
        let columns = row.len();
        let told: Vec<usize> = (0..columns).filter(|i| known[*i]).collect();
        let count = told.len();
        let at = |i: usize, j: usize| self.covariance[i * columns + j];
        let mut factor = vec![0.0; count * count];
        for (i, own) in told.iter().enumerate() {
            for (j, other) in told.iter().enumerate() {
                // Columns that repeat others leave no variance of their own: a little is added.
                let ridge = if i == j { 1e-9 * at(*own, *own) + f64::MIN_POSITIVE } else { 0.0 };
                factor[i * count + j] = at(*own, *other) + ridge;
            }
        }
        cholesky(&mut factor, count);
        let mut away: Vec<f64> = told.iter().map(|i| row[*i] - self.mean[*i]).collect();
        solve_lower(&factor, &mut away);
        let linear = (0..columns).map(|column| {
            let mut weights: Vec<f64> = told.iter().map(|i| at(column, *i)).collect();
            solve_lower(&factor, &mut weights);
            let shift: f64 = weights.iter().zip(&away).map(|(weight, away)| weight * away).sum();
            let taken: f64 = weights.iter().map(|weight| weight * weight).sum();
            (self.mean[column] + shift, (at(column, column) - taken).max(0.0).sqrt())
        });
        let linear = linear.collect();
        let gather = |row: &[f64]| told.iter().map(|i| row[*i]).collect::<Vec<f64>>();
        let own = gather(row);
        let mut by_distance: Vec<(f64, usize)> = if count == 0 {
            Vec::new()
        } else {
            let rows = self.rows.iter().enumerate();
            rows.map(|(i, row)| (squared_distance(&gather(row), &own), i)).collect()
        };
        let nearest = NEAREST.min(by_distance.len());
        if nearest > 0 {
            by_distance.select_nth_unstable_by(nearest - 1, |a, b| {
                a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))
            });
        }
        let nearest = by_distance[..nearest].iter().map(|(_, i)| self.rows[*i]).collect();
        SimpleGiven { of: self, linear, nearest }
    }
}

/// What the known cells of one row say of the others, in simple ways.
struct SimpleGiven<'a> {
    of: &'a Simple<'a>,
    /// Mean and standard deviation of each column.
    linear: Vec<(f64, f64)>,
    nearest: Vec<&'a [f64]>,
}

impl SimpleGiven<'_> {
    /// The scores of the column alone, the linear regression and the nearest rows.
    fn scores(&self, column: usize, y: f64) -> [f64; 3] {
        let (mean, std) = self.linear[column];
        let of_column = score(&self.of.columns[column], y);
        let mut nearest: Vec<f64> = self.nearest.iter().map(|row| row[column]).collect();
        nearest.sort_unstable_by(f64::total_cmp);
        let nearest = if nearest.len() < 2 { of_column } else { score(&nearest, y) };
        [of_column, gaussian_score(mean, std, y), nearest]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dataset, GaussianMixture, Part, Purpose, Streams};

    #[test]
    fn the_score_of_draws_is_the_double_sum_and_that_of_a_gaussian_its_limit() {
        let mut draws = vec![0.0; 4000];
        Streams::new(1).at(Purpose::Reference, 0, 0).fill_normal(&mut draws);
        draws.iter_mut().for_each(|z| *z = 2.0 + 0.5 * *z);
        let few: Vec<f64> = draws[..7].to_vec();
        let pairs = few.iter().flat_map(|a| few.iter().map(move |b| (a - b).abs())).sum::<f64>();
        let want =
            few.iter().map(|x| (x - 1.8).abs()).sum::<f64>() / 7.0 - pairs / (2.0 * 7.0 * 6.0);
        let sorted = |mut values: Vec<f64>| {
            values.sort_unstable_by(f64::total_cmp);
            values
        };
        assert!((score(&sorted(few), 1.8) - want).abs() < 1e-14);
        for y in [0.5, 1.8, 2.0, 4.0] {
            let (drawn, exact) = (score(&sorted(draws.clone()), y), gaussian_score(2.0, 0.5, y));
            // The mean of 4000 distances of spread 0.5.
            assert!((drawn - exact).abs() < 5.0 * 0.5 / 4000_f64.sqrt(), "{y}: {drawn} {exact}");
        }
    }

    /// A mixture whose columns hang together, rows of it with hidden cells, and draws given the rest, whose spread is
    /// multiplied by `spread`, or that are told nothing.
    fn measured(spread: f64, told: bool) -> Filled {
        let means = vec![vec![-2.0, -1.0, 0.0], vec![2.0, 1.0, 3.0]];
        let covariance = vec![vec![1.0, 0.7, 0.2], vec![0.7, 1.0, -0.1], vec![0.2, -0.1, 0.5]];
        let mixture =
            GaussianMixture::with_covariances(means, vec![covariance; 2], None).expect("valid");
        let (rows, each) = (600, 60);
        let streams = Streams::new(9);
        let [mut truth, mut training] = [rows, 2000].map(|rows| vec![0.0; rows * 3]);
        mixture.draw(Part::HeldOut, &mut streams.at(Purpose::HeldOut, 0, 0), &mut truth);
        mixture.draw(Part::Training, &mut streams.at(Purpose::Data, 0, 0), &mut training);
        let (mut known, mut draws) = (Vec::new(), Vec::new());
        for (i, row) in truth.chunks_exact(3).enumerate() {
            let own = [i % 2 == 0, i % 3 == 0, i % 6 == 1];
            known.extend(own);
            let given: Vec<Option<f64>> =
                row.iter().zip(own).map(|(x, known)| (known && told).then_some(*x)).collect();
            let exact = mixture.given(&given).expect("a mixture");
            let mean = exact.mean().expect("known");
            let mut open = vec![0.0; each * exact.features()];
            exact.draw(Part::Training, &mut streams.at(Purpose::Sampling, i as u64, 0), &mut open);
            for drawn in open.chunks_exact(exact.features()) {
                let mut drawn = drawn.iter().zip(&mean).map(|(x, mean)| mean + spread * (x - mean));
                draws.extend(row.iter().zip(&given).map(|(x, given)| {
                    if given.is_some() { *x } else { drawn.next().expect("open") }
                }));
            }
        }
        let hidden = HiddenCells {
            names: &["a", "b", "c"].map(str::to_owned),
            truth: Rows::new("truth", 3, &truth).expect("rows"),
            known: &known,
            draws: Rows::new("draws", 3, &draws).expect("rows"),
            training: Rows::new("training", 3, &training).expect("rows"),
        };
        filled(&hidden, &mut streams.at(Purpose::Reference, 1, 0)).expect("measured")
    }

    #[test]
    fn exact_draws_cover_what_they_should_and_score_best() {
        let exact = measured(1.0, true);
        assert_eq!((exact.rows, exact.draws, exact.columns.len()), (600, 60, 3));
        assert_eq!(exact.columns[2].column, "c");
        assert_eq!(exact.cells, exact.columns.iter().map(|column| column.cells).sum::<usize>());
        for Coverage { level, share, standard_error } in &exact.coverage {
            assert!(
                (share - level).abs() < 4.0 * standard_error,
                "{level}: {share} ± {standard_error}"
            );
        }
        let score = &exact.score;
        let [column, linear, nearest] = BASELINES.map(|name| score.baselines[name]);
        assert!(score.draws < linear && linear < column, "{score:?}");
        // Twenty rows of 2000 that agree in one or two columns are nearly draws.
        assert!((score.draws - nearest).abs() < 0.02, "{score:?}");
        // Too narrow, too wide, and told nothing: each shows where it should.
        let at = |filled: &Filled, level: f64| {
            filled.coverage.iter().find(|it| it.level == level).expect("counted").share
        };
        assert!(at(&measured(0.5, true), 0.9) < 0.75 && at(&measured(2.0, true), 0.5) > 0.7);
        let untold = measured(1.0, false);
        assert!((at(&untold, 0.9) - 0.9).abs() < 0.03, "calibrated all the same");
        let column = untold.score.baselines["column"];
        assert!(
            (untold.score.draws / column - 1.0).abs() < 0.02 && score.draws < 0.8 * column,
            "{score:?} {column}"
        );
    }

    #[test]
    fn arrays_that_do_not_fit_are_refused() {
        let values = [0.0, 1.0, 2.0, 3.0];
        let rows = |columns| Rows::new("rows", columns, &values).expect("rows");
        let stream = &mut Streams::new(0).at(Purpose::Reference, 0, 0);
        let names = ["a", "b"].map(str::to_owned);
        let mut of = |known: &[bool], draws| {
            let (truth, training) = (rows(2), rows(2));
            let hidden = HiddenCells { names: &names, truth, known, draws, training };
            filled(&hidden, stream).is_ok()
        };
        assert!(!of(&[false; 4], rows(2)), "one draw a row");
        assert!(!of(&[false; 3], rows(2)), "a cell less");
        assert!(!of(&[false; 4], rows(1)), "other columns");
        assert!(!of(&[true; 4], rows(2)), "nothing hidden");
    }
}
