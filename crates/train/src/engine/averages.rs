//! Averages of the weights, which an engine keeps by name.

use std::{
    collections::BTreeMap,
    fmt::{self, Debug, Formatter},
    sync::Arc,
};

use super::{ArrayError, TensorMap};

/// An average of the weights: its name, and its decay as a function of the step.
///
/// After each step: `average ← average + (1 − decay) · (weights − average)`.
#[derive(Clone)]
pub struct Average {
    name: String,
    decay: Arc<dyn Fn(u64) -> Option<f64> + Send + Sync>,
}

impl Average {
    /// An average whose decay after step `step`, from 0, is `decay(step)`; at steps without a decay it stays
    /// as it is.
    pub fn new(
        name: impl Into<String>,
        decay: impl Fn(u64) -> Option<f64> + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), decay: Arc::new(decay) }
    }

    /// The average's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The decay after step `step`, from 0.
    pub fn decay(&self, step: u64) -> Option<f64> {
        (self.decay)(step)
    }
}

impl Debug for Average {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Average").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Place of an average among those that are kept.
pub(super) fn place(kept: &[Average], name: &str) -> Option<usize> {
    kept.iter().position(|average| average.name == name)
}

/// Saved averages in the order of those that are kept.
///
/// # Errors
/// The name of an average that only one of both sides has.
pub(super) fn in_order(
    kept: &[Average],
    mut saved: BTreeMap<String, TensorMap>,
) -> Result<Vec<TensorMap>, ArrayError> {
    let mut take = |average: &Average| {
        saved.remove(&average.name).ok_or_else(|| ArrayError::NoAverage(average.name.clone()))
    };
    let maps = kept.iter().map(&mut take).collect::<Result<_, _>>()?;
    match saved.into_keys().next() {
        Some(name) => Err(ArrayError::OtherAverage(name)),
        None => Ok(maps),
    }
}
