//! Errors of a denoiser at the levels of sampling: its regret where the data knows the optimum, else
//! its held-out errors beside those of simple denoisers.

use std::ops::ControlFlow;

use burn::tensor::{Device, Tensor, TensorData};
use langevin_core::{ConditionalDenoiser, Denoiser, Guidance, NoiseLevel};
use langevin_data::{
    Dataset, Part, Purpose, Streams,
    measure::{Denoising, IndependentFeatures, Rows, SquaredErrors},
    normal_words,
};
use rayon::prelude::*;

use super::{
    chunk::{SAMPLING_ROWS, bound_of, read_rows},
    given::ToldRows,
    informed::Source,
    spaces::rows_of,
};
use crate::{
    TrainError,
    engine::mlp_cpu::is_processor,
    problem::{Condition, Problem},
};

/// Numbers in all noisy rows of a level: wide rows are fewer, and each says more.
const NUMBERS: usize = 32_768;
/// Least and most noisy rows of a level.
const PAIRS: [usize; 2] = [256, 2048];
/// Most levels that are measured, evenly spread over those of sampling.
const LEVELS: usize = 128;
/// Most features of which independent features are measured: a minute of work.
const INDEPENDENT_FEATURES: usize = 4096;
/// Most training rows, and most numbers in them, that constant and independent features are made of.
const TRAINING_ROWS: usize = 16_384;
const TRAINING_NUMBERS: usize = 1 << 22;

/// Streams of [`Purpose::Reference`]: held-out and training rows of a distribution, and the noise of level
/// i, counted from the noisiest, in stream `NOISE + i`.
const HELD_OUT: u64 = 4;
const TRAINING: u64 = 5;
const NOISE: u64 = 1 << 32;

/// Measures a denoiser at each level with noise that the problem's sampling goes through: by its regret
/// where the data knows its posterior means, else beside a constant and independent features.
///
/// The rows are held-out ones: 32,768 numbers in all, but at least 256 and at most 2048 rows, each with
/// noise of its own at each level. A table with fewer rows has each of them several times, with other noise. Of
/// more than 128 levels, 128 evenly spread ones are measured, the first and the last among them. The same
/// `seed` means the same rows and noise for any denoiser, and the number of threads changes no bit.
///
/// The optimum is computed in 64 bits for the noisy rows as the denoiser sees them, rounded to 32.
///
/// # Errors
/// No held-out rows; posterior means of another number than there are; a device that failed;
/// [`TrainError::Interrupted`] where `progress`, which hears the share that is done, broke off.
pub fn denoising_errors(
    problem: &Problem,
    seed: u64,
    data: &dyn Dataset,
    denoiser: &dyn Denoiser,
    device: &Device,
    progress: &mut dyn FnMut(f64) -> ControlFlow<()>,
) -> Result<Denoising, TrainError> {
    measure(problem, seed, data, (&Source::Same(denoiser), None), device, progress)
}

/// Measures the denoiser of a run as [`denoising_errors`] does, its estimates kept within the run's bound. Each row is told
/// its own columns that are never drawn; columns that may be given are not told.
///
/// # Errors
/// As [`denoising_errors`].
pub(crate) fn denoising_errors_of_run(
    problem: &Problem,
    seed: u64,
    data: &dyn Dataset,
    denoiser: &dyn ConditionalDenoiser,
    device: &Device,
    progress: &mut dyn FnMut(f64) -> ControlFlow<()>,
) -> Result<Denoising, TrainError> {
    let range = bound_of(problem, data);
    let source = match problem.diffusion().condition_of(data) {
        None => Source::Same(denoiser),
        Some(condition) => {
            let guidance = Guidance::default();
            Source::Told { denoiser, weaker: None, guidance, condition }
        }
    };
    measure(problem, seed, data, (&source, range.as_ref()), device, progress)
}

