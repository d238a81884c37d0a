//! Rules about Cargo.toml: which crate may depend on which, and that each dependency has its reason.

use super::{Finding, numbered};

/// Dependency that a manifest declares.
struct Dependency<'a> {
    line: usize,
    name: &'a str,
    /// Text after the name.
    rest: String,
}

/// Dependencies of a manifest, from the tables whose names end in `dependencies`. The part of TOML that
/// manifests are written in is read: one entry a line, arrays may go over several.
fn dependencies(text: &str) -> Vec<Dependency<'_>> {
    let mut found: Vec<Dependency> = Vec::new();
    let mut inside = Table::Other;
    let mut open = 0;
    for (number, line) in numbered(text) {
        let code = line.split('#').next().unwrap_or(line).trim();
        if open == 0 && code.starts_with('[') {
            inside = table(code);
            if let Table::Dependency(name) = inside {
                found.push(Dependency { line: number, name, rest: String::new() });
            }
            continue;
        }
        let starts_entry = open == 0 && !code.is_empty();
        open += code.matches('[').count();
        open = open.saturating_sub(code.matches(']').count());
        match (&inside, found.last_mut()) {
            (Table::Dependencies, _) if starts_entry => {
                let end = code.find(['.', ' ', '=']).unwrap_or(code.len());
                let (name, rest) = code.split_at(end);
                let name = name.trim_matches('"');
                found.push(Dependency { line: number, name, rest: rest.to_owned() });
            }
            (Table::Dependencies | Table::Dependency(_), Some(last)) => last.rest += code,
            _ => {}
        }
    }
    found
}

/// Table of a manifest, by its header.
enum Table<'a> {
    /// Table of dependencies: `[dependencies]`, `[dev-dependencies]`, `[target.'…'.dependencies]` …
    Dependencies,
    /// Table of one dependency: `[dependencies.NAME]`.
    Dependency(&'a str),
    Other,
}

fn table(header: &str) -> Table<'_> {
    let name = header.trim_matches(['[', ']']).trim();
    if name.ends_with("dependencies") {
        return Table::Dependencies;
    }
    match name.rsplit_once('.') {
        Some((before, last)) if before.ends_with("dependencies") => Table::Dependency(last),
        _ => Table::Other,
    }
}

/// Rule arrows: `cli → train → core → data`, and `data` and `xtask` do without Burn.
pub fn keeps_the_arrows(path: &str, text: &str) -> Vec<Finding> {
    const CRATES: [(&str, &[&str], bool); 4] = [
        ("crates/data/Cargo.toml", &[], false),
        ("crates/core/Cargo.toml", &["langevin-data"], true),
        ("crates/train/Cargo.toml", &["langevin-core", "langevin-data"], true),
        ("xtask/Cargo.toml", &[], false),
    ];
    let Some((_, known, burn)) = CRATES.iter().find(|(manifest, ..)| *manifest == path) else {
        return Vec::new();
    };
    let against = |dependency: &Dependency| {
        let name = dependency.name;
        let ours = name.starts_with("langevin") || name == "cli" || name == "xtask";
        let burns = name.starts_with("burn") || name.starts_with("cubecl");
        (ours && !known.contains(&name)) || (burns && !burn)
    };
    let advice = |name| format!("this crate must not know `{name}`: cli → train → core → data");
    let found = dependencies(text).into_iter().filter(against);
    found.map(|d| Finding::new(path, d.line, "arrows", advice(d.name))).collect()
}

/// Rule inherit: a crate takes its dependencies from the workspace. So each has one version and one reason.
pub fn inherits_dependencies(path: &str, text: &str) -> Vec<Finding> {
    // The root's, and that of any other workspace, which has none above.
    if !path.ends_with("Cargo.toml") || text.lines().any(|line| line == "[workspace]") {
        return Vec::new();
    }
    let own = dependencies(text).into_iter().filter(|dependency| {
        let words = dependency.rest.replace([' ', '"'], "");
        !words.contains("workspace=true")
    });
    let advice =
        |name| format!("write `{name}.workspace = true`, and the rest in Cargo.toml above");
    own.map(|d| Finding::new(path, d.line, "inherit", advice(d.name))).collect()
}

