//! Rows in two spaces: the model's features, and the columns and units of the user's data.

use std::borrow::Cow;

use langevin_data::{
    Column, ColumnValues, Dataset, FeatureGroup, FeatureKind, Part, Purpose, Streams,
    measure::{Rows, SampleSet},
};

use crate::TrainError;

/// Most rows drawn from a distribution, as the reference of measurements and figures.
pub(crate) const DRAWN_ROWS: usize = 2000;

/// Most numbers of the rows of a part that samples are measured against, in both spaces: half a GiB.
const MEASURED_NUMBERS: usize = 1 << 26;

/// Most rows of a part of the data that samples are measured against.
pub(crate) fn measured_rows(data: &dyn Dataset) -> usize {
    (MEASURED_NUMBERS / (data.features() + data.columns().len())).max(DRAWN_ROWS)
}

/// Rows in both spaces, `model` and `user`, each row by row.
#[derive(Debug, Clone)]
pub(crate) struct BothSpaces {
    features: usize,
    columns: Vec<Column>,
    pub(crate) model: Vec<f64>,
    pub(crate) user: Vec<f64>,
}

impl BothSpaces {
    /// Rows in the model's space, restored to the user's.
    pub(crate) fn of_model(data: &dyn Dataset, model: Vec<f64>) -> Self {
        let features = data.features();
        let mut user = Vec::with_capacity(model.len());
        model.chunks_exact(features).for_each(|row| data.restore(row, &mut user));
        Self { features, columns: data.columns(), model, user }
    }

    /// Samples as written to their file: restored, and rounded to about a millionth of their
    /// column's spread. 32-bit floats in the model's space resolve no more. What was `told`, in the user's columns, is as it was given; NaN
    /// stands in the others.
    pub(crate) fn of_samples(data: &dyn Dataset, samples: &[f32], told: &[f64]) -> Self {
        let mut rows = Self::of_floats(data, samples);
        let told = rows.user.iter_mut().zip(told).filter(|(_, told)| !told.is_nan());
        told.for_each(|(value, told)| *value = *told);
        rows
    }

    fn of_floats(data: &dyn Dataset, samples: &[f32]) -> Self {
        let mut rows = Self::of_model(data, samples.iter().map(|v| f64::from(*v)).collect());
        let units = units(data);
        for row in rows.user.chunks_exact_mut(rows.columns.len()) {
            for (value, unit) in row.iter_mut().zip(&units) {
                *value = unit.map_or(*value, |unit| (*value * unit).round() / unit);
            }
        }
        rows
    }

    /// Rows of one part of the data, at most `most`. They are evenly spread over a finite data set, or over the
    /// rows that stand for one whose rows have weights; a distribution draws them from stream `stream`.
    pub(crate) fn of_data(
        data: &dyn Dataset,
        part: Part,
        seed: u64,
        stream: u64,
        most: Option<usize>,
    ) -> Self {
        let limit = if data.len(part).is_none() { DRAWN_ROWS } else { usize::MAX };
        let count = most.map_or(limit, |most| most.min(limit));
        let mut rows =
            Self::of_model(data, rows_of(data, part, count, &Streams::new(seed), stream));
        // As they were given, which restoring need not be.
        if let Some(all) = data.len(part) {
            rows.user.clear();
            for index in chosen(data, part, count, all) {
                data.user_row(part, index, &mut rows.user);
            }
        }
        rows
    }

    /// Rows whose distances can be measured: finite, and below 1e150.
    pub(crate) fn measurable(&self) -> Self {
        let fits = |value: f64| value.abs() < 1e150;
        let is_value =
            |(value, column): (&f64, &Column)| fits(*value) || value.is_nan() && column.may_miss;
        let users = self.user.chunks_exact(self.columns.len());
        let both = self.model.chunks_exact(self.features).zip(users);
        let (mut model, mut user) = (Vec::new(), Vec::new());
        for (features, row) in both {
            let is_whole = row.iter().zip(&self.columns).all(is_value);
            if !is_whole || !features.iter().all(|value| fits(*value)) {
                continue;
            }
            model.extend_from_slice(features);
            user.extend_from_slice(row);
        }
        Self { features: self.features, columns: self.columns.clone(), model, user }
    }

