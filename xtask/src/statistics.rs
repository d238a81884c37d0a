//! Means, medians, and ratios of measurements of the same rounds.

use serde_json::Value;

/// Numbers of a JSON array.
pub fn numbers(value: &Value) -> Vec<f64> {
    numbers_of(value, Value::as_f64)
}

/// Number of each item of a JSON array that has one.
pub fn numbers_of(value: &Value, of: impl Fn(&Value) -> Option<f64>) -> Vec<f64> {
    value.as_array().into_iter().flatten().filter_map(of).collect()
}

/// Median of some numbers: of an even count the mean of the two in the middle; NaN where there are none.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        len if len % 2 == 1 => sorted[len / 2],
        len => (sorted[len / 2 - 1] + sorted[len / 2]) / 2.0,
    }
}

/// Mean of some numbers.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Smallest and largest of some numbers.
pub fn extremes(values: &[f64]) -> [f64; 2] {
    let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
    [smallest, values.iter().copied().fold(f64::NEG_INFINITY, f64::max)]
}

/// Smallest, median and largest of some numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    pub least: f64,
    pub median: f64,
    pub most: f64,
}

impl Spread {
    /// Spread of some numbers; none where there are none.
    pub fn of(values: &[f64]) -> Option<Self> {
        if values.is_empty() {
            return None;
        }
        let [least, most] = extremes(values);
        Some(Self { least, median: median(values), most })
    }

    /// Spread of the ratios, taken round by round.
    pub fn of_ratios(ours: &[f64], theirs: &[f64]) -> Option<Self> {
        let ratios: Vec<f64> = ours.iter().zip(theirs).map(|(a, b)| a / b).collect();
        Self::of(&ratios)
    }
}

/// Largest difference of two lists of numbers; infinite where their lengths differ.
pub fn largest_difference(ours: &[f64], theirs: &[f64]) -> f64 {
    if ours.len() != theirs.len() || ours.is_empty() {
        return f64::INFINITY;
    }
    ours.iter().zip(theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// Mean of some numbers, and its standard error.
pub fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let (count, centre) = (values.len() as f64, mean(values));
    let variance = values.iter().map(|value| (value - centre).powi(2)).sum::<f64>() / (count - 1.0);
    (centre, (variance / count).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_taken_round_by_round() {
        // The second round was slow for both sides. The ratios do not see it.
        let spread = Spread::of_ratios(&[1.0, 30.0, 1.2], &[2.0, 60.0, 2.0]).expect("three rounds");
        assert_eq!(spread, Spread { least: 0.5, median: 0.5, most: 0.6 });
        assert_eq!(Spread::of_ratios(&[], &[1.0]), None);
    }

    #[test]
    fn the_median_of_an_even_number_lies_between_the_middle_two() {
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), 2.5);
        assert_eq!(median(&[4.0, 1.0, 3.0, 100.0]), 3.5);
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[5.0, 1.0, 3.0]), 3.0);
        assert!(median(&[]).is_nan());
        assert_eq!(extremes(&[4.0, 1.0, 3.0]), [1.0, 4.0]);
    }

    #[test]
    fn the_error_of_a_mean_is_the_deviation_over_the_root_of_the_count() {
        let (mean, error) = mean_and_error(&[1.0, 3.0, 1.0, 3.0]);
        assert_eq!(mean, 2.0);
        assert!((error - (4.0_f64 / 3.0 / 4.0).sqrt()).abs() < 1e-15);
    }
}
