//! `cargo xtask bench`: measures what Langevin costs in time and memory, on jobs that people have. With
//! `--peers` it measures JAX and PyTorch in the same run and writes docs/performance.md.
//!
//! Nothing here is a test: machines are shared and clocks noisy, so no time fails anything. Only the losses
//! of all sides must agree.

mod agreement;
mod chart;
mod curves;
mod disk;
mod jobs;
mod page;
mod peers;
mod profile;
mod rounds;
mod side;
mod told;
mod verdicts;
mod whole;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

use crate::cargo::{Workspace, succeeds};
use crate::files::{named, read_json, write};
use crate::program::{Program, Scratch, built};
use jobs::JOBS;
use side::{Side, Tools};

/// Figures that the page is made of.
const RESULTS: &str = "docs/performance/results.json";
const PAGE: &str = "docs/performance.md";
/// Folder for the figures of a run without peers, or of a short one.
const OWN_FOLDER: &str = "target/bench";

/// Task of `cargo xtask bench`.
#[derive(Debug, Clone, PartialEq)]
pub enum Task {
    /// Measures all parts, or only those of these names.
    Measure(Extent, Vec<String>),
    /// Writes the page again from the figures that lie beside it.
    Page,
}

/// Extent of the measurement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extent {
    /// Whether JAX and PyTorch are measured too.
    pub peers: bool,
    /// Whether as little is measured as shows that everything runs. The page then goes to target/.
    pub short: bool,
    /// Number of rounds. Every side has a turn in each.
    pub rounds: usize,
    /// Seconds of a turn.
    pub seconds: f64,
}

impl Task {
    /// Task that the words after `cargo xtask bench` ask for.
    pub fn parse(words: &[&str]) -> Result<Self, String> {
        if words == ["--page"] {
            return Ok(Self::Page);
        }
        let mut extent = Extent { peers: false, short: false, rounds: 9, seconds: 0.25 };
        if words.contains(&"--short") {
            extent = Extent { short: true, rounds: 2, seconds: 0.02, ..extent };
        }
        let mut only = Vec::new();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--peers" => extent.peers = true,
                "--short" => {}
                "--rounds" => {
                    let count = words.next().copied().unwrap_or_default();
                    extent.rounds = match count.parse() {
                        Ok(count @ 1..) => count,
                        _ => return Err(format!("--rounds: must be at least 1, got `{count}`")),
                    };
                }
                "--only" => {
                    let names = words.next().copied().unwrap_or_default();
                    only = names.split(',').map(str::to_owned).collect();
                    if let Some(name) = only.iter().find(|name| !parts().contains(&name.as_str())) {
                        let known = parts().join(", ");
                        return Err(format!("--only: no part named `{name}`; there are {known}"));
                    }
                }
                "--page" => return Err("bench: --page measures nothing and stands alone".into()),
                other => return Err(format!("bench: no such option: {other}")),
            }
        }
        Ok(Self::Measure(extent, only))
    }
}

/// Does the task.
pub fn run(workspace: &Workspace, task: Task) -> Result<(), String> {
    match task {
        Task::Page => {
            let path = workspace.root.join(RESULTS);
            write_page(&read_json(&path)?, &workspace.root.join(PAGE))
        }
        Task::Measure(extent, only) => measure(workspace, extent, only),
    }
}

fn measure(workspace: &Workspace, extent: Extent, only: Vec<String>) -> Result<(), String> {
    let folder = workspace.root.join(OWN_FOLDER);
    fs::create_dir_all(&folder).map_err(named(&folder))?;
    let python = extent.peers.then(|| peers::install(workspace, &folder)).transpose()?;
    let scratch = Scratch::new("bench")?;
    let program = Program::build(workspace, &scratch)?;
    let tools = Tools {
        worker: built(workspace, &scratch, &["-p", "cli", "--bench", "worker"], "worker")?,
        peers: workspace.root.join("xtask/peers"),
        python,
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        holds_to_cores: succeeds(Command::new("taskset").arg("--version")),
    };
    let bench = Bench { workspace, extent, only, tools, scratch, folder };
    let mut results = bench.everything(&program)?;
    let kept = extent.peers && !extent.short;
    let (results_path, page) = match kept {
        true => (workspace.root.join(RESULTS), workspace.root.join(PAGE)),
        false => (bench.folder.join("results.json"), bench.folder.join("performance.md")),
    };
    if kept && !bench.only.is_empty() {
        results = measured_again(read_json(&results_path)?, results, &bench.only);
    }
    let text = serde_json::to_string_pretty(&results).map_err(|error| error.to_string())?;
    write(&results_path, &(text + "\n"))?;
    write_page(&results, &page)
}

/// Figures in which some parts are measured anew, each with its day and commit.
fn measured_again(mut all: Value, new: Value, parts: &[String]) -> Value {
    for part in parts.iter().map(String::as_str) {
        let place = if new[part].is_null() { &["jobs", part][..] } else { &[part][..] };
        let (mut to, mut from) = (&mut all, &new);
        for name in place {
            (to, from) = (&mut to[*name], &from[*name]);
        }
        *to = from.clone();
        all["again"][part] = json!({ "date": new["date"], "commit": new["versions"]["commit"] });
    }
    all
}

/// Measurement beside the jobs.
type Part = fn(&Bench<'_>, &Program) -> Result<Value, String>;

/// Measurements beside the jobs, by their names in the figures.
const PARTS: &[(&str, Part)] = &[
    ("sampling", |bench, _| bench.sampling()),
    ("told", |bench, _| bench.told()),
    ("growth", |bench, _| bench.growth()),
    ("disk", |bench, _| bench.disk()),
    ("whole", |bench, program| bench.whole(program)),
    ("gpu", |bench, _| bench.gpu()),
    ("curves", |bench, _| bench.curves()),
    ("profile", |bench, _| bench.profile()),
];

/// Names of all parts, jobs included.
fn parts() -> Vec<&'static str> {
    let others = PARTS.iter().map(|(name, _)| *name);
    JOBS.iter().map(|job| job.name).chain(others).collect()
}

