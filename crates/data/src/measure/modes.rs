//! [`modes`]: the shares of samples near each known mode, and their mean and standard deviation there.

use super::{MeasureError, Rows, bootstrap::standard_deviation, rows::squared_distance};
use crate::Mode;

/// Radius of a mode, in its standard deviations: a row within it counts to the mode. Outside is one normal
/// row in 270,000 in the plane, and one in 200 with ten columns.
pub const MODE_RADIUS: f64 = 5.0;

/// Modes of a distribution, and the samples near them.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Modes {
    /// Share of all rows that are near any mode.
    pub share_near_any: f64,
    /// Largest `|share − expected_share|` of any mode.
    pub largest_share_deviation: f64,
    /// Each mode, in the order of the distribution.
    pub modes: Vec<ModeFound>,
}

/// Mode of a distribution, and the samples near it.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ModeFound {
    /// Centre of the mode, a number for each axis.
    pub center: Vec<f64>,
    /// Share of the distribution that belongs to the mode.
    pub expected_share: f64,
    /// Standard deviation of the mode along every axis.
    pub expected_std: f64,
    /// Share of all rows that are near the mode.
    pub share: f64,
    /// Mean of the rows near the mode, by axis; none without rows.
    pub mean: Option<Vec<f64>>,
    /// Standard deviation of the rows near the mode, by axis; none with fewer than two rows.
    pub std: Option<Vec<f64>>,
}

/// Counts the rows near each mode.
///
/// A row is near a mode where `|x − center| ≤ radius · std`. Of several modes it counts to the one with the
/// smallest `|x − center| / std`. Shares are of all rows, so rows that are near no mode lower their sum.
///
/// # Shapes
/// Rows with as many columns as the centres have numbers, in the unit of the centres.
///
/// # Errors
/// Centres with another number of numbers.
pub fn modes(rows: Rows<'_>, modes: &[Mode], radius: f64) -> Result<Modes, MeasureError> {
    let columns = rows.columns();
    if let Some(mode) = modes.iter().find(|mode| mode.center.len() != columns) {
        let (rows, got) = ("modes".to_owned(), mode.center.len());
        return Err(MeasureError::Columns { rows, required: columns, columns: got });
    }
    let mut near: Vec<Vec<&[f64]>> = vec![Vec::new(); modes.len()];
    for row in rows.iter() {
        let square = |mode: &Mode| squared_distance(row, &mode.center);
        let candidates = modes.iter().enumerate().filter_map(|(i, mode)| {
            let square = square(mode);
            let within = square <= (radius * mode.std).powi(2);
            within.then(|| (square / mode.std.powi(2), i))
        });
        if let Some((_, i)) = candidates.min_by(|a, b| a.0.total_cmp(&b.0)) {
            near[i].push(row);
        }
    }
    let share = |count: usize| count as f64 / rows.count() as f64;
    let found = modes.iter().zip(&near).map(|(mode, near)| ModeFound {
        center: mode.center.clone(),
        expected_share: mode.share,
        expected_std: mode.std,
        share: share(near.len()),
        mean: by_axis(near, columns, 1, |x| x.iter().sum::<f64>() / x.len() as f64),
        std: by_axis(near, columns, 2, standard_deviation),
    });
    let found: Vec<ModeFound> = found.collect();
    let deviations = found.iter().map(|mode| (mode.share - mode.expected_share).abs());
    Ok(Modes {
        share_near_any: share(near.iter().map(Vec::len).sum()),
        largest_share_deviation: deviations.fold(0.0, f64::max),
        modes: found,
    })
}

/// The statistic of every axis; none with fewer rows than `at_least`.
fn by_axis(
    rows: &[&[f64]],
    columns: usize,
    at_least: usize,
    statistic: impl Fn(&[f64]) -> f64,
) -> Option<Vec<f64>> {
    let axis = |i| statistic(&rows.iter().map(|row| row[i]).collect::<Vec<f64>>());
    (rows.len() >= at_least).then(|| (0..columns).map(axis).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dataset, GaussianMixture, Part, Purpose, Streams};

    fn mode(center: [f64; 2], share: f64, std: f64) -> Mode {
        Mode { center: center.to_vec(), share, std }
    }

    #[test]
    fn rows_count_to_the_mode_that_is_nearest_in_its_own_width() {
        let goals = [mode([0.0, 0.0], 0.5, 1.0), mode([4.0, 0.0], 0.5, 0.1)];
        // The third is 3.6 wide stds from the first and 4 narrow ones from the second.
        let rows = [0.0, 0.0, 4.0, 0.1, 3.6, 0.0, 0.0, -5.0, 9.0, 9.0];
        let found = modes(Rows::checked(2, &rows), &goals, 5.0).expect("columns");
        assert_eq!(found.share_near_any, 0.8);
        assert_eq!([found.modes[0].share, found.modes[1].share], [0.6, 0.2]);
        assert!((found.largest_share_deviation - 0.3).abs() < 1e-15);
        assert_eq!(found.modes[1].mean, Some(vec![4.0, 0.1]));
        assert_eq!(found.modes[1].std, None);
        assert!((found.modes[0].mean.as_ref().expect("rows")[0] - 1.2).abs() < 1e-15);
    }

    #[test]
    fn a_mode_that_no_row_reaches_has_no_spread() {
        let goals = [mode([0.0, 0.0], 1.0, 1.0)];
        let found = modes(Rows::checked(2, &[7.0, 7.0]), &goals, 5.0).expect("columns");
        assert_eq!((found.share_near_any, found.largest_share_deviation), (0.0, 1.0));
        assert_eq!((&found.modes[0].mean, &found.modes[0].std), (&None, &None));
    }

    #[test]
    fn a_mixture_s_rows_have_its_shares_means_and_widths() {
        let (n, std) = (40_000, 0.05);
        let (means, weights) = (vec![vec![-1.0, 0.0], vec![1.0, 2.0]], vec![1.0, 3.0]);
        let mixture = GaussianMixture::new(means, std, Some(weights)).expect("valid");
        let mut rows = vec![0.0; 2 * n];
        let mut stream = Streams::new(1).at(Purpose::Reference, 0, 0);
        mixture.draw(Part::HeldOut, &mut stream, &mut rows);
        let goals = mixture.modes().expect("known");
        let found = modes(Rows::checked(2, &rows), &goals, MODE_RADIUS).expect("columns");
        // exp(−12.5) beyond the radius: 0.15 rows expected, five or more once in a million.
        assert!(found.share_near_any > 1.0 - 5.0 / n as f64, "{}", found.share_near_any);
        let share_error = (0.25 * 0.75 / n as f64).sqrt();
        assert!(found.largest_share_deviation < 4.0 * share_error + 5.0 / n as f64);
        for (mode, share) in found.modes.iter().zip([0.25, 0.75]) {
            let count = share * n as f64;
            let [mean, spread] = [&mode.mean, &mode.std].map(|axes| axes.as_ref().expect("rows"));
            for ((mean, center), spread) in mean.iter().zip(&mode.center).zip(spread) {
                assert!((mean - center).abs() < 4.0 * std / count.sqrt(), "{mode:?}");
                assert!((spread / std - 1.0).abs() < 4.0 / (2.0 * count).sqrt(), "{mode:?}");
            }
        }
    }

    #[test]
    fn centres_of_another_length_are_refused() {
        let goals = [mode([0.0, 0.0], 1.0, 1.0)];
        let error = modes(Rows::checked(1, &[7.0]), &goals, 5.0).expect_err("columns");
        assert_eq!(error.to_string(), "modes: must have 1 columns, got 2");
    }
}
