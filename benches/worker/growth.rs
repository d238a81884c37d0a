//! Growth of memory: whether a long training needs more and more.

use langevin_train::RunConfig;
use serde_json::{Value, json};

use crate::{
    conversation::{Outcome, resident},
    training::trainer,
};

/// The resident memory after each twentieth of `steps` steps, as pairs of step and bytes.
pub fn growth(config: RunConfig, steps: u64) -> Outcome<Value> {
    let mut trainer = trainer(config, "flex")?;
    let mut seen = Vec::new();
    for step in 1..=steps {
        trainer.step()?;
        if step.is_multiple_of((steps / 20).max(1)) {
            seen.push(json!([step, resident()]));
        }
    }
    Ok(json!({ "resident": seen }))
}
