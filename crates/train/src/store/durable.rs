//! Writes that are all or nothing: a file is either as it was or wholly new, whatever happens meanwhile.

use std::{
    borrow::Cow,
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use serde::Serialize;
use tempfile::{NamedTempFile, PersistError};

use crate::{
    TrainError,
    store::{
        disk::{self, Operation},
        reading,
    },
};

/// Prefix of the temporary files of [`write_durably`], by which leftovers of a killed run are known.
pub(crate) const TEMPORARY_PREFIX: &str = ".langevin-tmp-";

/// Writes a file so that a crash leaves the old one or the new one, never a part.
///
/// The bytes go to a temporary file in the same folder, which is synced and renamed to `path`. Then the
/// folder is synced. A link at `path` is replaced, and what it led to stays.
pub(crate) fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    Staged::new(path, &[bytes.into()])?.rename()?;
    sync_parent(path)
}

/// Writes a value as a file of indented JSON, with [`write_durably`], and returns the file's text.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<String, TrainError> {
    let mut text = serde_json::to_string_pretty(value)
        .map_err(|source| TrainError::Json { name: path.display().to_string(), source })?;
    text.push('\n');
    write_durably(path, text.as_bytes())?;
    Ok(text)
}

/// Writes a new file, whole or not at all. A file that is there already is never overwritten, even one
/// that another process writes at the same time.
///
/// # Errors
/// [`TrainError::Exists`] where the file is there already.
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    stage_new(path, bytes)?;
    sync_parent(path)
}

/// Writes a new file, whose name lasts once its folder is synced.
fn stage_new(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    let staged = Staged::new(path, &[bytes.into()])?;
    staged.persist(|file| file.persist_noclobber(path)).map_err(|error| match error {
        TrainError::Io { source, .. } if source.kind() == io::ErrorKind::AlreadyExists => {
            TrainError::Exists(path.to_owned())
        }
        other => other,
    })
}

/// Writes new files, each whole, and all or none, as [`write_new`] does one. Their folders are synced at the end.
///
/// # Errors
/// As [`write_new`], and those of the files that are given; what was written before is removed.
pub(crate) fn write_new_files(
    files: impl Iterator<Item = Result<(PathBuf, Vec<u8>), TrainError>>,
) -> Result<(), TrainError> {
    let mut written: Vec<PathBuf> = Vec::new();
    for file in files {
        let done = file.and_then(|(path, bytes)| stage_new(&path, &bytes).map(|()| path));
        match done {
            Ok(path) => written.push(path),
            Err(error) => {
                for path in &written {
                    // One that cannot be removed is whole.
                    let _ = disk::remove_file(path);
                }
                return Err(error);
            }
        }
    }
    let mut folders: Vec<_> = written.iter().map(|path| parent(path)).collect();
    folders.dedup();
    for folder in folders {
        disk::sync_folder(folder)
            .map_err(|source| TrainError::io("cannot write", folder, source))?;
    }
    Ok(())
}

/// A file whose bytes are synced under a temporary name, in the folder of its place. It is removed
/// unless it is renamed.
#[derive(Debug)]
pub(crate) struct Staged<'a> {
    path: &'a Path,
    file: NamedTempFile,
}

impl<'a> Staged<'a> {
    /// Writes a file whose parts are given one after the other.
    pub(crate) fn new(path: &'a Path, parts: &[Cow<[u8]>]) -> Result<Self, TrainError> {
        let write = || -> io::Result<NamedTempFile> {
            let mut builder = tempfile::Builder::new();
            let file = builder.prefix(TEMPORARY_PREFIX).make_in(parent(path), disk::create_file)?;
            // With a lock no other process takes the file for a leftover, where the file system has
            // locks.
            let _ = file.as_file().try_lock();
            for part in parts {
                disk::write(file.as_file(), file.path(), part)?;
            }
            disk::sync_file(file.as_file(), file.path())?;
            Ok(file)
        };
        let file = write().map_err(|source| TrainError::io("cannot write", path, source))?;
        Ok(Self { path, file })
    }

