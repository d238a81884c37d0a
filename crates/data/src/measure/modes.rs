//! Which of the known modes the samples reach, in what share, and how wide they are there.

use super::{MeasureError, Rows, bootstrap::standard_deviation, rows::squared_distance};
use crate::Mode;

/// How far a row may be from a mode that it counts to, in the mode's standard deviations: farther off
/// is one normal row in 270,000 in the plane, one in 200 with ten columns.
pub const MODE_RADIUS: f64 = 5.0;

/// Where samples are among the modes of their distribution.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Modes {
    /// The share of all rows that is near any mode.
    pub share_near_any: f64,
    /// The largest `|share − expected_share|`.
    pub largest_share_deviation: f64,
    /// Mode by mode.
    pub modes: Vec<ModeFound>,
}

/// One mode, and what samples made of it.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ModeFound {
    /// Its centre, by axis.
    pub center: Vec<f64>,
    /// Its share of the distribution.
    pub expected_share: f64,
    /// Its standard deviation along each axis.
    pub expected_std: f64,
    /// The share of all rows that is near it.
    pub share: f64,
    /// Mean by axis of the rows near it; none without rows.
    pub mean: Option<Vec<f64>>,
    /// Standard deviation by axis of the rows near it; none of fewer than two rows.
    pub std: Option<Vec<f64>>,
}

/// Counts rows by mode.
///
/// A row is near a mode where `|x − center| ≤ radius · std`, and counts to the one with the smallest
/// `|x − center| / std`. Shares are of all rows, so that what is near no mode is missing somewhere.
///
/// # Shapes
/// Rows of as many columns as the modes' centres have numbers, in the unit of the centres.
///
/// # Errors
/// Centres of other lengths.
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

/// A statistic of every axis, of at least so many rows.
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
