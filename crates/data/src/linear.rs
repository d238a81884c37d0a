//! Cholesky factors, `matrix = factor factorᵀ`, and what is solved with them. A matrix is a slice, row by
//! row; a factor is the lower triangle of one, and the numbers above it are never read.

/// Replaces the lower triangle of a matrix by its Cholesky factor. A column without variance of its own,
/// as every column of a single row, gets the factor 0.
pub(crate) fn cholesky(matrix: &mut [f64], columns: usize) {
    for i in 0..columns {
        for j in 0..=i {
            let (row, other) = (i * columns, j * columns);
            let known: f64 = (0..j).map(|k| matrix[row + k] * matrix[other + k]).sum();
            let left = matrix[row + j] - known;
            let pivot = matrix[other + j];
            matrix[row + j] = match (i == j, pivot > 0.0) {
                (true, _) => left.max(0.0).sqrt(),
                (false, true) => left / pivot,
                (false, false) => 0.0,
            };
        }
    }
}

/// Replaces a row of standard normals z by `mean + factor z`.
pub(crate) fn correlate(factor: &[f64], mean: &[f64], row: &mut [f64]) {
    let columns = row.len();
    // From the last column to the first: a column needs only the z of those before it.
    for i in (0..columns).rev() {
        let factor = &factor[i * columns..=i * columns + i];
        let sum: f64 = factor.iter().zip(&*row).map(|(factor, z)| factor * z).sum();
        row[i] = mean[i] + sum;
    }
}

/// Replaces x by `factor⁻¹ x`.
pub(crate) fn solve_lower(factor: &[f64], x: &mut [f64]) {
    let columns = x.len();
    for i in 0..columns {
        let row = &factor[i * columns..=i * columns + i];
        let known: f64 = row.iter().zip(&x[..i]).map(|(factor, x)| factor * x).sum();
        x[i] = (x[i] - known) / row[i];
    }
}

/// Replaces x by `factor⁻ᵀ x`.
pub(crate) fn solve_upper(factor: &[f64], x: &mut [f64]) {
    let columns = x.len();
    for i in (0..columns).rev() {
        let row = &factor[i * columns..=i * columns + i];
        x[i] /= row[i];
        let (before, from) = x.split_at_mut(i);
        before.iter_mut().zip(row).for_each(|(x, factor)| *x -= factor * from[0]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variance_that_rounding_made_negative_is_none() {
        let mut matrix = [1.0, 0.0, 1.0, 1.0 - 1e-15];
        cholesky(&mut matrix, 2);
        assert_eq!(matrix, [1.0, 0.0, 1.0, 0.0]);
    }

    /// The factor has the rows (2), (1, 3), (−1, 2, 4); above it stands what must not be read.
    #[test]
    fn factor_and_solutions_are_those_found_by_hand() {
        let nan = f64::NAN;
        let mut matrix = [4.0, nan, nan, 2.0, 10.0, nan, -2.0, 5.0, 21.0];
        cholesky(&mut matrix, 3);
        let lower = [0, 3, 4, 6, 7, 8].map(|place| matrix[place]);
        assert_eq!(lower, [2.0, 1.0, 3.0, -1.0, 2.0, 4.0]);
        let mut x = [2.0, 7.0, 15.0];
        solve_lower(&matrix, &mut x);
        assert_eq!(x, [1.0, 2.0, 3.0]);
        let mut x = [1.0, 12.0, 12.0];
        solve_upper(&matrix, &mut x);
        assert_eq!(x, [1.0, 2.0, 3.0]);
        let mut x = [1.0, 2.0, 3.0];
        correlate(&matrix, &[10.0, 20.0, 30.0], &mut x);
        assert_eq!(x, [12.0, 27.0, 45.0]);
    }
}
