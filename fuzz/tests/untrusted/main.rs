//! Thousands of damaged files through the library, each of them the same in every run, and everything
//! that ever failed: never a panic, a hang or a gigabyte.
//!
//! `LANGEVIN_MUTATIONS` says how many of each kind; `cargo xtask torture` takes 20,000.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test stops there, and says what it did"
)]

mod properties;

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use burn::tensor::Device;
use langevin_fuzz::{RUN_FILES, TARGETS, copy_run, mutate, resealed, run_file};
use langevin_train::{Program, RunOptions, built_in_trainer, parse_config, resume};

const SEED: u64 = 20_261_125;
/// What takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(5);
/// The most memory of this process, in KiB.
const MEMORY: u64 = 1 << 20;

fn count() -> u64 {
    let count = std::env::var("LANGEVIN_MUTATIONS").ok();
    count.map_or(1000, |count| count.parse().expect("LANGEVIN_MUTATIONS is a number"))
}

fn target(name: &str) -> fn(&[u8]) -> bool {
    TARGETS.iter().find(|(known, _)| *known == name).expect("a target").1
}

/// Calls a reader, which says whether it took the file; keeps the file where it fails, for the corpus.
fn judge(target: &str, read: impl FnOnce(&[u8]) -> bool, bytes: &[u8]) -> bool {
    let start = Instant::now();
    let outcome = catch_unwind(AssertUnwindSafe(|| read(bytes)));
    let after = start.elapsed();
    match outcome {
        Ok(taken) if taken || after <= PATIENCE => return taken,
        _ => {}
    }
    let path = std::env::temp_dir().join(format!("langevin-failed-{target}"));
    fs::write(&path, bytes).expect("kept");
    panic!("{target}, after {after:?}: put {} into fuzz/corpus/{target}", path.display());
}

/// Judges as many damaged files as are asked for, and says how many, how long and how large.
fn all(target: &str, count: u64, read: impl Fn(&[u8]) -> bool, damaged: impl Fn(u64) -> Vec<u8>) {
    let start = Instant::now();
    let taken = (0..count).filter(|number| judge(target, &read, &damaged(*number))).count();
    let seconds = start.elapsed().as_secs_f64();
    let peak = peak().map_or("unknown".to_owned(), |kib| format!("{} MiB", kib >> 10));
    println!("mutated: {count} of {target}, {taken} valid, in {seconds:.1} s, peak memory {peak}");
    // Else the damages show one side only.
    assert!(taken > 0 && (taken as u64) < count, "{taken} of {count} {target} are valid");
    assert!(peak_is_small(), "{peak}");
}

/// The most memory that this process ever had, in KiB, where the system says.
fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn peak_is_small() -> bool {
    peak().is_none_or(|kib| kib <= MEMORY)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.path()).collect();
    files.sort();
    files
}

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    files(&folder).iter().map(|path| fs::read(path).expect("there")).collect()
}

#[test]
fn everything_that_ever_failed_passes() {
    for (name, read) in TARGETS {
        let corpus = corpus(name);
        assert!(corpus.len() >= 2, "{name} has a corpus");
        let taken = corpus.iter().filter(|bytes| judge(name, read, bytes)).count();
        assert!(taken > 0, "{name} has a sound file");
    }
}

#[test]
fn mutated_configs_are_refused_or_valid() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs");
    let configs = [files(&folder), files(&folder.join("article"))].concat();
    let resolved = |path: &PathBuf| {
        let text = fs::read_to_string(path).ok()?;
        let config = parse_config("a built-in one", &text, &[]).expect("valid");
        Some(serde_json::to_vec(&config).expect("written"))
    };
    let sound: Vec<_> = configs.iter().filter_map(resolved).collect();
    assert!(sound.len() > 20, "{}", sound.len());
    all("config", count(), target("config"), |number| {
        mutate::json(&sound[number as usize % sound.len()], &mut mutate::Random::new(SEED, number))
    });
}

#[test]
fn mutated_tables_are_refused_or_whole() {
    for name in ["csv", "guess"] {
        let sound = corpus(name);
        all(name, count(), target(name), |number| {
            mutate::csv(
                &sound[number as usize % sound.len()],
                &mut mutate::Random::new(SEED + 1, number),
            )
        });
    }
}

