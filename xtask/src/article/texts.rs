//! The words of the page: what each system is, and how the numbers are read.

/// The part of the page on one system.
pub struct Section {
    pub title: &'static str,
    pub config: &'static str,
    /// Data, levels, network, training, sampling.
    pub about: &'static str,
    /// The systems whose numbers stand here, by label, each with its heading.
    pub variants: &'static [(&'static str, &'static str)],
    /// What the numbers or pictures show.
    pub remark: &'static str,
    /// The published script as a whole process: one core, imports included, figures not drawn.
    pub script_seconds: f64,
}

const PUBLISHED: &str = "As published";
const CORRECTED: &str = "With the corrected target";

pub const SECTIONS: [Section; 9] = [
    Section {
        title: "1. A Gaussian, level by level",
        config: "1-gaussian",
        about: "\
            The data are numbers from a Gaussian with mean 1 and standard deviation 0.01. Ten levels \
            run on EDM's grid from σ = 1 to 0.001 (ρ = 7). The network is told the noisy number and \
            σ, and learns what to take away at that level: the published target, `n·σ_{i+1}/σ_i` of \
            the noise `n`. It is trained for 1000 steps of 32 numbers, all at one level, by SGD at \
            0.001 on the sum of squared errors. Sampling draws 1000 numbers from N(0, 1) and takes \
            away what the network says, once a level.",
        variants: &[
            ("1", PUBLISHED),
            ("1 with σ_max 2", "From σ = 2, as the script has it"),
            ("1 corrected", CORRECTED),
        ],
        remark: "\
            The mean arrives and the spread does not: [the published target](#the-published-target) \
            says why.",
        script_seconds: 3.9,
    },
    Section {
        title: "2. The same as a film",
        config: "2-gaussian-video",
        about: "\
            Data, levels, network, training and sampling are those of 1, so the same reference \
            holds. What is shown is a film of two seconds at 20 frames a second: the value of each \
            sample against its number, between levels on a straight line. The script's last frame \
            stands at level 9.75 of 10; ours ends on the final samples.",
        variants: &[("2", PUBLISHED), ("2 corrected", CORRECTED)],
        remark: "",
        script_seconds: 5.5,
    },
    Section {
        title: "3. A Gaussian in the plane",
        config: "3-gaussian-2d",
        about: "\
            The data are points about (−1, 1) with standard deviation 0.01 along both axes. Levels, \
            training and sampling are those of 1. The network is told both coordinates and σ and \
            says two numbers; 2000 points are drawn.",
        variants: &[("3", PUBLISHED), ("3 corrected", CORRECTED)],
        remark: "\
            The reference is of y. x is its mirror image, with mean −1 for 1, so −x is held against \
            the same numbers.",
        script_seconds: 3.9,
    },
    Section {
        title: "4. Four modes",
        config: "4-four-modes",
        about: "\
            The data are four Gaussians at (±1, ±1) with standard deviation 0.01, and each batch of \
            128 holds 32 points of every one. There are 20 levels from σ = 1 to 0.001 (ρ = 7); \
            target, network and loss are those of 1. Training takes 3000 steps of SGD, its rate \
            0.001 falling by 5 % every 100 steps. Sampling draws 2000 points from N(0, 1).",
        variants: &[("4", PUBLISHED), ("4 corrected", CORRECTED)],
        remark: "\
            Convergence is the mean squared distance to the nearest mode. One seed in ten has less \
            than 90 % of its samples within 0.05 of a mode, since a whole mode lands beside its \
            place; that is the system's, and so in the reference. The corrected target does worse \
            here: [below](#the-published-target) is why.",
        script_seconds: 4.4,
    },
    Section {
        title: "5. Four modes as a film",
        config: "5-four-modes-video",
        about: "\
            As 4 with 17 levels and ρ = 2, which puts more of them at large σ. The film takes two \
            seconds at 24 frames a second, the axes reach to ±3 σ_max, and a second one goes there \
            and back. The script's jumps at its end; ours does not. There is no reference for this \
            grid.",
        variants: &[("5", PUBLISHED), ("5 corrected", CORRECTED)],
        remark: "",
        script_seconds: 9.1,
    },
    Section {
        title: "6. DDPM with one network",
        config: "6-ddpm-single",
        about: "\
            The data are those of 1. Ten levels have beta from 0.001 to 0.999, so a noisy number is \
            `alpha · x_0 + sigma · eps` with alpha² = Π (1 − beta) and alpha² + sigma² = 1; the \
            network is told it and the step's own 1 − beta, and learns eps. It is trained for 20000 \
            steps of 64 numbers, all at one level, by SGD at 0.001 on the norm of the batch's error. \
            Sampling takes 2000 numbers from N(alpha, sigma²) of the last level through DDPM's \
            ancestral steps. No noise is added in the last two, as in the script; the paper leaves \
            it out of the last one alone.",
        variants: &[("6", PUBLISHED)],
        remark: "\
            The network learns the noise itself, so nothing collapses. The mean arrives; the spread \
            comes out almost three times the data's, in the scripts as in ours.",
        script_seconds: 8.1,
    },
    Section {
        title: "7. DDPM with a network for each level",
        config: "7-ddpm-per-level",
        about: "\
            The data are those of 1. Eight levels have beta from 0.001 to 0.8, and each has a \
            network of its own, which is told the noisy number alone. They are trained in order on \
            batches of 1000, on the norm of the error: level 0, the least noisy, for 20000 steps of \
            SGD at 0.002; then each starts from the weights of the one before and takes 1000 steps \
            at 1e-5. Sampling is that of 6, of 1000 numbers.",
        variants: &[("7", PUBLISHED)],
        remark: "\
            The mean arrives; the spread comes out much smaller than the data's 0.01, in the scripts \
            as in ours. Three seeds in a hundred have a few stray samples and a standard deviation \
            above 0.0025; that is the system's too.",
        script_seconds: 11.2,
    },
    Section {
        title: "8. DDPM on four modes",
        config: "8-ddpm-four-modes",
        about: "\
            The data are those of 4. Twenty levels have beta on an ascending EDM grid from 0.001 to \
            0.9 (ρ = 4). One network is told the point and the step's own 1 − beta, and learns eps \
            for 10000 steps of SGD, its rate 0.002 falling by 2 % every 100 steps, on the sum of \
            squared errors. Sampling takes 1000 points from N(alpha, sigma²) of the last level along \
            both axes, as the script does though the data have mean 0, and repeats the last step ten \
            times.",
        variants: &[("8", PUBLISHED)],
        remark: "\
            Nearly all samples come to a mode, with no target to correct: DDPM's step takes away the \
            right share by itself.",
        script_seconds: 6.4,
    },
    Section {
        title: "9. DDPM and the density of every level",
        config: "9-ddpm-density",
        about: "\
            As 7 with a ninth level, beta 0.999, and longer training: 25000 steps at 0.003 for level \
            0, then 2000 at 1e-5 for each. The exact density of every level is computed by \
            quadrature, and sampling starts from the last level's distribution function instead of a \
            Gaussian. It stops before level 0, where the exact samples would have mean 0.9995 and \
            standard deviation 0.0332.",
        variants: &[("9", PUBLISHED)],
        remark: "\
            The mean arrives; the samples spread less than half as much as the exact density of the \
            level where sampling stops, in the scripts as in ours. The first step divides the network's \
            error by sqrt(1 − 0.999) = 0.032, so all samples jump aside and come back in the steps \
            after it; and without fresh noise in the step from level 1 they are drawn closer together \
            than the level is where they end.",
        script_seconds: 14.7,
    },
];

