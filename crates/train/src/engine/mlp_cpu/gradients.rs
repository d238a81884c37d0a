//! Gradients of a batch's loss, computed by several threads in chunks of rows.
//!
//! Chunks, and the groups that they form, depend on the batch and the network alone. The groups' gradients
//! are added in a fixed order. So the number of threads changes no bit.

use std::{
    ops::Range,
    sync::{Mutex, PoisonError},
};

use super::{
    buffer::Buffer,
    divide::Divide,
    form::Transposed,
    pass::{Network, Sum, Workspace},
    simd::{Kernel, Simd},
    team::{Part, Team},
};
use crate::problem::StepBatch;

/// Rows of a chunk: few enough for their activations to stay in the cache.
pub(crate) const CHUNK_ROWS: usize = 64;

/// Rows of a chunk of a small batch, which would else have too few chunks for all threads.
const SMALL_CHUNK_ROWS: usize = 32;

/// Parameters from which on a network is large: they and their gradients no longer fit a core's cache. The
/// threads then share the columns of each layer instead of the rows. Each reads its own part of the weights
/// alone, and there is one sum of gradients instead of one a group.
const LARGE: usize = 1 << 18;

/// Rows of a chunk of a large network.
const LARGE_CHUNK_ROWS: usize = 128;

/// The most groups of chunks. Each lets one more thread work, and costs one more sum of gradients.
const GROUPS: usize = 16;

/// Multiplications that are worth a group of their own, about 10 µs.
const WORK_OF_A_GROUP: usize = 500_000;

/// Multiplications that are worth waking one more thread for.
const WORK_OF_A_THREAD: usize = 2_000_000;

/// The most groups whose gradients a network of `parameters` keeps side by side.
pub(crate) fn most_groups(parameters: usize, rows: usize) -> usize {
    if parameters >= LARGE { 1 } else { rows.min(GROUPS) }
}

/// Differentiation of a network's loss, with all its buffers, which are kept from step to step.
#[derive(Debug)]
pub(crate) struct Gradients {
    pub(crate) network: Network,
    transposed: Transposed,
    pub(crate) team: Team,
    /// Whether the network is large: all threads work on each chunk together.
    is_large: bool,
    /// Workspaces that no thread uses at the moment; there are as many as threads have worked at once.
    spaces: Mutex<Vec<Workspace>>,
    groups: Vec<Group>,
    losses: Vec<f32>,
}

/// How a batch is cut into chunks and groups.
#[derive(Debug, Clone, Copy)]
struct Cut {
    chunk_rows: usize,
    groups: usize,
    /// Multiplications of the batch.
    work: usize,
}

/// Results of a group: consecutive chunks that one thread takes through the network.
#[derive(Debug)]
struct Group {
    /// Sum of the gradients over the group's rows.
    gradients: Buffer,
    losses: Vec<f32>,
}

impl Gradients {
    pub(crate) fn new(network: Network, threads: usize) -> Self {
        Self {
            transposed: Transposed::new(&network.layers),
            team: Team::new(threads),
            is_large: network.len() >= LARGE,
            spaces: Mutex::new(Vec::new()),
            groups: Vec::new(),
            losses: Vec::new(),
            network,
        }
    }

    /// The same, for a network that is treated as large.
    #[cfg(test)]
    pub(crate) fn taken_as_large(mut self) -> Self {
        self.is_large = true;
        self
    }

    /// Number of groups of a batch of `rows` rows.
    pub(crate) fn count(&self, rows: usize) -> usize {
        self.cut(rows).groups
    }

    fn cut(&self, rows: usize) -> Cut {
        let is_large = self.is_large;
        let chunk_rows = match rows {
            _ if is_large => LARGE_CHUNK_ROWS,
            few if few < GROUPS * SMALL_CHUNK_ROWS => SMALL_CHUNK_ROWS,
            _ => CHUNK_ROWS,
        };
        let work = rows.saturating_mul(3 * self.network.len());
        let most = if is_large { 1 } else { GROUPS.min(1 + work / WORK_OF_A_GROUP) };
        Cut { chunk_rows, groups: rows.div_ceil(chunk_rows).min(most), work }
    }

    /// Losses of the batch's rows, the gradient of their sum, and the team that made them. `beside` runs
    /// meanwhile.
    pub(crate) fn differentiate(
        &mut self,
        parameters: &[f32],
        batch: &StepBatch,
        beside: &mut (dyn FnMut() + Send),
    ) -> (&[f32], &mut [f32], &Team) {
        let cut = self.cut(batch.rows);
        self.make(parameters, batch, cut, 0..cut.groups, beside);
        self.add_groups(cut.groups)
    }

    /// The sums of gradients of some groups, and the losses of their rows.
    pub(crate) fn of_groups(
        &mut self,
        parameters: &[f32],
        batch: &StepBatch,
        range: Range<usize>,
    ) -> impl Iterator<Item = (&[f32], &[f32])> {
        let count = range.len();
        self.make(parameters, batch, self.cut(batch.rows), range, &mut || ());
        self.groups[..count].iter().map(|group| (&group.gradients[..], &group.losses[..]))
    }

