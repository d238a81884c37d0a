//! Files of a run on disk: its folder, its manifest and its checkpoints. All operations go through
//! `disk`, and nothing that is read is trusted.

pub(crate) mod checkpoint;
pub(crate) mod disk;
pub(crate) mod durable;
mod export;
pub(crate) mod fingerprint;
pub(crate) mod folder;
pub(crate) mod kept;
pub(crate) mod lock;
pub(crate) mod manifest;
pub(crate) mod reading;
pub(crate) mod records;

pub use durable::write_new as write_new_file;
pub use export::{WeightsFormat, export_weights};
pub use fingerprint::fingerprint;
pub use folder::read_run_config;
pub use lock::Locking;
pub use manifest::{Machine, Manifest, Program, RunState};
pub use records::{RunRecords, Timing, newest_run, newest_unfinished_run, runs_under};
