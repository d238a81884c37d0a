//! Verdicts: the limits that were set before anything was measured, what was measured, and whether it meets
//! them.

use serde::Serialize;
use serde_json::Value;

use self::Limit::{AtLeast, AtMost};
use super::jobs::JOBS;
use crate::statistics::{Spread, median, numbers, numbers_of};

/// Line of the table of verdicts.
#[derive(Debug, Serialize)]
pub struct Verdict {
    what: String,
    wanted: String,
    measured: String,
    /// Word in the table.
    verdict: &'static str,
}

/// Limit of what is measured.
#[derive(Clone, Copy)]
enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

/// Measured value over the rounds, and its text; none where nothing was measured.
type Measured = Option<(Spread, String)>;

impl Verdict {
    fn new(what: impl Into<String>, limit: Limit, unit: &str, found: Measured) -> Self {
        let meets = |value: f64| match limit {
            AtMost(most) => value <= most,
            AtLeast(least) => value >= least,
        };
        let verdict = match &found {
            Some((of, _)) if !of.median.is_finite() => "open",
            Some((of, _)) if !meets(of.median) => "**missed**",
            Some((of, _)) if meets(of.least) && meets(of.most) => "met",
            Some(_) => "met, not in every round",
            None => "open",
        };
        let wanted = match limit {
            AtMost(most) => format!("≤ {most}{unit}"),
            AtLeast(least) => format!("≥ {least}{unit}"),
        };
        let measured = found.map_or("not measured".to_owned(), |(_, shown)| shown);
        Self { what: what.into(), wanted, measured, verdict }
    }
}

/// Text of a spread, as `0.52 (0.49–0.55)` or `0.065 (0.063–0.068)`.
pub fn shown(spread: &Spread) -> String {
    let places = if spread.median < 0.1 { 3 } else { 2 };
    let Spread { median, least, most } = spread;
    format!("{median:.places$} ({least:.places$}–{most:.places$})")
}

/// Ratio of the times of two sides, over the rounds.
fn over(ours: &Value, theirs: &Value) -> Measured {
    let ratio = Spread::of_ratios(&numbers(&ours["seconds"]), &numbers(&theirs["seconds"]));
    ratio.map(|ratio| (ratio, shown(&ratio)))
}

/// Value that is the same in every round.
fn one(value: f64, shown: String) -> Measured {
    Spread::of(&[value]).map(|value| (value, shown))
}

/// All verdicts, in the order of the page.
pub fn verdicts(results: &Value) -> Vec<Verdict> {
    let all_cores = |job: &str, ours: &str, theirs: &str| {
        let sides = &results["jobs"][job]["all"];
        over(&sides[ours], &sides[theirs])
    };
    let mut all = Vec::new();
    for (job, theirs, name, limit) in [
        ("A", "jax-scan", "JAX scan", 0.55),
        ("A", "jax-jit", "JAX jit", 0.07),
        ("B", "jax-scan", "JAX scan", 0.75),
        ("C", "jax-scan", "JAX scan", 1.0),
        ("D", "jax-scan", "JAX scan", 1.0),
    ] {
        let found = all_cores(job, "langevin", theirs);
        all.push(Verdict::new(format!("{job}: time over {name}'s"), AtMost(limit), "", found));
    }
    for name in JOBS.iter().map(|job| job.name) {
        let found = all_cores(name, "torch", "langevin");
        let what = format!("{name}: PyTorch's time over ours");
        all.push(Verdict::new(what, AtLeast(1.4), "", found));
    }
    for (job, limit) in [("A", 1.7), ("B", 1.2), ("C", 1.2), ("D", 1.2)] {
        let found = all_cores(job, "langevin", "floor");
        all.push(Verdict::new(format!("{job}: time over the floor's"), AtMost(limit), "", found));
    }
    for name in JOBS.iter().map(|job| job.name) {
        let found = all_cores(name, "ndarray", "langevin");
        let what = format!("{name}: ndarray's time over flex's");
        all.push(Verdict::new(what, AtMost(1.3), "", found));
    }
    let d = &results["jobs"]["D"];
    let cores = over(&d["one"]["langevin"], &d["all"]["langevin"]);
    all.push(Verdict::new("D: one core's time over two cores'", AtLeast(1.8), "", cores));
    all.extend(of_sampling(&results["sampling"]));
    all.extend(of_told(&results["told"]));
    all.extend(of_memory(results));
    all.extend(of_runs(&results["whole"]));
    all.extend(of_disk(&results["disk"]));
    all
}

fn of_sampling(sampling: &Value) -> [Verdict; 2] {
    let turns = &sampling["turns"];
    let ratio = over(&turns["langevin"], &turns["jax-scan"]);
    let memory = sampling["million"]["langevin"]["memory"].as_f64();
    let memory = memory.and_then(|bytes| one(bytes / 1e6, format!("{:.0} MB", bytes / 1e6)));
    let what = "sampling: time over that of JAX's jitted sampler";
    [
        Verdict::new(what, AtMost(1.0), "", ratio),
        Verdict::new("a million samples: peak memory", AtMost(300.0), " MB", memory),
    ]
}

