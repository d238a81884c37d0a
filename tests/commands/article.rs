//! The systems of "Introduction to Diffusion Models" through the binary: every config runs, on wgpu
//! too; a run of one network a level resumes; films are what was asked for.

use std::process::Command;

use crate::program::Program;

const SYSTEMS: [&str; 15] = [
    "1-gaussian",
    "1-gaussian-corrected",
    "2-gaussian-video",
    "2-gaussian-video-corrected",
    "3-gaussian-2d",
    "3-gaussian-2d-corrected",
    "4-four-modes",
    "4-four-modes-corrected",
    "4-four-modes-recommended",
    "5-four-modes-video",
    "5-four-modes-video-corrected",
    "6-ddpm-single",
    "7-ddpm-per-level",
    "8-ddpm-four-modes",
    "9-ddpm-density",
];

/// A system of ten steps, without all that is drawn.
fn short(name: &str) -> Vec<String> {
    let first = match name {
        "7-ddpm-per-level" => Some(3),
        "9-ddpm-density" => Some(2),
        _ => None,
    };
    let order = first.into_iter().flat_map(|first| {
        [format!("noise.levels.first={first}"), "noise.levels.each=1".to_owned()]
    });
    let fixed = [
        "train.steps=10",
        "train.log_every=1",
        "train.batch=32",
        "sample.count=16",
        "report.figures=[]",
        "report.film=null",
        "report.page=false",
        "report.evaluation=false",
    ];
    fixed.map(str::to_owned).into_iter().chain(order).collect()
}

fn train(
    program: &Program,
    backend: &str,
    name: &str,
    settings: &[String],
) -> crate::program::Said {
    let out = format!("{backend}-{name}");
    let mut arguments = vec!["--backend", backend, "train", name, "--out", &out];
    settings.iter().for_each(|setting| arguments.extend(["--set", setting]));
    program.run(&arguments)
}

fn losses(program: &Program, run: &str) -> Vec<f64> {
    let text = String::from_utf8(program.read(&format!("{run}/metrics.jsonl"))).expect("UTF-8");
    let loss = |line: &str| {
        serde_json::from_str::<serde_json::Value>(line).expect("JSON")["loss"].as_f64()
    };
    text.lines().filter_map(loss).collect()
}

#[test]
fn every_system_takes_ten_steps_on_wgpu_and_agrees_with_flex() {
    let program = Program::new();
    let required = std::env::var_os("LANGEVIN_REQUIRE_WGPU").is_some();
    // Software OpenGL, which a machine without Vulkan may have, needs minutes for all.
    let systems = if required { &SYSTEMS[..] } else { &SYSTEMS[..1] };
    if !required {
        println!("SKIPPED: all systems but the first, unless LANGEVIN_REQUIRE_WGPU is set");
    }
    for name in systems.iter().copied() {
        train(&program, "flex", name, &short(name)).code(0);
        let said = train(&program, "wgpu", name, &short(name));
        if said.code == 1 && said.err.contains("no adapter") && !required {
            println!("SKIPPED: no wgpu adapter");
            return;
        }
        said.code(0);
        let (flex, wgpu) =
            (losses(&program, &format!("flex-{name}")), losses(&program, &format!("wgpu-{name}")));
        assert_eq!(flex.len(), 10, "{name}");
        for (step, (a, b)) in flex.iter().zip(&wgpu).enumerate() {
            assert!((a - b).abs() <= 1e-4 * a.abs(), "{name}, step {step}: {a} and {b}");
        }
        let samples = program.read(&format!("wgpu-{name}/samples.csv"));
        assert_eq!(samples.iter().filter(|byte| **byte == b'\n').count(), 17, "{name}");
    }
}

