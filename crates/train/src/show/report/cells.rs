//! Figures of tables in the user's columns: numbers by their distributions, categories by shares, pairs by their trends.

use std::borrow::Cow;

use langevin_data::{Column, measure::table::Cells};

use super::{Material, MaybeFigure};
use crate::show::figures::{self, CrossTable, Points, ShareBar, SharePanel};

/// Most values of a category that have a bar of their own, and most in a crossed table.
const MOST_BARS: usize = 10;
const MOST_CROSSED: usize = 8;

/// Columns of numbers: their names, and their values in samples and data.
pub(super) struct Numbers<'a> {
    pub(super) names: Vec<String>,
    samples: Cow<'a, [f64]>,
    data: Cow<'a, [f64]>,
}

impl Numbers<'_> {
    /// Both sets as points.
    pub(super) fn sets(&self) -> (Points<'_>, Points<'_>) {
        let points = |name, rows| Points { name, rows };
        (points("samples", &self.samples), points("data", &self.data))
    }
}

impl Material<'_> {
    /// The columns of numbers, where there are any and samples.
    pub(super) fn numbers(&self) -> Option<Numbers<'_>> {
        let (samples, data) = self.sets()?;
        let columns = self.data.columns();
        let is_number = |i: &usize| Cells::of(&columns[*i]) == Cells::Numbers;
        let kept: Vec<usize> = (0..columns.len()).filter(is_number).collect();
        let of = |rows: &'_ [f64]| -> Vec<f64> {
            let rows = rows.chunks_exact(columns.len());
            rows.flat_map(|row| kept.iter().map(|i| row[*i])).collect()
        };
        let [samples, data] = [samples.rows, data.rows].map(|rows| match kept.len() {
            all if all == columns.len() => Cow::Borrowed(rows),
            _ => Cow::Owned(of(rows)),
        });
        let names: Vec<String> = kept.iter().map(|i| columns[*i].name.clone()).collect();
        (!names.is_empty()).then_some(Numbers { names, samples, data })
    }

    /// Figure of the shares of categories' values, and of missing cells; none of a table without either.
    pub(super) fn shares(&self) -> MaybeFigure {
        let (samples, data) = self.sets()?;
        let columns = self.data.columns();
        let sets = [data.rows, samples.rows];
        let of = |i: usize| sets.map(|rows| column(rows, i, columns.len()));
        let mut panels: Vec<SharePanel> = Vec::new();
        let mut missing = Vec::new();
        for (i, own) in columns.iter().enumerate() {
            let values = of(i);
            if let Cells::Category(count) = Cells::of(own) {
                panels.push(share_panel(own, count, &values));
            }
            let [data, samples] = values.map(|set| {
                set.iter().filter(|value| value.is_nan()).count() as f64 / set.len().max(1) as f64
            });
            if own.may_miss && data + samples > 0.0 {
                missing.push(ShareBar { name: own.name.clone(), data, samples });
            }
        }
        if !missing.is_empty() {
            missing.sort_by(|a, b| b.data.total_cmp(&a.data));
            let name = match missing.len() {
                0..=MOST_BARS => "missing cells, by column".to_owned(),
                many => format!("missing cells, the first {MOST_BARS} of {many} columns"),
            };
            missing.truncate(MOST_BARS);
            panels.insert(0, SharePanel { name, bars: missing });
        }
        let title = format!("{}: shares of values", self.records.config.name);
        (!panels.is_empty()).then(|| figures::shares(&title, [data.name, samples.name], &panels))
    }

    /// Figure of the errors of the trends of all pairs. A run that was not measured as a table has none.
    pub(super) fn pairs(&self) -> MaybeFigure {
        let found = self.records.evaluation.as_ref()?.table.as_ref()?;
        let errors = [&found.samples, &found.held_out].map(|scores| &scores.pair_errors);
        let pairs: Vec<_> = errors[0].iter().zip(errors[1]).map(|(a, b)| [*a, *b]).collect();
        let title = format!("{}: errors of pairs' trends", self.records.config.name);
        (!pairs.is_empty()).then(|| figures::pair_errors(&title, &self.columns, &pairs))
    }

    /// Figure of the pair with the largest error.
    pub(super) fn worst_pair(&self) -> MaybeFigure {
        let (samples, data) = self.sets()?;
        let found = self.records.evaluation.as_ref()?.table.as_ref()?;
        let columns = self.data.columns();
        let count = columns.len();
        let pairs =
            (0..count).flat_map(|first| (first + 1..count).map(move |second| (first, second)));
        let errors = pairs.zip(&found.samples.pair_errors);
        let known = errors.filter_map(|(pair, error)| Some((pair, (*error)?)));
        let ((first, second), error) = known.max_by(|a, b| a.1.total_cmp(&b.1))?;
        let sets = [data.rows, samples.rows];
        let mut sides = [first, second]
            .map(|i| Side::new(&columns[i], &sets.map(|rows| column(rows, i, count))));
        // Few values are given, many drawn.
        sides.sort_by_key(|side| side.values.len());
        let title = format!(
            "{}: the pair with the largest error, {:.1} %",
            self.records.config.name,
            100.0 * error
        );
        Some(figures::cross_table(&title, [data.name, samples.name], &crossed(sides)))
    }
}

