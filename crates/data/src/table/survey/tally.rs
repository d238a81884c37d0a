//! [`Tally`]: what is known of a column up to the last row that was seen.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hasher},
};

use super::{
    Cell, ColumnKind, ColumnSurvey, Sentinel, TextKind,
    dates::Dates,
    noted::{MOST, ODD_LIMIT, is_cut, note},
    number::Numbers,
    spelled::{Found, Spelled},
    text::text_kind,
};
use crate::table::{Decimal, date::DateFormat, field::Field, marks};

/// Largest number of distinct values of a column that a survey lists.
const DISTINCT_LIMIT: usize = 20;
/// Largest number of different texts of a column that a survey counts.
const DIFFERENT_LIMIT: usize = 100_000;
/// Rows of which one may have an odd field: 5 %.
const ODD_ONE_OF: u64 = 20;

/// Tally of a column.
pub(super) struct Tally {
    column: ColumnSurvey,
    numbers: Numbers,
    /// Texts that are no marks, in the file's order, while they are few.
    texts: Vec<Cell>,
    text_count: u64,
    /// Hashes of all texts, while they are not too many.
    different: Option<HashSet<u64>>,
    has_more_texts: bool,
    marks: Vec<Cell>,
    mark_count: u64,
    /// Infinite numbers, as they are written.
    infinite: Vec<Cell>,
    /// Numbers as they are written, while they are few.
    written: Vec<Cell>,
    has_more_numbers: bool,
    dates: Dates,
    spelled: Spelled,
    kinds: Vec<(TextKind, u64)>,
    /// Whether cells have no text that could be told again.
    is_array: bool,
}

impl Tally {
    /// Tally of a column in a file with this sign before decimals, if it is known.
    pub fn new(name: &str, decimal: Option<Decimal>) -> Self {
        let column = ColumnSurvey {
            name: name.to_owned(),
            kind: ColumnKind::Empty,
            missing: 0,
            infinite: 0,
            range: None,
            distinct: Some(Vec::new()),
            decimals: None,
            trailing_zeros: false,
            words: None,
            format: None,
            other_format: None,
            marks: Vec::new(),
            odd: Vec::new(),
            gap: None,
            example: None,
            texts: 0,
            different_texts: None,
            text: None,
            sentinel: None,
            id: None,
        };
        Self {
            column,
            numbers: Numbers::new(),
            texts: Vec::new(),
            text_count: 0,
            different: Some(HashSet::new()),
            has_more_texts: false,
            marks: Vec::new(),
            mark_count: 0,
            infinite: Vec::new(),
            written: Vec::new(),
            has_more_numbers: false,
            dates: Dates::default(),
            spelled: Spelled::new(decimal),
            kinds: Vec::new(),
            is_array: false,
        }
    }

    /// Tally of a column of an array.
    pub fn of_array(name: &str) -> Self {
        Self { is_array: true, ..Self::new(name, None) }
    }

    /// Takes a field: how it reads as a number, the number's text with a decimal point, the field's text, and
    /// its line.
    pub fn take(
        &mut self,
        field: Field,
        plain: Option<&[u8]>,
        text: impl Fn() -> String,
        line: impl Fn() -> u64,
    ) {
        match field {
            Field::Missing => {
                self.column.missing += 1;
                return;
            }
            Field::Text => {
                let text = text();
                let is_kept =
                    self.marks.len() < ODD_LIMIT || self.marks.iter().any(|mark| mark.text == text);
                if marks::is_missing_mark(&text) && is_kept {
                    note(&mut self.marks, &text, &line);
                    self.mark_count += 1;
                    return;
                }
                self.take_text(&text, &line);
            }
            Field::Number(value) => {
                self.numbers.take(value, plain, &text, &line);
                if value.is_infinite() {
                    note(&mut self.infinite, &text(), &line);
                }
                if !self.has_more_numbers {
                    self.has_more_numbers = !note(&mut self.written, &text(), &line);
                }
            }
        }
        if let Some(distinct) = &mut self.column.distinct {
            let text = text();
            if distinct.contains(&text) {
            } else if distinct.len() == DISTINCT_LIMIT {
                self.column.distinct = None;
            } else {
                distinct.push(text);
            }
        }
    }

    /// Takes a NaN of an array.
    pub fn take_nan(&mut self, row: u64) {
        self.column.missing += 1;
        let gap = || Cell { text: "NaN".to_owned(), line: row, count: 0 };
        self.column.gap.get_or_insert_with(gap).count += 1;
    }

