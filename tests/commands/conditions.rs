//! Samples that are told something: `data.condition`, `sample --given`, `--given-file`, `--guidance`, `--guide`, `--inpaint`.

use std::{collections::BTreeMap, fs, path::PathBuf};

use crate::program::{Program, Said};

/// A run file of the penguins' measurements, trained for some steps, with what the model is told.
pub fn run_file(program: &Program, name: &str, condition: &str) {
    let text = format!(
        r#"{{
        "name": "{name}",
        "data": {{ "kind": "table", "path": "builtin:penguins", "holdout": 0.2, {condition}
                   "columns": ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"] }},
        "noise": {{ "schedule": {{ "kind": "karras", "sigma_min": 0.01, "sigma_max": 20 }},
                    "levels": {{ "kind": "log_normal", "mean": -0.5, "std": 1.5 }} }},
        "denoiser": {{ "network": {{ "kind": "mlp", "width": 64, "depth": 2, "residual": true }},
                       "prediction": {{ "kind": "edm", "sigma_data": 1 }} }},
        "train": {{ "steps": 1500, "batch": 128, "optimizer": {{ "kind": "adam" }}, "checkpoint_every": 500,
                    "learning_rate": {{ "kind": "cosine", "peak": 3e-3 }},
                    "ema": {{ "kind": "exponential", "decay": 0.99 }} }},
        "sample": {{ "sampler": {{ "kind": "heun", "steps": 16 }}, "count": 900 }},
        "report": {{ "figures": [] }}
    }}"#
    );
    fs::write(program.path(&format!("{name}.json")), text).expect("written");
}

pub fn trained(program: &Program, name: &str, condition: &str) -> Said {
    run_file(program, name, condition);
    program.run(&["train", &format!("{name}.json"), "--out", name]).code(0)
}

/// The rows of a file of samples, by column.
pub fn columns(path: PathBuf) -> BTreeMap<String, Vec<String>> {
    let text = fs::read_to_string(path).expect("samples");
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    let names = lines.next().expect("a header");
    let rows: Vec<_> = lines.collect();
    let column = |i: usize| rows.iter().map(|row| row[i].clone()).collect();
    names.into_iter().enumerate().map(|(i, name)| (name, column(i))).collect()
}

pub fn numbers(texts: &[String]) -> Vec<f64> {
    texts.iter().map(|text| text.parse().expect("a number")).collect()
}

pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

const SPECIES: &str = r#""condition": { "columns": ["species"] },"#;
pub const ANY: &str = r#""condition": { "given": "any" },"#;

#[test]
fn penguins_of_a_species_weigh_what_the_species_does_and_their_run_goes_on_without_the_table() {
    let program = Program::new();
    trained(&program, "p", SPECIES);
    let samples = columns(program.path("p/samples.csv"));
    // Shares of the whole data: 151, 68 and 123 of 342; 5 standard errors of 900 rows.
    for (species, share) in [("Adelie", 0.4415), ("Chinstrap", 0.1988), ("Gentoo", 0.3596)] {
        let own =
            samples["species"].iter().filter(|other| *other == species).count() as f64 / 900.0;
        assert!((own - share).abs() < 0.1, "{species}: {own}");
    }
    let drawn = |arguments: &[&str], out: &str| {
        let arguments = [&["sample", "p", "--count", "400", "--out", out], arguments].concat();
        program.run(&arguments).code(0);
        columns(program.path(out))
    };
    let mass = |samples: &BTreeMap<String, Vec<String>>| mean(&numbers(&samples["body_mass_g"]));
    let gentoo = drawn(&["--given", "species=Gentoo"], "g.csv");
    let adelie = drawn(&["--given", "species=Adelie"], "a.csv");
    assert!(gentoo["species"].iter().all(|species| species == "Gentoo"));
    // 5076 and 3701 in the data, of a standard deviation of 800.
    assert!((mass(&gentoo) - 5076.0).abs() < 250.0, "{}", mass(&gentoo));
    assert!((mass(&adelie) - 3701.0).abs() < 250.0, "{}", mass(&adelie));
    // The same bytes for another number of samples, and with the weight 1 said.
    let text = |name: &str| fs::read_to_string(program.path(name)).expect("samples");
    drawn(&["--given", "species=Adelie", "--guidance", "1"], "same.csv");
    assert_eq!(text("same.csv"), text("a.csv"));
    program
        .run(&["sample", "p", "--count", "30", "--given", "species=Adelie", "--out", "few.csv"])
        .code(0);
    assert!(text("a.csv").starts_with(&text("few.csv")));
    // Guided samples differ, by the run itself told nothing and by an earlier checkpoint.
    drawn(&["--given", "species=Adelie", "--guidance", "2"], "guided.csv");
    drawn(&["--given", "species=Adelie", "--guidance", "2", "--guide", "p@1000"], "auto.csv");
    assert!(text("guided.csv") != text("a.csv") && text("auto.csv") != text("guided.csv"));
    program.run(&["verify", "p"]).code(0);
}

