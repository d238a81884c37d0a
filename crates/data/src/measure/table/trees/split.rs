//! Sums of derivatives, which are exact, and the best split of a histogram of them.

use std::ops::{Add, AddAssign, Sub};

use super::{
    LAMBDA, LEAST_GAIN, LEAST_HESSIAN,
    bins::{Bins, Cut},
    tree::Side,
};

/// The first and second derivative of the loss, or sums of them, in a [`Unit`]. Sums of whole numbers are the same in any order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) gradient: i64,
    pub(super) hessian: i64,
}

impl Add for Sum {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { gradient: self.gradient + other.gradient, hessian: self.hessian + other.hessian }
    }
}

impl Sub for Sum {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self { gradient: self.gradient - other.gradient, hessian: self.hessian - other.hessian }
    }
}

impl AddAssign for Sum {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// Powers of two that the whole numbers of a [`Sum`] count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Unit {
    gradient: f64,
    hessian: f64,
}

impl Unit {
    /// Rounds the derivatives of all rows to whole numbers of a unit so small that their sums just do not overflow.
    pub(super) fn fixed(derivatives: &[[f64; 2]]) -> (Self, Vec<Sum>) {
        // The largest derivative is at most 2^size, and there are fewer than 2^count.
        let count = usize::BITS - derivatives.len().leading_zeros();
        let unit = |i: usize| {
            let largest = derivatives.iter().fold(0.0_f64, |most, pair| most.max(pair[i].abs()));
            let size = libm::frexp(largest).1;
            libm::ldexp(1.0, (size + count as i32 - 62).max(-1000))
        };
        let unit = Self { gradient: unit(0), hessian: unit(1) };
        let sum = |[gradient, hessian]: &[f64; 2]| Sum {
            gradient: (gradient / unit.gradient).round() as i64,
            hessian: (hessian / unit.hessian).round() as i64,
        };
        (unit, derivatives.iter().map(sum).collect())
    }

    fn hessian(self, sum: Sum) -> f64 {
        sum.hessian as f64 * self.hessian
    }

    /// The sum's `G² / (H + λ)`.
    fn score(self, sum: Sum) -> f64 {
        let gradient = sum.gradient as f64 * self.gradient;
        gradient * gradient / (self.hessian(sum) + LAMBDA)
    }

    /// The step `−G / (H + λ)` of a leaf, or none where H is so small that it could not be split off.
    pub(super) fn step(self, sum: Sum) -> f64 {
        if self.hessian(sum) < LEAST_HESSIAN {
            return 0.0;
        }
        -(sum.gradient as f64 * self.gradient) / (self.hessian(sum) + LAMBDA)
    }
}

/// Split of a node's rows by one column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Split {
    pub(super) gain: f64,
    pub(super) cut: Cut,
    pub(super) left: Sum,
    pub(super) right: Sum,
}

/// The split of rows with this `histogram` that gains most, the first of those that gain as much. The last bin is that of
/// missing cells.
pub(super) fn best_split(bins: &Bins, histogram: &[Sum], unit: Unit) -> Option<Split> {
    let total = histogram.iter().fold(Sum::default(), |sum, bin| sum + *bin);
    let score = unit.score(total);
    let mut best: Option<Split> = None;
    let mut consider = |left: Sum, cut: Cut| {
        let right = total - left;
        if unit.hessian(left).min(unit.hessian(right)) < LEAST_HESSIAN {
            return;
        }
        let gain = unit.score(left) + unit.score(right) - score;
        if gain > best.map_or(LEAST_GAIN, |best| best.gain) {
            best = Some(Split { gain, cut, left, right });
        }
    };
    if matches!(bins, Bins::Category { .. }) {
        histogram.iter().enumerate().for_each(|(i, bin)| consider(total - *bin, Cut::Not(i)));
        return best;
    }
    let numbers = &histogram[..bins.count()];
    let mut left = Sum::default();
    for (last, bin) in numbers.iter().enumerate() {
        left += *bin;
        consider(left, Cut::After { last, missing: Side::Right });
    }
    if left != total {
        // From above, as XGBoost does: of cuts between which the node has no rows, it takes the highest here and the lowest
        // before.
        let mut right = Sum::default();
        for (i, bin) in numbers.iter().enumerate().skip(1).rev() {
            right += *bin;
            consider(total - right, Cut::After { last: i - 1, missing: Side::Left });
        }
    }
    best
}
