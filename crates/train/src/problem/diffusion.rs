//! The diffusion problem of a run: it turns rows, levels and noise into what one step needs.

use langevin_core::{
    LevelEmbedding, LevelSampler, LossReduction, Network, NoiseLevel, NoiseSchedule, Prediction,
    Weighting,
};
use langevin_data::{Dataset, Part, Purpose, Streams};

use crate::{
    TrainError,
    config::RunConfig,
    engine::{
        RunDenoiser,
        tensors::{Array, TensorMap},
    },
    error::in_section,
};

/// One step's work, with all that is diffusion in it: an engine sees nothing else.
///
/// The loss is a reduction of `weight · |network(input, level_features, condition) − target|²`, in
/// the network's own space, where every number is near 1.
#[derive(Debug, Clone, PartialEq)]
pub struct StepBatch {
    /// Which network this step trains, where a run has one for each level; else 0.
    pub network: usize,
    /// Number of rows.
    pub rows: usize,
    /// Parts of nearly equal size whose gradients are made one after the other and added.
    pub parts: usize,
    /// The noisy rows, scaled by c_in.
    pub input: Columns,
    /// The columns that tell the level.
    pub level_features: Option<Columns>,
    /// The condition.
    pub condition: Option<Columns>,
    /// What the network should give.
    pub target: Columns,
    /// The weight of each row.
    pub weight: Vec<f32>,
    /// How the rows' errors become the loss.
    pub reduction: LossReduction,
}

/// A host matrix of as many rows as its batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Columns {
    /// Columns of a row.
    pub columns: usize,
    /// The numbers, row by row.
    pub values: Vec<f32>,
}

/// Where the random numbers of a batch come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Training,
    HeldOut,
}

/// What the numbers of a row are made with at one level: `clean · x_0 + noise · eps` for each pair.
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

/// The parts of a run that are diffusion: which levels, which prediction, which weights.
pub struct Diffusion {
    /// Which noise levels exist.
    pub schedule: Box<dyn NoiseSchedule>,
    /// Which of them a training row gets.
    pub levels: LevelSampler,
    /// Networks of the run: one, or one for each level of the grid, by the levels' index.
    pub networks: usize,
    /// What the network is told of a level.
    pub embedding: LevelEmbedding,
    /// What its output means.
    pub prediction: Prediction,
    /// How its errors count.
    pub weighting: Weighting,
    /// How a batch's errors become one loss.
    pub reduction: LossReduction,
    /// Parts in which a training batch's gradient is made.
    pub parts: usize,
}

impl StepBatch {
    /// The rows of each part, in order.
    pub(crate) fn split(&self) -> impl Iterator<Item = Self> + '_ {
        let size = self.rows.div_ceil(self.parts.max(1)).max(1);
        (0..self.rows).step_by(size).map(move |first| {
            let rows = size.min(self.rows - first);
            let slice = |columns: &Columns| Columns {
                columns: columns.columns,
                values: columns.values[first * columns.columns..(first + rows) * columns.columns]
                    .to_vec(),
            };
            Self {
                network: self.network,
                rows,
                parts: 1,
                input: slice(&self.input),
                level_features: self.level_features.as_ref().map(slice),
                condition: self.condition.as_ref().map(slice),
                target: slice(&self.target),
                weight: self.weight[first..first + rows].to_vec(),
                reduction: self.reduction,
            }
        })
    }
}

impl Diffusion {
    /// The parts that a run file names.
    ///
    /// # Errors
    /// A parameter out of its range, by its path.
    pub fn new(config: &RunConfig) -> Result<Self, TrainError> {
        let streams = Streams::new(config.seed);
        let schedule = config.noise.schedule.build().map_err(in_section("noise.schedule"))?;
        let networks = config.denoiser.networks.count(schedule.len());
        Ok(Self {
            schedule,
            networks,
            levels: config.noise.levels.validated().map_err(in_section("noise.levels"))?,
            embedding: config
                .denoiser
                .embedding
                .init(&streams)
                .map_err(in_section("denoiser.embedding"))?,
            prediction: config
                .denoiser
                .prediction
                .validated()
                .map_err(in_section("denoiser.prediction"))?,
            weighting: config.train.weighting.validated().map_err(in_section("train.weighting"))?,
            reduction: config.train.loss.validated().map_err(in_section("train.loss"))?,
            parts: config.train.accumulate,
        })
    }

