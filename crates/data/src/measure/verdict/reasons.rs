//! The word of a verdict, and its reasons as people read them.

use super::{
    Counts, EnergyFound, Outside, Word,
    columns::{ColumnTest, Difference},
    known_modes::ModeTest,
    outliers::Outlier,
    pairs::{Correlation, FoundPairs, JudgedPair},
    pooled_column::Part,
    splits::{FEWEST, LEVEL},
};
use crate::{Column, ColumnValues, Mode, percent::percent};

/// Most columns and most pairs that are named.
const NAMED: usize = 5;

/// Kolmogorov–Smirnov distance of a column, or of at most 20 values difference of one's share, beyond which samples lie
/// elsewhere. A column drawn to its middle has a half.
const ELSEWHERE: f64 = 0.4;

/// Findings that a verdict is made of.
pub(super) struct Findings<'a> {
    pub(super) columns_of: &'a [Column],
    /// Numbers of all samples and all held-out rows.
    pub(super) all_rows: [usize; 2],
    pub(super) outside: &'a [Outside],
    pub(super) outliers: Vec<Outlier>,
    pub(super) copies: Counts,
    pub(super) modes: Option<ModeTest>,
    pub(super) goals: &'a [Mode],
    pub(super) energy: Option<EnergyFound>,
    /// Whether the energy distance is more than half way to the nearer yardstick.
    pub(super) is_far: bool,
    pub(super) columns: Option<ColumnTest>,
    pub(super) pairs: FoundPairs,
}

impl Findings<'_> {
    pub(super) fn word(&self) -> Word {
        let (Some(energy), Some(columns)) = (&self.energy, &self.columns) else {
            return Word::TooFewRows;
        };
        let excess = self.copies.is_excess() || self.outside.iter().any(|it| it.all().is_excess());
        let elsewhere = columns.beyond().any(|column| column.largest > ELSEWHERE);
        if excess || self.is_far || elsewhere || !self.pairs.lost.is_empty() {
            return Word::Poor;
        }
        let modes = self.modes.as_ref().map_or(1.0, |modes| modes.p_value);
        let passes = [energy.p_value, columns.p_value, modes].iter().all(|p| *p >= LEVEL);
        let finite = self.outside.iter().all(|it| it.not_finite.samples == 0);
        match passes && finite && self.outliers.is_empty() {
            true => Word::Good,
            false => Word::Fair,
        }
    }

    fn name(&self, column: usize) -> &str {
        self.columns_of.get(column).map_or("?", |column| &column.name)
    }

    /// A value of a column as its user writes it, but a number with few digits.
    fn value(&self, column: usize, value: f64) -> String {
        match self.columns_of.get(column) {
            Some(column)
                if !matches!(column.values, ColumnValues::Number | ColumnValues::Whole) =>
            {
                column.text(value)
            }
            _ => number(value),
        }
    }
}

/// The reasons of a verdict, the worst column first.
pub(super) fn reasons(findings: &Findings<'_>) -> Vec<String> {
    let mut reasons = Vec::new();
    let [samples, held_out] = findings.all_rows;
    if findings.energy.is_none() {
        for (count, what) in [(held_out, "held-out rows"), (samples, "samples")] {
            if count < FEWEST {
                let way_out = match what {
                    "samples" => "sample.count is their number",
                    _ => "data.holdout is their share or number",
                };
                reasons.push(format!("{count} {what}, and a verdict needs {FEWEST}; {way_out}"));
            }
        }
    }
    reasons.extend(columns(findings));
    let copies = &findings.copies;
    if copies.is_excess() {
        let [samples, held_out] = copies.shares().map(percent);
        reasons.push(format!(
            "{samples} of the samples are copies of training rows, of the held-out rows {held_out}"
        ));
    }
    reasons.extend(pairs(findings));
    if let Some(modes) = findings.modes.as_ref().filter(|modes| modes.p_value < LEVEL) {
        reasons.extend(some(
            modes.failing.iter().map(|mode| lost_mode(findings, mode)).collect(),
            "modes",
        ));
    }
    if let Some(energy) = findings.energy.filter(|energy| energy.p_value < LEVEL) {
        let times =
            energy.ratio().map_or(String::new(), |ratio| format!(", {ratio:.1} times the floor"));
        let far = match findings.is_far {
            true => ", more than half way to what knows nothing of the rows",
            false => "",
        };
        reasons.push(format!(
            "all columns together differ from held-out rows: energy distance {}{times}{far}",
            number(energy.samples)
        ));
    }
    reasons
}

