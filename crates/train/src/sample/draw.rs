//! Drawing samples from a trained network, with statistics at every level. All chunks have one
//! size, so that a sample's bits depend on its number alone.

use std::{
    collections::BTreeMap,
    iter::Enumerate,
    ops::ControlFlow,
    slice::ChunksMut,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use burn::tensor::Device;
use langevin_core::Denoiser;
use langevin_data::Dataset;

use super::{
    bounded::Bounded,
    chunk::{Drawing, SAMPLING_ROWS},
    moments::{LevelSummary, Moments},
};
use crate::{TrainError, config::TRAJECTORY_ROWS, engine::mlp_cpu::is_processor, problem::Problem};

/// Samples, with the statistics measured at each level of the sampling.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    /// Features of a row.
    pub features: usize,
    /// The samples, row by row.
    pub values: Vec<f32>,
    /// Statistics over all rows, one entry for the start and one after each step.
    pub levels: Vec<LevelSummary>,
    /// The first rows, 2000 at most, at each of these levels, row by row. The rows are not kept if
    /// the run file asks for no figure or film of them.
    pub trajectory: Vec<Vec<f32>>,
}

impl Samples {
    /// Fails where a number of the samples is not finite.
    ///
    /// # Errors
    /// Says how many are not.
    pub(crate) fn check_finite(&self) -> Result<(), TrainError> {
        match self.values.iter().filter(|value| !value.is_finite()).count() {
            0 => Ok(()),
            unfit => Err(TrainError::SamplesNotFinite { unfit, all: self.values.len() }),
        }
    }
}

/// Draws `count` samples with a run's denoiser.
///
/// The random numbers of sample i, at its start and in every step, depend on `seed` and i alone.
/// `progress` is called with the share that is done, and may break off.
///
/// # Errors
/// A grid or a start that the schedule or the data does not have; a device that failed;
/// [`TrainError::Interrupted`] where `progress` broke off.
pub fn draw_samples(
    problem: &Problem,
    count: usize,
    seed: u64,
    data: &dyn Dataset,
    denoiser: &dyn Denoiser,
    device: &Device,
    progress: &mut dyn FnMut(f64) -> ControlFlow<()>,
) -> Result<Samples, TrainError> {
    let bounded = Bounded::of(problem, data, denoiser)?;
    let denoiser = bounded.as_ref().map_or(denoiser, |bounded| bounded);
    let drawing = Drawing::new(problem, seed, data, denoiser, device)?;
    let features = data.features();
    let kept = if problem.config().report.needs_trajectory() { TRAJECTORY_ROWS } else { 0 };
    let visited: Vec<_> = drawing.plan.visited().collect();
    let modes = data.modes().unwrap_or_default();
    let centers: Vec<_> = modes.into_iter().map(|mode| mode.center).collect();
    let mut values = vec![0.0; count * features];
    let work = Work {
        drawing: &drawing,
        kept,
        fresh: vec![
            Seen { moments: Moments::new(features, &centers), rows: Vec::new() };
            visited.len()
        ],
        chunks: Mutex::new(values.chunks_mut(SAMPLING_ROWS * features).enumerate()),
        seen: Mutex::new(InOrder::default()),
        rows_moved: AtomicUsize::new(0),
        all_rows: count * visited.len(),
        stopped: AtomicBool::new(false),
        problem: Mutex::new(None),
    };
    let chunks = count.div_ceil(SAMPLING_ROWS);
    let threads = if is_processor(device) { rayon::current_num_threads() } else { 1 };
    rayon::in_place_scope(|scope| {
        // Only this thread reports the progress.
        for _ in 1..threads.min(chunks) {
            scope.spawn(|_| work.draw(&mut |_| ControlFlow::Continue(())));
        }
        work.draw(progress);
    });
    // The other threads may have drawn all chunks of a small drawing before this one took any.
    work.hear(1.0, progress);
    let Work { seen, stopped, problem, fresh, .. } = work;
    if let Some(problem) = into_inner(problem) {
        return Err(problem);
    }
    if stopped.into_inner() {
        return Err(TrainError::Interrupted);
    }
    let seen = into_inner(seen).all.unwrap_or(fresh);
    let levels =
        visited.iter().zip(&seen).map(|(level, seen)| seen.moments.summary(*level)).collect();
    let trajectory = seen.into_iter().map(|seen| seen.rows).collect();
    Ok(Samples { features, values, levels, trajectory })
}