/// The values of a column, of rows of so many.
fn column(rows: &[f64], column: usize, columns: usize) -> Vec<f64> {
    rows.iter().skip(column).step_by(columns).copied().collect()
}

/// The values of a category with the largest shares of data and samples together, and of all others; missing ones are left out.
fn share_panel(column: &Column, count: usize, sets: &[Vec<f64>; 2]) -> SharePanel {
    let shares = sets.each_ref().map(|set| {
        let known: Vec<f64> = set.iter().copied().filter(|value| !value.is_nan()).collect();
        let mut shares = vec![0.0; count];
        for value in &known {
            if let Some(share) = shares.get_mut(*value as usize) {
                *share += 1.0 / known.len() as f64;
            }
        }
        shares
    });
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|a, b| {
        (shares[0][*b] + shares[1][*b]).total_cmp(&(shares[0][*a] + shares[1][*a]))
    });
    let (drawn, rest) = order.split_at(if count > MOST_BARS { MOST_BARS - 1 } else { count });
    // Sums of many shares may lie a little above 1.
    let bar = |name: String, of: &[usize]| {
        let [data, samples] =
            shares.each_ref().map(|own| of.iter().map(|i| own[*i]).sum::<f64>().min(1.0));
        ShareBar { name, data, samples }
    };
    let mut bars: Vec<ShareBar> =
        drawn.iter().map(|i| bar(column.text(*i as f64), &[*i])).collect();
    if !rest.is_empty() {
        bars.push(bar(format!("{} others", rest.len()), rest));
    }
    SharePanel { name: column.name.clone(), bars }
}

/// One column of a crossed table: its values or ranges of them, and the place of each row's.
struct Side {
    name: String,
    values: Vec<String>,
    places: [Vec<usize>; 2],
}

impl Side {
    fn new(column: &Column, sets: &[Vec<f64>; 2]) -> Self {
        let (mut values, mut places) = match Cells::of(column) {
            Cells::Category(count) => by_value(column, count, sets),
            Cells::Numbers => by_range(column, sets),
        };
        // Missing comes last.
        let missing = values.len();
        if sets.iter().flatten().any(|value| value.is_nan()) {
            values.push("missing".to_owned());
        }
        for (places, set) in places.iter_mut().zip(sets) {
            let gaps = places.iter_mut().zip(set).filter(|(_, value)| value.is_nan());
            gaps.for_each(|(place, _)| *place = missing);
        }
        Self { name: column.name.clone(), values, places }
    }
}

/// The most frequent values of a category, and all others as one.
fn by_value(column: &Column, count: usize, sets: &[Vec<f64>; 2]) -> (Vec<String>, [Vec<usize>; 2]) {
    let mut counts = vec![0_usize; count];
    for value in sets[0].iter().filter(|value| !value.is_nan()) {
        if let Some(count) = counts.get_mut(*value as usize) {
            *count += 1;
        }
    }
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|i| std::cmp::Reverse(counts[*i]));
    order.truncate(if count > MOST_CROSSED { MOST_CROSSED - 1 } else { count });
    let mut values: Vec<String> = order.iter().map(|i| column.text(*i as f64)).collect();
    if order.len() < count {
        values.push(format!("{} others", count - order.len()));
    }
    let place =
        |value: &f64| order.iter().position(|i| *i as f64 == *value).unwrap_or(values.len() - 1);
    let places = sets.each_ref().map(|set| set.iter().map(place).collect());
    (values, places)
}

