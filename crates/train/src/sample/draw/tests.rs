//! Tests of drawing.

use burn::tensor::Tensor;
use langevin_core::{
    Adaptive, CoreError, MixtureOracle, Noise, NoiseLevel, NoiseSchedule, Pilot, Plan, Sampler,
    Steps, Transition,
};
use langevin_data::{GaussianMixture, Streams};

use super::*;
use crate::config::parse_config;
use crate::sample::{chunk::Start, level_goal};

const RUN: &str = r#"{
    "name": "t",
    "data": { "kind": "gaussian_mixture", "means": [[-1, 0], [1, 0]], "std": 0.1 },
    "noise": { "schedule": { "kind": "karras", "sigma_min": 0.01, "sigma_max": 20 } },
    "denoiser": { "network": { "kind": "mlp", "width": 8 }, "prediction": { "kind": "edm" } },
    "train": { "steps": 10, "batch": 4, "optimizer": { "kind": "adam" },
               "learning_rate": { "kind": "constant", "value": 1e-3 } },
    "sample": { "sampler": { "kind": "SAMPLER", "steps": 12 }, "count": COUNT }
}"#;

/// The data of the run.
fn two_modes() -> GaussianMixture {
    GaussianMixture::new(vec![vec![-1.0, 0.0], vec![1.0, 0.0]], 0.1, None).expect("valid")
}

/// The run with a sampler of the test's own.
fn sampled_by(sampler: impl Sampler + 'static) -> Problem {
    let own = r#""kind": "custom", "name": "own""#;
    let text = RUN.replace(r#""kind": "SAMPLER""#, own).replace("COUNT", "7");
    let config = parse_config("t", &text, &[]).expect("valid");
    Problem::builder(config).sampler(sampler).build().expect("valid")
}

fn draw(sampler: &str, count: usize) -> Samples {
    let text = RUN.replace("SAMPLER", sampler).replace("COUNT", &count.to_string());
    let problem = Problem::new(parse_config("t", &text, &[]).expect("valid")).expect("valid");
    let mixture = two_modes();
    let oracle = MixtureOracle::new(mixture.clone());
    draw_samples(&problem, count, 5, &mixture, &oracle, &Device::flex(), &mut |_| {
        ControlFlow::Continue(())
    })
    .expect("drawn")
}

/// Sampler that returns two draws of noise side by side and ignores its rows.
struct Twice;

impl Sampler for Twice {
    fn start(&self, _plan: &Plan) -> Box<dyn Steps + '_> {
        Box::new(Self)
    }
}

impl Steps for Twice {
    fn step(
        &mut self,
        _x: Tensor<2>,
        _denoiser: &dyn Denoiser,
        step: &Transition,
        noise: &mut Noise,
    ) -> Result<Tensor<2>, CoreError> {
        Ok(Tensor::cat(vec![noise(step), noise(step)], 1))
    }
}

#[test]
fn a_sampler_that_asks_for_noise_twice_gets_two_draws() {
    let mixture = GaussianMixture::new(vec![vec![0.0]], 0.1, None).expect("valid");
    let oracle = MixtureOracle::new(mixture);
    let level = NoiseLevel::new(1.0, 2.0).expect("valid");
    let drawing = Drawing {
        streams: Streams::new(1),
        sampler: &Twice,
        start: Start::Gaussian { mean: vec![0.0], std: vec![1.0] },
        is_matched: false,
        plan: Plan::from(level).to(NoiseLevel::new(1.0, 1.0).expect("valid")).to(NoiseLevel::CLEAN),
        source: Source::Same(&oracle),
        range: None,
        told: None,
        device: &Device::flex(),
        features: 1,
    };
    let last = drawing.chunk(0, None, &mut |_, _| {}).expect("drawn");
    let draw = |stream| drawing.normals(stream, 0)[0] as f32;
    assert_eq!(last[..2], [draw(2), draw((1 << 32) + 2)], "the second step's two");
    assert_ne!(last[0], last[1]);
}

