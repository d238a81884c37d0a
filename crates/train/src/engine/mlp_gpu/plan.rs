//! Plan of a batch's way through the network: the places of all matrices in one buffer on the device, and
//! how the work is cut into launches. It depends on network, batch and device alone, and so do the bits.

use cubecl::ir::DeviceProperties;

use super::{
    heads::Layout,
    pass::{GROUPS, LANES, Shape},
    product::{COLUMNS, DEPTH, SIDE},
    stride,
    update::{LOSS_ROWS, MOST_CUBES, UNITS},
};
use crate::engine::{
    EngineError,
    mlp_cpu::form::{Form, Layer},
};

/// The most numbers that the activations take. A batch that needs more goes through in parts.
const MOST: usize = 1 << 25;

/// The most buffers that a kernel uses.
const BINDINGS: usize = 8;

/// Bytes of shared memory of a cube that multiplies matrices and sums losses.
const SHARED: usize = size_of::<f32>() * (2 * DEPTH * (SIDE * MANY + 1) + UNITS);

/// Limits of a device, as far as the plan depends on them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hardware {
    /// Bytes of shared memory of a cube.
    shared: usize,
    /// Cubes that keep the device busy.
    cubes: usize,
    /// The most numbers of a buffer.
    numbers: usize,
    /// The most buffers of a kernel.
    bindings: usize,
    /// The most units of a cube.
    units: usize,
    /// The most cubes of a launch.
    launch: usize,
}

impl Hardware {
    pub(super) fn new(device: &DeviceProperties) -> Self {
        let hardware = &device.hardware;
        // lavapipe runs the units of a cube in the processor's vectors, which are narrower than a GPU's.
        let is_narrow = hardware.plane_size_max < 32;
        let page = usize::try_from(device.memory.max_page_size).unwrap_or(usize::MAX);
        Self {
            shared: hardware.max_shared_memory_size,
            cubes: if is_narrow { 4 } else { 256 },
            numbers: page / size_of::<f32>(),
            bindings: hardware.max_bindings as usize,
            units: hardware.max_units_per_cube as usize,
            launch: hardware.max_cube_count.0 as usize,
        }
    }

    /// Checks whether the network and a batch of `rows` rows fit the device.
    ///
    /// # Errors
    /// What the device has too little of.
    pub(super) fn check(
        &self,
        form: &Form,
        layers: &[Layer],
        (rows, layout): (usize, &Layout),
    ) -> Result<(), EngineError> {
        let len = layers.last().map_or(0, Layer::end);
        // Both moments together, or the batch with one row's activations.
        let buffer = (2 * len).max(upload(form, rows, layout) + of_a_row(form));
        for (what, needed, has) in [
            ("buffers in a kernel", BINDINGS, self.bindings),
            ("units in a cube", UNITS, self.units),
            ("bytes that a cube shares", SHARED, self.shared),
            ("cubes in a launch", layers.iter().map(|l| tiles(l, FEW)).sum(), self.launch),
            ("numbers in a buffer", buffer, self.numbers),
        ] {
            if needed > has {
                return Err(EngineError::SmallGpu { what, needed, has });
            }
        }
        Ok(())
    }
}

/// Numbers of the upload of a batch of `rows` rows.
fn upload(form: &Form, rows: usize, layout: &Layout) -> usize {
    rows * (stride(form.inputs()) + layout.numbers()) + RULE
}

/// Numbers that a row takes in the forward and backward pass.
fn of_a_row(form: &Form) -> usize {
    (2 * form.depth + 1) * stride(form.width) + stride(form.outputs)
}

/// The most rows whose gradients are not made in slices: the slices' sum would be one more launch.
const SINGLE_ROWS: usize = 128;

/// The least rows of a slice.
const LEAST_ROWS: usize = 32;

/// The most numbers of an optimizer that change from step to step.
pub(super) const RULE: usize = 3;

/// The most columns that a unit of the kernel for narrow networks makes.
const MOST_COLUMNS: usize = 4;

/// Numbers that a unit makes along each side of a matrix where there is little work to share out.
const FEW: usize = 2;

/// Numbers that a unit makes along each side of a matrix where there is much.
const MANY: usize = 4;

