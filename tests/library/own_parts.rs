//! A run all of whose parts are a user's own, by public names alone: network, schedule, training levels,
//! weighting and a sampler that remembers, named in a run file, trained, stopped, resumed and sampled.

use std::{collections::BTreeMap, path::Path};

use burn::{
    module::Module,
    nn::{Linear, LinearConfig},
    optim::{GradientsParams, ModuleOptimizer, SgdConfig},
    tensor::{Device, Tensor},
};
use langevin_core::{
    CoreError, Denoiser, LevelWeight, Network, Noise, NoiseLevel, NoiseSchedule, Plan, Prediction,
    Sampler, Steps, TrainingLevels, Transition,
};
use langevin_data::{Dataset, Part, Stream};
use langevin_train::{
    ArrayError, Engine, Problem, Program, RunConfig, RunOptions, ScheduleConfig, StepBatch,
    StepOutput, TensorMap, TrainError, Trainer, parse_config, read_run_config, resume, row_losses,
    sample_run, train_with, verify_run,
};

const RUN: &str = r#"{
    "name": "own",
    "data": { "kind": "custom", "name": "line" },
    "noise": {
        "schedule": { "kind": "custom", "name": "powers", "settings": { "low": 0.01, "high": 8.0 } },
        "levels": { "kind": "custom", "name": "even" }
    },
    "denoiser": { "network": { "kind": "custom", "name": "gated" },
                  "embedding": { "kind": "column", "of": "log_sigma" },
                  "prediction": { "kind": "edm" } },
    "train": { "steps": 12, "batch": 8, "optimizer": { "kind": "adam" },
               "learning_rate": { "kind": "constant", "value": 0.01 },
               "weighting": { "kind": "custom", "name": "flat" },
               "ema": { "kind": "exponential" },
               "log_every": 1, "checkpoint_every": 4, "validate_every": 6 },
    "sample": { "sampler": { "kind": "custom", "name": "ab2", "steps": 6 }, "count": 700,
                "start": { "kind": "gaussian", "mean": [0], "std": 8 } },
    "report": { "figures": [], "page": false, "evaluation": false }
}"#;

/// Points on a line.
struct Line;

impl Dataset for Line {
    fn features(&self) -> usize {
        2
    }
    fn words_per_row(&self) -> u64 {
        1
    }
    fn draw(&self, _part: Part, stream: &mut Stream, rows: &mut [f64]) {
        for row in rows.chunks_exact_mut(2) {
            let at = 2.0 * stream.uniform() - 1.0;
            row.copy_from_slice(&[at, 0.5 * at]);
        }
    }
}

/// `sigma(t) = low^(1 − t) · high^t`, alpha = 1.
struct Powers {
    low: f64,
    high: f64,
}

impl NoiseSchedule for Powers {
    fn at(&self, t: f64) -> NoiseLevel {
        let sigma = self.low * (self.high / self.low).powf(t.clamp(0.0, 1.0));
        NoiseLevel::new(1.0, sigma).expect("valid")
    }
    fn at_ratio(&self, ratio: f64) -> NoiseLevel {
        NoiseLevel::new(1.0, ratio).expect("valid")
    }
}

/// Levels spread evenly over the schedule.
struct Even;

impl TrainingLevels for Even {
    fn draw(
        &self,
        schedule: &dyn NoiseSchedule,
        stream: &mut Stream,
        rows: usize,
        _step: Option<u64>,
    ) -> Vec<NoiseLevel> {
        let mut words = vec![0.0; 2 * rows];
        stream.fill_uniform(&mut words);
        words.chunks_exact(2).map(|own| schedule.at(own[0])).collect()
    }
}

/// Weight 1 on the error of x_0 / sigma.
struct Flat;

impl LevelWeight for Flat {
    fn at(&self, level: &NoiseLevel, prediction: &Prediction) -> f64 {
        (prediction.coefficients(level).out / level.sigma()).powi(2)
    }
}

/// Adams and Bashforth's method of order 2, in sigma.
struct AdamsBashforth;

struct Memory(Option<(Tensor<2>, f64)>);

impl Sampler for AdamsBashforth {
    fn start(&self, _plan: &Plan) -> Box<dyn Steps + '_> {
        Box::new(Memory(None))
    }
}

impl Steps for Memory {
    fn step(
        &mut self,
        x: Tensor<2>,
        denoiser: &dyn Denoiser,
        step: &Transition,
        _noise: &mut Noise,
    ) -> Result<Tensor<2>, CoreError> {
        let slope = (x.clone() - denoiser.denoise(x.clone(), &step.from)?) / step.from.sigma();
        let h = step.to.sigma() - step.from.sigma();
        let (before, length) = self.0.replace((slope.clone(), h)).unwrap_or((slope.clone(), h));
        Ok(x + (slope.clone() + (slope - before) * (h / (2.0 * length))) * h)
    }
    fn restart(&mut self) {
        self.0 = None;
    }
}

