//! Systems of the article in the sections of the page, and the numbers that faithful copies of the published
//! scripts give. All are read from systems.json; the prose of the sections stands in the template.
//!
//! The reference numbers are distributions over seeds: 1000 to 4000 of most systems, 220 of 7 and 167
//! of 9. They come from a fast equivalent of the scripts, which agrees with 788 runs of the scripts.
//! System 2 trains and samples as 1 does, so the same reference holds. That of system 3 is measured along y,
//! whose mean is 1; x is its mirror image, with mean −1.

use std::sync::LazyLock;

use serde::Deserialize;

use super::measures::Measure;

/// Section on one of the nine systems.
#[derive(Deserialize)]
pub struct Section {
    pub title: &'static str,
    pub config: &'static str,
    /// Time of the published script as a whole process: on one core, imports included, no figures drawn.
    pub script_seconds: f64,
    /// Systems whose numbers stand here.
    pub systems: Vec<System>,
}

/// Config as it is run, with the quantities that are measured.
#[derive(Deserialize)]
pub struct System {
    /// Label by which a reader of the article knows it.
    pub label: &'static str,
    /// Heading of its numbers.
    pub heading: &'static str,
    pub config: &'static str,
    /// Changed fields, as for `--set`.
    #[serde(borrow, default)]
    pub settings: Vec<&'static str>,
    pub quantities: Vec<Quantity>,
}

/// Measure with its reference numbers, where there are some. A quantity without a reference is shown, not
/// judged.
#[derive(Deserialize)]
pub struct Quantity {
    pub measure: Measure,
    /// 1 %, median and 99 % over seeds; none where only the range of the median is known, as of all losses.
    pub seeds: Option<[f64; 3]>,
    /// Range of the median of 20 seeds of a faithful copy. In 99 of 100 trials all medians of a system lie
    /// in their ranges.
    pub median: Option<[f64; 2]>,
}

/// All sections, in the order of the page.
#[allow(clippy::expect_used, reason = "the file is part of the program, and the tests read it")]
pub static SECTIONS: LazyLock<Vec<Section>> =
    LazyLock::new(|| serde_json::from_str(include_str!("systems.json")).expect("systems.json"));

/// All systems, in the order of the page.
pub fn all() -> Vec<&'static System> {
    SECTIONS.iter().flat_map(|section| &section.systems).collect()
}

/// Systems with these labels, in the order of the page.
pub fn labelled(labels: &[&str]) -> Vec<&'static System> {
    all().into_iter().filter(|system| labels.contains(&system.label)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_unique_and_found() {
        let systems = all();
        for (i, system) in systems.iter().enumerate() {
            assert!(systems[..i].iter().all(|before| before.label != system.label));
        }
        let found: Vec<&str> = labelled(&["9", "1"]).iter().map(|system| system.config).collect();
        assert_eq!(found, ["1-gaussian", "9-ddpm-density"]);
    }

    #[test]
    fn every_reference_lies_in_order() {
        for quantity in all().into_iter().flat_map(|system| &system.quantities) {
            let name = quantity.measure.name();
            if let Some([low, median, high]) = quantity.seeds {
                assert!(low < median && median < high, "{name}");
                // The median of 20 scatters about the median of all, and less than one seed does.
                let [from, to] = quantity.median.expect("known together");
                assert!(low < from && from < median && median < to && to <= high, "{name}");
            }
            if let Some([from, to]) = quantity.median {
                assert!(from < to, "{name}");
            }
        }
    }

    #[test]
    fn a_sections_first_numbers_are_of_its_config() {
        assert_eq!((SECTIONS.len(), all().len()), (9, 15));
        for section in SECTIONS.iter() {
            let first = &section.systems[0];
            assert_eq!((first.config, first.settings.len()), (section.config, 0));
        }
    }
}
