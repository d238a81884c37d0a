//! Finest spread of a column: the standard deviation of its narrowest mode, as far as training rows show
//! it.

use langevin_data::{Dataset, Part, Purpose, Streams};

use super::column_index;

/// Most training rows that are looked at.
const ROWS: usize = 10_000;

/// Most numbers that are looked at, which makes the rows fewer where they are wide.
const NUMBERS: usize = 1 << 22;

/// Fewest values of a column that tell a spread.
const FEWEST: usize = 200;

/// Fewest values of an interval: the width of one that holds k of many values is off by about 1/√k.
const FEWEST_INSIDE: usize = 100;

/// Share of the values that an interval holds.
const SHARE: f64 = 0.1;

/// Share of the rows from which on a value that repeats is an atom.
const ATOM: f64 = 0.01;

/// Finest spread of the column that a feature stands for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spread {
    pub(super) feature: usize,
    /// In the model's space, where the noise is added.
    pub(super) size: f64,
    /// In the column's units; `None` where restoring shows no difference.
    pub(super) in_units: Option<f64>,
}

/// Finest spread by feature: exact where the data states its modes, else from up to 10,000 training rows.
///
/// It is the width of the shortest interval that holds a tenth of a column's values, and at least 100,
/// over that of the same interval of N(0, 1); for a normal column its standard deviation. Atoms, which
/// are values held by a hundredth of the rows or more (zeros, whole numbers, codes), are left out of it,
/// since no noise is too large for what has no spread. So are columns with fewer than 200 other values.
pub(super) fn finest_spread(data: &dyn Dataset) -> Vec<Spread> {
    let features = data.features();
    if let Some(modes) = data.modes() {
        let narrow = modes.iter().filter(|mode| mode.std > 0.0 && mode.center.len() == features);
        let Some(mode) = narrow.min_by(|one, other| one.std.total_cmp(&other.std)) else {
            return Vec::new();
        };
        let spread = |feature| Spread {
            feature,
            size: mode.std,
            in_units: in_units(data, &mode.center, feature, mode.center[feature], mode.std),
        };
        return (0..features).map(spread).collect();
    }
    let rows = training_rows(data);
    let of_feature = |feature: usize| {
        let mut values: Vec<_> = rows
            .iter()
            .skip(feature)
            .step_by(features)
            .copied()
            .filter(|x| x.is_finite())
            .collect();
        let (low, size) = narrowest(&mut values)?;
        let row = rows.get(..features)?;
        Some(Spread { feature, size, in_units: in_units(data, row, feature, low, size) })
    };
    (0..features).filter_map(of_feature).collect()
}

/// Up to [`ROWS`] training rows: all of a table that has no more and whose rows weigh alike, else drawn ones, the same for every
/// seed.
fn training_rows(data: &dyn Dataset) -> Vec<f64> {
    let features = data.features().max(1);
    let most = ROWS.min(NUMBERS / features).max(1);
    let is_even = data.representatives(Part::Training).is_none();
    if let Some(count) = data.len(Part::Training).filter(|count| is_even && *count <= most) {
        let mut rows = vec![0.0; count * features];
        for (index, row) in rows.chunks_exact_mut(features).enumerate() {
            data.row(Part::Training, index, row);
        }
        return rows;
    }
    let mut rows = vec![0.0; most * features];
    data.draw(Part::Training, &mut Streams::new(0).at(Purpose::Survey, 0, 0), &mut rows);
    rows
}

/// The least value of the shortest interval, and the spread that it shows.
fn narrowest(values: &mut [f64]) -> Option<(f64, f64)> {
    values.sort_unstable_by(f64::total_cmp);
    let atom = ((ATOM * values.len() as f64).ceil() as usize).max(3);
    let spread: Vec<f64> = values
        .chunk_by(|one, other| one == other)
        .filter(|same| same.len() < atom)
        .flatten()
        .copied()
        .collect();
    if spread.len() < FEWEST {
        return None;
    }
    let inside = ((SHARE * spread.len() as f64).round() as usize).max(FEWEST_INSIDE);
    let widths = spread.windows(inside).map(|window| (window[0], window[inside - 1] - window[0]));
    let (low, width) = widths.min_by(|one, other| one.1.total_cmp(&other.1))?;
    // The intervals between `inside` values hold one less of them.
    let share = (inside - 1) as f64 / spread.len() as f64;
    (width > 0.0).then(|| (low, width / (2.0 * normal_half_width(share))))
}

