//! Markdown of the pages in docs/: templates are filled with results, and paragraphs wrapped.

use std::{fs, path::Path};

use minijinja::{
    Environment, Error, ErrorKind, UndefinedBehavior, Value, escape_formatter, syntax::SyntaxConfig,
};

use crate::files::named;

/// Environment of a page's template, with the filters that several pages use.
///
/// A template may ask for a value that is missing, but not print it.
pub fn environment() -> Result<Environment<'static>, String> {
    let mut environment = Environment::new();
    // A line that holds nothing but a tag leaves no line in the page.
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true);
    environment.set_syntax(syntax.build().map_err(|error| error.to_string())?);
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_formatter(|out, state, value| match value.is_undefined() {
        true => Err(Error::from(ErrorKind::UndefinedError)),
        false => escape_formatter(out, state, value),
    });
    environment.add_filter("anchor", anchor);
    environment.add_filter("cell", |text: &str| text.replace('|', "\\|"));
    environment.add_filter("fixed", fixed);
    environment.add_filter("ours", ours);
    environment.add_filter("percent", percent);
    environment
        .add_filter("reference", |value: Option<f64>| value.map_or("–".to_owned(), reference));
    environment.add_filter("scientific", |value: f64, places: usize| format!("{value:.places$e}"));
    Ok(environment)
}

/// Template filled with a page's values; an error names the template's line.
pub fn fill(
    environment: &Environment<'_>,
    name: &str,
    template: &str,
    values: Value,
) -> Result<String, String> {
    environment.render_named_str(name, template, values).map_err(|error| error.to_string())
}

/// Number with its decimals and unit; a dash where there is no number.
fn fixed(value: Option<f64>, places: usize, unit: Option<&str>) -> String {
    let unit = unit.unwrap_or_default();
    value.map_or("–".to_owned(), |value| format!("{value:.places$}{unit}"))
}

/// Anchor that GitHub and others give a heading.
pub fn anchor(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || "-_ ".contains(*c);
    heading.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")
}

/// Writes a section in its place into the page at `path`.
pub fn write_section(path: &Path, heading: &str, section: &str) -> Result<(), String> {
    let page = fs::read_to_string(path).map_err(named(path))?;
    fs::write(path, with_section(&page, heading, section)).map_err(named(path))?;
    Ok(())
}

/// Page with its section in place of the one of that heading, which went on to the page's end.
pub fn with_section(page: &str, heading: &str, section: &str) -> String {
    let before = page.find(heading).map_or(page, |at| &page[..at]);
    format!("{}\n\n{}\n", before.trim_end(), section.trim_end())
}

/// Writes a part in its place into the page at `path`: between the lines `<!-- NAME -->` and `<!-- /NAME -->`.
pub fn write_between(path: &Path, name: &str, part: &str) -> Result<(), String> {
    let page = fs::read_to_string(path).map_err(named(path))?;
    let page = with_part(&page, name, part);
    let page = page.ok_or_else(|| format!("{}: has no place for {name}", path.display()))?;
    fs::write(path, page).map_err(named(path))
}

/// Page with a part in its place, if it has that place.
fn with_part(page: &str, name: &str, part: &str) -> Option<String> {
    let [open, close] = ["", "/"].map(|slash| format!("<!-- {slash}{name} -->"));
    let (before, rest) = page.split_once(&open)?;
    let (_, after) = rest.split_once(&close)?;
    Some(format!("{before}{open}\n\n{}\n\n{close}{after}", part.trim()))
}

/// Width of a wrapped paragraph: small, so that a change of a number changes few lines.
const WIDTH: usize = 120;

/// Page with its paragraphs wrapped; tables, code, headings and pictures stay as they are.
pub fn wrapped(page: &str) -> String {
    let blocks = page.trim().split("\n\n").map(|block| block.trim_matches('\n'));
    let whole = |block: &str| {
        ["|", "```", "#", "![", "    "].iter().any(|opening| block.starts_with(opening))
    };
    let wrapped: Vec<String> = blocks
        .filter(|block| !block.is_empty())
        .map(|block| if whole(block) { block.to_owned() } else { paragraph(block) })
        .collect();
    wrapped.join("\n\n") + "\n"
}

