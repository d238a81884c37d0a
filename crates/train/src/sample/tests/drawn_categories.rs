//! Tests of samples with categories.

use std::ops::ControlFlow;

use burn::{
    module::Module,
    tensor::{Device, Tensor},
};
use langevin_core::{Denoiser, Network, NetworkDenoiser, NoiseLevel};
use langevin_data::{Dataset, Purpose, Streams};

use crate::{RunDenoiser, config::parse_config, draw_samples, problem::Problem};

/// Network whose outputs are 0: of categories the exact denoiser of independent columns.
#[derive(Module, Debug)]
pub(super) struct Zero;

impl Network for Zero {
    fn forward(
        &self,
        x: Tensor<2>,
        _level_features: Option<Tensor<2>>,
        _condition: Option<Tensor<2>>,
    ) -> Tensor<2> {
        x.zeros_like()
    }
}

/// A table of two categories of these shares, and its run.
fn run() -> (Problem, Box<dyn Dataset>) {
    let folder = tempfile::tempdir().expect("temporary folder");
    let row = |i: usize| {
        let rare = if i.is_multiple_of(50) { "e" } else { ["a", "b", "b", "c", "d"][i % 5] };
        format!("{rare},{}\n", ["no", "yes", "yes"][i % 3])
    };
    let rows: String = (0..600).map(row).collect();
    std::fs::write(folder.path().join("t.csv"), format!("kind,ok\n{rows}")).expect("written");
    let text = r#"{
        "name": "t",
        "data": { "kind": "table", "path": "t.csv", "holdout": 0, "each_column": { "kind": "category" } },
        "noise": { "schedule": { "kind": "karras", "sigma_min": 0.01, "sigma_max": 20 } },
        "denoiser": { "network": { "kind": "mlp", "width": 16, "depth": 2 },
                      "prediction": { "kind": "edm", "sigma_data": 1 } },
        "train": { "steps": 10, "batch": 4, "optimizer": { "kind": "adam" },
                   "learning_rate": { "kind": "constant", "value": 1e-3 } },
        "sample": { "sampler": { "kind": "heun", "steps": 24 }, "count": 20000 }
    }"#;
    let mut config = parse_config("t", text, &[]).expect("valid");
    config.data.point_from(folder.path());
    let data = config.data.build(0).expect("a table");
    (Problem::new(config).expect("valid"), data)
}

#[test]
fn a_network_that_says_nothing_draws_independent_columns_with_the_right_shares() {
    let (problem, data) = run();
    let networks = [Zero];
    let denoiser = RunDenoiser::new(problem.diffusion(), &networks).of(data.as_ref());
    let go_on = &mut |_| ControlFlow::Continue(());
    let count = problem.config().sample.count;
    let device = Device::flex();
    let samples = draw_samples(&problem, count, 3, data.as_ref(), &denoiser, &device, go_on);
    let samples = samples.expect("drawn");
    let mut found = [[0.0_f64; 5]; 2];
    let mut together = [[0.0_f64; 2]; 5];
    for row in samples.values.chunks_exact(samples.features) {
        let row: Vec<f64> = row.iter().map(|x| f64::from(*x)).collect();
        let mut user = Vec::new();
        data.restore(&row, &mut user);
        let [kind, ok] = [user[0] as usize, user[1] as usize];
        found[0][kind] += 1.0 / count as f64;
        found[1][ok] += 1.0 / count as f64;
        together[kind][ok] += 1.0 / count as f64;
    }
    for (found, own) in found.iter().zip(data.drawn_categories()) {
        for (found, share) in found.iter().zip(&own.shares) {
            let error = (share * (1.0 - share) / count as f64).sqrt();
            assert!((found - share).abs() < 4.0 * error + 1e-3, "{found} for {share}");
        }
    }
    for (kind, row) in together.iter().enumerate() {
        for (ok, share) in row.iter().enumerate() {
            let want = found[0][kind] * found[1][ok];
            assert!((share - want).abs() < 0.01, "{kind} {ok}: {share} for {want}");
        }
    }
}

#[test]
fn the_loops_and_burn_estimate_the_same_rows() {
    let (problem, data) = run();
    let diffusion = problem.diffusion();
    let streams = Streams::new(8);
    let device = Device::flex();
    let [columns, told] = diffusion.network_columns(data.as_ref());
    let config =
        langevin_core::MlpConfig::new(columns, told, 16, 2, langevin_core::Activation::Silu);
    let networks = [config.init(&streams, &device).expect("valid")];
    let ours = RunDenoiser::new(diffusion, &networks).of(data.as_ref());
    let theirs = NetworkDenoiser::new(
        &networks,
        diffusion.prediction,
        &diffusion.embedding,
        diffusion.schedule.as_ref(),
    );
    let theirs = theirs.with_categories(data.drawn_categories());
    let mut rows = vec![0.0; 40 * columns];
    streams.at(Purpose::Reference, 0, 0).fill_normal(&mut rows);
    for sigma in [0.01, 0.3, 2.0, 20.0] {
        let level = NoiseLevel::new(1.0, sigma).expect("valid");
        let rows: Vec<f32> = rows.iter().map(|x| (x * (1.0 + sigma)) as f32).collect();
        let rows = burn::tensor::TensorData::new(rows, [40, columns]);
        let x = Tensor::<2>::from_data(rows, &device);
        let values = |denoiser: &dyn Denoiser| {
            let estimate = denoiser.denoise(x.clone(), &level).expect("a level");
            estimate.into_data().try_into_vec::<f32>().expect("f32")
        };
        for (a, b) in values(&ours).iter().zip(values(&theirs)) {
            assert!((a - b).abs() < 3e-5, "{sigma}: {a} {b}");
        }
    }
}
