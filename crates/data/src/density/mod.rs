//! [`LevelDensity`]: the exact density of a noise level of one-dimensional data, with its distribution
//! function and quantiles. It is the data's density, convolved with the noise by quadrature.

mod cells;
mod convolution;

use self::{cells::Cells, convolution::Convolution};
use crate::{
    DataError, Dataset,
    error::{error, not_negative},
};

/// Edges of the cells before any is halved, in standard deviations from the centre of a piece, on
/// either side. An exponential distribution has the probability `exp(−40)` beyond the last.
const LADDER: [f64; 7] = [0.0, 3.0, 6.0, 9.0, 14.0, 24.0, 40.0];

/// Density of a noise level, `x_t = alpha · x_0 + sigma · eps`, of one-dimensional data:
/// `p_t(x) = ∫ p_0(x_0) N(x; alpha x_0, sigma²) dx_0`.
///
/// The integral is taken by Gauss and Legendre's rule around each mode of the data, or around its
/// mean where the data names no modes. `p_t` is kept as a cubic on each cell of a grid, whose cells are
/// halved until the cubics follow it to 1e-8. The distribution function is the integral of the same
/// cubics, so density, moments and quantiles agree. Pieces of very different scales cost no more than
/// pieces of one scale.
///
/// ```
/// use langevin_data::{Gaussian, LevelDensity, Purpose, Streams};
///
/// let data = Gaussian::new(vec![1.0], 0.01)?;
/// let level = LevelDensity::new(&data, 0.8, 0.6)?;
/// assert!((level.integral() - 1.0).abs() < 1e-9 && (level.mean() - 0.8).abs() < 1e-9);
/// // Samples by the inverse distribution function.
/// let mut samples = [0.0; 1000];
/// Streams::new(0).at(Purpose::Sampling, 0, 0).fill_uniform(&mut samples);
/// samples.iter_mut().for_each(|sample| *sample = level.quantile(*sample));
/// let mean = samples.iter().sum::<f64>() / 1000.0;
/// assert!((mean - 0.8).abs() < 4.0 * 0.6 / 1000_f64.sqrt());
/// # Ok::<(), langevin_data::DataError>(())
/// ```
#[derive(Clone, Debug)]
pub struct LevelDensity {
    edges: Vec<f64>,
    cubics: Vec<cells::Cubic>,
    densities: Vec<f64>,
    distribution: Vec<f64>,
    integral: f64,
    mean: f64,
    std: f64,
}

impl LevelDensity {
    /// Computes the density of the level with signal scale `alpha` and noise scale `sigma`. With
    /// `sigma` 0 it is the density of `alpha · x_0` itself.
    ///
    /// # Errors
    /// `alpha` and `sigma` must be finite, at least 0, and not both 0. `data` must have one feature,
    /// a finite density, and modes or a mean and a variance around which that density integrates to
    /// 1.
    pub fn new(data: &dyn Dataset, alpha: f64, sigma: f64) -> Result<Self, DataError> {
        not_negative("alpha", alpha)?;
        not_negative("sigma", sigma)?;
        if alpha == 0.0 && sigma == 0.0 {
            return Err(error("sigma", "must be above 0 where alpha is 0", sigma));
        }
        if data.features() != 1 {
            return Err(error("data", "must have 1 feature", data.features()));
        }
        let pieces = pieces(data)?;
        if data.log_density(&[pieces[0].center]).is_none() {
            return Err(bad_density("must have a density", "none"));
        }
        let diffused = |piece: &Piece| Piece {
            center: alpha * piece.center,
            std: (alpha * piece.std).hypot(sigma),
        };
        let breaks_of_level = breaks(pieces.iter().map(diffused));
        let convolution = Convolution::new(data, &breaks(pieces.into_iter()), alpha, sigma)?;
        Self::of(Cells::new(&breaks_of_level, |x| convolution.at(x))?)
    }

    fn of(cells: Cells) -> Result<Self, DataError> {
        let integral: f64 = cells.masses().sum();
        if (integral - 1.0).abs() > 1e-3 {
            let requirement = "must have a density that integrates to 1 around its modes, or mean where it has none";
            return Err(bad_density(requirement, integral));
        }
        let mut below = 0.0;
        let up_to = cells.masses().map(|mass| {
            below += mass;
            below / integral
        });
        let distribution = std::iter::once(0.0).chain(up_to).collect();
        let middle = (cells.edges[0] + cells.edges[cells.edges.len() - 1]) / 2.0;
        let mean = middle + cells.first_moment(middle) / integral;
        let std = (cells.second_moment(mean) / integral).sqrt();
        let last = cells.cubics.last().map(|cubic| cubic[3]);
        let densities = cells.cubics.iter().map(|cubic| cubic[0]).chain(last).collect();
        let Cells { edges, cubics } = cells;
        Ok(Self { edges, cubics, densities, distribution, integral, mean, std })
    }

    /// The points of the grid, ascending. The grid is finer where the density bends. A probability of
    /// about 1e-18 lies outside it.
    #[must_use]
    pub fn grid(&self) -> &[f64] {
        &self.edges
    }

