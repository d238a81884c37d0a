//! Covariance of a component: checked and factored, with noise, and given some of the numbers.

use crate::{
    DataError,
    error::error,
    linear::{cholesky, correlate, solve_lower, solve_upper},
};

/// Largest difference of two numbers that symmetry makes equal, as a share of their size.
const ASYMMETRY: f64 = 1e-12;

/// Positive definite matrix with its Cholesky factor.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Covariance {
    features: usize,
    matrix: Vec<f64>,
    factor: Vec<f64>,
}

/// A component given some of its numbers.
pub(super) struct Conditional {
    /// The logarithm of the density of the known numbers, without its factors 2π.
    pub(super) log_density: f64,
    /// What the known numbers add to the mean of the others.
    pub(super) shift: Vec<f64>,
    /// Covariance of the others.
    pub(super) covariance: Covariance,
}

impl Covariance {
    /// Checks and factors the matrix of the given field.
    ///
    /// # Errors
    /// It must have `features` rows and columns, hold finite numbers, be symmetric to 1e-12 of their size
    /// and be positive definite.
    pub(super) fn new(field: &str, rows: &[Vec<f64>], features: usize) -> Result<Self, DataError> {
        let shape = format!("must hold {features} rows of {features} numbers, as many as a mean");
        if rows.len() != features {
            return Err(error(field, shape, format!("{} rows", rows.len())));
        }
        if let Some((i, row)) = rows.iter().enumerate().find(|(_, row)| row.len() != features) {
            return Err(error(field, shape, format!("{} in row {i}", row.len())));
        }
        if let Some(bad) = rows.iter().flatten().find(|number| !number.is_finite()) {
            return Err(error(field, "must hold finite numbers", bad));
        }
        for (i, j) in (0..features).flat_map(|i| (0..i).map(move |j| (i, j))) {
            let (lower, upper) = (rows[i][j], rows[j][i]);
            let stds = rows[i][i].abs().sqrt() * rows[j][j].abs().sqrt();
            if (lower - upper).abs() > ASYMMETRY * stds.max(lower.abs()).max(upper.abs()) {
                let value = format!("{upper} at [{j}][{i}] and {lower} at [{i}][{j}]");
                return Err(error(field, "must be symmetric", value));
            }
        }
        let places = (0..features).flat_map(|i| (0..features).map(move |j| (i, j)));
        let matrix = places.map(|(i, j)| rows[i.max(j)][i.min(j)]).collect();
        Self::factored(matrix, features).positive_definite(field)
    }

    /// The covariance `std² I`.
    pub(super) fn isotropic(std: f64, features: usize) -> Self {
        let mut matrix = vec![0.0; features * features];
        matrix.iter_mut().step_by(features + 1).for_each(|variance| *variance = std * std);
        Self::factored(matrix, features)
    }

    fn factored(matrix: Vec<f64>, features: usize) -> Self {
        let mut factor = matrix.clone();
        cholesky(&mut factor, features);
        Self { features, matrix, factor }
    }

    /// Fails unless every feature keeps some variance, beyond rounding, once those before it are known.
    fn positive_definite(self, field: &str) -> Result<Self, DataError> {
        for i in 0..self.features {
            let variance = self.at(i, i);
            let known: f64 = self.factor[i * self.features..][..i].iter().map(|f| f * f).sum();
            let (left, rounding) = (variance - known, self.features as f64 * f64::EPSILON);
            if left <= rounding * variance {
                let value = format!("a variance of {left} in number {i} given those before it");
                return Err(error(field, "must be positive definite", value));
            }
        }
        Ok(self)
    }

    /// Number i of row j, and of row i number j.
    pub(super) fn at(&self, i: usize, j: usize) -> f64 {
        self.matrix[i * self.features + j]
    }

