//! Matrices in panels of columns. A panel holds `PANEL` columns of all rows, one row after the other; the next
//! panel holds the next columns.
//!
//! A matrix product reads one panel again and again, and a panel is one piece of memory that fits the first
//! cache. Threads that take a panel each write to different pieces.

use super::buffer::LINE;

/// Columns of a panel: two AVX-512 registers.
pub(crate) const PANEL: usize = 2 * LINE;

/// Width of the panels of a matrix of `columns` columns. The last panel may hold fewer, padded with zeros.
pub(crate) const fn width(columns: usize) -> usize {
    if columns <= LINE { LINE } else { PANEL }
}

/// Columns of a matrix with its padding.
pub(crate) const fn padded(columns: usize) -> usize {
    columns.next_multiple_of(width(columns))
}

/// Columns that panel number `panel` of a matrix of `columns` columns holds, without padding.
pub(crate) fn held(panel: usize, columns: usize) -> usize {
    (columns - panel * width(columns)).min(width(columns))
}

/// Writes `from`, `[rows, count]` row by row, into a matrix in panels of `width` columns, from column `first`
/// on.
pub(crate) fn place(
    to: &mut [f32],
    width: usize,
    first: usize,
    from: &[f32],
    (rows, count): (usize, usize),
) {
    let mut done = 0;
    while done < count {
        let (panel, column) = ((first + done) / width, (first + done) % width);
        let some = (width - column).min(count - done);
        let to = to[panel * rows * width..][..rows * width].chunks_exact_mut(width);
        for (to, from) in to.zip(from.chunks_exact(count)) {
            match some {
                // No call to copy one number.
                1 => to[column] = from[done],
                _ => to[column..column + some].copy_from_slice(&from[done..done + some]),
            }
        }
        done += some;
    }
}

/// Reads the first `count` columns of a matrix in panels into `to`, `[rows, count]` row by row.
pub(crate) fn read(from: &[f32], width: usize, to: &mut [f32], (rows, count): (usize, usize)) {
    for (panel, from) in from.chunks_exact(rows * width).enumerate() {
        let first = panel * width;
        let some = count.saturating_sub(first).min(width);
        for (to, from) in to.chunks_exact_mut(count).zip(from.chunks_exact(width)) {
            to[first..first + some].copy_from_slice(&from[..some]);
        }
    }
}

/// Reads row `row` of a matrix of `rows` rows in panels; the row has as many columns as `to`.
pub(crate) fn read_row(from: &[f32], (row, rows): (usize, usize), to: &mut [f32]) {
    let width = width(to.len());
    for (from, to) in from.chunks_exact(rows * width).zip(to.chunks_mut(width)) {
        to.copy_from_slice(&from[row * width..][..to.len()]);
    }
}

/// Writes row `row` of a matrix of `rows` rows in panels; the row has as many columns as `from`.
pub(crate) fn write_row(to: &mut [f32], (row, rows): (usize, usize), from: &[f32]) {
    let width = width(from.len());
    for (to, from) in to.chunks_exact_mut(rows * width).zip(from.chunks(width)) {
        to[row * width..][..from.len()].copy_from_slice(from);
    }
}
