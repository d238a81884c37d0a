//! Networks in training on a GPU: their buffers, and the launches of a step.

use std::fmt::{self, Debug, Formatter};

use cubecl::{client::Client, prelude::*, server::Handle};
use langevin_core::LossReduction;

use super::{
    pass::{self, GROUPS, LANES, Shape},
    plan::{Plan, block, cubes},
    product::{self, SIDE},
    update::{self, LOSS_ROWS, UNITS},
};
use crate::{
    OptimizerConfig, StepBatch, TrainError,
    direct::{
        buffer::{Buffer, stride},
        form::Layer,
        gradients::CHUNK_ROWS,
        learner::{Learner, Training},
        pass::{Network, Workspace},
        update::State,
    },
    transfer,
};

/// The rows' losses of a step and the norm of its gradients, on the device.
#[derive(Clone)]
pub struct DeviceOutput {
    client: Client,
    /// `[rows + 1]`: the losses, then the norm.
    handle: Handle,
    pub(crate) rows: usize,
}

impl Debug for DeviceOutput {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceOutput").field("rows", &self.rows).finish_non_exhaustive()
    }
}

/// The losses and the norm of each step, one after the other, by one transfer.
pub(crate) fn read(outputs: &[&DeviceOutput]) -> Result<Vec<f64>, TrainError> {
    let Some(first) = outputs.first() else { return Ok(Vec::new()) };
    let handles = outputs.iter().map(|output| output.handle.clone()).collect();
    let values = transfer::read_buffers(&first.client, handles)?;
    Ok(values.into_iter().flatten().map(f64::from).collect())
}

/// A flat buffer of numbers on the device.
#[derive(Debug, Clone)]
struct Numbers {
    handle: Handle,
    len: usize,
}

impl Numbers {
    fn new(client: &Client, values: &[f32]) -> Self {
        // A buffer of nothing cannot be bound.
        let values = if values.is_empty() { &[0.0] } else { values };
        let handle = client.create_from_slice(bytemuck::cast_slice(values));
        Self { handle, len: values.len() }
    }

    fn zeros(client: &Client, len: usize) -> Self {
        Self::new(client, &vec![0.0; len])
    }

    fn argument(&self) -> BufferArg {
        // SAFETY: the handle was made for so many numbers.
        unsafe { BufferArg::from_raw_parts(self.handle.clone(), self.len) }
    }
}

/// One network in training.
#[derive(Debug)]
pub(super) struct DeviceLearner {
    parameters: Numbers,
    /// The weights of all layers but the first once more, `[outputs, inputs]`: for the way back.
    turned: Numbers,
    /// The moments one after the other.
    moments: Numbers,
    steps: u64,
    average: Option<Numbers>,
}

impl DeviceLearner {
    pub(super) fn new(device: &Device, learner: &Learner) -> Self {
        let client = &device.client;
        let mut turned = vec![0.0; device.turned.len];
        for (weight, place) in learner.parameters.iter().zip(&device.turned.places) {
            if let Some(turned) = turned.get_mut(*place as usize) {
                *turned = *weight;
            }
        }
        let moments: Vec<f32> = learner.state.moments.iter().flat_map(|m| m.to_vec()).collect();
        Self {
            parameters: Numbers::new(client, &learner.parameters),
            turned: Numbers::new(client, &turned),
            moments: Numbers::new(client, &moments),
            steps: learner.state.steps,
            average: learner.average.as_ref().map(|average| Numbers::new(client, average)),
        }
    }

    /// The same on the host.
    pub(super) fn read(
        &self,
        client: &Client,
        training: &Training,
        len: usize,
    ) -> Result<Learner, TrainError> {
        let buffers = [Some(&self.parameters), Some(&self.moments), self.average.as_ref()];
        let handles = buffers.into_iter().flatten().map(|numbers| numbers.handle.clone());
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
        let average = self.average.is_some().then(|| buffer(&next()));
        Ok(Learner { parameters, state, average })
    }
}

/// What a batch needs beside the network, kept while batches are of one size.
#[derive(Debug)]
struct Space {
    plan: Plan,
    /// The batch and its activations.
    numbers: Numbers,
    table: Handle,
    /// Each slice's gradients.
    partial: Numbers,
    /// Sums of squares of gradients, then sums of losses.
    sums: Numbers,
}

/// Where the parameters' turned weights lie.
struct Turned {
    len: usize,
    /// Of each parameter; beyond the end where it is in none.
    places: Vec<u32>,
    on_device: Handle,
}

