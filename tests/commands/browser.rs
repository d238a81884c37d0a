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

#[test]
fn pages_open_without_error_or_request_and_every_figure_is_seen() {
    let Some((chromium, python)) = browser() else {
        println!("SKIPPED: no Chromium, or no Python with websocket-client");
        return;
    };
    let program = Program::new();
    program.write("run.json", SMALL);
    let train = |config: &str, out: &str, steps: &str| {
        program.run(&["train", config, "--out", out, "--steps", steps]).code(0);
    };
    train("run.json", "points", "40");
    train("penguins", "table", "20");
    let images = ["--set", "denoiser.network.width=16", "--set", "sample.count=100"];
    let digits = ["train", "digits", "--out", "images", "--steps", "5"];
    program.run(&[&digits[..], &images[..]].concat()).code(0);
    program.run(&["compare", "points", "table", "images", "--out", "compare.html"]).code(0);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/python/check_page.py");
    let pages = ["points/report.html", "table/report.html", "images/report.html", "compare.html"];
    let output = Command::new(python)
        .arg(script)
        .arg(chromium)
        .args(pages)
        .current_dir(program.path(""))
        .output()
        .expect("python runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said.matches(" 0 faults").count(), 16, "four pages, two widths, two themes: {said}");
}
