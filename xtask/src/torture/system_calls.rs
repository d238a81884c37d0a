//! System calls that fail: each that a run makes, once and from then on, by the injection of `strace`.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::Path,
    process::{Command, Stdio},
};

use super::{Bench, Extent, PANICS, PATIENCE, measured::measured, names};

/// Run with all that is written, and few steps.
const RUN: &str = r#"{
  "name": "calls",
  "seed": 5,
  "data": { "kind": "gaussian_mixture", "means": [[-1, 0], [1, 0.5]], "std": 0.1 },
  "noise": { "schedule": { "kind": "karras", "sigma_min": 0.01, "sigma_max": 20 } },
  "denoiser": {
    "network": { "kind": "mlp", "width": 16, "depth": 2 },
    "prediction": { "kind": "edm" }
  },
  "train": {
    "steps": 20, "batch": 32, "optimizer": { "kind": "adam" },
    "learning_rate": { "kind": "constant", "value": 0.003 },
    "ema": { "kind": "exponential", "decay": 0.99 },
    "log_every": 10, "checkpoint_every": 10
  },
  "sample": { "sampler": { "kind": "heun", "steps": 6 }, "count": 100 },
  "report": { "figures": ["loss"] }
}"#;

/// Files whose bytes are the run's, however it came to its end.
const RESULTS: [&str; 5] = [
    "checkpoints/step-00000020/model.safetensors",
    "checkpoints/step-00000020/ema.safetensors",
    "checkpoints/step-00000020/optimizer.safetensors",
    "metrics.jsonl",
    "samples.csv",
];

/// Calls that the C library holds for infallible: it ends the process itself, or asks nothing of the result.
const INFALLIBLE: [&str; 10] = [
    "arch_prctl",
    "execve",
    "exit",
    "exit_group",
    "futex",
    "restart_syscall",
    "rseq",
    "rt_sigreturn",
    "set_robust_list",
    "set_tid_address",
];

/// The error that a call gives which has none of its own here.
const FAILS: &str = "EIO";

/// Errors that calls give in life.
const ERRORS: [(&str, &str); 9] = [
    ("brk", "ENOMEM"),
    ("clone", "EAGAIN"),
    ("clone3", "EAGAIN"),
    ("flock", "ENOLCK"),
    ("madvise", "ENOMEM"),
    ("mmap", "ENOMEM"),
    ("mprotect", "ENOMEM"),
    ("openat", "EMFILE"),
    ("write", "ENOSPC"),
];

/// How often threads make a call: most of all threads, and the first one before the program's own work.
#[derive(Default)]
struct Count {
    most: usize,
    before: usize,
}

/// Lets every `extent.calls`-th call of each kind fail, once and for good. The run must end, or end with a message,
/// and go on to the same bytes.
pub fn system_calls(bench: &Bench, extent: Extent) -> Result<String, String> {
    if !cfg!(target_os = "linux") || !has_strace() {
        return Ok("SKIPPED: there is no strace here, which makes system calls fail".to_owned());
    }
    bench.write("calls.json", RUN.as_bytes())?;
    bench.succeed(&["train", "calls.json", "--out", "undisturbed"])?;
    let counts = counted(bench)?;
    let (mut injected, mut ended, mut kinds) = (0, 0, 0);
    for (call, Count { most, before }) in &counts {
        if INFALLIBLE.contains(&call.as_str()) {
            continue;
        }
        kinds += usize::from(most > before);
        // Those of the loader and of the language's start are before the program; a call is counted by thread, so that
        // a place among them would fail them too.
        for place in (before + 1..=*most).step_by(extent.calls) {
            for when in [place.to_string(), format!("{place}+")] {
                let failed = inject(bench, call, &when)
                    .map_err(|error| format!("{call}, call {when}: {error}"))?;
                injected += 1;
                ended += usize::from(failed);
            }
        }
    }
    bench.remove("undisturbed")?;
    Ok(format!(
        "{kinds} system calls failed at {injected} places, once and for good: {ended} ended the run with a message, the \
         others did not; no panic, no hang, and all went on to the same bytes"
    ))
}

fn has_strace() -> bool {
    let found = Command::new("strace").args(["-o", "/dev/null", "true"]).status();
    found.is_ok_and(|status| status.success())
}

