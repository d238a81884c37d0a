//! Random streams, distributions and tables: what Langevin draws from, on the host, with the same bits
//! on every platform; and measures of rows against rows. This crate knows no tensors.
//!
//! - [`Streams`] are all random numbers of a run: ChaCha8, by seed, purpose, step and position.
//! - [`Dataset`] is what a model is trained on; implement it for data of your own. Its [`Column`]s hold
//!   [`ColumnValues`], a [`FeatureGroup`] of some [`FeatureKind`] stands for each in the model's space, and
//!   images have a [`Shape`]; a [`DrawnCategory`] is one that a model draws; a [`Picture`], with its [`ChannelAxis`], says how the columns are pixels.
//! - The distributions, as [`GaussianMixture`], know their exact mean and covariance, and their density,
//!   score and posterior means where these are known; a [`CategoricalMixture`] of [`ProductComponent`]s is a table with them.
//!   A [`DataError`] names a parameter that is wrong.
//! - [`LevelDensity`] is the exact density of a noise level of one-dimensional data, with its
//!   distribution function and quantiles.
//! - [`Table`] reads CSV and NPY files, in which a [`ColumnSpec`] says how a column is read and learnt, a [`DateFormat`] or
//!   [`NumberSpelling`] among it; [`TableData`] splits and scales one into a [`Dataset`], [`NumberParts`] says where a column falls
//!   apart, and [`built_in_table`] has some to begin with. A
//!   [`Guess`] tells a file's [`Layout`] by its first lines, a [`Survey`] what each column holds, and [`Gaps`]
//!   what rows lack; it has up to [`COLUMN_LIMIT`] columns, and a category up to [`CATEGORY_LIMIT`] values, of which the rare ones
//!   share a class where there are more than [`CLASS_LIMIT`]. A [`TextTable`] is a file's cells as they are written, to be filled in. A
//!   [`FloatArray`] is
//!   what an NPY file of another shape holds, and a [`FloatArrayError`] why a file holds none.
//! - [`measure`] has distances between rows, and [`evaluate`](measure::evaluate) measures samples against
//!   held-out rows.
//! - [`exp`], [`ln`], [`sin_cos_turns`] and [`fill_sin_cos_turns`] have the same bits on every platform.
//!
//! ```
//! use langevin_data::{ColumnSpec, Dataset, Part, SplitOptions, Table, TableData, TableOptions, built_in_table};
//!
//! let penguins = built_in_table("penguins").expect("built in");
//! let columns = ["bill_length_mm", "body_mass_g"].map(ColumnSpec::named).to_vec();
//! let options = TableOptions { columns: Some(columns), ..TableOptions::default() };
//! let table = Table::from_bytes(penguins.name, penguins.bytes, &options)?;
//! let data = TableData::new(table, &SplitOptions::default())?;
//! assert_eq!((data.len(Part::Training), data.len(Part::HeldOut)), (Some(274), Some(68)));
//! // The first held-out penguin, in the model's space and in millimetres and grams.
//! let (mut row, mut restored) = ([0.0; 2], Vec::new());
//! data.row(Part::HeldOut, 0, &mut row);
//! data.restore(&row, &mut restored);
//! assert!(row[1].abs() < 3.0 && restored[1] > 2000.0);
//! # Ok::<(), langevin_data::TableError>(())
//! ```

mod column;
mod dataset;
mod density;
mod distributions;
mod drawn_category;
mod error;
mod linear;
mod math;
pub mod measure;
mod normal;
mod one_hot;
mod percent;
mod picture;
mod streams;
mod table;

pub use column::{Column, ColumnValues, FeatureGroup, FeatureKind, Shape};
pub use dataset::{Dataset, Mode, Part};
pub use density::LevelDensity;
pub use distributions::{
    CategoricalMixture, Checkerboard, ComponentPosterior, EightGaussians, Gaussian,
    GaussianMixture, LabelledMixture, ProductComponent, Rings, Spiral, SwissRoll, TwoMoons,
};
pub use drawn_category::DrawnCategory;
pub use error::DataError;
pub use math::{exp, fill_sin_cos_turns, ln, sin_cos_turns};
pub use picture::{ChannelAxis, Picture};
pub use streams::{Purpose, Stream, Streams, normal_words};
pub use table::{
    BUILT_IN_TABLES, BuiltInTable, CATEGORY_LIMIT, CLASS_LIMIT, COLUMN_LIMIT, Cell, CellKind,
    ColumnKind, ColumnRange, ColumnSpec, ColumnSurvey, DateFormat, Decimal, Dropped, Encoding,
    Ends, FloatArray, FloatArrayError, Gaps, Guess, Holdout, IdSign, KeptRows, KeptTable, Layout,
    Missing, NumberParts, NumberSpelling, Place, SampleValues, Sentinel, SpecError, Split,
    SplitOptions, Survey, Table, TableData, TableError, TableOptions, TextKind, TextTable,
    ToldError, Transform, WeightError, Window, WindowError, built_in_table,
};
