//! [`refuse`]: what is given as data and is a run, a run file, or a folder.

use std::{fs, io::Read, path::Path};

use crate::failure::Failure;

/// Bytes of a file in which a run file says what it is.
const LOOKED_AT: u64 = 1 << 16;

/// Fails where the path leads to a run, a run file, or a folder, with the command for it.
pub fn refuse(path: &Path) -> Result<(), Failure> {
    let name = super::shown_as_path(&path.display().to_string());
    if path.is_dir() {
        let is_run = path.join("manifest.json").is_file() || path.join("checkpoints").is_dir();
        return Err(Failure::usage(match is_run {
            true => format!(
                "{}: is the folder of a run, and a file of data is required; to draw more from the run: langevin \
                 sample {name}, to go on with it: langevin train --resume {name}",
                path.display()
            ),
            false => format!("{}: is a folder; name a file of data in it", path.display()),
        }));
    }
    // A pipe would be waited for.
    let mut start = Vec::new();
    if path.is_file() {
        let _ = fs::File::open(path).and_then(|file| file.take(LOOKED_AT).read_to_end(&mut start));
    }
    let text = String::from_utf8_lossy(&start);
    let is_object =
        text.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']).starts_with(['{', '/']);
    let has = |field: &str| text.contains(&format!("\"{field}\""));
    if is_object && has("denoiser") && has("noise") && has("data") {
        return Err(Failure::usage(format!(
            "{}: is a run file, and a file of data is required; to train it: langevin train {name}",
            path.display()
        )));
    }
    Ok(())
}
