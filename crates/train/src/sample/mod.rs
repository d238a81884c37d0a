//! Samples: drawing them chunk by chunk through the levels, restoring the user's columns, and files
//! of them, as pictures too; and the errors of a denoiser at the levels.

mod bounded;
mod chunk;
mod denoising;
pub(crate) mod draw;
pub(crate) mod file;
mod fill_file;
mod first_call;
mod given;
mod given_cell;
mod given_file;
mod informed;
pub(crate) mod levels;
mod moments;
#[cfg(test)]
mod parity;
mod pictures;
mod range;
mod samples;
pub(crate) mod spaces;
#[cfg(test)]
mod tests;
pub(crate) mod trajectory;
mod until;
mod user_rows;

pub use bounded::Bounded;
pub(crate) use denoising::bytes_of_denoising;
pub use denoising::denoising_errors;
pub(crate) use denoising::denoising_errors_of_run;
pub(crate) use draw::{check_told, draw_of_run};
pub use draw::{draw_samples, draw_samples_given};
pub use file::{SamplesFormat, check_samples, write_samples};
pub use fill_file::{FillFile, Filling};
pub(crate) use first_call::first_estimates;
pub use given::Given;
pub use given_cell::GivenCell;
pub use given_file::GivenFile;
pub use informed::Informed;
pub use moments::{LevelSummary, level_goal};
pub use pictures::Tones;
pub(crate) use range::range_of;
pub use samples::Samples;
