//! Trajectories of the first samples, in the model's space: trajectory.npy.

use std::path::Path;

use langevin_data::FloatArray;
use npyz::WriterBuilder;

use crate::{
    TrainError,
    config::TRAJECTORY_ROWS,
    store::{durable::write_durably, reading},
};

pub(crate) const TRAJECTORY: &str = "trajectory.npy";
/// Bytes allowed for the array's header, which needs less.
const HEADER_ROOM: u64 = 1 << 14;

/// An array whose shape is not that of the run's trajectory.
#[derive(Debug, thiserror::Error)]
#[error("must hold {levels} levels of {features} features, got {shape:?}")]
struct OtherShape {
    levels: usize,
    features: usize,
    shape: Vec<usize>,
}

/// Writes trajectory.npy, 32-bit floats `[levels, rows, features]`.
pub(crate) fn write_trajectory(
    run: &Path,
    features: usize,
    levels: &[&[f32]],
) -> Result<(), TrainError> {
    let path = run.join(TRAJECTORY);
    let rows = levels.first().map_or(0, |level| level.len()) / features.max(1);
    let bytes = npy([levels.len(), rows, features].map(|n| n as u64), levels)
        .map_err(|source| TrainError::io("cannot write", &path, source))?;
    write_durably(&path, &bytes)
}

fn npy(shape: [u64; 3], levels: &[&[f32]]) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut writer =
        npyz::WriteOptions::new().default_dtype().shape(&shape).writer(&mut bytes).begin_nd()?;
    levels.iter().try_for_each(|level| writer.extend(level.iter().copied()))?;
    writer.finish()?;
    Ok(bytes)
}

/// Reads trajectory.npy: the values of each level, row by row. The list is empty where the file is
/// missing.
///
/// # Errors
/// A file that is no array of `levels` levels and `features` features.
pub(crate) fn read_trajectory(
    run: &Path,
    levels: usize,
    features: usize,
) -> Result<Vec<Vec<f32>>, TrainError> {
    let path = run.join(TRAJECTORY);
    let numbers = [levels, TRAJECTORY_ROWS, features].into_iter().fold(4, usize::saturating_mul);
    let limit = (numbers as u64).saturating_add(HEADER_ROOM);
    let Some(bytes) = reading::read(&path, limit)? else { return Ok(Vec::new()) };
    let array = FloatArray::from_npy(&bytes).map_err(|why| TrainError::figure(TRAJECTORY, why))?;
    if !matches!(array.shape[..], [l, r, f] if l == levels && f == features && l.min(r).min(f) > 0)
    {
        let why = OtherShape { levels, features, shape: array.shape };
        return Err(TrainError::figure(TRAJECTORY, why));
    }
    Ok(array.values.chunks_exact(array.values.len() / levels).map(<[f32]>::to_vec).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_read_back_and_another_shape_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(read_trajectory(folder.path(), 3, 2).expect("none").is_empty());
        let levels = vec![vec![1.0, 2.0, 3.0, 4.0], vec![5.0; 4], vec![0.5; 4]];
        let slices: Vec<_> = levels.iter().map(Vec::as_slice).collect();
        write_trajectory(folder.path(), 2, &slices).expect("written");
        assert_eq!(read_trajectory(folder.path(), 3, 2).expect("ours"), levels);
        let message = read_trajectory(folder.path(), 4, 2).expect_err("another").to_string();
        assert!(read_trajectory(folder.path(), 0, 2).is_err());
        assert!(message.ends_with("must hold 4 levels of 2 features, got [3, 2, 2]"), "{message}");
        std::fs::write(folder.path().join(TRAJECTORY), b"not an array").expect("written");
        assert!(read_trajectory(folder.path(), 3, 2).is_err());
    }
}
