//! Files, with errors that name them.

use std::{fmt::Display, fs, path::Path};

use serde_json::Value;

/// Words of an error, with the file's path before them.
pub fn named<E: Display>(path: &Path) -> impl Fn(E) -> String {
    move |error| format!("{}: {error}", path.display())
}

/// Value in a JSON file.
pub fn read_json(path: &Path) -> Result<Value, String> {
    let text = fs::read_to_string(path).map_err(named(path))?;
    serde_json::from_str(&text).map_err(named(path))
}

/// Writes a file, and the folder that it lies in.
pub fn write(path: &Path, text: &str) -> Result<(), String> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(named(folder))?;
    fs::write(path, text).map_err(named(path))
}
