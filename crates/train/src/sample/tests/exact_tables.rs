//! The built-in table that is known exactly: its exact denoiser, and a network that says nothing, against closed formulas.

use std::ops::ControlFlow;

use burn::tensor::{Device, Tensor, TensorData};
use langevin_core::{Denoiser, Guidance, NetworkDenoiser, NoiseLevel, TableOracle};
use langevin_data::{
    CategoricalMixture, Dataset, Part, ProductComponent, Purpose, Streams,
    measure::{Denoising, Estimate},
};

use super::drawn_categories::Zero;
use crate::{
    RunDenoiser, TrainError,
    config::{DataConfig, parse_config},
    draw_samples,
    problem::Problem,
    sample::{Given, Informed, Samples, denoising_errors, draw_samples_given, spaces::BothSpaces},
};

const TEXT: &str = include_str!("../../../../../configs/categorical-mixture.json");
const COUNT: usize = 20_000;
const COLUMNS: usize = 7;

/// The built-in run with these settings, and its data.
fn run(settings: &[&str]) -> (Problem, CategoricalMixture) {
    let settings: Vec<String> = settings.iter().map(|setting| (*setting).to_owned()).collect();
    let config = parse_config("t", TEXT, &settings).expect("valid");
    let DataConfig::CategoricalMixture { components, weights, .. } = config.data.clone() else {
        panic!("a mixture")
    };
    let data = CategoricalMixture::new(components, weights).expect("valid");
    (Problem::new(config).expect("valid"), data)
}

/// Independent columns: the categories of a mixture by their shares, and numbers N(0, 1) in the model's space.
fn independent(of: &CategoricalMixture) -> CategoricalMixture {
    let own = ProductComponent {
        means: vec![0.0; of.numbers()],
        stds: vec![1.0; of.numbers()],
        shares: of.categories().iter().map(|category| category.shares.clone()).collect(),
    };
    let own = CategoricalMixture::new(vec![own], None).expect("valid");
    for (a, b) in own.categories().iter().zip(of.categories()) {
        assert!((a.scale / b.scale - 1.0).abs() < 1e-9, "as scaled");
    }
    own
}

fn draw(problem: &Problem, data: &dyn Dataset, denoiser: &dyn Denoiser) -> Vec<f64> {
    let go_on = &mut |_| ControlFlow::Continue(());
    let samples = draw_samples(problem, COUNT, 3, data, denoiser, &Device::flex(), go_on);
    user(data, &samples.expect("drawn"))
}

/// Samples in the user's columns.
fn user(data: &dyn Dataset, samples: &Samples) -> Vec<f64> {
    BothSpaces::of_samples(data, &samples.values, &samples.told).user
}

/// As many true draws in the user's columns, several times.
fn true_draws(data: &CategoricalMixture, times: u64) -> Vec<Vec<f64>> {
    let draw = |time: u64| {
        let mut rows = vec![0.0; COUNT * data.features()];
        let mut stream = Streams::new(11).at(Purpose::Reference, time, 0);
        data.draw(Part::HeldOut, &mut stream, &mut rows);
        BothSpaces::of_model(data, rows).user
    };
    (0..times).map(draw).collect()
}

fn mean_log_density(data: &CategoricalMixture, user: &[f64]) -> f64 {
    let rows = user.chunks_exact(COLUMNS);
    rows.map(|row| data.row_log_density(row)).sum::<f64>() / (user.len() / COLUMNS) as f64
}

/// Total variation between the rows' values of one category, or a pair, and the exact shares.
fn total_variation(data: &CategoricalMixture, user: &[f64], [a, b]: [usize; 2]) -> f64 {
    let (rows, numbers) = ((user.len() / COLUMNS) as f64, data.numbers());
    let [ka, kb] = [a, b].map(|i| data.categories()[i].count());
    let mut left = vec![0.0; ka * kb];
    for (weight, own) in data.weights().iter().zip(data.components()) {
        for (i, left) in left.iter_mut().enumerate() {
            let both = own.shares[a][i / kb] * if a == b { 1.0 } else { own.shares[b][i % kb] };
            *left += if a != b || i / kb == i % kb { weight * both } else { 0.0 };
        }
    }
    for row in user.chunks_exact(COLUMNS) {
        left[row[numbers + a] as usize * kb + row[numbers + b] as usize] -= 1.0 / rows;
    }
    left.iter().map(|left| left.abs()).sum::<f64>() / 2.0
}

