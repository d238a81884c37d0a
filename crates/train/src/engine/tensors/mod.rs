//! Named arrays of a module's parameters, and their safetensors files, whose bytes are the same for
//! equal weights.
//!
//! Names are the parameters' paths (`layers.0.weight`). The weights of linear layers are `[out, in]`, as
//! in PyTorch.

mod layout;
mod module;
mod names;
mod values;

use std::{borrow::Cow, cmp::Reverse, collections::BTreeMap};

use rayon::prelude::*;
use safetensors::{
    Dtype, SafeTensorError, SafeTensors,
    tensor::{Metadata, TensorInfo},
};

pub(crate) use layout::Layout;
pub(crate) use names::Path;
pub use values::{TypedBytes, Values};

/// Number of values that a thread checks at once.
const CHUNK: usize = 1 << 16;

/// The most bytes of a file's header. An array takes a hundred, and a run of a thousand networks has
/// some ten thousand arrays.
const HEADER_LIMIT: u64 = 16 << 20;

/// Arrays that do not fit what they are meant for, or a file that does not hold any.
#[derive(Debug, thiserror::Error)]
pub enum ArrayError {
    /// An array that is not there.
    #[error("{0} is missing")]
    Missing(String),
    /// An array of another shape than the network's.
    #[error("{name} has shape {shape:?}, not {expected:?}")]
    Shape {
        /// The array.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
        /// The network's.
        expected: Vec<usize>,
    },
    /// An array whose numbers are of another type than the network's.
    #[error("{0} holds numbers of another type")]
    NumberType(String),
    /// An array that the network does not have.
    #[error("{0} is not part of the network")]
    NotOfNetwork(String),
    /// An array that none of a run's networks has.
    #[error("{name} is not part of the {count} networks")]
    NotOfNetworks {
        /// The array.
        name: String,
        /// The number of networks.
        count: usize,
    },
    /// Frequencies of the position that differ among the networks of a run, which share them.
    #[error("{0} differ among the networks, or from those of their averages")]
    OwnFrequencies(String),
    /// An average that is kept and was not saved.
    #[error("the average {0:?} is missing")]
    NoAverage(String),
    /// A saved average that is not kept.
    #[error("the average {0:?} is not kept here")]
    OtherAverage(String),
    /// Frequencies of the position that another seed drew.
    #[error("{0} are not those of this run's seed")]
    OtherSeed(String),
    /// An array of the optimizer's state whose shape is not the parameter's.
    #[error("{name} has shape {shape:?}")]
    StateShape {
        /// The array.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// A parameter whose optimizer state lacks an array.
    #[error("the optimizer state of {0} is incomplete")]
    IncompleteState(String),
    /// An array that another optimizer keeps.
    #[error("{0} is the state of another optimizer")]
    OtherOptimizer(String),
    /// An array of the optimizer's state without a parameter.
    #[error("{0} belongs to no parameter of this network and optimizer")]
    NoParameter(String),
    /// Parameters of one network whose counters of steps differ.
    #[error("the parameters of a network have made different steps")]
    DifferentSteps,
    /// A file with a header longer than is read.
    #[error("its header has {0} bytes, and at most {HEADER_LIMIT} are read")]
    LongHeader(u64),
    /// A file whose numbers are of a type that is not read.
    #[error("{name} has type {dtype:?}, which no parameter has")]
    UnknownType {
        /// The array.
        name: String,
        /// The type.
        dtype: Dtype,
    },
    /// A file with a number that is not finite.
    #[error("{name} holds {value}")]
    NotFinite {
        /// The array.
        name: String,
        /// The number.
        value: f64,
    },
    /// An array of booleans with a byte other than 0 and 1.
    #[error("{0} holds a boolean that is neither 0 nor 1")]
    NoBool(String),
    /// A map that safetensors refuses to write or to read.
    #[error(transparent)]
    Safetensors(#[from] SafeTensorError),
    /// A header that cannot be written.
    #[error(transparent)]
    Header(#[from] serde_json::Error),
}

/// Named arrays, in the order of their names.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TensorMap(pub BTreeMap<String, Array>);

/// One array.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its numbers, row by row.
    pub values: Values,
}

impl Array {
    /// An array of 32-bit floats.
    pub fn f32(shape: impl Into<Vec<usize>>, values: Vec<f32>) -> Self {
        Self { shape: shape.into(), values: Values::F32(values) }
    }

    /// A counter, of shape `[]`.
    pub fn counter(value: i64) -> Self {
        Self { shape: Vec::new(), values: Values::I64(vec![value]) }
    }

    /// Transposes a matrix; other arrays stay as they are.
    pub(crate) fn transposed(self) -> Self {
        let &[rows, columns] = &self.shape[..] else { return self };
        Self { shape: vec![columns, rows], values: self.values.transposed(rows, columns) }
    }
}

impl TensorMap {
    /// Checks that both maps hold the same names, shapes and types of numbers.
    ///
    /// # Errors
    /// The first difference.
    pub fn same_architecture(&self, expected: &Self) -> Result<(), ArrayError> {
        for (name, array) in &expected.0 {
            let named = || name.clone();
            match self.0.get(name) {
                None => return Err(ArrayError::Missing(named())),
                Some(own) if own.shape != array.shape => {
                    let (shape, expected) = (own.shape.clone(), array.shape.clone());
                    return Err(ArrayError::Shape { name: named(), shape, expected });
                }
                Some(own) if own.values.dtype() != array.values.dtype() => {
                    return Err(ArrayError::NumberType(named()));
                }
                Some(_) => {}
            }
        }
        match self.0.keys().find(|name| !expected.0.contains_key(*name)) {
            Some(name) => Err(ArrayError::NotOfNetwork(name.clone())),
            None => Ok(()),
        }
    }

    /// Bytes of the safetensors file, without metadata, so that equal arrays give equal bytes.
    ///
    /// # Errors
    /// A map that safetensors refuses to write or to read.
    pub fn to_safetensors(&self) -> Result<Vec<u8>, ArrayError> {
        Ok(self.parts_of_safetensors()?.concat())
    }

    /// Parts of the safetensors file, one after the other: the header, then the bytes of each array,
    /// which are not copied.
    ///
    /// # Errors
    /// A map that safetensors refuses to write or to read.
    pub(crate) fn parts_of_safetensors(&self) -> Result<Vec<Cow<'_, [u8]>>, ArrayError> {
        let (mut infos, mut parts, mut end) = (Vec::new(), vec![Cow::default()], 0);
        // The widest numbers come first: readers want numbers of eight bytes at multiples of eight.
        let mut arrays: Vec<_> = self.0.iter().collect();
        arrays.sort_by_key(|(_, array)| Reverse(array.values.size()));
        for (name, array) in arrays {
            let (dtype, bytes) = (array.values.dtype(), array.values.bytes());
            let data_offsets = (end, end + bytes.len());
            end = data_offsets.1;
            let shape = array.shape.clone();
            infos.push((name.clone(), TensorInfo { dtype, shape, data_offsets }));
            parts.push(bytes);
        }
        let mut header = serde_json::to_vec(&Metadata::new(None, infos)?)?;
        header.resize(header.len().next_multiple_of(8), b' ');
        parts[0] = [&(header.len() as u64).to_le_bytes(), &header[..]].concat().into();
        Ok(parts)
    }

    /// Reads the bytes of a safetensors file; nothing in them is trusted.
    ///
    /// # Errors
    /// What is wrong: not safetensors, another type of number, a value that is not finite.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Self, ArrayError> {
        let header = bytes.first_chunk().map_or(0, |length| u64::from_le_bytes(*length));
        if header > HEADER_LIMIT {
            return Err(ArrayError::LongHeader(header));
        }
        let file = SafeTensors::deserialize(bytes)?;
        let arrays =
            file.iter().map(|(name, view)| Ok((name.to_owned(), Array::from_view(name, &view)?)));
        arrays.collect::<Result<_, _>>().map(Self)
    }

