//! [`ByColumn`]: the distance of each column to the held-out rows.

use super::{
    Resamples, Rows,
    held_out_distance::HeldOutDistance,
    total_variation::half_differences,
    wasserstein::{Shares, Sorted, transport},
};
use crate::{Column, ColumnValues};

/// Wasserstein-1 distance to held-out rows, one for each column: of a category, of which any two values are 1 apart, the total
/// variation.
pub(super) struct ByColumn {
    held_out: Vec<Values>,
    kinds: Vec<Kind>,
    resamples: Resamples,
}

/// What the values of a column are.
#[derive(Clone, Copy)]
enum Kind {
    Numbers,
    NumbersOrMissing,
    Category,
}

/// Values of a column.
enum Values {
    Numbers(Sorted),
    /// Those that are there.
    Present(Sorted),
    /// Places of the values from 1 on; a missing one is 0.
    Category(Vec<usize>),
}

impl ByColumn {
    pub(super) fn new(held_out: Rows<'_>, columns: &[Column], resamples: Resamples) -> Self {
        let kind = |column: &Column| match (&column.values, column.may_miss) {
            (ColumnValues::Category(_), _) => Kind::Category,
            (_, true) => Kind::NumbersOrMissing,
            (_, false) => Kind::Numbers,
        };
        let kinds: Vec<Kind> = columns.iter().map(kind).collect();
        Self { held_out: values(held_out, &kinds), kinds, resamples }
    }
}

fn values(rows: Rows<'_>, kinds: &[Kind]) -> Vec<Values> {
    let of = |(i, kind): (usize, &Kind)| {
        let column = rows.column(i);
        match kind {
            Kind::Numbers => Values::Numbers(Sorted::new(&column)),
            Kind::NumbersOrMissing => {
                let Sorted { values, places } = Sorted::new(&column);
                let present = values.into_iter().zip(places).filter(|(value, _)| !value.is_nan());
                let (values, places) = present.unzip();
                Values::Present(Sorted { values, places })
            }
            Kind::Category => {
                let place = |value: &f64| if value.is_nan() { 0 } else { 1 + *value as usize };
                Values::Category(column.iter().map(place).collect())
            }
        }
    };
    kinds.iter().enumerate().map(of).collect()
}

impl HeldOutDistance for ByColumn {
    fn distances(&self, rows: Rows<'_>, resamples: &Resamples) -> Vec<Vec<f64>> {
        let counts: Vec<_> = resamples.iter().zip(self.resamples.iter()).collect();
        let shares: Vec<Shares> = counts.iter().map(|(x, y)| Shares::of(x, y)).collect();
        let column = |(x, y): (Values, &Values)| match (&x, y) {
            (Values::Numbers(x), Values::Numbers(y)) => {
                shares.iter().map(|shares| transport(&[[x, y]], shares, f64::abs)).collect()
            }
            (Values::Present(x), Values::Present(y)) => {
                counts.iter().map(|counts| of_present([x, y], *counts)).collect()
            }
            (Values::Category(x), Values::Category(y)) => {
                counts.iter().map(|counts| of_shares([x, y], *counts)).collect()
            }
            _ => Vec::new(),
        };
        values(rows, &self.kinds).into_iter().zip(&self.held_out).map(column).collect()
    }
}

/// The total variation of a category's places, each row counted so often.
fn of_shares(places: [&Vec<usize>; 2], (x_counts, y_counts): (&[f64], &[f64])) -> f64 {
    let values = places.iter().flat_map(|own| own.iter()).max().map_or(0, |most| most + 1);
    let mut counts = vec![[0.0; 2]; values];
    for (side, (own, often)) in places.into_iter().zip([x_counts, y_counts]).enumerate() {
        own.iter().zip(often).for_each(|(value, often)| counts[*value][side] += often);
    }
    half_differences(&counts)
}

/// The Wasserstein-1 distance `∫ |F − G| dx` of the values that are there, each row counted so often; 0 where there are none on
/// one side, for then their share says it.
fn of_present(sides: [&Sorted; 2], (x_counts, y_counts): (&[f64], &[f64])) -> f64 {
    let weights = [(sides[0], x_counts), (sides[1], y_counts)]
        .map(|(own, counts)| own.places.iter().map(|i| counts[*i as usize]).collect::<Vec<f64>>());
    let all = weights.each_ref().map(|weights| weights.iter().sum::<f64>());
    if all.contains(&0.0) {
        return 0.0;
    }
    let (mut at, mut reached) = ([0; 2], [0.0_f64; 2]);
    let (mut distance, mut last) = (0.0, None::<f64>);
    loop {
        let next = [0, 1].map(|side| sides[side].values.get(at[side]).copied());
        let Some(value) = next.into_iter().flatten().reduce(f64::min) else { return distance };
        if let Some(last) = last {
            distance += (value - last) * (reached[0] - reached[1]).abs();
        }
        for side in [0, 1] {
            while sides[side].values.get(at[side]) == Some(&value) {
                reached[side] += weights[side][at[side]] / all[side];
                at[side] += 1;
            }
        }
        last = Some(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Purpose, Streams,
        measure::{total_variation, wasserstein_1},
    };

    /// Rows of a number, a number that may be missing and a category of three values or missing.
    fn rows(count: usize, seed: u64) -> Vec<f64> {
        let mut stream = Streams::new(seed).at(Purpose::Reference, 0, 0);
        let mut row = |_| {
            let [a, b, c] = std::array::from_fn(|_| stream.uniform());
            let place = (4.0 * c).floor();
            [a, if b < 0.3 { f64::NAN } else { b * b }, if place > 2.0 { f64::NAN } else { place }]
        };
        (0..count).flat_map(&mut row).collect()
    }

    #[test]
    fn each_kind_of_column_has_the_distance_of_its_resampled_values() {
        let category = ColumnValues::Category(["a", "b", "c"].map(str::to_owned).to_vec());
        let mut columns = ["x", "y", "z"].map(Column::number);
        (columns[1].may_miss, columns[2].may_miss, columns[2].values) = (true, true, category);
        let (x, y) = (rows(40, 1), rows(30, 2));
        let (x, y) = (Rows::checked(3, &x), Rows::checked(3, &y));
        let mut stream = Streams::new(7).at(Purpose::Reference, 0, 0);
        let draws = [x, y].map(|rows| Resamples::draw(rows.count(), 5, &mut stream));
        let found = ByColumn::new(y, &columns, draws[1].clone()).distances(x, &draws[0]);
        for (b, (x_counts, y_counts)) in draws[0].iter().zip(draws[1].iter()).enumerate() {
            let drawn = |rows: Rows<'_>, counts: &[f64], column: usize| -> Vec<f64> {
                let own = rows.column(column).into_iter().zip(counts);
                own.flat_map(|(value, count)| std::iter::repeat_n(value, *count as usize)).collect()
            };
            let both = |column| [drawn(x, x_counts, column), drawn(y, y_counts, column)];
            let present = |values: &[f64]| -> Vec<f64> {
                values.iter().copied().filter(|value| !value.is_nan()).collect()
            };
            let [[a, b_], [c, d], [e, f]] = [both(0), both(1), both(2)];
            let exact = [
                wasserstein_1(&a, &b_),
                wasserstein_1(&present(&c), &present(&d)),
                total_variation(&e, &f).distance,
            ];
            for (column, exact) in exact.iter().enumerate() {
                let got = found[column][b];
                assert!((got - exact).abs() < 1e-12, "column {column}: {got}, not {exact}");
            }
        }
    }
}
