//! [`DateFormat`]: dates and times as numbers, and back in the same spelling.

use std::{fmt::Write as _, sync::OnceLock};

use jiff::{
    ToSpan, Unit as Step,
    civil::{Date, Time},
    fmt::strtime::{self, BrokenDownTime},
};

/// Seconds of a day.
const DAY: i64 = 86_400;
/// Most digits of a second's fraction: a microsecond still is exact in an f64 of today's seconds.
const FRACTION: usize = 6;

/// Spelling of dates or times, in the directives of strftime, and the number that stands for one.
///
/// A month is the number of months since January 1970, a day that of days since 1970-01-01, a day with a
/// time that of seconds since then, and a time alone that of seconds since midnight.
#[derive(Clone, Debug, PartialEq)]
pub struct DateFormat {
    text: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Month,
    Day,
    /// Seconds since 1970, in steps of this size.
    Moment(f64),
    /// Seconds since midnight, in steps of this size.
    Time(f64),
}

impl DateFormat {
    /// The format of this text; `None` if it says neither a month of a year, nor a day of one, nor a time.
    pub fn new(text: &str) -> Option<Self> {
        let mut letters = Vec::new();
        let (mut rest, mut fraction) = (text.chars().peekable(), None);
        while let Some(c) = rest.next() {
            if c != '%' {
                continue;
            }
            let mut digits = String::new();
            let mut is_fraction = false;
            while let Some(flag) = rest.next_if(|c| "-_0^#.123456789".contains(*c)) {
                is_fraction |= flag == '.';
                digits.extend(flag.is_ascii_digit().then_some(flag));
            }
            let letter = rest.next()?;
            if letter == 'f' && is_fraction {
                fraction = Some(digits.parse::<usize>().unwrap_or(FRACTION).min(FRACTION));
            }
            letters.push(letter);
        }
        let has = |any: &str| letters.iter().any(|letter| any.contains(*letter));
        let second = match fraction {
            Some(digits) => 0.1_f64.powi(digits as i32),
            None if has("STrs") => 1.0,
            None => 60.0,
        };
        let kind = match (has("YyF") && has("mbBhF"), has("deF"), has("HIklTR")) {
            (true, true, true) => Kind::Moment(second),
            (true, true, false) => Kind::Day,
            (true, false, false) => Kind::Month,
            (false, false, true) if !has("YymbBhdeF") => Kind::Time(second),
            _ => return None,
        };
        let format = Self { text: text.to_owned(), kind };
        // What cannot be written cannot be read.
        format.written(0.0).map(|_| format)
    }

    /// The least difference of two of its numbers.
    pub(super) const fn step(&self) -> f64 {
        match self.kind {
            Kind::Month | Kind::Day => 1.0,
            Kind::Moment(step) | Kind::Time(step) => step,
        }
    }

    /// The directives.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Unit in which a difference of two is told, and how many of the numbers that stand for them it is.
    pub const fn unit(&self) -> (&'static str, f64) {
        match self.kind {
            Kind::Month => ("months", 1.0),
            Kind::Day => ("days", 1.0),
            Kind::Moment(_) => ("days", DAY as f64),
            Kind::Time(_) => ("s", 1.0),
        }
    }

    /// The number that stands for a text; `None` if it is none of this format.
    pub fn parse(&self, text: &str) -> Option<f64> {
        let parsed = BrokenDownTime::parse(&self.text, text).ok()?;
        Some(match self.kind {
            Kind::Month => {
                let (year, month) = (parsed.year()?, parsed.month()?);
                (f64::from(year) - 1970.0) * 12.0 + f64::from(month) - 1.0
            }
            Kind::Day => since_epoch(parsed.to_date().ok()?)? as f64,
            Kind::Moment(_) => {
                // Not by a timestamp, which ends a day before the year 9999 does.
                let days = since_epoch(parsed.to_date().ok()?)?;
                let (second, nanosecond) = since_midnight(parsed.to_time().ok()?);
                (days * DAY + second) as f64 + nanosecond * 1e-9
            }
            Kind::Time(_) => {
                let (second, nanosecond) = since_midnight(parsed.to_time().ok()?);
                second as f64 + nanosecond * 1e-9
            }
        })
    }

