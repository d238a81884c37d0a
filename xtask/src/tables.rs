//! `cargo xtask tables`: trains the run files of tables that others have measured too, over several seeds, and writes its part of
//! docs/tables.md; with `--small`, the part on small tables, and with `--ordinary` that on tables chosen for being ordinary.

mod given;
mod measures;
mod ordinary;
mod page;
mod sets;
mod small;

use std::{path::Path, time::Instant};

use crate::cargo::Workspace;
use crate::files::read_json;
use crate::markdown::write_between;
use crate::program::{Program, Scratch, machine_of};
use measures::{Figures, Measure, Rows, figures, means};
use sets::{SETS, Set};

const PAGE: &str = "docs/tables.md";

/// Settings of a run whose training and sampling alone are timed.
const BARE: [&str; 3] = ["report.figures=[]", "report.page=false", "report.evaluation=false"];

/// Task of `cargo xtask tables`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// Measures the built-in tables of these names, all where there are none, over so many seeds.
    Measure { seeds: u64, only: Vec<String> },
    /// Measures small tables by a published protocol.
    Small,
    /// Measures rows of which some columns are given.
    Given,
    /// Runs `init` and `train` on each table of a folder.
    Ordinary { folder: String },
}

impl Task {
    /// Task that the words after `cargo xtask tables` ask for.
    pub fn parse(words: &[&str]) -> Result<Self, String> {
        match words {
            ["--small"] => return Ok(Self::Small),
            ["--given"] => return Ok(Self::Given),
            ["--ordinary", folder] => return Ok(Self::Ordinary { folder: (*folder).to_owned() }),
            _ => {}
        }
        let (mut seeds, mut only) = (3, Vec::new());
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let value = words.next().copied().unwrap_or_default();
            match *word {
                "--seeds" => match value.parse() {
                    Ok(count @ 1..) => seeds = count,
                    _ => return Err(format!("--seeds: must be at least 1, got `{value}`")),
                },
                "--only" => only = value.split(',').map(known).collect::<Result<_, _>>()?,
                other => return Err(format!("tables: no such option: {other}")),
            }
        }
        Ok(Self::Measure { seeds, only })
    }
}

/// Name of a table that is measured.
fn known(name: &str) -> Result<String, String> {
    let names: Vec<&str> = SETS.iter().map(|set| set.config).collect();
    match names.contains(&name) {
        true => Ok(name.to_owned()),
        false => Err(format!("no such table: {name}; there are {}", names.join(", "))),
    }
}

/// Does the task; fails where samples break a least bar, naming it.
pub fn run(workspace: &Workspace, task: &Task) -> Result<(), String> {
    let scratch = Scratch::new("tables")?;
    let program = Program::build(workspace, &scratch)?;
    let page = workspace.root.join(PAGE);
    let (seeds, only) = match task {
        Task::Measure { seeds, only } => (*seeds, only),
        Task::Small => {
            let found = small::run(workspace, &program, &scratch)?;
            write_between(&page, small::NAME, &small::text(&found))?;
            println!("wrote the part on small tables of {PAGE}");
            return verdict(&small::broken_bars(&found));
        }
        Task::Given => {
            let found = given::run(workspace, &program, &scratch)?;
            write_between(&page, given::NAME, &given::text(&found))?;
            println!("wrote the part on given columns of {PAGE}");
            return verdict(&given::broken_bars(&found));
        }
        Task::Ordinary { folder } => {
            let found = ordinary::run(&program, &scratch, Path::new(folder), |lines| {
                write_between(&page, ordinary::NAME, &ordinary::text(lines))
            })?;
            println!("wrote the part on ordinary tables of {PAGE}");
            return verdict(&ordinary::faults(&found));
        }
    };
    let mut broken = Vec::new();
    for set in
        SETS.iter().filter(|set| only.is_empty() || only.iter().any(|name| name == set.config))
    {
        let mut found = Found::default();
        for seed in 0..seeds {
            println!("{}, seed {seed}", set.config);
            measure(&program, &scratch, set, seed, &mut found)?;
        }
        write_between(&page, set.config, &page::section(set, &found))?;
        println!("wrote the part on {} of {PAGE}", set.config);
        broken.extend(broken_bars(set, &means(&found.samples)));
    }
    verdict(&broken)
}

fn verdict(faults: &[String]) -> Result<(), String> {
    match faults {
        [] => Ok(()),
        faults => Err(format!("below the least bars:\n  {}", faults.join("\n  "))),
    }
}

