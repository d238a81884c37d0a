//! Checkpoints: `checkpoints/step-00001000/` with weights, averages and optimizer state. checkpoint.json
//! is written last, and its checksums make the other files count.

mod arrays;
mod damage;
mod mismatch;
mod sections;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use langevin_core::Network;
use serde::{Deserialize, Serialize};

use self::{
    arrays::{FileSum, stage},
    sections::{OPTIMIZER as OPTIMIZER_SECTION, Sections, sections},
};
pub(crate) use self::{
    damage::{Damage, LoadError},
    mismatch::Mismatch,
};
use crate::{
    TrainError,
    config::{CONFIG_LIMIT, KeepConfig, RunConfig},
    engine::tensors::{ArrayError, TensorMap},
    problem::{Problem, free_memory},
    store::{
        disk,
        durable::{Staged, create_inner_folder, write_durably},
        reading,
    },
    trainer::{Progress, Trainer},
};

const MODEL: &str = "model.safetensors";
const EMA: &str = "ema.safetensors";
const OPTIMIZER: &str = "optimizer.safetensors";
const ARRAYS: [&str; 3] = [MODEL, EMA, OPTIMIZER];
const INDEX: &str = "checkpoint.json";
/// The most bytes of checkpoint.json, which holds sections of a run file with one number a line.
const INDEX_LIMIT: u64 = 8 * CONFIG_LIMIT;
/// The format of checkpoint.json that is written.
const FORMAT: u32 = 2;

/// checkpoint.json after its first line. That line, `{"blake3": "…",`, is the checksum of all bytes
/// after it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Index {
    format: u32,
    progress: Progress,
    /// Fingerprint of the data that the weights have seen.
    data: String,
    /// The sections of the run file that the arrays belong to.
    sections: Sections,
    files: BTreeMap<String, FileSum>,
}

/// Fields that every format of checkpoint.json has.
#[derive(Deserialize)]
struct Head {
    format: u32,
}

/// A checkpoint whose checksums hold.
#[derive(Debug)]
pub(crate) struct Checkpoint {
    pub(crate) progress: Progress,
    pub(crate) data: String,
    format: u32,
    sections: Sections,
    /// Random frequencies of the level's embedding, which are stored beside the weights.
    pub(crate) frequencies: Vec<f32>,
    pub(crate) model: TensorMap,
    pub(crate) ema: Option<TensorMap>,
    pub(crate) optimizer: TensorMap,
}

impl Checkpoint {
    /// Fails where a section that the weights depend on means something else in this run file.
    ///
    /// # Errors
    /// The path of the first such section.
    pub(crate) fn same_network(&self, config: &RunConfig) -> Result<(), Mismatch> {
        self.same_sections(config, |path| path != OPTIMIZER_SECTION)
    }

    /// Fails where a section that the weights or the optimizer's state depend on means something else in
    /// this run file.
    ///
    /// # Errors
    /// The path of the first such section.
    pub(crate) fn same_training(&self, config: &RunConfig) -> Result<(), Mismatch> {
        self.same_sections(config, |_| true)
    }

    fn same_sections(&self, config: &RunConfig, count: fn(&str) -> bool) -> Result<(), Mismatch> {
        let mut others = sections::others(self.format, &self.sections, config);
        let other = others.find(|path| count(path));
        other.map_or(Ok(()), |path| Err(Mismatch::OtherSection { path }))
    }

    /// Checks names and shapes of the arrays: averages against weights, frequencies against `problem`,
    /// and weights against `network` where it is given.
    ///
    /// # Errors
    /// The first difference.
    pub(crate) fn same_shapes(
        &self,
        network: Option<&TensorMap>,
        problem: &Problem,
    ) -> Result<(), Mismatch> {
        if let Some(ema) = &self.ema {
            ema.same_architecture(&self.model)
                .map_err(|source| Mismatch::Array { file: EMA, source })?;
        }
        problem
            .check_frequencies(&self.frequencies)
            .map_err(|why| Mismatch::Frequencies { file: MODEL, source: Box::new(why) })?;
        let Some(network) = network else { return Ok(()) };
        let named = |source| Mismatch::Array { file: MODEL, source };
        for own in self.model.clone().split(problem.diffusion().networks).map_err(named)? {
            own.same_architecture(network).map_err(named)?;
        }
        Ok(())
    }

