//! Curves in the plane with noise around them: their rows, and their exact posterior means.

use crate::Stream;

/// The number of words that a row of a noisy curve uses: two uniforms, two normals.
pub(super) const CURVE_WORDS: u64 = 4;

/// Nodes in (0, 1) and weights of Gauss and Legendre's rule of 8 nodes; the other half is mirrored.
const RULE: [(f64, f64); 4] = [
    (0.183_434_642_495_649_8, 0.362_683_783_378_362),
    (0.525_532_409_916_329, 0.313_706_645_877_887_3),
    (0.796_666_477_413_626_7, 0.222_381_034_453_374_5),
    (0.960_289_856_497_536_3, 0.101_228_536_290_376_3),
];

/// Most panels of an arc: with less noise the posterior means are not known.
const MOST_PANELS: f64 = 8192.0;

/// Panels whose points all weigh less than exp(−40) of the nearest one's are left out.
const NEGLIGIBLE: f64 = 40.0;

/// Draws rows of a curve, with Gaussian noise around it. `point` is the point of the curve for two uniform
/// numbers.
pub(super) fn draw_curve(
    stream: &mut Stream,
    rows: &mut [f64],
    noise: f64,
    point: impl Fn(f64, f64) -> [f64; 2],
) {
    stream.fill_rows(rows, 2, 2, |uniforms, row| {
        for (x, on_curve) in row.iter_mut().zip(point(uniforms[0], uniforms[1])) {
            *x = on_curve + noise * *x;
        }
    });
}

/// Arc of a curve, over u from 0 to 1.
pub(super) struct Arc<F> {
    /// The point at u, and the density of the rows over u there.
    pub(super) at: F,
    /// Bound of the speed, the length of the point's derivative by u.
    pub(super) speed: f64,
    /// Number of times that it turns around.
    pub(super) turns: f64,
}

/// Part of an arc, twice as long at most as the noise is wide, on which the rule is exact but for rounding.
struct Panel {
    middle: [f64; 2],
    nodes: [([f64; 2], f64); 8],
}

/// The posterior means `E[x_0 | alpha · x_0 + sigma · eps = x]` of rows x near `arcs`, where x_0 has `noise` times
/// a normal along each axis. `None` where the noise is too narrow to integrate over.
///
/// It is the mean along the arcs of `c + alpha noise² / v · (x − alpha c)`, weighted by the density of c and by
/// `exp(−|x − alpha c|² / (2 v))`, with `v = alpha² noise² + sigma²`. The integrals are taken by Gauss and
/// Legendre's rule on panels of at most `2 √v / alpha`: within six standard deviations of the noise they are
/// right to 1e-5 of √v at worst, and to 1e-8 within four.
pub(super) fn posterior_means<F: Fn(f64) -> ([f64; 2], f64)>(
    rows: &[f64],
    [alpha, sigma]: [f64; 2],
    noise: f64,
    arcs: &[Arc<F>],
) -> Option<Vec<f64>> {
    let width = (alpha * noise).hypot(sigma);
    if width == 0.0 {
        return None;
    }
    let mut panels = Vec::new();
    for arc in arcs {
        let count = (alpha * arc.speed / (2.0 * width)).max(4.0 * arc.turns).ceil().max(1.0);
        if count > MOST_PANELS {
            return None;
        }
        panels.extend((0..count as usize).map(|i| arc.panel(i as f64, count)));
    }
    let gain = alpha * noise * noise / (width * width);
    let (mut far, mut near) = (Vec::new(), Vec::new());
    let mean = |x: &[f64]| {
        let distance = |c: &[f64; 2]| (x[0] - alpha * c[0]).hypot(x[1] - alpha * c[1]) / width;
        far.clear();
        far.extend(panels.iter().map(|panel| distance(&panel.middle)));
        let nearest = far.iter().copied().fold(f64::INFINITY, f64::min);
        // All points of a panel are within one width of its middle.
        let reach = ((nearest + 1.0).powi(2) + 2.0 * NEGLIGIBLE).sqrt() + 1.0;
        near.clear();
        let close = panels.iter().zip(&far).filter(|(_, far)| **far <= reach);
        near.extend(
            close
                .flat_map(|(panel, _)| &panel.nodes)
                .map(|(c, weight)| (*c, *weight, -0.5 * distance(c).powi(2))),
        );
        let largest = near.iter().map(|(_, _, log)| *log).fold(f64::NEG_INFINITY, f64::max);
        let (mut sum, mut moments) = (0.0, [0.0; 2]);
        for (c, weight, log) in &near {
            let weight = weight * (log - largest).exp();
            sum += weight;
            moments.iter_mut().zip(c).for_each(|(moment, c)| *moment += weight * c);
        }
        let on_curve = moments.map(|moment| moment / sum);
        [0, 1].map(|i| on_curve[i] + gain * (x[i] - alpha * on_curve[i]))
    };
    Some(rows.chunks_exact(2).flat_map(mean).collect())
}

impl<F: Fn(f64) -> ([f64; 2], f64)> Arc<F> {
    fn panel(&self, number: f64, count: f64) -> Panel {
        let place = |on_rule: f64| (number + 0.5 + 0.5 * on_rule) / count;
        let node = |i: usize| {
            let (node, weight) = RULE[i / 2];
            let (c, density) = (self.at)(place(if i.is_multiple_of(2) { node } else { -node }));
            (c, weight * density / count)
        };
        Panel { middle: (self.at)(place(0.0)).0, nodes: std::array::from_fn(node) }
    }
}
