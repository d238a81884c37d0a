//! [`Gaps`]: how many rows have all values, and how many would have without some of the columns.

use std::{collections::HashMap, path::Path};

use super::{
    CellKind, Table, TableError, TableOptions, cell::CellReader, field::Field,
    missing_numbers::MissingNumbers, npy::Array, records::Records, source::Source,
};

/// Most distinct sets of missing columns that are kept apart; rows with further ones count as incomplete.
const PATTERNS: usize = 1 << 15;

/// The rows of a file by which of the chosen columns they lack.
#[derive(Clone, Debug)]
pub struct Gaps {
    /// Number of rows.
    pub rows: u64,
    /// Sets of lacking columns, a bit each, with the number of their rows.
    patterns: HashMap<Box<[u64]>, u64>,
}

impl Gaps {
    /// Counts the rows of a file, in the columns that the options choose, by what they lack. What is no value
    /// of its column, and what is infinite, lacks too.
    ///
    /// # Errors
    /// A file or a choice of columns that is wrong.
    pub fn read(path: &Path, options: &TableOptions) -> Result<Self, TableError> {
        Self::of(Source::open(path, options)?, options)
    }

    /// Counts the rows of the bytes of a file named `name`.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn from_bytes(
        name: &str,
        bytes: &[u8],
        options: &TableOptions,
    ) -> Result<Self, TableError> {
        Self::of(Source::from_bytes(name, bytes, options)?, options)
    }

    fn of(source: Source<'_>, options: &TableOptions) -> Result<Self, TableError> {
        let mut gaps = Self { rows: 0, patterns: HashMap::new() };
        if source.is_npy() {
            gaps.take_array(Array::open(source)?, options)?;
            return Ok(gaps);
        }
        let mut records = Records::open(source, options)?;
        let (table, mut chosen) = Table::empty(records.file(), records.names(), options)?;
        chosen.truncate(table.specs().len());
        let readers: Vec<_> = table.specs().iter().map(CellReader::new).collect();
        let mut lacking = vec![0; chosen.len().div_ceil(64)];
        while records.next()? {
            lacking.fill(0);
            for (i, (column, reader)) in chosen.iter().zip(&readers).enumerate() {
                let field = reader.read(records.cells(), records.field(*column));
                let is_category = table.specs()[i].kind == CellKind::Category;
                let is_there = match field {
                    Field::Missing => false,
                    Field::Text => is_category,
                    Field::Number(number) => number.is_finite() || is_category,
                };
                if !is_there {
                    lacking[i / 64] |= 1 << (i % 64);
                }
            }
            gaps.take(&lacking);
        }
        Ok(gaps)
    }

    fn take_array(
        &mut self,
        mut array: Array<'_>,
        options: &TableOptions,
    ) -> Result<(), TableError> {
        let names: Vec<_> = (0..array.features).map(|i| format!("x{i}")).collect();
        let (table, mut chosen) = Table::empty(&array.file, &names, options)?;
        chosen.truncate(table.specs().len());
        let missing = MissingNumbers::new(&options.layout, table.specs());
        let mut places = vec![None; array.features];
        chosen.iter().enumerate().for_each(|(place, column)| places[*column] = Some(place));
        let words = chosen.len().div_ceil(64);
        // By column the rows come piecemeal; a bit each is an eighth of a byte.
        let mut lacking =
            vec![0; if array.by_column { array.rows.saturating_mul(words) } else { words }];
        for i in 0..array.rows.saturating_mul(array.features) {
            let (row, column) = array.place(i);
            let row = if array.by_column { row } else { 0 };
            let value = array.next()?;
            if let Some(place) = places[column]
                && !missing.of(place, value).is_finite()
            {
                lacking[row * words + place / 64] |= 1 << (place % 64);
            }
            if !array.by_column && column + 1 == array.features {
                self.take(&lacking);
                lacking.fill(0);
            }
        }
        if array.by_column && words > 0 {
            lacking.chunks(words).for_each(|lacking| self.take(lacking));
        }
        Ok(())
    }

    fn take(&mut self, lacking: &[u64]) {
        self.rows += 1;
        if let Some(count) = self.patterns.get_mut(lacking) {
            *count += 1;
        } else if self.patterns.len() < PATTERNS {
            self.patterns.insert(lacking.into(), 1);
        }
    }

    /// The number of rows that lack none of the columns but those `without`, by their place among the chosen.
    #[must_use]
    pub fn complete(&self, without: &[usize]) -> u64 {
        let left = self.left_without(without);
        let complete =
            left.map(|(mut left, count)| if left.all(|word| word == 0) { count } else { 0 });
        complete.sum()
    }

    /// The same number for each of the first `columns` columns, if it was left out too.
    #[must_use]
    pub fn complete_with_each(&self, without: &[usize], columns: usize) -> Vec<u64> {
        let (mut complete, mut alone) = (0, vec![0; columns]);
        for (left, count) in self.left_without(without) {
            let mut lacking = left.enumerate().filter(|(_, word)| *word != 0);
            match (lacking.next(), lacking.next()) {
                (None, _) => complete += count,
                (Some((i, word)), None) if word.is_power_of_two() => {
                    if let Some(alone) = alone.get_mut(64 * i + word.trailing_zeros() as usize) {
                        *alone += count;
                    }
                }
                _ => {}
            }
        }
        alone.iter().map(|alone| complete + alone).collect()
    }

    /// What each set of rows lacks beside the columns `without`, and their number.
    fn left_without(
        &self,
        without: &[usize],
    ) -> impl Iterator<Item = (impl Iterator<Item = u64>, u64)> {
        let mut mask = Vec::new();
        for place in without {
            if mask.len() <= place / 64 {
                mask.resize(place / 64 + 1, 0_u64);
            }
            mask[place / 64] |= 1 << (place % 64);
        }
        self.patterns.iter().map(move |(lacking, count)| {
            let mask = mask.clone().into_iter().chain(std::iter::repeat(0));
            (lacking.iter().zip(mask).map(|(word, mask)| word & !mask), *count)
        })
    }

    /// The number of rows that lack the column at this place.
    #[must_use]
    pub fn lacking(&self, place: usize) -> u64 {
        let lacks = |lacking: &[u64]| {
            lacking.get(place / 64).is_some_and(|word| word >> (place % 64) & 1 == 1)
        };
        self.patterns.iter().filter(|(lacking, _)| lacks(lacking)).map(|(_, count)| count).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_by_what_they_lack() {
        let text = b"a,b,c\n1,2,3\n,2,3\n1,,3\n1,,\n1,2,x\n1,2,inf\n";
        let gaps = Gaps::from_bytes("a.csv", text, &TableOptions::default()).expect("a table");
        assert_eq!(gaps.rows, 6);
        let complete =
            [&[][..], &[0], &[1], &[2], &[1, 2], &[0, 1, 2]].map(|out| gaps.complete(out));
        assert_eq!(complete, [1, 2, 2, 3, 5, 6]);
        assert_eq!([0, 1, 2].map(|place| gaps.lacking(place)), [1, 2, 3]);
        assert_eq!(gaps.complete_with_each(&[], 3), [2, 2, 3]);
        assert_eq!(gaps.complete_with_each(&[2], 3), [4, 5, 3]);
    }
}