/// Two layers whose hidden units are gated by the level.
#[derive(Module, Debug)]
struct Gated {
    position: Linear,
    gate: Linear,
    output: Linear,
}

impl Network for Gated {
    fn forward(&self, x: Tensor<2>, told: Option<Tensor<2>>, _: Option<Tensor<2>>) -> Tensor<2> {
        let mut hidden = self.position.forward(x).tanh();
        if let Some(level) = told {
            hidden = hidden * self.gate.forward(level).tanh();
        }
        self.output.forward(hidden)
    }
}

/// The parts of a run file, by the names and settings that it states.
fn problem(config: RunConfig) -> Result<Problem, TrainError> {
    let ScheduleConfig::Custom(own) = &config.noise.schedule else { panic!("custom") };
    assert_eq!(own.name, "powers");
    let number = |name: &str| own.settings[name].as_f64().expect("a number");
    let powers = Powers { low: number("low"), high: number("high") };
    let built = Problem::builder(config).schedule(powers).levels(Even).weighting(Flat);
    built.sampler(AdamsBashforth).build()
}

fn network(device: &Device) -> Gated {
    device.seed(3);
    let layer = |from, to| LinearConfig::new(from, to).init(device);
    Gated { position: layer(2, 16), gate: layer(1, 16), output: layer(16, 2) }
}

fn trainer(config: RunConfig, device: &Device) -> Result<Trainer<Gated>, TrainError> {
    Trainer::new(problem(config)?, network(device), Box::new(Line), device)
}

#[test]
fn a_run_of_a_user_s_own_parts_is_trained_resumed_and_sampled() {
    let device = Device::flex();
    let program = Program::new("flex", "the processor");
    let options =
        |stop_after| RunOptions { stop_after, ..RunOptions::new(&device, program.clone()) };
    let config = parse_config("own", RUN, &[]).expect("valid");
    let folder = tempfile::tempdir().expect("temporary folder");
    let (whole, run) = (folder.path().join("whole"), folder.path().join("run"));
    let begin = |run: &Path, stop_after| {
        let trainer = trainer(config.clone(), &device).expect("built");
        train_with(trainer, Some(run), &options(stop_after), &mut ()).expect("trained")
    };
    assert!(begin(&whole, None).finished);
    assert!(!begin(&run, Some(5)).finished);
    assert_eq!(read_run_config(&run).expect("a run"), config, "the file keeps the custom parts");
    assert!(resume(&run, None, trainer, &options(None), &mut ()).expect("resumed").finished);
    for name in ["metrics.jsonl", "samples.csv", "checkpoints/step-00000012/model.safetensors"] {
        let read = |run: &Path| std::fs::read(run.join(name)).expect("there");
        assert!(read(&run) == read(&whole), "{name}");
    }
    // Samples of a trained run are those that the run drew, whatever their number.
    let draw = |count: usize| {
        let mut config = config.clone();
        config.sample.count = count;
        let (problem, network) = (problem(config).expect("valid"), network(&device));
        sample_run(&whole, problem, 0, network, &Line, &options(None), &mut ()).expect("drawn")
    };
    let (few, many) = (draw(7), draw(700));
    assert_eq!(few.values[..], many.values[..14]);
    let text = std::fs::read_to_string(whole.join("samples.csv")).expect("there");
    let second_chunk = text.lines().nth(1 + 600).expect("a row");
    let row: Vec<f32> = second_chunk.split(',').map(|x| x.parse().expect("a number")).collect();
    assert_eq!(row, many.values[1200..1202]);
}

/// Burn's tape with Burn's plain SGD, which remembers nothing.
struct Descent(Vec<Gated>, ModuleOptimizer);

impl Engine<Gated> for Descent {
    fn name(&self) -> &'static str {
        "descent"
    }
    fn step(&mut self, batch: &StepBatch, learning_rate: f64) -> StepOutput {
        let network = &mut self.0[batch.network];
        let row_losses = row_losses(network, batch, &Device::flex().autodiff());
        let gradients = row_losses.clone().mean().backward();
        let gradients = GradientsParams::from_grads(gradients, network);
        *network = self.1.step(learning_rate, network.clone(), gradients);
        let row_losses = row_losses.inner();
        StepOutput::Device { gradient_norm: Tensor::ones([1], &row_losses.device()), row_losses }
    }
    fn networks(&self) -> &[Gated] {
        &self.0
    }
    fn hand_over(&mut self, from: usize, to: usize) {
        self.0[to] = self.0[from].clone();
    }
    fn restore(
        &mut self,
        weights: TensorMap,
        _averages: BTreeMap<String, TensorMap>,
        _optimizer: TensorMap,
    ) -> Result<(), ArrayError> {
        self.0 = vec![weights.into_module(self.0[0].clone())?];
        Ok(())
    }
}

