//! A power cut after every operation of a run, on a disk that keeps only what was synced, all that was
//! written, or anything between: the run goes on from the last checkpoint that it announced.
//!
//! The model of a disk is the one that file systems promise. What a file holds lasts once the file is
//! synced, names last once their folder is synced, and a rename is one change. Whatever is not synced
//! may be there, missing, cut, or there before what was asked for earlier.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use langevin_data::{Purpose, Streams};

use super::small_run::{Saved, begin, begin_and_stop, go_on, quick_folder, results};
use crate::{
    TrainError,
    run::{Event, Observer},
    store::disk::{Operation, witness::watch},
};

/// An operation that changes the disk, kept for later.
#[derive(Debug, Clone)]
enum Change {
    CreateFolder(PathBuf),
    CreateFile(PathBuf),
    Write(PathBuf, Vec<u8>),
    SyncFile(PathBuf),
    SyncFolder(PathBuf),
    Rename(PathBuf, PathBuf),
    Remove(PathBuf),
    /// No change of the disk: the run told its user that this step is saved.
    Announced(u64),
}

impl Change {
    fn of(operation: &Operation) -> Option<Self> {
        let path = operation.path().to_owned();
        Some(match operation {
            Operation::CreateFolder(_) => Self::CreateFolder(path),
            Operation::CreateFile(_) => Self::CreateFile(path),
            Operation::Write(_, bytes) => Self::Write(path, bytes.to_vec()),
            Operation::SyncFile(_) => Self::SyncFile(path),
            Operation::SyncFolder(_) => Self::SyncFolder(path),
            Operation::Rename(_, to) => Self::Rename(path, to.to_path_buf()),
            Operation::RemoveFile(_) | Operation::RemoveFolder(_) => Self::Remove(path),
            Operation::Read(_) | Operation::List(_) | Operation::Open(_) => return None,
        })
    }
}

/// What a name stands for: a folder, or a file by its number, which a rename does not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Node {
    Folder,
    File(usize),
}

/// A change of names that does not last until their folder is synced. Each name comes with what it
/// stands for after the change.
#[derive(Debug, Clone)]
struct NameChange {
    folder: PathBuf,
    names: Vec<(PathBuf, Option<Node>)>,
}

/// A disk: what lasts on it, and the changes that were asked for since.
#[derive(Debug, Default, Clone)]
struct Disk {
    names: BTreeMap<PathBuf, Node>,
    /// Bytes of each file, by its number: those that last, and those that were written after the last
    /// sync.
    files: Vec<(Vec<u8>, Vec<u8>)>,
    lasting: BTreeMap<PathBuf, Node>,
    pending: Vec<NameChange>,
}

/// What a power cut leaves of what was not synced.
#[derive(Debug, Clone, Copy)]
enum Left {
    Nothing,
    Everything,
    /// All names, and half of each file's new bytes.
    Cut,
    /// Some, none or all of each change of names and of each file's new bytes, drawn by this seed.
    Some(u64),
}

impl Disk {
    fn file(&mut self, path: &Path) -> &mut (Vec<u8>, Vec<u8>) {
        match self.names.get(path) {
            Some(Node::File(number)) => &mut self.files[*number],
            other => panic!("{} is {other:?}, no file", path.display()),
        }
    }

    fn change_names(&mut self, names: Vec<(PathBuf, Option<Node>)>) {
        for (name, node) in &names {
            match node {
                Some(node) => self.names.insert(name.clone(), *node),
                None => self.names.remove(name),
            };
        }
        let folder = names[0].0.parent().expect("below the root").to_owned();
        self.pending.push(NameChange { folder, names });
    }

    fn apply(&mut self, change: &Change) {
        match change {
            Change::CreateFolder(path) if self.names.contains_key(path) => {}
            Change::CreateFolder(path) => {
                self.change_names(vec![(path.clone(), Some(Node::Folder))]);
            }
            Change::CreateFile(path) => {
                self.files.push((Vec::new(), Vec::new()));
                let file = Node::File(self.files.len() - 1);
                self.change_names(vec![(path.clone(), Some(file))]);
            }
            // A file that was not created here is the lock's, which no run reads.
            Change::Write(path, _) if !self.names.contains_key(path) => {}
            Change::Write(path, bytes) => self.file(path).1.extend(bytes),
            Change::SyncFile(path) => {
                let (lasting, new) = self.file(path);
                lasting.append(new);
            }
            Change::SyncFolder(folder) => {
                let (now, later) = std::mem::take(&mut self.pending)
                    .into_iter()
                    .partition(|change| change.folder == *folder);
                self.pending = later;
                now.into_iter().for_each(|change| apply_names(&mut self.lasting, change));
            }
            Change::Rename(from, to) => {
                let node = self.names[from];
                self.change_names(vec![(from.clone(), None), (to.clone(), Some(node))]);
            }
            // A file that was not there could not be removed.
            Change::Remove(path) if !self.names.contains_key(path) => {}
            Change::Remove(path) => self.change_names(vec![(path.clone(), None)]),
            Change::Announced(_) => {}
        }
    }

