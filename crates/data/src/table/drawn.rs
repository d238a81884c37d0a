//! [`Drawn`] and [`Gap`]: categories that a model draws, by the training rows, between their values and their features.

#[cfg(feature = "serde")]
use super::quantile::ascend;
use super::rounding::nearest;
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
    /// Share of each value among the training rows, and at the end that of missing ones, where cells may be missing.
    pub shares: Vec<f64>,
}

impl Drawn {
    /// The category of a column's training values, NaN where they are missing. It has a share for missing ones if `may_miss`. A
    /// value that no training row has counts as half a row.
    pub fn new(names: &[String], training: &[f64], may_miss: bool) -> Self {
        let mut values = Vec::new();
        if names.is_empty() {
            values.extend(training.iter().copied().filter(|value| !value.is_nan()));
            values.sort_unstable_by(f64::total_cmp);
            values.dedup();
        }
        let count = names.len() + values.len();
        let (scale, shares) = (1.0, vec![0.0; count + usize::from(may_miss)]);
        let mut own = Self { names: names.to_vec(), values, scale, shares };
        for value in training {
            let place = own.place(*value) as usize;
            own.shares[place] += 1.0;
        }
        own.shares.iter_mut().for_each(|count| *count = count.max(0.5));
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

    /// The category of a column of so many training rows, of which so many have a value. Where held-out rows alone lack one,
    /// it is as half a row.
    pub fn new(rows: f64, present: f64) -> Self {
        let share = (rows - present).max(0.5) / rows;
        let DrawnCategory { scale, .. } = DrawnCategory::calibrated(0, vec![1.0 - share, share]);
        Self { scale, share }
    }

    #[cfg(feature = "serde")]
    pub fn is_sound(self) -> bool {
        self.scale > 0.0 && self.share > 0.0 && self.share < 1.0
    }
}
