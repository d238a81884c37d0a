//! [`NumberParts`]: where the numbers of a column fall apart, at gaps and at values that many rows hold.

use super::runs::{Run, even_runs};

/// Share of the range from the 1st to the 99th percentile that a gap between neighbours exceeds.
const GAP: f64 = 0.2;

/// Share of the rows, and number of rows, that each side of a gap has at least.
const SIDE: f64 = 0.02;
const SIDE_ROWS: f64 = 10.0;

/// Share of the rows, and number of rows, that hold a value which is a part of its own.
const LEVEL: f64 = 0.1;
const LEVEL_ROWS: f64 = 20.0;

/// Times that such a value is more frequent than the values on either side of it, and that a gap is wider than the median distance
/// of neighbours: whole numbers 0, 1, 2, … are neither levels nor gaps.
const STANDS_OUT: f64 = 4.0;

/// Fewest different values beside the levels: of fewer, each is better taken for a class.
const FEWEST: usize = 10;

/// The parts of a column of numbers: ranges, between which no value lies, and single values that many rows hold.
///
/// A value is a level if at least a tenth of the rows hold it, and four times as many as hold either of its neighbours. A range of
/// the others ends at a gap wider than a fifth of their range from the 1st to the 99th percentile, and four times as wide as the
/// median distance of neighbours, with at least 2 % of the rows on each side. A range of one value is a level too.
#[derive(Clone, Debug, PartialEq)]
pub struct NumberParts {
    /// The least and the largest value of each range, ascending; at least one.
    pub ranges: Vec<[f64; 2]>,
    /// Values that are parts of their own, ascending. A range may go past one, and does not hold it.
    pub levels: Vec<f64>,
}

impl NumberParts {
    /// The parts of a column of these finite values; `None` where they are one range.
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Self> {
        Self::of_runs(&even_runs(values.iter().copied()))
    }

    /// The same of values whose rows count as much as they weigh. A zero of either sign is 0.
    pub(super) fn of_runs(runs: &[Run]) -> Option<Self> {
        let rows: f64 = runs.iter().map(|run| run.weight).sum();
        let is_level = |place: usize| {
            let count = runs[place].weight;
            let neighbours = [place.checked_sub(1), Some(place + 1)].into_iter().flatten();
            let most = neighbours.filter_map(|other| runs.get(other)).map(|run| run.weight);
            count >= (LEVEL * rows).max(LEVEL_ROWS)
                && runs[place].rows as f64 >= LEVEL_ROWS
                && most.fold(0.0, f64::max) * STANDS_OUT <= count
        };
        let (heavy, rest): (Vec<usize>, Vec<usize>) = (0..runs.len()).partition(|i| is_level(*i));
        let rest: Vec<Run> = rest.into_iter().map(|place| runs[place]).collect();
        if rest.len() < FEWEST {
            return None;
        }
        let mut levels: Vec<f64> = heavy.into_iter().map(|place| runs[place].value + 0.0).collect();
        let mut ranges = Vec::new();
        for part in cut(&rest, (SIDE * rows).max(SIDE_ROWS)) {
            match part {
                [only] => levels.push(only.value + 0.0),
                [least, .., most] => ranges.push([least.value + 0.0, most.value + 0.0]),
                [] => {}
            }
        }
        levels.sort_unstable_by(f64::total_cmp);
        (ranges.len() + levels.len() > 1 && !ranges.is_empty()).then_some(Self { ranges, levels })
    }
}

