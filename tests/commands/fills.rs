//! Tables whose gaps are filled: `sample --fill`, and what is given beside values: ends, and that a value is missing.

use std::fs;

use crate::{
    conditions::{ANY, columns, mean, numbers, run_file},
    program::Program,
};

/// A run on all columns of the penguins, some of which have gaps.
fn all_penguins(program: &Program, name: &str, condition: &str) {
    let column = |name: &str, kind: &str| format!(r#"{{ "name": "{name}", "kind": "{kind}" }}"#);
    let mut columns: Vec<String> =
        ["species", "island", "sex"].iter().map(|name| column(name, "category")).collect();
    columns.extend(
        ["bill_length_mm", "flipper_length_mm", "body_mass_g"].map(|name| format!("{name:?}")),
    );
    run_file(program, name, condition);
    let columns = format!("data.columns=[{}]", columns.join(", "));
    let (file, missing) = (format!("{name}.json"), r#"data.missing="model""#);
    program.run(&["train", &file, "--out", name, "--set", &columns, "--set", missing]).code(0);
}

#[test]
fn empty_cells_of_a_table_are_filled_and_all_others_stay_as_they_are() {
    let program = Program::new();
    all_penguins(&program, "p", ANY);
    let table = "id;species;wing;body_mass_g;flipper_length_mm\n\
                 007;Gentoo;x;;\n\
                 8;;\"a;b\";3600;185\n\
                 9;Adelie;;3700.0;190\n";
    fs::write(program.path("t.csv"), table).expect("written");
    let fill = ["sample", "p", "--fill", "t.csv"];
    let said = program.run(&[&fill[..], &["--count", "60", "--out", "filled.csv"]].concat());
    assert!(said.code(0).out.contains("3 cells of 2 rows filled 60 times in filled.csv"));
    let text = fs::read_to_string(program.path("filled.csv")).expect("filled");
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("id;species;wing;body_mass_g;flipper_length_mm"));
    let lines: Vec<&str> = lines.collect();
    assert_eq!(lines.len(), 180);
    // Gentoos weigh 5076 g and have flippers of 217 mm on average.
    let of_gentoo = lines[..60].iter().map(|line| {
        let cells: Vec<&str> = line.split(';').collect();
        assert_eq!(cells[..3], ["007", "Gentoo", "x"]);
        assert!(!cells[3].contains('.'), "{line}");
        [3, 4].map(|i| cells[i].parse::<f64>().expect("a number"))
    });
    let (mass, flipper): (Vec<f64>, Vec<f64>) = of_gentoo.map(|[a, b]| (a, b)).unzip();
    assert!((mean(&mass) - 5076.0).abs() < 300.0, "{}", mean(&mass));
    assert!((mean(&flipper) - 217.0).abs() < 4.0, "{}", mean(&flipper));
    // A light one with short flippers is no Gentoo.
    let others = lines[60..120].iter().filter(|line| !line.contains("Gentoo")).count();
    assert!(others > 55, "{others}");
    assert!(
        lines[60..120]
            .iter()
            .all(|line| line.starts_with("8;") && line.ends_with(";\"a;b\";3600;185"))
    );
    assert!(lines[120..].iter().all(|line| *line == "9;Adelie;;3700.0;190"));
    // One draw each by default, which is the first of many; what a model was not told is filled in on the way.
    program.run(&[&fill[..], &["--out", "once.csv"]].concat()).code(0);
    let once = fs::read_to_string(program.path("once.csv")).expect("filled");
    assert_eq!(once.lines().nth(1), Some(lines[0]));
    assert_eq!(once.lines().nth(3), Some(lines[120]));
    for (table, said) in [
        (
            "species,wing\nEmperor,1\n,\n",
            "error: bad.csv, line 2, column `species`: \"Emperor\" is not one of the 3",
        ),
        (
            "species,body_mass_g\n,heavy\n",
            "line 2, column `body_mass_g`: \"heavy\" is not a number",
        ),
        ("wing\n\"\"\n1\n", "must have a column of the run, of species, island"),
        ("species,species\n,\n", "has two columns named `species`"),
        (
            "species,wing\nGentoo,\n",
            "must have an empty cell in a column of the run, and has a value in each; to fill island, ",
        ),
        ("species\n", "header"),
    ] {
        fs::write(program.path("bad.csv"), table).expect("written");
        let said_all = program.run(&["sample", "p", "--fill", "bad.csv", "--out", "x.csv"]);
        assert!(said_all.code > 0 && said_all.err.contains(said), "{said}: {}", said_all.err);
        assert!(!program.path("x.csv").exists(), "{said}");
    }
    let out = ["--fill", "t.csv", "--out", "x.npy"];
    program.run(&[&["sample", "p"][..], &out].concat()).code(2).err_has("--out: must end in .csv");
    // What is missing may be told, and ends.
    let drawn = |given: &[&str], out: &str| {
        let given: Vec<&str> = given.iter().flat_map(|given| ["--given", given]).collect();
        let plain = ["sample", "p", "--count", "200", "--out", out];
        program.run(&[&plain[..], &given].concat()).code(0);
        columns(program.path(out))
    };
    let sexless = drawn(&["sex="], "sexless.csv");
    assert!(sexless["sex"].iter().all(String::is_empty));
    let heavy = drawn(&["body_mass_g=5500..", "island=Biscoe"], "heavy.csv");
    assert!(numbers(&heavy["body_mass_g"]).iter().all(|mass| *mass >= 5500.0));
    assert!(heavy["species"].iter().filter(|species| *species == "Gentoo").count() > 180);
    program
        .run(&["sample", "p", "--given", "species=", "--out", "x.csv"])
        .code(2)
        .err_has("`species` must be one of Adelie, Chinstrap, Gentoo, got \"\"");
}

#[test]
fn a_model_that_was_told_nothing_fills_a_table_and_keeps_between_ends() {
    let program = Program::new();
    all_penguins(&program, "p", "");
    fs::write(program.path("t.csv"), "species,body_mass_g\nGentoo,\n").expect("written");
    let fill = ["sample", "p", "--fill", "t.csv", "--count", "100", "--out", "t-filled.csv"];
    program.run(&fill).code(2).err_has("the model was trained without data.condition");
    program.run(&[&fill[..], &["--inpaint"]].concat()).code(0);
    let filled = columns(program.path("t-filled.csv"));
    assert!(filled["species"].iter().all(|species| species == "Gentoo"));
    assert!(mean(&numbers(&filled["body_mass_g"])) > 4600.0);
    let ends =
        ["sample", "p", "--given", "body_mass_g=..3200", "--count", "50", "--out", "light.csv"];
    program.run(&ends).code(0);
    let light = columns(program.path("light.csv"));
    assert!(numbers(&light["body_mass_g"]).iter().all(|mass| *mass <= 3200.0));
    assert!(!light["species"].contains(&"Gentoo".to_owned()));
}

#[test]
fn gaps_that_are_common_are_filled_with_values_and_what_goes_together_stays_so() {
    let program = Program::new();
    // Half of the x are missing; `half` is a function of `kind`, and two kinds share one.
    let row = |i: usize| {
        let kind = i % 4;
        let x = if i % 7 < 3 { String::new() } else { format!("{}", 10 * kind + i % 5) };
        format!("{},{},{x}\n", ["a", "b", "c", "d"][kind], ["low", "high"][kind / 2])
    };
    let rows: String = (0..400).map(row).collect();
    fs::write(program.path("t.csv"), format!("kind,half,x\n{rows}")).expect("written");
    let text = r#"{
        "name": "t",
        "data": { "kind": "table", "path": "t.csv", "holdout": 40, "missing": "model", "condition": { "given": "any" },
                  "columns": [{ "name": "kind", "kind": "category" },
                              { "name": "half", "kind": "category", "derived_from": "kind" }, "x"] },
        "noise": { "schedule": { "kind": "karras", "sigma_min": 0.01, "sigma_max": 20 } },
        "denoiser": { "network": { "kind": "mlp", "width": 16 }, "prediction": { "kind": "edm", "sigma_data": 1 } },
        "train": { "steps": 200, "batch": 64, "optimizer": { "kind": "adam" },
                   "learning_rate": { "kind": "constant", "value": 3e-3 } },
        "sample": { "sampler": { "kind": "heun", "steps": 8 }, "count": 20 },
        "report": { "figures": [], "evaluation": false }
    }"#;
    fs::write(program.path("t.json"), text).expect("written");
    program.run(&["train", "t.json", "--out", "t"]).code(0);
    let gaps: String = (0..100).map(|i| ["a,low,\n", ",high,\n", ",,13\n"][i % 3]).collect();
    fs::write(program.path("gaps.csv"), format!("kind,half,x\n{gaps}")).expect("written");
    program.run(&["sample", "t", "--fill", "gaps.csv", "--out", "full.csv"]).code(0);
    let full = columns(program.path("full.csv"));
    assert_eq!(full["x"].len(), 100);
    for ((kind, half), x) in full["kind"].iter().zip(&full["half"]).zip(&full["x"]) {
        assert!(!x.is_empty() && !kind.is_empty());
        assert_eq!(half, if "ab".contains(kind.as_str()) { "low" } else { "high" }, "{kind}");
    }
    assert!(full["kind"].iter().skip(1).step_by(3).any(|kind| kind == "c"));
}
