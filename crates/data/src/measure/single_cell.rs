//! [`SingleCell`]: how well a category is told from all the other cells of its row.

use super::table::area_under_curve;
use crate::math::ln;

/// Least probability of a value, where 32-bit floats resolve no less.
const LEAST: f64 = 1e-7;

/// How well one category is told from all the other cells of held-out rows, beside what is known of it without them.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SingleCell {
    /// Name of the column.
    pub column: String,
    /// Rows.
    pub rows: usize,
    /// Share of the rows whose likeliest value is the true one.
    pub accuracy: f64,
    /// Mean of `−ln p`, p the true value's probability, in nats: lower is better.
    pub log_loss: f64,
    /// Of two values, the chance that a row of the second has a higher probability of it than one of the first.
    pub area_under_curve: Option<f64>,
    /// Accuracy of the training rows' most frequent value.
    pub most_frequent: f64,
    /// Log loss of the training rows' shares.
    pub shares_log_loss: f64,
}

impl SingleCell {
    /// Measures the `probabilities` of a category's values, row by row, against the true `values`. `shares` are those of the
    /// training rows. `None` without rows.
    #[must_use]
    pub fn of(
        column: &str,
        probabilities: &[f64],
        values: &[usize],
        shares: &[f64],
    ) -> Option<Self> {
        let rows = values.len();
        if rows == 0 || probabilities.len() != rows * shares.len() {
            return None;
        }
        let own = || probabilities.chunks_exact(shares.len()).zip(values);
        let mean = |of: &dyn Fn(&[f64], usize) -> f64| {
            own().map(|(p, value)| of(p, *value)).sum::<f64>() / rows as f64
        };
        let right = |is_right: bool| f64::from(u8::from(is_right));
        let frequent = likeliest(shares);
        let second: Vec<f64> = own().map(|(p, _)| p[1]).collect();
        let is_second: Vec<bool> = values.iter().map(|value| *value == 1).collect();
        let area = area_under_curve(&second, &is_second);
        Some(Self {
            column: column.to_owned(),
            rows,
            accuracy: mean(&|p, value| right(likeliest(p) == value)),
            log_loss: mean(&|p, value| -ln(p[value].max(LEAST))),
            area_under_curve: area.filter(|_| shares.len() == 2),
            most_frequent: mean(&|_, value| right(frequent == value)),
            shares_log_loss: mean(&|_, value| -ln(shares[value])),
        })
    }
}

/// The place of the largest number, the first of equal ones.
fn likeliest(p: &[f64]) -> usize {
    (1..p.len()).fold(0, |best, k| if p[k] > p[best] { k } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_measured_by_its_likeliest_value_and_its_probability() {
        let shares = [0.5, 0.3, 0.2];
        let p = [0.6, 0.3, 0.1, 0.2, 0.2, 0.6, 0.1, 0.0, 0.9, 0.25, 0.5, 0.25];
        let found = SingleCell::of("kind", &p, &[0, 1, 1, 1], &shares).expect("rows");
        assert_eq!((found.rows, found.accuracy, found.most_frequent), (4, 0.5, 0.25));
        assert_eq!(found.area_under_curve, None);
        let log_loss = -(0.6_f64.ln() + 0.2_f64.ln() + 1e-7_f64.ln() + 0.5_f64.ln()) / 4.0;
        assert!((found.log_loss - log_loss).abs() < 1e-12, "{}", found.log_loss);
        let shares_log_loss = -(0.5_f64.ln() + 3.0 * 0.3_f64.ln()) / 4.0;
        assert!((found.shares_log_loss - shares_log_loss).abs() < 1e-12);
    }

    #[test]
    fn two_values_have_an_area_under_the_curve() {
        let p = [0.9, 0.1, 0.4, 0.6, 0.7, 0.3, 0.2, 0.8];
        let found = SingleCell::of("sex", &p, &[0, 0, 1, 1], &[0.5, 0.5]).expect("rows");
        assert_eq!(found.area_under_curve, Some(0.75));
        assert_eq!(SingleCell::of("sex", &[], &[], &[0.5, 0.5]), None);
    }
}