fn measure(
    problem: &Problem,
    seed: u64,
    data: &dyn Dataset,
    source: (&Source<'_>, Option<&Vec<[f64; 2]>>),
    device: &Device,
    progress: &mut dyn FnMut(f64) -> ControlFlow<()>,
) -> Result<Denoising, TrainError> {
    let levels = measured_levels(problem.sampling_levels().collect());
    let test = Test::new(seed, data, source, device, levels.first())?;
    let (mut measured, mut left_out) = (Vec::with_capacity(levels.len()), 0);
    for (i, level) in levels.iter().enumerate() {
        match test.at(i as u64, level)? {
            Some(errors) => measured.push(errors),
            None => left_out += 1,
        }
        if progress((i + 1) as f64 / levels.len() as f64).is_break() {
            return Err(TrainError::Interrupted);
        }
    }
    Ok(Denoising::of(measured, test.repeats, left_out))
}

/// Each level once, noisiest first, 128 at most: sampling may repeat its last level, or rise.
fn measured_levels(mut levels: Vec<NoiseLevel>) -> Vec<NoiseLevel> {
    levels.sort_by(|a, b| b.ratio().total_cmp(&a.ratio()));
    levels.dedup();
    let (count, last) = (levels.len().min(LEVELS), levels.len().saturating_sub(1));
    (0..count).map(|i| levels[(i * last).checked_div(count - 1).unwrap_or(0)]).collect()
}

/// Memory of measuring rows of so many features, in bytes.
pub(crate) fn bytes_of_denoising(features: usize) -> u64 {
    let pairs = (NUMBERS / features.max(1)).clamp(PAIRS[0], PAIRS[1]) as u64;
    let training = (TRAINING_NUMBERS / features.max(1)).clamp(1, TRAINING_ROWS) as u64;
    // Training rows as they are, and as values and their counts, of all and of a level's groups.
    (pairs + 5 * training).saturating_mul(features as u64 * 8)
}

/// What all levels share: rows, and the denoisers to compare.
struct Test<'a> {
    streams: Streams,
    data: &'a dyn Dataset,
    source: &'a Source<'a>,
    /// Within which estimates are kept.
    range: Option<&'a Vec<[f64; 2]>>,
    device: &'a Device,
    /// Held-out rows, one after the other.
    clean: Vec<f64>,
    /// Number of pairs of a row and its noise, side by side, at each level.
    repeats: usize,
    mean: Vec<f64>,
    /// Where the data does not know the optimum.
    independent: Option<IndependentFeatures>,
}

