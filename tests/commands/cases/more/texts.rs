//! The rules that make odd tables.

use crate::strangers::{rows, wave};

/// A number from 0 to 10 with two decimals.
pub fn number(i: usize, j: usize) -> String {
    format!("{:.2}", 10.0 * wave(i, j))
}

/// So many numbers from 0 to 1.
pub fn numbers(i: usize, count: usize) -> String {
    (0..count).map(|j| format!("{:.3}", wave(i, j))).collect::<Vec<_>>().join(",")
}

/// Two numbers.
pub fn two(i: usize) -> String {
    format!("{},{}", number(i, 1), number(i, 2))
}

/// A header, if there is one, above so many rows.
pub fn of(header: &str, count: usize, row: impl Fn(usize) -> String) -> String {
    let header = if header.is_empty() { String::new() } else { format!("{header}\n") };
    header + &rows(count, row)
}

/// A column of these cells beside a column v of numbers.
pub fn named(name: &str, count: usize, cell: impl Fn(usize) -> String) -> String {
    of(&format!("{name},v"), count, |i| format!("{},{}", cell(i), number(i, 1)))
}

/// A hundred rows of two columns, of which row 50 has this cell.
pub fn one_in_100(cell: &str) -> String {
    let first = |i| if i == 50 { cell.to_owned() } else { number(i, 1) };
    of("a,b", 100, |i| format!("{},{}", first(i), number(i, 2)))
}
