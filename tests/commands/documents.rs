//! The pages of docs/, README.md and CONTRIBUTING.md name only what exists: commands and their flags,
//! fields of run files, commands of xtask, tests; and a whole run file in them runs.

use std::{fs, path::Path};

use serde_json::Value;

use crate::{
    markdown::{code, without_comments},
    program::Program,
    vocabulary::Vocabulary,
};

/// The workspace's folder.
pub const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The whole run files of a page, with their lines.
fn run_files(page: &str) -> Vec<(usize, String)> {
    let blocks = code(page).into_iter().filter(|block| block.language.is_some());
    let texts = blocks.map(|block| (block.line, without_comments(&block.text)));
    let whole = |(_, text): &(usize, String)| {
        let value: Result<Value, _> = serde_json::from_str(text);
        value.is_ok_and(|value| value["data"].is_object() && value["train"].is_object())
    };
    texts.filter(whole).collect()
}

/// The pages by their paths.
fn pages() -> Vec<(String, String)> {
    let mut paths = vec!["README.md".to_owned(), "CONTRIBUTING.md".to_owned()];
    for entry in fs::read_dir(Path::new(ROOT).join("docs")).expect("docs").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        paths.extend(name.ends_with(".md").then(|| format!("docs/{name}")));
    }
    let text = |path: &String| fs::read_to_string(Path::new(ROOT).join(path)).expect("a page");
    paths.iter().map(|path| (path.clone(), text(path))).collect()
}

#[test]
fn pages_name_only_what_exists() {
    let (program, vocabulary) = (Program::new(), Vocabulary::new());
    let mut faults = Vec::new();
    for (path, page) in pages() {
        faults.extend(vocabulary.faults(&page).iter().map(|fault| format!("{path}:{fault}")));
        for (line, run_file) in run_files(&page) {
            program.write("run.json", &run_file);
            let said = program.run(&["train", "run.json", "--dry-run"]);
            if said.code != 0 {
                faults.push(format!("{path}:{line}: {}", said.err.trim()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_program_in_the_readme_is_the_example_that_runs() {
    let readme = fs::read_to_string(format!("{ROOT}/README.md")).expect("README.md");
    let example =
        fs::read_to_string(format!("{ROOT}/examples/first_steps.rs")).expect("the example");
    let start = example.find("use std").expect("its code");
    let (_, block) = readme.split_once("```rust\n").expect("a program");
    assert_eq!(block.split("```").next(), Some(&example[start..]));
}

/// A text with each number as one sign: what differs from machine to machine.
fn without_numbers(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        let is_number = c.is_ascii_digit() || c == '.';
        if !(is_number && shown.ends_with('#')) {
            shown.push(if is_number { '#' } else { c });
        }
    }
    shown
}

#[test]
fn the_readme_shows_what_the_program_says_of_a_table() {
    let readme = fs::read_to_string(format!("{ROOT}/README.md")).expect("README.md");
    let (_, block) = readme.split_once("```console\n").expect("a session");
    let block = block.split("```").next().expect("its end");
    let program = Program::new();
    fs::copy(format!("{ROOT}/tests/cases/p03-nonnegative/soil.csv"), program.path("soil.csv"))
        .expect("copied");
    let mut typed = 0;
    for said in block.split("$ ").filter(|said| !said.is_empty()) {
        let (command, shown) = said.split_once('\n').expect("a command");
        let arguments: Vec<_> = command.split(' ').skip(1).collect();
        let out = program.run(&arguments).code(0).out;
        match arguments[0] {
            // Figures of a training differ in their last digits on other processors.
            "train" => assert_eq!(without_numbers(&out), without_numbers(shown)),
            _ => assert_eq!(out, shown),
        }
        typed += 1;
    }
    assert_eq!(typed, 3);
}

#[test]
fn what_does_not_exist_is_found() {
    let vocabulary = Vocabulary::new();
    for (planted, fault) in [
        ("`langevin trian`", "1: `langevin` has no command `trian`"),
        ("`langevin configs shwo x`", "1: `langevin configs` has no command `shwo`"),
        ("```sh\na\nlangevin train --epochs 3\n```", "1: `langevin train` has no flag `--epochs`"),
        ("`langevin --sampler ddim sample r`", "1: `langevin` has no flag `--sampler`"),
        ("`cargo run -p cli -- sampel`", "1: `langevin` has no command `sampel`"),
        ("`langevin train --set train.bach=1`", "1: run files have no field `train.bach`"),
        ("\n`--epochs 3`", "2: no command has a flag `--epochs`"),
        ("`cargo xtask tody`", "1: xtask has no `tody`"),
        ("`cargo xtask check --only fmt,spead`", "1: xtask has no `spead`"),
        ("`sample.sampler.stepz`", "1: run files have no field `sample.sampler.stepz`"),
        ("`no_test_is_called_so`", "1: there is no test `no_test_is_called_so`"),
        ("`data.means.first`", "1: run files have no field `data.means.first`"),
        (
            "```json\n{ \"train\": { \"ema\": { \"decai\": 1 } } }\n```",
            "1: run files have no field `train.ema.decai`",
        ),
        ("```jsonc\n{ \"train\": }\n```", "1: not JSON: expected value at line 1 column 12"),
    ] {
        assert_eq!(vocabulary.faults(planted), [fault]);
    }
}

#[test]
fn what_exists_is_no_fault() {
    let vocabulary = Vocabulary::new();
    for page in [
        "`langevin`, `langevin COMMAND --help`, `langevin help train`",
        "`langevin train [CONFIG] [--resume [RUN]]`, `cargo run -p cli --example own_data`",
        "`langevin --backend wgpu train my.json --steps=5 -q --set 'data.means.0=[-1, 0]'`",
        "`cargo run -p cli --features cuda -- --backend cuda …`, `cargo run -p cli`",
        "`LANGEVIN_BACKEND=wgpu langevin sample runs/x --count 9 | head`, `--out DIR`",
        "`cargo xtask`, `cargo xtask check --only tidy,clippy`, `cargo xtask config`, `--release`",
        "`train.batch=64`, `train.optimizer.betas`, `report.html`, `data.rs`, `x.y`, `e.g.`",
        "`what_exists_is_no_fault`, `keep_checkpoints`",
        "```json\n{ \"data\": \"a digest\", \"progress\": {} }\n```",
    ] {
        assert_eq!(vocabulary.faults(page), [""; 0]);
    }
}

#[test]
fn only_whole_run_files_are_run() {
    let whole = "{ \"data\": {}, // the data\n\"train\": {} }";
    let part = "{ \"data\": {} }";
    let page = format!("```json\n{part}\n```\n```jsonc\n{whole}\n```\n`{whole}`\n");
    let lines: Vec<usize> = run_files(&page).into_iter().map(|(line, _)| line).collect();
    assert_eq!(lines, [4]);
}