    /// The denoiser that a network is under this problem, or one for each level.
    pub fn denoiser<'a, N: Network>(&'a self, networks: &'a [N]) -> RunDenoiser<'a, N> {
        RunDenoiser::new(self, networks)
    }

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

    /// Where step `step` is the first of another network's, with levels in order: the network that it
    /// goes on from, and its own.
    pub(crate) fn handover(&self, step: u64) -> Option<(usize, usize)> {
        let last = self.networks - 1;
        let (place, begins) = self.levels.in_order(step, self.networks)?;
        (begins && place > 0).then(|| (last - (place - 1), last - place))
    }

    fn lines(&self, level: &NoiseLevel) -> Lines {
        let scale = self.prediction.coefficients(level).input;
        let target = |x0, eps| self.prediction.target(level, x0, eps);
        Lines {
            level: *level,
            input: [scale * level.alpha(), scale * level.sigma()],
            // The target is linear in both.
            target: [target(1.0, 0.0), target(0.0, 1.0)],
            weight: self.weighting.at(level, &self.prediction) as f32,
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
        let features = data.features();
        let mut clean = vec![0.0; rows * features];
        let word = first * data.words_per_row();
        data.draw(part, &mut streams.at(of_data, stream, word), &mut clean);
        let mut noise = vec![0.0; rows * features];
        let word = first * langevin_data::normal_words(features);
        streams.at(of_noise, stream, word).fill_normal_rows(&mut noise, features);
        let word = first * LevelSampler::WORDS_PER_ROW;
        let mut levels = streams.at(of_level, stream, word);
        let levels = self.levels.draw(self.schedule.as_ref(), &mut levels, rows, step);

        let columns = self.embedding.features();
        let mut input = Vec::with_capacity(rows * features);
        let mut target = Vec::with_capacity(rows * features);
        let mut told = Vec::with_capacity(rows * columns);
        let mut weight = Vec::with_capacity(rows);
        let rows_of = clean.chunks_exact(features).zip(noise.chunks_exact(features));
        let mut known: Option<Lines> = None;
        for (level, (x0, eps)) in levels.iter().zip(rows_of) {
            // Often a whole batch is at one level.
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
        // With several networks all rows are at one level, which the run file was checked for.
        let own = levels.first().and_then(NoiseLevel::index).filter(|_| self.networks > 1);
        let network = own.unwrap_or(0);
        Ok(StepBatch {
            network,
            rows,
            parts: if source == Source::Training { self.parts } else { 1 },
            input: Columns { columns: features, values: input },
            level_features: (columns > 0).then_some(Columns { columns, values: told }),
            condition: None,
            target: Columns { columns: features, values: target },
            weight,
            reduction: self.reduction,
        })
    }
}

/// The name of the level embedding's frequencies in files of weights.
const FREQUENCIES: &str = "level_embedding.frequencies";

impl Diffusion {
    /// The random frequencies of the level embedding, which are stored beside the weights.
    pub(crate) fn frequencies(&self) -> Option<(String, Array)> {
        match &self.embedding {
            LevelEmbedding::Fourier { frequencies, .. } => {
                Some((FREQUENCIES.to_owned(), Array::f32([frequencies.len()], frequencies.clone())))
            }
            _ => None,
        }
    }

    /// Takes the frequencies of a checkpoint out of its weights, and uses them.
    ///
    /// # Errors
    /// Where they are missing or of another number.
    pub(crate) fn take_frequencies(&mut self, weights: &mut TensorMap) -> Result<(), String> {
        if let LevelEmbedding::Fourier { frequencies, .. } = &mut self.embedding {
            *frequencies = weights
                .take_f32(FREQUENCIES, &[frequencies.len()])
                .ok_or(format!("{FREQUENCIES} is missing or has another shape"))?;
        }
        Ok(())
    }
}