impl Turned {
    fn new(client: &Client, layers: &[Layer], len: usize) -> Self {
        let mut places = vec![u32::MAX; len];
        let mut end = 0;
        for layer in &layers[1..] {
            let length = stride(layer.inputs);
            for (input, row) in layer.weight().step_by(layer.stride).enumerate() {
                for output in 0..layer.outputs {
                    places[row + output] = (end + output * length + input) as u32;
                }
            }
            end += layer.outputs * length;
        }
        let on_device = client.create_from_slice(bytemuck::cast_slice(&places));
        Self { len: end, places, on_device }
    }
}

/// What makes the steps on one device.
pub(super) struct Device {
    pub(super) client: Client,
    network: Network,
    turned: Turned,
    /// Where the host puts the columns of a few rows side by side.
    host: Workspace,
    space: Option<Space>,
}

impl Device {
    pub(super) fn new(client: Client, network: Network) -> Self {
        let host = Workspace::new(&network.form, CHUNK_ROWS);
        let turned = Turned::new(&client, &network.layers, network.len());
        Self { client, network, turned, host, space: None }
    }

    /// One step of the optimizer.
    pub(super) fn step(
        &mut self,
        learner: &mut DeviceLearner,
        training: &Training,
        batch: &StepBatch,
        learning_rate: f64,
    ) -> DeviceOutput {
        let values = self.pack(batch);
        let space = match self.space.take() {
            Some(space) if (space.plan.rows, space.plan.parts) == (batch.rows, batch.parts) => space,
            _ => self.make_space(batch),
        };
        transfer::write_buffer(&self.client, &space.numbers.handle, values);
        let bytes = (batch.rows + 1) * size_of::<f32>();
        let output = Numbers { handle: self.client.empty(bytes), len: batch.rows + 1 };
        for (number, (first, rows)) in space.plan.cut().enumerate() {
            if let Some(shape) = space.plan.pass {
                self.pass(&space, shape, learner, batch, &output, (number, first, rows));
            } else {
                self.forward(&space, &learner.parameters, first, rows);
                self.loss(&space, batch, &output, (number, first, rows));
                self.backward(&space, &learner.turned, rows);
            }
            self.gradients(&space, first, rows);
        }
        self.update(&space, learner, training, batch, learning_rate, &output);
        self.space = Some(space);
        DeviceOutput { client: self.client.clone(), handle: output.handle, rows: batch.rows }
    }

    /// `average ← average + (1 − decay) · (parameters − average)`.
    pub(super) fn average(&self, learner: &DeviceLearner, decay: f64) {
        if let Some(average) = &learner.average {
            let (count, dim) = self.over_all();
            // SAFETY: the kernel stays within `len`.
            unsafe {
                update::average::launch_unchecked(
                    &self.client,
                    count,
                    dim,
                    average.argument(),
                    learner.parameters.argument(),
                    self.network.len(),
                    (1.0 - decay) as f32,
                );
            }
        }
    }

    /// The upload: the batch's input as the network takes it, its targets and its weights.
    fn pack(&mut self, batch: &StepBatch) -> Vec<f32> {
        let length = stride(self.network.form.inputs());
        let mut values = Vec::with_capacity(batch.rows * (length + self.network.form.features + 1));
        for first in (0..batch.rows).step_by(CHUNK_ROWS) {
            let rows = first..(first + CHUNK_ROWS).min(batch.rows);
            let count = rows.len();
            self.network.read_input(batch, rows, &mut self.host);
            values.extend_from_slice(&self.host.input[..count * length]);
        }
        values.extend_from_slice(&batch.target.values);
        values.extend_from_slice(&batch.weight);
        values
    }

    fn make_space(&self, batch: &StepBatch) -> Space {
        let (client, network) = (&self.client, &self.network);
        let shared = client.properties().hardware.max_shared_memory_size;
        let size = (batch.rows, batch.parts);
        let plan = Plan::new(&network.form, &network.layers, size, shared);
        let sums = plan.first_loss() + plan.cut().count() * plan.loss_cubes();
        Space {
            numbers: Numbers::zeros(client, plan.len),
            table: client.create_from_slice(bytemuck::cast_slice(&plan.table)),
            partial: Numbers::zeros(client, plan.slices * network.len()),
            sums: Numbers::zeros(client, sums),
            plan,
        }
    }

    fn forward(&self, space: &Space, parameters: &Numbers, first: usize, rows: usize) {
        let (form, plan) = (&self.network.form, &space.plan);
        let mut input_stride = stride(form.inputs());
        let mut input = plan.input + first * input_stride;
        for (i, layer) in self.network.layers.iter().enumerate() {
            let block = block(rows, layer.outputs);
            let is_hidden = i < form.depth;
            let output = if is_hidden { plan.hidden[i] } else { plan.output };
            // SAFETY: the kernel stays within rows and columns, which the plan has room for.
            unsafe {
                product::forward::launch_unchecked(
                    &self.client,
                    tiles(rows, layer.outputs, block),
                    square(),
                    space.numbers.argument(),
                    parameters.argument(),
                    rows,
                    layer.inputs,
                    layer.outputs,
                    input,
                    input_stride,
                    layer.first,
                    layer.stride,
                    output,
                    if is_hidden { plan.slopes[i] } else { 0 },
                    block,
                    is_hidden.then_some(form.activation),
                    form.residual && is_hidden && i > 0,
                );
            }
            (input, input_stride) = (output, layer.stride);
        }
    }

