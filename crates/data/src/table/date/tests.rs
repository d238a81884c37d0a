//! Dates and times in their spellings, read and written back.

use super::*;

#[test]
fn digits_are_dates_where_the_calendar_has_them() {
    for digits in ["20240229", "202402", "19991231235959"] {
        assert!(is_date_number(digits), "{digits}");
    }
    for digits in ["20230229", "20230230", "20231301", "18991231", "20230600"] {
        assert!(!is_date_number(digits), "{digits}");
    }
}

#[test]
fn every_spelling_is_found_and_comes_back() {
    for (text, format, value) in [
        ("1970-01-11", "%Y-%m-%d", 10.0),
        ("01-Mar-2024", "%d-%b-%Y", 19783.0),
        ("1 March 2024", "%-d %B %Y", 19783.0),
        ("March 1, 2024", "%B %-d, %Y", 19783.0),
        ("31.12.1999", "%d.%m.%Y", 10956.0),
        ("3/1/2024", "%-m/%-d/%Y", 19783.0),
        ("01-MAR-24", "%d-%^b-%y", 19783.0),
        ("25/12/2023", "%d/%m/%Y", 19716.0),
        ("2024-03", "%Y-%m", 650.0),
        ("Mar-24", "%b-%y", 650.0),
        ("9999-12", "%Y-%m", 96_359.0),
        ("9999-12-31", "%Y-%m-%d", 2_932_896.0),
        ("9999-12-31 23:59:59", "%Y-%m-%d %H:%M:%S", 253_402_300_799.0),
        ("12:30", "%H:%M", 45000.0),
        ("9:05:59.25", "%-H:%M:%S%.2f", 32759.25),
        ("9:05 PM", "%-I:%M %p", 75900.0),
        ("1970-01-02 00:01", "%Y-%m-%d %H:%M", 86460.0),
        ("1970-01-02T00:00:01Z", "%Y-%m-%dT%H:%M:%SZ", 86401.0),
        ("1970-01-02T00:00:01.125+02:00", "%Y-%m-%dT%H:%M:%S%.3f+02:00", 86401.125),
        ("2024-03-01 10:00:00 UTC", "%Y-%m-%d %H:%M:%S UTC", 1_709_287_200.0),
    ] {
        let found = formats_of(text);
        let first =
            found.iter().find(|format| format.write(format.parse(text).unwrap_or(0.0)) == text);
        let first = first.unwrap_or_else(|| panic!("{text}: {found:?}"));
        assert_eq!((first.text(), first.parse(text)), (format, Some(value)), "{text}");
    }
    for text in [
        "",
        "abc",
        "1.5",
        "192.168.0.1",
        "2026-13-40",
        "24:61",
        "12345-1-1",
        "7/10",
        "12-24",
        "5-7 days",
        "a-b-c",
    ] {
        assert_eq!(formats_of(text), [], "{text}");
    }
}

#[test]
fn whole_numbers_are_dates_where_each_part_can_be_one() {
    for (digits, is_it) in [
        ("20230623", true),
        ("202306", true),
        ("20230623101500", true),
        ("20231323", false),
        ("20230600", false),
        ("18990101", false),
        ("2023062", false),
    ] {
        assert_eq!(is_date_number(digits), is_it, "{digits}");
    }
    let format = formats_of_number(8).expect("days");
    assert_eq!(format.write(format.parse("20230623").expect("a day") + 8.4), "20230701");
}

#[test]
fn values_beyond_a_format_are_its_nearest() {
    let format = |text| DateFormat::new(text).expect("a format");
    for value in [f64::MAX, f64::MIN, f64::NAN, f64::INFINITY, -1e12, 1e12] {
        for text in ["%Y-%m", "%Y-%m-%d", "%Y-%m-%d %H:%M:%S%.6f", "%H:%M:%S"] {
            assert!(!format(text).write(value).is_empty(), "{text} {value}");
        }
    }
    assert_eq!(format("%H:%M").write(86_399.0), "23:59");
    assert_eq!(format("%H:%M:%S").write(-5.0), "00:00:00");
    for text in ["", "%", "%Q", "%d", "%Y", "x", "%H %d", "%Y-%m %H"] {
        assert_eq!(DateFormat::new(text), None, "{text}");
    }
}
