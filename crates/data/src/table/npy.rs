//! [`Array`] and [`FloatArray`]: what NumPy writes as `.npy`. An [`Array`] is a table whose rows lie along its first
//! axis: the numbers of the others are a row, in C order; with one axis it has one feature.

use std::io::{self, BufRead, Cursor};

use npyz::{DType, Deserialize, NpyFile, NpyHeader, Order, TypeChar};

use super::{
    COLUMN_LIMIT, TableError,
    source::{Source, failure},
};

const MAGIC: &[u8] = b"\x93NUMPY";
/// Largest number of bytes in a header: NumPy's own limit.
const HEADER_LIMIT: usize = 10_000;
/// Largest number of axes: rows, and channels, lines and pixels.
const MOST_AXES: usize = 4;
/// Largest number of brackets that a header may open: the dictionary's, the shape's and some to spare.
const BRACKET_LIMIT: usize = 8;

/// Numbers of an array, in the order of the file.
type Values<'a> = Box<dyn Iterator<Item = io::Result<f64>> + 'a>;

/// Reason why bytes are not those of a [`FloatArray`].
#[derive(Debug, thiserror::Error)]
pub enum FloatArrayError {
    /// The bytes end in the header.
    #[error("it ends early")]
    EndsEarly,
    /// The header is not that of an array.
    #[error(transparent)]
    Header(io::Error),
    /// The numbers stand column by column.
    #[error("it is in Fortran order")]
    FortranOrder,
    /// The shape declares another number of bytes than there are.
    #[error("it declares {declared} bytes of numbers and has {there}")]
    Length {
        /// Bytes that the shape declares.
        declared: u64,
        /// Bytes that follow the header.
        there: u64,
    },
    /// The numbers are no 32-bit floats.
    #[error(transparent)]
    Numbers(io::Error),
}

/// Array of 32-bit floats of any shape, in C order.
#[derive(Clone, Debug, PartialEq)]
pub struct FloatArray {
    /// Shape: the size of each axis.
    pub shape: Vec<usize>,
    /// Numbers, as many as the shape says.
    pub values: Vec<f32>,
}

impl FloatArray {
    /// Reads the bytes of a `.npy` file. Nothing in it is trusted.
    ///
    /// # Errors
    /// Bytes that are no such array, or that declare another number of bytes than they have.
    ///
    /// ```
    /// let error = langevin_data::FloatArray::from_npy(b"not an array").unwrap_err();
    /// assert_eq!(error.to_string(), "it does not start as one");
    /// ```
    pub fn from_npy(mut bytes: &[u8]) -> Result<Self, FloatArrayError> {
        let (header, _) = read_header(&mut bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => FloatArrayError::EndsEarly,
            _ => FloatArrayError::Header(error),
        })?;
        if header.order() == Order::Fortran {
            return Err(FloatArrayError::FortranOrder);
        }
        // The shape's product fits, or read_header would have refused it.
        let (declared, there) = (header.len().saturating_mul(4), bytes.len() as u64);
        if declared != there {
            return Err(FloatArrayError::Length { declared, there });
        }
        let shape = header.shape().iter().map(|size| *size as usize).collect();
        let values = NpyFile::with_header(header, bytes).into_vec();
        Ok(Self { shape, values: values.map_err(FloatArrayError::Numbers)? })
    }
}

/// Array of numbers in a file, read one after the other.
pub(super) struct Array<'a> {
    pub file: String,
    pub rows: usize,
    pub features: usize,
    /// Axes of a row, where there are two or more.
    pub axes: Vec<usize>,
    /// Whether the numbers stand column by column.
    pub by_column: bool,
    /// Whether they are whole numbers by their type.
    pub is_whole: bool,
    values: Values<'a>,
}

impl<'a> Array<'a> {
    pub fn open(source: Source<'a>) -> Result<Self, TableError> {
        let Source { file, size, mut reader, .. } = source;
        if reader.fill_buf().map_err(|error| failure(&file, error))?.is_empty() {
            return Err(TableError::Empty { file });
        }
        let fault = |reason: String| TableError::BadNpy { file: file.clone(), reason };
        let (header, length) =
            read_header(&mut reader).map_err(|error| read_failure(&file, error))?;
        let (rows, of_row) = match header.shape() {
            [rows, of_row @ ..] if of_row.len() < MOST_AXES => (*rows, of_row),
            shape => return Err(fault(format!("it has {} axes", shape.len()))),
        };
        // The shape's product fits, or read_header would have refused it.
        let features = of_row.iter().product::<u64>();
        if rows == 0 || features == 0 {
            return Err(TableError::Empty { file });
        }
        let axes: Vec<_> =
            of_row.iter().map(|size| usize::try_from(*size).unwrap_or(usize::MAX)).collect();
        let axes = if axes.len() > 1 { axes } else { Vec::new() };
        if features > COLUMN_LIMIT as u64 {
            return Err(match axes.is_empty() {
                true => TableError::TooManyColumns { file, columns: features },
                false => TableError::LargeRows { file, axes, columns: features },
            });
        }
        // The shape's product fits, or read_header would have refused it.
        let declared = header.len().saturating_mul(header.dtype().num_bytes().unwrap_or(0) as u64);
        if declared > size.saturating_sub(length) {
            return Err(fault(format!("it declares {declared} bytes of numbers and is shorter")));
        }
        let by_column = header.order() == Order::Fortran && features > 1;
        let (rows, features) = (usize::try_from(rows), usize::try_from(features));
        let (Ok(rows), Ok(features)) = (rows, features) else {
            return Err(fault("it is larger than memory can be".to_owned()));
        };
        let described = header.dtype().descr();
        let is_whole = matches!(
            header.dtype(),
            DType::Plain(kind) if matches!(kind.type_char(), TypeChar::Int | TypeChar::Uint)
        );
        let values = numbers(header, reader)
            .ok_or_else(|| fault(format!("its numbers are of the type {described}")))?;
        Ok(Self { file, rows, features, axes, by_column, is_whole, values })
    }

