//! End of the runs of the article's systems: where the samples started, what they became, what the article wants,
//! and whether that was met.

use langevin_data::{
    Dataset, Mode,
    measure::{Evaluation, ModeFound},
};
use langevin_train::{LevelSummary, Samples, level_goal, number};

/// Systems that may miss their goal, each with the reason and a config that does better.
const MISSES: [(&str, &str, &str); 13] = [
    ("1-gaussian", PUBLISHED, "1-gaussian-corrected"),
    ("2-gaussian-video", PUBLISHED, "2-gaussian-video-corrected"),
    ("3-gaussian-2d", PUBLISHED, "3-gaussian-2d-corrected"),
    ("1-gaussian-corrected", FEW_STEPS, "gaussian-1d"),
    ("2-gaussian-video-corrected", FEW_STEPS, "gaussian-1d"),
    ("4-four-modes", PUBLISHED, "4-four-modes-recommended"),
    ("4-four-modes-corrected", BUDGET, "4-four-modes-recommended"),
    ("5-four-modes-video", PUBLISHED, "4-four-modes-recommended"),
    ("5-four-modes-video-corrected", BUDGET, "4-four-modes-recommended"),
    ("6-ddpm-single", NETWORK, "gaussian-1d"),
    ("7-ddpm-per-level", NETWORK, "gaussian-1d"),
    ("8-ddpm-four-modes", NETWORK, "4-four-modes-recommended"),
    ("9-ddpm-density", NETWORK, "gaussian-1d"),
];
const PUBLISHED: &str = "the published target takes a wrong share of the noise off at each level, so the spread \
                         collapses or the samples land beside their place";
const FEW_STEPS: &str = "ten steps and this little training are few";
const BUDGET: &str = "the corrected target is right, and this little training is too little for it";
const NETWORK: &str =
    "the article's own scripts miss it as well: its network and training are small";

/// Systems of the article that have no entry above: with their goal met as a rule.
const OTHERS: [&str; 2] = ["3-gaussian-2d-corrected", "4-four-modes-recommended"];

/// Most standard deviations of the goal by which a mean may be off.
const MOST_OFF: f64 = 3.0;
/// Most times by which a spread, or a share, may be above or below the goal's.
const MOST_TIMES: f64 = 2.0;

/// End of a system's run, for people and as JSON.
pub struct Ending {
    /// Lines for people: start, result, goal, and whether it was met.
    pub lines: Vec<String>,
    /// Whether the goal was met.
    pub met: bool,
}

/// Whether a config's name is that of one of the article's systems.
pub fn is_system(name: &str) -> bool {
    MISSES.iter().map(|(system, ..)| *system).chain(OTHERS).any(|system| system == name)
}

/// The end of a run of the system `name`; `None` where the data does not state what the samples should be.
pub fn ending(
    name: &str,
    data: &dyn Dataset,
    samples: &Samples,
    evaluation: Option<&Evaluation>,
) -> Option<Ending> {
    let miss = MISSES.iter().find(|(system, ..)| *system == name);
    let (start, end) = (samples.levels.first()?, samples.levels.last()?);
    let (said, faults) = match data.modes() {
        Some(modes) if modes.len() > 1 => by_modes(&modes, start, end, evaluation)?,
        _ => by_moments(data, start, end)?,
    };
    let [start, result, goal] = said;
    let mut lines = vec![
        format!("start: {start}"),
        format!("result: {result}"),
        format!("the article's goal: {goal}"),
    ];
    let met = faults.is_empty();
    lines.push(match met {
        true => "the goal is met".to_owned(),
        false => format!("the goal is missed: {}", faults.join("; ")),
    });
    if let Some((_, why, better)) = miss.filter(|_| !met) {
        lines.push(format!("  {why}; better: langevin train {better}"));
    }
    Some(Ending { lines, met })
}

/// Start, result and goal in words, and what misses the goal.
type Said = ([String; 3], Vec<String>);

