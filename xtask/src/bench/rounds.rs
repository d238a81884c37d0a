//! Rounds of the sides. In each round every side has its turn, so that other work of the machine meets all.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use serde_json::{Value, json};

use super::jobs::Job;
use super::side::{Process, Side, Training};
use super::{Bench, Extent};
use crate::statistics::{median, numbers};

impl Bench<'_> {
    /// Measures a training step, on all cores and on one core in the same rounds.
    pub(super) fn job(&self, job: &Job) -> Result<Value, String> {
        println!("job {}", job.name);
        let training = self.training(job.run_file, None);
        let agreement = self.agree(job, &training)?;
        let mut ready = self.ready(&job.sides(false), &training, None)?;
        let of_all_cores = ready.len();
        if job.floor && self.tools.cores > 1 && self.tools.holds_to_cores {
            ready.extend(self.ready(&job.sides(true), &training, Some(1))?);
        }
        let measured = in_turns(self.extent, &mut ready)?;
        let (all, one) = measured.split_at(of_all_cores);
        let mut results = json!({ "agreement": agreement, "all": by_side(all) });
        if !one.is_empty() {
            results["one"] = by_side(one);
        }
        Ok(results)
    }

    /// Training of a run file, whose path goes from the top of the workspace, with one more setting beside
    /// those of all jobs.
    pub(super) fn training(&self, run_file: &str, setting: Option<String>) -> Training {
        Training {
            run_file: self.run_file(run_file),
            settings: Job::SETTINGS.map(str::to_owned).into_iter().chain(setting).collect(),
            folder: self.scratch.folder().join("exported"),
            trial: self.extent.seconds / 5.0,
        }
    }

    /// Processes of the sides that can be started.
    pub(super) fn ready(
        &self,
        sides: &[Side],
        training: &Training,
        cores: Option<usize>,
    ) -> Result<Vec<(Side, Process)>, String> {
        let sides = sides.iter().filter(|side| self.tools.has(side));
        sides.map(|side| Ok((*side, side.ready(&self.tools, cores, training)?))).collect()
    }
}

/// Measures each side: the seconds of a step, round by round, and the peak memory of its process.
pub(super) fn in_turns(
    extent: Extent,
    ready: &mut [(Side, Process)],
) -> Result<Vec<(Side, Value)>, String> {
    asked_in_turns(extent.rounds, ready, &json!({ "measure": extent.seconds }))
}

/// Measures each side by a question whose answer says how many steps took how many seconds.
pub(super) fn asked_in_turns(
    rounds: usize,
    ready: &mut [(Side, Process)],
    question: &Value,
) -> Result<Vec<(Side, Value)>, String> {
    let mut seconds = vec![Vec::new(); ready.len()];
    let mut memory = vec![Value::Null; ready.len()];
    for round in 0..rounds {
        for at in order(round, ready.len()) {
            let (side, process) = &mut ready[at];
            let answer = process.ask(question)?;
            let each = answer["seconds"].as_f64().zip(answer["steps"].as_f64());
            let (took, steps) = each.ok_or_else(|| format!("{}: answered {answer}", side.shown))?;
            seconds[at].push(took / steps);
            memory[at] = answer["peak_memory"].clone();
        }
    }
    let results = ready.iter().zip(seconds).zip(memory).map(|(((side, process), each), memory)| {
        let choice = &process.choice;
        let told = if choice.is_null() { String::new() } else { format!("  {choice}") };
        println!("  {:<22} {:>12.2} µs{told}", side.shown, 1e6 * median(&each));
        (*side, json!({ "seconds": each, "memory": memory, "choice": choice }))
    });
    Ok(results.collect())
}

/// Order of the turns of a round. The standard library's hashes shuffle it, so that no side always follows
/// the same one.
fn order(round: usize, sides: usize) -> Vec<usize> {
    let hasher = BuildHasherDefault::<DefaultHasher>::default();
    let mut order: Vec<usize> = (0..sides).collect();
    order.sort_by_key(|at| hasher.hash_one((round, at)));
    order
}

/// Measurements by the keys of the sides.
pub(super) fn by_side(measured: &[(Side, Value)]) -> Value {
    measured.iter().map(|(side, found)| (side.key.to_owned(), found.clone())).collect()
}

/// Median of the seconds that a step of a side took.
pub(super) fn median_of(measured: &Value, side: Side) -> f64 {
    median(&numbers(&measured[side.key]["seconds"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_side_has_one_turn_a_round_and_follows_others_in_others() {
        let rounds: Vec<Vec<usize>> = (0..9).map(|round| order(round, 8)).collect();
        for round in &rounds {
            let mut sides = round.clone();
            sides.sort_unstable();
            assert_eq!(sides, (0..8).collect::<Vec<_>>());
        }
        let before_first: std::collections::BTreeSet<_> = rounds
            .iter()
            .map(|round| {
                let place = round.iter().position(|at| *at == 0);
                place.and_then(|place| round[..place].last())
            })
            .collect();
        assert!(before_first.len() > 4, "{before_first:?}");
    }
}
