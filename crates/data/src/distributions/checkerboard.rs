//! [`Checkerboard`]: uniform on half of the cells of a square.

use super::covariance;
use crate::{DataError, Dataset, Part, Stream, error::error};

/// Checkerboard of `cells` × `cells` cells over [−2, 2]², uniform on the cells (i, j) with i + j even.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkerboard {
    cells: usize,
}

const LOW: f64 = -2.0;
const SIDE: f64 = 4.0;

impl Checkerboard {
    /// Creates a board.
    ///
    /// # Errors
    /// `cells` must be even, from 2 to 64.
    pub fn new(cells: usize) -> Result<Self, DataError> {
        if !cells.is_multiple_of(2) || !(2..=64).contains(&cells) {
            return Err(error("cells", "must be even, from 2 to 64", cells));
        }
        Ok(Self { cells })
    }

    fn cell_side(&self) -> f64 {
        SIDE / self.cells as f64
    }

    /// The lower left corner of the `number`-th of the cells²/2 cells that have rows, from 0.
    fn corner(&self, number: usize) -> [f64; 2] {
        let half = self.cells / 2;
        let (i, k) = (number / half, number % half);
        let j = 2 * k + i % 2;
        [LOW + i as f64 * self.cell_side(), LOW + j as f64 * self.cell_side()]
    }

    fn count(&self) -> usize {
        self.cells * self.cells / 2
    }
}

impl Dataset for Checkerboard {
    fn features(&self) -> usize {
        2
    }

    fn words_per_row(&self) -> u64 {
        3
    }

    fn draw(&self, _part: Part, stream: &mut Stream, rows: &mut [f64]) {
        for row in rows.chunks_exact_mut(2) {
            let corner = self.corner((stream.uniform() * self.count() as f64) as usize);
            for (x, corner) in row.iter_mut().zip(corner) {
                *x = corner + self.cell_side() * stream.uniform();
            }
        }
    }

    fn mean(&self) -> Option<Vec<f64>> {
        Some(vec![0.0, 0.0])
    }

    /// The covariance of the cells' centres, and along each axis the variance within a cell, `side² / 12`.
    fn covariance(&self) -> Option<Vec<Vec<f64>>> {
        let half = self.cell_side() / 2.0;
        let centers: Vec<_> =
            (0..self.count()).map(|n| self.corner(n).map(|corner| corner + half)).collect();
        let mean = |f: &dyn Fn(&[f64; 2]) -> f64| {
            centers.iter().map(f).sum::<f64>() / centers.len() as f64
        };
        let squares = [mean(&|c| c[0] * c[0]), mean(&|c| c[1] * c[1])];
        Some(covariance(
            [0.0; 2],
            squares,
            mean(&|c| c[0] * c[1]),
            self.cell_side() / 12_f64.sqrt(),
        ))
    }

    /// The log density: `−ln(8)` on the cells, whose area is half of 16, and −∞ beside them.
    fn log_density(&self, x: &[f64]) -> Option<f64> {
        let place = |x: f64| (x - LOW) / self.cell_side();
        let (i, j) = (place(x[0]).floor(), place(x[1]).floor());
        let inside = [i, j].iter().all(|p| (0.0..self.cells as f64).contains(p));
        let dark = inside && (i as usize + j as usize).is_multiple_of(2);
        Some(if dark { -8_f64.ln() } else { f64::NEG_INFINITY })
    }
}
