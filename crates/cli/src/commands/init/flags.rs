//! [`with_flags`]: messages on tables with the flags of `init` instead of a config's fields.

/// What a message asks for of a config, and the flag for it.
const HINTS: &[(&str, &str)] = &[
    ("set data.header to false", "use --header no"),
    ("set data.comment to \"#\"", "use --comment '#'"),
    ("set data.aligned to true", "use --delimiter space"),
    ("set data.skip_lines to their number", "use --skip-lines with their number"),
];
/// Fields of a config that have a flag.
const FIELDS: &[(&str, &str)] = &[
    ("data.aligned", "--delimiter space"),
    ("data.comment", "--comment"),
    ("data.decimal", "--decimal"),
    ("data.delimiter", "--delimiter"),
    ("data.header", "--header"),
    ("data.missing_values", "--missing"),
    ("data.sheet", "--sheet"),
    ("data.skip_lines", "--skip-lines"),
    ("data.weight", "--weight"),
];

/// A message with flags for the fields that have one.
pub fn with_flags(message: &str) -> String {
    let mut message = message.to_owned();
    for (hint, flag) in HINTS {
        message = message.replace(hint, flag);
    }
    for (field, flag) in FIELDS {
        message = replaced(&message, field, flag);
    }
    message
}

/// A text with each whole word replaced: `data.header_in_comment` is another than `data.header`.
fn replaced(text: &str, word: &str, by: &str) -> String {
    let (mut new, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once(word) {
        let is_part = |c: char| c.is_alphanumeric() || "_/.".contains(c);
        // A full stop may end a sentence.
        let inside = after.strip_prefix('.').unwrap_or(after);
        let is_longer = inside.starts_with(|c: char| c.is_alphanumeric() || c == '_')
            || before.ends_with(is_part);
        new.push_str(before);
        new.push_str(if is_longer { word } else { by });
        rest = after;
    }
    new + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_that_has_a_flag_becomes_it() {
        for (message, expected) in [
            ("set data.header to false)", "use --header no)"),
            ("check its quotes and data.delimiter", "check its quotes and --delimiter"),
            ("set data.comment to \"#\"", "use --comment '#'"),
            ("first character by data.comment", "first character by --comment"),
            ("set data.aligned to true", "use --delimiter space"),
            ("set data.skip_lines to their number; x", "use --skip-lines with their number; x"),
            ("first 3, which data.skip_lines skips", "first 3, which --skip-lines skips"),
            ("data.sheet names `x`", "--sheet names `x`"),
            ("and data.decimal says", "and --decimal says"),
            ("add it to data.missing_values", "add it to --missing"),
            ("data.header_in_comment and data.missing", "data.header_in_comment and data.missing"),
            ("leave it out by data.exclude", "leave it out by data.exclude"),
            ("data.header.csv: is empty", "data.header.csv: is empty"),
            ("a/data.header: is empty", "a/data.header: is empty"),
            ("as said by data.header.", "as said by --header."),
        ] {
            assert_eq!(with_flags(message), expected);
        }
    }
}