    fn loss(
        &self,
        space: &Space,
        batch: &StepBatch,
        losses: &Numbers,
        (part, first, rows): (usize, usize, usize),
    ) {
        let (features, plan) = (self.network.form.features, &space.plan);
        let (share, delta) = loss_scalars(batch.reduction, features);
        // SAFETY: the kernel stays within rows and features, which the plan has room for.
        unsafe {
            update::loss::launch_unchecked(
                &self.client,
                CubeCount::Static(plan.loss_cubes() as u32, 1, 1),
                line(),
                space.numbers.argument(),
                losses.argument(),
                space.sums.argument(),
                rows,
                features,
                plan.output,
                stride(features),
                plan.target + first * features,
                plan.weight + first,
                first,
                plan.first_loss() + part * plan.loss_cubes(),
                share,
                delta.unwrap_or(0.0),
                delta.is_some(),
            );
        }
    }

    /// All of the three in one launch.
    fn pass(
        &self,
        space: &Space,
        shape: Shape,
        learner: &DeviceLearner,
        batch: &StepBatch,
        losses: &Numbers,
        (part, first, rows): (usize, usize, usize),
    ) {
        let (form, plan) = (&self.network.form, &space.plan);
        let input_stride = stride(form.inputs());
        let (share, delta) = loss_scalars(batch.reduction, form.features);
        // SAFETY: the kernel stays within rows and columns, which the plan has room for.
        unsafe {
            pass::pass::launch_unchecked(
                &self.client,
                CubeCount::Static(rows.div_ceil(shape.rows) as u32, 1, 1),
                CubeDim::new_2d(LANES as u32, GROUPS as u32),
                space.numbers.argument(),
                learner.parameters.argument(),
                learner.turned.argument(),
                losses.argument(),
                space.sums.argument(),
                rows,
                plan.part_rows,
                form.inputs(),
                form.width,
                form.features,
                form.depth,
                plan.input + first * input_stride,
                input_stride,
                stride(form.width),
                stride(form.features),
                plan.hidden[0],
                plan.slopes[0],
                plan.output,
                plan.target + first * form.features,
                plan.weight + first,
                first,
                plan.first_loss() + part * plan.loss_cubes(),
                share,
                delta.unwrap_or(0.0),
                Shape { huber: delta.is_some(), ..shape },
            );
        }
    }

    fn backward(&self, space: &Space, turned: &Numbers, rows: usize) {
        let (form, plan) = (&self.network.form, &space.plan);
        let mut place = self.turned.len;
        for (i, layer) in self.network.layers.iter().enumerate().skip(1).rev() {
            let is_hidden = i < form.depth;
            let block = block(rows, layer.inputs);
            place -= layer.outputs * stride(layer.inputs);
            // SAFETY: the kernel stays within rows and columns, which the plan has room for.
            unsafe {
                product::backward::launch_unchecked(
                    &self.client,
                    tiles(rows, layer.inputs, block),
                    square(),
                    space.numbers.argument(),
                    turned.argument(),
                    rows,
                    layer.inputs,
                    layer.outputs,
                    if is_hidden { plan.slopes[i] } else { plan.output },
                    place,
                    layer.stride,
                    plan.gradient,
                    plan.slopes[i - 1],
                    stride(form.width),
                    block,
                    form.residual && is_hidden,
                );
            }
        }
    }

    fn gradients(&self, space: &Space, first: usize, rows: usize) {
        let plan = &space.plan;
        // SAFETY: the kernel stays within the layers of the table, for which there is room.
        unsafe {
            product::gradients::launch_unchecked(
                &self.client,
                CubeCount::Static(plan.tiles as u32, plan.slices as u32, 1),
                square(),
                space.numbers.argument(),
                BufferArg::from_raw_parts(space.table.clone(), plan.table.len()),
                space.partial.argument(),
                space.sums.argument(),
                self.network.layers.len(),
                self.network.len(),
                rows,
                plan.slice_rows,
                plan.input + first * stride(self.network.form.inputs()),
                u32::from(first > 0),
                plan.block,
                plan.slices == 1,
            );
        }
    }

