//! Files of samples: CSV with a header, NPY, or pictures.

use std::{fs::File, path::Path};

use langevin_data::{Column, Dataset};
use npyz::WriterBuilder;

use crate::{
    TrainError,
    sample::{Samples, pictures, spaces::BothSpaces},
    store::{durable::write_new, reading},
};

/// The samples of a run, in its folder.
pub(crate) const SAMPLES: &str = "samples.csv";

/// File format of samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SamplesFormat {
    /// Comma-separated values under a header. A number is the shortest text that reads back the
    /// same.
    Csv,
    /// NumPy's array file, `[rows, columns]` of 32-bit floats, or of 64-bit floats where a number
    /// needs them.
    Npy,
    /// One PNG with a sheet of all samples, which are pictures.
    Sheet,
    /// Folder with a PNG for each sample.
    Folder,
}

impl SamplesFormat {
    /// Format that a path names: by its extension, or a folder, which is there or ends in a slash.
    ///
    /// # Errors
    /// No folder, and none of `.csv`, `.npy` and `.png`.
    pub fn of(path: &Path) -> Result<Self, TrainError> {
        let ends_in_slash = path.as_os_str().to_string_lossy().ends_with(std::path::is_separator);
        if ends_in_slash || path.is_dir() {
            return Ok(Self::Folder);
        }
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("csv") => Ok(Self::Csv),
            Some("npy") => Ok(Self::Npy),
            Some("png") => Ok(Self::Sheet),
            _ => {
                let why = "must end in .csv, .npy or .png, or in / for a folder of pictures";
                Err(TrainError::SamplesFile(path.to_owned(), why.into()))
            }
        }
    }
}

/// Writes samples, in the columns and units of their data, to a new file, whole or not at all.
///
/// # Errors
/// A file that exists already, or cannot be written.
pub fn write_samples(
    path: &Path,
    format: SamplesFormat,
    data: &dyn Dataset,
    samples: &Samples,
) -> Result<(), TrainError> {
    let rows = BothSpaces::of_samples(data, &samples.values, &samples.told);
    match format {
        SamplesFormat::Sheet => pictures::write_sheet(path, data, &rows.user),
        SamplesFormat::Folder => pictures::write_folder(path, data, &rows.user),
        SamplesFormat::Csv => write_new(path, &csv_file(path, &data.columns(), &rows.user)?),
        SamplesFormat::Npy => {
            let bytes = npy_bytes(data.columns().len(), &rows.user);
            write_new(path, &bytes.map_err(|source| TrainError::io("cannot write", path, source))?)
        }
    }
}

/// Fails early where `count` samples of the data could not be written to a path later.
///
/// # Errors
/// A file that exists already; pictures of data that are none, or too many for a sheet.
pub fn check_samples(
    path: &Path,
    format: SamplesFormat,
    data: &dyn Dataset,
    count: usize,
) -> Result<(), TrainError> {
    if format != SamplesFormat::Folder && path.exists() {
        return Err(TrainError::Exists(path.to_owned()));
    }
    match format {
        SamplesFormat::Sheet => pictures::check_sheet(path, data, count),
        SamplesFormat::Folder => pictures::check_folder(path, data, count),
        SamplesFormat::Csv | SamplesFormat::Npy => Ok(()),
    }
}

/// Bytes of samples.csv, of `values` row by row.
pub(crate) fn csv_file(
    path: &Path,
    columns: &[Column],
    values: &[f64],
) -> Result<Vec<u8>, TrainError> {
    let bytes = csv_bytes(columns, values);
    bytes.map_err(|source| TrainError::io("cannot write", path, source))
}

/// The number as a 32-bit float, if no digit is lost.
fn exact_f32(value: f64) -> Option<f32> {
    let short = value as f32;
    (f64::from(short) == value || value.is_nan()).then_some(short)
}

fn csv_bytes(columns: &[Column], values: &[f64]) -> std::io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(columns.iter().map(|column| &column.name))?;
    for row in values.chunks_exact(columns.len()) {
        writer.write_record(columns.iter().zip(row).map(|(column, value)| column.text(*value)))?;
    }
    writer.into_inner().map_err(|error| std::io::Error::other(error.to_string()))
}

fn npy_bytes(columns: usize, values: &[f64]) -> std::io::Result<Vec<u8>> {
    match values.iter().map(|value| exact_f32(*value)).collect::<Option<Vec<f32>>>() {
        Some(short) => npy_of(columns, &short),
        None => npy_of(columns, values),
    }
}

fn npy_of<T: npyz::AutoSerialize + Copy>(columns: usize, values: &[T]) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let shape = [(values.len() / columns) as u64, columns as u64];
    let mut writer =
        npyz::WriteOptions::new().default_dtype().shape(&shape).writer(&mut bytes).begin_nd()?;
    writer.extend(values.iter().copied())?;
    writer.finish()?;
    Ok(bytes)
}

