//! [`Format`]: whether the format of a cell makes a date of its number.

/// What the number of a cell stands for, by its format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Format {
    #[default]
    Number,
    Date,
    /// Length of time, as 36:00.
    Length,
}

impl Format {
    /// What a built-in format makes of a number (ECMA-376, part 1, 18.8.30).
    pub const fn of_id(id: u32) -> Self {
        match id {
            14..=22 | 27..=36 | 45 | 47 | 50..=58 => Self::Date,
            46 => Self::Length,
            _ => Self::Number,
        }
    }

    /// What a format makes of a number: its first section has letters of days or times outside quotes, escapes and brackets,
    /// or hours, minutes or seconds in brackets, which go on beyond a day.
    pub fn of_code(code: &str) -> Self {
        let mut rest = code.chars();
        while let Some(c) = rest.next() {
            match c {
                ';' => break,
                '\\' | '_' | '*' => {
                    rest.next();
                }
                '"' => {
                    rest.by_ref().find(|c| *c == '"');
                }
                '[' => {
                    let inside: String = rest.by_ref().take_while(|c| *c != ']').collect();
                    let inside = inside.to_ascii_lowercase();
                    let is_length =
                        ['h', 'm', 's'].iter().any(|unit| inside.chars().all(|c| c == *unit));
                    if is_length && !inside.is_empty() {
                        return Self::Length;
                    }
                }
                'd' | 'm' | 'h' | 'y' | 's' | 'D' | 'M' | 'H' | 'Y' | 'S' => return Self::Date,
                // The word that stands for no format of its own.
                'G' | 'g' if is_general(rest.as_str()) => {
                    rest.nth(GENERAL.len() - 1);
                }
                _ => {}
            }
        }
        Self::Number
    }
}

/// The word for no format of its own, without its first letter.
const GENERAL: &str = "eneral";

fn is_general(rest: &str) -> bool {
    rest.get(..GENERAL.len()).is_some_and(|start| start.eq_ignore_ascii_case(GENERAL))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_apart() {
        for code in ["yyyy-mm-dd", "DD/MM/YY", "h:mm AM/PM", "[$-409]d mmm;@", "mm:ss.0", "*-yyyy"]
        {
            assert_eq!(Format::of_code(code), Format::Date, "{code}");
        }
        for code in ["[h]:mm:ss", "[mm]", "[Blue]\\+[h]:mm;[Red]-[h]:mm", "[ss].00"] {
            assert_eq!(Format::of_code(code), Format::Length, "{code}");
        }
        for code in [
            "0.00",
            "General",
            "\"days\" 0",
            "0\\d",
            "#,##0_m",
            "[Red]0",
            "0;yyyy",
            "0*d",
            "0%",
            "0.00E+00",
        ] {
            assert_eq!(Format::of_code(code), Format::Number, "{code}");
        }
    }
}
