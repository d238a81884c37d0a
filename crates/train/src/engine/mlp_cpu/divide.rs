//! Kernels over all parameters, cut into parts for several threads.

use super::{
    buffer::LINE,
    simd::{InstructionSet, Kernel},
    team::Team,
};

/// The least numbers that are worth one more thread: a few microseconds of work.
pub(super) const LEAST: usize = 1 << 12;

/// A kernel that treats each number by itself, so that it gives the same result however it is cut.
pub(crate) trait Divide: Kernel<Output = ()> + Send + Sized {
    /// Numbers that the kernel goes over.
    fn len(&self) -> usize;

    /// The kernel over the first `place` numbers, and the kernel over the rest.
    fn split_at(self, place: usize) -> (Self, Self);
}

impl InstructionSet {
    /// Runs a kernel in as many threads of a team as its length is worth.
    pub(crate) fn run_divided<K: Divide>(self, kernel: K, team: &Team) {
        let threads = team.threads().min(kernel.len() / LEAST);
        if threads < 2 {
            return self.run(kernel);
        }
        let (mut rest, mut others) = (Some(kernel), threads);
        let parts = std::iter::from_fn(|| {
            let kernel = rest.take()?;
            others -= 1;
            if others == 0 {
                return Some(kernel);
            }
            let share = (kernel.len() / (others + 1)).next_multiple_of(LINE);
            let (part, further) = kernel.split_at(share);
            rest = Some(further);
            Some(part)
        });
        team.for_each(threads, parts, |part| self.run(part));
    }
}
