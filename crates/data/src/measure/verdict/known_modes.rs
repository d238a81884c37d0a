//! The shares of a distribution's modes, which are known exactly, and whether samples have them.

use super::splits::{SPLITS, band, p_value};
use crate::{
    Mode, Stream,
    measure::{MODE_RADIUS, MeasureError, Rows, modes},
};

/// Outcome of the test of the modes' shares.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ModeTest {
    pub(super) p_value: f64,
    /// Modes that fail, by their number, with the share of the samples and the exact share; the worst first.
    pub(super) failing: Vec<(usize, [f64; 2])>,
}

/// Tests the number of samples near each mode against exact shares.
///
/// The measure is the largest `|count − n p| / √(n p (1 − p))` over the modes; its band is of 399 draws of n rows from
/// the exact shares, so the p value is exact. `p` is the mode's share of the rows within five standard deviations of
/// its centre. Where two modes are nearer than that these shares are not known, and there is no test; nor for
/// samples that are not finite.
///
/// # Errors
/// Centres with another number of columns.
pub(super) fn test_modes(
    samples: &[f64],
    width: usize,
    goals: &[Mode],
    stream: &mut Stream,
) -> Result<Option<ModeTest>, MeasureError> {
    let Ok(rows) = Rows::new("samples", width, samples) else { return Ok(None) };
    let apart = |a: &Mode, b: &Mode| {
        let squares = a.center.iter().zip(&b.center).map(|(a, b)| (a - b).powi(2));
        squares.sum::<f64>().sqrt() > MODE_RADIUS * (a.std + b.std)
    };
    let pairs = goals.iter().enumerate().flat_map(|(i, a)| goals[..i].iter().map(move |b| (a, b)));
    if goals.is_empty() || !pairs.into_iter().all(|(a, b)| apart(a, b)) {
        return Ok(None);
    }
    let within = chi_squared_below(MODE_RADIUS * MODE_RADIUS, width);
    let exact: Vec<f64> = goals.iter().map(|mode| mode.share * within).collect();
    let count = rows.count() as f64;
    let off = |found: f64, exact: f64| {
        (found - count * exact).abs() / (count * exact * (1.0 - exact)).sqrt().max(1.0)
    };
    let found: Vec<f64> =
        modes(rows, goals, MODE_RADIUS)?.modes.iter().map(|mode| mode.share).collect();
    let all = |counts: &[f64]| {
        counts.iter().zip(&exact).map(|(found, exact)| off(*found, *exact)).fold(0.0, f64::max)
    };
    let mut measures = vec![all(&found.iter().map(|share| share * count).collect::<Vec<_>>())];
    for _ in 0..SPLITS {
        let mut counts = vec![0.0; exact.len()];
        for _ in 0..rows.count() {
            let mut left = stream.uniform();
            let mode = exact.iter().position(|share| {
                left -= share;
                left < 0.0
            });
            mode.into_iter().for_each(|mode| counts[mode] += 1.0);
        }
        measures.push(all(&counts));
    }
    let end = band(&measures);
    let mut failing: Vec<(usize, [f64; 2])> = found
        .iter()
        .zip(goals)
        .map(|(found, mode)| [*found, mode.share])
        .enumerate()
        .filter(|(i, [found, _])| off(found * count, exact[*i]) > end)
        .collect();
    let worst = |(i, [found, _]): &(usize, [f64; 2])| off(found * count, exact[*i]);
    failing.sort_by(|a, b| worst(b).total_cmp(&worst(a)));
    Ok(Some(ModeTest { p_value: p_value(&measures), failing }))
}

/// The chance that the sum of squares of `degrees` standard normals is below `x`: the regularised incomplete gamma
/// function `P(degrees/2, x/2)` by its power series.
///
/// Source: Abramowitz & Stegun 1964, 6.5.29 and 26.4.1.
fn chi_squared_below(x: f64, degrees: usize) -> f64 {
    let (a, half) = (degrees as f64 / 2.0, x / 2.0);
    // half^a e^(−half) / Γ(a + 1), factor by factor from Γ(1) = 1 or Γ(1/2) = √π up.
    let (mut order, mut term) = match degrees.is_multiple_of(2) {
        true => (0.0, (-half).exp()),
        false => (0.5, (-half).exp() * (half / std::f64::consts::PI).sqrt() * 2.0),
    };
    while order < a {
        order += 1.0;
        term *= half / order;
    }
    let (mut sum, mut n) = (0.0, 0.0);
    while term > 1e-17 * sum {
        sum += term;
        n += 1.0;
        term *= half / (a + n);
        if term == 0.0 {
            break;
        }
    }
    sum.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dataset, GaussianMixture, Part, Purpose, Streams};

    #[test]
    fn chances_are_those_of_tables() {
        // By erf and closed sums: Python's math.erf(√(x/2)), and 1 − e^(−x/2) Σ (x/2)^k / k!.
        for (x, degrees, exact) in [
            (1.0, 1, 0.682_689_492_137_086),
            (25.0, 1, 0.999_999_426_696_856_3),
            (25.0, 2, 0.999_996_273_346_828),
            (3.0, 3, 0.608_374_823_728_911),
            (25.0, 10, 0.994_654_494_512_865_9),
        ] {
            let found = chi_squared_below(x, degrees);
            assert!((found - exact).abs() < 1e-12, "{x}, {degrees}: {found}, not {exact}");
        }
    }

    fn mixture(weights: [f64; 3]) -> GaussianMixture {
        let means = vec![vec![-1.0, 0.0], vec![1.0, 0.0], vec![0.0, 1.0]];
        GaussianMixture::new(means, 0.05, Some(weights.to_vec())).expect("valid")
    }

    fn found(drawn: &GaussianMixture, seed: u64) -> ModeTest {
        let mut rows = vec![0.0; 2000];
        drawn.draw(Part::HeldOut, &mut Streams::new(seed).at(Purpose::HeldOut, 0, 0), &mut rows);
        let goals = mixture([1.0, 1.0, 2.0]).modes().expect("known");
        let mut stream = Streams::new(seed).at(Purpose::Reference, 0, 0);
        test_modes(&rows, 2, &goals, &mut stream).expect("columns").expect("apart")
    }

    #[test]
    fn exact_shares_pass_and_others_are_named() {
        let exact = mixture([1.0, 1.0, 2.0]);
        // Of 200 at one in 400, 0.5 fail; more than 4 in one of 5000 tests.
        let failed = (0..200).filter(|seed| found(&exact, *seed).p_value < 0.005).count();
        assert!(failed <= 4, "{failed} of 200");
        let found = found(&mixture([1.0, 0.6, 2.0]), 1);
        assert!(found.p_value < 0.005, "{found:?}");
        let (mode, [share, exact]) = found.failing[0];
        assert_eq!((mode, exact), (1, 0.25));
        // 0.6 / 3.6, ± 0.012.
        assert!((share - 0.167).abs() < 0.048, "{share}");
    }

    #[test]
    fn modes_that_overlap_are_not_counted() {
        let goals = GaussianMixture::new(vec![vec![0.0], vec![1.0]], 0.2, None).expect("valid");
        let mut stream = Streams::new(1).at(Purpose::Reference, 0, 0);
        let goals = goals.modes().expect("known");
        assert_eq!(test_modes(&[0.0; 60], 1, &goals, &mut stream), Ok(None));
        assert_eq!(test_modes(&[f64::NAN; 60], 1, &goals[..1], &mut stream), Ok(None));
    }
}
