//! docs/performance.md, from the figures of a run.

use std::collections::BTreeMap;

use minijinja::{Environment, context, value::Serde};
use serde::Deserialize;
use serde_json::Value;

use super::curves;
use super::jobs::JOBS;
use super::verdicts::{shown, verdicts};
use crate::markdown::{environment, fill, wrapped};
use crate::statistics::{Spread, median};

const TEMPLATE: &str = include_str!("../../templates/performance.md.jinja");

/// List of numbers in the figures; a number that could not be measured is null.
type Numbers = Option<Vec<Option<f64>>>;

/// Text of the page: the figures as they are, and what is computed of them here.
pub fn render(results: &Value) -> Result<String, String> {
    let jobs = JOBS.iter().filter(|job| results["jobs"][job.name].is_object()).map(|job| {
        let figures = Serde(&results["jobs"][job.name]);
        context! { ..Serde(job), ..figures }
    });
    let curves = curves::pictures(results)?.into_iter().map(|(name, label, _)| (name, label));
    let (kinds, profile) = profile(results);
    let values = context! {
        jobs => jobs.collect::<Vec<_>>(),
        verdicts => Serde(verdicts(results)),
        measured_again => Serde(measured_again(&results["again"])),
        apart => apart(results),
        curves => curves.collect::<Vec<_>>(),
        slower => curves::slower_than_jax(results),
        kinds => Serde(kinds),
        profile => Serde(profile),
        ..Serde(results)
    };
    let mut environment = environment()?;
    add_filters(&mut environment);
    Ok(wrapped(&fill(&environment, "performance.md", TEMPLATE, values)?))
}

/// Filters that bring figures to what a cell shows; a dash stands for a figure that is missing.
fn add_filters(environment: &mut Environment<'_>) {
    environment.add_filter("median", |values: Numbers| {
        let values = known(values);
        (!values.is_empty()).then(|| median(&values))
    });
    environment.add_filter("over", |ours: Numbers, theirs: Numbers| {
        let ratio = Spread::of_ratios(&known(ours), &known(theirs));
        ratio.map_or("–".to_owned(), |ratio| shown(&ratio))
    });
    environment.add_filter("micro", |seconds: f64| {
        let micro = 1e6 * seconds;
        if micro < 100.0 { format!("{micro:.1} µs") } else { format!("{micro:.0} µs") }
    });
    environment.add_filter("megabytes", |bytes: Option<f64>, places: usize| {
        bytes.map_or("–".to_owned(), |bytes| format!("{:.places$} MB", bytes / 1e6))
    });
    environment.add_filter("rate", |seconds: Numbers, bytes: f64| {
        format!("{:.0} MB/s", bytes / 1e6 / median(&known(seconds)))
    });
    environment.add_filter("choice", |choice: Serde<Value>| in_words(&choice));
}

/// Numbers that could be measured.
fn known(values: Numbers) -> Vec<f64> {
    values.into_iter().flatten().flatten().collect()
}

/// Way of working of a side that had a choice, in words.
fn in_words(choice: &Value) -> String {
    let Some(cores) = choice["cores"].as_u64() else { return "–".to_owned() };
    let generator = choice["generator"].as_str();
    let generator =
        generator.map_or(String::new(), |name| format!(", {}", name.trim_end_matches("2x32")));
    let unroll = choice["unroll"].as_u64().filter(|times| *times > 1);
    let unroll = unroll.map_or(String::new(), |times| format!(", unrolled by {times}"));
    let plural = if cores == 1 { "" } else { "s" };
    format!("{cores} core{plural}{generator}{unroll}")
}

/// Kinds of code in the order of their first job, and each job's shares by kind.
fn profile(results: &Value) -> (Vec<&str>, BTreeMap<&str, BTreeMap<&str, f64>>) {
    let jobs: BTreeMap<&str, Vec<(&str, f64)>> =
        Deserialize::deserialize(&results["profile"]).unwrap_or_default();
    let mut kinds = Vec::new();
    for (kind, _) in jobs.values().flatten() {
        if !kinds.contains(kind) {
            kinds.push(*kind);
        }
    }
    let shares = jobs.into_iter().map(|(job, shares)| (job, BTreeMap::from_iter(shares)));
    (kinds, shares.collect())
}

/// Names of the parts that were measured again, by day and commit.
fn measured_again(again: &Value) -> Vec<([&str; 2], Vec<&str>)> {
    let mut parts: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for (part, when) in again.as_object().into_iter().flatten() {
        let of = |key: &str| when[key].as_str().unwrap_or("unknown");
        parts.entry([of("date"), of("commit")]).or_default().push(part);
    }
    parts.into_iter().collect()
}

/// Largest differences between the sides: of their losses on given batches, of their weights, and of
/// their losses on noise of their own.
fn apart(results: &Value) -> minijinja::Value {
    let agreements = JOBS.iter().map(|job| &results["jobs"][job.name]["agreement"]);
    let sides: Vec<&Value> =
        agreements.filter_map(Value::as_object).flat_map(|sides| sides.values()).collect();
    let most = |of: &str| sides.iter().filter_map(|side| side[of].as_f64()).fold(0.0, f64::max);
    let weights = sides.iter().filter_map(|side| side["apart"].as_object());
    let weights = weights.flat_map(|apart| apart.values()).filter_map(Value::as_f64);
    context! { given => most("given"), own => most("own"), weights => weights.fold(0.0, f64::max) }
}
