//! Allocator of the program: mimalloc, and an end with a message where there is no memory, which in Rust is an abort.

use std::{
    alloc::{GlobalAlloc, Layout},
    io::Write,
    sync::atomic::{AtomicBool, Ordering},
};

use mimalloc::MiMalloc;

/// Whether the program's messages go to standard output as JSON too.
pub static SAYS_JSON: AtomicBool = AtomicBool::new(false);

/// [`MiMalloc`], which ends the program with exit code 1 where the system has no memory left for it.
pub struct Allocator;

// SAFETY: every call is passed on to mimalloc with the layout that the caller gave, and its pointer comes back.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        had(unsafe { MiMalloc.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        had(unsafe { MiMalloc.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as the caller promises.
        had(unsafe { MiMalloc.realloc(pointer, layout, size) }, size)
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { MiMalloc.dealloc(pointer, layout) }
    }
}

/// The pointer to memory that was asked for.
#[inline]
fn had(pointer: *mut u8, bytes: usize) -> *mut u8 {
    if pointer.is_null() {
        end(bytes);
    }
    pointer
}

/// Says that there is no memory, and ends the process as it is: what was saved is on the disk.
#[cold]
fn end(bytes: usize) -> ! {
    const MOST: usize = 200;
    static HAS_ENDED: AtomicBool = AtomicBool::new(false);
    // A second thread leaves the first the time to say so.
    if HAS_ENDED.swap(true, Ordering::Relaxed) {
        std::thread::sleep(std::time::Duration::from_secs(1));
        signal_hook::low_level::exit(1);
    }
    // A message is made without memory of its own.
    let mut text = [0; MOST];
    let mut rest = &mut text[..];
    let _ = write!(
        rest,
        "out of memory: {bytes} bytes more could not be had; what was saved before is kept"
    );
    let length = MOST - rest.len();
    let text = text.get(..length).unwrap_or_default();
    crate::output::last_words(text, SAYS_JSON.load(Ordering::Relaxed));
    signal_hook::low_level::exit(1)
}
