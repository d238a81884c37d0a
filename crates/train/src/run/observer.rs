//! Interface between a run and its caller: options beside the config, events while the run goes on, and
//! a report at its end.

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use burn::tensor::Device;
use langevin_data::measure::Evaluation;

use crate::{
    sample::Samples,
    store::{Locking, Program},
    trainer::{Metrics, StepReport},
};

/// Event of a run, told while the run goes on.
#[derive(Debug)]
pub enum Event<'a> {
    /// The run's folder is there and its first step comes next.
    Started {
        /// The run's folder.
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
        /// Step of the checkpoint.
        step: u64,
    },
    /// Something about the data or the run that the user should know.
    Remark(&'a str),
    /// Something that is wrong and stops nothing.
    Warning(&'a str),
    /// A share of the samples is drawn.
    Sampling(f64),
    /// The samples are being measured.
    Evaluating,
    /// A file was written.
    Wrote(&'a Path),
}

/// Observer of a run, which hears its events and may ask it to stop.
pub trait Observer {
    /// Hears an event.
    fn event(&mut self, event: Event);

    /// Whether the run should stop after this step; its state is saved first.
    fn stop(&mut self) -> bool {
        false
    }
}

impl Observer for () {
    fn event(&mut self, _event: Event) {}
}

/// Report on how a run ended.
#[derive(Debug, Clone, PartialEq)]
pub struct RunReport {
    /// The run's folder.
    pub run: PathBuf,
    /// Steps made in all.
    pub step: u64,
    /// Steps made by this process.
    pub steps_here: u64,
    /// Whether all of its steps are made and its samples drawn.
    pub finished: bool,
    /// Seconds spent in training steps by this process.
    pub training_seconds: f64,
    /// The last line of metrics.jsonl that this process wrote.
    pub metrics: Option<Metrics>,
    /// The samples, where the run finished.
    pub samples: Option<Samples>,
    /// Mean and standard deviation of the samples by column, in the user's units; empty without samples.
    pub moments: Vec<(f64, f64)>,
    /// Evaluation of the samples against held-out rows, where they were measured.
    pub evaluation: Option<Evaluation>,
    /// The files of results that were written.
    pub written: Vec<PathBuf>,
}

/// Options of a run beside its config.
#[derive(Debug, Clone)]
pub struct RunOptions<'a> {
    /// The device that trains and samples.
    pub device: &'a Device,
    /// The program, for the manifest.
    pub program: Program,
    /// Number of steps of this process after which the run saves its state and stops.
    pub stop_after: Option<u64>,
    /// What to do where the file system has no locks.
    pub locking: Locking,
}

impl<'a> RunOptions<'a> {
    /// Options of a run that goes on to its end, in a folder that is locked.
    pub const fn new(device: &'a Device, program: Program) -> Self {
        Self { device, program, stop_after: None, locking: Locking::Required }
    }
}

/// Callback for sampling that tells the observer the share of the samples that is drawn, and asks
/// whether to stop.
pub(crate) fn sampling(observer: &mut dyn Observer) -> impl FnMut(f64) -> ControlFlow<()> {
    |share| {
        observer.event(Event::Sampling(share));
        asked_to_stop(observer)
    }
}

/// Asks the observer whether to stop; `Break` means yes.
pub(crate) fn asked_to_stop(observer: &mut dyn Observer) -> ControlFlow<()> {
    if observer.stop() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}
