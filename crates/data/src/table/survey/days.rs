//! [`Days`]: the whole numbers of a column that are dates by their digits, as 20230623.

use super::{Cell, noted::note};
use crate::table::date;

/// Numbers of digits of dates.
const LENGTHS: [usize; 4] = [6, 8, 12, 14];
/// Numbers after which a column of which half are no dates is given up.
const LOOKED_AT: u64 = 1000;

/// Whole numbers of a column, as dates.
#[derive(Clone, Debug, Default)]
pub(super) struct Days {
    /// For each number of digits, the number of dates and the first and last of them.
    dated: [(u64, Option<(f64, f64)>); LENGTHS.len()],
    /// Numbers that are no dates, while they are few, and how many they are.
    odd: Vec<Cell>,
    odd_count: u64,
    /// Whether too many are no dates.
    is_given_up: bool,
}

/// Dates that are written as whole numbers.
pub(super) struct Found {
    pub format: String,
    pub range: (f64, f64),
    /// Numbers that are no dates, and the number of their rows.
    pub odd: Vec<Cell>,
    pub odd_count: u64,
}

impl Days {
    /// Takes a number, its text without groups of digits, and the field's text.
    pub fn take(
        &mut self,
        value: f64,
        plain: &[u8],
        text: &impl Fn() -> String,
        line: &impl Fn() -> u64,
    ) {
        if self.is_given_up {
            return;
        }
        let length = LENGTHS.iter().position(|length| *length == plain.len());
        let is_date = || str::from_utf8(plain).is_ok_and(date::is_date_number);
        if let Some(place) = length.filter(|_| is_date()) {
            let (count, range) = &mut self.dated[place];
            let (low, high) = range.unwrap_or((value, value));
            (*count, *range) = (*count + 1, Some((low.min(value), high.max(value))));
            return;
        }
        self.odd_count += 1;
        let dated: u64 = self.dated.iter().map(|(count, _)| count).sum();
        let is_many = self.odd_count > LOOKED_AT && self.odd_count > dated;
        self.is_given_up = is_many || !note(&mut self.odd, &text(), line);
    }

    /// Gives up: some number has no text.
    pub fn give_up(&mut self) {
        self.is_given_up = true;
    }

    /// The dates of a column, if all have one number of digits, and another number may be odd.
    pub fn find(&self, name: &str) -> Option<Found> {
        let mut dated = self.dated.iter().zip(LENGTHS).filter(|((count, _), _)| *count > 0);
        let (((count, range), length), None) = (dated.next()?, dated.next()) else { return None };
        let (low, high) = (*range).filter(|(low, high)| low < high)?;
        // Six digits may be anything else, unless the name speaks of time.
        let name = name.to_lowercase();
        let speaks = ["date", "month", "period", "time", "day", "ym", "monat", "datum"];
        let is_clear = length > 6 || speaks.iter().any(|word| name.contains(word));
        if self.is_given_up || !is_clear || *count < 2 {
            return None;
        }
        let format = date::formats_of_number(length)?;
        let value = |end: f64| format.parse(&format!("{end}"));
        let range = value(low).zip(value(high))?;
        let format = format.text().to_owned();
        Some(Found { format, range, odd: self.odd.clone(), odd_count: self.odd_count })
    }
}