    /// The text of a number, rounded to what the format can tell. Beyond the years −9999 to 9999, and beyond
    /// a day for a time alone, the nearest that there is.
    pub fn write(&self, value: f64) -> String {
        self.written(value).unwrap_or_default()
    }

    fn written(&self, value: f64) -> Option<String> {
        let value = if value.is_finite() { value } else { 0.0 };
        let seconds = |step: f64, low: f64, high: f64| {
            let whole = ((value / step).round() * step).clamp(low, high);
            let second = whole.floor();
            // A microsecond is the finest step, so that this rounds a rounding error away.
            let micros = ((whole - second) * 1e6).round().clamp(0.0, 999_999.0);
            (second as i64, micros as i32 * 1000)
        };
        match self.kind {
            Kind::Month => {
                // January of the year −9999, and December of 9999.
                let months = value.round().clamp(-143_628.0, 96_359.0) as i64;
                let year = (1970 + months.div_euclid(12)) as i16;
                let day = Date::new(year, (months.rem_euclid(12) + 1) as i8, 1).ok()?;
                strtime::format(&self.text, day).ok()
            }
            Kind::Day => {
                let days = value.round().clamp(-5e6, 5e6) as i32;
                strtime::format(&self.text, epoch().saturating_add(days.days())).ok()
            }
            Kind::Moment(step) => {
                let end = ((since_epoch(Date::MAX)? + 1) * DAY) as f64;
                let first = (since_epoch(Date::MIN)? * DAY) as f64;
                // A microsecond less than the last second's end is no other f64.
                let (second, nanosecond) = seconds(step, first, (end - step).min(end.next_down()));
                let day = epoch().checked_add(second.div_euclid(DAY).days()).ok()?;
                let time = of_day(second.rem_euclid(DAY), nanosecond)?;
                strtime::format(&self.text, day.to_datetime(time)).ok()
            }
            Kind::Time(step) => {
                let (second, nanosecond) = seconds(step, 0.0, DAY as f64 - step);
                // A time has no day, which the formatter asks for where a directive does.
                strtime::format(&self.text, epoch().to_datetime(of_day(second, nanosecond)?)).ok()
            }
        }
    }
}

const fn epoch() -> Date {
    Date::constant(1970, 1, 1)
}

/// Days since 1970-01-01.
fn since_epoch(day: Date) -> Option<i64> {
    Some(day.since((Step::Day, epoch())).ok()?.get_days().into())
}

/// Whole seconds since midnight, and the nanoseconds beside them.
fn since_midnight(time: Time) -> (i64, f64) {
    let minutes = i64::from(time.hour()) * 60 + i64::from(time.minute());
    (minutes * 60 + i64::from(time.second()), f64::from(time.subsec_nanosecond()))
}

/// The time so many seconds, less than a day, after midnight.
fn of_day(second: i64, nanosecond: i32) -> Option<Time> {
    let (hour, minute) = ((second / 3600) as i8, (second / 60 % 60) as i8);
    Time::new(hour, minute, (second % 60) as i8, nanosecond).ok()
}