/// Work that threads share: each takes the next chunk until none is left.
struct Work<'a> {
    drawing: &'a Drawing<'a>,
    /// Number of rows whose values at each level are kept.
    kept: usize,
    /// Statistics of each level before any row was added.
    fresh: Vec<Seen<'a>>,
    chunks: Mutex<Enumerate<ChunksMut<'a, f32>>>,
    seen: Mutex<InOrder<'a>>,
    /// Rows that have reached a level, summed over the levels.
    rows_moved: AtomicUsize,
    all_rows: usize,
    stopped: AtomicBool,
    problem: Mutex<Option<TrainError>>,
}

/// Statistics of the rows at one level.
#[derive(Debug, Clone)]
struct Seen<'a> {
    moments: Moments<'a>,
    /// Values of the kept rows.
    rows: Vec<f32>,
}

/// Statistics of each level, joined in the chunks' order, whichever chunk is finished first.
/// Floating-point sums thus do not depend on the threads.
#[derive(Default)]
struct InOrder<'a> {
    all: Option<Vec<Seen<'a>>>,
    next: usize,
    waiting: BTreeMap<usize, Vec<Seen<'a>>>,
}

impl<'a> Work<'a> {
    fn draw(&self, progress: &mut dyn FnMut(f64) -> ControlFlow<()>) {
        let features = self.drawing.features;
        while !self.stopped.load(Ordering::Relaxed) {
            let Some((number, own)) = lock(&self.chunks).next() else { return };
            let (first, len) = (number * SAMPLING_ROWS, own.len());
            let kept = self.kept.saturating_sub(first).min(len / features) * features;
            let mut seen = self.fresh.clone();
            let drawn = self.drawing.chunk(first as u64, &mut |at, rows| {
                seen[at.step].moments.add(&rows[..len]);
                seen[at.step].rows.extend_from_slice(&rows[..kept]);
                let moved = self.rows_moved.fetch_add(len / features, Ordering::Relaxed);
                let share = (moved + len / features) as f64 / self.all_rows as f64;
                self.hear(share, progress);
            });
            match drawn {
                Ok(rows) => own.copy_from_slice(&rows[..len]),
                Err(problem) => {
                    *lock(&self.problem) = Some(problem);
                    return self.stopped.store(true, Ordering::Relaxed);
                }
            }
            lock(&self.seen).take(number, seen);
        }
    }

    fn hear(&self, share: f64, progress: &mut dyn FnMut(f64) -> ControlFlow<()>) {
        if !self.stopped.load(Ordering::Relaxed) && progress(share).is_break() {
            self.stopped.store(true, Ordering::Relaxed);
        }
    }
}

impl<'a> InOrder<'a> {
    fn take(&mut self, number: usize, seen: Vec<Seen<'a>>) {
        self.waiting.insert(number, seen);
        while let Some(seen) = self.waiting.remove(&self.next) {
            self.next += 1;
            let Some(all) = &mut self.all else {
                self.all = Some(seen);
                continue;
            };
            for (all, seen) in all.iter_mut().zip(seen) {
                all.moments.join(&seen.moments);
                all.rows.extend(seen.rows);
            }
        }
    }
}

// A poisoned lock may be ignored: rayon passes a thread's panic on, and the drawing ends.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn into_inner<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
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
            plan: Plan::from(level)
                .to(NoiseLevel::new(1.0, 1.0).expect("valid"))
                .to(NoiseLevel::CLEAN),
            denoiser: &oracle,
            device: &Device::flex(),
            features: 1,
        };
        let last = drawing.chunk(0, &mut |_, _| {}).expect("drawn");
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
        let drawing = || Drawing::new(&problem, 5, &mixture, &oracle, &device).expect("valid");
        let (both, alone) = (drawing(), drawing());
        let mut seen = Vec::new();
        let first =
            both.chunk(0, &mut |at, rows| seen.push((at.level, rows.to_vec()))).expect("drawn");
        let second = both.chunk(SAMPLING_ROWS as u64, &mut |_, _| {}).expect("drawn");
        assert_eq!(alone.chunk(SAMPLING_ROWS as u64, &mut |_, _| {}).expect("drawn"), second);
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
        let many =
            draw_samples(&problem, 600, 5, &mixture, &oracle, &device, go_on).expect("drawn");
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
            draw_samples(&problem, count, 5, &mixture, &oracle, &Device::flex(), go_on)
                .expect("drawn")
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
        let drawn =
            draw_samples(&problem, 2000, 5, &mixture, &oracle, &Device::flex(), &mut |share| {
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
}
