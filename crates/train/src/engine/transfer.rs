//! Transfers between host and device: one upload a step, one read a log line, and no others.

use burn::tensor::{Device, Tensor, TensorData};
#[cfg(feature = "gpu")]
use cubecl::{bytes::Bytes, client::Client, server::Handle};

use crate::{
    TrainError,
    problem::{Columns, StepBatch},
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
    /// `[rows, features]`.
    pub(crate) target: Tensor<2>,
    /// `[rows]`; `None` where every row has weight 1.
    pub(crate) weight: Option<Tensor<1>>,
}

/// Uploads a batch to a device in one transfer, all its arrays side by side.
pub(crate) fn upload(batch: &StepBatch, device: &Device) -> BatchOnDevice {
    let rows = batch.rows;
    let mut packed = Packed::default();
    let mut pack = |columns: &Columns| (packed.add(&columns.values), columns.columns);
    let (input, target) = (pack(&batch.input), pack(&batch.target));
    let level_features = batch.level_features.as_ref().map(&mut pack);
    let condition = batch.condition.as_ref().map(&mut pack);
    let weighted = batch.weight.iter().any(|weight| *weight != 1.0);
    let weight = weighted.then(|| packed.add(&batch.weight));
    let packed = packed.upload(device);
    let values = |first: usize, count: usize| packed.clone().slice(first..first + count);
    let matrix = |(first, columns): (usize, usize)| -> Tensor<2> {
        values(first, rows * columns).reshape([rows, columns])
    };
    BatchOnDevice {
        input: matrix(input),
        level_features: level_features.map(matrix),
        condition: condition.map(matrix),
        target: matrix(target),
        weight: weight.map(|first| values(first, rows)),
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

    fn upload(self, device: &Device) -> Tensor<1> {
        #[cfg(test)]
        tests::UPLOADS.set(tests::UPLOADS.get() + 1);
        let count = self.0.len();
        Tensor::from_data(TensorData::new(self.0, [count]), device)
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

    use langevin_core::LossReduction;

    use super::*;
    use crate::{config::parse_config, problem::Problem, run::built_in, trainer::Trainer};

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
        match Device::wgpu_options().init_with_setup() {
            Ok((device, _)) => hold_to_one_upload_and_reads_at_log_lines("direct", &device),
            Err(error) if std::env::var_os("LANGEVIN_REQUIRE_WGPU").is_none() => {
                println!("SKIPPED: {error}");
            }
            Err(error) => panic!("no wgpu adapter: {error}"),
        }
    }

    #[test]
    fn the_engine_meets_the_device_nowhere_else() {
        for source in [
            include_str!("choice.rs"),
            include_str!("step.rs"),
            include_str!("tape.rs"),
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
        let batch = StepBatch {
            network: 0,
            rows: 3,
            parts: 1,
            input: columns(2, 0.0),
            level_features: Some(columns(65, 100.0)),
            condition: Some(columns(1, 1000.0)),
            target: columns(2, 2000.0),
            weight: vec![0.5, 1.0, 2.0],
            reduction: LossReduction::Mean,
        };
        let values = |tensor: Tensor<2>| -> Vec<f32> { tensor.into_data().iter::<f32>().collect() };
        let device = Device::flex();
        let there = upload(&batch, &device);
        assert_eq!(there.input.dims(), [3, 2]);
        assert_eq!(values(there.input), batch.input.values);
        assert_eq!(values(there.target), batch.target.values);
        let (level, condition) = (batch.level_features.clone(), batch.condition.clone());
        assert_eq!(there.level_features.map(values), level.map(|columns| columns.values));
        assert_eq!(there.condition.map(values), condition.map(|columns| columns.values));
        assert_eq!(there.weight.map(|w| values(w.reshape([3, 1]))), Some(batch.weight.clone()));
        let even = StepBatch { weight: vec![1.0; 3], condition: None, ..batch };
        let there = upload(&even, &device);
        assert!(there.weight.is_none() && there.condition.is_none());
    }
}
