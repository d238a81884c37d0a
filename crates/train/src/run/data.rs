//! Data of a run: what its folder keeps for samples, and where its rows lie now.

use std::path::Path;

use burn::tensor::Device;
use langevin_core::OwnNetwork;
use langevin_data::{Dataset, KeptRows, Streams};

use super::memory::MemoryEstimate;
use crate::{
    TrainError,
    config::DataConfig,
    problem::{Problem, moments::DataMoments},
    sample::{Tones, range_of},
    store::{
        Manifest,
        kept::{KEPT, read_kept, write_kept},
    },
};

/// Builds the network and the data that a run file names.
///
/// # Errors
/// A `custom` kind, which a program of the user's own must give; a run that does not fit into memory.
pub fn built_in(
    problem: &Problem,
    device: &Device,
) -> Result<(OwnNetwork, Box<dyn Dataset>), TrainError> {
    let config = problem.config();
    let data = config.data.build(config.seed)?;
    Ok((network_for(problem, data.as_ref(), device)?, data))
}

/// Builds the network of a run and what its samples need of its data: of a table what the run's folder keeps, so
/// that its file is not read. A run of format 1 keeps nothing, and its table is read.
///
/// # Errors
/// As [`built_in`]; a file of the run that is not ours.
pub fn built_in_for_samples(
    run: &Path,
    problem: &Problem,
    device: &Device,
) -> Result<(OwnNetwork, Box<dyn Dataset>), TrainError> {
    let is_table = matches!(problem.config().data, DataConfig::Table(_));
    let kept = || read_kept(run, Some(&Manifest::read(run)?));
    match is_table.then(kept).transpose()?.flatten() {
        Some(kept) => Ok((network_for(problem, &kept, device)?, Box::new(kept))),
        None => built_in(problem, device),
    }
}

pub(super) fn network_for(
    problem: &Problem,
    data: &dyn Dataset,
    device: &Device,
) -> Result<OwnNetwork, TrainError> {
    if let Some(estimate) = MemoryEstimate::of(problem, data) {
        estimate.check()?;
    }
    let config = problem.config();
    let [features, told] = problem.diffusion().network_columns(data);
    config.denoiser.network.init(features, told, &Streams::new(config.seed), device)
}

/// Keeps in a run's folder what its samples need of its data, and notes the file in the manifest.
pub(super) fn keep(
    run: &Path,
    data: &dyn Dataset,
    manifest: &mut Manifest,
) -> Result<(), TrainError> {
    let DataMoments { mean, variance } = DataMoments::of(data);
    let fingerprint = manifest.data.clone();
    let tones =
        data.picture().map(|_| Tones::of_data(data)).map(|tones| [tones.black, tones.white]);
    let rows = KeptRows { fingerprint, mean, variance, ranges: range_of(data), tones };
    if let Some(kept) = data.keep(rows) {
        let sum = write_kept(run, &kept)?;
        manifest.files.insert(KEPT.to_owned(), sum);
    }
    Ok(())
}