    /// The networks with the weights that samples are drawn with.
    ///
    /// # Errors
    /// The name of the array that does not fit.
    pub(crate) fn into_networks<N: Network>(self, networks: Vec<N>) -> Result<Vec<N>, ArrayError> {
        let weights = self.ema.unwrap_or(self.model).split(networks.len())?;
        networks.into_iter().zip(weights).map(|(network, own)| own.into_module(network)).collect()
    }

    /// The weights that samples are drawn with, and the frequencies beside them.
    pub(crate) fn sampling_weights(self) -> TensorMap {
        let mut weights = self.ema.unwrap_or(self.model);
        weights.put_frequencies(&self.frequencies);
        weights
    }
}

/// The checkpoints of one run.
#[derive(Debug, Clone)]
pub(crate) struct Checkpoints {
    folder: PathBuf,
}

impl Checkpoints {
    pub(crate) fn new(run: &Path) -> Self {
        Self { folder: run.join("checkpoints") }
    }

    /// Folder of a step's checkpoint.
    pub(crate) fn path(&self, step: u64) -> PathBuf {
        self.folder.join(format!("step-{step:08}"))
    }

    /// Steps that have a checkpoint's folder, sound or not, newest first. A link does not count: it
    /// could lead to the checkpoints of another run.
    ///
    /// # Errors
    /// The folder cannot be read, which is not the same as having nothing in it; it is a link.
    pub(crate) fn steps(&self) -> Result<Vec<u64>, TrainError> {
        let cannot = |source| TrainError::io("cannot read", &self.folder, source);
        if self.folder.is_symlink() {
            return Err(cannot(io::Error::other("it must be a folder, and no link")));
        }
        let entries = disk::list(&self.folder).map_err(cannot)?;
        let step = |path: &PathBuf| {
            let step = path.file_name()?.to_str()?.strip_prefix("step-")?.parse().ok()?;
            (is_folder(path) && *path == self.path(step)).then_some(step)
        };
        let mut steps: Vec<u64> = entries.iter().filter_map(step).collect();
        steps.sort_unstable_by(|a, b| b.cmp(a));
        Ok(steps)
    }

    /// Whether the run was stopped before its first checkpoint was whole.
    ///
    /// # Errors
    /// As [`steps`](Self::steps).
    pub(crate) fn has_none(&self) -> Result<bool, TrainError> {
        Ok(match self.steps()?[..] {
            [] => true,
            [only] => !self.path(only).join(INDEX).exists(),
            _ => false,
        })
    }

    /// Saves the trainer's state, then removes all but the newest checkpoints that the run keeps.
    pub(crate) fn save<N: Network>(
        &self,
        trainer: &mut Trainer<N>,
        data: &str,
    ) -> Result<PathBuf, TrainError> {
        let progress = trainer.settle()?;
        let folder = self.path(progress.step);
        create_inner_folder(&self.folder)?;
        create_inner_folder(&folder)?;
        let paths = ARRAYS.map(|name| folder.join(name));
        let (files, staged) = stage(trainer, progress.step, &paths).inspect_err(|_| {
            // The folder goes, since none of the step's files is there. It stays where something else is
            // in it.
            let _ = disk::remove_folder(&folder);
        })?;
        staged.into_iter().try_for_each(Staged::rename)?;
        disk::sync_folder(&folder)
            .map_err(|source| TrainError::io("cannot write", &folder, source))?;
        let sections = sections(trainer.config());
        let index = Index { format: FORMAT, progress, data: data.to_owned(), sections, files };
        write_durably(&folder.join(INDEX), &index.to_bytes()?)?;
        // Later checkpoints belong to a past that the run gave up when it fell back to an older one.
        self.remove_where(|step| *step > progress.step);
        self.remove_old(&progress, trainer.config());
        Ok(folder)
    }

