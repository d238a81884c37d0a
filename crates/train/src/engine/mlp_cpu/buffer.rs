//! Numbers that start at a cache line.

use std::ops::{Deref, DerefMut};

/// Numbers that a cache line holds.
pub(crate) const LINE: usize = 16;

/// Buffer of f32 that begins at a cache line and keeps its length. A vector load that crosses two lines
/// costs twice as much.
#[derive(Debug)]
pub(crate) struct Buffer {
    storage: Vec<f32>,
    first: usize,
    len: usize,
}

impl Buffer {
    /// A buffer of `len` zeros.
    pub(crate) fn zeros(len: usize) -> Self {
        let storage = vec![0.0; len + LINE];
        // `align_offset` may find no place; the buffer then begins anywhere.
        let first = storage.as_ptr().align_offset(LINE * size_of::<f32>()).min(LINE);
        Self { storage, first, len }
    }
}

impl Clone for Buffer {
    fn clone(&self) -> Self {
        let mut copy = Self::zeros(self.len);
        copy.copy_from_slice(self);
        copy
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.storage[self.first..self.first + self.len]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.storage[self.first..self.first + self.len]
    }
}
