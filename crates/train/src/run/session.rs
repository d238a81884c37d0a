//! Session, a process's work on a run: steps, log lines, checkpoints, then samples and what is made of
//! them.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    time::Instant,
};

use langevin_core::Network;
use langevin_data::measure::Evaluation;

use crate::{
    TrainError,
    config::KeepConfig,
    engine::RunDenoiser,
    run::{
        Event, Observer, RunOptions, RunReport,
        evaluate::{evaluate_samples, write_evaluation},
        level_remarks::level_remarks,
        observer::{asked_to_stop, sampling},
        pace::pace,
    },
    sample::{
        Given, LevelSummary, Samples, draw_of_run,
        file::{SAMPLES, csv_file},
        levels::{LEVELS, write_levels},
        spaces::BothSpaces,
        trajectory::{TRAJECTORY, write_trajectory},
    },
    store::{
        Manifest, RunState,
        checkpoint::Checkpoints,
        disk,
        durable::{AppendLog, write_durably},
        folder::{CONFIG, RunFolder},
        records::{EVALUATION, METRICS, TIMINGS, Timing},
    },
    trainer::{Metrics, Trainer},
};

/// Message of a panic.
fn said(panic: &(dyn Any + Send)) -> Option<String> {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
}

/// A process's work on a run.
pub(crate) struct Session<'a, N: Network> {
    trainer: Trainer<N>,
    untrained: Vec<N>,
    folder: RunFolder,
    manifest: Manifest,
    checkpoints: Checkpoints,
    metrics: AppendLog,
    timings: AppendLog,
    options: &'a RunOptions<'a>,
    first_step: u64,
    last_saved: Option<u64>,
    last_metrics: Option<Metrics>,
    evaluation: Option<Evaluation>,
    moments: Vec<(f64, f64)>,
    written: Vec<PathBuf>,
}

impl<'a, N: Network> Session<'a, N> {
    /// Opens a session in a run's folder. `untrained` is the network before its first step, or one for
    /// each level.
    pub(crate) fn open(
        trainer: Trainer<N>,
        untrained: Vec<N>,
        folder: RunFolder,
        mut manifest: Manifest,
        options: &'a RunOptions<'a>,
    ) -> Result<Self, TrainError> {
        let run = folder.path();
        manifest.engine = Some(trainer.engine().to_owned());
        manifest.write(run)?;
        let made = trainer.steps_made();
        let up_to_here =
            |line: &str| serde_json::from_str::<Metrics>(line).is_ok_and(|line| line.step <= made);
        let metrics = AppendLog::open(&run.join(METRICS), up_to_here)?;
        let timings = AppendLog::open(&run.join(TIMINGS), |_| true)?;
        let checkpoints = Checkpoints::new(run);
        let last_saved = (made > 0).then_some(made);
        let last_metrics = None;
        Ok(Self {
            trainer,
            untrained,
            folder,
            manifest,
            checkpoints,
            metrics,
            timings,
            options,
            first_step: made,
            last_saved,
            last_metrics,
            evaluation: None,
            moments: Vec::new(),
            written: Vec::new(),
        })
    }

