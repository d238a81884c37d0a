//! [`Weights`]: what the rows of a table weigh, and how they are drawn by it.

use super::Place;
use crate::{Purpose, Stream, Streams};

/// Share of all weight that may lie beyond the unit of [`Weights::representatives`], in rows that are heavier: they are
/// among them more than once.
const BEYOND: f64 = 0.002;

/// There are at least the [effective rows](Weights::effective_rows) over this.
const FEWER: f64 = 4.0;

/// A lighter row counts as this part of a mean one, so that all have a place of their own among the ranks in 64 bits.
const LEAST: f64 = 1e-6;

/// Reason why a column cannot weigh rows.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum WeightError {
    /// A cell is no weight.
    #[error(
        "{file}, {place}: data.weight: column `{column}` must hold a number of 0 or more in each row, as often as it is drawn, got {text}"
    )]
    Value {
        /// The file.
        file: String,
        /// Where its row stands.
        place: Place,
        /// The column's name.
        column: String,
        /// The text.
        text: String,
    },
    /// No row weighs anything.
    #[error(
        "{file}: data.weight: column `{column}` is 0 in every row that is complete, and must be above 0 in some"
    )]
    Nothing {
        /// The file.
        file: String,
        /// The column's name.
        column: String,
    },
    /// The column is said to hold something else than numbers.
    #[error(
        "{file}: data.weight: column `{column}` must be one of numbers, and data.columns says another kind"
    )]
    Kind {
        /// The file.
        file: String,
        /// The column's name.
        column: String,
    },
    /// The column is told too.
    #[error(
        "{file}: data.weight: column `{column}` must not be told too, by data.condition.columns"
    )]
    Told {
        /// The file.
        file: String,
        /// The column's name.
        column: String,
    },
    /// The rows are windows of a series.
    #[error(
        "data.weight: must be left out where rows are windows of a series, which have no weight of their own"
    )]
    Windows,
}

/// What the rows of a table weigh, in each of its parts.
#[derive(Clone, Debug)]
pub(super) struct Weights {
    held_out: Part,
    training: Part,
}

/// What the rows of a part weigh: 1 on average.
#[derive(Clone, Debug)]
struct Part {
    weights: Vec<f64>,
    chances: Chances,
    representatives: Vec<usize>,
}

impl Weights {
    /// Rows of these weights, above 0 and finite, the first of which are held out.
    pub fn new(mut of_rows: Vec<f64>, held_out: usize) -> Self {
        let training = of_rows.split_off(held_out);
        Self { held_out: Part::new(of_rows), training: Part::new(training) }
    }

    fn part(&self, is_held_out: bool) -> &Part {
        if is_held_out { &self.held_out } else { &self.training }
    }

    /// What each training row weighs.
    pub fn of_training(&self) -> &[f64] {
        &self.training.weights
    }

    /// The index within its part of a row that one word draws.
    pub fn draw(&self, is_held_out: bool, stream: &mut Stream) -> usize {
        self.part(is_held_out).chances.draw(stream)
    }

    /// The number of training rows of one weight whose means would be as precise: `(Σ w)² / Σ w²`.
    ///
    /// Source: Kish 1965, "Survey Sampling".
    pub fn effective_rows(&self) -> f64 {
        effective_rows(&self.training.weights)
    }

    /// Indices within a part of rows that stand for it where each counts as much, ascending: a row is among them as often as its weight
    /// has units, rounded up or down. Rows lighter than a unit are by a chance in proportion, and hardly any row is twice.
    pub fn representatives(&self, is_held_out: bool) -> &[usize] {
        &self.part(is_held_out).representatives
    }
}

impl Part {
    fn new(mut weights: Vec<f64>) -> Self {
        let mean = |weights: &[f64]| weights.iter().sum::<f64>() / weights.len() as f64;
        // Sums of large weights are finite so.
        let largest = weights.iter().copied().fold(0.0, f64::max);
        weights.iter_mut().for_each(|weight| *weight /= largest);
        let all = mean(&weights);
        weights.iter_mut().for_each(|weight| *weight = (*weight / all).max(LEAST));
        let all = mean(&weights);
        weights.iter_mut().for_each(|weight| *weight /= all);
        let (chances, representatives) = (Chances::new(&weights), representatives(&weights));
        Self { weights, chances, representatives }
    }
}

fn effective_rows(weights: &[f64]) -> f64 {
    let squares: f64 = weights.iter().map(|weight| weight * weight).sum();
    weights.iter().sum::<f64>().powi(2) / squares
}