    /// Renames the file to its place. The name lasts once the folder is synced.
    pub(crate) fn rename(self) -> Result<(), TrainError> {
        let path = self.path;
        self.persist(|file| file.persist(path))
    }

    fn persist(
        self,
        persist: impl FnOnce(NamedTempFile) -> Result<File, PersistError>,
    ) -> Result<(), TrainError> {
        let Self { path, file } = self;
        disk::announce(Operation::Rename(file.path(), path))
            .and_then(|()| persist(file).map_err(|error| error.error))
            .map_err(|source| TrainError::io("cannot write", path, source))?;
        Ok(())
    }
}

fn sync_parent(path: &Path) -> Result<(), TrainError> {
    disk::sync_folder(parent(path)).map_err(|source| TrainError::io("cannot write", path, source))
}

/// The folder that a path lies in; a bare name lies in the working folder.
pub(crate) fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Creates a folder with all folders above it, and makes their names last.
pub(crate) fn create_folders(path: &Path) -> Result<(), TrainError> {
    let mut missing: Vec<&Path> = path
        .ancestors()
        .take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists())
        .collect();
    while let Some(folder) = missing.pop() {
        let created = disk::create_folder(folder).or_else(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Ok(()),
            _ => Err(error),
        });
        created
            .and_then(|()| disk::sync_folder(parent(folder)))
            .map_err(|source| TrainError::io("cannot create", folder, source))?;
    }
    Ok(())
}

/// Creates a folder inside a run. The run's own folder must be there: a run that was removed must not
/// come back as a half of itself. A folder that is there already must be no link, which could lead out
/// of the run.
pub(crate) fn create_inner_folder(path: &Path) -> Result<(), TrainError> {
    let create = || {
        match disk::create_folder(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if !fs::symlink_metadata(path)?.is_dir() {
                    return Err(io::Error::other("it must be a folder, and no link"));
                }
            }
            created => created?,
        }
        // A folder that was there is synced too: the process that made it may have been killed before
        // its sync.
        disk::sync_folder(parent(path))
    };
    create().map_err(|source| TrainError::io("cannot create", path, source))
}

