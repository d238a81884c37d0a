//! Tests of what samples are told, with exact denoisers in the place of networks.

use std::ops::ControlFlow;

use burn::tensor::{Device, Tensor, TensorData};
use langevin_core::{
    ConditionalDenoiser, CoreError, Denoiser, Guidance, MixtureOracle, NoiseLevel, Resampling,
};
use langevin_data::{
    ColumnValues, Dataset, GaussianMixture, LabelledMixture, SplitOptions, Streams, Table,
    TableData, TableOptions,
};

use super::*;
use crate::{
    config::parse_config,
    problem::Problem,
    sample::{Informed, Samples, draw_samples, draw_samples_given, spaces::BothSpaces},
};

const MEANS: [[f64; 3]; 2] = [[-1.0, 0.5, 1.0], [1.5, 0.0, -1.0]];
const COVARIANCES: [[[f64; 3]; 3]; 2] = [
    [[1.0, 0.6, -0.3], [0.6, 0.8, 0.1], [-0.3, 0.1, 0.5]],
    [[0.4, -0.2, 0.1], [-0.2, 0.9, 0.4], [0.1, 0.4, 0.7]],
];

/// A run whose data is the mixture.
fn run(condition: &str) -> Problem {
    let text = format!(
        r#"{{
        "name": "t",
        "data": {{ "kind": "gaussian_mixture", "means": {MEANS:?}, "covariances": {COVARIANCES:?},
                   "weights": [0.4, 0.6], "condition": {condition} }},
        "noise": {{ "schedule": {{ "kind": "karras", "sigma_min": 0.002, "sigma_max": 40 }} }},
        "denoiser": {{ "network": {{ "kind": "mlp", "width": 8 }}, "prediction": {{ "kind": "edm" }} }},
        "train": {{ "steps": 10, "batch": 4, "optimizer": {{ "kind": "adam" }},
                   "learning_rate": {{ "kind": "constant", "value": 1e-3 }} }},
        "sample": {{ "sampler": {{ "kind": "heun", "steps": 40 }}, "bound": {{ "kind": "none" }} }}
    }}"#
    );
    Problem::new(parse_config("t", &text, &[]).expect("valid")).expect("valid")
}

fn mixture() -> GaussianMixture {
    let rows = |matrix: &[[f64; 3]; 3]| matrix.iter().map(|row| row.to_vec()).collect();
    let covariances = COVARIANCES.iter().map(rows).collect();
    let means = MEANS.iter().map(|mean| mean.to_vec()).collect();
    GaussianMixture::with_covariances(means, covariances, Some(vec![0.4, 0.6])).expect("valid")
}

const ANY: &str = r#"{"given": "any"}"#;

fn draw(
    problem: &Problem,
    data: &dyn Dataset,
    denoiser: &dyn ConditionalDenoiser,
    given: &Given,
    count: usize,
) -> Result<Samples, TrainError> {
    let informed = Informed::Conditional { denoiser, weaker: None, guidance: Guidance::default() };
    let go_on = &mut |_| ControlFlow::Continue(());
    draw_samples_given(problem, count, 3, data, (given, &informed), &Device::flex(), go_on)
}

#[test]
fn samples_that_are_told_a_number_have_the_conditional_s_moments_and_the_number() {
    let (problem, mixture) = (run(ANY), mixture());
    let oracle = MixtureOracle::new(mixture.clone());
    let count = 8000;
    for known in [[None, Some(0.3), None], [Some(-1.7), None, None], [None, Some(1.1), Some(0.2)]] {
        let row: Vec<f64> = known.iter().map(|y| y.unwrap_or(f64::NAN)).collect();
        let given = Given::rows(vec![row.clone()], count);
        let samples = draw(&problem, &mixture, &oracle, &given, count).expect("drawn");
        let user = BothSpaces::of_samples(&mixture, &samples.values, &samples.told).user;
        let exact = mixture.given(&known).expect("a mixture");
        let open: Vec<usize> = (0..3).filter(|i| known[*i].is_none()).collect();
        let (mean, covariance) = (exact.mean().expect("known"), exact.covariance().expect("known"));
        for (i, y) in known.iter().enumerate() {
            let column: Vec<f64> = user.iter().skip(i).step_by(3).copied().collect();
            if let Some(y) = y {
                assert!(column.iter().all(|value| value == y), "what is given comes back");
                // The model's own number ends there too, to 32 bits.
                let model = samples.values.iter().skip(i).step_by(3);
                assert!(model.into_iter().all(|value| (f64::from(*value) - y).abs() < 1e-5));
                continue;
            }
            let place = open.iter().position(|own| *own == i).expect("open");
            let (mean, variance) = (mean[place], covariance[place][place]);
            let found = column.iter().sum::<f64>() / count as f64;
            let square = column.iter().map(|x| (x - found).powi(2)).sum::<f64>() / count as f64;
            // Five standard errors, the second for tails of up to twice a Gaussian's kurtosis, and 1 % for 40 steps.
            let error = (variance / count as f64).sqrt();
            assert!(
                (found - mean).abs() < 5.0 * error + 0.01 * variance.sqrt(),
                "{known:?} {i}: {found} {mean}"
            );
            assert!(
                (square / variance - 1.0).abs() < 5.0 * (4.0 / count as f64).sqrt() + 0.02,
                "{known:?} {i}: {square} {variance}"
            );
        }
    }
}