#[test]
fn an_engine_of_a_user_s_own_makes_a_run_and_goes_on_with_it() {
    let device = Device::flex();
    let program = Program::new("flex", "the processor");
    let options =
        |stop_after| RunOptions { stop_after, ..RunOptions::new(&device, program.clone()) };
    let settings =
        [r#"train.engine={"kind":"custom","name":"descent"}"#, r#"train.ema={"kind":"none"}"#];
    let config = parse_config("own", RUN, &settings.map(str::to_owned)).expect("valid");
    let trainer = |config: RunConfig, device: &Device| {
        let engine = Descent(vec![network(device).train()], SgdConfig::new().init());
        Trainer::with_engine(problem(config)?, Box::new(engine), Box::new(Line), device)
    };
    let folder = tempfile::tempdir().expect("temporary folder");
    let (whole, run) = (folder.path().join("whole"), folder.path().join("run"));
    for (run, stop_after) in [(&whole, None), (&run, Some(5))] {
        let trainer = trainer(config.clone(), &device).expect("built");
        train_with(trainer, Some(run), &options(stop_after), &mut ()).expect("trained");
    }
    assert!(resume(&run, None, trainer, &options(None), &mut ()).expect("resumed").finished);
    for name in ["metrics.jsonl", "samples.csv", "checkpoints/step-00000012/model.safetensors"] {
        let read = |run: &Path| std::fs::read(run.join(name)).expect("there");
        assert!(read(&run) == read(&whole), "{name}");
    }
    let manifest = std::fs::read_to_string(run.join("manifest.json")).expect("there");
    assert!(manifest.contains(r#""engine": "descent""#), "{manifest}");
    let problem_of = problem(config.clone()).expect("valid");
    let found = verify_run(&run, &problem_of, Some(network(&device)), None);
    assert!(found.expect("a run").is_sound());
    // What the program makes of another config, or where it keeps no average, is refused.
    let other = |mut config: RunConfig, device: &Device| {
        config.seed += 1;
        trainer(config, device)
    };
    let message = resume(&run, None, other, &options(None), &mut ()).expect_err("another run");
    assert!(message.to_string().contains("made from another"), "{message}");
    let averaged = parse_config(
        "own",
        RUN,
        &settings[..1].iter().map(|s| (*s).to_owned()).collect::<Vec<_>>(),
    );
    let message = trainer(averaged.expect("valid"), &device).err().expect("refused").to_string();
    assert_eq!(message, "train.ema: the engine descent keeps no averages: use `none`");
}

#[test]
fn a_part_that_file_and_program_do_not_agree_on_is_refused() {
    let config = |changes: &[&str]| {
        let changes: Vec<_> = changes.iter().map(|change| (*change).to_owned()).collect();
        parse_config("own", RUN, &changes).expect("valid")
    };
    let refused = |built: Result<Problem, TrainError>| built.err().expect("refused").to_string();
    assert_eq!(
        refused(Problem::new(config(&[]))),
        "noise.schedule: custom part \"powers\" is given by a program of your own: see \
         examples/own_schedule.rs"
    );
    let karras = [r#"noise.schedule={"kind":"karras"}"#];
    let message =
        refused(Problem::builder(config(&karras)).schedule(Powers { low: 1.0, high: 2.0 }).build());
    assert!(message.starts_with("noise.schedule: must be {\"kind\": \"custom\""), "{message}");
    for (kept, name) in [
        ("noise.levels", "\"even\""),
        ("train.weighting", "\"flat\""),
        ("sample.sampler", "\"ab2\""),
    ] {
        let ours = [
            ("noise.levels", r#"{"kind":"uniform"}"#),
            ("train.weighting", r#"{"kind":"uniform"}"#),
            ("sample.sampler", r#"{"kind":"heun","steps":4}"#),
        ];
        let changes: Vec<_> = ours
            .iter()
            .filter(|(path, _)| *path != kept)
            .map(|(p, v)| format!("{p}={v}"))
            .collect();
        let changes: Vec<&str> =
            karras.iter().copied().chain(changes.iter().map(String::as_str)).collect();
        let message = refused(Problem::new(config(&changes)));
        assert!(message.starts_with(kept) && message.contains(name), "{message}");
    }
}
