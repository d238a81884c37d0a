//! Display of runs: figures, films, the page of a run, and the comparison of several runs. All but
//! the comparison is behind the feature `figures`.

pub(crate) mod comparison;
#[cfg(feature = "figures")]
pub mod figures;
#[cfg(feature = "figures")]
pub mod film;
pub(crate) mod numbers;
#[cfg(feature = "figures")]
mod page;
#[cfg(feature = "figures")]
pub(crate) mod report;

pub use comparison::{ComparedRow, Comparison};
#[cfg(feature = "figures")]
pub use film::of_run::{FilmFormat, draw_film};
pub use numbers::number;
#[cfg(feature = "figures")]
pub use report::{compare_runs, report_run};
