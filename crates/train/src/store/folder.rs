//! The folder of a run: created once, locked by the process that trains in it.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use crate::{
    TrainError,
    config::{CONFIG_LIMIT, RunConfig},
    store::{
        Manifest, disk,
        durable::{TEMPORARY_PREFIX, create_folders, parent, remove_leftovers, write_json},
        kept::KEPT,
        lock::{LOCK, Locking, is_same_file, lock},
        manifest::MANIFEST,
        reading,
    },
};

pub(crate) const CONFIG: &str = "config.json";

/// A run's folder, held by this process alone until it is dropped.
#[derive(Debug)]
pub(crate) struct RunFolder {
    path: PathBuf,
    /// The lock, which the system releases when the process ends, however it ends.
    lock: File,
}

impl RunFolder {
    /// Creates a run's folder: `out`, or else the first of `runs/NAME`, `runs/NAME-2`, … that is free.
    ///
    /// # Errors
    /// `out` exists, or nothing can be created there.
    pub(crate) fn create(
        out: Option<&Path>,
        name: &str,
        locking: Locking,
    ) -> Result<Self, TrainError> {
        let was_there = out.is_some_and(Path::exists);
        let path = match out {
            Some(path) => {
                check_free(path)?;
                create_folders(path)?;
                path.to_owned()
            }
            None => create_next(&Path::new("runs").join(name))?,
        };
        let lock = lock(&path, locking).inspect_err(|error| {
            // Nothing is left of a run that cannot be, but what was there, or has become another's.
            if !was_there && matches!(error, TrainError::NoLocks { .. }) {
                let _ = disk::remove_file(&path.join(LOCK));
                let _ = fs::remove_dir(&path);
            }
        })?;
        // Another process may have made a run here since the check.
        no_run_yet(&path)?;
        remove_leftovers(&path);
        Ok(Self { path, lock })
    }

    /// Opens the folder of a run that is there, and removes the leftovers of a killed process. A run that was stopped
    /// before it had a manifest is there too.
    ///
    /// # Errors
    /// It is not a run, or another process trains in it.
    pub(crate) fn open(path: &Path, locking: Locking) -> Result<Self, TrainError> {
        if !path.join(MANIFEST).is_file() {
            if !is_start(path) {
                return Err(TrainError::NotARun { path: path.to_owned(), lacks: MANIFEST });
            }
            if !path.join(CONFIG).is_file() {
                return Err(TrainError::NotBegun(path.to_owned()));
            }
        }
        let lock = lock(path, locking)?;
        remove_leftovers(path);
        Ok(Self { path: path.to_owned(), lock })
    }

