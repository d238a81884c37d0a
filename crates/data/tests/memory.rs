//! What loading a table takes at its peak: 8 bytes a value and little beside them.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use langevin_data::{SplitOptions, Table, TableData, TableOptions};

/// The system's allocator; counts the bytes that are taken, and the most that ever were.
struct Counting;

static TAKEN: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

fn take(bytes: usize) {
    PEAK.fetch_max(TAKEN.fetch_add(bytes, Relaxed) + bytes, Relaxed);
}

// SAFETY: everything is handed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        take(layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        TAKEN.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Both may be there for a while.
        take(size);
        TAKEN.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The promise is 64 MiB; what is needed is a chunk of 512 KiB that isn't full and some buffers.
const BESIDE: usize = 2 << 20;

/// A CSV file of 20 MB is 10 million values of one digit, 80 MB in memory: a vector that doubles
/// would hold 200 MB for a moment.
#[test]
fn loading_and_splitting_take_eight_bytes_a_value() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.csv");
    let (rows, columns) = (1_000_000, 10);
    let text: String =
        (0..rows).map(|row| format!("{},2,3,4,5,6,7,8,9,{}\n", row % 7, row % 10)).collect();
    std::fs::write(&path, &text).expect("written");
    drop(text);

    let before = TAKEN.load(Relaxed);
    PEAK.store(before, Relaxed);
    let table = Table::read(&path, &TableOptions::default()).expect("a table");
    assert_eq!((table.rows(), table.columns().len()), (rows, columns));
    let limit = 8 * rows * columns + BESIDE;
    let peak = PEAK.load(Relaxed) - before;
    assert!(peak <= limit, "reading took {peak} bytes, {limit} are allowed");

    let data = TableData::new(table, &SplitOptions::default()).expect("two columns vary");
    let peak = PEAK.load(Relaxed) - before;
    assert!(peak <= limit, "splitting took {peak} bytes, {limit} are allowed");
    drop(data);
    assert!(TAKEN.load(Relaxed) - before < BESIDE, "nothing stays behind");
}
