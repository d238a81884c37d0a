//! Vector instructions of the kernels, chosen once when the program runs.
//!
//! A kernel is written once, over [`Simd`], and [`InstructionSet::run`] compiles it for each set. The
//! sets round products differently, with fused multiply-add or without. So a run's bits depend on the
//! set, and the run's manifest names it.

use std::{fmt, sync::OnceLock};

use crate::TrainError;

/// A set of vector instructions that this machine has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct InstructionSet(Set);

/// The set that all kernels of this process use.
static IN_USE: OnceLock<InstructionSet> = OnceLock::new();

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Set {
    Plain,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// A kernel: arithmetic that is compiled once for each instruction set.
pub(crate) trait Kernel {
    /// The kernel's result.
    type Output;

    /// Runs the kernel. It must be `#[inline(always)]`: only then are the set's instructions used.
    fn run<S: Simd>(self) -> Self::Output;
}

/// An instruction set as a kernel sees it when it is compiled.
pub(crate) trait Simd {
    /// A vector register.
    type Vector: Vector;
    /// Rows of a matrix product's tile that stay in registers.
    const TILE_ROWS: usize;

    /// `a · b + c`, rounded once where the set has such an instruction.
    fn mul_add(a: f32, b: f32, c: f32) -> f32;
}

/// A register of `LANES` numbers.
pub(crate) trait Vector: Copy {
    /// Numbers of a register.
    const LANES: usize;

    /// A register with `x` in every lane.
    fn splat(x: f32) -> Self;

    /// # Safety
    /// `LANES` numbers at `from` can be read.
    unsafe fn load(from: *const f32) -> Self;

    /// # Safety
    /// `LANES` numbers at `to` can be written.
    unsafe fn store(self, to: *mut f32);

    /// `self · b + c`.
    fn mul_add(self, b: Self, c: Self) -> Self;
}

/// Picks the vector instructions of this process' kernels by name, in place of the widest that the
/// machine has: a run's bits then are those of a machine that has no wider ones. What Burn computes,
/// the tape among it, picks its own.
///
/// # Errors
/// A name that is none of `plain`, `avx2` and `avx512`, or of a set that this machine lacks; kernels
/// that have run already with another.
pub fn use_instructions(name: &str) -> Result<(), TrainError> {
    let sets = InstructionSet::all();
    let Some(set) = sets.iter().find(|set| set.name() == name) else {
        let known = sets.iter().map(|set| set.name()).collect();
        return Err(TrainError::Instructions { given: name.to_owned(), known });
    };
    let used = *IN_USE.get_or_init(|| *set);
    if used != *set {
        return Err(TrainError::InstructionsInUse { given: set.name(), used: used.name() });
    }
    Ok(())
}

impl InstructionSet {
    /// The one that this process uses.
    pub(crate) fn in_use() -> Self {
        *IN_USE.get_or_init(Self::widest)
    }

    /// The widest that this machine has.
    fn widest() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            if avx2 && is_x86_feature_detected!("avx512f") {
                return Self(Set::Avx512);
            }
            if avx2 {
                return Self(Set::Avx2);
            }
        }
        Self(Set::Plain)
    }

    /// All that this machine has.
    pub(crate) fn all() -> Vec<Self> {
        let mut sets = vec![Self(Set::Plain)];
        #[cfg(target_arch = "x86_64")]
        sets.extend([Self(Set::Avx2), Self(Set::Avx512)]);
        sets.retain(|set| set.0 <= Self::widest().0);
        sets
    }

    /// The instructions of the processor's that it has, as the manifest names them.
    pub(crate) fn instructions(self) -> &'static [&'static str] {
        match self.0 {
            Set::Plain if cfg!(target_arch = "aarch64") => &["neon"],
            Set::Plain => &[],
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => &["avx", "avx2", "fma"],
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => &["avx", "avx2", "fma", "avx512f"],
        }
    }

    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self.0 {
            Set::Plain => "plain",
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => "avx512",
        }
    }

    /// Runs a kernel with these instructions.
    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self.0 {
            Set::Plain => kernel.run::<Portable>(),
            // SAFETY: only `all` and `widest` make this value, where the machine has these instructions.
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => unsafe { x86::in_avx2(kernel) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => unsafe { x86::in_avx512(kernel) },
        }
    }
}

