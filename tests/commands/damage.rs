//! Damaged checkpoints, folders that cannot be written, losses that are not finite.

use std::{fs, io::ErrorKind};

use crate::program::{Program, SMALL};

/// A run stopped at step 35, with checkpoints at 30 and 35.
fn stopped() -> Program {
    let program = Program::new();
    program.write("run.json", SMALL);
    program.run(&["train", "run.json", "--out", "run", "--stop-after", "35"]).code(0);
    assert!(program.path("run/checkpoints/step-00000030").is_dir());
    program
}

const PARTS: [&str; 4] =
    ["model.safetensors", "ema.safetensors", "optimizer.safetensors", "checkpoint.json"];

#[test]
fn a_flipped_byte_or_a_cut_file_falls_back_to_the_checkpoint_before() {
    let program = stopped();
    let whole = Program::new();
    whole.write("run.json", SMALL);
    whole.run(&["train", "run.json", "--out", "run"]).code(0);
    for (number, part) in PARTS.iter().enumerate() {
        for cut in [false, true] {
            let copy = format!("copy-{number}-{cut}");
            copy_folder(&program.path("run"), &program.path(&copy));
            let path = program.path(&format!("{copy}/checkpoints/step-00000035/{part}"));
            let mut bytes = fs::read(&path).expect("there");
            let middle = bytes.len() / 2;
            if cut {
                bytes.truncate(middle)
            } else {
                bytes[middle] ^= 1
            }
            fs::write(&path, bytes).expect("written");
            let said = program.run(&["train", "--resume", &copy]).code(0);
            assert!(said.err.contains("step-00000035 is damaged"), "{part}: {}", said.err);
            assert!(said.err.contains("going on from step 30 of 40"), "{part}: {}", said.err);
            for name in
                ["samples.csv", "metrics.jsonl", "checkpoints/step-00000040/model.safetensors"]
            {
                let (a, b) =
                    (program.read(&format!("{copy}/{name}")), whole.read(&format!("run/{name}")));
                assert!(a == b, "{name} after damage of {part}");
            }
        }
    }
}

#[test]
fn every_flipped_byte_of_a_checkpoint_is_found() {
    let program = stopped();
    let good = program.path("run/checkpoints/step-00000030");
    fs::remove_dir_all(good).expect("removed");
    for part in PARTS {
        let path = program.path(&format!("run/checkpoints/step-00000035/{part}"));
        let bytes = fs::read(&path).expect("there");
        // Each run of the program takes some milliseconds: a spread of 12 places in each file.
        for place in (0..12).map(|i| i * (bytes.len() - 1) / 11) {
            let mut damaged = bytes.clone();
            damaged[place] ^= 0x80;
            fs::write(&path, damaged).expect("written");
            program
                .run(&["sample", "run", "--count", "1", "--out", "never.csv"])
                .code(1)
                .err_has("none of its 1 checkpoints is sound");
        }
        fs::write(&path, bytes).expect("written");
    }
    program.run(&["sample", "run", "--count", "1", "--out", "sound.csv"]).code(0);
}

#[test]
fn without_a_sound_checkpoint_resume_fails() {
    let program = stopped();
    for step in ["30", "35"] {
        let index = program.path(&format!("run/checkpoints/step-000000{step}/checkpoint.json"));
        fs::remove_file(index).expect("removed");
    }
    program
        .run(&["train", "--resume", "run"])
        .code(1)
        .err_has("none of its 2 checkpoints is sound");
}

