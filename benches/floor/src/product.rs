//! The matrix product and Adam's update, compiled for AVX-512, for AVX2 and for whatever the target has.

use crate::lines::LINE;

/// Matrix product `c = start + a · b`. Rows of b and c begin at cache lines and fill whole lines.
pub(crate) struct Product<'a> {
    pub(crate) rows: usize,
    pub(crate) inner: usize,
    pub(crate) columns: usize,
    pub(crate) a: &'a [f32],
    pub(crate) a_row: usize,
    pub(crate) a_column: usize,
    pub(crate) b: &'a [f32],
    pub(crate) b_row: usize,
    pub(crate) start: Start<'a>,
    pub(crate) c: &'a mut [f32],
    pub(crate) c_row: usize,
}

#[derive(Clone, Copy)]
pub(crate) enum Start<'a> {
    Zero,
    Own,
    /// The same start for every row of c.
    Row(&'a [f32]),
}

/// Line of floats, held in the registers of an instruction set.
trait Registers: Copy {
    const ZERO: Self;
    /// Whether the sums of a tile of eight rows and two lines stay in registers. If not, the sums of four
    /// rows and one line do.
    const PAIRED: bool;
    /// # Safety
    /// A line can be read at `from`.
    unsafe fn load(from: *const f32) -> Self;
    /// # Safety
    /// A line can be written at `to`.
    unsafe fn store(self, to: *mut f32);
    /// `a · b + self`.
    fn fused(self, a: f32, b: Self) -> Self;
}

pub(crate) fn product(job: Product<'_>) {
    let last = |rows: usize, row: usize, inner: usize, column: usize| {
        rows.saturating_sub(1) * row + inner.saturating_sub(1) * column
    };
    let width = job.columns.next_multiple_of(LINE);
    assert!(last(job.rows, job.a_row, job.inner, job.a_column) < job.a.len());
    assert!(last(job.inner, job.b_row, width, 1) < job.b.len());
    assert!(last(job.rows, job.c_row, width, 1) < job.c.len());
    assert!(!matches!(job.start, Start::Row(row) if row.len() < width));
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the machine has AVX-512, and all places were checked above.
            return unsafe { x86::product_avx512(job) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the machine has AVX2 and FMA, and all places were checked above.
            return unsafe { x86::product_avx2(job) };
        }
    }
    // SAFETY: all places were checked above.
    unsafe { tiles::<Plain>(job) }
}

/// Computes the product tile by tile.
///
/// # Safety
/// All elements of a, b and c that the job names lie in their slices.
#[inline(always)]
unsafe fn tiles<R: Registers>(mut job: Product<'_>) {
    let mut column = 0;
    while column < job.columns {
        let paired = R::PAIRED && column + LINE < job.columns;
        let mut row = 0;
        while row < job.rows {
            // SAFETY: the caller of this function promises it.
            row += unsafe {
                match (paired, job.rows - row) {
                    (true, 8..) => tile::<R, 8, 2>(&mut job, row, column),
                    (true, _) => tile::<R, 1, 2>(&mut job, row, column),
                    (false, 4..) => tile::<R, 4, 1>(&mut job, row, column),
                    (false, _) => tile::<R, 1, 1>(&mut job, row, column),
                }
            };
        }
        column += if paired { 2 * LINE } else { LINE };
    }
}

/// Computes one tile of `ROWS` rows and `LINES` lines; gives `ROWS`.
///
/// # Safety
/// The conditions of [`tiles`].
#[inline(always)]
unsafe fn tile<R: Registers, const ROWS: usize, const LINES: usize>(
    job: &mut Product<'_>,
    row: usize,
    column: usize,
) -> usize {
    let mut sums = [[R::ZERO; LINES]; ROWS];
    // SAFETY: the caller of this function promises it.
    unsafe {
        let c = job.c.as_mut_ptr().add(row * job.c_row + column);
        for (r, sums) in sums.iter_mut().enumerate() {
            for (l, sum) in sums.iter_mut().enumerate() {
                *sum = match job.start {
                    Start::Zero => R::ZERO,
                    Start::Own => R::load(c.add(r * job.c_row + l * LINE)),
                    Start::Row(start) => R::load(start.as_ptr().add(column + l * LINE)),
                };
            }
        }
        let mut a = job.a.as_ptr().add(row * job.a_row);
        let mut b = job.b.as_ptr().add(column);
        for _ in 0..job.inner {
            let lines: [R; LINES] = std::array::from_fn(|l| R::load(b.add(l * LINE)));
            for (r, sums) in sums.iter_mut().enumerate() {
                let factor = *a.add(r * job.a_row);
                for (sum, line) in sums.iter_mut().zip(lines) {
                    *sum = sum.fused(factor, line);
                }
            }
            a = a.wrapping_add(job.a_column);
            b = b.wrapping_add(job.b_row);
        }
        for (r, sums) in sums.into_iter().enumerate() {
            for (l, sum) in sums.into_iter().enumerate() {
                sum.store(c.add(r * job.c_row + l * LINE));
            }
        }
    }
    ROWS
}

/// Factors of a step of Adam: `size` is the learning rate divided by the first moment's correction, `root`
/// is 1 divided by the second moment's correction, and `scale` turns a summed gradient into the loss's.
#[derive(Clone, Copy)]
pub(crate) struct Adam {
    pub(crate) size: f32,
    pub(crate) root: f32,
    pub(crate) scale: f32,
}

pub(crate) fn adam(
    step: Adam,
    weights: &mut [f32],
    mean: &mut [f32],
    square: &mut [f32],
    gradients: &[f32],
) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512f") {
        // SAFETY: the machine has AVX-512.
        return unsafe { x86::adam_avx512(step, weights, mean, square, gradients) };
    }
    moments(step, weights, mean, square, gradients);
}

