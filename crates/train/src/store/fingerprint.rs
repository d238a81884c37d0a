//! Fingerprints, which tell one data set from another.

use langevin_data::{Dataset, Part, Purpose, Streams};

use crate::store::checkpoint::Mismatch;

/// Fails unless `digest` is the fingerprint of this data, in this format or the one before.
///
/// # Errors
/// [`Mismatch::OtherData`], of a table [`Mismatch::OtherTable`].
pub(crate) fn same_data(digest: &str, data: &dyn Dataset) -> Result<(), Mismatch> {
    let is_kept = data.kept_rows().is_some();
    if digest == fingerprint(data) || !is_kept && digest == fingerprint_of_format_1(data) {
        return Ok(());
    }
    Err(match is_kept {
        true => Mismatch::OtherDataKept,
        false if data.len(Part::Training).is_some() => Mismatch::OtherTable,
        false => Mismatch::OtherData,
    })
}

/// Fingerprint of a data set: blake3 of what a model is trained on. For a finite data set this is its
/// columns' names, all rows in the model's space, and the digest of its source. For a distribution it is
/// 1024 rows drawn under a fixed seed.
///
/// The way in which samples are restored to the user's columns is no part of it.
pub fn fingerprint(data: &dyn Dataset) -> String {
    if let Some(kept) = data.kept_rows() {
        return kept.fingerprint.clone();
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(data.features() as u64).to_le_bytes());
    if data.len(Part::Training).is_some() {
        for name in data.column_names() {
            hasher.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes());
        }
        each_row(data, &mut |row| add(&mut hasher, row));
        hasher.update(&data.source_digest().unwrap_or_default());
    } else {
        add(&mut hasher, &drawn(data));
    }
    hasher.finalize().to_string()
}

/// Fingerprint of data in format 1, which Langevin 0.1 wrote. It is frozen, since runs of format 1 are
/// read for ever.
fn fingerprint_of_format_1(data: &dyn Dataset) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(data.features() as u64).to_le_bytes());
    if data.len(Part::Training).is_some() {
        let mut restored = Vec::new();
        each_row(data, &mut |row| {
            restored.clear();
            data.restore_as_version_0_1(row, &mut restored);
            add(&mut hasher, row);
            add(&mut hasher, &restored);
        });
        hasher.update(data.column_names().join("\0").as_bytes());
    } else {
        add(&mut hasher, &drawn(data));
    }
    hasher.finalize().to_string()
}

/// Calls `take` with each row of a finite data set in the model's space, the training rows first.
fn each_row(data: &dyn Dataset, take: &mut dyn FnMut(&[f64])) {
    let mut row = vec![0.0; data.features()];
    for part in [Part::Training, Part::HeldOut] {
        for index in 0..data.len(part).unwrap_or(0) {
            data.row(part, index, &mut row);
            take(&row);
        }
    }
}

/// Rows drawn from a distribution, which stand for it in its fingerprint.
fn drawn(data: &dyn Dataset) -> Vec<f64> {
    let mut rows = vec![0.0; 1024 * data.features()];
    data.draw(Part::Training, &mut Streams::new(0).at(Purpose::Digest, 0, 0), &mut rows);
    rows
}

/// Adds the bytes of numbers to a hash, all at once.
fn add(hasher: &mut blake3::Hasher, numbers: &[f64]) {
    for value in numbers {
        hasher.update(&value.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use langevin_data::{Column, SplitOptions, Stream, Table, TableData, TableOptions, Transform};

    use super::*;

    fn table(text: &str, transform: Transform) -> TableData {
        let table = Table::from_bytes("t", text.as_bytes(), &TableOptions::default());
        let options = SplitOptions { transform, ..Default::default() };
        TableData::new(table.expect("sound"), &options).expect("sound")
    }

    /// Data whose samples are restored in another way than when a run began.
    struct OtherDecimals(TableData);

    impl Dataset for OtherDecimals {
        fn features(&self) -> usize {
            self.0.features()
        }
        fn words_per_row(&self) -> u64 {
            self.0.words_per_row()
        }
        fn draw(&self, part: Part, stream: &mut Stream, rows: &mut [f64]) {
            self.0.draw(part, stream, rows);
        }
        fn columns(&self) -> Vec<Column> {
            self.0.columns()
        }
        fn len(&self, part: Part) -> Option<usize> {
            self.0.len(part)
        }
        fn row(&self, part: Part, index: usize, out: &mut [f64]) {
            self.0.row(part, index, out);
        }
        fn restore(&self, row: &[f64], out: &mut Vec<f64>) {
            self.0.restore(row, out);
            out.iter_mut().for_each(|value| *value = value.round());
        }
        fn restore_as_version_0_1(&self, row: &[f64], out: &mut Vec<f64>) {
            self.0.restore_as_version_0_1(row, out);
        }
        fn source_digest(&self) -> Option<[u8; 32]> {
            self.0.source_digest()
        }
    }

    const ROWS: &str = "a,b\n1.5,2\n2.5,4\n3.5,3\n9.5,1\n5.5,0\n";

    #[test]
    fn a_fingerprint_does_not_depend_on_how_samples_are_restored() {
        let data = table(ROWS, Transform::Standardise);
        let then = [fingerprint(&data), fingerprint_of_format_1(&data)];
        let other = OtherDecimals(data);
        assert_eq!([fingerprint(&other), fingerprint_of_format_1(&other)], then);
        then.iter().for_each(|digest| same_data(digest, &other).expect("the same data"));
    }

    #[test]
    fn a_cell_a_name_a_unit_and_a_transform_are_other_data() {
        let own = fingerprint(&table(ROWS, Transform::Standardise));
        let changed = [
            table(&ROWS.replace("3.5", "3.6"), Transform::Standardise),
            table(&ROWS.replace("a,b", "a,c"), Transform::Standardise),
            // Values twice as large are the same numbers once they are standardised.
            table("a,b\n3,2\n5,4\n7,3\n19,1\n11,0\n", Transform::Standardise),
            table(ROWS, Transform::None),
        ];
        for other in changed {
            assert_ne!(fingerprint(&other), own);
            same_data(&own, &other).expect_err("other data");
        }
    }
}
