//! One column of samples and held-out rows, pooled and sorted, and its raw measures for a split.

use super::ranks::{Scale, sortable, sorted_groups};

/// Largest number of distinct values of a column in which single values are compared.
const FEW: usize = 20;

/// Number of parts, equally many rows in each, whose ends are the ends of intervals.
const PARTS: usize = 40;

/// Part of a column in which the shares of samples and held-out rows differ most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Part {
    /// Values up to one.
    UpTo(f64),
    /// One value.
    Value(f64),
    /// Values from one to another.
    Interval(f64, f64),
    /// The place of all values.
    Place,
    /// The spread of all values.
    Spread,
}

/// Part of a column, and the numbers of groups of equal values before its begin and its end.
pub(super) type Place = (Part, [usize; 2]);

/// A column of both halves, sorted.
pub(super) struct PooledColumn {
    scale: Scale,
    values: Vec<f64>,
    order: Vec<u32>,
    /// Where each group of equal values ends.
    ends: Vec<usize>,
    /// Places among the ends of groups where intervals begin and end; the first is before all values.
    knots: Vec<usize>,
    /// Half the inverse variance of an interval's difference of counts, and the logarithm of its share of all rows, at
    /// least that of one part, by its number of rows.
    intervals: Vec<[f64; 2]>,
    /// `rank − ½` and its square, in the order of the values.
    moments: Vec<[f64; 2]>,
}

impl PooledColumn {
    /// Sorts the values of both halves.
    pub(super) fn new(values: Vec<f64>, scale: Scale) -> Self {
        let (order, ends) = sorted_groups(&values);
        let rows = values.len();
        let mut knots = vec![0];
        let part = |end: usize| end * PARTS / rows;
        for (i, end) in ends.iter().enumerate() {
            // The last group's end in each part; where groups are few, every one's.
            let next = ends.get(i + 1).map_or(PARTS + 1, |next| part(*next));
            if ends.len() <= PARTS || part(*end) < next {
                knots.push(i + 1);
            }
        }
        let parts = if scale == Scale::Classes { ends.len() } else { knots.len() - 1 };
        let narrowest = 1.0 / parts as f64;
        let interval = |inside: usize| {
            let (inside, rows) = (inside as f64, rows as f64);
            let variance = inside * (rows - inside) / (rows - 1.0);
            let log_share = (inside / rows).max(narrowest).ln();
            if variance > 0.0 { [0.5 / variance, log_share] } else { [0.0; 2] }
        };
        let mut moments = vec![[0.0; 2]; rows];
        let mut start = 0;
        for end in &ends {
            let rank = (start + end) as f64 / (2 * rows) as f64;
            moments[start..*end].fill([rank - 0.5, (rank - 0.5).powi(2)]);
            start = *end;
        }
        let intervals = (0..=rows).map(interval).collect();
        Self { scale, values, order, ends, knots, intervals, moments }
    }

    /// Number of rows up to the end of a group; of none before the first.
    fn rows_to(&self, group: usize) -> usize {
        group.checked_sub(1).map_or(0, |i| self.ends[i])
    }

    fn value(&self, place: usize) -> f64 {
        sortable(self.values[self.order[place] as usize])
    }

    /// Whether single values are compared.
    pub(super) fn has_few_values(&self) -> bool {
        self.scale == Scale::Classes || self.ends.len() <= FEW
    }

    /// Whether the values have an order, and so a place and a spread.
    pub(super) fn has_order(&self) -> bool {
        self.scale == Scale::Ranks
    }

    /// Counts for each group of equal values, and one before them.
    pub(super) fn no_counts(&self) -> Vec<i32> {
        vec![0; self.ends.len() + 1]
    }

    /// Standard deviations of the differences that [`count`](Self::count) gives, over all splits.
    pub(super) fn moment_stds(&self) -> [f64; 2] {
        let rows = self.moments.len() as f64;
        [0, 1].map(|k| {
            let mean = self.moments.iter().map(|moments| moments[k]).sum::<f64>() / rows;
            let square =
                self.moments.iter().map(|moments| (moments[k] - mean).powi(2)).sum::<f64>();
            (square * rows / (rows - 1.0)).sqrt()
        })
    }

