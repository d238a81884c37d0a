//! Hostile surroundings: limits of threads and memory, system calls that fail, file systems without locks, numbers that
//! 32 bits do not hold, steps that take long. Each ends in a message, or does not matter.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::symlink,
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use crate::{
    program::{Program, SMALL, Said},
    signals::send,
};

impl Program {
    /// Runs the binary with a system call that fails, as strace has it; `None` where there is no strace.
    #[allow(clippy::print_stdout, reason = "says what is skipped")]
    fn failing(&self, rule: &str, arguments: &[&str]) -> Option<Said> {
        let mut strace = Command::new("strace");
        strace.args(["-f", "-o", "/dev/null", "-e", &format!("inject={rule}"), "--"]);
        let output = self.run_by(strace.env("RAYON_NUM_THREADS", "2"), arguments);
        if let Err(error) = &output {
            // CI must not pass by leaving a promise untested.
            assert!(std::env::var_os("LANGEVIN_REQUIRE_STRACE").is_none(), "strace: {error}");
        }
        if output.is_err() {
            println!("SKIPPED: no strace");
        }
        output.ok().map(Said::from)
    }
}

/// Results of a run, whose bytes tell two runs apart.
fn results(program: &Program, run: &str) -> [Vec<u8>; 2] {
    ["samples.csv", "metrics.jsonl"].map(|name| program.read(&format!("{run}/{name}")))
}

fn errors(said: &Said) -> Vec<&str> {
    said.err.lines().filter(|line| line.starts_with("error: ")).collect()
}

#[test]
fn threads_are_bounded_by_the_machine() {
    let program = Program::new().with("RAYON_NUM_THREADS", "1000000000");
    program.write("run.json", SMALL);
    let said = program.run(&["train", "run.json", "--out", "run"]).code(0);
    let said = said.err_has("warning: RAYON_NUM_THREADS=1000000000: this process may use ");
    assert_eq!(said.err.matches("RAYON_NUM_THREADS").count(), 1, "{}", said.err);
    let program = program.with("RAYON_NUM_THREADS", "many");
    program
        .run(&["runs", "."])
        .code(0)
        .err_has("RAYON_NUM_THREADS must be a whole number, got \"many\"");
}

#[test]
fn a_thread_that_cannot_be_made_ends_a_start_and_no_later_work() {
    let program = Program::new();
    program.write("run.json", SMALL);
    program.run(&["train", "run.json", "--out", "whole"]).code(0);
    let train = ["train", "run.json", "--out", "run"];
    // The program's own thread, which the first one makes; the second of the pool, which the program's makes.
    for when in ["1", "2"] {
        let Some(said) = program.failing(&format!("clone3:error=EAGAIN:when={when}"), &train)
        else {
            return;
        };
        let said = said.code(1).err_has("cannot start ");
        assert_eq!(errors(&said).len(), 1, "{}", said.err);
        assert!(!program.path("run").exists());
    }
    // After the pool's two come those that work beside it.
    let said = program.failing("clone3:error=EAGAIN:when=4+", &train).expect("as before");
    said.code(0);
    assert!(results(&program, "run") == results(&program, "whole"));
}

#[test]
fn a_system_that_denies_random_numbers_or_memory_is_told_of() {
    let program = Program::new();
    program.write("run.json", SMALL);
    let train = ["train", "run.json", "--out", "run"];
    for rule in ["getrandom:error=EIO:when=1+", "getrandom:error=EAGAIN:when=2+"] {
        let Some(said) = program.failing(rule, &train) else { return };
        let said = said.code(1).err_has("error: the system denies this process what it needs");
        assert_eq!(errors(&said).len(), 1, "{}", said.err);
    }
    // The allocator's first requests are before the program: what remains is its own.
    let said = program.failing("mmap:error=ENOMEM:when=20+", &train).expect("as before");
    assert!(
        said.code == 0 || said.code == 1 && errors(&said).len() == 1,
        "{} {}",
        said.code,
        said.err
    );
}

