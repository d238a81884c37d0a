//! What reading a table costs: `cargo bench --profile dev -p langevin-data --bench tables`, in the
//! profile that `cargo run` uses. Bytes per second are those of the file unpacked.

use std::{fs, io::Write, path::PathBuf};

use divan::{Bencher, counter::BytesCount};
use flate2::{Compression, write::GzEncoder};
use langevin_data::{
    Dataset, Part, Purpose, SplitOptions, Streams, Survey, Table, TableData, TableOptions,
    Transform, built_in_table,
};
use npyz::WriterBuilder;

/// Bytes of the CSV file.
const SIZE: usize = 100_000_000;
const COLUMNS: usize = 10;

fn main() {
    divan::main();
}

/// Rows of normals with 6 decimals and, in every tenth column, a whole number, as a CSV file.
fn text(size: usize) -> Vec<u8> {
    let mut stream = Streams::new(0).at(Purpose::Data, 0, 0);
    let mut text = b"a,b,c,d,e,f,g,h,i,j\n".to_vec();
    let mut row = [0.0; COLUMNS];
    while text.len() < size {
        stream.fill_normal(&mut row);
        let fields: Vec<_> = row[1..].iter().map(|value| format!("{value:.6}")).collect();
        let whole = (100.0 * row[0]).round();
        let written = writeln!(text, "{whole},{}", fields.join(","));
        assert!(written.is_ok(), "memory takes all");
    }
    text
}

/// A folder with one file, removed when it is dropped.
struct File {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn file(name: &str, bytes: &[u8]) -> std::io::Result<File> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(name);
    fs::write(&path, bytes)?;
    Ok(File { _folder: folder, path })
}

fn read(bencher: Bencher, file: std::io::Result<File>, size: usize) {
    let Ok(File { path, _folder }) = file else { return };
    bencher.counter(BytesCount::new(size)).bench(|| {
        let table = Table::read(&path, &TableOptions::default());
        table.map_or(0, |table| table.rows())
    });
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn csv_of_100_mb(bencher: Bencher) {
    let text = text(SIZE);
    read(bencher, file("a.csv", &text), text.len());
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn packed_csv_of_100_mb(bencher: Bencher) {
    let text = text(SIZE);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let packed = encoder.write_all(&text).and_then(|()| encoder.finish());
    read(bencher, packed.and_then(|packed| file("a.csv.gz", &packed)), text.len());
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn npy_of_100_mb(bencher: Bencher) {
    let rows = SIZE / 8 / COLUMNS;
    let array = || {
        let mut bytes = Vec::new();
        let options = npyz::WriteOptions::new().default_dtype();
        let shape = [rows as u64, COLUMNS as u64];
        let mut writer = options.shape(&shape).writer(&mut bytes).begin_nd()?;
        writer.extend((0..rows * COLUMNS).map(|i| i as f64))?;
        writer.finish()?;
        file("a.npy", &bytes)
    };
    read(bencher, array(), SIZE);
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn survey_of_100_mb(bencher: Bencher) {
    let text = text(SIZE);
    bencher.counter(BytesCount::new(text.len())).bench(|| {
        let survey = Survey::from_bytes("a.csv", &text, &TableOptions::default());
        survey.map_or(0, |survey| survey.rows)
    });
}

#[divan::bench(args = [Transform::Standardise, Transform::Quantile], sample_count = 5, sample_size = 1)]
fn split_of_100_mb(bencher: Bencher, transform: Transform) {
    let text = text(SIZE);
    let options = SplitOptions { transform, ..SplitOptions::default() };
    bencher
        .with_inputs(|| Table::from_bytes("a.csv", &text, &TableOptions::default()))
        .bench_values(|table| table.map(|table| TableData::new(table, &options)));
}

#[divan::bench]
fn batch_of_256_digits(bencher: Bencher) {
    let data = built_in_table("digits").and_then(|digits| {
        let table = Table::from_bytes(digits.name, digits.bytes, &TableOptions::default()).ok()?;
        TableData::new(table, &SplitOptions::default()).ok()
    });
    if let Some(data) = data {
        let (streams, mut out) = (Streams::new(0), vec![0.0; 256 * data.features()]);
        bencher.bench_local(|| {
            data.draw(Part::Training, &mut streams.at(Purpose::Data, 0, 0), &mut out);
        });
    }
}
