//! [`Rank`]: a column's values as standard normals through their ranks, ties spread at random.

#[cfg(feature = "serde")]
use super::quantile::ascend;
use super::{quantile::normal_quantile, runs::Run};

/// Dithered rank map of a column: the value x becomes `Φ⁻¹(u)`, `u = F(x−) + U (F(x) − F(x−))`, where F is the
/// training rows' distribution function and U is uniform in (0, 1). Over the training rows and U it is exactly
/// N(0, 1), whatever the column holds.
///
/// Back, the u of a value that repeats gives exactly that value, so that it comes as often as it is. The
/// interval of a value that occurs once is spread evenly around it, at most half way to the nearer of its
/// neighbours, so that gaps stay empty. Nothing lies beyond the training values.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields)
)]
pub(super) struct Rank {
    /// The distinct values, ascending; at least two.
    values: Vec<f64>,
    /// What the rows below each of them weigh, and at the end all rows: their number, where rows have no weights.
    below: Vec<f64>,
    /// Whether each of them repeats, where rows have weights; elsewhere one that weighs more than 1 does.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    repeats: Vec<bool>,
}

/// The part of the ranks that belongs to a value, in units of one value.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Interval {
    from: f64,
    to: f64,
}

impl Rank {
    /// Whether it is one that could have been made: what is read from a file may be anything.
    #[cfg(feature = "serde")]
    pub fn is_sound(&self) -> bool {
        self.values.len() >= 2
            && self.below.len() == self.values.len() + 1
            && self.below[0] == 0.0
            && ascend(&self.values)
            && ascend(&self.below)
            && (self.repeats.is_empty() || self.repeats.len() == self.values.len())
    }

    /// The map of a column's values, at least two.
    pub fn new(runs: &[Run]) -> Self {
        let (mut below, mut seen) = (vec![0.0], 0.0);
        below.extend(runs.iter().map(|run| {
            seen += run.weight;
            seen
        }));
        let values = runs.iter().map(|run| run.value).collect();
        let is_weighted = runs.iter().any(Run::is_weighted);
        let repeats = runs.iter().filter(|_| is_weighted).map(Run::repeats).collect();
        Self { values, below, repeats }
    }

    /// The least and the largest value.
    pub fn ends(&self) -> [f64; 2] {
        [self.values[0], self.values[self.values.len() - 1]]
    }

    /// Maps a value to its z, where `uniform` in (0, 1) chooses one of many.
    pub fn apply(&self, value: f64, uniform: f64) -> f64 {
        let Interval { from, to } = self.interval(value);
        // A value that is not among the training rows has no interval, and may lie at an end of all.
        let [least, most] = self.edges();
        normal_quantile((from + uniform * (to - from)).clamp(least, most) / self.count())
    }

    /// Maps a z to its value.
    pub fn undo(&self, z: f64) -> f64 {
        let position = libm::erfc(-z / std::f64::consts::SQRT_2) / 2.0 * self.count();
        let index = self.below.partition_point(|below| *below <= position);
        let index = index.saturating_sub(1).min(self.values.len() - 1);
        let value = self.values[index];
        if self.is_tie(index) || !position.is_finite() {
            return if position.is_nan() { f64::NAN } else { value };
        }
        let away = 2.0 * (position - self.below[index]) / self.weight(index) - 1.0;
        let [least, most] = self.ends();
        (value + away * self.reach(index)).clamp(least, most)
    }

    /// Mean and variance of z over U at a training value: those of N(0, 1) between two of its quantiles.
    pub fn moments(&self, value: f64) -> (f64, f64) {
        let Interval { from, to } = self.interval(value);
        let count = self.count();
        let share = (to - from) / count;
        let end = |position: f64| {
            let inside = position > 0.0 && position < count;
            let z = if inside { normal_quantile(position / count) } else { 0.0 };
            // The density and z times it, both 0 at the ends of the line.
            let density =
                if inside { (-z * z / 2.0).exp() / std::f64::consts::TAU.sqrt() } else { 0.0 };
            (density, z * density)
        };
        let (low, high) = (end(from), end(to));
        let mean = (low.0 - high.0) / share;
        (mean, 1.0 + (low.1 - high.1) / share - mean * mean)
    }

    fn count(&self) -> f64 {
        self.below[self.values.len()]
    }

    /// What the rows of a value weigh.
    fn weight(&self, index: usize) -> f64 {
        self.below[index + 1] - self.below[index]
    }

