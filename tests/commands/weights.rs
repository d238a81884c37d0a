//! Rows that weigh: a survey from `init --weight` to its measures.

use std::fs;

use serde_json::Value;

use crate::program::Program;

/// 600 rows, a fifth of them of class b, which weighs nine times as much and lies higher.
fn survey() -> String {
    let row = |i: usize| {
        let (kind, weight) = if i.is_multiple_of(5) { ("b", 18) } else { ("a", 2) };
        let size = ((i * 37) % 101) as f64 / 10.0 + if kind == "b" { 20.0 } else { 0.0 };
        format!("{kind},{size},{weight}\n")
    };
    "kind,size,weight\n".to_owned() + &(0..600).map(row).collect::<String>()
}

/// The share of the rows of a table that are of class b, and their mean size.
fn found(csv: &str) -> (f64, f64) {
    let rows: Vec<(bool, f64)> = csv
        .lines()
        .skip(1)
        .filter_map(|line| {
            let (kind, rest) = line.split_once(',')?;
            Some((kind == "b", rest.split(',').next()?.parse().ok()?))
        })
        .collect();
    let count = rows.len() as f64;
    let share = rows.iter().filter(|(is_b, _)| *is_b).count() as f64 / count;
    (share, rows.iter().map(|(_, size)| size).sum::<f64>() / count)
}

#[test]
fn samples_and_their_measures_follow_what_rows_weigh() {
    let program = Program::new();
    fs::write(program.path("survey.csv"), survey()).expect("written");
    let said = program.run(&["init", "survey.csv", "--weight", "weight"]).code(0).out;
    assert!(said.contains("left out: weight (says how often its row is drawn)"), "{said}");
    let text = fs::read_to_string(program.path("survey.json")).expect("a config");
    assert!(
        text.contains(r#""weight": "weight""#) && !text.contains(r#""name": "weight""#),
        "{text}"
    );
    let short = ["train.steps=300", "denoiser.network.width=64", "sample.count=1500"];
    let settings = short.iter().flat_map(|setting| ["--set", setting]);
    let words: Vec<&str> =
        ["train", "survey.json", "--out", "run"].into_iter().chain(settings).collect();
    let said = program.run(&words).code(0);
    let said = said.out + &said.err;
    assert!(said.contains("rows are drawn as often as they weigh, by weight: 480 rows"), "{said}");
    // 9 · 120 of 9 · 120 + 480.
    let (exact, (share, size)) =
        (0.692, found(&fs::read_to_string(program.path("run/samples.csv")).expect("samples")));
    assert!((share - exact).abs() < 0.06, "{share}");
    assert!((size - (5.0 + 20.0 * exact)).abs() < 2.0, "{size}");
    // Beside rows that count alike the share would be half of all off.
    let evaluation: Value =
        serde_json::from_slice(&fs::read(program.path("run/evaluation.json")).expect("measures"))
            .expect("JSON");
    for of in ["samples", "held_out", "independent"] {
        let error = evaluation["table"][of]["column_errors"][0].as_f64().expect("a share");
        assert!(error < 0.08, "{of}: {error}");
    }
    let remarks = evaluation["remarks"].to_string();
    assert!(remarks.contains("rows have weights"), "{remarks}");
}

#[test]
fn a_column_that_cannot_weigh_is_refused_by_its_flag_and_by_its_field() {
    let program = Program::new();
    fs::write(program.path("survey.csv"), survey()).expect("written");
    fs::write(program.path("bad.csv"), survey().replace("a,3.7,2", "a,3.7,-2")).expect("written");
    for (file, column, said) in [
        ("survey.csv", "weights", "--weight names `weights`"),
        ("survey.csv", "kind", "line 2: --weight: column `kind`"),
        ("bad.csv", "weight", "line 3: --weight: column `weight` must hold a number of 0 or more"),
    ] {
        program.run(&["init", file, "--weight", column]).code(2).err_has(said);
    }
    // One that is spelt is read as it is.
    let spelt = survey().replace(",18\n", ",\"1,800 kg\"\n").replace(",2\n", ",200 kg\n");
    fs::write(program.path("spelt.csv"), spelt).expect("written");
    program.run(&["init", "spelt.csv", "--weight", "weight"]).code(0);
    program.run(&["train", "spelt.json", "--dry-run"]).code(0);
    program.run(&["init", "survey.csv"]).code(0);
    let train = ["train", "survey.json", "--set", "data.weight=wieght", "--dry-run"];
    program.run(&train).code(2).err_has("did you mean `weight`?");
    assert!(!program.path("runs").exists(), "nothing is written");
}
