//! Measurements of whole runs of the program, as a user starts them.

use std::{fs, process::Stdio, time::Instant};

use serde_json::{Value, json};

use super::Bench;
use super::jobs::JOBS;
use super::rounds::{by_side, in_turns};
use super::side::Side;
use crate::article::systems::SECTIONS;
use crate::program::Program;

/// Jobs that are measured on wgpu. In some the calls cost most, in others the arithmetic.
const ON_WGPU: [&str; 3] = ["A", "B", "default"];

impl Bench<'_> {
    /// Measures `langevin --help`, the default run and the article's systems.
    pub(super) fn whole(&self, program: &Program) -> Result<Value, String> {
        let mut help = Vec::new();
        for _ in 0..20 {
            let start = Instant::now();
            let mut command = program.command(&["--help"]);
            let status = command.stdout(Stdio::null()).status();
            if !status.is_ok_and(|status| status.success()) {
                return Err("langevin --help: failed".to_owned());
            }
            help.push(start.elapsed().as_secs_f64());
        }
        let rounds = if self.extent.short { 1 } else { 3 };
        let default: Result<Vec<Value>, String> =
            (0..rounds).map(|_| self.whole_run(program, "default")).collect();
        let article: Result<Vec<Value>, String> =
            SECTIONS.iter().map(|section| self.whole_run(program, section.config)).collect();
        Ok(json!({ "help": help, "default": default?, "article": article? }))
    }

    /// Measures a run: its seconds from start to end, and those of its training.
    fn whole_run(&self, program: &Program, config: &str) -> Result<Value, String> {
        let folder = self.scratch.folder().join("run");
        let shown = folder.display().to_string();
        let mut arguments = vec!["--json", "train", config, "--out", &shown];
        if self.extent.short {
            arguments.extend(["--set", "sample.count=1000"]);
        }
        if self.extent.short && config == "default" {
            arguments.extend(["--steps", "200"]);
        }
        let start = Instant::now();
        let output = program.command(&arguments).output().map_err(|error| error.to_string())?;
        let seconds = start.elapsed().as_secs_f64();
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!("langevin train {config}: {said}"));
        }
        fs::remove_dir_all(&folder).map_err(|error| format!("{shown}: {error}"))?;
        let said = String::from_utf8_lossy(&output.stdout);
        let ended = said.lines().find_map(|line| {
            let event: Value = serde_json::from_str(line).ok()?;
            (event["event"] == "ended").then_some(event)
        });
        let training = ended.map(|event| event["training_seconds"].clone());
        println!("  {config}: {seconds:.2} s, training {}", training.clone().unwrap_or_default());
        Ok(json!({ "config": config, "seconds": seconds, "training": training }))
    }

    /// Measures steps on wgpu, where there is an adapter: of the engine of `auto`, of Burn's tape and of plain
    /// Burn.
    pub(super) fn gpu(&self) -> Result<Value, String> {
        let adapter = Side::WGPU.start(&self.tools, None)?.ask(&json!({ "gpu": true }))?;
        if adapter["adapter"].is_null() {
            return Ok(json!(null));
        }
        let mut jobs = json!({});
        for job in JOBS.iter().filter(|job| ON_WGPU.contains(&job.name)) {
            let training = self.training(job.run_file, None);
            let sides = [Side::WGPU, Side::WGPU_TAPE, Side::WGPU_PLAIN];
            let mut ready = self.ready(&sides, &training, None)?;
            jobs[job.name] = by_side(&in_turns(self.extent, &mut ready)?);
        }
        Ok(json!({ "adapter": adapter["adapter"], "jobs": jobs }))
    }
}
