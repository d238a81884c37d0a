//! Cases on what is said: lost output, run files, wrong arguments, and advice that can be pasted.

use std::{fs, process::Stdio};

use crate::program::{Program, SMALL, Said};

/// A file that takes no byte, as on a full disk.
#[cfg(target_os = "linux")]
#[test]
fn p31_full_stdout() {
    let program = Program::new();
    program.write("run.json", SMALL);
    let to_full = |arguments: &[&str]| -> Said {
        let full = fs::File::options().write(true).open("/dev/full").expect("on Linux");
        program.command(arguments).stdout(full).output().expect("runs").into()
    };
    for flags in [&["--json"][..], &[]] {
        let run = format!("run{}", flags.len());
        let train = [flags, &["train", "run.json", "--out", &run]].concat();
        let said = to_full(&train).code(0);
        assert_eq!(
            said.err.matches("standard output cannot be written").count(),
            1,
            "{}",
            said.err
        );
        assert!(program.path(&format!("{run}/samples.csv")).is_file());
    }
    program.write("table.csv", "a,b\n1,2\n2,1\n3,5\n");
    for arguments in [
        &["schema"][..],
        &["completions", "bash"],
        &["configs"],
        &["configs", "show", "--defaults"],
        &["configs", "show", "default"],
        &["--json", "configs"],
        &["runs", "."],
        &["--json", "runs", "."],
        &["compare", "run0", "run1"],
        &["verify", "run0"],
        &["--json", "evaluate", "run0"],
        &["sample", "run0"],
        &["export", "run0"],
        &["init", "table.csv"],
        &["doctor"],
        &["--json", "doctor"],
        &["--help"],
        &["train", "--help"],
        &["--version"],
    ] {
        let said = to_full(arguments).code(1).err_has("error: not all of the output was written");
        assert!(said.err.contains("No space left on device"), "{arguments:?}: {}", said.err);
    }
    // Nobody reads: no failure.
    let mut command = program.command(&["schema"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("runs");
    drop(child.stdout.take());
    let said: Said = child.wait_with_output().expect("waited").into();
    assert_eq!((said.code, said.err.as_str()), (0, ""));
}

#[test]
fn p32_run_file_encoding() {
    let program = Program::new();
    let utf_16 = |bytes_of: fn(u16) -> [u8; 2]| -> Vec<u8> {
        std::iter::once(0xfeff).chain(SMALL.encode_utf16()).flat_map(bytes_of).collect()
    };
    let marked = [b"\xef\xbb\xbf", SMALL.as_bytes()].concat();
    for text in [marked, utf_16(u16::to_le_bytes), utf_16(u16::to_be_bytes)] {
        fs::write(program.path("run.json"), text).expect("written");
        let said = program.run(&["train", "run.json", "--dry-run"]).code(0);
        assert!(said.out.contains("nothing was written"), "{}", said.out);
    }
    fs::write(program.path("run.json"), b"{\"name\": \"\xe9\"}").expect("written");
    program.run(&["train", "run.json"]).code(2).err_has("run.json: it is no text in UTF-8");
    fs::write(program.path("run.json"), [b"\xff\xfe{".as_slice(), b"\0}"].concat())
        .expect("written");
    program.run(&["train", "run.json"]).code(2).err_has("in the middle of a character");
    // One mark is none of the text; more are no run file.
    let marks = [b"\xef\xbb\xbf".repeat(60_000).as_slice(), SMALL.as_bytes()].concat();
    fs::write(program.path("run.json"), marks).expect("written");
    program.run(&["train", "run.json"]).code(2).err_has("is no run file");
}

#[test]
fn o24_wrong_argument() {
    let program = Program::new();
    program.write("my table.csv", "a,b\n1,2\n");
    program.write("table.json", "a,b\n1,2\n");
    program.write("run.json", SMALL);
    let refused = |arguments: &[&str], text: &str| program.run(arguments).code(2).err_has(text);
    refused(&["train", "./my table.csv"], "langevin init './my table.csv'");
    refused(&["train", "table.json"], "is no run file, which starts with {");
    refused(&["train", "./"], "./ is a folder, and a run file is required");
    program.run(&["train", "run.json", "--out", "my run", "--steps", "1"]).code(0);
    refused(&["train", "./my run"], "langevin train --resume './my run'");
    refused(
        &["train", "run.json", "--out", "my run"],
        "go on with it by `train --resume 'my run'`",
    );
    for (name, ours) in
        [("cpu", "`flex` computes on the processor"), ("GPU", "`wgpu` computes on a GPU")]
    {
        refused(&["--backend", name, "train", "run.json"], ours);
    }
}

#[test]
fn p33_sample_again() {
    let program = Program::new();
    program.write("run.json", SMALL);
    let said = program.run(&["train", "run.json", "--out", "my run"]).code(0);
    let advice =
        said.out.lines().find_map(|line| line.trim().strip_prefix("more samples: langevin "));
    assert_eq!(advice, Some("sample 'my run' --count 10000 --seed 4"));
    program.run(&["sample", "my run", "--count", "600", "--seed", "4"]).code(0);
    let rows = |name: &str| String::from_utf8(program.read(name)).expect("UTF-8");
    let (own, more) = (rows("my run/samples.csv"), rows("my run/samples-2.csv"));
    let own: Vec<_> = own.lines().skip(1).collect();
    assert!(more.lines().skip(1).all(|row| !own.contains(&row)), "a row twice");
}

#[test]
fn o20_advice_for_a_shell() {
    let program = Program::new();
    program.write("run.json", SMALL);
    let stopped = ["train", "run.json", "--out", "my runs/second", "--stop-after", "10"];
    let said = program.run(&stopped).code(0);
    assert!(said.out.contains("`langevin train --resume 'my runs/second'`"), "{}", said.out);
    let said = program.run(&["train", "--resume", "my runs/second"]).code(0);
    assert!(said.out.contains("langevin sample 'my runs/second' --count"), "{}", said.out);
}

#[test]
fn o21_set_and_types() {
    let program = Program::new();
    program.write("run.json", SMALL);
    let dry = |settings: &[&str]| {
        let mut arguments = vec!["train", "run.json", "--dry-run"];
        settings.iter().for_each(|setting| arguments.extend(["--set", setting]));
        program.run(&arguments)
    };
    dry(&["train.optimizer.kind=adam", "train.steps=1e3"]).code(0);
    dry(&["train.optimizer.kind=sgd"]).code(0);
    dry(&["train.optimizer.kind=sgd", "train.optimizer.betas=[0.9,0.99]"])
        .code(2)
        .err_has("train.optimizer.betas: unknown field `betas`");
    dry(&["train.steps=10k"])
        .code(2)
        .err_has("train.steps: must be a whole number, at least 0, got \"10k\"; write 10000");
    dry(&["train.ema=exponential"])
        .code(2)
        .err_has("train.ema: must be an object with a `kind`, got \"exponential\"");
    dry(&["train.lr=0.1"]).code(2).err_has("did you mean `learning_rate`?");
    dry(&["lr=0.1"]).code(2).err_has("did you mean `train.learning_rate`?");
}

/// A run that nobody, not even root, may write.
#[cfg(target_os = "linux")]
#[test]
fn o22_other_user() {
    let program = Program::new();
    program.write("run.json", SMALL);
    program.run(&["train", "run.json", "--out", "run"]).code(0);
    let read_only = "mount --bind . mount && mount -o remount,bind,ro mount && cd mount";
    for (command, out) in
        [("sample", "../more.csv"), ("export", "../more.safetensors"), ("film", "../more.gif")]
    {
        let Some(said) = program.run_mounted(read_only, &[command, "run"]) else {
            println!("SKIPPED: this system lets nobody make mounts");
            return;
        };
        said.code(1).err_has("Read-only file system (os error 30); name another place by --out");
        let named = program.run_mounted(read_only, &[command, "run", "--out", out]);
        named.expect("as before").code(0);
    }
}
