//! Which encoding suits a column: [`Encoding::choose`].

use super::{Encoding, NumberParts};

/// Share of the rows from which on a value that repeats is an atom, which only ranks give back.
const ATOM: f64 = 0.05;

/// Fewest rows that an atom has: in a small table a pair may be equal by chance.
const ATOM_ROWS: usize = 5;

/// Distance of the farthest value from the median, in widths of the middle half, from which on a tail is heavy.
/// Of 1000 normal numbers it is 2.4, of exponential ones 6.
const HEAVY: f64 = 8.0;

/// Share of the values that the shortest interval holds which shows how fine a column's modes are.
const FINEST: f64 = 0.1;

/// Finest spread, as a share of the standard deviation, below which modes are narrow. That of a normal column
/// is 1.
const NARROW: f64 = 0.1;

/// Fewest values that show it: fewer lie close by chance.
const FEWEST: usize = 100;

impl Encoding {
    /// The encoding that suits a column of these values, which are finite, and why. Of a sound bell or hump it is
    /// [`Standardise`](Self::Standardise), which keeps what is linear between columns linear;
    /// [`Parts`](Self::Parts) where the column falls apart, [`Rank`](Self::Rank) where values repeat, tails are heavy or modes are
    /// narrow.
    #[must_use]
    pub fn choose(values: &[f64]) -> (Self, &'static str) {
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let count = sorted.len();
        if NumberParts::of(values).is_some() {
            return (Self::Parts, "gaps or frequent values");
        }
        let most = sorted.chunk_by(|a, b| a == b).map(<[f64]>::len).max().unwrap_or(0);
        if most >= ATOM_ROWS && most as f64 >= ATOM * count as f64 {
            return (Self::Rank, "values repeat");
        }
        let at = |share: f64| sorted.get((share * count as f64) as usize).copied().unwrap_or(0.0);
        let (middle, half) = (at(0.5), at(0.75) - at(0.25));
        let ends = [sorted.first(), sorted.last()].into_iter().flatten();
        let farthest = ends.map(|end| (end - middle).abs()).fold(0.0, f64::max);
        if farthest > HEAVY * half {
            return (Self::Rank, "a long tail");
        }
        let mean = sorted.iter().sum::<f64>() / count as f64;
        let std = (sorted.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count as f64).sqrt();
        let inside = (FINEST * count as f64) as usize;
        let narrowest = sorted.windows(inside.max(2)).map(|w| w[w.len() - 1] - w[0]);
        // An interval of N(0, 1) that holds a tenth is 0.2513 wide.
        let finest = narrowest.fold(f64::INFINITY, f64::min) / 0.2513;
        if count >= FEWEST && finest < NARROW * std {
            return (Self::Rank, "narrow modes");
        }
        (Self::Standardise, "smooth")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Purpose, Streams};

    #[test]
    fn an_encoding_is_chosen_by_what_a_column_holds() {
        let mut normals = vec![0.0; 1000];
        Streams::new(2).at(Purpose::Data, 0, 0).fill_normal(&mut normals);
        let chosen = |of: &dyn Fn(usize, f64) -> f64| {
            let values: Vec<f64> = normals.iter().enumerate().map(|(i, z)| of(i, *z)).collect();
            Encoding::choose(&values)
        };
        let (standardise, rank) = (Encoding::Standardise, |why| (Encoding::Rank, why));
        let parts = (Encoding::Parts, "gaps or frequent values");
        assert_eq!(chosen(&|_, z| 1e6 + 3.0 * z), (standardise, "smooth"));
        // An exponential column, and rounded numbers of which none is frequent.
        assert_eq!(chosen(&|_, z| (0.8 * z).exp()), (standardise, "smooth"));
        assert_eq!(chosen(&|_, z| (20.0 * z).round()), (standardise, "smooth"));
        // Two wide modes.
        assert_eq!(chosen(&|i, z| z + 6.0 * (i % 2) as f64), (standardise, "smooth"));
        assert_eq!(chosen(&|i, z| if i % 10 == 0 { 0.0 } else { z }), parts);
        assert_eq!(chosen(&|i, z| if i % 15 == 0 { 0.0 } else { z }), rank("values repeat"));
        assert_eq!(chosen(&|_, z| (2.0 * z).round()), rank("values repeat"));
        assert_eq!(chosen(&|i, z| if i == 7 { 1e27 } else { z }), rank("a long tail"));
        assert_eq!(chosen(&|_, z| (1.5 * z).exp()), rank("a long tail"));
        assert_eq!(chosen(&|i, z| 0.02 * z + (i % 2) as f64), parts);
        assert_eq!(chosen(&|i, z| 0.005 * z + 0.3 * (i % 6) as f64), rank("narrow modes"));
        // A pair of equal values among few rows is chance.
        let pair: Vec<f64> = normals[..30].iter().chain(&normals[..1]).copied().collect();
        assert_eq!(Encoding::choose(&pair), (standardise, "smooth"));
        assert_eq!(Encoding::choose(&[]), (standardise, "smooth"));
        assert_eq!(Encoding::choose(&[1.0, 2.0, 4.0]), (standardise, "smooth"));
    }
}
