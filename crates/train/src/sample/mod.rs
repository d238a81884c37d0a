//! Samples: drawn in chunks through the levels, brought back to the user's columns, written to files.

mod chunk;
pub(crate) mod draw;
pub(crate) mod file;
pub(crate) mod levels;
mod moments;
#[cfg(test)]
mod parity;
pub(crate) mod spaces;
pub(crate) mod trajectory;

pub use draw::{Samples, draw_samples};
pub use file::{SamplesFormat, write_samples};
pub use moments::{LevelSummary, level_goal};