    pub(crate) fn run(mut self, observer: &mut dyn Observer) -> Result<RunReport, TrainError> {
        // The backend panics where a GPU driver is lost. What is known of the run must be written all
        // the same.
        let result = catch_unwind(AssertUnwindSafe(|| self.train_and_finish(observer)))
            .unwrap_or_else(|panic| Err(TrainError::Panic(said(panic.as_ref()))));
        if result.is_err() {
            self.manifest.state = RunState::Failed;
            // An error here is dropped, since the one that is returned says more.
            let _ = self.write_manifest();
        }
        result.map_err(|source| {
            let last = self.last_saved.map(|step| self.checkpoints.path(step));
            let last = last.filter(|path| path.is_dir());
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
        if !finished {
            self.manifest.state = RunState::Interrupted;
            self.manifest.step = self.trainer.steps_made();
            self.write_manifest()?;
        }
        Ok(RunReport {
            run: self.folder.path().to_owned(),
            step: self.trainer.steps_made(),
            steps_here: self.trainer.steps_made() - self.first_step,
            finished,
            training_seconds,
            metrics: self.last_metrics.take(),
            samples,
            moments: std::mem::take(&mut self.moments),
            evaluation: self.evaluation.take(),
            written: std::mem::take(&mut self.written),
        })
    }

    /// Trains to the end of the run and returns `true`, or stops where it is asked to and returns
    /// `false`.
    fn train(&mut self, observer: &mut dyn Observer) -> Result<bool, TrainError> {
        let train = self.trainer.config().train.clone();
        let (run, first) = (self.folder.path().to_owned(), self.first_step);
        observer.event(Event::Started { run: &run, step: first, steps: train.steps });
        let (problem, data) = (self.trainer.problem(), self.trainer.data());
        problem.remarks(data).iter().for_each(|it| observer.event(Event::Remark(it)));
        #[cfg(feature = "figures")]
        if let Some(remark) = crate::show::report::missing_glyphs(problem, data) {
            observer.event(Event::Remark(&remark));
        }
        if let Some(why) = self.trainer.why_tape() {
            let remark = format!("the tape makes the steps, which takes longer: {why}");
            observer.event(Event::Remark(&remark));
        }
        if let Some(remark) = pace(problem, data, self.trainer.device(), first) {
            observer.event(Event::Remark(&remark));
        }
        let start = Instant::now();
        while !self.trainer.is_done() {
            let report = self.trainer.step()?;
            if let Some(metrics) = &report.metrics {
                self.log(metrics, report.step - first, start)?;
            }
            observer.event(Event::Step(&report));
            let made_here = report.step - first;
            let stop = self.options.stop_after.is_some_and(|n| made_here >= n) || observer.stop();
            let last = self.trainer.is_done();
            let best = train.keep == KeepConfig::Best && self.trainer.is_best();
            if stop || last || best || report.step.is_multiple_of(train.checkpoint_every) {
                self.save(observer)?;
            }
            if last && report.step < train.steps {
                let patience = train.patience.unwrap_or_default();
                observer.event(Event::Remark(&format!(
                    "ended early, at step {}: the held-out loss has not fallen in {patience} measurements",
                    report.step
                )));
            }
            if stop && !last {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn log(&mut self, metrics: &Metrics, made: u64, start: Instant) -> Result<(), TrainError> {
        let line = serde_json::to_string(metrics)
            .map_err(|source| TrainError::Json { name: METRICS.to_owned(), source })?;
        self.metrics.line(&line)?;
        let seconds = start.elapsed().as_secs_f64();
        let rate = made as f64 / seconds.max(1e-9);
        let timing = Timing { step: metrics.step, seconds, steps_per_second: rate };
        let line = serde_json::to_string(&timing)
            .map_err(|source| TrainError::Json { name: TIMINGS.to_owned(), source })?;
        self.timings.line(&line)?;
        self.last_metrics = Some(metrics.clone());
        Ok(())
    }

    fn write_manifest(&self) -> Result<(), TrainError> {
        self.folder.check()?;
        self.manifest.write(self.folder.path())
    }

    fn save(&mut self, observer: &mut dyn Observer) -> Result<(), TrainError> {
        self.folder.check()?;
        self.metrics.sync()?;
        self.timings.sync()?;
        self.checkpoints.save(&mut self.trainer, &self.manifest.data)?;
        let step = self.trainer.steps_made();
        self.last_saved = Some(step);
        observer.event(Event::Saved { step });
        Ok(())
    }

    /// The networks that samples are drawn with.
    fn for_sampling(&self, observer: &mut dyn Observer) -> Result<Vec<N>, TrainError> {
        let networks = self.trainer.sampling_networks();
        if self.trainer.config().train.keep == KeepConfig::Last {
            return Ok(networks);
        }
        let warn = &mut |what: String| observer.event(Event::Warning(&what));
        let best = self.checkpoints.for_sampling(KeepConfig::Best, warn)?;
        let step = best.progress.step;
        observer
            .event(Event::Remark(&format!("samples are drawn with the weights of step {step}")));
        best.into_networks(networks).map_err(|why| {
            let path = self.checkpoints.path(step);
            TrainError::BestCheckpoint { path, source: why.into() }
        })
    }

    /// Draws the samples, measures them, and shows the run in figures and on its page.
    fn finish(&mut self, observer: &mut dyn Observer) -> Result<Samples, TrainError> {
        let networks = self.for_sampling(observer)?;
        let (problem, data) = (self.trainer.problem(), self.trainer.data());
        let config = problem.config();
        let denoiser = RunDenoiser::new(problem.diffusion(), &networks).of(data);
        let device = self.trainer.device();
        let given = Given::of_config(&config.sample.condition, data)?;
        let samples = draw_of_run(
            problem,
            (config.sample.count, config.seed),
            data,
            (&denoiser, None),
            &given,
            device,
            &mut sampling(observer),
        )?;
        samples.check_finite()?;
        self.folder.check()?;
        let run = self.folder.path();
        let path = run.join(SAMPLES);
        let rows = BothSpaces::of_samples(data, &samples.values, &samples.told);
        write_durably(&path, &csv_file(&path, &data.columns(), &rows.user)?)?;
        self.written.push(path);
        self.moments = rows.moments();
        let mut sums = vec![CONFIG, METRICS, SAMPLES];
        if config.report.evaluation {
            observer.event(Event::Evaluating);
            let untrained = &self.untrained;
            let stop = &mut |_| asked_to_stop(observer);
            match evaluate_samples(problem, data, &samples, &denoiser, untrained, device, stop) {
                Ok(evaluation) => {
                    write_evaluation(run, &evaluation)?;
                    self.written.push(run.join(EVALUATION));
                    self.evaluation = Some(evaluation);
                    sums.push(EVALUATION);
                }
                Err(TrainError::Interrupted) => return Err(TrainError::Interrupted),
                // Samples that cannot be measured are kept all the same.
                Err(error) => {
                    observer.event(Event::Warning(&format!("not evaluated: {error}")));
                }
            }
        }
        let remarks = level_remarks(&config.report, data, &samples);
        remarks.iter().for_each(|remark| observer.event(Event::Remark(remark)));
        // Levels that are not finite are left out: a figure has no place for them, and JSON no number.
        let finite = |level: &LevelSummary| {
            level.mean.iter().chain(&level.std).all(|value| value.is_finite())
        };
        let kept = |i: &usize| finite(&samples.levels[*i]);
        let kept: Vec<_> = (0..samples.levels.len()).filter(kept).collect();
        let levels: Vec<_> = kept.iter().map(|i| samples.levels[*i].clone()).collect();
        write_levels(run, &levels)?;
        sums.push(LEVELS);
        if config.report.needs_trajectory() {
            sums.push(TRAJECTORY);
            let way: Vec<_> = kept.iter().map(|i| samples.trajectory[*i].as_slice()).collect();
            write_trajectory(run, samples.features, &way)?;
        }
        for name in sums {
            let path = run.join(name);
            let bytes =
                disk::read(&path).map_err(|source| TrainError::io("cannot read", &path, source))?;
            self.manifest.files.insert(name.to_owned(), blake3::hash(&bytes).to_string());
        }
        self.manifest.state = RunState::Finished;
        self.manifest.step = self.trainer.steps_made();
        self.manifest.attribution = data.attribution().map(str::to_owned);
        self.write_manifest()?;
        #[cfg(feature = "figures")]
        match crate::show::report::draw(run, problem, data) {
            Ok(drawn) => {
                for name in drawn.skipped {
                    observer.event(Event::Warning(&format!(
                        "report.figures: this data has nothing to draw `{name}` from"
                    )));
                }
                self.written.extend(drawn.written);
            }
            // The weights and samples are saved, and `langevin report` can draw the figures later.
            Err(error @ TrainError::Figure { .. }) => {
                observer.event(Event::Warning(&error.to_string()));
            }
            Err(error) => return Err(error),
        }
        self.written.iter().for_each(|path| observer.event(Event::Wrote(path)));
        Ok(samples)
    }
}
