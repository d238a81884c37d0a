//! [`quality`]: column shapes and pair trends, the two properties of SDMetrics' quality report.

use rayon::prelude::*;

use super::{
    Bins, Cells, PairTrend, TableRows,
    trends::{Coded, overlap, pair_trends},
};
use crate::measure::{MeasureError, kolmogorov_smirnov};

/// Correlation of two numbers beyond which SDMetrics' report counts their pair.
const CORRELATED: f64 = 0.5;

/// Cramér's V beyond which SDMetrics' report counts a pair with a category.
const ASSOCIATED: f64 = 0.3;

/// How well made rows agree with real ones, by column and by pair of columns. Scores are from 0 to 1, higher is better;
/// the published "errors" are 1 less the score. A score that is not defined is `None`, and left out of means.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Quality {
    /// Shape of each column; `None` where it has no known cells among the real or the made rows.
    pub shapes: Vec<Option<f64>>,
    /// Trends of all pairs of columns: the first column with the second, with the third and so on.
    pub pairs: Vec<PairTrend>,
    /// Mean of the shapes.
    pub shape: Option<f64>,
    /// Mean of the trends of all pairs, as in published comparisons.
    pub trend: Option<f64>,
    /// Mean of the trends of the pairs that are associated in the real rows, with a correlation beyond ±0.5 or Cramér's V
    /// above 0.3: the score of SDMetrics' report by the settings of its version 0.32.
    pub trend_of_associated: Option<f64>,
}

/// The column shapes and pair trends of made rows.
///
/// - Shape of numbers: `1 − sup |F(x) − G(x)|` (Kolmogorov–Smirnov). Of a category: `1 − ½ Σ_v |p_v − q_v|` (total variation).
///   Missing cells are left out.
/// - Trend of two numbers: `1 − |r − s| / 2`, with Pearson's correlations r and s over the rows that have both. `None` where a
///   number is constant.
/// - Trend of a pair with a category: `1 − ½ Σ |p_vw − q_vw|` over the values of both. Missing is a value of its own. A number
///   counts by its place in ten equal [`Bins`].
///
/// All rows count; SDMetrics' report draws 50,000 of more for the pairs with a category. It also rounds numbers to 14 decimals
/// for the shape, and leaves out two numbers whose real correlation is exactly 0; both are not done here.
///
/// # Errors
/// Rows with other columns.
///
/// Source: SDMetrics 0.32.0, KSComplement, TVComplement, CorrelationSimilarity and ContingencySimilarity.
pub fn quality(
    real: TableRows<'_>,
    made: TableRows<'_>,
    bins: Bins,
) -> Result<Quality, MeasureError> {
    let [found] = qualities(real, [made], bins)?;
    Ok(found)
}

