//! Measurements of sampling, of growing memory, and of what a run writes and reads.

use std::{fs, path::Path, process::Command, time::Instant};

use serde_json::{Value, json};

use super::Bench;
use super::jobs::Job;
use super::rounds::{asked_in_turns, by_side};
use super::side::Side;
use crate::files::named;
use crate::statistics::{largest_difference, numbers};

/// Run file and setting of sampling: Heun in 24 steps with the network of the default run.
const SAMPLING: (&str, [&str; 1]) = ("configs/default.json", ["sample.sampler.steps=24"]);
/// Largest difference of a sample from Langevin's of the same start. The samples are of size 1.
const SAMPLES: f64 = 2e-3;
/// Settings of a network with ten million parameters: three hidden layers of this width.
const TEN_MILLION: [&str; 4] = [
    "denoiser.network.width=2234",
    "denoiser.network.depth=3",
    "train.batch=2",
    "train.ema={\"kind\":\"none\"}",
];

impl Bench<'_> {
    /// Measures sampling with an untrained network: fewer samples in each round, and a million once.
    pub(super) fn sampling(&self) -> Result<Value, String> {
        let run_file = self.run_file(SAMPLING.0);
        let settings = SAMPLING.1.map(str::to_owned);
        let folder = self.scratch.folder().join("sampling");
        let prepare = |side: &Side| match side.is_ours() {
            true => json!({
                "sampler": true, "config": run_file, "settings": settings, "way": side.way
            }),
            false => json!({ "prepare": folder, "way": "sample" }),
        };
        let exported = Side::FLEX.start(&self.tools, None)?.ask(&json!({
            "export": true, "config": run_file, "settings": settings, "folder": folder, "steps": 1,
        }))?;
        let mut sides = vec![Side::FLEX, Side::JAX_SCAN, Side::TORCH];
        sides.retain(|side| self.tools.has(side));
        let (mut ready, mut agreement) = (Vec::new(), json!({}));
        for side in &sides {
            let mut process = side.start(&self.tools, None)?;
            if !side.is_ours() {
                let theirs = process.ask(&json!({ "samples": folder }))?;
                let [ours, theirs] = [&exported, &theirs].map(|said| numbers(&said["samples"]));
                let difference = largest_difference(&ours, &theirs);
                agreement[side.key] = json!(difference);
                if difference.is_nan() || difference > SAMPLES {
                    return Err(format!(
                        "{}: draws other samples, off by up to {difference}",
                        side.shown
                    ));
                }
            }
            process.ask(&prepare(side))?;
            ready.push((*side, process));
        }
        let (few, many) = if self.extent.short { (1000, 5000) } else { (20_000, 1_000_000) };
        let turns = asked_in_turns(self.extent.rounds, &mut ready, &json!({ "draw": few }))?;
        let turns = by_side(&turns);
        drop(ready);
        // Each side has a new process, whose memory is that of the million.
        let mut million = json!({});
        for side in [Side::FLEX, Side::JAX_SCAN].into_iter().filter(|side| self.tools.has(side)) {
            let mut process = side.start(&self.tools, None)?;
            process.ask(&prepare(&side))?;
            let drawn = process.ask(&json!({ "draw": many }))?;
            println!("  {:<22} {many} in {} s", side.shown, drawn["seconds"]);
            million[side.key] =
                json!({ "seconds": drawn["seconds"], "memory": drawn["peak_memory"] });
        }
        Ok(json!({ "agreement": agreement, "turns": turns, "count": many, "million": million }))
    }

    /// Measures the resident memory in the course of 200,000 steps of job A.
    pub(super) fn growth(&self) -> Result<Value, String> {
        let steps = if self.extent.short { 20_000 } else { 200_000 };
        Side::FLEX.start(&self.tools, None)?.ask(&json!({
            "growth": true, "config": self.run_file("benches/jobs/a.json"),
            "settings": Job::SETTINGS, "steps": steps,
        }))
    }

    /// Measures checkpoints, the overhead of a run, tables, and normal numbers in bulk.
    pub(super) fn disk(&self) -> Result<Value, String> {
        let default = self.run_file("configs/default.json");
        let mut ours = Side::FLEX.start(&self.tools, None)?;
        let (mut pairs, mut tables, mut normals) = (Vec::new(), Vec::new(), Vec::new());
        let csv = self.folder.join("table.csv");
        let bytes = ours.ask(&json!({ "write_csv": csv }))?["bytes"].clone();
        for round in 0..self.extent.rounds {
            let steps = if self.extent.short { 1000 } else { 4000 };
            pairs.push(ours.ask(&json!({
                "overhead": true, "config": default, "folder": self.place("overhead")?,
                "settings": [format!("train.steps={steps}")],
            }))?);
            if round < 5 {
                tables.push(ours.ask(&json!({ "csv": csv }))?["seconds"].clone());
            }
            let drawn = ours.ask(&json!({ "normals": 10_000_000 }))?;
            let each = drawn["seconds"].as_f64().zip(drawn["steps"].as_f64());
            normals.push(json!(each.map(|(seconds, count)| seconds / count)));
        }
        fs::remove_file(&csv).map_err(named(&csv))?;
        let small = self.checkpoints("small", &default, &[])?;
        let large = self.checkpoints("large", &default, &TEN_MILLION)?;
        Ok(json!({
            "overhead": pairs, "csv": { "bytes": bytes, "seconds": tables }, "normals": normals,
            "checkpoint": small, "large_checkpoint": large,
        }))
    }

    /// Path on the disk of the workspace at which nothing lies.
    fn place(&self, name: &str) -> Result<std::path::PathBuf, String> {
        let path = self.folder.join(name);
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(format!("{}: {error}", path.display()))
            }
            _ => Ok(path),
        }
    }

    /// Measures saves and loads of checkpoints, and `dd` of the same bytes on the same disk.
    fn checkpoints(&self, name: &str, run_file: &str, settings: &[&str]) -> Result<Value, String> {
        let (mut saves, mut loads, mut copies, mut bytes) = (vec![], vec![], vec![], json!(null));
        for _ in 0..self.extent.rounds.min(3) {
            let folder = self.place(name)?;
            let answer = Side::FLEX.start(&self.tools, None)?.ask(&json!({
                "checkpoint": true, "config": run_file, "settings": settings, "folder": folder,
            }))?;
            bytes = answer["bytes"].clone();
            saves.extend(answer["save"].as_array().cloned().unwrap_or_default());
            loads.push(answer["load"].clone());
            for _ in 0..2 {
                copies.push(json!(self.copy(&folder.join("checkpoints"))?));
            }
            self.place(name)?;
        }
        println!(
            "  checkpoint {name}: {bytes} bytes, save {saves:?}, dd {copies:?}, load {loads:?}"
        );
        Ok(json!({ "bytes": bytes, "save": saves, "load": loads, "dd": copies }))
    }

    /// Seconds in which dd copies the files of the newest checkpoint and syncs each; none where there is no dd.
    fn copy(&self, checkpoints: &Path) -> Result<Option<f64>, String> {
        let mut folders: Vec<_> = fs::read_dir(checkpoints)
            .map_err(named(checkpoints))?
            .flatten()
            .map(|entry| entry.path())
            .collect();
        folders.sort();
        let newest = folders.pop().ok_or("no checkpoint was written")?;
        let files: Vec<_> = fs::read_dir(newest).map_err(named(checkpoints))?.flatten().collect();
        let to = self.folder.join("copy");
        let start = Instant::now();
        for file in files {
            let from = format!("if={}", file.path().display());
            let to = format!("of={}", to.display());
            let mut dd = Command::new("dd");
            dd.args([&from, &to, "bs=1M", "conv=fsync", "status=none"]);
            if !dd.status().is_ok_and(|status| status.success()) {
                return Ok(None);
            }
        }
        let seconds = start.elapsed().as_secs_f64();
        fs::remove_file(&to).map_err(named(checkpoints))?;
        Ok(Some(seconds))
    }
}
