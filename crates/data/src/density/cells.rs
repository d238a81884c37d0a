//! [`Cells`]: a density as cubics on cells, which are halved until the cubics follow the density.

use super::bad_density;
use crate::DataError;

/// Largest error of a cubic, as a share of the largest value on its cell. The cubics of the two halves
/// are the ones that are kept, with a sixteenth of this error.
const RELATIVE: f64 = 1e-7;
/// Largest error of a cubic in the tails, in probability. A jump is followed down to it.
const ABSOLUTE: f64 = 1e-13;
/// Probability of the cells at each end that are left out, at most.
const TAIL: f64 = 1e-18;
/// Number of times that a cell may be halved.
const DEPTH: u32 = 60;
/// Largest number of cells. A density that needs more is taken for noise and refused.
const MOST: usize = 1 << 18;

/// Cubic on a cell, `Σ b_i B_i(t)` in Bernstein's polynomials of degree 3. No coefficient b is
/// negative, so no value is.
pub(super) type Cubic = [f64; 4];

/// Cell, with the density at its ends and thirds.
#[derive(Clone, Copy)]
struct Cell {
    low: f64,
    high: f64,
    values: [f64; 4],
}

/// Edges of all cells, ascending, and the cubics between them.
pub(super) struct Cells {
    pub(super) edges: Vec<f64>,
    pub(super) cubics: Vec<Cubic>,
}

impl Cells {
    /// Approximates `density` from the first of `breaks` to the last.
    pub(super) fn new(
        breaks: &[f64],
        density: impl Fn(f64) -> Result<f64, DataError>,
    ) -> Result<Self, DataError> {
        let mut first = Vec::with_capacity(breaks.len());
        for ends in breaks.windows(2) {
            let (low, high) = (ends[0], ends[1]);
            let mut values = [0.0; 4];
            for (value, third) in values.iter_mut().zip([0.0, 1.0, 2.0, 3.0]) {
                *value = density(low + (high - low) * (third / 3.0))?;
            }
            first.push(Cell { low, high, values });
        }
        let mut halving = Halving { density, cells: Vec::new() };
        for cell in first {
            halving.follow(cell, DEPTH)?;
        }
        Ok(Self::of(&halving.cells))
    }

    fn of(cells: &[Cell]) -> Self {
        let mass = |cell: &Cell| (cell.high - cell.low) * cell.cubic().iter().sum::<f64>() / 4.0;
        // The number of cells, from one end, that together hold less than TAIL.
        let tail = |masses: &mut dyn Iterator<Item = f64>| {
            let mut sum = 0.0;
            masses
                .take_while(|mass| {
                    sum += mass;
                    sum < TAIL
                })
                .count()
        };
        let from = tail(&mut cells.iter().map(mass));
        let kept = &cells[from..];
        let kept = &kept[..kept.len() - tail(&mut kept.iter().rev().map(mass))];
        let edges = kept.iter().map(|cell| cell.low).chain(kept.last().map(|cell| cell.high));
        Self { edges: edges.collect(), cubics: kept.iter().map(Cell::cubic).collect() }
    }

    /// The integral over each cell.
    pub(super) fn masses(&self) -> impl Iterator<Item = f64> {
        self.moments(|cubic, _, width| width * cubic.iter().sum::<f64>() / 4.0)
    }

    /// The first moment `∫ (x − centre) p(x) dx`, with `∫ t B_i dt = (i + 1)/20`.
    pub(super) fn first_moment(&self, center: f64) -> f64 {
        self.moments(|cubic, low, width| {
            let part = |(b, i): (&f64, f64)| b * ((low - center) / 4.0 + width * i / 20.0);
            width * cubic.iter().zip([1.0, 2.0, 3.0, 4.0]).map(part).sum::<f64>()
        })
        .sum()
    }

    /// The second moment `∫ (x − centre)² p(x) dx`, with `∫ t² B_i dt = (i + 1)(i + 2)/120`.
    pub(super) fn second_moment(&self, center: f64) -> f64 {
        self.moments(|cubic, low, width| {
            let from = low - center;
            let part = |(b, i): (&f64, f64)| {
                b * (from * from / 4.0
                    + from * width * i / 10.0
                    + width * width * i * (i + 1.0) / 120.0)
            };
            width * cubic.iter().zip([1.0, 2.0, 3.0, 4.0]).map(part).sum::<f64>()
        })
        .sum()
    }

