//! [`Spelled`]: the texts of a column that are numbers in one spelling, as `$1,234.50`, `5.2%` or `5 kg`.

use super::{
    Cell,
    called::is_called_id,
    ends::Ends,
    noted::{is_cut, note},
    text::{CURRENCIES, MONEY},
};
use crate::{
    column::with_decimals,
    table::{
        Decimal,
        number_spelling::{GROUPS, NumberSpelling},
        rounding::is_whole,
    },
};

/// Most spellings that are compared.
const CLASSES: usize = 24;
/// Fewest numbers that make a column one of spelled numbers.
const FEWEST: u64 = 2;
/// Fewest numbers that are ids where each is one more than the one before it.
const ID_ROWS: u64 = 3;
/// Number from which on whole ones of as many digits, in groups that are no thousands' commas, are numbers of phones.
const LONG: f64 = 1e8;
/// Most decimals of a number: an f64 holds no more.
const DECIMALS: usize = 15;
/// Most letters of a unit.
const UNIT: usize = 12;
/// Blanks before a unit: one that does not break and thin ones among them.
const BLANKS: [char; 4] = [' ', '\u{a0}', '\u{202f}', '\u{2009}'];

/// Texts of a column, with each sign that may stand before their decimals.
pub(super) struct Spelled {
    /// The sign before the decimals of bare numbers.
    own: char,
    readings: Vec<Reading>,
}

/// Texts of a column by their spelling, where one sign stands before decimals.
struct Reading {
    decimal: char,
    classes: Vec<Class>,
    unread: Noted,
}

/// Texts that have the same before and after their digits, and the same groups.
struct Class {
    spelling: NumberSpelling,
    before: String,
    after: String,
    grouping: Grouping,
    numbers: Summary,
    texts: Noted,
}

/// How the digits of a text are grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grouping {
    /// Fewer than four digits before decimals, which are written alike with groups and without.
    Short,
    Ungrouped,
    By(char),
}

/// What some numbers have in common.
#[derive(Clone, Debug)]
pub(super) struct Summary {
    pub count: u64,
    pub range: (f64, f64),
    pub ends: Ends,
    pub is_whole: bool,
    /// Most decimals, whether all have as many, and whether one of these ends with 0.
    pub decimals: u32,
    pub is_even: bool,
    pub has_zero: bool,
    /// The last of them, if each was one more than the one before it.
    pub ascending: Option<f64>,
}

/// Texts, and how many they are.
#[derive(Default)]
struct Noted {
    cells: Vec<Cell>,
    has_more: bool,
    count: u64,
}

/// The spelling of most texts of a column.
pub(super) struct Found {
    /// The number 1234.5 in this spelling, or 1234 where none has decimals.
    pub format: String,
    /// Another spelling that all of them have too, and that gives other numbers; and a text that has both.
    pub other: Option<(String, Option<Cell>)>,
    pub numbers: Summary,
    /// Whether signs group the digits.
    pub is_grouped: bool,
    /// Whether the column's bare numbers are of this spelling, and in `numbers`.
    pub has_bare: bool,
    /// Texts that are none of its numbers, and the number of their rows.
    pub odd: Vec<Cell>,
    pub odd_count: u64,
    /// Whether `odd` holds all such texts.
    pub is_complete: bool,
}

impl Spelled {
    /// Of a column in a file with this sign before decimals, if it is known.
    pub fn new(decimal: Option<Decimal>) -> Self {
        let sign = |decimal: Decimal| char::from(decimal.signs().0);
        let signs = match decimal {
            Some(decimal) => vec![sign(decimal)],
            None => vec![sign(Decimal::Point), sign(Decimal::Comma)],
        };
        let reading = |decimal| Reading { decimal, classes: Vec::new(), unread: Noted::default() };
        Self { own: signs[0], readings: signs.into_iter().map(reading).collect() }
    }

    /// Takes a text.
    pub fn take(&mut self, text: &str, line: &impl Fn() -> u64) {
        let parts = Parts::of(text);
        for reading in &mut self.readings {
            if parts.as_ref().is_none_or(|parts| !reading.take(text, parts, line)) {
                reading.unread.take(text, line);
            }
        }
    }

    /// The spelling that most texts have, a point before decimals where a comma is as good. `bare` are the column's bare
    /// numbers, and the column is called `name`.
    pub fn find(&self, bare: Option<&Summary>, name: &str) -> Option<Found> {
        let read = |reading: &Reading| reading.classes.iter().map(|it| reading.like(it)).max();
        let most = self.readings.iter().filter_map(read).max()?;
        let mut best = self.readings.iter().filter(|reading| read(reading) == Some(most));
        let first = best.next()?;
        let bare = bare.filter(|bare| bare.decimals == 0 || first.decimal == self.own);
        let mut found = first.find(bare, name)?;
        let second = best.next().and_then(|other| Some((other, other.find(None, name)?)));
        found.other =
            second.filter(|(_, it)| it.numbers.range != found.numbers.range).map(|(other, it)| {
                let texts = other.classes.iter().flat_map(|class| &class.texts.cells);
                let has_sign = |cell: &&Cell| cell.text.contains([',', '.']);
                (it.format, texts.filter(has_sign).min_by_key(|cell| cell.line).cloned())
            });
        Some(found)
    }
}