    /// Row and column of the number at a place in the order of the file.
    pub fn place(&self, place: usize) -> (usize, usize) {
        match self.by_column {
            true => (place % self.rows, self.column(place / self.rows)),
            false => (place / self.features, place % self.features),
        }
    }

    /// Column that comes at a place among those of a file in Fortran order, where the first axis runs fastest.
    pub fn column(&self, mut place: usize) -> usize {
        if self.axes.is_empty() {
            return place;
        }
        let (mut column, mut stride) = (0, self.features);
        for size in &self.axes {
            stride /= size;
            column += place % size * stride;
            place /= size;
        }
        column
    }

    /// The next number in the order of the file.
    pub fn next(&mut self) -> Result<f64, TableError> {
        let ended = || Err(io::ErrorKind::UnexpectedEof.into());
        self.values.next().unwrap_or_else(ended).map_err(|error| read_failure(&self.file, error))
    }
}

fn read_failure(file: &str, error: io::Error) -> TableError {
    let reason = match error.kind() {
        io::ErrorKind::UnexpectedEof => "it ends early".to_owned(),
        io::ErrorKind::InvalidData => error.to_string(),
        _ => return failure(file, error),
    };
    TableError::BadNpy { file: file.to_owned(), reason }
}

/// Reads the header, and returns it with its number of bytes.
///
/// npyz multiplies the sizes of the shape unchecked, and recurses for each bracket. So a header that
/// cannot be that of a table is refused before npyz sees it.
fn read_header(reader: &mut dyn BufRead) -> io::Result<(NpyHeader, u64)> {
    let invalid = |reason: &str| io::Error::new(io::ErrorKind::InvalidData, reason.to_owned());
    let mut bytes = vec![0; 8];
    reader.read_exact(&mut bytes)?;
    if !bytes.starts_with(MAGIC) {
        return Err(invalid("it does not start as one"));
    }
    let length_bytes = if bytes[6] == 1 { 2 } else { 4 };
    let mut length = [0; 4];
    reader.read_exact(&mut length[..length_bytes])?;
    bytes.extend_from_slice(&length[..length_bytes]);
    let length = u32::from_le_bytes(length) as usize;
    if length > HEADER_LIMIT {
        return Err(invalid("its header is too long"));
    }
    let text = bytes.len();
    bytes.resize(text + length, 0);
    reader.read_exact(&mut bytes[text..])?;
    if !is_plain(&bytes[text..]) {
        return Err(invalid("its header is not that of a plain array"));
    }
    let length = bytes.len() as u64;
    Ok((NpyHeader::from_reader(Cursor::new(bytes))?, length))
}

/// Whether a header is a dictionary of names, strings and natural numbers whose product is far from
/// overflow.
fn is_plain(header: &[u8]) -> bool {
    let is_known = |byte: &u8| byte.is_ascii_alphanumeric() || b"_'\"<>|=,:(){} \n".contains(byte);
    let brackets = header.iter().filter(|byte| b"({".contains(byte)).count();
    let mut product = Some(1_u64);
    for word in header.split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_') {
        if let Some(digits) = word.iter().position(u8::is_ascii_digit) {
            let number = str::from_utf8(&word[digits..]).ok().and_then(|text| text.parse().ok());
            product = product.zip(number).and_then(|(a, b): (u64, u64)| a.checked_mul(b.max(1)));
        }
    }
    header.iter().all(is_known)
        && brackets <= BRACKET_LIMIT
        && product.is_some_and(|product| product <= 1 << 60)
}

fn numbers<'a>(header: NpyHeader, reader: Box<dyn BufRead + 'a>) -> Option<Values<'a>> {
    let DType::Plain(kind) = header.dtype() else { return None };
    let file = NpyFile::with_header(header, reader);
    match (kind.type_char(), kind.size_field()) {
        (TypeChar::Float, 8) => converted(file, |value: f64| value),
        (TypeChar::Float, 4) => converted(file, |value: f32| value.into()),
        (TypeChar::Int, 8) => converted(file, |value: i64| value as f64),
        (TypeChar::Int, 4) => converted(file, |value: i32| value.into()),
        (TypeChar::Int, 2) => converted(file, |value: i16| value.into()),
        (TypeChar::Int, 1) => converted(file, |value: i8| value.into()),
        (TypeChar::Uint, 8) => converted(file, |value: u64| value as f64),
        (TypeChar::Uint, 4) => converted(file, |value: u32| value.into()),
        (TypeChar::Uint, 2) => converted(file, |value: u16| value.into()),
        (TypeChar::Uint, 1) => converted(file, |value: u8| value.into()),
        _ => None,
    }
}

fn converted<'a, T: Deserialize + 'a>(
    file: NpyFile<Box<dyn BufRead + 'a>>,
    convert: impl Fn(T) -> f64 + 'a,
) -> Option<Values<'a>>
where
    T::TypeReader: 'a,
{
    Some(Box::new(file.data::<T>().ok()?.map(move |value| value.map(&convert))))
}
