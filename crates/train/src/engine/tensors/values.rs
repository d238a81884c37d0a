//! Numbers of every type that a parameter can have, bit for bit between modules, files and NumPy.

use std::borrow::Cow;

use burn::tensor::{DType, TensorData, bf16, f16};
use safetensors::{Dtype, tensor::TensorView};

use super::{Array, ArrayError};

/// Rows and columns of the blocks in which a matrix is transposed.
const BLOCK: usize = 16;

/// The numbers of an array.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Weights and moments.
    F32(Vec<f32>),
    /// Counters.
    I64(Vec<i64>),
    /// Parameters of another type, in a module of the user's own.
    Other(TypedBytes),
}

/// Numbers of a type as their bytes, in files' little-endian order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypedBytes {
    dtype: Dtype,
    bytes: Vec<u8>,
}

impl TypedBytes {
    /// The type of the numbers.
    pub const fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// The bytes, number by number.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The first number that is not finite, if they are floats.
    fn not_finite(&self) -> Option<f64> {
        let (pairs, eights) = (self.bytes.as_chunks::<2>().0, self.bytes.as_chunks::<8>().0);
        let unfit = |x: &f64| !x.is_finite();
        match self.dtype {
            Dtype::F64 => eights.iter().map(|b| f64::from_le_bytes(*b)).find(unfit),
            Dtype::F16 => pairs.iter().map(|b| f16::from_le_bytes(*b).to_f64()).find(unfit),
            Dtype::BF16 => pairs.iter().map(|b| bf16::from_le_bytes(*b).to_f64()).find(unfit),
            _ => None,
        }
    }
}

