//! Rows in both spaces: the features that a model sees, and the columns that its user has.

use langevin_data::{Dataset, Part, Purpose, Streams};

use crate::{
    TrainError,
    evaluation::{Rows, SampleSet},
};

/// Rows that a distribution, which has no end, draws to be measured with or drawn over.
pub(crate) const DRAWN_ROWS: usize = 2000;

/// The same rows in both spaces.
#[derive(Debug, Clone)]
pub(crate) struct BothSpaces {
    features: usize,
    columns: usize,
    pub(crate) model: Vec<f64>,
    pub(crate) user: Vec<f64>,
}

impl BothSpaces {
    /// Rows of the model, restored.
    pub(crate) fn of_model(data: &dyn Dataset, model: Vec<f64>) -> Self {
        let features = data.features();
        let mut user = Vec::with_capacity(model.len());
        model.chunks_exact(features).for_each(|row| data.restore(row, &mut user));
        Self { features, columns: data.columns().len(), model, user }
    }

    /// Samples as their file has them: restored, and rounded to what 32 bits can tell apart.
    pub(crate) fn of_samples(data: &dyn Dataset, samples: &[f32]) -> Self {
        let mut rows = Self::of_model(data, samples.iter().map(|v| f64::from(*v)).collect());
        rows.user.iter_mut().for_each(|value| *value = rounded(*value));
        rows
    }

    /// At most `most` evenly spread rows of a finite data set's part, or as many that a distribution
    /// draws from stream `stream`.
    pub(crate) fn of_data(
        data: &dyn Dataset,
        part: Part,
        seed: u64,
        stream: u64,
        most: usize,
    ) -> Self {
        let features = data.features();
        let count = data.len(part).map_or(DRAWN_ROWS, |count| count).min(most);
        let mut model = vec![0.0; count * features];
        match data.len(part) {
            Some(rows) => {
                for (i, row) in model.chunks_exact_mut(features).enumerate() {
                    data.row(part, (i as u128 * rows as u128 / count as u128) as usize, row);
                }
            }
            None => {
                let mut stream = Streams::new(seed).at(Purpose::Reference, stream, 0);
                data.draw(part, &mut stream, &mut model);
            }
        }
        Self::of_model(data, model)
    }

    /// The view that is evaluated.
    ///
    /// # Errors
    /// No rows, or values that are not finite.
    pub(crate) fn set(&self, name: &str) -> Result<SampleSet<'_>, TrainError> {
        Ok(SampleSet {
            user: Rows::new(name, self.columns, &self.user)?,
            model: Rows::new(name, self.features, &self.model)?,
        })
    }
}

/// The nearest 32-bit float, unless that would change a whole number.
fn rounded(value: f64) -> f64 {
    if value.abs() < f64::from(1 << 24) { f64::from(value as f32) } else { value }
}
