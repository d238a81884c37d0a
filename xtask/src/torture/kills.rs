//! Runs that are killed at random moments, and several processes in one run.

use std::{
    process::Stdio,
    thread::sleep,
    time::{Duration, Instant},
};

use super::{Bench, Extent, SEED, random::Random};

/// Kills runs at random moments after their first checkpoint, resumes them, and compares the end.
pub fn kills(bench: &Bench, extent: Extent) -> Result<String, String> {
    let mut random = Random::new(SEED);
    let start = Instant::now();
    bench.succeed(&["train", "run.json", "--out", "timed"])?;
    let span = start.elapsed();
    bench.remove("timed")?;
    let (mut killed, mut half_written, mut late) = (0, 0, 0);
    while killed < extent.kills {
        let mut command =
            bench.program.command(&["--quiet", "train", "run.json", "--out", "killed"]);
        command.current_dir(bench.folder).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| format!("langevin: {error}"))?;
        let first = bench.path("killed/checkpoints/step-00000003/checkpoint.json");
        let second = bench.path("killed/checkpoints/step-00000006");
        while !first.exists() && !second.exists() {
            if child.try_wait().map_err(|error| error.to_string())?.is_some() {
                return Err("the run ended before its first checkpoint".to_owned());
            }
            sleep(Duration::from_micros(200));
        }
        sleep(span.mul_f64(random.below(1000) as f64 / 1000.0));
        // On Unix this is SIGKILL.
        child.kill().map_err(|error| format!("kill: {error}"))?;
        let ended = child.wait().map_err(|error| error.to_string())?;
        if ended.success() {
            late += 1;
        } else {
            killed += 1;
            half_written += usize::from(is_half_written(bench));
            bench.succeed(&["--quiet", "train", "--resume", "killed"])?;
        }
        bench.same_as_whole("killed").map_err(|error| format!("kill {killed}: {error}"))?;
        bench.remove("killed")?;
    }
    if half_written < extent.half_written {
        let wanted = extent.half_written;
        return Err(format!(
            "{half_written} of {killed} kills fell into the writing of a checkpoint, not {wanted}"
        ));
    }
    Ok(format!(
        "{killed} of {killed} killed runs went on and ended as the undisturbed one ({half_written} of \
         them while a checkpoint was being written; {late} had ended before the kill)"
    ))
}

/// Whether the newest checkpoint lacks its last file.
fn is_half_written(bench: &Bench) -> bool {
    let entries =
        std::fs::read_dir(bench.path("killed/checkpoints")).into_iter().flatten().flatten();
    let newest = entries.map(|entry| entry.path()).max();
    newest.is_some_and(|newest| !newest.join("checkpoint.json").is_file())
}

/// Resumes one run by two processes at once, then by eight, and begins one by eight. Each time exactly one
/// process must train.
pub fn crowds(bench: &Bench, extent: Extent) -> Result<String, String> {
    let resume = ["train", "--resume", "crowd"];
    let locked = ["another process is training in crowd"];
    let begin = ["train", "run.json", "--out", "new"];
    // A process that looks before the winner has written all files sees a folder that is not empty.
    let taken =
        ["another process is training in new", "new holds a run already", "new is not empty"];
    for round in 0..extent.crowds {
        for count in [2, 8] {
            bench.succeed(&["train", "run.json", "--out", "crowd", "--stop-after", "10"])?;
            crowd(bench, count, &resume, "going on from step 10 of 150 in crowd", &locked)
                .and_then(|()| bench.same_as_whole("crowd"))
                .map_err(|error| format!("round {round}, {count} that go on: {error}"))?;
            bench.remove("crowd")?;
        }
        crowd(bench, 8, &begin, "training 150 steps in new", &taken)
            .and_then(|()| bench.same_as_whole("new"))
            .map_err(|error| format!("round {round}, 8 that begin: {error}"))?;
        bench.remove("new")?;
    }
    Ok(format!(
        "{} crowds each of two and of eight that go on, and of eight that begin: exactly one \
         trained in each",
        extent.crowds
    ))
}

/// Starts processes at once. One must train and say `trains`; the others must be refused with one of
/// `refusals`.
fn crowd(
    bench: &Bench,
    count: usize,
    arguments: &[&str],
    trains: &str,
    refusals: &[&str],
) -> Result<(), String> {
    let children = (0..count).map(|_| {
        let mut command = bench.program.command(arguments);
        command.current_dir(bench.folder).stdout(Stdio::null()).stderr(Stdio::piped());
        command.spawn().map_err(|error| format!("langevin: {error}"))
    });
    let children = children.collect::<Result<Vec<_>, _>>()?;
    let mut trained = 0;
    for child in children {
        let output = child.wait_with_output().map_err(|error| error.to_string())?;
        let said = String::from_utf8_lossy(&output.stderr);
        let error = said.lines().find_map(|line| line.strip_prefix("error: "));
        match (output.status.code(), error) {
            (Some(0), None) if said.contains(trains) => trained += 1,
            (Some(2), Some(error)) if refusals.iter().any(|it| error.starts_with(it)) => {}
            (other, _) => return Err(format!("a process ended with {other:?}: {said}")),
        }
    }
    match trained {
        1 => Ok(()),
        _ => Err(format!("{trained} trained")),
    }
}
