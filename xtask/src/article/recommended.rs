//! Config that we recommend for four modes: what must hold of its samples, and what the page says of them.

use minijinja::{Value, context};

use super::measures::{MODES, Near};
use crate::statistics::{extremes, mean};

pub const CONFIG: &str = "4-four-modes-recommended";
pub const SEEDS: u64 = 5;

/// Least share of the samples within 0.05 of a mode, in the mean over the seeds.
const LEAST_SHARE: f64 = 0.975;

/// Range of the standard deviation of the samples near a mode, along each axis. The data's is 0.01.
const STD: [f64; 2] = [0.008, 0.012];

/// Misses of the limits, in words.
pub fn misses(near: &[Near]) -> Vec<String> {
    let mut misses = Vec::new();
    let share = mean(&near.iter().map(|near| near.share).collect::<Vec<_>>());
    // A range, so that not-a-number is a miss.
    if !(LEAST_SHARE..=1.0).contains(&share) {
        misses.push(format!("{CONFIG}: share near a mode {share:.4} below {LEAST_SHARE}"));
    }
    let [from, to] = STD;
    for (seed, near) in near.iter().enumerate() {
        for (mode, std) in near.std.iter().enumerate() {
            for std in std.iter().filter(|std| !(from..=to).contains(*std)) {
                misses.push(format!(
                    "{CONFIG}: std {std:.4} of mode {mode} outside {from}–{to} (seed {seed})"
                ));
            }
        }
    }
    misses
}

/// Shares and standard deviations over the seeds, with the limits, for the page.
pub fn found(near: &[Near]) -> Value {
    let over_seeds = |of: &dyn Fn(&Near) -> f64| {
        let values: Vec<f64> = near.iter().map(of).collect();
        let [least, most] = extremes(&values);
        context! { mean => mean(&values), least, most }
    };
    let mode = |(mode, place): (usize, &[f64; 2])| {
        context! {
            place => format!("({}, {})", place[0], place[1]).replace('-', "−"),
            std => [0, 1].map(|axis| over_seeds(&|near| near.std[mode][axis])),
        }
    };
    context! {
        seeds => near.len(),
        share => over_seeds(&|near| near.share),
        modes => MODES.iter().enumerate().map(mode).collect::<Vec<_>>(),
        least_share => LEAST_SHARE,
        std => STD,
        misses => misses(near),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_share_and_every_spread_must_hold() {
        let near = |share: f64, std: f64| {
            let mut of = Near { share, std: [[0.01; 2]; 4] };
            of.std[3][1] = std;
            of
        };
        assert!(misses(&[near(0.96, 0.008), near(0.99, 0.012)]).is_empty());
        assert_eq!(misses(&[near(0.96, 0.01), near(0.98, 0.01)]).len(), 1);
        assert_eq!(misses(&[near(0.98, 0.0079), near(0.98, 0.0121)]).len(), 2);
        assert_eq!(misses(&[near(f64::NAN, 0.01)]).len(), 1);
    }
}