    /// Removes the checkpoints up to the step of `progress`, except those that the run keeps. Files that
    /// others put there stay. Where a process was killed before this, the next one does it.
    pub(crate) fn remove_old(&self, progress: &Progress, config: &RunConfig) {
        let train = &config.train;
        let best = progress.best.filter(|_| train.keep == KeepConfig::Best).map(|best| best.step);
        let mut kept = train.keep_checkpoints;
        self.remove_where(|step| {
            let counts = *step <= progress.step;
            let old = counts && kept == 0;
            kept -= usize::from(counts && kept > 0);
            old && Some(*step) != best
        });
    }

    /// Removes the checkpoints whose steps `which` selects, newest first.
    fn remove_where(&self, which: impl FnMut(&u64) -> bool) {
        // A checkpoint that cannot be removed only takes space, until the next try.
        let steps = self.steps().unwrap_or_default();
        for step in steps.into_iter().filter(which) {
            let _ = self.remove(step);
        }
    }

    /// Removes a step's checkpoint. checkpoint.json goes first: a half-removed checkpoint must not
    /// count.
    fn remove(&self, step: u64) -> io::Result<()> {
        let folder = self.path(step);
        for name in [INDEX, MODEL, EMA, OPTIMIZER] {
            match disk::remove_file(&folder.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        disk::remove_folder(&folder)
    }

    /// The newest checkpoint whose checksums hold. `damaged` hears of every newer one whose checksums do
    /// not.
    ///
    /// # Errors
    /// No checkpoint is sound; or one cannot be read, in whose place no older one must be taken.
    pub(crate) fn newest(&self, damaged: &mut dyn FnMut(String)) -> Result<Checkpoint, TrainError> {
        let steps = self.steps()?;
        for step in &steps {
            match self.load(*step) {
                Ok(checkpoint) => return Ok(checkpoint),
                Err(LoadError::Damaged(why)) => {
                    damaged(format!("checkpoint {} is damaged: {why}", self.path(*step).display()))
                }
                Err(LoadError::Unreadable(error)) => return Err(error),
            }
        }
        let folder = self.folder.clone();
        Err(match steps.len() {
            0 => TrainError::NoCheckpoint(folder),
            count => TrainError::NoSoundCheckpoint { folder, count },
        })
    }

    /// The checkpoint that samples are drawn from: the newest, or the one of the lowest held-out loss
    /// where the run keeps it. `damaged` hears of every checkpoint that is passed over.
    ///
    /// # Errors
    /// As [`newest`](Self::newest).
    pub(crate) fn for_sampling(
        &self,
        keep: KeepConfig,
        damaged: &mut dyn FnMut(String),
    ) -> Result<Checkpoint, TrainError> {
        let newest = self.newest(damaged)?;
        let best = newest.progress.best.filter(|_| keep == KeepConfig::Best).map(|best| best.step);
        match best.filter(|step| *step != newest.progress.step).map(|step| (step, self.load(step)))
        {
            None => Ok(newest),
            Some((_, Ok(best))) => Ok(best),
            Some((_, Err(LoadError::Unreadable(error)))) => Err(error),
            Some((step, Err(LoadError::Damaged(why)))) => {
                let path = self.path(step);
                damaged(format!(
                    "the best checkpoint {} is damaged, so the newest is used: {why}",
                    path.display()
                ));
                Ok(newest)
            }
        }
    }

    /// Loads one checkpoint; nothing in it is trusted.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn load(&self, step: u64) -> Result<Checkpoint, LoadError> {
        let folder = self.path(step);
        if folder.is_symlink() {
            return Err(Damage::Link.into());
        }
        let path = folder.join(INDEX);
        let index = Index::from_bytes(&path, &read_file(&path, INDEX_LIMIT)?)?;
        index.progress.check(step).map_err(Damage::from)?;
        index
            .fits_into(&folder, free_memory().map(|free| free.bytes))
            .map_err(LoadError::Unreadable)?;
        let tensors = |file: &'static str| -> Result<Option<TensorMap>, LoadError> {
            let Some(FileSum { bytes: saved, blake3 }) = index.files.get(file) else {
                return Ok(None);
            };
            let read = read_file(&folder.join(file), *saved)?;
            let (bytes, saved) = (read.len() as u64, *saved);
            if bytes != saved {
                return Err(Damage::Size { file, bytes, saved }.into());
            }
            if blake3::hash(&read).to_string() != *blake3 {
                return Err(Damage::Checksum { file }.into());
            }
            let tensors = TensorMap::from_safetensors(&read);
            Ok(Some(tensors.map_err(|source| Damage::Arrays { file, source })?))
        };
        let required = |file: &'static str| -> Result<TensorMap, LoadError> {
            Ok(tensors(file)?.ok_or(Damage::NotListed { file })?)
        };
        let (mut model, mut ema) = (required(MODEL)?, tensors(EMA)?);
        ema.iter_mut().for_each(|ema| drop(ema.take_frequencies()));
        Ok(Checkpoint {
            frequencies: model.take_frequencies(),
            model,
            ema,
            optimizer: required(OPTIMIZER)?,
            progress: index.progress,
            data: index.data,
            format: index.format,
            sections: index.sections,
        })
    }
}

