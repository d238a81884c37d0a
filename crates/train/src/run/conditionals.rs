//! Measures of what a run's model makes of what it is told.

use std::ops::ControlFlow;

use burn::tensor::Device;
use langevin_core::{ConditionalDenoiser, Guidance};
use langevin_data::{
    ColumnValues, Dataset, Purpose, Stream, Streams,
    measure::{
        Conditionals, Filled, GroupFound, Grouped, HiddenCells, Rows, filled, group_distances,
    },
};

use super::single_cells::single_cells;
use crate::{
    TrainError,
    problem::{Condition, Problem},
    sample::{
        Given, GivenCell, Informed, draw_samples_given,
        spaces::{BothSpaces, evenly, feature_names},
    },
};

/// Stream of [`Purpose::Reference`] of hidden cells and of groups' subsets.
const STREAM: u64 = 1 << 62;

/// Most rows whose cells are hidden, and draws of each.
const HIDDEN_ROWS: usize = 200;
const DRAWS: usize = 50;
/// Least rows whose cells are hidden, where there are so many.
const FEWEST_ROWS: usize = 20;
/// Most columns of rows whose cells are hidden: beyond it the simple ways would take longer than the model.
const HIDDEN_COLUMNS: usize = 256;
/// Most training rows by which the simple ways fill in.
const SIMPLE_ROWS: usize = 4000;

/// Most told columns that are measured one by one.
const MOST_TOLD: usize = 8;

/// Classes of a told column that are measured one by one: of more, each has hardly a held-out row.
const MOST_CLASSES: usize = 50;

/// Numbers of a told column that are groups of their own; of more, quarters of the training rows are.
const MOST_VALUES: usize = 8;

/// Measures samples by what they were told, and how what is not told of held-out rows is filled in; `None` of a model that
/// is told nothing.
///
/// Where any columns may be told, random ones of them are hidden; else those that are drawn.
///
/// # Errors
/// A device that failed, or a stop.
pub(super) fn conditionals(
    problem: &Problem,
    data: &dyn Dataset,
    denoiser: &dyn ConditionalDenoiser,
    [samples, training, held_out]: [&BothSpaces; 3],
    device: &Device,
    progress: &mut dyn FnMut(f64) -> ControlFlow<()>,
) -> Result<Option<Conditionals>, TrainError> {
    let Some(condition) = problem.diffusion().condition_of(data) else { return Ok(None) };
    let mut stream = Streams::new(problem.config().seed).at(Purpose::Reference, STREAM, 0);
    let mut groups = Vec::new();
    let is_told = !condition.is_any() && condition.things() <= MOST_TOLD;
    for column in condition.columns().iter().filter(|_| is_told) {
        groups.extend(by_group(
            data,
            *column,
            condition.drawn(),
            [samples, training, held_out],
            &mut stream,
        )?);
    }
    // Pictures are looked at, and their pixels are no columns of a user's.
    let is_measured = data.features() <= HIDDEN_COLUMNS && data.picture().is_none();
    let condition_is_any = condition.is_any();
    let filled = is_measured.then(|| {
        let told = (denoiser, condition);
        fill_in(problem, data, told, held_out, training, device, &mut stream, progress)
    });
    let filled = filled.transpose()?;
    let single_cells = match is_measured && condition_is_any {
        true => single_cells(problem, data, denoiser, held_out, device)?,
        false => Vec::new(),
    };
    Ok((is_told || filled.is_some()).then_some(Conditionals { groups, filled, single_cells }))
}

