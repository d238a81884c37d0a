//! Resampling: a plan whose parts are gone through several times, back and forth.

#[cfg(test)]
mod tests;

use super::{End, Plan};
use crate::CoreError;

/// Most repeats of a segment.
const MOST_REPEATS: usize = 1000;

/// RePaint's resampling: each segment of `jump` transitions is gone through `repeats` times, with a rising
/// transition back to its start before each further time.
///
/// Segments are counted from the end of the plan, so that the first may be shorter and the step to
/// sigma = 0 belongs to the last. Source: Lugmayr et al. 2022, "RePaint", section 4.2 and algorithm 1, with
/// their jump length and their number of resamplings. Their program rises level by level, which has the law
/// of one rise, and goes once through its first segment and through the step to sigma = 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(deny_unknown_fields)
)]
pub struct Resampling {
    /// Number of transitions in a segment.
    pub jump: usize,
    /// How many times each segment is gone through; 1 leaves the plan as it is.
    pub repeats: usize,
}

impl Resampling {
    /// Checks the settings.
    ///
    /// # Errors
    /// Both numbers must be at least 1, and there may be at most 1000 repeats.
    pub fn check(&self) -> Result<(), CoreError> {
        for (name, value) in [("jump", self.jump), ("repeats", self.repeats)] {
            if value == 0 {
                return Err(CoreError::parameter(name, "must be at least 1", value));
            }
        }
        if self.repeats > MOST_REPEATS {
            let requirement = format!("must be at most {MOST_REPEATS}");
            return Err(CoreError::parameter("repeats", requirement, self.repeats));
        }
        Ok(())
    }

    /// The plan with its segments repeated. It should be refined already: levels between stay in each
    /// repetition. [`End`]'s repeats of the step to sigma = 0 follow at the very end, once.
    ///
    /// # Errors
    /// As [`check`](Self::check); the plan itself must not rise.
    pub fn plan(&self, plan: Plan) -> Result<Plan, CoreError> {
        self.check()?;
        if let Some(rise) = plan.transitions().iter().find(|step| step.is_rising()) {
            let requirement = "must not rise before it is resampled";
            return Err(CoreError::parameter("plan", requirement, rise.to.sigma()));
        }
        let way = plan.transitions();
        let again = way.windows(2).filter(|pair| pair[0].to != pair[1].from).count();
        let (way, last) = way.split_at(way.len() - again);
        let mut levels = vec![plan.start()];
        let mut between = Vec::new();
        for segment in way.rchunks(self.jump).rev() {
            for time in 0..self.repeats {
                if time > 0 {
                    levels.push(segment[0].from);
                    between.push(Vec::new());
                }
                levels.extend(segment.iter().map(|step| step.to));
                between.extend(segment.iter().map(|step| step.between.clone()));
            }
        }
        between.extend(last.iter().map(|step| step.between.clone()));
        let end = match again {
            0 => End::LastLevel,
            repeats => {
                levels.pop();
                End::Clean { repeats }
            }
        };
        Ok(Plan::through(&levels, end)?.with_between(|step| between[step.index].clone()))
    }
}