    /// Folders, which have no bytes, and files that the power cut leaves.
    fn after_the_cut(&self, left: Left) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
        let mut random = match left {
            Left::Some(seed) => Some(Streams::new(seed).at(Purpose::Data, 0, 0)),
            _ => None,
        };
        let mut names = self.lasting.clone();
        for change in &self.pending {
            let kept = match (left, &mut random) {
                (Left::Nothing, _) => false,
                (_, Some(random)) => random.uniform() < 0.5,
                _ => true,
            };
            if kept {
                apply_names(&mut names, change.clone());
            }
        }
        // Without its folder a file is not there either.
        let reachable = |path: &Path| {
            let mut above = path.ancestors().skip(1).take_while(|it| !it.as_os_str().is_empty());
            above.all(|folder| names.get(folder) == Some(&Node::Folder))
        };
        let mut found = BTreeMap::new();
        for (path, node) in names.iter().filter(|(path, _)| reachable(path)) {
            let bytes = match node {
                Node::Folder => None,
                Node::File(number) => {
                    let (lasting, new) = &self.files[*number];
                    let kept = match (left, &mut random) {
                        (Left::Nothing, _) => 0,
                        (Left::Everything, _) => new.len(),
                        (_, Some(random)) => (random.uniform() * (new.len() + 1) as f64) as usize,
                        _ => new.len() / 2,
                    };
                    Some([lasting, &new[..kept]].concat())
                }
            };
            found.insert(path.clone(), bytes);
        }
        found
    }
}

fn apply_names(names: &mut BTreeMap<PathBuf, Node>, change: NameChange) {
    for (name, node) in change.names {
        match node {
            Some(node) => names.insert(name, node),
            None => names.remove(&name),
        };
    }
}

/// Adds the run's own announcements to the record of what it asked of the disk.
struct Recorder(Arc<Mutex<Vec<Change>>>);

impl Observer for Recorder {
    fn event(&mut self, event: Event) {
        if let Event::Saved { step } = event {
            self.0.lock().expect("nobody panicked").push(Change::Announced(step));
        }
    }
}

/// Changes that `act` asks of the disk below `root`, with paths relative to `root`.
fn recorded(
    root: &Path,
    act: impl FnOnce(&mut Recorder) -> Result<crate::run::RunReport, TrainError>,
) -> Vec<Change> {
    let record = Arc::new(Mutex::new(Vec::new()));
    let (told, below) = (Arc::clone(&record), root.to_owned());
    let watch = watch(root, move |operation| {
        if let Some(change) = Change::of(operation) {
            told.lock().expect("nobody panicked").push(change.below(&below));
        }
        Ok(())
    });
    act(&mut Recorder(Arc::clone(&record))).expect("undisturbed");
    drop(watch);
    let record = record.lock().expect("nobody panicked");
    record.clone()
}

impl Change {
    /// The same change with paths relative to `root`.
    fn below(self, root: &Path) -> Self {
        let inner = |path: PathBuf| path.strip_prefix(root).expect("below the root").to_owned();
        match self {
            Self::CreateFolder(path) => Self::CreateFolder(inner(path)),
            Self::CreateFile(path) => Self::CreateFile(inner(path)),
            Self::Write(path, bytes) => Self::Write(inner(path), bytes),
            Self::SyncFile(path) => Self::SyncFile(inner(path)),
            Self::SyncFolder(path) => Self::SyncFolder(inner(path)),
            Self::Rename(from, to) => Self::Rename(inner(from), inner(to)),
            Self::Remove(path) => Self::Remove(inner(path)),
            Self::Announced(step) => Self::Announced(step),
        }
    }
}