/// The mean total variation of all pairs of categories.
fn of_pairs(data: &CategoricalMixture, user: &[f64]) -> f64 {
    let pairs = [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]];
    pairs.iter().map(|pair| total_variation(data, user, *pair)).sum::<f64>() / 6.0
}

fn mean(of: impl Iterator<Item = f64>) -> f64 {
    let all: Vec<f64> = of.collect();
    all.iter().sum::<f64>() / all.len() as f64
}

#[test]
fn samples_of_the_exact_denoiser_are_as_likely_as_true_rows_and_so_are_their_pairs() {
    let off = |steps: usize| {
        let steps = format!("sample.sampler.steps={steps}");
        let (problem, data) = run(&[&steps, r#"sample.bound={"kind":"none"}"#]);
        let samples = draw(&problem, &data, &TableOracle::new(data.clone()));
        let real = true_draws(&data, 4);
        let floor = mean(real.iter().map(|rows| of_pairs(&data, rows)));
        let likely = mean(real.iter().map(|rows| mean_log_density(&data, rows)));
        let off = (mean_log_density(&data, &samples) - likely).abs();
        // True draws of values in another order would be far from the exact tables.
        assert!(floor < 0.013, "of true draws: {floor}");
        (off, of_pairs(&data, &samples) / floor)
    };
    // Measured: 0.016 nats, pairs 0.84 of the true draws'; 12 levels are 0.182 nats off.
    let (nats, pairs) = off(64);
    assert!(nats <= 0.06 && pairs <= 1.25, "{nats} {pairs}");
    let (nats, _) = off(12);
    assert!(nats > 0.06, "the bound tells so few levels apart: {nats}");
}

#[test]
fn a_network_of_output_0_is_the_exact_denoiser_of_independent_columns() {
    let (problem, whole) = run(&[]);
    let data = independent(&whole);
    let (diffusion, networks, device) = (problem.diffusion(), [Zero], Device::flex());
    let ours = RunDenoiser::new(diffusion, &networks).of(&data);
    let schedule = diffusion.schedule.as_ref();
    let theirs =
        NetworkDenoiser::new(&networks, diffusion.prediction, &diffusion.embedding, schedule);
    let theirs = theirs.with_categories(data.drawn_categories());
    let (features, count) = (data.features(), 64);
    let mut clean = vec![0.0; count * features];
    data.draw(Part::Training, &mut Streams::new(1).at(Purpose::Data, 0, 0), &mut clean);
    let mut noise = vec![0.0; clean.len()];
    Streams::new(1).at(Purpose::Noise, 0, 0).fill_normal(&mut noise);
    for sigma in [0.01, 0.05, 0.3, 1.0, 3.0, 20.0] {
        let level = NoiseLevel::new(1.0, sigma).expect("valid");
        let noisy: Vec<f32> =
            clean.iter().zip(&noise).map(|(x, eps)| (x + sigma * eps) as f32).collect();
        let seen: Vec<f64> = noisy.iter().map(|x| f64::from(*x)).collect();
        let exact = data.posterior_means(&seen, 1.0, sigma);
        let x = Tensor::<2>::from_data(TensorData::new(noisy, [count, features]), &device);
        for denoiser in [&ours as &dyn Denoiser, &theirs] {
            let got = denoiser.denoise(x.clone(), &level).expect("a level").into_data();
            for (got, want) in got.iter::<f64>().zip(&exact) {
                // 1e-5 of a category's scale, which is below 2.5.
                assert!((got - want).abs() < 2.5e-5, "{sigma}: {got} for {want}");
            }
        }
    }

    let samples = draw(&problem, &data, &ours);
    let real = true_draws(&data, 8);
    let mut parts = Vec::new();
    for i in 0..4 {
        let of = |rows: &Vec<f64>| total_variation(&data, rows, [i, i]);
        let own = of(&samples);
        let largest = real.iter().map(of).fold(0.0, f64::max);
        assert!(own <= 1.5 * largest, "category {i}: {own}, true draws up to {largest}");
        parts.push(own / mean(real.iter().map(of)));
    }
    let all = mean(parts.iter().copied());
    assert!(all <= 1.5, "{parts:?}");
    for j in 0..data.numbers() {
        let column = || samples.iter().skip(j).step_by(COLUMNS);
        let (m, square) = (mean(column().copied()), mean(column().map(|x| x * x)));
        let error = (1.0 / COUNT as f64).sqrt();
        assert!(m.abs() < 4.0 * error, "number {j}: mean {m}");
        assert!((square - 1.0).abs() < 4.0 * 2_f64.sqrt() * error + 0.01, "number {j}: {square}");
    }
}

fn errors(problem: &Problem, data: &dyn Dataset, denoiser: &dyn Denoiser) -> Denoising {
    let go_on = &mut |_| ControlFlow::Continue(());
    denoising_errors(problem, 5, data, denoiser, &Device::flex(), go_on).expect("measured")
}

/// Mean and standard error over rows of `p`, noisy at a level, of the logarithm of its density over that of `q`.
fn relative_entropy(p: &CategoricalMixture, q: &CategoricalMixture, sigma: f64) -> Estimate {
    let features = p.features();
    let (mut rows, mut noise) = (vec![0.0; COUNT * features], vec![0.0; COUNT * features]);
    p.draw(Part::Training, &mut Streams::new(2).at(Purpose::Data, 0, 0), &mut rows);
    Streams::new(2).at(Purpose::Noise, 0, 0).fill_normal(&mut noise);
    rows.iter_mut().zip(&noise).for_each(|(x, eps)| *x += sigma * eps);
    let log = |of: &CategoricalMixture, x: &[f64]| of.noisy_log_density(1.0, sigma, x);
    let of_row = |x: &[f64]| log(p, x) - log(q, x);
    let ratios: Vec<f64> = rows.chunks_exact(features).map(of_row).collect();
    let mean = mean(ratios.iter().copied());
    let squares = ratios.iter().map(|ratio| (ratio - mean).powi(2)).sum::<f64>();
    Estimate { mean, standard_error: squares.sqrt() / COUNT as f64 }
}

#[test]
fn the_regret_is_0_of_the_oracle_and_the_relative_entropy_of_independent_columns() {
    let (problem, data) = run(&["sample.sampler.steps=128"]);
    let found = errors(&problem, &data, &TableOracle::new(data.clone()));
    for level in &found.levels {
        // Each estimate is rounded to 24 bits.
        let regret = level.regret.expect("known").mean;
        let size = level.constant.mean + level.error.mean;
        assert!(regret < 2_f64.powi(-46) * size, "sigma = {}: {regret}", level.sigma);
    }
    assert!(found.regret.expect("known").nats < 1e-6, "{:?}", found.regret);

    let columns = independent(&data);
    let networks = [Zero];
    let zero = RunDenoiser::new(problem.diffusion(), &networks).of(&data);
    let regret = errors(&problem, &data, &zero).regret.expect("known");
    // Verdú 2010: the growth of the relative entropy from the first level to the last.
    let [first, last] = [20.0, 0.01].map(|sigma| relative_entropy(&data, &columns, sigma));
    let want = last.mean - first.mean;
    assert!(want > 1.0, "columns that depend on each other: {want}");
    let error = regret.standard_error.hypot(last.standard_error);
    assert!((regret.nats - want).abs() < 4.0 * error + 0.002 * want, "{regret:?} for {want}");
}

#[test]
fn samples_that_are_told_cells_have_the_exact_conditional_s_shares_and_means() {
    // From sigma 20 on, where a start at the whole data's mean has a number come out at -0.306 whose exact mean is -0.356.
    let settings = [
        r#"data.condition={"given":"any"}"#,
        r#"sample.bound={"kind":"none"}"#,
        "sample.sampler.steps=64",
    ];
    let (problem, data) = run(&settings);
    let (features, count) = (data.features(), 6000);
    let denoiser = &TableOracle::new(data.clone());
    for told in [
        [Some(0.9), None, None, None, Some(1.0), None, None],
        [None, None, Some(1.2), Some(0.0), None, Some(4.0), None],
    ] {
        let row: Vec<f64> = told.iter().map(|y| y.unwrap_or(f64::NAN)).collect();
        let given = Given::rows(vec![row.clone()], count);
        let guidance = Guidance::default();
        let informed = Informed::Conditional { denoiser, weaker: None, guidance };
        let go_on = &mut |_| ControlFlow::Continue(());
        let device = Device::flex();
        let samples =
            draw_samples_given(&problem, count, 3, &data, (&given, &informed), &device, go_on);
        let user = user(&data, &samples.expect("drawn"));
        // Without a signal the posterior means are those given what is told alone.
        let (mut clean, mut known) = (Vec::new(), Vec::new());
        data.scale(&row, &mut clean);
        for (column, group) in data.layout().iter().enumerate() {
            let own = &clean[known.len()..known.len() + group.kind.features()];
            known.extend(own.iter().map(|x| told[column].map(|_| *x)));
        }
        let exact = data.posterior_means_given(&vec![0.0; features], 0.0, 1.0, &known);
        let mut zero = Vec::new();
        data.restore(&exact, &mut zero);
        for column in 0..COLUMNS {
            let values: Vec<f64> = user.iter().skip(column).step_by(COLUMNS).copied().collect();
            if let Some(y) = told[column] {
                assert!(values.iter().all(|x| *x == y), "{column}: what is told comes back");
                continue;
            }
            let near = |found: f64, want: f64, spread: f64, what: &str| {
                let most = 4.0 * spread / (count as f64).sqrt() + 2e-3;
                assert!((found - want).abs() < most, "{what}: {found} for {want}");
            };
            if column < data.numbers() {
                let m = mean(values.iter().copied());
                let spread = mean(values.iter().map(|x| (x - m).powi(2))).sqrt();
                near(m, zero[column], spread, &format!("column {column}"));
                continue;
            }
            let category = &data.categories()[column - data.numbers()];
            for (k, share) in category.shares.iter().enumerate() {
                let want = exact[category.first + k] / category.scale + share;
                let found = mean(values.iter().map(|x| f64::from(u8::from(*x == k as f64))));
                near(
                    found,
                    want,
                    (want * (1.0 - want)).max(0.0).sqrt(),
                    &format!("column {column}, {k}"),
                );
            }
        }
    }
}

#[test]
fn a_field_of_the_mixture_that_is_wrong_is_named() {
    let said = |setting: &str| -> String {
        let config = parse_config("t", TEXT, &[setting.to_owned()]);
        let made: Result<Problem, TrainError> = config.and_then(Problem::new);
        made.err().map_or_else(String::new, |error| error.to_string())
    };
    for (setting, message) in [
        ("data.weights=[1,1]", "data.weights: must have the length 4, one a component, got 2"),
        (
            r#"data.components=[{"means":[0],"stds":[0]},{},{},{}]"#,
            "data.components[0].stds[0]: must be finite and above 0, got 0",
        ),
        (r#"data.names=["a","b"]"#, "data.names: must have the length 7, one a column, got 2"),
        (r#"data.values=[["f","m"]]"#, "data.values: must hold 4 lists, one a category, got 1"),
    ] {
        assert!(said(setting).contains(message), "{setting}: {}", said(setting));
    }
    let named = r#"data.names=["a","b","c","d","e","f","g"]"#;
    assert_eq!(said(named), "");
}
