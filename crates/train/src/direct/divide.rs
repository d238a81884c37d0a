//! Passes over all parameters of a large network, which several threads take in parts.

use super::{
    buffer::LINE,
    simd::{InstructionSet, Kernel},
};

/// Numbers that are worth waking one more thread for, tens of microseconds.
pub(super) const LEAST: usize = 1 << 15;

/// A kernel that does the same to each number, whichever are taken together.
pub(crate) trait Divide: Kernel<Output = ()> + Send + Sized {
    /// Numbers.
    fn len(&self) -> usize;

    /// The first so many, and the rest.
    fn split_at(self, place: usize) -> (Self, Self);
}

impl InstructionSet {
    /// Runs a kernel in up to so many threads.
    pub(crate) fn run_divided<K: Divide>(self, kernel: K, threads: usize) {
        let threads = threads.min(kernel.len() / LEAST);
        if threads < 2 {
            return self.run(kernel);
        }
        rayon::in_place_scope(|scope| {
            let mut rest = kernel;
            for others in (1..threads).rev() {
                let share = rest.len() / (others + 1);
                let (part, further) = rest.split_at(share.next_multiple_of(LINE));
                scope.spawn(move |_| self.run(part));
                rest = further;
            }
            self.run(rest);
        });
    }
}
