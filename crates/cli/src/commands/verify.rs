//! `langevin verify`: whether a run's files are sound.

use langevin_train::{Problem, RunState, built_in, read_run_config, verify_run};
use serde_json::json;

use super::open_device;
use crate::{
    args::{Args, RunArgs},
    failure::Failure,
    output::{note, print},
};

/// Says of each file and checkpoint whether it is sound; exit code 1 where one is not.
pub fn run(args: &Args, verify: &RunArgs) -> Result<u8, Failure> {
    let problem = Problem::new(read_run_config(&verify.run)?)?;
    let made = open_device(args, Some(&verify.run)).ok();
    let made = made.map(|opened| built_in(&problem, &opened.device));
    let network = match made {
        Some(Ok((network, _))) => Some(network),
        Some(Err(error)) => {
            note(&format!("warning: shapes are not compared with the config: {error}"));
            None
        }
        None => None,
    };
    let found = verify_run(&verify.run, &problem, network)?;
    for finding in &found.findings {
        print(&if args.json {
            json!({ "event": "checked", "what": finding.what, "problem": finding.problem })
                .to_string()
        } else {
            let verdict = finding.problem.as_deref().unwrap_or("sound");
            format!("{}: {verdict}", finding.what)
        });
    }
    let sound = found.is_sound();
    print(&if args.json {
        json!({
            "event": "verified", "sound": sound, "state": found.state.map(RunState::name),
            "goes_on_from": found.goes_on_from
        })
        .to_string()
    } else {
        let from = match found.goes_on_from {
            Some(step) => format!("it can go on from step {step}"),
            None => "it cannot go on".to_owned(),
        };
        let verdict = if sound { "all is sound" } else { "not all is sound" };
        format!("{}, {verdict}: {from}", found.state.map_or("unknown", RunState::name))
    });
    Ok(u8::from(!sound))
}
