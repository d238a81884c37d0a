//! Systems of the article, and the numbers that faithful copies of the published scripts give.
//!
//! The reference numbers are distributions over seeds: 1000 to 4000 of most systems, 220 of 7 and 167
//! of 9. They come from a fast equivalent of the scripts, which agrees with 788 runs of the scripts.

#![allow(clippy::approx_constant, reason = "0.318 is a measured share, not 1 / π")]

use super::measures::Measure;

/// Config as it is run, with the quantities that are measured.
pub struct System {
    /// Label by which a reader of the article knows it.
    pub label: &'static str,
    pub config: &'static str,
    /// Changed fields, as for `--set`.
    pub settings: &'static [&'static str],
    pub quantities: &'static [Quantity],
}

/// Measure with its reference numbers, where there are some.
pub struct Quantity {
    pub measure: Measure,
    /// 1 %, median and 99 % over seeds.
    pub seeds: Option<[f64; 3]>,
    /// Range of the median of 20 seeds of a faithful copy. In 99 of 100 trials all medians of a system lie
    /// in their ranges.
    pub median: Option<[f64; 2]>,
}

/// Quantity whose distribution over seeds is known.
const fn known(measure: Measure, seeds: [f64; 3], median: [f64; 2]) -> Quantity {
    Quantity { measure, seeds: Some(seeds), median: Some(median) }
}

/// Quantity of which only the range of the median is known, as of all losses.
const fn ranged(measure: Measure, median: [f64; 2]) -> Quantity {
    Quantity { measure, seeds: None, median: Some(median) }
}

/// Quantity without a reference: it is shown, not judged.
const fn shown(measure: Measure) -> Quantity {
    Quantity { measure, seeds: None, median: None }
}

const ONE: &[Quantity] = &[
    known(Measure::Mean, [0.984, 1.003, 1.026], [0.9985, 1.009]),
    known(Measure::Std, [2.2e-5, 3.2e-4, 0.0027], [1.6e-4, 6.7e-4]),
    ranged(Measure::Loss, [0.154, 0.233]),
];

const ONE_CORRECTED: &[Quantity] = &[
    known(Measure::Mean, [0.978, 0.996, 1.012], [0.9915, 1.0005]),
    known(Measure::Std, [0.00145, 0.0068, 0.0263], [0.0044, 0.0106]),
    shown(Measure::Loss),
];

const MODES_SHOWN: &[Quantity] = &[
    shown(Measure::Convergence),
    shown(Measure::Share),
    shown(Measure::SmallestMode),
    shown(Measure::LargestMode),
    shown(Measure::Loss),
];

