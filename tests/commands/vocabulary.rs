//! What pages may name, from the program itself: its commands and flags by `--help`, the fields of run
//! files by `schema`; the commands of xtask and the tests by the sources.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;

use crate::{
    documents::ROOT,
    markdown::{code, commands, without_comments},
    program::Program,
};

/// Flags of cargo and xtask that pages name on their own.
const OTHER_FLAGS: [&str; 9] = [
    "--all-features",
    "--features",
    "--locked",
    "--no-default-features",
    "--only",
    "--release",
    "--rounds",
    "--short",
    "--workspace",
];

/// What comes after a section's name in the name of a file, as `report.html` and `data.rs`.
const FILE_ENDINGS: [&str; 8] = ["csv", "html", "json", "jsonl", "npy", "png", "rs", "svg"];

/// What a page may name.
pub struct Vocabulary {
    program: Program,
    /// The schema of run files.
    schema: Value,
    /// The commands of xtask and the parts of its check.
    xtask: [Vec<String>; 2],
    /// All Rust code of the workspace.
    sources: String,
}

/// The subcommands and flags that a help text lists; a flag with whether a value follows it.
fn listed(help: &str) -> (Vec<&str>, BTreeMap<&str, bool>) {
    let (mut commands, mut flags) = (Vec::new(), BTreeMap::new());
    let mut heading = "";
    for line in help.lines() {
        let text = line.trim_start();
        // Descriptions that go on in the next line stand further right.
        match line.len() - text.len() {
            0 => heading = text,
            2 if heading == "Commands:" => {
                commands.extend(text.split(' ').next().filter(|name| *name != "help"));
            }
            2 | 6 if text.starts_with('-') => {
                let names = text.split("  ").next().unwrap_or(text);
                let valued = names.contains(" <");
                let names = names.split([' ', ',']).filter(|name| name.starts_with('-'));
                flags.extend(names.map(|name| (name.trim_end_matches("..."), valued)));
            }
            _ => {}
        }
    }
    (commands, flags)
}

/// Whether a word stands for any of its kind, as `COMMAND` and `…` do.
fn stands_for_any(word: &str) -> bool {
    word.starts_with(|c: char| !c.is_ascii_lowercase())
}

impl Vocabulary {
    /// The vocabulary of the binary that was just built, and of the sources.
    pub fn new() -> Self {
        let program = Program::new();
        let schema = serde_json::from_str(&program.run(&["schema"]).code(0).out).expect("JSON");
        let commands = quoted_after("xtask/src/main.rs", "[\"");
        let parts = quoted_after("xtask/src/check.rs", "name: \"");
        let mut sources = String::new();
        for folder in ["crates", "tests", "xtask"] {
            read_sources(&Path::new(ROOT).join(folder), &mut sources);
        }
        Self { program, schema, xtask: [commands, parts], sources }
    }

    fn help(&self, path: &[&str]) -> String {
        self.program.run(&[path, &["--help"]].concat()).code(0).out
    }

    /// What a page names that does not exist, each with its line.
    pub fn faults(&self, page: &str) -> Vec<String> {
        let mut faults = Vec::new();
        for piece in code(page) {
            let mut found: Vec<String> = commands(&piece.text)
                .iter()
                .filter_map(|words| self.command(words).err())
                .collect();
            if piece.language.is_none() {
                found.extend(self.flag(&piece.text).err());
                found.extend(self.field(&piece.text).err());
                found.extend(self.test(&piece.text).err());
            }
            if let Some("json" | "jsonc") = piece.language.as_deref() {
                found.extend(self.json(&piece.text));
            }
            faults.extend(found.into_iter().map(|fault| format!("{}: {fault}", piece.line)));
        }
        faults
    }

    /// A command line, where it is one of ours.
    fn command(&self, words: &[String]) -> Result<(), String> {
        let words: Vec<&str> = words.iter().map(|word| word.trim_matches(['[', ']'])).collect();
        // A prompt and variables may stand before.
        let start = words.iter().position(|word| *word != "$" && !word.contains('='));
        match &words[start.unwrap_or(0)..] {
            ["langevin", arguments @ ..] => self.program(arguments),
            ["cargo", "xtask", arguments @ ..] => self.of_xtask(arguments),
            ["cargo", "run", "-p", "cli", flags @ ..] if !flags.contains(&"--example") => {
                let start = flags.iter().position(|word| *word == "--");
                self.program(start.map_or(&[], |start| &flags[start + 1..]))
            }
            _ => Ok(()),
        }
    }

    /// What follows `langevin`.
    fn program(&self, arguments: &[&str]) -> Result<(), String> {
        let mut path = Vec::new();
        let mut help = self.help(&path);
        let mut arguments = arguments.iter();
        while let Some(word) = arguments.next() {
            let (commands, flags) = listed(&help);
            let shown = [&["langevin"], path.as_slice()].concat().join(" ");
            if word.starts_with('-') {
                let name = word.split('=').next().unwrap_or(word);
                let valued = flags.get(name).ok_or(format!("`{shown}` has no flag `{name}`"))?;
                let value = if *valued && name == *word { arguments.next() } else { None };
                if let ("--set", Some(setting)) = (name, value) {
                    self.field(setting)?;
                }
            } else if !commands.is_empty() && !stands_for_any(word) && *word != "help" {
                if !commands.contains(word) {
                    return Err(format!("`{shown}` has no command `{word}`"));
                }
                path.push(*word);
                help = self.help(&path);
            }
        }
        Ok(())
    }

