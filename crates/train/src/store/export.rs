//! A run's weights in one file for other programs: safetensors, or NumPy's npz.

use std::{
    borrow::Cow,
    io::{Cursor, Write},
    path::Path,
};

use npyz::WriterBuilder;
use safetensors::Dtype;
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::{
    TrainError,
    config::KeepConfig,
    engine::{TensorMap, TypedBytes, Values},
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
            Values::Other(other) => bytes = npy(&array.shape, other),
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

/// An array of another type as an NPY file of version 1. NumPy has no bfloat16: those become 32-bit floats,
/// which hold every one exactly.
///
/// Source: NumPy's documentation, "numpy.lib.format".
fn npy(shape: &[usize], numbers: &TypedBytes) -> Vec<u8> {
    let widened = |pair: &[u8; 2]| [0, 0, pair[0], pair[1]];
    let (kind, bytes): (_, Cow<[u8]>) = match numbers.dtype() {
        Dtype::BF16 => {
            ("<f4", numbers.bytes().as_chunks::<2>().0.iter().flat_map(widened).collect())
        }
        Dtype::F64 => ("<f8", numbers.bytes().into()),
        Dtype::F16 => ("<f2", numbers.bytes().into()),
        Dtype::U64 => ("<u8", numbers.bytes().into()),
        Dtype::I32 => ("<i4", numbers.bytes().into()),
        Dtype::U32 => ("<u4", numbers.bytes().into()),
        Dtype::I16 => ("<i2", numbers.bytes().into()),
        Dtype::U16 => ("<u2", numbers.bytes().into()),
        Dtype::I8 => ("|i1", numbers.bytes().into()),
        Dtype::BOOL => ("|b1", numbers.bytes().into()),
        _ => ("|u1", numbers.bytes().into()),
    };
    let sizes: String = shape.iter().map(|size| format!("{size}, ")).collect();
    let mut header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({sizes}), }}");
    // Signature, header and line feed together are a multiple of 64 bytes.
    let len = (PREFIX.len() + 2 + header.len() + 1).next_multiple_of(64) - PREFIX.len() - 2;
    header = format!("{header:<width$}\n", width = len - 1);
    // A header has some hundred bytes: an array has few dimensions.
    let len = u16::try_from(len).unwrap_or(u16::MAX);
    [PREFIX, &len.to_le_bytes(), header.as_bytes(), &bytes].concat()
}

/// Signature and version of an NPY file.
const PREFIX: &[u8] = b"\x93NUMPY\x01\x00";

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

    #[test]
    fn arrays_of_other_types_are_numpys() {
        use burn::tensor::{TensorData, bf16};

        let mut weights = TensorMap::default();
        let brain = [1.5, -3.0e38, 0.125].map(bf16::from_f64).to_vec();
        for (name, data) in [
            ("double", TensorData::new(vec![0.1, -1e300, 7.0, 8.0], [2, 2])),
            ("int", TensorData::new(vec![i32::MIN, 5], [2])),
            ("mask", TensorData::new(vec![true, false], [2, 1])),
            ("brain", TensorData::new(brain.clone(), [3])),
            ("scalar", TensorData::new(vec![2.5], [0; 0])),
        ] {
            weights.0.insert(name.to_owned(), Array::of_data(&data));
        }
        let bytes = npz(&weights).expect("written");
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect("a zip");
        let mut read = |name: &str| {
            let mut inner = Vec::new();
            let mut file = archive.by_name(&format!("{name}.npy")).expect("there");
            file.read_to_end(&mut inner).expect("read");
            let header = 10 + usize::from(u16::from_le_bytes([inner[8], inner[9]]));
            assert_eq!((header % 64, inner[header - 1]), (0, b'\n'), "{name}");
            inner
        };
        let double = read("double");
        let double = npyz::NpyFile::new(&double[..]).expect("npy");
        assert_eq!(double.shape(), [2, 2]);
        assert_eq!(double.into_vec::<f64>().expect("doubles"), [0.1, -1e300, 7.0, 8.0]);
        let int = read("int");
        let int = npyz::NpyFile::new(&int[..]).expect("npy").into_vec::<i32>().expect("integers");
        assert_eq!(int, [i32::MIN, 5]);
        let mask = read("mask");
        let mask = npyz::NpyFile::new(&mask[..]).expect("npy");
        assert_eq!(mask.shape(), [2, 1]);
        assert_eq!(mask.into_vec::<bool>().expect("booleans"), [true, false]);
        let wide = read("brain");
        let wide = npyz::NpyFile::new(&wide[..]).expect("npy").into_vec::<f32>().expect("floats");
        assert!(wide.iter().eq(brain.iter().map(|x| x.to_f32()).collect::<Vec<_>>().iter()));
        let scalar = read("scalar");
        let scalar = npyz::NpyFile::new(&scalar[..]).expect("npy");
        assert_eq!((scalar.shape().len(), scalar.into_vec::<f64>().expect("one")), (0, vec![2.5]));
    }
}
