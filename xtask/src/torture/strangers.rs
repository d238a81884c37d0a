//! Run folders of strangers: damaged and hostile ones, under every command.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    Bench, Extent, MEMORY, PANICS, PATIENCE, SEED, measured::measured, mutations::mutant, names,
    random::Random,
};

/// What would steer a terminal, or forge a line of ours.
const STEERS: [&str; 7] = [
    "\u{1b}[31mred",
    "a\u{7}bell",
    "\nerror: fake",
    "\r\u{1b}[2Kgone",
    "\u{9b}2J",
    "\u{202e}turned",
    "\u{1b}]0;title\u{7}\t\u{8}",
];

/// Commands, where RUN is the folder and OUT a new name.
const COMMANDS: [&[&str]; 14] = [
    &["runs", "."],
    &["compare", "RUN", "whole"],
    &["report", "RUN"],
    &["verify", "RUN"],
    &["sample", "RUN", "--count", "10", "--out", "OUT.csv"],
    &["evaluate", "RUN", "--count", "40"],
    &["film", "RUN", "--out", "OUT.gif"],
    &["export", "RUN", "--out", "OUT.safetensors"],
    &["reproduce", "RUN", "--steps", "2"],
    &["train", "--resume", "RUN", "--stop-after", "1"],
    &["--json", "train", "RUN/config.json", "--dry-run"],
    &["--json", "verify", "RUN"],
    &["--json", "runs", "."],
    &["init", "RUN/samples.csv", "--out", "OUT.json"],
];

/// Gives every command folders of strangers. Each must end in time, within a gigabyte, with no character on its output
/// that steers a terminal, and no line that a stranger wrote.
pub fn strangers(bench: &Bench, extent: Extent) -> Result<String, String> {
    let mut random = Random::new(SEED + 3);
    let config = super::RUN.replace("ENGINE", "auto").replace("\"steps\": 150", "\"steps\": 6");
    bench.write("small.json", config.as_bytes())?;
    bench.succeed(&["train", "small.json", "--out", "whole-small", "--quiet"])?;
    let (mut runs, mut peak) = (0, 0);
    for number in 0..extent.strangers {
        let name = match random.below(4) {
            0 => format!("stranger {}", random.one_of(&STEERS).replace('/', "")),
            _ => format!("stranger-{number}"),
        };
        let folder = bench.path(&name);
        copy(&bench.path("whole-small"), &folder)?;
        for _ in 0..=random.below(3) {
            spoil(&folder, &mut random)?;
        }
        for command in COMMANDS {
            let out = format!("new-{number}");
            let arguments: Vec<String> =
                command.iter().map(|it| it.replace("RUN", &name).replace("OUT", &out)).collect();
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let taken = judge(bench, &arguments)
                .map_err(|error| format!("folder {number}, `{}`: {error}", arguments.join(" ")))?;
            peak = peak.max(taken);
            runs += 1;
        }
        fs::remove_dir_all(&folder).map_err(|error| format!("{name}: {error}"))?;
        for ending in ["csv", "gif", "mp4", "safetensors", "json"] {
            let _ = fs::remove_file(bench.path(&format!("new-{number}.{ending}")));
        }
    }
    bench.remove("whole-small")?;
    Ok(format!(
        "{} folders under {} commands, {runs} times: nothing raw, no panic, no hang, at most {} MiB of memory",
        extent.strangers,
        COMMANDS.len(),
        peak >> 10
    ))
}