/// Days, the usual order of day and month first.
const DAYS: &[&str] = &[
    "%Y-%m-%d",
    "%Y-%-m-%-d",
    "%Y/%m/%d",
    "%Y/%-m/%-d",
    "%Y.%m.%d",
    "%d.%m.%Y",
    "%-d.%-m.%Y",
    "%m/%d/%Y",
    "%-m/%-d/%Y",
    "%d/%m/%Y",
    "%-d/%-m/%Y",
    "%d-%m-%Y",
    "%-d-%-m-%Y",
    "%m-%d-%Y",
    "%-m-%-d-%Y",
    "%d.%m.%y",
    "%-d.%-m.%y",
    "%m/%d/%y",
    "%-m/%-d/%y",
    "%d/%m/%y",
    "%-d/%-m/%y",
    "%d-%m-%y",
    "%m-%d-%y",
    "%y-%m-%d",
    "%d %m %Y",
    "%Y %m %d",
    "%d-%b-%Y",
    "%-d-%b-%Y",
    "%d-%b-%y",
    "%-d-%b-%y",
    "%d %b %Y",
    "%-d %b %Y",
    "%d %b %y",
    "%-d %b %y",
    "%d/%b/%Y",
    "%-d/%b/%Y",
    "%d.%b.%Y",
    "%d%b%Y",
    "%b %d, %Y",
    "%b %-d, %Y",
    "%b %d %Y",
    "%b %-d %Y",
    "%b-%d-%Y",
    "%Y-%b-%d",
    "%Y %b %d",
    "%a %d %b %Y",
    "%a, %d %b %Y",
    "%a, %-d %b %Y",
    "%d %B %Y",
    "%-d %B %Y",
    "%-d. %B %Y",
    "%B %d, %Y",
    "%B %-d, %Y",
    "%B %d %Y",
    "%B %-d %Y",
    "%d-%B-%Y",
    "%-d-%B-%Y",
    "%A, %B %-d, %Y",
    "%A, %-d %B %Y",
];
/// Months of a year.
const MONTHS: &[&str] =
    &["%Y-%m", "%Y/%m", "%m/%Y", "%m-%Y", "%b %Y", "%b-%Y", "%b-%y", "%b %y", "%B %Y", "%Y-%b"];
/// Times of a day.
const TIMES: &[&str] = &[
    "%H:%M",
    "%-H:%M",
    "%H:%M:%S",
    "%-H:%M:%S",
    "%I:%M %p",
    "%-I:%M %p",
    "%I:%M:%S %p",
    "%-I:%M:%S %p",
    "%I:%M%p",
    "%-I:%M%p",
    "%I:%M:%S%p",
    "%-I:%M:%S%p",
];

/// The shape of a text: `9` for digits in a row, `a` for letters in a row, other characters as they are.
fn shape(text: &str) -> String {
    let mut shape = String::new();
    for c in text.chars() {
        let c = match c {
            c if c.is_ascii_digit() => '9',
            c if c.is_alphabetic() => 'a',
            c => c,
        };
        if !("9a".contains(c) && shape.ends_with(c)) {
            shape.push(c);
        }
    }
    shape
}

/// The known formats without a fraction of a second, each with the shape of its texts.
fn known() -> &'static [(String, String)] {
    static KNOWN: OnceLock<Vec<(String, String)>> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let mut formats: Vec<String> =
            [DAYS, MONTHS, TIMES].concat().iter().map(|text| (*text).to_owned()).collect();
        // Months in capitals.
        let capitals: Vec<_> = DAYS
            .iter()
            .chain(MONTHS)
            .filter(|text| text.contains("%b"))
            .map(|text| text.replace("%b", "%^b"))
            .collect();
        formats.extend(capitals);
        for (day, between) in DAYS.iter().flat_map(|day| [(day, "T"), (day, " "), (day, ", ")]) {
            formats.extend(TIMES.iter().map(|time| format!("{day}{between}{time}")));
        }
        let shaped = |format: String| {
            let is_word = |c: char| "bBaAp".contains(c);
            let mut text = String::new();
            let mut rest = format.chars();
            while let Some(c) = rest.next() {
                if c != '%' {
                    text.push(c);
                } else {
                    let letter = rest.find(|c| !"-^".contains(*c)).unwrap_or_default();
                    text.push(if is_word(letter) { 'a' } else { '9' });
                }
            }
            (shape(&text), format)
        };
        formats.into_iter().map(shaped).collect()
    })
}

