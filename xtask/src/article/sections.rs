//! Sections of the page on the nine systems. Their prose stands in the template.

/// Section on one system.
pub struct Section {
    pub title: &'static str,
    pub config: &'static str,
    /// Labels of the systems whose numbers stand here, each with its heading.
    pub variants: &'static [(&'static str, &'static str)],
    /// Time of the published script as a whole process: on one core, imports included, no figures drawn.
    pub script_seconds: f64,
}

const PUBLISHED: &str = "As published";
const CORRECTED: &str = "With the corrected target";

/// All sections, in the order of the page.
pub const SECTIONS: [Section; 9] = [
    Section {
        title: "1. A Gaussian, level by level",
        config: "1-gaussian",
        variants: &[
            ("1", PUBLISHED),
            ("1 with σ_max 2", "From σ = 2, as the script has it"),
            ("1 corrected", CORRECTED),
        ],
        script_seconds: 3.9,
    },
    Section {
        title: "2. The same as a film",
        config: "2-gaussian-video",
        variants: &[("2", PUBLISHED), ("2 corrected", CORRECTED)],
        script_seconds: 5.5,
    },
    Section {
        title: "3. A Gaussian in the plane",
        config: "3-gaussian-2d",
        variants: &[("3", PUBLISHED), ("3 corrected", CORRECTED)],
        script_seconds: 3.9,
    },
    Section {
        title: "4. Four modes",
        config: "4-four-modes",
        variants: &[("4", PUBLISHED), ("4 corrected", CORRECTED)],
        script_seconds: 4.4,
    },
    Section {
        title: "5. Four modes as a film",
        config: "5-four-modes-video",
        variants: &[("5", PUBLISHED), ("5 corrected", CORRECTED)],
        script_seconds: 9.1,
    },
    Section {
        title: "6. DDPM with one network",
        config: "6-ddpm-single",
        variants: &[("6", PUBLISHED)],
        script_seconds: 8.1,
    },
    Section {
        title: "7. DDPM with a network for each level",
        config: "7-ddpm-per-level",
        variants: &[("7", PUBLISHED)],
        script_seconds: 11.2,
    },
    Section {
        title: "8. DDPM on four modes",
        config: "8-ddpm-four-modes",
        variants: &[("8", PUBLISHED)],
        script_seconds: 6.4,
    },
    Section {
        title: "9. DDPM and the density of every level",
        config: "9-ddpm-density",
        variants: &[("9", PUBLISHED)],
        script_seconds: 14.7,
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::systems::SYSTEMS;

    #[test]
    fn every_system_stands_in_one_section() {
        let labels = SECTIONS.iter().flat_map(|section| section.variants).map(|(label, _)| *label);
        let labels: Vec<&str> = labels.collect();
        let systems: Vec<&str> = SYSTEMS.iter().map(|system| system.label).collect();
        assert_eq!(labels, systems);
    }

    #[test]
    fn a_sections_first_numbers_are_of_its_config() {
        for section in SECTIONS {
            let first = SYSTEMS.iter().find(|system| system.label == section.variants[0].0);
            let first = first.expect("a known label");
            assert_eq!((first.config, first.settings.len()), (section.config, 0));
        }
    }
}
