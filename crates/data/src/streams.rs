//! [`Streams`]: all random numbers of a run, from the cipher ChaCha8.
//!
//! Its key is (seed, purpose), its stream is the step, and a position counts 64-bit words. So the place of every number is known
//! without drawing the numbers before it.

use chacha20::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

use crate::normal::{PAIRS, normals, uniform};

/// Purpose of random numbers; each has its own key.
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
    /// Rows that a fingerprint of the data is made of.
    Digest,
    /// Rows to compare samples with.
    Reference,
    /// Choice of the rows of a table that are held out.
    Split,
    /// Rows and levels that are looked at before training.
    Survey,
    /// Places of equal values among the ranks of a table's column.
    Dither,
    /// What training rows are told.
    Condition,
    /// What held-out rows are told.
    HeldOutCondition,
    /// What samples are told.
    SamplingCondition,
}

/// Random streams of one seed.
#[derive(Clone, Debug)]
pub struct Streams {
    seed: u64,
}

impl Streams {
    /// Creates the streams of a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The seed.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// The stream of a purpose with the number `stream`, as a rule the step, from the 64-bit word at
    /// position `word` on.
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

/// Stream of random numbers of one purpose and step, at some position.
#[derive(Debug)]
pub struct Stream {
    cipher: ChaCha8Rng,
}

/// The number of 64-bit words that `count` normals use. It is even, since Box and Muller make normals in pairs.
#[must_use]
pub const fn normal_words(count: usize) -> u64 {
    count.next_multiple_of(2) as u64
}

impl Stream {
    /// The position of the next number, in 64-bit words from the start.
    #[must_use]
    pub fn position(&self) -> u64 {
        // The cipher counts words of 32 bits.
        (self.cipher.get_word_pos() / 2) as u64
    }

    /// The next 64 bits.
    pub fn next_word(&mut self) -> u64 {
        self.cipher.next_u64()
    }

    /// One of `count` indices by one word w, `⌊w count / 2^64⌋`: the probabilities of two differ by at most 2^-64. It is
    /// 0 where there are none.
    pub(crate) fn index(&mut self, count: usize) -> usize {
        ((u128::from(self.next_word()) * count as u128) >> 64) as usize
    }

    /// A whole number below `bound`, all with the same probability. It uses one word, seldom more.
    ///
    /// Source: Lemire 2019, "Fast random integer generation in an interval".
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        loop {
            let product = u128::from(self.next_word()) * u128::from(bound);
            let low = product as u64;
            // Of the 2^64 words, 2^64 mod bound are refused: then each number has equally many.
            if low >= bound || low >= bound.wrapping_neg() % bound {
                return (product >> 64) as u64;
            }
        }
    }

    /// A uniform number in (0, 1), never 0 or 1. It uses one word.
    pub fn uniform(&mut self) -> f64 {
        uniform(self.next_word())
    }

    /// Fills `out` with uniform numbers in (0, 1). Each uses one word.
    pub fn fill_uniform(&mut self, out: &mut [f64]) {
        let mut words = [0; 2 * PAIRS];
        for chunk in out.chunks_mut(2 * PAIRS) {
            self.fill_words(&mut words[..chunk.len()]);
            for (out, word) in chunk.iter_mut().zip(words) {
                *out = uniform(word);
            }
        }
    }

    /// Fills `out` with standard normal numbers. All together use [`normal_words`] words.
    ///
    /// Source: Box & Muller 1958.
    pub fn fill_normal(&mut self, out: &mut [f64]) {
        let mut words = [0; 2 * PAIRS];
        for chunk in out.chunks_mut(2 * PAIRS) {
            self.fill_words(&mut words[..chunk.len().next_multiple_of(2)]);
            normals(&words, chunk);
        }
    }

    /// Fills `out` with rows of `features` standard normals. Each row uses exactly `normal_words(features)` words.
    pub fn fill_normal_rows(&mut self, out: &mut [f64], features: usize) {
        if features.is_multiple_of(2) {
            self.fill_normal(out);
        } else {
            // Rows are drawn with one normal more, so that all pairs are whole, and copied without it.
            let padded = features + 1;
            let rows = out.len() / features;
            let mut pairs = vec![0.0; rows * padded];
            self.fill_normal(&mut pairs);
            for (row, pair) in out.chunks_exact_mut(features).zip(pairs.chunks_exact(padded)) {
                row.copy_from_slice(&pair[..features]);
            }
        }
    }