/// Values cut at their gaps, so that each piece has at least so many rows.
fn cut(runs: &[Run], fewest: f64) -> Vec<&[Run]> {
    let width = |end: usize| runs[end].value - runs[end - 1].value;
    let mut widths: Vec<f64> = (1..runs.len()).map(width).collect();
    widths.sort_unstable_by(f64::total_cmp);
    let rows: f64 = runs.iter().map(|run| run.weight).sum();
    let at = |share: f64| {
        let mut below = 0.0;
        let run = runs.iter().find(|run| {
            below += run.weight;
            below > share * rows
        });
        run.or(runs.last()).map_or(0.0, |run| run.value)
    };
    let least = (GAP * (at(0.99) - at(0.01))).max(STANDS_OUT * widths[widths.len() / 2]);
    // Each end is the place of the first value behind a gap.
    let mut ends: Vec<usize> = (1..runs.len()).filter(|end| width(*end) > least).collect();
    loop {
        let from = [0].into_iter().chain(ends.iter().copied());
        let to = ends.iter().copied().chain([runs.len()]);
        let pieces: Vec<&[Run]> = from.zip(to).map(|(from, to)| &runs[from..to]).collect();
        let is_small = |piece: &&[Run]| {
            piece.iter().map(|run| run.weight).sum::<f64>() < fewest
                || (piece.iter().map(|run| run.rows).sum::<usize>() as f64) < SIDE_ROWS
        };
        let Some(small) = pieces.iter().position(is_small).filter(|_| !ends.is_empty()) else {
            return pieces;
        };
        // It joins the nearer of its neighbours.
        let sides = [small.checked_sub(1), Some(small).filter(|next| *next < ends.len())];
        let nearer =
            sides.into_iter().flatten().min_by(|a, b| width(ends[*a]).total_cmp(&width(ends[*b])));
        ends.remove(nearer.unwrap_or(0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Purpose, Streams};

    fn normals(count: usize) -> Vec<f64> {
        let mut values = vec![0.0; count];
        Streams::new(4).at(Purpose::Data, 0, 0).fill_normal(&mut values);
        values
    }

    /// Parts of a value for each of 1000 normal numbers.
    fn parts(of: impl Fn(usize, f64) -> f64) -> Option<NumberParts> {
        let values: Vec<f64> = normals(1000).iter().enumerate().map(|(i, z)| of(i, *z)).collect();
        NumberParts::of(&values)
    }

    /// The number of ranges, and the levels.
    fn found(of: impl Fn(usize, f64) -> f64) -> Option<(usize, Vec<f64>)> {
        parts(of).map(|parts| (parts.ranges.len(), parts.levels))
    }

    #[test]
    fn a_column_falls_apart_at_gaps_and_heavy_values_alone() {
        // Bells, humps, long tails and few rows are one.
        assert_eq!(found(|_, z| z), None);
        assert_eq!(found(|_, z| (1.5 * z).exp()), None);
        assert_eq!(found(|_, z| (9.0 * z).exp()), None);
        assert_eq!(found(|i, z| z + 5.0 * (i % 2) as f64), None);
        assert_eq!(found(|i, z| if i == 7 { 1e27 } else { z }), None);
        assert_eq!(NumberParts::of(&[]), None);
        assert_eq!(NumberParts::of(&[1.0; 100]), None);
        // A gap with enough rows on each side, and one with too few.
        assert_eq!(found(|i, z| z + 12.0 * (i % 2) as f64), Some((2, vec![])));
        assert_eq!(found(|i, z| z + 30.0 * f64::from(i % 40 == 0)), Some((2, vec![])));
        assert_eq!(found(|i, z| z + 30.0 * f64::from(i % 100 == 0)), None);
        // Three modes, and a value on its own in a gap, which joins the nearer.
        assert_eq!(found(|i, z| z + 20.0 * (i % 3) as f64), Some((3, vec![])));
        let stray = |i: usize, z: f64| if i == 5 { 9.0 } else { z + 20.0 * (i % 2) as f64 };
        let ranges = parts(stray).expect("two modes").ranges;
        assert!(ranges.len() == 2 && ranges[0][1] == 9.0 && ranges[1][0] > 15.0, "{ranges:?}");
        // Zeros beside a tail, with a gap or without.
        assert_eq!(found(|i, z| if i % 3 == 0 { 0.0 } else { z.exp() }), Some((1, vec![0.0])));
        assert_eq!(found(|i, z| if i % 15 == 0 { 0.0 } else { z.exp() }), None);
        assert_eq!(found(|i, z| if i % 15 == 0 { 0.0 } else { 20.0 + z }), Some((1, vec![0.0])));
        assert_eq!(found(|i, z| if i % 3 == 0 { -0.0 } else { z.exp() }), Some((1, vec![0.0])));
        // Values inside, and at both ends.
        assert_eq!(found(|i, z| if i % 2 == 0 { 0.5 } else { z }), Some((1, vec![0.5])));
        assert_eq!(found(|_, z| z.clamp(-0.5, 0.5)), Some((1, vec![-0.5, 0.5])));
    }

    #[test]
    fn whole_numbers_do_not_fall_apart_but_at_what_stands_out() {
        assert_eq!(found(|_, z| (2.0 * z).round()), None);
        assert_eq!(found(|_, z| (10.0 * z).round()), None);
        assert_eq!(found(|i, _| (i % 2) as f64), None);
        assert_eq!(found(|i, _| (i % 5) as f64), None);
        assert_eq!(found(|i, _| (i % 60) as f64), None);
        // Few rows at the ends: the range from the 1st to the 99th percentile is 0 to 2.
        assert_eq!(found(|i, _| if i < 12 { i as f64 } else { (i % 3) as f64 }), None);
        // Hours of work, of which 40 stands out; zeros before counts; 999 for none.
        let hours =
            |i: usize, z: f64| if i.is_multiple_of(2) { 40.0 } else { (40.0 + 12.0 * z).round() };
        assert_eq!(found(hours), Some((1, vec![40.0])));
        let counts =
            |i: usize, z: f64| if i.is_multiple_of(2) { 0.0 } else { (20.0 + 6.0 * z).round() };
        assert_eq!(found(counts), Some((1, vec![0.0])));
        let none =
            |i: usize, z: f64| if i.is_multiple_of(30) { 999.0 } else { (20.0 + 6.0 * z).round() };
        assert_eq!(found(none), Some((1, vec![999.0])));
    }
}
