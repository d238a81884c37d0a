//! Slices of floats that start at a cache line.

use std::ops::{Deref, DerefMut};

/// Number of floats in a cache line.
pub(crate) const LINE: usize = 16;

#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; LINE]);

/// Floats that fill whole cache lines.
#[derive(Debug, Clone)]
pub(crate) struct Lines(Vec<Line>);

impl Lines {
    pub(crate) fn zeros(len: usize) -> Self {
        Self(vec![Line([0.0; LINE]); len.div_ceil(LINE)])
    }
}

impl Deref for Lines {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        // SAFETY: a `Line` is 16 floats and nothing else.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast(), self.0.len() * LINE) }
    }
}

impl DerefMut for Lines {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts_mut(self.0.as_mut_ptr().cast(), self.0.len() * LINE) }
    }
}

/// Number of floats from one row of a matrix to the next: whole lines, and never a multiple of eight of
/// them, which would put all rows of a column into a few sets of the cache.
pub(crate) const fn stride(columns: usize) -> usize {
    let lines = columns.div_ceil(LINE);
    LINE * if lines.is_multiple_of(8) { lines + 1 } else { lines }
}
