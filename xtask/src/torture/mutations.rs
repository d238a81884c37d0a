//! Configs, tables and checkpoints that were changed at random, or are 100 MB large. The program must end
//! with exit code 0, 1 or 2 and one message that names the place: no panic, no hang, no gigabyte.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::Path,
    time::Instant,
};

use super::{
    Bench, Extent, MEMORY, PANICS, PATIENCE, SEED,
    measured::{Ended, measured},
    random::Random,
};

/// Bytes of a large file.
const LARGE: usize = 100_000_000;

/// Replacements of a value.
const VALUES: [&str; 16] = [
    "null",
    "true",
    "-1",
    "0",
    "1e308",
    "-1e308",
    "1e-320",
    "18446744073709551616",
    "\"\"",
    "[]",
    "{}",
    "[[]]",
    "\"adam\"",
    "{\"kind\":\"mlp\"}",
    "1e999",
    "NaN",
];

/// Places of which a message must name one: a file, or a section of a run file.
const PLACES: [&str; 13] = [
    "mutant.json",
    "mutant.csv",
    "the run file",
    "this run needs",
    "version",
    "name",
    "seed",
    "data",
    "noise",
    "denoiser",
    "train",
    "sample",
    "report",
];

/// Run file on a table of the user's.
const TABLE_RUN: &str = r#"{
  "name": "table",
  "data": { "kind": "table", "path": "mutant.csv" },
  "noise": { "schedule": { "kind": "karras", "sigma_min": 0.01, "sigma_max": 80 } },
  "denoiser": { "network": { "kind": "mlp", "width": 8 }, "prediction": { "kind": "edm" } },
  "train": {
    "steps": 1, "batch": 4, "optimizer": { "kind": "sgd" },
    "learning_rate": { "kind": "constant", "value": 0.001 }
  },
  "sample": { "sampler": { "kind": "euler", "steps": 4 }, "count": 10 }
}"#;

const INDEX: &str = "whole/checkpoints/step-00000150/checkpoint.json";
const MODEL: &str = "whole/checkpoints/step-00000150/model.safetensors";

/// Mutates the run file, a table and a checkpoint, and gives each to the program. Then the library gets as
/// many mutations as the extent says.
pub fn mutations(bench: &Bench, extent: Extent) -> Result<String, String> {
    let mut random = Random::new(SEED + 2);
    let mut peak = 0;
    for number in 0..extent.mutations {
        bench.write("mutant.json", &mutant(super::RUN.as_bytes(), b':', &mut random))?;
        let judged = judge(bench, &["train", "mutant.json", "--dry-run"]);
        peak = peak.max(judged.map_err(|error| format!("config {number}: {error}"))?);
    }
    bench.write("table.json", TABLE_RUN.as_bytes())?;
    let row = |i: u32| format!("{i},{}.5,{}e-1\n", i * 7 % 11, i * i % 13);
    let table: String =
        ["id,length,mass\n".to_owned()].into_iter().chain((0..40).map(row)).collect();
    for number in 0..extent.mutations {
        bench.write("mutant.csv", &mutant(table.as_bytes(), b',', &mut random))?;
        let judged = judge(bench, &["train", "table.json", "--dry-run"]);
        peak = peak.max(judged.map_err(|error| format!("table {number}: {error}"))?);
    }
    for number in 0..extent.mutations {
        let name = if number % 2 == 0 { INDEX } else { MODEL };
        let sound = bench.read(name)?;
        bench.write(name, &mutant(&sound, b':', &mut random))?;
        let judged = judge(bench, &["verify", "whole"]);
        bench.write(name, &sound)?;
        peak = peak.max(judged.map_err(|error| format!("checkpoint {number}: {error}"))?);
    }
    let count = extent.mutations;
    let said = format!(
        "{count} configs, {count} tables and {count} checkpoints: no panic, no hang, at most {} MiB of memory",
        peak >> 10
    );
    match extent.library {
        0 => Ok(said),
        count => library(bench, count).map(|()| said),
    }
}

/// Mutates through the library, by the tests of fuzz/, which print what they did.
fn library(bench: &Bench, count: usize) -> Result<(), String> {
    let target = ["test", "--workspace", "--locked", "--test", "untrusted", "--"];
    let only = ["mutated", "--nocapture", "--test-threads=1"];
    let count = count.to_string();
    bench.workspace.cargo_with(&[("LANGEVIN_MUTATIONS", &count)], &[&target[..], &only].concat())
}

/// Large file: what it is, its name, its head, filling and tail, and the arguments of the command that
/// reads it.
type Large<'a> = (&'a str, &'a str, [&'a [u8]; 3], &'a [&'a str]);

