//! Random streams and distributions: what Langevin draws from, on the host, with the same bits on
//! every platform. This crate knows no tensors.
//!
//! - [`Streams`] are all random numbers of a run: ChaCha8, by seed, purpose, step and position.
//! - [`Dataset`] is what a model is trained on; implement it for data of your own.
//! - The distributions, as [`GaussianMixture`], know their exact mean and covariance, and their density
//!   and score where these are closed formulas. A [`DataError`] names a parameter that is wrong.
//! - [`exp`], [`ln`] and [`sin_cos_turns`] have the same bits on every platform.

mod dataset;
mod distributions;
mod error;
mod math;
mod normal;
mod streams;

pub use dataset::{Dataset, Mode, Part};
pub use distributions::{
    Checkerboard, EightGaussians, Gaussian, GaussianMixture, Rings, Spiral, SwissRoll, TwoMoons,
};
pub use error::DataError;
pub use math::{exp, ln, sin_cos_turns};
pub use streams::{Purpose, Stream, Streams, normal_words};
