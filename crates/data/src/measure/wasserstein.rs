//! Wasserstein distances: exact in one dimension, over random projections in more.
//!
//! In one dimension the best transport keeps the order of the values. So both distances are one walk along
//! the quantile functions of the two sorted samples, which are steps.

use rayon::prelude::*;

use super::{MeasureError, Resamples, Rows, held_out_distance::HeldOutDistance, rows::dot};
use crate::Stream;

/// Number of directions that an evaluation averages the sliced distance over.
pub const DIRECTIONS: usize = 128;

/// The Wasserstein-1 distance of two samples in one dimension.
///
/// It is `W1 = ∫ |F(x) − G(x)| dx = ∫ |F⁻¹(p) − G⁻¹(p)| dp`, exact for samples of any two sizes.
///
/// # Shapes
/// At least one value in each sample; without values it is 0. The unit is that of the values.
///
/// Source: Vallender 1974.
#[must_use]
pub fn wasserstein_1(x: &[f64], y: &[f64]) -> f64 {
    let counts = [vec![1.0; x.len()], vec![1.0; y.len()]];
    let shares = Shares::of(&counts[0], &counts[1]);
    transport(&[[&Sorted::new(x), &Sorted::new(y)]], &shares, f64::abs)
}

/// The sliced Wasserstein-2 distance.
///
/// It is `SW2 = sqrt(mean over u of W2²(u·x, u·y))` over `directions` random unit vectors u, where
/// `W2² = ∫ (F⁻¹(p) − G⁻¹(p))² dp` is exact for samples of any two sizes. The distance of two normals
/// N(0, I) and N(0, s² I) is `|s − 1|`, and that of rows from the same rows shifted by m is
/// `|m| / sqrt(columns)`.
///
/// # Shapes
/// Rows with the same columns. The unit is that of the values.
///
/// # Errors
/// Rows with different numbers of columns.
///
/// Source: Bonneel, Rabin, Peyré & Pfister 2015, Sliced and Radon Wasserstein barycenters.
pub fn sliced_wasserstein_2(
    x: Rows<'_>,
    y: Rows<'_>,
    directions: usize,
    stream: &mut Stream,
) -> Result<f64, MeasureError> {
    y.require_columns("second sample", x.columns())?;
    let distance = Sliced::new(y, Resamples::original(y.count()), directions, stream);
    Ok(distance.distances(x, &Resamples::original(x.count()))[0][0])
}

/// Sliced Wasserstein-2 distance to held-out rows.
pub(super) struct Sliced {
    directions: Vec<f64>,
    held_out: Vec<Sorted>,
    resamples: Resamples,
}

impl Sliced {
    pub(super) fn new(
        held_out: Rows<'_>,
        resamples: Resamples,
        directions: usize,
        stream: &mut Stream,
    ) -> Self {
        // In one column all directions are the same.
        let directions = if held_out.columns() == 1 { 1 } else { directions };
        let directions = unit_vectors(held_out.columns(), directions, stream);
        Self { held_out: project(held_out, &directions), directions, resamples }
    }
}

impl HeldOutDistance for Sliced {
    fn distances(&self, rows: Rows<'_>, resamples: &Resamples) -> Vec<Vec<f64>> {
        let projected = project(rows, &self.directions);
        let pairs: Vec<_> = resamples.iter().zip(self.resamples.iter()).collect();
        let sides: Vec<[&Sorted; 2]> =
            projected.iter().zip(&self.held_out).map(|(x, y)| [x, y]).collect();
        let distance = |(x_counts, y_counts): &(&[f64], &[f64])| {
            let squares = transport(&sides, &Shares::of(x_counts, y_counts), |gap| gap * gap);
            (squares / sides.len() as f64).sqrt()
        };
        vec![pairs.par_iter().map(distance).collect()]
    }
}

/// Random unit vectors, all directions equally likely: normals divided by their norm.
fn unit_vectors(columns: usize, count: usize, stream: &mut Stream) -> Vec<f64> {
    let mut vectors = vec![0.0; columns * count];
    stream.fill_normal_rows(&mut vectors, columns);
    for vector in vectors.chunks_exact_mut(columns) {
        let norm = dot(vector, vector).sqrt();
        vector.iter_mut().for_each(|x| *x /= norm);
    }
    vectors
}

fn project(rows: Rows<'_>, directions: &[f64]) -> Vec<Sorted> {
    let along = |u: &[f64]| rows.iter().map(|row| dot(row, u)).collect::<Vec<f64>>();
    directions.chunks_exact(rows.columns()).map(|u| Sorted::new(&along(u))).collect()
}

/// Values, ascending, and the place where each stood before.
pub(super) struct Sorted {
    pub(super) values: Vec<f64>,
    pub(super) places: Vec<u32>,
}

