//! [`Quantile`]: the map from a column's distribution to the standard normal and back, through the ranks
//! of its values.

use super::runs::Run;
use crate::math::ln;

/// Quantile map: monotone and piecewise linear, it takes the distinct values v_k of a column to
/// `z_k = Φ⁻¹(u_k)`, `u_k = (r_k − 1/2) / n`, with r_k the mean rank of the values equal to v_k.
///
/// Beyond the data the map goes on with the slope of the last piece, or with that of the whole range
/// where this slope, in z over value, is smaller. So the z of a value that lies beyond the data by some
/// part of their range lies beyond theirs by at most the same part, even where the two outermost values
/// are very close.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields)
)]
pub(super) struct Quantile {
    /// Values v_k and their z_k, both ascending; at least two of each.
    values: Vec<f64>,
    normals: Vec<f64>,
}

impl Quantile {
    /// Whether it is one that could have been made: what is read from a file may be anything.
    #[cfg(feature = "serde")]
    pub fn is_sound(&self) -> bool {
        self.values.len() >= 2
            && self.normals.len() == self.values.len()
            && ascend(&self.values)
            && ascend(&self.normals)
    }

    /// The map of a column's values, at least two.
    pub fn new(runs: &[Run]) -> Self {
        let count: f64 = runs.iter().map(|run| run.weight).sum();
        let mut below = 0.0;
        let knot = |run: &Run| {
            // The ranks below + 1 to below + weight, less 1/2, have this mean.
            let u = (below + 0.5 * run.weight) / count;
            below += run.weight;
            (run.value, normal_quantile(u))
        };
        let (values, normals) = runs.iter().map(knot).unzip();
        Self { values, normals }
    }

    /// Maps a value to its z.
    pub fn apply(&self, value: f64) -> f64 {
        let piece = self.piece(self.values.partition_point(|knot| *knot <= value));
        piece.z + (value - piece.v) / piece.dv * piece.dz
    }

    /// Maps a z to its value.
    pub fn undo(&self, z: f64) -> f64 {
        let piece = self.piece(self.normals.partition_point(|knot| *knot <= z));
        piece.v + (z - piece.z) / piece.dz * piece.dv
    }

    /// The piece that ends at the knot `next`, or the one beyond the data where there is none.
    fn piece(&self, next: usize) -> Piece {
        let last = self.values.len() - 1;
        let between = |from: usize, to: usize| Piece {
            v: self.values[from],
            z: self.normals[from],
            dv: self.values[to] - self.values[from],
            dz: self.normals[to] - self.normals[from],
        };
        if (1..=last).contains(&next) {
            return between(next - 1, next);
        }
        let range = between(0, last);
        let end = if next == 0 { between(0, 1) } else { between(last, last - 1) };
        if range.dv / range.dz > end.dv / end.dz {
            return Piece { dv: range.dv, dz: range.dz, ..end };
        }
        end
    }
}

/// Whether each number is larger than the one before.
#[cfg(feature = "serde")]
pub(super) fn ascend(values: &[f64]) -> bool {
    values.windows(2).all(|pair| pair[0] < pair[1])
}

/// Linear piece: a point of it, and its extent in value and z.
struct Piece {
    v: f64,
    z: f64,
    dv: f64,
    dz: f64,
}

/// The standard normal quantile function Φ⁻¹ of a probability above 0 and below 1, to about 1 in 10^16.
///
/// Source: Wichura 1988, "Algorithm AS 241", PPND16.
pub(super) fn normal_quantile(probability: f64) -> f64 {
    let q = probability - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * ratio(r, &CENTRE_ABOVE, &CENTRE_BELOW);
    }
    let tail = if q < 0.0 { probability } else { 1.0 - probability };
    let r = (-ln(tail)).sqrt();
    let distance = if r <= 5.0 {
        ratio(r - 1.6, &NEAR_ABOVE, &NEAR_BELOW)
    } else {
        ratio(r - 5.0, &FAR_ABOVE, &FAR_BELOW)
    };
    distance.copysign(q)
}

fn ratio(r: f64, above: &[f64; 8], below: &[f64; 8]) -> f64 {
    let polynomial = |coefficients: &[f64; 8]| coefficients.iter().fold(0.0, |sum, c| sum * r + c);
    polynomial(above) / polynomial(below)
}