/// Figures of a table, seed by seed.
#[derive(Default)]
struct Found {
    samples: Vec<Figures>,
    held_out: Vec<Figures>,
    independent: Vec<Figures>,
    /// Numbers of training rows, samples and held-out rows.
    rows: [u64; 3],
    machine: String,
}

/// Trains a table's run file with a seed, and measures as many samples as it says.
fn measure(
    program: &Program,
    scratch: &Scratch,
    set: &Set,
    seed: u64,
    found: &mut Found,
) -> Result<(), String> {
    let run = scratch.folder().join(format!("{}-{seed}", set.config));
    let call = |arguments: &[&str], settings: &[&str]| {
        let mut command = program.command(arguments);
        settings.iter().for_each(|setting| {
            command.args(["--set", setting]);
        });
        let status = command.status().map_err(|error| format!("langevin: {error}"))?;
        match status.success() {
            true => Ok(()),
            false => Err(format!("langevin {} failed ({status})", arguments.join(" "))),
        }
    };
    let (path, seed) = (run.display().to_string(), seed.to_string());
    let start = Instant::now();
    call(&["--quiet", "train", set.config, "--seed", &seed, "--out", &path], &BARE)?;
    let seconds = start.elapsed().as_secs_f64();
    call(&["--quiet", "evaluate", &path], &[])?;
    let evaluation = read_json(&run.join("evaluation.json"))?;
    let mut samples = figures(&evaluation, Rows::Samples);
    samples.insert(Measure::Seconds, seconds);
    println!("{}", page::line(set, &samples));
    found.samples.push(samples);
    found.held_out.push(figures(&evaluation, Rows::HeldOut));
    found.independent.push(figures(&evaluation, Rows::Independent));
    let count = |of: &str| evaluation["rows"][of].as_u64().unwrap_or(0);
    found.rows = ["training", "samples", "held_out"].map(count);
    found.machine = machine_of(&run)?;
    Ok(())
}

/// The least bars that the means over the seeds break, in words.
fn broken_bars(set: &Set, means: &Figures) -> Vec<String> {
    let broken = |(measure, bars): (&Measure, &sets::Bars)| {
        let value = means.get(measure).copied();
        let holds = value.is_some_and(|value| bars.least.holds(value));
        let (name, bar) = (measure.name(set.score), bars.least.text());
        (!holds)
            .then(|| format!("{}: {name} must be {bar}, got {}", set.config, measure.text(value)))
    };
    set.bars.iter().filter_map(broken).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_tasks() {
        let all = Task::Measure { seeds: 3, only: Vec::new() };
        assert_eq!(Task::parse(&[]), Ok(all));
        let few = Task::Measure { seeds: 1, only: vec!["credit".to_owned(), "adult".to_owned()] };
        assert_eq!(Task::parse(&["--only", "credit,adult", "--seeds", "1"]), Ok(few));
        assert_eq!(Task::parse(&["--small"]), Ok(Task::Small));
        assert_eq!(Task::parse(&["--given"]), Ok(Task::Given));
        let folder = Task::Ordinary { folder: "f".to_owned() };
        assert_eq!(Task::parse(&["--ordinary", "f"]), Ok(folder));
        for words in
            [&["--seeds", "0"] as &[&str], &["--only", "sun"], &["--ordinary"], &["--sets"]]
        {
            assert!(Task::parse(words).is_err(), "{words:?}");
        }
    }

    #[test]
    fn a_broken_bar_is_named_and_a_measure_that_is_missing_breaks_its_bar() {
        let set = SETS.iter().find(|set| set.config == "credit").expect("a set");
        let mut good = figures(&measures::tests::evaluation(0.7), Rows::Samples);
        good.insert(Measure::Seconds, 45.0);
        assert_eq!(broken_bars(set, &good), Vec::<String>::new());
        let mut poor = good.clone();
        poor.insert(Measure::Detection, 0.68);
        let said = broken_bars(set, &poor);
        assert_eq!(said, ["credit: boosted-tree detection must be ≥ 0.69, got 0.680"]);
        poor.insert(Measure::Detection, 0.7);
        poor.remove(&Measure::Usefulness);
        assert_eq!(broken_bars(set, &poor).len(), 1);
        assert!(verdict(&said).is_err_and(|error| error.contains("0.680")) && verdict(&[]).is_ok());
    }
}
