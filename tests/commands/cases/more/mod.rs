//! More odd tables, each made by a rule, with what must hold of it: read right, or refused plainly. Their names
//! are listed in docs/cases.md.

mod cells;
mod files;
mod names;
mod texts;
mod values;

use super::{Case, Read, Rows};

/// A table, and what must hold of it.
pub struct Odd {
    /// What is odd in it: the name of its list.
    pub kind: &'static str,
    /// Its name in docs/cases.md.
    pub name: &'static str,
    text: fn() -> String,
    holds: fn(&Case),
}

/// Kinds that one test goes through.
pub const GROUPS: [&[&str]; 6] = [
    &["reading", "other formats"],
    &["odd cells", "header", "names"],
    &["dates", "ids"],
    &["gaps", "booleans", "categories"],
    &["spellings", "tiny", "wide"],
    &["constants", "atoms", "heavy tails", "copies", "sums"],
];

/// The tables.
pub fn all() -> impl Iterator<Item = &'static Odd> {
    [files::ODD, cells::ODD, names::ODD, values::ODD].into_iter().flatten()
}

fn group(number: usize) {
    let mut tried = 0;
    for odd in all().filter(|odd| GROUPS[number].contains(&odd.kind)) {
        (odd.holds)(&Case::of("t.csv", (odd.text)()));
        tried += 1;
    }
    assert!(tried >= GROUPS[number].len());
}

#[test]
fn odd_layouts_and_formats_are_read_or_named() {
    group(0);
}

#[test]
fn odd_cells_headers_and_names_are_read_or_named() {
    group(1);
}

#[test]
fn odd_dates_and_ids_are_read_or_named() {
    group(2);
}

#[test]
fn odd_gaps_and_words_are_read_or_named() {
    group(3);
}

#[test]
fn odd_spellings_and_shapes_are_read_or_named() {
    group(4);
}

#[test]
fn odd_distributions_come_back_in_their_world() {
    group(5);
}

/// Reads `t.csv`: this many rows, these columns to learn.
#[track_caller]
fn read(case: &Case, rows: u64, names: &[&str]) -> Read {
    let read = case.init("t.csv", &[]);
    assert_eq!((read.rows(), read.names()), (rows, names.to_vec()), "{}", read.listing);
    read
}

/// The samples of a short training, within the ends and decimals of their columns.
#[track_caller]
fn samples_in_world(case: &Case, delimiter: char) -> Rows {
    let run = case.train(15);
    run.stays_in(&case.rows("t.csv", delimiter));
    run.samples
}

/// The samples of a short training.
#[track_caller]
fn samples(case: &Case) -> Rows {
    let samples = case.train(15).samples;
    assert!(!samples.rows.is_empty());
    samples
}

/// `t.csv` is refused with these words.
#[track_caller]
fn refused(case: &Case, words: &[&str]) {
    let said = case.refused("t.csv", &[]);
    words.iter().for_each(|words| assert!(said.contains(words), "{words:?} is not in {said}"));
}
