//! [`Field`]: what the text of a field is, and how much of it messages show.

/// Field of a record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Field {
    /// Number, which may be infinite.
    Number(f64),
    /// Missing value: nothing, NA, N/A, NaN or null.
    Missing,
    /// Text: anything else.
    Text,
}

impl Field {
    /// Reads a trimmed field.
    pub fn parse(bytes: &[u8]) -> Self {
        let parsed = str::from_utf8(bytes).ok().and_then(|text| text.parse::<f64>().ok());
        match parsed {
            Some(number) if number.is_nan() => Self::Missing,
            Some(number) => Self::Number(number),
            None if is_missing(bytes) => Self::Missing,
            None => Self::Text,
        }
    }
}

fn is_missing(bytes: &[u8]) -> bool {
    bytes.is_empty()
        || ["NA", "N/A", "null"].iter().any(|word| bytes.eq_ignore_ascii_case(word.as_bytes()))
}

/// Largest number of characters of a text that a message shows.
const SHOWN: usize = 40;

/// The text of a field, cut where it is long.
pub(super) fn shown(field: &[u8]) -> String {
    cut(field, SHOWN)
}

/// The text of a field, cut after a number of characters.
pub(super) fn cut(field: &[u8], most: usize) -> String {
    let text = String::from_utf8_lossy(field);
    let mut cut: String = text.chars().take(most).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    cut
}
