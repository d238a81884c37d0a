//! The one door to the disk: a file is either as it was or wholly new, whatever happens between.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::Path,
};

use tempfile::{NamedTempFile, PersistError};

use crate::TrainError;

/// How the temporary files of [`write_durably`] begin, so that leftovers of a killed run are known.
pub(crate) const TEMPORARY_PREFIX: &str = ".langevin-tmp-";

/// Writes a file so that a crash leaves the old one or the new one, never a part.
///
/// A temporary file beside its place, synced, renamed over it, and the folder synced.
pub(crate) fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    write(path, bytes, |file| file.persist(path))
}

/// Writes a new file, whole or not at all: one that is there already is never overwritten, whoever else
/// writes beside us.
///
/// # Errors
/// [`TrainError::Exists`] where it is.
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    write(path, bytes, |file| file.persist_noclobber(path)).map_err(|error| match error {
        TrainError::Io { source, .. } if source.kind() == io::ErrorKind::AlreadyExists => {
            TrainError::Exists(path.to_owned())
        }
        other => other,
    })
}

fn write(
    path: &Path,
    bytes: &[u8],
    persist: impl FnOnce(NamedTempFile) -> Result<File, PersistError>,
) -> Result<(), TrainError> {
    let write = || -> io::Result<()> {
        let folder = parent(path);
        let mut file = tempfile::Builder::new().prefix(TEMPORARY_PREFIX).tempfile_in(folder)?;
        file.write_all(bytes)?;
        make_readable(file.as_file())?;
        file.as_file().sync_all()?;
        persist(file).map_err(|error| error.error)?;
        sync_folder(folder)
    };
    write().map_err(|source| TrainError::io("cannot write", path, source))
}

/// The folder that a path lies in; a bare name lies in the present one.
fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Temporary files are private to their owner; what takes their place should be like any other.
#[cfg(unix)]
fn make_readable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn make_readable(_file: &File) -> io::Result<()> {
    Ok(())
}

/// Makes a folder's entries last. Windows has no such call and keeps them in its journal.
fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// Creates a folder and makes its name last.
pub(crate) fn create_folder(path: &Path) -> Result<(), TrainError> {
    let create = || {
        fs::create_dir_all(path)?;
        sync_folder(parent(path))
    };
    create().map_err(|source| TrainError::io("cannot create", path, source))
}

/// Removes the temporary files that a killed run left in a folder.
pub(crate) fn remove_leftovers(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY_PREFIX) {
            // A leftover that cannot be removed does no harm.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// A file of lines that grows: metrics.jsonl, timings.jsonl.
#[derive(Debug)]
pub(crate) struct AppendLog {
    file: File,
    path: std::path::PathBuf,
}

impl AppendLog {
    /// Opens the log, keeping the lines for which `keep` says so; a torn last line is dropped.
    pub(crate) fn open(path: &Path, keep: impl Fn(&str) -> bool) -> Result<Self, TrainError> {
        match fs::read_to_string(path) {
            Ok(text) => {
                let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
                let kept: String = whole.split_inclusive('\n').filter(|line| keep(line)).collect();
                if kept != text {
                    write_durably(path, kept.as_bytes())?;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => write_durably(path, b"")?,
            Err(source) => return Err(TrainError::io("cannot read", path, source)),
        }
        let file = OpenOptions::new()
            .append(true)
            .open(path)
            .map_err(|source| TrainError::io("cannot write", path, source))?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// Appends one line.
    pub(crate) fn line(&mut self, line: &str) -> Result<(), TrainError> {
        self.file
            .write_all(format!("{line}\n").as_bytes())
            .map_err(|source| TrainError::io("cannot write", &self.path, source))
    }

    /// Makes every line so far last.
    pub(crate) fn sync(&self) -> Result<(), TrainError> {
        self.file.sync_all().map_err(|source| TrainError::io("cannot write", &self.path, source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_replaces_the_whole_file_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("a.json");
        write_durably(&path, b"a long first version").expect("written");
        write_durably(&path, b"second").expect("written");
        assert_eq!(fs::read(&path).expect("there"), b"second");
        assert_eq!(fs::read_dir(folder.path()).expect("folder").count(), 1);
    }

    #[test]
    fn a_new_file_never_takes_the_place_of_another() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("samples.csv");
        write_new(&path, b"first").expect("written");
        let error = write_new(&path, b"second").expect_err("there already");
        assert!(matches!(error, TrainError::Exists(_)), "{error}");
        assert_eq!(fs::read(&path).expect("there"), b"first");
        assert_eq!(fs::read_dir(folder.path()).expect("folder").count(), 1);
    }

    #[test]
    fn a_write_that_cannot_be_done_names_the_file_and_keeps_the_old() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let file = folder.path().join("file");
        fs::write(&file, "old").expect("written");
        let error = write_durably(&file.join("below"), b"new").expect_err("not a folder");
        assert!(error.to_string().starts_with("cannot write"), "{error}");
        assert_eq!(fs::read(&file).expect("there"), b"old");
    }

    #[test]
    fn a_log_drops_its_torn_last_line_and_what_is_not_kept() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("metrics.jsonl");
        fs::write(&path, "1\n2\n3\n4").expect("written");
        let mut log = AppendLog::open(&path, |line| line.trim() != "3").expect("opened");
        log.line("5").expect("written");
        assert_eq!(fs::read_to_string(&path).expect("there"), "1\n2\n5\n");
    }

    #[test]
    fn leftovers_of_a_killed_run_are_removed_and_nothing_else() {
        let folder = tempfile::tempdir().expect("temporary folder");
        for name in [".langevin-tmp-x1", "kept.csv", ".hidden"] {
            fs::write(folder.path().join(name), "").expect("written");
        }
        remove_leftovers(folder.path());
        let mut left: Vec<_> =
            fs::read_dir(folder.path()).expect("folder").flatten().map(|e| e.file_name()).collect();
        left.sort();
        assert_eq!(left, [".hidden", "kept.csv"]);
    }
}