    /// Fails where the folder was removed since it was opened, or removed and made again: then the
    /// lock's file there is another one.
    ///
    /// # Errors
    /// The folder is gone, or another process has made it anew.
    pub(crate) fn check(&self) -> Result<(), TrainError> {
        let path = self.path.join(LOCK);
        let check = || match is_same_file(&self.lock, &path)? {
            true => Ok(()),
            false => Err(io::Error::other("another process has made this folder anew")),
        };
        check().map_err(|source| TrainError::io("cannot write", &path, source))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the resolved config.
    pub(crate) fn write_config(&self, config: &RunConfig) -> Result<(), TrainError> {
        let mut config = config.clone();
        config.data.point_into(&self.path);
        write_json(&self.path.join(CONFIG), &config).map(drop)
    }
}

/// Reads the resolved config of a run.
///
/// # Errors
/// It cannot be read, or describes no run.
pub fn read_run_config(run: &Path) -> Result<RunConfig, TrainError> {
    // What else is wrong with the manifest is for those to say who need it.
    if let Err(newer @ TrainError::NewerFormat { .. }) = Manifest::read(run) {
        return Err(newer);
    }
    // A link that leads nowhere, or in a circle, is no folder whose files could not be read.
    if run.is_symlink() && !run.is_dir() {
        return Err(TrainError::NotARun { path: run.to_owned(), lacks: CONFIG });
    }
    let path = run.join(CONFIG);
    let text = reading::read_text(&path, CONFIG_LIMIT)?;
    let text = text.ok_or_else(|| match is_start(run) {
        true => TrainError::NotBegun(run.to_owned()),
        false => TrainError::NotARun { path: run.to_owned(), lacks: CONFIG },
    })?;
    crate::config::read_config(&path.display().to_string(), run, &text, &[])
}

fn no_run_yet(path: &Path) -> Result<(), TrainError> {
    match path.join(MANIFEST).exists() {
        true => Err(TrainError::HoldsARun(path.to_owned())),
        false => Ok(()),
    }
}

/// Whether a folder is free. A free folder holds nothing, or only what a run leaves when it is killed
/// before it has a manifest.
fn is_free(folder: &Path) -> io::Result<bool> {
    let names: Vec<_> = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<io::Result<_>>()?;
    let ours = |name: &String| {
        [LOCK, CONFIG, KEPT].contains(&name.as_str()) || name.starts_with(TEMPORARY_PREFIX)
    };
    // A config.json that a user put there has no lock beside it.
    Ok(names.is_empty() || (names.iter().any(|name| name == LOCK) && names.iter().all(ours)))
}

/// Whether a folder holds what a run leaves that is stopped before it has a manifest, and nothing else, or nothing.
pub(crate) fn is_start(folder: &Path) -> bool {
    !folder.join(MANIFEST).exists() && is_free(folder).unwrap_or(false)
}

/// Fails where a folder is not free: a run is never overwritten.
pub(crate) fn check_free(path: &Path) -> Result<(), TrainError> {
    no_run_yet(path)?;
    match is_free(path) {
        Ok(false) => Err(TrainError::FolderNotEmpty(path.to_owned())),
        Ok(true) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(TrainError::io("cannot create", path, source)),
    }
}

/// Creates the first of `base`, `base-2`, `base-3`, … that is free.
fn create_next(base: &Path) -> Result<PathBuf, TrainError> {
    let parent = parent(base);
    create_folders(parent)?;
    let name = base.file_name().unwrap_or_default().to_string_lossy();
    for number in 1_u32.. {
        let suffix = if number == 1 { String::new() } else { format!("-{number}") };
        let path = parent.join(format!("{name}{suffix}"));
        // `create_dir` decides: two processes never get the same folder.
        match disk::create_folder(&path).and_then(|()| disk::sync_folder(parent)) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(source) => return Err(TrainError::io("cannot create", &path, source)),
        }
    }
    Err(TrainError::NamesTaken(base.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::lock::is_left;

    #[test]
    fn a_run_is_never_overwritten() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let base = folder.path().join("four");
        let first = create_next(&base).expect("created");
        let second = create_next(&base).expect("created");
        assert_eq!(first, base);
        assert_eq!(second, folder.path().join("four-2"));
        fs::write(first.join(MANIFEST), "{}").expect("written");
        let message = RunFolder::create(Some(&first), "four", Locking::Required)
            .expect_err("refused")
            .to_string();
        assert!(message.contains("holds a run already"), "{message}");
    }

    #[test]
    fn what_is_left_of_a_start_is_taken_up_and_anything_else_is_not() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let write = |name| fs::write(folder.path().join(name), "mine").expect("written");
        write(CONFIG);
        let message = check_free(folder.path()).expect_err("somebody's config").to_string();
        assert!(message.contains("is not empty"), "{message}");
        write(LOCK);
        write(".langevin-tmp-x1");
        drop(
            RunFolder::create(Some(folder.path()), "run", Locking::Required)
                .expect("left by a killed process"),
        );
        assert!(!folder.path().join(".langevin-tmp-x1").exists());
        write("notes.txt");
        check_free(folder.path()).expect_err("somebody's notes");
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_was_made_again_is_another_s() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("run");
        let held = RunFolder::create(Some(&path), "run", Locking::Required).expect("created");
        held.check().expect("ours");
        fs::remove_dir_all(&path).expect("removed");
        let message = held.check().expect_err("gone").to_string();
        assert!(message.contains("No such file"), "{message}");
        let other =
            RunFolder::create(Some(&path), "run", Locking::Required).expect("created again");
        let message = held.check().expect_err("the other's").to_string();
        assert!(message.contains("another process has made this folder anew"), "{message}");
        other.check().expect("its own");
    }

    #[cfg(unix)]
    #[test]
    fn a_lock_that_is_a_link_is_not_followed() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let (run, other) = (folder.path().join("run"), folder.path().join("other"));
        fs::create_dir(&run).expect("created");
        fs::write(run.join(MANIFEST), "{}").expect("written");
        fs::write(&other, "mine").expect("written");
        std::os::unix::fs::symlink(&other, run.join(LOCK)).expect("linked");
        let message = RunFolder::open(&run, Locking::Required).expect_err("a link").to_string();
        assert!(message.contains("must be a file"), "{message}");
        assert_eq!(fs::read(&other).expect("there"), b"mine");
    }

    #[test]
    fn two_processes_never_train_in_one_run() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("run");
        let held = RunFolder::create(Some(&path), "run", Locking::Required).expect("created");
        fs::write(path.join(MANIFEST), "{}").expect("written");
        let message = RunFolder::open(&path, Locking::Required).expect_err("locked").to_string();
        let host = sysinfo::System::host_name().unwrap_or_default();
        let holder = format!(": process {} on {host}", std::process::id());
        assert!(message.starts_with("another process is training in"), "{message}");
        assert!(message.ends_with(holder.trim_end()), "{message}");
        assert!(!is_left(&path));
        drop(held);
        assert!(is_left(&path));
        RunFolder::open(&path, Locking::Required).expect("free again");
    }
}
