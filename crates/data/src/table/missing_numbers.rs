//! [`MissingNumbers`]: the numbers of an array that stand for a missing value.

use super::{ColumnSpec, Layout};

/// Numbers of an array that stand for a missing value: of the whole table, and of each column.
pub(super) struct MissingNumbers {
    all: Vec<f64>,
    each: Vec<Vec<f64>>,
}

impl MissingNumbers {
    /// The numbers among the texts that a layout and the columns name; other texts stand in no array.
    pub fn new<'a>(layout: &Layout, specs: impl IntoIterator<Item = &'a ColumnSpec>) -> Self {
        let each: Vec<_> = specs.into_iter().map(|spec| numbers(&spec.missing)).collect();
        let is_said = each.iter().any(|numbers| !numbers.is_empty());
        Self { all: numbers(&layout.missing_values), each: if is_said { each } else { Vec::new() } }
    }

    /// A number of the column at this place among the chosen: NaN where it stands for a missing value.
    pub fn of(&self, place: usize, value: f64) -> f64 {
        let is_missing = self.all.contains(&value)
            || self.each.get(place).is_some_and(|numbers| numbers.contains(&value));
        if is_missing { f64::NAN } else { value }
    }
}

fn numbers(texts: &[String]) -> Vec<f64> {
    texts.iter().filter_map(|text| text.trim().parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_stand_for_none_are_missing_in_their_columns() {
        let layout = Layout {
            missing_values: vec!["-9999".to_owned(), "?".to_owned()],
            ..Layout::default()
        };
        let inf = ColumnSpec { missing: vec!["inf".to_owned()], ..ColumnSpec::named("x1") };
        let missing = MissingNumbers::new(&layout, &[ColumnSpec::named("x0"), inf]);
        for place in [0, 1] {
            assert!(missing.of(place, -9999.0).is_nan());
            assert_eq!(missing.of(place, 9999.0), 9999.0);
        }
        assert_eq!(missing.of(0, f64::INFINITY), f64::INFINITY);
        assert!(missing.of(1, f64::INFINITY).is_nan());
        assert_eq!(missing.of(1, f64::NEG_INFINITY), f64::NEG_INFINITY);
    }
}
