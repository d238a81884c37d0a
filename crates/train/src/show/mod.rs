//! Display of runs: figures, films, the page of a run, and the comparison of several runs. All but
//! the comparison, the verdict and what is said of errors by level is behind the feature `figures`.

pub(crate) mod comparison;
mod denoising;
#[cfg(feature = "figures")]
pub mod figures;
mod filled;
#[cfg(feature = "figures")]
pub mod film;
pub(crate) mod numbers;
#[cfg(feature = "figures")]
mod page;
#[cfg(feature = "figures")]
pub(crate) mod report;
mod table_measures;
mod verdict;

pub use comparison::{ComparedRow, Comparison};
pub use denoising::denoising_text;
pub use filled::{filled_lines, single_cell_rows};
#[cfg(feature = "figures")]
pub use film::of_run::{FilmFormat, draw_film};
pub use numbers::number;
#[cfg(feature = "figures")]
pub use report::{compare_runs, report_run};
pub use table_measures::{MeasureTable, table_measures};
pub use verdict::verdict_lines;