#[test]
fn a_small_stack_is_large_enough() {
    let program = Program::new();
    program.write("run.json", SMALL);
    program.run_after("ulimit -s 64", &["train", "run.json", "--out", "run"]).code(0);
    let program = program.with("RUST_MIN_STACK", "1000");
    program.run(&["train", "run.json", "--out", "other"]).code(0);
    assert!(results(&program, "run") == results(&program, "other"));
}

#[test]
fn limits_of_the_process_count_as_memory_that_is_free() {
    // Each thread takes a stack from the limit.
    let program = Program::new().with("RAYON_NUM_THREADS", "2");
    program.write("run.json", SMALL);
    let wide = ["--set", "denoiser.network.width=8000", "--set", "denoiser.network.depth=3"];
    let train = [&["train", "run.json", "--out", "run"], &wide[..]].concat();
    for (limit, name) in [
        ("ulimit -v 1500000", "this process's limit on its address space (ulimit -v)"),
        ("ulimit -d 1500000", "this process's limit on its data (ulimit -d)"),
    ] {
        let said = program.run_after(limit, &train).code(2).err_has(" GiB are free within ");
        let said = said.err_has(name);
        assert_eq!(errors(&said).len(), 1, "{}", said.err);
        assert!(!program.path("run").exists());
        let said = program.run_after(limit, &["--json", "train", "run.json", "--dry-run"]).code(0);
        let event = said.out.lines().last().expect("a line");
        let event: serde_json::Value = serde_json::from_str(event).expect("JSON");
        assert_eq!(event["free_within"], name, "{event}");
        let free = event["free_bytes"].as_u64().expect("a number");
        assert!(free < 1_500_000 * 1024, "{free}");
    }
    // A run that fits is trained.
    program.run_after("ulimit -v 1500000", &["train", "run.json", "--out", "run"]).code(0);
}

#[test]
fn without_memory_the_program_ends_with_a_message() {
    // Each thread takes a stack from the limit.
    let program = Program::new().with("RAYON_NUM_THREADS", "2");
    program.write("run.json", SMALL);
    let mut ended = 0;
    for limit in (100..=400).step_by(20) {
        let run = format!("run-{limit}");
        let arguments = ["--json", "train", "run.json", "--out", &run];
        let said = program.run_after(&format!("ulimit -v {limit}000"), &arguments);
        match said.code {
            0 => {}
            // The loader, or the system that starts the program, before a line of it has run.
            127 | -9 | -11 => {}
            1 | 2 => {
                ended += 1;
                assert_eq!(errors(&said).len(), 1, "{limit}: {}", said.err);
                let last = said.out.lines().last().expect("an event");
                let event: serde_json::Value = serde_json::from_str(last).expect("JSON");
                assert_eq!(event["event"], "error", "{event}");
            }
            code => panic!("{limit}: exit code {code}: {}", said.err),
        }
    }
    assert!(ended > 0, "no limit ended a run");
}

