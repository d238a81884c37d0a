//! Launches of a training step on a GPU.

use cubecl::{client::Client, prelude::*};
use langevin_core::LossReduction;

use super::{
    arguments::{Cubes, delta, factor, line, rule, square, tiles},
    heads::{self, HeadsArgumentsLaunch, Layout},
    learner::{DeviceLearner, Turned},
    numbers::{DeviceOutput, Numbers},
    pass::{self, GROUPS, LANES, Shape},
    plan::{Hardware, Plan, RULE, block, cubes},
    product, stride,
    update::{self, LossArgumentsLaunch, UpdateArgumentsLaunch},
};
use crate::{
    config::OptimizerConfig,
    engine::{
        EngineError,
        mlp_cpu::{
            gradients::CHUNK_ROWS,
            learner::Training,
            pass::{Input, Network},
        },
        transfer,
    },
    problem::StepBatch,
};

/// Launch of a kernel: client, kernel, cubes, buffers, and what else the kernel takes.
///
/// It is a macro because CubeCL makes an unsafe function of each kernel, with the kernel's own parameters: no
/// function could take all of these and their arguments.
macro_rules! launch {
    ($client:expr, $($kernel:ident)::+, $cubes:expr, [$($buffer:expr),+], $($other:expr),+ $(,)?) => {{
        let (count, units) = $cubes;
        $($kernel)::+::launch_unchecked(
            &$client,
            count,
            units,
            $($buffer.argument(),)+
            $($other),+
        );
    }};
}

/// Buffers of a batch, kept while batches are of one size.
#[derive(Debug)]
pub(super) struct Space {
    pub(super) plan: Plan,
    /// The batch and its activations, where the plan says.
    numbers: Numbers,
    table: Numbers<u32>,
    /// Table of the heads.
    heads: Numbers<u32>,
    /// Gradients of each slice.
    pub(super) partial: Numbers,
    /// Sums of squares of gradients, then sums of losses.
    pub(super) sums: Numbers,
}

/// Device that makes the steps of a network, with all that it keeps from step to step.
pub(super) struct Device {
    pub(super) client: Client,
    hardware: Hardware,
    pub(super) network: Network,
    pub(super) turned: Turned,
    /// Buffer of the host for the input of a few rows.
    host: Input,
    pub(super) space: Option<Space>,
    /// Output of the step before.
    pub(super) output: Option<DeviceOutput>,
}

impl Device {
    pub(super) fn new(client: Client, network: Network) -> Self {
        let host = Input::new(&network.form, CHUNK_ROWS, stride(network.form.inputs()));
        let turned = Turned::new(&client, &network.layers, network.len());
        let hardware = Hardware::new(client.properties());
        Self { client, hardware, network, turned, host, space: None, output: None }
    }

    /// Checks whether the network and the batch of a single row fit the device.
    pub(super) fn check(&self) -> Result<(), EngineError> {
        let form = &self.network.form;
        let single = Layout::Single { columns: form.outputs };
        self.hardware.check(form, &self.network.layers, (1, &single))
    }

    /// Makes one step of the optimizer.
    pub(super) fn step(
        &mut self,
        learner: &mut DeviceLearner,
        training: &Training,
        batch: &StepBatch,
        learning_rate: f64,
    ) -> DeviceOutput {
        learner.steps += 1;
        let rule = rule(&training.optimizer, learner.steps, learning_rate);
        let (space, output) = self.differentiate(learner, batch, rule);
        let Space { plan, numbers, partial, sums, .. } = &space;
        let losses = batch.reduction == LossReduction::Norm;
        let arguments = UpdateArgumentsLaunch {
            rule: plan.rule,
            len: self.network.len(),
            rows: batch.rows,
            squares: plan.squares(self.network.len()),
            first_loss: plan.first_loss(),
            losses: if losses { sums.len - plan.first_loss() } else { 0 },
            factor: factor(batch.reduction, batch.rows),
            clip: training.clip_norm.unwrap_or(0.0) as f32,
        };
        self.update(learner, training, [numbers, partial, sums, &output.numbers()], arguments);
        self.space = Some(space);
        self.output = Some(output.clone());
        output
    }