#[test]
fn a_run_of_one_network_a_level_resumes_bit_for_bit() {
    let program = Program::new();
    let mut settings = short("7-ddpm-per-level");
    // Momentum, so that each network has a state of its own; steps 6, 9, … begin a new level.
    settings.extend(
        [
            "noise.levels.first=6",
            "noise.levels.each=3",
            "train.steps=27",
            "train.optimizer={\"kind\":\"sgd\",\"momentum\":0.9}",
            "train.ema={\"kind\":\"exponential\",\"decay\":0.9}",
        ]
        .map(str::to_owned),
    );
    train(&program, "flex", "7-ddpm-per-level", &settings).code(0);
    let whole = "flex-7-ddpm-per-level";
    for stop in ["5", "6", "7", "9"] {
        let out = format!("stopped-{stop}");
        let mut arguments = vec!["train", "7-ddpm-per-level", "--out", &out, "--stop-after", stop];
        settings.iter().for_each(|setting| arguments.extend(["--set", setting]));
        program.run(&arguments).code(0);
        program.run(&["train", "--resume", &out]).code(0);
        for file in [
            "checkpoints/step-00000027/model.safetensors",
            "checkpoints/step-00000027/ema.safetensors",
            "checkpoints/step-00000027/optimizer.safetensors",
            "metrics.jsonl",
            "samples.csv",
        ] {
            let (a, b) =
                (program.read(&format!("{whole}/{file}")), program.read(&format!("{out}/{file}")));
            assert!(a == b, "{file} differs after a stop at step {stop}");
        }
    }
    // The later levels went on from the earlier ones' weights, and each on its own.
    let weights = program.read(&format!("{whole}/checkpoints/step-00000027/model.safetensors"));
    let text = String::from_utf8_lossy(&weights);
    for network in 0..8 {
        assert!(text.contains(&format!("networks.{network}.layers.0.weight")), "{network}");
    }
    let said = program.run(&["sample", whole, "--count", "20"]).code(0);
    assert!(said.out.contains("20 samples"), "{}", said.out);
}

#[test]
fn every_system_ends_with_start_result_goal_and_verdict() {
    let program = Program::new();
    for name in SYSTEMS {
        let mut settings = short(name);
        settings.push("report.evaluation=true".to_owned());
        let said = train(&program, "flex", name, &settings).code(0).out;
        let parts = ["start: ", "result: ", "the article's goal: ", "the goal is ", "verdict: "];
        let found = parts.map(|part| said.lines().position(|line| line.starts_with(part)));
        assert!(found.iter().all(Option::is_some) && found.is_sorted(), "{name}: {said}");
    }
    let said = train(&program, "flex", "two-moons", &short("two-moons")).code(0).out;
    assert!(!said.contains("goal") && said.contains("samples: mean "), "no system: {said}");
}