/// All systems, in the order of the page.
pub static SYSTEMS: [System; 15] = [
    System { label: "1", config: "1-gaussian", settings: &[], quantities: ONE },
    System {
        label: "1 with σ_max 2",
        config: "1-gaussian",
        settings: &["noise.schedule.sigma_max=2"],
        quantities: &[
            known(Measure::Mean, [0.966, 1.003, 1.036], [0.996, 1.011]),
            known(Measure::Std, [2.0e-4, 0.00138, 0.0075], [7.6e-4, 0.00255]),
            ranged(Measure::Loss, [0.198, 0.289]),
        ],
    },
    System {
        label: "1 corrected",
        config: "1-gaussian-corrected",
        settings: &[],
        quantities: ONE_CORRECTED,
    },
    // System 2 trains and samples as 1 does, so the same reference holds.
    System { label: "2", config: "2-gaussian-video", settings: &[], quantities: ONE },
    System {
        label: "2 corrected",
        config: "2-gaussian-video-corrected",
        settings: &[],
        quantities: ONE_CORRECTED,
    },
    System {
        label: "3",
        config: "3-gaussian-2d",
        settings: &[],
        quantities: &[
            // Measured along y, whose mean is 1; x is its mirror image, with mean −1.
            known(Measure::MeanOfY, [0.980, 1.002, 1.0275], [0.998, 1.009]),
            known(Measure::MeanOfMirroredX, [0.980, 1.002, 1.0275], [0.998, 1.009]),
            known(Measure::StdOfY, [6.0e-5, 3.4e-4, 0.0026], [1.95e-4, 6.7e-4]),
            known(Measure::StdOfX, [6.0e-5, 3.4e-4, 0.0026], [1.95e-4, 6.7e-4]),
            ranged(Measure::Loss, [0.446, 0.613]),
        ],
    },
    System {
        label: "3 corrected",
        config: "3-gaussian-2d-corrected",
        settings: &[],
        quantities: &[
            shown(Measure::MeanOfY),
            shown(Measure::MeanOfMirroredX),
            shown(Measure::StdOfY),
            shown(Measure::StdOfX),
            shown(Measure::Loss),
        ],
    },
    System {
        label: "4",
        config: "4-four-modes",
        settings: &[],
        quantities: &[
            known(Measure::Convergence, [3.8e-5, 5.1e-4, 0.0032], [2.1e-4, 0.00103]),
            known(Measure::Share, [0.469, 0.9995, 1.0], [0.9985, 1.0]),
            known(Measure::SmallestMode, [0.203, 0.2315, 0.246], [0.222, 0.238]),
            known(Measure::LargestMode, [0.254, 0.2695, 0.301], [0.262, 0.279]),
            ranged(Measure::Loss, [7.72, 8.70]),
        ],
    },
    System {
        label: "4 corrected",
        config: "4-four-modes-corrected",
        settings: &[],
        quantities: &[
            known(Measure::Convergence, [0.063, 0.127, 0.237], [0.098, 0.161]),
            known(Measure::Share, [0.138, 0.359, 0.594], [0.264, 0.45]),
            shown(Measure::SmallestMode),
            shown(Measure::LargestMode),
            ranged(Measure::Loss, [0.673, 0.760]),
        ],
    },
    System { label: "5", config: "5-four-modes-video", settings: &[], quantities: MODES_SHOWN },
    System {
        label: "5 corrected",
        config: "5-four-modes-video-corrected",
        settings: &[],
        quantities: MODES_SHOWN,
    },
    System {
        label: "6",
        config: "6-ddpm-single",
        settings: &[],
        quantities: &[
            known(Measure::Mean, [0.964, 1.001, 1.038], [0.989, 1.014]),
            known(Measure::Std, [0.0142, 0.0277, 0.0511], [0.020, 0.036]),
            ranged(Measure::Loss, [1.13, 1.28]),
        ],
    },
    System {
        label: "7",
        config: "7-ddpm-per-level",
        settings: &[],
        quantities: &[
            known(Measure::Mean, [0.9950, 1.003, 1.006], [0.996, 1.005]),
            known(Measure::Std, [8.5e-4, 0.00134, 0.0058], [0.00114, 0.00157]),
            ranged(Measure::LossAtLevel0(20_000), [10.50, 10.57]),
        ],
    },
    System {
        label: "8",
        config: "8-ddpm-four-modes",
        settings: &[],
        quantities: &[
            known(Measure::Convergence, [4.2e-4, 0.0030, 0.0099], [0.0017, 0.0047]),
            known(Measure::Share, [0.952, 0.982, 0.995], [0.973, 0.988]),
            known(Measure::SmallestMode, [0.191, 0.226, 0.245], [0.215, 0.235]),
            known(Measure::LargestMode, [0.256, 0.275, 0.318], [0.265, 0.288]),
            ranged(Measure::Loss, [51.1, 53.7]),
        ],
    },
    System {
        label: "9",
        config: "9-ddpm-density",
        settings: &[],
        quantities: &[
            known(Measure::Mean, [0.9981, 0.9996, 1.0020], [0.999, 1.0005]),
            known(Measure::Std, [0.0106, 0.0134, 0.0192], [0.0119, 0.0157]),
            ranged(Measure::LossAtLevel0(25_000), [10.48, 10.56]),
        ],
    },
];

/// Systems with these labels, in the order of the page.
pub fn labelled(labels: &[&str]) -> Vec<&'static System> {
    SYSTEMS.iter().filter(|system| labels.contains(&system.label)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_unique_and_found() {
        for (i, system) in SYSTEMS.iter().enumerate() {
            assert!(SYSTEMS[..i].iter().all(|before| before.label != system.label));
        }
        let found: Vec<&str> = labelled(&["9", "1"]).iter().map(|system| system.config).collect();
        assert_eq!(found, ["1-gaussian", "9-ddpm-density"]);
    }

    #[test]
    fn every_reference_lies_in_order() {
        for quantity in SYSTEMS.iter().flat_map(|system| system.quantities) {
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
}
