//! Choice of the engine that makes the steps of a run.

use burn::tensor::Device;
use langevin_core::Network;

use super::{DirectEngine, Engine, EngineError, TapeEngine};
use crate::{
    TrainError,
    config::{Choice, EngineConfig, RunConfig},
    problem::{BatchForm, Problem},
};

/// An engine, and the reason why it is the tape, where the run file leaves the choice open.
type Chosen<N> = (Box<dyn Engine<N>>, Option<EngineError>);

/// The engine that a run file asks for, for batches of a form. What the batches alone decide is not checked
/// where their form is not known.
pub(crate) fn engine_for<N: Network>(
    problem: &Problem,
    batch: Option<&BatchForm>,
    network: N,
    device: &Device,
) -> Result<Chosen<N>, TrainError> {
    let (config, networks) = (problem.config(), problem.diffusion().networks);
    let (optimizer, clip_norm) = (&config.train.optimizer, config.train.clip_norm);
    let mut why_tape = None;
    let asked = match &config.train.engine {
        Choice::Ours(engine) => *engine,
        Choice::Custom(part) => return Err(part.missing("train.engine", "own_engine")),
    };
    if asked != EngineConfig::Tape {
        let engine = direct_engine(config, batch, network.clone(), networks, device);
        match (engine, asked) {
            (Ok(engine), _) => return Ok((engine, None)),
            (Err(why), EngineConfig::Direct) => {
                return Err(TrainError::config("train.engine", why.to_string()));
            }
            // No engine could train it.
            (Err(why @ EngineError::OtherColumns { .. }), _) => {
                return Err(TrainError::config("denoiser.network", why.to_string()));
            }
            (Err(why), _) => why_tape = Some(why),
        }
    }
    let tape = TapeEngine::new(network, networks, optimizer, clip_norm, device);
    Ok((Box::new(tape), why_tape))
}

/// The direct engine for a device, if it supports network, batches and optimizer.
fn direct_engine<N: Network>(
    config: &RunConfig,
    batch: Option<&BatchForm>,
    network: N,
    count: usize,
    device: &Device,
) -> Result<Box<dyn Engine<N>>, EngineError> {
    let (optimizer, clip_norm) = (&config.train.optimizer, config.train.clip_norm);
    #[cfg(feature = "gpu")]
    if super::mlp_gpu::client(&device.clone().inner()).is_some() {
        if let Some(batch) = batch {
            super::GpuEngine::supports(&network, batch, optimizer, device)?;
        }
        let engine = super::GpuEngine::new(network, count, optimizer, clip_norm, device)?;
        return Ok(Box::new(engine));
    }
    if let Some(batch) = batch {
        DirectEngine::supports(&network, batch, optimizer, device)?;
    }
    Ok(Box::new(DirectEngine::new(network, count, optimizer, clip_norm, device)?))
}
