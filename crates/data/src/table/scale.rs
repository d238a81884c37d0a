//! Columns between the user's units and the model's space.

#[cfg(feature = "serde")]
use super::{SpecError, quantile::ascend};
use super::{
    derived::Derived,
    drawn::{Drawn, Gap},
    parts::Parts,
    pooled::Pooled,
    quantile::{Quantile, normal_quantile},
    rank::Rank,
    rounding::Rounding,
};
use crate::{
    DrawnCategory, FeatureKind,
    one_hot::{code, nearest_class, nearest_code, one_hot},
};

/// How a table's columns become numbers near 1, which a model is trained on. Statistics come from the
/// training rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(rename_all = "snake_case")
)]
pub enum Transform {
    /// They stay as they are.
    None,
    /// Each has mean 0 and variance 1: `(x − mean) / std`.
    #[default]
    Standardise,
    /// Each has mean 0, and all are divided by one number, the root of their mean variance: for
    /// pixels and other columns of one unit.
    StandardiseTogether,
    /// Each becomes standard normal through the ranks of its values: `Φ⁻¹((rank − 1/2) / n)`, ties at
    /// their mean rank, linear between distinct values. Beyond the training values it is linear with
    /// the slope of the last piece, or that of the whole range where this is steeper in x: samples stay
    /// near the range of the data, and held-out rows near that of the normal.
    Quantile,
}

/// What is known of a column, and the way to the model's space and back.
#[derive(Clone, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields)
)]
pub(super) struct Scale {
    /// Whether all training values are whole.
    pub is_integer: bool,
    pub map: Map,
    /// The least and the largest training value; none of a category, and in files of earlier versions.
    #[cfg_attr(feature = "serde", serde(default))]
    pub seen: Option<[f64; 2]>,
    /// Of a number that may be missing, the category beside it; a [category](Map::Drawn) has a value for it.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub gap: Option<Gap>,
    /// What a restored value is rounded to.
    pub rounding: Rounding,
    /// Where a restored value may lie.
    #[cfg_attr(feature = "serde", serde(with = "super::open_ends"))]
    pub ends: [f64; 2],
}

impl Scale {
    /// Fails where it cannot restore a value; `path` is where it was read.
    #[cfg(feature = "serde")]
    pub fn check(&self, path: &str) -> Result<(), SpecError> {
        let error = |field: &str, message: &str| SpecError {
            path: format!("{path}.{field}"),
            message: message.to_owned(),
        };
        let is_map = match &self.map {
            Map::Constant(_) | Map::Word(_) => true,
            Map::Category(names) => names.len() >= 2,
            Map::Drawn(drawn) => drawn.is_sound(),
            Map::Derived(derived) => derived.is_sound(),
            Map::Linear { std, .. } => *std > 0.0,
            Map::Quantile(quantile) => quantile.is_sound(),
            Map::Rank(rank) => rank.is_sound(),
            Map::Parts(parts) => parts.is_sound(),
            Map::Pooled(pooled) => pooled.is_sound(),
        };
        let is_rounding = match &self.rounding {
            Rounding::None => true,
            Rounding::Decimals { units: step } | Rounding::Multiples { step } => *step > 0.0,
            Rounding::Nearest(values) => !values.is_empty() && ascend(values),
        };
        if !self.gap.is_none_or(|gap| gap.is_sound() && self.map.is_number()) {
            return Err(error("gap", "must have a scale above 0 and a share between 0 and 1"));
        }
        match (is_map, is_rounding, self.ends[0] <= self.ends[1]) {
            (false, ..) => {
                Err(error("map", "must be invertible: numbers that ascend, or a std above 0"))
            }
            (_, false, _) => {
                Err(error("rounding", "must be a step above 0, or values that ascend"))
            }
            (.., false) => Err(error("ends", "must go up")),
            _ => Ok(()),
        }
    }

    /// The value in the user's units that a number of the model's space stands for, wherever it lies.
    pub fn restore_free(&self, value: f64) -> f64 {
        self.rounding.of(self.map.undo(value))
    }

    /// The value of a row that was scaled, as it was given: neither set to an end of the range nor to a value
    /// that was seen.
    pub fn given(&self, scaled: f64) -> f64 {
        let value = self.map.undo(scaled);
        let rounded = self.rounding.of(value);
        // What scaling and back rounds off.
        let is_rounding = |values: &[f64]| {
            let ends = [values.first(), values.last()].into_iter().flatten();
            let largest = ends.fold(0.0, |largest: f64, end| largest.max(end.abs()));
            (rounded - value).abs() <= 1e-12 * largest
        };
        match &self.rounding {
            Rounding::Nearest(values) if !is_rounding(values) => value,
            _ => rounded,
        }
    }

