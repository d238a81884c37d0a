//! Rules about names, lines and words.
//!
//! The words to be found are written here in two halves, so that this file may be searched too.

use super::{Finding, numbered};

const CODE_FOLDERS: [&str; 4] = ["crates/", "examples/", "tests/", "xtask/"];

/// Whether the rules on Rust code hold for a file.
pub fn is_code(path: &str) -> bool {
    path.ends_with(".rs") && CODE_FOLDERS.iter().any(|folder| path.starts_with(folder))
}

/// Rule header: a Rust file opens with what it is for.
pub fn opens_with_docs(path: &str, text: &str) -> Vec<Finding> {
    let first = numbered(text).find(|(_, line)| !line.is_empty() && !line.starts_with("#!"));
    if !is_code(path) || first.is_some_and(|(_, line)| line.starts_with("//!")) {
        return Vec::new();
    }
    let line = first.map_or(1, |(number, _)| number);
    vec![Finding::new(path, line, "header", "open with `//!`: what the file is for")]
}

/// Rule length: a file can be read at one sitting.
pub fn is_short(path: &str, text: &str) -> Vec<Finding> {
    const MOST: usize = 500;
    let lines = text.lines().count();
    if !(is_code(path) || path.ends_with(".py")) || lines <= MOST {
        return Vec::new();
    }
    let advice = format!("{lines} lines; split it into files of at most {MOST}, better 300");
    vec![Finding::new(path, MOST + 1, "length", advice)]
}

/// Rules tab, trailing-space and final-newline: white space is where it should be.
pub fn is_clean(path: &str, text: &str) -> Vec<Finding> {
    // Pictures are made by the program, licences of others stay as they came.
    if path.ends_with(".svg") || path.contains("LICENSE") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    // Not `lines`, which hides a carriage return.
    for (i, line) in text.split('\n').enumerate() {
        if line.contains('\t') {
            findings.push(Finding::new(path, i + 1, "tab", "use spaces (\\t inside strings)"));
        }
        if line.ends_with(char::is_whitespace) {
            let advice = "remove the white space at the end of the line";
            findings.push(Finding::new(path, i + 1, "trailing-space", advice));
        }
    }
    if !text.is_empty() && !text.ends_with('\n') {
        let last = text.lines().count();
        findings.push(Finding::new(path, last, "final-newline", "end the file with a newline"));
    }
    findings
}

/// Rule unfinished: nothing is left for later inside the code, and no test is switched off.
pub fn is_finished(path: &str, text: &str) -> Vec<Finding> {
    const WORDS: [(&str, &str); 5] = [
        (concat!("to", "do!("), "write it, or return an error that says what is missing"),
        (concat!("unimpl", "emented!("), "write it, or return an error that says what is missing"),
        (concat!("#[ign", "ore"), "make the test pass, or remove it and say why in the issue"),
        (concat!("db", "g!("), "remove it"),
        (concat!("FIX", "ME"), "do it, or open an issue and remove the note"),
    ];
    if !is_code(path) {
        return Vec::new();
    }
    search(path, text, "unfinished", &WORDS, |_| true)
}

/// Rule machine-path: no file names a folder of the machine that it was written on.
pub fn names_no_machine(path: &str, text: &str) -> Vec<Finding> {
    const ADVICE: &str = "name no folder of one machine; use a relative path or an argument";
    const PLACES: [(&str, &str); 3] = [
        (concat!("/wo", "rk/"), ADVICE),
        (concat!("/ro", "ot/"), ADVICE),
        (concat!("/ho", "me/"), ADVICE),
    ];
    // The middle of an address or of a relative path names no folder of this machine.
    let starts_a_path =
        |before: &str| !before.ends_with(|c: char| c.is_alphanumeric() || "._-~}".contains(c));
    search(path, text, "machine-path", &PLACES, starts_a_path)
}

