//! How values of cells are spelled: numbers in their shortest text, moments by ISO 8601.

use jiff::{Span, Unit, civil};

/// Milliseconds of a day.
pub(super) const DAY: i64 = 86_400_000;
/// Rounding errors of arithmetic, in units of a number's last place, within which a number is whole.
const NOISE: f64 = 4.0;

/// The shortest text of a number; a whole number has no decimals, be it by a rounding error.
pub(super) fn number(value: f64) -> String {
    let whole = value.round();
    let is_whole = (value - whole).abs() <= NOISE * f64::EPSILON * value.abs();
    let value = if is_whole { whole } else { value };
    match value.abs() {
        0.0 => "0".to_owned(),
        size if (1e-5..1e21).contains(&size) => format!("{value}"),
        _ => format!("{value:e}"),
    }
}

/// Moment of a cell, or length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// Day, in days since 1970-01-01, and milliseconds since midnight.
    At(i64, i64),
    /// The day before March of 1900, which Excel has and the calendar has not.
    NoDay(i64),
    /// Time of a day, or length of time, in milliseconds.
    Time(i64),
}

impl Moment {
    /// The moment that a serial number stands for, in the date system of 1900 or of 1904. Below 1 it is a time.
    pub fn of_serial(serial: f64, is_1904: bool) -> Option<Self> {
        // Beyond the year 9999.
        if !(0.0..2_958_466.0).contains(&serial) {
            return None;
        }
        let milliseconds = (serial * DAY as f64).round() as i64;
        let (day, time) = (milliseconds.div_euclid(DAY), milliseconds.rem_euclid(DAY));
        Some(match day {
            0 => Self::Time(time),
            _ if is_1904 => Self::At(day + days(1904, 1, 1)?, time),
            60 => Self::NoDay(time),
            ..60 => Self::At(day + days(1899, 12, 31)?, time),
            _ => Self::At(day + days(1899, 12, 30)?, time),
        })
    }

    /// A length of time in days.
    pub fn of_length(days: f64) -> Option<Self> {
        (days.abs() < 1e9).then(|| Self::Time((days * DAY as f64).round() as i64))
    }

    /// A date, or a date with a time, by ISO 8601.
    pub fn of_date(text: &str) -> Option<Self> {
        let moment: civil::DateTime = text.parse().ok()?;
        let midnight = moment.date().to_datetime(civil::Time::midnight());
        let time = moment.duration_since(midnight).as_millis() as i64;
        Some(Self::At(days(moment.year(), moment.month(), moment.day())?, time))
    }

    /// A length of time by ISO 8601, as `PT10H30M00S`.
    pub fn of_time(text: &str) -> Option<Self> {
        let span: Span = text.parse().ok()?;
        let seconds = span.total(Unit::Second).ok()?;
        (seconds.abs() < 1e12).then(|| Self::Time((seconds * 1e3).round() as i64))
    }

    /// Milliseconds since midnight, or of a length of time.
    pub const fn time(self) -> i64 {
        match self {
            Self::At(_, time) | Self::NoDay(time) | Self::Time(time) => time,
        }
    }

    /// The text, a day with its time and a second with its fraction if these are wanted.
    pub fn text(self, has_time: bool, has_fraction: bool) -> String {
        let milliseconds = self.time().abs();
        let (seconds, fraction) = (milliseconds / 1000, milliseconds % 1000);
        let sign = if self.time() < 0 { "-" } else { "" };
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        let fraction = if has_fraction { format!(".{fraction:03}") } else { String::new() };
        let time = format!("{sign}{hour:02}:{minute:02}:{second:02}{fraction}");
        let day = match self {
            Self::Time(_) => return time,
            Self::NoDay(_) => "1900-02-29".to_owned(),
            Self::At(day, _) => date(day),
        };
        if has_time { format!("{day}T{time}") } else { day }
    }
}

const EPOCH: civil::Date = civil::Date::constant(1970, 1, 1);

/// Days from 1970-01-01 to a day of the calendar.
fn days(year: i16, month: i8, day: i8) -> Option<i64> {
    let date = civil::Date::new(year, month, day).ok()?;
    Some(i64::from(date.since((Unit::Day, EPOCH)).ok()?.get_days()))
}

/// The text of a day.
fn date(day: i64) -> String {
    let date = Span::new().try_days(day).and_then(|span| EPOCH.checked_add(span));
    date.map_or_else(|_| String::new(), |date| date.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_whole_where_they_are() {
        for (value, text) in [
            (3.0, "3"),
            (-0.0, "0"),
            (2.999_999_999_999_999_6, "3"),
            (0.1, "0.1"),
            (0.1 + 0.2, "0.30000000000000004"),
            (123_456_789_012_345.6, "123456789012345.6"),
            (1e300, "1e300"),
            (-2.5e-7, "-2.5e-7"),
            (519_565_461_614_508_350.0, "519565461614508350"),
        ] {
            assert_eq!(number(value), text);
            assert!((text.parse::<f64>().expect("a number") - value).abs() <= 1e-15 * value.abs());
        }
    }

    #[test]
    fn serial_numbers_are_days_of_both_systems() {
        let text = |serial, is_1904, time| {
            Moment::of_serial(serial, is_1904).map(|moment| moment.text(time, false))
        };
        for (serial, day) in [
            (1.0, "1900-01-01"),
            (59.0, "1900-02-28"),
            (60.0, "1900-02-29"),
            (61.0, "1900-03-01"),
            (25569.0, "1970-01-01"),
            (45352.0, "2024-03-01"),
            (2_958_465.0, "9999-12-31"),
        ] {
            assert_eq!(text(serial, false, false).as_deref(), Some(day));
        }
        assert_eq!(text(43890.0, true, false).as_deref(), Some("2024-03-01"));
        assert_eq!(text(45352.4375, false, true).as_deref(), Some("2024-03-01T10:30:00"));
        assert_eq!(text(0.75, false, true).as_deref(), Some("18:00:00"));
        // A rounding error before midnight is midnight.
        assert_eq!(text(45_351.999_999_999_9, false, true).as_deref(), Some("2024-03-01T00:00:00"));
        assert_eq!([text(-1.0, false, false), text(3e6, false, false)], [None, None]);
        assert_eq!(
            Moment::of_length(1.5).map(|it| it.text(true, false)).as_deref(),
            Some("36:00:00")
        );
        assert_eq!(
            Moment::of_date("2024-03-01").map(|it| it.text(false, false)).as_deref(),
            Some("2024-03-01")
        );
        assert_eq!(
            Moment::of_date("2024-03-01T10:30:00.25").map(|it| it.text(true, true)).as_deref(),
            Some("2024-03-01T10:30:00.250")
        );
        assert_eq!(
            Moment::of_time("PT10H30M05S").map(|it| it.text(true, false)).as_deref(),
            Some("10:30:05")
        );
        assert_eq!(Moment::of_date("1 May"), None);
    }
}