/// Puts what a power cut left into a real folder.
fn restore(folder: &Path, left: &BTreeMap<PathBuf, Option<Vec<u8>>>) {
    for (path, bytes) in left {
        let path = folder.join(path);
        match bytes {
            // The root of the model is there already.
            None => fs::create_dir_all(path).expect("created"),
            Some(bytes) => fs::write(path, bytes).expect("written"),
        }
    }
}

/// Seeds of [`Left::Some`] for each operation.
fn seeds() -> u64 {
    match std::env::var_os("LANGEVIN_TORTURE") {
        Some(_) => 24,
        None => 3,
    }
}

/// Cuts the power after each of the changes and goes on from every state that it may leave.
fn go_on_from_every_cut(changes: &[Change], wanted: &[Vec<u8>]) {
    let (mut disk, mut announced, mut seen) = (Disk::default(), None, BTreeSet::new());
    let (mut cuts, mut resumed) = (0, 0);
    for (number, change) in changes.iter().enumerate() {
        disk.apply(change);
        if let Change::Announced(step) = change {
            announced = Some(*step);
        }
        let some = (0..seeds()).map(|seed| Left::Some(seed + 1000 * number as u64));
        for left in [Left::Nothing, Left::Everything, Left::Cut].into_iter().chain(some) {
            cuts += 1;
            let found = disk.after_the_cut(left);
            if !seen.insert((announced, blake3::hash(format!("{found:?}").as_bytes()).to_string()))
            {
                continue;
            }
            let folder = quick_folder();
            restore(folder.path(), &found);
            let place = format!("after operation {number}, {change:.60?}, {left:?} left");
            resumed += usize::from(goes_on(folder.path(), announced, wanted, &place));
        }
    }
    println!(
        "{} operations, {cuts} cuts, {} different disks: {resumed} went on, the others had saved nothing",
        changes.len(),
        seen.len()
    );
    assert!(resumed > 100, "{resumed}");
}

/// Whether the run went on. Where a checkpoint was announced it must, from that one or a later one.
fn goes_on(root: &Path, announced: Option<u64>, wanted: &[Vec<u8>], place: &str) -> bool {
    let run = root.join("runs/a/run");
    let checkpoints = crate::store::checkpoint::Checkpoints::new(&run);
    let newest = checkpoints.newest(&mut |_| {}).ok().map(|found| found.progress.step);
    assert!(newest >= announced, "{place}: {newest:?}, and {announced:?} was announced");
    match go_on(&run, &mut Saved::default()) {
        Ok(report) => {
            assert!(report.finished, "{place}");
            assert_eq!(results(&run), wanted, "{place}");
            true
        }
        Err(error) => {
            assert_eq!(announced, None, "{place}: {error}");
            let message = error.to_string();
            let is_nothing = ["is not a run", "holds no run yet"];
            assert!(is_nothing.iter().any(|it| message.contains(it)), "{place}: {message}");
            false
        }
    }
}

#[test]
fn after_a_power_cut_a_run_goes_on_from_what_it_announced() {
    let folder = quick_folder();
    // Folders that are not there yet, as a user may name them.
    let run = folder.path().join("runs/a/run");
    let changes = recorded(folder.path(), |recorder| begin(&run, recorder));
    go_on_from_every_cut(&changes, &results(&run));
}

#[test]
fn after_a_power_cut_a_resumed_run_goes_on_from_what_it_announced() {
    let folder = quick_folder();
    let run = folder.path().join("runs/a/run");
    let changes = recorded(folder.path(), |recorder| {
        begin_and_stop(&run, Some(5), recorder)?;
        go_on(&run, recorder)
    });
    go_on_from_every_cut(&changes, &results(&run));
}

#[test]
fn a_file_that_is_renamed_before_it_is_synced_would_be_found() {
    let path = |name: &str| PathBuf::from(name);
    let mut disk = Disk::default();
    for change in [
        Change::CreateFile(path("new")),
        Change::Write(path("new"), b"whole".to_vec()),
        Change::Rename(path("new"), path("name")),
        Change::SyncFolder(path("")),
    ] {
        disk.apply(&change);
    }
    let empty = BTreeMap::from([(path("name"), Some(Vec::new()))]);
    assert_eq!(disk.after_the_cut(Left::Nothing), empty);
    disk.apply(&Change::SyncFile(path("name")));
    let whole = BTreeMap::from([(path("name"), Some(b"whole".to_vec()))]);
    assert_eq!(disk.after_the_cut(Left::Nothing), whole);
}
