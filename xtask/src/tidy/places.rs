//! Rules about places: the boundaries of docs/architecture.md that the compiler does not hold.

use super::{Finding, numbered, text::is_code};

/// Boundary: words that only one file below some folders may have in its code.
struct Boundary {
    rule: &'static str,
    words: &'static [&'static str],
    folders: &'static [&'static str],
    but: &'static str,
    advice: &'static str,
}

const BOUNDARIES: &[Boundary] = &[
    Boundary {
        rule: "printing",
        words: &["println!(", "print!(", "eprintln!(", "eprint!("],
        folders: &["crates/data/src/", "crates/core/src/", "crates/train/src/"],
        but: "",
        advice: "only crates/cli prints; return the text, or an error, or tell the observer",
    },
    Boundary {
        rule: "output",
        words: &[
            "println!(",
            "print!(",
            "eprintln!(",
            "eprint!(",
            "io::stdout()",
            "io::stderr()",
            ".println(",
            ".print()",
            ".exit()",
        ],
        folders: &["crates/cli/src/"],
        but: "crates/cli/src/output.rs",
        advice: "print by crate::output, which writes out what would steer a terminal",
    },
    Boundary {
        rule: "files",
        words: &["fs::", "io::", "env::", "net::", "process::"],
        folders: &["crates/core/src/"],
        but: "",
        advice: "core reads and writes nothing; take the values as arguments",
    },
    Boundary {
        rule: "door",
        words: &["fs::write(", "File::create(", "File::create_new(", "OpenOptions"],
        folders: &["crates/"],
        but: "crates/train/src/store/disk/mod.rs",
        advice: "write files by `write_durably` or `AppendLog`",
    },
    Boundary {
        rule: "streams",
        words: &["Tensor::random", "random_like(", "rand::"],
        folders: &["crates/"],
        but: "crates/data/src/streams.rs",
        advice: "draw from `Streams` on the host, so that every backend sees the same numbers",
    },
];

/// Rules printing, output, files, door and streams: code keeps to its side of the boundaries. Tests may cross them.
pub fn keeps_to_its_place(path: &str, text: &str) -> Vec<Finding> {
    let is_test = path.ends_with("/tests.rs") || path.contains("/tests/");
    if is_test || !is_code(path) || !path.contains("/src/") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for boundary in BOUNDARIES {
        let within = boundary.folders.iter().any(|folder| path.starts_with(folder));
        if !within || path == boundary.but {
            continue;
        }
        let code = numbered(text).take_while(|(_, line)| *line != "mod tests {");
        let crosses = code.filter(|(_, line)| {
            !line.trim_start().starts_with("//")
                && boundary.words.iter().any(|word| line.contains(word))
        });
        let finding = |(number, _)| Finding::new(path, number, boundary.rule, boundary.advice);
        findings.extend(crosses.map(finding));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rules and lines of the findings.
    fn found(path: &str, text: &str) -> Vec<(&'static str, usize)> {
        let findings = keeps_to_its_place(path, text);
        findings.iter().map(|finding| (finding.rule, finding.line)).collect()
    }

    #[test]
    fn printing_in_a_library_is_found_and_in_tests_and_cli_is_not() {
        let text = "/// println!(1)\nprintln!(1);\nmod tests {\nprintln!(1);\n";
        assert_eq!(found("crates/train/src/a.rs", text), [("printing", 2)]);
        assert_eq!(found("crates/core/src/a.rs", "  eprint!(1)\n"), [("printing", 1)]);
        assert_eq!(found("crates/data/src/a/b.rs", "print!(1)\n"), [("printing", 1)]);
        assert!(found("examples/a.rs", text).is_empty());
        assert!(found("crates/core/src/sampler/tests.rs", text).is_empty());
        assert!(found("crates/data/tests/a.rs", text).is_empty());
    }

    #[test]
    fn what_the_program_prints_beside_its_one_door_is_found() {
        for text in ["println!(1);\n", "bar.println(line)\n", "writeln!(io::stderr(), line)\n"] {
            assert_eq!(found("crates/cli/src/a.rs", text), [("output", 1)], "{text}");
            assert!(found("crates/cli/src/output.rs", text).is_empty());
        }
    }

    #[test]
    fn a_file_that_core_touches_is_found() {
        assert_eq!(found("crates/core/src/a.rs", "a;\nuse std::fs::File;\n"), [("files", 2)]);
        assert!(found("crates/data/src/a.rs", "std::fs::read(path)?;\n").is_empty());
    }

    #[test]
    fn a_file_that_is_written_beside_the_door_is_found() {
        let text = "fs::write(path, text)?;\n";
        assert_eq!(found("crates/train/src/a.rs", text), [("door", 1)]);
        assert_eq!(found("crates/cli/src/a.rs", "File::create(p)\n"), [("door", 1)]);
        assert!(found("crates/train/src/store/disk/mod.rs", text).is_empty());
    }

    #[test]
    fn a_random_number_beside_the_streams_is_found() {
        let text = "let x = Tensor::random([1], d, &device);\n";
        assert_eq!(found("crates/train/src/a.rs", text), [("streams", 1)]);
        assert!(found("crates/data/src/streams.rs", "use rand::Rng;\n").is_empty());
    }
}