/// Hides columns of held-out rows, and fills them in.
#[expect(clippy::too_many_arguments, reason = "a run and what is measured of it")]
fn fill_in(
    problem: &Problem,
    data: &dyn Dataset,
    (denoiser, condition): (&dyn ConditionalDenoiser, Condition),
    held_out: &BothSpaces,
    training: &BothSpaces,
    device: &Device,
    stream: &mut Stream,
    progress: &mut dyn FnMut(f64) -> ControlFlow<()>,
) -> Result<Filled, TrainError> {
    let (features, columns) = (data.features(), data.columns().len());
    let all = held_out.model.len() / features;
    // As many draws as the run has samples, or so.
    let most = (problem.config().sample.count / DRAWS).max(FEWEST_ROWS);
    let count = all.min(HIDDEN_ROWS).min(most);
    let always = condition.always();
    let (mut truth, mut known, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    for row in evenly(count, all) {
        let (mut own, mut cells) = (vec![false; condition.things()], vec![false; features]);
        always.choose(stream, &mut own);
        condition.mark(&own, &mut cells);
        let mut given = vec![GivenCell::Open; columns];
        for (column, _) in condition.columns().iter().zip(&own).filter(|(_, known)| **known) {
            given[*column] = GivenCell::of(held_out.user[row * columns + column]);
        }
        let clean = &held_out.model[row * features..(row + 1) * features];
        mark_free_numbers(data, clean, &mut cells);
        truth.extend_from_slice(clean);
        known.extend(cells);
        rows.push(given);
    }
    let given = Given::cells(rows, DRAWS);
    let informed = Informed::Conditional { denoiser, weaker: None, guidance: Guidance::default() };
    let seed = problem.config().seed;
    let told = (&given, &informed);
    let drawn = draw_samples_given(problem, count * DRAWS, seed, data, told, device, progress)?;
    drawn.check_finite()?;
    let mut drawn: Vec<f64> = drawn.values.iter().map(|x| f64::from(*x)).collect();
    // The classes that they are, as in the rows that are hidden: an estimate is never quite a class.
    for row in drawn.chunks_exact_mut(features) {
        for own in data.drawn_categories() {
            let value = own.value(row);
            row[own.features()].iter_mut().zip(own.code(value)).for_each(|(x, code)| *x = code);
        }
    }
    let all = training.model.len() / features;
    let simple = evenly(SIMPLE_ROWS, all)
        .flat_map(|row| &training.model[row * features..(row + 1) * features]);
    let simple: Vec<f64> = simple.copied().collect();
    let hidden = HiddenCells {
        names: &feature_names(data),
        truth: Rows::new("held-out rows", features, &truth)?,
        known: &known,
        draws: Rows::new("filled-in rows", features, &drawn)?,
        training: Rows::new("training rows", features, &simple)?,
    };
    Ok(filled(&hidden, stream)?)
}

/// Marks the numbers of a row that say nothing, as of a missing value: there is no truth to fill them in by.
fn mark_free_numbers(data: &dyn Dataset, clean: &[f64], cells: &mut [bool]) {
    let mut first = 0;
    for group in data.layout() {
        let next = first + group.kind.features();
        cells[first] |= group.kind.number_is_free(&clean[first..next]);
        first = next;
    }
}

/// Distances of the samples by the groups of a column that is told.
fn by_group(
    data: &dyn Dataset,
    column: usize,
    drawn: usize,
    sets: [&BothSpaces; 3],
    stream: &mut Stream,
) -> Result<Vec<GroupFound>, TrainError> {
    let (columns, features) = (data.columns(), data.features());
    let own = &columns[column];
    let values = |set: &BothSpaces| -> Vec<f64> {
        set.user.iter().skip(column).step_by(columns.len()).copied().collect()
    };
    let [of_samples, of_training, of_held_out] = sets.map(values);
    // Each group goes up to a value and includes it.
    let mut ends = of_training.clone();
    ends.sort_unstable_by(f64::total_cmp);
    let quarters: Vec<f64> = (1..=4).map(|i| ends[(i * ends.len()).div_ceil(4) - 1]).collect();
    ends.dedup();
    let is_category = matches!(own.values, ColumnValues::Category(_));
    if is_category && ends.len() > MOST_CLASSES {
        return Ok(Vec::new());
    }
    let is_listed = ends.len() <= MOST_VALUES || is_category;
    let least = ends[0];
    if !is_listed {
        ends = quarters;
        ends.dedup();
    }
    let name = |(i, end): (usize, &f64)| match is_listed {
        true => own.text(*end),
        false if i == 0 => format!("{} to {}", own.text(least), own.text(*end)),
        false => format!("above {} to {}", own.text(ends[i - 1]), own.text(*end)),
    };
    let names: Vec<String> = ends.iter().enumerate().map(name).collect();
    let groups = |values: &[f64]| -> Vec<usize> {
        // A value that no training row has is in no group of listed values.
        let group = |value: &f64| match ends.partition_point(|end| end < value) {
            place if is_listed && ends.get(place) != Some(value) => usize::MAX,
            place => place.min(ends.len() - 1),
        };
        values.iter().map(group).collect()
    };
    let numbers = [&of_samples, &of_training, &of_held_out].map(|values| groups(values));
    let rows = sets.map(|set| {
        let rows = set.model.chunks_exact(features);
        rows.flat_map(|row| &row[..drawn]).copied().collect::<Vec<f64>>()
    });
    let set = |i: usize, name| -> Result<Grouped<'_>, TrainError> {
        Ok(Grouped { rows: Rows::new(name, drawn, &rows[i])?, groups: &numbers[i] })
    };
    let (samples, training) = (set(0, "samples")?, set(1, "training rows")?);
    let held_out = set(2, "held-out rows")?;
    Ok(group_distances(&own.name, &names, samples, held_out, training, stream)?)
}