#[test]
fn the_first_system_misses_its_goal_and_leads_to_its_corrected_sibling_which_meets_it() {
    let program = Program::new();
    let quick = ["report.figures=[]", "report.page=false"].map(str::to_owned);
    let said = train(&program, "flex", "1-gaussian", &quick).code(0).out;
    for part in [
        "the article's goal: mean 1.00, standard deviation 0.0100",
        "the goal is missed: the standard deviation is 0.0",
        "better: langevin train 1-gaussian-corrected",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let said = train(&program, "flex", "1-gaussian-corrected", &quick).code(0).out;
    assert!(said.contains("\nthe goal is met\n"), "{said}");
    let mut json = vec!["--json", "train", "1-gaussian"];
    quick.iter().for_each(|setting| json.extend(["--set", setting]));
    let said = program.run(&json).code(0).out;
    assert!(said.lines().any(|line| line.contains("\"goal_met\":false")), "{said}");
    // Four modes are judged by their distances and shares.
    let said = train(&program, "flex", "4-four-modes", &quick).code(0).out;
    assert!(
        said.contains("the article's goal: mean squared distance to the nearest mode 0.000200")
    );
    assert!(said.contains("; 25 % of the samples near each mode"), "{said}");
}

#[test]
fn the_article_s_names_lead_to_ours() {
    let program = Program::new();
    for (setting, ours) in [
        ("noise.schedule.kind=log_normal", "noise.levels.kind=log_normal"),
        ("noise.levels.kind=lognormal", "log_normal"),
        ("noise.schedule.N=20", "steps"),
        ("noise.schedule.kind=noise_scales", "betas"),
        ("data.mu_data=1", "mean"),
        ("data.sigma_data=1", "std"),
        ("train.nb_epochs=100", "steps"),
        ("train.batch_size=100", "batch"),
        ("train.lr=0.1", "learning_rate"),
        ("train.optimizer.kind=SGD", "sgd"),
        ("train.learning_rate.kind=StepLR", "step_decay"),
        ("train.loss.kind=vector_norm", "norm"),
        ("denoiser.network.activation=ReLU", "relu"),
        ("denoiser.prediction.kind=eps", "noise"),
        ("sample.test_size=100", "count"),
        ("report.film.frame_per_second=24", "fps"),
        ("report.film.duration=2", "seconds"),
        ("batch_size=32", "train.batch"),
    ] {
        let said = program.run(&["train", "1-gaussian", "--set", setting]).code(2);
        said.err_has(&format!("did you mean `{ours}`?"));
    }
    for (script, config) in
        [("simple_1Diffusion", "1-gaussian"), ("detailed_DDPM.py", "9-ddpm-density")]
    {
        let said = program.run(&["train", script]).code(2);
        said.err_has(&format!("that script of the article is `{config}` here"));
    }
    assert!(program.everything().is_empty(), "nothing is written");
}

/// What ffprobe says of a film, where it is installed.
fn probe(program: &Program, path: &str) -> Option<Vec<String>> {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-count_frames", "-select_streams", "v:0", "-show_entries"])
        .args(["stream=width,height,avg_frame_rate,nb_read_frames", "-of", "csv=p=0"])
        .arg(program.path(path))
        .output();
    let required = std::env::var_os("LANGEVIN_REQUIRE_FFMPEG").is_some();
    match output {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let text = String::from_utf8(output.stdout).expect("UTF-8");
            Some(text.trim().split(',').map(str::to_owned).collect())
        }
        Err(error) => {
            assert!(!required, "ffprobe: {error}");
            None
        }
    }
}

#[test]
fn films_have_the_lengths_and_rates_of_the_article() {
    let program = Program::new();
    for (name, fps, film, looped) in
        [("2-gaussian-video", "20/1", 40, None), ("5-four-modes-video", "24/1", 48, Some(96))]
    {
        let settings = ["train.steps=10", "report.page=false", "report.evaluation=false"];
        train(&program, "flex", name, &settings.map(str::to_owned)).code(0);
        let run = format!("flex-{name}");
        let Some(mp4) = probe(&program, &format!("{run}/film.mp4")) else {
            println!("SKIPPED: no ffprobe");
            return;
        };
        // The samples stay for a second more.
        let rate: i32 = fps.split('/').next().and_then(|rate| rate.parse().ok()).expect("a rate");
        assert_eq!(mp4, ["480", "480", fps, &(film + rate).to_string()], "{name}");
        let gif = probe(&program, &format!("{run}/film.gif")).expect("as before");
        assert_eq!((gif[0].as_str(), gif[3].as_str()), ("480", film.to_string().as_str()));
        assert_eq!(program.path(&format!("{run}/film-loop.gif")).exists(), looped.is_some());
        if let Some(frames) = looped {
            let gif = probe(&program, &format!("{run}/film-loop.gif")).expect("as before");
            assert_eq!(gif[3], frames.to_string());
        }
    }
}

