//! Errors of the parts of a diffusion model; each names the wrong parameter or level with its value.

/// Error of a part of a diffusion model: a bad parameter, or two parts that do not fit each other.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CoreError {
    /// A parameter is out of its range.
    #[error("{parameter}: {requirement}, got {value}")]
    Parameter {
        /// The parameter's name, as in the run file.
        parameter: &'static str,
        /// The requirement that the value breaks.
        requirement: String,
        /// The value that was given.
        value: String,
    },
    /// A prediction is singular at a level of the schedule: there the network's output says nothing
    /// about the clean row, or has no training target.
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
        /// The reason, with the formula that fails at the level.
        why: &'static str,
    },
    /// The level quantity that the network is told does not exist at a level of the schedule.
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
        /// The condition under which the quantity exists.
        requirement: &'static str,
    },
    /// A level that none of a run's networks was trained for.
    #[error(
        "none of the {networks} networks is for the noise level alpha = {alpha}, sigma = {sigma}: there \
         is one for each level of the grid"
    )]
    NoNetwork {
        /// Signal scale of the level.
        alpha: f64,
        /// Noise scale of the level.
        sigma: f64,
        /// Number of networks.
        networks: usize,
    },
    /// An error of a user's own part, in its own words.
    #[error("{0}")]
    Own(String),
}

impl CoreError {
    /// The error of a parameter out of its range.
    pub(crate) fn parameter(
        parameter: &'static str,
        requirement: impl Into<String>,
        value: impl ToString,
    ) -> Self {
        Self::Parameter { parameter, requirement: requirement.into(), value: value.to_string() }
    }
}

/// Returns `value`, or fails unless it is finite and above zero.
pub(crate) fn positive(parameter: &'static str, value: f64) -> Result<f64, CoreError> {
    if value.is_finite() && value > 0.0 {
        Ok(value)
    } else {
        Err(CoreError::parameter(parameter, "must be finite and above 0", value))
    }
}
