//! Tests of [`parse_config`]: fields, overrides and messages.

use super::*;
use crate::problem::Problem;

const RUN: &str = r#"{
    "name": "t",
    "data": { "kind": "gaussian_mixture", "means": [[-1, 0], [1, 0]], "std": 0.1 },
    "noise": { "schedule": { "kind": "karras", "sigma_min": 0.01, "sigma_max": 20 } },
    "denoiser": { "network": { "kind": "mlp", "width": 8 }, "prediction": { "kind": "edm" } },
    "train": { "steps": 10, "batch": 4, "optimizer": { "kind": "adam" },
               "learning_rate": { "kind": "constant", "value": 1e-3 } },
    "sample": { "sampler": { "kind": "heun", "steps": 5 } }
}"#;

fn message(from: &str, to: &str) -> String {
    assert!(RUN.contains(from), "{from}");
    let read = parse_config("t.json", &RUN.replace(from, to), &[]);
    read.and_then(|config| Problem::new(config).map(drop)).expect_err("refused").to_string()
}

#[test]
fn the_resolved_copy_gives_the_same_run() {
    let config = parse_config("t.json", RUN, &[]).expect("valid");
    let resolved = serde_json::to_string(&config).expect("serializes");
    assert!(
        resolved.contains("\"epsilon\":1e-8") || resolved.contains("\"epsilon\":1e-08"),
        "{resolved}"
    );
    assert_eq!(parse_config("config.json", &resolved, &[]).expect("valid"), config);
}

#[test]
fn errors_name_the_field_inside_a_tagged_section() {
    assert_eq!(
        message("\"std\": 0.1", "\"std\": \"wide\""),
        "data.std: must be a number, got \"wide\""
    );
    assert_eq!(
        message("\"width\": 8", "\"width\": -8"),
        "denoiser.network.width: must be a whole number, at least 0, got -8"
    );
    assert_eq!(
        message("\"std\": 0.1", "\"std\": -0.1"),
        "data.std: must be finite and above 0, got -0.1"
    );
    assert_eq!(message("\"batch\": 4", "\"batch\": 0"), "train.batch: must be at least 1, got 0");
}

#[test]
fn an_unknown_field_or_kind_gets_the_nearest_name() {
    let field = message("\"batch\": 4", "\"batchsize\": 4");
    assert!(field.starts_with("train.batchsize: unknown field `batchsize`"), "{field}");
    assert!(field.ends_with("did you mean `batch`?"), "{field}");
    let inner = message("\"std\": 0.1", "\"st\": 0.1");
    assert!(inner.starts_with("data.st: unknown field `st`"), "{inner}");
    assert!(inner.ends_with("did you mean `std`?"), "{inner}");
    let kind = message("\"kind\": \"heun\"", "\"kind\": \"hein\"");
    assert!(kind.starts_with("sample.sampler"), "{kind}");
    assert!(kind.ends_with("did you mean `heun`?"), "{kind}");
}

#[test]
fn a_field_of_a_kind_that_has_none_is_unknown() {
    for (from, to, path) in [
        ("\"edm\"", "\"noise\", \"sigma_data\": 1", "denoiser.prediction.sigma_data"),
        ("\"batch\": 4", "\"batch\": 4, \"ema\": { \"kind\": \"none\", \"x\": {} }", "train.ema.x"),
        ("20 } }", "20 }, \"levels\": { \"x\": 1, \"kind\": \"stratified\" } }", "noise.levels.x"),
    ] {
        let (_, field) = path.rsplit_once('.').expect("a path");
        let want = format!("{path}: unknown field `{field}`, its kind has none");
        assert_eq!(message(from, to), want);
    }
}

