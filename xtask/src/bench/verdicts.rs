//! Verdicts: the limits that were set before anything was measured, what was measured, and whether it meets
//! them.

use serde_json::Value;

use super::jobs::JOBS;
use crate::statistics::{Spread, median, numbers};

/// Line of the table of verdicts.
#[derive(Debug, PartialEq)]
pub struct Verdict {
    pub what: String,
    pub wanted: String,
    pub measured: String,
    /// Whether the limit is met; none where nothing was measured.
    pub met: Option<bool>,
    /// Whether each round by itself met the limit.
    pub in_every_round: bool,
}

/// Measured value, over the rounds.
struct Measured {
    value: f64,
    /// Smallest value of a round.
    least: f64,
    most: f64,
    shown: String,
}

impl Measured {
    const fn one(value: f64, shown: String) -> Self {
        Self { value, least: value, most: value, shown }
    }

    fn of(spread: Spread, shown: String) -> Self {
        Self { value: spread.median, least: spread.least, most: spread.most, shown }
    }
}

impl Verdict {
    fn at_most(what: impl Into<String>, limit: f64, unit: &str, found: Option<Measured>) -> Self {
        let wanted = format!("≤ {limit}{unit}");
        Self::new(what.into(), wanted, found, |value| value <= limit)
    }

    fn at_least(what: impl Into<String>, limit: f64, unit: &str, found: Option<Measured>) -> Self {
        let wanted = format!("≥ {limit}{unit}");
        Self::new(what.into(), wanted, found, |value| value >= limit)
    }

    fn new(
        what: String,
        wanted: String,
        found: Option<Measured>,
        meets: impl Fn(f64) -> bool,
    ) -> Self {
        let known = found.as_ref().filter(|found| found.value.is_finite());
        let met = known.map(|found| meets(found.value));
        let in_every_round = known.is_some_and(|found| meets(found.least) && meets(found.most));
        let measured = found.map_or("not measured".to_owned(), |found| found.shown);
        Self { what, wanted, measured, met, in_every_round }
    }

    /// Word in the table.
    pub const fn word(&self) -> &'static str {
        match self.met {
            Some(true) if self.in_every_round => "met",
            Some(true) => "met, not in every round",
            Some(false) => "**missed**",
            None => "open",
        }
    }
}

/// Ratio of two sides of a job, on all cores, over the rounds.
pub fn ratio(results: &Value, job: &str, ours: &str, theirs: &str) -> Option<Spread> {
    let all = &results["jobs"][job]["all"];
    let seconds = |side: &str| numbers(&all[side]["seconds"]);
    Spread::of_ratios(&seconds(ours), &seconds(theirs))
}

/// Text of a spread, as `0.52 (0.49–0.55)` or `0.065 (0.063–0.068)`.
pub fn shown(spread: &Spread) -> String {
    let places = if spread.median < 0.1 { 3 } else { 2 };
    let Spread { median, least, most } = spread;
    format!("{median:.places$} ({least:.places$}–{most:.places$})")
}

fn of_ratio(spread: Option<Spread>) -> Option<Measured> {
    spread.map(|spread| Measured::of(spread, shown(&spread)))
}

/// All verdicts, in the order of the page.
pub fn verdicts(results: &Value) -> Vec<Verdict> {
    let mut all = Vec::new();
    for (job, theirs, name, limit) in [
        ("A", "jax-scan", "JAX scan", 0.55),
        ("A", "jax-jit", "JAX jit", 0.07),
        ("B", "jax-scan", "JAX scan", 0.75),
        ("C", "jax-scan", "JAX scan", 1.0),
        ("D", "jax-scan", "JAX scan", 1.0),
    ] {
        let found = of_ratio(ratio(results, job, "langevin", theirs));
        all.push(Verdict::at_most(format!("{job}: time over {name}'s"), limit, "", found));
    }
    for job in JOBS {
        let found = of_ratio(ratio(results, job.name, "torch", "langevin"));
        all.push(Verdict::at_least(
            format!("{}: PyTorch's time over ours", job.name),
            1.4,
            "",
            found,
        ));
    }
    for (job, limit) in [("A", 1.7), ("B", 1.2), ("C", 1.2), ("D", 1.2)] {
        let found = of_ratio(ratio(results, job, "langevin", "floor"));
        all.push(Verdict::at_most(format!("{job}: time over the floor's"), limit, "", found));
    }
    for job in JOBS {
        let found = of_ratio(ratio(results, job.name, "ndarray", "langevin"));
        let what = format!("{}: ndarray's time over flex's", job.name);
        all.push(Verdict::at_most(what, 1.3, "", found));
    }
    all.push(Verdict::at_least("D: one core's time over two cores'", 1.8, "", cores(results)));
    all.extend(of_sampling(results));
    all.extend(of_memory(results));
    all.extend(of_runs(results));
    all.extend(of_disk(results));
    all
}

