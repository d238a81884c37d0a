//! Failures: a message, and the exit code that says whose fault it was.

use std::path::Path;

use langevin_train::TrainError;

/// Largest number of characters of a message that is shown.
const MOST_SHOWN: usize = 4000;

/// A failure: a message, what to do about it, and an exit code.
#[derive(Debug)]
pub struct Failure {
    message: String,
    /// A second line: what is left, or a hint.
    then: Option<String>,
    code: u8,
}

impl Failure {
    /// A failure at run time: exit code 1.
    pub fn at_run_time(message: impl Into<String>) -> Self {
        Self { message: message.into(), then: None, code: 1 }
    }

    /// A failure of use, where arguments, config or data cannot be run: exit code 2.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { message: message.into(), then: None, code: 2 }
    }

    /// The failure with a second line.
    pub fn then(self, line: impl Into<String>) -> Self {
        Self { then: Some(line.into()), ..self }
    }

    /// The message.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Everything that it says.
    pub fn whole_message(&self) -> String {
        [self.message.clone()].into_iter().chain(self.then.clone()).collect::<Vec<_>>().join("\n")
    }

    /// The lines to print.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        [format!("error: {}", self.message)].into_iter().chain(self.then.clone())
    }

    /// The exit code.
    pub const fn code(&self) -> u8 {
        self.code
    }

    /// Failures of a command that writes to `out`, or else into a run's folder, which may be another user's.
    pub fn writing_to(out: Option<&Path>) -> impl Fn(TrainError) -> Self {
        move |error| {
            let is_unwritten =
                matches!(error, TrainError::Io { action: "cannot write" | "cannot create", .. });
            let mut failure = Self::from(error);
            if is_unwritten && out.is_none() {
                failure.message += "; name another place by --out";
            }
            failure
        }
    }
}

impl From<TrainError> for Failure {
    fn from(error: TrainError) -> Self {
        let code = if error.is_usage() { 2 } else { 1 };
        let then = error.what_is_left();
        let error = match error {
            TrainError::Stopped { source, .. } => *source,
            error => error,
        };
        let mut message = error.to_string();
        // The message may repeat a file's name, which may have any length.
        if let Some((end, _)) = message.char_indices().nth(MOST_SHOWN) {
            message.replace_range(end.., "…");
        }
        Self { message, then, code }
    }
}
