//! Tables of arrays, whose numbers have no text.

use super::{CellKind, MissingNumbers, Place, Table, TableError, TableOptions, npy::Array};

impl Table {
    /// The table of an array.
    pub(super) fn from_array(
        mut array: Array<'_>,
        options: &TableOptions,
    ) -> Result<Self, TableError> {
        let names: Vec<_> = (0..array.features).map(|i| format!("x{i}")).collect();
        let (mut table, chosen) = Self::empty(&array.file, &names, options)?;
        if let Some(required) = options.axes.as_ref().filter(|axes| **axes != array.axes) {
            let (file, required) = (array.file.clone(), required.clone());
            return Err(TableError::Axes { file, axes: array.axes.clone(), required });
        }
        table.axes = array.axes.clone();
        table.fits(array.rows, options)?;
        let missing = MissingNumbers::new(&options.layout, table.specs.iter().chain(&table.weight));
        let mut row = vec![0.0; chosen.len()];
        if array.by_column {
            let mut table = table.fill_by_column(array, &chosen, &missing)?;
            table.settle_array()?;
            return Ok(table);
        }
        let mut whole = vec![0.0; array.features];
        for index in 0..array.rows {
            for value in &mut whole {
                *value = array.next()?;
            }
            for (place, (value, column)) in row.iter_mut().zip(&chosen).enumerate() {
                *value = missing.of(place, whole[*column]);
            }
            if table.is_complete(&row, table.rows.len(), || Place::Row(index as u64))? {
                table.rows.push(&row);
            }
        }
        table.settle_array()?;
        Ok(table)
    }

    /// Fills the rows from an array that is written column by column, then closes the gaps that dropped
    /// rows leave.
    fn fill_by_column(
        mut self,
        mut array: Array<'_>,
        chosen: &[usize],
        missing: &MissingNumbers,
    ) -> Result<Self, TableError> {
        let mut row = vec![0.0; chosen.len()];
        (0..array.rows).for_each(|_| self.rows.push(&row));
        for column in 0..array.features {
            let column = array.column(column);
            let place = chosen.iter().position(|chosen| *chosen == column);
            for index in 0..array.rows {
                let value = array.next()?;
                if let Some(place) = place {
                    self.rows.row_mut(index)[place] = missing.of(place, value);
                }
            }
        }
        let mut kept = 0;
        for index in 0..array.rows {
            row.copy_from_slice(self.rows.row(index));
            if self.is_complete(&row, kept, || Place::Row(index as u64))? {
                self.rows.row_mut(kept).copy_from_slice(&row);
                kept += 1;
            }
        }
        self.rows.truncate(kept);
        Ok(self)
    }

    /// Makes categories of the numbers of an array, where its columns are said to be some.
    fn settle_array(&mut self) -> Result<(), TableError> {
        let mut texts = self.texts();
        for (i, (texts, spec)) in texts.iter_mut().zip(&self.specs).enumerate() {
            if spec.kind != CellKind::Category {
                *texts = None;
            }
            let Some(texts) = texts else { continue };
            for row in 0..self.rows.len() {
                let value = &mut self.rows.row_mut(row)[i];
                if !value.is_nan() {
                    *value = texts.place(&value.to_string());
                }
            }
        }
        self.settle(texts, |text| text.parse().ok())
    }
}
