//! Tests of the batches of runs whose model is told something.

use langevin_data::{Dataset, Part, Purpose, Streams};

use super::{Columns, Problem, StepBatch};
use crate::config::parse_config;

/// A run of three numbers, with what its model is told.
fn run(data: &str) -> (Problem, Box<dyn Dataset>) {
    let text = format!(
        r#"{{
        "name": "t",
        "data": {data},
        "noise": {{ "schedule": {{ "kind": "karras", "sigma_min": 0.01, "sigma_max": 20 }} }},
        "denoiser": {{ "network": {{ "kind": "mlp", "width": 8 }}, "prediction": {{ "kind": "edm" }} }},
        "train": {{ "steps": 10, "batch": 4, "optimizer": {{ "kind": "adam" }},
                   "learning_rate": {{ "kind": "constant", "value": 1e-3 }} }},
        "sample": {{ "sampler": {{ "kind": "heun", "steps": 12 }}, "count": 7 }}
    }}"#
    );
    let config = parse_config("t", &text, &[]).expect("valid");
    let data = config.data.build(0).expect("a formula");
    (Problem::new(config).expect("valid"), data)
}

const MIXTURE: &str =
    r#"{ "kind": "gaussian_mixture", "means": [[-1, 0, 2], [1, 3, 0], [0, -2, 1]], "std": 0.5 }"#;

fn with_condition(condition: &str) -> String {
    MIXTURE.replace(" }", &format!(", \"condition\": {condition} }}"))
}

fn rows(columns: &Columns) -> impl Iterator<Item = &[f32]> {
    columns.values.chunks_exact(columns.columns)
}

const ROWS: usize = 500;

fn batches(problem: &Problem, data: &dyn Dataset) -> [(StepBatch, Vec<f64>); 2] {
    let (diffusion, streams) = (problem.diffusion(), Streams::new(5));
    let clean = |part, purpose, stream, first: u64| {
        let mut rows = vec![0.0; ROWS * data.features()];
        data.draw(part, &mut streams.at(purpose, stream, first * data.words_per_row()), &mut rows);
        rows
    };
    let training = diffusion.training_batch(data, &streams, 3, ROWS).expect("levels");
    let held_out = diffusion.held_out_batch(data, &streams, 20, ROWS).expect("levels");
    [
        (training, clean(Part::Training, Purpose::Data, 3, 0)),
        (held_out, clean(Part::HeldOut, Purpose::HeldOut, 0, 20)),
    ]
}