/// Opens the page, before the table of all.
pub const OPENING: &str = "\
# The nine systems of \"Introduction to Diffusion Models\"

J.-B. Bouvier's article \"Introduction to Diffusion Models\" (May 2024) comes with nine Python \
scripts. Each of them is one config here, which one command trains, samples and draws; no code was \
made for any one of them. This page holds what ours give against what the scripts give. Words and \
symbols are those of [notation.md](notation.md).

All nine train the same small network, a perceptron with two hidden layers of 32 ReLU units and \
PyTorch's initial weights, by plain SGD. What differs is the data, the levels of noise, what the \
network is told and what it must say. The levels of systems 6 to 9 are counted as DDPM counts \
them, from 0, the least noisy.";

/// How the tables are read.
pub const READING: &str = "\
**How to read the numbers.** One seed says little: from seed to seed the results of the scripts \
scatter widely. So the reference is a distribution, over 1000 to 4000 seeds (220 for system 7, 167 \
for 9) of a fast equivalent of the scripts, which agreed with 788 runs of the scripts themselves \
(about 60 Kolmogorov–Smirnov tests, lowest p 0.017). \
*Per seed* are its 1 %, median and 99 %. *Range of the median of 20* is where the median of 20 \
seeds of a faithful copy lies; all medians of a system do so together in about 99 of 100 trials, and by \
that ours are judged. A system that misses is run once more with other seeds, and both trials are \
shown. A dash stands where there is no reference. *Mean* and *std*, the standard deviation, are of \
the final samples of a seed; *loss* is the mean over the last 1000 steps.";

/// Under the table of all.
pub const TIMES: &str = "\
A time is that of the whole command: training, sampling, measures, figures, page and film, one \
command after the other, by a plain dev build. The script's is that of the whole process on one \
core with its imports, and it draws nothing.";

/// The last line of the page.
pub const ENDING: &str = "\
`cargo xtask article` made this page. `cargo xtask article --check` runs the same without writing, \
and fails where a system misses twice.";

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
