//! [`Informed`]: the denoiser of samples of which something is told, chunk by chunk.

use burn::tensor::{Device, Tensor, TensorData};
use langevin_core::{
    ConditionalDenoiser, Conditioned, CoreError, Denoiser, Guidance, Guided, NoiseLevel,
    Resampling, Told, Unseen,
};

use super::{bounded::Bounded, given::ToldRows};
use crate::{TrainError, error::in_section, problem::Condition};

/// Denoiser of samples of which something is told.
pub enum Informed<'a> {
    /// One that was trained to be told it.
    Conditional {
        /// The denoiser.
        denoiser: &'a dyn ConditionalDenoiser,
        /// A weaker one, told the same, which guides it in place of itself told nothing (autoguidance).
        weaker: Option<&'a dyn ConditionalDenoiser>,
        /// How it is guided.
        guidance: Guidance,
    },
    /// One that was not: the rest is filled in.
    FilledIn {
        /// The denoiser.
        denoiser: &'a dyn Denoiser,
        /// How often the sampling goes back.
        resampling: Resampling,
    },
}

/// Where the denoiser of some rows comes from.
#[derive(Clone)]
pub(crate) enum Source<'a> {
    /// The same for all rows.
    Same(&'a dyn Denoiser),
    /// The same for all rows, whose known cells are filled in on the way.
    FilledIn { denoiser: &'a dyn Denoiser, resampling: Resampling },
    /// One that is told of each row.
    Told {
        denoiser: &'a dyn ConditionalDenoiser,
        weaker: Option<&'a dyn ConditionalDenoiser>,
        guidance: Guidance,
        condition: Condition,
    },
}

impl<'a> Source<'a> {
    /// The source of an informed denoiser.
    ///
    /// # Errors
    /// A denoiser that is told what its run was not trained for, or the other way round.
    pub fn of(informed: &Informed<'a>, condition: Option<Condition>) -> Result<Self, TrainError> {
        match (informed, condition) {
            (Informed::Conditional { denoiser, weaker, guidance }, Some(condition)) => {
                match weaker {
                    Some(_) => {
                        guidance.check(condition.drawn()).map_err(in_section("sample.guidance"))?
                    }
                    None => check_guidance(guidance, &condition)?,
                }
                Ok(Self::Told {
                    denoiser: *denoiser,
                    weaker: *weaker,
                    guidance: *guidance,
                    condition,
                })
            }
            (Informed::Conditional { guidance, .. }, None) => Err(untold(guidance)),
            (Informed::FilledIn { denoiser, resampling }, None) => {
                Ok(Self::FilledIn { denoiser: *denoiser, resampling: *resampling })
            }
            (Informed::FilledIn { .. }, Some(_)) => Err(TrainError::config(
                "sample.inpaint",
                "must be left out where the model was trained with data.condition, which is the better way",
            )),
        }
    }

    /// What the denoiser is told of each row; `None` where it is told nothing.
    pub const fn condition(&self) -> Option<&Condition> {
        match self {
            Self::Told { condition, .. } => Some(condition),
            Self::Same(_) | Self::FilledIn { .. } => None,
        }
    }

    /// Calls `use_it` with the denoiser of rows, whose estimates are kept within `range`; `told` says what is told of them,
    /// and is of no account where a denoiser is told nothing.
    pub fn of_rows<R>(
        &self,
        told: Option<&ToldRows>,
        range: Option<&Vec<[f64; 2]>>,
        device: &Device,
        use_it: impl FnOnce(&dyn Denoiser) -> Result<R, TrainError>,
    ) -> Result<R, TrainError> {
        let own;
        let denoiser: &dyn Denoiser = match (self, told) {
            (Self::Same(denoiser) | Self::FilledIn { denoiser, .. }, _) => *denoiser,
            (Self::Told { denoiser, weaker, guidance, condition }, Some(told)) => {
                own = OfRows::new(*denoiser, *weaker, *guidance, condition, told, device);
                &own
            }
            (Self::Told { .. }, None) => {
                return Err(TrainError::config("sample.condition", "must be said of each row"));
            }
        };
        match range {
            Some(range) => use_it(&Bounded::new(denoiser, range.clone())?),
            None => use_it(denoiser),
        }
    }
}

/// Checks the guidance of a model by itself, told nothing.
///
/// # Errors
/// A setting out of its range; a model that never learnt rows of which it is told nothing.
pub(super) fn check_guidance(guidance: &Guidance, condition: &Condition) -> Result<(), TrainError> {
    guidance.check(condition.drawn()).map_err(in_section("sample.guidance"))?;
    if guidance.weight != 1.0 && condition.dropout() == 0.0 {
        let message = format!(
            "must be 1 where data.condition.dropout is 0, since the model never learnt rows of which it is told nothing, \
             got {}; a weaker run may guide it",
            guidance.weight
        );
        return Err(TrainError::config("sample.guidance.weight", message));
    }
    Ok(())
}

/// The error of telling or guiding a model that is told nothing.
pub(super) fn untold(guidance: &Guidance) -> TrainError {
    if guidance.weight == 1.0 {
        let message = "the model was trained without data.condition: train with it, or fill in what is missing (--inpaint)";
        return TrainError::config("sample.condition", message);
    }
    let message = format!(
        "must be 1 where the model is told nothing and no weaker run guides it, got {}: train with data.condition, or name a \
         run by --guide",
        guidance.weight
    );
    TrainError::config("sample.guidance.weight", message)
}

/// Denoiser of some rows, which is told of each.
struct OfRows<'a> {
    denoiser: &'a dyn ConditionalDenoiser,
    weaker: Option<&'a dyn ConditionalDenoiser>,
    guidance: Guidance,
    /// What the network is told of each row, and where it is told nothing.
    condition: Tensor<2>,
    nothing: Tensor<2>,
    values: Tensor<2>,
    open: Option<Tensor<2>>,
    drawn: usize,
}

