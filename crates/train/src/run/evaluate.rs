//! evaluation.json: a run's samples measured against held-out rows, beside floor and baselines.

use std::{ops::ControlFlow, path::Path};

use burn::tensor::Device;
use langevin_core::{ConditionalDenoiser, Network};
use langevin_data::{
    Dataset, Part, Purpose, Streams,
    measure::{
        Evaluation, FittedGaussian, Inputs, evaluate,
        table::{MOST_COLUMNS, MOST_ROWS, TableSets, measure_table, measure_target},
        verdict::{Judge, Real, Verdict, outside},
    },
};

use super::conditionals::conditionals;
use crate::{
    TrainError,
    config::ToldValues,
    engine::RunDenoiser,
    problem::Problem,
    sample::{
        Given, Samples, denoising_errors_of_run, draw_of_run,
        spaces::{BothSpaces, measured_rows},
    },
    store::{durable::write_json, records::EVALUATION},
};

/// The most samples of the untrained baseline, which needs no more than one chunk of comparison.
const BASELINE_ROWS: usize = 1000;

/// Streams of [`Purpose::Reference`]; 0 is for figures, 4 and on for the errors of denoisers.
const TRAINING: u64 = 1;
const HELD_OUT: u64 = 2;
const GAUSSIAN: u64 = 3;

/// Measures samples of a run's denoiser, and the denoiser itself, against held-out rows, and judges the samples.
///
/// Distances are those of the samples that are finite; the verdict is on all. `untrained` is the network before its
/// first step, or one for each level.
///
/// # Errors
/// No held-out rows, no sample that is finite, a device that failed, or a stop.
pub(crate) fn evaluate_samples<N: Network>(
    problem: &Problem,
    data: &dyn Dataset,
    samples: &Samples,
    denoiser: &dyn ConditionalDenoiser,
    untrained: &[N],
    device: &Device,
    progress: &mut dyn FnMut(f64) -> ControlFlow<()>,
) -> Result<Evaluation, TrainError> {
    if data.len(Part::HeldOut) == Some(0) {
        return Err(TrainError::NothingHeldOut);
    }
    check_measurable(problem)?;
    problem.target(data)?;
    let seed = problem.config().seed;
    let all = BothSpaces::of_samples(data, &samples.values, &samples.told);
    let drawn = all.measurable();
    if drawn.user.is_empty() {
        // Says which value is not finite.
        all.set("samples")?;
    }
    let most = measured_rows(data);
    let training = BothSpaces::of_data(data, Part::Training, seed, TRAINING, Some(most));
    // Tests take held-out rows for independent: of windows, those that share nothing.
    let apart = data.len(Part::HeldOut).map_or(most, |rows| (rows / data.apart()).max(1));
    let held_out = BothSpaces::of_data(data, Part::HeldOut, seed, HELD_OUT, Some(apart.min(most)));
    let count = drawn.set("samples")?.user.count().min(5 * BASELINE_ROWS);
    let fitted = FittedGaussian::fit(training.set("training rows")?.model);
    let mut stream = Streams::new(seed).at(Purpose::Reference, GAUSSIAN, 0);
    let gaussian = BothSpaces::of_model(data, fitted.draw(count, &mut stream));

    let count = (samples.values.len() / samples.features).min(BASELINE_ROWS);
    let untrained = RunDenoiser::new(problem.diffusion(), untrained).of(data);
    let given = Given::as_data();
    let untrained =
        draw_of_run(problem, (count, seed), data, (&untrained, None), &given, device, progress)?;
    let untrained = BothSpaces::of_samples(data, &untrained.values, &untrained.told);

    let mut baselines = vec![("gaussian", gaussian.set("gaussian")?)];
    // An untrained network may give numbers beyond all bounds: then there is nothing to compare.
    baselines.extend(untrained.set("untrained").ok().map(|set| ("untrained", set)));
    let modes = data.modes();
    let mut evaluation = evaluate(&Inputs {
        columns: &data.columns(),
        samples: drawn.set("samples")?,
        training: training.set("training rows")?,
        held_out: held_out.set("held-out rows")?,
        baselines: &baselines,
        modes: modes.as_deref(),
        seed,
    })?;
    evaluation.verdict = Some(judge(data, seed, &all, &training, &held_out, &untrained.user)?);
    let count = |rows: &BothSpaces| rows.user.len() / data.columns().len();
    let all = data.representatives(Part::Training).map(<[usize]>::len).or(data.len(Part::Training));
    if let Some(all) = all.filter(|all| *all > most) {
        evaluation.remarks.push(format!(
            "samples are measured against {} training rows, evenly spread, of {all}, in the search for copies too",
            count(&training)
        ));
    }
    if data.representatives(Part::HeldOut).is_some() {
        evaluation.remarks.push(format!(
            "rows have weights: {} rows stand for the held-out ones and {} for the training ones, each as often as it weighs, in \
             all that is measured, copies too",
            count(&held_out),
            count(&training)
        ));
    }
    measure_cells(problem, data, [&drawn, &training, &held_out], &mut evaluation)?;
    let sets = [&drawn, &training, &held_out];
    evaluation.conditionals = conditionals(problem, data, denoiser, sets, device, progress)?;
    let errors = denoising_errors_of_run(problem, seed, data, denoiser, device, progress)?;
    evaluation.denoising = Some(errors);
    Ok(evaluation)
}

