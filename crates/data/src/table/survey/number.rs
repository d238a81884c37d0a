//! [`Numbers`]: what the numbers of a column have in common.

use std::collections::HashSet;

use super::{
    Cell, IdSign,
    called::is_called_id,
    days::{Days, Found},
    ends::Ends,
    noted::{ODD_LIMIT, is_cut, note},
    spelled::Summary,
};
use crate::table::rounding::is_whole;

/// Smallest number of rows in which ascending numbers are a sign of an id.
const ID_ROWS: u64 = 3;
/// Fewest digits of a long id, and fewest of them that tell.
const LONG: usize = 10;
const LONG_ROWS: u64 = 20;
/// Most numbers that are compared with each other.
const COMPARED: usize = 1 << 16;
/// Most decimals that are told: an f64 holds no more.
const DECIMALS: usize = 15;
/// 2^53, from which on not every whole number has an f64.
pub(super) const WHOLE_LIMIT: f64 = 9_007_199_254_740_992.0;

/// Tally of a column's numbers.
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    pub count: u64,
    pub infinite: u64,
    pub range: Option<(f64, f64)>,
    pub is_whole: bool,
    pub decimals: Option<u32>,
    /// Whether all have as many decimals, and whether one of these ends with 0.
    pub is_even: bool,
    pub has_zero: bool,
    /// Whether no text has a plus, or a point without digits on both sides.
    is_bare: bool,
    pub ends: Ends,
    /// Number of digits of all numbers, where they are digits alone and equally many.
    digits: Option<usize>,
    days: Days,
    /// Last number, if each number so far was one more than the one before it.
    ascending: Option<f64>,
    last: f64,
    rises: bool,
    falls: bool,
    /// Numbers so far, while no two are equal.
    distinct: Option<HashSet<u64>>,
    leading_zeros: Option<Cell>,
    /// Whole numbers above 2^53; they count for nothing else.
    too_long: Vec<Cell>,
    too_long_count: u64,
}

impl Numbers {
    pub fn new() -> Self {
        Self {
            count: 0,
            infinite: 0,
            range: None,
            is_whole: true,
            decimals: Some(0),
            is_even: true,
            has_zero: false,
            is_bare: true,
            ends: Ends::default(),
            digits: None,
            days: Days::default(),
            ascending: None,
            last: f64::NAN,
            rises: true,
            falls: true,
            distinct: None,
            leading_zeros: None,
            too_long: Vec::new(),
            too_long_count: 0,
        }
    }

    /// Takes a number, its text with a decimal point where the file has one, and the field's text.
    pub fn take(
        &mut self,
        value: f64,
        plain: Option<&[u8]>,
        text: &impl Fn() -> String,
        line: &impl Fn() -> u64,
    ) {
        if plain.is_some_and(|plain| is_too_long(value, plain)) {
            self.count += 1;
            self.too_long_count += 1;
            if self.too_long.len() <= ODD_LIMIT {
                note(&mut self.too_long, &text(), line);
            }
            return;
        }
        let is_next = self.ascending.is_some_and(|last| last + 1.0 == value);
        self.ascending = (is_next || self.count == 0).then_some(value);
        self.count += 1;
        self.is_whole &= is_whole(value);
        if !value.is_finite() {
            self.infinite += 1;
            return;
        }
        let (minimum, maximum) = self.range.unwrap_or((value, value));
        self.range = Some((minimum.min(value), maximum.max(value)));
        self.ends.take(value);
        self.rises &= self.last.is_nan() || value >= self.last;
        self.falls &= self.last.is_nan() || value <= self.last;
        self.last = value;
        match plain {
            Some(plain) => {
                self.take_text(value, plain, line);
                self.days.take(value, plain, text, line);
            }
            None => {
                self.decimals = None;
                self.days.give_up();
            }
        }
    }

