//! Damaged checkpoints, and training that diverges.

use std::fs;

use super::{Bench, Extent, SEED, random::Random};

/// Flips a random bit of the newest checkpoint: `verify` names it, and the run goes on from the one
/// before to the same end.
pub fn flips(bench: &Bench, extent: Extent) -> Result<String, String> {
    let mut random = Random::new(SEED + 1);
    let files =
        ["model.safetensors", "ema.safetensors", "optimizer.safetensors", "checkpoint.json"];
    bench.succeed(&["train", "run.json", "--out", "flipped", "--stop-after", "30"])?;
    for flip in 0..extent.flips {
        let name = format!("flipped/checkpoints/step-00000030/{}", random.one_of(&files));
        let sound = bench.read(&name)?;
        let mut bytes = sound.clone();
        let place = random.below(bytes.len());
        bytes[place] ^= 1 << random.below(8);
        bench.write(&name, &bytes)?;
        let output = bench.run(&["verify", "flipped"])?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.code() != Some(1) || !said.contains("it can go on from step 27") {
            return Err(format!("flip {flip}, byte {place} of {name}: {}: {said}", output.status));
        }
        bench.write(&name, &sound)?;
    }
    // And one of them to the end.
    let name = "flipped/checkpoints/step-00000030/model.safetensors";
    let mut bytes = bench.read(name)?;
    bytes[100] ^= 1;
    bench.write(name, &bytes)?;
    bench.succeed(&["train", "--resume", "flipped"])?;
    bench.same_as_whole("flipped")?;
    Ok(format!(
        "{} of {} flipped bits were named, and the run fell back",
        extent.flips, extent.flips
    ))
}

/// A learning rate of a million: the step is named, and what was saved before stays sound.
pub fn divergence(bench: &Bench, _extent: Extent) -> Result<String, String> {
    let settings = [
        "train.learning_rate.value=1e6",
        "train.optimizer={\"kind\":\"sgd\"}",
        "train.checkpoint_every=1",
        "train.log_every=1",
    ];
    let mut arguments = vec!["train", "run.json", "--out", "diverged"];
    settings.iter().for_each(|setting| arguments.extend(["--set", setting]));
    let output = bench.run(&arguments)?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.code() != Some(1) || !said.contains("is not finite") && !said.contains("step")
    {
        return Err(format!("{}: {said}", output.status));
    }
    let checkpoints = bench.path("diverged/checkpoints");
    let saved = fs::read_dir(&checkpoints).map_or(0, |entries| entries.flatten().count());
    if saved > 0 {
        let output = bench.run(&["verify", "diverged"])?;
        if !String::from_utf8_lossy(&output.stdout).contains("it can go on from step") {
            return Err("what was saved before it diverged is not sound".to_owned());
        }
    }
    let last = said.lines().find(|line| line.starts_with("error")).unwrap_or_default();
    Ok(last.to_owned())
}