impl Values {
    /// Number of numbers.
    pub fn len(&self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::I64(values) => values.len(),
            Self::Other(other) => other.bytes.len() / size_of(other.dtype),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The type of the numbers in files.
    pub fn dtype(&self) -> Dtype {
        match self {
            Self::F32(_) => Dtype::F32,
            Self::I64(_) => Dtype::I64,
            Self::Other(other) => other.dtype,
        }
    }

    /// Bytes of a number.
    pub(super) fn size(&self) -> usize {
        size_of(self.dtype())
    }

    /// Bytes of the numbers in files' order, copied only where the processor has another order.
    pub(super) fn bytes(&self) -> Cow<'_, [u8]> {
        let is_little = cfg!(target_endian = "little");
        match self {
            Self::F32(v) if is_little => bytemuck::cast_slice(v).into(),
            Self::I64(v) if is_little => bytemuck::cast_slice(v).into(),
            Self::F32(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Self::I64(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Self::Other(other) => other.bytes[..].into(),
        }
    }

    /// The first number of other types than F32 and I64 that is not finite.
    pub(super) fn not_finite(&self) -> Option<f64> {
        match self {
            Self::Other(other) => other.not_finite(),
            Self::F32(_) | Self::I64(_) => None,
        }
    }

    /// Transposes a matrix of `rows` and `columns`.
    pub(super) fn transposed(self, rows: usize, columns: usize) -> Self {
        match self {
            Self::F32(values) => Self::F32(transpose(&values, rows, columns)),
            Self::I64(values) => Self::I64(transpose(&values, rows, columns)),
            Self::Other(TypedBytes { dtype, bytes }) => {
                let bytes = match size_of(dtype) {
                    8 => transpose(bytes.as_chunks::<8>().0, rows, columns).concat(),
                    4 => transpose(bytes.as_chunks::<4>().0, rows, columns).concat(),
                    2 => transpose(bytes.as_chunks::<2>().0, rows, columns).concat(),
                    _ => transpose(&bytes, rows, columns),
                };
                Self::Other(TypedBytes { dtype, bytes })
            }
        }
    }
}

impl Array {
    /// The array of a tensor's numbers, in their own type. Quantised numbers become 32-bit floats.
    pub(crate) fn of_data(data: &TensorData) -> Self {
        let values = match in_files(data.dtype()) {
            Dtype::F32 => Values::F32(data.iter::<f32>().collect()),
            Dtype::I64 => Values::I64(data.iter::<i64>().collect()),
            Dtype::BOOL => {
                let bytes = data.iter::<bool>().map(u8::from).collect();
                Values::Other(TypedBytes { dtype: Dtype::BOOL, bytes })
            }
            dtype => {
                let bytes = in_files_order(dtype, data.as_bytes().to_vec());
                Values::Other(TypedBytes { dtype, bytes })
            }
        };
        Self { shape: data.shape().to_vec(), values }
    }

    /// Whether these are numbers of a tensor of the type `dtype`.
    pub(crate) fn holds(&self, dtype: DType) -> bool {
        self.values.dtype() == in_files(dtype)
    }

    /// The numbers for a tensor of the type `dtype`, whose type in files is this array's.
    pub(crate) fn into_data(self, dtype: DType) -> TensorData {
        let shape = self.shape;
        match self.values {
            Values::F32(values) => TensorData::new(values, shape),
            Values::I64(values) => TensorData::new(values, shape),
            Values::Other(TypedBytes { dtype: Dtype::BOOL, bytes }) => {
                TensorData::new(bytes.iter().map(|byte| *byte != 0).collect::<Vec<_>>(), shape)
            }
            Values::Other(TypedBytes { dtype: own, bytes }) => {
                TensorData::from_bytes_vec(in_files_order(own, bytes), shape, dtype)
            }
        }
    }

    /// The array of a file; nothing in it is trusted.
    pub(super) fn from_view(name: &str, view: &TensorView) -> Result<Self, ArrayError> {
        let (bytes, dtype) = (view.data(), view.dtype());
        let unfit = |value| ArrayError::NotFinite { name: name.to_owned(), value };
        let values = match dtype {
            Dtype::F32 => {
                let values: Vec<_> =
                    bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
                if let Some(value) = values.iter().copied().find(|v| !v.is_finite()) {
                    return Err(unfit(value.into()));
                }
                Values::F32(values)
            }
            Dtype::I64 => Values::I64(
                bytes.as_chunks::<8>().0.iter().map(|b| i64::from_le_bytes(*b)).collect(),
            ),
            Dtype::BOOL if bytes.iter().any(|byte| *byte > 1) => {
                return Err(ArrayError::NoBool(name.to_owned()));
            }
            Dtype::F64
            | Dtype::F16
            | Dtype::BF16
            | Dtype::I32
            | Dtype::I16
            | Dtype::I8
            | Dtype::U64
            | Dtype::U32
            | Dtype::U16
            | Dtype::U8
            | Dtype::BOOL => {
                let other = TypedBytes { dtype, bytes: bytes.to_vec() };
                if let Some(value) = other.not_finite() {
                    return Err(unfit(value));
                }
                Values::Other(other)
            }
            dtype => return Err(ArrayError::UnknownType { name: name.to_owned(), dtype }),
        };
        Ok(Self { shape: view.shape().to_vec(), values })
    }
}

/// Turns bytes between the processor's order and that of files; both ways are the same.
fn in_files_order(dtype: Dtype, mut bytes: Vec<u8>) -> Vec<u8> {
    if cfg!(target_endian = "big") {
        bytes.chunks_exact_mut(size_of(dtype)).for_each(<[u8]>::reverse);
    }
    bytes
}

/// The type in files of numbers of the type `dtype`.
const fn in_files(dtype: DType) -> Dtype {
    match dtype {
        DType::F32 | DType::Flex32 | DType::QFloat(_) => Dtype::F32,
        DType::F64 => Dtype::F64,
        DType::F16 => Dtype::F16,
        DType::BF16 => Dtype::BF16,
        DType::I64 => Dtype::I64,
        DType::I32 => Dtype::I32,
        DType::I16 => Dtype::I16,
        DType::I8 => Dtype::I8,
        DType::U64 => Dtype::U64,
        DType::U32 => Dtype::U32,
        DType::U16 => Dtype::U16,
        DType::U8 => Dtype::U8,
        DType::Bool(_) => Dtype::BOOL,
    }
}

/// Bytes of a number.
const fn size_of(dtype: Dtype) -> usize {
    match dtype {
        Dtype::F64 | Dtype::I64 | Dtype::U64 => 8,
        Dtype::F32 | Dtype::I32 | Dtype::U32 => 4,
        Dtype::F16 | Dtype::BF16 | Dtype::I16 | Dtype::U16 => 2,
        _ => 1,
    }
}

fn transpose<T: Copy>(values: &[T], rows: usize, columns: usize) -> Vec<T> {
    let mut turned = values.to_vec();
    // The rows and columns of a block stay in the first-level cache.
    for first_row in (0..rows).step_by(BLOCK) {
        for first_column in (0..columns).step_by(BLOCK) {
            for column in first_column..columns.min(first_column + BLOCK) {
                for row in first_row..rows.min(first_row + BLOCK) {
                    turned[column * rows + row] = values[row * columns + column];
                }
            }
        }
    }
    turned
}
