//! `cargo xtask check`: everything that a machine can check, part by part, with the time of each.
//!
//! A new part is one line in [`PARTS`]. Cargo is always called with `--workspace` or `-p cli` and
//! the default features, so that all parts but `small-build` share one build of the dependencies.

use std::time::{Duration, Instant};

use crate::cargo::Workspace;
use crate::{article, config, licences, missing, outside, rebuilds, tidy, torture};

/// Part of the check: one thing that must hold.
pub struct Part {
    name: &'static str,
    /// Seconds that it took on two cores of a quiet machine where nothing was built before.
    cold: u64,
    about: &'static str,
    run: fn(&Workspace) -> Result<(), String>,
}

/// All parts, the quick ones first. `config` and `rebuilds` use what `build` made.
pub const PARTS: &[Part] = &[
    Part { name: "fmt", cold: 1, about: "the code is formatted", run: fmt },
    Part {
        name: "tidy",
        cold: 1,
        about: "the small rules of CONTRIBUTING.md hold",
        run: tidy::run,
    },
    Part { name: "licences", cold: 1, about: "every dependency may be used", run: licences::run },
    Part { name: "clippy", cold: 350, about: "no warning from clippy", run: clippy },
    Part { name: "fuzz", cold: 25, about: "the fuzz targets compile", run: fuzz },
    Part { name: "docs", cold: 30, about: "no warning from rustdoc", run: docs },
    Part {
        name: "small-build",
        cold: 55,
        about: "the build with one backend has no warning",
        run: small,
    },
    Part { name: "build", cold: 575, about: "the program builds", run: build },
    Part {
        name: "config",
        cold: 1,
        about: "docs/config.md is what the schema gives",
        run: config::check,
    },
    Part {
        name: "rebuilds",
        cold: 215,
        about: "the tests compile no Burn crate again",
        run: rebuilds::run,
    },
    Part { name: "tests", cold: 310, about: "unit tests and tests of the program", run: tests },
    Part {
        name: "article",
        cold: 25,
        about: "the article's nine systems give what they should",
        run: |workspace| article::run(workspace, article::Task::ShortCheck),
    },
    Part {
        name: "torture",
        cold: 20,
        about: "killed, crowded and damaged runs lose nothing",
        run: |workspace| torture::run(workspace, torture::SHORT, ""),
    },
    Part { name: "doctests", cold: 3, about: "the examples in doc comments run", run: doctests },
    Part { name: "examples", cold: 10, about: "every file of examples/ runs", run: examples },
    Part {
        name: "outside",
        cold: 75,
        about: "a program of another workspace runs",
        run: outside::run,
    },
];

fn fmt(workspace: &Workspace) -> Result<(), String> {
    workspace
        .cargo(&["fmt", "--all", "--check"])
        .map_err(|error| format!("{error}; run `cargo fmt --all`"))
}

fn clippy(workspace: &Workspace) -> Result<(), String> {
    workspace.cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"])
}

/// Checks the fuzz targets. It reuses the crates that `clippy` built, since the targets don't change the
/// features of the workspace.
fn fuzz(workspace: &Workspace) -> Result<(), String> {
    // Nothing is linked, so that libFuzzer itself, 15 s of C++, is not built.
    let without_engine = [("CUSTOM_LIBFUZZER_PATH", "not-linked/libfuzzer.a")];
    let targets = ["--workspace", "--bins", "--features", "langevin-fuzz/libfuzzer", "--locked"];
    let arguments = [&["clippy"], &targets[..], &["--", "-D", "warnings"]].concat();
    workspace.cargo_with(&without_engine, &arguments)
}

fn docs(workspace: &Workspace) -> Result<(), String> {
    let deny = [("RUSTDOCFLAGS", "-D warnings")];
    workspace.cargo_with(&deny, &["doc", "--workspace", "--no-deps", "--locked"])
}

fn build(workspace: &Workspace) -> Result<(), String> {
    workspace.cargo(&["build", "-p", "cli", "--locked"])
}

fn tests(workspace: &Workspace) -> Result<(), String> {
    if workspace.has_cargo("nextest") {
        return workspace.cargo(&["nextest", "run", "--workspace", "--locked", "--no-fail-fast"]);
    }
    let targets = ["--lib", "--bins", "--tests"];
    let options = ["test", "--workspace", "--locked", "--no-fail-fast"];
    workspace.cargo(&[options.as_slice(), targets.as_slice()].concat())
}

fn doctests(workspace: &Workspace) -> Result<(), String> {
    workspace.cargo(&["test", "--doc", "--workspace", "--locked"])
}

fn examples(workspace: &Workspace) -> Result<(), String> {
    let folder = workspace.root.join("examples");
    let entries = std::fs::read_dir(&folder).map_err(|error| format!("examples/: {error}"))?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".rs").map(str::to_owned))
        .collect();
    names.sort();
    if names.is_empty() {
        return Err("examples/: holds no .rs file".to_owned());
    }
    for name in &names {
        let start = Instant::now();
        workspace.cargo(&["run", "-q", "-p", "cli", "--example", name, "--locked"])?;
        println!("example {name}: {}", seconds(start.elapsed()));
    }
    Ok(())
}