/// Spoils a folder: text in the place of a value or a key, mutated bytes, a file that is gone, or is none.
fn spoil(folder: &Path, random: &mut Random) -> Result<(), String> {
    let files: Vec<PathBuf> = names(folder)?.iter().map(|name| folder.join(name)).collect();
    let files: Vec<&PathBuf> = files.iter().filter(|path| path.is_file()).collect();
    let Some(path) = files.get(random.below(files.len().max(1))) else { return Ok(()) };
    let texts = ["manifest.json", "config.json", "evaluation.json", "levels.json"];
    let text = folder.join(random.one_of(&texts));
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    match random.below(8) {
        0 => fs::remove_file(path).map_err(failed)?,
        1 => {
            let bytes = fs::read(path).map_err(failed)?;
            fs::write(path, mutant(&bytes, b':', random)).map_err(failed)?;
        }
        2 => {
            fs::remove_file(path).map_err(failed)?;
            fs::create_dir(path).map_err(failed)?;
        }
        #[cfg(unix)]
        3 => {
            fs::remove_file(path).map_err(failed)?;
            let to = random.one_of(&["/dev/zero", "/dev/full", "nowhere", "metrics.jsonl"]);
            std::os::unix::fs::symlink(to, path).map_err(failed)?;
        }
        _ if text.is_file() => {
            let bytes = fs::read(&text).map_err(failed)?;
            fs::write(&text, steered(&String::from_utf8_lossy(&bytes), random)).map_err(failed)?;
        }
        _ => {}
    }
    Ok(())
}

/// A JSON text with hostile characters in one of its strings, as an escape or as they are.
fn steered(text: &str, random: &mut Random) -> String {
    let quotes: Vec<usize> = text.match_indices('"').map(|(place, _)| place + 1).collect();
    let Some(place) = quotes.get(random.below(quotes.len().max(1))) else { return text.to_owned() };
    let hostile = random.one_of(&STEERS);
    let escaped = |c: char| match u32::from(c) {
        control @ (0..0x20 | 0x7f..0xa0) => format!("\\u{control:04x}"),
        _ => c.to_string(),
    };
    let hostile = match random.below(4) {
        0 => (*hostile).to_owned(),
        _ => hostile.chars().map(escaped).collect(),
    };
    format!("{}{hostile}{}", &text[..*place], &text[*place..])
}

/// Runs a command and gives the most memory that it had, in KiB; an error where it broke a promise.
fn judge(bench: &Bench, arguments: &[&str]) -> Result<u64, String> {
    let ended = measured(&mut bench.program.command(arguments), bench.folder)?;
    let said = [ended.out.as_str(), ended.err.as_str()];
    let fault = if said.iter().any(|text| PANICS.iter().any(|word| text.contains(word))) {
        "it panicked"
    } else if !matches!(ended.code, Some(0..=2)) {
        "its exit code is not 0, 1 or 2"
    } else if said.iter().any(|text| text.chars().any(is_raw)) {
        "it printed a raw control character"
    } else if said.iter().any(|text| text.lines().any(|line| line.starts_with("error: fake"))) {
        "it printed a line of a stranger's"
    } else if ended.took > PATIENCE {
        "it took too long"
    } else if ended.peak > MEMORY {
        "it took more than a gigabyte"
    } else {
        return Ok(ended.peak);
    };
    let (code, took, peak) = (ended.code, ended.took, ended.peak >> 10);
    Err(format!(
        "{fault}: exit code {code:?}, {took:?}, {peak} MiB: {:?} {:?}",
        ended.out, ended.err
    ))
}

/// Whether a character may steer a terminal: one below a blank but the end of a line and a tab, or one of C1.
const fn is_raw(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}')
}

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", to.display());
    fs::create_dir_all(to).map_err(failed)?;
    for name in names(from)? {
        let (source, target) = (from.join(&name), to.join(&name));
        match source.is_dir() {
            true => fs::create_dir_all(&target).map_err(failed)?,
            false => drop(fs::copy(&source, &target).map_err(failed)?),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_characters_are_those_that_steer() {
        assert!("a\n\tb größe".chars().all(|c| !is_raw(c)));
        for text in ["\u{1b}", "\u{7}", "\r", "\u{9b}", "\u{7f}"] {
            assert!(text.chars().all(is_raw), "{text:?}");
        }
    }

    #[test]
    fn a_string_gets_what_steers() {
        let mut random = Random::new(1);
        let texts: Vec<_> = (0..50).map(|_| steered(r#"{"a": "b"}"#, &mut random)).collect();
        assert!(texts.iter().all(|text| text.len() > 10));
        assert!(texts.iter().any(|text| text.contains('\u{1b}')));
        assert!(texts.iter().any(|text| text.contains("\\u001b")));
    }
}
