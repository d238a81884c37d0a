//! Tests of the batches of rows with categories.

use langevin_core::{Prediction, Weighting};
use langevin_data::{Dataset, Part, Purpose, Streams};

use crate::{
    config::{DataConfig, parse_config},
    problem::{HeadLoss, Problem},
};

const ROWS: usize = 300;

/// A run on a table of a number and two categories, of which one depends on the number, with more in `data` and `train`.
fn run(data: &str, train: &str) -> (Problem, Box<dyn Dataset>) {
    let folder = tempfile::tempdir().expect("temporary folder");
    let row = |i: usize| {
        let x = (i * 37 % 101) as f64 / 20.0 - 2.5;
        let kind = if x < -1.0 { "low" } else { ["mid", "high"][i % 2] };
        format!("{},{kind},{x}\n", ["yes", "no", "no"][i % 3])
    };
    let table: String = (0..200).map(row).collect();
    std::fs::write(folder.path().join("t.csv"), format!("ok,kind,x\n{table}")).expect("written");
    let text = format!(
        r#"{{
        "name": "t",
        "data": {{ "kind": "table", "path": "t.csv", {data} "columns":
            [{{"name": "ok", "kind": "category"}}, {{"name": "kind", "kind": "category"}}, "x"] }},
        "noise": {{ "schedule": {{ "kind": "karras", "sigma_min": 0.01, "sigma_max": 20 }} }},
        "denoiser": {{ "network": {{ "kind": "mlp", "width": 8 }}, "prediction": {{ "kind": "edm", "sigma_data": 1 }} }},
        "train": {{ "steps": 10, "batch": 4, {train} "optimizer": {{ "kind": "adam" }},
                   "learning_rate": {{ "kind": "constant", "value": 1e-3 }} }},
        "sample": {{ "sampler": {{ "kind": "heun", "steps": 12 }}, "count": 7 }}
    }}"#
    );
    let mut config = parse_config("t", &text, &[]).expect("valid");
    config.data.point_from(folder.path());
    let data = config.data.build(0).expect("a table");
    assert!(matches!(config.data, DataConfig::Table(_)));
    (Problem::new(config).expect("valid"), data)
}

#[test]
fn a_category_s_head_holds_its_value_its_exact_part_and_its_weight() {
    for weighting in [Weighting::Uniform, Weighting::Sample] {
        let said = match weighting {
            Weighting::Sample => r#""weighting": { "kind": "sample" },"#,
            _ => "",
        };
        let (problem, data) = run("", said);
        let (diffusion, streams) = (problem.diffusion(), Streams::new(5));
        // The number comes first, then the categories in the order of the columns.
        let [ok, kind] = data.drawn_categories() else { panic!("two categories") };
        assert_eq!((ok.first, ok.count(), kind.first, kind.count()), (1, 2, 3, 3));
        let batch = diffusion.training_batch(data.as_ref(), &streams, 3, ROWS).expect("levels");
        batch.check().expect("sound");
        let mut clean = vec![0.0; ROWS * 6];
        data.draw(Part::Training, &mut streams.at(Purpose::Data, 3, 0), &mut clean);
        let mut noise = vec![0.0; ROWS * 6];
        streams.at(Purpose::Noise, 3, 0).fill_normal_rows(&mut noise, 6);
        let schedule = diffusion.schedule.as_ref();
        let mut stream = streams.at(Purpose::Level, 3, 0);
        let levels = diffusion.levels.draw(schedule, &mut stream, ROWS, Some(3));
        assert_eq!(batch.heads.len(), 3);
        for (head, category) in batch.heads[1..].iter().zip([ok, kind]) {
            let HeadLoss::CrossEntropy(classes) = &head.loss else { panic!("classes") };
            let offsets = classes.offsets().expect("exact parts");
            for (row, level) in levels.iter().enumerate() {
                let own = &clean[row * 6..][category.features()];
                let value = classes.of_rows()[row] as usize;
                let code: Vec<f64> = category.code(value).collect();
                assert_eq!(own, code, "the value of its features");
                let exact = |k: usize| {
                    let noisy = own.iter().zip(&noise[row * 6..][category.features()]);
                    let away = noisy.zip(category.code(k)).map(|((x, eps), code)| {
                        (level.alpha() * (x - code) + level.sigma() * eps).powi(2)
                    });
                    category.shares[k].ln() - away.sum::<f64>() / (2.0 * level.sigma().powi(2))
                };
                let count = category.count();
                let most = (0..count).map(exact).fold(f64::NEG_INFINITY, f64::max);
                for (k, got) in offsets[row * count..][..count].iter().enumerate() {
                    let want = exact(k) - most;
                    assert!((f64::from(*got) - want).abs() < 1e-5 * want.abs().max(1.0), "{row}");
                }
                // EDM's factor on x_0 over itself is 1; weight 1 on the error of x_0 is less by that factor.
                let s = level.sigma() / level.alpha();
                let weight = match weighting {
                    Weighting::Sample => 1.0 / (1.0 + 1.0 / (s * s)),
                    _ => 1.0,
                };
                let want = (weight / category.entropy().max(0.1)) as f32;
                assert!((head.weight[row] / want - 1.0).abs() < 1e-5, "{row}");
            }
        }
        // The number's head is as without categories: EDM's target at its level.
        let HeadLoss::Squared(target) = &batch.heads[0].loss else { panic!("numbers") };
        assert_eq!(target.columns, 1);
        let prediction = Prediction::Edm { sigma_data: 1.0 };
        for (row, level) in levels.iter().enumerate() {
            let want = prediction.target(level, clean[row * 6], noise[row * 6]) as f32;
            assert!((target.values[row] - want).abs() < 1e-4 * want.abs().max(1.0), "{row}");
        }
    }
}

#[test]
fn a_told_category_has_no_noisy_input_and_no_loss() {
    let (problem, data) = run(r#""condition": { "given": "any", "dropout": 0 },"#, "");
    let streams = Streams::new(5);
    let diffusion = problem.diffusion();
    let batch = diffusion.training_batch(data.as_ref(), &streams, 3, ROWS).expect("levels");
    batch.check().expect("sound");
    let condition = batch.condition.as_ref().expect("told");
    // A number and its flag, two values and a flag, three values and a flag.
    assert_eq!(condition.columns, 9);
    let mut told_rows = 0;
    for row in 0..ROWS {
        let told = &condition.values[row * 9..][..9];
        let input = &batch.input.values[row * 6..][..6];
        for (head, (flag, place)) in
            batch.heads.iter().zip([(told[1], 0..1), (told[4], 1..3), (told[8], 3..6)])
        {
            let weight = head.cell_weight.as_ref().expect("by cell");
            assert_eq!((weight.columns, weight.values[row]), (1, 1.0 - flag));
            assert_eq!(input[place].iter().all(|x| *x == 0.0), flag == 1.0);
            told_rows += usize::from(flag == 1.0);
        }
    }
    assert!(told_rows > ROWS);
}