    fn take_text(&mut self, text: &str, line: &impl Fn() -> u64) {
        self.dates.take(text, line, (!self.has_more_texts).then_some(&self.texts));
        self.spelled.take(text, line);
        self.text_count += 1;
        if let Some(different) = &mut self.different {
            let mut hasher = DefaultHasher::new();
            hasher.write(text.as_bytes());
            different.insert(hasher.finish());
        }
        if self.different.as_ref().is_some_and(|different| different.len() > DIFFERENT_LIMIT) {
            self.different = None;
        }
        self.has_more_texts |= is_cut(text) || !note(&mut self.texts, text, line);
        if let Some(kind) = text_kind(text) {
            match self.kinds.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, count)) => *count += 1,
                None => self.kinds.push((kind, 1)),
            }
        }
    }

    pub fn finish(mut self, rows: u64) -> ColumnSurvey {
        let present = rows.saturating_sub(self.column.missing + self.mark_count);
        let may_be_odd = |count: u64| count == 0 || count * ODD_ONE_OF <= present;
        self.column.example = self.texts.first().cloned();
        self.column.texts = self.text_count;
        self.column.different_texts =
            self.different.take().map(|texts| (texts.len() + self.marks.len()) as u64);
        let odd = self.text_count + self.numbers.infinite;
        let bare = self.numbers.summary();
        let spelled = self.spelled.find(bare.as_ref(), &self.column.name);
        // Thousands may be few beside smaller numbers.
        let has_thousands = spelled.as_ref().is_some_and(|it| it.is_grouped && it.has_bare);
        if self.numbers.count > self.numbers.infinite
            && !has_thousands
            && (odd == 0
                || may_be_odd(odd) && !self.has_more_texts && self.infinite.len() <= ODD_LIMIT)
        {
            self.column.odd = [&self.texts[..], &self.infinite[..]].concat();
            self.numbers.infinite = 0;
            self.finish_numbers(odd, &may_be_odd);
        } else if self.numbers.count > 0 && self.text_count == 0 {
            self.column.infinite = self.numbers.infinite;
            self.finish_numbers(odd, &may_be_odd);
        } else if self.text_count == 0 {
            self.column.kind = ColumnKind::Empty;
        } else if !self.finish_words(&may_be_odd)
            && !self.finish_dates(&may_be_odd)
            && !self.finish_spelled(spelled, &may_be_odd)
        {
            self.finish_text();
            return self.column;
        }
        self.column.missing += self.mark_count;
        self.column.marks = self.marks.into_iter().map(|mark| mark.text).collect();
        self.column
    }

    /// A column of numbers, or of dates that are written as numbers, beside a number of odd cells.
    fn finish_numbers(&mut self, odd: u64, may_be_odd: &impl Fn(u64) -> bool) {
        let (column, numbers) = (&mut self.column, &mut self.numbers);
        if let Some(date) =
            numbers.date(&column.name).filter(|date| may_be_odd(odd + date.odd_count))
        {
            column.kind = ColumnKind::Date;
            column.range = Some(date.range);
            let of_number = |format: DateFormat, sentinel: Sentinel| {
                let day = |value: f64| format.parse(&value.to_string());
                let others = day(sentinel.others.0).zip(day(sentinel.others.1))?;
                Some(Sentinel { value: day(sentinel.value)?, others, ..sentinel })
            };
            let format = DateFormat::new(&date.format);
            // One that is no date is left out, and said so, already.
            let is_odd = |it: &Sentinel| {
                let text = it.value.to_string();
                date.odd.iter().any(|cell| cell.text == text)
            };
            let sentinel = numbers.ends.sentinel().filter(|it| !is_odd(it));
            column.sentinel = format.zip(sentinel).and_then(|(format, it)| of_number(format, it));
            column.format = Some(date.format);
            column.odd.extend(date.odd);
            return;
        }
        if !self.is_array && may_be_odd(odd + numbers.too_long_count()) {
            column.odd.extend(numbers.take_too_long());
        }
        column.range = numbers.range;
        column.decimals = numbers.decimals;
        column.trailing_zeros = numbers.is_even && numbers.has_zero && numbers.decimals.is_some();
        let is_constant = column.range.is_some_and(|(minimum, maximum)| minimum == maximum);
        let id = numbers.id(&column.name);
        column.sentinel = numbers.ends.sentinel();
        column.kind = match id {
            // A constant comes back as it is, unless its digits would not.
            _ if is_constant
                && column.infinite == 0
                && id.as_ref().is_none_or(|(_, cell)| cell.is_none()) =>
            {
                ColumnKind::Constant
            }
            Some((sign, cell)) => {
                (column.id, column.example) = (Some(sign), cell);
                ColumnKind::Id
            }
            None if numbers.is_whole => ColumnKind::Integer,
            None => ColumnKind::Number,
        };
    }

    /// The numbers of a column of words or dates, if they can be named one by one.
    fn odd_numbers(&self) -> Option<&[Cell]> {
        (self.numbers.count == 0 || !self.has_more_numbers).then_some(&self.written)
    }

    /// A column of words for no and yes.
    fn finish_words(&mut self, may_be_odd: &impl Fn(u64) -> bool) -> bool {
        let Some(numbers) = self.odd_numbers() else { return false };
        let is_word = |cell: &&Cell| marks::is_yes_or_no(&cell.text);
        let words = self.texts.iter().filter(is_word).map(|cell| cell.text.as_str());
        let odd = self.texts.iter().filter(|cell| !is_word(cell)).chain(numbers);
        let odd: Vec<_> = odd.cloned().collect();
        let count = odd.iter().map(|cell| cell.count).sum();
        let pair = marks::pair(words).filter(|_| !self.has_more_texts);
        let Some(pair) = pair.filter(|_| may_be_odd(count)) else { return false };
        let has = |word: &str| self.texts.iter().any(|cell| cell.text.eq_ignore_ascii_case(word));
        let (low, high) = (!has(&pair[0]), has(&pair[1]));
        self.column.range = Some((f64::from(low), f64::from(high)));
        (self.column.kind, self.column.words) = (ColumnKind::YesNo, Some(pair));
        self.column.odd = odd;
        true
    }

    /// A column of dates in one format.
    fn finish_dates(&mut self, may_be_odd: &impl Fn(u64) -> bool) -> bool {
        let Some(date) = self.dates.find() else { return false };
        let numbers = self.odd_numbers().filter(|_| date.is_complete);
        let is_few = may_be_odd(date.odd_count + self.numbers.count);
        let Some(numbers) = numbers.filter(|_| is_few) else {
            if self.dates.are_most() {
                self.kinds = vec![(TextKind::Dates, self.text_count)];
            }
            return false;
        };
        let odd = [&date.odd[..], numbers].concat();
        let is_unclear = date.is_unclear();
        (self.column.format, self.column.other_format) = (Some(date.format), date.other);
        if is_unclear {
            self.kinds = vec![(TextKind::UnclearDates, self.text_count)];
            return false;
        }
        self.column.kind = ColumnKind::Date;
        self.column.range = Some(date.range);
        self.column.sentinel = date.sentinel;
        self.column.odd = odd;
        true
    }

    /// A column of numbers in one spelling.
    fn finish_spelled(&mut self, found: Option<Found>, may_be_odd: &impl Fn(u64) -> bool) -> bool {
        let Some(found) = found.filter(|it| it.is_complete && !self.dates.are_most()) else {
            return false;
        };
        let bare = if found.has_bare { Some(&[][..]) } else { self.odd_numbers() };
        let bare_count = if found.has_bare { 0 } else { self.numbers.count };
        let is_few = may_be_odd(found.odd_count + bare_count);
        let Some(bare) = bare.filter(|_| is_few) else { return false };
        self.column.odd = [&found.odd[..], bare].concat();
        let (numbers, column) = (found.numbers, &mut self.column);
        column.kind = match numbers.range {
            (least, most) if least == most => ColumnKind::Constant,
            _ if numbers.is_whole => ColumnKind::Integer,
            _ => ColumnKind::Number,
        };
        column.range = Some(numbers.range);
        column.decimals = Some(numbers.decimals);
        column.trailing_zeros = numbers.has_zero;
        column.sentinel = numbers.ends.sentinel();
        column.format = Some(found.format);
        if let Some((other, example)) = found.other {
            column.other_format = Some(other);
            column.example = example.or(column.example.take());
        }
        true
    }

    fn finish_text(&mut self) {
        self.column.kind = ColumnKind::Text;
        self.column.infinite = self.numbers.infinite;
        self.column.range = self.numbers.range;
        let most = self.kinds.iter().max_by_key(|(kind, count)| (*count, std::cmp::Reverse(*kind)));
        // Of 7,887 and 3,5 in one column the second tells.
        let sum = |kinds: &[TextKind]| {
            let of = self.kinds.iter().filter(|(kind, _)| kinds.contains(kind));
            of.map(|(_, count)| count).sum::<u64>()
        };
        let enough = |count: u64| count as f64 >= MOST * self.text_count as f64;
        let decimal = [TextKind::DecimalComma, TextKind::EitherComma];
        let thousands = [TextKind::Thousands, TextKind::EitherComma];
        self.column.text = match most {
            Some((kind, count)) if enough(*count) => Some(*kind),
            _ if enough(sum(&decimal)) => Some(TextKind::DecimalComma),
            _ if enough(sum(&thousands)) => Some(TextKind::Thousands),
            _ => None,
        };
        if let Some(kind) = self.column.text {
            let of_kind = self.texts.iter().find(|cell| text_kind(&cell.text) == Some(kind));
            self.column.example = of_kind.or(self.texts.first()).cloned();
        }
    }
}
