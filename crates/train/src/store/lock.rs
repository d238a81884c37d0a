//! The lock of a run's folder: one process trains in it at a time.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::Path,
};

use super::{disk, reading};
use crate::TrainError;

/// What to do in a run's folder whose file system has no locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Locking {
    /// Refuse to train there: a second process would not be kept out, and two spoil a run.
    #[default]
    Required,
    /// Train all the same. The caller answers for it that no other process does.
    WhereThere,
}

pub(super) const LOCK: &str = ".lock";
/// First word of the lock's file.
const HOLDER: &str = "process";
/// The most bytes of the lock's file.
const MOST_HOLDER: u64 = 200;

/// Takes the run's lock, which the system releases when the process ends, and writes the holder into its
/// file. The file is for messages alone: the lock decides.
///
/// # Errors
/// Another process holds it; its file cannot be written; a file system without locks, unless `locking` allows it.
pub(super) fn lock(run: &Path, locking: Locking) -> Result<File, TrainError> {
    let path = run.join(LOCK);
    let cannot = |doing| move |source| TrainError::io(doing, &run.join(LOCK), source);
    // A link could lead to a file outside the run.
    if fs::symlink_metadata(&path).is_ok_and(|found| !found.is_file()) {
        return Err(TrainError::LockNotAFile(path));
    }
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(cannot("cannot write"))?;
    let taken = match file.try_lock() {
        Err(TryLockError::Error(source)) if has_no_locks(&source) => match locking {
            Locking::Required => return Err(TrainError::NoLocks { path, source }),
            Locking::WhereThere => Ok(()),
        },
        taken => taken,
    };
    match taken {
        Ok(()) => {
            let host = sysinfo::System::host_name().unwrap_or_default();
            let holder = format!("{HOLDER} {} on {host}\n", std::process::id());
            let write = || {
                file.set_len(0)?;
                disk::write(&file, &path, holder.as_bytes())
            };
            write().map_err(cannot("cannot write"))?;
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            // Whoever holds the lock may have written nothing yet, or something else.
            let text = reading::read_text(&path, MOST_HOLDER).ok().flatten();
            let holder = text.map(|text| text.trim().to_owned());
            let holder = holder.filter(|holder| holder.starts_with(HOLDER));
            Err(TrainError::Locked { run: run.to_owned(), holder })
        }
        Err(TryLockError::Error(source)) => Err(cannot("cannot lock")(source)),
    }
}

/// Whether a lock failed because the file system has none, as NFS without its lock service and some mounts of Lustre.
fn has_no_locks(error: &io::Error) -> bool {
    #[cfg(unix)]
    let is_unknown = error.raw_os_error() == Some(libc::ENOLCK);
    #[cfg(not(unix))]
    let is_unknown = false;
    is_unknown || error.kind() == io::ErrorKind::Unsupported
}

/// Whether no process holds a run, as far as can be told. A run whose lock cannot be opened counts as
/// held.
pub(crate) fn is_left(run: &Path) -> bool {
    match File::options().write(true).open(run.join(LOCK)) {
        Ok(file) => file.try_lock_shared().is_ok(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// Whether an open file is the one that lies at `path` now.
#[cfg(unix)]
pub(super) fn is_same_file(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let (own, there) = (file.metadata()?, fs::symlink_metadata(path)?);
    Ok((own.dev(), own.ino()) == (there.dev(), there.ino()))
}

/// True for any file at `path`: other systems do not remove a folder in which a file is open.
#[cfg(not(unix))]
pub(super) fn is_same_file(_: &File, path: &Path) -> io::Result<bool> {
    fs::symlink_metadata(path).map(|_| true)
}
