//! Energy distances of the halves of many splits, as sums over one matrix of distances.
//!
//! With signs `z` of a split into halves of n rows and distances `D` of the pooled rows, the energy distance is
//! `E = 2 E|X − Y| − E|X − X'| − E|Y − Y'| = −zᵀ D z / n²`. Over all splits its mean is `2/n` times the mean
//! distance of two pooled rows: what perfect samples have, the floor.
//!
//! Source: Székely & Rizzo 2013, Energy statistics.

use rayon::prelude::*;

use super::{
    ranks::{Ranked, Scale},
    splits::Splits,
};

/// Rows of distances that one thread makes at a time.
const ROWS_AT_ONCE: usize = 8;

/// Energy distances of the splits, the observed one first.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SplitEnergies {
    /// Energy distance of the halves of each split.
    pub(super) values: Vec<f64>,
    /// Mean over all splits that there are.
    pub(super) floor: f64,
}

impl SplitEnergies {
    /// Energy distances in the space of some columns' ranks.
    ///
    /// Distances are rounded to 1/32767 of the largest possible one, so that sums are exact in whole numbers, and
    /// no order of the threads changes a bit. Rounding moves an energy distance by some 1e-5 of its floor.
    pub(super) fn of(ranks: &[Ranked<'_>], splits: &Splits) -> Self {
        let rows = 2 * splits.half();
        let scale = f32::from(i16::MAX) / (ranks.len().max(1) as f32).sqrt();
        let starts: Vec<usize> = (0..rows).step_by(ROWS_AT_ONCE).collect();
        let zero = || (vec![0_i64; splits.count()], 0_i64);
        let (sums, all) = starts
            .par_iter()
            .map(|start| block(ranks, *start, rows, scale, splits))
            .reduce(zero, |(mut sums, all), (others, more)| {
                sums.iter_mut().zip(others).for_each(|(sum, other)| *sum += other);
                (sums, all + more)
            });
        let (half, scale) = (splits.half() as f64, f64::from(scale));
        // Each pair is in a sum once and counts twice.
        let energy = |sum: i64| (-2.0 * sum as f64 / (scale * half * half)).max(0.0);
        let mean = all as f64 / (scale * half * (rows as f64 - 1.0));
        Self { values: sums.into_iter().map(energy).collect(), floor: 2.0 * mean / half }
    }

    /// Energy distance of the observed split.
    pub(super) fn observed(&self) -> f64 {
        self.values[0]
    }
}

/// The sums `Σ z_i z_j D_ij` over the rows i of a block and j > i, split by split, and `Σ D_ij`.
///
/// The code is compiled for two instruction sets, and one is chosen at run time. Both give the same bits.
fn block(
    ranks: &[Ranked<'_>],
    start: usize,
    rows: usize,
    scale: f32,
    splits: &Splits,
) -> (Vec<i64>, i64) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        return unsafe { sum_avx2(ranks, start, rows, scale, splits) };
    }
    sum(ranks, start, rows, scale, splits)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn sum_avx2(
    ranks: &[Ranked<'_>],
    start: usize,
    rows: usize,
    scale: f32,
    splits: &Splits,
) -> (Vec<i64>, i64) {
    sum(ranks, start, rows, scale, splits)
}

#[inline(always)]
fn sum(
    ranks: &[Ranked<'_>],
    start: usize,
    rows: usize,
    scale: f32,
    splits: &Splits,
) -> (Vec<i64>, i64) {
    let width = rows - start;
    let mut distances = vec![0_i16; ROWS_AT_ONCE.min(width) * width];
    let mut squares = vec![0.0_f32; width];
    for (i, distances) in distances.chunks_exact_mut(width).enumerate() {
        squares.fill(0.0);
        for Ranked { scale, values } in ranks {
            let own = values[start + i];
            let others = squares.iter_mut().zip(&values[start..]);
            match scale {
                Scale::Ranks => {
                    others.for_each(|(square, other)| *square += (own - other) * (own - other));
                }
                Scale::Classes => {
                    others.for_each(|(square, other)| *square += f32::from(u8::from(own != *other)))
                }
            }
        }
        let later = distances[i + 1..].iter_mut().zip(&squares[i + 1..]);
        // By way of i32, which processors have an instruction for.
        later
            .for_each(|(distance, square)| *distance = (square.sqrt() * scale + 0.5) as i32 as i16);
    }
    let all = distances.iter().map(|distance| i64::from(*distance)).sum();
    let rows: Vec<&[i16]> = distances.chunks_exact(width).collect();
    let (fours, others) = rows.as_chunks::<4>();
    let sum = |signs: &[i16]| {
        let signs = &signs[start..];
        let products = fours.iter().flat_map(|rows| dots(*rows, signs));
        let products = products.chain(others.iter().map(|row| dot(row, signs)));
        products.zip(signs).map(|(dot, sign)| i64::from(dot) * i64::from(*sign)).sum()
    };
    (splits.iter().map(sum).collect(), all)
}

/// The dot products of four rows of distances with the signs. At most 2000 distances below 2^15 cannot overflow; saying
/// so lets the compiler add eight at once.
#[inline(always)]
fn dots(rows: [&[i16]; 4], signs: &[i16]) -> [i32; 4] {
    let [mut a, mut b, mut c, mut d] = [0_i32; 4];
    let add = |sum: i32, distance: i16, sign: i16| {
        sum.wrapping_add(i32::from(distance).wrapping_mul(i32::from(sign)))
    };
    let all = rows[0].iter().zip(rows[1]).zip(rows[2]).zip(rows[3]).zip(signs);
    for ((((x, y), z), w), sign) in all {
        a = add(a, *x, *sign);
        b = add(b, *y, *sign);
        c = add(c, *z, *sign);
        d = add(d, *w, *sign);
    }
    [a, b, c, d]
}

/// The dot product of one row.
#[inline(always)]
fn dot(row: &[i16], signs: &[i16]) -> i32 {
    let product = |(a, b): (&i16, &i16)| i32::from(*a).wrapping_mul(i32::from(*b));
    row.iter().zip(signs).map(product).fold(0, i32::wrapping_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Purpose, Streams,
        measure::{
            Rows, energy_distance,
            verdict::{ranks::Ranks, splits::SPLITS},
        },
    };

    fn normals(count: usize, seed: u64) -> Vec<f64> {
        let mut values = vec![0.0; count];
        Streams::new(seed).at(Purpose::Reference, 0, 0).fill_normal(&mut values);
        values
    }

    #[test]
    fn each_split_has_the_energy_distance_of_its_halves() {
        for columns in [1, 2, 5] {
            let (half, values) = (37, normals(74 * columns, 1));
            let (x, y) = values.split_at(half * columns);
            let all: Vec<usize> = (0..columns).collect();
            let ranks = Ranks::pooled(x, y, &vec![Scale::Ranks; columns], &all);
            let mut stream = Streams::new(2).at(Purpose::Reference, 0, 0);
            let splits = Splits::draw(half, SPLITS, &mut stream);
            let found = SplitEnergies::of(&ranks.columns(), &splits);
            for (found, signs) in found.values.iter().zip(splits.iter()).take(20) {
                let side = |sign: i16| -> Vec<f64> {
                    let own = |i: &usize| signs[*i] == sign;
                    let row = |i| ranks.columns().into_iter().map(move |c| f64::from(c.values[i]));
                    (0..2 * half).filter(own).flat_map(row).collect()
                };
                let (x, y) = (side(1), side(-1));
                let rows = |values| Rows::checked(columns, values);
                let exact = energy_distance(rows(&x), rows(&y)).expect("columns");
                // 74² distances, each rounded by at most √columns / 65534, with signs of either kind: four
                // standard errors of their sum.
                let rounding =
                    4.0 * 74.0 * (columns as f64).sqrt() / 65534.0 / (half * half) as f64;
                assert!((found - exact).abs() < rounding, "{found}, not {exact}");
            }
        }
    }

    #[test]
    fn classes_are_as_far_apart_as_their_one_hot_codes_over_root_2() {
        let half = 50;
        let mut stream = Streams::new(8).at(Purpose::Reference, 0, 0);
        let mut rows = |count: usize| -> Vec<f64> {
            (0..count).flat_map(|_| [stream.uniform(), (stream.uniform() * 3.0).floor()]).collect()
        };
        let (x, y) = (rows(half), rows(half));
        let ranks = Ranks::pooled(&x, &y, &[Scale::Ranks, Scale::Classes], &[0, 1]);
        let found = SplitEnergies::of(&ranks.columns(), &Splits::observed(half)).observed();
        let numbers = ranks.columns()[0].values;
        let coded = |rows: &[f64], first: usize| -> Vec<f64> {
            let row = |(i, row): (usize, &[f64])| {
                let own = |class: f64| f64::from(u8::from(row[1] == class)) / 2.0_f64.sqrt();
                [f64::from(numbers[first + i]), own(0.0), own(1.0), own(2.0)]
            };
            rows.chunks(2).enumerate().flat_map(row).collect()
        };
        let (x, y) = (coded(&x, 0), coded(&y, half));
        let rows = |values| Rows::checked(4, values);
        let exact = energy_distance(rows(&x), rows(&y)).expect("columns");
        assert!((found - exact).abs() < 1e-5, "{found}, not {exact}");
    }

    #[test]
    fn the_floor_is_the_mean_over_splits() {
        let values = normals(2 * 60 * 2, 3);
        let (x, y) = values.split_at(120);
        let ranks = Ranks::pooled(x, y, &[Scale::Ranks; 2], &[0, 1]);
        let mut stream = Streams::new(4).at(Purpose::Reference, 0, 0);
        let found = SplitEnergies::of(&ranks.columns(), &Splits::draw(60, SPLITS, &mut stream));
        let count = found.values.len() as f64;
        let mean = found.values.iter().sum::<f64>() / count;
        let square = found.values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / count;
        assert!((mean - found.floor).abs() < 4.0 * (square / count).sqrt(), "{mean} {found:?}");
        assert!(square.sqrt() < found.floor, "the test decides nothing: {square}");
    }

    #[test]
    fn equal_halves_are_no_distance_apart_and_threads_change_no_bit() {
        let values = normals(300, 5);
        let ranks = Ranks::pooled(&values, &values, &[Scale::Ranks; 3], &[0, 1, 2]);
        let splits = Splits::draw(100, SPLITS, &mut Streams::new(6).at(Purpose::Reference, 0, 0));
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.expect("threads").install(|| SplitEnergies::of(&ranks.columns(), &splits))
        };
        assert_eq!(on(1).observed(), 0.0);
        assert_eq!(on(1), on(3));
        let constant = Ranks::pooled(&[2.0; 10], &[2.0; 10], &[Scale::Ranks], &[0]);
        let found = SplitEnergies::of(&constant.columns(), &Splits::observed(10));
        assert_eq!((found.observed(), found.floor), (0.0, 0.0));
    }
}
