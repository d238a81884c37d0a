//! Checks that the parts of a run fit each other and the data.

use langevin_core::{LevelQuantity, Plan, Prediction};
use langevin_data::{Dataset, FeatureKind, Part};

use super::{
    Diffusion, Problem,
    condition::drawn_features,
    numbers::{check_coefficients, check_level, check_step},
};
use crate::{
    TrainError,
    config::{DataConfig, NetworksConfig, SamplerConfig},
    error::at_field,
};

impl Problem {
    /// Checks that the parts, each valid by itself, fit each other.
    pub(super) fn check_parts(&self) -> Result<(), TrainError> {
        self.check_order()?;
        self.check_decision()?;
        self.check_levels()?;
        if let DataConfig::GaussianMixture { means, balanced: true, .. } = &self.config.data
            && !self.config.train.batch.is_multiple_of(means.len().max(1))
        {
            let message = format!(
                "must be a multiple of {}, the Gaussians of data.means, since data.balanced is true; got {}",
                means.len(),
                self.config.train.batch
            );
            return Err(TrainError::config("train.batch", message));
        }
        let data = self.config.data.distribution()?;
        data.map_or(Ok(()), |data| self.check_start(data.as_ref()))
    }

    /// Checks that the parts fit the data.
    ///
    /// # Errors
    /// A start that is not the data's marginal, or of another width; held-out rows that are needed and
    /// are not there.
    pub(crate) fn check_data(&self, data: &dyn Dataset) -> Result<(), TrainError> {
        check_layout(data)?;
        self.check_condition(data)?;
        self.target(data)?;
        self.check_start(data)?;
        self.check_held_out(data)
    }

    /// Checks levels in order and one network per level, both of which need the levels of a grid.
    fn check_order(&self) -> Result<(), TrainError> {
        let levels = &self.diffusion.levels;
        let per_level = self.config.denoiser.networks == NetworksConfig::OnePerLevel;
        let in_order = levels.order().is_some();
        for (path, needs) in [("noise.levels", in_order), ("denoiser.networks", per_level)] {
            if needs && self.diffusion.schedule.len().is_none() {
                let message = "needs a schedule of discrete levels: betas, or karras with `steps`";
                return Err(TrainError::config(path, message));
            }
        }
        if per_level && !levels.is_per_batch() {
            let message = "`one_per_level` needs all rows of a step at one level: noise.levels must be \
                           of kind `in_order`, or `uniform` per `batch`";
            return Err(TrainError::config("denoiser.networks", message));
        }
        let count = self.diffusion.schedule.len().unwrap_or(1);
        let needed = levels.order().map(|order| order.steps(count));
        if let Some(needed) = needed.filter(|needed| *needed != self.config.train.steps) {
            let message = format!(
                "must be {needed}: noise.levels.first and {} times noise.levels.each, got {}",
                count - 1,
                self.config.train.steps
            );
            return Err(TrainError::config("train.steps", message));
        }
        Ok(())
    }

    /// Checks that a decision by the held-out loss is possible: the loss is measured, and levels come in
    /// no order.
    fn check_decision(&self) -> Result<(), TrainError> {
        let Some(path) = self.config.train.decided_by_held_out_loss() else { return Ok(()) };
        if self.diffusion.levels.order().is_some() {
            let message = "would end the run before its last level is trained: leave it out where \
                           noise.levels is of kind `in_order`";
            return Err(TrainError::config(path, message));
        }
        if self.config.train.validate_every == 0 {
            let message = "needs the held-out loss: train.validate_every must be at least 1, got 0";
            return Err(TrainError::config(path, message));
        }
        Ok(())
    }

    /// Checks that prediction, weighting and embedding are defined at the levels of training and
    /// sampling.
    fn check_levels(&self) -> Result<(), TrainError> {
        let Diffusion { schedule, embedding, prediction, weighting, .. } = &self.diffusion;
        let schedule = schedule.as_ref();
        for level in [schedule.at(1.0), schedule.at(0.0)] {
            check_level(&level)?;
            prediction.check_target(&level).map_err(at_field("denoiser.prediction"))?;
            // A level step can be trained, and taken, even at a level where it does not give the clean
            // row.
            if !matches!(prediction, Prediction::LevelStep { .. }) {
                prediction.check(&level).map_err(at_field("denoiser.prediction"))?;
            }
            check_coefficients(&level, prediction)?;
            let weight = weighting.at(&level, prediction);
            if !(weight as f32).is_finite() {
                let message = format!(
                    "must be finite at every level, got {weight} at sigma = {}: use {{\"kind\": \"uniform\"}}",
                    level.sigma()
                );
                return Err(TrainError::config("train.weighting", message));
            }
            embedding.check(&level, schedule).map_err(at_field("denoiser.embedding"))?;
        }
        let subtracts = matches!(self.config.sample.sampler, SamplerConfig::Subtract { .. });
        if subtracts {
            self.check_subtract()?;
        }
        self.check_between()?;
        self.check_plan(&self.plan)
    }