    /// Mean and standard deviation of the values of each column that are there, in the user's units.
    pub(crate) fn moments(&self) -> Vec<(f64, f64)> {
        let width = self.columns.len();
        let may_miss = |i: usize| self.columns[i].may_miss;
        (0..width)
            .map(|i| {
                let all = self.user.iter().skip(i).step_by(width);
                let column: Vec<f64> =
                    all.copied().filter(|value| !(may_miss(i) && value.is_nan())).collect();
                let rows = column.len() as f64;
                let mean = column.iter().sum::<f64>() / rows;
                let squares = column.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
                (mean, (squares / rows).sqrt())
            })
            .collect()
    }

    /// Sample set of these rows, for the evaluation.
    ///
    /// # Errors
    /// No rows, or values that are not finite.
    pub(crate) fn set(&self, name: &str) -> Result<SampleSet<'_>, TrainError> {
        Ok(SampleSet {
            user: Rows::of_columns(name, &self.columns, &self.user)?,
            model: Rows::new(name, self.features, &self.model)?,
        })
    }
}

/// The values of the columns that are drawn, of rows in the user's columns.
pub(crate) fn drawn_columns<'a>(data: &dyn Dataset, user: &'a [f64]) -> Cow<'a, [f64]> {
    let (told, columns) = (data.told(), data.columns().len());
    if told.is_empty() {
        return Cow::Borrowed(user);
    }
    let drawn: Vec<usize> = (0..columns).filter(|column| !told.contains(column)).collect();
    let rows = user.chunks_exact(columns);
    Cow::Owned(rows.flat_map(|row| drawn.iter().map(|column| row[*column])).collect())
}

/// A name for each of the model's features: its column's, with the class where it stands for one, as "sex = female"; "feature i"
/// where the data states no column for it.
pub(crate) fn feature_names(data: &dyn Dataset) -> Vec<String> {
    let columns = data.columns();
    let names = |(first, group): (usize, &FeatureGroup)| -> Vec<String> {
        let Some(own) = columns.get(group.column) else {
            return (first..first + group.kind.features())
                .map(|i| format!("feature {i}"))
                .collect();
        };
        let text = |i: usize| match &own.values {
            ColumnValues::Category(names) if i >= names.len() => "missing".to_owned(),
            _ => own.text(i as f64),
        };
        match group.kind {
            FeatureKind::Category { count } => {
                (0..count).map(|i| format!("{} = {}", own.name, text(i))).collect()
            }
            FeatureKind::NumberInParts { .. } => {
                let parts = part_names(data, first, *group);
                [own.name.clone()].into_iter().chain(parts).collect()
            }
            _ => vec![own.name.clone()],
        }
    };
    let layout = data.layout();
    let firsts = layout.iter().scan(0, |next, group| {
        let first = *next;
        *next += group.kind.features();
        Some(first)
    });
    firsts.zip(&layout).flat_map(names).collect()
}

/// Feature of a part beyond that of any other, and a number beyond all.
const BEYOND: f64 = 1e9;