    /// Uploads a batch, and makes the losses of its rows and the gradients of their sum.
    pub(super) fn differentiate(
        &mut self,
        learner: &DeviceLearner,
        batch: &StepBatch,
        rule: [f32; RULE],
    ) -> (Space, DeviceOutput) {
        let mut values = self.pack(batch);
        values.extend(rule);
        let (size, layout) = ((batch.rows, batch.parts), Layout::of(batch));
        let kept = self
            .space
            .take()
            .filter(|Space { plan, .. }| (plan.rows, plan.parts) == size && plan.layout == layout);
        let space = kept.unwrap_or_else(|| self.make_space(size, layout));
        // Only the part to write: the runtime stages the whole of the buffer that it is given.
        let upload = space.numbers.part(0, values.len());
        transfer::write_buffer(&self.client, &upload.handle, values);
        let place = DeviceOutput::after(self.output.as_ref(), &self.client, batch.rows);
        let output = place.numbers();
        let huber = matches!(batch.reduction, LossReduction::Huber { .. });
        for (number, (first, rows)) in space.plan.cut().enumerate() {
            let part = (number, first, rows);
            if let Some(shape) = space.plan.pass {
                let shape = Shape { huber, ..shape };
                let arguments = self.loss_arguments(&space.plan, batch, part);
                self.pass(&space, shape, learner, &output, first, arguments);
            } else {
                self.forward(&space, &learner.parameters, first, rows);
                match space.plan.layout {
                    Layout::Single { .. } => {
                        let arguments = self.loss_arguments(&space.plan, batch, part);
                        self.loss(&space, &output, arguments, huber);
                    }
                    Layout::Heads(_) => self.losses_of_heads(&space, &output, batch, part),
                }
                self.backward(&space, &learner.turned, rows);
            }
            self.gradients(&space, first, rows);
        }
        let Space { plan, partial, sums, .. } = &space;
        if plan.slices > 1 {
            let (cubes, len) = (self.over_all(), self.network.len());
            // SAFETY: the kernel stays within `len` and the slices.
            unsafe { launch!(self.client, update::sum, cubes, [partial, sums], len, plan.slices) }
        }
        (space, place)
    }

    /// Replaces the frequencies of the position.
    pub(super) fn set_frequencies(&mut self, frequencies: Vec<f32>) {
        self.network.form.frequencies = frequencies;
    }

    /// Moves an average: `average ← average + (1 − decay) · (parameters − average)`.
    pub(super) fn average(&self, learner: &DeviceLearner, number: usize, decay: f64) {
        if let Some(average) = learner.averages.get(number) {
            let share = (1.0 - decay) as f32;
            // SAFETY: the kernel stays within `len`.
            unsafe {
                launch!(
                    self.client,
                    update::average,
                    self.over_all(),
                    [average, learner.parameters],
                    self.network.len(),
                    share
                );
            }
        }
    }

    /// Numbers of the upload: the batch's input as the network takes it, and those of its heads.
    fn pack(&mut self, batch: &StepBatch) -> Vec<f32> {
        let length = stride(self.network.form.inputs());
        let columns = length + Layout::of(batch).numbers();
        let mut values = Vec::with_capacity(batch.rows * columns + RULE);
        for first in (0..batch.rows).step_by(CHUNK_ROWS) {
            let rows = first..(first + CHUNK_ROWS).min(batch.rows);
            let count = rows.len();
            self.network.read_input(batch, rows, &mut self.host);
            values.extend_from_slice(&self.host.columns[..count * length]);
        }
        heads::pack(&batch.heads, &mut values);
        values
    }

    fn make_space(&self, size: (usize, usize), layout: Layout) -> Space {
        let (client, network) = (&self.client, &self.network);
        let plan = Plan::new(&network.form, &network.layers, size, layout, self.hardware);
        let sums = plan.first_loss() + plan.cut().count() * plan.loss_cubes();
        Space {
            numbers: Numbers::zeros(client, plan.len),
            table: Numbers::new(client, &plan.table),
            heads: Numbers::new(client, &plan.heads),
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
            let block = block(rows, layer.outputs, self.hardware);
            let is_hidden = i < form.depth;
            let output = if is_hidden { plan.hidden[i] } else { plan.output };
            // SAFETY: the kernel stays within rows and columns, which the plan has room for.
            unsafe {
                launch!(
                    self.client,
                    product::forward,
                    tiles(rows, layer.outputs, block),
                    [space.numbers, parameters],
                    rows,
                    layer.inputs,
                    layer.outputs,
                    input,
                    input_stride,
                    layer.first,
                    layer.width,
                    output,
                    if is_hidden { plan.slopes[i] } else { 0 },
                    block,
                    is_hidden.then_some(form.activation),
                    form.residual && is_hidden && i > 0,
                );
            }
            (input, input_stride) = (output, layer.width);
        }
    }

    fn loss(&self, space: &Space, losses: &Numbers, arguments: LossArgumentsLaunch, huber: bool) {
        // SAFETY: the kernel stays within rows and outputs, which the plan has room for.
        unsafe {
            launch!(
                self.client,
                update::loss,
                line(space.plan.loss_cubes()),
                [space.numbers, losses, space.sums],
                arguments,
                huber,
            );
        }
    }

    /// Forward, loss and backward in one launch.
    fn pass(
        &self,
        space: &Space,
        shape: Shape,
        learner: &DeviceLearner,
        losses: &Numbers,
        first: usize,
        arguments: LossArgumentsLaunch,
    ) {
        let (form, plan) = (&self.network.form, &space.plan);
        let input_stride = stride(form.inputs());
        let count = arguments.rows.div_ceil(shape.rows) as u32;
        let cubes = (CubeCount::Static(count, 1, 1), CubeDim::new_2d(LANES as u32, GROUPS as u32));
        // SAFETY: the kernel stays within rows and columns, which the plan has room for.
        unsafe {
            launch!(
                self.client,
                pass::pass,
                cubes,
                [space.numbers, learner.parameters, learner.turned, losses, space.sums],
                arguments,
                plan.part_rows,
                form.inputs(),
                form.width,
                form.depth,
                plan.input + first * input_stride,
                input_stride,
                stride(form.width),
                plan.hidden[0],
                plan.slopes[0],
                shape,
            );
        }
    }

