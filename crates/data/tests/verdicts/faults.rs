//! The thirty faults of the study, each with the words that it may get. The words stood here before anything was run.

use langevin_data::measure::verdict::Word::{self, Fair, Poor};

use crate::tables::{MIXED, MODE, Source, column};

/// Fault made of perfect samples of [`MIXED`].
pub struct Fault {
    pub name: &'static str,
    /// Words that the verdict may be.
    pub words: &'static [Word],
    pub make: fn(&mut Made<'_>),
}

/// Rows that a fault is made of.
pub struct Made<'a> {
    pub rows: Vec<Vec<f64>>,
    pub training: &'a [f64],
    pub source: Source<'a>,
}

const BAD: &[Word] = &[Fair, Poor];
const WORST: &[Word] = &[Poor];

impl Made<'_> {
    /// Puts the values of a column into another order.
    fn shuffle(&mut self, column: usize) {
        for i in (1..self.rows.len()).rev() {
            let other = self.source.below(i + 1);
            let values = [self.rows[i][column], self.rows[other][column]];
            (self.rows[i][column], self.rows[other][column]) = (values[1], values[0]);
        }
    }

    /// Replaces every value of a column.
    fn map(&mut self, column: usize, of: impl Fn(f64, &mut Source<'_>) -> f64) {
        for row in &mut self.rows {
            row[column] = of(row[column], &mut self.source);
        }
    }

    fn mean(&self, column: usize) -> f64 {
        self.rows.iter().map(|row| row[column]).sum::<f64>() / self.rows.len() as f64
    }

    /// Scales a column about its mean.
    fn scale(&mut self, column: usize, by: f64) {
        let mean = self.mean(column);
        self.map(column, |x, _| mean + by * (x - mean));
    }

    /// Puts other rows in the place of those that are not kept.
    fn keep(&mut self, is_kept: impl Fn(&[f64]) -> bool) {
        let kept: Vec<Vec<f64>> = self.rows.iter().filter(|row| is_kept(row)).cloned().collect();
        for row in &mut self.rows {
            if !is_kept(row) {
                row.clone_from(&kept[self.source.below(kept.len())]);
            }
        }
    }

    /// Copies training rows to the first `count` samples.
    fn copy(&mut self, count: usize) {
        let training: Vec<&[f64]> = self.training.chunks(MIXED.columns).collect();
        for row in self.rows.iter_mut().take(count) {
            row.copy_from_slice(training[self.source.below(training.len())]);
        }
    }
}