    fn is_tie(&self, index: usize) -> bool {
        self.repeats.get(index).copied().unwrap_or(self.weight(index) > 1.0)
    }

    /// The outermost ranks that a value has, be it among the training rows or not.
    fn edges(&self) -> [f64; 2] {
        let edge = |index: usize| EDGE * self.weight(index).min(1.0);
        [edge(0), self.count() - edge(self.values.len() - 1)]
    }

    /// How far the interval of a value that occurs once goes to either side.
    fn reach(&self, index: usize) -> f64 {
        let gap = |low: usize| Some(self.values.get(low + 1)? - self.values.get(low)?);
        let gaps = [index.checked_sub(1).and_then(gap), gap(index)];
        gaps.into_iter().flatten().fold(f64::INFINITY, f64::min) / 2.0
    }

    /// The ranks of a value; of a value between two of the training rows the one place that it has.
    fn interval(&self, value: f64) -> Interval {
        let above = self.values.partition_point(|other| *other <= value);
        let at = |position: f64| Interval { from: position, to: position };
        let Some(index) = above.checked_sub(1) else { return at(0.0) };
        let [from, to] = [self.below[index], self.below[index + 1]];
        if self.values[index] == value {
            return Interval { from, to };
        }
        // Beside a value that occurs once there is room.
        for index in [index, above].into_iter().filter(|index| *index < self.values.len()) {
            let away = (value - self.values[index]) / self.reach(index);
            if !self.is_tie(index) && away.abs() < 1.0 {
                return at(self.below[index] + self.weight(index) * (1.0 + away) / 2.0);
            }
        }
        at(to)
    }
}

