//! What it costs to tell a model something: the default run, told nothing or any of its two columns, which is a condition of
//! four columns.

use serde_json::{Value, json};

use super::Bench;
use super::rounds::{asked_in_turns, in_turns};
use super::side::Side;

const RUN_FILE: &str = "configs/default.json";
/// Conditions, by their names in the figures.
const CONDITIONS: [(&str, &str); 2] = [("nothing", "null"), ("any", r#"{"given":"any"}"#)];

impl Bench<'_> {
    /// Measures a training step and a call that samples, with each condition in turn.
    pub(super) fn told(&self) -> Result<Value, String> {
        let (mut steps, mut samplers) = (Vec::new(), Vec::new());
        for (_, condition) in CONDITIONS {
            let setting = format!("data.condition={condition}");
            let training = self.training(RUN_FILE, Some(setting.clone()));
            steps.extend(self.ready(&[Side::FLEX], &training, None)?);
            let mut sampler = Side::FLEX.start(&self.tools, None)?;
            sampler.ask(&json!({
                "sampler": true, "config": self.run_file(RUN_FILE), "settings": [setting],
                "way": Side::FLEX.way,
            }))?;
            samplers.push((Side::FLEX, sampler));
        }
        let count = if self.extent.short { 1000 } else { 20_000 };
        let steps = in_turns(self.extent, &mut steps)?;
        let drawn = asked_in_turns(self.extent.rounds, &mut samplers, &json!({ "draw": count }))?;
        let named = |all: Vec<(Side, Value)>| -> Value {
            CONDITIONS.iter().zip(all).map(|((name, _), (_, of))| (*name, of)).collect()
        };
        Ok(json!({ "step": named(steps), "sampling": named(drawn) }))
    }
}
