//! `langevin reproduce`: trains a run again from its config, and names the first difference if there is one.

use langevin_train::{Reproduction, TrainError, built_in_trainer, reproduction_tolerance};
use serde_json::json;

use super::{announce, config_of, open_device, options, or_moved};
use crate::{
    args::{Args, ReproduceArgs},
    failure::Failure,
    progress::Display,
    signals::Signals,
};

/// Trains again in a temporary folder, compares, and removes the folder; exit code 1 where something
/// differs.
pub fn run(args: &Args, reproduce: &ReproduceArgs) -> Result<u8, Failure> {
    let run = &reproduce.run;
    // A folder that holds no run fails here, before a device is opened.
    let data = config_of(run, reproduce.data.as_deref())?.data;
    let opened = open_device(args, Some(run))?;
    let mut plan = Reproduction::new(run, opened.backend, reproduce.steps)?;
    plan.config.data = data;
    let trainer = built_in_trainer(plan.config.clone(), &opened.device);
    let trainer = or_moved(trainer, run, &plan.config, "reproduce")?;
    let signals = Signals::listen();
    let mut display = Display::new(args, Some(signals.clone()));
    announce(&display, &opened);
    for difference in &plan.machine {
        display.warn(&format!("another machine, on which bits may depend: {difference}"));
    }
    let folder =
        tempfile::Builder::new().prefix("langevin-reproduce-").tempdir().map_err(|error| {
            Failure::at_run_time(format!("cannot create a temporary folder: {error}"))
        })?;
    let again = folder.path().join("run");
    display.is_temporary_in(folder.path());
    let options = options(args, &opened, None);
    let (steps, exact, config) = (plan.steps, plan.exact, plan.config.clone());
    let outcome = plan.run(run, &again, trainer, &options, &mut display);
    display.clear();
    let difference = match outcome {
        Err(TrainError::Interrupted) => {
            display.stopped("nothing was compared");
            return Ok(signals.exit_code().unwrap_or(1));
        }
        outcome => or_moved(outcome, run, &config, "reproduce")?,
    };
    let how = reproduction_tolerance(exact);
    display.json(&json!({
        "event": "reproduced", "same": difference.is_none(), "steps": steps, "exact": exact,
        "difference": difference
    }));
    match &difference {
        None => display.result(&format!("the same over {steps} steps: {how}")),
        Some(what) => display.result(&format!("not the same ({how}): {what}")),
    }
    Ok(u8::from(difference.is_some()))
}