fn paragraph(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if begins_list(word) || width(line) + 1 + width(word) <= WIDTH => {
                *line += " ";
                *line += word;
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

fn width(text: &str) -> usize {
    text.chars().count()
}

/// Whether Markdown takes a line that begins with this word for an item of a list.
fn begins_list(word: &str) -> bool {
    let numbered = |mark: char| {
        word.strip_suffix(mark)
            .is_some_and(|number| !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()))
    };
    ["-", "+", "*"].contains(&word) || numbered('.') || numbered(')')
}

/// Number of the reference, in the fewest digits.
pub fn reference(value: f64) -> String {
    if value.abs() < 1e-3 { format!("{value:e}") } else { value.to_string() }
}

/// Number of ours: four digits, and four decimals near 1.
pub fn ours(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if size < 1e-3 => format!("{value:.2e}"),
        size if size < 1.0 => {
            let decimals = 3.0 - size.log10().floor();
            format!("{value:.*}", decimals as usize)
        }
        size if size < 10.0 => format!("{value:.4}"),
        _ => format!("{value:.2}"),
    }
}

/// Share as a percentage.
fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use minijinja::context;

    use super::*;

    #[test]
    fn paragraphs_are_wrapped_and_the_rest_is_not() {
        let word = "σigma12345";
        let long = [word; 12].join(" ");
        let page = format!("# {long}\n\n{long}\n\n\n| {long} |\n|---|\n\n![{long}](x)\n");
        // Eleven words of ten and the spaces between are 120 wide.
        let first = [word; 11].join(" ");
        let lines: Vec<String> = wrapped(&page).lines().map(str::to_owned).collect();
        assert_eq!(lines[..4], [format!("# {long}"), String::new(), first, word.to_owned()]);
        assert_eq!(lines[4..7], [String::new(), format!("| {long} |"), "|---|".to_owned()]);
        assert_eq!(lines[8], format!("![{long}](x)"));
        assert_eq!(paragraph(&format!("{}x", [word; 11].join(" "))).lines().count(), 2);
    }

    #[test]
    fn no_line_of_a_paragraph_begins_a_list() {
        for word in ["-", "4.", "17)"] {
            let text = format!("{} {word} end", "x".repeat(WIDTH - 1));
            assert_eq!(paragraph(&text).lines().nth(1), Some("end"), "{word}");
        }
        let text = format!("{} 0.5 end", "x".repeat(WIDTH - 1));
        assert_eq!(paragraph(&text).lines().nth(1), Some("0.5 end"));
    }

    #[test]
    fn a_part_takes_the_place_of_the_one_before() {
        let page = "# T\n\n<!-- a -->\n<!-- /a -->\n\nend\n";
        let first = with_part(page, "a", "one\n").expect("a place");
        assert_eq!(first, "# T\n\n<!-- a -->\n\none\n\n<!-- /a -->\n\nend\n");
        assert_eq!(with_part(&first, "a", "two").expect("a place"), first.replace("one", "two"));
        assert_eq!(with_part(page, "b", "one"), None);
    }

    #[test]
    fn a_missing_value_is_asked_for_and_not_printed() {
        let environment = environment().expect("a syntax");
        let filled = |template: &str| fill(&environment, "a.md", template, context!(a => 1.25));
        let said = "| {{ a | fixed(1, \" s\") }} | {{ b.c | fixed(1) }} {% if b %}!{% endif %}|\n";
        assert_eq!(filled(said), Ok("| 1.2 s | – |\n".to_owned()));
        assert!(filled("\n{{ b.c }}").is_err_and(|error| error.contains("a.md:2")));
    }

    #[test]
    fn a_table_is_markdown() {
        let template = "| a |\n|---|\n{% for a in rows %}\n| {{ a | cell }} |\n{% endfor %}\nb\n";
        let environment = environment().expect("a syntax");
        let filled = fill(&environment, "a.md", template, context!(rows => ["<1>", "|x|"]));
        assert_eq!(filled, Ok("| a |\n|---|\n| <1> |\n| \\|x\\| |\nb\n".to_owned()));
    }

    #[test]
    fn numbers_keep_the_digits_that_tell() {
        let numbers = [0.9985, 1.0005, 10.5, 3.2e-4, 1.0].map(reference);
        assert_eq!(numbers.join(" "), "0.9985 1.0005 10.5 3.2e-4 1");
        let numbers = [0.0, 3.217e-4, 0.0010312, 0.99875, 1.00346, 10.526, 1.0].map(ours);
        assert_eq!(numbers.join(" "), "0 3.22e-4 0.001031 0.9988 1.0035 10.53 1.0000");
        assert_eq!(percent(0.9834), "98.3 %");
    }

    #[test]
    fn a_heading_is_linked_to_as_github_names_it() {
        assert_eq!(anchor("1. A Gaussian, level by level"), "1-a-gaussian-level-by-level");
    }
}
