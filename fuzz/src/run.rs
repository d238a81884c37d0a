//! Run folders: a small sound run in which one file is replaced.

use std::{
    fs,
    path::{Path, PathBuf},
};

use langevin_core::Mlp;
use langevin_train::{
    Comparison, DataConfig, Manifest, Problem, RunRecords, compare_runs, read_run_config,
    report_run, verify_run,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::refused;

/// Files of a run folder that [`run`] can replace.
pub const RUN_FILES: [&str; 8] = [
    "manifest.json",
    "config.json",
    "metrics.jsonl",
    "timings.jsonl",
    "levels.json",
    "evaluation.json",
    "trajectory.npy",
    "samples.csv",
];

const CHECKPOINT: &str = "checkpoints/step-00000006";
const INDEX: &str = "checkpoint.json";

thread_local! {
    /// This thread's temporary folder, and the copy of the sound run in it.
    static FOLDER: (TempDir, PathBuf) = {
        let folder = TempDir::new().expect("a temporary folder");
        let run = folder.path().join("run");
        copy_run(&run);
        (folder, run)
    };
}

/// The folder of a sound run of six steps, which the program made.
fn sound_run() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sound-run")
}

/// Copies the sound run into a new folder.
pub fn copy_run(to: &Path) {
    copy(&sound_run(), to);
}

/// The content of a file of the sound run.
#[must_use]
pub fn run_file(name: &str) -> Vec<u8> {
    fs::read(sound_run().join(name)).expect("a file of the sound run")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("created");
    for entry in fs::read_dir(from).expect("listed").flatten() {
        let to = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).expect("copied")),
        }
    }
}

/// Splits `bytes` into the name of a known file, which is the first line, and the file's new content.
fn named<'a>(bytes: &'a [u8], known: &[&'static str]) -> Option<(&'static str, &'a [u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let name = known.iter().find(|name| name.as_bytes() == &bytes[..end])?;
    Some((name, &bytes[end + 1..]))
}

/// Replaces a file of the run, calls `look`, and puts the sound file back.
fn with(name: &str, content: &[u8], look: impl FnOnce(&Path) -> bool) -> bool {
    FOLDER.with(|(_, run)| {
        // The file is removed first: truncating and rewriting it would cost some systems a sync.
        let put = |content: &[u8]| {
            fs::remove_file(run.join(name)).expect("removed");
            fs::write(run.join(name), content).expect("written");
        };
        put(content);
        let outcome = look(run);
        put(&run_file(name));
        outcome
    })
}

/// Whether the run is sound; each problem must have a message of bounded length.
fn is_sound(run: &Path) -> bool {
    let problem = read_run_config(run).and_then(Problem::new);
    match problem.and_then(|problem| verify_run(run, &problem, None::<Mlp>, None)) {
        Ok(found) => {
            found.findings.iter().filter_map(|f| f.problem.as_ref()).all(refused)
                && found.is_sound()
        }
        Err(error) => refused(error),
    }
}

/// Reads a run folder with one file replaced, whose name is the first line of `bytes`. Everything that reads
/// the folder must succeed or give a message.
pub fn run(bytes: &[u8]) -> bool {
    let Some((name, content)) = named(bytes, &RUN_FILES) else { return false };
    with(name, content, |run| {
        is_sound(run);
        if let Ok(manifest) = Manifest::read(run) {
            let text = serde_json::to_string(&manifest).expect("a manifest is written");
            assert_eq!(serde_json::from_str::<Manifest>(&text).ok(), Some(manifest));
        }
        match RunRecords::read(run) {
            Ok(records) => is_shown(run, records),
            Err(error) => refused(error),
        }
    })
}

/// Makes tables and pages of the run; gives whether the page could be made.
fn is_shown(run: &Path, records: RunRecords) -> bool {
    let _ = (records.step(), records.training_seconds(), records.held_out_loss());
    let records = [records.clone(), records];
    let comparison = Comparison::of(&records).expect("records are compared");
    if let Err(error) = compare_runs(&records, &comparison) {
        refused(error);
    }
    let problem = match Problem::new(records[0].config.clone()) {
        Ok(problem) => problem,
        Err(error) => return refused(error),
    };
    let config = problem.config();
    // The path of a table could be any file of this machine, so that no table is read.
    if matches!(config.data, DataConfig::Table(_)) {
        return true;
    }
    let data = match config.data.build(config.seed) {
        Ok(data) => data,
        // A user's own data.
        Err(error) => return refused(error),
    };
    match report_run(run, &problem, data.as_ref()) {
        Ok(page) => {
            let page = fs::read_to_string(page).expect("written");
            assert!(!page.contains("<script"), "a name is markup");
            true
        }
        Err(error) => refused(error),
    }
}

/// Reads a checkpoint with one file replaced, whose name is the first line of `bytes`: once with the old
/// checksums, and once with checksums that hold.
pub fn checkpoint(bytes: &[u8]) -> bool {
    let known = [INDEX, "model.safetensors", "ema.safetensors", "optimizer.safetensors"];
    let Some((name, content)) = named(bytes, &known) else { return false };
    with(&format!("{CHECKPOINT}/{name}"), content, is_sound);
    let (content, index) = resealed(name, content);
    with(&format!("{CHECKPOINT}/{INDEX}"), &index, |run| match name {
        INDEX => is_sound(run),
        _ => with(&format!("{CHECKPOINT}/{name}"), &content, is_sound),
    })
}

/// The content of a checkpoint's file, and a checkpoint.json whose checksums hold for it.
#[must_use]
pub fn resealed(name: &str, content: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let sealed = |rest: &[u8]| {
        let first = format!("{{\"blake3\": \"{}\",\n", blake3::hash(rest));
        [first.as_bytes(), rest].concat()
    };
    if name == INDEX {
        let start = content.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let index = sealed(&content[start..]);
        return (index.clone(), index);
    }
    let sound = run_file(&format!("{CHECKPOINT}/{INDEX}"));
    let mut index: Value = serde_json::from_slice(&sound).expect("JSON");
    let sum = blake3::hash(content).to_string();
    index["files"][name] = json!({ "bytes": content.len(), "blake3": sum });
    if let Some(fields) = index.as_object_mut() {
        fields.remove("blake3");
    }
    let text = serde_json::to_string_pretty(&index).expect("written");
    (content.to_vec(), sealed(format!("{}\n", text.trim_start_matches("{\n")).as_bytes()))
}