/// Rule reason: each dependency of the workspace, or its group, has its reason above it. The workspace's own
/// crates need none.
pub fn gives_reasons(path: &str, text: &str) -> Vec<Finding> {
    if path != "Cargo.toml" {
        return Vec::new();
    }
    let lines: Vec<&str> = text.lines().collect();
    let explained = |dependency: &Dependency| {
        let above = lines.iter().take(dependency.line - 1).rev();
        let mut group = above.take_while(|line| !line.trim().is_empty() && !line.starts_with('['));
        group.any(|line| line.trim_start().starts_with('#'))
    };
    let own = |dependency: &Dependency| dependency.rest.contains("path");
    let bare = dependencies(text).into_iter().filter(|d| !own(d) && !explained(d));
    let advice = |name| format!("say in a comment above `{name}` what it is needed for");
    bare.map(|d| Finding::new(path, d.line, "reason", advice(d.name))).collect()
}

/// Rule test-targets: `cli` has few test targets, with modules, since each links Burn again.
pub fn links_burn_seldom(path: &str, text: &str) -> Vec<Finding> {
    const MOST: usize = 4;
    if path != "crates/cli/Cargo.toml" {
        return Vec::new();
    }
    let targets = numbered(text).filter(|(_, line)| line.trim() == "[[test]]");
    let advice = format!("at most {MOST} test targets, each links Burn; make it a module of one");
    targets
        .skip(MOST)
        .map(|(number, _)| Finding::new(path, number, "test-targets", advice.as_str()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(findings: Vec<Finding>) -> Vec<usize> {
        findings.iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn a_crate_that_knows_one_above_it_is_found() {
        let text = "[package]\nname = \"x\"\n[dependencies]\nlangevin-data.workspace = true\n\
                    burn = { workspace = true }\n[dev-dependencies]\nlangevin-train.workspace = true\n";
        assert_eq!(lines(keeps_the_arrows("crates/core/Cargo.toml", text)), [7]);
        assert_eq!(lines(keeps_the_arrows("crates/data/Cargo.toml", text)), [4, 5, 7]);
        assert_eq!(lines(keeps_the_arrows("crates/train/Cargo.toml", text)), [7]);
        assert_eq!(lines(keeps_the_arrows("xtask/Cargo.toml", text)), [4, 5, 7]);
        assert!(keeps_the_arrows("crates/cli/Cargo.toml", text).is_empty());
    }

    #[test]
    fn the_arrows_hold_in_every_way_to_declare_a_dependency() {
        for text in [
            "[dependencies.burn]\nworkspace = true\n",
            "[target.'cfg(unix)'.dependencies]\n\"burn\" = { workspace = true }\n",
            "[build-dependencies]\nburn-core={workspace=true}\n",
        ] {
            assert_eq!(keeps_the_arrows("crates/data/Cargo.toml", text).len(), 1, "{text}");
        }
    }

    #[test]
    fn a_dependency_that_is_not_the_workspaces_is_found() {
        let text = "[dependencies]\na.workspace = true\nb = { workspace = true, optional = true }\n\
                    c = \"1\"\nd = { version = \"1\", features = [\n  \"e\",\n] }\n\
                    [dependencies.f]\nworkspace = true\n[dependencies.g]\nversion = \"1\"\n\
                    [features]\nh = [\"dep:b\"]\n";
        assert_eq!(lines(inherits_dependencies("crates/core/Cargo.toml", text)), [4, 5, 10]);
        let root = format!("[workspace]\n{text}");
        assert!(inherits_dependencies("Cargo.toml", &root).is_empty());
    }

    #[test]
    fn a_dependency_without_a_reason_is_found() {
        let text = "[workspace.dependencies]\nours = { path = \"crates/ours\" }\n\nbare = \"1\"\n\n\
                    # Both for X.\na = \"1\"\nb = \"1\"\n\nlate = \"1\" # no line above\n\n\
                    [workspace.lints.rust]\nmissing_docs = \"deny\"\n";
        assert_eq!(lines(gives_reasons("Cargo.toml", text)), [4, 10]);
        assert!(gives_reasons("crates/core/Cargo.toml", text).is_empty());
    }

    #[test]
    fn a_fifth_test_target_is_found() {
        let text = "[[test]]\n".repeat(5);
        assert_eq!(lines(links_burn_seldom("crates/cli/Cargo.toml", &text)), [5]);
        assert!(links_burn_seldom("crates/cli/Cargo.toml", &"[[test]]\n".repeat(4)).is_empty());
    }
}