    fn update(
        &self,
        space: &Space,
        learner: &mut DeviceLearner,
        training: &Training,
        batch: &StepBatch,
        learning_rate: f64,
        output: &Numbers,
    ) {
        let (plan, len) = (&space.plan, self.network.len());
        let (count, dim) = self.over_all();
        if plan.slices > 1 {
            // SAFETY: the kernel stays within `len` and the slices.
            unsafe {
                update::sum::launch_unchecked(
                    &self.client,
                    count.clone(),
                    dim,
                    space.partial.argument(),
                    space.sums.argument(),
                    len,
                    plan.slices,
                );
            }
        }
        let factor = match batch.reduction {
            LossReduction::Mean | LossReduction::Huber { .. } => 1.0 / batch.rows as f32,
            LossReduction::Sum => 1.0,
            LossReduction::Norm => 0.0,
        };
        let losses = if factor == 0.0 { space.sums.len - plan.first_loss() } else { 0 };
        let clip = training.clip_norm.unwrap_or(0.0) as f32;
        let rate = learning_rate as f32;
        let places = || {
            // SAFETY: the buffer was made for the place of each parameter.
            unsafe { BufferArg::from_raw_parts(self.turned.on_device.clone(), len) }
        };
        learner.steps += 1;
        match &training.optimizer {
            OptimizerConfig::Sgd { momentum, dampening, nesterov, weight_decay } => {
                // The first velocity is the gradient itself.
                let share = if learner.steps == 1 { 1.0 } else { (1.0 - dampening) as f32 };
                let momentum = *momentum as f32;
                let (ahead, own) = if *nesterov { (momentum, 1.0) } else { (1.0, 0.0) };
                // SAFETY: the kernel stays within `len`; with momentum there are so many moments.
                unsafe {
                    update::sgd::launch_unchecked(
                        &self.client,
                        count,
                        dim,
                        space.partial.argument(),
                        space.sums.argument(),
                        learner.parameters.argument(),
                        learner.moments.argument(),
                        output.argument(),
                        learner.turned.argument(),
                        places(),
                        len,
                        batch.rows,
                        plan.squares(len),
                        plan.first_loss(),
                        losses,
                        factor,
                        clip,
                        rate,
                        *weight_decay as f32,
                        momentum,
                        share,
                        ahead,
                        own,
                        momentum > 0.0,
                    );
                }
            }
            OptimizerConfig::Adam { betas, epsilon, weight_decay }
            | OptimizerConfig::Adamw { betas, epsilon, weight_decay } => {
                let [beta_1, beta_2] = betas.map(|beta| beta as f32);
                let time = i32::try_from(learner.steps).unwrap_or(i32::MAX);
                let root = (1.0 - beta_2.powi(time)).sqrt();
                let (penalty, keep) = match training.optimizer {
                    OptimizerConfig::Adamw { .. } => {
                        (0.0, (1.0 - learning_rate * weight_decay) as f32)
                    }
                    _ => (*weight_decay as f32, 1.0),
                };
                // SAFETY: the kernel stays within `len`, and there are twice as many moments.
                unsafe {
                    update::adam::launch_unchecked(
                        &self.client,
                        count,
                        dim,
                        space.partial.argument(),
                        space.sums.argument(),
                        learner.parameters.argument(),
                        learner.moments.argument(),
                        output.argument(),
                        learner.turned.argument(),
                        places(),
                        len,
                        batch.rows,
                        plan.squares(len),
                        plan.first_loss(),
                        losses,
                        factor,
                        clip,
                        rate * root / (1.0 - beta_1.powi(time)),
                        beta_1,
                        beta_2,
                        *epsilon as f32 * root,
                        penalty,
                        keep,
                    );
                }
            }
        }
    }

    /// The launch of a pass over all parameters.
    fn over_all(&self) -> (CubeCount, CubeDim) {
        (CubeCount::Static(cubes(self.network.len()) as u32, 1, 1), line())
    }
}

/// What a row's sum of errors is multiplied by, and Huber's delta.
fn loss_scalars(reduction: LossReduction, features: usize) -> (f32, Option<f32>) {
    match reduction {
        LossReduction::Mean => (1.0 / features as f32, None),
        LossReduction::Huber { delta } => (1.0 / features as f32, Some(delta as f32)),
        LossReduction::Sum | LossReduction::Norm => (1.0, None),
    }
}

/// Cubes that make a matrix of so many rows and columns.
fn tiles(rows: usize, columns: usize, block: usize) -> CubeCount {
    let count = |numbers: usize| numbers.div_ceil(SIDE * block) as u32;
    CubeCount::Static(count(rows), count(columns), 1)
}

/// The units of a cube that multiplies matrices.
fn square() -> CubeDim {
    CubeDim::new_2d(SIDE as u32, SIDE as u32)
}

/// The units of a cube that goes over numbers.
fn line() -> CubeDim {
    CubeDim::new_1d(UNITS as u32)
}

const _: () = assert!(LOSS_ROWS * SIDE == UNITS);
