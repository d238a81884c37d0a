//! The pages of runs in a real browser.

use std::process::Command;

use crate::program::{Program, SMALL};

/// Chromium's binary and a Python with websocket-client, where both are there. `LANGEVIN_PYTHON` names
/// the Python; with `LANGEVIN_REQUIRE_CHROMIUM` set they must be.
fn browser() -> Option<(String, String)> {
    let runs = |name: &str, arguments: &[&str]| {
        Command::new(name).args(arguments).output().is_ok_and(|output| output.status.success())
    };
    let python = std::env::var("LANGEVIN_PYTHON").unwrap_or("python3".to_owned());
    let chromium = ["chromium", "chromium-browser", "google-chrome"];
    let chromium = chromium.into_iter().find(|name| runs(name, &["--version"]));
    let found = chromium.filter(|_| runs(&python, &["-c", "import websocket"]));
    let required = std::env::var_os("LANGEVIN_REQUIRE_CHROMIUM").is_some();
    assert!(found.is_some() || !required, "no Chromium, or no Python with websocket-client");
    found.map(|chromium| (chromium.to_owned(), python))
}

/// Small settings for a run that is only to be looked at.
const QUICK: [&str; 4] = ["--steps", "10", "--set", "sample.count=200"];

/// A table of thirty columns with long names.
fn wide_table() -> String {
    let name = |i: usize| format!("the_{i}th_measurement_of_the_northern_station_in_hectopascals");
    let names: Vec<_> = (1..=30).map(name).collect();
    let row = |row: usize| {
        let value = |column: usize| format!("{:.3}", ((row * 7 + column * 13) as f64).sin());
        (1..=30).map(value).collect::<Vec<_>>().join(",")
    };
    let rows: Vec<_> = (0..120).map(row).collect();
    format!("{}\n{}\n", names.join(","), rows.join("\n"))
}

#[test]
fn pages_open_without_error_or_request_and_all_of_them_can_be_read() {
    let Some((chromium, python)) = browser() else {
        println!("SKIPPED: no Chromium, or no Python with websocket-client");
        return;
    };
    let program = Program::new();
    program.write("run.json", SMALL);
    program.write("wide.csv", &wide_table());
    let train = |config: &str, out: &str, settings: &[&str]| {
        program.run(&[&["train", config, "--out", out], settings].concat()).code(0);
    };
    train("run.json", "points", &["--steps", "40"]);
    train("default", "default", &[&QUICK[..], &["--set", "report.film={}"]].concat());
    train("penguins", "table", &QUICK);
    train("digits", "images", &[&QUICK[..], &["--set", "denoiser.network.width=16"]].concat());
    train("2-gaussian-video", "article", &QUICK);
    program.run(&["init", "wide.csv", "--out", "wide.json"]).code(0);
    train("wide.json", "wide", &[&QUICK[..], &["--set", "report.film={}"]].concat());
    let runs = ["points", "default", "table", "images", "article", "wide"];
    let compare = [&["compare"], &runs[..], &["--out", "compare.html"]].concat();
    program.run(&compare).code(0);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/python/check_page.py");
    let pages = runs.map(|run| format!("{run}/report.html"));
    let output = Command::new(python)
        .arg(script)
        .arg(chromium)
        .args(&pages)
        .arg("compare.html")
        .current_dir(program.path(""))
        .output()
        .expect("python runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    println!("{said}");
    assert_eq!(
        said.matches(" 0 faults").count(),
        28,
        "seven pages, two widths, two themes: {said}"
    );
    // Of one column the scatter is the histogram that its marginals would be.
    let article = String::from_utf8(program.read("article/report.html")).expect("UTF-8");
    assert!(article.contains("id=\"scatter\"") && !article.contains("id=\"marginals\""));
    // Each run's page begins with its verdict, and shows its film where it has one.
    for (run, has_film) in
        [("points", false), ("default", true), ("table", false), ("article", true), ("wide", true)]
    {
        let of_run: Vec<_> = said.lines().filter(|line| line.starts_with(run)).collect();
        assert_eq!(of_run.len(), 4, "{said}");
        for line in of_run {
            assert!(line.contains("first 'Verdict: "), "{line}");
            assert_eq!(line.contains(", a film"), has_film, "{line}");
        }
    }
}
