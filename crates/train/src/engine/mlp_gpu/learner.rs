//! Networks in training on a GPU: their weights, their optimizers' state, their averages.

use cubecl::client::Client;

use super::{numbers::Numbers, stride};
use crate::{
    TrainError,
    engine::{
        mlp_cpu::{
            buffer::Buffer,
            form::Layer,
            learner::{Learner, Training},
            update::State,
        },
        transfer,
    },
};

/// One network in training.
#[derive(Debug)]
pub(super) struct DeviceLearner {
    pub(super) parameters: Numbers,
    /// Transposed weights of all layers but the first, `[outputs, inputs]`, for the backward pass.
    pub(super) turned: Numbers,
    /// The optimizer's moments, one after the other.
    pub(super) moments: Numbers,
    pub(super) steps: u64,
    /// Averages of the parameters, in the order in which the engine keeps them.
    pub(super) averages: Vec<Numbers>,
}

impl DeviceLearner {
    pub(super) fn new(client: &Client, turned: &Turned, learner: &Learner) -> Self {
        let turned = turned.of(&learner.parameters);
        let moments: Vec<f32> = learner.state.moments.iter().flat_map(|m| m.to_vec()).collect();
        Self {
            parameters: Numbers::new(client, &learner.parameters),
            turned: Numbers::new(client, &turned),
            moments: Numbers::new(client, &moments),
            steps: learner.state.steps,
            averages: learner.averages.iter().map(|own| Numbers::new(client, own)).collect(),
        }
    }

    /// Reads the learner back to the host.
    pub(super) fn read(
        &self,
        client: &Client,
        training: &Training,
        len: usize,
    ) -> Result<Learner, TrainError> {
        let buffers = [&self.parameters, &self.moments].into_iter().chain(&self.averages);
        let handles = buffers.map(|numbers| numbers.handle.clone());
        let mut values = transfer::read_buffers(client, handles.collect())?.into_iter();
        let mut next = || values.next().unwrap_or_default();
        let buffer = |values: &[f32]| {
            let mut buffer = Buffer::zeros(len);
            buffer.copy_from_slice(&values[..len]);
            buffer
        };
        let parameters = buffer(&next());
        let mut state = State::new(&training.optimizer, len);
        state.steps = self.steps;
        let moments = next();
        for (moment, values) in state.moments.iter_mut().zip(moments.chunks_exact(len)) {
            *moment = buffer(values);
        }
        let averages = self.averages.iter().map(|_| buffer(&next())).collect();
        Ok(Learner { parameters, state, averages })
    }
}

/// Places of the transposed weights.
pub(super) struct Turned {
    pub(super) len: usize,
    /// Place of each parameter; beyond the end where it has none.
    places: Vec<u32>,
    pub(super) on_device: Numbers<u32>,
}

impl Turned {
    pub(super) fn new(client: &Client, layers: &[Layer], len: usize) -> Self {
        let mut places = vec![u32::MAX; len];
        let mut end = 0;
        for layer in &layers[1..] {
            let length = stride(layer.inputs);
            for (input, row) in (layer.first..).step_by(layer.width).take(layer.inputs).enumerate()
            {
                for output in 0..layer.outputs {
                    places[row + output] = (end + output * length + input) as u32;
                }
            }
            end += layer.outputs * length;
        }
        Self { len: end, on_device: Numbers::new(client, &places), places }
    }

    /// The transposed weights of a network's parameters.
    fn of(&self, parameters: &[f32]) -> Vec<f32> {
        let mut turned = vec![0.0; self.len];
        for (weight, place) in parameters.iter().zip(&self.places) {
            if let Some(turned) = turned.get_mut(*place as usize) {
                *turned = *weight;
            }
        }
        turned
    }
}
