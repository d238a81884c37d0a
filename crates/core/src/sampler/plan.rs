//! Plan of a sampling: the transitions from level to level, and where they end.

use crate::{CoreError, NoiseLevel};

/// Transition of a plan: the two levels of one step, and its place among all steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// Level that the rows are at.
    pub from: NoiseLevel,
    /// Level that the rows go to; its sigma is 0 in the step to clean data.
    pub to: NoiseLevel,
    /// Number of the transition in its plan, from 0. Fresh noise is drawn by this number.
    pub index: usize,
    /// Levels between the two at which the method asks the denoiser, too; none for most methods.
    pub between: Vec<NoiseLevel>,
}

impl Transition {
    /// Whether the transition adds noise instead of taking it away: `sigma / alpha` rises.
    pub fn is_rising(&self) -> bool {
        self.to.ratio() > self.from.ratio()
    }
}

/// Where sampling ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)
)]
pub enum End {
    /// At sigma = 0, which the plan appends to the levels.
    Clean {
        /// How many more times the step to sigma = 0 is made, as if its rows were still at the last
        /// level. Only published systems that did so need more than 0.
        #[cfg_attr(feature = "serde", serde(default))]
        repeats: usize,
    },
    /// At the last level, whose noise the samples keep.
    LastLevel,
}

impl Default for End {
    fn default() -> Self {
        Self::CLEAN
    }
}

impl End {
    /// Sampling to sigma = 0, without repeats of the last step.
    pub const CLEAN: Self = Self::Clean { repeats: 0 };
}

/// Plan of a sampling: the level that rows start at, and the transitions that they make.
///
/// A transition to a noisier level is *rising*: the loop itself adds the noise that is missing there.
/// RePaint's resampling, restart sampling and EDM's churn are plans with such transitions.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    start: NoiseLevel,
    transitions: Vec<Transition>,
}

impl Plan {
    /// Plan that starts at `start` and makes no transition yet.
    pub const fn from(start: NoiseLevel) -> Self {
        Self { start, transitions: Vec::new() }
    }

    /// Plan from each of `levels` to the next, and from the last one to `end`.
    ///
    /// # Errors
    /// There must be at least one level.
    pub fn through(levels: &[NoiseLevel], end: End) -> Result<Self, CoreError> {
        let [first, others @ ..] = levels else {
            return Err(CoreError::parameter("levels", "must hold at least one level", "none"));
        };
        let mut plan = others.iter().fold(Self::from(*first), |plan, level| plan.to(*level));
        if let End::Clean { repeats } = end {
            let last = plan.end();
            (0..=repeats).for_each(|_| plan.push(last, NoiseLevel::CLEAN));
        }
        Ok(plan)
    }

    /// The same plan with one more transition, from its end to `level`.
    #[must_use]
    pub fn to(mut self, level: NoiseLevel) -> Self {
        self.push(self.end(), level);
        self
    }

    /// The same plan with levels between those of each transition, at which a method asks the denoiser.
    #[must_use]
    pub fn with_between(mut self, between: impl Fn(&Transition) -> Vec<NoiseLevel>) -> Self {
        for transition in &mut self.transitions {
            transition.between = between(transition);
        }
        self
    }

    fn push(&mut self, from: NoiseLevel, to: NoiseLevel) {
        let index = self.transitions.len();
        self.transitions.push(Transition { from, to, index, between: Vec::new() });
    }

    /// Level that rows start at.
    pub const fn start(&self) -> NoiseLevel {
        self.start
    }

    /// Level that rows end at.
    pub fn end(&self) -> NoiseLevel {
        self.transitions.last().map_or(self.start, |last| last.to)
    }

    /// Transitions in their order.
    pub fn transitions(&self) -> &[Transition] {
        &self.transitions
    }

    /// Levels that rows visit: the start, then the level after each transition.
    pub fn visited(&self) -> impl Iterator<Item = NoiseLevel> {
        std::iter::once(self.start).chain(self.transitions.iter().map(|step| step.to))
    }

    /// Levels at which the denoiser may be asked: those visited with sigma above 0, and those between.
    pub fn asked(&self) -> impl Iterator<Item = NoiseLevel> {
        let between = self.transitions.iter().flat_map(|step| step.between.iter().copied());
        self.visited().filter(|level| level.sigma() > 0.0).chain(between)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(sigma: f64) -> NoiseLevel {
        NoiseLevel::new(1.0, sigma).expect("valid")
    }

    #[test]
    fn a_plan_goes_through_all_levels_to_its_end() {
        let levels = [level(3.0), level(2.0), level(1.0)];
        let sigmas = |end| -> Vec<f64> {
            Plan::through(&levels, end).expect("valid").visited().map(|l| l.sigma()).collect()
        };
        assert_eq!(sigmas(End::LastLevel), [3.0, 2.0, 1.0]);
        assert_eq!(sigmas(End::CLEAN), [3.0, 2.0, 1.0, 0.0]);
        assert_eq!(sigmas(End::Clean { repeats: 2 }), [3.0, 2.0, 1.0, 0.0, 0.0, 0.0]);
        let repeated = Plan::through(&levels, End::Clean { repeats: 2 }).expect("valid");
        let from: Vec<_> = repeated.transitions().iter().map(|step| step.from.sigma()).collect();
        assert_eq!(from, [3.0, 2.0, 1.0, 1.0, 1.0], "a repeat takes its rows for the last level's");
        let indices: Vec<_> = repeated.transitions().iter().map(|step| step.index).collect();
        assert_eq!(indices, [0, 1, 2, 3, 4]);
        assert!(Plan::through(&[], End::CLEAN).is_err());
    }

    #[test]
    fn the_levels_between_are_asked_for_too() {
        let plan = Plan::through(&[level(4.0), level(1.0)], End::CLEAN).expect("valid");
        let plan = plan.with_between(|step| match step.to.sigma() {
            0.0 => Vec::new(),
            sigma => vec![level((sigma * step.from.sigma()).sqrt())],
        });
        let asked: Vec<_> = plan.asked().map(|level| level.sigma()).collect();
        assert_eq!(asked, [4.0, 1.0, 2.0]);
    }
}