fn cores(results: &Value) -> Option<Measured> {
    let seconds = |cores: &str| numbers(&results["jobs"]["D"][cores]["langevin"]["seconds"]);
    of_ratio(Spread::of_ratios(&seconds("one"), &seconds("all")))
}

fn of_sampling(results: &Value) -> [Verdict; 2] {
    let turns = &results["sampling"]["turns"];
    let seconds = |side: &str| numbers(&turns[side]["seconds"]);
    let ratio = Spread::of_ratios(&seconds("langevin"), &seconds("jax-scan"));
    let memory = results["sampling"]["million"]["langevin"]["memory"].as_f64();
    [
        Verdict::at_most(
            "sampling: time over that of JAX's jitted sampler",
            1.0,
            "",
            of_ratio(ratio),
        ),
        Verdict::at_most("a million samples: peak memory", 300.0, " MB", megabytes(memory)),
    ]
}

fn megabytes(bytes: Option<f64>) -> Option<Measured> {
    bytes.map(|bytes| Measured::one(bytes / 1e6, format!("{:.0} MB", bytes / 1e6)))
}

fn of_memory(results: &Value) -> [Verdict; 2] {
    let of_d = |side: &str| results["jobs"]["D"]["all"][side]["memory"].as_f64();
    let both = of_d("langevin").zip(of_d("jax-scan"));
    let peak = both.map(|(ours, theirs)| {
        Measured::one(ours / theirs, format!("{:.0} MB over {:.0} MB", ours / 1e6, theirs / 1e6))
    });
    let resident = results["growth"]["resident"].as_array().into_iter().flatten();
    let resident: Vec<f64> = resident.filter_map(|pair| pair[1].as_f64()).collect();
    // The first tenth of the steps fills buffers, so it is left out.
    let growth = resident.get(1..).filter(|later| !later.is_empty()).map(largest_rise);
    let growth = growth.map(|bytes| Measured::one(bytes / 1e3, format!("{:.0} kB", bytes / 1e3)));
    [
        Verdict::at_most("D: peak memory over that of JAX scan", 1.0, "", peak),
        Verdict::at_most(
            "A: the largest rise of what is resident over the last 90 % of the steps",
            256.0,
            " kB",
            growth,
        ),
    ]
}

/// Largest rise from a number to a later one. A fall between two numbers hides no rise.
fn largest_rise(numbers: &[f64]) -> f64 {
    let mut least = f64::INFINITY;
    let rises = numbers.iter().map(|number| {
        least = least.min(*number);
        number - least
    });
    rises.fold(0.0, f64::max)
}

fn of_runs(results: &Value) -> [Verdict; 3] {
    let whole = &results["whole"];
    let help = numbers(&whole["help"]);
    let help = Spread::of(&help)
        .map(|s| Measured::one(1e3 * s.median, format!("{:.1} ms", 1e3 * s.median)));
    let outside = |run: &Value| Some(run["seconds"].as_f64()? - run["training"].as_f64()?);
    let default: Vec<f64> =
        whole["default"].as_array().into_iter().flatten().filter_map(outside).collect();
    let default = Spread::of(&default).map(|s| Measured::of(s, format!("{:.2} s", s.median)));
    let article: Vec<f64> = whole["article"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|run| run["seconds"].as_f64())
        .collect();
    let together: f64 = article.iter().sum();
    let article =
        (!article.is_empty()).then(|| Measured::one(together, format!("{together:.1} s")));
    [
        Verdict::at_most("`langevin --help`", 20.0, " ms", help),
        Verdict::at_most("the default run: time outside training", 2.0, " s", default),
        Verdict::at_most("the article's nine systems, one after the other", 20.0, " s", article),
    ]
}

