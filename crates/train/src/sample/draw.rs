//! Drawing samples from a trained network, with statistics at every level. All chunks have one
//! size, so that a sample's bits depend on its number alone.

#[cfg(test)]
mod tests;

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
use langevin_core::{ConditionalDenoiser, Denoiser, Guidance, Guided, Progress};
use langevin_data::Dataset;

use super::{
    chunk::{Drawing, SAMPLING_ROWS},
    given::Given,
    informed::{Informed, Source, check_guidance, untold},
    moments::Moments,
    samples::Samples,
    until::{Draw, Until},
};
use crate::{
    TrainError, config::TRAJECTORY_ROWS, engine::mlp_cpu::is_processor, error::in_section,
    problem::Problem,
};

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
    if let Some(condition) = problem.diffusion().condition_of(data).filter(|it| !it.is_any()) {
        let message = format!(
            "tells the model {} columns that it never draws: draw with `draw_samples_given`",
            condition.things()
        );
        return Err(TrainError::config("data.condition", message));
    }
    draw(problem, (0, count), seed, data, (Source::Same(denoiser), None), device, progress)
}

/// Draws samples as [`draw_samples`] does, of which `given` says what is told; it comes back exactly in
/// [`Samples::told`]. What a sample is told depends on `seed` and its number alone.
///
/// Where ends are given between which the model draws a column, samples are drawn until `count` lie there: of one row of given
/// cells the first that do. Statistics and trajectories are those of the rows that were drawn first, wherever they lie.
///
/// # Errors
/// As [`draw_samples`]; values that cannot be given, guidance of a model that was not trained for it; ends between which next to
/// no sample lies.
pub fn draw_samples_given(
    problem: &Problem,
    count: usize,
    seed: u64,
    data: &dyn Dataset,
    (given, informed): (&Given, &Informed<'_>),
    device: &Device,
    progress: &mut dyn FnMut(f64) -> ControlFlow<()>,
) -> Result<Samples, TrainError> {
    let source = Source::of(informed, problem.diffusion().condition_of(data))?;
    draw_until(problem, count, seed, data, (source, given), device, progress)
}

/// Draws `count` samples that are as is given, where that is seen in a sample alone too.
fn draw_until(
    problem: &Problem,
    count: usize,
    seed: u64,
    data: &dyn Dataset,
    (source, given): (Source<'_>, &Given),
    device: &Device,
    progress: &mut dyn FnMut(f64) -> ControlFlow<()>,
) -> Result<Samples, TrainError> {
    let draw: &Draw<'_> = &|given, first, count, progress| {
        let told = if matches!(source, Source::Same(_)) { None } else { Some(given) };
        draw(problem, (first, count), seed, data, (source.clone(), told), device, progress)
    };
    given.check(data, problem.diffusion().condition_of(data).as_ref())?;
    match Until::new(data, given, draw) {
        Some(until) if count > 0 => until.draw(count, progress),
        _ => draw(given, 0, count, progress),
    }
}

/// Checks what the run file says that samples are told, as far as it is known before the training.
///
/// # Errors
/// Values that cannot be given, guidance or filling in that the run does not have.
pub(crate) fn check_told(problem: &Problem, data: &dyn Dataset) -> Result<(), TrainError> {
    let sample = &problem.config().sample;
    let condition = problem.diffusion().condition_of(data);
    let given = Given::of_config(&sample.condition, data)?;
    given.check(data, condition.as_ref())?;
    if sample.inpaint.is_some() && (condition.is_some() || sample.guidance != Guidance::default()) {
        let message = "must be left out where data.condition tells the model something, or where samples are guided";
        return Err(TrainError::config("sample.inpaint", message));
    }
    let is_told = given.is_stated() && sample.inpaint.is_none();
    match condition {
        Some(condition) => check_guidance(&sample.guidance, &condition),
        None if is_told || sample.guidance != Guidance::default() => Err(untold(&sample.guidance)),
        None => Ok(()),
    }
}

/// Draws samples of a run's networks, told what `given`, or else its run file, says.
///
/// # Errors
/// As [`draw_samples_given`]; values for a model that is told none, where the run file does not say how to fill in.
pub(crate) fn draw_of_run(
    problem: &Problem,
    (count, seed): (usize, u64),
    data: &dyn Dataset,
    (denoiser, weaker): (&dyn ConditionalDenoiser, Option<&dyn ConditionalDenoiser>),
    given: &Given,
    device: &Device,
    progress: &mut dyn FnMut(f64) -> ControlFlow<()>,
) -> Result<Samples, TrainError> {
    let sample = &problem.config().sample;
    let condition = problem.diffusion().condition_of(data);
    let guidance = sample.guidance;
    let informed = match (condition, sample.inpaint.filter(|_| given.is_stated())) {
        (None, None) if !given.is_stated() => {
            let guided;
            let denoiser: &dyn Denoiser = match weaker {
                Some(weaker) => {
                    guidance.check(data.features()).map_err(in_section("sample.guidance"))?;
                    guided = Guided::new(denoiser, weaker, guidance);
                    &guided
                }
                None if guidance == Guidance::default() => denoiser,
                None => return Err(untold(&guidance)),
            };
            let source = (Source::Same(denoiser), given);
            return draw_until(problem, count, seed, data, source, device, progress);
        }
        (_, Some(_)) if guidance != Guidance::default() || weaker.is_some() => {
            let message = "must be left out where the rest is filled in (sample.inpaint), which nothing guides";
            return Err(TrainError::config("sample.guidance", message));
        }
        (_, Some(resampling)) => Informed::FilledIn { denoiser, resampling },
        _ => Informed::Conditional { denoiser, weaker, guidance },
    };
    draw_samples_given(problem, count, seed, data, (given, &informed), device, progress)
}

fn draw<'a>(
    problem: &'a Problem,
    (first, count): (u64, usize),
    seed: u64,
    data: &'a dyn Dataset,
    source: (Source<'a>, Option<&'a Given>),
    device: &'a Device,
    progress: &mut dyn FnMut(f64) -> ControlFlow<()>,
) -> Result<Samples, TrainError> {
    let drawing = Drawing::new(problem, seed, data, source, device)?;
    let features = data.features();
    let kept = if problem.config().report.needs_trajectory() { TRAJECTORY_ROWS } else { 0 };
    let visited: Vec<_> = drawing.plan.visited().collect();
    let modes = data.modes().unwrap_or_default();
    let centers: Vec<_> = modes.into_iter().map(|mode| mode.center).collect();
    let mut values = vec![0.0; count * features];
    let work = Work {
        drawing: &drawing,
        first,
        kept,
        fresh: vec![
            Seen { moments: Moments::new(features, &centers), rows: Vec::new() };
            visited.len()
        ],
        chunks: Mutex::new(values.chunks_mut(SAMPLING_ROWS * features).enumerate()),
        told: Mutex::new(BTreeMap::new()),
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
    let Work { seen, told, stopped, problem, fresh, .. } = work;
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
    let mut told: Vec<f64> = into_inner(told).into_values().flatten().collect();
    told.truncate(count * data.columns().len());
    Ok(Samples { features, values, levels, trajectory, told })
}

/// Work that threads share: each takes the next chunk until none is left.
struct Work<'a> {
    drawing: &'a Drawing<'a>,
    /// Number of the first sample.
    first: u64,
    /// Number of rows whose values at each level are kept.
    kept: usize,
    /// Statistics of each level before any row was added.
    fresh: Vec<Seen<'a>>,
    chunks: Mutex<Enumerate<ChunksMut<'a, f32>>>,
    /// What was told in each chunk, in the user's columns.
    told: Mutex<BTreeMap<usize, Vec<f64>>>,
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
            let mut observe = |at: &Progress, rows: &[f32]| {
                seen[at.step].moments.add(&rows[..len]);
                seen[at.step].rows.extend_from_slice(&rows[..kept]);
                let moved = self.rows_moved.fetch_add(len / features, Ordering::Relaxed);
                let share = (moved + len / features) as f64 / self.all_rows as f64;
                self.hear(share, progress);
            };
            let sample = self.first + first as u64;
            let drawn = self.drawing.told_rows(sample).and_then(|told| {
                let rows = self.drawing.chunk(sample, told.as_ref(), &mut observe)?;
                if let Some(told) = told {
                    lock(&self.told).insert(number, told.user);
                }
                Ok(rows)
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