    /// The rows of the matrix.
    pub(super) fn rows(&self) -> std::slice::ChunksExact<'_, f64> {
        self.matrix.chunks_exact(self.features)
    }

    /// Half the logarithm of the determinant.
    pub(super) fn half_log_determinant(&self) -> f64 {
        self.factor.iter().step_by(self.features + 1).map(|pivot| pivot.ln()).sum()
    }

    /// Replaces standard normals z by `mean + F z`, with F the Cholesky factor.
    pub(super) fn correlate(&self, mean: &[f64], row: &mut [f64]) {
        correlate(&self.factor, mean, row);
    }

    /// Replaces x by `F⁻¹ x`, whose square is `xᵀ C⁻¹ x`.
    pub(super) fn whiten(&self, x: &mut [f64]) {
        solve_lower(&self.factor, x);
    }

    /// Replaces x by `C⁻¹ x`.
    pub(super) fn solve(&self, x: &mut [f64]) {
        solve_lower(&self.factor, x);
        solve_upper(&self.factor, x);
    }

    /// The covariance `A C A + S²` of rows `A x_0 + S eps`; A and S are diagonal, and `levels` holds their
    /// alpha and sigma for each number.
    pub(super) fn noisy(&self, levels: &[(f64, f64)]) -> Self {
        // Each number is in units of its larger scale: the square of 1e-200 would be 0.
        let scales: Vec<f64> = levels.iter().map(|(alpha, sigma)| alpha.max(*sigma)).collect();
        let unit: Vec<f64> = levels.iter().zip(&scales).map(|((a, _), scale)| a / scale).collect();
        let mut matrix = self.matrix.clone();
        for (i, row) in matrix.chunks_exact_mut(self.features).enumerate() {
            row.iter_mut().zip(&unit).for_each(|(c, alpha)| *c *= unit[i] * alpha);
            row[i] += (levels[i].1 / scales[i]).powi(2);
        }
        let mut noisy = Self::factored(matrix, self.features);
        for (i, row) in noisy.matrix.chunks_exact_mut(self.features).enumerate() {
            row.iter_mut().zip(&scales).for_each(|(c, scale)| *c *= scales[i] * scale);
        }
        for (row, scale) in noisy.factor.chunks_exact_mut(self.features).zip(scales) {
            row.iter_mut().for_each(|factor| *factor *= scale);
        }
        noisy
    }

    /// The Gaussian of the numbers at `unknown`, given that those at `known` are `away` from their mean:
    /// with u and k for the two, the shift `C_uk C_kk⁻¹ away` and the covariance `C_uu − C_uk C_kk⁻¹ C_ku`.
    ///
    /// # Errors
    /// The known numbers must leave the others a variance beyond rounding; `field` names this matrix.
    pub(super) fn given(
        &self,
        field: &str,
        known: &[usize],
        unknown: &[usize],
        mut away: Vec<f64>,
    ) -> Result<Conditional, DataError> {
        let block = |rows: &[usize], columns: &[usize]| -> Vec<f64> {
            rows.iter().flat_map(|i| columns.iter().map(|j| self.at(*i, *j))).collect()
        };
        let seen = Self::factored(block(known, known), known.len());
        seen.whiten(&mut away);
        // With F the factor of C_kk, row by row F⁻¹ C_ku: the products of two rows make up the Schur complement.
        let mut loadings = block(unknown, known);
        loadings.chunks_exact_mut(known.len()).for_each(|row| seen.whiten(row));
        let loading = |i: usize| &loadings[i * known.len()..][..known.len()];
        let mut left = block(unknown, unknown);
        for (i, row) in left.chunks_exact_mut(unknown.len()).enumerate() {
            row.iter_mut().enumerate().for_each(|(j, c)| *c -= dot(loading(i), loading(j)));
        }
        Ok(Conditional {
            log_density: -seen.half_log_determinant() - 0.5 * dot(&away, &away),
            shift: (0..unknown.len()).map(|i| dot(loading(i), &away)).collect(),
            covariance: Self::factored(left, unknown.len()).positive_definite(field)?,
        })
    }
}

/// The sum of the products of two rows' numbers.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
