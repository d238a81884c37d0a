//! [`Pooled`]: a category of very many values, of which the rare ones share one part.

use super::{number_parts::NumberParts, parts::Parts, rounding::nearest, runs::Run};

/// Share of the rows, and number of rows, from which on a value is a part of its own.
const FREQUENT: f64 = 0.002;
const FREQUENT_ROWS: f64 = 20.0;

/// Category of very many values: each frequent one is a class, as of any category, and all others are one class beside which a number
/// says which of them it is, by their ranks in the order of the names. The rare values so come as often as they are, and what goes
/// with their order is learnt, as with postal codes; that each is on its own is not.
#[derive(Clone, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields)
)]
pub(super) struct Pooled {
    /// Names of all values, which are their places.
    pub names: Vec<String>,
    /// Places of the rare values that training rows have, ascending.
    rare: Vec<f64>,
    pub parts: Parts,
}

impl Pooled {
    /// The category of a column's training values, which are places among the names, where rows that lack one weigh `missing`;
    /// `None` where fewer than two are rare.
    pub fn new(names: &[String], runs: &[Run], missing: Option<f64>) -> Option<Self> {
        let rows = runs.iter().map(|run| run.weight).sum::<f64>() + missing.unwrap_or(0.0);
        let fewest = (FREQUENT * rows).max(FREQUENT_ROWS);
        let (mut levels, mut rare): (Vec<&Run>, Vec<&Run>) =
            runs.iter().partition(|run| run.weight >= fewest && run.rows as f64 >= FREQUENT_ROWS);
        if levels.is_empty() {
            // A category has two classes at least: the most frequent value is one of them.
            let by_weight =
                |a: &(usize, &&Run), b: &(usize, &&Run)| a.1.weight.total_cmp(&b.1.weight);
            let (place, _) = rare.iter().enumerate().max_by(by_weight)?;
            levels.push(rare.remove(place));
        }
        let [levels, rare] =
            [levels, rare].map(|runs| runs.iter().map(|run| run.value).collect::<Vec<_>>());
        let [least, .., most] = rare[..] else { return None };
        let parts = NumberParts { ranges: vec![[least, most]], levels };
        let parts = Parts::of(parts, runs, missing);
        Some(Self { names: names.to_vec(), rare, parts })
    }

    /// The value that features stand for; NaN where it is missing.
    pub fn value(&self, features: &[f64]) -> f64 {
        match self.parts.range_of(features) {
            Some(_) => nearest(&self.rare, self.parts.value(features)),
            None => self.parts.value(features),
        }
    }

    #[cfg(feature = "serde")]
    pub fn is_sound(&self) -> bool {
        let is_place = |place: &f64| *place >= 0.0 && (*place as usize) < self.names.len();
        self.parts.is_sound()
            && self.parts.ranges() == 1
            && self.rare.len() >= 2
            && super::quantile::ascend(&self.rare)
            && self.rare.iter().chain(self.parts.levels()).all(is_place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Purpose, Streams, table::runs::even_runs};

    /// The category of values, with a class for those that are missing.
    fn with_missing(names: &[String], rows: &[f64]) -> Pooled {
        let missing = rows.iter().filter(|value| value.is_nan()).count() as f64;
        Pooled::new(names, &even_runs(rows.iter().copied()), Some(missing)).expect("rare ones")
    }

    /// Places of 3000 names in 20,000 rows, a few of which hold half of the rows; each tenth name has no row.
    fn training() -> (Vec<String>, Vec<f64>) {
        let names = (0..3000).map(|i| format!("{i:05}")).collect();
        let mut stream = Streams::new(5).at(Purpose::Data, 0, 0);
        let place =
            |u: f64, v: f64| if u < 0.5 { (7.0 * v).floor() * 400.0 } else { (v * 3000.0).floor() };
        let rows = (0..20_000).map(|i| match place(stream.uniform(), stream.uniform()) {
            _ if i % 50 == 0 => f64::NAN,
            place if place % 10.0 == 9.0 => place - 1.0,
            place => place,
        });
        (names, rows.collect())
    }

    #[test]
    fn each_value_comes_back_and_no_other_whatever_the_features_are() {
        let (names, rows) = training();
        let own = with_missing(&names, &rows);
        assert_eq!(own.parts.levels(), [0.0, 400.0, 800.0, 1200.0, 1600.0, 2000.0, 2400.0]);
        assert!(own.is_sound());
        let mut stream = Streams::new(5).at(Purpose::Noise, 0, 0);
        let mut features = vec![0.0; 1 + own.parts.shares.len()];
        for value in &rows {
            own.parts.write(*value, stream.uniform(), &mut features);
            let back = own.value(&features);
            assert!(back == *value || back.is_nan() && value.is_nan(), "{value} {back}");
        }
        for _ in 0..2000 {
            stream.fill_normal(&mut features);
            features[0] *= 3.0;
            let value = own.value(&features);
            assert!(value.is_nan() || rows.contains(&value), "{value}");
        }
    }

    #[test]
    fn rare_values_come_as_often_as_they_are() {
        let (names, rows) = training();
        let own = with_missing(&names, &rows);
        // Features of the rare class, with numbers of N(0, 1).
        let mut features = vec![-1.0; 1 + own.parts.shares.len()];
        features[1] = 9.0;
        let mut normals = vec![0.0; 20_000];
        Streams::new(5).at(Purpose::Noise, 1, 0).fill_normal(&mut normals);
        let drawn: Vec<f64> = normals
            .iter()
            .map(|z| {
                features[0] = *z;
                own.value(&features)
            })
            .collect();
        let count =
            |all: &[f64], value: f64| all.iter().filter(|own| **own == value).count() as f64;
        let rare: Vec<f64> =
            rows.iter().copied().filter(|value| own.rare.contains(value)).collect();
        // Pearson's statistic over its degrees of freedom, 1 for draws of the rows themselves.
        let away = |value: &f64| {
            let expected = count(&rare, *value) / rare.len() as f64 * drawn.len() as f64;
            (count(&drawn, *value) - expected).powi(2) / expected
        };
        let statistic = own.rare.iter().map(away).sum::<f64>() / (own.rare.len() - 1) as f64;
        assert!((statistic - 1.0).abs() < 0.15, "{statistic}");
    }

    #[test]
    fn where_no_value_is_frequent_the_most_frequent_is_a_class() {
        let names: Vec<String> = (0..1500).map(|i| format!("{i:05}")).collect();
        let mut rows: Vec<f64> = (0..15_000).map(|i| f64::from(i % 1500)).collect();
        rows[0] = 700.0;
        let own = Pooled::new(&names, &even_runs(rows.iter().copied()), None).expect("rare ones");
        assert_eq!((own.parts.levels(), own.parts.shares.len()), (&[700.0][..], 2));
        assert!(own.is_sound());
    }

    #[test]
    fn a_category_without_rare_values_is_none() {
        let rows: Vec<f64> = (0..4000).map(|i| f64::from(i % 10)).collect();
        let names: Vec<String> = (0..10).map(|i| i.to_string()).collect();
        assert!(Pooled::new(&names, &even_runs(rows.iter().copied()), None).is_none());
    }
}
