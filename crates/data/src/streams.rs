//! All randomness of a run: ChaCha8 with key = (seed, purpose), stream = step, and a position in
//! 64-bit words, so that every number's place is known without drawing those before it.

use chacha20::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

use crate::normal::{PAIRS, normals};

/// What random numbers are for; each purpose has its own key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Training rows.
    Data,
    /// Held-out rows.
    HeldOut,
    /// Noise of training rows.
    Noise,
    /// Noise of held-out rows.
    HeldOutNoise,
    /// Levels of training rows.
    Level,
    /// Levels of held-out rows.
    HeldOutLevel,
    /// Initial weights.
    Weights,
    /// Random frequencies of embeddings.
    Frequencies,
    /// Start and noise of sampling.
    Sampling,
    /// Rows by which data is told apart.
    Digest,
    /// Rows to compare samples with.
    Reference,
}

/// The random numbers of one seed.
#[derive(Clone, Debug)]
pub struct Streams {
    seed: u64,
}

impl Streams {
    /// All streams of a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The seed.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// The stream of a purpose and a step, from its 64-bit word `word` on.
    #[must_use]
    pub fn at(&self, purpose: Purpose, stream: u64, word: u64) -> Stream {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&self.seed.to_le_bytes());
        key[8] = purpose as u8;
        key[16..].copy_from_slice(b"langevin streams");
        let mut cipher = ChaCha8Rng::from_seed(key);
        cipher.set_stream(stream);
        cipher.set_word_pos(2 * u128::from(word));
        Stream { cipher }
    }
}

/// A place in the random numbers of one purpose and step.
#[derive(Debug)]
pub struct Stream {
    cipher: ChaCha8Rng,
}

/// 64-bit words that `count` normals use: Box and Muller make them in pairs.
#[must_use]
pub const fn normal_words(count: usize) -> u64 {
    count.next_multiple_of(2) as u64
}

impl Stream {
    /// The next 64 bits.
    pub fn next_word(&mut self) -> u64 {
        self.cipher.next_u64()
    }

    /// A uniform number in (0, 1), never 0 or 1; one word.
    pub fn uniform(&mut self) -> f64 {
        uniform(self.next_word())
    }

    /// Uniform numbers in (0, 1); one word each.
    pub fn fill_uniform(&mut self, out: &mut [f64]) {
        let mut words = [0; 2 * PAIRS];
        for chunk in out.chunks_mut(2 * PAIRS) {
            self.fill_words(&mut words[..chunk.len()]);
            for (out, word) in chunk.iter_mut().zip(words) {
                *out = uniform(word);
            }
        }
    }

    /// Standard normal numbers; [`normal_words`] words.
    ///
    /// Source: Box & Muller 1958.
    pub fn fill_normal(&mut self, out: &mut [f64]) {
        let mut words = [0; 2 * PAIRS];
        for chunk in out.chunks_mut(2 * PAIRS) {
            self.fill_words(&mut words[..chunk.len().next_multiple_of(2)]);
            normals(&words, chunk);
        }
    }

    /// Rows of `features` standard normals; each uses exactly `normal_words(features)` words.
    pub fn fill_normal_rows(&mut self, out: &mut [f64], features: usize) {
        if features.is_multiple_of(2) {
            self.fill_normal(out);
        } else {
            // Draw the pairs whole and leave the odd ones' partners out.
            let padded = features + 1;
            let rows = out.len() / features;
            let mut pairs = vec![0.0; rows * padded];
            self.fill_normal(&mut pairs);
            for (row, pair) in out.chunks_exact_mut(features).zip(pairs.chunks_exact(padded)) {
                row.copy_from_slice(&pair[..features]);
            }
        }
    }

    fn fill_words(&mut self, words: &mut [u64]) {
        for word in words {
            *word = self.cipher.next_u64();
        }
    }
}

/// The middle of one of 2^52 equal parts of (0, 1).
#[inline(always)]
pub(crate) fn uniform(word: u64) -> f64 {
    (f64::from_bits(0x3ff0_0000_0000_0000 | word >> 12) - 1.0) + f64::EPSILON / 4.0
}
