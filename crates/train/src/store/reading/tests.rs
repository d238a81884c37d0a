//! Files that may hold anything: what a run wrote is read back, and all else ends in a message.

use proptest::{collection::vec, prelude::*, test_runner::RngSeed};

use super::*;
use crate::{
    sample::{
        levels::{LEVELS, LevelRecord, read_levels},
        trajectory::{read_trajectory, write_trajectory},
    },
    store::{Manifest, Program, Timing},
    trainer::Metrics,
};

fn message<T: std::fmt::Debug>(outcome: Result<T, TrainError>) -> String {
    outcome.expect_err("refused").to_string()
}

#[test]
fn a_file_larger_than_its_kind_may_be_is_refused_before_it_is_read() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("levels.json");
    assert_eq!(read(&path, 3).expect("none"), None);
    fs::write(&path, "[0]").expect("written");
    assert_eq!(read_text(&path, 3).expect("read").as_deref(), Some("[0]"));
    // A hole of a terabyte takes no disk; as much memory would end the process.
    File::options().write(true).open(&path).expect("there").set_len(1 << 40).expect("a hole");
    let said = message(read(&path, 3));
    assert!(said.starts_with("cannot read ") && said.contains("levels.json"), "{said}");
    assert!(said.ends_with("it has 1099511627776 bytes, and at most 3 are read"), "{said}");
    assert!(message(read_lines::<u64>(&path)).contains("are read"));
    fs::remove_file(&path).expect("removed");
    fs::write(&path, b"\xff").expect("written");
    assert!(message(read_text(&path, 3)).contains("utf-8"));
}

#[cfg(unix)]
#[test]
fn links_folders_and_pipes_are_not_read() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = |name: &str| folder.path().join(name);
    fs::write(path("other"), "[0]").expect("written");
    std::os::unix::fs::symlink(path("other"), path("link")).expect("linked");
    std::os::unix::fs::symlink("/dev/zero", path("device")).expect("linked");
    fs::create_dir(path("folder")).expect("created");
    let made = std::process::Command::new("mkfifo").arg(path("pipe")).status().expect("mkfifo");
    assert!(made.success());
    for name in ["link", "device", "folder", "pipe"] {
        let said = message(read(&path(name), 10));
        assert!(said.contains(name) && said.contains("must be a regular file"), "{said}");
        assert!(message(read_lines::<u64>(&path(name))).contains("regular file"));
    }
}

#[test]
fn a_log_is_read_line_by_line_up_to_one_without_an_end() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("timings.jsonl");
    assert!(read_lines::<u64>(&path).expect("none").is_empty());
    fs::write(&path, "1\nnot one\n\n2\n3").expect("written");
    assert_eq!(read_lines::<u64>(&path).expect("read"), [1, 2]);
    let long = format!("1\n{}\n", "2".repeat(LINE_LIMIT as usize));
    fs::write(&path, long).expect("written");
    let said = message(read_lines::<u64>(&path));
    assert!(said.ends_with("line 2 has more than 65536 bytes"), "{said}");
}

/// The same cases in every run, and no file where one fails.
fn settings(cases: u32) -> ProptestConfig {
    let (rng_seed, failure_persistence) = (RngSeed::Fixed(12), None);
    ProptestConfig { cases, rng_seed, failure_persistence, ..ProptestConfig::default() }
}

/// Any number that JSON has.
fn finite() -> impl Strategy<Value = f64> {
    any::<f64>().prop_filter("JSON has no other", |x| x.is_finite())
}

fn level() -> impl Strategy<Value = LevelRecord> {
    let numbers = || vec(finite(), 0..5);
    (finite(), finite(), numbers(), numbers(), prop::option::of(finite())).prop_map(
        |(alpha, sigma, mean, std, convergence)| LevelRecord {
            alpha,
            sigma,
            mean,
            std,
            convergence,
        },
    )
}

fn line() -> impl Strategy<Value = Metrics> {
    let losses = (finite(), finite(), finite(), finite());
    (any::<u64>(), losses, prop::option::of(finite())).prop_map(|(step, losses, held_out_loss)| {
        let (loss, mean_loss, gradient_norm, learning_rate) = losses;
        Metrics { step, loss, mean_loss, gradient_norm, learning_rate, held_out_loss }
    })
}

