//! Every refusal that a user can reach, with its message as it stands in refusals/*.txt. A line there is
//! `$ COMMAND`, below which is its exit code and its message; `> NAME TEXT` writes a file, `= FROM TO` copies a folder
//! and `- PATH` removes what is there. A new case is a new line; `LANGEVIN_WRITE_REFUSALS=1` writes the messages anew,
//! to be read before they are committed.

use std::{fs, path::PathBuf};

use crate::program::{Program, SMALL, copy};

/// Files that no refused command may touch.
const KEPT: [&str; 5] = ["mine.csv", "there.mp4", "there.html", "there.safetensors", "folder/file"];

/// A table of forty rows and two columns.
fn table() -> String {
    let row = |i: i32| {
        let angle = f64::from(i);
        format!("{:.3},{:.3}\n", angle.sin(), angle.cos())
    };
    format!("a,b\n{}", (0..40).map(row).collect::<String>())
}

/// A program in a folder with what the commands of the files name.
fn program() -> Program {
    let program = Program::new();
    program.write("small.json", SMALL);
    program.write("table.csv", &table());
    program.write("notes.txt", "hi\n");
    fs::create_dir(program.path("folder")).expect("created");
    KEPT.iter().for_each(|name| program.write(name, "kept\n"));
    program
}

/// Trains the runs that the commands name.
fn train_runs(program: &Program) {
    let cosine = r#"train.learning_rate={"kind":"cosine","peak":0.001}"#;
    let table = r#"data={"kind":"table","path":"table.csv"}"#;
    for (name, steps, setting) in
        [("run", "2", "seed=3"), ("cosine", "10", cosine), ("table-run", "2", table)]
    {
        let train = ["train", "small.json", "--out", name, "--steps", steps, "--set", setting];
        program.run(&train).code(0);
    }
}

/// Words of a command line; what stands in single quotes is one word.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), None::<String>, false);
    for c in line.chars() {
        match c {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' if !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// Bytes of a text in which `\n`, `\\` and `\xNN` stand for what they do in Rust.
fn bytes(text: &str) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::new(), text);
    while let Some((before, after)) = rest.split_once('\\') {
        bytes.extend(before.bytes());
        let (byte, length) = match after.as_bytes()[0] {
            b'n' => (b'\n', 1),
            b'x' => (u8::from_str_radix(&after[1..3], 16).expect("two digits"), 3),
            other => (other, 1),
        };
        bytes.push(byte);
        rest = &after[length..];
    }
    bytes.extend(rest.bytes());
    bytes
}

/// Follows a line that changes what is there.
fn prepare(program: &Program, line: &str) {
    let (kind, rest) = line.split_at(2);
    let (first, second) = rest.split_once(' ').unwrap_or((rest, ""));
    let path = program.path(first);
    match kind {
        "> " => fs::write(path, bytes(second)).expect("written"),
        "= " => copy(&path, &program.path(second)),
        "- " if path.is_dir() => fs::remove_dir_all(path).expect("removed"),
        "- " => fs::remove_file(path).expect("removed"),
        _ => panic!("no such line: {line}"),
    }
}

/// A message without what differs from machine to machine.
fn normalised(program: &Program, message: &str) -> String {
    let folder = program.path("");
    let folder = folder.display().to_string();
    let text = message.replace(folder.trim_end_matches('/'), "FOLDER");
    let device = |line: &&str| !line.starts_with("backend ");
    let text = text.lines().filter(device).collect::<Vec<_>>().join("\n");
    // Free memory and what bounds it, and the sets of instructions.
    let text = match (text.find(" of memory, "), text.find(": lower the numbers")) {
        (Some(from), Some(to)) => {
            format!("{} of memory, … GiB are free{}", &text[..from], &text[to..])
        }
        _ => text,
    };
    match text.split_once("must be one of plain") {
        Some((before, after)) => {
            let rest = after.split_once(", which this machine has").map_or("", |(_, rest)| rest);
            format!("{before}must be one of plain, …, which this machine has{rest}")
        }
        None => text,
    }
}

/// Runs a command line; gives its exit code and its message.
fn refusal(program: &Program, line: &str) -> String {
    let mut words = words(line);
    let first = words.iter().position(|word| word == "langevin").expect("the program");
    let arguments = words.split_off(first + 1);
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let before = program.everything();
    let mut command = program.command(&arguments);
    command.envs(words.iter().filter_map(|word| word.split_once('=')));
    let output = command.output().expect("the binary runs");
    let code = output.status.code().unwrap_or(-1);
    let message = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(code == 1 || code == 2, "{line}: is not refused, code {code}:\n{message}");
    let lock = |name: &String| name.ends_with(".lock");
    let after: Vec<_> = program.everything();
    let written = after.iter().filter(|name| !before.contains(name) && !lock(name));
    assert_eq!(written.collect::<Vec<_>>(), Vec::<&String>::new(), "{line}: something was written");
    // A command whose answer is on standard output, as `verify`, says there what is wrong.
    let said = if message.trim().is_empty() {
        String::from_utf8(output.stdout).expect("UTF-8")
    } else {
        message
    };
    format!("{code}: {}", normalised(program, said.trim_end()))
}

/// Compares the messages of a group with its file, or writes them there.
fn check(group: &str, program: &Program) {
    let path: PathBuf =
        [env!("CARGO_MANIFEST_DIR"), "../../tests/commands/refusals"].iter().collect();
    let path = path.join(format!("{group}.txt"));
    let text = fs::read_to_string(&path).expect("the file of the group");
    let (mut now, mut commands) = (String::new(), 0);
    for line in text.lines() {
        let is_prepared = ["> ", "= ", "- "].iter().any(|start| line.starts_with(start));
        match line.strip_prefix("$ ") {
            Some(command) => {
                commands += 1;
                let said = refusal(program, command);
                now.push_str(&format!("$ {command}\n"));
                said.lines()
                    .for_each(|line| now.push_str(&format!("  {line}\n").replace("  \n", "\n")));
            }
            None if is_prepared => {
                prepare(program, line);
                now.push_str(&format!("{line}\n"));
            }
            None if line.starts_with('#') => now.push_str(&format!("{line}\n")),
            None => {}
        }
    }
    assert!(commands > 10, "{group}: {commands} commands");
    if std::env::var_os("LANGEVIN_WRITE_REFUSALS").is_some() {
        fs::write(&path, now).expect("written");
        return;
    }
    for (number, (line, then)) in (1..).zip(now.lines().zip(text.lines())) {
        assert_eq!(
            line, then,
            "{group}.txt, line {number}: LANGEVIN_WRITE_REFUSALS=1 writes it anew"
        );
    }
    assert_eq!(now.lines().count(), text.lines().count(), "{group}.txt");
    for name in KEPT {
        assert_eq!(program.read(name), b"kept\n", "{name} was overwritten");
    }
}

#[test]
fn wrong_use_of_every_command() {
    let program = program();
    train_runs(&program);
    check("arguments", &program);
}

#[test]
fn fields_of_run_files() {
    check("config", &program());
}

#[test]
fn run_files_that_cannot_be_read() {
    check("files", &program());
}

#[test]
fn data_that_cannot_be_learnt() {
    let program = program();
    train_runs(&program);
    check("data", &program);
}

#[test]
fn folders_of_runs_that_are_not_whole() {
    let program = program();
    train_runs(&program);
    check("runs", &program);
}