fn of_disk(results: &Value) -> [Verdict; 2] {
    let disk = &results["disk"];
    let saved = numbers(&disk["large_checkpoint"]["save"]);
    let copied = numbers(&disk["large_checkpoint"]["dd"]);
    let rate = (!saved.is_empty() && !copied.is_empty()).then(|| {
        let rate = median(&copied) / median(&saved);
        Measured::one(rate, format!("{rate:.2}"))
    });
    let share = |pair: &Value| {
        let (run, bare) = (pair["run"].as_f64()?, pair["bare"].as_f64()?);
        Some(100.0 * (run / bare - 1.0))
    };
    let pairs: Vec<f64> =
        disk["overhead"].as_array().into_iter().flatten().filter_map(share).collect();
    let overhead = Spread::of(&pairs)
        .map(|s| Measured::of(s, format!("{:.1} % ({:.1}–{:.1})", s.median, s.least, s.most)));
    [
        Verdict::at_least("a checkpoint of ten million parameters: rate over dd's", 0.5, "", rate),
        Verdict::at_most(
            "checkpoints, log and lock: share of the default run's training",
            2.0,
            " %",
            overhead,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(results: &Value, what: &str) -> Verdict {
        let all = verdicts(results);
        all.into_iter().find(|verdict| verdict.what == what).expect("such a line")
    }

    #[test]
    fn what_misses_is_said_to_miss_and_what_was_not_measured_is_open() {
        let sides = |ours: f64| {
            json!({ "jobs": { "A": { "all": {
                "langevin": { "seconds": [ours, ours] }, "jax-scan": { "seconds": [1.0, 1.0] },
            } } } })
        };
        let what = "A: time over JAX scan's";
        assert_eq!(found(&sides(0.5), what).word(), "met");
        assert_eq!(found(&sides(0.6), what).word(), "**missed**");
        assert_eq!(found(&json!({}), what).word(), "open");
        assert_eq!(found(&sides(0.5), "A: time over JAX jit's").word(), "open");
    }

    #[test]
    fn what_must_be_large_misses_where_it_is_small() {
        let rate = |saved: f64| json!({ "disk": { "large_checkpoint": { "save": [saved], "dd": [1.0] } } });
        let what = "a checkpoint of ten million parameters: rate over dd's";
        assert_eq!(found(&rate(1.5), what).word(), "met");
        assert_eq!(found(&rate(3.0), what).word(), "**missed**");
        assert_eq!(found(&rate(1.5), what).wanted, "≥ 0.5");
    }

    #[test]
    fn a_limit_that_some_rounds_miss_is_said_to_be_met_not_in_every_round() {
        let sides = |rounds: [f64; 3]| {
            json!({ "jobs": { "A": { "all": {
                "langevin": { "seconds": rounds }, "jax-scan": { "seconds": [1.0, 1.0, 1.0] },
            } } } })
        };
        let what = "A: time over JAX scan's";
        assert_eq!(found(&sides([0.4, 0.5, 0.54]), what).word(), "met");
        assert_eq!(found(&sides([0.4, 0.5, 0.6]), what).word(), "met, not in every round");
        assert_eq!(found(&sides([0.4, 0.6, 0.6]), what).word(), "**missed**");
    }

    #[test]
    fn growth_is_that_of_the_last_nine_tenths_and_a_fall_hides_none() {
        let growth = |later: &[f64]| {
            let all = [1e6, 9e6].iter().chain(later).enumerate();
            let pairs: Vec<[f64; 2]> = all.map(|(i, bytes)| [i as f64, *bytes]).collect();
            found(
                &json!({ "growth": { "resident": pairs } }),
                "A: the largest rise of what is resident over the last 90 % of the steps",
            )
        };
        assert_eq!(growth(&[9.1e6]).word(), "met");
        assert_eq!(growth(&[9.5e6]).word(), "**missed**");
        assert_eq!(growth(&[5e6, 5.2e6]).word(), "met");
        assert_eq!(growth(&[5e6, 5.2e6, 5.4e6]).word(), "**missed**");
    }
}