/// The formats in which a text comes back as it is, the usual ones first. An offset from universal time, and the letter Z,
/// are part of the spelling.
pub(super) fn formats_of(text: &str) -> Vec<DateFormat> {
    if text.len() > 48 || !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return Vec::new();
    }
    let (body, zone) = text.split_at(text.len() - zone(text));
    let fraction = body.rfind(':').map_or(0, |colon| {
        let second = body[colon + 1..].trim_end_matches(|c: char| !c.is_ascii_digit());
        second.split_once('.').map_or(0, |(_, digits)| digits.len())
    });
    if fraction > FRACTION {
        return Vec::new();
    }
    let wanted = match fraction {
        0 => shape(body),
        _ => shape(&body.replacen(&fraction_of(body), "", 1)),
    };
    let matching = known().iter().filter(|(shape, _)| *shape == wanted);
    let formats = matching.filter_map(|(_, format)| {
        let mut format = match fraction {
            0 => format.clone(),
            digits if format.contains("%S") => format.replacen("%S", &format!("%S%.{digits}f"), 1),
            _ => return None,
        };
        let _ = write!(format, "{}", zone.replace('%', "%%"));
        let format = DateFormat::new(&format)?;
        let value = format.parse(text)?;
        (format.write(value) == text).then_some(format)
    });
    formats.collect()
}

/// The fraction of a second in a text that has one, with its point.
fn fraction_of(body: &str) -> String {
    let second = body.rsplit(':').next().unwrap_or_default();
    let digits = second.split_once('.').map_or("", |(_, digits)| digits);
    let count = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    format!(".{}", &digits[..count])
}

/// The number of bytes at a text's end that say a time zone: Z, UTC, GMT, or an offset after a time.
fn zone(text: &str) -> usize {
    let Some(colon) = text.find(':') else { return 0 };
    let after = &text[colon..];
    for word in ["Z", " UTC", " GMT", "UTC"] {
        if after.ends_with(word) {
            return word.len();
        }
    }
    let Some(sign) = after.rfind(['+', '-']) else { return 0 };
    let offset = &after[sign + 1..];
    let digits: String = offset.chars().filter(char::is_ascii_digit).collect();
    let is_offset = [2, 4].contains(&digits.len()) && offset.len() - digits.len() <= 1;
    match is_offset && offset.replace(':', "") == digits {
        true if after[..sign].ends_with(' ') => offset.len() + 2,
        true => offset.len() + 1,
        false => 0,
    }
}

/// The formats in which a whole number of so many digits may be a date.
pub(super) fn formats_of_number(digits: usize) -> Option<DateFormat> {
    DateFormat::new(match digits {
        6 => "%Y%m",
        8 => "%Y%m%d",
        12 => "%Y%m%d%H%M",
        14 => "%Y%m%d%H%M%S",
        _ => return None,
    })
}

/// Whether a whole number's digits are a date from 1900 to 2099, of the formats above.
pub(super) fn is_date_number(digits: &str) -> bool {
    let part =
        |from: usize, to: usize| digits.get(from..to).and_then(|part| part.parse::<u32>().ok());
    let within =
        |from, to, low, high| part(from, to).is_none_or(|part| (low..=high).contains(&part));
    [6, 8, 12, 14].contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && within(0, 4, 1900, 2099)
        && within(4, 6, 1, 12)
        && is_day(part(0, 4), part(4, 6), part(6, 8))
        && within(8, 10, 0, 23)
        && within(10, 12, 0, 59)
        && within(12, 14, 0, 59)
}

/// Whether a month has such a day; no day is said of a month alone.
fn is_day(year: Option<u32>, month: Option<u32>, day: Option<u32>) -> bool {
    let Some(day) = day else { return true };
    let part = |part: Option<u32>| i16::try_from(part.unwrap_or_default()).unwrap_or_default();
    let [month, day] = [part(month), part(Some(day))].map(|part| i8::try_from(part).unwrap_or(0));
    Date::new(part(year), month, day).is_ok()
}

#[cfg(test)]
mod tests;