impl Reading {
    /// Takes a text, if it is a number that comes back as it is.
    fn take(&mut self, text: &str, parts: &Parts<'_>, line: &impl Fn() -> u64) -> bool {
        let Some(grouping) = parts.grouping(self.decimal) else { return false };
        let is_own = |class: &Class| {
            class.grouping == grouping && class.before == parts.before && class.after == parts.after
        };
        if let Some(class) = self.classes.iter_mut().find(|class| is_own(class)) {
            return class.take(text, line);
        }
        let Some(mut class) = parts.class(grouping, self.decimal) else { return false };
        let is_taken = self.classes.len() < CLASSES && class.take(text, line);
        if is_taken {
            self.classes.push(class);
        }
        is_taken
    }

    /// The short numbers that go with a class.
    fn short(&self, of: &Class) -> Option<&Class> {
        let is_short = |class: &&Class| {
            class.grouping == Grouping::Short
                && class.before == of.before
                && class.after == of.after
        };
        self.classes.iter().find(is_short).filter(|_| of.grouping != Grouping::Short)
    }

    /// The number of texts in the spelling of a class.
    fn like(&self, class: &Class) -> u64 {
        class.texts.count + self.short(class).map_or(0, |short| short.texts.count)
    }

    /// The spelling of most texts; `None` where they would not come back as they are, or are ids.
    fn find(&self, bare: Option<&Summary>, name: &str) -> Option<Found> {
        let most = self.classes.iter().map(|class| self.like(class)).max()?;
        let class = self.classes.iter().find(|class| self.like(class) == most)?;
        let short = self.short(class);
        let is_own = |other: &&Class| {
            std::ptr::eq(*other, class) || short.is_some_and(|short| std::ptr::eq(*other, short))
        };
        let is_grouped = matches!(class.grouping, Grouping::By(_));
        let is_bare = class.before.is_empty() && class.after.is_empty();
        let fits = |bare: &&Summary| {
            is_bare && (!is_grouped || bare.range.0 > -1000.0 && bare.range.1 < 1000.0)
        };
        let bare = bare.filter(fits);
        let mut numbers = class.numbers.clone();
        for more in short.map(|short| &short.numbers).into_iter().chain(bare) {
            numbers.join(more);
        }
        if numbers.count < FEWEST
            || numbers.has_zero && !numbers.is_even
            || is_bare && numbers.are_ids(class.grouping, name)
        {
            return None;
        }
        let others = || {
            let others = self.classes.iter().filter(|other| !is_own(other));
            others.map(|class| &class.texts).chain([&self.unread])
        };
        let mut odd: Vec<Cell> = others().flat_map(|texts| texts.cells.clone()).collect();
        odd.sort_by_key(|cell| cell.line);
        let example = if numbers.decimals == 0 { "1234" } else { "1234.5" };
        Some(Found {
            format: class.spelling.spell(example),
            other: None,
            numbers,
            is_grouped,
            has_bare: bare.is_some(),
            odd,
            odd_count: others().map(|texts| texts.count).sum(),
            is_complete: others().all(|texts| !texts.has_more),
        })
    }
}

impl Class {
    fn take(&mut self, text: &str, line: &impl Fn() -> u64) -> bool {
        let Some(plain) = self.spelling.plain(text) else { return false };
        let decimals = plain.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        let Ok(value) = plain.parse::<f64>() else { return false };
        // What would come back in another spelling is none of this one.
        let comes_back = decimals <= DECIMALS
            && with_decimals(value, decimals) == plain
            && self.spelling.spell(&plain) == text;
        if comes_back {
            let has_zero = decimals > 0 && plain.ends_with('0');
            self.numbers.take(value, decimals as u32, has_zero);
            self.texts.take(text, line);
        }
        comes_back
    }
}

impl Summary {
    /// Takes a number of so many decimals, the last of which may be a 0.
    fn take(&mut self, value: f64, decimals: u32, has_zero: bool) {
        let is_first = self.count == 0;
        let is_next = is_first || self.ascending.is_some_and(|last| last + 1.0 == value);
        self.ascending = Some(value).filter(|_| is_next);
        self.count += 1;
        self.range = (self.range.0.min(value), self.range.1.max(value));
        self.ends.take(value);
        self.is_whole &= is_whole(value);
        self.is_even &= is_first || self.decimals == decimals;
        self.decimals = self.decimals.max(decimals);
        self.has_zero |= has_zero;
    }