/// Plan of a batch: places in the buffer, counted in numbers, and sizes of launches.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    pub(super) rows: usize,
    /// Parts that the batch asks for.
    pub(super) parts: usize,
    /// Rows that go through at once.
    pub(super) part_rows: usize,
    /// Layout of the batch's heads.
    pub(super) layout: Layout,
    /// Place of the input, `[rows, stride of the input]`. The upload begins here and holds the next two too.
    pub(super) input: usize,
    /// Place of the heads' numbers: for a single head the targets `[rows, outputs]`, then the rows' weights
    /// `[rows]`.
    pub(super) target: usize,
    /// Place of what changes in the optimizer from step to step; the upload ends with it.
    pub(super) rule: usize,
    /// Place of each hidden layer's output, `[part rows, stride]`.
    pub(super) hidden: Vec<usize>,
    /// Place of each hidden layer's `act'(z)`, and later of the loss's gradient by z.
    pub(super) slopes: Vec<usize>,
    /// Place of the network's output, and later of the loss's gradient by it.
    pub(super) output: usize,
    /// Place of the loss's gradient by a hidden layer's output.
    pub(super) gradient: usize,
    /// Length of the buffer.
    pub(super) len: usize,
    /// Slices of the rows; each sums its own gradients.
    pub(super) slices: usize,
    pub(super) slice_rows: usize,
    /// Numbers that a unit of the gradients' kernel makes along each side.
    pub(super) block: usize,
    /// Number of tiles of all layers' gradients.
    pub(super) tiles: usize,
    /// The table that the gradients' kernel reads.
    pub(super) table: Vec<u32>,
    /// The table that the kernel of the heads' losses reads; empty for a single head.
    pub(super) heads: Vec<u32>,
    /// Rows of a cube that makes losses.
    pub(super) loss_rows: usize,
    /// Shape of the kernel for narrow networks, where it can take this one.
    pub(super) pass: Option<Shape>,
}

impl Plan {
    pub(super) fn new(
        form: &Form,
        layers: &[Layer],
        (rows, parts): (usize, usize),
        layout: Layout,
        hardware: Hardware,
    ) -> Self {
        let width = stride(form.width);
        let room = hardware.numbers.saturating_sub(upload(form, rows, &layout)).min(MOST);
        let part_rows = rows.div_ceil(parts.max(1)).min((room / of_a_row(form)).max(1));
        let mut len = 0;
        let mut place = |count: usize| {
            let first = len;
            len += count;
            first
        };
        let input = place(rows * stride(form.inputs()));
        let (target, rule) = (place(rows * layout.numbers()), place(RULE));
        let mut all = |_| place(part_rows * width);
        let hidden: Vec<_> = (0..form.depth).map(&mut all).collect();
        let slopes: Vec<_> = (0..form.depth).map(&mut all).collect();
        let gradient = all(0);
        let output = place(part_rows * stride(form.outputs));

        let most_slices = part_rows.div_ceil(LEAST_ROWS);
        let tiles = |block: usize| -> usize { layers.iter().map(|l| tiles(l, block)).sum() };
        let block = if tiles(MANY) * most_slices < hardware.cubes { FEW } else { MANY };
        let slices =
            if part_rows <= SINGLE_ROWS { 1 } else { hardware.cubes.div_ceil(tiles(block)) };
        let len_of_all = layers.last().map_or(1, Layer::end);
        let slices = slices.min(most_slices).min((hardware.numbers / len_of_all).max(1));
        let slice_rows = part_rows.div_ceil(slices).next_multiple_of(SIDE);
        let mut plan = Self {
            rows,
            parts,
            part_rows,
            pass: match &layout {
                Layout::Single { .. } => pass(form, part_rows, hardware),
                Layout::Heads(_) => None,
            },
            heads: layout.table(target, rows),
            layout,
            input,
            target,
            rule,
            hidden,
            slopes,
            output,
            gradient,
            len,
            slices: part_rows.div_ceil(slice_rows),
            slice_rows,
            block,
            tiles: tiles(block),
            table: Vec::new(),
            loss_rows: LOSS_ROWS,
        };
        plan.loss_rows = plan.pass.map_or(LOSS_ROWS, |shape| shape.rows);
        plan.table = plan.table(form, layers);
        plan
    }

    /// Rows of each part, in order: the first row, and their number.
    pub(super) fn cut(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (rows, size) = (self.rows, self.part_rows);
        (0..rows).step_by(size).map(move |first| (first, size.min(rows - first)))
    }

    /// Cubes that make the losses of a part.
    pub(super) fn loss_cubes(&self) -> usize {
        self.part_rows.div_ceil(self.loss_rows)
    }

    /// Cubes that make sums of the gradients' squares.
    pub(super) fn squares(&self, len: usize) -> usize {
        if self.slices == 1 { self.tiles } else { cubes(len) }
    }

    /// Place of the sums of losses, which come after those of squares.
    pub(super) fn first_loss(&self) -> usize {
        self.tiles.max(MOST_CUBES)
    }

    fn table(&self, form: &Form, layers: &[Layer]) -> Vec<u32> {
        let mut table = Vec::with_capacity(layers.len() * COLUMNS);
        let mut tile = 0;
        for (i, layer) in layers.iter().enumerate() {
            let (input, input_stride) = match i {
                0 => (self.input, stride(form.inputs())),
                _ => (self.hidden[i - 1], stride(form.width)),
            };
            let delta = self.slopes.get(i).copied().unwrap_or(self.output);
            let entry = [
                tile,
                layer.inputs + 1,
                layer.outputs,
                input,
                input_stride,
                delta,
                layer.width,
                layer.first,
                layer.width,
            ];
            table.extend(entry.map(|number| number as u32));
            tile += tiles(layer, self.block);
        }
        table
    }
}