    /// The number of features.
    pub fn features(&self) -> usize {
        self.kind().map_or(0, |kind| kind.features())
    }

    /// What the features are; none of a constant.
    pub fn kind(&self) -> Option<FeatureKind> {
        match &self.map {
            Map::Constant(_) | Map::Word(_) | Map::Derived(_) => None,
            Map::Category(names) => Some(FeatureKind::Category { count: names.len() }),
            Map::Drawn(drawn) => Some(FeatureKind::Category { count: drawn.shares.len() }),
            Map::Parts(parts) | Map::Pooled(Pooled { parts, .. }) => {
                let (ranges, parts) = (parts.ranges(), parts.shares.len());
                Some(FeatureKind::NumberInParts { ranges, parts })
            }
            _ if self.gap.is_some() => Some(FeatureKind::NumberInParts { ranges: 1, parts: 2 }),
            _ => Some(FeatureKind::Number),
        }
    }

    /// The category among the features that the model draws, if there is one; `first` is the place of the first feature.
    pub fn category(&self, first: usize) -> Option<DrawnCategory> {
        match (&self.map, self.gap) {
            (Map::Drawn(Drawn { scale, shares, .. }), _) => {
                Some(DrawnCategory { first, scale: *scale, shares: shares.clone() })
            }
            (Map::Parts(parts) | Map::Pooled(Pooled { parts, .. }), _) => {
                let Parts { scale, shares, .. } = parts;
                Some(DrawnCategory { first: first + 1, scale: *scale, shares: shares.clone() })
            }
            (_, Some(gap)) => {
                let (scale, shares) = (gap.scale, gap.shares().to_vec());
                Some(DrawnCategory { first: first + 1, scale, shares })
            }
            _ => None,
        }
    }

    /// Whether cells may be missing.
    pub fn may_miss(&self) -> bool {
        self.missing_share().is_some()
    }

    /// The share of the training rows that lack a value, where any may; of none half a row's.
    pub fn missing_share(&self) -> Option<f64> {
        match (&self.map, self.gap) {
            (Map::Drawn(drawn), _) if drawn.may_miss() => drawn.shares.last().copied(),
            (Map::Parts(parts) | Map::Pooled(Pooled { parts, .. }), _) => parts.missing_share(),
            (_, gap) => gap.map(|gap| gap.share),
        }
    }

    /// Whether a value has many features, of which a uniform number chooses.
    pub const fn is_random(&self) -> bool {
        self.gap.is_some() || matches!(self.map, Map::Rank(_) | Map::Parts(_) | Map::Pooled(_))
    }

    /// Whether rows keep the user's values: where a value has many numbers in the model's space, or several features.
    pub const fn has_own_values(&self) -> bool {
        self.is_random() || matches!(self.map, Map::Category(_) | Map::Drawn(_))
    }

    /// Fills in the features of a value in the user's units; `uniform` in (0, 1) chooses where it has many. The number of a
    /// missing value, or of one that is a part of its own, is any: one of N(0, 1).
    pub fn write(&self, value: f64, uniform: impl FnOnce() -> f64, out: &mut [f64]) {
        let fill = |out: &mut [f64], values: &mut dyn Iterator<Item = f64>| {
            out.iter_mut().zip(values).for_each(|(out, value)| *out = value);
        };
        match (&self.map, self.gap, out) {
            (Map::Category(names), _, out) => fill(out, &mut one_hot(value, names.len())),
            (Map::Drawn(drawn), _, out) => {
                fill(out, &mut code(drawn.place(value), drawn.scale, &drawn.shares));
            }
            (Map::Parts(parts) | Map::Pooled(Pooled { parts, .. }), _, out) => {
                parts.write(value, uniform(), out);
            }
            (map, Some(gap), [number, flag @ ..]) => {
                let is_missing = value.is_nan();
                let uniform = uniform();
                *number =
                    if is_missing { normal_quantile(uniform) } else { map.apply(value, uniform) };
                let place = f64::from(u8::from(is_missing));
                fill(flag, &mut code(place, gap.scale, &gap.shares()));
            }
            (map, None, [number, ..]) => {
                let uniform = if self.is_random() { uniform() } else { 0.5 };
                *number = map.apply(value, uniform);
            }
            (_, _, []) => {}
        }
    }