#[test]
fn rows_of_a_file_are_completed_in_order_with_what_they_say() {
    let program = Program::new();
    trained(&program, "p", ANY);
    fs::write(program.path("rows.csv"), "body_mass_g,bill_length_mm\n5500,\n3200,37.5\n,\n")
        .expect("written");
    program
        .run(&["sample", "p", "--given-file", "rows.csv", "--count", "200", "--out", "filled.csv"])
        .code(0);
    let filled = columns(program.path("filled.csv"));
    assert_eq!(filled["body_mass_g"].len(), 600);
    assert!(filled["body_mass_g"][..200].iter().all(|mass| mass == "5500"));
    assert!(filled["body_mass_g"][200..400].iter().all(|mass| mass == "3200"));
    assert!(filled["bill_length_mm"][200..400].iter().all(|bill| bill == "37.5"));
    let flipper = numbers(&filled["flipper_length_mm"]);
    let [heavy, light, any] = [0, 200, 400].map(|first| mean(&flipper[first..first + 200]));
    // Heavy penguins are Gentoos, whose flippers have 217 mm on average; those of light Adelies 185.
    assert!(
        heavy > 212.0 && light < 193.0 && (193.0..211.0).contains(&any),
        "{heavy} {light} {any}"
    );
}

#[test]
fn what_is_beyond_the_training_rows_is_said_and_what_is_no_value_is_refused() {
    let program = Program::new();
    trained(&program, "any", ANY);
    trained(&program, "species", SPECIES);
    trained(&program, "plain", "");
    let said = program.run(&[
        "sample",
        "any",
        "--given",
        "body_mass_g=9000",
        "--count",
        "5",
        "--out",
        "a.csv",
    ]);
    said.code(0)
        .err_has("body_mass_g = 9000 lies beyond the training rows, which go from 2700 to 6300");
    fs::write(program.path("bad.csv"), "body_mass_g\n4000\nheavy\n").expect("written");
    fs::write(program.path("other.csv"), "wing,mass\n1,2\n").expect("written");
    let all =
        ["bill_length_mm=40", "bill_depth_mm=18", "flipper_length_mm=190", "body_mass_g=4000"];
    let all: Vec<&str> = all.iter().flat_map(|pair| ["--given", pair]).collect();
    for (run, arguments, said) in [
        (
            "any",
            &["--given", "body_mass=4000"][..],
            "names no column of the data, got \"body_mass\"; did you mean `body_mass_g`?",
        ),
        (
            "any",
            &["--given", "body_mass_g=heavy"],
            "`body_mass_g` must be a whole number, got \"heavy\"",
        ),
        (
            "any",
            &["--given", "body_mass_g=NaN"],
            "`body_mass_g` must be a whole number, got \"NaN\"",
        ),
        ("any", &["--given", "body_mass_g"], "--given: must be COLUMN=VALUE, got \"body_mass_g\""),
        (
            "any",
            &["--given", "body_mass_g=1", "--given", "body_mass_g=2"],
            "--given: `body_mass_g` is given twice",
        ),
        ("any", &all, "must leave a column that is drawn"),
        ("any", &["--given-file", "bad.csv"], "bad.csv: line 3"),
        ("any", &["--given-file", "other.csv"], "names no column of the data, got \"wing\""),
        ("any", &["--given", "body_mass_g=4000", "--inpaint"], "sample.inpaint: must be left out"),
        (
            "any",
            &["--guidance", "-1"],
            "sample.guidance.weight: must be finite and at least 0, got -1",
        ),
        (
            "any",
            &["--guidance", "2", "--guide", "species"],
            "--guide species: was trained on other data",
        ),
        ("any", &["--guidance", "2", "--guide", "any@7"], "has no checkpoint of step 7"),
        (
            "any",
            &["--guidance", "1", "--guide", "any@1000"],
            "must be another than 1 where a run guides",
        ),
        (
            "species",
            &["--given", "species=Adele"],
            "must be one of its 3 values (did you mean \"Adelie\"?), got \"Adele\"",
        ),
        (
            "species",
            &["--given", "body_mass_g=4000"],
            "the model is told species, and draws `body_mass_g`",
        ),
        ("plain", &["--given", "body_mass_g=4000"], "the model was trained without data.condition"),
        (
            "plain",
            &["--guidance", "2"],
            "sample.guidance.weight: must be 1 where the model is told nothing",
        ),
    ] {
        let said_all =
            program.run(&[&["sample", run, "--count", "5", "--out", "x.csv"], arguments].concat());
        assert_eq!(said_all.code, 2, "{arguments:?}: {}", said_all.err);
        assert!(said_all.err.contains(said), "{arguments:?}: {}", said_all.err);
        assert!(!program.path("x.csv").exists(), "{arguments:?}");
    }
    program
        .run(&["sample", "any", "--given-file", "none.csv"])
        .code(1)
        .err_has("cannot read none.csv");
    program
        .run(&["sample", "plain", "--inpaint"])
        .code(2)
        .err_has("--inpaint: fills in what --given, --given-file or --fill leaves open");
    let guided = ["sample", "plain", "--given", "body_mass_g=4000", "--inpaint", "--guidance", "2"];
    program
        .run(&guided)
        .code(2)
        .err_has("sample.guidance: must be left out where the rest is filled in");
    // A model that was told nothing fills in.
    program
        .run(&[
            "sample",
            "plain",
            "--given",
            "body_mass_g=5800",
            "--inpaint",
            "4x5",
            "--count",
            "200",
            "--out",
            "in.csv",
        ])
        .code(0);
    let filled = columns(program.path("in.csv"));
    assert!(filled["body_mass_g"].iter().all(|mass| mass == "5800"));
    assert!(mean(&numbers(&filled["flipper_length_mm"])) > 210.0);
}

