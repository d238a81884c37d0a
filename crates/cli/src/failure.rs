//! Failures: a message, and the exit code that says whose fault it was.

use langevin_train::TrainError;

/// Largest number of characters of a message that is shown.
const MOST_SHOWN: usize = 4000;

/// A failure: a message, and an exit code.
#[derive(Debug)]
pub struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    /// A failure at run time: exit code 1.
    pub fn at_run_time(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 1 }
    }

    /// A failure of use, where arguments, config or data cannot be run: exit code 2.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 2 }
    }

    /// The message.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The exit code.
    pub const fn code(&self) -> u8 {
        self.code
    }
}

impl Failure {
    /// Failure of a command that wrote into a run's folder, which may be another user's, for want of a name by `--out`.
    pub fn of_default_out(error: TrainError) -> Self {
        let is_out =
            matches!(error, TrainError::Io { action: "cannot write" | "cannot create", .. });
        let mut failure = Self::from(error);
        if is_out {
            failure.message += "; name another place by --out";
        }
        failure
    }
}

impl From<TrainError> for Failure {
    fn from(error: TrainError) -> Self {
        let code = if error.is_usage() { 2 } else { 1 };
        let mut message = error.to_string();
        // The message may repeat a file's name, which may have any length.
        if let Some((end, _)) = message.char_indices().nth(MOST_SHOWN) {
            message.replace_range(end.., "…");
        }
        Self { message, code }
    }
}