/// Method with a memory, whose plan rises: each step adds a half of the one before, and each second level
/// is visited twice.
struct Restarting;

struct Remembering(Option<Tensor<2>>);

impl Sampler for Restarting {
    fn start(&self, _plan: &Plan) -> Box<dyn Steps + '_> {
        Box::new(Remembering(None))
    }

    fn refine(&self, plan: Plan, _: &dyn NoiseSchedule) -> Result<Plan, CoreError> {
        let again = |refined: Plan, step: &Transition| match step.index % 2 {
            1 => refined.to(step.to).to(step.from).to(step.to),
            _ => refined.to(step.to),
        };
        Ok(plan.transitions().iter().fold(Plan::from(plan.start()), again))
    }
}

impl Steps for Remembering {
    fn step(
        &mut self,
        x: Tensor<2>,
        denoiser: &dyn Denoiser,
        step: &Transition,
        noise: &mut Noise,
    ) -> Result<Tensor<2>, CoreError> {
        let before = x.clone();
        let euler = langevin_core::Euler.step(x, denoiser, step, noise)?;
        let change = euler - before.clone();
        let further = self.0.replace(change.clone()).map_or(change.clone(), |last| last * 0.5);
        Ok(before + (change + further) * 0.5)
    }

    fn restart(&mut self) {
        self.0 = None;
    }
}

#[test]
fn no_chunk_remembers_another_and_a_plan_that_rises_adds_its_noise_by_number() {
    let (problem, mixture) = (sampled_by(Restarting), two_modes());
    let oracle = MixtureOracle::new(mixture.clone());
    let device = Device::flex();
    let drawing = || {
        Drawing::new(&problem, 5, &mixture, (Source::Same(&oracle), None), &device).expect("valid")
    };
    let (both, alone) = (drawing(), drawing());
    let mut seen = Vec::new();
    let first =
        both.chunk(0, None, &mut |at, rows| seen.push((at.level, rows.to_vec()))).expect("drawn");
    let second = both.chunk(SAMPLING_ROWS as u64, None, &mut |_, _| {}).expect("drawn");
    assert_eq!(alone.chunk(SAMPLING_ROWS as u64, None, &mut |_, _| {}).expect("drawn"), second);
    assert_ne!(first, second);
    // The third transition rises; its noise is that of its number.
    let [(from, before), (to, after)] = &seen[2..4] else { panic!("four levels") };
    assert!(to.sigma() > from.sigma(), "{from:?} {to:?}");
    let missing = (to.sigma().powi(2) - from.sigma().powi(2)).sqrt();
    let noise = both.normals(3, 0);
    for ((before, after), z) in before.iter().zip(after).zip(&noise) {
        let want = f64::from(*before) + missing * z;
        // Rounded to 32 bits, like its parts.
        assert!((f64::from(*after) - want).abs() < 1e-5 * to.sigma(), "{after} for {want}");
    }
    let go_on = &mut |_| ControlFlow::Continue(());
    let many = draw_samples(&problem, 600, 5, &mixture, &oracle, &device, go_on).expect("drawn");
    assert_eq!(many.values[1024..], second[..176]);
}

/// Adaptive method: it halves each step in which the pilot rows' estimate moves far.
struct Halving;

impl Sampler for Halving {
    fn start(&self, plan: &Plan) -> Box<dyn Steps + '_> {
        let _ = plan;
        Box::new(langevin_core::Euler)
    }

    fn adaptive(&self) -> Option<&dyn Adaptive> {
        Some(self)
    }
}