    /// The number that `moment(cubic, low end, width)` gives for each cell.
    fn moments(&self, moment: impl Fn(&Cubic, f64, f64) -> f64) -> impl Iterator<Item = f64> {
        self.edges
            .windows(2)
            .zip(&self.cubics)
            .map(move |(ends, cubic)| moment(cubic, ends[0], ends[1] - ends[0]))
    }
}

/// The value of a cubic at `t` in [0, 1], by de Casteljau's averages, which subtract nothing.
pub(super) fn value(cubic: &Cubic, t: f64) -> f64 {
    let mix = |a: f64, b: f64| (1.0 - t) * a + t * b;
    let [a, b, c, d] = *cubic;
    let (ab, bc, cd) = (mix(a, b), mix(b, c), mix(c, d));
    mix(mix(ab, bc), mix(bc, cd))
}

/// The integral `∫_0^t` of a cubic: t times the mean of the coefficients that the same cubic has on
/// [0, t], which are averages of its own.
pub(super) fn integral(cubic: &Cubic, t: f64) -> f64 {
    let mix = |a: f64, b: f64| (1.0 - t) * a + t * b;
    let [a, b, c, d] = *cubic;
    let (ab, bc, cd) = (mix(a, b), mix(b, c), mix(c, d));
    let (abc, bcd) = (mix(ab, bc), mix(bc, cd));
    t * (a + ab + abc + mix(abc, bcd)) / 4.0
}

impl Cell {
    /// The cubic through the values, where negative coefficients are set to 0.
    fn cubic(&self) -> Cubic {
        let [a, b, c, d] = self.values;
        let second = (-5.0 * a + 18.0 * b - 9.0 * c + 2.0 * d) / 6.0;
        let third = (2.0 * a - 9.0 * b + 18.0 * c - 5.0 * d) / 6.0;
        [a, second.max(0.0), third.max(0.0), d]
    }
}

struct Halving<F> {
    density: F,
    cells: Vec<Cell>,
}

impl<F: Fn(f64) -> Result<f64, DataError>> Halving<F> {
    /// Halves the cell until its cubic follows the density at 1/6, 1/2 and 5/6, and keeps the
    /// halves, whose values are known then.
    fn follow(&mut self, cell: Cell, depth: u32) -> Result<(), DataError> {
        let Cell { low, high, values: [a, b, c, d] } = cell;
        let width = high - low;
        let middle = low + width / 2.0;
        let new = [
            (self.density)(low + width / 6.0)?,
            (self.density)(middle)?,
            (self.density)(low + width * (5.0 / 6.0))?,
        ];
        // The cubic through the four values, at the three new points.
        let follows = [
            0.3125 * a + 0.9375 * b - 0.3125 * c + 0.0625 * d,
            -0.0625 * a + 0.5625 * b + 0.5625 * c - 0.0625 * d,
            0.0625 * a - 0.3125 * b + 0.9375 * c + 0.3125 * d,
        ];
        let off = follows.iter().zip(new).map(|(f, n)| (f - n).abs()).fold(0.0, f64::max);
        let all = [a, b, c, d, new[0], new[1], new[2]];
        let largest = all.into_iter().fold(0.0, f64::max);
        let smallest = all.into_iter().fold(f64::INFINITY, f64::min);
        // x is rounded: a change of the density over 8 ulps of x is no sign of curvature.
        let ulps = 8.0 * f64::EPSILON * low.abs().max(high.abs());
        let rounding = (largest - smallest) * ulps / width;
        let follows = off <= RELATIVE * largest + ABSOLUTE / width + rounding;
        if self.cells.len() >= MOST {
            let requirement = format!("must have a density that {MOST} cubics can follow");
            return Err(bad_density(requirement, format!("one that varies near {middle}")));
        }
        let left = Cell { low, high: middle, values: [a, new[0], b, new[1]] };
        let right = Cell { low: middle, high, values: [new[1], c, new[2], d] };
        if follows || depth == 0 {
            self.cells.extend([left, right]);
            return Ok(());
        }
        self.follow(left, depth - 1)?;
        self.follow(right, depth - 1)
    }
}
