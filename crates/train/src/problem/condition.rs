//! [`Condition`]: what the network is told about a row beside its level.

use std::ops::Range;

use langevin_data::{Dataset, FeatureKind, Stream};

use crate::config::ConditionConfig;

/// Features of a data set that the model draws: all but those that it is told and never draws, which end each row.
pub(super) fn drawn_features(data: &dyn Dataset) -> usize {
    let told = data.told();
    if told.is_empty() {
        return data.features();
    }
    let layout = data.layout();
    let drawn = layout.iter().filter(|group| !told.contains(&group.column));
    drawn.map(|group| group.kind.features()).sum()
}

/// What the network is told about a row beside its level: for each thing its features and a flag, 1 where it is known.
/// What is not known is 0 throughout.
///
/// A thing is a column: one that the model is told and never draws, or, where any may be given, each that it draws. The
/// network's condition holds the things one after the other, in the order of their features.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// Features of each thing in a row.
    things: Vec<Range<usize>>,
    /// Column of each thing.
    columns: Vec<usize>,
    /// What the features of each are.
    kinds: Vec<FeatureKind>,
    features: usize,
    drawn: usize,
    is_any: bool,
    dropout: f64,
}

impl Condition {
    /// What is told about the rows of `data`: what `config` says, or, where it says neither, the columns that the data
    /// names itself. `None` where nothing is.
    pub fn of(config: Option<&ConditionConfig>, data: &dyn Dataset) -> Option<Self> {
        let told = data.told();
        let is_any = config.is_some_and(|config| config.given.is_some());
        if told.is_empty() && !is_any {
            return None;
        }
        let (mut things, mut columns, mut first) = (Vec::new(), Vec::new(), 0);
        let mut kinds = Vec::new();
        for group in data.layout() {
            let next = first + group.kind.features();
            if is_any || told.contains(&group.column) {
                things.push(first..next);
                columns.push(group.column);
                kinds.push(group.kind);
            }
            first = next;
        }
        let dropout =
            config.map_or_else(|| ConditionConfig::default().dropout(), ConditionConfig::dropout);
        let drawn = drawn_features(data);
        Some(Self { things, columns, kinds, features: first, drawn, is_any, dropout })
    }

    /// Number of columns of the network's condition.
    pub fn width(&self) -> usize {
        self.things.iter().map(|features| features.len() + 1).sum()
    }

    /// Number of features of each thing.
    pub fn widths(&self) -> Vec<usize> {
        self.things.iter().map(Range::len).collect()
    }

    /// The data's column of each thing, in their order.
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// Number of features of a whole row.
    pub const fn row_features(&self) -> usize {
        self.features
    }

    /// Number of features that the network draws.
    pub const fn drawn(&self) -> usize {
        self.drawn
    }

    /// Whether the things are columns that the model draws.
    pub const fn is_any(&self) -> bool {
        self.is_any
    }

    /// Chance that a training row is told nothing.
    pub const fn dropout(&self) -> f64 {
        self.dropout
    }

    /// The condition under which each row is told something.
    pub(crate) fn always(&self) -> Self {
        Self { dropout: 0.0, ..self.clone() }
    }

    /// Number of words of the stream that a training row uses.
    pub const fn words_per_row(&self) -> u64 {
        if self.is_any { 2 + self.things.len() as u64 } else { 1 }
    }

    /// Draws what a training row is told: nothing by the chance of `dropout`; else all things, or, where any may be
    /// given, k of them, k from 1 to one below their number, each number and each subset as likely.
    pub fn choose(&self, stream: &mut Stream, known: &mut [bool]) {
        let told = stream.uniform() >= self.dropout;
        if !self.is_any {
            return known.fill(told);
        }
        let count = known.len();
        let most = count.saturating_sub(1);
        let of_row = 1 + ((stream.uniform() * most as f64) as usize).min(most.saturating_sub(1));
        let mut left = if told && most > 0 { of_row } else { 0 };
        for (i, known) in known.iter_mut().enumerate() {
            // Selection sampling: each thing with the share of those that are left to choose among those left.
            *known = stream.uniform() * ((count - i) as f64) < left as f64;
            left -= usize::from(*known);
        }
    }

    /// Appends the network's condition for a row of which the `known` things are told. Of a number that is
    /// missing, or a part of its own, that alone is told.
    pub fn push(&self, row: &[f64], known: &[bool], out: &mut Vec<f32>) {
        for ((features, kind), known) in self.things.iter().zip(&self.kinds).zip(known) {
            let (own, flag) = (&row[features.clone()], f32::from(u8::from(*known)));
            let first = out.len();
            out.extend(own.iter().map(|x| if *known { *x as f32 } else { 0.0 }));
            if kind.number_is_free(own) {
                out[first] = 0.0;
            }
            out.push(flag);
        }
    }

