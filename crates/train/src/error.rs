//! What can go wrong with a run, and whose fault it is.

mod shell;
mod words;

use std::{
    error::Error,
    path::{Path, PathBuf},
};

use langevin_core::CoreError;

pub use self::shell::{shell_word, steers_a_terminal};
use self::words::{after_colon, gibibytes, in_words, run_of, what_is_left, why_no_run};

/// Characters of a field's path, and of what is wrong with it, that a message shows.
pub(crate) const SHOWN: usize = 1000;

/// A run that cannot start, or cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// A field of the run file, by its path.
    #[error("{path}: {message}")]
    Config {
        /// The field, as `train.batch`.
        path: String,
        /// What is wrong with it, and what is required.
        message: String,
    },
    /// The run file is not JSON.
    #[error("{name} is not valid JSON: {}", in_words(source))]
    Json {
        /// The file, or what stands for it.
        name: String,
        /// Where and what.
        source: serde_json::Error,
    },
    /// A table that cannot be used.
    #[error(transparent)]
    Table(#[from] langevin_data::TableError),
    /// Rows that cannot be compared.
    #[error("evaluation: {0}")]
    Evaluation(#[from] langevin_data::measure::MeasureError),
    /// A run file with more bytes than are read.
    #[error("{name} has {bytes} bytes, and a run file at most {most}")]
    ConfigTooLarge {
        /// The file, or what stands for it.
        name: String,
        /// Its bytes.
        bytes: usize,
        /// The most bytes of a run file.
        most: u64,
    },
    /// An override that cannot be applied to the run file.
    #[error("--set {setting}: {source}")]
    Setting {
        /// The override, as `train.batch=64`; its start where it is long.
        setting: String,
        /// Why not.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The name of an instruction set that is unknown, or that this machine lacks.
    #[error("must be one of {}, which this machine has, got {given:?}", known.join(", "))]
    Instructions {
        /// The name.
        given: String,
        /// The names of the sets that this machine has.
        known: Vec<&'static str>,
    },
    /// An instruction set that is chosen after kernels have run with another.
    #[error("{given}: this process computes with {used} already")]
    InstructionsInUse {
        /// The name of the chosen set.
        given: &'static str,
        /// The name of the set in use.
        used: &'static str,
    },
    /// A folder that was taken for a run's.
    #[error("{} is not a run: {}", path.display(), why_no_run(path, lacks))]
    NotARun {
        /// The folder.
        path: PathBuf,
        /// The file of a run that it lacks.
        lacks: &'static str,
    },
    /// A folder for a new run that holds a run already.
    #[error(
        "{} holds a run already: go on with it by `train --resume {}`, or name another folder",
        .0.display(),
        shell_word(.0)
    )]
    HoldsARun(PathBuf),
    /// A folder for samples that holds pictures of others.
    #[error("{} holds pictures of other samples: name another folder", .0.display())]
    HoldsPictures(PathBuf),
    /// A folder for a new run that holds other files.
    #[error("{} is not empty: name another folder", .0.display())]
    FolderNotEmpty(PathBuf),
    /// A run's name whose every numbered folder is taken.
    #[error("every name after {} is taken", .0.display())]
    NamesTaken(PathBuf),
    /// A run that another process trains in.
    #[error("another process is training in {}{}", run.display(), after_colon(holder.as_deref()))]
    Locked {
        /// The run's folder.
        run: PathBuf,
        /// The process and its machine, where the lock names them.
        holder: Option<String>,
    },
    /// A lock that is a link or a folder, and may lead to a file that is not the run's.
    #[error("{} must be a file, not a link or a folder", .0.display())]
    LockNotAFile(PathBuf),
    /// A run's folder on a file system without locks.
    #[error(
        "cannot lock {}: {source}. This file system has no locks, so that a second process could train in the same run \
         and spoil it. Where no other process does, add --no-lock; or name a folder elsewhere by --out",
        path.display()
    )]
    NoLocks {
        /// The lock's file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A run that was stopped before it had a manifest, where its records are asked for.
    #[error(
        "{} is not a run: it has no manifest.json, since it was stopped at its start; `langevin train --resume {}` \
         begins it again",
        .0.display(),
        shell_word(.0)
    )]
    StoppedAtStart(PathBuf),
    /// A folder that is empty, or of a run that was stopped before it wrote its config.
    #[error(
        "{} holds no run yet, as after a stop at its very start: the command that began it begins it again, with --out {}",
        .0.display(),
        shell_word(.0)
    )]
    NotBegun(PathBuf),
    /// A folder without runs.
    #[error("there is no run under {}; `langevin train` makes one", .0.display())]
    NoRun(PathBuf),
    /// A run or a checkpoint that does not belong to the network, the data or the run file at hand.
    #[error("{}: {source}", path.display())]
    Mismatch {
        /// The folder of the run or the checkpoint.
        path: PathBuf,
        /// What differs.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A table whose rows are not those that a run was trained on.
    #[error(
        "{}: was trained on other data than config.json describes, or its file has changed since", .0.display()
    )]
    OtherTable(PathBuf),
    /// More steps than the run's length for a run whose learning rates depend on it.
    #[error(
        "--steps {steps}: the learning rate of every step depends on the run's length of {length}, so a run \
         of another length is another run from its first step on. Start it anew, or use a learning rate \
         of kind `constant` or `step_decay`"
    )]
    LengthDecidesRates {
        /// The steps asked for.
        steps: u64,
        /// The run's length.
        length: u64,
    },
    /// Fewer steps than the run has made.
    #[error("--steps {steps}: the run has made {made} steps already; name more of them")]
    StepsMade {
        /// The steps asked for.
        steps: u64,
        /// The steps made.
        made: u64,
    },
    /// A trainer that is not at its start, for a new run.
    #[error("a new run needs a trainer at step 0, and this one has made {made} steps")]
    NotNew {
        /// The steps made.
        made: u64,
    },
    /// A trainer that was made from another config than it was asked for.
    #[error(
        "the trainer must be made from the config that it was given, and was made from another"
    )]
    OtherConfig,
    /// A number of steps to reproduce that the run has not made.
    #[error("--steps: must be from 1 to {made}, got {given}")]
    StepsToReproduce {
        /// The number.
        given: u64,
        /// The steps that the run has made.
        made: u64,
    },
    /// A run to reproduce without a log line to compare with.
    #[error("the run has no log line up to step {0} to compare with")]
    NoLogLine(u64),
    /// Data without held-out rows to measure samples by.
    #[error("no rows are held out to measure by: data.holdout must be above 0")]
    NothingHeldOut,
    /// A run that needs more memory than is free.
    #[error(
        "this run needs about {} of memory, {} are free{}: lower the numbers of denoiser.network, \
         train.batch or sample.count",
        gibibytes(*needed),
        gibibytes(*free),
        within.as_ref().map_or(String::new(), |within| format!(" within {within}"))
    )]
    TooLittleMemory {
        /// Bytes that the run needs, roughly.
        needed: u64,
        /// Bytes that are free.
        free: u64,
        /// What sets them, where it is not the machine's memory.
        within: Option<String>,
    },
    /// A file for samples that cannot be what its name asks for.
    #[error("{}: {}", .0.display(), .1)]
    SamplesFile(PathBuf, Box<dyn Error + Send + Sync>),
    /// A file of given values that cannot be used.
    #[error("{}: {why}", path.display())]
    GivenFile {
        /// The file.
        path: PathBuf,
        /// What it must be.
        why: String,
    },
    /// A run that cannot guide the samples of another.
    #[error("--guide {}: {why}", run.display())]
    Guide {
        /// The run.
        run: PathBuf,
        /// Why it cannot.
        why: String,
    },
    /// A file in a run's folder that Langevin did not write, or that was changed since.
    #[error("{}: {source}", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A file that would be overwritten.
    #[error("{} exists already; name another file by --out", .0.display())]
    Exists(PathBuf),
    /// A file or folder could not be read or written.
    #[error("{action} {}: {source}", path.display())]
    Io {
        /// What was tried, as "cannot write".
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A run without a checkpoint.
    #[error("{} holds no checkpoint yet: `train --resume {}` begins the run again", .0.display(), shell_word(run_of(.0)))]
    NoCheckpoint(PathBuf),
    /// A run whose checkpoints are all damaged.
    #[error(
        "{}: none of its {count} checkpoints is sound, so train the run anew: langevin train {}",
        folder.display(),
        shell_word(&run_of(folder).join("config.json"))
    )]
    NoSoundCheckpoint {
        /// The folder of its checkpoints.
        folder: PathBuf,
        /// Their number.
        count: usize,
    },
    /// A checkpoint that is not what was saved.
    #[error("checkpoint {} is damaged: {source}", path.display())]
    DamagedCheckpoint {
        /// The checkpoint.
        path: PathBuf,
        /// The damage.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A checkpoint whose arrays need more memory than is free.
    #[error(
        "cannot read {}: its files need {needed} bytes of memory, {free} are free",
        path.display()
    )]
    LargeCheckpoint {
        /// The checkpoint.
        path: PathBuf,
        /// Bytes that its files and their arrays need.
        needed: u64,
        /// Bytes that are free.
        free: u64,
    },
    /// The checkpoint of the lowest held-out loss, with arrays that are not the network's.
    #[error("the best checkpoint {} does not fit the network: {source}", path.display())]
    BestCheckpoint {
        /// The checkpoint.
        path: PathBuf,
        /// The first array that differs.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Arrays that cannot be written as safetensors.
    #[error("cannot save the arrays: {0}")]
    SaveArrays(#[source] Box<dyn Error + Send + Sync>),
    /// A file of a run in a format that a later version writes.
    #[error("{} has format {format}, and this program reads up to {known}: a newer Langevin wrote it, so use that one", file.display())]
    NewerFormat {
        /// The file.
        file: PathBuf,
        /// Its format.
        format: u32,
        /// The newest that is known here.
        known: u32,
    },
    /// Random frequencies of the level's embedding that do not fit it.
    #[error("level_embedding.frequencies is missing or has another shape")]
    Frequencies {
        /// How many there are.
        given: usize,
        /// How many the embedding has.
        needed: usize,
    },
    /// A loss, a gradient or a weight that is not finite.
    #[error(
        "step {step}: the {quantity} is {value}. Nothing after the last checkpoint was kept; try a \
         lower train.learning_rate or a train.clip_norm"
    )]
    NotFinite {
        /// The first such step, from 1.
        step: u64,
        /// "loss", "gradient norm", or an array of a checkpoint.
        quantity: String,
        /// The value.
        value: f64,
    },
    /// Samples with numbers that are not finite, which are not written.
    #[error(
        "{unfit} of the samples' {all} numbers are not finite, and no sample was written: the network has learnt too \
         little, or the sampling leaves the range of 32-bit floats"
    )]
    SamplesNotFinite {
        /// How many numbers are not finite.
        unfit: usize,
        /// All numbers of the samples.
        all: usize,
    },
    /// A trainer whose earlier step failed after it had moved the weights.
    #[error(
        "step {step} failed after its weights had moved, so training cannot go on from there: {why}"
    )]
    FailedBefore {
        /// The step, from 1.
        step: u64,
        /// What it failed with.
        why: String,
    },
    /// Stopped on request; what was done before is saved.
    #[error("stopped on request")]
    Interrupted,
    /// The device failed.
    #[error("the device failed: {0}")]
    Device(#[source] Box<dyn Error + Send + Sync>),
    /// The backend, or a part of the program, gave up in the midst of something.
    #[error(
        "the run stopped at a panic, as a lost device or a defect causes{}",
        after_colon(.0.as_deref())
    )]
    Panic(Option<String>),
    /// A run stopped by an error, with what is left of it.
    #[error("{source}\n{}", what_is_left(run, last.as_deref()))]
    Stopped {
        /// What stopped it.
        source: Box<TrainError>,
        /// The run's folder.
        run: PathBuf,
        /// Its newest checkpoint.
        last: Option<PathBuf>,
    },
    /// A figure could not be drawn.
    #[error("cannot draw the figure {name}: {source}")]
    Figure {
        /// The figure, film or page, or the file that it is drawn from.
        name: String,
        /// Why not.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl TrainError {
    /// Whether the arguments, the config or the data cannot be run at all (exit code 2), rather
    /// than something having failed at run time (exit code 1).
    pub const fn is_usage(&self) -> bool {
        !matches!(
            self,
            Self::Evaluation(_)
                | Self::Io { .. }
                | Self::NoLocks { .. }
                | Self::NoCheckpoint(_)
                | Self::NoSoundCheckpoint { .. }
                | Self::DamagedCheckpoint { .. }
                | Self::LargeCheckpoint { .. }
                | Self::BestCheckpoint { .. }
                | Self::SaveArrays(_)
                | Self::Frequencies { .. }
                | Self::NotFinite { .. }
                | Self::SamplesNotFinite { .. }
                | Self::FailedBefore { .. }
                | Self::Interrupted
                | Self::Device(_)
                | Self::Panic(_)
                | Self::Stopped { .. }
                | Self::Figure { .. }
        )
    }

    /// What is left of a run that an error stopped, and how to go on from it.
    #[must_use]
    pub fn what_is_left(&self) -> Option<String> {
        match self {
            Self::Stopped { run, last, .. } => Some(what_is_left(run, last.as_deref())),
            _ => None,
        }
    }

    pub(crate) fn config(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Config { path: shortened(path.into()), message: shortened(message.into()) }
    }

    pub(crate) fn io(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }

    pub(crate) fn mismatch(path: &Path, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Mismatch { path: path.to_owned(), source: source.into() }
    }

    pub(crate) fn device(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Device(source.into())
    }

    pub(crate) fn figure(name: &str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Figure { name: name.to_owned(), source: source.into() }
    }
}

/// A text of which a message shows only so much: it may repeat a value of any length.
fn shortened(text: String) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Puts the section of the run file before a part's own message.
pub(crate) fn in_section<E: std::fmt::Display>(section: &str) -> impl Fn(E) -> TrainError + '_ {
    move |error| {
        let message = error.to_string();
        match message.split_once(": ") {
            Some((field, rest))
                if field.chars().all(|c| c.is_alphanumeric() || "_[].".contains(c)) =>
            {
                TrainError::config(format!("{section}.{field}"), rest)
            }
            _ => TrainError::config(section, message),
        }
    }
}

/// A part of `denoiser` or `noise` that does not fit another.
pub(crate) fn at_field(path: &str) -> impl Fn(CoreError) -> TrainError + '_ {
    move |error| TrainError::config(path, error.to_string())
}

#[cfg(test)]
mod tests;