/// Does as [`quality`] for several sets of made rows, for which the real ones are coded once.
///
/// # Errors
/// Rows with other columns.
pub(super) fn qualities<const N: usize>(
    real: TableRows<'_>,
    made: [TableRows<'_>; N],
    bins: Bins,
) -> Result<[Quality; N], MeasureError> {
    for set in &made {
        set.require_columns("made rows", real.columns())?;
    }
    let columns = real.columns();
    let own: Vec<Coded> = columns
        .par_iter()
        .enumerate()
        .map(|(i, cells)| Coded::real(*cells, real.column(i), bins))
        .collect();
    let made = made.map(|set| -> Vec<Coded> {
        own.par_iter().enumerate().map(|(i, own)| own.made(set.column(i), bins)).collect()
    });
    let pairs: Vec<(usize, usize)> = (0..columns.len())
        .flat_map(|first| (first + 1..columns.len()).map(move |second| (first, second)))
        .collect();
    let coded = made.each_ref().map(Vec::as_slice);
    let trends: Vec<[PairTrend; N]> =
        pairs.into_par_iter().map(|pair| pair_trends(&own, coded, pair)).collect();
    Ok(std::array::from_fn(|set| {
        let shapes = own.par_iter().zip(&made[set]).map(|(real, made)| shape(real, made)).collect();
        Quality::of(columns, shapes, trends.iter().map(|sets| sets[set]).collect())
    }))
}

impl Quality {
    fn of(columns: &[Cells], shapes: Vec<Option<f64>>, pairs: Vec<PairTrend>) -> Self {
        let is_associated = |pair: &&PairTrend| {
            let numbers = [pair.first, pair.second].map(|i| columns[i] == Cells::Numbers);
            let least = if numbers == [true, true] { CORRELATED } else { ASSOCIATED };
            pair.association.is_some_and(|association| association.abs() > least)
        };
        Self {
            shape: mean(shapes.iter().copied()),
            trend: mean(pairs.iter().map(|pair| pair.score)),
            trend_of_associated: mean(pairs.iter().filter(is_associated).map(|pair| pair.score)),
            shapes,
            pairs,
        }
    }
}

/// The shape of one column.
fn shape(real: &Coded, made: &Coded) -> Option<f64> {
    match real.cells {
        Cells::Numbers => {
            let [real, made] = [real.known(), made.known()];
            let distance = || kolmogorov_smirnov(&real, &made).statistic;
            (!real.is_empty() && !made.is_empty()).then(|| 1.0 - distance())
        }
        Cells::Category(_) => overlap(&real.counts(), &made.counts()),
    }
}

/// The mean of the scores that are defined.
fn mean(scores: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let defined: Vec<f64> = scores.flatten().collect();
    (!defined.is_empty()).then(|| defined.iter().sum::<f64>() / defined.len() as f64)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::{Purpose, Streams};

    const NAN: f64 = f64::NAN;

    fn found(columns: &[Cells], real: &[f64], made: &[f64], bins: Bins) -> Quality {
        let [real, made] =
            [real, made].map(|values| TableRows::new("rows", columns, values).expect("valid"));
        quality(real, made, bins).expect("same columns")
    }

    #[test]
    fn every_score_and_mean_is_sdmetrics() {
        let golden: Value =
            serde_json::from_str(include_str!("../../../../../tests/goldens/quality.json"))
                .expect("JSON");
        let list = |value: &Value| value.as_array().expect("an array").clone();
        let columns: Vec<Cells> = list(&golden["values"])
            .iter()
            .map(|count| count.as_u64().map_or(Cells::Numbers, |n| Cells::Category(n as usize)))
            .collect();
        let rows = |name: &str| -> Vec<f64> {
            list(&golden[name])
                .iter()
                .flat_map(list)
                .map(|cell| cell.as_f64().unwrap_or(NAN))
                .collect()
        };
        let (real, made) = (rows("real"), rows("made"));
        // The report gives bins of its own to the made rows; its contingency metric takes those of the real rows.
        for (bins, name) in [(Bins::OfEach, "report"), (Bins::OfReal, "metrics")] {
            let found = found(&columns, &real, &made, bins);
            let want = &golden[name];
            // The golden's sums are in double precision; TVComplement adds a millionth of a row to a value that is only made.
            let near = |found: Option<f64>, want: &Value, what: &str| {
                let equal = match (found, want.as_f64()) {
                    (Some(found), Some(want)) => (found - want).abs() < 1e-6,
                    (found, want) => found.is_none() && want.is_none(),
                };
                assert!(equal, "{name}, {what}: {found:?}, not {want}");
            };
            let (shapes, pairs) = (list(&want["shapes"]), list(&want["pairs"]));
            assert_eq!((found.shapes.len(), found.pairs.len()), (shapes.len(), pairs.len()));
            for (i, (found, want)) in found.shapes.iter().zip(&shapes).enumerate() {
                near(*found, want, &format!("column {i}"));
            }
            for (found, want) in found.pairs.iter().zip(&pairs) {
                near(found.score, want, &format!("{} and {}", found.first, found.second));
            }
            near(found.shape, &want["shape"], "shape");
            near(found.trend, &want["trend"], "trend");
            near(found.trend_of_associated, &want["trend of associated"], "associated");
        }
    }

    #[test]
    fn small_tables_have_the_scores_found_by_hand() {
        let columns = [Cells::Numbers, Cells::Category(3)];
        // Numbers 0 1 2 and a missing one; 0 2 2. F − G is 0 at 0, 1/3 at 1.
        let real = [0.0, 0.0, 1.0, 0.0, 2.0, 1.0, NAN, 1.0];
        let made = [0.0, 0.0, 2.0, 1.0, 2.0, NAN];
        let found = found(&columns, &real, &made, Bins::OfReal);
        // Values ½ ½ against ½ ½, the missing one left out.
        assert_eq!(found.shapes, [Some(1.0 - 1.0 / 3.0), Some(1.0)]);
        assert!((found.shape.expect("scores") - 5.0 / 6.0).abs() < 1e-15);
        // (0, a) and (2, b) are shared, ¼ of the real rows and ⅓ of the made ones each.
        assert_eq!(found.pairs[0].score, Some(0.5));
        assert_eq!(found.trend, Some(0.5));
    }

    #[test]
    fn rows_themselves_have_full_scores_and_disjoint_ones_none() {
        let columns = [Cells::Numbers, Cells::Category(4), Cells::Category(2)];
        let real = [1.0, 0.0, 0.0, 2.0, 1.0, 1.0, 3.0, 1.0, 1.0];
        let made = [7.0, 2.0, NAN, 8.0, 3.0, 0.0, 9.0, 3.0, NAN];
        let same = found(&columns, &real, &real, Bins::OfReal);
        assert_eq!((same.shape, same.trend), (Some(1.0), Some(1.0)));
        let other = found(&columns, &real, &made, Bins::OfReal);
        assert_eq!(other.shapes, [Some(0.0), Some(0.0), Some(1.0 / 3.0)]);
        assert_eq!(other.trend, Some(0.0));
    }

    #[test]
    fn stretched_numbers_lose_by_the_real_rows_bins_only() {
        // A number from 0 to 9 with its half as a category, and twice that number.
        let rows = |scale: f64| -> Vec<f64> {
            (0..100).flat_map(|i| [scale * f64::from(i % 10), f64::from(i % 10 / 5)]).collect()
        };
        let columns = [Cells::Numbers, Cells::Category(2)];
        let score = |bins| found(&columns, &rows(1.0), &rows(2.0), bins).pairs[0].score;
        assert_eq!(score(Bins::OfEach), Some(1.0));
        // 0 2 4 lie in bins of the lower half's rows, 10 to 18 in the last one, that has a tenth of the real rows.
        assert_eq!(score(Bins::OfReal), Some(0.4));
    }

    #[test]
    fn columns_without_known_cells_or_spread_have_no_score() {
        let columns = [Cells::Numbers, Cells::Numbers, Cells::Category(2)];
        let real = [1.0, 4.0, NAN, 2.0, 4.0, NAN];
        let made = [NAN, 4.0, 0.0, NAN, 5.0, 1.0];
        let found = found(&columns, &real, &made, Bins::OfReal);
        assert_eq!(found.shapes, [None, Some(0.5), None]);
        assert_eq!(found.pairs[0].score, None);
        assert_eq!(found.shape, Some(0.5));
        // Pairs with the category: it is missing in all real rows and in no made one.
        assert_eq!(found.trend, Some(0.0));
        assert_eq!(found.trend_of_associated, None);
    }

    #[test]
    fn two_halves_of_a_sample_lose_what_chance_takes() {
        // Over v equally likely values, 1 − score is about √(v / (π n)) between samples of n rows; 4 values of a pair.
        let mut uniforms = vec![0.0; 40_000];
        Streams::new(1).at(Purpose::Reference, 0, 0).fill_uniform(&mut uniforms);
        let values: Vec<f64> = uniforms.iter().map(|u| (2.0 * u).floor()).collect();
        let (real, made) = values.split_at(20_000);
        let columns = [Cells::Category(2); 2];
        let lost = 1.0 - found(&columns, real, made, Bins::OfReal).trend.expect("a pair");
        let expected = (4.0 / (std::f64::consts::PI * 10_000.0)).sqrt();
        assert!(lost > 0.1 * expected && lost < 3.0 * expected, "{lost} beside {expected}");
    }

    #[test]
    fn rows_with_other_columns_are_refused() {
        let [one, two] = [[Cells::Numbers], [Cells::Category(2)]];
        let rows = |columns| TableRows::new("rows", columns, &[0.0]).expect("valid");
        let error = quality(rows(&one), rows(&two), Bins::OfReal).expect_err("other cells");
        assert_eq!(error, MeasureError::Cells { rows: "made rows".to_owned(), column: 0 });
    }
}