/// Indices of rows that stand for rows of these weights.
///
/// They are those at which the running sum of the weights passes a whole number of units, along a random order of the rows, the same
/// for every table: along that of the file they could have the file's own period.
fn representatives(weights: &[f64]) -> Vec<usize> {
    let all: f64 = weights.iter().sum();
    let most = (FEWER / effective_rows(weights)).min(1.0);
    let unit = light_unit(weights).min(most * all);
    let mut order: Vec<usize> = (0..weights.len()).collect();
    let mut stream = Streams::new(0).at(Purpose::Survey, 1, 0);
    for end in (1..order.len()).rev() {
        order.swap(end, stream.below(end as u64 + 1) as usize);
    }
    let mut sum = 0.5;
    let mut chosen = Vec::new();
    for index in order {
        let before = f64::floor(sum);
        sum += weights[index] / unit;
        chosen.extend(std::iter::repeat_n(index, (sum.floor() - before) as usize));
    }
    chosen.sort_unstable();
    chosen
}

/// The least unit beyond which the weights have a share of [`BEYOND`] at most.
fn light_unit(weights: &[f64]) -> f64 {
    let mut heaviest = weights.to_vec();
    heaviest.sort_unstable_by(|a, b| b.total_cmp(a));
    let most = BEYOND * heaviest.iter().sum::<f64>();
    let (mut sum, mut unit) = (0.0, f64::MIN_POSITIVE);
    for (count, weight) in heaviest.iter().enumerate() {
        if sum - count as f64 * weight > most {
            break;
        }
        (sum, unit) = (sum + weight, *weight);
    }
    unit
}

/// Chances of rows, by which one word draws one of them: a place of an even choice of all, and there its own row or the
/// one that shares it.
///
/// Source: Vose 1991, "A linear algorithm for generating random numbers with a given distribution".
#[derive(Clone, Debug)]
struct Chances {
    /// Part of each place that belongs to its own row, and the row that has the rest.
    places: Vec<(f64, u32)>,
}

impl Chances {
    fn new(weights: &[f64]) -> Self {
        let scale = weights.len() as f64 / weights.iter().sum::<f64>();
        let place = |(row, weight): (usize, &f64)| (weight * scale, row as u32);
        let mut places: Vec<_> = weights.iter().enumerate().map(place).collect();
        let (mut light, mut heavy): (Vec<_>, Vec<_>) =
            (0..places.len()).partition(|place| places[*place].0 < 1.0);
        while let (Some(low), Some(high)) = (light.pop(), heavy.last().copied()) {
            places[low].1 = high as u32;
            places[high].0 -= 1.0 - places[low].0;
            if places[high].0 < 1.0 {
                heavy.pop();
                light.push(high);
            }
        }
        Self { places }
    }