    /// Checks that the network has an answer at every level that a plan asks for.
    pub(crate) fn check_plan(&self, plan: &Plan) -> Result<(), TrainError> {
        let Diffusion { schedule, embedding, prediction, networks, .. } = &self.diffusion;
        let takes_off = matches!(self.config.sample.sampler, SamplerConfig::Subtract { .. })
            && matches!(prediction, Prediction::LevelStep { .. });
        plan.transitions().iter().try_for_each(|step| check_step(self.sampler(), step))?;
        for level in plan.asked() {
            check_level(&level)?;
            if !takes_off {
                prediction.check(&level).map_err(at_field("denoiser.prediction"))?;
            }
            check_coefficients(&level, prediction)?;
            embedding.check(&level, schedule.as_ref()).map_err(at_field("denoiser.embedding"))?;
            if *networks > 1 && level.index().is_none_or(|index| index >= *networks) {
                let message =
                    format!("`one_per_level` has no network at sigma = {}", level.sigma());
                return Err(TrainError::config("denoiser.networks", message));
            }
        }
        Ok(())
    }

    /// Checks that a method which asks at levels between those of the plan gets an answer there.
    fn check_between(&self) -> Result<(), TrainError> {
        let method = self.config.sample.sampler.name();
        let between = self.plan.transitions().iter().flat_map(|step| &step.between).next();
        if self.sampler.adaptive().is_none() && between.is_none() {
            return Ok(());
        }
        if self.config.denoiser.networks == NetworksConfig::OnePerLevel {
            let message = format!(
                "`one_per_level` has no network at the levels between, where sample.sampler.kind = {method:?} \
                 asks for one: use `one`, or sample by another method"
            );
            return Err(TrainError::config("denoiser.networks", message));
        }
        let quantity = self.diffusion.embedding.quantity();
        if let Some(quantity) = quantity.filter(LevelQuantity::needs_grid) {
            let message = format!(
                "`{}` has no number at the levels between, where sample.sampler.kind = {method:?} asks the \
                 network: tell it another quantity, such as \"log_sigma\", or sample by another method",
                quantity.name()
            );
            return Err(TrainError::config("denoiser.embedding.of", message));
        }
        Ok(())
    }

    /// Checks that `subtract` gets all levels of a grid on which alpha is 1.
    fn check_subtract(&self) -> Result<(), TrainError> {
        let steps = self.config.sample.sampler.steps();
        if self.diffusion.schedule.len() != Some(steps) {
            let grid = self
                .diffusion
                .schedule
                .len()
                .map_or("no grid".to_owned(), |n| format!("{n} levels"));
            let message = format!(
                "`subtract` goes from each level of the schedule to the next: must be its number of \
                 levels, got {steps} steps and {grid}"
            );
            return Err(TrainError::config("sample.sampler.steps", message));
        }
        if let Some(level) = self.sampling_levels().find(|level| level.alpha() != 1.0) {
            let message = format!(
                "`subtract` leads to the next level only where alpha is 1 everywhere, as on karras: got \
                 alpha = {}",
                level.alpha()
            );
            return Err(TrainError::config("sample.sampler.kind", message));
        }
        Ok(())
    }

    /// Checks that what the model is told can be told of the data.
    ///
    /// # Errors
    /// Columns of data that has none to tell, any of one column, a network whose output is a step to the next level.
    fn check_condition(&self, data: &dyn Dataset) -> Result<(), TrainError> {
        let config = self.diffusion.condition.as_ref();
        let refuse = |field: &str, message: String| {
            Err(TrainError::config(format!("data.condition{field}"), message))
        };
        if let Some(named) = config.filter(|it| !it.columns.is_empty() && data.told().is_empty()) {
            let message = format!(
                "this data has no column to tell beside those that it draws, got {:?}: only tables have, and mixtures, \
                 whose \"component\" it is",
                named.columns
            );
            return refuse(".columns", message);
        }
        let is_step = matches!(self.diffusion.prediction, Prediction::LevelStep { .. });
        if is_step && !data.drawn_categories().is_empty() {
            let message =
                "must be of another kind where a category is drawn, whose outputs are logits";
            return Err(TrainError::config("denoiser.prediction", message));
        }
        let Some(condition) = self.diffusion.condition_of(data) else {
            return match config {
                Some(_) => refuse("", "this data tells nothing: say `given`: \"any\"".to_owned()),
                None => Ok(()),
            };
        };
        if condition.is_any() && !data.told().is_empty() {
            let message = "must be left out where the data says by itself what is told";
            return refuse(".given", message.to_owned());
        }
        if condition.is_any() && condition.things() < 2 {
            return refuse(".given", "needs two columns at least that vary, got one".to_owned());
        }
        if is_step {
            let message = "must be of another kind where data.condition tells the network something: `level_step` \
                           knows the level alone";
            return Err(TrainError::config("denoiser.prediction", message));
        }
        Ok(())
    }