/// Said of data with one mode: mean and spread by column.
fn by_moments(data: &dyn Dataset, start: &LevelSummary, end: &LevelSummary) -> Option<Said> {
    let goal = level_goal(&data.mean()?, &data.variance()?, &end.level);
    let mut faults = Vec::new();
    for (column, (mean, std)) in goal.mean.iter().zip(&goal.std).enumerate() {
        let (got_mean, got_std) = (end.mean.get(column)?, end.std.get(column)?);
        let of = if goal.mean.len() == 1 { String::new() } else { format!(" of x{column}") };
        let off = (got_mean - mean).abs() / std;
        if off.is_nan() || off > MOST_OFF {
            faults.push(format!(
                "the mean{of} is {} standard deviations off, at most {MOST_OFF} are allowed",
                number(off)
            ));
        }
        faults.extend(too_far(&format!("standard deviation{of}"), got_std / std));
    }
    let said = |level: &LevelSummary| {
        let list =
            |values: &[f64]| values.iter().map(|x| number(*x)).collect::<Vec<_>>().join(", ");
        format!("mean {}, standard deviation {}", list(&level.mean), list(&level.std))
    };
    Some(([said(start), said(end), said(&goal)], faults))
}

/// Said of data with several modes: how far from the nearest the samples are, and how many each has.
fn by_modes(
    modes: &[Mode],
    start: &LevelSummary,
    end: &LevelSummary,
    evaluation: Option<&Evaluation>,
) -> Option<Said> {
    let (from, to) = (start.convergence?, end.convergence?);
    let goal: f64 =
        modes.iter().map(|mode| mode.share * mode.center.len() as f64 * mode.std.powi(2)).sum();
    let distance =
        |square: f64| format!("mean squared distance to the nearest mode {}", number(square));
    let ends = |shares: &mut dyn Iterator<Item = f64>| {
        let (low, high) = shares.fold((f64::INFINITY, 0.0), |(low, high), share| {
            (f64::min(low, share), f64::max(high, share))
        });
        let (low, high) = (100.0 * low, 100.0 * high);
        let range =
            if high - low < 0.05 { format!("{low:.0}") } else { format!("{low:.0} to {high:.0}") };
        format!("; {range} % of the samples near each mode")
    };
    // A root mean square distance is judged as a spread is.
    let mut faults: Vec<_> =
        too_far("root mean square distance to the nearest mode", (to / goal).sqrt())
            .into_iter()
            .collect();
    let found = evaluation.and_then(|evaluation| evaluation.modes.as_ref());
    let (mut result, mut wanted) = (distance(to), distance(goal));
    if let Some(found) = found {
        result.push_str(&ends(&mut found.modes.iter().map(|mode| mode.share)));
        wanted.push_str(&ends(&mut found.modes.iter().map(|mode| mode.expected_share)));
        let few = |mode: &&ModeFound| mode.share * MOST_TIMES < mode.expected_share;
        let few = found.modes.iter().filter(few).count();
        if few > 0 {
            faults.push(format!(
                "{few} of {} modes have less than half of their samples",
                modes.len()
            ));
        }
    }
    Some(([distance(from), result, wanted], faults))
}

/// Fault of a spread that is `ratio` times the goal's, where that is too far from it.
fn too_far(what: &str, ratio: f64) -> Option<String> {
    let is_near = (1.0 / MOST_TIMES..=MOST_TIMES).contains(&ratio);
    (!is_near)
        .then(|| format!("the {what} is {} times the goal's, 0.5 to 2 are allowed", number(ratio)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configs;

    #[test]
    fn every_system_has_an_ending_and_every_config_named_exists() {
        let systems = MISSES.iter().map(|(system, ..)| *system).chain(OTHERS);
        let mut systems: Vec<_> = systems.collect();
        let names = configs::names();
        let of_article = |name: &&str| name.starts_with(|c: char| c.is_ascii_digit());
        let mut known: Vec<_> = names.iter().copied().filter(of_article).collect();
        systems.sort_unstable();
        known.sort_unstable();
        assert_eq!(systems, known);
        for (system, _, better) in MISSES {
            assert!(names.contains(&better) && better != system, "{better}");
        }
    }

    #[test]
    fn a_spread_may_be_half_or_twice_the_goals() {
        assert_eq!(too_far("spread", 0.5).or(too_far("spread", 2.0)), None);
        for ratio in [0.49, 2.01, f64::NAN, f64::INFINITY] {
            assert!(too_far("spread", ratio).is_some(), "{ratio}");
        }
    }
}
