//! Transfers between host and device: one upload a step, one read a log line, and no others.

use burn::tensor::{Int, Tensor, TensorCreationOptions, TensorData};
#[cfg(feature = "gpu")]
use cubecl::{bytes::Bytes, client::Client, server::Handle};

use crate::{
    TrainError,
    problem::{Columns, Head, HeadLoss, StepBatch},
};

/// Alignment of an upload's arrays, in numbers: 256 bytes, the coarsest alignment of a buffer that
/// WebGPU allows a device. An array that begins and ends at a multiple of it is used where it lies; any
/// other is copied.
const ALIGNMENT: usize = 64;

/// A batch on a device.
pub(crate) struct BatchOnDevice {
    /// `[rows, features]`.
    pub(crate) input: Tensor<2>,
    /// `[rows, level features]`.
    pub(crate) level_features: Option<Tensor<2>>,
    /// `[rows, condition features]`.
    pub(crate) condition: Option<Tensor<2>>,
    pub(crate) heads: Vec<HeadOnDevice>,
}

/// A head of a batch on a device.
pub(crate) struct HeadOnDevice {
    pub(crate) loss: LossOnDevice,
    /// `[rows]`; `None` where every row has weight 1.
    pub(crate) weight: Option<Tensor<1>>,
    /// `[rows, cells]`; `None` where every cell counts once.
    pub(crate) cell_weight: Option<Tensor<2>>,
}

/// Loss of a head's cells on a device.
#[expect(clippy::large_enum_variant, reason = "a step has few of them")]
pub(crate) enum LossOnDevice {
    /// Squared errors from the targets `[rows, columns]`.
    Squared(Tensor<2>),
    /// Cross-entropy of a row's class.
    CrossEntropy {
        /// Number of classes.
        count: usize,
        /// `[rows, 1]`.
        classes: Tensor<2, Int>,
        /// `[rows, count]`; `None` where there are none.
        offsets: Option<Tensor<2>>,
    },
}

impl LossOnDevice {
    /// Number of output columns.
    pub(crate) fn columns(&self) -> usize {
        match self {
            Self::Squared(target) => target.dims()[1],
            Self::CrossEntropy { count, .. } => *count,
        }
    }
}

/// Uploads a batch to a device, or to a device and a type of its numbers, in one transfer, all its arrays side by
/// side.
pub(crate) fn upload(batch: &StepBatch, to: impl Into<TensorCreationOptions>) -> BatchOnDevice {
    let rows = batch.rows;
    let mut packed = Packed::default();
    let mut pack = |columns: &Columns| (packed.add(&columns.values), columns.columns);
    let input = pack(&batch.input);
    let level_features = batch.level_features.as_ref().map(&mut pack);
    let condition = batch.condition.as_ref().map(&mut pack);
    let heads: Vec<_> =
        batch.heads.iter().map(|head| HeadPlaces::pack(head, &mut packed)).collect();
    let packed = packed.upload(to);
    let values = |first: usize, count: usize| packed.clone().slice(first..first + count);
    let matrix = |(first, columns): (usize, usize)| -> Tensor<2> {
        values(first, rows * columns).reshape([rows, columns])
    };
    let head = |(head, places): (&Head, HeadPlaces)| HeadOnDevice {
        loss: match &head.loss {
            HeadLoss::Squared(target) => {
                LossOnDevice::Squared(matrix((places.compared, target.columns)))
            }
            HeadLoss::CrossEntropy(classes) => LossOnDevice::CrossEntropy {
                count: classes.count(),
                classes: matrix((places.compared, 1)).int(),
                offsets: places.offsets.map(|first| matrix((first, classes.count()))),
            },
        },
        weight: places.weight.map(|first| values(first, rows)),
        cell_weight: places.cell_weight.map(|first| matrix((first, head.cells()))),
    };
    BatchOnDevice {
        input: matrix(input),
        level_features: level_features.map(matrix),
        condition: condition.map(matrix),
        heads: batch.heads.iter().zip(heads).map(head).collect(),
    }
}

/// Places of a head's arrays among those packed.
struct HeadPlaces {
    /// The targets, or the classes.
    compared: usize,
    offsets: Option<usize>,
    weight: Option<usize>,
    cell_weight: Option<usize>,
}

