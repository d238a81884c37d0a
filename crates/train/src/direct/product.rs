//! Matrix products `C = A·B + start`, in tiles that stay in registers.

use super::simd::{Kernel, Simd, Vector};

/// `C[i, j] = start[i, j] + Σ_p A[i, p] · B[p, j]`, summed in the order of p.
///
/// # Shapes
/// C is `[rows, columns]`, A `[rows, inner]`, B `[inner, columns]`. The columns are rounded up to
/// whole vectors: rows of B and C must be as long (see [`stride`](super::buffer::stride)), and what
/// B holds there is multiplied too.
pub(crate) struct Product<'a> {
    pub(crate) rows: usize,
    pub(crate) inner: usize,
    pub(crate) columns: usize,
    pub(crate) a: &'a [f32],
    /// From one row of A to the next.
    pub(crate) a_row: usize,
    /// From one column of A to the next.
    pub(crate) a_column: usize,
    pub(crate) b: &'a [f32],
    pub(crate) b_row: usize,
    pub(crate) start: Start<'a>,
    pub(crate) c: &'a mut [f32],
    pub(crate) c_row: usize,
}

/// What the products are added to.
#[derive(Clone, Copy)]
pub(crate) enum Start<'a> {
    /// Nothing.
    Zero,
    /// One row for all, a bias.
    Row(&'a [f32]),
    /// What C holds.
    Own,
}

impl Kernel for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let Self { rows, inner, columns, a, a_row, a_column, b, b_row, start, c, c_row } = self;
        let lanes = S::Vector::LANES;
        let padded = columns.next_multiple_of(lanes);
        // These make the pointers below valid.
        assert!(rows > 0 && inner > 0 && columns > 0);
        assert!((rows - 1) * a_row + (inner - 1) * a_column < a.len());
        assert!((inner - 1) * b_row + padded <= b.len());
        assert!((rows - 1) * c_row + padded <= c.len() && (rows == 1 || padded <= c_row));
        // One pointer for reading and writing C: a reference beside it would be another claim on it.
        let c_at = c.as_mut_ptr();
        let (from, from_row) = match start {
            Start::Zero => (std::ptr::null(), 0),
            Start::Row(row) => {
                assert!(padded <= row.len());
                (row.as_ptr(), 0)
            }
            Start::Own => (c_at.cast_const(), c_row),
        };
        let tile = Tile {
            inner,
            a: a.as_ptr(),
            a_row,
            a_column,
            b: b.as_ptr(),
            b_row,
            from,
            from_row,
            c: c_at,
            c_row,
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

/// A block of C: pointers to its first row and column.
#[derive(Clone, Copy)]
struct Tile {
    inner: usize,
    a: *const f32,
    a_row: usize,
    a_column: usize,
    b: *const f32,
    b_row: usize,
    /// Null for zeros.
    from: *const f32,
    from_row: usize,
    c: *mut f32,
    c_row: usize,
}

// Pointers move by `wrapping_add`: `add` is checked in the dev profile, in the innermost loop.
impl Tile {
    #[inline(always)]
    const fn at(self, row: usize, column: usize) -> Self {
        let from = if self.from.is_null() {
            self.from
        } else {
            self.from.wrapping_add(row * self.from_row + column)
        };
        Self {
            a: self.a.wrapping_add(row * self.a_row),
            b: self.b.wrapping_add(column),
            from,
            c: self.c.wrapping_add(row * self.c_row + column),
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
        let (mut a, mut b) = (self.a, self.b);
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
            for _ in 0..self.inner {
                let mut right = [V::splat(0.0); N];
                for (j, right) in right.iter_mut().enumerate() {
                    *right = V::load(b.wrapping_add(j * V::LANES));
                }
                for (i, sums) in sums.iter_mut().enumerate() {
                    let left = V::splat(*a.wrapping_add(i * self.a_row));
                    for (sum, right) in sums.iter_mut().zip(right) {
                        *sum = left.mul_add(right, *sum);
                    }
                }
                a = a.wrapping_add(self.a_column);
                b = b.wrapping_add(self.b_row);
            }
            for (i, sums) in sums.iter().enumerate() {
                for (j, sum) in sums.iter().enumerate() {
                    sum.store(self.c.wrapping_add(i * self.c_row + j * V::LANES));
                }
            }
        }
    }
}
