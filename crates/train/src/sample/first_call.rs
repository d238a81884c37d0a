//! [`first_estimates`]: what a model says of cells that are not told by one call, without sampling.

use burn::tensor::Device;
use langevin_data::Dataset;

use super::{
    chunk::{Drawing, SAMPLING_ROWS},
    given::Given,
    informed::{Informed, Source},
};
use crate::{TrainError, problem::Problem};

/// The estimates `E[x_0 | x_t, what is given]` of `count` rows at the first level of sampling, where the noise leaves next to nothing
/// of the row: of a category they are, but for scale and shares, the probabilities of its values given what is told.
///
/// # Errors
/// As [`draw_samples_given`](super::draw_samples_given).
pub(crate) fn first_estimates(
    problem: &Problem,
    (count, seed): (usize, u64),
    data: &dyn Dataset,
    (given, informed): (&Given, &Informed<'_>),
    device: &Device,
) -> Result<Vec<f32>, TrainError> {
    let source = Source::of(informed, problem.diffusion().condition_of(data))?;
    let drawing = Drawing::new(problem, seed, data, (source, Some(given)), device)?;
    let mut all = Vec::with_capacity(count.next_multiple_of(SAMPLING_ROWS) * data.features());
    for first in (0..count as u64).step_by(SAMPLING_ROWS) {
        let told = drawing.told_rows(first)?;
        all.extend(drawing.first_estimates(first, told.as_ref())?);
    }
    all.truncate(count * data.features());
    Ok(all)
}