/// Calls of an undisturbed run.
fn counted(bench: &Bench) -> Result<BTreeMap<String, Count>, String> {
    let list = bench.path("calls.txt");
    let output = traced(bench, &["-o", &list.display().to_string()], "counted").output();
    let output = output.map_err(|error| format!("strace: {error}"))?;
    if !output.status.success() {
        return Err(format!("strace: {}", String::from_utf8_lossy(&output.stderr)));
    }
    bench.remove("counted")?;
    let text = fs::read(&list).map_err(|error| format!("calls.txt: {error}"))?;
    Ok(counts(&String::from_utf8_lossy(&text)))
}

/// Counts of a list of calls, as `strace -f` writes it. A program's own work begins in its second thread.
fn counts(list: &str) -> BTreeMap<String, Count> {
    let mut by_thread: HashMap<(&str, &str), usize> = HashMap::new();
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    let (mut first, mut has_begun) = (None, false);
    for line in list.lines() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let Some((call, _)) = rest.trim_start().split_once('(') else { continue };
        if !call.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            continue;
        }
        has_begun |= call.starts_with("clone");
        let made = by_thread.entry((thread, call)).or_default();
        *made += 1;
        let count = counts.entry(call.to_owned()).or_default();
        count.most = count.most.max(*made);
        if !has_begun && *first.get_or_insert(thread) == thread {
            count.before = *made;
        }
    }
    counts
}

/// The program, traced, training into `out`.
fn traced(bench: &Bench, options: &[&str], out: &str) -> Command {
    let program = bench.program.command(&["train", "calls.json", "--quiet", "--out", out]);
    let mut command = Command::new("strace");
    command.arg("-f").args(options).arg("--").arg(program.get_program());
    command.args(program.get_args()).env_remove("LANGEVIN_BACKEND").env("RAYON_NUM_THREADS", "2");
    command.current_dir(bench.folder).stdin(Stdio::null());
    command
}

/// Lets a call fail at a place, and then goes on. Gives whether the run failed by it.
fn inject(bench: &Bench, call: &str, when: &str) -> Result<bool, String> {
    const OUT: &str = "injected";
    let error = ERRORS.iter().find(|(name, _)| *name == call).map_or(FAILS, |(_, error)| error);
    let rule = format!("inject={call}:error={error}:when={when}");
    let mut command = traced(bench, &["-o", "/dev/null", "-e", &rule], OUT);
    let ended = measured(&mut command, bench.folder)?;
    let said = format!("exit code {:?}, {:?}: {}", ended.code, ended.took, ended.err);
    if PANICS.iter().any(|word| ended.err.contains(word)) {
        return Err(format!("it panicked: {said}"));
    }
    if ended.took > PATIENCE {
        return Err(format!("it took too long: {said}"));
    }
    let failed = match ended.code {
        Some(0) => false,
        Some(1 | 2) if ended.err.contains("error: ") => true,
        // With its output, a message may be lost.
        Some(1 | 2) if call == "write" => true,
        _ => return Err(format!("it ended without a message: {said}")),
    };
    let run = bench.path(OUT);
    if failed {
        go_on(bench, &run, OUT).map_err(|error| format!("{error}, after {said}"))?;
    }
    for name in RESULTS {
        if bench.read(&format!("{OUT}/{name}"))? != bench.read(&format!("undisturbed/{name}"))? {
            return Err(format!("{OUT}/{name} is not the undisturbed run's, after {said}"));
        }
    }
    bench.remove(OUT)?;
    Ok(failed)
}

/// Goes on with a run that failed, or begins it where it had not begun.
fn go_on(bench: &Bench, run: &Path, out: &str) -> Result<(), String> {
    let found = if run.is_dir() { names(run)? } else { Default::default() };
    match found.iter().any(|name| name == "config.json") {
        true => bench.succeed(&["train", "--quiet", "--resume", out]),
        false => bench.succeed(&["train", "calls.json", "--quiet", "--out", out]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_by_thread_and_from_the_program_s_own_work_on() {
        let list = "7 execve(\"x\") = 0\n7 mmap(1) = 0\n7 mmap(2) = 0\n7 clone3({}) = 8\n7 mmap(3) = 0\n\
                    8 mmap(1 <unfinished ...>\n7 read(1) = 0\n8 <... mmap resumed>) = 0\n8 read(1)\n8 read(2)\n\
                    8 +++ exited with 0 +++\n";
        let counts = counts(list);
        let of = |call: &str| (counts[call].most, counts[call].before);
        assert_eq!((of("mmap"), of("read"), of("clone3")), ((3, 2), (2, 0), (1, 0)));
        assert_eq!(counts.len(), 4, "exits and ends of calls are no calls");
    }
}
