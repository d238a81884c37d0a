//! Configs and checkpoints changed at random: exit code 0, 1 or 2, one message, no panic, no hang.

use std::{fs, time::Duration};

use super::{Bench, Extent, SEED, random::Random};

/// A run of the program that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(5);

/// What takes the place of a value.
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

/// Mutates the run file and a checkpoint, and gives both to the program.
pub fn mutations(bench: &Bench, extent: Extent) -> Result<String, String> {
    let mut random = Random::new(SEED + 2);
    let text = super::RUN.as_bytes();
    for number in 0..extent.mutations {
        bench.write("mutant.json", &mutant(text, &mut random))?;
        judge(bench, &["train", "mutant.json", "--dry-run"])
            .map_err(|error| format!("config {number}: {error}"))?;
    }
    let index = "whole/checkpoints/step-00000150/checkpoint.json";
    let model = "whole/checkpoints/step-00000150/model.safetensors";
    for number in 0..extent.mutations {
        let name = if number % 2 == 0 { index } else { model };
        let sound = bench.read(name)?;
        bench.write(name, &mutant(&sound, &mut random))?;
        let judged = judge(bench, &["verify", "whole"]);
        bench.write(name, &sound)?;
        judged.map_err(|error| format!("checkpoint {number}: {error}"))?;
    }
    Ok(format!(
        "{} configs and {} checkpoints, no panic, no hang",
        extent.mutations, extent.mutations
    ))
}

/// One to four changes: a value replaced, a byte changed, a piece doubled, dropped or moved.
fn mutant(bytes: &[u8], random: &mut Random) -> Vec<u8> {
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
                // From a colon to the next comma: a value.
                let colons: Vec<usize> =
                    bytes.iter().enumerate().filter(|(_, b)| **b == b':').map(|(i, _)| i).collect();
                if colons.is_empty() {
                    continue;
                }
                let from = random.one_of(&colons) + 1;
                let length = bytes[from..].iter().position(|b| matches!(b, b',' | b'}' | b'\n'));
                let value = random.one_of(&VALUES).as_bytes().to_vec();
                bytes.splice(from..from + length.unwrap_or(0), value);
            }
        }
    }
    bytes
}

fn judge(bench: &Bench, arguments: &[&str]) -> Result<(), String> {
    let start = std::time::Instant::now();
    let output = bench.run(arguments)?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let kept = || {
        let _ =
            fs::copy(bench.path("mutant.json"), std::env::temp_dir().join("langevin-mutant.json"));
    };
    // What turns out valid takes its step, however large the run that it describes.
    if output.status.code() != Some(0) && start.elapsed() > PATIENCE {
        kept();
        return Err(format!("it took {:?}: {said}", start.elapsed()));
    }
    if !matches!(output.status.code(), Some(0..=2)) || said.contains("panicked") {
        kept();
        return Err(format!("{}: {said}", output.status));
    }
    if output.status.code() == Some(2) && !said.contains("error: ") {
        kept();
        return Err(format!("no message: {said}"));
    }
    Ok(())
}