/// Gives the program a file of 100 MB of each kind. It must be taken, or refused in time, without a
/// gigabyte of memory.
pub fn large(bench: &Bench, _extent: Extent) -> Result<String, String> {
    let (before, after) = super::RUN.split_once("[1, 0.5]").unwrap_or_default();
    let tail = format!("[1, 0.5]{after}");
    let (config, table) =
        (["train", "mutant.json", "--dry-run"], ["train", "table.json", "--dry-run"]);
    let verify = ["verify", "whole"];
    let (index, model) = (bench.read(INDEX)?, bench.read(MODEL)?);
    bench.write("table.json", TABLE_RUN.as_bytes())?;
    let files: [Large; 6] = [
        ("config", "mutant.json", [before.as_bytes(), b"[1,2],", tail.as_bytes()], &config),
        ("sound table", "mutant.csv", [b"a,b\n", b"1,2\n3,5\n", b""], &table),
        ("ragged table", "mutant.csv", [b"", b"1,2,7\n3,5,1\n", b"1,2\n"], &table),
        ("table of quotes", "mutant.csv", [b"", b"\"", b"\n"], &table),
        ("checkpoint.json", INDEX, [&index, b"[0],", b""], &verify),
        ("weights", MODEL, [&model, b"\0", b""], &verify),
    ];
    let mut said = Vec::new();
    for (what, name, [head, piece, tail], arguments) in files {
        fill(&bench.path(name), head, piece, tail).map_err(|error| format!("{name}: {error}"))?;
        let start = Instant::now();
        let peak = judge(bench, arguments).map_err(|error| format!("{what}: {error}"))?;
        said.push(format!("{what} {} MiB, {:.1} s", peak >> 10, start.elapsed().as_secs_f64()));
    }
    bench.write(INDEX, &index)?;
    bench.write(MODEL, &model)?;
    Ok(format!("100 MB each: {}", said.join("; ")))
}

/// Writes 100 MB of a piece between head and tail. They are never held in memory: a process starts with the
/// peak memory of the process that started it.
fn fill(path: &Path, head: &[u8], piece: &[u8], tail: &[u8]) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(head)?;
    for _ in 0..LARGE / piece.len() {
        file.write_all(piece)?;
    }
    file.write_all(tail)?;
    file.flush()
}

/// Mutant of some bytes, by one to four changes: a value after a separator is replaced, a byte changed, a
/// piece doubled or dropped, or brackets are nested.
pub fn mutant(bytes: &[u8], separator: u8, random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(4) {
        let place = random.below(bytes.len().max(1));
        let end = (place + 1 + random.below(40)).min(bytes.len());
        match random.below(6) {
            0 => {
                if let Some(byte) = bytes.get_mut(place) {
                    *byte = random.next() as u8;
                }
            }
            1 => drop(bytes.drain(place..end)),
            2 => {
                let piece = bytes[place..end].to_vec();
                bytes.splice(place..place, piece);
            }
            3 => {
                let nested = [b"[".repeat(5000), b"]".repeat(5000)].concat();
                bytes.splice(place..place, nested);
            }
            _ => {
                // A value goes from a separator to the next comma.
                let is_separator = |(i, b): (usize, &u8)| (*b == separator).then_some(i);
                let separators: Vec<usize> =
                    bytes.iter().enumerate().filter_map(is_separator).collect();
                if separators.is_empty() {
                    continue;
                }
                let from = random.one_of(&separators) + 1;
                let length = bytes[from..].iter().position(|b| matches!(b, b',' | b'}' | b'\n'));
                let value = random.one_of(&VALUES).as_bytes().to_vec();
                bytes.splice(from..from + length.unwrap_or(0), value);
            }
        }
    }
    bytes
}

/// Message of a program, from `error: ` to the end of its output. None where there is no message, or more
/// than one.
fn message(said: &str) -> Option<String> {
    let is_start = |line: &&str| line.starts_with("error: ");
    let lines: Vec<&str> = said.lines().skip_while(|line| !is_start(line)).collect();
    (lines.iter().filter(|line| is_start(line)).count() == 1).then(|| lines.join("\n"))
}

/// Runs the program and gives the most memory that it had, in KiB; an error where it broke a promise. Input
/// that turns out valid may take its time.
fn judge(bench: &Bench, arguments: &[&str]) -> Result<u64, String> {
    let mut command = bench.program.command(arguments);
    let ended = measured(&mut command, bench.folder)?;
    let said = &ended.err;
    // Looked for first: a panic in a thread, or one that was caught, may end with any code.
    let panicked = [&ended.out, said].iter().any(|text| PANICS.iter().any(|it| text.contains(it)));
    let fault = match ended.code {
        _ if panicked => "it panicked",
        Some(0) if ended.peak <= MEMORY => return Ok(ended.peak),
        Some(0..=2) if ended.peak > MEMORY => "it took more than a gigabyte",
        Some(1 | 2) if ended.took > PATIENCE => "it took too long",
        // `verify` says what it found on standard output.
        Some(1) if ended.out.contains("not all is sound") => return Ok(ended.peak),
        Some(1 | 2) => {
            if message(said).is_some_and(|it| PLACES.iter().any(|place| it.contains(place))) {
                return Ok(ended.peak);
            }
            "it has not one message that names the place"
        }
        _ => "its exit code is not 0, 1 or 2",
    };
    for name in ["mutant.json", "mutant.csv"] {
        let _ = fs::copy(bench.path(name), std::env::temp_dir().join(format!("langevin-{name}")));
    }
    let Ended { code, took, peak, .. } = ended;
    Err(format!("{fault}: exit code {code:?}, {took:?}, {} MiB: {said}", peak >> 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_is_what_follows_error_alone() {
        let said = "training data\nerror: seed: no\nand more\n";
        assert_eq!(message(said).as_deref(), Some("error: seed: no\nand more"));
        assert_eq!(message("training data\n"), None);
        assert_eq!(message("error: seed: no\nerror: seed: no\n"), None);
    }
}