#[test]
fn a_film_can_be_made_of_any_run() {
    let program = Program::new();
    program.write("run.json", crate::program::SMALL);
    program.run(&["train", "run.json", "--out", "run"]).code(0);
    let said = program.run(&["film", "run", "--set", "seconds=0.5"]).code(0);
    assert!(said.out.contains("600 samples in run/film.gif"), "{}", said.out);
    assert!(program.read("run/film.gif").starts_with(b"GIF89a"));
    assert_eq!(&program.read("run/film.mp4")[4..8], b"ftyp");
    // What is there stays.
    let first = program.read("run/film.gif");
    let said = program.run(&["film", "run", "--set", "seconds=0.5"]).code(0);
    assert!(said.out.contains("run/film-2.mp4"), "{}", said.out);
    assert_eq!(program.read("run/film-2.gif"), first, "the same run gives the same film");
    program.run(&["film", "run", "--out", "run/film.gif"]).code(2).err_has("run/film.gif");
    program.run(&["film", "run", "--out", "film.webm"]).code(2).err_has(".gif or .mp4");
    program.run(&["film", "run", "--set", "fps=0"]).code(2).err_has("report.film.fps: must be");
    program.run(&["film", "no-run"]).code(2).err_has("no-run");
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let program = Program::new();
    let refused = |name: &str, settings: &[&str], message: &str| {
        let mut arguments = vec!["train", name];
        settings.iter().for_each(|setting| arguments.extend(["--set", setting]));
        program.run(&arguments).code(2).err_has(message);
        assert!(program.everything().is_empty(), "nothing is written");
    };
    let heun = "sample.sampler={\"kind\":\"heun\",\"steps\":10}";
    refused("1-gaussian", &[heun], "the level_step prediction is singular at the noise level");
    refused("1-gaussian", &["sample.sampler.steps=9"], "sample.sampler.steps: `subtract` goes");
    refused(
        "1-gaussian",
        &["noise.schedule.steps=null"],
        "denoiser.prediction: the level_step prediction is singular",
    );
    refused(
        "1-gaussian",
        &["train.weighting={\"kind\":\"snr\"}"],
        "train.weighting: must be finite at every level",
    );
    refused("1-gaussian", &["sample.start.row=[1,2]"], "sample.start.row: must hold 1 number or 1");
    refused("4-four-modes", &["data.weights=[1,1,1,2]"], "data.balanced: must be false");
    refused("4-four-modes", &["sample.start={\"kind\":\"exact\"}"], "sample.start: ");
    refused(
        "4-four-modes-recommended",
        &["noise.levels={\"kind\":\"in_order\",\"first\":1,\"each\":1}"],
        "noise.levels: needs a schedule of discrete levels",
    );
    refused(
        "7-ddpm-per-level",
        &["train.steps=10"],
        "train.steps: must be 27000: noise.levels.first",
    );
    refused("7-ddpm-per-level", &["train.steps=27001"], "train.steps: must be 27000");
    refused("7-ddpm-per-level", &["train.patience=2"], "train.patience: would end the run before");
    refused("4-four-modes", &["train.batch=2"], "train.batch: must be a multiple of 4");
    let subtract = "sample.sampler={\"kind\":\"subtract\",\"steps\":10}";
    refused(
        "6-ddpm-single",
        &[subtract],
        "sample.sampler.kind: `subtract` leads to the next level only",
    );
    refused(
        "1-gaussian",
        &["sample.start.row=[1e300]"],
        "sample.start.row: must hold numbers that are",
    );
    refused("7-ddpm-per-level", &["noise.levels.each=0"], "noise.levels.each: must be at least 1");
    refused(
        "7-ddpm-per-level",
        &["noise.levels={\"kind\":\"uniform\"}"],
        "denoiser.networks: `one_per_level` needs all rows of a step at one level",
    );
    refused(
        "7-ddpm-per-level",
        &["train.learning_rate.values=[1]"],
        "train.learning_rate.values: must hold 2 numbers",
    );
    refused(
        "7-ddpm-per-level",
        &["train.learning_rate.steps=[0]"],
        "train.learning_rate.steps: must rise, from at least 1, got [0]",
    );
    refused(
        "8-ddpm-four-modes",
        &["sample.end.repeats=10001"],
        "sample.end.repeats: must be at most",
    );
    refused("8-ddpm-four-modes", &["noise.schedule.rho=0"], "noise.schedule.rho: must be finite");
    refused("5-four-modes-video", &["report.film.fps=0"], "report.film.fps: must be from 1 to 100");
    refused("5-four-modes-video", &["report.film.size=65"], "report.film.size: must be an even");
}
