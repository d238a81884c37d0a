//! Where the time of a step goes: the functions that `perf` finds a thread in, by what they do.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::Bench;
use super::jobs::{JOBS, Job};
use super::side::Side;

/// Jobs whose time is shown.
const PROFILED: [&str; 3] = ["A", "B", "D"];

/// What functions do, by a part of their names; the first that fits counts.
const KINDS: [(&str, &[&str]); 9] = [
    ("matrix products", &["Product", "product"]),
    ("activation and its slope", &["Activate", "Chain", "activation"]),
    ("optimizer and norm of the gradient", &["Update", "Squares", "update", "Adam"]),
    ("random numbers", &["chacha", "normal", "ChaCha", "streams", "math::"]),
    (
        "rows, levels and targets",
        &["diffusion", "distributions", "level", "prediction", "embedding", "Dataset"],
    ),
    ("loss, input and sums of chunks", &["direct::", "gradients", "loss", "Transposed"]),
    ("threads", &["rayon", "sched", "futex", "crossbeam", "pthread", "[k]", "yield"]),
    ("memory and copies", &["alloc", "mi_", "memmove", "memset", "memcpy", "free"]),
    ("the trainer", &["trainer", "worker::"]),
];

impl Bench<'_> {
    /// The shares of each kind of function, job by job; none where there is no perf.
    pub(super) fn profile(&self) -> Result<Value, String> {
        let mut profile = json!({});
        for job in JOBS.iter().filter(|job| PROFILED.contains(&job.name)) {
            println!("profile {}", job.name);
            match self.functions(job)? {
                Some(text) => profile[job.name] = shares(&text),
                None => return Ok(json!(null)),
            }
        }
        Ok(profile)
    }

    /// What perf says of a second of steps on all cores.
    fn functions(&self, job: &Job) -> Result<Option<String>, String> {
        let mut worker = Side::FLEX.start(&self.tools, None)?;
        let settings = Job::SETTINGS.map(str::to_owned);
        let folder = self.scratch.folder();
        worker.ask(&Side::FLEX.prepare(&self.run_file(job.run_file), &settings, folder))?;
        let data = folder.join("perf.data");
        let mut perf = Command::new("perf");
        perf.args(["record", "--quiet", "--event", "cpu-clock", "--freq", "2000", "--pid"]);
        perf.arg(worker.id().to_string()).arg("--output").arg(&data);
        perf.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let Ok(mut recording) = perf.args(["--", "sleep", "1.5"]).spawn() else { return Ok(None) };
        worker.ask(&json!({ "measure": 2.0 }))?;
        if !recording.wait().is_ok_and(|status| status.success()) {
            return Ok(None);
        }
        let mut report = Command::new("perf");
        report.args(["report", "--stdio", "--no-children", "--sort", "symbol", "--input"]);
        let report = report.arg(&data).stderr(Stdio::null()).output();
        let report = report.map_err(|error| format!("perf report: {error}"))?;
        Ok(Some(String::from_utf8_lossy(&report.stdout).into_owned()))
    }
}

/// The share of each kind of function, the largest first, and of the largest functions of no kind.
fn shares(report: &str) -> Value {
    let mut shares = vec![0.0; KINDS.len() + 1];
    let mut unknown = Vec::new();
    for line in report.lines().filter(|line| !line.starts_with('#')) {
        let Some((share, symbol)) = line.trim().split_once('%') else { continue };
        let Ok(share) = share.trim().parse::<f64>() else { continue };
        let kind = KINDS.iter().position(|(_, parts)| parts.iter().any(|p| symbol.contains(p)));
        shares[kind.unwrap_or(KINDS.len())] += share;
        if kind.is_none() {
            unknown.push(symbol.trim().to_owned());
        }
    }
    unknown.truncate(5);
    let names = KINDS.iter().map(|(name, _)| *name).chain(["other"]);
    let mut all: Vec<(&str, f64)> = names.zip(shares).filter(|(_, share)| *share > 0.0).collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1));
    json!({ "shares": all, "unknown": unknown })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_counted_by_what_they_do() {
        let report = "# a comment\n\n    60.00%  [.] langevin_train::direct::product::Product::run\n    \
                      30.50%  [.] langevin_train::direct::product::tile\n     9.50%  [.] strange\n";
        let found = shares(report);
        assert_eq!(found["shares"], json!([["matrix products", 90.5], ["other", 9.5]]));
        assert_eq!(found["unknown"], json!(["[.] strange"]));
    }
}
