//! Matrix product `C = A·B + start`, in tiles that stay in registers.

use super::{
    panels,
    simd::{Kernel, Simd, Vector},
};

/// Rows of B that stay in the first cache while all rows of A are multiplied by them.
const DEPTH: usize = 256;

/// Kernel of a matrix product: `C[i, j] = start[i, j] + Σ_p A[i, p] · B[p, j]`, summed in the order of p.
///
/// # Shapes
/// C is `[rows, columns]`, A `[rows, inner]`, B `[inner, columns]`. B and C are panels with rows of `width`
/// numbers. The columns are rounded up to whole vectors, so B's padding there is multiplied too. Beyond
/// those vectors C becomes zero, unless the start is C itself.
pub(crate) struct Product<'a> {
    pub(crate) rows: usize,
    pub(crate) inner: usize,
    pub(crate) columns: usize,
    pub(crate) a: Left<'a>,
    pub(crate) b: &'a [f32],
    pub(crate) start: Start<'a>,
    pub(crate) c: &'a mut [f32],
    pub(crate) width: usize,
}

/// Left factor A, whose columns may lie in blocks.
#[derive(Clone, Copy)]
pub(crate) struct Left<'a> {
    values: &'a [f32],
    /// Distance from one row to the next.
    row: usize,
    /// Distance from one column to the next in a block.
    column: usize,
    /// Columns of a block.
    block: usize,
    /// Distance from one block to the next.
    next: usize,
}

impl<'a> Left<'a> {
    /// A matrix in panels.
    pub(crate) const fn of(values: &'a [f32], rows: usize, columns: usize) -> Self {
        let width = panels::width(columns);
        Self { values, row: width, column: 1, block: width, next: rows * width }
    }

    /// A matrix row by row.
    pub(crate) const fn rows(values: &'a [f32], columns: usize) -> Self {
        Self { values, row: columns, column: 1, block: usize::MAX, next: 0 }
    }

    /// A transposed panel.
    pub(crate) const fn turned(panel: &'a [f32], width: usize) -> Self {
        Self { values: panel, row: 1, column: width, block: usize::MAX, next: 0 }
    }

    /// Distance of a column from the first.
    const fn place(&self, column: usize) -> usize {
        column / self.block * self.next + column % self.block * self.column
    }

    /// The largest distance among the first `columns` columns.
    fn furthest(&self, columns: usize) -> usize {
        let of_earlier_blocks = (columns - 1) / self.block * self.block;
        self.place(columns - 1).max(self.place(of_earlier_blocks.saturating_sub(1)))
    }
}

/// Start of the sums, to which the products are added.
#[derive(Clone, Copy)]
pub(crate) enum Start<'a> {
    /// Zero.
    Zero,
    /// One row for all rows: a bias.
    Row(&'a [f32]),
    /// The numbers that C holds.
    Own,
}

impl Kernel for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let Self { rows, inner, columns, a, b, start, c, width } = self;
        let lanes = S::Vector::LANES;
        let padded = columns.next_multiple_of(lanes);
        // These assertions make the pointers below valid.
        assert!(rows > 0 && inner > 0 && columns > 0 && padded <= width);
        assert!((rows - 1) * a.row + a.furthest(inner) < a.values.len());
        assert!((inner - 1) * width + padded <= b.len());
        assert!((rows - 1) * width + padded <= c.len());
        if padded < width && !matches!(start, Start::Own) {
            for row in c.chunks_exact_mut(width).take(rows) {
                row[padded..].fill(0.0);
            }
        }
        // One pointer reads and writes C; a reference beside it would alias.
        let c_at = c.as_mut_ptr();
        let (from, from_row) = match start {
            Start::Zero => (std::ptr::null(), 0),
            Start::Row(row) => {
                assert!(padded <= row.len());
                (row.as_ptr(), 0)
            }
            Start::Own => (c_at.cast_const(), width),
        };
        // A part of A must begin with a block.
        let depth = if DEPTH.is_multiple_of(a.block) { DEPTH } else { inner };
        for first in (0..inner).step_by(depth) {
            let (from, from_row) =
                if first == 0 { (from, from_row) } else { (c_at.cast_const(), width) };
            let tile = Tile {
                inner: (inner - first).min(depth),
                a: a.values[a.place(first)..].as_ptr(),
                left: a,
                b: b[first * width..].as_ptr(),
                from,
                from_row,
                c: c_at,
                width,
            };
            let mut column = 0;
            while column < padded {
                let wide = padded - column >= 2 * lanes;
                let mut row = 0;
                while row < rows {
                    let count = (rows - row).min(S::TILE_ROWS);
                    // SAFETY: the tile's rows, and its columns up to `padded`, are inside the slices by
                    // the assertions above, and no other reference to C is in use.
                    unsafe {
                        let tile = tile.at(row, column);
                        if wide { tile.of_rows::<S, 2>(count) } else { tile.of_rows::<S, 1>(count) }
                    }
                    row += count;
                }
                column += if wide { 2 * lanes } else { lanes };
            }
        }
    }
}

