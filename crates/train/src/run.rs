//! A run from its config to its figures: new, resumed, or only tried.

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
    time::Instant,
};

use burn::tensor::Device;
use langevin_core::{Mlp, Network};
use langevin_data::{Dataset, Part, Purpose, Streams};

use crate::{
    Diffusion, Manifest, Metrics, Program, RunConfig, RunState, Samples, StepReport, TrainError,
    Trainer,
    checkpoint::{Checkpoint, Checkpoints},
    durable::{AppendLog, write_durably},
    error::in_section,
    folder::{RunFolder, read_run_config},
    memory::MemoryEstimate,
    samples_file::{SamplesFormat, encode},
    sampling::draw_samples,
};

/// What a run tells while it goes on.
#[derive(Debug)]
pub enum Event<'a> {
    /// The run's folder is there and its first step comes next.
    Started {
        /// The folder.
        run: &'a Path,
        /// Steps made before, by an earlier process.
        step: u64,
        /// Steps in all.
        steps: u64,
    },
    /// A step was made.
    Step(&'a StepReport),
    /// A checkpoint was saved.
    Saved {
        /// Its step.
        step: u64,
    },
    /// Something that the user should know and that stops nothing.
    Warning(&'a str),
    /// A share of the samples is drawn.
    Sampling(f64),
    /// A file was written.
    Wrote(&'a Path),
}

/// Hears what a run does, and may ask it to stop.
pub trait Observer {
    /// Something happened.
    fn event(&mut self, event: Event);

    /// Whether to stop after this step; what was done is saved first.
    fn stop(&mut self) -> bool {
        false
    }
}

impl Observer for () {
    fn event(&mut self, _event: Event) {}
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub struct RunReport {
    /// The run's folder.
    pub run: PathBuf,
    /// Steps made in all.
    pub step: u64,
    /// Those of this process.
    pub steps_here: u64,
    /// Whether all of its steps are made and its samples drawn.
    pub finished: bool,
    /// Seconds spent in training steps by this process.
    pub training_seconds: f64,
    /// The last line of metrics.jsonl that this process wrote.
    pub metrics: Option<Metrics>,
    /// The samples, where the run finished.
    pub samples: Option<Samples>,
    /// The files of results that were written.
    pub written: Vec<PathBuf>,
}

/// What a run is given beside its config.
pub struct RunOptions<'a> {
    /// The device that trains and samples.
    pub device: &'a Device,
    /// The program, for the manifest.
    pub program: Program,
    /// Stop, saved, after this many steps of this process.
    pub stop_after: Option<u64>,
}

/// The network and the data that a run file names.
///
/// # Errors
/// A `custom` kind, which a program of the user's own must give; a run that does not fit into memory.
pub fn built_in(
    config: &RunConfig,
    device: &Device,
) -> Result<(Mlp, Box<dyn Dataset>), TrainError> {
    let custom = |section: &str, example: &str| {
        let message = format!("\"custom\" is given by a program of your own: see {example}");
        TrainError::config(section, message)
    };
    let data = config.data.build().map_err(in_section("data"))?;
    let data = data.ok_or_else(|| custom("data.kind", "examples/own_data.rs"))?;
    let streams = Streams::new(config.seed);
    let embedding = Diffusion::new(config)?.embedding;
    let mlp = config
        .denoiser
        .network
        .mlp(data.features(), embedding.features())
        .ok_or_else(|| custom("denoiser.network.kind", "examples/own_network.rs"))?;
    if let Some(estimate) = MemoryEstimate::of(config, data.features(), embedding.features()) {
        estimate.check()?;
    }
    Ok((mlp.init(&streams, device).map_err(in_section("denoiser.network"))?, data))
}

/// Trains a new run in `out`, or else in the first free folder `runs/NAME`, `runs/NAME-2`, …
///
/// # Errors
/// A config that cannot be run, in which case nothing was written; or whatever stopped it, with the
/// last good checkpoint named.
pub fn train<N: Network>(
    config: RunConfig,
    network: N,
    data: Box<dyn Dataset>,
    out: Option<&Path>,
    options: &RunOptions,
    observer: &mut dyn Observer,
) -> Result<RunReport, TrainError> {
    if let Some(out) = out {
        crate::folder::check_free(out)?;
    }
    let name = config.name.clone();
    let trainer = Trainer::new(config, network, data, options.device)?;
    let fingerprint = fingerprint(trainer.data());
    let folder = RunFolder::create(out, &name)?;
    folder.write_config(trainer.config())?;
    let manifest = Manifest::new(options.program.clone(), fingerprint);
    Session::open(trainer, folder, manifest, options)?.run(observer)
}

/// Goes on with a run, from its newest sound checkpoint; `steps` extends it.
///
/// `build` makes the network and the data from the run's config, as [`built_in`] does.
///
/// # Errors
/// No sound checkpoint; a checkpoint of another architecture or other data; an extension of a run
/// whose learning rates depend on its length; or whatever stopped it.
pub fn resume<N: Network>(
    run: &Path,
    steps: Option<u64>,
    build: impl FnOnce(&RunConfig, &Device) -> Result<(N, Box<dyn Dataset>), TrainError>,
    options: &RunOptions,
    observer: &mut dyn Observer,
) -> Result<RunReport, TrainError> {
    let result = resume_session(run, steps, build, options, observer);
    result.map_err(|source| match source {
        TrainError::Io { .. } => {
            let checkpoints = Checkpoints::new(run);
            let sound = checkpoints.newest(&mut |_| {}).ok();
            let last = sound.map(|checkpoint| checkpoints.path(checkpoint.progress.step));
            TrainError::Stopped { source: Box::new(source), run: run.to_owned(), last }
        }
        other => other,
    })
}

fn resume_session<N: Network>(
    run: &Path,
    steps: Option<u64>,
    build: impl FnOnce(&RunConfig, &Device) -> Result<(N, Box<dyn Dataset>), TrainError>,
    options: &RunOptions,
    observer: &mut dyn Observer,
) -> Result<RunReport, TrainError> {
    let folder = RunFolder::open(run)?;
    let mut config = read_run_config(run)?;
    let checkpoints = Checkpoints::new(run);
    let checkpoint = checkpoints.newest(&mut |what| observer.event(Event::Warning(&what)))?;
    let extended = steps.is_some_and(|steps| steps != config.train.steps);
    if let Some(steps) = steps.filter(|_| extended) {
        check_extension(&config, steps, checkpoint.progress.step)?;
        config.train.steps = steps;
    }
    let mut manifest = Manifest::read(run)?;
    let (network, data) = build(&config, options.device)?;
    let mut trainer = Trainer::new(config, network, data, options.device)?;
    let step = checkpoint.progress.step;
    restore(&mut trainer, checkpoint)
        .map_err(|why| TrainError::Usage(format!("{}: {why}", checkpoints.path(step).display())))?;
    if extended {
        folder.write_config(trainer.config())?;
    }
    manifest.state = RunState::Running;
    manifest.program = options.program.clone();
    manifest.machine = crate::Machine::here();
    manifest.files.clear();
    Session::open(trainer, folder, manifest, options)?.run(observer)
}

/// Draws samples from a run's newest sound checkpoint, with the averaged weights where it has them.
///
/// `config` is the run's own, with other sampling where that is wanted.
///
/// # Errors
/// No sound checkpoint, or one of another architecture or other data.
pub fn sample_run<N: Network>(
    run: &Path,
    config: &RunConfig,
    seed: u64,
    network: N,
    data: &dyn Dataset,
    options: &RunOptions,
    observer: &mut dyn Observer,
) -> Result<Samples, TrainError> {
    let checkpoints = Checkpoints::new(run);
    let checkpoint = checkpoints.newest(&mut |what| observer.event(Event::Warning(&what)))?;
    let step = checkpoint.progress.step;
    let refuse =
        |why: String| TrainError::Usage(format!("{}: {why}", checkpoints.path(step).display()));
    same_data(&checkpoint, data).map_err(refuse)?;
    checkpoint.same_network(config).map_err(refuse)?;
    let mut weights = checkpoint.sampling_weights();
    let mut diffusion = Diffusion::new(config)?;
    diffusion.take_frequencies(&mut weights).map_err(refuse)?;
    let network = weights.into_module(network).map_err(refuse)?;
    let denoiser = diffusion.denoiser(&network);
    draw_samples(config, seed, data, &denoiser, options.device, &mut sampling(observer))
}

/// Makes one training step and writes nothing.
///
/// # Errors
/// A config that cannot be run, or a first loss that is not finite.
pub fn dry_run<N: Network>(
    mut config: RunConfig,
    network: N,
    data: Box<dyn Dataset>,
    device: &Device,
) -> Result<Metrics, TrainError> {
    config.train.log_every = 1;
    let mut trainer = Trainer::new(config, network, data, device)?;
    trainer.check_levels(&trainer.config().sampling_levels()?)?;
    let report = trainer.step()?;
    report.metrics.ok_or_else(|| TrainError::Device("the first step gave no loss".to_owned()))
}

/// Tells the observer the share that is drawn, and asks it whether to stop.
fn sampling(observer: &mut dyn Observer) -> impl FnMut(f64) -> ControlFlow<()> {
    |share| {
        observer.event(Event::Sampling(share));
        if observer.stop() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

fn check_extension(config: &RunConfig, steps: u64, made: u64) -> Result<(), TrainError> {
    if config.train.learning_rate.depends_on_length() {
        return Err(TrainError::Usage(format!(
            "--steps {steps}: the learning rate of every step depends on the run's length of {}, so a \
             longer run is another run from its first step on. Start it anew, or use a learning rate \
             of kind `constant` or `step_decay`",
            config.train.steps
        )));
    }
    if steps < made {
        return Err(TrainError::Usage(format!(
            "--steps {steps}: the run has made {made} steps already"
        )));
    }
    Ok(())
}

fn restore<N: Network>(trainer: &mut Trainer<N>, checkpoint: Checkpoint) -> Result<(), String> {
    same_data(&checkpoint, trainer.data())?;
    checkpoint.same_network(trainer.config())?;
    checkpoint.same_optimizer(trainer.config())?;
    let Checkpoint { progress, model, ema, optimizer, .. } = checkpoint;
    trainer.restore(progress, model, ema, optimizer)
}

fn same_data(checkpoint: &Checkpoint, data: &dyn Dataset) -> Result<(), String> {
    if checkpoint.data == fingerprint(data) {
        return Ok(());
    }
    Err("was trained on other data than config.json describes".to_owned())
}

/// blake3 of 1024 rows drawn under a fixed seed, in f64: the same for the same data, anywhere.
pub fn fingerprint(data: &dyn Dataset) -> String {
    let mut rows = vec![0.0; 1024 * data.features()];
    data.draw(Part::Training, &mut Streams::new(0).at(Purpose::Digest, 0, 0), &mut rows);
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(data.features() as u64).to_le_bytes());
    for value in rows {
        hasher.update(&value.to_le_bytes());
    }
    hasher.finalize().to_string()
}

/// A process at work on a run.
struct Session<'a, N: Network> {
    trainer: Trainer<N>,
    folder: RunFolder,
    manifest: Manifest,
    checkpoints: Checkpoints,
    metrics: AppendLog,
    timings: AppendLog,
    options: &'a RunOptions<'a>,
    first_step: u64,
    last_saved: Option<u64>,
    last_metrics: Option<Metrics>,
    written: Vec<PathBuf>,
}

impl<'a, N: Network> Session<'a, N> {
    fn open(
        trainer: Trainer<N>,
        folder: RunFolder,
        manifest: Manifest,
        options: &'a RunOptions<'a>,
    ) -> Result<Self, TrainError> {
        let run = folder.path();
        manifest.write(run)?;
        let made = trainer.steps_made();
        let up_to_here =
            |line: &str| serde_json::from_str::<Metrics>(line).is_ok_and(|line| line.step <= made);
        let metrics = AppendLog::open(&run.join("metrics.jsonl"), up_to_here)?;
        let timings = AppendLog::open(&run.join("timings.jsonl"), |_| true)?;
        let checkpoints = Checkpoints::new(run);
        let last_saved = (made > 0).then_some(made);
        let last_metrics = None;
        Ok(Self {
            trainer,
            folder,
            manifest,
            checkpoints,
            metrics,
            timings,
            options,
            first_step: made,
            last_saved,
            last_metrics,
            written: Vec::new(),
        })
    }

    fn run(mut self, observer: &mut dyn Observer) -> Result<RunReport, TrainError> {
        let result = self.train_and_finish(observer);
        if result.is_err() {
            self.manifest.state = RunState::Failed;
            // The error that is returned says more than this one would.
            let _ = self.manifest.write(self.folder.path());
        }
        result.map_err(|source| {
            let last = self.last_saved.map(|step| self.checkpoints.path(step));
            TrainError::Stopped {
                source: Box::new(source),
                run: self.folder.path().to_owned(),
                last,
            }
        })
    }

    fn train_and_finish(&mut self, observer: &mut dyn Observer) -> Result<RunReport, TrainError> {
        let start = Instant::now();
        let finished = self.train(observer)?;
        let training_seconds = start.elapsed().as_secs_f64();
        let samples = match finished.then(|| self.finish(observer)).transpose() {
            Err(TrainError::Interrupted) => None,
            drawn => drawn?,
        };
        let finished = samples.is_some();
        self.manifest.state = if finished { RunState::Finished } else { RunState::Interrupted };
        self.manifest.write(self.folder.path())?;
        Ok(RunReport {
            run: self.folder.path().to_owned(),
            step: self.trainer.steps_made(),
            steps_here: self.trainer.steps_made() - self.first_step,
            finished,
            training_seconds,
            metrics: self.last_metrics.take(),
            samples,
            written: std::mem::take(&mut self.written),
        })
    }

    /// Trains to the end of the run, `true`, or to where it is asked to stop.
    fn train(&mut self, observer: &mut dyn Observer) -> Result<bool, TrainError> {
        let train = self.trainer.config().train.clone();
        let (run, first) = (self.folder.path().to_owned(), self.first_step);
        observer.event(Event::Started { run: &run, step: first, steps: train.steps });
        let start = Instant::now();
        while self.trainer.steps_made() < train.steps {
            let report = self.trainer.step()?;
            if let Some(metrics) = &report.metrics {
                self.log(metrics, report.step - first, start)?;
            }
            observer.event(Event::Step(&report));
            let made_here = report.step - first;
            let stop = self.options.stop_after.is_some_and(|n| made_here >= n) || observer.stop();
            let last = report.step == train.steps;
            if stop || last || report.step.is_multiple_of(train.checkpoint_every) {
                self.save(observer)?;
            }
            if stop && !last {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn log(&mut self, metrics: &Metrics, made: u64, start: Instant) -> Result<(), TrainError> {
        let line = serde_json::to_string(metrics)
            .map_err(|source| TrainError::Json { name: "metrics.jsonl".to_owned(), source })?;
        self.metrics.line(&line)?;
        let seconds = start.elapsed().as_secs_f64();
        let rate = made as f64 / seconds.max(1e-9);
        let timing = serde_json::json!({
            "step": metrics.step, "seconds": seconds, "steps_per_second": rate
        });
        self.timings.line(&timing.to_string())?;
        self.last_metrics = Some(metrics.clone());
        Ok(())
    }

    fn save(&mut self, observer: &mut dyn Observer) -> Result<(), TrainError> {
        self.metrics.sync()?;
        self.timings.sync()?;
        let keep = self.trainer.config().train.keep_checkpoints;
        self.checkpoints.save(&mut self.trainer, &self.manifest.data, keep)?;
        let step = self.trainer.steps_made();
        self.last_saved = Some(step);
        observer.event(Event::Saved { step });
        Ok(())
    }

    /// Draws the samples and the figures.
    fn finish(&mut self, observer: &mut dyn Observer) -> Result<Samples, TrainError> {
        let trainer = &self.trainer;
        let network = trainer.sampling_network();
        let denoiser = trainer.diffusion().denoiser(&network);
        let config = trainer.config();
        let samples = draw_samples(
            config,
            config.seed,
            trainer.data(),
            &denoiser,
            trainer.device(),
            &mut sampling(observer),
        )?;
        let run = self.folder.path();
        let columns = trainer.data().columns();
        let path = run.join("samples.csv");
        write_durably(&path, &encode(&path, SamplesFormat::Csv, &columns, &samples.values)?)?;
        self.written.push(path);
        #[cfg(feature = "figures")]
        self.written.extend(crate::report::draw_figures(run, config, trainer.data(), &samples)?);
        self.written.iter().for_each(|path| observer.event(Event::Wrote(path)));
        for name in ["config.json", "metrics.jsonl", "samples.csv"] {
            let path = run.join(name);
            let bytes = std::fs::read(&path)
                .map_err(|source| TrainError::io("cannot read", &path, source))?;
            self.manifest.files.insert(name.to_owned(), blake3::hash(&bytes).to_string());
        }
        Ok(samples)
    }
}
