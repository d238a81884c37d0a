//! [`CellReader`] and [`ColumnSpec::write`]: the cells of a column as numbers, and back in the file's spelling.

use super::{CellKind, ColumnSpec, NumberSpelling, date::DateFormat, field::Field, layout::Cells};
use crate::column::with_decimals;

/// Reader of the cells of a column, made once of its spec.
#[derive(Clone, Debug)]
pub(super) struct CellReader {
    spelling: Spelling,
    missing: Vec<String>,
}

#[derive(Clone, Debug)]
enum Spelling {
    Number,
    Words([String; 2]),
    Date(DateFormat),
    Spelled(NumberSpelling),
}

impl CellReader {
    /// The reader of a spec. A format that is none reads numbers; [`ColumnSpec::check`] refuses it.
    pub fn new(spec: &ColumnSpec) -> Self {
        let spelling = match (spec.kind, &spec.words, &spec.format) {
            (CellKind::YesNo, Some(words), _) => Spelling::Words(words.clone()),
            (CellKind::Date, _, Some(format)) => {
                DateFormat::new(format).map_or(Spelling::Number, Spelling::Date)
            }
            _ => spec.spelling().map_or(Spelling::Number, Spelling::Spelled),
        };
        Self { spelling, missing: spec.missing.clone() }
    }

    /// Reads a trimmed field.
    pub fn read(&self, cells: &Cells, field: &[u8]) -> Field {
        if self.missing.iter().any(|text| text.as_bytes() == field) {
            return Field::Missing;
        }
        let number = cells.number(field);
        if matches!(self.spelling, Spelling::Number) || number == Field::Missing {
            return number;
        }
        let Ok(text) = str::from_utf8(field) else { return Field::Text };
        let value = match &self.spelling {
            Spelling::Number => None,
            Spelling::Words(words) => {
                let exact = words.iter().position(|word| word == text);
                let alike = || words.iter().position(|word| word.eq_ignore_ascii_case(text));
                exact.or_else(alike).map(|place| place as f64)
            }
            Spelling::Date(format) => format.parse(text),
            Spelling::Spelled(spelling) => spelling.parse(text),
        };
        value.map_or(Field::Text, Field::Number)
    }

    /// What a field must be.
    pub fn required(&self) -> String {
        match &self.spelling {
            Spelling::Number => "a number, such as 1.5 or 2e-3".to_owned(),
            Spelling::Words([no, yes]) => format!("one of the words `{no}` and `{yes}`"),
            Spelling::Date(format) => {
                format!("a date of the format {}, such as {}", format.text(), format.write(0.0))
            }
            Spelling::Spelled(spelling) => format!("a number written as {}", spelling.text()),
        }
    }
}

impl ColumnSpec {
    /// The text of a value as the file spells its cells, for messages on the file (samples are written by
    /// [`Column::text`](crate::Column::text)): with `decimals` decimals, a word for no or yes,
    /// a date in its format, or a number in the spelling of its. Of a number of which no decimals are said it is the shortest text that reads
    /// back the same, with a decimal point always.
    ///
    /// ```
    /// use langevin_data::{CellKind, ColumnSpec};
    ///
    /// let number = ColumnSpec { decimals: Some(2), ..ColumnSpec::named("price") };
    /// assert_eq!(number.write(1.499), "1.50");
    /// let words = Some(["FALSE".to_owned(), "TRUE".to_owned()]);
    /// let yes_no = ColumnSpec { kind: CellKind::YesNo, words, ..ColumnSpec::named("paid") };
    /// assert_eq!(yes_no.write(0.7), "TRUE");
    /// let format = Some("%d-%b-%Y".to_owned());
    /// let date = ColumnSpec { kind: CellKind::Date, format, ..ColumnSpec::named("day") };
    /// assert_eq!(date.write(19783.2), "01-Mar-2024");
    /// ```
    #[must_use]
    pub fn write(&self, value: f64) -> String {
        match CellReader::new(self).spelling {
            Spelling::Words([no, yes]) => {
                if value < 0.5 {
                    no
                } else {
                    yes
                }
            }
            Spelling::Date(format) => format.write(value),
            Spelling::Spelled(spelling) => spelling.spell(&self.plain(value)),
            Spelling::Number => self.plain(value),
        }
    }

    /// The text of a number, as bare digits.
    fn plain(&self, value: f64) -> String {
        match self.decimals {
            _ if self.kind == CellKind::Whole && !self.trailing_zeros => with_decimals(value, 0),
            Some(decimals) => with_decimals(value, decimals as usize),
            None => value.to_string(),
        }
    }

    /// How its numbers are written, if it says so.
    pub(super) fn spelling(&self) -> Option<NumberSpelling> {
        let is_number = matches!(self.kind, CellKind::Number | CellKind::Whole);
        self.format.as_deref().filter(|_| is_number).and_then(NumberSpelling::new)
    }

    /// Reads a trimmed field of the column.
    #[cfg(test)]
    pub(super) fn parse(&self, field: &[u8]) -> Field {
        CellReader::new(self).read(&Cells::default(), field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn yes_no(no: &str, yes: &str) -> ColumnSpec {
        let words = Some([no.to_owned(), yes.to_owned()]);
        ColumnSpec { kind: CellKind::YesNo, words, ..ColumnSpec::named("a") }
    }

    fn date(format: &str) -> ColumnSpec {
        let format = Some(format.to_owned());
        ColumnSpec { kind: CellKind::Date, format, ..ColumnSpec::named("a") }
    }

    #[test]
    fn cells_come_back_as_they_are_written() {
        let decimals = |decimals| ColumnSpec { decimals: Some(decimals), ..ColumnSpec::named("a") };
        let whole = ColumnSpec { kind: CellKind::Whole, ..ColumnSpec::named("a") };
        for (spec, texts) in [
            (decimals(2), &["158.92", "-0.10", "3.00"][..]),
            (decimals(0), &["5", "-7"]),
            (whole, &["0", "123456789", "-4"]),
            (ColumnSpec::named("a"), &["0.1", "1000", "-3.25"]),
            (yes_no("FALSE", "TRUE"), &["FALSE", "TRUE"]),
            (yes_no("f", "t"), &["t", "f"]),
            (date("%Y%m%d"), &["20230623", "19700101"]),
            (date("%-m/%-d/%Y %-I:%M %p"), &["1/31/2026 9:05 PM"]),
            (date("%b-%y"), &["Mar-24"]),
        ] {
            for text in texts {
                let Field::Number(value) = spec.parse(text.as_bytes()) else { panic!("{text}") };
                assert_eq!(spec.write(value), *text);
            }
        }
        assert_eq!(decimals(1).write(-0.04), "0.0");
    }

    #[test]
    fn what_is_none_of_a_column_s_cells_is_text_and_gaps_are_gaps() {
        let spec = yes_no("no", "yes");
        assert_eq!(spec.parse(b"YES"), Field::Number(1.0));
        assert_eq!(spec.parse(b"1"), Field::Text);
        for spec in [spec, date("%Y-%m-%d")] {
            assert_eq!([spec.parse(b""), spec.parse(b"na")], [Field::Missing; 2]);
            assert_eq!([spec.parse(b"maybe"), spec.parse(b"\xff")], [Field::Text; 2]);
        }
    }
}
