//! Bad input: exit code 2, a message that names the field, and nothing written or overwritten.

use crate::program::{Program, SMALL};

#[track_caller]
fn refused(from: &str, to: &str, message: &str) {
    assert!(SMALL.contains(from), "{from}");
    let program = Program::new();
    program.write("run.json", &SMALL.replace(from, to));
    for dry in [false, true] {
        let mut arguments = vec!["train", "run.json"];
        arguments.extend(dry.then_some("--dry-run"));
        program.run(&arguments).code(2).err_has(message);
        assert_eq!(program.everything(), ["run.json"], "nothing is written");
    }
}

#[test]
fn a_missing_file() {
    let program = Program::new();
    program.run(&["train", "no/such.json"]).code(2).err_has("cannot read no/such.json");
    program.run(&["train", "two-mons"]).code(2).err_has("did you mean `two-moons`?");
    assert!(program.everything().is_empty());
}

#[test]
fn text_that_is_not_json() {
    refused(r#""name": "small","#, r#""name": small,"#, "run.json is not valid JSON");
}

#[test]
fn a_wrong_type() {
    refused(
        r#""batch": 33"#,
        r#""batch": "many""#,
        "train.batch: must be a whole number, at least 0, got \"many\"",
    );
    refused(r#""std": 0.1"#, r#""std": [0.1]"#, "data.std: must be a number, got a list");
}

#[test]
fn an_unknown_field() {
    refused(
        r#""batch": 33"#,
        r#""batch": 33, "epochs": 3"#,
        "train.epochs: unknown field `epochs`",
    );
    refused(r#""width": 32"#, r#""widht": 32"#, "did you mean `width`?");
}

#[test]
fn a_part_of_a_user_s_own() {
    let program = Program::new();
    let refused = |setting: &str, message: &str| {
        program.run(&["train", "two-moons", "--set", setting]).code(2).err_has(message);
        assert!(program.everything().is_empty(), "nothing is written");
    };
    for (path, example) in [
        ("data", "own_data"),
        ("denoiser.network", "own_network"),
        ("noise.schedule", "own_schedule"),
        ("noise.levels", "own_levels"),
        ("train.weighting", "own_weighting"),
        ("train.engine", "own_engine"),
    ] {
        refused(
            &format!(r#"{path}={{"kind":"custom","name":"clover","settings":{{"leaves":3}}}}"#),
            &format!(
                "{path}: custom part \"clover\" is given by a program of your own: see \
                 examples/{example}.rs"
            ),
        );
    }
    refused(
        r#"sample.sampler={"kind":"custom","name":"ab2","steps":9}"#,
        "sample.sampler: custom part \"ab2\" is given by a program of your own",
    );
    refused(r#"train.weighting={"kind":"custom"}"#, "train.weighting: missing field `name`");
    refused(
        r#"train.weighting={"kind":"snrr"}"#,
        "train.weighting.kind: unknown value `snrr`, expected one of",
    );
}

#[test]
fn a_run_of_a_part_of_a_user_s_own() {
    let program = Program::new();
    program.write("run.json", SMALL);
    program.run(&["train", "run.json", "--out", "run", "--stop-after", "30"]).code(0);
    let own = r#"{"kind": "custom", "name": "clover", "settings": {}}"#;
    let config: serde_json::Value =
        serde_json::from_slice(&program.read("run/config.json")).expect("JSON");
    let mut config = config;
    config["train"]["weighting"] = serde_json::from_str(own).expect("JSON");
    program.write("run/config.json", &config.to_string());
    let before = program.everything();
    for arguments in [
        &["train", "--resume", "run"][..],
        &["sample", "run", "--count", "3"],
        &["evaluate", "run"],
        &["report", "run"],
        &["reproduce", "run"],
        &["verify", "run"],
    ] {
        let said = program.run(arguments).code(2);
        said.err_has("train.weighting: custom part \"clover\" is given by a program of your own");
        assert_eq!(program.everything(), before, "{arguments:?} wrote something");
    }
}

#[test]
fn a_method_that_asks_between_the_levels_of_a_grid() {
    let program = Program::new();
    let refused = |name: &str, of: &str, message: &str| {
        let dpm2 = r#"sample.sampler={"kind":"dpm2","steps":8}"#;
        let told = format!(r#"denoiser.embedding={{"kind":"column","of":"{of}"}}"#);
        program.run(&["train", name, "--set", dpm2, "--set", &told]).code(2).err_has(message);
        assert!(program.everything().is_empty(), "nothing is written");
    };
    for of in ["index", "step_alpha"] {
        refused(
            "8-ddpm-four-modes",
            of,
            &format!(
                "denoiser.embedding.of: `{of}` has no number at the levels between, where \
                 sample.sampler.kind = \"dpm2\" asks"
            ),
        );
    }
    refused(
        "7-ddpm-per-level",
        "log_snr",
        "denoiser.networks: `one_per_level` has no network at the levels between, where \
         sample.sampler.kind = \"dpm2\" asks",
    );
}

#[test]
fn a_value_out_of_range() {
    refused(r#""batch": 33"#, r#""batch": 0"#, "train.batch: must be at least 1, got 0");
    refused(r#""std": 0.1"#, r#""std": 0"#, "data.std: must be finite and above 0, got 0");
    refused(
        r#""sigma_min": 0.01"#,
        r#""sigma_min": 30"#,
        "noise.schedule.sigma_max: must be at least sigma_min = 30, got 20",
    );
    refused(
        r#""decay": 0.99"#,
        r#""decay": 1.0"#,
        "train.ema.decay: must be at least 0 and below 1, got 1",
    );
    refused(
        r#""value": 0.003"#,
        r#""value": -1"#,
        "train.learning_rate.value: must be finite and above 0",
    );
    // Sound in 64 bits, and 0, 1 or infinite in the 32 that the arithmetic has.
    refused(r#""value": 0.003"#, r#""value": 1e39"#, "train.learning_rate.value: must be finite");
    refused(
        r#"{ "kind": "adam" }"#,
        r#"{ "kind": "adam", "betas": [0.9, 0.99999999] }"#,
        "train.optimizer.betas[1]: must be at least 0 and below 1, got 0.99999999",
    );
    refused(
        r#"{ "kind": "adam" }"#,
        r#"{ "kind": "adam", "epsilon": 1e-50 }"#,
        "train.optimizer.epsilon: must be finite and above 0",
    );
    refused(r#""name": "small""#, r#""name": "../up""#, "name: must be 1 to 100 letters");
    refused(r#""width": 32"#, r#""width": 0"#, "denoiser.network.width: must be at least 1, got 0");
    refused(r#""steps": 8"#, r#""steps": 0"#, "sample.sampler.steps: must be at least 1, got 0");
}

#[test]
fn a_prediction_that_is_singular_on_the_schedule() {
    let flow = SMALL.replace(
        r#""schedule": { "kind": "karras", "sigma_min": 0.01, "sigma_max": 20 }"#,
        r#""schedule": { "kind": "rectified_flow" }"#,
    );
    let program = Program::new();
    program.write(
        "run.json",
        &flow.replace(r#"{ "kind": "edm", "sigma_data": 1.0 }"#, r#"{ "kind": "noise" }"#),
    );
    program
        .run(&["train", "run.json"])
        .code(2)
        .err_has("denoiser.prediction: the noise prediction is singular")
        .err_has("alpha = 0, sigma = 1");
    assert_eq!(program.everything(), ["run.json"]);
}

#[test]
fn a_start_that_is_not_the_data_s_marginal() {
    let program = Program::new();
    let noise = SMALL
        .replace(r#""sigma_max": 20"#, r#""sigma_max": 2"#)
        .replace(r#""count": 600"#, r#""count": 600, "start": { "kind": "noise" }"#);
    program.write("noise.json", &noise);
    let said = program.run(&["train", "noise.json"]).code(2);
    said.err_has("sample.start: starting from N(0, 2.0000²) is off");
    refused(
        r#""sigma_max": 20"#,
        r#""sigma_max": 0.9"#,
        "noise.schedule.sigma_max: the most noise, sigma / alpha = 0.9, is below the spread of column x0",
    );
    let stated = SMALL.replace(r#""sigma_max": 20"#, r#""sigma_max": 2"#).replace(
        r#""count": 600"#,
        r#""count": 600, "start": { "kind": "gaussian", "mean": [0], "std": 2.2 }"#,
    );
    program.write("run.json", &stated);
    program.run(&["train", "run.json", "--dry-run"]).code(0);
}

#[test]
fn what_a_schedule_cannot_bear_is_said_before_training() {
    let program = Program::new();
    let narrow = include_str!("../inputs/sigma-narrow.json");
    program.write("narrow.json", narrow);
    program.write("wide.json", include_str!("../inputs/sigma-wide.json"));
    let remark = "noise.schedule.sigma_min = 0.002: the least noise, sigma / alpha = 0.002, is above \
                  the finest spread of column x0 and of 1 other, 0.0001";
    program.run(&["train", "narrow.json", "--dry-run"]).code(0).err_has(remark);
    let said = program.run(&["--json", "train", "narrow.json", "--dry-run"]).code(0);
    assert!(said.out.contains(r#""event":"remark""#) && said.out.contains(remark), "{}", said.out);
    program.run(&["train", "narrow.json", "--out", "run", "--steps", "2"]).code(0).err_has(remark);
    let page = String::from_utf8(program.read("run/report.html")).expect("UTF-8");
    assert!(page.contains("is above the finest spread of column x0"), "the page has it too");
    let config = String::from_utf8(program.read("run/config.json")).expect("UTF-8");
    let config: serde_json::Value = serde_json::from_str(&config).expect("JSON");
    assert_eq!(config["sample"]["start"], serde_json::json!({ "kind": "noise" }), "of version 1");
    assert_eq!(config["sample"]["bound"], serde_json::json!({ "kind": "none" }), "of version 1");
    program.run(&["train", "wide.json"]).code(2).err_has("sample.start: starting from N(0, 80");
    program.write("second.json", &narrow.replace("\"version\":1", "\"version\":2"));
    program.run(&["train", "second.json", "--out", "second", "--steps", "2"]).code(0);
    let config = String::from_utf8(program.read("second/config.json")).expect("UTF-8");
    let config: serde_json::Value = serde_json::from_str(&config).expect("JSON");
    assert_eq!(config["sample"]["start"], serde_json::json!({ "kind": "matched" }), "of version 2");
    assert_eq!(config["sample"]["bound"], serde_json::json!({ "kind": "data" }), "of version 2");
}

#[test]
fn a_run_that_exists() {
    let program = Program::new();
    program.write("run.json", SMALL);
    program.run(&["train", "run.json", "--out", "run", "--steps", "2"]).code(0);
    let before = program.everything();
    let samples = program.read("run/samples.csv");
    program.run(&["train", "run.json", "--out", "run"]).code(2).err_has("run holds a run already");
    assert_eq!(program.everything(), before);
    assert_eq!(program.read("run/samples.csv"), samples);
}

#[test]
fn a_file_of_samples_that_exists_or_has_no_known_form() {
    let program = Program::new();
    program.write("run.json", SMALL);
    program.run(&["train", "run.json", "--out", "run", "--steps", "2"]).code(0);
    program.write("mine.csv", "kept");
    program.run(&["sample", "run", "--out", "mine.csv"]).code(2).err_has("mine.csv exists already");
    assert_eq!(program.read("mine.csv"), b"kept");
    program
        .run(&["sample", "run", "--out", "a.parquet"])
        .code(2)
        .err_has("must end in .csv, .npy or .png");
    program.run(&["sample", "nothing"]).code(2).err_has("nothing is not a run");
    program.run(&["sample", "run", "--sampler", "huen"]).code(2).err_has("did you mean `heun`?");
}

#[test]
fn a_run_too_large_for_the_machine() {
    refused(r#""width": 32"#, r#""width": 10000000"#, "this run needs about");
    refused(r#""batch": 33"#, r#""batch": 1000000000000"#, "this run needs about");
}

#[test]
fn numbers_that_would_fill_the_memory() {
    let most = "1000000000000000000";
    refused(
        r#""steps": 8"#,
        &format!(r#""steps": {most}"#),
        "sample.sampler.steps: must be at most",
    );
    refused(
        r#""features": 8"#,
        &format!(r#""features": {most}"#),
        "denoiser.embedding.features: must",
    );
    refused(
        r#""validate_rows": 300"#,
        &format!(r#""validate_rows": {most}"#),
        "train.validate_rows: must be at most",
    );
    refused(
        r#"{ "kind": "karras", "sigma_min": 0.01, "sigma_max": 20 }"#,
        &format!(r#"{{ "kind": "cosine", "steps": {most} }}"#),
        "noise.schedule.steps: must be at most",
    );
}

#[test]
fn arguments_that_make_no_sense() {
    let program = Program::new();
    program.write("run.json", SMALL);
    for arguments in [
        &["train", "run.json", "--set", "train.batch"][..],
        &["train", "run.json", "--set", "train.bach=3"],
        &["train", "run.json", "--stop-after", "0"],
        &["train", "run.json", "--resume"],
        &["--backend", "tpu", "train", "run.json"],
        &["--backend", "rocm", "train", "run.json"],
        &["--device", "3", "train", "run.json"],
        &["trian"],
    ] {
        let said = program.run(arguments).code(2);
        assert!(said.err.starts_with("error: "), "{arguments:?}: {}", said.err);
        assert_eq!(program.everything(), ["run.json"]);
    }
}
