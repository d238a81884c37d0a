//! A run's weights in one file for other programs: safetensors, or NumPy's npz.

use std::{
    io::{Cursor, Write},
    path::Path,
};

use npyz::WriterBuilder;
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::{
    TrainError,
    config::KeepConfig,
    engine::{TensorMap, Values},
    store::{checkpoint::Checkpoints, durable::write_new},
};

/// The form of exported weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeightsFormat {
    /// Safetensors, as checkpoints hold.
    Safetensors,
    /// NumPy's archive, with each array by its name.
    Npz,
}

/// Writes the weights that samples are drawn with to a new file, and returns their step and the number
/// of arrays. `damaged` hears of checkpoints that are passed over.
///
/// # Errors
/// No sound checkpoint; a file that exists already, or cannot be written.
pub fn export_weights(
    run: &Path,
    keep: KeepConfig,
    path: &Path,
    format: WeightsFormat,
    damaged: &mut dyn FnMut(String),
) -> Result<(u64, usize), TrainError> {
    let checkpoint = Checkpoints::new(run).for_sampling(keep, damaged)?;
    let step = checkpoint.progress.step;
    let weights = checkpoint.sampling_weights();
    let bytes = match format {
        WeightsFormat::Safetensors => {
            weights.to_safetensors().map_err(|why| TrainError::SaveArrays(why.into()))?
        }
        WeightsFormat::Npz => {
            npz(&weights).map_err(|source| TrainError::io("cannot write", path, source))?
        }
    };
    write_new(path, &bytes)?;
    Ok((step, weights.0.len()))
}

fn npz(weights: &TensorMap) -> std::io::Result<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, array) in &weights.0 {
        let shape: Vec<u64> = array.shape.iter().map(|size| *size as u64).collect();
        let options = npyz::WriteOptions::new().default_dtype().shape(&shape);
        let mut bytes = Vec::new();
        match &array.values {
            Values::F32(values) => {
                let mut writer = options.writer(&mut bytes).begin_nd()?;
                writer.extend(values.iter().copied())?;
                writer.finish()?;
            }
            Values::I64(values) => {
                let options = npyz::WriteOptions::new().default_dtype().shape(&shape);
                let mut writer = options.writer(&mut bytes).begin_nd()?;
                writer.extend(values.iter().copied())?;
                writer.finish()?;
            }
        }
        // A fixed date, so that equal weights give equal bytes.
        let stored = SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Stored)
            .last_modified_time(zip::DateTime::default());
        archive.start_file(format!("{name}.npy"), stored)?;
        archive.write_all(&bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::engine::Array;

    #[test]
    fn an_archive_holds_every_array_by_its_name_and_repeats() {
        let mut weights = TensorMap::default();
        weights.0.insert(
            "layers.0.weight".into(),
            Array::f32([2, 3], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
        );
        weights.0.insert("step".into(), Array::counter(7));
        let bytes = npz(&weights).expect("written");
        assert_eq!(npz(&weights).expect("written"), bytes);
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect("a zip");
        let mut inner = Vec::new();
        let mut file = archive.by_name("layers.0.weight.npy").expect("there");
        file.read_to_end(&mut inner).expect("read");
        let array = npyz::NpyFile::new(&inner[..]).expect("npy");
        assert_eq!(array.shape(), [2, 3]);
        assert_eq!(array.into_vec::<f32>().expect("floats"), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    }
}
