//! Numbers on a GPU: flat buffers, and the outputs of steps.

use std::{
    fmt::{self, Debug, Formatter},
    marker::PhantomData,
    sync::Arc,
};

use bytemuck::Pod;
use cubecl::{client::Client, prelude::*, server::Handle};

use crate::{TrainError, engine::transfer};

/// A flat buffer of numbers on the device.
#[derive(Debug, Clone)]
pub(super) struct Numbers<T = f32> {
    pub(super) handle: Handle,
    pub(super) len: usize,
    kind: PhantomData<T>,
}

impl<T: Pod> Numbers<T> {
    pub(super) fn new(client: &Client, values: &[T]) -> Self {
        // An empty buffer cannot be bound.
        let values = if values.is_empty() { &[T::zeroed()] } else { values };
        let handle = client.create_from_slice(bytemuck::cast_slice(values));
        Self { handle, len: values.len(), kind: PhantomData }
    }

    /// A buffer whose numbers are not set.
    fn unset(client: &Client, len: usize) -> Self {
        Self { handle: client.empty(len * size_of::<T>()), len, kind: PhantomData }
    }

    pub(super) fn zeros(client: &Client, len: usize) -> Self {
        Self::new(client, &vec![T::zeroed(); len])
    }

    /// A part of the buffer. Kernels take parts that begin at a multiple of [`ALIGNMENT`].
    pub(super) fn part(&self, first: usize, len: usize) -> Self {
        let bytes = |numbers: usize| (numbers * size_of::<T>()) as u64;
        let handle = self.handle.clone().offset_start(bytes(first));
        let handle = handle.offset_end(bytes(self.len - first - len));
        Self { handle, len, kind: PhantomData }
    }

    pub(super) fn argument(&self) -> BufferArg {
        // SAFETY: the handle was made for `len` numbers.
        unsafe { BufferArg::from_raw_parts(self.handle.clone(), self.len) }
    }
}

/// Numbers of a page, a buffer of several steps' outputs that is read at once.
const PAGE: usize = 1 << 15;

/// Alignment of an output in its page, in numbers: 256 bytes, WebGPU's coarsest.
const ALIGNMENT: usize = 64;

/// Output of a step on the device: the rows' losses and the norm of the gradients.
#[derive(Clone)]
pub struct DeviceOutput {
    page: Arc<Page>,
    /// Place of the losses in the page; the norm comes after them.
    first: usize,
    pub(crate) rows: usize,
}

/// A buffer with the outputs of several steps.
struct Page {
    client: Client,
    numbers: Numbers,
}

impl Debug for DeviceOutput {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceOutput").field("rows", &self.rows).finish_non_exhaustive()
    }
}

impl DeviceOutput {
    /// An output behind the last one in its page, or in a new page where there is no room.
    pub(super) fn after(last: Option<&Self>, client: &Client, rows: usize) -> Self {
        let len = rows + 1;
        if let Some(Self { page, first, rows: before }) = last {
            let first = first + (before + 1).next_multiple_of(ALIGNMENT);
            if first + len <= page.numbers.len {
                return Self { page: page.clone(), first, rows };
            }
        }
        let len = PAGE.max(len);
        let page = Page { client: client.clone(), numbers: Numbers::unset(client, len) };
        Self { page: Arc::new(page), first: 0, rows }
    }

    pub(super) fn numbers(&self) -> Numbers {
        self.page.numbers.part(self.first, self.rows + 1)
    }
}

/// Reads the losses and the norm of each step, one after the other, by one transfer.
pub(crate) fn read(outputs: &[&DeviceOutput]) -> Result<Vec<f64>, TrainError> {
    let mut pages: Vec<&Arc<Page>> = outputs.iter().map(|output| &output.page).collect();
    pages.dedup_by(|a, b| Arc::ptr_eq(a, b));
    let Some(first) = pages.first() else { return Ok(Vec::new()) };
    let handles = pages.iter().map(|page| page.numbers.handle.clone()).collect();
    let values = transfer::read_buffers(&first.client, handles)?;
    let of = |output: &DeviceOutput| -> Vec<f64> {
        let page = pages.iter().position(|page| Arc::ptr_eq(page, &output.page));
        let page = page.and_then(|page| values.get(page)).into_iter().flatten();
        page.skip(output.first).take(output.rows + 1).map(|value| f64::from(*value)).collect()
    };
    Ok(outputs.iter().flat_map(|output| of(output)).collect())
}