/// Why a file is no samples.csv of the run.
#[derive(Debug, thiserror::Error)]
enum SamplesError {
    #[error(
        "is not as it was written ({0}); `langevin train --resume RUN` draws its samples again"
    )]
    Csv(#[from] csv::Error),
    #[error(
        "must have {columns} columns, got {got}; `langevin train --resume RUN` draws its samples again"
    )]
    Columns { columns: usize, got: usize },
    #[error("`{field}` is not a number; `langevin train --resume RUN` draws its samples again")]
    NotANumber { field: String },
}

/// Reads samples.csv, row by row in the user's columns; empty where there is none.
pub(crate) fn read_samples(run: &Path, columns: &[Column]) -> Result<Vec<f64>, TrainError> {
    let path = run.join(SAMPLES);
    let file = reading::open_if_there(&path, reading::share_of_memory())?;
    let Some(file) = file else { return Ok(Vec::new()) };
    parse_samples(file, columns).map_err(|why| TrainError::NotOurs { path, source: why.into() })
}

fn parse_samples(file: File, columns: &[Column]) -> Result<Vec<f64>, SamplesError> {
    let mut values = Vec::new();
    for record in csv::Reader::from_reader(file).records() {
        let record = record?;
        if record.len() != columns.len() {
            return Err(SamplesError::Columns { columns: columns.len(), got: record.len() });
        }
        for (column, field) in columns.iter().zip(&record) {
            let not = || SamplesError::NotANumber { field: field.to_owned() };
            values.push(column.value(field).ok_or_else(not)?);
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_reads_back_the_same_floats() {
        let values = [0.1_f32, -1.0e-7, 3.402_823_5e38, 1.0];
        let wide = values.map(f64::from);
        let bytes = csv_bytes(&["a", "b,c"].map(Column::number), &wide).expect("written");
        assert!(bytes.starts_with(b"a,\"b,c\"\n0.1,-0.0000001\n"), "the shortest text");
        let mut reader = csv::Reader::from_reader(&bytes[..]);
        assert_eq!(reader.headers().expect("header"), &["a", "b,c"][..]);
        let read: Vec<f32> = reader
            .records()
            .flat_map(|r| {
                r.expect("row").iter().map(|v| v.parse::<f32>().expect("float")).collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(read, values);
    }

    #[test]
    fn npy_holds_shape_and_values() {
        let values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let bytes = npy_bytes(2, &values).expect("written");
        let file = npyz::NpyFile::new(&bytes[..]).expect("npy");
        assert_eq!(file.shape(), [3, 2]);
        assert_eq!(file.into_vec::<f32>().expect("floats"), values.map(|v| v as f32));
        let long = [20_261_124.0, 16_777_217.0];
        let bytes = npy_bytes(1, &long).expect("written");
        let file = npyz::NpyFile::new(&bytes[..]).expect("npy");
        assert_eq!(file.into_vec::<f64>().expect("doubles"), long, "whole numbers stay whole");
    }

    #[test]
    fn samples_that_are_not_the_run_s_are_refused() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("samples.csv");
        let read = |text: &str| {
            std::fs::write(&path, text).expect("written");
            read_samples(folder.path(), &["a", "b"].map(Column::number))
        };
        assert_eq!(read("a,b\n1,2\n").expect("ours"), [1.0, 2.0]);
        for (text, why) in
            [("a\n1\n", "must have 2 columns, got 1"), ("a,b\n1,x\n", "`x` is not a number")]
        {
            let error = read(text).expect_err(why);
            let again = "`langevin train --resume RUN` draws its samples again";
            let message = format!("{}: {why}; {again}", path.display());
            assert_eq!((error.to_string(), error.is_usage()), (message, true));
        }
    }

    #[test]
    fn other_extensions_are_refused() {
        assert_eq!(SamplesFormat::of(Path::new("a.npy")).expect("npy"), SamplesFormat::Npy);
        assert_eq!(SamplesFormat::of(Path::new("a.png")).expect("a sheet"), SamplesFormat::Sheet);
        assert_eq!(SamplesFormat::of(Path::new("a.csv/")).expect("one"), SamplesFormat::Folder);
        let folder = tempfile::tempdir().expect("temporary folder");
        assert_eq!(SamplesFormat::of(folder.path()).expect("one"), SamplesFormat::Folder);
        let error = SamplesFormat::of(Path::new("a.parquet")).expect_err("neither").to_string();
        assert_eq!(
            error,
            "a.parquet: must end in .csv, .npy or .png, or in / for a folder of pictures"
        );
    }
}
