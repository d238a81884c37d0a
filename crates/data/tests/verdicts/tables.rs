//! Tables of the study: one that faults are made on, and five of whose perfect samples the verdict must be good.

use langevin_data::Stream;

/// Table: a name, its columns, and how a row is drawn.
pub struct Table {
    pub name: &'static str,
    pub columns: usize,
    row: fn(&mut Source<'_>, &mut Vec<f64>),
}

/// Random numbers for one row after the other.
pub struct Source<'a>(pub &'a mut Stream);

impl Source<'_> {
    pub fn uniform(&mut self) -> f64 {
        self.0.uniform()
    }

    pub fn normal(&mut self) -> f64 {
        let mut pair = [0.0; 2];
        self.0.fill_normal(&mut pair);
        pair[0]
    }

    /// Number below `count`.
    pub fn below(&mut self, count: usize) -> usize {
        (self.uniform() * count as f64) as usize
    }
}

impl Table {
    /// Rows of the table, one after the other.
    pub fn rows(&self, count: usize, stream: &mut Stream) -> Vec<f64> {
        let (mut source, mut rows) = (Source(stream), Vec::new());
        (0..count).for_each(|_| (self.row)(&mut source, &mut rows));
        rows
    }
}

/// Columns of [`MIXED`] by name.
pub mod column {
    pub const MODES: usize = 0;
    pub const NORMAL: usize = 1;
    pub const TAIL: usize = 2;
    pub const RAIN: usize = 3;
    pub const RATING: usize = 4;
}

/// Centre of the second mode of the first column, and the share of the rows there.
pub const MODE: f64 = 7.0;
pub const MODE_SHARE: f64 = 0.1;

/// Table that faults are made on: a normal with a second mode of a tenth of the rows, a normal that depends on it, a
/// log-normal tail, rain with four tenths of zeros, and ratings from 1 to 5.
pub const MIXED: Table = Table {
    name: "mixed",
    columns: 5,
    row: |source, row| {
        let common = source.normal();
        let mode = if source.uniform() < MODE_SHARE { MODE } else { 0.0 };
        let tail = (0.3 * common + 0.5 * source.normal()).exp();
        let wet = source.uniform() < 0.6;
        let rain = -(1.0 + 0.5 * common.abs()) * source.uniform().ln();
        let rating = (0.6 * common + 0.8 * source.normal() + 3.2).round().clamp(1.0, 5.0);
        row.extend([common + mode, 0.6 * common + 0.8 * source.normal() + 20.0, tail]);
        row.extend([if wet { rain } else { 0.0 }, rating]);
    },
};

/// Tables of whose perfect samples the verdict must be good.
pub const PERFECT: [Table; 6] = [
    Table {
        name: "one column",
        columns: 1,
        row: |source, row| row.push(source.normal() / (0.1 + source.uniform())),
    },
    Table {
        name: "twelve columns",
        columns: 12,
        row: |source, row| {
            // The first depend strongly on each other, the last hardly: weights from 0.9 to 0.13.
            let common = source.normal();
            row.extend((0..12).map(|i| {
                let weight = 0.9 - 0.07 * f64::from(i);
                weight * common + (1.0 - weight * weight).sqrt() * source.normal()
            }));
        },
    },
    Table {
        name: "independent columns",
        columns: 5,
        row: |source, row| row.extend((0..5).map(|_| source.normal())),
    },
    Table {
        name: "a ring",
        columns: 2,
        row: |source, row| {
            let (sin, cos) = langevin_data::sin_cos_turns(source.uniform());
            row.extend([cos + 0.05 * source.normal(), sin + 0.05 * source.normal()]);
        },
    },
    Table {
        name: "ratings of five values",
        columns: 5,
        row: |source, row| {
            let common = source.normal();
            row.extend(
                (0..5)
                    .map(|_| (0.6 * common + 0.8 * source.normal() + 3.0).round().clamp(1.0, 5.0)),
            );
        },
    },
    MIXED,
];