impl Adaptive for Halving {
    fn adapt(&self, plan: Plan, pilot: &Pilot) -> Result<Plan, CoreError> {
        assert_eq!(pilot.x.dims()[0], 512, "always the same rows");
        let estimate = |level: &NoiseLevel| pilot.denoiser.denoise(pilot.x.clone(), level);
        let moved = |step: &Transition| -> Result<f32, CoreError> {
            let moved = estimate(&step.from)? - estimate(&step.to)?;
            Ok(moved.abs().mean().into_scalar::<f32>())
        };
        let noisy = plan.transitions().iter().filter(|step| step.to.sigma() > 0.0);
        let moves = noisy.map(moved).collect::<Result<Vec<_>, _>>()?;
        let mean = moves.iter().sum::<f32>() / moves.len() as f32;
        let mut halved = Plan::from(plan.start());
        for step in plan.transitions() {
            if moves.get(step.index).is_some_and(|moved| *moved > mean) {
                let ratio = (step.from.ratio() * step.to.ratio()).sqrt();
                halved = halved.to(pilot.schedule.between(ratio));
            }
            halved = halved.to(step.to);
        }
        Ok(halved)
    }
}

#[test]
fn an_adaptive_method_chooses_its_levels_once_whatever_the_number_of_samples() {
    let (problem, mixture) = (sampled_by(Halving), two_modes());
    let oracle = MixtureOracle::new(mixture.clone());
    let draw = |count| {
        let go_on = &mut |_| ControlFlow::Continue(());
        draw_samples(&problem, count, 5, &mixture, &oracle, &Device::flex(), go_on).expect("drawn")
    };
    let (few, many) = (draw(7), draw(1300));
    assert_eq!(few.values[..], many.values[..14]);
    let levels = |samples: &Samples| -> Vec<NoiseLevel> {
        samples.levels.iter().map(|seen| seen.level).collect()
    };
    assert_eq!(levels(&few), levels(&many));
    assert!((14..24).contains(&levels(&few).len()), "some of twelve steps were halved");
}

#[test]
fn sampling_breaks_off_when_asked() {
    let text = RUN.replace("SAMPLER", "heun").replace("COUNT", "2000");
    let problem = Problem::new(parse_config("t", &text, &[]).expect("valid")).expect("valid");
    let mixture = GaussianMixture::new(vec![vec![0.0, 0.0]], 0.1, None).expect("valid");
    let oracle = MixtureOracle::new(mixture.clone());
    let mut has_broken_off = false;
    let drawn = draw_samples(&problem, 2000, 5, &mixture, &oracle, &Device::flex(), &mut |share| {
        assert!(!has_broken_off, "asked again at {share}");
        has_broken_off = share > 0.3;
        if has_broken_off { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(matches!(drawn, Err(TrainError::Interrupted)), "{drawn:?}");
}

#[test]
fn a_sample_does_not_depend_on_how_many_are_drawn() {
    for sampler in ["heun", "ddpm"] {
        let (few, many) = (draw(sampler, 7), draw(sampler, 700));
        assert_eq!(few.values.len(), 14);
        assert_eq!(few.values[..], many.values[..14], "{sampler}");
        assert_ne!(many.values[..14], many.values[1024..1038], "chunks differ");
    }
}

#[test]
fn samples_and_moments_do_not_depend_on_the_number_of_threads() {
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("threads").install(|| draw("ddpm", 3000))
    };
    let alone = run(1);
    for threads in [2, 5] {
        assert!(run(threads) == alone, "{threads} threads");
    }
}

#[test]
fn the_oracle_s_samples_follow_the_exact_moments_of_every_level() {
    let samples = draw("heun", 2000);
    assert_eq!(samples.levels.len(), 13);
    assert_eq!(samples.levels[12].level, NoiseLevel::CLEAN);
    for (i, seen) in samples.levels.iter().enumerate() {
        let goal = level_goal(&[0.0, 0.0], &[1.01, 0.01], &seen.level);
        for feature in 0..2 {
            // Five standard errors; those of the standard deviation are 8 %, to which twelve
            // steps of Heun add 8 %.
            let error = goal.std[feature] / 2000_f64.sqrt() * 5.0;
            assert!((seen.mean[feature]).abs() < error, "level {i}: {seen:?}");
            assert!(
                (seen.std[feature] / goal.std[feature] - 1.0).abs() < 0.16,
                "level {i}: {seen:?} {goal:?}"
            );
        }
    }
}