fn small(workspace: &Workspace) -> Result<(), String> {
    let flex = ["--no-default-features", "--features", "flex"];
    let strict = ["--", "-D", "warnings"];
    let options = ["clippy", "-p", "cli", "--locked"];
    workspace.cargo(&[options.as_slice(), flex.as_slice(), strict.as_slice()].concat())
}

/// List of the parts and of what they check, one a line.
pub fn list() -> String {
    PARTS.iter().map(|part| format!("  {:<12} {}\n", part.name, part.about)).collect()
}

/// Parts with these names, which commas separate, in the order of [`PARTS`].
pub fn select(names: &str) -> Result<Vec<&'static Part>, String> {
    let names: Vec<&str> = names.split(',').collect();
    if let Some(name) = names.iter().find(|name| PARTS.iter().all(|part| part.name != **name)) {
        let known: Vec<&str> = PARTS.iter().map(|part| part.name).collect();
        return Err(format!("check: no part named `{name}`; there are {}", known.join(", ")));
    }
    Ok(PARTS.iter().filter(|part| names.contains(&part.name)).collect())
}

/// Runs the parts up to the first that fails, then prints how long each took.
pub fn run(workspace: &Workspace, parts: Vec<&'static Part>) -> Result<(), String> {
    let mut table = String::new();
    let mut total = Duration::ZERO;
    let mut failure = None;
    let all = parts.iter().map(|part| part.cold).sum();
    println!(
        "{} from a cold start on two cores; what is built already is not built again",
        about(all)
    );
    if parts.iter().any(|part| part.name == "tests") {
        missing::skipped().iter().for_each(|line| println!("{line}"));
    }
    for part in parts {
        if failure.is_some() {
            table += &row(part.name, "not run", "");
            continue;
        }
        println!("\n== {}: {}, {}", part.name, part.about, about(part.cold));
        let start = Instant::now();
        let outcome = (part.run)(workspace);
        let time = start.elapsed();
        total += time;
        let word = if outcome.is_ok() { "ok" } else { "FAILED" };
        println!("== {}: {word} in {}", part.name, seconds(time));
        table += &row(part.name, word, &seconds(time));
        failure = outcome.err().map(|error| format!("check: {}: {error}", part.name));
    }
    println!("\n{table}{}", row("together", "", &seconds(total)));
    failure.map_or(Ok(()), Err)
}

/// How long something takes, in words.
fn about(seconds: u64) -> String {
    match seconds {
        0..=1 => "about a second".to_owned(),
        2..=119 => format!("about {seconds} seconds"),
        _ => format!("about {} minutes", (seconds + 30) / 60),
    }
}

fn row(name: &str, word: &str, time: &str) -> String {
    let row = format!("{name:<12} {word:<7} {time:>10}");
    format!("{}\n", row.trim_end())
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selected_parts_keep_the_order_of_the_whole() {
        let parts = select("tests,fmt").expect("both exist");
        let names: Vec<&str> = parts.iter().map(|part| part.name).collect();
        assert_eq!(names, ["fmt", "tests"]);
    }

    #[test]
    fn an_unknown_part_is_refused_with_the_known_ones() {
        let error = select("fmt,speed").err().expect("no such part");
        assert!(error.contains("`speed`") && error.contains("small-build"), "{error}");
    }

    #[test]
    fn a_time_is_said_in_round_words() {
        let said = [0, 1, 25, 119, 120, 574].map(about);
        let seconds = |n| format!("about {n} seconds");
        let minutes = |n| format!("about {n} minutes");
        let one = "about a second".to_owned();
        assert_eq!(said, [one.clone(), one, seconds(25), seconds(119), minutes(2), minutes(10)]);
    }

    #[test]
    fn every_part_has_its_own_name() {
        for (i, part) in PARTS.iter().enumerate() {
            assert!(PARTS[..i].iter().all(|before| before.name != part.name), "{}", part.name);
        }
    }

    #[test]
    fn a_failure_stops_the_parts_after_it() {
        static AFTER: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);
        static FAILS: Part =
            Part { name: "a", cold: 1, about: "fails", run: |_| Err("planted".into()) };
        static LATER: Part = Part {
            name: "b",
            cold: 1,
            about: "must not run",
            run: |_| {
                AFTER.store(true, std::sync::atomic::Ordering::Relaxed);
                Ok(())
            },
        };
        let workspace = Workspace { root: std::path::PathBuf::from(".") };
        let error = run(&workspace, vec![&FAILS, &LATER]).expect_err("the first part fails");
        assert_eq!(error, "check: a: planted");
        assert!(!AFTER.load(std::sync::atomic::Ordering::Relaxed));
    }
}
