//! [`Rounding`]: what a restored value is rounded to.

/// Limit of whole numbers: above it some have no f64.
const WHOLE_LIMIT: f64 = 9_007_199_254_740_992.0;

/// What values are rounded to.
#[derive(Clone, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub(super) enum Rounding {
    None,
    /// The next multiple of `1 / units`.
    Decimals {
        units: f64,
    },
    /// The next multiple of this.
    Multiples {
        step: f64,
    },
    /// The nearest of these, which ascend.
    Nearest(Vec<f64>),
}

impl Rounding {
    pub fn of(&self, value: f64) -> f64 {
        match self {
            Self::None => value,
            Self::Decimals { units } => {
                // Beyond 2^53 units every number is a multiple, and the product may be infinite.
                let scaled = value * units;
                if scaled.abs() < WHOLE_LIMIT { scaled.round() / units } else { value }
            }
            Self::Multiples { step } => (value / step).round() * step,
            Self::Nearest(values) => nearest(values, value),
        }
    }
}

/// The nearest of values that ascend, the lower of two; NaN for NaN.
pub(super) fn nearest(values: &[f64], value: f64) -> f64 {
    let above = values.partition_point(|other| *other < value);
    let below = above.checked_sub(1).and_then(|index| values.get(index));
    match (below, values.get(above)) {
        _ if value.is_nan() => value,
        (Some(below), Some(above)) if above - value < value - below => *above,
        (Some(near), _) | (None, Some(near)) => *near,
        (None, None) => value,
    }
}

/// Whether a number is whole and so small that its neighbours have an f64 too.
pub(super) fn is_whole(value: f64) -> bool {
    value.fract() == 0.0 && value.abs() < WHOLE_LIMIT
}