    fn take_text(&mut self, value: f64, text: &[u8], line: &impl Fn() -> u64) {
        let digits = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
        let is_digits = digits.iter().all(u8::is_ascii_digit);
        let decimals =
            digits.iter().position(|byte| *byte == b'.').map_or(0, |at| digits.len() - at - 1);
        let is_plain = digits.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
        let is_first = self.count - self.infinite - self.too_long_count == 1;
        self.is_even &= is_plain && (is_first || self.decimals == Some(decimals as u32));
        self.has_zero |= decimals > 0 && digits.ends_with(b"0");
        self.is_bare &=
            !(text.starts_with(b"+") || digits.starts_with(b".") || digits.ends_with(b"."));
        self.decimals = self
            .decimals
            .filter(|_| is_plain && decimals <= DECIMALS)
            .map(|most| most.max(decimals as u32));
        let cell =
            || Cell { text: String::from_utf8_lossy(text).into_owned(), line: line(), count: 1 };
        if is_digits && digits.len() > 1 && digits[0] == b'0' && self.leading_zeros.is_none() {
            self.leading_zeros = Some(cell());
        }
        let length = Some(digits.len()).filter(|_| is_digits && !text.starts_with(b"-"));
        self.digits = length.filter(|_| is_first || self.digits == length);
        if is_first && length.is_some_and(|length| length >= LONG) {
            self.distinct = Some(HashSet::new());
        }
        if self.digits.is_none_or(|digits| digits < LONG) {
            self.distinct = None;
        }
        if let Some(distinct) = &mut self.distinct
            && distinct.len() < COMPARED
            && !distinct.insert(value.to_bits())
        {
            self.distinct = None;
        }
    }

    /// Dates that are written as whole numbers.
    pub fn date(&self, name: &str) -> Option<Found> {
        self.days.find(name).filter(|_| self.infinite == 0 && self.too_long_count == 0)
    }

    /// What they have in common, where each is finite and comes back as it is.
    pub fn summary(&self) -> Option<Summary> {
        let comes_back = self.is_bare
            && self.infinite == 0
            && self.too_long_count == 0
            && self.leading_zeros.is_none();
        let (decimals, range) = self.decimals.zip(self.range.filter(|_| comes_back))?;
        Some(Summary {
            count: self.count,
            range,
            ends: self.ends.clone(),
            is_whole: self.is_whole,
            decimals,
            is_even: self.is_even,
            has_zero: self.has_zero,
            ascending: self.ascending,
        })
    }

    /// The number of whole numbers above 2^53.
    pub fn too_long_count(&self) -> u64 {
        self.too_long_count
    }

    /// Takes out the whole numbers above 2^53, as odd cells of others, if they can be named one by one.
    pub fn take_too_long(&mut self) -> Vec<Cell> {
        let is_cut = self.too_long.iter().any(|cell| is_cut(&cell.text));
        if self.too_long.len() > ODD_LIMIT || self.range.is_none() || is_cut {
            return Vec::new();
        }
        std::mem::take(&mut self.too_long)
    }

    /// Why the numbers are ids, and the field that shows it.
    pub fn id(&self, name: &str) -> Option<(IdSign, Option<Cell>)> {
        if let Some(cell) = &self.leading_zeros {
            return Some((IdSign::LeadingZeros, Some(cell.clone())));
        }
        if let Some(cell) = self.too_long.first() {
            return Some((IdSign::TooLong, Some(cell.clone())));
        }
        if !self.is_whole || self.infinite > 0 {
            return None;
        }
        let name = name.to_lowercase();
        let is_sorted = self.rises || self.falls;
        let speaks = ["time", "stamp", "date", "epoch"].iter().any(|word| name.contains(word));
        if self.ascending.is_some() && self.count >= ID_ROWS {
            Some((IdSign::Ascending, None))
        } else if is_called_id(&name) {
            Some((IdSign::Name, None))
        } else if self.distinct.is_some() && self.count >= LONG_ROWS && !is_sorted && !speaks {
            Some((IdSign::Unique, None))
        } else {
            None
        }
    }
}

/// Whether an f64 does not hold a whole number, by its digits.
fn is_too_long(value: f64, text: &[u8]) -> bool {
    if value.abs() < WHOLE_LIMIT {
        return false;
    }
    let digits = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    digits.iter().all(u8::is_ascii_digit)
}