/// The names of the parts of a number whose features begin at `first`: as the values that they hold.
fn part_names(data: &dyn Dataset, first: usize, group: FeatureGroup) -> Vec<String> {
    let FeatureKind::NumberInParts { ranges, parts } = group.kind else { return Vec::new() };
    let own = &data.columns()[group.column];
    if (ranges, parts) == (1, 2) && own.may_miss {
        return ["present", "missing"].map(|what| format!("{} {what}", own.name)).to_vec();
    }
    let text = |part: usize, number: f64| {
        let (mut features, mut row) = (vec![0.0; data.features()], Vec::new());
        features[first] = number;
        features[first + 1 + part] = BEYOND;
        data.restore(&features, &mut row);
        own.text(row[group.column])
    };
    let name = |part: usize| match (part < ranges, text(part, -BEYOND)) {
        (true, least) => format!("{} = {least} to {}", own.name, text(part, BEYOND)),
        (false, text) if text.is_empty() => format!("{} missing", own.name),
        (false, text) => format!("{} = {text}", own.name),
    };
    (0..parts).map(name).collect()
}

/// Rounding of each column: 10^k where values are rounded to k decimal places, `None` where they
/// stay as they are. They stay in the model's own features, in columns that do not vary or are restored
/// as they are to be written, and in columns whose spread is 10^7 or more.
fn units(data: &dyn Dataset) -> Vec<Option<f64>> {
    let at = |value: f64| {
        let (mut features, mut first) = (vec![value; data.features()], 0);
        for group in data.layout() {
            let next = first + group.kind.features();
            if matches!(group.kind, FeatureKind::NumberInParts { .. }) {
                features[first + 1..next].fill(-BEYOND);
                features[first + 1] = BEYOND;
            }
            first = next;
        }
        let mut row = Vec::new();
        data.restore(&features, &mut row);
        row
    };
    let (zero, one) = (at(0.0), at(1.0));
    if zero.iter().all(|value| *value == 0.0) && one.iter().all(|value| *value == 1.0) {
        return vec![None; zero.len()];
    }
    let unit = |spread: f64| {
        let digits = (6.0 - spread.log10()).ceil();
        // Above 10^22 a power of ten is no exact float; below 10^0 the values would be rounded to
        // tens.
        (0.0..=22.0).contains(&digits).then(|| 10_f64.powi(digits as i32))
    };
    let of_column = |(column, (zero, one)): (usize, (&f64, &f64))| {
        if data.is_final(column) { None } else { unit((one - zero).abs()) }
    };
    zero.iter().zip(&one).enumerate().map(of_column).collect()
}

/// Rows of one part in the model's space, at most `most`: evenly spread ones of a finite data set, or of those that stand for one
/// whose rows have weights; those of stream `stream` of a distribution.
pub(super) fn rows_of(
    data: &dyn Dataset,
    part: Part,
    most: usize,
    streams: &Streams,
    stream: u64,
) -> Vec<f64> {
    let features = data.features();
    let Some(all) = data.len(part) else {
        let mut rows = vec![0.0; most * features];
        data.draw(part, &mut streams.at(Purpose::Reference, stream, 0), &mut rows);
        return rows;
    };
    let chosen = chosen(data, part, most, all);
    let mut rows = vec![0.0; chosen.len() * features];
    let each = rows.chunks_exact_mut(features).zip(chosen);
    each.for_each(|(row, index)| data.row(part, index, row));
    rows
}

/// At most `most` indices of the `all` rows of a part, evenly spread over those that stand for it.
fn chosen(data: &dyn Dataset, part: Part, most: usize, all: usize) -> Vec<usize> {
    match data.representatives(part) {
        Some(rows) => evenly(most, rows.len()).map(|i| rows[i]).collect(),
        None => evenly(most, all).collect(),
    }
}

/// At most `most` indices of `all` rows, evenly spread.
pub(crate) fn evenly(most: usize, all: usize) -> impl Iterator<Item = usize> {
    let count = all.min(most);
    (0..count).map(move |i| (i as u128 * all as u128 / count as u128) as usize)
}

#[cfg(test)]
mod tests {
    use langevin_data::{
        CellKind, ColumnSpec, GaussianMixture, Holdout, Missing, SplitOptions, Table, TableData,
        TableOptions,
    };

    use super::*;