/// A condition of four columns beside none, with the default run.
fn of_told(told: &Value) -> [Verdict; 2] {
    [("step", "a step", 1.08), ("sampling", "sampling", 1.15)].map(|(part, shown, limit)| {
        let found = over(&told[part]["any"], &told[part]["nothing"]);
        let what = format!("default: time of {shown} with any column told over that with none");
        Verdict::new(what, AtMost(limit), "", found)
    })
}

fn of_memory(results: &Value) -> [Verdict; 2] {
    let of_d = |side: &str| results["jobs"]["D"]["all"][side]["memory"].as_f64();
    let peak = of_d("langevin").zip(of_d("jax-scan")).and_then(|(ours, theirs)| {
        one(ours / theirs, format!("{:.0} MB over {:.0} MB", ours / 1e6, theirs / 1e6))
    });
    let resident = numbers_of(&results["growth"]["resident"], |pair| pair[1].as_f64());
    // The first tenth of the steps fills buffers, so it is left out.
    let growth = resident.get(1..).filter(|later| !later.is_empty()).map(largest_rise);
    let growth = growth.and_then(|bytes| one(bytes / 1e3, format!("{:.0} kB", bytes / 1e3)));
    let what = "A: the largest rise of what is resident over the last 90 % of the steps";
    [
        Verdict::new("D: peak memory over that of JAX scan", AtMost(1.0), "", peak),
        Verdict::new(what, AtMost(256.0), " kB", growth),
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

fn of_runs(whole: &Value) -> [Verdict; 3] {
    let help = Spread::of(&numbers(&whole["help"])).map(|help| 1e3 * help.median);
    let help = help.and_then(|help| one(help, format!("{help:.1} ms")));
    let outside = |run: &Value| Some(run["seconds"].as_f64()? - run["training"].as_f64()?);
    let default = Spread::of(&numbers_of(&whole["default"], outside));
    let default = default.map(|default| (default, format!("{:.2} s", default.median)));
    let article = numbers_of(&whole["article"], |run| run["seconds"].as_f64());
    let together: f64 = article.iter().sum();
    let article = Spread::of(&article).and_then(|_| one(together, format!("{together:.1} s")));
    let nine = "the article's nine systems, one after the other";
    [
        Verdict::new("`langevin --help`", AtMost(20.0), " ms", help),
        Verdict::new("the default run: time outside training", AtMost(2.0), " s", default),
        Verdict::new(nine, AtMost(20.0), " s", article),
    ]
}

fn of_disk(disk: &Value) -> [Verdict; 2] {
    let [saved, copied] = ["save", "dd"].map(|key| numbers(&disk["large_checkpoint"][key]));
    let rate = Some(median(&copied) / median(&saved)).filter(|rate| !rate.is_nan());
    let rate = rate.and_then(|rate| one(rate, format!("{rate:.2}")));
    let share = |pair: &Value| {
        let (run, bare) = (pair["run"].as_f64()?, pair["bare"].as_f64()?);
        Some(100.0 * (run / bare - 1.0))
    };
    let overhead = Spread::of(&numbers_of(&disk["overhead"], share));
    let overhead =
        overhead.map(|s| (s, format!("{:.1} % ({:.1}–{:.1})", s.median, s.least, s.most)));
    let what = "checkpoints, log and lock: share of the default run's training";
    let rate_of = "a checkpoint of ten million parameters: rate over dd's";
    [Verdict::new(rate_of, AtLeast(0.5), "", rate), Verdict::new(what, AtMost(2.0), " %", overhead)]
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
        assert_eq!(found(&sides(0.5), what).verdict, "met");
        assert_eq!(found(&sides(0.6), what).verdict, "**missed**");
        assert_eq!(found(&json!({}), what).verdict, "open");
        assert_eq!(found(&sides(0.5), "A: time over JAX jit's").verdict, "open");
    }

    #[test]
    fn what_must_be_large_misses_where_it_is_small() {
        let rate = |saved: f64| json!({ "disk": { "large_checkpoint": { "save": [saved], "dd": [1.0] } } });
        let what = "a checkpoint of ten million parameters: rate over dd's";
        assert_eq!(found(&rate(1.5), what).verdict, "met");
        assert_eq!(found(&rate(3.0), what).verdict, "**missed**");
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
        assert_eq!(found(&sides([0.4, 0.5, 0.54]), what).verdict, "met");
        assert_eq!(found(&sides([0.4, 0.5, 0.6]), what).verdict, "met, not in every round");
        assert_eq!(found(&sides([0.4, 0.6, 0.6]), what).verdict, "**missed**");
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
        assert_eq!(growth(&[9.1e6]).verdict, "met");
        assert_eq!(growth(&[9.5e6]).verdict, "**missed**");
        assert_eq!(growth(&[5e6, 5.2e6]).verdict, "met");
        assert_eq!(growth(&[5e6, 5.2e6, 5.4e6]).verdict, "**missed**");
    }
}