#[inline(always)]
fn moments(
    step: Adam,
    weights: &mut [f32],
    mean: &mut [f32],
    square: &mut [f32],
    gradients: &[f32],
) {
    for (((w, m), v), g) in weights.iter_mut().zip(mean).zip(square).zip(gradients) {
        let g = step.scale * g;
        *m = 0.9 * *m + 0.1 * g;
        *v = 0.999 * *v + 0.001 * g * g;
        *w -= step.size * *m / ((step.root * *v).sqrt() + 1e-8);
    }
}

/// Line in whatever registers the target has.
#[derive(Clone, Copy)]
struct Plain([f32; LINE]);

impl Registers for Plain {
    const ZERO: Self = Self([0.0; LINE]);
    const PAIRED: bool = false;

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: as the caller promises.
        Self(unsafe { from.cast::<[f32; LINE]>().read_unaligned() })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: as the caller promises.
        unsafe { to.cast::<[f32; LINE]>().write_unaligned(self.0) }
    }

    #[inline(always)]
    fn fused(self, a: f32, b: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] + a * b.0[i]))
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m256, __m512, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_storeu_ps,
        _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_storeu_ps,
    };

    use super::{Adam, Product, Registers, moments, tiles};

    /// # Safety
    /// The machine has AVX-512; besides, the conditions of [`tiles`].
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn product_avx512(job: Product<'_>) {
        // SAFETY: the caller of this function promises it.
        unsafe { tiles::<Wide>(job) }
    }

    /// # Safety
    /// The machine has AVX2 and FMA; besides, the conditions of [`tiles`].
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn product_avx2(job: Product<'_>) {
        // SAFETY: the caller of this function promises it.
        unsafe { tiles::<Two>(job) }
    }

    #[target_feature(enable = "avx512f")]
    pub(super) fn adam_avx512(
        step: Adam,
        weights: &mut [f32],
        mean: &mut [f32],
        square: &mut [f32],
        gradients: &[f32],
    ) {
        moments(step, weights, mean, square, gradients);
    }

    /// Line in one register of AVX-512.
    #[derive(Clone, Copy)]
    struct Wide(__m512);

    impl Registers for Wide {
        // SAFETY: all bits zero are zeros.
        const ZERO: Self = unsafe { std::mem::zeroed() };
        const PAIRED: bool = true;

        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            // SAFETY: only `product_avx512` uses this type.
            Self(unsafe { _mm512_loadu_ps(from) })
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            // SAFETY: as above.
            unsafe { _mm512_storeu_ps(to, self.0) }
        }

        #[inline(always)]
        fn fused(self, a: f32, b: Self) -> Self {
            // SAFETY: as above.
            Self(unsafe { _mm512_fmadd_ps(_mm512_set1_ps(a), b.0, self.0) })
        }
    }

    /// Line in two registers of AVX2.
    #[derive(Clone, Copy)]
    struct Two([__m256; 2]);

    impl Registers for Two {
        // SAFETY: all bits zero are zeros.
        const ZERO: Self = unsafe { std::mem::zeroed() };
        const PAIRED: bool = false;

        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            // SAFETY: only `product_avx2` uses this type.
            unsafe { Self([_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))]) }
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            // SAFETY: as above.
            unsafe {
                _mm256_storeu_ps(to, self.0[0]);
                _mm256_storeu_ps(to.add(8), self.0[1]);
            }
        }

        #[inline(always)]
        fn fused(self, a: f32, b: Self) -> Self {
            // SAFETY: as above.
            unsafe {
                let a = _mm256_set1_ps(a);
                Self([_mm256_fmadd_ps(a, b.0[0], self.0[0]), _mm256_fmadd_ps(a, b.0[1], self.0[1])])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::{Lines, stride};

    /// A matrix of whole numbers, so that every order of a sum gives the same bits.
    fn matrix(rows: usize, columns: usize, seed: usize) -> Lines {
        let mut matrix = Lines::zeros(rows * stride(columns));
        for row in 0..rows {
            for column in 0..columns {
                let value = (7 * row + 3 * column + seed) % 11;
                matrix[row * stride(columns) + column] = value as f32 - 5.0;
            }
        }
        matrix
    }

    #[test]
    fn every_instruction_set_gives_the_sum_of_products() {
        for (rows, inner, columns) in [(1, 1, 1), (9, 3, 17), (16, 40, 33), (13, 5, 64)] {
            let (a, b) = (matrix(rows, inner, 1), matrix(inner, columns, 2));
            let start = matrix(1, columns, 3);
            let job = |c: &mut Lines, own: bool, with: fn(Product<'_>)| {
                with(Product {
                    rows,
                    inner,
                    columns,
                    a: &a,
                    a_row: stride(inner),
                    a_column: 1,
                    b: &b,
                    b_row: stride(columns),
                    start: if own { Start::Own } else { Start::Row(&start) },
                    c,
                    c_row: stride(columns),
                });
            };
            // SAFETY: all matrices have the sizes that the job says.
            let plain: fn(Product<'_>) = |job| unsafe { tiles::<Plain>(job) };
            for with in [product as fn(Product<'_>), plain] {
                let mut c = Lines::zeros(rows * stride(columns));
                job(&mut c, false, with);
                job(&mut c, true, with);
                for row in 0..rows {
                    for column in 0..columns {
                        let sum: f32 = (0..inner)
                            .map(|i| a[row * stride(inner) + i] * b[i * stride(columns) + column])
                            .sum();
                        let found = c[row * stride(columns) + column];
                        assert_eq!(found, start[column] + 2.0 * sum, "{row} {column}");
                    }
                }
            }
        }
    }
}