/// The names and contents of the files that [`read_all`] reads.
const FILES: [&str; 4] = ["manifest.json", LEVELS, "timings.jsonl", "trajectory.npy"];

/// Reads each of [`FILES`], and returns which could be read.
fn read_all(run: &Path) -> [bool; 4] {
    [
        Manifest::read(run).is_ok(),
        read_levels(run).is_ok(),
        read_lines::<Timing>(&run.join("timings.jsonl")).is_ok(),
        read_trajectory(run, 2, 3).is_ok(),
    ]
}

proptest! {
    #![proptest_config(settings(200))]

    #[test]
    fn levels_come_back(levels in vec(level(), 0..6)) {
        let folder = tempfile::tempdir().expect("temporary folder");
        let text = serde_json::to_string(&levels).expect("written");
        fs::write(folder.path().join(LEVELS), &text).expect("written");
        prop_assert_eq!(read_levels(folder.path()).expect("ours"), levels);
        fs::write(folder.path().join(LEVELS), &text[..text.len() - 1]).expect("cut");
        prop_assert!(read_levels(folder.path()).is_err());
    }

    #[test]
    fn log_lines_come_back_but_for_a_torn_one(lines in vec(line(), 0..6), cut in 0..18_usize) {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("metrics.jsonl");
        let line = |line: &Metrics| serde_json::to_string(line).expect("written") + "\n";
        let text: String = lines.iter().map(line).collect();
        fs::write(&path, &text).expect("written");
        prop_assert_eq!(read_lines::<Metrics>(&path).expect("read"), lines.clone());
        fs::write(&path, text + &"{\"step\": 1, \"loss\""[..cut]).expect("written");
        prop_assert_eq!(read_lines::<Metrics>(&path).expect("read"), lines);
    }

    #[test]
    fn a_way_comes_back_and_only_as_what_it_is(
        (levels, rows, features) in (1..4_usize, 1..5_usize, 1..4_usize),
        first in any::<u32>(),
    ) {
        let folder = tempfile::tempdir().expect("temporary folder");
        let number = |i: usize| f32::from_bits(first.wrapping_mul(i as u32 + 1));
        let way: Vec<Vec<f32>> = (0..levels)
            .map(|level| (0..rows * features).map(|i| number(level * 100 + i)).collect())
            .collect();
        let slices: Vec<_> = way.iter().map(Vec::as_slice).collect();
        write_trajectory(folder.path(), features, &slices).expect("written");
        let read = read_trajectory(folder.path(), levels, features).expect("ours");
        let bits = |way: &[Vec<f32>]| way.concat().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        prop_assert_eq!((read.len(), bits(&read)), (levels, bits(&way)));
        prop_assert!(read_trajectory(folder.path(), levels + 1, features).is_err());
        prop_assert!(read_trajectory(folder.path(), levels, features + 1).is_err());
    }

    #[test]
    fn a_manifest_comes_back(names in vec(any::<String>(), 6), step in any::<u64>()) {
        let folder = tempfile::tempdir().expect("temporary folder");
        let program = Program {
            langevin: names[0].clone(),
            burn: names[1].clone(),
            backend: names[2].clone(),
            device: names[3].clone(),
            features: names[4..].to_vec(),
        };
        let mut manifest = Manifest::new(program, names[5].clone());
        manifest.step = step;
        manifest.files = names.iter().cloned().map(|name| (name, String::new())).collect();
        let text = serde_json::to_string(&manifest).expect("written");
        fs::write(folder.path().join("manifest.json"), text).expect("written");
        prop_assert_eq!(Manifest::read(folder.path()).expect("ours"), manifest);
    }

    #[test]
    fn any_bytes_are_ours_or_refused(bytes in vec(any::<u8>(), 0..200), start in 0..4_usize) {
        let folder = tempfile::tempdir().expect("temporary folder");
        let start = [&b""[..], b"[", b"{\"format\":1,", b"\x93NUMPY\x01\x00\x10\x00{"][start];
        for name in FILES {
            fs::write(folder.path().join(name), [start, &bytes].concat()).expect("written");
        }
        let [manifest, _, timings, trajectory] = read_all(folder.path());
        // A log may hold lines that no program wrote; the other files must be sound as a whole.
        prop_assert!(!manifest && timings && !trajectory);
    }
}
