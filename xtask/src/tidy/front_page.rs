//! Rule about the first page of a library's documentation: it shows all parts of the library.

use super::{Finding, numbered};

/// Rule front-page: the words that open lib.rs name each public module, and one item of each group that is
/// exported.
pub fn shows_every_part(path: &str, text: &str) -> Vec<Finding> {
    if !path.starts_with("crates/") || !path.ends_with("/src/lib.rs") {
        return Vec::new();
    }
    let page = text.lines().filter_map(|line| line.strip_prefix("//!"));
    let shown: Vec<&str> = page.flat_map(names).collect();
    let code = numbered(text).filter(|(_, line)| !line.starts_with("//"));
    let mut findings = Vec::new();
    let mut export: Option<(usize, String)> = None;
    for (number, line) in code {
        if line.starts_with("pub use ") || line.starts_with("pub mod ") {
            export = Some((number, String::new()));
        }
        let Some((first, mut statement)) = export.take() else { continue };
        statement += line;
        if !line.ends_with(';') {
            export = Some((first, statement));
        } else if !names(&statement).skip(2).any(|name| shown.contains(&name)) {
            let part = names(&statement).nth(2).unwrap_or_default();
            let advice = format!("say in the opening words what `{part}` is for");
            findings.push(Finding::new(path, first, "front-page", advice));
        }
    }
    findings
}

fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "crates/core/src/lib.rs";

    fn lines(path: &str, text: &str) -> Vec<usize> {
        shows_every_part(path, text).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn a_part_that_the_front_page_does_not_show_is_found() {
        let text = "//! A [`Level`], and `use`.\n\npub use a::{\n    B,\n    C,\n};\npub mod d;\nuse e::F;\n";
        assert_eq!(lines(PATH, text), [3, 7]);
        assert!(lines("crates/core/src/sampler/mod.rs", text).is_empty());
    }

    #[test]
    fn one_thing_of_a_group_or_the_name_of_its_module_suffices() {
        let text = "//! A [`Level`] of\n//! the d.\n\npub use a::{\n    B, Level,\n};\npub mod d;\nfn f() {}\n";
        assert!(lines(PATH, text).is_empty());
    }
}
