//! Tables whose rows are windows of a series, of which the last in time are held out.

use std::collections::HashSet;

use super::{
    COLUMN_LIMIT, ColumnSpec, Table, TableError, TableOptions, ToldError, Window, WindowError,
    rows::Rows,
};

/// What is known of a table whose rows are windows.
#[derive(Clone, Debug)]
pub(super) struct Series {
    /// Step at which each window starts.
    starts: Vec<usize>,
    length: usize,
    stride: usize,
    /// Steps of the series.
    pub rows: usize,
}

impl Series {
    /// Puts the windows within the last `held_out` steps first and those before these steps next, and leaves out the others.
    /// Returns the number of the former.
    pub fn split(
        &self,
        rows: &mut Rows,
        held_out: usize,
        file: &str,
    ) -> Result<usize, WindowError> {
        let border = self.rows - held_out;
        let (length, all) = (self.length, self.rows);
        let later = self.starts.partition_point(|start| *start < border);
        let before = self.starts.partition_point(|start| start + length <= border);
        let count = self.starts.len() - later;
        if before < 2 || (held_out > 0 && count == 0) {
            let file = file.to_owned();
            let (rows, training, later) = (all, before, count);
            return Err(WindowError::Holdout { file, held_out, rows, length, training, later });
        }
        let mut kept = Rows::new(rows.width());
        (later..rows.len()).chain(0..before).for_each(|window| kept.push(rows.row(window)));
        *rows = kept;
        Ok(count)
    }

    /// How many windows apart two share no step.
    pub const fn apart(&self) -> usize {
        self.length.div_ceil(self.stride)
    }

    /// A remark on the windows of a table that was split.
    pub fn remark(&self, training: usize, held_out: usize) -> String {
        let (length, left) = (self.length, self.starts.len() - training - held_out);
        let between = match left {
            0 => String::new(),
            left => format!(", and {left} windows across the border left out"),
        };
        format!(
            "windows of {length} rows: {training} to train on, the {held_out} last in time held out{between}"
        )
    }
}

impl Table {
    /// Makes each row a window of rows, of which those of the first `past` steps and of the columns that are told are told.
    pub(super) fn into_windows(
        self,
        window: Window,
        options: &TableOptions,
    ) -> Result<Self, TableError> {
        let (Window { length, stride }, past) = (window, options.past);
        window.check(past)?;
        let columns = self.columns.len();
        let file = self.file.clone();
        if columns.checked_mul(length).is_none_or(|all| all > COLUMN_LIMIT) {
            let most = COLUMN_LIMIT;
            return Err(WindowError::TooWide { file, columns, length, most }.into());
        }
        let ends = self.breaks.iter().copied().chain([self.rows.len()]);
        let stretches = ends.scan(0, |first, end| Some(std::mem::replace(first, end)..end));
        let stretches: Vec<_> = stretches.collect();
        let starts = stretches.iter().flat_map(|own| {
            (own.start..own.end).step_by(stride).take_while(|start| own.end - start >= length)
        });
        let starts: Vec<usize> = starts.collect();
        if starts.is_empty() {
            let longest = stretches.iter().map(ExactSizeIterator::len).max().unwrap_or(0);
            return Err(WindowError::TooLong { file, length, longest }.into());
        }
        let drawn = columns - self.told.len();
        let of = |columns: std::ops::Range<usize>, steps: std::ops::Range<usize>| {
            columns.flat_map(move |column| steps.clone().map(move |step| (column, step)))
        };
        let cells: Vec<(usize, usize)> = of(0..drawn, past..length)
            .chain(of(0..drawn, 0..past))
            .chain(of(drawn..columns, 0..length))
            .collect();
        let name =
            |(column, step): &(usize, usize)| format!("{}.{}", self.columns[*column], step + 1);
        let mut windows = Self {
            columns: cells.iter().map(name).collect(),
            specs: cells
                .iter()
                .map(|cell| {
                    let spec = self.specs[cell.0].clone();
                    ColumnSpec { name: name(cell), derived_from: None, ..spec }
                })
                .collect(),
            told: (drawn * (length - past)..cells.len()).collect(),
            categories: cells.iter().map(|(column, _)| self.categories[*column].clone()).collect(),
            rows: Rows::new(cells.len()),
            weight: None,
            weightless_rows: 0,
            series: None,
            axes: Vec::new(),
            breaks: Vec::new(),
            file: self.file,
            left_out: self.left_out,
            missing: self.missing,
            dropped: self.dropped,
            dropped_rows: self.dropped_rows,
        };
        windows.fits(starts.len(), options)?;
        let mut row = vec![0.0; cells.len()];
        for start in &starts {
            for (value, (column, step)) in row.iter_mut().zip(&cells) {
                *value = self.rows.row(start + step)[*column];
            }
            windows.rows.push(&row);
        }
        windows.series = Some(Series { starts, length, stride, rows: self.rows.len() });
        Ok(windows)
    }

    /// Takes numbers out of what is told that are the same in all training windows, as the hour of windows that all start
    /// at midnight. They stay constant columns.
    ///
    /// # Errors
    /// A column of the series that is named to be told, and is the same at every step.
    pub(super) fn untell_constants(&mut self, held_out: usize) -> Result<(), ToldError> {
        let varies = |column: &usize| {
            let mut values = (held_out..self.rows.len()).map(|row| self.rows.row(row)[*column]);
            let first = values.next();
            self.categories[*column].is_some() || values.any(|value| Some(value) != first)
        };
        let (told, constant): (Vec<usize>, Vec<usize>) =
            self.told.iter().copied().partition(varies);
        let of =
            |column: &usize| self.columns[*column].rsplit_once('.').map_or("", |(name, _)| name);
        let drawn: Vec<usize> = (0..self.columns.len() - self.told.len()).collect();
        let left: HashSet<&str> = told.iter().chain(&drawn).map(of).collect();
        if let Some(column) = constant.iter().map(of).find(|name| !left.contains(name)) {
            let (file, rows) = (self.file.clone(), self.rows.len() - held_out);
            return Err(ToldError::Constant { file, column: column.to_owned(), rows });
        }
        self.told = told;
        Ok(())
    }
}
