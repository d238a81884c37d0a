//! What can be wrong with the parts of a diffusion model, each named with its value.

/// A parameter that cannot be used, or two parts that do not fit each other.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CoreError {
    /// A parameter is out of its range.
    #[error("{parameter}: {requirement}, got {value}")]
    Parameter {
        /// The parameter's name, as in the run file.
        parameter: &'static str,
        /// What is required of it.
        requirement: String,
        /// What was given.
        value: String,
    },
    /// The network's output says nothing about the clean row at a level of the schedule.
    #[error(
        "the {prediction} prediction is singular at the noise level alpha = {alpha}, sigma = {sigma}: \
         {why}. Use another prediction (velocity, flow or sample) or another schedule"
    )]
    Singular {
        /// The prediction's name in the run file.
        prediction: &'static str,
        /// Signal scale of the level.
        alpha: f64,
        /// Noise scale of the level.
        sigma: f64,
        /// The coefficient that does not exist there.
        why: &'static str,
    },
    /// The quantity that the network is told does not exist at a level of the schedule.
    #[error(
        "{quantity} does not exist at the noise level alpha = {alpha}, sigma = {sigma}: {requirement}"
    )]
    Quantity {
        /// The quantity's name in the run file.
        quantity: &'static str,
        /// Signal scale of the level.
        alpha: f64,
        /// Noise scale of the level.
        sigma: f64,
        /// What is required for it.
        requirement: &'static str,
    },
}

impl CoreError {
    /// A parameter out of its range.
    pub(crate) fn parameter(
        parameter: &'static str,
        requirement: impl Into<String>,
        value: impl ToString,
    ) -> Self {
        Self::Parameter { parameter, requirement: requirement.into(), value: value.to_string() }
    }
}

/// Fails unless `value` is finite and above zero.
pub(crate) fn positive(parameter: &'static str, value: f64) -> Result<f64, CoreError> {
    if value.is_finite() && value > 0.0 {
        Ok(value)
    } else {
        Err(CoreError::parameter(parameter, "must be finite and above 0", value))
    }
}
