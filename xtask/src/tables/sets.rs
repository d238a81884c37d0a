//! Tables that are measured, with the bars for them and published figures, as sets.json has them.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

use super::measures::Measure;

/// Table, and what is asked of its samples.
#[derive(Deserialize)]
pub struct Set {
    /// Name of the built-in run file.
    pub config: &'static str,
    pub about: &'static str,
    /// Score of the usefulness, and the column that it is of.
    pub score: &'static str,
    pub bars: BTreeMap<Measure, Bars>,
    pub published: Vec<Published>,
}

/// Bars of one measure.
#[derive(Deserialize)]
pub struct Bars {
    /// Bar below which the project has broken something.
    pub least: Bar,
    /// Bar that is aimed at.
    pub aim: Bar,
}

/// Smallest and largest value, where there is one.
#[derive(Deserialize, Clone, Copy)]
pub struct Bar(pub Option<f64>, pub Option<f64>);

impl Bar {
    /// Whether a value keeps the bar; one that is not a number does not.
    pub fn holds(self, value: f64) -> bool {
        let above = self.0.is_none_or(|least| value >= least);
        let below = self.1.is_none_or(|most| value <= most);
        above && below && !value.is_nan()
    }

    /// Bar in words.
    pub fn text(self) -> String {
        match (self.0, self.1) {
            (Some(least), Some(most)) => format!("{least} to {most}"),
            (Some(least), None) => format!("≥ {least}"),
            (None, Some(most)) => format!("≤ {most}"),
            (None, None) => "–".to_owned(),
        }
    }
}

/// Figures that others have published of the same table.
#[derive(Deserialize)]
pub struct Published {
    pub name: &'static str,
    #[serde(flatten)]
    pub figures: BTreeMap<Measure, f64>,
}

/// All tables, in the order of the page.
#[allow(clippy::expect_used, reason = "the file is part of the program, and the tests read it")]
pub static SETS: LazyLock<Vec<Set>> =
    LazyLock::new(|| serde_json::from_str(include_str!("sets.json")).expect("sets.json"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_aim_keeps_the_least_bar() {
        for set in SETS.iter() {
            assert!(set.bars.len() >= 7, "{}", set.config);
            for (measure, Bars { least, aim }) in &set.bars {
                for end in [aim.0, aim.1].into_iter().flatten() {
                    assert!(least.holds(end), "{}: {measure:?} {end}", set.config);
                }
            }
        }
    }

    #[test]
    fn a_bar_holds_its_ends_and_no_lost_number() {
        let bar = Bar(Some(0.48), Some(0.53));
        assert!(bar.holds(0.48) && bar.holds(0.53) && !bar.holds(0.47) && !bar.holds(0.54));
        assert!(!bar.holds(f64::NAN) && !Bar(None, Some(1.0)).holds(f64::NAN));
        assert_eq!(bar.text(), "0.48 to 0.53");
        assert_eq!(Bar(None, Some(0.7)).text(), "≤ 0.7");
    }
}