/// Removes the temporary files that a killed run left in its folder and in the folders inside it, as
/// deep as a run has folders.
pub(crate) fn remove_leftovers(run: &Path) {
    let mut folders = vec![(run.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        // A leftover that cannot be removed does no harm.
        for path in disk::list(&folder).unwrap_or_default() {
            let Ok(found) = fs::symlink_metadata(&path) else { continue };
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if found.is_dir() && depth < 2 {
                folders.push((path, depth + 1));
            } else if found.is_file() && name.starts_with(TEMPORARY_PREFIX) && !is_held(&path) {
                let _ = disk::remove_file(&path);
            }
        }
    }
}

/// Whether another process holds the lock of a file.
fn is_held(path: &Path) -> bool {
    let file = File::options().write(true).open(path);
    file.is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
}

/// A file of lines that grows: metrics.jsonl, timings.jsonl.
#[derive(Debug)]
pub(crate) struct AppendLog {
    file: File,
    path: PathBuf,
}

impl AppendLog {
    /// Opens the log and keeps the lines that `keep` accepts. It drops a torn last line, and lines that
    /// are not UTF-8.
    pub(crate) fn open(path: &Path, keep: impl Fn(&str) -> bool) -> Result<Self, TrainError> {
        match reading::read(path, reading::share_of_memory())? {
            Some(bytes) => {
                let kept = |line: &&[u8]| {
                    str::from_utf8(line).is_ok_and(|line| line.ends_with('\n') && keep(line))
                };
                let lines = bytes.split_inclusive(|byte| *byte == b'\n');
                let kept = lines.filter(kept).collect::<Vec<_>>().concat();
                if kept != bytes {
                    write_durably(path, &kept)?;
                }
            }
            None => write_durably(path, b"")?,
        }
        let file = disk::open_at_end(path)
            .map_err(|source| TrainError::io("cannot write", path, source))?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// Appends one line.
    pub(crate) fn line(&mut self, line: &str) -> Result<(), TrainError> {
        disk::write(&self.file, &self.path, format!("{line}\n").as_bytes())
            .map_err(|source| TrainError::io("cannot write", &self.path, source))
    }

    /// Makes every line so far last.
    pub(crate) fn sync(&self) -> Result<(), TrainError> {
        disk::sync_file(&self.file, &self.path)
            .map_err(|source| TrainError::io("cannot write", &self.path, source))
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
    fn of_new_files_all_are_written_or_none() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = |name: &str| folder.path().join(name);
        fs::write(path("c"), "mine").expect("written");
        let files = |names: &'static [&str]| {
            names.iter().map(|name| Ok((path(name), name.as_bytes().to_vec())))
        };
        let error = write_new_files(files(&["a", "b", "c"])).expect_err("c is there");
        assert!(matches!(error, TrainError::Exists(_)), "{error}");
        assert_eq!(fs::read_dir(folder.path()).expect("folder").count(), 1);
        assert_eq!(fs::read(path("c")).expect("there"), b"mine");
        write_new_files(files(&["a", "b"])).expect("new");
        assert_eq!(fs::read(path("b")).expect("there"), b"b");
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
        fs::write(&path, b"1\n2\n\xff\n3\n4").expect("written");
        let mut log = AppendLog::open(&path, |line| line.trim() != "3").expect("opened");
        log.line("5").expect("written");
        assert_eq!(fs::read_to_string(&path).expect("there"), "1\n2\n5\n");
    }

    #[test]
    fn leftovers_of_a_killed_run_are_removed_and_nothing_else() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let inner = folder.path().join("checkpoints/step-00000003");
        fs::create_dir_all(&inner).expect("created");
        fs::create_dir(folder.path().join(".langevin-tmp-folder")).expect("created");
        for folder in [folder.path(), &inner] {
            for name in [".langevin-tmp-x1", "kept.csv", ".hidden"] {
                fs::write(folder.join(name), "").expect("written");
            }
        }
        remove_leftovers(folder.path());
        let names = |folder: &Path| {
            let entries = fs::read_dir(folder).expect("folder").flatten();
            let mut names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
            names.sort();
            names
        };
        assert_eq!(names(&inner), [".hidden", "kept.csv"]);
        let outer = [".hidden", ".langevin-tmp-folder", "checkpoints", "kept.csv"];
        assert_eq!(names(folder.path()), outer);
    }

    #[test]
    fn a_file_that_another_process_is_writing_is_no_leftover() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("samples.csv");
        let staged = Staged::new(&path, &[b"rows".into()]).expect("written");
        remove_leftovers(folder.path());
        staged.rename().expect("still there");
        assert_eq!(fs::read(&path).expect("there"), b"rows");
    }

    #[cfg(unix)]
    #[test]
    fn no_link_inside_a_run_is_followed_for_writing() {
        let root = tempfile::tempdir().expect("temporary folder");
        let (run, outside) = (root.path().join("run"), root.path().join("outside"));
        fs::create_dir(&run).expect("created");
        fs::create_dir(&outside).expect("created");
        let others = outside.join("file");
        fs::write(&others, "mine\n").expect("written");
        let link = |to: &Path, name: &str| {
            let link = run.join(name);
            std::os::unix::fs::symlink(to, &link).expect("linked");
            link
        };
        let message = create_inner_folder(&link(&outside, "figures")).expect_err("a link");
        assert!(message.to_string().ends_with("it must be a folder, and no link"), "{message}");
        let message =
            AppendLog::open(&link(&others, "metrics.jsonl"), |_| true).expect_err("a link");
        assert!(message.to_string().contains("it must be a regular file, not a link"), "{message}");
        let samples = link(&others, "samples.csv");
        write_durably(&samples, b"ours").expect("the link's place is taken");
        assert!(fs::symlink_metadata(&samples).expect("there").is_file());
        assert_eq!(fs::read(&others).expect("there"), b"mine\n");
        assert_eq!(fs::read_dir(&outside).expect("folder").count(), 1);
    }
}