#[test]
fn what_any_row_is_told_is_its_own_is_hidden_and_does_not_count() {
    let (plain, plain_data) = run(MIXTURE);
    let (told, data) = run(&with_condition(r#"{"given": "any", "dropout": 0.3}"#));
    let both = batches(&plain, plain_data.as_ref()).into_iter().zip(batches(&told, data.as_ref()));
    for ((plain, _), (told, clean)) in both {
        told.check().expect("sound");
        let (one, other) = (&told.heads[0], &plain.heads[0]);
        assert_eq!(
            (&one.loss, &one.weight, &told.level_features),
            (&other.loss, &other.weight, &plain.level_features)
        );
        let condition = told.condition.as_ref().expect("a condition");
        let weight = one.cell_weight.as_ref().expect("weights by cell");
        assert_eq!((condition.columns, weight.columns), (6, 3));
        let (mut nothing, mut some) = (0, 0);
        let of_rows =
            rows(condition).zip(rows(weight)).zip(rows(&told.input)).zip(rows(&plain.input));
        for ((((condition, weight), input), plain), clean) in of_rows.zip(clean.chunks_exact(3)) {
            let flags: Vec<f32> = condition.iter().skip(1).step_by(2).copied().collect();
            match flags.iter().sum::<f32>() as usize {
                0 => nothing += 1,
                told => {
                    assert!(told < 3, "all is told");
                    some += 1;
                }
            }
            for i in 0..3 {
                let (value, cell) = (condition[2 * i], (input[i], weight[i]));
                if flags[i] == 1.0 {
                    assert_eq!((value, cell), (clean[i] as f32, (0.0, 0.0)));
                } else {
                    assert_eq!((flags[i], value, cell), (0.0, 0.0, (plain[i], 1.0)));
                }
            }
        }
        assert!((100..200).contains(&nothing) && some > 300, "{nothing} of {ROWS} told nothing");
    }
}

#[test]
fn a_told_component_is_the_row_s_own_and_is_not_drawn() {
    let (plain, plain_data) = run(MIXTURE);
    let (told, data) = run(&with_condition(r#""component""#));
    let both = batches(&plain, plain_data.as_ref()).into_iter().zip(batches(&told, data.as_ref()));
    for ((plain, _), (told, clean)) in both {
        told.check().expect("sound");
        // The label is no part of what is drawn, and the rest is as without it.
        assert_eq!((&told.input, &told.heads), (&plain.input, &plain.heads));
        let condition = told.condition.as_ref().expect("a condition");
        let mut nothing = 0;
        for (condition, clean) in rows(condition).zip(clean.chunks_exact(6)) {
            let label: Vec<f32> = clean[3..].iter().map(|x| *x as f32).collect();
            if condition[3] == 1.0 {
                assert_eq!(condition[..3], label);
            } else {
                assert_eq!(condition, [0.0; 4]);
                nothing += 1;
            }
        }
        // A tenth by default; 5 standard errors.
        assert!((17..84).contains(&nothing), "{nothing} of {ROWS} told nothing");
    }
}

#[test]
fn a_row_is_told_the_same_alone_and_in_a_batch() {
    let (problem, data) = run(&with_condition(r#"{"given": "any"}"#));
    let (diffusion, streams) = (problem.diffusion(), Streams::new(5));
    let all = diffusion.held_out_batch(data.as_ref(), &streams, 0, 40).expect("levels");
    let one = diffusion.held_out_batch(data.as_ref(), &streams, 33, 1).expect("levels");
    let row = |batch: &StepBatch, i: usize| {
        rows(batch.condition.as_ref().expect("told")).nth(i).expect("a row").to_vec()
    };
    assert_eq!(row(&all, 33), row(&one, 0));
    assert_eq!(rows(&all.input).nth(33), rows(&one.input).next());
    let steps = [3, 4]
        .map(|step| diffusion.training_batch(data.as_ref(), &streams, step, 40).expect("levels"));
    assert_ne!(steps[0].condition, steps[1].condition);
}

#[test]
fn what_cannot_be_told_is_refused_by_its_field() {
    let moons = |condition: &str| format!(r#"{{ "kind": "two_moons", "condition": {condition} }}"#);
    for (data, said) in [
        (
            with_condition(r#"{"given": "any", "dropout": 1}"#),
            "data.condition.dropout: must be a chance from 0 to below 1, got 1",
        ),
        (
            with_condition(r#"{"given": "any", "dropout": -0.1}"#),
            "data.condition.dropout: must be a chance",
        ),
        (
            with_condition("{}"),
            "data.condition: must say `columns`, names of columns, or `given`: \"any\"",
        ),
        (with_condition(r#"{"given": "any", "columns": ["component"]}"#), "one of the two"),
        (
            with_condition(r#"{"columns": ["component", "component"]}"#),
            "data.condition.columns[1]: must name each column once",
        ),
        (
            with_condition(r#""componet""#),
            "has no column to tell beside those that it draws, got [\"componet\"]",
        ),
        (moons(r#""component""#), "data.condition.columns: this data has no column to tell"),
        (
            r#"{ "kind": "gaussian", "mean": [0], "std": 1, "condition": {"given": "any"} }"#
                .to_owned(),
            "data.condition.given: needs two columns at least",
        ),
        (
            with_condition("3"),
            "the name of a column, or an object with `columns`, `past` or `given`",
        ),
        (with_condition(r#"{"givn": "any"}"#), "givn"),
    ] {
        let text = format!(
            r#"{{ "name": "t", "data": {data},
            "noise": {{ "schedule": {{ "kind": "karras", "sigma_min": 0.01, "sigma_max": 20 }} }},
            "denoiser": {{ "network": {{ "kind": "mlp", "width": 8 }}, "prediction": {{ "kind": "edm" }} }},
            "train": {{ "steps": 10, "batch": 4, "optimizer": {{ "kind": "adam" }},
                       "learning_rate": {{ "kind": "constant", "value": 1e-3 }} }},
            "sample": {{ "sampler": {{ "kind": "heun", "steps": 12 }} }} }}"#
        );
        let made = parse_config("t", &text, &[]).and_then(|config| {
            let data = config.data.build(0)?;
            Problem::new(config)?.check_data(data.as_ref())
        });
        let message = made.expect_err(said).to_string();
        assert!(message.contains(said), "{message}");
    }
    // Any two numbers may be given, of whatever distribution.
    let (problem, data) = run(&moons(r#"{"given": "any"}"#));
    assert!(problem.check_data(data.as_ref()).is_ok());
}