    /// What follows `cargo xtask`.
    fn of_xtask(&self, arguments: &[&str]) -> Result<(), String> {
        let [commands, parts] = &self.xtask;
        let (names, known) = match arguments {
            ["check", "--only", names] => (*names, parts),
            [command, ..] => (*command, commands),
            [] => return Ok(()),
        };
        let strange = names
            .split(',')
            .find(|name| !stands_for_any(name) && !known.iter().any(|known| known == name));
        strange.map_or(Ok(()), |name| Err(format!("xtask has no `{name}`")))
    }

    /// A flag on its own, which any command may have.
    fn flag(&self, text: &str) -> Result<(), String> {
        let name = text.split([' ', '=']).next().unwrap_or(text);
        if !name.starts_with("--") || name == "--" || OTHER_FLAGS.contains(&name) {
            return Ok(());
        }
        let help = self.help(&[]);
        let (commands, flags) = listed(&help);
        let of_command = |command: &&&str| listed(&self.help(&[command])).1.contains_key(name);
        if flags.contains_key(name) || commands.iter().any(|command| of_command(&command)) {
            return Ok(());
        }
        Err(format!("no command has a flag `{name}`"))
    }

    /// A path of a field, as `train.batch` or `train.batch=512`.
    fn field(&self, text: &str) -> Result<(), String> {
        let text = text.split('=').next().unwrap_or(text).trim();
        let path: Vec<&str> = text.split('.').collect();
        let is_name = |part: &&str| {
            !part.is_empty()
                && part.chars().all(|c| c.is_ascii_lowercase() || "_0123456789".contains(c))
        };
        let [section, .., last] = path.as_slice() else { return Ok(()) };
        if !path.iter().all(is_name) || FILE_ENDINGS.contains(last) || !self.holds(&[section]) {
            return Ok(());
        }
        if self.holds(&path) { Ok(()) } else { Err(format!("run files have no field `{text}`")) }
    }

    /// The name of a test, which is a whole sentence.
    fn test(&self, text: &str) -> Result<(), String> {
        let is_name = text.chars().all(|c| c.is_ascii_lowercase() || "_0123456789".contains(c));
        if !is_name
            || text.matches('_').count() < 3
            || self.sources.contains(&format!("fn {text}("))
        {
            return Ok(());
        }
        Err(format!("there is no test `{text}`"))
    }

    fn holds(&self, path: &[&str]) -> bool {
        self.schema_holds(&self.schema, path)
    }

    fn schema_holds(&self, schema: &Value, path: &[&str]) -> bool {
        let Some((first, rest)) = path.split_first() else { return true };
        let link =
            schema["$ref"].as_str().and_then(|link| self.schema.pointer(link.strip_prefix('#')?));
        let parts =
            ["oneOf", "anyOf", "allOf"].into_iter().filter_map(|name| schema[name].as_array());
        if parts.flatten().chain(link).any(|part| self.schema_holds(part, path)) {
            return true;
        }
        // The field of any item of a list, or of the one with a number.
        let items = schema.get("items");
        let below = match items {
            Some(items) if first.parse::<usize>().is_err() => {
                return self.schema_holds(items, path);
            }
            _ => items.or_else(|| schema["properties"].get(first)),
        };
        below.is_some_and(|below| self.schema_holds(below, rest))
    }

    /// A block of JSON: it is valid, and where it has sections of a run file, so are their fields.
    fn json(&self, text: &str) -> Vec<String> {
        let value: Value = match serde_json::from_str(&without_comments(text)) {
            Ok(value) => value,
            Err(error) => return vec![format!("not JSON: {error}")],
        };
        let section = |(name, value): (&String, &Value)| value.is_object() && self.holds(&[name]);
        if !value.as_object().is_some_and(|fields| fields.iter().any(section)) {
            return Vec::new();
        }
        let mut paths = Vec::new();
        fields(&value, &mut Vec::new(), &mut paths);
        let known =
            |path: &Vec<String>| self.holds(&path.iter().map(String::as_str).collect::<Vec<_>>());
        let strange = paths.into_iter().filter(|path| !known(path));
        strange.map(|path| format!("run files have no field `{}`", path.join("."))).collect()
    }
}

/// The paths of all fields of a document.
fn fields(value: &Value, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    let below: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(i, v)| (i.to_string(), v)).collect(),
        _ => return,
    };
    for (name, value) in below {
        path.push(name);
        found.push(path.clone());
        fields(value, path, found);
        path.pop();
    }
}

fn read_sources(folder: &Path, found: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            read_sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            *found += &fs::read_to_string(&path).expect("a source file");
        }
    }
}

/// What stands between `start` and the next quote, for every `start` before the tests of a file.
fn quoted_after(path: &str, start: &str) -> Vec<String> {
    let text = fs::read_to_string(Path::new(ROOT).join(path)).expect("a source file");
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let ends = code.split(start).skip(1).filter_map(|rest| rest.split('"').next());
    ends.map(str::to_owned).collect()
}

#[test]
fn a_help_text_lists_commands_and_flags_where_they_stand_and_not_in_descriptions() {
    let help = "Words.\n\nCommands:\n  train  Train\n  help   Print\n\nOptions:\n  -q, --quiet   Less\n      \
                --steps <N>  Stop, to go on by\n                   --resume\n\nExamples:\n  langevin run\n";
    let (commands, flags) = listed(help);
    assert_eq!(commands, ["train"]);
    assert_eq!(flags, BTreeMap::from([("-q", false), ("--quiet", false), ("--steps", true)]));
}