    /// Adds other numbers, of which there are some.
    fn join(&mut self, other: &Self) {
        self.ascending = self.ascending.and(other.ascending);
        self.count += other.count;
        self.range = (self.range.0.min(other.range.0), self.range.1.max(other.range.1));
        self.ends.join(&other.ends);
        self.is_whole &= other.is_whole;
        self.is_even &= other.is_even && self.decimals == other.decimals;
        self.decimals = self.decimals.max(other.decimals);
        self.has_zero |= other.has_zero;
    }

    /// Whether numbers without a unit are ids: each is one more than the one before it, the column is called so, or all
    /// have as many digits as a phone's, in groups as such.
    fn are_ids(&self, grouping: Grouping, name: &str) -> bool {
        let digits = |value: f64| value.log10().floor();
        let is_phone = matches!(grouping, Grouping::By(sign) if !",'’".contains(sign))
            && self.range.0 >= LONG
            && digits(self.range.0) == digits(self.range.1);
        let counts = self.ascending.is_some() && self.count >= ID_ROWS;
        self.is_whole && (is_phone || counts || is_called_id(name))
    }
}

impl Default for Summary {
    fn default() -> Self {
        Self {
            count: 0,
            range: (f64::INFINITY, f64::NEG_INFINITY),
            ends: Ends::default(),
            is_whole: true,
            decimals: 0,
            is_even: true,
            has_zero: false,
            ascending: None,
        }
    }
}

impl Noted {
    fn take(&mut self, text: &str, line: &impl Fn() -> u64) {
        self.count += 1;
        if !self.has_more {
            self.has_more = is_cut(text) || !note(&mut self.cells, text, line);
        }
    }
}

/// A text that may be a spelled number: what stands before its digits, these with the signs between them, and what
/// stands after.
struct Parts<'a> {
    before: &'a str,
    digits: &'a str,
    after: &'a str,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let text = text.strip_prefix('-').unwrap_or(text);
        let is_digit = |c: char| c.is_ascii_digit();
        let (first, last) = (text.find(is_digit)?, text.rfind(is_digit)?);
        let (before, after) = (&text[..first], &text[last + 1..]);
        let is_read = is_before(before) && is_after(after);
        is_read.then(|| Self { before, digits: &text[first..=last], after })
    }

    fn grouping(&self, decimal: char) -> Option<Grouping> {
        let whole = self.digits.split(decimal).next().unwrap_or_default();
        match whole.chars().find(|c| !c.is_ascii_digit()) {
            Some(sign) => GROUPS.contains(&sign).then_some(Grouping::By(sign)),
            None if whole.len() < 4 => Some(Grouping::Short),
            None => Some(Grouping::Ungrouped),
        }
    }

    fn class(&self, grouping: Grouping, decimal: char) -> Option<Class> {
        let Self { before, after, .. } = self;
        let group = match grouping {
            Grouping::By(sign) => sign.to_string(),
            _ => String::new(),
        };
        let spelling = NumberSpelling::new(&format!("{before}1{group}234{decimal}5{after}"))?;
        let (before, after) = ((*before).to_owned(), (*after).to_owned());
        let (numbers, texts) = (Summary::default(), Noted::default());
        Some(Class { spelling, before, after, grouping, numbers, texts })
    }
}

/// Whether a text before digits is a currency, or nothing.
fn is_before(text: &str) -> bool {
    text.is_empty() || is_currency(text.strip_suffix(BLANKS).unwrap_or(text))
}

/// Whether a text after digits is per cent, a currency, a unit behind a blank, one of degrees, or nothing.
fn is_after(text: &str) -> bool {
    let name = text.strip_prefix(BLANKS).unwrap_or(text);
    let follows_blank = name.len() < text.len();
    text.is_empty()
        || ["%", "‰"].contains(&name)
        || is_currency(name)
        || (follows_blank || text.starts_with('°')) && is_unit(name)
}

/// Whether a text is a sign of a currency, which may follow letters, as US$, or a currency's code.
fn is_currency(text: &str) -> bool {
    let letters = text.strip_suffix(|c| MONEY.contains(c));
    CURRENCIES.contains(&text)
        || letters.is_some_and(|it| it.len() <= 3 && it.bytes().all(|b| b.is_ascii_uppercase()))
}

/// Whether a word may be a unit, as kg/m³.
fn is_unit(word: &str) -> bool {
    let is_time = ["am", "pm"].iter().any(|half| half.eq_ignore_ascii_case(word));
    let is_letter = |c: char| c.is_alphabetic() || "°/²³·".contains(c);
    !word.is_empty() && word.chars().count() <= UNIT && word.chars().all(is_letter) && !is_time
}
