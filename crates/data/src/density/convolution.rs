//! [`Convolution`]: the density of a level at a point, `∫ p_0(y) N(x; alpha y, sigma²) dy`.
//!
//! The integral is taken by Gauss and Legendre's rule, on cells that are small enough for both factors.

use super::{
    bad_density,
    cells::{Cells, value},
};
use crate::{DataError, Dataset, math::exp};

/// Positive nodes of Gauss and Legendre's rule of 12 points on [−1, 1], and their weights.
///
/// Source: Abramowitz & Stegun 1964, table 25.4.
const RULE: [(f64, f64); 6] = [
    (0.125_233_408_511_468_9, 0.249_147_045_813_402_7),
    (0.367_831_498_998_180_2, 0.233_492_536_538_354_6),
    (0.587_317_954_286_617_5, 0.203_167_426_723_065_73),
    (0.769_902_674_194_304_7, 0.160_078_328_543_346_42),
    (0.904_117_256_370_474_8, 0.106_939_325_995_319_07),
    (0.981_560_634_246_719_2, 0.047_175_336_386_511_41),
];

/// Standard deviations of the kernel that one rule spans. Over 3 it integrates a Gaussian to 1e-15 of
/// its peak. The product with data as narrow as the kernel is 1.4 times as narrow; that it integrates
/// to 1e-11.
const SPAN: f64 = 3.0;
/// End of the kernel, in its standard deviations: `exp(−12²/2)` is 5e-32.
const REACH: f64 = 12.0;
/// Number of sums that are made side by side.
const LANES: usize = 8;
/// End of a kernel much narrower than the data: 6e-14 of it lie beyond.
const NARROW_REACH: f64 = 7.5;
/// Standard deviations of such a kernel, times a cubic, that one rule spans: four rules integrate all of
/// it to 1e-13.
const NARROW_SPAN: f64 = 3.75;
/// Largest number of nodes that are stored. Where more are needed the kernel is narrow, and each x has
/// nodes of its own.
const MOST_NODES: f64 = 32_768.0;
/// Largest error of the rule on a cell of the data, in probability.
const TOLERANCE: f64 = 1e-13;
/// Probability of a cell, below which it is left out.
const LEAST: f64 = 1e-18;
/// Number of times that a cell may be halved.
const DEPTH: u32 = 60;
/// Largest number of cells. A density that needs more is taken for noise and refused.
const MOST_CELLS: usize = 1 << 18;

/// Convolution of one-dimensional data with the noise of the level `alpha · x_0 + sigma · eps`.
pub(super) struct Convolution<'a> {
    data: &'a dyn Dataset,
    alpha: f64,
    sigma: f64,
    kernel: Kernel,
}

/// How the noise is integrated over.
enum Kernel {
    /// The level has no noise.
    None,
    /// One set of nodes serves every x: `alpha · y`, ascending, and the probability at each.
    Nodes { places: Vec<f64>, masses: Vec<f64> },
    /// Each x has nodes of its own, at which the data's density is taken from cubics.
    Narrow(Cells),
}

impl<'a> Convolution<'a> {
    /// Prepares the nodes. `breaks` are the edges of the data's cells before any is halved.
    pub(super) fn new(
        data: &'a dyn Dataset,
        breaks: &[f64],
        alpha: f64,
        sigma: f64,
    ) -> Result<Self, DataError> {
        let width = sigma / alpha;
        if width == 0.0 {
            return Ok(Self { data, alpha, sigma, kernel: Kernel::None });
        }
        let mut cells = Vec::new();
        for ends in breaks.windows(2) {
            let cell = [ends[0], ends[1]];
            resolve(data, cell, mass(data, cell)?, DEPTH, &mut cells)?;
        }
        let parts = |[low, high]: [f64; 2]| ((high - low) / (SPAN * width)).ceil().max(1.0);
        let count: f64 = cells.iter().map(|cell| 12.0 * parts(*cell)).sum();
        if count > MOST_NODES {
            let cubics = Cells::new(breaks, |y| finite(density(data, y), y))?;
            return Ok(Self { data, alpha, sigma, kernel: Kernel::Narrow(cubics) });
        }
        let (mut places, mut masses) = (Vec::new(), Vec::new());
        for cell in cells {
            for (y, weight) in nodes(cell, parts(cell) as usize) {
                places.push(alpha * y);
                masses.push(weight * density(data, y));
            }
        }
        Ok(Self { data, alpha, sigma, kernel: Kernel::Nodes { places, masses } })
    }

    /// The density `p_t(x)`.
    pub(super) fn at(&self, x: f64) -> Result<f64, DataError> {
        let found = match &self.kernel {
            Kernel::None => density(self.data, x / self.alpha) / self.alpha,
            Kernel::Nodes { places, masses } => {
                let reach = REACH * self.sigma;
                let from = places.partition_point(|place| *place < x - reach);
                let to = from + places[from..].partition_point(|place| *place <= x + reach);
                let sum = kernel_sum(&places[from..to], &masses[from..to], x, self.sigma);
                sum / (self.sigma * std::f64::consts::TAU.sqrt())
            }
            Kernel::Narrow(cells) => self.at_narrow(cells, x),
        };
        finite(found, x)
    }

