//! Verdict on a system: whether its medians lie where those of a faithful copy do.
//!
//! A faithful copy misses once in a hundred, so a system that misses is run once more with other
//! seeds, and fails only if it misses again.

use std::ops::Range;

use super::systems::{Quantity, System};
use crate::markdown::ours;
use crate::statistics::{extremes, median};

/// Quantities of a system over some seeds.
pub struct Results {
    pub system: &'static System,
    pub seeds: Range<u64>,
    /// Values by quantity, then by seed.
    pub values: Vec<Vec<f64>>,
}

/// Summary of one quantity of [`Results`].
pub struct Summary {
    pub quantity: &'static Quantity,
    pub median: f64,
    pub extremes: [f64; 2],
}

impl Summary {
    /// Whether the median lies in its range; `None` where it has no range.
    pub fn inside(&self) -> Option<bool> {
        self.quantity.median.map(|[from, to]| (from..=to).contains(&self.median))
    }
}

impl Results {
    /// Summaries of all quantities.
    pub fn summaries(&self) -> impl Iterator<Item = Summary> {
        let of = |(quantity, values): (&'static Quantity, &Vec<f64>)| Summary {
            quantity,
            median: median(values),
            extremes: extremes(values),
        };
        self.system.quantities.iter().zip(&self.values).map(of)
    }

    /// Quantities whose median lies outside its range, in words.
    pub fn misses(&self) -> Vec<String> {
        let outside = self.summaries().filter(|summary| summary.inside() == Some(false));
        let in_words = outside.filter_map(|summary| {
            let [from, to] = summary.quantity.median?;
            Some(format!(
                "{}: median {} of the {} outside {from}–{to} (seeds {})",
                self.system.label,
                ours(summary.median),
                summary.quantity.measure.name(),
                seeds(&self.seeds)
            ))
        });
        in_words.collect()
    }

    /// Quantities of single seeds outside their 1–99 %, in words.
    pub fn misses_by_seed(&self) -> Vec<String> {
        let mut misses = Vec::new();
        for (quantity, values) in self.system.quantities.iter().zip(&self.values) {
            let Some([from, _, to]) = quantity.seeds else { continue };
            for (seed, value) in self.seeds.clone().zip(values) {
                if !(from..=to).contains(value) {
                    misses.push(format!(
                        "{}: {} {} outside {from}–{to} (seed {seed})",
                        self.system.label,
                        quantity.measure.name(),
                        ours(*value)
                    ));
                }
            }
        }
        misses
    }
}

/// First and last seed, as `0–19`.
pub fn seeds(seeds: &Range<u64>) -> String {
    format!("{}–{}", seeds.start, seeds.end.saturating_sub(1))
}

/// Judged system: its first trial and, where that missed, its second.
pub struct Judged {
    pub first: Results,
    /// Second trial, with as many other seeds.
    pub again: Option<Results>,
}

impl Judged {
    /// Whether the system misses twice.
    pub fn fails(&self) -> bool {
        self.again.as_ref().is_some_and(|again| !again.misses().is_empty())
    }

    /// Misses of both trials, in words.
    pub fn misses(&self) -> Vec<String> {
        let again = self.again.iter().flat_map(Results::misses);
        self.first.misses().into_iter().chain(again).collect()
    }

    /// Trials of the system, one or two.
    pub fn trials(&self) -> impl Iterator<Item = &Results> {
        std::iter::once(&self.first).chain(&self.again)
    }
}

