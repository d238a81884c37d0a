//! Standard output and standard error, to which everything is printed here.

use std::{
    io::{self, ErrorKind, Write},
    sync::OnceLock,
};

use crate::failure::Failure;

/// Why standard output is written no more.
static ENDED: OnceLock<ErrorKind> = OnceLock::new();

/// Prints a line to standard output. Where that fails, a warning says so once, and no more is written; a reader that
/// has gone (`| head`) is no failure.
pub fn print(line: &str) {
    if ENDED.get().is_none() {
        ended(writeln!(io::stdout(), "{line}"));
    }
}

/// Prints a line to standard error.
pub fn note(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Takes note of whether standard output could be written.
pub fn ended(written: io::Result<()>) {
    if let Err(error) = written
        && ENDED.set(error.kind()).is_ok()
        && error.kind() != ErrorKind::BrokenPipe
    {
        note(&format!("warning: standard output cannot be written: {error}"));
    }
}

/// The exit code of a command whose output is its result.
///
/// # Errors
/// Output that is lost to other than a reader that has gone.
pub fn whole(code: u8) -> Result<u8, Failure> {
    match ENDED.get() {
        Some(kind) if *kind != ErrorKind::BrokenPipe => {
            Err(Failure::at_run_time(format!("not all of the output was written: {kind}")))
        }
        _ => Ok(code),
    }
}
