//! `cargo xtask tidy`: the small rules that reviewers would otherwise repeat, over every file that
//! git keeps or would keep.
//!
//! A rule is a pure function of a file's path and text; a new one is a function with a test that it
//! fails, and one line in [`RULES`]. Rules on the structure of the code are given all Rust files.

mod front_page;
mod links;
mod manifests;
mod modules;
mod paths;
mod places;
mod rooms;
mod text;

use std::collections::BTreeSet;
use std::fmt;

use crate::cargo::Workspace;

/// A place where a rule does not hold, and what to do.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    path: String,
    line: usize,
    rule: &'static str,
    advice: String,
}

impl Finding {
    fn new(path: &str, line: usize, rule: &'static str, advice: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, rule, advice: advice.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.path, self.line, self.rule, self.advice)
    }
}

type Rule = fn(path: &str, text: &str) -> Vec<Finding>;

const RULES: &[Rule] = &[
    text::opens_with_docs,
    text::is_short,
    text::is_clean,
    text::is_finished,
    text::names_no_machine,
    text::has_a_telling_name,
    places::keeps_to_its_place,
    front_page::shows_every_part,
    manifests::keeps_the_arrows,
    manifests::inherits_dependencies,
    manifests::gives_reasons,
    manifests::links_burn_seldom,
];

/// Files that others look for.
const REQUIRED: &[&str] = &[
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "docs/decisions.md",
];

/// Beginnings of the paths of files that readers are given, or that old programs wrote.
const AS_IT_IS: [&str; 3] = ["fuzz/corpus/", "tests/cases/", "tests/fixtures/format-"];

pub fn run(workspace: &Workspace) -> Result<(), String> {
    let list = workspace.git_output(&["ls-files", "-co", "--exclude-standard", "-z"])?;
    // A file that was removed and not yet committed is still in git's list.
    let exists = |path: &&str| workspace.root.join(path).is_file();
    let paths: BTreeSet<&str> = list.split_terminator('\0').filter(exists).collect();
    let mut findings = missing(&paths);
    let mut sources = paths::Sources::new();
    let is_ours = |path: &&&str| !AS_IT_IS.iter().any(|folder| path.starts_with(folder));
    for path in paths.iter().filter(is_ours) {
        let bytes =
            std::fs::read(workspace.root.join(path)).map_err(|error| format!("{path}: {error}"))?;
        let Ok(text) = String::from_utf8(bytes) else { continue };
        findings.extend(RULES.iter().flat_map(|rule| rule(path, &text)));
        findings.extend(links::lead_somewhere(path, &text, &paths));
        if path.ends_with(".rs") {
            sources.insert(*path, text);
        }
    }
    findings.extend(rooms::keep_the_order(&sources));
    if findings.is_empty() {
        println!("{} files", paths.len());
        return Ok(());
    }
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    Err(format!("{} findings\n{}", findings.len(), lines.join("\n")))
}

fn missing(paths: &BTreeSet<&str>) -> Vec<Finding> {
    let absent = REQUIRED.iter().filter(|path| !paths.contains(**path));
    absent.map(|path| Finding::new(path, 1, "missing", "write this file")).collect()
}

/// The number of each line, from 1, with the line.
fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(i, line)| (i + 1, line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_required_file_that_is_absent_is_named() {
        let mut paths: BTreeSet<&str> = REQUIRED.iter().copied().collect();
        assert!(missing(&paths).is_empty());
        paths.remove("docs/decisions.md");
        let finding = missing(&paths).pop().expect("one is missing");
        assert_eq!(finding.to_string(), "docs/decisions.md:1: missing: write this file");
    }
}