#[test]
fn a_whole_number_may_be_written_as_a_float() {
    let text = RUN.replace("\"steps\": 10", "\"steps\": 1e3");
    let settings = [
        "train.batch=2e1".to_owned(),
        r#"train.learning_rate={"kind":"piecewise","values":[1,1e-4],"steps":[1e2]}"#.to_owned(),
    ];
    let config = parse_config("t.json", &text, &settings).expect("valid");
    assert_eq!((config.train.steps, config.train.batch), (1000, 20));
    assert_eq!(
        message("\"steps\": 10", "\"steps\": 1.5"),
        "train.steps: must be a whole number, at least 0, got 1.5"
    );
    assert_eq!(
        message("\"steps\": 10", "\"steps\": \"10k\""),
        "train.steps: must be a whole number, at least 0, got \"10k\"; write 10000"
    );
}

#[test]
fn another_kind_drops_the_fields_of_the_old_one() {
    let set = |settings: &[&str]| {
        let settings: Vec<_> = settings.iter().map(|s| (*s).to_owned()).collect();
        parse_config("t.json", RUN, &settings)
    };
    let config = set(&["train.optimizer.kind=sgd"]).expect("valid");
    let given = set(&[r#"train.optimizer={"kind":"sgd"}"#]).expect("valid");
    assert_eq!(config.train.optimizer, given.train.optimizer);
    // A kind without fields, and one that has a field of the same name.
    let config = set(&["denoiser.prediction.kind=noise"]).expect("valid");
    assert!(config.validate().is_ok());
    assert_eq!(set(&["sample.sampler.kind=euler"]).expect("valid").sample.sampler.steps(), 5);
    // Defaults are those of the new kind, and what the file says of a field that both have stays.
    let adamw = |setting: &str| set(&[setting]).expect("valid").train.optimizer;
    let given = adamw(r#"train.optimizer={"kind":"adamw"}"#);
    assert_eq!(adamw("train.optimizer.kind=adamw"), given);
    // A section is set as it is.
    for settings in [
        ["train.optimizer.kind=sgd", r#"train.optimizer={"kind":"sgd","typo":3}"#],
        [r#"train.optimizer={"kind":"adam","betas":[0.5,0.6]}"#, "train.optimizer.kind=sgd"],
    ] {
        let message = set(&settings).expect_err("unknown").to_string();
        assert!(message.contains("unknown field"), "{message}");
    }
    let file = RUN.replace("\"kind\": \"adam\"", "\"kind\": \"adam\", \"betas\": [0.9, 0.99]");
    let sgd = ["train.optimizer.kind=sgd".to_owned()];
    assert!(parse_config("t.json", &file, &sgd).is_ok());
    // What was set for the new kind is not dropped.
    for settings in [
        ["train.optimizer.kind=sgd", "train.optimizer.betas=[0.9,0.99]"],
        ["train.optimizer.betas=[0.9,0.99]", "train.optimizer.kind=sgd"],
    ] {
        let message = set(&settings).expect_err("unknown").to_string();
        assert!(message.starts_with("train.optimizer.betas: unknown field"), "{message}");
    }
    // Nor is what the file itself has wrong.
    let file = RUN.replace("\"kind\": \"adam\"", "\"kind\": \"sgd\", \"betas\": [0.9, 0.99]");
    assert!(parse_config("t.json", &file, &[]).is_err());
}

#[test]
fn a_field_that_stands_twice_is_refused_with_both_lines() {
    let twice = message("\"batch\": 4,", "\"batch\": 4,\n \"batch\": 8,");
    assert_eq!(twice, "train.batch: stands twice in t.json, in lines 6 and 7");
    // Written otherwise, and in an override.
    let twice = message("\"batch\": 4,", "\"batch\": 4, \"b\\u0061tch\": 8,");
    assert_eq!(twice, "train.batch: stands twice in t.json, in lines 6 and 6");
    let settings = [r#"train.optimizer={"kind":"sgd","kind":"adam"}"#.to_owned()];
    let message = parse_config("t.json", RUN, &settings).expect_err("twice").to_string();
    assert!(message.ends_with("`kind` stands twice in it"), "{message}");
}

#[test]
fn a_missing_field_is_named() {
    let message = message("\"batch\": 4,", "");
    assert!(message.starts_with("train: missing field `batch`, which is required"), "{message}");
}

#[test]
fn text_that_is_not_json_is_named_with_its_line() {
    let message = parse_config("t.json", "{\n  \"name\": }", &[]).expect_err("refused").to_string();
    assert!(message.starts_with("t.json is not valid JSON"), "{message}");
    assert!(message.contains("line 2"), "{message}");
}

#[test]
fn a_run_file_larger_than_any_is_refused_before_it_is_parsed() {
    let text = format!("[{}0]", "0,".repeat(CONFIG_LIMIT as usize / 2));
    let message = parse_config("t.json", &text, &[]).expect_err("refused").to_string();
    assert_eq!(message, "t.json has 4194307 bytes, and a run file at most 4194304");
}

#[test]
fn a_message_repeats_no_more_of_a_value_than_is_read() {
    let long = "x".repeat(1 << 20);
    for (from, to) in [
        ("\"batch\": 4", format!("\"batch\": \"{long}\"")),
        ("\"batch\": 4", format!("\"{long}\": 4")),
        ("\"name\": \"t\"", format!("\"name\": \"{long}\"")),
    ] {
        let message = message(from, &to);
        assert!(message.chars().count() < 2100 && message.ends_with('…'), "{}", message.len());
    }
}

#[test]
fn a_hundred_thousand_unknown_fields_take_no_time() {
    let fields: String = (0..100_000).map(|i| format!("\"f{i}\":{{}},")).collect();
    let start = std::time::Instant::now();
    let message = message("\"network\": {", &format!("\"network\": {{{fields}"));
    assert!(message.starts_with("denoiser.network"), "{message}");
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
}

#[test]
fn comments_are_blanks() {
    let commented = RUN.replace("\"name\": \"t\",", "// a run\n \"name\": \"t\", /* its\n name */");
    let config = parse_config("t.json", &commented, &[]).expect("valid");
    assert_eq!(config, parse_config("t.json", RUN, &[]).expect("valid"));
    assert_eq!(
        without_comments(r#"{"a//b": "\"/*", "c": 1} // d"#),
        r#"{"a//b": "\"/*", "c": 1}     "#
    );
    let broken = "{ // one\n /* two */ x }";
    let message = parse_config("t.json", broken, &[]).expect_err("refused").to_string();
    assert!(message.contains("line 2 column 12"), "{message}");
    for cut in ["/", "\"", "\"\\", "/*", "//", "é\"é//"] {
        assert_eq!(without_comments(cut).chars().count(), cut.chars().count(), "{cut}");
    }
}

#[test]
fn overrides_reach_every_field() {
    let set = |settings: &[&str]| {
        let settings: Vec<_> = settings.iter().map(|s| (*s).to_owned()).collect();
        parse_config("t.json", RUN, &settings)
    };
    let config = set(&["train.batch=64", "data.means.0=[-2,0]", "name=other"]).expect("valid");
    assert_eq!(config.train.batch, 64);
    assert_eq!(config.name, "other");
    let clipped = set(&["train.clip_norm=1.5"]).expect("valid");
    assert_eq!(clipped.train.clip_norm, Some(1.5));
    let ema = set(&[r#"train.ema={"kind":"exponential"}"#, "train.ema.decay=0.9"]).expect("valid");
    assert_eq!(ema.train.ema.decay(10_000), Some(0.9));
    let deep = format!("{}=1", vec!["x"; 60_000].join("."));
    let start = format!("--set {}…: the key has more than 16 parts", "x.".repeat(30));
    for (bad, why) in [
        (&*deep, &*start),
        ("train..batch=1", "--set train..batch=1: the key has an empty part"),
        ("train.batch", "--set train.batch: must be KEY=VALUE, as train.batch=64"),
        ("data.means.7=[0,0]", "--set data.means.7=[0,0]: `7` must be a position from 0 to 1"),
        ("train.bach=1", "train.bach: unknown field `bach`"),
    ] {
        let message = set(&[bad]).expect_err(bad).to_string();
        assert!(message.starts_with(why), "{message}");
    }
}