    /// Fills `rows` with rows of `features` standard normals. Before its normals, each row has `uniforms`
    /// uniform numbers. `finish` is called for one row after the other, with its uniforms and the row.
    ///
    /// A row uses `uniforms + normal_words(features)` words, and its numbers are those that
    /// [`uniform`](Self::uniform) and [`fill_normal`](Self::fill_normal) would give. It is faster, since
    /// the normals of many rows are made at once.
    pub(crate) fn fill_rows(
        &mut self,
        rows: &mut [f64],
        features: usize,
        uniforms: usize,
        mut finish: impl FnMut(&[f64], &mut [f64]),
    ) {
        let padded = features.next_multiple_of(2);
        let at_once = 2 * PAIRS / padded.max(uniforms);
        if at_once < 2 {
            let mut own = vec![0.0; uniforms];
            for row in rows.chunks_exact_mut(features) {
                self.fill_uniform(&mut own);
                self.fill_normal(row);
                finish(&own, row);
            }
            return;
        }
        let (mut words, mut own, mut made) = ([0; 2 * PAIRS], [0.0; 2 * PAIRS], [0.0; 2 * PAIRS]);
        for block in rows.chunks_mut(at_once * features) {
            let count = block.len() / features;
            for i in 0..count {
                for own in &mut own[i * uniforms..][..uniforms] {
                    *own = self.uniform();
                }
                self.fill_words(&mut words[i * padded..][..padded]);
            }
            normals(&words, &mut made[..count * padded]);
            let made = made.chunks_exact(padded).zip(block.chunks_exact_mut(features));
            for (i, (made, row)) in made.enumerate() {
                row.copy_from_slice(&made[..features]);
                finish(&own[i * uniforms..][..uniforms], row);
            }
        }
    }

