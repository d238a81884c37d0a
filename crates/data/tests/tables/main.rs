//! Tables as another crate uses them: what is read, what is refused and how, and what a data set
//! makes of it.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test stops there")]

mod arrays;
mod books;
mod data;
mod dialects;
mod gaps;
mod messages;
mod parts;
mod random;
mod scaling;
mod spelled;
mod strange;
mod surveys;
mod text_tables;
mod titles;
mod weights;
mod windows;
mod workbooks;

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use langevin_data::{ColumnSpec, Table, TableError, TableOptions};

/// Reads a CSV file with all its columns, whatever they are.
fn read(text: &str) -> Result<Table, TableError> {
    Table::from_bytes("a.csv", text.as_bytes(), &TableOptions::default())
}

fn rows(table: &Table) -> Vec<Vec<f64>> {
    (0..table.rows()).map(|row| table.row(row).to_vec()).collect()
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn specs(names: &[&str]) -> Vec<ColumnSpec> {
    names.iter().map(|name| ColumnSpec::named(*name)).collect()
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// An NPY file with the header that NumPy would write, and what follows it.
fn npy(header: &str, data: &[u8]) -> Vec<u8> {
    let length = (header.len() + 1 + 10).next_multiple_of(64) - 10;
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((length as u16).to_le_bytes());
    bytes.extend(format!("{header:<width$}\n", width = length - 1).bytes());
    bytes.extend(data);
    bytes
}

fn array(kind: &str, by_column: bool, shape: &str, data: &[u8]) -> Vec<u8> {
    let order = if by_column { "True" } else { "False" };
    npy(&format!("{{'descr': '{kind}', 'fortran_order': {order}, 'shape': ({shape}), }}"), data)
}