/// Reasons by column: what lies outside, then what differs, then outliers. A column is named once.
fn columns(findings: &Findings<'_>) -> Vec<String> {
    let mut named: Vec<usize> = Vec::new();
    let mut reasons = Vec::new();
    let mut outside: Vec<(usize, &Outside)> = findings.outside.iter().enumerate().collect();
    let excess = |(_, it): &(usize, &Outside)| {
        let [samples, held_out] = it.all().shares();
        samples - held_out
    };
    outside.sort_by(|a, b| excess(b).total_cmp(&excess(a)));
    for (column, it) in outside {
        if it.all().is_excess() || it.not_finite.samples > 0 {
            reasons.push(format!("{}: {}", findings.name(column), lies_outside(it)));
            named.push(column);
        }
    }
    for difference in findings.columns.iter().flat_map(ColumnTest::beyond) {
        if !named.contains(&difference.column) {
            let name = findings.name(difference.column);
            reasons.push(format!("{name}: {}", differs(findings, difference)));
            named.push(difference.column);
        }
    }
    for outlier in &findings.outliers {
        if !named.contains(&outlier.column) {
            let Outlier { column, value, count, real } = outlier;
            let more = match count {
                1 => "a sample is an outlier".to_owned(),
                many => format!("{many} samples are outliers"),
            };
            let [value, real] = [value, real].map(|value| findings.value(*column, *value));
            let name = findings.name(*column);
            reasons.push(format!("{name}: {more}, as far as {value}; real rows end at {real}"));
            named.push(*column);
        }
    }
    some(reasons, "columns")
}

/// Reasons by pair of columns: what is lost, then correlations that differ. A pair is named once.
fn pairs(findings: &Findings<'_>) -> Vec<String> {
    let lost = &findings.pairs.lost;
    let mut reasons: Vec<String> = lost.iter().map(|pair| lost_pair(findings, pair)).collect();
    for pair in findings.columns.iter().flat_map(ColumnTest::correlations_beyond) {
        if !lost.iter().any(|lost| lost.columns == pair.columns) {
            reasons.push(correlates(findings, pair));
        }
    }
    some(reasons, "pairs of columns")
}

/// The first of some reasons, and how many there are more.
fn some(mut reasons: Vec<String>, what: &str) -> Vec<String> {
    let more = reasons.len().saturating_sub(NAMED);
    if more > 0 {
        reasons.truncate(NAMED);
        reasons.push(format!("and {more} more {what}"));
    }
    reasons
}

fn lies_outside(outside: &Outside) -> String {
    let Outside { below, above, not_finite } = outside;
    let mut parts = Vec::new();
    for (counts, place) in [
        (below, "lie below the smallest value seen"),
        (above, "lie above the largest value seen"),
        (not_finite, "are no finite number"),
    ] {
        if counts.samples > 0 {
            parts.push((
                counts.samples,
                format!("{} of samples {place}", percent(counts.shares()[0])),
            ));
        }
    }
    parts.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    parts.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(", ")
}

