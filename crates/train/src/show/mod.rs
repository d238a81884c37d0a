//! What is shown of a run: figures, films, its page, and several runs side by side. All but the
//! comparison is behind the feature `figures`.

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
