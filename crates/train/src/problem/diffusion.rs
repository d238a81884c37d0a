//! Diffusion, which turns rows, levels and noise into a batch.

use std::ops::Range;

use langevin_core::{
    LevelEmbedding, LevelSampler, LevelWeight, LossReduction, NoiseLevel, NoiseSchedule,
    Prediction, RowPart, TrainingLevels, class_offsets, row_parts,
};
use langevin_data::{Dataset, DrawnCategory, Part, Purpose, Stream, Streams};

use super::{
    Classes, ClassesError, Columns, Condition, Head, HeadLoss, StepBatch, condition::drawn_features,
};
use crate::{TrainError, config::ConditionConfig, error::in_section};

/// Least entropy, in nats, by which a category's loss is divided: one that hardly varies would outweigh all others.
const LEAST_ENTROPY: f64 = 0.1;

/// Source of a batch: the rows and the random streams of training, or the held-out ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Training,
    HeldOut,
}

/// Coefficients of a row's input and target at one level. A pair `[clean, noise]` gives `clean · x_0 +
/// noise · eps`.
#[derive(Debug, Clone, Copy)]
struct Lines {
    level: NoiseLevel,
    input: [f64; 2],
    target: [f64; 2],
    weight: f32,
}

impl Lines {
    fn at([clean, noise]: [f64; 2], x0: f64, eps: f64) -> f32 {
        (clean * x0 + noise * eps) as f32
    }
}

/// Diffusion parts of a run: its levels, prediction and weights.
pub struct Diffusion {
    /// Which noise levels exist.
    pub schedule: Box<dyn NoiseSchedule>,
    /// Which of the levels a training row gets.
    pub levels: Box<dyn TrainingLevels>,
    /// Number of networks of the run: one, or one for each level of the grid, in the order of the
    /// levels' index.
    pub networks: usize,
    /// What the network is told of a level.
    pub embedding: LevelEmbedding,
    /// What the network's output means.
    pub prediction: Prediction,
    /// How the network's errors are weighted by level.
    pub weighting: Box<dyn LevelWeight>,
    /// What the network is told about a row beside its level; `None` where the data alone says it, if anything.
    pub condition: Option<ConditionConfig>,
    /// How a batch's errors become one loss.
    pub reduction: LossReduction,
    /// Number of parts in which a training batch's gradient is made.
    pub parts: usize,
}

impl Diffusion {
    /// The batch of training step `step`.
    ///
    /// # Errors
    /// A level whose number the embedding does not have.
    pub fn training_batch(
        &self,
        data: &dyn Dataset,
        streams: &Streams,
        step: u64,
        rows: usize,
    ) -> Result<StepBatch, TrainError> {
        self.batch(data, streams, Source::Training, step, 0, rows)
    }

    /// Rows `first..first + rows` of the held-out batch, the same at every step.
    ///
    /// # Errors
    /// A level whose number the embedding does not have.
    pub fn held_out_batch(
        &self,
        data: &dyn Dataset,
        streams: &Streams,
        first: u64,
        rows: usize,
    ) -> Result<StepBatch, TrainError> {
        self.batch(data, streams, Source::HeldOut, 0, first, rows)
    }

    /// Indices of the network to go on from and of the network to train, where step `step` is the first
    /// of another network. Returns `None` at all other steps, and unless levels come in order.
    pub(crate) fn handover(&self, step: u64) -> Option<(usize, usize)> {
        let last = self.networks - 1;
        let (place, begins) = self.levels.order()?.at(step, self.networks);
        (begins && place > 0).then(|| (last - (place - 1), last - place))
    }

    /// What the network is told about the rows of `data` beside their level.
    pub fn condition_of(&self, data: &dyn Dataset) -> Option<Condition> {
        Condition::of(self.condition.as_ref(), data)
    }

    /// Numbers of columns of the network for `data`: those that it denoises, and those that tell it the level and the
    /// condition.
    pub fn network_columns(&self, data: &dyn Dataset) -> [usize; 2] {
        let condition = self.condition_of(data).map_or(0, |condition| condition.width());
        [drawn_features(data), self.embedding.features() + condition]
    }

