//! Study of the verdict: thirty made faults, each with the words that it may get, and perfect samples of six tables.
//! Two seeds here; `cargo xtask verdicts` runs more and writes the table of docs/evaluation.md.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "a test; its report is read by xtask")]

mod faults;
mod tables;

use std::collections::BTreeMap;

use faults::{FAULTS, Made};
use langevin_data::{
    Column, Purpose, Streams,
    measure::{
        Rows,
        verdict::{Judge, Real, Verdict, Word, outside},
    },
};
use rayon::prelude::*;
use tables::{MIXED, PERFECT, Source, Table};

/// Rows of each kind.
const HELD_OUT: usize = 1000;
const TRAINING: usize = 4000;

/// Seeds of the test; xtask asks for more by this variable.
const SEEDS: u64 = 2;
const SEEDS_VARIABLE: &str = "LANGEVIN_VERDICT_SEEDS";

/// Real rows of a table, by one seed.
struct World {
    columns: Vec<Column>,
    training: Vec<f64>,
    held_out: Vec<f64>,
    untrained: Vec<f64>,
    seed: u64,
}

impl World {
    fn new(table: &Table, seed: u64) -> Self {
        let mut streams = (0..).map(|i| Streams::new(seed).at(Purpose::Data, i, 0));
        let mut rows = |count| table.rows(count, &mut streams.next().expect("endless"));
        let (training, held_out) = (rows(TRAINING), rows(HELD_OUT));
        // An untrained network: normals as wide as the columns.
        let columns = Rows::new("training rows", table.columns, &training).expect("sound");
        let mean = columns.mean();
        let std: Vec<f64> = (0..table.columns)
            .map(|i| {
                let squares = columns.column(i).iter().map(|x| (x - mean[i]).powi(2)).sum::<f64>();
                (squares / TRAINING as f64).sqrt()
            })
            .collect();
        let mut untrained = vec![0.0; HELD_OUT * table.columns];
        Streams::new(seed).at(Purpose::Weights, 0, 0).fill_normal(&mut untrained);
        for row in untrained.chunks_mut(table.columns) {
            row.iter_mut().zip(&mean).zip(&std).for_each(|((x, mean), std)| *x = mean + std * *x);
        }
        let columns = (0..table.columns).map(|i| Column::number(format!("x{i}"))).collect();
        Self { columns, training, held_out, untrained, seed }
    }

    fn training(&self) -> Rows<'_> {
        Rows::new("training rows", self.columns.len(), &self.training).expect("sound")
    }

    fn judge(&self) -> Judge<'_> {
        let held_out =
            Rows::new("held-out rows", self.columns.len(), &self.held_out).expect("sound");
        let real = Real {
            columns: &self.columns,
            training: self.training(),
            held_out,
            untrained: &self.untrained,
            modes: None,
            seed: self.seed,
        };
        Judge::new(real, HELD_OUT).expect("sound")
    }

    fn verdict(&self, judge: &Judge<'_>, samples: &[f64]) -> Verdict {
        let outside = outside(&self.columns, samples, &self.held_out, self.training());
        judge.verdict(samples, &outside).expect("sound")
    }
}

fn perfect(table: &Table, seed: u64) -> Vec<f64> {
    table.rows(HELD_OUT, &mut Streams::new(seed).at(Purpose::Sampling, 0, 0))
}

/// Verdicts by name: those on every fault, and those on perfect samples.
type Words = BTreeMap<&'static str, Vec<Word>>;

fn on_faults(seeds: u64) -> Words {
    let of_seed = |seed: u64| -> Vec<(&'static str, Word)> {
        let world = World::new(&MIXED, seed);
        let judge = world.judge();
        let word = |(number, fault): (usize, &faults::Fault)| {
            let rows = perfect(&MIXED, seed).chunks(MIXED.columns).map(<[f64]>::to_vec).collect();
            let mut stream = Streams::new(seed).at(Purpose::Noise, number as u64, 0);
            let source = Source(&mut stream);
            let mut made = Made { rows, training: &world.training, source };
            (fault.make)(&mut made);
            (fault.name, world.verdict(&judge, &made.rows.concat()).word)
        };
        FAULTS.iter().enumerate().map(word).collect()
    };
    by_name((0..seeds).into_par_iter().flat_map_iter(of_seed).collect())
}

fn on_perfect_samples(seeds: u64) -> Words {
    let of_seed = |seed: u64| -> Vec<(&'static str, Word)> {
        let word = |table: &Table| {
            let world = World::new(table, 1000 + seed);
            let judge = world.judge();
            (table.name, world.verdict(&judge, &perfect(table, 1000 + seed)).word)
        };
        PERFECT.iter().map(word).collect()
    };
    by_name((0..seeds).into_par_iter().flat_map_iter(of_seed).collect())
}

fn by_name(found: Vec<(&'static str, Word)>) -> Words {
    let mut words = Words::new();
    found.into_iter().for_each(|(name, word)| words.entry(name).or_default().push(word));
    words
}

/// Number of seeds, and whether xtask asks for a report.
fn seeds() -> (u64, bool) {
    let asked = std::env::var(SEEDS_VARIABLE).ok().and_then(|text| text.parse().ok());
    (asked.unwrap_or(SEEDS), asked.is_some())
}

/// Prints a line of the report.
fn report(kind: &str, name: &str, words: &[Word], allowed: &[Word]) {
    let count = |word: Word| words.iter().filter(|own| **own == word).count();
    let allowed: Vec<&str> = allowed.iter().map(|word| word.text()).collect();
    let line = serde_json::json!({
        "kind": kind, "name": name, "allowed": allowed, "seeds": words.len(),
        "good": count(Word::Good), "fair": count(Word::Fair), "poor": count(Word::Poor),
    });
    println!("\n{line}");
}

/// Seeds of which a fault's word may be wrong: 5 of 100, and one of a few.
fn borne(seeds: u64) -> usize {
    (seeds / 20).max(1) as usize
}

#[test]
fn made_faults_get_the_words_that_were_written_down() {
    let (seeds, asked) = seeds();
    let words = on_faults(seeds);
    let wrong = |fault: &faults::Fault| {
        words[fault.name].iter().filter(|word| !fault.words.contains(word)).count()
    };
    if asked {
        FAULTS.iter().for_each(|it| report("fault", it.name, &words[it.name], it.words));
    }
    for fault in &FAULTS {
        assert!(wrong(fault) <= borne(seeds), "{}: {:?}", fault.name, words[fault.name]);
    }
    // Were each wrong in 5 of 100, of 60 verdicts 3 ± 1.7 would be.
    let all: usize = FAULTS.iter().map(wrong).sum();
    assert!(all <= (FAULTS.len() as u64 * seeds).div_ceil(20) as usize, "{all}: {words:?}");
}

#[test]
fn perfect_samples_are_good() {
    let (seeds, asked) = seeds();
    let words = on_perfect_samples(seeds);
    if asked {
        let good = [Word::Good];
        PERFECT.iter().for_each(|it| report("perfect", it.name, &words[it.name], &good));
    }
    for table in &PERFECT {
        let wrong = words[table.name].iter().filter(|word| **word != Word::Good).count();
        // 3 of 100, and one of a few.
        assert!(
            wrong <= (3 * seeds / 100).max(1) as usize,
            "{}: {:?}",
            table.name,
            words[table.name]
        );
    }
    let wrong = words.values().flatten().filter(|word| **word != Word::Good).count();
    assert!(wrong as u64 <= (6 * seeds * 3).div_ceil(100), "{words:?}");
}
