//! Disk benchmarks: the checkpoints, logs and tables that a run writes and reads.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::Path,
    time::Instant,
};

use burn::tensor::Device;
use langevin_data::{Purpose, Streams};
use langevin_train::{
    Event, Observer, Problem, Program, RunConfig, RunOptions, built_in, built_in_trainer, resume,
    train,
};
use serde_json::{Value, json};

use crate::{conversation::Outcome, training::trainer};

/// Observer that notes the times of a run's start, steps and checkpoints.
#[derive(Default)]
struct Clock {
    started: Option<Instant>,
    stepped: Option<Instant>,
    /// Seconds from the end of a step to the end of the checkpoint that followed.
    saves: Vec<f64>,
}

impl Observer for Clock {
    fn event(&mut self, event: Event) {
        match event {
            Event::Started { .. } => self.started = Some(Instant::now()),
            Event::Step(_) => self.stepped = Some(Instant::now()),
            Event::Saved { .. } => {
                self.saves.extend(self.stepped.map(|stepped| stepped.elapsed().as_secs_f64()));
            }
            _ => {}
        }
    }
}

fn options(device: &Device, stop_after: u64) -> RunOptions<'_> {
    let program = Program {
        langevin: env!("CARGO_PKG_VERSION").to_owned(),
        burn: String::new(),
        backend: "flex".to_owned(),
        device: "the benchmark's".to_owned(),
        features: Vec::new(),
    };
    RunOptions { stop_after: Some(stop_after), ..RunOptions::new(device, program) }
}

/// Measures saving a checkpoint after each of a few steps, then going on with the run from its folder.
pub fn checkpoint(config: RunConfig, folder: &Path) -> Outcome<Value> {
    const STEPS: u64 = 9;
    let mut config = config;
    config.train.checkpoint_every = 1;
    let device = Device::flex();
    let options = options(&device, STEPS);
    let mut clock = Clock::default();
    let problem = Problem::new(config)?;
    let (network, data) = built_in(&problem, &device)?;
    train(problem, network, data, Some(folder), &options, &mut clock)?;
    let newest = folder.join(format!("checkpoints/step-{STEPS:08}"));
    let sizes = fs::read_dir(newest)?.map(|entry| Ok(entry?.metadata()?.len()));
    let bytes: u64 = sizes.sum::<std::io::Result<u64>>()?;
    let start = Instant::now();
    let mut resumed = Clock::default();
    resume(folder, None, built_in_trainer, &self::options(&device, 1), &mut resumed)?;
    let load = resumed.started.ok_or("a resumed run starts")?.duration_since(start).as_secs_f64();
    // The first save creates the folder of all checkpoints.
    Ok(json!({ "bytes": bytes, "save": clock.saves[1..], "load": load }))
}

/// Measures the same steps twice: as a run with its lock, log and checkpoints, and bare.
pub fn overhead(config: RunConfig, folder: &Path) -> Outcome<Value> {
    let steps = config.train.steps;
    let mut config = config;
    config.train.steps = 10 * steps;
    let mut bare = trainer(config.clone(), "flex")?;
    let start = Instant::now();
    for _ in 0..steps {
        bare.step()?;
    }
    let bare = start.elapsed().as_secs_f64();
    let device = Device::flex();
    let problem = Problem::new(config)?;
    let (network, data) = built_in(&problem, &device)?;
    let (mut clock, options) = (Clock::default(), options(&device, steps));
    let report = train(problem, network, data, Some(folder), &options, &mut clock)?;
    let run = report.training_seconds;
    let saves: f64 = clock.saves.iter().sum();
    fs::remove_dir_all(folder)?;
    Ok(json!({ "bare": bare, "run": run, "saves": saves, "checkpoints": clock.saves.len() }))
}

/// Writes a CSV file of 100 MB: ten columns, nine of normals with six decimals and one of whole numbers.
pub fn write_csv(path: &Path) -> Outcome<Value> {
    const BYTES: usize = 100_000_000;
    let mut stream = Streams::new(0).at(Purpose::Data, 0, 0);
    let (mut file, mut row, mut bytes) = (BufWriter::new(File::create(path)?), [0.0; 10], 0);
    file.write_all(b"a,b,c,d,e,f,g,h,i,j\n")?;
    while bytes < BYTES {
        stream.fill_normal(&mut row);
        let fields: Vec<_> = row[1..].iter().map(|value| format!("{value:.6}")).collect();
        let line = format!("{},{}\n", (100.0 * row[0]).round(), fields.join(","));
        file.write_all(line.as_bytes())?;
        bytes += line.len();
    }
    file.flush()?;
    Ok(json!({ "bytes": bytes }))
}