    /// Name of the first array with a number that is not finite, and that number.
    pub(crate) fn not_finite(&self) -> Option<(&str, f64)> {
        self.0.iter().find_map(|(name, array)| match &array.values {
            Values::F32(values) => {
                let chunks = values.par_chunks(CHUNK);
                let bad = chunks.find_map_first(|chunk| chunk.iter().find(|x| !x.is_finite()))?;
                Some((name.as_str(), f64::from(*bad)))
            }
            Values::I64(_) => None,
            other @ Values::Other(_) => Some((name.as_str(), other.not_finite()?)),
        })
    }
}

#[cfg(test)]
mod tests {
    use burn::{nn::LinearConfig, tensor::Device};

    use super::*;

    fn linear() -> burn::nn::Linear {
        LinearConfig::new(3, 2).init(&Device::flex().autodiff())
    }

    #[test]
    fn parameters_survive_the_file_and_back() {
        let module = linear();
        let map = TensorMap::of_module(&module);
        assert_eq!(map.0["weight"].shape, [2, 3], "as PyTorch's");
        let bytes = map.to_safetensors().expect("serializes");
        let read = TensorMap::from_safetensors(&bytes).expect("reads");
        assert_eq!(read, map);
        let restored = read.into_module(linear()).expect("same architecture");
        assert_eq!(TensorMap::of_module(&restored), map);
        assert!(restored.weight.val().is_require_grad(), "still trained after loading");
        let weight = module.weight.val().to_data();
        assert_eq!(restored.weight.val().to_data().as_bytes(), weight.as_bytes());
    }