#[test]
fn a_run_that_fell_back_never_loses_the_checkpoint_it_just_saved() {
    let program = Program::new();
    let one = SMALL
        .replace(r#""checkpoint_every": 15"#, r#""checkpoint_every": 10, "keep_checkpoints": 1"#);
    program.write("run.json", &one);
    program.run(&["train", "run.json", "--out", "run", "--stop-after", "30"]).code(0);
    // What a save that was killed leaves: a folder of a later step without its checkpoint.json.
    fs::create_dir(program.path("run/checkpoints/step-00000035")).expect("created");
    program.write("run/checkpoints/step-00000035/model.safetensors", "half");
    program.run(&["train", "--resume", "run", "--stop-after", "3"]).code(0);
    let checkpoints: Vec<_> =
        program.everything().into_iter().filter(|name| name.contains("/step-")).collect();
    assert!(checkpoints.iter().all(|name| name.contains("step-00000033")), "{checkpoints:?}");
    let said = program.run(&["train", "--resume", "run"]).code(0);
    assert!(said.err.contains("going on from step 33 of 40"), "{}", said.err);
}

#[test]
fn a_checkpoint_of_another_architecture_or_other_data_is_refused() {
    let program = stopped();
    let config = String::from_utf8(program.read("run/config.json")).expect("UTF-8");
    for (from, to, why) in [
        (r#""width": 32"#, r#""width": 33"#, "trained with another denoiser.network"),
        // Of equal shapes, and another function.
        (r#""activation": "silu""#, r#""activation": "tanh""#, "another denoiser.network"),
        (r#""of": "log_sigma""#, r#""of": "sigma""#, "trained with another denoiser.embedding"),
        (r#""sigma_data": 1.0"#, r#""sigma_data": 0.5"#, "another denoiser.prediction"),
        (r#""sigma_min": 0.01"#, r#""sigma_min": 0.02"#, "trained with another noise.schedule"),
        (r#""std": 0.1"#, r#""std": 0.2"#, "trained on other data"),
        (r#""kind": "adam""#, r#""kind": "sgd""#, "trained with another train.optimizer"),
    ] {
        assert!(config.contains(from), "{from} in {config}");
        let mut changed = config.replace(from, to);
        if to.contains("sgd") {
            let start = changed.find(r#""betas""#).expect("betas");
            let end = start + changed[start..].find('}').expect("end");
            changed.replace_range(start..end, r#""momentum": 0.9"#);
        }
        program.write("run/config.json", &changed);
        let before = program.everything();
        program.run(&["train", "--resume", "run"]).code(2).err_has(why);
        if !why.contains("optimizer") {
            program.run(&["sample", "run", "--out", "never.csv"]).code(2).err_has(why);
        }
        assert_eq!(program.everything(), before);
    }
    program.write("run/config.json", &config);
    program.run(&["train", "--resume", "run"]).code(0);
}

#[test]
fn a_folder_that_cannot_be_written_is_a_failure_at_run_time() {
    let program = Program::new();
    program.write("run.json", SMALL);
    program.write("file", "kept");
    program.run(&["train", "run.json", "--out", "file/run"]).code(1).err_has("file/run");
    assert_eq!(program.read("file"), b"kept");
    assert_eq!(program.everything(), ["file", "run.json"]);
}

#[test]
#[cfg(target_os = "linux")]
fn a_read_only_mount_is_a_failure_at_run_time() {
    let program = stopped();
    // The kernel's own: nobody, not even root, makes a folder there.
    program.run(&["train", "run.json", "--out", "/sys/run"]).code(1).err_has("/sys/run");
    let read_only = "mount --bind . mount && mount -o remount,bind,ro mount && cd mount";
    let Some(said) = program.run_mounted(read_only, &["train", "run.json", "--out", "new"]) else {
        println!("SKIPPED: this system lets nobody make mounts");
        return;
    };
    said.code(1).err_has("cannot create new");
    let said = program.run_mounted(read_only, &["train", "--resume", "run"]).expect("as before");
    let said = said.code(1).err_has("Read-only file system");
    said.err_has("the last good checkpoint is run/checkpoints/step-00000035");
    program.run(&["train", "--resume", "run"]).code(0);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_keeps_the_last_good_checkpoint() {
    let program = stopped();
    let bytes: u64 = list_files(&program.path("run/checkpoints/step-00000035"))
        .iter()
        .map(|path| fs::metadata(path).expect("there").len().next_multiple_of(4096))
        .sum();
    // Room for the run as it is and half a checkpoint more.
    let script = format!(
        "mount -t tmpfs -o size=8m none mount && cp -r run mount && cd mount && \
         head -c $(($(stat -f -c '%a * %S' .) - {})) /dev/zero > filled",
        bytes / 2
    );
    let Some(said) = program.run_mounted(&script, &["train", "--resume", "run"]) else {
        println!("SKIPPED: this system lets nobody make mounts");
        return;
    };
    let said = said.code(1).err_has("No space left on device");
    said.err_has("the last good checkpoint is run/checkpoints/step-00000035");
}

#[test]
#[cfg(unix)]
fn a_file_that_reaches_the_systems_limit_of_size_keeps_the_last_good_checkpoint() {
    let program = stopped();
    // 8 blocks of 512 bytes hold every file of the run but its weights.
    let output = std::process::Command::new("sh")
        .args([
            "-c",
            r#"ulimit -f 8; exec "$0" train --resume run"#,
            env!("CARGO_BIN_EXE_langevin"),
        ])
        .current_dir(program.path(""))
        .output()
        .expect("a shell");
    let said = crate::program::Said::from(output).code(1).err_has("File too large");
    said.err_has("the last good checkpoint is run/checkpoints/step-00000035");
    program.run(&["train", "--resume", "run"]).code(0);
}

#[test]
fn a_folder_that_is_removed_while_training_is_missed_and_not_made_again() {
    let program = Program::new();
    program.write("run.json", &SMALL.replace(r#""steps": 40"#, r#""steps": 300000"#));
    let (mut child, lines) = program.start(&["train", "run.json", "--out", "run"]);
    let mut said = String::new();
    for line in lines {
        let line = line.expect("UTF-8");
        if said.is_empty() && line.contains("step 7/") {
            // The run writes beside us: what it put there meanwhile goes the next time.
            let run = program.path("run");
            while run.exists() {
                if let Err(error) = fs::remove_dir_all(&run) {
                    let beside = [ErrorKind::DirectoryNotEmpty, ErrorKind::NotFound];
                    assert!(beside.contains(&error.kind()), "{error}");
                }
            }
            said.push('\n');
        } else if !said.is_empty() {
            said = line + &said;
        }
    }
    assert_eq!(child.wait().expect("waited").code(), Some(1), "{said}");
    assert!(said.contains("cannot write run") || said.contains("cannot create run"), "{said}");
    assert!(said.contains("there is no checkpoint in run"), "{said}");
    assert_eq!(program.everything(), ["run.json"]);
}

#[test]
fn a_write_that_fails_in_the_middle_names_the_last_good_checkpoint() {
    let program = stopped();
    // A regular file where the next checkpoint's folder should be.
    program.write("run/checkpoints/step-00000040", "in the way");
    let said = program.run(&["train", "--resume", "run"]).code(1);
    assert!(said.err.contains("cannot create"), "{}", said.err);
    assert!(
        said.err.contains("the last good checkpoint is run/checkpoints/step-00000035"),
        "{}",
        said.err
    );
    fs::remove_file(program.path("run/checkpoints/step-00000040")).expect("removed");
    program.run(&["train", "--resume", "run"]).code(0);
}

#[test]
fn a_loss_that_is_not_finite_stops_the_run_and_is_not_saved() {
    let program = Program::new();
    let wild = SMALL
        .replace(r#"{ "kind": "adam" }"#, r#"{ "kind": "sgd" }"#)
        .replace(r#""value": 0.003"#, r#""value": 1e30"#)
        .replace(r#""clip_norm": 1.0,"#, "")
        .replace(r#""checkpoint_every": 15"#, r#""checkpoint_every": 1"#);
    program.write("run.json", &wild);
    let said = program.run(&["train", "run.json", "--out", "run"]).code(1);
    assert!(said.err.contains("loss is") || said.err.contains("gradient norm is"), "{}", said.err);
    assert!(
        said.err.contains("the last good checkpoint is run/checkpoints/step-0000000"),
        "{}",
        said.err
    );
    let manifest = String::from_utf8(program.read("run/manifest.json")).expect("UTF-8");
    assert!(manifest.contains(r#""state": "failed""#), "{manifest}");
}

#[test]
fn the_first_step_that_is_not_finite_is_named_however_many_are_read_at_once() {
    let program = Program::new();
    let name = "checkpoints/step-00000015/model.safetensors";
    // The weights leave the range of floats at step 23, and the loss of step 24 shows it.
    let rate = r#"train.learning_rate={"kind":"piecewise","values":[0.003,1e30],"steps":[22]}"#;
    program.write("run.json", SMALL);
    for engine in ["direct", "tape"] {
        let engine = format!("train.engine={engine}");
        let whole = format!("whole-{engine}");
        let run = ["train", "run.json", "--set", &engine, "--set", "train.validate_every=0"];
        let stopped = ["--out", &whole, "--stop-after", "15"];
        program.run(&[&run[..], &stopped].concat()).code(0);
        // Read at each step; at the log line of step 30; for the checkpoint of step 30.
        for every in ["train.log_every=1", "train.log_every=10", "train.log_every=1000"] {
            let out = format!("{engine}-{every}");
            let wild = ["--out", &out, "--set", rate, "--set", every];
            let said = program.run(&[&run[..], &wild].concat()).code(1);
            let said = said.err_has("error: step 24: the ");
            said.err_has(&format!("the last good checkpoint is {out}/checkpoints/step-00000015"));
            let said = program.run(&["verify", &out]).code(0);
            let sound = "failed, all is sound: it can go on from step 15";
            assert!(said.out.contains(sound), "{}", said.out);
            let (a, b) = (format!("{whole}/{name}"), format!("{out}/{name}"));
            assert!(program.read(&a) == program.read(&b), "{name} of {out}");
            let said = program.run(&["train", "--resume", &out]).code(1);
            let said = said.err_has("going on from step 15 of 40");
            said.err_has("error: step 24: the ");
        }
    }
}

#[test]
fn weights_that_are_not_finite_are_never_saved() {
    let program = Program::new();
    // The loss is taken before the step, so the first step's is finite and its weights are not.
    let wild = SMALL
        .replace(r#"{ "kind": "adam" }"#, r#"{ "kind": "sgd", "weight_decay": 100 }"#)
        .replace(r#""value": 0.003"#, r#""value": 3e38"#)
        .replace(r#""clip_norm": 1.0,"#, "")
        .replace(r#""validate_every": 10"#, r#""validate_every": 0"#);
    program.write("run.json", &wild);
    let said = program.run(&["train", "run.json", "--out", "run", "--stop-after", "1"]).code(1);
    let said = said.err_has("step 1: the new value of ");
    said.err_has("there is no checkpoint in run");
    let names = program.everything();
    assert!(!names.iter().any(|name| name.ends_with("safetensors")), "{names:?}");
}

#[test]
fn what_others_left_in_a_run_is_kept() {
    let program = stopped();
    program.write("run/notes.txt", "mine");
    program.write("run/checkpoints/step-00000030/notes.txt", "mine");
    program.run(&["train", "--resume", "run"]).code(0);
    assert_eq!(program.read("run/notes.txt"), b"mine");
    assert_eq!(program.read("run/checkpoints/step-00000030/notes.txt"), b"mine");
}

#[cfg(target_os = "linux")]
fn list_files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()).collect()
}

fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    fs::create_dir_all(to).expect("created");
    for entry in fs::read_dir(from).expect("a folder").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copied");
        }
    }
}