    /// Whether each feature of a row that the network draws is open: not told.
    pub fn open(&self, known: &[bool], open: &mut [bool]) {
        open.fill(true);
        if self.is_any {
            self.mark(known, open);
            open.iter_mut().for_each(|open| *open = !*open);
        }
    }

    /// Marks the features of a whole row that the known things are.
    pub fn mark(&self, known: &[bool], features: &mut [bool]) {
        features.fill(false);
        let told = self.things.iter().zip(known).filter(|(_, known)| **known);
        told.for_each(|(own, _)| features[own.clone()].fill(true));
    }

    /// Number of things.
    pub const fn things(&self) -> usize {
        self.things.len()
    }
}

#[cfg(test)]
mod tests {
    use langevin_data::{FeatureGroup, GaussianMixture, Part, Purpose, Streams};

    use super::*;
    use crate::config::GivenColumns;

    fn any(features: usize, dropout: f64) -> Condition {
        let data = GaussianMixture::new(vec![vec![0.0; features]], 1.0, None).expect("valid");
        let config = ConditionConfig {
            given: Some(GivenColumns::Any),
            dropout: Some(dropout),
            ..ConditionConfig::default()
        };
        Condition::of(Some(&config), &data).expect("a condition")
    }

    #[test]
    fn nothing_is_told_by_its_chance_and_each_subset_of_each_size_as_often() {
        let (condition, rows) = (any(4, 0.25), 140_000);
        let mut stream = Streams::new(3).at(Purpose::Condition, 0, 0);
        let mut counts = [0_u32; 16];
        for row in 0..rows {
            let mut known = [false; 4];
            condition.choose(&mut stream, &mut known);
            assert_eq!(stream.position(), (row + 1) * condition.words_per_row());
            let subset = known.iter().enumerate().map(|(i, known)| usize::from(*known) << i);
            counts[subset.sum::<usize>()] += 1;
        }
        for (subset, count) in counts.iter().enumerate() {
            let share = match subset.count_ones() {
                0 => 0.25,
                4 => 0.0,
                // Three sizes, of four, six and four subsets.
                size => 0.25 / [4.0, 6.0, 4.0][size as usize - 1],
            };
            let error = (share * (1.0 - share) / rows as f64).sqrt();
            let got = f64::from(*count) / rows as f64;
            assert!((got - share).abs() <= 5.0 * error, "{subset:04b}: {got} for {share}");
        }
    }

    #[test]
    fn what_is_told_has_its_value_and_its_flag_and_is_not_open() {
        let condition = any(3, 0.0);
        let (mut told, mut open) = (Vec::new(), [false; 3]);
        condition.push(&[5.0, -6.0, 7.0], &[true, false, true], &mut told);
        condition.open(&[true, false, true], &mut open);
        assert_eq!((told, open), (vec![5.0, 1.0, 0.0, 0.0, 7.0, 1.0], [false, true, false]));
        assert_eq!((condition.width(), condition.drawn()), (6, 3));
    }

    /// A row of a number in two ranges, a level and a missing value, and one that is there.
    struct InParts;

    impl Dataset for InParts {
        fn features(&self) -> usize {
            6
        }
        fn words_per_row(&self) -> u64 {
            2
        }
        fn draw(&self, _part: Part, _stream: &mut Stream, rows: &mut [f64]) {
            rows.fill(0.0);
        }
        fn layout(&self) -> Vec<FeatureGroup> {
            let number = FeatureKind::NumberInParts { ranges: 2, parts: 4 };
            let kinds = [number, FeatureKind::Number].into_iter().enumerate();
            kinds.map(|(column, kind)| FeatureGroup { column, kind }).collect()
        }
    }

    #[test]
    fn of_a_value_without_a_number_its_part_alone_is_told() {
        let config =
            ConditionConfig { given: Some(GivenColumns::Any), ..ConditionConfig::default() };
        let condition = Condition::of(Some(&config), &InParts).expect("a condition");
        for own in 0..4 {
            let mut row = [0.75, -0.5, -0.25, -0.125, -1.0, 3.0];
            row[1 + own] = 1.5;
            let mut told = Vec::new();
            condition.push(&row, &[true, false], &mut told);
            let number = if own < 2 { 0.75 } else { 0.0 };
            let mut want = vec![number];
            want.extend(row[1..5].iter().map(|x| *x as f32));
            want.extend([1.0, 0.0, 0.0]);
            assert_eq!(told, want, "part {own}");
            told.clear();
            condition.push(&row, &[false, true], &mut told);
            assert_eq!(told, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 3.0, 1.0]);
        }
    }

    #[test]
    fn one_column_alone_is_never_told() {
        let condition = any(1, 0.0);
        let mut stream = Streams::new(3).at(Purpose::Condition, 0, 0);
        for _ in 0..100 {
            let mut known = [true];
            condition.choose(&mut stream, &mut known);
            assert_eq!(known, [false]);
        }
    }
}
