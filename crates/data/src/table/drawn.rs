//! [`Drawn`] and [`Gap`]: categories that a model draws, by the training rows, between their values and their features.

#[cfg(feature = "serde")]
use super::quantile::ascend;
use super::{rounding::nearest, runs::Run};
use crate::{DrawnCategory, one_hot::nearest_code};

/// Category that is drawn: `scale · (one-hot − shares)`.
#[derive(Clone, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields)
)]
pub(super) struct Drawn {
    /// Names of its values, which are their places; none where its values are numbers.
    pub names: Vec<String>,
    /// Its values, where they are numbers, ascending.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    values: Vec<f64>,
    pub scale: f64,
    /// Share of each value among the training rows, by what they weigh, and at the end that of missing ones, where cells may be missing.
    pub shares: Vec<f64>,
}

impl Drawn {
    /// The category of a column's training values. Rows that lack one weigh `missing`, which is `None` where cells are never
    /// missing. A value that no training row has counts as half a row, and as half of the lightest value.
    pub fn new(names: &[String], runs: &[Run], missing: Option<f64>) -> Self {
        let is_named = !names.is_empty();
        let values: Vec<f64> = runs.iter().filter(|_| !is_named).map(|run| run.value).collect();
        let (scale, shares) = (1.0, vec![0.0; names.len() + values.len()]);
        let mut own = Self { names: names.to_vec(), values, scale, shares };
        for run in runs {
            let place = own.place(run.value) as usize;
            own.shares[place] += run.weight;
        }
        own.shares.extend(missing);
        let seen = own.shares.iter().copied().filter(|share| *share > 0.0);
        let unseen = 0.5 * seen.fold(1.0, f64::min);
        own.shares.iter_mut().filter(|share| **share == 0.0).for_each(|share| *share = unseen);
        let all: f64 = own.shares.iter().sum();
        own.shares.iter_mut().for_each(|share| *share /= all);
        let DrawnCategory { scale, shares, .. } = DrawnCategory::calibrated(0, own.shares);
        Self { scale, shares, ..own }
    }

    pub fn count(&self) -> usize {
        self.names.len() + self.values.len()
    }

    pub fn may_miss(&self) -> bool {
        self.shares.len() > self.count()
    }

    /// The place of a value; of a number that no training row has, the nearest one's.
    pub fn place(&self, value: f64) -> f64 {
        if value.is_nan() {
            return self.count() as f64;
        }
        match self.values.is_empty() {
            true => value,
            false => {
                let near = nearest(&self.values, value);
                self.values.partition_point(|other| *other < near) as f64
            }
        }
    }

    /// The value that features stand for.
    pub fn value(&self, features: &[f64]) -> f64 {
        let place = nearest_code(features, self.scale, &self.shares);
        match (place as usize, self.values.is_empty()) {
            (place, _) if place >= self.count() => f64::NAN,
            (_, true) => place,
            (place, false) => self.values[place],
        }
    }

    #[cfg(feature = "serde")]
    pub fn is_sound(&self) -> bool {
        let is_share = |share: &f64| *share > 0.0 && *share < 1.0;
        let more = self.shares.len().checked_sub(self.count());
        self.shares.len() >= 2
            && more.is_some_and(|more| more <= 1)
            && (self.names.is_empty() || self.values.is_empty())
            && (self.values.is_empty() || ascend(&self.values))
            && self.scale > 0.0
            && self.shares.iter().all(is_share)
    }
}

/// Category of two values, present and missing, beside a number: its scale, and the share of the second.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields)
)]
pub(super) struct Gap {
    pub scale: f64,
    pub share: f64,
}

impl Gap {
    pub fn shares(self) -> [f64; 2] {
        [1.0 - self.share, self.share]
    }

    /// The category of a column of which training rows of this weight have a value, and others lack one. Where held-out
    /// rows alone lack one, it is as half a row.
    pub fn new(present: f64, missing: f64) -> Self {
        let without = if missing > 0.0 { missing } else { 0.5 };
        let share = without / (present + missing);
        let DrawnCategory { scale, .. } = DrawnCategory::calibrated(0, vec![1.0 - share, share]);
        Self { scale, share }
    }

    #[cfg(feature = "serde")]
    pub fn is_sound(self) -> bool {
        self.scale > 0.0 && self.share > 0.0 && self.share < 1.0
    }
}