    #[test]
    fn samples_keep_their_digits_where_the_offset_is_large_and_the_spread_small() {
        let text: String = (0..50)
            .map(|i| format!("{},{}e-9\n", 5_400_000.0 + 0.1 * f64::from(i % 7), i))
            .collect();
        let table = Table::from_bytes("t", text.as_bytes(), &TableOptions::default());
        let data = TableData::new(table.expect("sound"), &SplitOptions::default()).expect("sound");
        let samples: Vec<f32> = (0..40).map(|i| i as f32 / 40.0 - 0.5).collect();
        let rows = BothSpaces::of_floats(&data, &samples);
        let exact = BothSpaces::of_model(&data, samples.iter().map(|v| f64::from(*v)).collect());
        for (i, (got, want)) in rows.user.iter().zip(&exact.user).enumerate() {
            let spread = if i % 2 == 0 { 0.2 } else { 1.4e-8 };
            assert!((got - want).abs() < 1e-6 * spread, "{got} {want}");
            assert!(got.to_string().len() <= 22, "{got}");
        }
    }

    #[test]
    fn every_feature_is_named_by_its_column_and_its_class() {
        let columns = vec![
            ColumnSpec { kind: CellKind::Category, ..ColumnSpec::named("kind") },
            ColumnSpec::named("same"),
            ColumnSpec::named("size"),
            ColumnSpec::named("mass"),
        ];
        let options = TableOptions {
            columns: Some(columns),
            missing: Missing::Model,
            ..TableOptions::default()
        };
        let rows: String =
            ["a,1,2,3", ",1,,4", "b,1,4,5", "a,1,,7"].map(|row| format!("{row}\n")).concat();
        let text = format!("kind,same,size,mass\n{}", rows.repeat(5));
        let table = Table::from_bytes("t", text.as_bytes(), &options).expect("sound");
        let split = SplitOptions { holdout: Holdout::Share(0.0), ..Default::default() };
        let data = TableData::new(table, &split).expect("sound");
        let names = [
            "mass",
            "kind = a",
            "kind = b",
            "kind = missing",
            "size",
            "size present",
            "size missing",
        ];
        assert_eq!(feature_names(&data), names);

        // Data of a user's own that states fewer columns than its layout has.
        struct Bare;
        impl Dataset for Bare {
            fn features(&self) -> usize {
                2
            }
            fn words_per_row(&self) -> u64 {
                0
            }
            fn draw(&self, _: Part, _: &mut langevin_data::Stream, _: &mut [f64]) {}
            fn columns(&self) -> Vec<Column> {
                vec![Column::number("own")]
            }
        }
        assert_eq!(feature_names(&Bare), ["own", "feature 1"]);
    }

    #[test]
    fn moments_are_in_the_user_s_units_column_by_column() {
        let table =
            Table::from_bytes("t", b"a,b\n1,70\n3,50\n1,50\n3,70\n", &TableOptions::default());
        let split = SplitOptions { holdout: Holdout::Share(0.0), ..Default::default() };
        let data = TableData::new(table.expect("sound"), &split).expect("sound");
        let rows = BothSpaces::of_data(&data, Part::Training, 0, 0, Some(4));
        let expected = [(2.0, 1.0), (60.0, 10.0)];
        for ((mean, std), (own_mean, own_std)) in rows.moments().into_iter().zip(expected) {
            assert!(
                (mean - own_mean).abs() < 1e-12 && (std - own_std).abs() < 1e-12,
                "{mean} {std}"
            );
        }
        assert_eq!(rows.moments().len(), 2);
    }

    #[test]
    fn samples_of_a_distribution_are_the_model_s_own_floats() {
        let data = GaussianMixture::new(vec![vec![1.0]], 0.1, None).expect("valid");
        let rows = BothSpaces::of_floats(&data, &[0.1, -1.0e-7]);
        assert_eq!(rows.user, [f64::from(0.1_f32), f64::from(-1.0e-7_f32)]);
    }
}