#[test]
fn samples_of_rows_that_are_given_come_in_their_order_and_do_not_depend_on_their_number() {
    let (problem, mixture) = (run(ANY), mixture());
    let oracle = MixtureOracle::new(mixture.clone());
    let row = |i: usize| match i % 3 {
        0 => vec![f64::NAN; 3],
        1 => vec![i as f64 / 500.0, f64::NAN, f64::NAN],
        _ => vec![f64::NAN, 0.1, -(i as f64) / 500.0],
    };
    let given = |rows: usize| Given::rows((0..rows).map(row).collect(), 2);
    let many = draw(&problem, &mixture, &oracle, &given(650), 1300).expect("drawn");
    let few = draw(&problem, &mixture, &oracle, &given(350), 700).expect("drawn");
    assert_eq!(few.values, many.values[..2100]);
    for (i, told) in many.told.chunks_exact(3).enumerate() {
        let want = row(i / 2);
        assert!(
            told.iter().zip(&want).all(|(a, b)| a == b || (a.is_nan() && b.is_nan())),
            "{i}: {told:?}"
        );
    }
    // Rows of which nothing is given are those that are drawn untold.
    let go_on = &mut |_| ControlFlow::Continue(());
    let plain =
        draw_samples(&run(ANY), 700, 3, &mixture, &oracle, &Device::flex(), go_on).expect("drawn");
    let untold = |i: usize| (i / 2).is_multiple_of(3);
    for i in (0..700).filter(|i| untold(*i)) {
        assert_eq!(few.values[3 * i..3 * i + 3], plain.values[3 * i..3 * i + 3], "sample {i}");
    }
}

/// The exact denoiser of a labelled mixture's numbers, told the label or not.
struct ByLabel(GaussianMixture);

impl Denoiser for ByLabel {
    fn denoise(&self, x: Tensor<2>, level: &NoiseLevel) -> Result<Tensor<2>, CoreError> {
        MixtureOracle::new(self.0.clone()).denoise(x, level)
    }
}

impl ConditionalDenoiser for ByLabel {
    fn denoise_given(
        &self,
        x: Tensor<2>,
        level: &NoiseLevel,
        condition: &Tensor<2>,
    ) -> Result<Tensor<2>, CoreError> {
        let ([rows, features], [_, columns]) = (x.dims(), condition.dims());
        let read = |x: &Tensor<2>| x.clone().into_data().iter::<f64>().collect::<Vec<f64>>();
        let (values, told) = (read(&x), read(condition));
        let mut denoised = Vec::new();
        for (x, told) in values.chunks_exact(features).zip(told.chunks_exact(columns)) {
            let own = told[..columns - 1].iter().position(|label| *label == 1.0);
            assert_eq!(own.is_some(), told[columns - 1] == 1.0, "{told:?}");
            let of = match own {
                None => self.0.clone(),
                Some(own) => GaussianMixture::with_covariances(
                    vec![self.0.means()[own].clone()],
                    vec![self.0.covariances()[own].clone()],
                    None,
                )
                .expect("one Gaussian"),
            };
            denoised.extend(of.posterior_mean(x, level.alpha(), level.sigma()));
        }
        let place = (&x.device(), x.dtype());
        Ok(Tensor::from_data(TensorData::new(denoised, [rows, features]), place))
    }
}

