//! Measures of how good samples are: their distances to held-out rows, beside the floor that perfect
//! samples would reach and the baselines that any model should beat.
//!
//! A distance between two finite samples is above zero even if both follow one distribution. The smaller
//! the samples are, the larger it is. So [`evaluate`] compares chunks of one size with the same held-out
//! rows: chunks of samples, chunks of each baseline, and random subsets of training rows, whose distance
//! is the floor. Each measure is a function of its own too, as [`energy_distance`]. [`verdict`] is one word for
//! people, by tests of its own.

mod bootstrap;
mod by_column;
mod chunks;
mod correlation;
mod denoising;
mod energy;
mod error;
mod filled;
mod findings;
mod gaussian;
mod groups;
mod held_out_distance;
mod independent_features;
mod inputs;
mod kolmogorov_smirnov;
mod modes;
mod nearest;
mod rows;
mod single_cell;
pub mod table;
mod total_variation;
pub mod verdict;
mod wasserstein;

pub use bootstrap::{Resamples, standard_error};
pub use correlation::{CorrelationDifference, correlation_difference};
pub use denoising::{Denoising, Estimate, LevelErrors, RegretIntegral, SquaredErrors};
pub use energy::energy_distance;
pub use error::MeasureError;
pub use filled::{Coverage, Filled, FilledColumn, HiddenCells, Score, filled};
pub use findings::{ColumnFound, Conditionals, Distance, Evaluation, Metric, RowCounts, Space};
pub use gaussian::FittedGaussian;
pub use groups::{GroupFound, Grouped, group_distances};
pub use independent_features::IndependentFeatures;
pub use inputs::{Inputs, SampleSet};
pub use kolmogorov_smirnov::{KolmogorovSmirnov, kolmogorov_smirnov};
pub use modes::{MODE_RADIUS, ModeFound, Modes, modes};
pub use nearest::{Copying, copying, nearest_distances};
pub use rows::Rows;
pub use single_cell::SingleCell;
pub use total_variation::{TotalVariation, total_variation};
pub use wasserstein::{DIRECTIONS, sliced_wasserstein_2, wasserstein_1};

use bootstrap::standard_deviation;
use by_column::ByColumn;
use chunks::{Chunks, compared};
use correlation::Correlation;
use energy::Energy;
use held_out_distance::HeldOutDistance;
pub(crate) use rows::spread;
use wasserstein::Sliced;

use crate::{Column, ColumnValues, Purpose, Stream, Streams};

/// Pairs of resamples behind a standard error. With so many it has a standard error of 5 % itself.
const REPLICATES: usize = 200;

/// Stream of [`Purpose::Reference`] that directions, subsets and resamples are drawn from. The streams
/// from 0 on are for rows.
const STREAM: u64 = 1 << 63;

/// Largest number of model columns whose correlations are compared. Of more, evenly spread ones are.
const CORRELATED_COLUMNS: usize = 64;

/// Number of samples, and of held-out rows, that the copying check looks at: at most, and at least where
/// there are so many.
const COPYING_ROWS: [usize; 2] = [4000, 200];

/// Largest number of differences of values in the copying check. Beyond it, the check looks at fewer rows.
const COPYING_WORK: usize = 4_000_000_000;

/// Measures samples against held-out rows.
///
/// Distances are measured to the held-out rows; of more than 1000, to 1000 evenly spread ones. A chunk
/// has as many rows as these, or as all samples where the samples are fewer. The distance of the samples
/// is the mean over disjoint chunks, up to 20 with 5000 rows in all, and fewer in proportion where rows
/// have more than 64 columns. The distance of a baseline is measured in the same way. The floor is the mean
/// over as many random subsets of the training rows.
///
/// Distances over all columns are measured in model space, distances by column in the user's units.
/// Correlations are compared over at most 64 evenly spread columns. The copying check takes all training
/// rows, and at most 4000 evenly spread rows each of samples and held-out rows; where there are many
/// training rows it takes fewer. The same inputs give the same numbers. No denoiser is measured here,
/// and nothing judged: [`Evaluation::denoising`] and [`Evaluation::verdict`] are left empty.
///
/// # Errors
/// Rows with other columns than the rest, rows that differ in number between the spaces, a baseline with
/// fewer rows than a chunk, or modes with other columns.
pub fn evaluate(inputs: &Inputs<'_>) -> Result<Evaluation, MeasureError> {
    inputs.check()?;
    let mut stream = Streams::new(inputs.seed).at(Purpose::Reference, STREAM, 0);
    let numbers = compared(inputs.held_out.user.count());
    let [user, model] = [Space::User, Space::Model].map(|space| {
        let rows = inputs.held_out.in_space(space);
        (rows.columns(), rows.gather(&numbers))
    });
    let (user, model) = (Rows::checked(user.0, &user.1), Rows::checked(model.0, &model.1));
    let sets = Sets::choose(inputs, user.count(), &mut stream)?;

    let stream = &mut stream;
    let resamples = Resamples::draw(user.count(), REPLICATES, stream);
    let sliced = Sliced::new(model, resamples.clone(), DIRECTIONS, stream);
    let energy = Energy::new(model, resamples.clone());
    let mut metrics = sets.metrics(&["energy_distance"], &energy, stream);
    metrics.extend(sets.metrics(&["sliced_wasserstein_2"], &sliced, stream));
    let correlated = spread(model.columns(), CORRELATED_COLUMNS);
    if correlated.len() > 1 {
        let names = ["correlation_root_mean_square", "correlation_largest"];
        let correlation = Correlation::new(model, correlated.clone(), &resamples);
        metrics.extend(sets.metrics(&names, &correlation, stream));
    }
    let by_column = ByColumn::new(user, inputs.columns, resamples);
    let by_column = sets.distances(&by_column, Space::User, stream);
    let (copying, copying_rows) = check_copying(inputs)?;
    let rows = RowCounts {
        samples: inputs.samples.user.count(),
        training: inputs.training.user.count(),
        held_out: inputs.held_out.user.count(),
        held_out_compared: user.count(),
        chunk: sets.samples.rows(),
        chunks: sets.samples.count(),
        floor_chunk: sets.floor.rows(),
        floor_chunks: sets.floor.count(),
        copying_samples: copying_rows[0],
        copying_held_out: copying_rows[1],
        correlated_columns: correlated.len(),
    };
    let found_modes = inputs.modes.map(|goals| modes(inputs.samples.user, goals, MODE_RADIUS));
    let columns = columns(inputs, by_column);
    let modes = found_modes.transpose()?;
    Ok(Evaluation {
        metrics,
        columns,
        copying,
        modes,
        conditionals: None,
        table: None,
        target: None,
        remarks: Vec::new(),
        denoising: None,
        verdict: None,
        rows,
    })
}