impl HeadPlaces {
    fn pack(head: &Head, packed: &mut Packed) -> Self {
        let (compared, offsets) = match &head.loss {
            HeadLoss::Squared(target) => (packed.add(&target.values), None),
            HeadLoss::CrossEntropy(classes) => {
                let numbers: Vec<f32> =
                    classes.of_rows().iter().map(|class| *class as f32).collect();
                (packed.add(&numbers), classes.offsets().map(|offsets| packed.add(offsets)))
            }
        };
        let weighted = head.weight.iter().any(|weight| *weight != 1.0);
        Self {
            compared,
            offsets,
            weight: weighted.then(|| packed.add(&head.weight)),
            cell_weight: head.cell_weight.as_ref().map(|weight| packed.add(&weight.values)),
        }
    }
}

/// Arrays packed one after the other.
#[derive(Default)]
struct Packed(Vec<f32>);

impl Packed {
    /// Adds an array and returns the place of its first number.
    fn add(&mut self, values: &[f32]) -> usize {
        let first = self.0.len();
        self.0.extend_from_slice(values);
        self.0.resize(self.0.len().next_multiple_of(ALIGNMENT), 0.0);
        first
    }

    fn upload(self, to: impl Into<TensorCreationOptions>) -> Tensor<1> {
        #[cfg(test)]
        tests::UPLOADS.set(tests::UPLOADS.get() + 1);
        let count = self.0.len();
        Tensor::from_data(TensorData::new(self.0, [count]), to)
    }
}

/// Reads a tensor to the host, after all earlier work of the device.
pub(crate) fn read(tensor: Tensor<1>) -> Result<Vec<f64>, TrainError> {
    #[cfg(test)]
    tests::READS.set(tests::READS.get() + 1);
    let data = tensor.try_into_data().map_err(TrainError::device)?;
    Ok(data.iter::<f32>().map(f64::from).collect())
}

/// Writes numbers to the start of a buffer in one transfer.
#[cfg(feature = "gpu")]
pub(crate) fn write_buffer(client: &Client, buffer: &Handle, values: Vec<f32>) {
    #[cfg(test)]
    tests::UPLOADS.set(tests::UPLOADS.get() + 1);
    client.write(buffer, Bytes::from_elems(values));
}

