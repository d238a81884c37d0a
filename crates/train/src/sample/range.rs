//! The range of the clean rows, within which an estimate of them is kept.

use langevin_data::{Dataset, Part};

use crate::problem::moments::{DataMoments, for_each_drawn};

/// What the range leaves beyond its ends, as a share of the spread of all features: the root of their mean
/// variance. A network is off by about as much in each feature; where many rows lie at an end, as the black
/// of images, an estimate that is never beyond it is off to one side, and shifts the samples.
const MARGIN: f64 = 0.5;

/// Number of a feature's outermost values at either end. Unseen rows lie beyond the last one by about as
/// much as that lies beyond the first of these, or less.
const OUTERMOST: usize = 10;

/// The least and the most of each feature that its clean rows may have: those of the training rows, or of 10,000
/// drawn rows where data have no end, each moved outwards by the distance of the ten outermost values and by
/// half the spread of all features.
pub(crate) fn range_of(data: &dyn Dataset) -> Vec<[f64; 2]> {
    if let Some(kept) = data.kept_rows() {
        return kept.ranges.clone();
    }
    let features = data.features();
    let mut seen = vec![Outermost::default(); features];
    let mut see = |row: &[f64]| seen.iter_mut().zip(row).for_each(|(seen, x)| seen.see(*x));
    if let Some(rows) = data.len(Part::Training) {
        let mut row = vec![0.0; features];
        for index in 0..rows {
            data.row(Part::Training, index, &mut row);
            see(&row);
        }
    } else {
        for_each_drawn(data, see);
    }
    let variance = DataMoments::of(data).variance;
    let spread = (variance.iter().sum::<f64>() / features.max(1) as f64).sqrt();
    let margin = MARGIN * spread;
    seen.iter().map(Outermost::range).map(|[least, most]| [least - margin, most + margin]).collect()
}

/// The outermost values of a feature.
#[derive(Debug, Clone, Default)]
struct Outermost {
    /// The least values, negated, and the most, each the largest first.
    ends: [Vec<f64>; 2],
}

impl Outermost {
    fn see(&mut self, x: f64) {
        for (end, x) in self.ends.iter_mut().zip([-x, x]) {
            if end.len() == OUTERMOST && end[OUTERMOST - 1] >= x {
                continue;
            }
            let place = end.partition_point(|other| *other >= x);
            end.truncate(OUTERMOST - 1);
            end.insert(place, x);
        }
    }

    fn range(&self) -> [f64; 2] {
        let [least, most] = self.ends.each_ref().map(|end| match (end.first(), end.last()) {
            (Some(outermost), Some(last)) => outermost + (outermost - last),
            _ => f64::NAN,
        });
        [-least, most]
    }
}

#[cfg(test)]
mod tests {
    use langevin_data::{Gaussian, Stream};

    use super::*;

    /// A column of numbers.
    struct Table(Vec<f64>);

    impl Dataset for Table {
        fn features(&self) -> usize {
            1
        }
        fn words_per_row(&self) -> u64 {
            1
        }
        fn draw(&self, _part: Part, _stream: &mut Stream, rows: &mut [f64]) {
            rows.fill(f64::NAN);
        }
        fn len(&self, part: Part) -> Option<usize> {
            Some(if part == Part::Training { self.0.len() } else { 0 })
        }
        fn row(&self, _part: Part, index: usize, out: &mut [f64]) {
            out[0] = self.0[index];
        }
        fn mean(&self) -> Option<Vec<f64>> {
            Some(vec![self.0.iter().sum::<f64>() / self.0.len() as f64])
        }
        fn variance(&self) -> Option<Vec<f64>> {
            let mean = self.mean()?[0];
            Some(vec![self.0.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / self.0.len() as f64])
        }
    }

    #[test]
    fn the_range_goes_beyond_all_rows_by_the_reach_of_the_ten_outermost_and_half_the_spread() {
        let near = |values: Vec<f64>, want: [f64; 2], std: f64| {
            let [least, most] = range_of(&Table(values))[0];
            let off = [least - (want[0] - 0.5 * std), most - (want[1] + 0.5 * std)];
            assert!(off.iter().all(|off| off.abs() < 1e-9), "{least} {most}");
        };
        // 0, 1, 4, …, 99²: the ten outermost reach from 0 to 81, and from 90² to 99². Their mean square is
        // 19,500,333.3…, their mean 3283.5.
        let squares: Vec<f64> = (0..100).map(|i| f64::from((i * 37 % 100_i32).pow(2))).collect();
        let mean = |power: i32| (0..100).map(|i| f64::from(i * i).powi(power)).sum::<f64>() / 100.0;
        let std = (mean(2) - mean(1).powi(2)).sqrt();
        near(squares, [-81.0, 9801.0 + (9801.0 - 8100.0)], std);
        near(vec![3.0; 50], [3.0, 3.0], 0.0);
        near(vec![2.0, 5.0], [-1.0, 8.0], 1.5);
    }

    #[test]
    fn a_distribution_s_range_holds_all_but_its_rarest_rows() {
        let data = Gaussian::new(vec![1.0, -2.0], 0.01).expect("valid");
        for ([least, most], mean) in range_of(&data).into_iter().zip([1.0, -2.0]) {
            // Of 10,000 normal numbers the largest lies from 3.3 to 5.3 but for one draw in a thousand, and the
            // tenth, near 3.1, from 0.1 to 2.2 below it; half the spread is 0.005.
            for reach in [mean - least, most - mean] {
                assert!((0.039..0.080).contains(&reach), "{least} {most}");
            }
        }
    }
}
