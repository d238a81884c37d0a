//! Tests of how batches are made.

mod categories;