    fn fill_words(&mut self, words: &mut [u64]) {
        for word in words {
            *word = self.cipher.next_u64();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One block of ChaCha with 8 rounds, written from Bernstein's paper (2008) with a 64-bit
    /// counter and a 64-bit stream.
    fn chacha8(key: &[u8; 32], counter: u64, stream: u64) -> [u32; 16] {
        let mut input = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574].to_vec();
        input.extend(key.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)));
        input.extend([counter as u32, (counter >> 32) as u32, stream as u32]);
        input.push((stream >> 32) as u32);
        let mut x = input.clone();
        let mut quarter = |a: usize, b: usize, c: usize, d: usize| {
            for (sum, add, turned, by) in [(a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)]
            {
                x[sum] = x[sum].wrapping_add(x[add]);
                x[turned] = (x[turned] ^ x[sum]).rotate_left(by);
            }
        };
        for _ in 0..4 {
            (0..4).for_each(|i| quarter(i, 4 + i, 8 + i, 12 + i));
            (0..4).for_each(|i| quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4));
        }
        std::array::from_fn(|i| x[i].wrapping_add(input[i]))
    }

    #[test]
    fn the_reference_block_gives_the_published_vector() {
        // draft-strombergson-chacha-test-vectors, TC1, ChaCha8 with a key of 256 bits.
        let first: Vec<u8> =
            chacha8(&[0; 32], 0, 0).iter().flat_map(|word| word.to_le_bytes()).take(16).collect();
        assert_eq!(first, 0x3e00_ef2f_895f_40d6_7f5b_b8e8_1f09_a5a1_u128.to_be_bytes());
    }

    #[test]
    fn words_are_the_key_stream_of_seed_purpose_and_step() {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&0x0123_4567_89ab_cdef_u64.to_le_bytes());
        key[8] = 3;
        key[16..].copy_from_slice(b"langevin streams");
        let streams = Streams::new(0x0123_4567_89ab_cdef);
        for step in [0, 1, 1 << 40] {
            for word in [0, 5, 8, 123_456_789, 1 << 50] {
                let block = chacha8(&key, word / 8, step);
                let pair = 2 * (word % 8) as usize;
                let expected = u64::from(block[pair]) | u64::from(block[pair + 1]) << 32;
                let word_there = streams.at(Purpose::HeldOutNoise, step, word).next_word();
                assert_eq!(word_there, expected, "step {step}, word {word}");
            }
        }
    }

    #[test]
    fn every_seed_purpose_and_step_has_numbers_of_its_own() {
        let word = |seed, purpose, step| Streams::new(seed).at(purpose, step, 0).next_word();
        let own = word(0, Purpose::Data, 0);
        assert_ne!(own, word(1, Purpose::Data, 0));
        assert_ne!(own, word(0, Purpose::Noise, 0));
        assert_ne!(own, word(0, Purpose::Data, 1));
    }

    #[test]
    fn a_seek_gives_what_drawing_up_to_there_gives() {
        let streams = Streams::new(7);
        let mut all = vec![0.0; 1001];
        streams.at(Purpose::Noise, 2, 0).fill_normal(&mut all);
        for first in [0, 2, 6, 126, 128, 600, 998] {
            for count in [1, 2, 3, 127, 128, 129, 400] {
                let count = count.min(all.len() - first);
                let mut part = vec![0.0; count];
                streams.at(Purpose::Noise, 2, first as u64).fill_normal(&mut part);
                assert_eq!(part, all[first..first + count], "{count} from {first} on");
            }
        }
        let mut bulk = vec![0.0; 777];
        streams.at(Purpose::Noise, 2, 3).fill_uniform(&mut bulk);
        let mut one_by_one = streams.at(Purpose::Noise, 2, 3);
        assert!(bulk.iter().all(|u| *u == one_by_one.uniform()));
    }

    #[test]
    fn the_position_is_that_of_the_next_word() {
        let streams = Streams::new(7);
        for first in [0, 1, 7, 8, 31, 32, 33, 1 << 40] {
            let mut stream = streams.at(Purpose::Noise, 2, first);
            // The cipher makes 32 words at once.
            for word in first..first + 100 {
                assert_eq!(stream.position(), word, "from {first} on");
                stream.next_word();
            }
        }
        let mut stream = streams.at(Purpose::Noise, 2, 0);
        stream.fill_normal(&mut [0.0; 129]);
        assert_eq!(stream.position(), normal_words(129));
    }

    #[test]
    fn what_follows_normals_starts_after_their_words() {
        let streams = Streams::new(7);
        for count in [1, 2, 3, 128, 129, 500] {
            let mut stream = streams.at(Purpose::Noise, 0, 0);
            stream.fill_normal(&mut vec![0.0; count]);
            let next = streams.at(Purpose::Noise, 0, normal_words(count)).next_word();
            assert_eq!(stream.next_word(), next, "after {count}");
        }
    }

    #[test]
    fn rows_of_an_odd_number_of_features_are_where_their_words_are() {
        let streams = Streams::new(7);
        for features in [1, 2, 3, 64, 65] {
            let mut rows = vec![0.0; 40 * features];
            streams.at(Purpose::Noise, 0, 0).fill_normal_rows(&mut rows, features);
            for (i, row) in rows.chunks(features).enumerate() {
                let mut own = vec![0.0; features];
                let word = i as u64 * normal_words(features);
                streams.at(Purpose::Noise, 0, word).fill_normal_rows(&mut own, features);
                assert_eq!(row, own, "row {i} of {features} features");
            }
        }
    }

    #[test]
    fn rows_made_at_once_are_those_made_one_by_one() {
        let streams = Streams::new(7);
        for features in [1, 2, 3, 64, 65, 128, 200] {
            for (uniforms, first) in [(0, 0), (1, 0), (2, 5)] {
                let mut rows = vec![0.0; 150 * features];
                let mut stream = streams.at(Purpose::Data, 3, first);
                let mut seen = Vec::new();
                stream.fill_rows(&mut rows, features, uniforms, |own, row| {
                    row[0] += 1.0;
                    seen.extend_from_slice(own);
                });
                let mut one_by_one = streams.at(Purpose::Data, 3, first);
                let mut seen = seen.into_iter();
                for row in rows.chunks(features) {
                    assert!((0..uniforms).all(|_| seen.next() == Some(one_by_one.uniform())));
                    let mut own = vec![0.0; features];
                    one_by_one.fill_normal(&mut own);
                    own[0] += 1.0;
                    assert_eq!(row, own, "{features} features");
                }
                assert_eq!(stream.position(), one_by_one.position());
            }
        }
    }

    /// Numbers that every release must give again: runs of old config files depend on them.
    #[test]
    fn values_are_stable() {
        let mut stream = Streams::new(42).at(Purpose::Data, 1, 10);
        let mut normals = [0.0; 3];
        let (word, uniform) = (stream.next_word(), stream.uniform().to_bits());
        stream.fill_normal(&mut normals);
        let [a, b, c] = normals.map(f64::to_bits);
        assert_eq!([word, uniform, a, b, c], STABLE);
    }

    const STABLE: [u64; 5] = [
        0x18e498bfa02b6cfb,
        0x3fd660065fc4458a,
        0x3fe72d6d67795939,
        0xbff52a007e34f95f,
        0xbfd1d46e34331b27,
    ];

    #[test]
    fn whole_numbers_below_a_bound_are_equally_likely() {
        // Of 2^64 words spread over 3 · 2^62 numbers without refusing any, half would go to those
        // divisible by 3.
        let mut stream = Streams::new(1).at(Purpose::Split, 0, 0);
        let divisible = (0..30_000).filter(|_| stream.below(3 << 62).is_multiple_of(3)).count();
        assert!((divisible as f64 - 10_000.0).abs() < 4.0 * 82.0, "{divisible} of 30,000");
        assert!((0..100).all(|_| stream.below(1) == 0));
        assert!((0..100).all(|_| stream.below(7) < 7));
    }

    #[test]
    fn uniforms_never_reach_0_or_1() {
        assert_eq!(uniform(0), f64::EPSILON / 2.0);
        assert_eq!(uniform(u64::MAX), 1.0 - f64::EPSILON / 2.0);
    }

    const COUNT: usize = 400_000;

    /// The largest distance between a sample's distribution function and the exact one, times the
    /// root of the count: above 1.95 for one sample in a thousand (Kolmogorov).
    fn kolmogorov(mut sample: Vec<f64>, exact: impl Fn(f64) -> f64) -> f64 {
        sample.sort_by(f64::total_cmp);
        let n = sample.len() as f64;
        let gap = |(i, x): (usize, &f64)| {
            let exact = exact(*x);
            (exact - i as f64 / n).abs().max((exact - (i + 1) as f64 / n).abs())
        };
        sample.iter().enumerate().map(gap).fold(0.0, f64::max) * n.sqrt()
    }

    /// The normal distribution function by its power series (Marsaglia 2004).
    fn normal_distribution(x: f64) -> f64 {
        let (mut sum, mut term, mut i) = (x, x, 1.0);
        while term != 0.0 && i < 300.0 {
            i += 2.0;
            term *= x * x / i;
            sum += term;
        }
        0.5 + sum * (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt()
    }

    #[test]
    fn uniforms_are_uniform() {
        let mut sample = vec![0.0; COUNT];
        Streams::new(1).at(Purpose::Data, 0, 0).fill_uniform(&mut sample);
        assert!(kolmogorov(sample, |u| u) < 1.95);
    }

    #[test]
    fn normals_are_normal() {
        let mut sample = vec![0.0; COUNT];
        Streams::new(1).at(Purpose::Noise, 0, 0).fill_normal(&mut sample);
        let n = COUNT as f64;
        let moment = |power: i32| sample.iter().map(|x| x.powi(power)).sum::<f64>() / n;
        // Moments of N(0, 1) and their variances, E[x^2k] − E[x^k]².
        for (power, exact, variance) in
            [(1, 0.0, 1.0_f64), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)]
        {
            let error = (moment(power) - exact).abs() / (variance / n).sqrt();
            assert!(error < 4.0, "moment {power} is off by {error} standard errors");
        }
        // 6.334e-5 of them lie beyond 4: 25 ± 5 here.
        let tail = sample.iter().filter(|x| x.abs() > 4.0).count() as f64;
        assert!((tail - 25.3).abs() < 20.0, "{tail} beyond 4");
        // The two of a pair, and neighbours of two pairs, are independent; so are their squares.
        for (first, step) in [(0, 2), (1, 2)] {
            let pairs: Vec<_> =
                sample[first..].windows(2).step_by(step).map(|p| (p[0], p[1])).collect();
            let count = pairs.len() as f64;
            let product = pairs.iter().map(|(a, b)| a * b).sum::<f64>() / count.sqrt();
            let squares = pairs.iter().map(|(a, b)| (a * a - 1.0) * (b * b - 1.0)).sum::<f64>();
            assert!(product.abs() < 4.0, "correlation {product} standard errors from 0");
            assert!(squares.abs() / (2.0 * count.sqrt()) < 4.0, "of squares: {squares}");
        }
        assert!(kolmogorov(sample, normal_distribution) < 1.95);
    }
}