    fn lines(&self, level: &NoiseLevel) -> Lines {
        let scale = self.prediction.coefficients(level).input;
        let target = |x0, eps| self.prediction.target(level, x0, eps);
        Lines {
            level: *level,
            input: [scale * level.alpha(), scale * level.sigma()],
            // The target is linear in x_0 and eps, so that two calls give its coefficients.
            target: [target(1.0, 0.0), target(0.0, 1.0)],
            weight: self.weighting.at(level, &self.prediction) as f32,
        }
    }

    /// Index of the network that a batch at these levels trains.
    ///
    /// # Errors
    /// Levels of a user's own that are not one a row; with one network for each level, levels that differ, or
    /// one that has no network.
    fn network_of(&self, levels: &[NoiseLevel], rows: usize) -> Result<usize, TrainError> {
        let refuse = |message: String| Err(TrainError::config("noise.levels", message));
        if levels.len() != rows {
            return refuse(format!("must draw one level a row, {rows}, got {}", levels.len()));
        }
        let Some(first) = levels.first().filter(|_| self.networks > 1) else { return Ok(0) };
        if levels.iter().any(|level| level != first) {
            return refuse(
                "must draw one level for all rows, since each level has a network".into(),
            );
        }
        match first.index().filter(|index| *index < self.networks) {
            Some(index) => Ok(index),
            None => refuse(format!(
                "must draw levels of the grid, whose index is below {}, got {:?}",
                self.networks,
                first.index()
            )),
        }
    }

    fn batch(
        &self,
        data: &dyn Dataset,
        streams: &Streams,
        source: Source,
        stream: u64,
        first: u64,
        rows: usize,
    ) -> Result<StepBatch, TrainError> {
        let step = (source == Source::Training).then_some(stream);
        let (part, of_data, of_noise, of_level) = match source {
            Source::Training => (Part::Training, Purpose::Data, Purpose::Noise, Purpose::Level),
            Source::HeldOut => {
                (Part::HeldOut, Purpose::HeldOut, Purpose::HeldOutNoise, Purpose::HeldOutLevel)
            }
        };
        let of_row = data.features();
        let mut clean = vec![0.0; rows * of_row];
        let word = first * data.words_per_row();
        data.draw(part, &mut streams.at(of_data, stream, word), &mut clean);
        let condition = self.condition_of(data);
        let told_rows = condition.as_ref().map(|condition| {
            let purpose = match source {
                Source::Training => Purpose::Condition,
                Source::HeldOut => Purpose::HeldOutCondition,
            };
            let word = first * condition.words_per_row();
            told(condition, &clean, of_row, &mut streams.at(purpose, stream, word))
        });
        let features = condition.as_ref().map_or(of_row, Condition::drawn);
        let mut noise = vec![0.0; rows * features];
        let word = first * langevin_data::normal_words(features);
        streams.at(of_noise, stream, word).fill_normal_rows(&mut noise, features);
        let word = first * LevelSampler::WORDS_PER_ROW;
        let mut levels = streams.at(of_level, stream, word);
        let levels = self.levels.draw(self.schedule.as_ref(), &mut levels, rows, step);
        let network = self.network_of(&levels, rows)?;

        let columns = self.embedding.features();
        let mut input = Vec::with_capacity(rows * features);
        let mut target = Vec::with_capacity(rows * features);
        let mut told = Vec::with_capacity(rows * columns);
        let mut weight = Vec::with_capacity(rows);
        let rows_of = clean.chunks_exact(of_row).zip(noise.chunks_exact(features));
        let mut known: Option<Lines> = None;
        for (level, (x0, eps)) in levels.iter().zip(rows_of) {
            // A whole batch is often at one level, whose lines are then made once.
            let lines = match known.filter(|lines| lines.level == *level) {
                Some(lines) => {
                    told.extend_from_within(told.len() - columns..);
                    lines
                }
                None => {
                    self.embedding
                        .columns(level, self.schedule.as_ref(), &mut told)
                        .map_err(in_section("denoiser.embedding"))?;
                    self.lines(level)
                }
            };
            known = Some(lines);
            for (x0, eps) in x0.iter().zip(eps) {
                input.push(Lines::at(lines.input, *x0, *eps));
                target.push(Lines::at(lines.target, *x0, *eps));
            }
            weight.push(lines.weight);
        }
        let (condition, cell_weight) = told_rows.map_or((None, None), |(condition, open)| {
            if let Some(open) = &open {
                // Noisy cells of what is told say nothing more.
                input.iter_mut().zip(&open.values).for_each(|(x, open)| *x *= open);
            }
            (Some(condition), open)
        });
        let loss = HeadLoss::Squared(Columns { columns: features, values: target });
        let squared = Head { loss, weight, cell_weight };
        let categories = data.drawn_categories();
        let heads = match categories.is_empty() {
            true => vec![squared],
            false => {
                let clean = (&clean[..], of_row);
                let heads = self.heads_with_categories(categories, clean, &noise, &levels, squared);
                heads.map_err(|error| TrainError::config("data", error.to_string()))?
            }
        };
        Ok(StepBatch {
            network,
            rows,
            parts: if source == Source::Training { self.parts } else { 1 },
            input: Columns { columns: features, values: input },
            level_features: (columns > 0).then_some(Columns { columns, values: told }),
            condition,
            heads,
            reduction: self.reduction,
        })
    }