/// Verdicts on systems that are run with the seeds 0 … count − 1. Those that miss are run once more, with
/// the seeds after them.
pub fn judge(
    systems: &[&'static System],
    count: u64,
    run: impl Fn(&[&'static System], Range<u64>) -> Result<Vec<Results>, String>,
) -> Result<Vec<Judged>, String> {
    let first = run(systems, 0..count)?;
    let missed: Vec<&System> = first
        .iter()
        .filter(|results| !results.misses().is_empty())
        .map(|results| results.system)
        .collect();
    for system in &missed {
        println!("{} misses; once more, with seeds {}", system.label, seeds(&(count..2 * count)));
    }
    let again = if missed.is_empty() { Vec::new() } else { run(&missed, count..2 * count)? };
    let mut again = again.into_iter().peekable();
    let judged = first.into_iter().map(|first| {
        let same = |again: &Results| again.system.label == first.system.label;
        let again = again.next_if(same);
        Judged { first, again }
    });
    Ok(judged.collect())
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::article::measures::Measure;

    static SYSTEMS: LazyLock<[System; 2]> = LazyLock::new(|| [system("a"), system("b")]);

    fn system(label: &'static str) -> System {
        System {
            label,
            heading: "none",
            config: "none",
            settings: Vec::new(),
            quantities: vec![
                Quantity {
                    measure: Measure::Mean,
                    seeds: Some([0.0, 1.0, 2.0]),
                    median: Some([0.9, 1.1]),
                },
                Quantity { measure: Measure::Loss, seeds: None, median: None },
            ],
        }
    }

    fn results(system: &'static System, seeds: Range<u64>, value: f64) -> Results {
        let of_quantity = |value: f64| seeds.clone().map(|_| value).collect();
        Results { system, seeds: seeds.clone(), values: vec![of_quantity(value), of_quantity(9.0)] }
    }

    #[test]
    fn a_median_on_the_edge_of_its_range_is_inside_and_beyond_it_outside() {
        for (value, inside) in [(0.9, true), (1.1, true), (0.899, false), (1.101, false)] {
            let results = results(&SYSTEMS[0], 0..4, value);
            let verdicts: Vec<Option<bool>> = results.summaries().map(|s| s.inside()).collect();
            assert_eq!(verdicts, [Some(inside), None], "{value}");
            assert_eq!(results.misses().is_empty(), inside);
        }
        let nan = results(&SYSTEMS[0], 0..4, f64::NAN);
        assert_eq!(nan.misses().len(), 1);
        let text = results(&SYSTEMS[0], 20..40, 3.0).misses().pop().expect("outside");
        assert_eq!(text, "a: median 3.0000 of the mean outside 0.9–1.1 (seeds 20–39)");
    }

    #[test]
    fn every_seed_outside_its_range_is_a_miss() {
        let mut results = results(&SYSTEMS[1], 0..3, 1.0);
        assert!(results.misses_by_seed().is_empty());
        results.values[0] = vec![2.5, 0.0, -0.1];
        let words = results.misses_by_seed();
        assert_eq!(
            words,
            ["b: mean 2.5000 outside 0–2 (seed 0)", "b: mean -0.1000 outside 0–2 (seed 2)"]
        );
    }

    /// Verdicts on two systems, of which `b` gives these values in its first and its second trial.
    fn judged(first: f64, second: f64) -> Vec<Judged> {
        let run = |systems: &[&'static System], seeds: Range<u64>| {
            let value = |label: &str| match (label, seeds.start) {
                ("b", 0) => first,
                ("b", 20) => second,
                ("a", 0) => 1.0,
                other => panic!("nothing asks for {other:?}"),
            };
            Ok(systems.iter().map(|s| results(s, seeds.clone(), value(s.label))).collect())
        };
        let systems: Vec<&'static System> = SYSTEMS.iter().collect();
        judge(&systems, 20, run).expect("no run fails")
    }

    #[test]
    fn only_a_system_that_misses_is_run_once_more_and_fails_if_it_misses_again() {
        let [a, b] = judged(1.0, 1.0).try_into().ok().expect("two systems");
        assert!(a.again.is_none() && b.again.is_none() && !b.fails());

        let [a, b] = judged(3.0, 1.0).try_into().ok().expect("two systems");
        assert!(a.again.is_none());
        assert_eq!(b.again.as_ref().map(|again| again.seeds.clone()), Some(20..40));
        assert!(!b.fails());
        assert_eq!((b.misses().len(), b.trials().count()), (1, 2));

        let [_, b] = judged(3.0, 4.0).try_into().ok().expect("two systems");
        assert!(b.fails());
        assert_eq!(b.misses().len(), 2);
    }
}
