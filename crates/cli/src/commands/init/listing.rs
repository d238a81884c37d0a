//! [`line`] and [`wrapped`]: what `init` prints of a column, within the width of a terminal.

/// Characters of a line.
const WIDTH: usize = 80;

/// A number without a row of zeros at either end.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 {
        return "0".to_owned();
    }
    if (1e-4..1e16).contains(&size) { format!("{value}") } else { format!("{value:.5e}") }
}

/// Blank at which [`wrapped`] does not break a line.
pub const UNBROKEN: &str = "\u{a0}";

/// Text in lines of the width of a terminal, where words allow; the second and later ones are indented more.
pub fn wrapped(text: &str, indent: usize) -> Vec<String> {
    let mut lines = vec![" ".repeat(indent)];
    let mut is_first = true;
    for word in text.split(' ') {
        let Some(line) = lines.last_mut() else { break };
        let length = line.chars().count() + word.chars().count() + 1;
        if length > WIDTH && !is_first {
            let next = " ".repeat(indent + 4);
            lines.push(next + word);
        } else {
            if !is_first {
                line.push(' ');
            }
            line.push_str(word);
        }
        is_first = false;
    }
    lines.iter().map(|line| line.replace(UNBROKEN, " ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_at_most_as_wide_as_a_terminal() {
        let text = "word ".repeat(60);
        for line in wrapped(text.trim_end(), 2) {
            assert!(
                line.chars().count() <= WIDTH && line.starts_with("  word")
                    || line.starts_with("      word")
            );
        }
        assert_eq!(wrapped("a b", 2), ["  a b"]);
        assert_eq!(wrapped(&"x".repeat(100), 0), ["x".repeat(100)]);
    }

    #[test]
    fn numbers_are_short() {
        for (value, text) in
            [(0.0, "0"), (1e200, "1.00000e200"), (20230623.0, "20230623"), (-0.25, "-0.25")]
        {
            assert_eq!(number(value), text);
        }
    }
}