/// Bench: what every measurement needs.
pub struct Bench<'a> {
    workspace: &'a Workspace,
    extent: Extent,
    /// Names of the parts that are measured; all parts where it is empty.
    only: Vec<String>,
    tools: Tools,
    scratch: Scratch,
    /// Folder on the disk of the workspace, for files whose writing is timed.
    folder: PathBuf,
}

impl Bench<'_> {
    fn everything(&self, program: &Program) -> Result<Value, String> {
        let extent = self.extent;
        let mut results = json!({
            "date": date(),
            "rounds": extent.rounds,
            "seconds": extent.seconds,
            "cores": self.tools.cores,
            "machine": self.machine()?,
            "versions": self.versions()?,
            "jobs": {},
        });
        for job in JOBS.iter().filter(|job| self.wants(job.name)) {
            results["jobs"][job.name] = self.job(job)?;
        }
        for (name, part) in PARTS {
            if self.wants(name) {
                println!("{name}");
                results[*name] = part(self, program)?;
            }
        }
        Ok(results)
    }

    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }

    /// Full path of a run file, whose path goes from the top of the workspace.
    fn run_file(&self, path: &str) -> String {
        self.workspace.root.join(path).display().to_string()
    }

    fn machine(&self) -> Result<Value, String> {
        let mut machine = Side::FLEX.start(&self.tools, None)?.ask(&json!({ "machine": true }))?;
        let memory = fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
            let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
            line.trim().strip_suffix(" kB")?.parse::<u64>().ok()
        });
        machine["memory"] = json!(memory.map(|kilobytes| 1024 * kilobytes));
        Ok(machine)
    }

    fn versions(&self) -> Result<Value, String> {
        let mut rustc = Command::new("rustc");
        let rustc = rustc.arg("--version").output().map_err(|error| format!("rustc: {error}"))?;
        let rustc = String::from_utf8_lossy(&rustc.stdout).trim().to_owned();
        let commit = self.workspace.git_output(&["rev-parse", "--short", "HEAD"])?;
        let mut versions = json!({ "rustc": rustc, "commit": commit.trim() });
        for side in [Side::JAX_SCAN, Side::TORCH].iter().filter(|side| self.tools.has(side)) {
            let answer = side.start(&self.tools, None)?.ask(&json!({ "versions": true }))?;
            for (name, version) in answer.as_object().into_iter().flatten() {
                if version.is_string() {
                    versions[name] = version.clone();
                }
            }
        }
        Ok(versions)
    }
}

/// Present day, as 2026-11-25.
fn date() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    // From days since 1970 to a date of the Gregorian calendar, by years that begin in March (H. Hinnant,
    // "chrono-compatible low-level date algorithms").
    let days = (seconds / 86_400) as i64 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + 400 * era + i64::from(month <= 2);
    format!("{year}-{month:02}-{day:02}")
}

/// Writes the page, and its curves into the folder with the page's name.
fn write_page(results: &Value, path: &Path) -> Result<(), String> {
    let folder = path.with_extension("");
    for (name, _, svg) in curves::pictures(results)? {
        write(&folder.join(format!("{name}.svg")), &svg)?;
    }
    write(path, &page::render(results)?)?;
    println!("wrote {}", path.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_become_tasks_in_any_order() {
        let full = Extent { peers: false, short: false, rounds: 9, seconds: 0.25 };
        let short = Extent { short: true, rounds: 2, seconds: 0.02, ..full };
        for (words, task) in [
            (&[] as &[&str], Task::Measure(full, vec![])),
            (&["--peers"], Task::Measure(Extent { peers: true, ..full }, vec![])),
            (&["--rounds", "3"], Task::Measure(Extent { rounds: 3, ..full }, vec![])),
            (&["--short", "--peers"], Task::Measure(Extent { peers: true, ..short }, vec![])),
            (&["--rounds", "5", "--short"], Task::Measure(Extent { rounds: 5, ..short }, vec![])),
            (&["--only", "A,disk"], Task::Measure(full, vec!["A".to_owned(), "disk".to_owned()])),
            (&["--page"], Task::Page),
        ] {
            assert_eq!(Task::parse(words), Ok(task), "{words:?}");
        }
    }

    #[test]
    fn options_that_mean_nothing_are_refused() {
        let wrong: [&[&str]; 6] = [
            &["--rounds"],
            &["--rounds", "0"],
            &["--page", "--peers"],
            &["x"],
            &["--only", "A,x"],
            &["--only"],
        ];
        for words in wrong {
            assert!(Task::parse(words).is_err(), "{words:?}");
        }
    }

    #[test]
    fn a_part_that_is_measured_again_takes_the_place_of_the_old_one_and_says_so() {
        let all = json!({ "jobs": { "A": 1, "D": 1 }, "disk": 1 });
        let versions = json!({ "commit": "abc" });
        let new = json!({ "date": "today", "versions": versions, "jobs": { "D": 2 }, "disk": 2 });
        let again = json!({ "date": "today", "commit": "abc" });
        let one = measured_again(all.clone(), new.clone(), &["D".to_owned()]);
        let expected = json!({ "jobs": { "A": 1, "D": 2 }, "disk": 1, "again": { "D": again } });
        assert_eq!(one, expected);
        assert_eq!(measured_again(all, new, &["disk".to_owned()])["disk"], 2);
    }
}
