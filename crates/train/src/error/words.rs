//! Words of errors: what a path is instead of a run, what is left of one, what a parser means.

use std::path::Path;

use super::shell::shell_word;

/// A text after a colon, where there is one.
pub(super) fn after_colon(text: Option<&str>) -> String {
    text.map_or(String::new(), |text| format!(": {text}"))
}

/// A number of bytes, as `1.5 GiB`.
pub(super) fn gibibytes(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30))
}

/// The run of a folder of checkpoints.
pub(super) fn run_of(folder: &Path) -> &Path {
    folder.parent().filter(|_| folder.ends_with("checkpoints")).unwrap_or(folder)
}

/// Why a path is no run's folder, and what to do.
pub(super) fn why_no_run(path: &Path, lacks: &str) -> String {
    match path {
        _ if path.is_file() => format!(
            "it is a file, and the folder of a run is required; if it is a run file: langevin train {}",
            shell_word(path)
        ),
        _ if path.is_symlink() && !path.is_dir() => {
            "it is a link that leads to no folder; `langevin runs` lists the runs under runs"
                .to_owned()
        }
        _ if path.is_dir() => {
            format!("it has no {lacks}; `langevin runs` lists the runs under runs")
        }
        _ if Path::new("runs").join(path).is_dir() => {
            format!(
                "there is no such folder; did you mean {}?",
                shell_word(&Path::new("runs").join(path))
            )
        }
        _ => "there is no such folder; `langevin runs` lists the runs under runs".to_owned(),
    }
}

/// The parser's message on JSON in the words of who wrote it.
pub(super) fn in_words(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let words = [
        ("EOF while parsing a string", "it ends within a text, whose closing quote is missing,"),
        ("EOF while parsing an object", "it ends before an object does: a } is missing,"),
        ("EOF while parsing a list", "it ends before a list does: a ] is missing,"),
        ("EOF while parsing a value", "it ends where a value is required,"),
        ("expected value", "a value is required (a text stands in double quotes)"),
        ("expected ident", "a value is required (a text stands in double quotes)"),
        ("key must be a string", "the name of a field is required, in double quotes,"),
        ("trailing comma", "a comma stands after the last entry"),
        ("trailing characters", "something stands after its end"),
    ];
    let known = words.iter().find_map(|(start, words)| Some((words, message.strip_prefix(start)?)));
    known.map_or(message.clone(), |(words, place)| format!("{words}{place}"))
}

/// The last good checkpoint of a run that stopped, and how to go on from it.
pub(super) fn what_is_left(run: &Path, last: Option<&Path>) -> String {
    match last {
        Some(last) => format!(
            "the last good checkpoint is {}: go on from it with `train --resume {}`",
            last.display(),
            shell_word(run)
        ),
        None => format!("there is no checkpoint in {}", run.display()),
    }
}
