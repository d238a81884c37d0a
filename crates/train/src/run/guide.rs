//! [`Guide`]: a weaker run, which guides the samples of another.

use std::path::Path;

use burn::tensor::Device;
use langevin_core::{Network, OwnNetwork};
use langevin_data::Dataset;

use super::{
    Observer,
    data::network_for,
    trained::{for_sampling, networks_of},
};
use crate::{
    TrainError,
    problem::Problem,
    store::{checkpoint::Checkpoints, fingerprint::same_data, folder::read_run_config},
};

/// Run that guides the samples of another, trained on the same data and told the same: one of fewer steps or fewer
/// parameters, or an earlier checkpoint of the run itself. Source: Karras et al. 2024, "Guiding a diffusion model with a
/// bad version of itself".
pub struct Guide<N> {
    pub(super) problem: Problem,
    pub(super) networks: Vec<N>,
}

impl Guide<OwnNetwork> {
    /// Opens the run in the folder `run` as a guide of samples of `data`, by its checkpoint of a step, or the one that its
    /// own samples are drawn from.
    ///
    /// # Errors
    /// A folder that is no run of ours, a step without a checkpoint, a run of other data.
    pub fn open(
        run: &Path,
        step: Option<u64>,
        data: &dyn Dataset,
        device: &Device,
        observer: &mut dyn Observer,
    ) -> Result<Self, TrainError> {
        let problem = Problem::new(read_run_config(run)?)?;
        let network = network_for(&problem, data, device)?;
        Self::of(run, step, problem, network, data, observer)
    }
}

impl<N: Network> Guide<N> {
    /// Does as `open`, with a network of the user's own.
    ///
    /// # Errors
    /// As `open`.
    pub fn of(
        run: &Path,
        step: Option<u64>,
        problem: Problem,
        network: N,
        data: &dyn Dataset,
        observer: &mut dyn Observer,
    ) -> Result<Self, TrainError> {
        let refuse = |why: String| TrainError::Guide { run: run.to_owned(), why };
        let checkpoints = Checkpoints::new(run);
        if let Some(step) = step {
            let steps = checkpoints.steps()?;
            if !steps.contains(&step) {
                let steps: Vec<_> = steps.iter().map(u64::to_string).collect();
                return Err(refuse(format!(
                    "has no checkpoint of step {step}, and those of {}",
                    steps.join(", ")
                )));
            }
        }
        let checkpoint = match step {
            Some(step) => checkpoints.load(step).map_err(|why| why.at(&checkpoints.path(step)))?,
            None => for_sampling(run, &problem, observer)?,
        };
        if same_data(&checkpoint.data, data).is_err() {
            return Err(refuse(
                "was trained on other data than the run that it shall guide".to_owned(),
            ));
        }
        let path = checkpoints.path(checkpoint.progress.step);
        let (problem, networks) = networks_of(checkpoint, &path, problem, network)?;
        Ok(Self { problem, networks })
    }
}
