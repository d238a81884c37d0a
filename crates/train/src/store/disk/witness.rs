//! Witnesses, closures of a test that are told of every operation below a folder before it is done, and
//! may make it fail.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use super::Operation;

type Told = Arc<Mutex<dyn FnMut(&Operation) -> io::Result<()> + Send>>;

static WITNESSES: Mutex<Vec<(PathBuf, Told)>> = Mutex::new(Vec::new());

/// Guard that ends, when it is dropped, what [`watch`] began.
pub(crate) struct Watch(PathBuf);

/// Tells `told` of every operation below `root` until the watch is dropped.
pub(crate) fn watch(
    root: &Path,
    told: impl FnMut(&Operation) -> io::Result<()> + Send + 'static,
) -> Watch {
    let mut witnesses = WITNESSES.lock().unwrap_or_else(PoisonError::into_inner);
    witnesses.push((root.to_owned(), Arc::new(Mutex::new(told))));
    Watch(root.to_owned())
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut witnesses = WITNESSES.lock().unwrap_or_else(PoisonError::into_inner);
        witnesses.retain(|(root, _)| *root != self.0);
    }
}

pub(crate) fn announce(operation: Operation) -> io::Result<()> {
    let told = {
        let witnesses = WITNESSES.lock().unwrap_or_else(PoisonError::into_inner);
        let here = witnesses.iter().find(|(root, _)| operation.path().starts_with(root));
        here.map(|(_, told)| Arc::clone(told))
    };
    told.map_or(Ok(()), |told| {
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        told(&operation)
    })
}

impl Operation<'_> {
    /// The path that the operation is done to.
    pub(crate) const fn path(&self) -> &Path {
        match self {
            Self::Read(path)
            | Self::List(path)
            | Self::CreateFolder(path)
            | Self::CreateFile(path)
            | Self::Open(path)
            | Self::Write(path, _)
            | Self::SyncFile(path)
            | Self::SyncFolder(path)
            | Self::Rename(path, _)
            | Self::RemoveFile(path)
            | Self::RemoveFolder(path) => path,
        }
    }
}