/// Tile of C: pointers to its first row and column, and to what it is made of.
#[derive(Clone, Copy)]
struct Tile<'a> {
    inner: usize,
    a: *const f32,
    /// The layout of A.
    left: Left<'a>,
    b: *const f32,
    /// The start of the sums; null for zeros.
    from: *const f32,
    from_row: usize,
    c: *mut f32,
    /// Distance from one row to the next, in B and in C.
    width: usize,
}

// Pointers move by `wrapping_add` and `wrapping_mul`: the dev profile would check `add` and `*` in the
// innermost loop.
impl Tile<'_> {
    #[inline(always)]
    const fn at(self, row: usize, column: usize) -> Self {
        let from = if self.from.is_null() {
            self.from
        } else {
            self.from.wrapping_add(row * self.from_row + column)
        };
        Self {
            a: self.a.wrapping_add(row * self.left.row),
            b: self.b.wrapping_add(column),
            from,
            c: self.c.wrapping_add(row * self.width + column),
            ..self
        }
    }

    /// # Safety
    /// A block of `rows` and N vectors is inside the matrices.
    #[inline(always)]
    unsafe fn of_rows<S: Simd, const N: usize>(self, rows: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            match rows {
                1 => self.multiply::<S::Vector, 1, N>(),
                2 => self.multiply::<S::Vector, 2, N>(),
                3 => self.multiply::<S::Vector, 3, N>(),
                4 => self.multiply::<S::Vector, 4, N>(),
                5 if S::TILE_ROWS > 4 => self.multiply::<S::Vector, 5, N>(),
                6 if S::TILE_ROWS > 4 => self.multiply::<S::Vector, 6, N>(),
                7 if S::TILE_ROWS > 6 => self.multiply::<S::Vector, 7, N>(),
                8 if S::TILE_ROWS > 6 => self.multiply::<S::Vector, 8, N>(),
                _ => {}
            }
        }
    }

    /// # Safety
    /// A block of M rows and N vectors is inside the matrices.
    #[inline(always)]
    unsafe fn multiply<V: Vector, const M: usize, const N: usize>(self) {
        let Left { row: a_row, column: a_column, block, next, .. } = self.left;
        let (mut block_at, mut b, mut rest) = (self.a, self.b, self.inner);
        let mut sums = [[V::splat(0.0); N]; M];
        // SAFETY: the caller's promise covers every address.
        unsafe {
            if !self.from.is_null() {
                for (i, sums) in sums.iter_mut().enumerate() {
                    for (j, sum) in sums.iter_mut().enumerate() {
                        *sum = V::load(self.from.wrapping_add(i * self.from_row + j * V::LANES));
                    }
                }
            }
            while rest > 0 {
                let count = rest.min(block);
                let mut a = block_at;
                for _ in 0..count {
                    let mut right = [V::splat(0.0); N];
                    for (j, right) in right.iter_mut().enumerate() {
                        *right = V::load(b.wrapping_add(j * V::LANES));
                    }
                    for (i, sums) in sums.iter_mut().enumerate() {
                        let left = V::splat(*a.wrapping_add(i.wrapping_mul(a_row)));
                        for (sum, right) in sums.iter_mut().zip(right) {
                            *sum = left.mul_add(right, *sum);
                        }
                    }
                    a = a.wrapping_add(a_column);
                    b = b.wrapping_add(self.width);
                }
                block_at = block_at.wrapping_add(next);
                rest -= count;
            }
            for (i, sums) in sums.iter().enumerate() {
                for (j, sum) in sums.iter().enumerate() {
                    sum.store(self.c.wrapping_add(i * self.width + j * V::LANES));
                }
            }
        }
    }
}