    /// The density `1/alpha · ∫ p_0(x/alpha + z · sigma/alpha) N(z; 0, 1) dz`, cell by cell. It is taken
    /// over z, so that it is right even where the kernel is narrower than an ulp of x.
    fn at_narrow(&self, cells: &Cells, x: f64) -> f64 {
        let (y, width) = (x / self.alpha, self.sigma / self.alpha);
        let reach = NARROW_REACH * width;
        let first = cells.edges.partition_point(|edge| *edge < y - reach).saturating_sub(1);
        let near = cells.edges[first..].windows(2).zip(&cells.cubics[first..]);
        let mut sum = 0.0;
        for (edges, cubic) in near.take_while(|(edges, _)| edges[0] <= y + reach) {
            let end = |edge: f64| ((edge - y) / width).clamp(-NARROW_REACH, NARROW_REACH);
            let (low, high) = (end(edges[0]), end(edges[1]));
            let parts = ((high - low) / NARROW_SPAN).ceil().max(1.0) as usize;
            for (z, weight) in nodes([low, high], parts) {
                let t = (y - edges[0] + width * z) / (edges[1] - edges[0]);
                sum += weight * exp(-0.5 * z * z) * value(cubic, t.clamp(0.0, 1.0));
            }
        }
        sum / (self.alpha * std::f64::consts::TAU.sqrt())
    }
}

/// Fails unless the density at `x` is finite.
fn finite(density: f64, x: f64) -> Result<f64, DataError> {
    if density.is_finite() {
        return Ok(density);
    }
    Err(bad_density("must have a finite density", format!("{density} at {x}")))
}

/// The sum `Σ mass · exp(−(x − place)²/(2 sigma²))`, as sums side by side that compilers can vectorise.
fn kernel_sum(places: &[f64], masses: &[f64], x: f64, sigma: f64) -> f64 {
    let per_sigma = 1.0 / sigma;
    let term = |place: f64, mass: f64| {
        let z = (x - place) * per_sigma;
        mass * exp(-0.5 * z * z)
    };
    let ((places, last_places), (masses, last_masses)) =
        (places.as_chunks::<LANES>(), masses.as_chunks::<LANES>());
    let mut sums = [0.0; LANES];
    for (places, masses) in places.iter().zip(masses) {
        for ((sum, place), mass) in sums.iter_mut().zip(places).zip(masses) {
            *sum += term(*place, *mass);
        }
    }
    let last = last_places.iter().zip(last_masses).map(|(place, mass)| term(*place, *mass));
    sums.iter().sum::<f64>() + last.sum::<f64>()
}

/// The density `p_0(y)`. It is NaN where the data states none, which the checks for finite densities find.
fn density(data: &dyn Dataset, y: f64) -> f64 {
    data.log_density(&[y]).map_or(f64::NAN, f64::exp)
}

/// Nodes, ascending, and weights of the rule over `parts` equal parts of a cell.
fn nodes([low, high]: [f64; 2], parts: usize) -> impl Iterator<Item = (f64, f64)> {
    let half = (high - low) / (2 * parts) as f64;
    let signed = RULE.iter().rev().map(|(node, weight)| (-node, *weight)).chain(RULE);
    (0..parts).flat_map(move |part| {
        let center = low + half * (2 * part + 1) as f64;
        signed.clone().map(move |(node, weight)| (center + half * node, half * weight))
    })
}

/// The probability of a cell of the data.
fn mass(data: &dyn Dataset, cell: [f64; 2]) -> Result<f64, DataError> {
    let mass: f64 = nodes(cell, 1).map(|(y, weight)| weight * density(data, y)).sum();
    if mass.is_finite() {
        return Ok(mass);
    }
    let [low, high] = cell;
    Err(bad_density("must have a finite density", format!("{mass} between {low} and {high}")))
}

/// Halves a cell until the rule over the cell agrees with the rule over its halves.
fn resolve(
    data: &dyn Dataset,
    cell: [f64; 2],
    whole: f64,
    depth: u32,
    cells: &mut Vec<[f64; 2]>,
) -> Result<(), DataError> {
    let [low, high] = cell;
    let middle = low + (high - low) / 2.0;
    let halves = [[low, middle], [middle, high]];
    let parts = [mass(data, halves[0])?, mass(data, halves[1])?];
    let sum = parts[0] + parts[1];
    // x is rounded: a difference up to the density times 8 ulps of x is no sign of curvature.
    let rounding = 8.0 * f64::EPSILON * low.abs().max(high.abs()) * sum.max(whole) / (high - low);
    if cells.len() >= MOST_CELLS {
        let requirement = format!("must have a density that {MOST_CELLS} cells can follow");
        return Err(bad_density(requirement, format!("one that varies near {middle}")));
    }
    if depth == 0 || (whole - sum).abs() <= TOLERANCE + rounding {
        if sum > LEAST {
            cells.push(cell);
        }
        return Ok(());
    }
    resolve(data, halves[0], parts[0], depth - 1, cells)?;
    resolve(data, halves[1], parts[1], depth - 1, cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_integrates_powers_to_the_23rd() {
        for power in 0..24 {
            let sum: f64 = nodes([0.0, 2.0], 1).map(|(x, weight)| weight * x.powi(power)).sum();
            let exact = 2_f64.powi(power + 1) / f64::from(power + 1);
            // 12 terms of one sign, each rounded, with x^23 made by 5 products: 30 ulps.
            assert!((sum / exact - 1.0).abs() < 30.0 * f64::EPSILON, "{power}: {sum} {exact}");
        }
    }

    #[test]
    fn rounded_places_are_no_reason_to_halve() {
        // 1.1e-7 of a std between neighbours: sums over halves differ by more than the tolerance.
        let data = crate::Gaussian::new(vec![1.0], 1e-9).expect("valid");
        let mut cells = Vec::new();
        for i in -3..3 {
            let cell = [1.0 + 3e-9 * f64::from(i), 1.0 + 3e-9 * f64::from(i + 1)];
            let whole = mass(&data, cell).expect("finite");
            resolve(&data, cell, whole, DEPTH, &mut cells).expect("resolved");
        }
        assert!(cells.len() < 100, "{}", cells.len());
    }
}