    /// The heads of rows with categories: of numbers the squared errors from the `target`, of a category the cross-entropy of
    /// its value, over its entropy.
    fn heads_with_categories(
        &self,
        categories: &[DrawnCategory],
        (clean, of_row): (&[f64], usize),
        noise: &[f64],
        levels: &[NoiseLevel],
        squared: Head,
    ) -> Result<Vec<Head>, ClassesError> {
        let HeadLoss::Squared(target) = &squared.loss else { return Ok(vec![squared]) };
        let features = target.columns;
        let columns = |of: &Columns, own: Range<usize>| {
            let rows = of.values.chunks_exact(of.columns);
            let values = rows.flat_map(|row| row[own.clone()].iter().copied()).collect();
            Columns { columns: own.len(), values }
        };
        // As of the network of EDM that has the data's spread: a category's outputs are no estimate that has a scale.
        let edm = Prediction::Edm { sigma_data: 1.0 };
        let weights: Vec<f64> = levels.iter().map(|level| self.weighting.at(level, &edm)).collect();
        let head = |part: RowPart<'_>| {
            let cell_weight = |own| Some(columns(squared.cell_weight.as_ref()?, own));
            match part {
                RowPart::Numbers(own) => Ok(Head {
                    loss: HeadLoss::Squared(columns(target, own.clone())),
                    weight: squared.weight.clone(),
                    cell_weight: cell_weight(own),
                }),
                RowPart::Category(own) => {
                    let place = own.features();
                    let (mut classes, mut offsets) = (Vec::new(), Vec::new());
                    let mut noisy = vec![0.0; own.count()];
                    let rows = clean.chunks_exact(of_row).zip(noise.chunks_exact(features));
                    for (level, (clean, noise)) in levels.iter().zip(rows) {
                        classes.push(own.value(clean) as u32);
                        let both = clean[place.clone()].iter().zip(&noise[place.clone()]);
                        noisy.clear();
                        noisy.extend(both.map(|(x, eps)| level.alpha() * x + level.sigma() * eps));
                        class_offsets(own, level, &noisy, &mut offsets);
                    }
                    let classes = Classes::new(own.count(), classes)?.with_offsets(&offsets)?;
                    let entropy = own.entropy().max(LEAST_ENTROPY);
                    Ok(Head {
                        loss: HeadLoss::CrossEntropy(classes),
                        weight: weights.iter().map(|weight| (weight / entropy) as f32).collect(),
                        cell_weight: cell_weight(place.start..place.start + 1),
                    })
                }
            }
        };
        row_parts(features, categories).into_iter().map(head).collect()
    }
}

/// The network's condition for each of the clean rows, and, where columns are told that the network draws, 1 for each
/// cell that is not told, which is also its weight, else 0.
fn told(
    condition: &Condition,
    clean: &[f64],
    features: usize,
    stream: &mut Stream,
) -> (Columns, Option<Columns>) {
    let rows = clean.len() / features;
    let mut told = Vec::with_capacity(rows * condition.width());
    let mut weights = Vec::with_capacity(if condition.is_any() { clean.len() } else { 0 });
    let mut known = vec![false; condition.things()];
    let mut open = vec![true; condition.drawn()];
    for row in clean.chunks_exact(features) {
        condition.choose(stream, &mut known);
        condition.push(row, &known, &mut told);
        if condition.is_any() {
            condition.open(&known, &mut open);
            weights.extend(open.iter().map(|open| f32::from(u8::from(*open))));
        }
    }
    let weights = Columns { columns: condition.drawn(), values: weights };
    (Columns { columns: condition.width(), values: told }, condition.is_any().then_some(weights))
}
