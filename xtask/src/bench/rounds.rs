//! Sides in turns: every round each has its turn, so that whatever else the machine does meets all.

use serde_json::{Value, json};

use super::jobs::Job;
use super::side::{Process, Side};
use super::{Bench, Extent};

impl Bench<'_> {
    /// All that is measured of a training step.
    pub(super) fn job(&self, job: &Job) -> Result<Value, String> {
        println!("job {}", job.name);
        let folder = self.scratch.folder().join(format!("job-{}", job.name));
        let settings = Job::SETTINGS.map(str::to_owned);
        let agreement = self.agree(job, &settings, &folder)?;
        let run_file = self.run_file(job.run_file);
        let all = self.turns(&job.sides(false), &run_file, &settings, &folder, None)?;
        let mut results = json!({ "agreement": agreement, "all": all });
        if job.on_one_core && self.tools.cores > 1 && self.tools.holds_to_cores {
            let sides = job.sides(true);
            results["one"] = self.turns(&sides, &run_file, &settings, &folder, Some(1))?;
        }
        Ok(results)
    }

    /// Seconds a step of each side, a number a round, and the most memory that its process had.
    pub(super) fn turns(
        &self,
        sides: &[Side],
        run_file: &str,
        settings: &[String],
        folder: &std::path::Path,
        cores: Option<usize>,
    ) -> Result<Value, String> {
        self.turns_of(self.extent, sides, run_file, settings, folder, cores)
    }

    /// The same to another extent.
    pub(super) fn turns_of(
        &self,
        extent: Extent,
        sides: &[Side],
        run_file: &str,
        settings: &[String],
        folder: &std::path::Path,
        cores: Option<usize>,
    ) -> Result<Value, String> {
        let mut ready: Vec<(Side, Process)> = Vec::new();
        for side in sides.iter().filter(|side| self.tools.has(side)) {
            let mut process = side.start(&self.tools, cores)?;
            process.ask(&side.prepare(run_file, settings, folder))?;
            ready.push((*side, process));
        }
        in_turns(extent.rounds, &mut ready, &json!({ "measure": extent.seconds }))
    }
}

/// Asks all sides the same, round by round, each round beginning with the next side.
pub(super) fn in_turns(
    rounds: usize,
    ready: &mut [(Side, Process)],
    question: &Value,
) -> Result<Value, String> {
    let mut results = json!({});
    for round in 0..rounds {
        for turn in 0..ready.len() {
            let at = (round + turn) % ready.len();
            let (side, process) = &mut ready[at];
            let answer = process.ask(question)?;
            let (seconds, steps) = (answer["seconds"].as_f64(), answer["steps"].as_f64());
            let each = seconds.zip(steps).map(|(seconds, steps)| seconds / steps);
            let each = each.ok_or_else(|| format!("{}: answered {answer}", side.shown))?;
            let entry = &mut results[side.key];
            if entry.is_null() {
                *entry = json!({ "seconds": [] });
            }
            if let Some(list) = entry["seconds"].as_array_mut() {
                list.push(json!(each));
            }
            entry["memory"] = answer["peak_memory"].clone();
        }
    }
    for (side, _) in ready.iter() {
        let seconds = &results[side.key]["seconds"];
        let median = super::statistics::numbers(seconds);
        println!("  {:<22} {:>12.2} µs", side.shown, 1e6 * super::statistics::median(&median));
    }
    Ok(results)
}