    fn draw(&self, stream: &mut Stream) -> usize {
        let product = u128::from(stream.next_word()) * self.places.len() as u128;
        let (place, rest) = ((product >> 64) as usize, product as u64);
        match self.places.get(place) {
            Some((own, other)) if rest as f64 * 0.5_f64.powi(64) >= *own => *other as usize,
            _ => place,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Purpose, Streams};

    /// Heavy and light weights, one in a thousand of them far heavier than all others.
    fn heavy(count: usize) -> Vec<f64> {
        let mut normals = vec![0.0; count];
        Streams::new(2).at(Purpose::Data, 0, 0).fill_normal(&mut normals);
        normals.iter().enumerate().map(|(i, z)| z.exp() + 99.0 * f64::from(i % 1000 == 7)).collect()
    }

    #[test]
    fn rows_are_drawn_as_often_as_they_weigh() {
        let weights = [3.0, 0.5, 0.0, 1.25, 0.25, 5.0];
        let chances = Chances::new(&weights);
        let mut counts = [0.0; 6];
        let mut stream = Streams::new(1).at(Purpose::Noise, 0, 0);
        for draw in 1..=100_000_u64 {
            counts[chances.draw(&mut stream)] += 1.0;
            assert_eq!(stream.position(), draw, "one word a row");
        }
        let away = |(count, weight): (&f64, &f64)| match weight * 10_000.0 {
            0.0 => *count,
            expected => (count - expected).powi(2) / expected,
        };
        // Pearson's statistic of 4 degrees of freedom: 18.5 in one case of a thousand.
        let statistic: f64 = counts.iter().zip(&weights).map(away).sum();
        assert!(statistic < 18.5, "{counts:?}");
    }

    #[test]
    fn every_place_of_the_chances_adds_up_to_its_row() {
        let weights = heavy(5000);
        let chances = Chances::new(&weights);
        let mut own = vec![0.0; weights.len()];
        for (place, (part, other)) in chances.places.iter().enumerate() {
            let part = part.min(1.0);
            assert!(part >= 0.0, "{part}");
            own[place] += part;
            own[*other as usize] += 1.0 - part;
        }
        let mean = weights.iter().sum::<f64>() / 5000.0;
        for (weight, share) in weights.iter().zip(own) {
            assert!((weight / mean - share).abs() < 1e-9 * (1.0 + share), "{weight} {share}");
        }
    }

    #[test]
    fn representatives_are_in_proportion_to_what_rows_weigh() {
        // Of rows that weigh 1, 2 and 4, a quarter, half and all.
        let weights = Weights::new((0..900).map(|i| [1.0, 2.0, 4.0][i % 3]).collect(), 300);
        for (is_held_out, rows) in [(true, 300), (false, 600)] {
            let kept = weights.representatives(is_held_out);
            let of_kind = |kind| kept.iter().filter(|row| **row % 3 == kind).count() as f64;
            let third = f64::from(rows) / 3.0;
            for (kind, share) in [(0, 0.25), (1, 0.5), (2, 1.0)] {
                // Of a quarter of 100 rows the standard error is 4, at most: a systematic choice has less.
                assert!((of_kind(kind) - share * third).abs() < 12.0, "{kind}: {kept:?}");
            }
        }
        // (7/3)² / (21/3) of all.
        assert!((weights.effective_rows() - 600.0 * 7.0 / 9.0).abs() < 1e-9);
        // Training rows weigh 1 on average, and even weights keep all.
        let mean = weights.of_training().iter().sum::<f64>() / 600.0;
        assert!((mean - 1.0).abs() < 1e-12, "{mean}");
        assert_eq!(Weights::new(vec![0.3; 10], 4).representatives(false), [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn a_few_rows_that_are_far_heavier_come_more_than_once_and_leave_the_others_there() {
        let weights = Weights::new(heavy(5000), 0);
        let kept = weights.representatives(false);
        let effective = weights.effective_rows();
        assert!(kept.len() as f64 > 0.95 * effective / FEWER, "{} {effective}", kept.len());
        let unit = 5000.0 / kept.len() as f64;
        for (row, weight) in weights.of_training().iter().enumerate() {
            let times = kept.iter().filter(|own| **own == row).count() as f64;
            assert!((times - weight / unit).abs() < 1.01, "{row}: {times}, not {}", weight / unit);
        }
        // Without them hardly any row comes twice.
        let even =
            Weights::new(heavy(5000).into_iter().filter(|weight| *weight < 90.0).collect(), 0);
        let kept = even.representatives(false);
        let twice = kept.windows(2).filter(|pair| pair[0] == pair[1]).count() as f64;
        assert!(twice < 0.02 * kept.len() as f64 && kept.len() > 400, "{twice} {}", kept.len());
    }

    #[test]
    fn weights_of_any_size_are_drawn_by_whatever_those_of_the_other_part_are() {
        for scale in [1e300, 1e-300] {
            let held_out = vec![1e300, 3e300, 1e-320];
            let training = [scale, 3.0 * scale, 1e-20 * scale];
            let weights = Weights::new([held_out, training.to_vec()].concat(), 3);
            for is_held_out in [true, false] {
                let own = &weights.part(is_held_out).weights;
                for (weight, expected) in own.iter().zip([0.75, 2.25, LEAST]) {
                    assert!((weight - expected).abs() < 2e-6, "{weight} {expected}");
                }
                assert!(!weights.representatives(is_held_out).is_empty());
            }
        }
        // One row that has nearly all, and a part without rows.
        let one = Weights::new([vec![1e9], vec![1.0; 99]].concat(), 0);
        assert!(one.representatives(false).contains(&0) && one.representatives(true).is_empty());
    }

    #[test]
    fn representatives_do_not_follow_the_order_of_the_file() {
        // Two classes in turns, each as heavy, and in every fifty rows one of each that weighs twice as much.
        let weights = (0..5000).map(|i| if i % 50 < 2 { 2.0 } else { 1.0 }).collect();
        let weights = Weights::new(weights, 0);
        let kept = weights.representatives(false);
        let even = kept.iter().filter(|row| row.is_multiple_of(2)).count() as f64;
        let share = even / kept.len() as f64;
        assert!((share - 0.5).abs() < 0.04 && kept.len() > 2000, "{share} of {}", kept.len());
    }
}
