//! Standard output and standard error: all that is printed goes through here, line by line.
//!
//! Names and values come from files of others, and a character in them may steer a terminal or begin a line of its own.
//! A line is therefore printed with such characters written out, as [`shown`] does it.

use std::{
    borrow::Cow,
    fmt::Write as _,
    io::{self, ErrorKind, IsTerminal, Write},
    sync::OnceLock,
};

use indicatif::ProgressBar;
use langevin_train::steers_a_terminal;
use serde_json::{Value, json};

use crate::failure::Failure;

/// The form of what is told of work that goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A bar on a terminal.
    Live,
    Lines,
    Json,
    Quiet,
}

/// Why standard output is written no more.
static ENDED: OnceLock<ErrorKind> = OnceLock::new();

/// Prints a line to standard output. Where that fails, a warning says so once, and no more is written; a reader that
/// has gone (`| head`) is no failure.
pub fn print(line: &str) {
    write_out(&shown(line));
}

/// Prints lines to standard output.
pub fn print_lines<T: AsRef<str>>(lines: impl IntoIterator<Item = T>) {
    lines.into_iter().for_each(|line| print(line.as_ref()));
}

/// Prints a JSON value to standard output, as one line.
pub fn print_json(value: &Value) {
    write_out(&json_line(value));
}

/// A JSON value as a line. In JSON a character that steers can only stand in a string, where its escape means the same.
fn json_line(value: &Value) -> String {
    let escape = |c: char, text: &mut String| {
        let _ = write!(text, "\\u{:04x}", u32::from(c));
    };
    written_out(&value.to_string(), escape).into_owned()
}

/// Prints a line to standard error.
pub fn note(line: &str) {
    let _ = writeln!(io::stderr(), "{}", shown(line));
}

/// Prints lines to standard error.
pub fn note_lines<T: AsRef<str>>(lines: impl IntoIterator<Item = T>) {
    lines.into_iter().for_each(|line| note(line.as_ref()));
}

/// Prints a line to standard error, above a bar that is drawn there.
pub fn note_above(bar: &ProgressBar, line: &str) {
    bar.println(shown(line));
}

/// Prints a failure to standard error, and as JSON to standard output where that is asked for.
pub fn print_failure(failure: &Failure, as_json: bool) {
    if as_json {
        print_json(&json!({ "event": "error", "message": failure.whole_message() }));
    }
    note_lines(failure.lines());
}

/// Prints an error to standard error, and as JSON to standard output where that is asked for. It takes no memory and no
/// lock, which another thread may hold: the process has no memory left, and ends.
pub fn last_words(message: &[u8], as_json: bool) {
    // In one piece, so that nothing comes between.
    let line = |start: &[u8], end: &[u8], file: &mut dyn Write| {
        let (mut text, mut length) = ([0; 512], 0);
        for byte in [start, message, end].into_iter().flatten().take(text.len()) {
            text[length] = *byte;
            length += 1;
        }
        let _ = file.write_all(&text[..length]);
    };
    #[cfg(unix)]
    let [mut out, mut err] = [1, 2].map(|number| {
        use std::os::fd::FromRawFd;
        // SAFETY: both are the process's own and open as long as it runs; `ManuallyDrop` closes neither.
        std::mem::ManuallyDrop::new(unsafe { std::fs::File::from_raw_fd(number) })
    });
    #[cfg(not(unix))]
    let (mut out, mut err) = (Box::new(io::stdout()), Box::new(io::stderr()));
    line(b"error: ", b"\n", &mut *err);
    if as_json {
        line(b"{\"event\":\"error\",\"message\":\"", b"\"}\n", &mut *out);
    }
}

/// Whether a terminal shows standard error.
pub fn is_on_a_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Shows what a parser of arguments has to say, which is our own text with words of the user's in it.
pub fn explain(error: &mut clap::Error) {
    use clap::{builder::StyledStr, error::ContextValue};
    let context: Vec<_> = error.context().map(|(kind, value)| (kind, value.clone())).collect();
    for (kind, value) in context {
        let value = match value {
            ContextValue::String(text) => ContextValue::String(shown(&text).into_owned()),
            ContextValue::Strings(texts) => {
                ContextValue::Strings(texts.iter().map(|text| shown(text).into_owned()).collect())
            }
            // A tip that repeats what was typed.
            ContextValue::StyledStrs(tips) => {
                let plain = |tip: &StyledStr| shown(&tip.to_string()).into_owned().into();
                ContextValue::StyledStrs(tips.iter().map(plain).collect())
            }
            other => other,
        };
        error.insert(kind, value);
    }
    ended(error.print());
}

/// A text with every character written out that would steer a terminal or end the line: an escape as `\u{1b}`, the end
/// of a line as `\n`.
pub fn shown(text: &str) -> Cow<'_, str> {
    written_out(text, |c, text| text.extend(c.escape_default()))
}

/// A text with `write` in the place of every character that is not to be printed as it is.
fn written_out(text: &str, write: impl Fn(char, &mut String)) -> Cow<'_, str> {
    if !text.chars().any(steers_a_terminal) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if steers_a_terminal(c) { write(c, &mut shown) } else { shown.push(c) }
    }
    Cow::Owned(shown)
}

fn write_out(line: &str) {
    if ENDED.get().is_none() {
        ended(writeln!(io::stdout(), "{line}"));
    }
}

/// Takes note of whether standard output could be written.
fn ended(written: io::Result<()>) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_steer_a_terminal_is_written_out() {
        assert_eq!(shown("a\u{1b}[31m\u{7}\nb"), "a\\u{1b}[31m\\u{7}\\nb");
        assert_eq!(shown("\u{9b}2J \u{7f} \u{202e}x"), "\\u{9b}2J \\u{7f} \\u{202e}x");
        assert_eq!(shown("größe 日本 \\n"), "größe 日本 \\n");
        assert_eq!(shown(&shown("\t")), "\\t", "once is enough");
    }

    #[test]
    fn json_with_its_characters_written_out_means_the_same() {
        let value = Value::from("\u{9b}\u{1b}\u{2028}\"\u{7f}");
        let text = json_line(&value);
        assert!(!text.chars().any(steers_a_terminal), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).expect("JSON"), value);
    }
}