/// The z for which [−z, z] holds `share`, at most a half, of N(0, 1), by Newton's method from the density
/// at 0: `f(z) = 2 φ(0) (z − z³/6 + z⁵/40 − z⁷/336 + z⁹/3456 − …)`.
fn normal_half_width(share: f64) -> f64 {
    let density = 2.0 / std::f64::consts::TAU.sqrt();
    let mut z = share / density;
    for _ in 0..20 {
        let square = z * z;
        let terms = [1.0, -1.0 / 6.0, 1.0 / 40.0, -1.0 / 336.0, 1.0 / 3456.0, -1.0 / 42_240.0];
        let series = terms.iter().rev().fold(0.0, |sum, term| sum * square + term);
        z -= (density * z * series - share) / (density * (-square / 2.0).exp());
    }
    z
}

/// How far `size` from `low` on reaches in the units of the column that a feature stands for, all other
/// features as in `row`.
fn in_units(data: &dyn Dataset, row: &[f64], feature: usize, low: f64, size: f64) -> Option<f64> {
    let column = column_index(data, feature)?;
    let at = |value| {
        let mut row = row.to_vec();
        *row.get_mut(feature)? = value;
        let mut restored = Vec::new();
        data.restore(&row, &mut restored);
        restored.get(column).copied()
    };
    let reach = (at(low + size)? - at(low)?).abs();
    (reach > 0.0 && reach.is_finite()).then_some(reach)
}

#[cfg(test)]
mod tests {
    use langevin_data::{SwissRoll, TwoMoons};

    use super::*;

    #[test]
    fn a_normal_interval_s_half_width_is_known() {
        // Φ⁻¹(0.55) and Φ⁻¹(0.75). The series' next term, z¹³/599040, is 1e-8 at z = 0.67.
        assert!((normal_half_width(0.1) - 0.125_661_346_855_074).abs() < 1e-12);
        assert!((normal_half_width(0.5) - 0.674_489_750_196_082).abs() < 1e-7);
    }

    /// Normal quantiles, `count` of them, times `std`.
    fn normals(count: usize, std: f64) -> Vec<f64> {
        let mut values = vec![0.0; count];
        Streams::new(1).at(Purpose::Noise, 0, 0).fill_normal(&mut values);
        values.iter().map(|z| std * z).collect()
    }

    #[test]
    fn the_narrowest_mode_is_seen_and_atoms_are_not() {
        let size = |mut values: Vec<f64>| narrowest(&mut values).map(|(_, size)| size);
        // The width of an interval of k = 1000 values is off by 1/√k = 3 %; the shortest of many is
        // shorter by a few of these. Of 100 values it is 10 %.
        let near = |size: Option<f64>, want: f64, below: f64| {
            let size = size.expect("a spread");
            assert!((1.0 - below) * want < size && size < 1.05 * want, "{size} for {want}");
        };
        near(size(normals(10_000, 3.0)), 3.0, 0.15);
        near(size(normals(300, 3.0)), 3.0, 0.35);
        // Half the rows in a mode of 0.01, of which the interval holds a fifth: Φ⁻¹(0.6) = 0.2533 for
        // 0.1257 makes it twice its width.
        let mixed = [normals(5000, 0.01), normals(5000, 1.0)].concat();
        near(size(mixed), 0.02, 0.15);
        let zeros = [vec![0.0; 9000], normals(1000, 1.0)].concat();
        near(size(zeros), 1.0, 0.35);
        let whole: Vec<_> = (0..10_000).map(|i| f64::from(i % 20)).collect();
        assert_eq!(size(whole), None);
        assert_eq!(size(vec![7.0; 10_000]), None);
        assert_eq!(size(normals(199, 1.0)), None);
    }

    #[test]
    fn data_without_modes_shows_its_columns_spread_by_its_rows() {
        let moons = finest_spread(&TwoMoons::new(0.05).expect("valid"));
        let roll = finest_spread(&SwissRoll::new(0.5).expect("valid"));
        for spread in moons.iter().chain(&roll) {
            assert!(spread.size > 0.05, "{spread:?}");
            let units = spread.in_units.expect("the same");
            assert!((units / spread.size - 1.0).abs() < 1e-9, "{spread:?}");
        }
    }
}
