//! The default run learns its four modes.

use crate::program::Program;

const MODES: [[f64; 2]; 4] = [[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]];

/// One seed of what docs/evaluation.md reports over five. The ratio to the floor scatters by a fifth from
/// seed to seed even for perfect samples, and is held at one and a half here.
#[test]
fn penguins_are_learnt_without_copying() {
    let program = Program::new();
    program.run(&["--quiet", "train", "penguins", "--out", "run"]).code(0);
    let samples = String::from_utf8(program.read("run/samples.csv")).expect("UTF-8");
    let header = "bill_length_mm,bill_depth_mm,flipper_length_mm,body_mass_g";
    assert_eq!(samples.lines().next(), Some(header));
    let found: serde_json::Value =
        serde_json::from_slice(&program.read("run/evaluation.json")).expect("JSON");
    let number = |pointer: &str| found.pointer(pointer).and_then(|v| v.as_f64()).expect("a number");
    let energy = number("/metrics/0/samples");
    assert!(energy < 1.5 * number("/metrics/0/floor"), "{energy}");
    assert!(energy < number("/metrics/0/baselines/gaussian"), "{energy}");
    assert!(energy < number("/metrics/0/baselines/untrained"), "{energy}");
    for column in 0..4 {
        let p = number(&format!("/columns/{column}/p_value"));
        assert!(p >= 0.001, "column {column}: {p}");
    }
    let ratio = number("/copying/ratio");
    assert!((0.85..1.2).contains(&ratio), "neither copies nor a blur: {ratio}");
}

/// One seed of what README and docs/decisions.md report over ten; no seed there was below 99 %.
#[test]
fn the_default_run_learns_four_modes() {
    let program = Program::new();
    program.run(&["--quiet", "train"]).code(0);
    let text = String::from_utf8(program.read("runs/four-modes/samples.csv")).expect("UTF-8");
    let rows: Vec<[f64; 2]> = text
        .lines()
        .skip(1)
        .map(|line| {
            let (x, y) = line.split_once(',').expect("two columns");
            [x.parse().expect("a number"), y.parse().expect("a number")]
        })
        .collect();
    assert_eq!(rows.len(), 4000);
    let mut near_all = 0;
    for mode in MODES {
        let distance = |row: &[f64; 2]| (row[0] - mode[0]).hypot(row[1] - mode[1]);
        let near: Vec<_> = rows.iter().filter(|row| distance(row) < 0.05).collect();
        near_all += near.len();
        let count = near.len() as f64;
        assert!((count / 4000.0 - 0.25).abs() < 0.03, "share of {mode:?}: {}", count / 4000.0);
        for axis in 0..2 {
            let mean = near.iter().map(|row| row[axis]).sum::<f64>() / count;
            let variance = near.iter().map(|row| (row[axis] - mean).powi(2)).sum::<f64>() / count;
            assert!((mean - mode[axis]).abs() < 0.003, "mean of {mode:?}: {mean}");
            assert!(
                (variance.sqrt() - 0.01).abs() < 0.0015,
                "std of {mode:?}: {}",
                variance.sqrt()
            );
        }
    }
    assert!(near_all as f64 >= 0.99 * 4000.0, "{near_all} of 4000 within 0.05 of a mode");
}
