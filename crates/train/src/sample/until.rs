//! [`Until`]: samples drawn until as many as are asked for are as is given, where that is seen in a sample alone.

use std::ops::ControlFlow;

use langevin_data::Dataset;

use super::{chunk::SAMPLING_ROWS, given::Given, samples::Samples, spaces::BothSpaces};
use crate::TrainError;

/// Most samples that are drawn at once to find those that are as is given, and fewest of which their share is trusted.
const MOST_AT_ONCE: usize = 1 << 15;
/// Samples of which one at least must be as is given.
const FEWEST: usize = 2000;
/// Times that each of many samples is drawn again.
const ROUNDS: u64 = 100;

/// Hears the share that is done, and may break off.
type Hear<'a> = dyn FnMut(f64) -> ControlFlow<()> + 'a;

/// Draws samples from a number on, so many, of what is given.
pub(super) type Draw<'a> =
    dyn Fn(&Given, u64, usize, &mut Hear<'_>) -> Result<Samples, TrainError> + 'a;

/// Drawing of samples of which some are not as is given.
pub(super) struct Until<'a> {
    data: &'a dyn Dataset,
    given: &'a Given,
    draw: &'a Draw<'a>,
    /// Columns that the model draws, and of which a sample alone tells whether it is as is given.
    seen: Vec<usize>,
}

impl<'a> Until<'a> {
    /// The drawing; `None` where all samples are as is given.
    pub(super) fn new(data: &'a dyn Dataset, given: &'a Given, draw: &'a Draw<'a>) -> Option<Self> {
        let told = data.told();
        let seen = given.seen().into_iter().filter(|column| !told.contains(column));
        let own = Self { data, given, draw, seen: seen.collect() };
        Some(own).filter(|own| !own.seen.is_empty())
    }

    /// Draws `count` samples: of one row of given cells the first that are as is given; of many rows each sample that is not is
    /// drawn again, with numbers of its own.
    pub(super) fn draw(
        &self,
        count: usize,
        progress: &mut Hear<'_>,
    ) -> Result<Samples, TrainError> {
        // What is done so far never falls.
        let mut done = 0.0_f64;
        let mut progress = |share: f64| {
            done = done.max(share);
            progress(done)
        };
        match self.given.sets() {
            2.. => self.each(count, &mut progress),
            _ => self.first(count, &mut progress),
        }
    }

    /// Draws each sample anew until it is as its own row is given.
    fn each(&self, count: usize, progress: &mut Hear<'_>) -> Result<Samples, TrainError> {
        let mut all = (self.draw)(self.given, 0, count, &mut |share| progress(share / 2.0))?;
        let mut left: Vec<usize> = (0..count).collect();
        let mut drawn = (self.user(&all)?, self.given.clone(), 0);
        for round in 1..=ROUNDS {
            let (rows, own, first) = &drawn;
            let fails =
                |(i, row): (usize, &[f64])| (!own.holds(first + i as u64, row)).then_some(i);
            let rows = rows.chunks_exact(self.width()).take(left.len());
            let failed: Vec<usize> = rows.enumerate().filter_map(fails).collect();
            left = failed.into_iter().map(|i| left[i]).collect();
            if left.is_empty() {
                return Ok(all);
            }
            let first = round << 40;
            let again = self.given.again(&left, first);
            let share = 1.0 - 0.5 * left.len() as f64 / count as f64;
            let new = (self.draw)(&again, first, left.len(), &mut |_| progress(share))?;
            let features = all.features;
            for (i, sample) in left.iter().enumerate() {
                let to = sample * features..(sample + 1) * features;
                all.values[to].copy_from_slice(&new.values[i * features..(i + 1) * features]);
            }
            drawn = (self.user(&new)?, again, first);
        }
        Err(self.few(count * (1 + ROUNDS as usize), count - left.len()))
    }

    /// Draws samples until enough of them are as is given.
    fn first(&self, count: usize, progress: &mut Hear<'_>) -> Result<Samples, TrainError> {
        let width = self.width();
        let (mut all, mut kept, mut tried): (Option<Samples>, _, _) = (None, 0, 0);
        while kept < count {
            let left = count - kept;
            // As many as hold what is left, by those that were kept so far.
            let next = left.saturating_mul(tried).checked_div(kept).unwrap_or(left.max(tried));
            let next = next.clamp(1, MOST_AT_ONCE).next_multiple_of(SAMPLING_ROWS);
            let from = kept as f64 / count as f64;
            let drawn = (self.draw)(self.given, tried as u64, next, &mut |share| {
                progress(from + share * (1.0 - from) / 4.0)
            })?;
            let rows = self.user(&drawn)?;
            let Samples { features, values, levels, trajectory, told } = drawn;
            let own = all.get_or_insert_with(|| {
                let (values, told) = (Vec::new(), Vec::new());
                Samples { features, values, levels, trajectory, told }
            });
            for (i, row) in rows.chunks_exact(width).enumerate() {
                if kept < count && self.given.holds((tried + i) as u64, row) {
                    own.values.extend(&values[i * features..(i + 1) * features]);
                    own.told.extend(told.get(i * width..(i + 1) * width).unwrap_or_default());
                    kept += 1;
                }
            }
            tried += next;
            if tried >= MOST_AT_ONCE && kept * FEWEST < tried {
                return Err(self.few(tried, kept));
            }
        }
        all.ok_or_else(|| self.few(tried, kept))
    }

    fn width(&self) -> usize {
        self.data.columns().len()
    }

    /// Samples in the user's columns.
    fn user(&self, samples: &Samples) -> Result<Vec<f64>, TrainError> {
        samples.check_finite()?;
        Ok(BothSpaces::of_samples(self.data, &samples.values, &samples.told).user)
    }

    /// The error where next to no sample is as is given.
    fn few(&self, tried: usize, kept: usize) -> TrainError {
        let columns = self.data.columns();
        let names: Vec<_> =
            self.seen.iter().map(|column| format!("`{}`", columns[*column].name)).collect();
        let message = format!(
            "of {tried} samples {kept} have {} as is given, which is too few to draw by: give a value, or ends further apart",
            names.join(" and ")
        );
        TrainError::config("sample.condition", message)
    }
}