/// Ranges of a number that hold about equally many rows of the data; fewer where its values repeat.
fn by_range(column: &Column, sets: &[Vec<f64>; 2]) -> (Vec<String>, [Vec<usize>; 2]) {
    let mut sorted: Vec<f64> = sets[0].iter().copied().filter(|value| !value.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let at = |i: usize| sorted.get((i * sorted.len() / MOST_CROSSED).max(1) - 1).copied();
    // Each range goes up to a value of the data and includes it; the last has no end.
    let mut ends: Vec<f64> = (1..MOST_CROSSED).filter_map(at).collect();
    ends.dedup();
    let mut values: Vec<String> =
        ends.iter().map(|end| format!("≤ {}", column.text(*end))).collect();
    values.push(ends.last().map_or("any".to_owned(), |end| format!("> {}", column.text(*end))));
    let place = |value: &f64| ends.partition_point(|end| end < value);
    let places = sets.each_ref().map(|set| set.iter().map(place).collect());
    (values, places)
}

/// Shares of the second column's values given the first's.
fn crossed([given, drawn]: [Side; 2]) -> CrossTable {
    let width = given.values.len();
    let shares = [0, 1].map(|set| {
        let mut counts = vec![0.0; width * drawn.values.len()];
        for (x, y) in given.places[set].iter().zip(&drawn.places[set]) {
            counts[y * width + x] += 1.0;
        }
        let all: Vec<f64> =
            (0..width).map(|x| counts.iter().skip(x).step_by(width).sum()).collect();
        counts.iter().enumerate().map(|(i, count)| count / all[i % width]).collect()
    });
    CrossTable { names: [given.name, drawn.name], values: [given.values, drawn.values], shares }
}

#[cfg(test)]
mod tests {
    use langevin_data::ColumnValues;

    use super::*;

    fn category(count: usize) -> Column {
        let names = (0..count).map(|i| format!("v{i}")).collect();
        Column { values: ColumnValues::Category(names), may_miss: true, ..Column::number("kind") }
    }

    #[test]
    fn rare_values_of_a_category_are_one_bar_and_missing_ones_none() {
        // Value i occurs i + 1 times in the data; the samples have the last alone, and gaps.
        let data: Vec<f64> =
            (0..13).flat_map(|i| std::iter::repeat_n(f64::from(i), i as usize + 1)).collect();
        let panel = share_panel(&category(13), 13, &[data, vec![12.0, f64::NAN]]);
        assert_eq!((panel.bars.len(), &panel.bars[0].name[..]), (10, "v12"));
        assert!((panel.bars[0].data - 13.0 / 91.0).abs() < 1e-12 && panel.bars[0].samples == 1.0);
        // Values 0 to 3: 1 + 2 + 3 + 4.
        assert_eq!(panel.bars[9].name, "4 others");
        assert!((panel.bars[9].data - 10.0 / 91.0).abs() < 1e-12, "{panel:?}");
    }

    #[test]
    fn shares_are_those_given_each_value() {
        let [kind, size] = [category(2), Column::number("size")];
        // In the data kind 0 has sizes 1 to 8, kind 1 is always missing; samples have kind 0 alone.
        let kinds: Vec<f64> = (0..16).map(|i| f64::from(i / 8)).collect();
        let sizes = (0..16).map(|i| if i < 8 { f64::from(i + 1) } else { f64::NAN }).collect();
        let sides =
            [Side::new(&kind, &[kinds, vec![0.0; 2]]), Side::new(&size, &[sizes, vec![0.5, 99.0]])];
        assert_eq!(sides[0].values, ["v0", "v1"]);
        assert_eq!((sides[1].values.len(), &sides[1].values[0][..]), (9, "≤ 1"));
        assert_eq!(sides[1].values[6..], ["≤ 7", "> 7", "missing"]);
        let table = crossed(sides);
        let column = |set: usize, given: usize| -> Vec<f64> {
            table.shares[set].iter().skip(given).step_by(2).copied().collect()
        };
        assert_eq!(column(0, 0), [[0.125; 8].as_slice(), &[0.0]].concat());
        assert_eq!(column(0, 1), [[0.0; 8].as_slice(), &[1.0]].concat());
        assert_eq!(column(1, 0), [0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.0]);
        assert!(column(1, 1).iter().all(|share| share.is_nan()), "no such sample");
    }

    #[test]
    fn repeated_numbers_make_fewer_ranges() {
        let sets = [vec![0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0], vec![]];
        let (values, places) = by_range(&Column::number("rain"), &sets);
        assert_eq!(values, ["≤ 0", "≤ 1", "> 1"]);
        assert_eq!(places[0], [0, 0, 0, 0, 0, 0, 1, 2]);
        assert_eq!(by_range(&Column::number("rain"), &[vec![f64::NAN], vec![]]).0, ["any"]);
    }
}