impl<'a> Test<'a> {
    fn new(
        seed: u64,
        data: &'a dyn Dataset,
        (source, range): (&'a Source<'a>, Option<&'a Vec<[f64; 2]>>),
        device: &'a Device,
        first: Option<&NoiseLevel>,
    ) -> Result<Self, TrainError> {
        if data.len(Part::HeldOut) == Some(0) {
            return Err(TrainError::NothingHeldOut);
        }
        let features = data.features();
        let pairs = (NUMBERS / features).clamp(PAIRS[0], PAIRS[1]);
        let streams = Streams::new(seed);
        let clean = rows_of(data, Part::HeldOut, pairs, &streams, HELD_OUT);
        let known = first.is_some_and(|level| {
            data.posterior_means(&clean[..features], level.alpha(), level.sigma()).is_some()
        });
        let independent = !known && features <= INDEPENDENT_FEATURES;
        let mut mean = data.mean().filter(|mean| mean.len() == features);
        let mut fitted = None;
        if independent || mean.is_none() {
            let most = (TRAINING_NUMBERS / features).clamp(1, TRAINING_ROWS);
            let training = rows_of(data, Part::Training, most, &streams, TRAINING);
            let training = Rows::new("training rows", features, &training)?;
            mean = mean.or_else(|| Some(training.mean()));
            fitted = independent.then(|| IndependentFeatures::fit(training));
        }
        Ok(Self {
            streams,
            data,
            source,
            range,
            device,
            repeats: pairs.div_ceil(clean.len() / features),
            clean,
            mean: mean.unwrap_or_default(),
            independent: fitted,
        })
    }

    /// The squared errors at level number `number`; none where the denoiser has no estimate.
    fn at(&self, number: u64, level: &NoiseLevel) -> Result<Option<SquaredErrors>, TrainError> {
        let features = self.data.features();
        let pairs = self.clean.len() / features * self.repeats;
        let independent = self.independent.as_ref().map(|it| it.at(level.alpha(), level.sigma()));
        // Chunks are as large as those of sampling, whatever the number of threads.
        let chunk = |chunk: usize| {
            let first = chunk * SAMPLING_ROWS;
            let pairs = first..(first + SAMPLING_ROWS).min(pairs);
            let x0: Vec<f64> = pairs
                .clone()
                .flat_map(|pair| &self.clean[pair / self.repeats * features..][..features])
                .copied()
                .collect();
            let mut noise = vec![0.0; x0.len()];
            let word = first as u64 * normal_words(features);
            let mut stream = self.streams.at(Purpose::Reference, NOISE + number, word);
            stream.fill_normal_rows(&mut noise, features);
            let noisy = x0.iter().zip(&noise);
            let noisy = noisy.map(|(x0, eps)| (level.alpha() * x0 + level.sigma() * eps) as f32);
            let noisy: Vec<f32> = noisy.collect();
            let seen: Vec<f64> = noisy.iter().map(|x| f64::from(*x)).collect();
            let x = Tensor::from_data(TensorData::new(noisy, [pairs.len(), features]), self.device);
            let told = ToldRows::of_clean(&x0, self.source.condition());
            let denoised =
                self.source.of_rows(Some(&told), self.range, self.device, |denoiser| {
                    Ok(denoiser.denoise(x, level).ok())
                })?;
            let Some(denoised) = denoised else { return Ok(None) };
            let denoised: Vec<f64> = read_rows(denoised)?.into_iter().map(f64::from).collect();
            let optimum = self.data.posterior_means(&seen, level.alpha(), level.sigma());
            if let Some(means) = optimum.as_ref().filter(|means| means.len() != seen.len()) {
                let (needed, got) = (seen.len(), means.len());
                let message = format!("must give {needed} numbers as posterior means, got {got}");
                return Err(TrainError::config("data", message));
            }
            // What is never drawn is told, and no denoiser errs in it.
            let drawn = self.source.condition().map_or(features, Condition::drawn);
            let squares = |a: &[f64], b: &[f64]| squared_distances(a, b, features, drawn);
            Ok(Some(SquaredErrors {
                alpha: level.alpha(),
                sigma: level.sigma(),
                error: squares(&denoised, &x0),
                constant: squares(&self.mean.repeat(pairs.len()), &x0),
                independent: independent.as_ref().map(|denoise| squares(&denoise(&seen), &x0)),
                regret: optimum.as_ref().map(|optimum| squares(&denoised, optimum)),
                optimum: optimum.map(|optimum| squares(&optimum, &x0)),
            }))
        };
        let chunks = 0..pairs.div_ceil(SAMPLING_ROWS);
        let errors: Result<Option<Vec<_>>, TrainError> = if is_processor(self.device) {
            chunks.into_par_iter().map(chunk).collect::<Result<Vec<_>, _>>()
        } else {
            chunks.map(chunk).collect::<Result<Vec<_>, _>>()
        }
        .map(|chunks| chunks.into_iter().collect());
        Ok(errors?.map(joined))
    }
}

/// The squared distances of rows over their first `drawn` features.
fn squared_distances(a: &[f64], b: &[f64], features: usize, drawn: usize) -> Vec<f64> {
    let rows = a.chunks_exact(features).zip(b.chunks_exact(features));
    rows.map(|(a, b)| a.iter().zip(b).take(drawn).map(|(a, b)| (a - b).powi(2)).sum()).collect()
}

/// The chunks' errors, one after the other.
fn joined(chunks: Vec<SquaredErrors>) -> SquaredErrors {
    let mut chunks = chunks.into_iter();
    let mut all = chunks.next().unwrap_or_default();
    for chunk in chunks {
        all.append(chunk);
    }
    all
}

#[cfg(test)]
mod tests;
