//! Categories of held-out rows, one at a time, told from all the other cells of their row.

use burn::tensor::Device;
use langevin_core::{ConditionalDenoiser, Guidance};
use langevin_data::{Dataset, DrawnCategory, measure::SingleCell};

use crate::{
    TrainError,
    problem::Problem,
    sample::{
        Given, GivenCell, Informed, first_estimates,
        spaces::{BothSpaces, evenly},
    },
};

/// Most held-out rows.
const ROWS: usize = 2000;
/// Most categories, which are the first ones.
const CATEGORIES: usize = 50;

/// Measures each category that may be told by the probabilities that one call of the network gives it, all other cells of
/// its row told.
///
/// # Errors
/// A device that failed.
pub(super) fn single_cells(
    problem: &Problem,
    data: &dyn Dataset,
    denoiser: &dyn ConditionalDenoiser,
    held_out: &BothSpaces,
    device: &Device,
) -> Result<Vec<SingleCell>, TrainError> {
    let (features, columns) = (data.features(), data.columns());
    let all = held_out.model.len() / features;
    let rows: Vec<usize> = evenly(all.min(ROWS), all).collect();
    let informed = Informed::Conditional { denoiser, weaker: None, guidance: Guidance::default() };
    let categories = data.drawn_categories();
    let mut first = 0;
    let mut found = Vec::new();
    for group in data.layout() {
        let own = categories.iter().find(|own| own.first == first);
        first += group.kind.features();
        let Some(own) = own.filter(|_| found.len() < CATEGORIES) else { continue };
        // What is constant or a function of another column is not told.
        let is_told = |column: usize| {
            column != group.column && data.layout().iter().any(|it| it.column == column)
        };
        let row = |row: &usize| {
            let user = &held_out.user[row * columns.len()..(row + 1) * columns.len()];
            let cell = |(column, value): (usize, &f64)| match is_told(column) {
                true => GivenCell::of(*value),
                false => GivenCell::Open,
            };
            user.iter().enumerate().map(cell).collect()
        };
        let given = Given::cells(rows.iter().map(row).collect(), 1);
        let (told, seed) = ((&given, &informed), problem.config().seed);
        let estimates = first_estimates(problem, (rows.len(), seed), data, told, device)?;
        let truth = rows.iter().map(|row| own.value(&held_out.model[row * features..]));
        let truth: Vec<usize> = truth.collect();
        let name = &columns[group.column].name;
        found.extend(SingleCell::of(
            name,
            &probabilities(own, features, &estimates),
            &truth,
            &own.shares,
        ));
    }
    Ok(found)
}

/// The probabilities of a category's values that estimates of rows are.
fn probabilities(own: &DrawnCategory, features: usize, estimates: &[f32]) -> Vec<f64> {
    let of_row = |row: &[f32]| {
        let scaled = row[own.features()].iter().map(|x| f64::from(*x) / own.scale);
        scaled.zip(&own.shares).map(|(x, share)| x + share).collect::<Vec<f64>>()
    };
    estimates.chunks_exact(features).flat_map(of_row).collect()
}
