//! Each remark by its exact text, and its absence where nothing is the matter.

use std::path::Path;

use langevin_data::{Mode, Stream};

use super::*;
use crate::config::{ScheduleConfig, parse_config};

const NARROW: &str = include_str!("../../../../../tests/inputs/sigma-narrow.json");
const WIDE: &str = include_str!("../../../../../tests/inputs/sigma-wide.json");

/// EDM's own noise on two modes of spread 0.1, with a mean of 0 and a standard deviation near 1.
const HEALTHY: &str = r#"{
    "name": "healthy",
    "data": { "kind": "gaussian_mixture", "means": [[-1, 0], [1, 0]], "std": 0.1 },
    "noise": { "schedule": { "kind": "karras" }, "levels": { "kind": "log_normal" } },
    "denoiser": { "network": { "kind": "mlp" }, "prediction": { "kind": "edm" } },
    "train": { "steps": 2000, "batch": 64, "optimizer": { "kind": "adam" },
               "learning_rate": { "kind": "constant", "value": 1e-3 } },
    "sample": { "sampler": { "kind": "heun", "steps": 18 } }
}"#;

/// The remarks on a run file, some of whose fields are set.
fn remarks_on(text: &str, settings: &[&str]) -> Result<Vec<String>, TrainError> {
    let settings: Vec<_> = settings.iter().map(|it| (*it).to_owned()).collect();
    let config = parse_config("t", text, &settings)?;
    let data = config.data.build(config.seed)?;
    let problem = Problem::new(config)?;
    problem.check_data(data.as_ref())?;
    // The data's own come first.
    Ok(problem.remarks(data.as_ref()).split_off(data.remarks().len()))
}

fn said(text: &str, settings: &[&str]) -> Vec<String> {
    remarks_on(text, settings).expect("accepted")
}

fn refused(text: &str, settings: &[&str]) -> String {
    remarks_on(text, settings).expect_err("refused").to_string()
}

#[test]
fn a_healthy_run_gets_no_remark() {
    assert_eq!(said(HEALTHY, &[]), [""; 0]);
    // Nor does a short one, whose rows are few at all levels.
    assert_eq!(said(HEALTHY, &["train.steps=3", "train.batch=2"]), [""; 0]);
    for schedule in [
        r#"{ "kind": "rectified_flow", "t_max": 0.99 }"#,
        r#"{ "kind": "linear_betas" }"#,
        r#"{ "kind": "cosine" }"#,
        r#"{ "kind": "karras", "steps": 40 }"#,
    ] {
        let settings = [
            format!("noise.schedule={schedule}"),
            r#"noise.levels={"kind":"uniform","per":"batch"}"#.to_owned(),
        ];
        assert_eq!(said(HEALTHY, &settings.each_ref().map(String::as_str)), [""; 0], "{schedule}");
    }
}