#[test]
fn numbers_that_are_classes_are_told_and_a_text_among_numbers_is_an_error() {
    let program = Program::new();
    let rows: String =
        (0..60).map(|i| format!("{},{},{}\n", i % 3, 3 * (i % 3) + i % 2, i)).collect();
    let run = |rows: &str, columns: &str| {
        fs::write(program.path("t.csv"), format!("kind,x,y\n{rows}")).expect("written");
        let table =
            r#"data={"kind": "table", "path": "t.csv", "condition": "kind", "columns": COLUMNS}"#;
        let set = table.replace("COLUMNS", columns);
        program.run(&["train", "penguins", "--set", &set, "--set", "train.steps=20", "--dry-run"])
    };
    run(&rows, "null").code(0).err_has("columns that the model is told and never draws: kind");
    let classes = r#"[{"name": "kind", "kind": "category"}]"#;
    run(&rows, classes).code(0).err_has("told and never draws: kind (3 classes)");
    let odd = format!("{rows}3..4,1,2\n");
    run(&odd, "null").code(2).err_has("column `kind` holds numbers, and \"3..4\", which is none");
    run(&odd, classes).code(0).err_has("kind (4 classes)");
    let drawn = r#"["x", {"name": "y", "kind": "category"}]"#;
    run(&rows, drawn).code(0).err_has("told and never draws: kind");
}