impl<'a> OfRows<'a> {
    fn new(
        denoiser: &'a dyn ConditionalDenoiser,
        weaker: Option<&'a dyn ConditionalDenoiser>,
        guidance: Guidance,
        condition: &Condition,
        told: &ToldRows,
        device: &Device,
    ) -> Self {
        let (things, drawn) = (condition.things(), condition.drawn());
        let rows = told.known.len() / things;
        let features = told.values.len() / rows;
        let tensor = |values: Vec<f32>, columns: usize| {
            Tensor::from_data(TensorData::new(values, [rows, columns]), device)
        };
        let (mut columns, mut cells) = (Vec::new(), Vec::new());
        let mut open = vec![true; drawn];
        for (row, known) in told.values.chunks_exact(features).zip(told.known.chunks_exact(things))
        {
            condition.push(row, known, &mut columns);
            condition.open(known, &mut open);
            cells.extend(open.iter().map(|open| f32::from(u8::from(*open))));
        }
        let nothing = vec![0.0; columns.len()];
        Self {
            denoiser,
            weaker,
            guidance,
            condition: tensor(columns, condition.width()),
            nothing: tensor(nothing, condition.width()),
            values: tensor(told.values.iter().map(|x| *x as f32).collect(), features),
            open: condition.is_any().then(|| tensor(cells, drawn)),
            drawn,
        }
    }
}

impl Denoiser for OfRows<'_> {
    fn denoise(&self, x: Tensor<2>, level: &NoiseLevel) -> Result<Tensor<2>, CoreError> {
        // Told nothing, the network sees the noisy cells of what is told, as in training.
        let (weaker, weaker_is_told, weaker_open) = match self.weaker {
            Some(weaker) => (weaker, &self.condition, self.open.clone()),
            None => (self.denoiser, &self.nothing, None),
        };
        let strong = Conditioned::new(self.denoiser, self.condition.clone());
        let weak = Conditioned::new(weaker, weaker_is_told.clone());
        let (strong, weak) =
            (Unseen::new(&strong, self.open.clone()), Unseen::new(&weak, weaker_open));
        // What is told is its value in both, before their deviations are taken; what is never drawn has no part in these.
        let cells = self.values.clone().narrow(1, 0, self.drawn);
        let told = |denoiser| Told::new(denoiser, cells.clone(), self.open.clone(), self.drawn);
        let (strong, weak) = (told(&strong), told(&weak));
        let guided = Guided::new(&strong, &weak, self.guidance);
        let whole = Told::new(&guided, self.values.clone(), self.open.clone(), self.drawn);
        whole.denoise(x, level)
    }
}