impl Index {
    /// Fails where the files, and the arrays that are made of them, need more memory than is free.
    /// Passes where the free memory is unknown.
    fn fits_into(&self, folder: &Path, free: Option<u64>) -> Result<(), TrainError> {
        let sizes = self.files.values().map(|file| file.bytes);
        let needed = sizes.fold(0, u64::saturating_add).saturating_mul(2);
        match free.filter(|free| needed > *free) {
            Some(free) => {
                Err(TrainError::LargeCheckpoint { path: folder.to_owned(), needed, free })
            }
            None => Ok(()),
        }
    }

    fn to_bytes(&self) -> Result<Vec<u8>, TrainError> {
        let body = serde_json::to_string_pretty(self)
            .map_err(|source| TrainError::Json { name: INDEX.to_owned(), source })?;
        let rest = format!("{}\n", body.trim_start_matches("{\n"));
        let sum = blake3::hash(rest.as_bytes());
        Ok(format!("{{\"blake3\": \"{sum}\",\n{rest}").into_bytes())
    }

    fn from_bytes(path: &Path, bytes: &[u8]) -> Result<Self, LoadError> {
        let text = std::str::from_utf8(bytes).map_err(Damage::from)?;
        let (first, rest) = text.split_once('\n').ok_or(Damage::IndexCut)?;
        if first != format!("{{\"blake3\": \"{}\",", blake3::hash(rest.as_bytes())) {
            return Err(Damage::Checksum { file: INDEX }.into());
        }
        let text = format!("{{{rest}");
        let Head { format } = serde_json::from_str(&text).map_err(Damage::from)?;
        if format > FORMAT {
            let newer = TrainError::NewerFormat { file: path.into(), format, known: FORMAT };
            return Err(LoadError::Unreadable(newer));
        }
        Ok(serde_json::from_str(&text).map_err(Damage::from)?)
    }
}

/// Whether a path is a folder itself, and not a link to one.
fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_dir())
}

/// Reads a regular file that is not larger than it should be.
fn read_file(path: &Path, limit: u64) -> Result<Vec<u8>, LoadError> {
    let file = || path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    match reading::read(path, limit) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(Damage::Missing { file: file() }.into()),
        // Not the system's word, but ours on what lies there.
        Err(TrainError::Io { source, .. }) if source.raw_os_error().is_none() => {
            Err(Damage::NoFile { file: file(), source }.into())
        }
        Err(error) => Err(LoadError::Unreadable(error)),
    }
}