/// The nearest to either end of all ranks that a value has, in weights of the outermost one.
const EDGE: f64 = 1e-3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Purpose, Streams,
        table::runs::{even_runs, runs},
    };

    /// 0 twice, 1, 4, 5 three times.
    const SORTED: [f64; 7] = [0.0, 0.0, 1.0, 4.0, 5.0, 5.0, 5.0];

    #[test]
    fn values_share_the_normal_by_their_counts() {
        let map = Rank::new(&even_runs(SORTED.into_iter()));
        assert_eq!((map.ends(), &map.values[..]), ([0.0, 5.0], &[0.0, 1.0, 4.0, 5.0][..]));
        let z = |position: f64| normal_quantile(position / 7.0);
        for (value, uniform, position) in [
            (0.0, 0.5, 1.0),
            (0.0, 0.25, 0.5),
            (1.0, 0.5, 2.5),
            (1.0, 0.1, 2.1),
            (5.0, 0.5, 5.5),
            // Between: half way from 1 to its reach of 0.5, in a gap, just below the ties of 5, beyond the ends.
            (1.25, 0.9, 2.75),
            (2.5, 0.1, 3.0),
            (4.75, 0.5, 4.0),
            (-1.0, 0.5, 1e-3),
            (9.0, 0.5, 7.0 - 1e-3),
        ] {
            let found = map.apply(value, uniform);
            assert!(
                (found - z(position)).abs() < 1e-12,
                "{value} {uniform}: {found}, not {}",
                z(position)
            );
        }
    }

    #[test]
    fn the_way_back_keeps_shares_gaps_and_ends() {
        let map = Rank::new(&even_runs(SORTED.into_iter()));
        let back = |position: f64| map.undo(normal_quantile(position / 7.0));
        for (position, value) in [
            (0.01, 0.0),
            (1.99, 0.0),
            (2.5, 1.0),
            (2.0 + 1e-9, 0.5),
            (3.0 - 1e-9, 1.5),
            (3.0 + 1e-9, 3.5),
            (3.75, 4.25),
            (4.01, 5.0),
            (6.99, 5.0),
        ] {
            let found = back(position);
            assert!((found - value).abs() < 1e-6, "{position}: {found}, not {value}");
        }
        assert_eq!([map.undo(-40.0), map.undo(40.0)], [0.0, 5.0]);
        assert_eq!([map.undo(f64::NEG_INFINITY), map.undo(f64::INFINITY)], [0.0, 5.0]);
        assert!(map.undo(f64::NAN).is_nan());
        // Ends that occur once stay the ends.
        let once = Rank::new(&even_runs([1.0, 2.0, 4.0].into_iter()));
        assert_eq!([once.undo(-9.0), once.undo(9.0)], [1.0, 4.0]);
    }

    #[test]
    fn training_values_are_standard_normal_and_come_back() {
        // Zeros, ties and a tail: 3000 values.
        let mut values = vec![0.0; 3000];
        Streams::new(5).at(Purpose::Data, 0, 0).fill_normal(&mut values);
        for (i, value) in values.iter_mut().enumerate() {
            *value = match i % 3 {
                0 => 0.0,
                1 => (*value * 2.0).round(),
                _ => (2.0 * *value).exp(),
            };
        }
        let map = Rank::new(&even_runs(values.iter().copied()));
        let mut uniform = vec![0.0; values.len()];
        Streams::new(5).at(Purpose::Data, 1, 0).fill_uniform(&mut uniform);
        let mut normals: Vec<f64> =
            values.iter().zip(&uniform).map(|(v, u)| map.apply(*v, *u)).collect();
        for ((value, z), u) in values.iter().zip(&normals).zip(&uniform) {
            let back = map.undo(*z);
            let slack = 1e-9 * (1.0 + value.abs());
            let index =
                map.values.iter().position(|other| other == value).expect("a training value");
            let reach =
                if map.is_tie(index) { 0.0 } else { (2.0 * u - 1.0).abs() * map.reach(index) };
            assert!((back - value).abs() <= reach + slack, "{value} became {back}");
        }
        // Φ(z) of the i-th smallest lies in its own n-th of 0..1, since the values share the whole.
        normals.sort_unstable_by(f64::total_cmp);
        let moment = |power: i32| normals.iter().map(|z| z.powi(power)).sum::<f64>() / 3000.0;
        // Errors of the mean and the mean square of 3000 normals are 0.018 and 0.026; ranks make them less.
        assert!(
            moment(1).abs() < 0.05 && (moment(2) - 1.0).abs() < 0.08,
            "{} {}",
            moment(1),
            moment(2)
        );
    }

    #[test]
    fn moments_at_a_value_are_those_of_its_piece_of_the_normal() {
        let map = Rank::new(&even_runs(SORTED.into_iter()));
        let (mut mean, mut square) = (0.0, 0.0);
        for value in SORTED {
            let (m, v) = map.moments(value);
            mean += m / 7.0;
            square += (v + m * m) / 7.0;
            // 20,000 places of U.
            let z = |i: i32| map.apply(value, (f64::from(i) + 0.5) / 20_000.0);
            let (sum, squares) =
                (0..20_000).map(z).fold((0.0, 0.0), |(sum, squares), z| (sum + z, squares + z * z));
            let found = (sum / 20_000.0, squares / 20_000.0 - (sum / 20_000.0).powi(2));
            // The outermost places, cut off at 1e-3 of one value, miss about z² · 1e-3 of the variance.
            assert!(
                (found.0 - m).abs() < 2e-3 && (found.1 - v).abs() < 1e-2,
                "{value}: {found:?} {m} {v}"
            );
        }
        assert!(mean.abs() < 1e-12 && (square - 1.0).abs() < 1e-12, "{mean} {square}");
    }

    #[test]
    fn values_share_the_normal_by_what_their_rows_weigh() {
        // 0 twice, 1 and 4 once: of 8 in all, weights 3, 0.5 and 4.5.
        let weighted = [(0.0, 1.0), (4.0, 4.5), (0.0, 2.0), (1.0, 0.5)];
        let map = Rank::new(&runs(weighted.into_iter()));
        let z = |position: f64| normal_quantile(position / 8.0);
        for (value, uniform, position) in [
            (0.0, 0.5, 1.5),
            (1.0, 0.2, 3.1),
            (4.0, 1.0 / 9.0, 4.0),
            // A quarter of the way from 1 to its reach.
            (1.125, 0.9, 3.3125),
        ] {
            let found = map.apply(value, uniform);
            assert!((found - z(position)).abs() < 1e-12, "{value}: {found}, not {}", z(position));
        }
        // One that repeats comes back as it is, and one that does not spreads over its own piece, however heavy it is.
        for (position, value) in
            [(0.01, 0.0), (2.99, 0.0), (3.125, 0.75), (3.25, 1.0), (4.625, 3.25)]
        {
            let found = map.undo(z(position));
            assert!((found - value).abs() < 1e-12, "{position}: {found}, not {value}");
        }
        let light = Rank::new(&runs([(0.0, 1e-6), (1.0, 2.0), (1.0, 1.0)].into_iter()));
        assert!(light.undo(light.apply(0.0, 0.3)) < 0.5);
    }
}
