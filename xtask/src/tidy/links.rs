//! Rule about links: those between the project's own pages lead to files that git keeps.

use std::collections::BTreeSet;

use super::{Finding, numbered};

/// Rule link: every relative link of a Markdown page names a file, or a folder that holds one.
pub fn lead_somewhere(path: &str, text: &str, paths: &BTreeSet<&str>) -> Vec<Finding> {
    if !path.ends_with(".md") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let mut fenced = false;
    for (number, line) in numbered(text) {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        for target in targets(&without_code(line)) {
            let file = target.split(['#', '?']).next().unwrap_or(target);
            let elsewhere = file.is_empty() || file.contains(':');
            if !elsewhere && !resolve(path, file).is_some_and(|file| exists(&file, paths)) {
                let advice = format!("`{target}` leads nowhere; correct it or add the file");
                findings.push(Finding::new(path, number, "link", advice));
            }
        }
    }
    findings
}

/// Line without what stands between backticks.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join(" ")
}

/// Targets of the links `[text](target)`, `[name]: target`, `src="target"` and `href="target"`.
fn targets(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (opening, closing) in [("](", ')'), ("src=\"", '"'), ("href=\"", '"')] {
        let starts = line.match_indices(opening).map(|(at, _)| &line[at + opening.len()..]);
        // A title may follow the target after a space.
        found.extend(starts.filter_map(|rest| rest.split(closing).next()?.split(' ').next()));
    }
    if line.starts_with('[') {
        let definition = line.split_once("]: ").map(|(_, target)| target.trim());
        found.extend(definition.and_then(|target| target.split(' ').next()));
    }
    found
}

/// Path of a target from the top of the repository; `None` where it leaves the repository.
fn resolve(page: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

fn exists(file: &str, paths: &BTreeSet<&str>) -> bool {
    let inside = |path: &&str| path.strip_prefix(file).is_some_and(|rest| rest.starts_with('/'));
    file.is_empty() || paths.contains(file) || paths.iter().any(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(page: &str, text: &str) -> Vec<usize> {
        let paths = BTreeSet::from(["README.md", "docs/notation.md", "docs/img/a.svg"]);
        lead_somewhere(page, text, &paths).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn links_that_lead_nowhere_are_found() {
        let text = "[a](docs/lost.md)\n![b](img/a.svg \"title\")\n\n[c]: lost.md\n\
                    <img src=\"lost.svg\">\n[d](../README.md)\n";
        assert_eq!(lines("README.md", text), [1, 2, 4, 5, 6]);
    }

    #[test]
    fn links_that_lead_somewhere_pass() {
        let text =
            "[a](docs/notation.md#levels) [b](docs) [c](https://example.org/x) [d](#below)\n";
        assert!(lines("README.md", text).is_empty());
        assert!(lines("docs/notation.md", "[e](../README.md) ![f](img/a.svg)\n").is_empty());
    }

    #[test]
    fn code_is_no_link() {
        assert!(lines("README.md", "`x[0](y)`\n\n```\n[a](lost.md)\n```\n").is_empty());
    }
}