/// Measures the cells of samples, beside those of training and held-out rows, as tables are measured, and how well the
/// target is predicted. What cannot be measured is said.
fn measure_cells(
    problem: &Problem,
    data: &dyn Dataset,
    sets: [&BothSpaces; 3],
    evaluation: &mut Evaluation,
) -> Result<(), TrainError> {
    let (seed, columns) = (problem.config().seed, data.columns());
    let rows = sets.map(|set| &set.user[..]);
    let is_table =
        data.len(Part::Training).is_some() && data.picture().is_none() && data.apart() == 1;
    let is_narrow = columns.len() <= MOST_COLUMNS;
    if is_table && !is_narrow {
        evaluation.remarks.push(format!(
            "columns, pairs and detection are measured of tables of at most {MOST_COLUMNS} columns, got {}",
            columns.len()
        ));
    }
    let target = problem.target(data)?;
    if !(is_table && is_narrow) && target.is_none() {
        return Ok(());
    }
    let sets = match TableSets::new(&columns, rows, seed) {
        Ok(sets) => sets,
        // A user's own data may give values that its columns do not have.
        Err(error) => {
            evaluation.remarks.push(format!("columns, pairs and targets are left out: {error}"));
            return Ok(());
        }
    };
    let mut remarks = Vec::new();
    if is_table && is_narrow {
        match measure_table(&sets, seed) {
            Ok(found) => evaluation.table = Some(found),
            Err(error) => {
                remarks.push(format!("columns, pairs and detection are left out: {error}"));
            }
        }
    }
    if let Some(target) = target {
        match measure_target(&sets, target) {
            Ok(mut found) => {
                remarks.append(&mut found.remarks);
                evaluation.target = Some(found);
            }
            Err(error) => remarks.push(format!("the target is left out: {error}")),
        }
    }
    let most = rows.map(|rows| rows.len() / columns.len()).into_iter().max().unwrap_or(0);
    let is_measured = evaluation.table.is_some() || evaluation.target.is_some();
    if is_measured && most > MOST_ROWS {
        remarks.push(format!(
            "of each kind of rows {MOST_ROWS}, evenly spread, are looked at by columns, pairs, trees and closest rows, of up to \
             {most}"
        ));
    }
    evaluation.remarks.append(&mut remarks);
    Ok(())
}

/// Checks that a run's samples can be measured: that they are told nothing that held-out rows are not.
///
/// # Errors
/// Values that all samples are told.
pub(super) fn check_measurable(problem: &Problem) -> Result<(), TrainError> {
    match problem.config().sample.condition {
        ToldValues::AsData => Ok(()),
        ToldValues::Values(_) => {
            let message = "tells samples values that held-out rows do not have: they are measured as \"as_data\" alone";
            Err(TrainError::config("sample.condition", message))
        }
    }
}

/// Verdict on samples. Rows of a distribution are fresh draws, twice as many as are compared; its modes' shares are
/// exact.
fn judge(
    data: &dyn Dataset,
    seed: u64,
    samples: &BothSpaces,
    training: &BothSpaces,
    held_out: &BothSpaces,
    untrained: &[f64],
) -> Result<Verdict, TrainError> {
    let (columns, modes) = (data.columns(), data.modes());
    let training = training.set("training rows")?.user;
    let real = Real {
        columns: &columns,
        training,
        held_out: held_out.set("held-out rows")?.user,
        untrained,
        modes: modes.as_deref(),
        seed,
    };
    // Before anything is set to an end of its range.
    let free = |rows: &BothSpaces| {
        let mut free = Vec::with_capacity(rows.user.len());
        let rows = rows.model.chunks_exact(data.features());
        rows.for_each(|row| data.restore_free(row, &mut free));
        free
    };
    let outside = outside(&columns, &free(samples), &free(held_out), training);
    let count = samples.user.len() / columns.len();
    Ok(Judge::new(real, count)?.verdict(&samples.user, &outside)?)
}

/// Writes evaluation.json and gives its checksum.
pub(crate) fn write_evaluation(run: &Path, evaluation: &Evaluation) -> Result<String, TrainError> {
    let text = write_json(&run.join(EVALUATION), evaluation)?;
    Ok(blake3::hash(text.as_bytes()).to_string())
}
