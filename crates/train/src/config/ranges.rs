//! Checks of a number's range, whose errors name the field by its path.

use crate::TrainError;

pub(super) fn at_least_one(path: &str, value: u64) -> Result<(), TrainError> {
    if value == 0 {
        return Err(TrainError::config(path, "must be at least 1, got 0"));
    }
    Ok(())
}

/// Fails unless the value is above zero, also as the 32-bit float that the arithmetic uses.
pub(super) fn above_zero(path: &str, value: f64) -> Result<(), TrainError> {
    if value > 0.0 && (value as f32).is_normal() {
        return Ok(());
    }
    let requirement = "must be finite and above 0, also as a 32-bit float";
    Err(TrainError::config(path, format!("{requirement}, got {value}")))
}

/// Fails unless the value is at least zero and finite, also as the 32-bit float that the arithmetic uses.
pub(super) fn not_negative(path: &str, value: f64) -> Result<(), TrainError> {
    if value >= 0.0 && (value as f32).is_finite() {
        return Ok(());
    }
    let requirement = "must be finite and at least 0, also as a 32-bit float";
    Err(TrainError::config(path, format!("{requirement}, got {value}")))
}

/// Fails unless `low <= value < high`, also as the 32-bit float that the arithmetic uses.
pub(super) fn in_range(path: &str, value: f64, low: f64, high: f64) -> Result<(), TrainError> {
    if value >= low && f64::from(value as f32) < high {
        return Ok(());
    }
    Err(TrainError::config(path, format!("must be at least {low} and below {high}, got {value}")))
}