    /// The density at each point of the grid.
    #[must_use]
    pub fn densities(&self) -> &[f64] {
        &self.densities
    }

    /// The distribution function at each point of the grid, from 0 to 1.
    #[must_use]
    pub fn distribution(&self) -> &[f64] {
        &self.distribution
    }

    /// The integral `∫ p_t dx` over the grid: 1, but for the errors of quadrature and interpolation.
    #[must_use]
    pub const fn integral(&self) -> f64 {
        self.integral
    }

    /// The mean `∫ x p_t dx / ∫ p_t dx`, from the grid and not from the mean that the data states.
    #[must_use]
    pub const fn mean(&self) -> f64 {
        self.mean
    }

    /// The standard deviation, the root of `∫ (x − mean)² p_t dx / ∫ p_t dx`, from the grid and not from
    /// the variance that the data states.
    #[must_use]
    pub const fn std(&self) -> f64 {
        self.std
    }

    /// The density at `x`; 0 outside the grid.
    #[must_use]
    pub fn density(&self, x: f64) -> f64 {
        self.place(x).map_or(0.0, |(cell, t)| cells::value(&self.cubics[cell], t))
    }

    /// The distribution function: the probability below `x`, `∫_{−∞}^x p_t / ∫ p_t`.
    #[must_use]
    pub fn cdf(&self, x: f64) -> f64 {
        match self.place(x) {
            Some((cell, t)) => {
                let part = self.width(cell) * cells::integral(&self.cubics[cell], t);
                (self.distribution[cell] + part / self.integral).min(self.distribution[cell + 1])
            }
            None => f64::from(u8::from(x >= self.edges[0])),
        }
    }

    /// The quantile function, the inverse of the distribution function: the smallest x below which the
    /// probability `u` lies. It never falls where `u` rises. For every `u` it is a point between the
    /// ends of the grid.
    #[must_use]
    pub fn quantile(&self, u: f64) -> f64 {
        // The last cell whose start has a probability below u. u lies in it, so it holds some.
        let cell = self.distribution.partition_point(|below| *below < u);
        let cell = cell.clamp(1, self.cubics.len()) - 1;
        let (width, cubic) = (self.width(cell), &self.cubics[cell]);
        let wanted = (u - self.distribution[cell]) * self.integral / width;
        // Halving compares with the same points in the same order whatever u is, so rounding cannot
        // make the quantile fall where u rises.
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..f64::MANTISSA_DIGITS {
            let middle = 0.5 * (low + high);
            if cells::integral(cubic, middle) < wanted {
                low = middle;
            } else {
                high = middle;
            }
        }
        (self.edges[cell] + width * high).min(self.edges[cell + 1])
    }

    fn width(&self, cell: usize) -> f64 {
        self.edges[cell + 1] - self.edges[cell]
    }

    /// The cell that holds `x`, and the place in it from 0 to 1.
    fn place(&self, x: f64) -> Option<(usize, f64)> {
        let inside = self.edges[0] <= x && x <= self.edges[self.edges.len() - 1];
        inside.then(|| {
            let cell = self.edges.partition_point(|edge| *edge <= x).min(self.cubics.len()) - 1;
            (cell, ((x - self.edges[cell]) / self.width(cell)).min(1.0))
        })
    }
}

/// Piece of a density that has a scale of its own.
struct Piece {
    center: f64,
    std: f64,
}

/// The pieces of the data: its modes or, without any, the whole around its mean.
fn pieces(data: &dyn Dataset) -> Result<Vec<Piece>, DataError> {
    let known = data.modes().filter(|modes| !modes.is_empty());
    let pieces: Vec<Piece> = match (known, data.mean(), data.variance()) {
        (Some(modes), ..) => {
            modes.iter().map(|mode| Piece { center: mode.center[0], std: mode.std }).collect()
        }
        (None, Some(mean), Some(variance)) => {
            vec![Piece { center: mean[0], std: variance[0].sqrt() }]
        }
        _ => return Err(bad_density("must know its modes, or its mean and variance", "none")),
    };
    for piece in &pieces {
        if !piece.center.is_finite() || !piece.std.is_finite() || piece.std <= 0.0 {
            let value = format!("{} and {}", piece.center, piece.std);
            return Err(bad_density("must have finite centres and stds above 0", value));
        }
    }
    Ok(pieces)
}

/// The steps of the ladders of all pieces, ascending. A step within half its piece's std of the one
/// before is left out.
fn breaks(pieces: impl Iterator<Item = Piece>) -> Vec<f64> {
    let mut steps: Vec<(f64, f64)> = pieces
        .flat_map(|Piece { center, std }| {
            LADDER.iter().flat_map(move |n| [(center - n * std, std), (center + n * std, std)])
        })
        .filter(|(x, _)| x.is_finite())
        .collect();
    steps.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut breaks: Vec<f64> = Vec::with_capacity(steps.len());
    for (x, std) in steps {
        if breaks.last().is_none_or(|last| x - last >= std / 2.0) {
            breaks.push(x);
        }
    }
    breaks
}

fn bad_density(requirement: impl Into<String>, value: impl ToString) -> DataError {
    error("data", requirement, value)
}

#[cfg(test)]
mod tests;
