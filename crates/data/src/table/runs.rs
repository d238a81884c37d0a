//! [`Run`]: the equal values of a column, with what their rows weigh.

/// Equal values of a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Run {
    pub value: f64,
    /// The number of rows that hold it.
    pub rows: usize,
    /// What these rows weigh together: 1 each where rows have no weights.
    pub weight: f64,
}

impl Run {
    /// Whether more than one row holds the value.
    pub const fn repeats(&self) -> bool {
        self.rows > 1
    }

    /// Whether its weight is not the number of its rows.
    pub fn is_weighted(&self) -> bool {
        self.weight != self.rows as f64
    }
}

/// The runs of values and what each weighs, ascending; missing values are in none.
pub(super) fn runs(values: impl Iterator<Item = (f64, f64)>) -> Vec<Run> {
    let mut sorted: Vec<_> = values.filter(|(value, _)| !value.is_nan()).collect();
    sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let run = |equal: &[(f64, f64)]| Run {
        value: equal[0].0,
        rows: equal.len(),
        weight: equal.iter().map(|(_, weight)| weight).sum(),
    };
    sorted.chunk_by(|a, b| a.0 == b.0).map(run).collect()
}

/// The runs of values that weigh 1 each.
pub(super) fn even_runs(values: impl Iterator<Item = f64>) -> Vec<Run> {
    let mut sorted: Vec<f64> = values.filter(|value| !value.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let run =
        |equal: &[f64]| Run { value: equal[0], rows: equal.len(), weight: equal.len() as f64 };
    sorted.chunk_by(|a, b| a == b).map(run).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_one_run_with_what_they_weigh() {
        let values =
            [(2.0, 0.5), (f64::NAN, 9.0), (-1.0, 1.0), (2.0, 0.25), (0.0, 2.0), (-0.0, 1.0)];
        let run = |value, rows, weight| Run { value, rows, weight };
        let expected = [run(-1.0, 1, 1.0), run(0.0, 2, 3.0), run(2.0, 2, 0.75)];
        assert_eq!(runs(values.into_iter()), expected);
        assert_eq!(
            expected.map(|run| (run.repeats(), run.is_weighted())),
            [(false, false), (true, true), (true, true)]
        );
        assert_eq!(even_runs([3.0, 1.0, 3.0].into_iter()), [run(1.0, 1, 1.0), run(3.0, 2, 2.0)]);
    }
}
