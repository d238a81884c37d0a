//! What a trainer is after an error.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use langevin_core::OwnNetwork;
use langevin_data::Stream;

use super::*;
use crate::{config::parse_config, run::built_in};

/// Data whose rows are NaN while a switch is on.
struct Spoilt {
    inner: Box<dyn Dataset>,
    is_on: Arc<AtomicBool>,
}

impl Dataset for Spoilt {
    fn features(&self) -> usize {
        self.inner.features()
    }

    fn words_per_row(&self) -> u64 {
        self.inner.words_per_row()
    }

    fn draw(&self, part: Part, stream: &mut Stream, rows: &mut [f64]) {
        self.inner.draw(part, stream, rows);
        if self.is_on.load(Ordering::Relaxed) {
            rows.fill(f64::NAN);
        }
    }
}

/// A trainer of a run file with settings, and the switch of its data.
fn trainer(text: &str, settings: &[&str]) -> (Trainer<OwnNetwork>, Arc<AtomicBool>) {
    let settings: Vec<String> = settings.iter().map(|setting| (*setting).to_owned()).collect();
    let config = parse_config("run", text, &settings).expect("valid");
    let problem = Problem::new(config).expect("valid");
    let device = Device::flex();
    let (network, inner) = built_in(&problem, &device).expect("valid");
    let is_on = Arc::new(AtomicBool::new(false));
    let data = Box::new(Spoilt { inner, is_on: is_on.clone() });
    (Trainer::new(problem, network, data, &device).expect("valid"), is_on)
}

const DEFAULT: &str = include_str!("../../../../configs/default.json");
const ENGINES: [&str; 2] = ["train.engine=tape", "train.engine=direct"];

/// All that a checkpoint of a trainer holds.
fn state(trainer: &Trainer<OwnNetwork>) -> (Progress, TensorMap, Option<TensorMap>, TensorMap) {
    (trainer.progress, trainer.weights(), trainer.ema_weights(), trainer.optimizer_state())
}

/// Restores a state, as a checkpoint gives it: without the frequencies of the level's embedding.
fn restore(
    trainer: &mut Trainer<OwnNetwork>,
    (progress, weights, ema, optimizer): (Progress, TensorMap, Option<TensorMap>, TensorMap),
) -> Result<(), RestoreError> {
    let own = |mut map: TensorMap| {
        map.take_frequencies();
        map
    };
    trainer.restore(progress, own(weights), ema.map(own), optimizer)
}

#[test]
fn a_batch_that_fails_leaves_the_trainer_as_it_was() {
    let text = include_str!("../../../../configs/article/7-ddpm-per-level.json");
    let rate = r#"train.learning_rate={"kind":"piecewise","values":[0.01,0.02],"steps":[9]}"#;
    let levels = r#"noise.levels={"kind":"in_order","first":4,"each":2}"#;
    for engine in ENGINES {
        let settings = [engine, levels, "train.steps=18", rate, "train.batch=20"];
        let (mut trainer, _) = trainer(text, &settings);
        let (mut twin, _) = self::trainer(text, &settings);
        let mut handed_over = 0;
        while trainer.steps_made() < 12 {
            let step = trainer.steps_made();
            let before = state(&trainer);
            trainer.drawn = Some((step, Err(TrainError::Interrupted)));
            assert!(matches!(trainer.step(), Err(TrainError::Interrupted)), "no batch");
            assert!(state(&trainer) == before, "{engine}: step {step}");
            handed_over += usize::from(trainer.problem().diffusion().handover(step).is_some());
            assert_eq!(trainer.step().expect("again"), twin.step().expect("a step"));
            assert!(state(&trainer) == state(&twin), "{engine}: step {step}");
        }
        assert!(handed_over > 1, "of some networks");
    }
}

#[test]
fn after_a_loss_that_is_not_finite_nothing_goes_on_until_a_checkpoint_is_restored() {
    for engine in ENGINES {
        let settings = [engine, "train.batch=8", "train.log_every=4", "train.validate_every=0"];
        let (mut trainer, is_on) = trainer(DEFAULT, &settings);
        for _ in 0..5 {
            trainer.step().expect("a step");
        }
        let progress = trainer.settle().expect("finite");
        assert_eq!((progress.step, progress.loss_count), (5, 1));
        let saved = state(&trainer);
        is_on.store(true, Ordering::Relaxed);
        // Step 6 was drawn beside step 5, and is sound; the others are not.
        trainer.step().expect("a step whose loss waits");
        trainer.step().expect("a step whose loss waits");
        let why = trainer.step().expect_err("a log line is due").to_string();
        assert!(why.starts_with("step 7: the loss is NaN"), "{why}");
        let sums = (trainer.progress.loss_sum, trainer.progress.loss_count);
        assert_eq!(sums, (progress.loss_sum, progress.loss_count), "{engine}: none is half added");
        let weights = trainer.weights();
        let refused = format!(
            "step 8 failed after its weights had moved, so training cannot go on from there: {why}"
        );
        for _ in 0..2 {
            assert_eq!(trainer.step().expect_err("refused").to_string(), refused);
            assert_eq!(trainer.settle().expect_err("refused").to_string(), refused);
        }
        assert_eq!(trainer.steps_made(), 8);
        assert_eq!(format!("{:?}", trainer.weights()), format!("{weights:?}"), "none has moved");
        is_on.store(false, Ordering::Relaxed);
        restore(&mut trainer, saved.clone()).expect("its own");
        assert!(state(&trainer) == saved, "{engine}");
        let (mut twin, _) = self::trainer(DEFAULT, &settings);
        for _ in 0..5 {
            twin.step().expect("a step");
        }
        twin.settle().expect("finite");
        for _ in 0..4 {
            assert_eq!(trainer.step().expect("goes on"), twin.step().expect("a step"));
        }
        assert!(state(&trainer) == state(&twin), "{engine}: as if nothing had been");
    }
}

#[test]
fn a_failed_restore_leaves_the_trainer_as_it_was() {
    for engine in ENGINES {
        let settings = [engine, "train.batch=8", "train.log_every=4"];
        let (mut trainer, _) = trainer(DEFAULT, &settings);
        let (mut twin, _) = self::trainer(DEFAULT, &settings);
        for _ in 0..2 {
            trainer.step().expect("a step");
        }
        let (progress, weights, ema, optimizer) = state(&trainer);
        for _ in 0..4 {
            trainer.step().expect("a step");
        }
        for _ in 0..6 {
            twin.step().expect("a step");
        }
        let before = state(&trainer);
        let mut broken = optimizer.clone();
        broken.0.remove("layers.1.bias.momentum.moment_2").expect("there");
        let mut lacking = ema.clone().expect("kept");
        lacking.0.remove("layers.0.bias").expect("there");
        for (ema, optimizer, why) in [
            (ema.clone(), broken, "the optimizer state of layers.1.bias is incomplete"),
            (Some(lacking), optimizer.clone(), "layers.0.bias is missing"),
            (None, optimizer, "the run has averaged weights, the checkpoint has none"),
        ] {
            let broken = (progress, weights.clone(), ema, optimizer);
            let message = restore(&mut trainer, broken).expect_err("refused").to_string();
            assert_eq!(message, why, "{engine}");
            assert!(state(&trainer) == before, "{engine}: after {why:?}");
        }
        // Losses that wait on the device, and the batch that is drawn, are there as well.
        for _ in 0..3 {
            assert_eq!(trainer.step().expect("goes on"), twin.step().expect("a step"));
        }
        assert!(state(&trainer) == state(&twin), "{engine}");
    }
}
