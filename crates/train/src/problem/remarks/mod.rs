//! Remarks before training: what a noise schedule and training levels cannot bear of the data and of the
//! sampling, with the value that fits.

mod coverage;
mod ends;
mod spread;
#[cfg(test)]
mod tests;

use langevin_data::{Dataset, FeatureKind};

use super::{Problem, moments::DataMoments};
use crate::{TrainError, config::StartConfig};

use ends::{End, number};
use spread::finest_spread;

/// Share of the finest spread that the least noise is to be.
const LEAST_SHARE: f64 = 0.1;

/// Multiple of the largest standard deviation that the most noise is to be.
const MOST_MULTIPLE: f64 = 10.0;

/// Multiple of the largest standard deviation below which the most noise gets a remark.
///
/// Of data that is two equal points at ±std, a Gaussian with its mean and variance is off by the total
/// variation of 5.6 % of the rows where sigma is once the standard deviation, 0.6 % at twice, 0.1 % at
/// three times; for two unequal points, the worst case, it is 18 %, 6 % and 3 %. So many samples may
/// come out wrong, however good the network.
const FEW_MULTIPLES: f64 = 2.0;

impl Problem {
    /// What a user should know before training: the data's own remarks; then the least noise above the
    /// finest spread of a column, the most noise near the spread of the data or below it, training levels
    /// that hardly cover where sampling goes, each as a field and its value, what is the matter, and the
    /// value that fits.
    pub fn remarks(&self, data: &dyn Dataset) -> Vec<String> {
        let near = FEW_MULTIPLES;
        let most = (self.config.sample.start != StartConfig::Exact)
            .then(|| most_noise_below(self, data, near).map(|(end, what)| end.said(&what)))
            .flatten();
        let found = [least_noise(self, data), most, coverage::remark(self)];
        data.remarks().into_iter().chain(found.into_iter().flatten()).collect()
    }
}

/// Fails where the most noise is below the data's spread, so that a Gaussian to start from need not be right.
pub(super) fn check_most_noise(problem: &Problem, data: &dyn Dataset) -> Result<(), TrainError> {
    match most_noise_below(problem, data, 1.0) {
        None => Ok(()),
        Some((End { path, fits, .. }, what)) => {
            let message = format!(
                "{what}. Use {fits}, scale the data to a spread near 1, or state what sampling is to \
                 start from, in sample.start"
            );
            Err(TrainError::config(path, message))
        }
    }
}

/// Remark on the least noise where it is above the finest spread of a column.
///
/// One level alone is the noisiest, and no least one.
fn least_noise(problem: &Problem, data: &dyn Dataset) -> Option<String> {
    let least = problem.sampling_levels().skip(1).map(|level| level.ratio()).reduce(f64::min)?;
    let finest: Vec<_> = finest_spread(data);
    let below = || finest.iter().filter(|spread| spread.size < least);
    let spread = below().min_by(|one, other| one.size.total_cmp(&other.size))?;
    let end = End::least(&problem.config.noise.schedule, LEAST_SHARE * spread.size);
    let others = match below().count() - 1 {
        0 => String::new(),
        1 => " and of 1 other".to_owned(),
        count => format!(" and of {count} others"),
    };
    let units = spread.in_units.filter(|units| (units / spread.size - 1.0).abs() > 1e-3);
    let units = units.map_or(String::new(), |units| format!(", {} in its units", number(units)));
    let what = format!(
        "the least noise, sigma / alpha = {}, is above the finest spread of column {}{others}, {}{units}: \
         detail finer than the noise is hardly learnt",
        number(least),
        column_of(data, spread.feature),
        number(spread.size),
    );
    Some(end.said(&what))
}

/// The end of the schedule where its most noise is below `multiple` times the largest standard deviation
/// of a feature, and what is the matter there.
fn most_noise_below(problem: &Problem, data: &dyn Dataset, multiple: f64) -> Option<(End, String)> {
    let most = problem.plan.start().ratio();
    let moments = DataMoments::of(data);
    // The first of the largest, of which `max_by` would give the last.
    let spreads = (0..data.features()).rev().map(|feature| (feature, moments.std(feature)));
    let (feature, std) = spreads.max_by(|one, other| one.1.total_cmp(&other.1))?;
    if most >= multiple * std {
        return None;
    }
    let end = End::most(&problem.config.noise.schedule, MOST_MULTIPLE * std);
    let how = match most < std {
        true => "is below".to_owned(),
        false => format!("is {} times", number(most / std)),
    };
    let what = format!(
        "the most noise, sigma / alpha = {}, {how} the spread of column {}, whose standard deviation is \
         {}: a Gaussian to start from need not have the data's shape there",
        number(most),
        column_of(data, feature),
        number(std),
    );
    Some((end, what))
}

/// The column that a feature stands for, by its name.
fn column_of(data: &dyn Dataset, feature: usize) -> String {
    let column =
        column_index(data, feature).and_then(|index| data.columns().into_iter().nth(index));
    column.map_or_else(|| format!("x{feature}"), |column| column.name)
}

/// The index of the column that a feature of a number stands for.
fn column_index(data: &dyn Dataset, feature: usize) -> Option<usize> {
    let mut first = 0;
    for group in data.layout() {
        if (first..first + group.kind.features()).contains(&feature) {
            let is_number = group.kind == FeatureKind::Number
                || matches!(group.kind, FeatureKind::NumberInParts { .. }) && feature == first;
            return is_number.then_some(group.column);
        }
        first += group.kind.features();
    }
    None
}