    /// The mean of the features of a training value over the uniform number that chooses; adds their variances.
    pub fn moments(&self, value: f64, mean: &mut [f64], variance: &mut [f64]) {
        self.write(value, || 0.5, mean);
        let ([first, ..], [own, ..]) = (mean, variance) else { return };
        match &self.map {
            _ if value.is_nan() && self.gap.is_some() => (*first, *own) = (0.0, *own + 1.0),
            Map::Rank(rank) => {
                let (mean, variance) = rank.moments(value);
                (*first, *own) = (mean, *own + variance);
            }
            Map::Parts(parts) | Map::Pooled(Pooled { parts, .. }) => {
                let (mean, variance) = parts.moments(value);
                (*first, *own) = (mean, *own + variance);
            }
            _ => {}
        }
    }

    /// The value that features stand for, in the user's units, by `number` where they are a number.
    pub fn read(&self, features: &[f64], number: impl Fn(&Self, f64) -> f64) -> f64 {
        match (&self.map, self.gap, features) {
            (Map::Constant(value), ..) => *value,
            (Map::Word(_), ..) => 0.0,
            // Looked up once the other column is there.
            (Map::Derived(_), ..) => f64::NAN,
            (Map::Category(_), ..) => nearest_class(features),
            (Map::Drawn(drawn), ..) => drawn.value(features),
            (Map::Parts(parts), ..) => number(self, parts.value(features)),
            (Map::Pooled(pooled), ..) => pooled.value(features),
            (_, Some(gap), [_, flag @ ..])
                if nearest_code(flag, gap.scale, &gap.shares()) > 0.0 =>
            {
                f64::NAN
            }
            (.., [value, ..]) => number(self, *value),
            (.., []) => f64::NAN,
        }
    }

    /// Whether restored values are as they are to be written: rounding them further would take them from the
    /// values that were seen, or out of their range.
    pub fn is_final(&self) -> bool {
        !matches!(self.rounding, Rounding::None)
            || matches!(self.map, Map::Rank(_) | Map::Parts(_) | Map::Derived(_))
            || matches!(self.map, Map::Category(_) | Map::Drawn(_) | Map::Pooled(_))
            || self.ends.iter().any(|end| end.is_finite())
    }

    /// The value that a number of the model's space stands for, within the column's range.
    pub fn restore(&self, value: f64) -> f64 {
        let value = self.restore_free(value);
        let [least, most] = self.ends;
        // Neither `clamp`, which panics on ends the wrong way round, nor `min` and `max`, which hide NaN.
        if value < least {
            least
        } else if value > most {
            most
        } else {
            value
        }
    }
}

#[derive(Clone, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub(super) enum Map {
    /// The column is one value, and no part of the model's space.
    Constant(f64),
    /// The same of a text.
    Word(String),
    /// One feature for each of these names, 1 at the row's own; a value is a place among them.
    Category(Vec<String>),
    /// Features of a category that is drawn.
    Drawn(Drawn),
    /// Those of one of very many values.
    Pooled(Pooled),
    /// It is a function of another column.
    Derived(Derived),
    /// `(x − mean) / std`.
    Linear {
        mean: f64,
        std: f64,
    },
    Quantile(Quantile),
    Rank(Rank),
    /// A value is what its features stand for.
    Parts(Parts),
}

impl Map {
    /// The number in the model's space; `uniform` in (0, 1) chooses one where a value has many.
    pub fn apply(&self, value: f64, uniform: f64) -> f64 {
        match self {
            Self::Constant(value) => *value,
            Self::Word(_) => 0.0,
            Self::Category(_)
            | Self::Drawn(_)
            | Self::Pooled(_)
            | Self::Derived(_)
            | Self::Parts(_) => value,
            Self::Linear { mean, std } => (value - mean) / std,
            Self::Quantile(quantile) => quantile.apply(value),
            Self::Rank(rank) => rank.apply(value, uniform),
        }
    }

    /// Whether it is of numbers that vary.
    #[cfg(feature = "serde")]
    const fn is_number(&self) -> bool {
        matches!(self, Self::Linear { .. } | Self::Quantile(_) | Self::Rank(_))
    }

    pub fn undo(&self, value: f64) -> f64 {
        match self {
            Self::Constant(constant) => *constant,
            Self::Word(_) => 0.0,
            Self::Category(_)
            | Self::Drawn(_)
            | Self::Pooled(_)
            | Self::Derived(_)
            | Self::Parts(_) => value,
            Self::Linear { mean, std } => mean + std * value,
            Self::Quantile(quantile) => quantile.undo(value),
            Self::Rank(rank) => rank.undo(value),
        }
    }
}