    /// Adds sums of groups that were made before, with the losses of all rows.
    pub(crate) fn add(&mut self, sums: Vec<Buffer>, losses: &[f64]) -> (&[f32], &mut [f32], &Team) {
        let count = sums.len();
        self.make_room(count);
        for (group, sum) in self.groups.iter_mut().zip(sums) {
            group.gradients = sum;
            group.losses.clear();
        }
        if let Some(first) = self.groups.first_mut() {
            first.losses.extend(losses.iter().map(|loss| *loss as f32));
        }
        self.add_groups(count)
    }

    fn make_room(&mut self, groups: usize) {
        let len = self.network.len();
        self.groups.resize_with(self.groups.len().max(groups), || Group {
            gradients: Buffer::zeros(len),
            losses: Vec::new(),
        });
    }

    /// Makes the groups `range`, which lie at the beginning of `groups` then. `beside` runs meanwhile.
    fn make(
        &mut self,
        parameters: &[f32],
        batch: &StepBatch,
        Cut { chunk_rows, groups, work }: Cut,
        range: Range<usize>,
        beside: &mut (dyn FnMut() + Send),
    ) {
        let is_large = self.is_large;
        // The chunks of a large network keep the whole team busy, so `beside` runs while its weights are
        // transposed.
        let (first, beside) = if is_large { (Some(beside), None) } else { (None, Some(beside)) };
        self.transposed.update(&self.network.layers, parameters, &self.team, first);
        let threads = self.team.threads().min(range.len()).min(1 + work / WORK_OF_A_THREAD);
        self.make_room(range.len());
        let job = Job {
            network: &self.network,
            transposed: &self.transposed,
            team: is_large.then_some(&self.team),
            chunk_rows,
            groups,
            parameters,
            batch,
            spaces: &self.spaces,
        };
        let own = range.clone().zip(&mut self.groups);
        let threads = threads + usize::from(beside.is_some());
        // `beside` comes last, so that a single group stays in this thread's cache.
        let items = own.map(Part::Own).chain(beside.map(Part::Beside));
        self.team.for_each(threads, items, |part| match part {
            Part::Beside(work) => work(),
            Part::Own((number, group)) => job.work(number, group),
        });
    }

    /// Joins the groups' losses, and sums their gradients.
    fn add_groups(&mut self, count: usize) -> (&[f32], &mut [f32], &Team) {
        self.losses.clear();
        let groups = self.groups.get_mut(..count).unwrap_or_default();
        groups.iter().for_each(|group| self.losses.extend_from_slice(&group.losses));
        let Some((first, rest)) = groups.split_first_mut() else {
            return (&self.losses, &mut [], &self.team);
        };
        // More groups than the engine makes by itself come from another one.
        for rest in rest.chunks(GROUPS) {
            let mut others: [&[f32]; GROUPS] = [&[]; GROUPS];
            for (other, group) in others.iter_mut().zip(rest) {
                *other = &group.gradients;
            }
            self.network.set.run_divided(Add { sum: &mut first.gradients, others }, &self.team);
        }
        (&self.losses, &mut first.gradients, &self.team)
    }
}

/// Kernel of the sum of the groups' gradients, added group by group.
struct Add<'a> {
    sum: &'a mut [f32],
    /// The other groups' gradients; empty slices where there are fewer groups.
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

/// Work of a step, of which each thread takes one group after the other.
struct Job<'a> {
    network: &'a Network,
    transposed: &'a Transposed,
    /// The team that works on each chunk together; none where each thread has chunks of its own.
    team: Option<&'a Team>,
    chunk_rows: usize,
    groups: usize,
    parameters: &'a [f32],
    batch: &'a StepBatch,
    /// Workspaces that no thread uses at the moment.
    spaces: &'a Mutex<Vec<Workspace>>,
}

impl Job<'_> {
    fn work(&self, number: usize, group: &mut Group) {
        let spare = || self.spaces.lock().unwrap_or_else(PoisonError::into_inner);
        let own = spare().pop();
        let new = || Workspace::new(&self.network.form, self.chunk_rows.max(CHUNK_ROWS));
        let mut space = own.unwrap_or_else(new);
        self.differentiate(self.rows_of(number), group, &mut space);
        spare().push(space);
    }

    /// Rows of a group: whole chunks, shared out as evenly as possible.
    fn rows_of(&self, group: usize) -> Range<usize> {
        let chunks = self.batch.rows.div_ceil(self.chunk_rows);
        let first =
            |group: usize| (group * chunks / self.groups * self.chunk_rows).min(self.batch.rows);
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
                self.team,
                space,
                losses,
                if is_first { Sum::New(gradients) } else { Sum::Further(gradients) },
            );
        }
    }
}
