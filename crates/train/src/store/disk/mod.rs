//! Operations by which a run reads and changes the disk. All of them go through here, so that a test can
//! write them down in their order and make any one of them fail.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// One operation on the disk, as the system is asked for it.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(not(test), expect(dead_code, reason = "only a test looks at what it is told"))]
pub(crate) enum Operation<'a> {
    Read(&'a Path),
    List(&'a Path),
    CreateFolder(&'a Path),
    /// Creates a file that was not there before.
    CreateFile(&'a Path),
    /// Opens a file that is there, to write at its end.
    Open(&'a Path),
    /// Writes bytes at the end of a file.
    Write(&'a Path, &'a [u8]),
    SyncFile(&'a Path),
    SyncFolder(&'a Path),
    Rename(&'a Path, &'a Path),
    RemoveFile(&'a Path),
    RemoveFolder(&'a Path),
}

#[cfg(not(test))]
#[expect(clippy::unnecessary_wraps, reason = "a test's answer may be an error")]
pub(crate) const fn announce(_: Operation) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
pub(crate) use witness::announce;

/// Reads a whole file.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    announce(Operation::Read(path))?;
    fs::read(path)
}

/// Opens a file to read it.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    announce(Operation::Read(path))?;
    File::open(path)
}

/// Paths of all that lies in a folder; empty where there is no folder.
pub(crate) fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    announce(Operation::List(folder))?;
    match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

pub(crate) fn create_folder(path: &Path) -> io::Result<()> {
    announce(Operation::CreateFolder(path))?;
    fs::create_dir(path)
}

/// Creates a file; fails where there is one.
pub(crate) fn create_file(path: &Path) -> io::Result<File> {
    announce(Operation::CreateFile(path))?;
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// Opens a file that is there, to write at its end.
pub(crate) fn open_at_end(path: &Path) -> io::Result<File> {
    announce(Operation::Open(path))?;
    OpenOptions::new().append(true).open(path)
}

/// Writes all bytes at the end of `file`, which lies at `path`.
pub(crate) fn write(mut file: &File, path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Err(error) = announce(Operation::Write(path, bytes)) {
        // A full disk takes a part of the bytes before it fails, and so does this.
        file.write_all(&bytes[..bytes.len() / 2])?;
        return Err(error);
    }
    file.write_all(bytes)
}

/// Makes a file's contents last.
pub(crate) fn sync_file(file: &File, path: &Path) -> io::Result<()> {
    announce(Operation::SyncFile(path))?;
    file.sync_all()
}

/// Makes a folder's entries last. Windows has no such call and keeps them in its journal.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    announce(Operation::SyncFolder(folder))?;
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    announce(Operation::Rename(from, to))?;
    fs::rename(from, to)
}

pub(crate) fn remove_file(path: &Path) -> io::Result<()> {
    announce(Operation::RemoveFile(path))?;
    fs::remove_file(path)
}

pub(crate) fn remove_folder(path: &Path) -> io::Result<()> {
    announce(Operation::RemoveFolder(path))?;
    fs::remove_dir(path)
}

#[cfg(test)]
pub(crate) mod tests;
#[cfg(test)]
pub(crate) mod witness;
