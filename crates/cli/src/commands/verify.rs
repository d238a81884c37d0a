//! `langevin verify`: whether a run's files are sound, and what can be done with it.

use langevin_train::{
    Problem, RunState, Verification, built_in_for_samples, shell_word, verify_run,
};
use serde_json::json;

use super::{config_of, open_device};
use crate::{
    args::{Args, RunArgs},
    failure::Failure,
    output::{note, print, print_json, print_lines},
};

/// Says of each file and checkpoint whether it is sound, and what can be done with the run; exit code 1 where
/// something is not sound, or the rows that some commands need are not there.
pub fn run(args: &Args, verify: &RunArgs) -> Result<u8, Failure> {
    let problem = Problem::new(config_of(&verify.run, verify.data.as_deref())?)?;
    let config = problem.config();
    let made = open_device(args, Some(&verify.run)).ok();
    let made = made.map(|opened| built_in_for_samples(&verify.run, &problem, &opened.device));
    let network = match made {
        Some(Ok((network, _))) => Some(network),
        Some(Err(error)) => {
            note(&format!("warning: shapes are not compared with the config: {error}"));
            None
        }
        None => None,
    };
    let data = config.data.file().map(|_| config.data.build(config.seed));
    let data = data.as_ref().map(|data| data.as_deref());
    let found = verify_run(&verify.run, &problem, network, data)?;
    for finding in &found.findings {
        let problem = finding.problem.as_deref();
        match args.json {
            true => {
                print_json(&json!({ "event": "checked", "what": finding.what, "problem": problem }))
            }
            false => print(&format!("{}: {}", finding.what, problem.unwrap_or("sound"))),
        }
    }
    let sound = found.is_sound();
    match args.json {
        true => print_json(&json!({
            "event": "verified", "sound": sound, "state": found.state.map(RunState::name),
            "goes_on_from": found.goes_on_from, "rows": found.rows, "samples_without_rows": found.keeps_data
        })),
        false => print_lines(conclusion(&found, &shell_word(&verify.run))),
    }
    Ok(u8::from(!sound || found.rows.is_some()))
}

/// What can be done with the run, in lines of words.
fn conclusion(found: &Verification, run: &str) -> Vec<String> {
    let state = found.state.map_or("unknown", RunState::name);
    let sound = if found.is_sound() { "all is sound" } else { "not all is sound" };
    let from = match found.goes_on_from {
        Some(step) => format!("it can go on from step {step}"),
        None => "it cannot go on".to_owned(),
    };
    let Some(why) = &found.rows else { return vec![format!("{state}, {sound}: {from}")] };
    let sound = if found.is_sound() { "its own files are sound" } else { sound };
    let here = match found.keeps_data {
        true => "sample, film and export need no more than its folder",
        false => "export needs no more than its folder, sample and film its rows",
    };
    let way_out = match found.is_sound() {
        true => format!("With them {from}: langevin verify {run} --data FILE"),
        false => "What is not sound comes first: take it from a copy of the run".to_owned(),
    };
    vec![
        format!("{state}, {sound}, but its rows cannot be had: {why}"),
        format!("{here}; train --resume, evaluate, report and reproduce need its rows. {way_out}"),
    ]
}
