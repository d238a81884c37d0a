//! [`Parts`]: a column of numbers as the category of their parts, and ranks within each.

#[cfg(feature = "serde")]
use super::quantile::ascend;
use super::{number_parts::NumberParts, quantile::normal_quantile, rank::Rank, runs::Run};
use crate::{
    DrawnCategory,
    one_hot::{code, nearest_code},
};

/// Map of a column whose numbers fall into [parts](NumberParts). Its first feature is the [rank](Rank) of a value within its range, and
/// one of N(0, 1) where it is a level or missing; then come the features of the category of its part.
///
/// Back, the nearest class gives the part, and the rank a value within it: none lies between ranges.
#[derive(Clone, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields)
)]
pub(super) struct Parts {
    /// The ranges, ascending; at least one.
    ranges: Vec<Rank>,
    /// Values that are parts of their own, ascending.
    levels: Vec<f64>,
    pub scale: f64,
    /// Share of each range and of each level among the training rows, by what they weigh, and at the end that of missing values, where cells may be
    /// missing.
    pub shares: Vec<f64>,
}

impl Parts {
    /// The map of a column's training values; none where they are one range. Rows that lack one weigh `missing`, which is `None` where
    /// cells are never missing. Where held-out rows alone lack one, it is as half a row.
    pub fn new(runs: &[Run], missing: Option<f64>) -> Option<Self> {
        Some(Self::of(NumberParts::of_runs(runs)?, runs, missing))
    }

    /// The same of parts that are stated.
    pub fn of(parts: NumberParts, runs: &[Run], missing: Option<f64>) -> Self {
        let NumberParts { ranges, levels } = parts;
        let (heavy, rest): (Vec<Run>, Vec<Run>) =
            runs.iter().partition(|run| place_in(&levels, run.value).is_some());
        let within = |[least, most]: [f64; 2]| {
            let own = rest.iter().filter(|run| least <= run.value && run.value <= most);
            own.copied().collect::<Vec<Run>>()
        };
        let ranges: Vec<_> = ranges.into_iter().map(within).collect();
        let weight = |runs: &Vec<Run>| runs.iter().map(|run| run.weight).sum();
        let mut shares: Vec<f64> = ranges.iter().map(weight).collect();
        shares.extend(heavy.iter().map(|run| run.weight));
        shares.extend(missing.map(|missing| if missing > 0.0 { missing } else { 0.5 }));
        let all: f64 = shares.iter().sum();
        shares.iter_mut().for_each(|share| *share /= all);
        let DrawnCategory { scale, shares, .. } = DrawnCategory::calibrated(0, shares);
        let ranges = ranges.iter().map(|runs| Rank::new(runs)).collect();
        Self { ranges, levels, scale, shares }
    }

    /// The values that are parts of their own, ascending.
    #[cfg(feature = "serde")]
    pub fn levels(&self) -> &[f64] {
        &self.levels
    }

    /// Number of ranges, which are the first of the parts.
    pub const fn ranges(&self) -> usize {
        self.ranges.len()
    }

    /// The share of the training rows that lack a value, where any may.
    pub fn missing_share(&self) -> Option<f64> {
        self.shares.get(self.ranges.len() + self.levels.len()).copied()
    }

    /// The place of a value's part: of a number that no range holds and that is no level, the nearest range's.
    fn place(&self, value: f64) -> usize {
        let ranges = self.ranges.len();
        if value.is_nan() {
            return ranges + self.levels.len();
        }
        if let Some(level) = place_in(&self.levels, value) {
            return ranges + level;
        }
        let away = |place: &usize| {
            let [least, most] = self.ranges[*place].ends();
            (least - value).max(value - most).max(0.0)
        };
        (0..ranges).min_by(|a, b| away(a).total_cmp(&away(b))).unwrap_or(0)
    }

    /// Fills in the features of a value; `uniform` in (0, 1) chooses its number.
    pub fn write(&self, value: f64, uniform: f64, out: &mut [f64]) {
        let [number, classes @ ..] = out else { return };
        let place = self.place(value);
        let range = self.ranges.get(place);
        *number = range.map_or_else(|| normal_quantile(uniform), |rank| rank.apply(value, uniform));
        let code = code(place as f64, self.scale, &self.shares);
        classes.iter_mut().zip(code).for_each(|(out, value)| *out = value);
    }

    /// Mean and variance of a training value's number.
    pub fn moments(&self, value: f64) -> (f64, f64) {
        self.ranges.get(self.place(value)).map_or((0.0, 1.0), |rank| rank.moments(value))
    }

    /// The range that features stand for; `None` where they stand for a level or a missing value.
    pub fn range_of(&self, features: &[f64]) -> Option<usize> {
        let place = nearest_code(features.get(1..)?, self.scale, &self.shares) as usize;
        Some(place).filter(|place| *place < self.ranges.len())
    }

    /// The value that features stand for; NaN where it is missing.
    pub fn value(&self, features: &[f64]) -> f64 {
        let [number, classes @ ..] = features else { return f64::NAN };
        let place = nearest_code(classes, self.scale, &self.shares) as usize;
        let level = || self.levels.get(place - self.ranges.len()).copied().unwrap_or(f64::NAN);
        self.ranges.get(place).map_or_else(level, |rank| rank.undo(*number))
    }

    /// Whether it is one that could have been made: what is read from a file may be anything.
    #[cfg(feature = "serde")]
    pub fn is_sound(&self) -> bool {
        let is_share = |share: &f64| *share > 0.0 && *share < 1.0;
        let more = self.shares.len().checked_sub(self.ranges.len() + self.levels.len());
        !self.ranges.is_empty()
            && self.shares.len() >= 2
            && more.is_some_and(|more| more <= 1)
            && self.ranges.iter().all(Rank::is_sound)
            && self.ranges.windows(2).all(|pair| pair[0].ends()[1] < pair[1].ends()[0])
            && ascend(&self.levels)
            && self.levels.iter().all(|level| level.is_finite())
            && self.scale > 0.0
            && self.shares.iter().all(is_share)
    }
}

/// The place of a value among those that ascend. A zero of either sign is 0.
fn place_in(values: &[f64], value: f64) -> Option<usize> {
    values.binary_search_by(|own| own.total_cmp(&(value + 0.0))).ok()
}
