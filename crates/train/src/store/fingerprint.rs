//! What tells one data set from another.

use langevin_data::{Dataset, Part, Purpose, Streams};

/// Fails unless `digest` is the fingerprint of this data.
///
/// # Errors
/// What that means.
pub(crate) fn same_data(digest: &str, data: &dyn Dataset) -> Result<(), String> {
    if digest == fingerprint(data) {
        return Ok(());
    }
    let file =
        if data.len(Part::Training).is_some() { ", or its file has changed since" } else { "" };
    Err(format!("was trained on other data than config.json describes{file}"))
}

/// blake3 of all rows of a finite data set, in the model's space and the user's, and of its columns'
/// names; or else of 1024 rows that a distribution draws under a fixed seed. The same for the same data.
///
/// What scaling cancels, as a column in other units, is seen in the user's space.
pub fn fingerprint(data: &dyn Dataset) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(data.features() as u64).to_le_bytes());
    let mut row = vec![0.0; data.features()];
    let (mut restored, mut bytes) = (Vec::new(), Vec::new());
    let mut add = |row: &[f64]| {
        bytes.clear();
        bytes.extend(row.iter().flat_map(|value| value.to_le_bytes()));
        hasher.update(&bytes);
    };
    if data.len(Part::Training).is_some() {
        for part in [Part::Training, Part::HeldOut] {
            for index in 0..data.len(part).unwrap_or(0) {
                data.row(part, index, &mut row);
                add(&row);
                restored.clear();
                data.restore(&row, &mut restored);
                add(&restored);
            }
        }
        hasher.update(data.columns().join("\0").as_bytes());
    } else {
        let mut rows = vec![0.0; 1024 * data.features()];
        data.draw(Part::Training, &mut Streams::new(0).at(Purpose::Digest, 0, 0), &mut rows);
        add(&rows);
    }
    hasher.finalize().to_string()
}