/// Findings of words. A word counts where the part of the line before it qualifies.
fn search(
    path: &str,
    text: &str,
    rule: &'static str,
    words: &[(&str, &str)],
    qualifies: impl Fn(&str) -> bool,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in numbered(text) {
        for (word, advice) in words {
            if line.match_indices(word).any(|(at, _)| qualifies(&line[..at])) {
                findings.push(Finding::new(path, number, rule, format!("`{word}`: {advice}")));
            }
        }
    }
    findings
}

/// Rule name: the name of a file says what is in it.
pub fn has_a_telling_name(path: &str, _text: &str) -> Vec<Finding> {
    const EMPTY: [&str; 8] =
        ["base", "common", "helper", "helpers", "manager", "misc", "util", "utils"];
    if !(is_code(path) || path.ends_with(".py")) {
        return Vec::new();
    }
    let stems = path.split('/').map(|part| part.split('.').next().unwrap_or(part));
    let empty = stems.filter(|stem| EMPTY.contains(stem));
    let advice = |stem| format!("`{stem}` says nothing; name it after what is in it");
    empty.map(|stem| Finding::new(path, 1, "name", advice(stem))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of the findings.
    fn lines(findings: Vec<Finding>) -> Vec<usize> {
        findings.iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn code_without_a_header_is_found() {
        assert_eq!(lines(opens_with_docs("crates/core/src/a.rs", "\nuse a;\n")), [2]);
        assert_eq!(lines(opens_with_docs("tests/a.rs", "")), [1]);
        assert!(opens_with_docs("xtask/src/a.rs", "#![allow(x)]\n//! What for.\n").is_empty());
        assert!(opens_with_docs("README.md", "Words\n").is_empty());
    }

    #[test]
    fn a_file_of_501_lines_is_found() {
        assert_eq!(lines(is_short("tests/a.rs", &"x\n".repeat(501))), [501]);
        assert!(is_short("tests/a.rs", &"x\n".repeat(500)).is_empty());
        assert!(is_short("Cargo.lock", &"x\n".repeat(501)).is_empty());
    }

    #[test]
    fn tabs_and_white_space_at_ends_are_found() {
        assert_eq!(lines(is_clean("a.md", "a\n\tb\nc \nd\r\n")), [2, 3, 4]);
        assert_eq!(lines(is_clean("a.md", "a\nb")), [2]);
        assert!(is_clean("a.md", "a\n\nb\n").is_empty());
        assert!(is_clean("a.svg", "\t").is_empty() && is_clean("fonts/LICENSE", "a ").is_empty());
    }

    #[test]
    fn unfinished_code_and_switched_off_tests_are_found() {
        for word in
            [concat!("to", "do!()"), concat!("#[ign", "ore = \"slow\"]"), concat!("// FIX", "ME")]
        {
            assert_eq!(lines(is_finished("examples/a.rs", &format!("a\n{word}\n"))), [2], "{word}");
        }
        assert_eq!(lines(is_finished("tests/a.rs", concat!("db", "g!(x)"))), [1]);
        assert_eq!(lines(is_finished("tests/a.rs", concat!("unimpl", "emented!()"))), [1]);
        assert!(is_finished("docs/a.md", concat!("FIX", "ME")).is_empty());
    }

    #[test]
    fn folders_of_one_machine_are_found_and_addresses_are_not() {
        for place in
            ["wo", "ro", "ho"].iter().zip(["rk", "ot", "me"]).map(|(a, b)| a.to_string() + b)
        {
            let text = format!("run \"/{place}/x\"\n");
            assert_eq!(lines(names_no_machine("a.sh", &text)), [1], "{place}");
            let address = format!("https://example.org/{place}/x and ../{place}/x\n");
            assert!(names_no_machine("a.sh", &address).is_empty(), "{place}");
        }
    }

    #[test]
    fn names_that_say_nothing_are_found() {
        assert_eq!(lines(has_a_telling_name("crates/core/src/utils.rs", "")), [1]);
        assert_eq!(lines(has_a_telling_name("tests/common/mod.rs", "")), [1]);
        assert_eq!(lines(has_a_telling_name("tests/golden/helper.py", "")), [1]);
        assert!(has_a_telling_name("crates/core/src/sampler/heun.rs", "").is_empty());
    }
}
