//! `cargo xtask verdicts`: the study of the verdict over many seeds, and its section of docs/evaluation.md.

use std::{fs, path::Path, process::Command};

use minijinja::{context, value::Serde};
use serde_json::Value;

use crate::cargo::Workspace;
use crate::markdown::{environment, fill, write_section};
use crate::program::{Scratch, built};

const PAGE: &str = "docs/evaluation.md";
const TEMPLATE: &str = include_str!("../templates/verdicts.md.jinja");
/// Heading of the section, which goes on to the end of the page.
pub const HEADING: &str = "## The verdict\n";
/// Variable by which the test takes its number of seeds and prints a report.
const SEEDS_VARIABLE: &str = "LANGEVIN_VERDICT_SEEDS";

/// Runs the study with this number of seeds and writes the section; fails where the study does.
pub fn run(workspace: &Workspace, seeds: u64) -> Result<(), String> {
    let scratch = Scratch::new("verdicts")?;
    let study = built(workspace, &scratch, &["--workspace", "--test", "verdicts"], "verdicts")?;
    println!("{seeds} seeds: half a minute each on one core");
    let mut command = Command::new(study);
    command.args(["--nocapture", "--test-threads", "1"]);
    let output = command.env(SEEDS_VARIABLE, seeds.to_string()).output();
    let output = output.map_err(|error| format!("the study: {error}"))?;
    let lines = report(&String::from_utf8_lossy(&output.stdout))?;
    write_section(&workspace.root.join(PAGE), HEADING, &section(seeds, &lines)?)?;
    println!("wrote {PAGE}");
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

/// The section of the page that is there, if it has one: what writes the rest of the page keeps it.
pub fn kept_section(page: &Path) -> Option<String> {
    let text = fs::read_to_string(page).ok()?;
    Some(text[text.find(HEADING)?..].to_owned())
}

/// Lines of the study's report.
fn report(output: &str) -> Result<Vec<Value>, String> {
    let lines = output.lines().filter(|line| line.starts_with('{'));
    lines.map(|line| serde_json::from_str(line).map_err(|error| error.to_string())).collect()
}

/// Text of the section.
fn section(seeds: u64, lines: &[Value]) -> Result<String, String> {
    let of = |kind: &str| -> Vec<&Value> {
        lines.iter().filter(|line| line["kind"].as_str() == Some(kind)).collect()
    };
    let (faults, perfect) = (of("fault"), of("perfect"));
    if faults.is_empty() || perfect.is_empty() {
        return Err("the study printed no report".to_owned());
    }
    let mut environment = environment()?;
    environment.add_filter("right", |line: minijinja::Value| right(&line));
    let values = context! { seeds, faults => Serde(&faults), perfect => Serde(&perfect) };
    fill(&environment, "verdicts.md", TEMPLATE, values)
}

/// Number of seeds whose word was an allowed one.
fn right(line: &minijinja::Value) -> u64 {
    let allowed = line.get_attr("allowed").ok();
    let words = allowed.and_then(|allowed| allowed.try_iter().ok()).into_iter().flatten();
    let count = |word: minijinja::Value| {
        let count = word.as_str().and_then(|word| line.get_attr(word).ok());
        count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0)
    };
    words.map(count).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markdown::with_section;

    #[test]
    fn the_report_becomes_a_section_in_its_place() {
        let output = "running 2 tests\n\
            {\"kind\":\"fault\",\"name\":\"copies\",\"allowed\":[\"poor\"],\"seeds\":9,\"good\":0,\"fair\":1,\"poor\":8}\n\
            {\"kind\":\"perfect\",\"name\":\"a ring\",\"allowed\":[\"good\"],\"seeds\":9,\"good\":9,\"fair\":0,\"poor\":0}\n";
        let lines = report(output).expect("JSON");
        let text = section(9, &lines).expect("complete");
        assert!(text.starts_with(HEADING), "{text}");
        assert!(text.contains("| copies | poor | 0 | 1 | 8 | 8 of 9 |"), "{text}");
        assert!(text.contains("| a ring | 9 | 0 | 0 | 9 of 9 |"), "{text}");
        let page = with_section("# Page\n\nText.\n\n## The verdict\n\nOld.\n", HEADING, &text);
        assert!(page.starts_with("# Page\n\nText.\n\n## The verdict\n"), "{page}");
        assert!(!page.contains("Old."));
        assert_eq!(with_section(&page, HEADING, &text), page);
        assert!(section(9, &lines[..1]).is_err());
    }
}
