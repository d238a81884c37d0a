//! The same command and config on every backend of the default build.

use crate::program::{Program, SMALL};

/// Whether a missing adapter is a failure, as in CI, rather than a reason to skip.
fn adapter_required() -> bool {
    std::env::var_os("LANGEVIN_REQUIRE_WGPU").is_some()
}

fn losses(program: &Program, run: &str) -> Vec<f64> {
    let text = String::from_utf8(program.read(&format!("{run}/metrics.jsonl"))).expect("UTF-8");
    let loss = |line: &str| {
        serde_json::from_str::<serde_json::Value>(line).expect("JSON")["loss"].as_f64()
    };
    text.lines().filter_map(loss).collect()
}

#[test]
fn ndarray_and_wgpu_run_the_same_config_as_flex() {
    every_backend_runs(&[]);
}

#[test]
fn ndarray_and_wgpu_are_told_what_flex_is() {
    every_backend_runs(&["--set", r#"data.condition={"given": "any"}"#]);
}

#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn every_backend_runs(settings: &[&str]) {
    let program = Program::new();
    program.write("run.json", SMALL);
    let five = ["--steps", "5", "--set", "train.log_every=1", "--set", "sample.count=20"];
    let train = |backend: &str| {
        let mut arguments = vec!["--backend", backend, "train", "run.json", "--out", backend];
        arguments.extend(five);
        arguments.extend(settings);
        program.run(&arguments)
    };
    train("flex").code(0);
    train("ndarray").code(0);
    let reference = losses(&program, "flex");
    assert_eq!(reference.len(), 5);
    let said = train("wgpu");
    let backends = if said.code == 1 && said.err.contains("no adapter") && !adapter_required() {
        println!("SKIPPED: no wgpu adapter");
        vec!["ndarray"]
    } else {
        assert!(said.err.contains("API "), "adapter, driver and API are named: {}", said.err);
        said.code(0);
        vec!["ndarray", "wgpu"]
    };
    for backend in backends {
        for (step, (a, b)) in reference.iter().zip(losses(&program, backend)).enumerate() {
            assert!((a - b).abs() <= 1e-4 * a.abs(), "{backend}, step {step}: {a} and {b}");
        }
        assert_eq!(
            program.read(&format!("{backend}/samples.csv")).iter().filter(|b| **b == b'\n').count(),
            21
        );
    }
}

#[test]
fn without_an_adapter_wgpu_says_what_to_do() {
    let program = Program::new()
        .with("VK_DRIVER_FILES", "/dev/null")
        .with("VK_ICD_FILENAMES", "/dev/null")
        .with("__EGL_VENDOR_LIBRARY_FILENAMES", "/dev/null");
    program.write("run.json", SMALL);
    program
        .run(&["--backend", "wgpu", "train", "run.json"])
        .code(1)
        .err_has("no adapter for the backend wgpu")
        .err_has("mesa-vulkan-drivers")
        .err_has("--backend flex");
    assert_eq!(program.everything(), ["run.json"]);
}

#[test]
fn the_backend_can_come_from_the_environment() {
    let program = Program::new().with("LANGEVIN_BACKEND", "ndarray");
    program.write("run.json", SMALL);
    // `run` removes the variable of the shell and sets the test's own.
    let said = program.run(&["train", "run.json", "--stop-after", "1"]).code(0);
    assert!(said.err.contains("backend ndarray"), "{}", said.err);
    // A run goes on where it began, whatever the environment says, unless it is told to change.
    let flex = ["--backend", "flex", "train", "run.json", "--out", "run", "--stop-after", "1"];
    program.run(&flex).code(0);
    let said = program.run(&["train", "--resume", "run", "--stop-after", "1"]).code(0);
    assert!(said.err.contains("backend flex"), "{}", said.err);
    assert!(!said.err.contains("warning"), "{}", said.err);
    let changed = ["--backend", "ndarray", "train", "--resume", "run", "--stop-after", "1"];
    program.run(&changed).code(0).err_has("warning: the run was made with --backend flex");
}