#[test]
fn digits_that_are_told_are_pictures_without_their_label() {
    let program = Program::new();
    let set = [r#"data.condition="x64""#, r#"data.columns=[{"name": "x64", "kind": "category"}]"#];
    let settings =
        ["train.steps=3", "denoiser.network.width=16", "sample.count=5", "report.evaluation=false"];
    let settings: Vec<&str> = set.iter().chain(&settings).flat_map(|set| ["--set", *set]).collect();
    program.run(&[&["train", "digits", "--out", "d"], &settings[..]].concat()).code(0);
    program.run(&["sample", "d", "--given", "x64=7", "--count", "4", "--out", "seven.png"]).code(0);
    program.run(&["sample", "d", "--given", "x64=7", "--count", "4", "--out", "seven.csv"]).code(0);
    let samples = columns(program.path("seven.csv"));
    assert_eq!((samples.len(), &samples["x64"][..]), (65, &["7"; 4].map(str::to_owned)[..]));
}

#[test]
fn what_a_table_cannot_tell_is_refused_before_anything_is_written() {
    let program = Program::new();
    let rows: String = (0..40).map(|i| format!("{i},{},7,id{i}\n", ["a", "b"][i % 2])).collect();
    fs::write(program.path("t.csv"), format!("x,kind,same,id\n{rows}")).expect("written");
    for (condition, said) in [
        (r#"{"columns": ["knd"]}"#, "data.condition.columns"),
        (r#"{"columns": ["same"]}"#, "column `same` has one value in all 32 training rows"),
        (r#"{"columns": ["x", "kind", "same", "id"]}"#, "must leave a column that the model draws"),
        (
            r#"{"columns": ["kind"], "dropout": 1.5}"#,
            "data.condition.dropout: must be a chance from 0 to below 1, got 1.5",
        ),
        (r#"{"columns": []}"#, "must say `columns`"),
        (r#"{"column": ["kind"]}"#, "column"),
    ] {
        let columns = if condition.contains("same") { r#"["x", "same"]"# } else { r#"["x"]"# };
        let text = format!(
            r#"{{ "name": "t", "data": {{ "kind": "table", "path": "t.csv", "columns": {columns}, "condition": {condition} }},
            "noise": {{ "schedule": {{ "kind": "karras", "sigma_min": 0.01, "sigma_max": 20 }} }},
            "denoiser": {{ "network": {{ "kind": "mlp", "width": 8 }}, "prediction": {{ "kind": "edm" }} }},
            "train": {{ "steps": 10, "batch": 4, "optimizer": {{ "kind": "adam" }},
                        "learning_rate": {{ "kind": "constant", "value": 1e-3 }} }},
            "sample": {{ "sampler": {{ "kind": "heun", "steps": 8 }} }} }}"#
        );
        fs::write(program.path("t.json"), text).expect("written");
        let said_all = program.run(&["train", "t.json", "--out", "t"]);
        assert_eq!(said_all.code, 2, "{condition}: {}", said_all.err);
        assert!(said_all.err.contains(said), "{condition}: {}", said_all.err);
        assert!(!program.path("t").exists());
    }
    let told = |condition: &str| {
        let set = format!("sample.condition={condition}");
        program.run(&[
            "train",
            "default",
            "--set",
            r#"data.condition="component""#,
            "--set",
            &set,
            "--dry-run",
        ])
    };
    told(r#"{"component": "2"}"#).code(0);
    told(r#"{"component": "7"}"#)
        .code(2)
        .err_has("`component` must be one of 0, 1, 2, 3, got \"7\"");
    told(r#"{"nonsense": 1}"#).code(2).err_has("names no column of the data, got \"nonsense\"");
    let moons = r#"data={"kind": "two_moons", "condition": "component"}"#;
    let said = program.run(&["train", "default", "--set", moons, "--out", "t"]).code(2);
    said.err_has("this data has no column to tell beside those that it draws, got [\"component\"]");
}

#[test]
fn a_series_is_forecast_from_its_last_rows() {
    let program = Program::new();
    let settings = ["--steps", "300", "--set", "sample.count=1000", "--set", "report.figures=[]"];
    let train = ["train", "weather-forecast", "--out", "w"];
    let said = program.run(&[&train, &settings[..]].concat()).code(0);
    said.err_has("to train on, the 1158 last in time held out, and 20 windows across the border");
    // A hot July and a cold January, after weeks that are of no account; the season of the days to come is known.
    let series = |temperature: &str, season: &str| {
        let of = |temperature: &str, count| format!("{temperature},{season}\n").repeat(count);
        let header = "tmax,season_cos,season_sin\n";
        [header.to_owned(), of("50", 30), of(temperature, 14), of("", 7)].concat()
    };
    fs::write(program.path("july.csv"), series("90", "-0.97,0.25")).expect("written");
    fs::write(program.path("january.csv"), series("25", "0.97,0.25")).expect("written");
    let forecast = |file: &str, out: &str| {
        program.run(&["sample", "w", "--given-file", file, "--count", "200", "--out", out]).code(0);
        columns(program.path(out))
    };
    let [july, january] =
        [("july.csv", "j.csv"), ("january.csv", "f.csv")].map(|(file, out)| forecast(file, out));
    assert_eq!(july["tmax.14"].len(), 200);
    assert!(july["tmax.14"].iter().all(|past| past == "90"));
    let next = |samples: &BTreeMap<String, Vec<String>>| mean(&numbers(&samples["tmax.15"]));
    assert!(next(&july) > 80.0 && next(&january) < 45.0, "{} {}", next(&july), next(&january));
    let evaluation = fs::read_to_string(program.path("w/evaluation.json")).expect("measured");
    let evaluation: serde_json::Value = serde_json::from_str(&evaluation).expect("JSON");
    let filled = &evaluation["conditionals"]["filled"];
    assert_eq!(
        (&filled["cells"], &filled["columns"][6]["column"]),
        (&140.into(), &"tmax.21".into())
    );
    let scores = &filled["score"];
    let score = |value: &serde_json::Value| value.as_f64().expect("a score");
    assert!(score(&scores["draws"]) < 0.7 * score(&scores["baselines"]["column"]), "{scores}");
    fs::write(program.path("short.csv"), "tmax\n50\n51\n").expect("written");
    program
        .run(&["sample", "w", "--given-file", "short.csv"])
        .code(2)
        .err_has("must have the 14 rows of the series that the model is told, got 2");
    for (setting, said) in [
        ("data.window=null", "data.condition.past: needs data.window, whose first steps are told"),
        ("data.window.length=14", "data.condition.past: must be below data.window.length, 14"),
        (
            "data.window.length=5000",
            "must be at most the longest stretch of rows without a missing value, 3927",
        ),
        ("data.window.stride=0", "a stride of 1 at least, got 21 and 0"),
        ("data.holdout=20", "with the last 20 of 3927 rows held out"),
        ("data.condition.past=0", "data.condition.past: must be at least 1, got 0"),
        (
            r#"data={"kind": "two_moons", "condition": {"past": 3}}"#,
            "needs data.window, which tables have",
        ),
        (r#"data.condition={"past": 3, "given": "any"}"#, "one of the two"),
    ] {
        let train = ["train", "weather-forecast", "--out", "x", "--set", setting];
        program.run(&train).code(2).err_has(said);
        assert!(!program.path("x").exists(), "{setting}");
    }
}