impl Sorted {
    pub(super) fn new(values: &[f64]) -> Self {
        let mut sorted: Vec<(f64, u32)> = values.iter().copied().zip(0..).collect();
        sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let (values, places) = sorted.into_iter().unzip();
        Self { values, places }
    }
}

/// How much of a sample each of its values is, in units of 1 / (n m): a whole number, so that sums are exact.
pub(super) struct Shares([Vec<i64>; 2]);

impl Shares {
    /// Shares of values that are each taken as often as their count says. The counts of a sample add up to its size.
    pub(super) fn of(x_counts: &[f64], y_counts: &[f64]) -> Self {
        let shares = |counts: &[f64], other: &[f64]| {
            counts.iter().map(|count| *count as i64 * other.len() as i64).collect()
        };
        Self([shares(x_counts, y_counts), shares(y_counts, x_counts)])
    }
}

/// The sum over pairs of samples of the transport cost `∫ cost(F⁻¹(p) − G⁻¹(p)) dp`.
pub(super) fn transport(
    sides: &[[&Sorted; 2]],
    shares: &Shares,
    cost: impl Fn(f64) -> f64 + Copy,
) -> f64 {
    let [n, m] = shares.0.each_ref().map(|shares| shares.len() as f64);
    let unit = (n * m).max(1.0);
    let (twos, others) = sides.as_chunks::<2>();
    // Each step of a walk waits for the one before, so that two at a time take little longer than one.
    let twos = twos.iter().flat_map(|sides| {
        let [mut one, mut other] = sides.map(|sides| Walk::new(sides, shares));
        while one.step(cost) & other.step(cost) {}
        [one.finish(cost), other.finish(cost)]
    });
    let others = others.iter().map(|sides| Walk::new(*sides, shares).finish(cost));
    twos.chain(others).map(|total| total / unit).sum()
}

/// Walk along two quantile functions, from each step of either to the next.
struct Walk<'a> {
    sides: [&'a Sorted; 2],
    /// The sums of the shares up to each value.
    ends: [Vec<i64>; 2],
    at: [usize; 2],
    reached: i64,
    total: f64,
}

