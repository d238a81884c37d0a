//! [`DataError`]: a parameter of a distribution is wrong.

/// Error of a parameter that is out of its range.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{parameter}: {requirement}, got {value}")]
pub struct DataError {
    /// Name of the parameter, as in the run file.
    pub parameter: String,
    /// Requirement that it does not meet.
    pub requirement: String,
    /// Value that was given.
    pub value: String,
}

pub(crate) fn error(
    parameter: &str,
    requirement: impl Into<String>,
    value: impl ToString,
) -> DataError {
    DataError {
        parameter: parameter.to_owned(),
        requirement: requirement.into(),
        value: value.to_string(),
    }
}

/// Fails unless `value` is finite and above zero.
pub(crate) fn positive(parameter: &str, value: f64) -> Result<(), DataError> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(error(parameter, "must be finite and above 0", value))
}

/// Fails unless `value` is finite and not negative.
pub(crate) fn not_negative(parameter: &str, value: f64) -> Result<(), DataError> {
    if value.is_finite() && value >= 0.0 {
        return Ok(());
    }
    Err(error(parameter, "must be finite and at least 0", value))
}
