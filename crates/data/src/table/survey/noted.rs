//! [`note`]: fields of a column that stand out, counted while they are few.

use super::Cell;

/// Largest number of odd fields of a column that can be named one by one.
pub(super) const ODD_LIMIT: usize = 20;
/// Share of texts that are of one kind, to call the column so.
pub(super) const MOST: f64 = 0.8;

/// Whether a text was cut, or is no UTF-8, so that it cannot be told again by its characters.
pub(super) fn is_cut(text: &str) -> bool {
    text.ends_with('…') || text.contains('\u{fffd}')
}

/// Counts a text; returns false where it is one too many to be kept.
pub(super) fn note(cells: &mut Vec<Cell>, text: &str, line: &impl Fn() -> u64) -> bool {
    if let Some(cell) = cells.iter_mut().find(|cell| cell.text == text) {
        cell.count += 1;
    } else if cells.len() <= ODD_LIMIT {
        cells.push(Cell { text: text.to_owned(), line: line(), count: 1 });
        return cells.len() <= ODD_LIMIT;
    } else {
        return false;
    }
    true
}