impl<'a> Walk<'a> {
    fn new(sides: [&'a Sorted; 2], shares: &Shares) -> Self {
        let ends = |side: usize| {
            let mut sum = 0;
            let end = |place: &u32| {
                sum += shares.0[side][*place as usize];
                sum
            };
            sides[side].places.iter().map(end).collect()
        };
        Self { ends: [ends(0), ends(1)], sides, at: [0; 2], reached: 0, total: 0.0 }
    }

    /// Takes one step, if there is one. Which function has it is random, so there is no branch on it: the processor
    /// would predict it wrong half of the time.
    #[inline(always)]
    fn step(&mut self, cost: impl Fn(f64) -> f64) -> bool {
        let [i, j] = self.at;
        let (Some(x_end), Some(y_end)) = (self.ends[0].get(i), self.ends[1].get(j)) else {
            return false;
        };
        let end = *x_end.min(y_end);
        let gap = self.sides[0].values[i] - self.sides[1].values[j];
        self.total += (end - self.reached) as f64 * cost(gap);
        self.reached = end;
        self.at = [i + usize::from(*x_end <= end), j + usize::from(*y_end <= end)];
        true
    }

    /// Takes all steps that are left; gives the total.
    fn finish(mut self, cost: impl Fn(f64) -> f64) -> f64 {
        while self.step(&cost) {}
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Purpose, Streams};

    fn stream(seed: u64) -> Stream {
        Streams::new(seed).at(Purpose::Reference, 0, 0)
    }

    fn normals(count: usize, seed: u64) -> Vec<f64> {
        let mut values = vec![0.0; count];
        stream(seed).fill_normal(&mut values);
        values
    }

    fn sliced(columns: usize, x: &[f64], y: &[f64]) -> f64 {
        let rows = |values| Rows::checked(columns, values);
        sliced_wasserstein_2(rows(x), rows(y), DIRECTIONS, &mut stream(9)).expect("same columns")
    }

    #[test]
    fn small_samples_have_the_distance_found_by_hand() {
        // Halves at 0, 1 to thirds at 0, 1, 2: a sixth moves by 1, then a third by 1.
        assert!((wasserstein_1(&[1.0, 0.0], &[0.0, 2.0, 1.0]) - 0.5).abs() < 1e-15);
        assert_eq!(wasserstein_1(&[0.0, 1.0, 3.0], &[5.0, 6.0, 8.0]), 5.0);
        assert_eq!(wasserstein_1(&[2.0, 2.0], &[2.0]), 0.0);
        assert_eq!(wasserstein_1(&[], &[2.0]), 0.0);
    }

    #[test]
    fn distances_are_scipy_s() {
        // scipy.stats.wasserstein_distance(A, B), scipy 1.17.1.
        const A: [f64; 8] = [0.61, -1.2, 0.35, 2.2, 0.05, -0.4, 1.1, 0.9];
        const B: [f64; 10] = [1.5, 0.2, 2.7, 1.9, 0.8, 3.1, -0.1, 1.4, 2.0, 0.7];
        assert!((wasserstein_1(&A, &B) - SCIPY).abs() < 1e-14);
        assert!((wasserstein_1(&B, &A) - SCIPY).abs() < 1e-14);
    }

    const SCIPY: f64 = 0.968_75;

    #[test]
    fn a_shift_of_a_normal_is_as_far_as_it_shifts() {
        let (n, shift) = (20_000, 1.5);
        let x = normals(n, 1);
        let moved: Vec<f64> = x.iter().map(|x| x + shift).collect();
        assert!((wasserstein_1(&x, &moved) - shift).abs() < 1e-12, "rounding of {n} terms");
        let other: Vec<f64> = normals(15_000, 2).iter().map(|x| x + shift).collect();
        // Four standard errors of the difference of the means, which is the distance but in the tails.
        let tolerance = 4.0 * (1.0 / 20_000.0 + 1.0 / 15_000.0_f64).sqrt();
        assert!((wasserstein_1(&x, &other) - shift).abs() < tolerance);
    }

    #[test]
    fn a_shift_is_as_far_as_its_projections_say() {
        let (columns, shift) = (3, [2.0, -1.0, 0.5]);
        let x = normals(300 * columns, 3);
        let moved: Vec<f64> =
            x.iter().zip(shift.iter().cycle()).map(|(x, shift)| x + shift).collect();
        let distance = sliced(columns, &x, &moved);
        let square = dot(&shift, &shift);
        // (u·m)² has the mean |m|²/d and the variance 2 (d−1) / (d² (d+2)) |m|⁴.
        let error = square * (2.0 * 2.0 / (9.0 * 5.0) / DIRECTIONS as f64).sqrt();
        assert!((distance.powi(2) - square / 3.0).abs() < 4.0 * error, "{distance}");
        // With the very directions there is no chance left.
        let directions = unit_vectors(columns, DIRECTIONS, &mut stream(9));
        let exact: f64 = directions.chunks(columns).map(|u| dot(u, &shift).powi(2)).sum();
        assert!((distance.powi(2) - exact / DIRECTIONS as f64).abs() < 1e-12);
    }

    #[test]
    fn normals_of_two_widths_are_as_far_as_the_widths_differ() {
        let (columns, rows, width) = (2, 4000, 3.0);
        let x = normals(rows * columns, 4);
        let y: Vec<f64> = normals(rows * columns, 5).iter().map(|y| width * y).collect();
        // Along a direction the distance is that of two standard deviations, whose errors are
        // std / sqrt(2n); the directions share the rows, so they do not average out.
        let error = ((1.0 + width * width) / (2.0 * rows as f64)).sqrt();
        let distance = sliced(columns, &x, &y);
        assert!((distance - (width - 1.0)).abs() < 4.0 * error, "{distance}");
    }

    #[test]
    fn one_column_needs_no_directions() {
        // Quantiles 0, 0, 1, 1 | 0, 1/3 …: squares (1/6)·1 + (1/3)·1 on either side of the middle.
        let distance = sliced(1, &[0.0, 1.0], &[0.0, 1.0, 2.0]);
        assert!((distance - 0.5_f64.sqrt()).abs() < 1e-15, "{distance}");
    }

    #[test]
    fn a_count_is_the_same_as_the_row_so_often() {
        let (x, y) = (normals(40 * 2, 6), normals(30 * 2, 7));
        let (x, y) = (Rows::checked(2, &x), Rows::checked(2, &y));
        let mut draws = stream(8);
        let (x_draws, y_draws) =
            (Resamples::draw(40, 5, &mut draws), Resamples::draw(30, 5, &mut draws));
        let repeated = |rows: Rows<'_>, counts: &[f64]| {
            let numbers: Vec<usize> = (0..rows.count())
                .flat_map(|i| std::iter::repeat_n(i, counts[i] as usize))
                .collect();
            rows.gather(&numbers)
        };
        let counted = Sliced::new(y, y_draws.clone(), DIRECTIONS, &mut stream(9));
        let counted = counted.distances(x, &x_draws);
        for (b, (x_counts, y_counts)) in x_draws.iter().zip(y_draws.iter()).enumerate() {
            let (x, y) = (repeated(x, x_counts), repeated(y, y_counts));
            assert!((counted[0][b] - sliced(2, &x, &y)).abs() < 1e-14, "replicate {b}");
        }
    }

    #[test]
    fn columns_that_differ_are_refused() {
        let x = Rows::checked(1, &[0.0, 1.0]);
        let y = Rows::checked(2, &[0.0, 1.0]);
        assert!(sliced_wasserstein_2(x, y, 4, &mut stream(0)).is_err());
    }
}
