//! A batch's gradient, over chunks of rows that several threads take.
//!
//! Chunks and the groups that they form depend on the batch and the network alone, never on the
//! number of threads, and groups are added in their order: so neither do the bits.

use std::{
    ops::Range,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::{
    buffer::Buffer,
    divide::Divide,
    form::Transposed,
    pass::{Network, Sum, Workspace},
    simd::{Kernel, Simd},
};
use crate::StepBatch;

/// The most rows that go through the network at once: their activations stay in the cache.
pub(crate) const CHUNK_ROWS: usize = 64;

/// Rows of a chunk where a batch would else have too few of them to share out.
const SMALL_CHUNK_ROWS: usize = 32;

/// Parameters of a network whose gradients no longer stay in a core's cache: to add more of them up
/// costs more than the rows that one more thread would take.
const LARGE: usize = 1 << 18;

/// The most groups of chunks: each lets one more thread work, and has its own sum to add.
const GROUPS: usize = 16;

/// Multiplications that are worth a group of their own, about 10 µs.
const WORK_OF_A_GROUP: usize = 500_000;

/// Multiplications that are worth waking one more thread for.
const WORK_OF_A_THREAD: usize = 2_000_000;

/// What is needed to differentiate a network's loss, kept from step to step.
#[derive(Debug)]
pub(crate) struct Gradients {
    pub(crate) network: Network,
    transposed: Transposed,
    pub(crate) threads: usize,
    spaces: Vec<Workspace>,
    groups: Vec<Mutex<Group>>,
    losses: Vec<f32>,
}

/// A run of chunks that one thread takes through the network.
#[derive(Debug)]
struct Group {
    /// Sum over its rows.
    gradients: Buffer,
    losses: Vec<f32>,
}

impl Gradients {
    pub(crate) fn new(network: Network, threads: usize) -> Self {
        Self {
            transposed: Transposed::new(&network.layers),
            threads,
            spaces: Vec::new(),
            groups: Vec::new(),
            losses: Vec::new(),
            network,
        }
    }

    /// The losses of the batch's rows, and the gradient of their sum.
    pub(crate) fn differentiate(
        &mut self,
        parameters: &[f32],
        batch: &StepBatch,
    ) -> (&[f32], &mut [f32]) {
        let few = batch.rows < GROUPS * SMALL_CHUNK_ROWS && parameters.len() < LARGE;
        let chunk_rows = if few { SMALL_CHUNK_ROWS } else { CHUNK_ROWS };
        let work = batch.rows.saturating_mul(3 * parameters.len());
        let groups = batch.rows.div_ceil(chunk_rows).min(GROUPS).min(1 + work / WORK_OF_A_GROUP);
        let threads = self.threads.min(groups).min(1 + work / WORK_OF_A_THREAD);
        self.make_room(groups, threads);
        self.transposed.update(&self.network.layers, parameters, self.threads);
        let spaces = &mut self.spaces[..threads];
        let job = Job {
            network: &self.network,
            transposed: &self.transposed,
            chunk_rows,
            parameters,
            batch,
            groups: &self.groups[..groups],
            next: AtomicUsize::new(0),
        };
        if let [space] = spaces {
            job.work(space);
        } else {
            rayon::in_place_scope(|scope| {
                let job = &job;
                let mut spaces = spaces.iter_mut();
                let own = spaces.next();
                spaces.for_each(|space| scope.spawn(move |_| job.work(space)));
                own.into_iter().for_each(|space| job.work(space));
            });
        }
        self.add_groups(groups)
    }

    fn make_room(&mut self, groups: usize, threads: usize) {
        let network = &self.network;
        self.groups.resize_with(self.groups.len().max(groups), || {
            Mutex::new(Group { gradients: Buffer::zeros(network.len()), losses: Vec::new() })
        });
        self.spaces.resize_with(self.spaces.len().max(threads), || {
            Workspace::new(&network.form, CHUNK_ROWS)
        });
    }

    /// The groups' losses side by side, and the sum of their gradients.
    fn add_groups(&mut self, count: usize) -> (&[f32], &mut [f32]) {
        self.losses.clear();
        let mut groups = self.groups.iter_mut().take(count).map(|group| {
            let group = group.get_mut().unwrap_or_else(PoisonError::into_inner);
            self.losses.extend_from_slice(&group.losses);
            &mut group.gradients[..]
        });
        let sum = groups.next().unwrap_or_default();
        let mut others: [&[f32]; GROUPS] = [&[]; GROUPS];
        for (other, gradients) in others.iter_mut().zip(groups) {
            *other = gradients;
        }
        self.network.set.run_divided(Add { sum, others }, self.threads);
        (&self.losses, sum)
    }
}

/// Adds gradients, those of one group after those of another.
struct Add<'a> {
    sum: &'a mut [f32],
    /// Empty where there are fewer.
    others: [&'a [f32]; GROUPS],
}

impl Kernel for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        // A block of the sum stays in the first cache until all are in it.
        const BLOCK: usize = 2048;
        for (block, sum) in self.sum.chunks_mut(BLOCK).enumerate() {
            for other in self.others.iter().filter(|other| !other.is_empty()) {
                for (sum, gradient) in sum.iter_mut().zip(&other[block * BLOCK..]) {
                    *sum += gradient;
                }
            }
        }
    }
}

impl Divide for Add<'_> {
    fn len(&self) -> usize {
        self.sum.len()
    }

    fn split_at(self, place: usize) -> (Self, Self) {
        let (first, rest) = self.sum.split_at_mut(place);
        let parts = self.others.map(|other| other.split_at(place.min(other.len())));
        let (firsts, rests) = (parts.map(|part| part.0), parts.map(|part| part.1));
        (Self { sum: first, others: firsts }, Self { sum: rest, others: rests })
    }
}

/// One step's work, of which every thread takes a group after the other.
struct Job<'a> {
    network: &'a Network,
    transposed: &'a Transposed,
    chunk_rows: usize,
    parameters: &'a [f32],
    batch: &'a StepBatch,
    groups: &'a [Mutex<Group>],
    next: AtomicUsize,
}

impl Job<'_> {
    fn work(&self, space: &mut Workspace) {
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(group) = self.groups.get(number) else { return };
            // Nobody else asks for this one: the lock is for the compiler.
            let mut group = group.lock().unwrap_or_else(PoisonError::into_inner);
            self.differentiate(self.rows_of(number), &mut group, space);
        }
    }

    /// The rows of a group: whole chunks, as evenly as they go.
    fn rows_of(&self, group: usize) -> Range<usize> {
        let chunks = self.batch.rows.div_ceil(self.chunk_rows);
        let first = |group: usize| {
            (group * chunks / self.groups.len() * self.chunk_rows).min(self.batch.rows)
        };
        first(group)..first(group + 1)
    }

    fn differentiate(&self, rows: Range<usize>, group: &mut Group, space: &mut Workspace) {
        group.losses.resize(rows.len(), 0.0);
        for first in rows.clone().step_by(self.chunk_rows) {
            let chunk = first..(first + self.chunk_rows).min(rows.end);
            let losses = &mut group.losses[first - rows.start..chunk.end - rows.start];
            let gradients = &mut group.gradients[..];
            let is_first = first == rows.start;
            self.network.differentiate(
                self.parameters,
                self.transposed,
                self.batch,
                chunk,
                space,
                losses,
                if is_first { Sum::New(gradients) } else { Sum::Further(gradients) },
            );
        }
    }
}