fn differs(findings: &Findings<'_>, difference: &Difference) -> String {
    let [samples, held_out] = difference.shares.map(percent);
    let value = |value: f64| findings.value(difference.column, value);
    match difference.part {
        // What is missing is counted as the largest of all numbers, and of classes.
        Part::Value(f64::INFINITY) | Part::Interval(f64::INFINITY, _) => {
            format!("{samples} of samples lack a value, of held-out rows {held_out}")
        }
        Part::UpTo(most) => {
            let most = value(most);
            format!("{samples} of samples are at most {most}, of held-out rows {held_out}")
        }
        Part::Value(one) => {
            format!("{samples} of samples are {}, of held-out rows {held_out}", value(one))
        }
        Part::Interval(from, f64::INFINITY) => {
            let from = value(from);
            format!(
                "{samples} of samples are at least {from} or lack a value, of held-out rows {held_out}"
            )
        }
        Part::Interval(from, to) => {
            let (from, to) = (value(from), value(to));
            format!("{samples} of samples lie from {from} to {to}, of held-out rows {held_out}")
        }
        Part::Place => {
            let [samples, held_out] = difference.shares.map(|mean| mean + 0.5);
            let how = if samples < held_out { "lower" } else { "higher" };
            format!(
                "samples lie {how} than held-out rows, mean ranks {samples:.2} and {held_out:.2}"
            )
        }
        Part::Spread => {
            let [samples, held_out] = difference.shares;
            let how = if samples < held_out { "less" } else { "more" };
            let ratio = over_root(samples, held_out);
            format!("samples spread {how} than held-out rows, {ratio:.2} times as far in ranks")
        }
    }
}

/// Root of a ratio of mean squares.
fn over_root(a: f64, b: f64) -> f64 {
    if b > 0.0 { (a / b).sqrt() } else { 0.0 }
}

fn lost_pair(findings: &Findings<'_>, pair: &JudgedPair) -> String {
    let [a, b] = pair.columns.map(|column| findings.name(column));
    let [samples, floor, independent] = [pair.samples, pair.floor, pair.independent].map(number);
    format!(
        "{a} and {b} do not depend on each other as in the data: energy distance {samples}, floor {floor}, of \
         independent columns {independent}"
    )
}

fn correlates(findings: &Findings<'_>, pair: &Correlation) -> String {
    let [a, b] = pair.columns.map(|column| findings.name(column));
    let (samples, held_out) = (pair.samples, pair.held_out);
    format!("{a} and {b}: rank correlation {samples:.2}, of held-out rows {held_out:.2}")
}

fn lost_mode(findings: &Findings<'_>, (mode, [share, exact]): &(usize, [f64; 2])) -> String {
    let center = findings.goals.get(*mode).map_or(Vec::new(), |mode| mode.center.clone());
    let center: Vec<String> = center.iter().take(NAMED).map(|x| number(*x)).collect();
    let (share, exact) = (percent(*share), percent(*exact));
    format!("{share} of samples are near the mode at ({}), exactly {exact}", center.join(", "))
}

/// Number with at most six significant digits, as short as it can be; whole numbers, which may be dates, are whole.
fn number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return (value + 0.0).to_string();
    }
    let rounded: f64 = format!("{value:.5e}").parse().unwrap_or(value);
    let size = rounded.abs();
    match size == 0.0 || (1e-4..1e15).contains(&size) || !size.is_finite() {
        true => rounded.to_string(),
        false => format!("{rounded:e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let written = [0.0, -0.1 - 0.2, 1e27, 123_456_789.0, 2.5e-7, 20_240_131.0].map(number);
        assert_eq!(written, ["0", "-0.3", "1e27", "123456789", "2.5e-7", "20240131"]);
    }

    #[test]
    fn the_larger_side_comes_first() {
        let counts = |samples| Counts { samples, all_samples: 50, held_out: 0, all_held_out: 9 };
        let outside = Outside { below: counts(3), above: counts(22), not_finite: counts(0) };
        assert_eq!(
            lies_outside(&outside),
            "44 % of samples lie above the largest value seen, 6.0 % of samples lie below the smallest value seen"
        );
    }
}
