//! Verdict on a run's samples, in words for people.

use langevin_data::measure::verdict::{EnergyFound, LEVEL, Verdict, Word};

use super::numbers::number;

/// The verdict's word, and how little it says where that little can be seen: columns drawn alone are wrong where columns
/// depend on each other, which few rows may not show.
pub(crate) fn word_text(verdict: &Verdict) -> String {
    let independent = verdict.energy.and_then(|energy| energy.independent_p_value);
    let is_blind = independent.is_some_and(|p| p >= LEVEL);
    let word = verdict.word.text();
    match verdict.word {
        Word::Good if is_blind => format!(
            "{word}, as far as {} held-out rows tell: columns drawn alone, each for itself, would pass too",
            verdict.rows
        ),
        _ => word.to_owned(),
    }
}

/// Lines of a verdict: its word, its reasons, each indented, and the energy distance in rank space.
#[must_use]
pub fn verdict_lines(verdict: &Verdict) -> Vec<String> {
    let word = format!("verdict: {}", word_text(verdict));
    let reasons = verdict.reasons.iter().map(|reason| format!("  {reason}"));
    [word].into_iter().chain(reasons).chain(verdict.energy.as_ref().map(energy_text)).collect()
}

/// Sentence on the energy distance in rank space, beside what it is judged by. A distance below its floor is no merit,
/// and is not said to be one.
pub(crate) fn energy_text(energy: &EnergyFound) -> String {
    let floor = number(energy.floor);
    let beside = match energy.ratio() {
        Some(ratio) if ratio >= 1.05 => {
            let chance = match energy.p_value {
                p if p >= LEVEL => format!(", as far as {:.1} in 100 perfect sets lie", 100.0 * p),
                _ => String::new(),
            };
            format!("{ratio:.1} times the floor, {floor}{chance}")
        }
        _ => format!("at the floor, {floor}"),
    };
    let untrained = energy
        .untrained
        .map_or(String::new(), |distance| format!(", untrained network {}", number(distance)));
    format!(
        "energy distance in rank space {}: {beside} (independent columns {}{untrained})",
        number(energy.samples),
        number(energy.independent)
    )
}

#[cfg(test)]
mod tests {
    use langevin_data::measure::verdict::Counts;

    use super::*;

    #[test]
    fn a_good_verdict_says_where_nothing_could_be_told() {
        let energy = EnergyFound {
            samples: 0.02,
            floor: 0.02,
            independent: 0.03,
            independent_p_value: None,
            untrained: None,
            p_value: 0.5,
        };
        let verdict = |word, independent_p_value| Verdict {
            word,
            reasons: Vec::new(),
            rows: 60,
            energy: Some(EnergyFound { independent_p_value, ..energy }),
            columns: None,
            pairs: None,
            modes_p_value: None,
            copies: Counts::default(),
            outside: Vec::new(),
        };
        let words = "good, as far as 60 held-out rows tell: columns drawn alone, each for itself, would pass too";
        assert_eq!(word_text(&verdict(Word::Good, Some(0.1))), words);
        assert_eq!(word_text(&verdict(Word::Fair, Some(0.1))), "fair");
        assert_eq!(word_text(&verdict(Word::Good, Some(0.0025))), "good");
        assert_eq!(word_text(&verdict(Word::Good, None)), "good");
    }

    #[test]
    fn a_distance_below_its_floor_is_no_merit() {
        let mut energy = EnergyFound {
            samples: 0.004,
            floor: 0.002,
            independent: 0.05,
            independent_p_value: Some(0.0025),
            untrained: Some(0.3),
            p_value: 0.0025,
        };
        assert_eq!(
            energy_text(&energy),
            "energy distance in rank space 0.00400: 2.0 times the floor, 0.00200 \
             (independent columns 0.0500, untrained network 0.300)"
        );
        energy.p_value = 0.0175;
        assert!(
            energy_text(&energy)
                .contains("2.0 times the floor, 0.00200, as far as 1.8 in 100 perfect sets lie ("),
            "{}",
            energy_text(&energy)
        );
        (energy.samples, energy.untrained) = (0.001, None);
        assert_eq!(
            energy_text(&energy),
            "energy distance in rank space 0.00100: at the floor, 0.00200 (independent columns 0.0500)"
        );
    }
}
