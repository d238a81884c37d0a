//! [`Rows`]: numbers in rows, kept in chunks of a fixed size, so that a table grows without being copied.

/// Numbers in a chunk: 512 KiB. A row that has more numbers is a chunk of its own.
const CHUNK: usize = 1 << 16;

/// Rows of equal width.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    width: usize,
    rows_per_chunk: usize,
    chunks: Vec<Vec<f64>>,
    len: usize,
}

impl Rows {
    /// Creates a list without rows. `width`, the numbers in a row, is at least 1.
    pub fn new(width: usize) -> Self {
        Self { width, rows_per_chunk: (CHUNK / width).max(1), chunks: Vec::new(), len: 0 }
    }

    /// The numbers in a row.
    pub const fn width(&self) -> usize {
        self.width
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Appends a row.
    pub fn push(&mut self, row: &[f64]) {
        if self.len.is_multiple_of(self.rows_per_chunk) {
            self.chunks.push(Vec::with_capacity(self.rows_per_chunk * self.width));
        }
        if let Some(last) = self.chunks.last_mut() {
            last.extend_from_slice(row);
            self.len += 1;
        }
    }

    /// The numbers of a row.
    pub fn row(&self, index: usize) -> &[f64] {
        let start = index % self.rows_per_chunk * self.width;
        &self.chunks[index / self.rows_per_chunk][start..start + self.width]
    }

    /// The numbers of a row, to be changed.
    pub fn row_mut(&mut self, index: usize) -> &mut [f64] {
        let start = index % self.rows_per_chunk * self.width;
        &mut self.chunks[index / self.rows_per_chunk][start..start + self.width]
    }

    /// Exchanges two rows.
    pub fn swap(&mut self, first: usize, second: usize) {
        for i in 0..self.width {
            let (a, b) = (self.row(first)[i], self.row(second)[i]);
            self.row_mut(first)[i] = b;
            self.row_mut(second)[i] = a;
        }
    }

    /// The last number of each row, and rows without it. The old rows are freed chunk by chunk.
    pub fn split_last(self) -> (Self, Vec<f64>) {
        let mut rows = Self::new(self.width - 1);
        let mut last = Vec::with_capacity(self.len);
        for chunk in self.chunks {
            for row in chunk.chunks_exact(self.width) {
                last.push(row[self.width - 1]);
                rows.push(&row[..self.width - 1]);
            }
        }
        (rows, last)
    }

    /// Keeps the first `len` rows.
    pub fn truncate(&mut self, len: usize) {
        self.len = len.min(self.len);
        self.chunks.truncate(self.len.div_ceil(self.rows_per_chunk));
        let kept = self.len - self.chunks.len().saturating_sub(1) * self.rows_per_chunk;
        if let Some(last) = self.chunks.last_mut() {
            last.truncate(kept * self.width);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_what_was_pushed_exchanged_and_kept_across_chunks() {
        for width in [1, 3, CHUNK - 1, CHUNK + 1] {
            let per_chunk = (CHUNK / width).max(1);
            let count = 2 * per_chunk + 1;
            let mut rows = Rows::new(width);
            for i in 0..count {
                rows.push(&vec![i as f64; width]);
            }
            rows.swap(0, count - 1);
            rows.swap(1, 1);
            let first = |rows: &Rows, i| (rows.row(i)[0], rows.row(i)[width - 1]);
            assert_eq!(first(&rows, 0), (count as f64 - 1.0, count as f64 - 1.0));
            assert_eq!(first(&rows, 1), (1.0, 1.0));
            assert_eq!(first(&rows, count - 1), (0.0, 0.0));
            for len in [count - 1, per_chunk + 1, per_chunk, 1] {
                rows.truncate(len);
                rows.push(&vec![-1.0; width]);
                assert_eq!(rows.len(), len + 1);
                assert_eq!(first(&rows, len), (-1.0, -1.0));
                assert_eq!(rows.chunks.len(), (len + 1).div_ceil(per_chunk));
                rows.truncate(len);
            }
            rows.truncate(0);
            assert_eq!((rows.len(), rows.chunks.len()), (0, 0));
        }
    }
}