    /// Arguments of the kernels of a single head's losses for a part of the batch.
    fn loss_arguments(
        &self,
        plan: &Plan,
        batch: &StepBatch,
        (part, first, rows): (usize, usize, usize),
    ) -> LossArgumentsLaunch {
        let columns = self.network.form.outputs;
        LossArgumentsLaunch {
            rows,
            columns,
            output: plan.output,
            output_stride: stride(columns),
            target: plan.target + first * columns,
            weight: plan.target + batch.rows * columns + first,
            first_loss: first,
            first_sum: plan.first_loss() + part * plan.loss_cubes(),
            share: batch.share(),
            delta: delta(batch.reduction),
        }
    }

    fn losses_of_heads(
        &self,
        space: &Space,
        losses: &Numbers,
        batch: &StepBatch,
        (part, first, rows): (usize, usize, usize),
    ) {
        let plan = &space.plan;
        let arguments = HeadsArgumentsLaunch {
            rows,
            heads: heads::count(&plan.heads),
            output: plan.output,
            output_stride: stride(self.network.form.outputs),
            first_row: first,
            first_sum: plan.first_loss() + part * plan.loss_cubes(),
            share: batch.share(),
            delta: delta(batch.reduction),
        };
        // SAFETY: the kernel stays within rows and outputs, and within the heads of the table, which the plan
        // has room for.
        unsafe {
            launch!(
                self.client,
                heads::losses_of_heads,
                line(plan.loss_cubes()),
                [space.numbers, losses, space.sums, space.heads],
                arguments,
                matches!(batch.reduction, LossReduction::Huber { .. }),
            );
        }
    }

    fn backward(&self, space: &Space, turned: &Numbers, rows: usize) {
        let (form, plan) = (&self.network.form, &space.plan);
        let mut place = self.turned.len;
        for (i, layer) in self.network.layers.iter().enumerate().skip(1).rev() {
            let is_hidden = i < form.depth;
            let block = block(rows, layer.inputs, self.hardware);
            place -= layer.outputs * stride(layer.inputs);
            // SAFETY: the kernel stays within rows and columns, which the plan has room for.
            unsafe {
                launch!(
                    self.client,
                    product::backward,
                    tiles(rows, layer.inputs, block),
                    [space.numbers, turned],
                    rows,
                    layer.inputs,
                    layer.outputs,
                    if is_hidden { plan.slopes[i] } else { plan.output },
                    place,
                    layer.width,
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
            launch!(
                self.client,
                product::gradients,
                square(plan.tiles, plan.slices),
                [space.numbers, space.table, space.partial, space.sums],
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

    /// Moves the weights; the buffers are the rule's, the gradients', the partial sums' and the output's.
    pub(super) fn update(
        &self,
        learner: &DeviceLearner,
        training: &Training,
        [numbers, partial, sums, output]: [&Numbers; 4],
        arguments: UpdateArgumentsLaunch,
    ) {
        let DeviceLearner { parameters, moments, turned, .. } = learner;
        let (cubes, places) = (self.over_all(), &self.turned.on_device);
        match &training.optimizer {
            OptimizerConfig::Sgd { momentum, nesterov, weight_decay, .. } => {
                let momentum = *momentum as f32;
                let (ahead, own) = if *nesterov { (momentum, 1.0) } else { (1.0, 0.0) };
                // SAFETY: the kernel stays within `len`; with momentum there are so many moments.
                unsafe {
                    launch!(
                        self.client,
                        update::sgd,
                        cubes,
                        [numbers, partial, sums, parameters, moments, output, turned, places],
                        arguments,
                        *weight_decay as f32,
                        momentum,
                        ahead,
                        own,
                        momentum > 0.0,
                    );
                }
            }
            OptimizerConfig::Adam { betas, weight_decay, .. }
            | OptimizerConfig::Adamw { betas, weight_decay, .. } => {
                let is_adam = matches!(training.optimizer, OptimizerConfig::Adam { .. });
                // SAFETY: the kernel stays within `len`, and there are twice as many moments.
                unsafe {
                    launch!(
                        self.client,
                        update::adam,
                        cubes,
                        [numbers, partial, sums, parameters, moments, output, turned, places],
                        arguments,
                        betas[0] as f32,
                        betas[1] as f32,
                        if is_adam { *weight_decay as f32 } else { 0.0 },
                    );
                }
            }
        }
    }

    /// Cubes of a pass over all parameters.
    fn over_all(&self) -> Cubes {
        line(cubes(self.network.len()))
    }
}