    #[test]
    fn equal_weights_give_equal_bytes() {
        let map = TensorMap::of_module(&linear());
        let bytes = || map.clone().to_safetensors().expect("serializes");
        assert_eq!(bytes(), bytes());
    }

    #[test]
    fn another_architecture_is_named() {
        let map = TensorMap::of_module(&linear());
        let wider = LinearConfig::new(3, 4).init(&Device::flex());
        let message = map.clone().into_module(wider).expect_err("refused").to_string();
        assert_eq!(message, "bias has shape [2], not [4]");
        let without = LinearConfig::new(3, 2).with_bias(false).init(&Device::flex());
        let message = map.into_module(without).expect_err("refused").to_string();
        assert_eq!(message, "bias is not part of the network");
    }

    #[test]
    fn numbers_of_another_type_are_no_weights() {
        let mut map = TensorMap::of_module(&linear());
        map.0.insert("bias".into(), Array { shape: vec![2], values: Values::I64(vec![1, 2]) });
        let message = map.into_module(linear()).expect_err("refused").to_string();
        assert_eq!(message, "bias holds numbers of another type");
    }

    #[test]
    fn a_header_longer_than_any_is_refused_by_its_length_alone() {
        let mut bytes = (HEADER_LIMIT + 1).to_le_bytes().to_vec();
        bytes.extend(vec![b' '; HEADER_LIMIT as usize + 1]);
        let message = TensorMap::from_safetensors(&bytes).expect_err("refused").to_string();
        assert_eq!(message, "its header has 16777217 bytes, and at most 16777216 are read");
    }

    #[test]
    fn values_that_are_not_finite_are_refused() {
        let mut map = TensorMap::default();
        map.0.insert("w".into(), Array::f32([1], vec![f32::NAN]));
        let bytes = map.to_safetensors().expect("serializes");
        let message = TensorMap::from_safetensors(&bytes).expect_err("refused").to_string();
        assert_eq!(message, "w holds NaN");
    }

    #[test]
    fn cut_files_are_refused() {
        let bytes = TensorMap::of_module(&linear()).to_safetensors().expect("serializes");
        for end in 0..bytes.len() {
            assert!(TensorMap::from_safetensors(&bytes[..end]).is_err(), "cut at {end}");
        }
    }
}