impl fmt::Debug for InstructionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The instructions that every processor of the target has.
struct Portable;

impl Simd for Portable {
    type Vector = [f32; 4];
    const TILE_ROWS: usize = 4;

    #[inline(always)]
    fn mul_add(a: f32, b: f32, c: f32) -> f32 {
        // Without such an instruction `mul_add` would call a slow function.
        if cfg!(target_arch = "aarch64") { a.mul_add(b, c) } else { a * b + c }
    }
}

impl Vector for [f32; 4] {
    const LANES: usize = 4;

    #[inline(always)]
    fn splat(x: f32) -> Self {
        [x; 4]
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's promise; no alignment beyond that of a number is needed.
        unsafe { from.cast::<Self>().read() }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller's promise; no alignment beyond that of a number is needed.
        unsafe { to.cast::<Self>().write(self) }
    }

    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        let one = |i: usize| Portable::mul_add(self[i], b[i], c[i]);
        [one(0), one(1), one(2), one(3)]
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m256, __m512, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_storeu_ps,
        _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_storeu_ps,
    };

    use super::{Kernel, Simd, Vector};

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn in_avx2<K: Kernel>(kernel: K) -> K::Output {
        kernel.run::<Avx2>()
    }

    #[target_feature(enable = "avx512f,avx2,fma")]
    pub(super) fn in_avx512<K: Kernel>(kernel: K) -> K::Output {
        kernel.run::<Avx512>()
    }

    // Private: only the two functions above make kernels for these, so the intrinsics below are
    // only reached where the instructions are.
    struct Avx2;
    struct Avx512;

    impl Simd for Avx2 {
        type Vector = __m256;
        const TILE_ROWS: usize = 6;

        #[inline(always)]
        fn mul_add(a: f32, b: f32, c: f32) -> f32 {
            a.mul_add(b, c)
        }
    }

    impl Simd for Avx512 {
        type Vector = __m512;
        const TILE_ROWS: usize = 8;

        #[inline(always)]
        fn mul_add(a: f32, b: f32, c: f32) -> f32 {
            a.mul_add(b, c)
        }
    }

    impl Vector for __m256 {
        const LANES: usize = 8;

        #[inline(always)]
        fn splat(x: f32) -> Self {
            // SAFETY: see `Avx2`.
            unsafe { _mm256_set1_ps(x) }
        }

        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            // SAFETY: the caller's promise, and see `Avx2`.
            unsafe { _mm256_loadu_ps(from) }
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            // SAFETY: the caller's promise, and see `Avx2`.
            unsafe { _mm256_storeu_ps(to, self) }
        }

        #[inline(always)]
        fn mul_add(self, b: Self, c: Self) -> Self {
            // SAFETY: see `Avx2`.
            unsafe { _mm256_fmadd_ps(self, b, c) }
        }
    }

    impl Vector for __m512 {
        const LANES: usize = 16;

        #[inline(always)]
        fn splat(x: f32) -> Self {
            // SAFETY: see `Avx512`.
            unsafe { _mm512_set1_ps(x) }
        }

        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            // SAFETY: the caller's promise, and see `Avx512`.
            unsafe { _mm512_loadu_ps(from) }
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            // SAFETY: the caller's promise, and see `Avx512`.
            unsafe { _mm512_storeu_ps(to, self) }
        }

        #[inline(always)]
        fn mul_add(self, b: Self, c: Self) -> Self {
            // SAFETY: see `Avx512`.
            unsafe { _mm512_fmadd_ps(self, b, c) }
        }
    }
}