/// Shape of the kernel for narrow networks for `rows` rows; none where the network is too wide for it.
fn pass(form: &Form, rows: usize, hardware: Hardware) -> Option<Shape> {
    let shape = |own_rows: usize| Shape {
        rows: GROUPS * own_rows,
        columns: form.width.max(form.outputs).div_ceil(LANES),
        widest: form.inputs().max(form.width).max(form.outputs),
        outputs: form.outputs,
        activation: form.activation,
        residual: form.residual,
        huber: false,
    };
    let fits = |shape: &Shape| {
        let numbers = (shape.widest + shape.outputs) * shape.rows;
        shape.columns <= MOST_COLUMNS && numbers * size_of::<f32>() <= hardware.shared
    };
    // More rows a cube mean fewer loads of weights; fewer rows mean more cubes.
    let many = [8, 4].map(shape).into_iter();
    let many = many.filter(|shape| rows.div_ceil(shape.rows) >= hardware.cubes);
    many.chain([shape(2)]).find(fits)
}

/// Cubes of a pass over `len` parameters.
pub(super) fn cubes(len: usize) -> usize {
    len.div_ceil(UNITS).min(MOST_CUBES)
}

/// Number of tiles of a layer's gradients, the bias's row included.
fn tiles(layer: &Layer, block: usize) -> usize {
    (layer.inputs + 1).div_ceil(SIDE * block) * layer.outputs.div_ceil(SIDE * block)
}

/// Numbers that a unit makes along each side of a matrix of `rows` and `columns`.
pub(super) fn block(rows: usize, columns: usize, hardware: Hardware) -> usize {
    let tiles = rows.div_ceil(SIDE * MANY) * columns.div_ceil(SIDE * MANY);
    if 2 * tiles < hardware.cubes { FEW } else { MANY }
}

#[cfg(test)]
mod tests {
    use langevin_core::Activation;

    use super::*;
    use crate::problem::{HeadForm, HeadKind};

    const LARGE: Hardware = Hardware {
        shared: 48 << 10,
        cubes: 256,
        numbers: 1 << 29,
        bindings: 15,
        units: 1024,
        launch: 65_535,
    };

    fn form() -> Form {
        Form {
            features: 2,
            outputs: 2,
            extra_features: 1,
            width: 256,
            depth: 2,
            activation: Activation::Relu,
            residual: false,
            frequencies: Vec::new(),
            fades: false,
        }
    }

    #[test]
    fn what_a_device_lacks_is_named() {
        let (form, layers) = (form(), form().layers(stride));
        let single = Layout::Single { columns: form.outputs };
        assert_eq!(LARGE.check(&form, &layers, (65_536, &single)), Ok(()));
        // Classes with offsets: what they upload counts.
        let head = HeadForm { kind: HeadKind::CrossEntropy, columns: 1000, by_cell: true };
        let classes = Layout::of_form(&[head]);
        let small = Hardware { numbers: 1 << 24, ..LARGE };
        assert_eq!(small.check(&form, &layers, (65_536, &single)), Ok(()));
        let why = small.check(&form, &layers, (65_536, &classes)).expect_err("too small");
        assert!(why.to_string().contains("numbers in a buffer"), "{why}");
        for (lacks, hardware) in [
            ("8 buffers in a kernel", Hardware { bindings: 7, ..LARGE }),
            ("256 units in a cube", Hardware { units: 128, ..LARGE }),
            ("9344 bytes that a cube shares", Hardware { shared: 8192, ..LARGE }),
            ("89 cubes in a launch", Hardware { launch: 88, ..LARGE }),
            ("numbers in a buffer", Hardware { numbers: 1 << 20, ..LARGE }),
        ] {
            let why = hardware.check(&form, &layers, (65_536, &single)).expect_err("too small");
            let why = why.to_string();
            assert!(why.contains(lacks), "{why}");
        }
    }

    #[test]
    fn a_batch_and_its_activations_fit_one_buffer() {
        let (form, layers) = (form(), form().layers(stride));
        for rows in [1, 1000, 65_536, 1 << 20] {
            let hardware = Hardware { numbers: 1 << 25, ..LARGE };
            let single = Layout::Single { columns: form.outputs };
            assert_eq!(hardware.check(&form, &layers, (rows, &single)), Ok(()));
            let layout = Layout::Single { columns: 2 };
            let plan = Plan::new(&form, &layers, (rows, 1), layout, hardware);
            assert!(plan.len <= 1 << 25, "{rows} rows take {}", plan.len);
            assert_eq!(plan.cut().map(|(_, count)| count).sum::<usize>(), rows);
        }
    }
}