/// Sets of rows whose distances stand side by side.
struct Sets<'a> {
    samples: Chunks<'a>,
    floor: Chunks<'a>,
    baselines: Vec<(String, Chunks<'a>)>,
}

impl<'a> Sets<'a> {
    fn choose(
        inputs: &Inputs<'a>,
        held_out: usize,
        stream: &mut Stream,
    ) -> Result<Self, MeasureError> {
        let rows = held_out.min(inputs.samples.user.count());
        let baseline = |(name, set): &(&str, SampleSet<'a>)| {
            Ok(((*name).to_owned(), Chunks::disjoint(name, *set, rows)?))
        };
        Ok(Self {
            samples: Chunks::disjoint("samples", inputs.samples, rows)?,
            floor: Chunks::random(inputs.training, rows, stream),
            baselines: inputs.baselines.iter().map(baseline).collect::<Result<_, _>>()?,
        })
    }

    fn distances(
        &self,
        measure: &dyn HeldOutDistance,
        space: Space,
        stream: &mut Stream,
    ) -> Vec<Distance> {
        let samples = self.samples.mean_distances(measure, space, REPLICATES, stream);
        let mut plain = |chunks: &Chunks<'_>| chunks.mean_distances(measure, space, 0, stream);
        let floor = plain(&self.floor);
        let baselines: Vec<_> =
            self.baselines.iter().map(|(name, set)| (name, plain(set))).collect();
        let distance = |(i, values): (usize, &Vec<f64>)| Distance {
            samples: values[0],
            standard_error: standard_deviation(&values[1..]),
            floor: floor[i][0],
            baselines: baselines.iter().map(|(name, of)| ((*name).clone(), of[i][0])).collect(),
        };
        samples.iter().enumerate().map(distance).collect()
    }

    fn metrics(
        &self,
        names: &[&str],
        measure: &dyn HeldOutDistance,
        stream: &mut Stream,
    ) -> Vec<Metric> {
        let distances = self.distances(measure, Space::Model, stream);
        let metric = |(distance, name): (Distance, &&str)| Metric {
            name: (*name).to_owned(),
            space: Space::Model,
            distance,
        };
        distances.into_iter().zip(names).map(metric).collect()
    }
}

fn columns(inputs: &Inputs<'_>, distances: Vec<Distance>) -> Vec<ColumnFound> {
    let column = |(i, (column, wasserstein_1)): (usize, (&Column, Distance))| {
        let [samples, held_out] = [inputs.samples, inputs.held_out].map(|set| set.user.column(i));
        let missing = |values: &[f64]| {
            values.iter().filter(|value| value.is_nan()).count() as f64 / values.len() as f64
        };
        let missing = column.may_miss.then(|| [missing(&samples), missing(&held_out)]);
        let (statistic, p_value) = match &column.values {
            ColumnValues::Category(_) => {
                let TotalVariation { distance, p_value } = total_variation(&samples, &held_out);
                (distance, p_value)
            }
            _ => {
                let present = |values: Vec<f64>| -> Vec<f64> {
                    values.into_iter().filter(|value| !value.is_nan()).collect()
                };
                let found = kolmogorov_smirnov(&present(samples), &present(held_out));
                (found.statistic, found.p_value)
            }
        };
        let name = column.name.clone();
        ColumnFound { name, wasserstein_1, kolmogorov_smirnov: statistic, p_value, missing }
    };
    inputs.columns.iter().zip(distances).enumerate().map(column).collect()
}

/// The outcome of the copying check, and the numbers of samples and held-out rows that it looked at.
fn check_copying(inputs: &Inputs<'_>) -> Result<(Copying, [usize; 2]), MeasureError> {
    let training = inputs.training.model;
    let [most, least] = COPYING_ROWS;
    let rows = COPYING_WORK / (training.count() * training.columns());
    let [samples, held_out] = [inputs.samples, inputs.held_out].map(|set| {
        let numbers = spread(set.model.count(), rows.clamp(least, most));
        set.model.gather(&numbers)
    });
    let [samples, held_out] =
        [&samples, &held_out].map(|values| Rows::checked(training.columns(), values));
    let copying = copying(samples, held_out, training)?;
    Ok((copying, [samples.count(), held_out.count()]))
}

#[cfg(test)]
mod tests;