// Highest power first; the paper prints more digits than an f64 has.
const CENTRE_ABOVE: [f64; 8] = [
    2.509_080_928_730_122_7e3,
    3.343_057_558_358_813e4,
    6.726_577_092_700_87e4,
    4.592_195_393_154_987e4,
    1.373_169_376_550_946e4,
    1.971_590_950_306_551_3e3,
    1.331_416_678_917_843_8e2,
    3.387_132_872_796_366_5,
];
const CENTRE_BELOW: [f64; 8] = [
    5.226_495_278_852_854e3,
    2.872_908_573_572_194_3e4,
    3.930_789_580_009_271e4,
    2.121_379_430_158_659_7e4,
    5.394_196_021_424_751e3,
    6.871_870_074_920_579e2,
    4.231_333_070_160_091e1,
    1.0,
];
const NEAR_ABOVE: [f64; 8] = [
    7.745_450_142_783_414e-4,
    2.272_384_498_926_918_4e-2,
    2.417_807_251_774_506e-1,
    1.270_458_252_452_368_4,
    3.647_848_324_763_204_5,
    5.769_497_221_460_691,
    4.630_337_846_156_546,
    1.423_437_110_749_683_5,
];
const NEAR_BELOW: [f64; 8] = [
    1.050_750_071_644_416_9e-9,
    5.475_938_084_995_345e-4,
    1.519_866_656_361_645_7e-2,
    1.481_039_764_274_800_8e-1,
    6.897_673_349_851e-1,
    1.676_384_830_183_803_8,
    2.053_191_626_637_759,
    1.0,
];
const FAR_ABOVE: [f64; 8] = [
    2.010_334_399_292_288_1e-7,
    2.711_555_568_743_487_6e-5,
    1.242_660_947_388_078_4e-3,
    2.653_218_952_657_612_4e-2,
    2.965_605_718_285_048_7e-1,
    1.784_826_539_917_291_3,
    5.463_784_911_164_114,
    6.657_904_643_501_103,
];
const FAR_BELOW: [f64; 8] = [
    2.044_263_103_389_939_7e-15,
    1.421_511_758_316_446e-7,
    1.846_318_317_510_054_8e-5,
    7.868_691_311_456_133e-4,
    1.487_536_129_085_061_5e-2,
    1.369_298_809_227_358e-1,
    5.998_322_065_558_88e-1,
    1.0,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::runs::even_runs;

    /// Found with mpmath 1.3 to 40 digits as roots of ln Φ(z) − ln p.
    #[test]
    fn the_normal_quantile_has_its_known_values() {
        for (probability, exact) in [
            (1e-300, -37.047_096_299_361_2),
            (1e-100, -21.273_453_560_965_324),
            (1e-16, -8.222_082_216_130_435),
            (1e-10, -6.361_340_902_404_056),
            (1e-5, -4.264_890_793_922_825),
            (0.001, -3.090_232_306_167_813_5),
            (0.01, -2.326_347_874_040_841),
            (0.0749, -1.440_238_267_527_963_7),
            (0.0751, -1.438_825_392_752_54),
            (0.25, -0.674_489_750_196_081_7),
            (0.4, -0.253_347_103_135_799_7),
            (0.5, 0.0),
            (0.6, 0.253_347_103_135_799_7),
            (0.975, 1.959_963_984_540_053_9),
            (0.99999, 4.264_890_793_923_841),
        ] {
            let z = normal_quantile(probability);
            // 1e-15 of the value, as the issue asks; the error of `1 − p` above 1/2 counts too.
            assert!((z - exact).abs() <= 1e-15 * exact.abs(), "{probability}: {z} {exact}");
        }
    }

    #[test]
    fn distinct_values_go_to_the_quantiles_of_their_mean_ranks_and_back_exactly() {
        let quantile = Quantile::new(&even_runs([-3.0, 1.0, 1.0, 1.0, 4.5, 7.0].into_iter()));
        let exact = [(-3.0, 0.5), (1.0, 2.5), (4.5, 4.5), (7.0, 5.5)];
        for (value, rank) in exact {
            assert_eq!(quantile.apply(value), normal_quantile(rank / 6.0));
            assert_eq!(quantile.undo(quantile.apply(value)), value);
        }
        let half_way = 0.5 * (normal_quantile(2.5 / 6.0) + normal_quantile(4.5 / 6.0));
        assert!((quantile.apply(2.75) - half_way).abs() < 1e-15);
        assert!((quantile.undo(half_way) - 2.75).abs() < 1e-15);
    }

    #[test]
    fn values_beyond_the_ends_follow_the_last_piece_unless_it_runs_away() {
        let z = |rank: f64| normal_quantile(rank / 4.0);
        // Pieces of equal height: the last is steeper than the whole, the first is not.
        let quantile = Quantile::new(&even_runs([0.0, 1.0, 2.0, 12.0].into_iter()));
        let last = (z(3.5) - z(2.5)) / 10.0;
        let whole = (z(3.5) - z(0.5)) / 12.0;
        for (value, exact) in [(13.5, z(3.5) + 1.5 * last), (-2.0, z(0.5) - 2.0 * whole)] {
            assert!((quantile.apply(value) - exact).abs() < 1e-15, "{value}");
            assert!((quantile.undo(exact) - value).abs() < 1e-14, "{value}");
        }
        // Two nearly equal values at the end do not send one beyond them to infinity.
        let tight = Quantile::new(&even_runs([0.0, 1.0, 2.0, 2.0 + 1e-12].into_iter()));
        assert!(tight.apply(3.0) < z(3.5) + 1.2);
    }
}