/// The faults, at 1000 held-out rows and five columns.
pub const FAULTS: [Fault; 30] = [
    Fault {
        name: "the modes' column shuffled",
        words: BAD,
        make: |made| made.shuffle(column::MODES),
    },
    Fault {
        name: "the normal column shuffled",
        words: BAD,
        make: |made| made.shuffle(column::NORMAL),
    },
    Fault { name: "the ratings shuffled", words: BAD, make: |made| made.shuffle(column::RATING) },
    Fault {
        name: "every column shuffled",
        words: BAD,
        make: |made| (0..5).for_each(|column| made.shuffle(column)),
    },
    Fault {
        name: "a mode of a tenth dropped",
        words: BAD,
        make: |made| made.keep(|row| row[column::MODES] < MODE / 2.0),
    },
    Fault {
        name: "that mode twice as large",
        words: BAD,
        make: |made| {
            for i in 0..made.rows.len() {
                if made.rows[i][column::MODES] < MODE / 2.0 && made.source.uniform() < 1.0 / 9.0 {
                    made.rows[i][column::MODES] += MODE;
                }
            }
        },
    },
    Fault {
        name: "that mode at another place",
        words: BAD,
        make: |made| {
            made.map(column::MODES, |x, _| if x > MODE / 2.0 { 1.5 * x } else { x });
        },
    },
    Fault {
        name: "a quarter of the rows dropped in the middle of a column",
        words: BAD,
        make: |made| made.keep(|row| (row[column::NORMAL] - 20.0).abs() > 0.32),
    },
    Fault {
        name: "an outlier of 1e27 in one column",
        words: BAD,
        make: |made| made.rows[500][column::NORMAL] = 1e27,
    },
    Fault {
        name: "an outlier of minus one million",
        words: BAD,
        make: |made| made.rows[3][column::TAIL] = -1e6,
    },
    Fault {
        name: "an outlier by a decimal point",
        words: BAD,
        make: |made| made.rows[77][column::NORMAL] *= 10.0,
    },
    Fault {
        name: "a number that is none",
        words: BAD,
        make: |made| made.rows[9][column::RAIN] = f64::NAN,
    },
    Fault {
        name: "every column shrunk by 0.8",
        words: BAD,
        make: |made| (0..5).for_each(|column| made.scale(column, 0.8)),
    },
    Fault {
        name: "one column shrunk by 0.8",
        words: BAD,
        make: |made| made.scale(column::NORMAL, 0.8),
    },
    Fault {
        name: "one column widened by 1.25",
        words: BAD,
        make: |made| made.scale(column::NORMAL, 1.25),
    },
    Fault {
        name: "a column's sign flipped about its mean",
        words: BAD,
        make: |made| made.scale(column::NORMAL, -1.0),
    },
    Fault {
        name: "a skewed column's sign flipped",
        words: BAD,
        make: |made| made.map(column::TAIL, |x, _| -x),
    },
    Fault {
        name: "a pair's correlation lost",
        words: BAD,
        make: |made| made.map(column::NORMAL, |_, source| 20.0 + source.normal()),
    },
    Fault {
        name: "a pair's correlation made perfect",
        words: BAD,
        make: |made| {
            for row in &mut made.rows {
                let common = row[column::MODES];
                let common = if common > MODE / 2.0 { common - MODE } else { common };
                row[column::NORMAL] = 20.0 + common;
            }
        },
    },
    Fault {
        name: "rounded to whole standard deviations",
        words: BAD,
        make: |made| made.map(column::NORMAL, |x, _| x.round()),
    },
    Fault {
        name: "shifted by 0.3 standard deviations",
        words: BAD,
        make: |made| made.map(column::NORMAL, |x, _| x + 0.3),
    },
    Fault {
        name: "a tail half as long again",
        words: BAD,
        make: |made| made.map(column::TAIL, |x, _| 1.5 * x),
    },
    Fault {
        name: "zeros lost to small numbers",
        words: BAD,
        make: |made| {
            made.map(column::RAIN, |x, source| if x == 0.0 { 0.01 * source.uniform() } else { x });
        },
    },
    Fault {
        name: "half as many zeros",
        words: BAD,
        make: |made| {
            made.map(column::RAIN, |x, source| match x == 0.0 && source.uniform() < 0.5 {
                true => -source.uniform().ln(),
                false => x,
            });
        },
    },
    Fault {
        name: "ratings that are no whole numbers",
        words: BAD,
        make: |made| made.map(column::RATING, |x, source| x + 0.2 * source.normal()),
    },
    Fault {
        name: "a rating that never comes",
        words: BAD,
        make: |made| made.map(column::RATING, |x, _| if x == 2.0 { 3.0 } else { x }),
    },
    Fault { name: "copies of training rows", words: WORST, make: |made| made.copy(1000) },
    Fault { name: "a tenth copies of training rows", words: WORST, make: |made| made.copy(100) },
    Fault {
        name: "half of a column below its range",
        words: WORST,
        make: |made| {
            made.map(column::RAIN, |x, source| match source.uniform() < 0.5 {
                true => -0.1 - x,
                false => x,
            });
        },
    },
    Fault {
        name: "one row for all samples",
        words: WORST,
        make: |made| {
            let first = made.rows[0].clone();
            made.rows.iter_mut().for_each(|row| row.clone_from(&first));
        },
    },
];