/// Reads several buffers to the host in one transfer, after all earlier work of the device.
#[cfg(feature = "gpu")]
pub(crate) fn read_buffers(
    client: &Client,
    buffers: Vec<Handle>,
) -> Result<Vec<Vec<f32>>, TrainError> {
    #[cfg(test)]
    tests::READS.set(tests::READS.get() + 1);
    let read = client.read(buffers).map_err(TrainError::device)?;
    let numbers = |bytes: &Bytes| -> Vec<f32> {
        bytes.as_chunks::<4>().0.iter().map(|number| f32::from_ne_bytes(*number)).collect()
    };
    Ok(read.iter().map(numbers).collect())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use burn::tensor::Device;
    use langevin_core::LossReduction;

    use super::*;
    use crate::{
        config::parse_config,
        problem::{Classes, Problem},
        run::built_in,
        trainer::Trainer,
    };

    thread_local! {
        pub(super) static UPLOADS: Cell<usize> = const { Cell::new(0) };
        pub(super) static READS: Cell<usize> = const { Cell::new(0) };
    }

    /// Uploads and reads since the last call.
    fn transfers() -> (usize, usize) {
        (UPLOADS.take(), READS.take())
    }

    /// Makes nine steps and counts what each transfers.
    fn hold_to_one_upload_and_reads_at_log_lines(engine: &str, device: &Device) {
        let text = include_str!("../../../../configs/default.json");
        let settings = [
            &format!("train.engine={engine}"),
            "train.log_every=4",
            "train.validate_every=0",
            r#"train.weighting={"kind":"min_snr","gamma":5}"#,
        ];
        let config = parse_config("default", text, &settings.map(str::to_owned)).expect("valid");
        let problem = Problem::new(config).expect("valid");
        let (network, data) = built_in(&problem, device).expect("valid");
        let mut trainer = Trainer::new(problem, network, data, device).expect("valid");
        assert_eq!(trainer.engine(), engine);
        transfers();
        for step in 1..=9 {
            trainer.step().expect("a step");
            assert_eq!(transfers(), (1, usize::from(step % 4 == 0)), "step {step}");
        }
    }

    #[test]
    fn a_step_of_the_tape_uploads_once_and_reads_at_log_lines_alone() {
        hold_to_one_upload_and_reads_at_log_lines("tape", &Device::flex());
    }

    #[cfg(feature = "gpu")]
    #[test]
    fn a_direct_step_on_a_gpu_uploads_once_and_reads_at_log_lines_alone() {
        if let Some(device) = crate::engine::tests::gpu() {
            hold_to_one_upload_and_reads_at_log_lines("direct", &device);
        }
    }

    #[test]
    fn the_engine_meets_the_device_nowhere_else() {
        for source in [
            include_str!("choice.rs"),
            include_str!("step.rs"),
            include_str!("tape.rs"),
            include_str!("tape_losses.rs"),
            include_str!("../trainer/mod.rs"),
        ] {
            for call in ["from_data", "from_floats", "into_data", "into_scalar", "to_data"] {
                assert!(!source.contains(call), "{call}: use `upload` or `read`");
            }
        }
    }

    #[test]
    fn every_array_of_a_batch_arrives_as_it_was() {
        let columns = |columns: usize, from: f32| Columns {
            columns,
            values: (0..3 * columns).map(|i| from + i as f32).collect(),
        };
        let classes = Classes::new(3, vec![2, 0, 1]).expect("valid");
        let offsets: Vec<f64> = (0..9).map(|i| -f64::from(i % 3)).collect();
        let classes = classes.with_offsets(&offsets).expect("finite");
        let batch = StepBatch {
            network: 0,
            rows: 3,
            parts: 1,
            input: columns(2, 0.0),
            level_features: Some(columns(65, 100.0)),
            condition: Some(columns(1, 1000.0)),
            heads: vec![
                Head {
                    loss: HeadLoss::Squared(columns(2, 2000.0)),
                    weight: vec![0.5, 1.0, 2.0],
                    cell_weight: Some(columns(2, 3000.0)),
                },
                Head {
                    loss: HeadLoss::CrossEntropy(classes),
                    weight: vec![3.0, 4.0, 5.0],
                    cell_weight: Some(columns(1, 4000.0)),
                },
            ],
            reduction: LossReduction::Mean,
        };
        let values = |tensor: Tensor<2>| -> Vec<f32> { tensor.into_data().iter::<f32>().collect() };
        let device = Device::flex();
        transfers();
        let there = upload(&batch, &device);
        assert_eq!(transfers(), (1, 0));
        assert_eq!(there.input.dims(), [3, 2]);
        assert_eq!(values(there.input), batch.input.values);
        let (level, condition) = (batch.level_features.clone(), batch.condition.clone());
        assert_eq!(there.level_features.map(values), level.map(|columns| columns.values));
        assert_eq!(there.condition.map(values), condition.map(|columns| columns.values));
        for (head, there) in batch.heads.iter().zip(there.heads) {
            assert_eq!(there.weight.map(|w| values(w.reshape([3, 1]))), Some(head.weight.clone()));
            let cell_weight = head.cell_weight.clone().map(|weight| weight.values);
            assert_eq!(there.cell_weight.map(values), cell_weight);
            match (&head.loss, there.loss) {
                (HeadLoss::Squared(target), LossOnDevice::Squared(there)) => {
                    assert_eq!(values(there), target.values);
                }
                (
                    HeadLoss::CrossEntropy(own),
                    LossOnDevice::CrossEntropy { count, classes, offsets },
                ) => {
                    let classes: Vec<u32> = classes.into_data().iter::<u32>().collect();
                    assert_eq!((count, &classes[..]), (3, own.of_rows()));
                    assert_eq!(offsets.map(values).as_deref(), own.offsets());
                }
                _ => panic!("another loss"),
            }
        }
        let mut even = StepBatch { condition: None, ..batch };
        even.heads[0].weight = vec![1.0; 3];
        even.heads[0].cell_weight = None;
        let there = upload(&even, &device);
        let head = &there.heads[0];
        assert!(head.weight.is_none() && head.cell_weight.is_none() && there.condition.is_none());
    }
}
