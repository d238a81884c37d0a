//! Verdict on a run's samples, in words for people.

use langevin_data::measure::verdict::{EnergyFound, Verdict};

use super::numbers::number;

/// The verdict's word, its reasons, each on a line of its own, and the energy distance in rank space.
#[must_use]
pub fn verdict_text(verdict: &Verdict) -> String {
    let mut text = format!("verdict: {}", verdict.word.text());
    for reason in &verdict.reasons {
        text.push_str("\n  ");
        text.push_str(reason);
    }
    if let Some(energy) = &verdict.energy {
        text.push('\n');
        text.push_str(&energy_text(energy));
    }
    text
}

/// Sentence on the energy distance in rank space, beside what it is judged by. A distance below its floor is no merit,
/// and is not said to be one.
pub(crate) fn energy_text(energy: &EnergyFound) -> String {
    let floor = number(energy.floor);
    let beside = match energy.ratio() {
        Some(ratio) if ratio >= 1.05 => format!("{ratio:.1} times the floor, {floor}"),
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
    use super::*;

    #[test]
    fn a_distance_below_its_floor_is_no_merit() {
        let mut energy = EnergyFound {
            samples: 0.004,
            floor: 0.002,
            independent: 0.05,
            untrained: Some(0.3),
            p_value: 0.0025,
        };
        assert_eq!(
            energy_text(&energy),
            "energy distance in rank space 0.00400: 2.0 times the floor, 0.00200 \
             (independent columns 0.0500, untrained network 0.300)"
        );
        (energy.samples, energy.untrained) = (0.001, None);
        assert_eq!(
            energy_text(&energy),
            "energy distance in rank space 0.00100: at the floor, 0.00200 (independent columns 0.0500)"
        );
    }
}