    /// Means of `rank − ½`, or of its square, of both halves, from the difference of their sums.
    pub(super) fn means(&self, power: usize, difference: f64) -> [f64; 2] {
        let sum = self.moments.iter().map(|moments| moments[power]).sum::<f64>();
        let rows = self.moments.len() as f64;
        [(sum + difference) / rows, (sum - difference) / rows]
    }

    /// Part of the column between two groups, and the shares of both halves there.
    pub(super) fn found(&self, (part, [from, to]): Place, counts: &[i32]) -> (Part, [f64; 2]) {
        let rows = (self.rows_to(to) - self.rows_to(from)) as f64;
        let (more, all) = (f64::from(counts[to] - counts[from]), self.values.len() as f64);
        (part, [(rows + more) / all, (rows - more) / all])
    }

    /// Fills in how many more rows of the first half than of the second there are up to each group's end; gives the
    /// differences of the sums of `rank − ½` and of its square.
    pub(super) fn count(&self, signs: &[i16], counts: &mut [i32]) -> [f64; 2] {
        let (mut start, mut more, mut sums) = (0, 0, [0.0; 2]);
        for (count, end) in counts.iter_mut().skip(1).zip(&self.ends) {
            let own = &self.order[start..*end];
            let here: i32 = own.iter().map(|i| i32::from(signs[*i as usize])).sum();
            let own = self.moments[start];
            sums.iter_mut().zip(own).for_each(|(sum, own)| *sum += f64::from(here) * own);
            more += here;
            (*count, start) = (more, *end);
        }
        sums
    }

    /// Largest difference of counts up to a value, or of one value where there are few.
    pub(super) fn largest(&self, counts: &[i32]) -> (f64, Place) {
        let few = self.has_few_values();
        let (mut most, mut at) = (-1, 1);
        for i in 1..counts.len() {
            let gap = if few { counts[i] - counts[i - 1] } else { counts[i] };
            if gap.abs() > most {
                (most, at) = (gap.abs(), i);
            }
        }
        let value = self.value(self.rows_to(at) - 1);
        let found =
            if few { (Part::Value(value), [at - 1, at]) } else { (Part::UpTo(value), [0, at]) };
        (f64::from(most), found)
    }

    /// Largest `z²/2 − ln(1/s)` of an interval: z is its difference of counts over the standard deviation, s its share
    /// of all rows, at least one part's: there are about 1/s intervals of that width. One that begins or ends with the
    /// column is as far apart as the rest of the column, which is told where it is narrower.
    pub(super) fn interval(&self, counts: &[i32]) -> (f64, Place) {
        let (mut most, mut at) = (f64::NEG_INFINITY, [0, self.ends.len()]);
        let classes: Vec<usize> = (0..=self.ends.len()).collect();
        // Of classes each alone: those beside each other have nothing in common.
        let (knots, most_knots) = match self.scale {
            Scale::Ranks => (&self.knots, usize::MAX),
            Scale::Classes => (&classes, 1),
        };
        for (i, from) in knots.iter().enumerate() {
            for to in knots[i + 1..].iter().take(most_knots) {
                let [half_inverse, log_share] =
                    self.intervals[self.rows_to(*to) - self.rows_to(*from)];
                let gap = f64::from(counts[*to] - counts[*from]);
                let measure = gap * gap * half_inverse + log_share;
                if measure > most {
                    (most, at) = (measure, [*from, *to]);
                }
            }
        }
        let is_wide =
            self.has_order() && 2 * (self.rows_to(at[1]) - self.rows_to(at[0])) > self.values.len();
        let [from, to] = match at {
            [0, to] if is_wide && to < self.ends.len() => [to, self.ends.len()],
            [from, to] if is_wide && from > 0 && to == self.ends.len() => [0, from],
            at => at,
        };
        let (first, last) = (self.value(self.rows_to(from)), self.value(self.rows_to(to) - 1));
        (most, (Part::Interval(first, last), [from, to]))
    }
}