#[test]
fn labels_that_are_told_as_data_have_its_shares_and_each_sample_is_of_its_own() {
    let problem = run(r#""component""#);
    let data = LabelledMixture::new(mixture());
    let count = 4000;
    let samples =
        draw(&problem, &data, &ByLabel(mixture()), &Given::as_data(), count).expect("drawn");
    let user = BothSpaces::of_samples(&data, &samples.values, &samples.told).user;
    for (label, (weight, mean)) in [0.4, 0.6].into_iter().zip(MEANS).enumerate() {
        let own: Vec<&[f64]> = user.chunks_exact(4).filter(|row| row[3] == label as f64).collect();
        let share = own.len() as f64 / count as f64;
        assert!(
            (share - weight).abs() < 5.0 * (0.24 / count as f64).sqrt(),
            "{share} for {weight}"
        );
        for i in 0..3 {
            let found = own.iter().map(|row| row[i]).sum::<f64>() / own.len() as f64;
            let error = (COVARIANCES[label][i][i] / own.len() as f64).sqrt();
            assert!(
                (found - mean[i]).abs() < 5.0 * error + 0.01,
                "{label} {i}: {found} for {}",
                mean[i]
            );
        }
    }
    // One label for all, and guidance moves the samples away from the others.
    let given = Given::rows(vec![vec![f64::NAN, f64::NAN, f64::NAN, 1.0]], count);
    let by = ByLabel(mixture());
    let mean_of_first = |weight: f64| {
        let guidance = Guidance { weight, ..Guidance::default() };
        let informed = Informed::Conditional { denoiser: &by, weaker: None, guidance };
        let go_on = &mut |_| ControlFlow::Continue(());
        let told = (&given, &informed);
        let samples = draw_samples_given(&problem, 2000, 3, &data, told, &Device::flex(), go_on)
            .expect("drawn");
        samples.values.iter().step_by(5).map(|x| f64::from(*x)).sum::<f64>() / 2000.0
    };
    let [none, plain, strong] = [0.0, 1.0, 2.0].map(mean_of_first);
    assert!((plain - 1.5).abs() < 0.08 && none < 0.9 && strong > 1.6, "{none} {plain} {strong}");
}

fn table() -> TableData {
    let text: String = (0..60)
        .map(|i| {
            format!("{},{},{},{}\n", i % 7, ["a", "b", "c"][i % 3], 2000 + i % 3 * 10 + i % 2, i)
        })
        .collect();
    let options = TableOptions {
        told: vec!["kind".to_owned(), "year".to_owned()],
        ..TableOptions::default()
    };
    let table = Table::from_bytes("t", format!("x,kind,year,y\n{text}").as_bytes(), &options);
    TableData::new(table.expect("sound"), &SplitOptions::default()).expect("sound")
}

#[test]
fn what_is_not_given_of_told_columns_is_told_as_in_a_row_that_has_the_rest() {
    let data = table();
    let condition = Condition::of(None, &data).expect("told");
    let streams = Streams::new(1);
    let given = Given::rows(vec![vec![f64::NAN, f64::NAN, 1.0, f64::NAN]], 100);
    let told = given.told(&data, Some(&condition), &streams, 0, 100).expect("found");
    let mut years = [0, 0];
    for row in told.user.chunks_exact(4) {
        assert!(row[0].is_nan() && row[1].is_nan() && row[2] == 1.0, "{row:?}");
        years[(row[3] - 2010.0) as usize] += 1;
    }
    assert!(years.iter().all(|count| *count > 25), "{years:?}");
    assert!(told.known.iter().all(|known| *known));
    let none = Given::rows(vec![vec![f64::NAN, f64::NAN, 1.0, 2000.0]], 1);
    assert!(none.told(&data, Some(&condition), &streams, 0, 1).is_ok(), "all is given");
    let none = Given::rows(vec![vec![f64::NAN, f64::NAN, f64::NAN, 1999.0]], 1);
    let message =
        none.told(&data, Some(&condition), &streams, 0, 1).err().expect("none").to_string();
    assert!(
        message.contains("no training row that is at hand has `year` = 1999: give `kind` too"),
        "{message}"
    );
    // What the run keeps of the table tells the same.
    let kept = langevin_data::KeptRows {
        fingerprint: String::new(),
        mean: vec![0.0; data.features()],
        variance: vec![1.0; data.features()],
        ranges: vec![[-9.0, 9.0]; data.features()],
        tones: None,
    };
    let kept = serde_json::to_string(&data.keep(kept).expect("a table")).expect("JSON");
    let kept: langevin_data::KeptTable = serde_json::from_str(&kept).expect("as written");
    for given in [Given::as_data(), given] {
        let [ours, theirs] = [&data as &dyn Dataset, &kept].map(|data| {
            let told = given.told(data, Some(&condition), &streams, 7, 50).expect("found");
            (told.values, format!("{:?}", told.user))
        });
        assert_eq!(ours.1, theirs.1);
        assert_eq!(ours.0, theirs.0);
    }
}

#[test]
fn what_cannot_be_told_is_refused() {
    let (problem, mixture) = (run(ANY), mixture());
    let oracle = MixtureOracle::new(mixture.clone());
    let row = |row: [f64; 3]| Given::rows(vec![row.to_vec()], 1);
    for (given, said) in [
        (row([1.0, 2.0, 3.0]), "must leave a column that is drawn"),
        (row([f64::INFINITY, f64::NAN, f64::NAN]), "`x0` must be finite, got inf"),
        (Given::rows(vec![vec![1.0]], 1), "must hold 3 numbers, one a column, got 1"),
    ] {
        let message = draw(&problem, &mixture, &oracle, &given, 2).expect_err(said).to_string();
        assert!(message.contains(said), "{message}");
    }
    let given = row([1.0, f64::NAN, f64::NAN]);
    let refusal = |problem: &Problem, data: &dyn Dataset, informed: &Informed<'_>| {
        let go_on = &mut |_| ControlFlow::Continue(());
        let device = Device::flex();
        let drawn = draw_samples_given(problem, 2, 3, data, (&given, informed), &device, go_on);
        drawn.expect_err("refused").to_string()
    };
    let conditional =
        |guidance| Informed::Conditional { denoiser: &oracle, weaker: None, guidance };
    let rescaled = Guidance { rescale: 0.5, weight: 1.5, interval: None };
    let message = refusal(&problem, &mixture, &conditional(rescaled));
    assert!(
        message.starts_with("sample.guidance.rescale: must be 0 for rows of 3 features"),
        "{message}"
    );
    let never = run(r#"{"given": "any", "dropout": 0}"#);
    let guided = Guidance { weight: 1.5, ..Guidance::default() };
    let message = refusal(&never, &mixture, &conditional(guided));
    assert!(
        message.starts_with("sample.guidance.weight: must be 1 where data.condition.dropout is 0"),
        "{message}"
    );
    let filled =
        Informed::FilledIn { denoiser: &oracle, resampling: Resampling { jump: 1, repeats: 1 } };
    let message = refusal(&problem, &mixture, &filled);
    assert!(message.starts_with("sample.inpaint: must be left out"), "{message}");
    let message = refusal(&run("null"), &mixture, &conditional(Guidance::default()));
    assert!(message.contains("trained without data.condition"), "{message}");
}

#[test]
fn a_model_that_is_told_nothing_fills_in_and_more_so_when_it_goes_back() {
    let (problem, mixture) = (run("null"), mixture());
    let oracle = MixtureOracle::new(mixture.clone());
    let count = 2000;
    let given = Given::rows(vec![vec![f64::NAN, f64::NAN, -1.6]], count);
    let exact = mixture.given(&[None, None, Some(-1.6)]).expect("a mixture").mean().expect("known");
    let untold = mixture.mean().expect("known");
    let off = |repeats: usize| {
        let resampling = Resampling { jump: 5, repeats };
        let informed = Informed::FilledIn { denoiser: &oracle, resampling };
        let go_on = &mut |_| ControlFlow::Continue(());
        let (device, told) = (Device::flex(), (&given, &informed));
        let samples =
            draw_samples_given(&problem, count, 3, &mixture, told, &device, go_on).expect("drawn");
        assert!(samples.told.chunks_exact(3).all(|row| row[2] == -1.6 && row[0].is_nan()));
        assert!(samples.values.iter().skip(2).step_by(3).all(|x| *x == -1.6), "known at the end");
        let mean =
            samples.values.iter().step_by(3).map(|x| f64::from(*x)).sum::<f64>() / count as f64;
        (mean - exact[0]).abs()
    };
    let [once, often] = [1, 8].map(off);
    let far = (untold[0] - exact[0]).abs();
    assert!(often < 0.5 * once && once < far, "{often} {once} {far}");
}

#[test]
fn samples_between_given_ends_are_those_of_the_model_that_lie_there() {
    let (problem, mixture) = (run(ANY), mixture());
    let oracle = MixtureOracle::new(mixture.clone());
    let go_on = &mut |_| ControlFlow::Continue(());
    let plain =
        draw_samples(&problem, 1024, 3, &mixture, &oracle, &Device::flex(), go_on).expect("drawn");
    let open = GivenCell::Open;
    let ends = GivenCell::Within([0.25, 1.0]);
    let given = Given::cells(vec![vec![open, ends, open]], usize::MAX);
    let own = draw(&problem, &mixture, &oracle, &given, 200).expect("drawn");
    let fits = |row: &&[f32]| (0.25..=1.0).contains(&row[1]);
    let want: Vec<f32> =
        plain.values.chunks_exact(3).filter(fits).take(200).flatten().copied().collect();
    assert_eq!(want.len(), 600);
    assert_eq!(own.values, want);
    assert!(own.told.iter().all(|told| told.is_nan()));
    // Told a number too, all have it and lie there; open ends are no ends.
    let ends = GivenCell::Within([f64::NEG_INFINITY, 0.0]);
    let given = Given::cells(vec![vec![GivenCell::Value(0.5), ends, open]], usize::MAX);
    let own = draw(&problem, &mixture, &oracle, &given, 700).expect("drawn");
    assert_eq!((own.values.len(), own.told.len()), (2100, 2100));
    let rows = own.values.chunks_exact(3).zip(own.told.chunks_exact(3));
    assert!(
        rows.into_iter().all(|(row, told)| row[1] <= 0.0 && told[0] == 0.5 && told[1].is_nan())
    );
    // Of several rows each has as many, with its own ends.
    let rows = [[0.25, 1.0], [f64::NEG_INFINITY, -0.5]];
    let row = |ends: &[f64; 2]| vec![open, GivenCell::Within(*ends), open];
    let given = Given::cells(rows.iter().map(row).collect(), 300);
    let own = draw(&problem, &mixture, &oracle, &given, 600).expect("drawn");
    for (i, sample) in own.values.chunks_exact(3).enumerate() {
        let [least, most] = rows[i / 300];
        assert!((least..=most).contains(&f64::from(sample[1])), "{i}: {sample:?}");
    }
    // Those that are at once stay as they are, the others are others.
    let first: Vec<f32> =
        plain.values.chunks_exact(3).take(300).filter(fits).flatten().copied().collect();
    assert!(first.chunks_exact(3).all(|row| own.values.chunks_exact(3).any(|own| own == row)));
    // Where none lies there, that is said.
    let given = Given::cells(vec![vec![open, GivenCell::Within([90.0, 91.0]), open]], usize::MAX);
    let message = draw(&problem, &mixture, &oracle, &given, 9).expect_err("none").to_string();
    assert!(message.contains("samples 0 have `x1` as is given"), "{message}");
}

#[test]
fn a_text_gives_a_value_or_none_or_ends() {
    let number = Column { may_miss: true, ..Column::number("x") };
    let whole = Column { values: ColumnValues::Whole, ..Column::number("n") };
    let names = ["a..b", "c"].map(str::to_owned).to_vec();
    let texts = Column { values: ColumnValues::Category(names), ..Column::number("k") };
    let within = |a: f64, b: f64| GivenCell::Within([a, b]);
    for (column, text, cell) in [
        (&number, "-1.5", GivenCell::Value(-1.5)),
        (&number, "", GivenCell::Missing),
        (&number, "-3..-1.5", within(-3.0, -1.5)),
        (&whole, "30 .. 40", within(30.0, 40.0)),
        (&whole, "..40", within(f64::NEG_INFINITY, 40.0)),
        (&whole, "7..", within(7.0, f64::INFINITY)),
        (&texts, "a..b", GivenCell::Value(0.0)),
    ] {
        assert_eq!(GivenCell::parse(column, text).expect("sound"), cell, "{text}");
    }
    for (column, text, said) in [
        (&whole, "", "`n` must be a whole number, got \"\""),
        (&whole, "..", "`n` must be a whole number"),
        (&whole, "1.5..3", "`n` must be a whole number, got \"1.5\""),
        (&number, "4..3", "`x` must lie between ends that go up, got \"4..3\""),
        (&texts, "a..c", "`k` must be one of"),
    ] {
        let message = GivenCell::parse(column, text).expect_err(said).to_string();
        assert!(message.contains(said), "{message}");
    }
}
