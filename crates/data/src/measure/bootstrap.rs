//! Standard errors by the bootstrap. Both samples are drawn again many times, with replacement; the
//! standard deviation of the statistic over these draws is its standard error.

use crate::Stream;

/// Resamples of a sample: how often each row is drawn, replicate by replicate. The first replicate is the
/// sample itself, each row once.
#[derive(Debug, Clone, PartialEq)]
pub struct Resamples {
    rows: usize,
    counts: Vec<f64>,
}

impl Resamples {
    /// The sample itself, without further replicates.
    #[must_use]
    pub fn original(rows: usize) -> Self {
        Self { rows, counts: vec![1.0; rows] }
    }

    /// Draws `replicates` of `rows` rows with replacement, which follow the sample itself.
    #[must_use]
    pub fn draw(rows: usize, replicates: usize, stream: &mut Stream) -> Self {
        let mut counts = vec![1.0; rows];
        counts.resize(rows * (replicates + 1), 0.0);
        if rows > 0 {
            for replicate in counts[rows..].chunks_exact_mut(rows) {
                for _ in 0..rows {
                    replicate[draw_index(rows, stream)] += 1.0;
                }
            }
        }
        Self { rows, counts }
    }

    /// The counts of the rows, replicate by replicate. The counts of a replicate add up to the number of
    /// rows.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        self.counts.chunks_exact(self.rows.max(1))
    }
}

/// The standard error of a statistic of two samples.
///
/// It is the standard deviation of `statistic(counts of x, counts of y)` over `replicates` pairs of
/// samples, drawn from x and from y with replacement. The counts say how often each row was drawn. The
/// relative error of the standard error is `1 / sqrt(2 replicates)` where the statistic is nearly normal.
///
/// # Shapes
/// `statistic` gets `x_rows` and `y_rows` counts. The unit is that of the statistic. Fewer than two
/// replicates give 0.
///
/// Source: Efron & Tibshirani 1993, An Introduction to the Bootstrap, algorithm 6.1 and section 8.3.
pub fn standard_error(
    [x_rows, y_rows]: [usize; 2],
    replicates: usize,
    stream: &mut Stream,
    mut statistic: impl FnMut(&[f64], &[f64]) -> f64,
) -> f64 {
    let x = Resamples::draw(x_rows, replicates, stream);
    let y = Resamples::draw(y_rows, replicates, stream);
    let values: Vec<f64> = x.iter().zip(y.iter()).skip(1).map(|(x, y)| statistic(x, y)).collect();
    standard_deviation(&values)
}

/// The standard deviation, with the divisor n − 1. Of fewer than two values it is 0.
pub(super) fn standard_deviation(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    if values.len() < 2 { 0.0 } else { (squares / (count - 1.0)).sqrt() }
}

/// A random number below `count`, from one word. The probabilities of two numbers differ by at most 2^-64.
pub(super) fn draw_index(count: usize, stream: &mut Stream) -> usize {
    ((u128::from(stream.next_word()) * count as u128) >> 64) as usize
}

/// Draws so many of the numbers, each without repetition, to the front.
pub(super) fn draw_to_front(numbers: &mut [usize], count: usize, stream: &mut Stream) {
    // The first steps of a shuffle (Fisher & Yates). It may start from any order, so also from the one that
    // the last draw leaves.
    let all = numbers.len();
    (0..count).for_each(|i| numbers.swap(i, i + draw_index(all - i, stream)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Purpose, Streams};

    fn stream(seed: u64) -> Stream {
        Streams::new(seed).at(Purpose::Reference, 0, 0)
    }

    #[test]
    fn the_first_replicate_is_the_sample_and_the_others_are_as_large() {
        let resamples = Resamples::draw(7, 50, &mut stream(1));
        assert_eq!(resamples.iter().len(), 51);
        assert_eq!(resamples.iter().next().expect("one"), [1.0; 7]);
        assert!(resamples.iter().all(|counts| counts.iter().sum::<f64>() == 7.0));
        for row in 0..7 {
            // Once in the sample, and 50 ± 7 times in the others.
            let times: f64 = resamples.iter().map(|counts| counts[row]).sum();
            assert!((times - 51.0).abs() < 28.0, "row {row} is drawn {times} times");
        }
    }

    #[test]
    fn indices_are_even() {
        // Each of 10 numbers comes 10,000 ± 95 times.
        let mut times = [0_i32; 10];
        let mut stream = stream(2);
        (0..100_000).for_each(|_| times[draw_index(10, &mut stream)] += 1);
        assert!(times.iter().all(|t| (t - 10_000).abs() < 380), "{times:?}");
    }

    #[test]
    fn the_error_of_a_difference_of_means_is_the_textbook_s() {
        let (mut x, mut y) = (vec![0.0; 400], vec![0.0; 150]);
        let mut stream = stream(3);
        stream.fill_normal(&mut x);
        stream.fill_normal(&mut y);
        y.iter_mut().for_each(|y| *y = 5.0 + 3.0 * *y);
        let mean = |values: &[f64], counts: &[f64]| {
            values.iter().zip(counts).map(|(v, c)| v * c).sum::<f64>() / values.len() as f64
        };
        let (replicates, mut calls) = (2000, 0);
        let error = standard_error([400, 150], replicates, &mut stream, |a, b| {
            calls += 1;
            mean(&x, a) - mean(&y, b)
        });
        assert_eq!(calls, replicates, "the sample itself is no replicate");
        // Drawing again has the variance with divisor n, over n.
        let variance = |v: &[f64]| {
            let n = v.len() as f64;
            standard_deviation(v).powi(2) * (n - 1.0) / (n * n)
        };
        let exact = (variance(&x) + variance(&y)).sqrt();
        // Four standard errors of a standard deviation.
        let tolerance = 4.0 / (2.0 * replicates as f64).sqrt();
        assert!((error / exact - 1.0).abs() < tolerance, "{error}, not {exact}");
    }

    #[test]
    fn a_standard_deviation_divides_by_one_less() {
        assert_eq!(standard_deviation(&[1.0, 3.0]), 2.0_f64.sqrt());
        assert_eq!(standard_deviation(&[1.0]), 0.0);
    }
}
