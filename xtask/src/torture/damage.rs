//! Damaged checkpoints, and training that diverges.

use super::{Bench, Extent, SEED, random::Random};

/// Flips random bits of the newest checkpoint, one at a time. `verify` must name the damage, and the run must
/// go on from the checkpoint before to the same end.
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
    // One damaged run is resumed and trained to its end.
    let name = "flipped/checkpoints/step-00000030/model.safetensors";
    let mut bytes = bench.read(name)?;
    bytes[100] ^= 1;
    bench.write(name, &bytes)?;
    bench.succeed(&["train", "--resume", "flipped"])?;
    bench.same_as_whole("flipped")?;
    bench.remove("flipped")?;
    Ok(format!(
        "{} of {} flipped bits were named, and the run fell back",
        extent.flips, extent.flips
    ))
}

/// Trains with a learning rate that makes the loss infinite from step 11 on. The error must name step 11,
/// however many losses are read at once. The checkpoint of step 9 must stay as the undisturbed run has it,
/// and the run must go on from it.
pub fn divergence(bench: &Bench, _extent: Extent) -> Result<String, String> {
    let rate = r#"train.learning_rate={"kind":"piecewise","values":[0.003,1e30],"steps":[9]}"#;
    let named = "error: step 11: the ";
    let left = "the last good checkpoint is diverged/checkpoints/step-00000009: ";
    bench.succeed(&["train", "run.json", "--out", "nine", "--stop-after", "9"])?;
    for every in ["train.log_every=1", "train.log_every=4", "train.log_every=1000"] {
        let begin = ["train", "run.json", "--out", "diverged", "--set", rate, "--set", every];
        for arguments in [&begin[..], &["train", "--resume", "diverged"]] {
            let output = bench.run(arguments)?;
            let said = String::from_utf8_lossy(&output.stderr);
            let has = |text: &str| said.lines().any(|line| line.starts_with(text));
            if output.status.code() != Some(1) || !has(named) || !has(left) {
                return Err(format!("{every}: {}: {said}", output.status));
            }
            let output = bench.run(&["verify", "diverged"])?;
            let said = String::from_utf8_lossy(&output.stdout);
            if !said.contains("failed, all is sound: it can go on from step 9\n") {
                return Err(format!("{every}: what was saved before it diverged: {said}"));
            }
        }
        for name in ["model.safetensors", "ema.safetensors", "optimizer.safetensors"] {
            let name = format!("checkpoints/step-00000009/{name}");
            if bench.read(&format!("diverged/{name}"))? != bench.read(&format!("nine/{name}"))? {
                return Err(format!("{every}: {name} is not the undisturbed run's"));
            }
        }
        bench.remove("diverged")?;
    }
    bench.remove("nine")?;
    Ok("step 11 was named, and the checkpoint of step 9 is the undisturbed run's".to_owned())
}
