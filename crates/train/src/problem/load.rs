//! The data that a run file names: a formula, or a table that is read, split and scaled.

use std::path::Path;

use langevin_data::{
    BUILT_IN_TABLES, Dataset, SplitOptions, Table, TableData, TableOptions, built_in_table,
};

use super::free_memory;
use crate::{
    TrainError,
    config::{BUILT_IN, DataConfig, EachColumn, TableConfig},
};

impl DataConfig {
    /// Builds the data. `seed` decides which rows of a table are held out.
    ///
    /// # Errors
    /// A parameter out of its range, a file that cannot be used, or a user's own data, which a program of
    /// theirs must give.
    pub fn build(&self, seed: u64) -> Result<Box<dyn Dataset>, TrainError> {
        if let Some(part) = self.custom() {
            return Err(part.missing("data", "own_data"));
        }
        match self {
            Self::Table(table) => Ok(Box::new(table.load(seed)?)),
            _ => self
                .distribution()?
                .ok_or_else(|| TrainError::config("data", "must be a formula or a table")),
        }
    }
}

impl TableConfig {
    /// How the file is read.
    ///
    /// # Errors
    /// A field out of its range.
    pub(crate) fn options(&self) -> Result<TableOptions, TrainError> {
        Ok(TableOptions {
            columns: self.columns.clone(),
            each: self.each_column.as_ref().map(EachColumn::spec),
            axes: self.shape.clone(),
            exclude: self.exclude.clone(),
            told: self.condition.as_ref().map_or_else(Vec::new, |told| told.columns.clone()),
            weight: self.weight.clone(),
            window: self.window,
            past: self.past(),
            header: self.header,
            delimiter: self.delimiter()?,
            missing: self.missing,
            // The other half is for what is made of the rows.
            memory: free_memory().map(|free| free.bytes / 2),
            layout: self.layout()?,
        })
    }

    /// Reads, splits and scales the file.
    ///
    /// # Errors
    /// A field out of its range, or whatever is wrong with the file.
    fn load(&self, seed: u64) -> Result<TableData, TrainError> {
        let options = self.options()?;
        let split = SplitOptions {
            holdout: self.holdout()?,
            split: self.split,
            seed,
            transform: self.transform,
            round_integers: self.round_integers,
        };
        let data = |table: Table| {
            let picture = self.picture(table.columns().len() - table.told(), table.axes())?;
            let data = TableData::new(table, &split)?;
            Ok::<_, TrainError>(match picture {
                Some(picture) => data.with_picture(picture),
                None => data,
            })
        };
        let Some(name) = self.path.strip_prefix(BUILT_IN) else {
            return data(Table::read(Path::new(&self.path), &options)?);
        };
        let table = built_in_table(name).ok_or_else(|| {
            let names: Vec<_> =
                BUILT_IN_TABLES.iter().map(|name| format!("{BUILT_IN}{name}")).collect();
            let message = format!("there is no {}; the binary has {}", self.path, names.join(", "));
            TrainError::config("data.path", message)
        })?;
        let (attribution, licence) = (table.attribution, table.licence);
        let table = Table::from_bytes(&self.path, table.bytes, &options)?;
        Ok(data(table)?.with_attribution(&format!("{attribution} ({licence})")))
    }
}