#[test]
fn numbers_that_32_bits_do_not_hold_are_refused_before_anything_is_trained() {
    let program = Program::new();
    program.write("run.json", &SMALL.replace(r#""kind": "ddpm""#, r#""kind": "heun""#));
    for (setting, field) in [
        ("noise.schedule.sigma_max=1e308", "noise.schedule: its levels must have sigma from "),
        ("noise.schedule.sigma_max=1e37", "noise.schedule: its levels must have sigma from "),
        ("noise.schedule.sigma_max=1e30", "sample.sampler: its step 7 goes from sigma = "),
        (
            "sample.start={\"kind\":\"gaussian\",\"mean\":[0],\"std\":1e38}",
            "sample.start: its rows must be 32-bit",
        ),
        (
            "sample.start={\"kind\":\"gaussian\",\"mean\":[1e39],\"std\":1}",
            "sample.start.mean: must hold",
        ),
        ("noise.schedule.sigma_min=1e-45", "noise.schedule: its levels must have sigma from "),
        ("denoiser.prediction.sigma_data=1e-30", "denoiser.prediction: at sigma = "),
        ("denoiser.prediction.sigma_data=1e308", "denoiser.prediction: at sigma = "),
        ("denoiser.embedding.scale=1e39", "denoiser.embedding.scale: must be at most 1000000"),
        ("train.optimizer.weight_decay=1e39", "train.optimizer.weight_decay: must be finite"),
        ("data.means=[[1e30, 0], [1, 0.5]]", "data: its values reach "),
        ("train.learning_rate.value=1e39", "train.learning_rate.value: must be finite"),
    ] {
        for command in
            [&["train", "run.json", "--dry-run"][..], &["train", "run.json", "--out", "run"]]
        {
            let said = program.run(&[command, &["--set", setting]].concat()).code(2);
            assert!(said.err.contains(&format!("error: {field}")), "{setting}: {}", said.err);
        }
    }
    assert!(!program.path("run").exists());
}

#[test]
fn a_run_that_failed_before_its_manifest_is_begun_again() {
    let program = Program::new();
    program.write("run.json", SMALL);
    program.run(&["train", "run.json", "--out", "whole"]).code(0);
    // All that a run has which is stopped there.
    let start = |run: &str| {
        fs::create_dir_all(program.path(run)).expect("created");
        fs::copy(program.path("whole/config.json"), program.path(run).join("config.json"))
            .expect("copied");
        fs::write(program.path(run).join(".lock"), "").expect("written");
    };
    start("run");
    let said = program.run(&["train", "--resume", "run"]).code(0);
    let said = said.err_has("the run was stopped before its first checkpoint, and begins again");
    assert!(!said.err.contains("not a run"));
    assert!(results(&program, "run") == results(&program, "whole"));
    assert!(program.read("run/manifest.json") != b"");
    program.run(&["verify", "run"]).code(0);
    // Without a name too, where it is the newest.
    start("runs/small");
    program.run(&["train", "--resume"]).code(0);
    assert!(results(&program, "runs/small") == results(&program, "whole"));
    // Other commands say which one begins it.
    start("again");
    let way = "`langevin train --resume again` begins it again";
    program.run(&["compare", "again", "whole"]).code(2).err_has(way);
    // One without a config is begun by the command that began it.
    fs::create_dir(program.path("empty")).expect("created");
    program.write("empty/.lock", "");
    program
        .run(&["train", "--resume", "empty"])
        .code(2)
        .err_has("begins it again, with --out empty");
    program.run(&["train", "run.json", "--out", "empty"]).code(0);
}

#[test]
fn a_file_system_without_locks_has_a_way_out() {
    let program = Program::new();
    program.write("run.json", SMALL);
    program.run(&["train", "run.json", "--out", "whole"]).code(0);
    for error in ["ENOLCK", "EOPNOTSUPP", "ENOSYS"] {
        let rule = format!("flock:error={error}:when=1+");
        let Some(said) = program.failing(&rule, &["train", "run.json", "--out", "run"]) else {
            return;
        };
        let said = said.code(1).err_has("run/.lock");
        said.err_has("add --no-lock; or name a folder elsewhere by --out");
        assert!(!program.path("run").exists(), "nothing is left of it");
        let free = ["--no-lock", "train", "run.json", "--out", "run", "--stop-after", "20"];
        program.failing(&rule, &free).expect("as before").code(0);
        let held = program.failing(&rule, &["train", "--resume", "run"]).expect("as before");
        held.code(1).err_has("--no-lock");
        let free = ["train", "--resume", "run", "--no-lock"];
        program.failing(&rule, &free).expect("as before").code(0);
        assert!(results(&program, "run") == results(&program, "whole"), "{error}");
        fs::remove_dir_all(program.path("run")).expect("removed");
    }
}

#[test]
fn a_long_step_shows_that_it_is_alive_and_answers_a_signal() {
    let program = Program::new();
    // A step of minutes, with memory for less than a gigabyte.
    let long = SMALL.replace(r#""width": 32, "depth": 2"#, r#""width": 2048, "depth": 3"#);
    let long = long.replace(r#""batch": 33"#, r#""batch": 60000"#);
    assert!(long.contains("2048") && long.contains("60000"));
    program.write("run.json", &long.replace("\"validate_rows\": 300", "\"validate_rows\": 1"));
    let mut child = program
        .command(&["train", "run.json", "--out", "run"])
        .env("RAYON_NUM_THREADS", "1")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let (mut said, mut asked) = (String::new(), None);
    for line in BufReader::new(child.stderr.take().expect("piped")).lines() {
        let line = line.expect("UTF-8");
        if line.starts_with("still at step 1, after ") {
            send("-TERM", &child);
            asked = Some(Instant::now());
        }
        said += &(line + "\n");
    }
    let status = child.wait().expect("waited");
    let asked = asked.unwrap_or_else(|| panic!("it never said that it was alive: {said}"));
    assert_eq!(status.code(), Some(143), "{said}");
    // It is given three seconds; the rest is room for a machine that is busy.
    assert!(asked.elapsed() < Duration::from_secs(15), "{:?}: {said}", asked.elapsed());
    assert!(said.contains("rows is estimated to take "), "{said}");
    let word = "stopped while at step 1: nothing that was saved is lost; go on with `langevin train --resume run`";
    assert!(said.contains(word), "{said}");
    let said = program.run(&["verify", "run"]).code(0);
    assert!(said.out.ends_with("killed, all is sound: it can go on from step 0\n"), "{}", said.out);
}

#[test]
fn a_pipe_that_never_speaks_is_said_to_be_read() {
    let program = Program::new();
    let pipe = program.path("run.json");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
    let (mut child, mut said) = program.start(&["train", "run.json"]);
    let line = said.next().expect("a line").expect("UTF-8");
    assert_eq!(line, "reading the run file from run.json, a pipe");
    sleep(Duration::from_millis(100));
    send("-TERM", &child);
    assert!(!child.wait().expect("waited").success());
    // One that speaks is a run file as any other.
    let (mut child, _said) = program.start(&["train", "run.json", "--out", "run"]);
    fs::write(&pipe, SMALL).expect("written");
    assert!(child.wait().expect("waited").success());
}

#[test]
fn a_figure_is_named_once() {
    let program = Program::new();
    let many = vec!["\"loss\""; 100_000].join(",");
    program
        .write("run.json", &SMALL.replace(r#""figures": []"#, &format!("\"figures\": [{many}]")));
    let said = program.run(&["train", "run.json"]).code(2);
    said.err_has("report.figures: must name each figure once, got \"loss\" twice");
}

#[test]
fn a_loop_of_links_is_no_run() {
    let program = Program::new();
    program.write("run.json", SMALL);
    program.run(&["train", "run.json", "--out", "run"]).code(0);
    symlink("b", program.path("a")).expect("linked");
    symlink("a", program.path("b")).expect("linked");
    for command in [
        &["train", "--resume", "a"][..],
        &["sample", "a"],
        &["evaluate", "a"],
        &["report", "a"],
        &["verify", "a"],
        &["film", "a"],
        &["export", "a", "--out", "x.safetensors"],
        &["reproduce", "a"],
        &["compare", "a", "run"],
        &["runs", "a"],
        &["init", "a"],
        &["train", "a/config.json"],
    ] {
        program.run(command).code(2);
    }
}

#[test]
fn a_signal_leaves_an_event_in_json() {
    let program = Program::new();
    program.write("run.json", SMALL);
    program.run(&["train", "run.json", "--out", "run"]).code(0);
    let mut child = program
        .command(&["--json", "sample", "run", "--count", "6000000", "--out", "x.csv"])
        .env("RAYON_NUM_THREADS", "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary runs");
    // By then it listens; to draw them all takes it far longer.
    sleep(Duration::from_secs(3));
    send("-TERM", &child);
    let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let last = lines.last().expect("an event").expect("UTF-8");
    let event: serde_json::Value = serde_json::from_str(&last).expect("JSON");
    assert_eq!(event["event"], "stopped", "{event}");
    assert_eq!(child.wait().expect("waited").code(), Some(143));
    assert!(!program.path("x.csv").exists());
}
