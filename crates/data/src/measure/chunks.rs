//! [`Chunks`]: the rows that are compared. A distance between finite samples depends on their sizes, so
//! all sets whose distances stand side by side are cut into chunks of one size.

use super::{
    MeasureError, Resamples, Rows, SampleSet, Space, bootstrap::draw_to_front,
    held_out_distance::HeldOutDistance, rows::spread,
};
use crate::Stream;

/// Largest number of held-out rows that distances are measured to, and so of rows in a chunk.
const CHUNK_ROWS: usize = 1000;

/// Largest number of chunks of a set that are measured.
const CHUNKS: usize = 20;

/// Largest number of rows in all chunks of a set, unless one chunk has more: a second or two of work.
const ROWS: usize = 5000;

/// Number of columns beyond which a set has fewer rows in proportion.
const WIDE: usize = 64;

/// Chunks of a set of rows: for each chunk the numbers of its rows.
pub(super) struct Chunks<'a> {
    set: SampleSet<'a>,
    numbers: Vec<Vec<usize>>,
}

impl<'a> Chunks<'a> {
    /// Cuts disjoint chunks of `rows` rows from the first row on, as many as there are or may be measured.
    pub(super) fn disjoint(
        name: &str,
        set: SampleSet<'a>,
        rows: usize,
    ) -> Result<Self, MeasureError> {
        let available = set.user.count();
        if available < rows {
            let baseline = name.to_owned();
            return Err(MeasureError::FewRows { baseline, required: rows, rows: available });
        }
        let count = (available / rows).min(most(set, rows));
        Ok(Self {
            set,
            numbers: (0..count).map(|i| (i * rows..(i + 1) * rows).collect()).collect(),
        })
    }

    /// Draws random subsets of `rows` rows, each without repetition. Where there are no more rows, the only
    /// chunk is all of them.
    pub(super) fn random(set: SampleSet<'a>, rows: usize, stream: &mut Stream) -> Self {
        let available = set.user.count();
        let mut all: Vec<usize> = (0..available).collect();
        if available <= rows {
            return Self { set, numbers: vec![all] };
        }
        let mut subset = || {
            draw_to_front(&mut all, rows, stream);
            all[..rows].to_vec()
        };
        Self { set, numbers: (0..most(set, rows)).map(|_| subset()).collect() }
    }

    /// The number of chunks.
    pub(super) const fn count(&self) -> usize {
        self.numbers.len()
    }

    /// The number of rows in a chunk.
    pub(super) fn rows(&self) -> usize {
        self.numbers.first().map_or(0, Vec::len)
    }

    /// The mean of every distance over the chunks, for each replicate of both samples:
    /// `[distance][replicate]`.
    pub(super) fn mean_distances(
        &self,
        measure: &dyn HeldOutDistance,
        space: Space,
        replicates: usize,
        stream: &mut Stream,
    ) -> Vec<Vec<f64>> {
        let rows = self.set.in_space(space);
        let mut means: Vec<Vec<f64>> = Vec::new();
        for numbers in &self.numbers {
            let chunk = rows.gather(numbers);
            let resamples = Resamples::draw(numbers.len(), replicates, stream);
            let chunk = Rows::checked(rows.columns(), &chunk);
            let distances = measure.distances(chunk, &resamples);
            means.resize_with(distances.len(), || vec![0.0; replicates + 1]);
            let sums = means.iter_mut().flatten().zip(distances.into_iter().flatten());
            sums.for_each(|(sum, distance)| *sum += distance / self.count() as f64);
        }
        means
    }
}

/// The largest number of chunks of `rows` rows that may be measured.
fn most(set: SampleSet<'_>, rows: usize) -> usize {
    let columns = set.user.columns().max(set.model.columns()).max(WIDE);
    (ROWS * WIDE / (rows * columns)).clamp(1, CHUNKS)
}

/// The numbers of the held-out rows that distances are measured to: all, or evenly spread ones.
pub(super) fn compared(rows: usize) -> Vec<usize> {
    spread(rows, CHUNK_ROWS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Purpose, Streams};

    fn set(values: &[f64]) -> SampleSet<'_> {
        let rows = Rows::checked(1, values);
        SampleSet { user: rows, model: rows }
    }

    #[test]
    fn disjoint_chunks_take_every_row_once_and_leave_the_rest() {
        let values = vec![0.0; 107];
        let chunks = Chunks::disjoint("samples", set(&values), 10).expect("enough");
        assert_eq!((chunks.count(), chunks.rows()), (10, 10));
        assert_eq!(chunks.numbers.concat(), (0..100).collect::<Vec<_>>());
        assert_eq!(Chunks::disjoint("samples", set(&values), 2).expect("enough").count(), CHUNKS);
        assert!(Chunks::disjoint("untrained", set(&values), 108).is_err());
    }

    #[test]
    fn random_subsets_are_even_and_repeat_no_row() {
        let values = vec![0.0; 50];
        let mut times = [0_i32; 50];
        for seed in 0..500 {
            let mut stream = Streams::new(seed).at(Purpose::Reference, 0, 0);
            let chunks = Chunks::random(set(&values), 5, &mut stream);
            assert_eq!(chunks.count(), CHUNKS);
            for mut numbers in chunks.numbers {
                numbers.iter().for_each(|i| times[*i] += 1);
                numbers.sort_unstable();
                numbers.dedup();
                assert_eq!(numbers.len(), 5);
            }
        }
        // 10,000 subsets of a tenth of the rows: each row in 1000 ± 30, at most 4.5 of those off.
        assert!(times.iter().all(|t| (t - 1000).abs() < 135), "{times:?}");
        let mut stream = Streams::new(0).at(Purpose::Reference, 0, 0);
        let all = Chunks::random(set(&values), 51, &mut stream);
        assert_eq!((all.count(), all.rows()), (1, 50));
    }

    #[test]
    fn what_is_spread_reaches_from_end_to_end() {
        assert_eq!(spread(10, 4), [0, 2, 5, 7]);
        assert_eq!(spread(3, 4), [0, 1, 2]);
        assert_eq!(compared(5000).last(), Some(&4995));
    }
}
