//! The worker of `cargo xtask bench`: one process for each job and side, which answers lines of JSON.
//!
//! The worker makes the calls that a user of the library makes (`Trainer::step`, `draw_samples`, `train`,
//! `resume`), with the program's allocator. It measures only when it is told to, so that all sides can take
//! turns.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that answers")]

mod conversation;
mod device;
mod disk;
mod floor;
mod folder;
mod growth;
mod plain;
mod sampling;
mod training;

use std::{io::BufRead, path::Path, process::ExitCode, time::Instant};

use langevin_data::{Purpose, Streams, Table, TableOptions};
use langevin_train::Machine;
use serde_json::{Value, json};

use conversation::{Ask, Outcome, Work, peak_memory, timed};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() != Some("serve") {
        println!("this is the worker of `cargo xtask bench`, which starts it");
        return ExitCode::SUCCESS;
    }
    let mut worker = Worker::default();
    for line in std::io::stdin().lock().lines() {
        let answer = line.map_err(Into::into).and_then(|line| {
            let mut answer = worker.answer(&Ask::parse(&line)?)?;
            answer["peak_memory"] = json!(peak_memory());
            Ok(answer)
        });
        match answer {
            Ok(answer) => println!("{answer}"),
            Err::<_, Box<dyn std::error::Error>>(error) => {
                eprintln!("error: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// The worker's work and sampler that are ready to be measured.
#[derive(Default)]
struct Worker {
    work: Option<Work>,
    sampler: Option<sampling::Sampler>,
}

impl Worker {
    fn answer(&mut self, ask: &Ask) -> Outcome<Value> {
        match ask.what() {
            "prepare" => {
                let config = ask.config()?;
                let mut work = match ask.text("way")? {
                    "floor" => floor::work(&config)?,
                    way => training::work(config, way)?,
                };
                timed(&mut work, 0.1)?;
                self.work = Some(work);
                Ok(json!({}))
            }
            "measure" => {
                let seconds = ask.number("measure")?;
                let work = self.work.as_mut().ok_or("measure: nothing is prepared")?;
                timed(work, seconds)
            }
            "sampler" => {
                self.sampler = Some(sampling::Sampler::new(ask.config()?, ask.text("way")?)?);
                Ok(json!({ "rows": null }))
            }
            "draw" => {
                let sampler = self.sampler.as_ref().ok_or("draw: no sampler is prepared")?;
                sampler.draw(ask.number("draw")? as usize)
            }
            "agree" => {
                let steps = ask.number("steps")? as usize;
                let losses = match ask.text("way")? {
                    "floor" => floor::losses(&ask.config()?, steps)?,
                    way => training::losses(ask.config()?, way, steps)?,
                };
                Ok(json!({ "own": losses }))
            }
            "export" => {
                folder::export(ask.config()?, Path::new(ask.text("folder")?), ask.number("steps")?)
            }
            "growth" => growth::growth(ask.config()?, ask.number("steps")? as u64),
            "checkpoint" => disk::checkpoint(ask.config()?, Path::new(ask.text("folder")?)),
            "overhead" => disk::overhead(ask.config()?, Path::new(ask.text("folder")?)),
            "gpu" => device::gpu(),
            "csv" => {
                let (path, start) = (ask.text("csv")?, Instant::now());
                let table = Table::read(Path::new(path), &TableOptions::default())?;
                let seconds = start.elapsed().as_secs_f64();
                Ok(json!({ "rows": table.rows(), "seconds": seconds }))
            }
            "write_csv" => disk::write_csv(Path::new(ask.text("write_csv")?)),
            "normals" => normals(ask.number("normals")? as usize),
            "machine" => Ok(serde_json::to_value(Machine::here())?),
            other => Err(format!("not understood: {other}").into()),
        }
    }
}

/// Measures drawing `count` normals in bulk.
fn normals(count: usize) -> Outcome<Value> {
    let (streams, mut out) = (Streams::new(0), vec![0.0; 1 << 16]);
    let (start, mut sum) = (Instant::now(), 0.0);
    for stream in 0..(count / out.len()) as u64 {
        streams.at(Purpose::Noise, stream, 0).fill_normal(&mut out);
        sum += out[0];
    }
    let seconds = start.elapsed().as_secs_f64();
    Ok(json!({ "steps": count / out.len() * out.len(), "seconds": seconds, "sum": sum }))
}
