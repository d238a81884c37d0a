//! What can go wrong with a run, and whose fault it is.

use std::path::{Path, PathBuf};

use langevin_core::CoreError;

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
    #[error("{name} is not valid JSON: {source}")]
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
    /// The user asked for something that cannot be done, for a reason that the message gives.
    #[error("{0}")]
    Usage(String),
    /// A file that would be overwritten.
    #[error("{} exists already", .0.display())]
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
    /// No checkpoint of a run can be used.
    #[error("{0}")]
    Checkpoint(String),
    /// A file of a run in a format that a later version writes.
    #[error("{} has format {format}, and this program reads up to {known}: a newer Langevin wrote it", file.display())]
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
        given: Option<usize>,
        /// How many the embedding has.
        needed: Option<usize>,
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
    /// Stopped on request; what was done before is saved.
    #[error("stopped on request")]
    Interrupted,
    /// The device failed.
    #[error("the device failed: {0}")]
    Device(String),
    /// The backend, or a part of the program, gave up in the midst of something.
    #[error("the run stopped at a panic, as a lost device or a defect causes: {0}")]
    Panic(String),
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
    #[error("cannot draw the figure {name}: {message}")]
    Figure {
        /// Which.
        name: String,
        /// Why.
        message: String,
    },
}

impl TrainError {
    /// Whether the arguments, the config or the data cannot be run at all (exit code 2), rather
    /// than something having failed at run time (exit code 1).
    pub const fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::Config { .. }
                | Self::Json { .. }
                | Self::Table(_)
                | Self::Usage(_)
                | Self::Exists(_)
                | Self::NewerFormat { .. }
        )
    }

    pub(crate) fn config(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Config { path: shortened(path.into()), message: shortened(message.into()) }
    }

    pub(crate) fn io(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
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
                if field.chars().all(|c| c.is_alphanumeric() || "_[]".contains(c)) =>
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

/// The last good checkpoint of a run that stopped, and how to go on from it.
fn what_is_left(run: &Path, last: Option<&Path>) -> String {
    match last {
        Some(last) => format!(
            "the last good checkpoint is {}: go on from it with `train --resume {}`",
            last.display(),
            run.display()
        ),
        None => format!("there is no checkpoint in {}", run.display()),
    }
}