#[test]
fn least_noise_above_the_finest_spread_of_a_column() {
    assert_eq!(
        said(NARROW, &[]),
        [
            "noise.schedule.sigma_min = 0.002: the least noise, sigma / alpha = 0.002, is above the finest \
          spread of column x0 and of 1 other, 0.0001: detail finer than the noise is hardly learnt. \
          0.00001 fits"
        ]
    );
    assert_eq!(said(NARROW, &["noise.schedule.sigma_min=0.00001"]), [""; 0], "the value that fits");
    assert_eq!(said(NARROW, &["noise.schedule.sigma_min=0.0001"]), [""; 0], "not above");
    let flow = [
        r#"noise.schedule={"kind":"rectified_flow","t_max":0.99}"#,
        r#"noise.levels={"kind":"uniform"}"#,
    ];
    assert_eq!(
        said(NARROW, &flow)[0],
        "noise.schedule.t_min = 0.001: the least noise, sigma / alpha = 0.001, is above the finest \
         spread of column x0 and of 1 other, 0.0001: detail finer than the noise is hardly learnt. \
         0.00001 fits"
    );
    // One level is the noisiest: it is no schedule's least noise.
    let one = ["sample.sampler.steps=1", r#"noise.levels={"kind":"uniform"}"#];
    assert_eq!(said(NARROW, &one), [""; 0]);
}

#[test]
fn most_noise_below_the_spread_is_refused_and_near_it_remarked() {
    let wide = |sigma: &str, more: &[&str]| {
        let sigma = format!("noise.schedule.sigma_max={sigma}");
        let levels = r#"noise.levels={"kind":"uniform"}"#;
        let settings =
            [&["version=2", "sample.start={\"kind\":\"matched\"}", &sigma, levels], more].concat();
        remarks_on(WIDE, &settings).map_err(|error| error.to_string())
    };
    assert_eq!(
        refused(WIDE, &[]),
        "sample.start: starting from N(0, 80.0000²) is off: at the first level feature 0 of the data has \
         mean 0.0000 and standard deviation 94.3398. Use {\"kind\": \"marginal\"}, state the distribution \
         ({\"kind\": \"gaussian\", \"mean\": …, \"std\": …}), or let the schedule end in more noise",
        "as version 1 has always said"
    );
    assert_eq!(
        wide("49.9", &[]).expect_err("refused"),
        "noise.schedule.sigma_max: the most noise, sigma / alpha = 49.9, is below the spread of column \
         x0, whose standard deviation is 50: a Gaussian to start from need not have the data's shape there. Use \
         500, scale the data to a spread near 1, or state what sampling is to start from, in \
         sample.start"
    );
    let near = "noise.schedule.sigma_max = 80: the most noise, sigma / alpha = 80, is 1.6 times the \
                spread of column x0, whose standard deviation is 50: a Gaussian to start from need \
                not have the data's shape there. 500 fits";
    assert_eq!(wide("80", &[]), Ok(vec![near.to_owned()]));
    assert_eq!(wide("100", &[]), Ok(Vec::new()), "twice");
    assert_eq!(wide("500", &[]), Ok(Vec::new()), "the value that fits");
    for start in [
        r#"sample.start={"kind":"marginal"}"#,
        r#"sample.start={"kind":"row","row":[0]}"#,
        r#"sample.start={"kind":"gaussian","mean":[0],"std":50}"#,
    ] {
        let said = wide("10", &[start]).expect("a stated start is the user's");
        assert!(
            said[0].contains("sigma / alpha = 10, is below the spread of column x0"),
            "{said:?}"
        );
    }
    let exact = ["data.mean=[0]", r#"sample.start={"kind":"exact"}"#];
    assert_eq!(wide("10", &exact), Ok(Vec::new()), "an exact start has the data's shape");
}

#[test]
fn training_levels_that_hardly_reach_the_sampling_s() {
    let far = ["noise.schedule.sigma_max=500"];
    assert_eq!(
        said(HEALTHY, &far),
        [
            "noise.levels: 9 of the 18 levels that sampling goes through, sigma / alpha 500 to 26.7 and \
          0.002, are hardly trained: fewer than 128 of the run's 128000 training rows are within a factor \
          of 2 of one. {\"kind\": \"log_normal\", \"mean\": 0.0, \"std\": 3.1} fits"
        ]
    );
    let fits = r#"noise.levels={"kind":"log_normal","mean":0.0,"std":3.1}"#;
    assert_eq!(said(HEALTHY, &[far[0], fits]), [""; 0], "the value that fits");
    // A hundred times the rows: the hardly trained levels then have a thousand, all but a few.
    assert_eq!(said(HEALTHY, &[far[0], "train.steps=20000000"]), [""; 0]);
    let grid = r#"noise.schedule={"kind":"karras","steps":18,"sigma_max":500}"#;
    let in_order = r#"noise.levels={"kind":"in_order","first":2,"each":2}"#;
    assert_eq!(said(HEALTHY, &[grid, in_order, "train.steps=36"]), [""; 0], "one after the other");
}

#[test]
fn a_column_in_other_units_is_told_in_them() {
    /// Two columns, the second a hundred times its feature.
    struct Scaled;
    impl Dataset for Scaled {
        fn features(&self) -> usize {
            2
        }
        fn words_per_row(&self) -> u64 {
            2
        }
        fn draw(&self, _part: langevin_data::Part, stream: &mut Stream, rows: &mut [f64]) {
            stream.fill_normal(rows);
        }
        fn restore(&self, row: &[f64], out: &mut Vec<f64>) {
            out.extend([row[0], 100.0 * row[1] + 7.0]);
        }
        fn modes(&self) -> Option<Vec<Mode>> {
            Some(vec![Mode { center: vec![0.0; 2], share: 1.0, std: 0.001 }])
        }
    }
    let spreads = finest_spread(&Scaled);
    assert_eq!(spreads.len(), 2);
    assert!((spreads[0].in_units.expect("told") - 0.001).abs() < 1e-12);
    assert!((spreads[1].in_units.expect("told") - 0.1).abs() < 1e-12);
}

#[test]
fn the_built_in_runs_get_no_remark_but_the_article_s_own() {
    let configs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs");
    let mut with_remarks = Vec::new();
    for folder in [configs.clone(), configs.join("article")] {
        for entry in std::fs::read_dir(folder).expect("there").flatten() {
            let path = entry.path();
            if path.is_file() {
                let text = std::fs::read_to_string(&path).expect("text");
                let fields = said(&text, &[]).into_iter();
                let fields = fields.filter_map(|it| it.split(' ').next().map(str::to_owned));
                let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
                with_remarks.extend(fields.map(|field| format!("{name}: {field}")));
            }
        }
    }
    with_remarks.sort();
    // Modes of 0.01 under betas from 0.001 on, and sigma 1 over modes at ±1, are the article's.
    let articles = [
        "4-four-modes-corrected: noise.schedule.sigma_max",
        "4-four-modes: noise.schedule.sigma_max",
        "5-four-modes-video-corrected: noise.schedule.sigma_max",
        "5-four-modes-video: noise.schedule.sigma_max",
        "6-ddpm-single: noise.schedule.betas.0",
        "7-ddpm-per-level: noise.schedule.betas.0",
        "8-ddpm-four-modes: noise.schedule.beta_start",
        "9-ddpm-density: noise.schedule.betas.0",
    ];
    assert_eq!(with_remarks, articles);
}

#[test]
fn a_cosine_schedule_s_field_is_its_kind() {
    let end = End::least(&ScheduleConfig::Cosine { steps: 10 }, 0.001);
    assert_eq!(
        end.said("x"),
        "noise.schedule.kind: x. `linear_betas` with beta_start = 0.000001 fits"
    );
}