    /// Checks that a decision by the held-out loss has held-out rows to measure the loss on.
    ///
    /// # Errors
    /// `keep` of kind best, or `patience`, where no row is held out.
    fn check_held_out(&self, data: &dyn Dataset) -> Result<(), TrainError> {
        let Some(path) = self.config.train.decided_by_held_out_loss() else { return Ok(()) };
        if data.len(Part::HeldOut) != Some(0) {
            return Ok(());
        }
        let message =
            "needs the held-out loss, and no row is held out: data.holdout must be above 0";
        Err(TrainError::config(path, message))
    }
}

/// Checks that what a data set says of its features holds together.
///
/// # Errors
/// A layout or a shape of another number of features than a row has; features of a column that is not
/// there; a category that is drawn and not coded; told columns before drawn ones.
fn check_layout(data: &dyn Dataset) -> Result<(), TrainError> {
    let (layout, features, columns) = (data.layout(), data.features(), data.columns());
    let laid_out: usize = layout.iter().map(|group| group.kind.features()).sum();
    if laid_out != features {
        let message = format!("its layout has {laid_out} features, and a row has {features}");
        return Err(TrainError::config("data", message));
    }
    let drawn = drawn_features(data);
    if let Some(shape) = data.shape().filter(|shape| shape.features() != drawn) {
        let message = format!("its shape has {} features, a row {drawn}", shape.features());
        return Err(TrainError::config("data", message));
    }
    let told = data.told();
    let is_told: Vec<_> = layout.iter().map(|group| told.contains(&group.column)).collect();
    if !is_told.is_sorted() || is_told.first() != Some(&false) {
        let message =
            "its told columns must end its layout, behind one at least that the model draws";
        return Err(TrainError::config("data", message));
    }
    let (categories, mut first) = (data.drawn_categories(), 0);
    for (group, is_told) in layout.into_iter().zip(is_told) {
        let Some(column) = columns.get(group.column) else {
            let message = format!("its layout names column {} of {}", group.column, columns.len());
            return Err(TrainError::config("data", message));
        };
        let is_beside = matches!(group.kind, FeatureKind::NumberInParts { .. });
        let own_first = first + usize::from(is_beside);
        let is_drawn = categories.iter().any(|own| own.first == own_first);
        first += group.kind.features();
        if group.kind != FeatureKind::Number && !is_told && !is_drawn {
            let message =
                format!("column {:?} is no number, and none of its drawn categories", column.name);
            return Err(TrainError::config("data", message));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use langevin_data::{FeatureGroup, Shape, Stream};

    use super::*;

    /// A row of two numbers, with whatever is said of them.
    struct Said(Vec<FeatureGroup>, Option<Shape>);

    impl Dataset for Said {
        fn features(&self) -> usize {
            2
        }
        fn words_per_row(&self) -> u64 {
            1
        }
        fn draw(&self, _part: Part, _stream: &mut Stream, rows: &mut [f64]) {
            rows.fill(0.0);
        }
        fn layout(&self) -> Vec<FeatureGroup> {
            self.0.clone()
        }
        fn shape(&self) -> Option<Shape> {
            self.1
        }
    }

    #[test]
    fn a_data_set_that_contradicts_itself_is_refused() {
        let group = |column, kind| FeatureGroup { column, kind };
        let number = |column| group(column, FeatureKind::Number);
        let said = |layout: &[FeatureGroup], shape: Option<[usize; 3]>| {
            let shape = shape.map(|[channels, height, width]| Shape { channels, height, width });
            let data = Said(layout.to_vec(), shape);
            check_layout(&data).err().map(|error| error.to_string())
        };
        assert_eq!(said(&[number(0), number(1)], Some([1, 2, 1])), None);
        for (layout, shape, message) in [
            (&[number(0)][..], None, "data: its layout has 1 features, and a row has 2"),
            (&[number(0), number(2)], None, "data: its layout names column 2 of 2"),
            (&[number(0), number(1)], Some([3, 1, 1]), "data: its shape has 3 features, a row 2"),
            (
                &[group(1, FeatureKind::Category { count: 2 })],
                None,
                "data: column \"x1\" is no number, and none of its drawn categories",
            ),
        ] {
            assert_eq!(said(layout, shape).as_deref(), Some(message));
        }
    }
}
