//! Agreement of the sides: whether all compute the same. Compared are the losses on given batches, one by
//! one; the weights after those batches; and the mean losses where each side draws its own noise.

use serde_json::{Value, json};

use super::Bench;
use super::jobs::Job;
use super::side::{Side, Training};
use crate::statistics::{largest_difference, mean, mean_and_error, numbers};

/// Largest difference of a loss on a given batch, as a share of the losses' mean. Rounding, which some tens of
/// optimizer steps make larger, stays below it. A wrong constant anywhere gives a hundred times as much.
const GIVEN: f64 = 1e-3;
/// Largest distance between the weights after the given batches, as a share of the way that ours went. Adam
/// makes whole steps even of gradients that are nothing but rounding: with thousands of rows, a thousandth of
/// the way.
const TRAINED: f64 = 1e-2;
/// Largest distance between the averages of the weights, as the same share. A decay that is one step behind
/// gives 4e-3.
const AVERAGED: f64 = 1e-3;
/// Largest difference between the mean losses on the sides' own noise, in standard errors of the difference.
const OWN: f64 = 5.0;

impl Bench<'_> {
    /// Exports the job to its folder and compares all sides; fails where one computes something else.
    pub(super) fn agree(&self, job: &Job, training: &Training) -> Result<Value, String> {
        let Training { run_file, settings, folder, .. } = training;
        let mut ours = Side::FLEX.start(&self.tools, None)?;
        let exported = ours.ask(&json!({
            "export": true, "config": run_file, "settings": settings, "folder": folder,
            "steps": job.given,
        }))?;
        let given = numbers(&exported["given"]);
        let question = |way: &str| {
            json!({
                "agree": true, "config": run_file, "settings": settings, "way": way,
                "steps": job.compared,
            })
        };
        let own = numbers(&ours.ask(&question("flex"))?["own"]);
        let mut results = json!({});
        if job.floor {
            // The floor draws the same noise as we do, so its losses are compared one by one.
            let floor = numbers(&ours.ask(&question("floor"))?["own"]);
            let few = |losses: &[f64]| losses[..losses.len().min(job.given)].to_vec();
            let difference = share_apart(&few(&own), &few(&floor));
            results["floor"] = json!({ "given": difference });
            check(job, "the floor", difference, None, &[])?;
        }
        for side in [Side::JAX_SCAN, Side::TORCH].iter().filter(|side| self.tools.has(side)) {
            let asked = json!({ "agree": folder, "steps": job.compared });
            let theirs = side.start(&self.tools, None)?.ask(&asked)?;
            let difference = share_apart(&given, &numbers(&theirs["given"]));
            // There is one list of losses for each generator.
            let owns = theirs["own"].as_array().into_iter().flatten();
            let errors = owns.map(|theirs| errors_apart(&own, &numbers(theirs)));
            let errors = errors.reduce(f64::max).unwrap_or(f64::NAN);
            let mut limits = vec![("trained", TRAINED)];
            limits.extend((exported["averages"] == true).then_some(("averaged", AVERAGED)));
            let apart = &theirs["apart"];
            results[side.key] = json!({ "given": difference, "own": errors, "apart": apart });
            let off = limits.into_iter().map(|(weights, limit)| Off {
                weights,
                apart: apart[weights].as_f64().unwrap_or(f64::NAN),
                limit,
            });
            check(job, side.shown, difference, Some(errors), &off.collect::<Vec<_>>())?;
        }
        Ok(results)
    }
}

/// Largest difference of two lists of losses, as a share of the first's mean.
fn share_apart(ours: &[f64], theirs: &[f64]) -> f64 {
    largest_difference(ours, theirs) / mean(ours)
}

/// Distance of two lists' mean difference from zero, in standard errors. The difference is taken step by step,
/// so that the fall of the loss, which both share, drops out.
fn errors_apart(ours: &[f64], theirs: &[f64]) -> f64 {
    if ours.len() != theirs.len() {
        return f64::INFINITY;
    }
    let differences: Vec<f64> = ours.iter().zip(theirs).map(|(a, b)| a - b).collect();
    let (mean, error) = mean_and_error(&differences);
    mean.abs() / error
}

/// Distance of a peer's weights from ours, with its limit.
struct Off {
    weights: &'static str,
    apart: f64,
    limit: f64,
}

/// Verdict on a side of a job; an error where a limit is passed.
fn check(job: &Job, side: &str, given: f64, own: Option<f64>, off: &[Off]) -> Result<(), String> {
    // Written so that NaN is no agreement.
    let agrees = given <= GIVEN
        && own.is_none_or(|errors| errors <= OWN)
        && off.iter().all(|off| off.apart <= off.limit);
    if agrees {
        return Ok(());
    }
    let apart: String = off
        .iter()
        .map(|Off { weights, apart, limit }| {
            format!(
                ", its {weights} weights lie {apart:.1e} of their way off (at most {limit:.0e})"
            )
        })
        .collect();
    let own = own.map_or(String::new(), |errors| {
        format!(", on their own noise their means by {errors:.1} standard errors (at most {OWN})")
    });
    Err(format!(
        "job {}: {side} computes something else: on given batches losses differ by {given:.1e} of their \
         mean (at most {GIVEN:.0e}){apart}{own}",
        job.name
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::jobs::JOBS;

    #[test]
    fn losses_of_another_problem_do_not_agree() {
        let ours = [1.0, 0.9, 1.1, 1.0];
        let near = ours.map(|loss| loss + 5e-4);
        let far = ours.map(|loss| loss * 1.01);
        assert!(check(&JOBS[0], "x", share_apart(&ours, &near), None, &[]).is_ok());
        assert!(check(&JOBS[0], "x", share_apart(&ours, &far), None, &[]).is_err());
        assert!(check(&JOBS[0], "x", share_apart(&ours, &ours[1..]), None, &[]).is_err());
        assert!(check(&JOBS[0], "x", f64::NAN, None, &[]).is_err());
    }

    #[test]
    fn means_many_errors_apart_do_not_agree() {
        // All fall from 10 to 0 with noise of 0.1. The third is shifted by 0.03 as well.
        let fall = |i: i32| 10.0 / f64::from(1 + i);
        let noise = |i: i32| 0.1 * f64::from((i * 7919) % 101 - 50) / 50.0;
        let ours: Vec<f64> = (0..1000).map(|i| fall(i) + noise(i)).collect();
        let near: Vec<f64> = (0..1000).map(|i| fall(i) + noise(i + 37)).collect();
        let far: Vec<f64> = near.iter().map(|loss| loss + 0.03).collect();
        assert!(check(&JOBS[0], "x", 0.0, Some(errors_apart(&ours, &near)), &[]).is_ok());
        let error = check(&JOBS[0], "x", 0.0, Some(errors_apart(&ours, &far)), &[]);
        assert!(error.expect_err("far apart").contains("standard errors"));
    }

    #[test]
    fn weights_far_from_ours_do_not_agree() {
        let averaged = |apart: f64| {
            let off = Off { weights: "averaged", apart, limit: AVERAGED };
            check(&JOBS[0], "x", 0.0, None, &[off])
        };
        assert!(averaged(1e-4).is_ok());
        assert!(averaged(f64::NAN).is_err());
        let error = averaged(0.1).expect_err("a tenth of the way");
        assert!(error.contains("averaged weights"), "{error}");
    }
}
