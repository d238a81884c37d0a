//! [`Dates`]: the texts of a column that are days or times, in each spelling that they may have.

use super::{
    Cell, Sentinel,
    ends::Ends,
    noted::{MOST, is_cut, note},
};
use crate::table::date::{DateFormat, formats_of};

/// Texts of no known format that are looked at for a date.
const LOOKED_AT: u64 = 1000;
/// Fewest dates that make a column one of dates.
const DATES: u64 = 2;
/// Most formats that are compared.
const FORMATS: usize = 24;

/// Texts of a column, read in each format that one of them has.
#[derive(Default)]
pub(super) struct Dates {
    formats: Vec<Candidate>,
    /// Texts so far, and those of them that are dates in any format.
    texts: u64,
    dated: u64,
    /// Texts of no format that were looked at.
    looked_at: u64,
}

struct Candidate {
    format: DateFormat,
    read: u64,
    range: (f64, f64),
    ends: Ends,
    /// Texts that are none of its dates, while they are few.
    odd: Vec<Cell>,
    has_more: bool,
}

/// The format of most dates of a column.
pub(super) struct Found {
    pub format: String,
    /// Another format that all of them have too, and that gives other days.
    pub other: Option<String>,
    pub range: (f64, f64),
    /// A date that may stand for a missing value.
    pub sentinel: Option<Sentinel>,
    /// Texts that are none of its dates, and the number of their rows.
    pub odd: Vec<Cell>,
    pub odd_count: u64,
    /// Whether `odd` holds all such texts.
    pub is_complete: bool,
}

impl Found {
    /// Whether two digits stand for the year, and the rest does not tell which two.
    pub fn is_unclear(&self) -> bool {
        self.format.contains("%y") && self.other.is_some()
    }
}

impl Dates {
    /// Takes a text. `earlier` are all texts before it, if they were few.
    pub fn take(&mut self, text: &str, line: &impl Fn() -> u64, earlier: Option<&[Cell]>) {
        self.texts += 1;
        let mut is_date = false;
        for candidate in &mut self.formats {
            is_date |= candidate.take(text, line);
        }
        if !is_date && self.looked_at < LOOKED_AT {
            self.looked_at += 1;
            let formats = formats_of(text);
            is_date = !formats.is_empty();
            if let Some(earlier) = earlier.filter(|_| self.formats.len() < FORMATS) {
                let new = formats.into_iter().map(|format| Candidate::new(format, earlier));
                let known = self.formats.len();
                self.formats.extend(new);
                for candidate in &mut self.formats[known..] {
                    candidate.take(text, line);
                }
            }
        }
        self.dated += u64::from(is_date);
    }

    /// The format that most texts have, the most usual of equals.
    pub fn find(&self) -> Option<Found> {
        let most = self.formats.iter().map(|format| format.read).max()?;
        let mut best = self.formats.iter().filter(|format| format.read == most);
        let first = best.next().filter(|format| format.read >= DATES)?;
        // A leading zero is no other reading.
        let reading = |format: &Candidate| format.format.text().replace("%-", "%");
        let other = best.find(|other| reading(other) != reading(first));
        Some(Found {
            format: first.format.text().to_owned(),
            other: other.map(|other| other.format.text().to_owned()),
            range: first.range,
            sentinel: first.ends.sentinel(),
            odd: first.odd.clone(),
            odd_count: self.texts - first.read,
            is_complete: !first.has_more,
        })
    }

    /// Whether most texts are dates, in one spelling or more.
    pub fn are_most(&self) -> bool {
        self.texts > 0 && self.dated as f64 >= MOST * self.texts as f64
    }
}

impl Candidate {
    fn new(format: DateFormat, earlier: &[Cell]) -> Self {
        let range = (f64::INFINITY, f64::NEG_INFINITY);
        Self {
            format,
            read: 0,
            range,
            ends: Ends::default(),
            odd: earlier.to_vec(),
            has_more: false,
        }
    }

    /// Takes a text; returns whether it is a date of this format.
    fn take(&mut self, text: &str, line: &impl Fn() -> u64) -> bool {
        // What would come back in another spelling is none of this format.
        let value = self.format.parse(text).filter(|value| self.format.write(*value) == text);
        match value {
            Some(value) => {
                self.read += 1;
                self.range = (self.range.0.min(value), self.range.1.max(value));
                self.ends.take(value);
            }
            None if self.has_more => {}
            None => self.has_more = is_cut(text) || !note(&mut self.odd, text, line),
        }
        value.is_some()
    }
}