#[test]
fn mutated_arrays_packed_tables_and_sheets_are_refused_or_whole() {
    for name in ["npy", "gzip", "sheet"] {
        let mut sound = corpus(name);
        // What unpacks to megabytes takes as long a thousand times.
        sound.retain(|bytes| bytes.len() < 4096);
        all(name, count(), target(name), |number| {
            let random = &mut mutate::Random::new(SEED + 2, number);
            mutate::bytes(&sound[number as usize % sound.len()], random)
        });
    }
}

/// One file of the sound run's checkpoint, damaged, under its name.
fn damaged_checkpoint(number: u64) -> (&'static str, Vec<u8>) {
    let random = &mut mutate::Random::new(SEED + 3, number);
    let name = ["checkpoint.json", "model.safetensors", "ema.safetensors", "optimizer.safetensors"]
        [random.below(4)];
    let sound = run_file(&format!("checkpoints/step-00000006/{name}"));
    let damaged = match name {
        "checkpoint.json" => [b"{}\n", &mutate::json(&sound, random)[..]].concat(),
        _ => mutate::safetensors(&sound, random),
    };
    (name, damaged)
}

#[test]
fn mutated_checkpoints_are_refused_or_whole() {
    all("checkpoint", count(), target("checkpoint"), |number| {
        let (name, damaged) = damaged_checkpoint(number);
        [name.as_bytes(), b"\n", &damaged].concat()
    });
    all("weights", count(), target("weights"), |number| damaged_checkpoint(number).1);
}

#[test]
fn mutated_run_folders_end_in_a_page_or_a_message() {
    // Each draws whole pages.
    all("run", count() / 10, target("run"), |number| {
        let random = &mut mutate::Random::new(SEED + 4, number);
        let name = RUN_FILES[number as usize % RUN_FILES.len()];
        let sound = run_file(name);
        let damaged = match name {
            "trajectory.npy" => mutate::bytes(&sound, random),
            "samples.csv" => mutate::csv(&sound, random),
            _ => mutate::json(&sound, random),
        };
        [name.as_bytes(), b"\n", &damaged].concat()
    });
}

#[test]
fn a_sealed_checkpoint_of_100_mb_takes_no_gigabyte() {
    let count = 25_000_000;
    let end = 4 * count;
    let header =
        format!("{{\"w\":{{\"dtype\":\"F32\",\"shape\":[{count}],\"data_offsets\":[0,{end}]}}}}");
    let mut bytes = b"model.safetensors\n".to_vec();
    bytes.extend((header.len() as u64).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.resize(bytes.len() + end, 0);
    assert!(
        !judge("checkpoint", target("checkpoint"), &bytes),
        "of another shape than its averages"
    );
    assert!(peak_is_small(), "{:?}", peak());
}

/// What a checkpoint with checksums that hold says is taken up or refused, and a step is made.
#[test]
fn a_run_goes_on_from_a_mutated_checkpoint_or_refuses_it() {
    let program = Program {
        langevin: String::new(),
        burn: String::new(),
        backend: "flex".to_owned(),
        device: String::new(),
        features: Vec::new(),
    };
    let device = Device::flex();
    let options = RunOptions { stop_after: Some(1), ..RunOptions::new(&device, program) };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = folder.path().join("run");
    let checkpoint = run.join("checkpoints/step-00000006");
    let (mut taken, mut refused) = (0, 0);
    for number in 0..count() / 10 {
        copy_run(&run);
        let (name, damaged) = damaged_checkpoint(number);
        let (content, index) = resealed(name, &damaged);
        fs::write(checkpoint.join("checkpoint.json"), index).expect("written");
        fs::write(checkpoint.join(name), content).expect("written");
        let resumed = |_: &[u8]| match resume(&run, Some(9), built_in_trainer, &options, &mut ()) {
            Ok(_) => true,
            Err(error) => {
                let message = error.to_string();
                assert!(!message.is_empty() && !message.contains("panic"), "{message}");
                false
            }
        };
        let named = [name.as_bytes(), b"\n", &damaged].concat();
        *if judge("checkpoint", resumed, &named) { &mut taken } else { &mut refused } += 1;
        fs::remove_dir_all(&run).expect("removed");
    }
    println!("mutated: {taken} runs went on, {refused} refused");
    assert!(refused > 0 && peak_is_small());
}
