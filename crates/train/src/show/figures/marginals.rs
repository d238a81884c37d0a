//! Marginal distributions of samples over data: a small histogram for each column.

use super::axes::{Axis, Panel};
use super::histogram::{Bars, legend};
use super::legend::{foot, head, left_out};
use super::points::{Points, validate};
use super::style::{drawable, range};
use super::svg::Svg;
use super::{Figure, FigureError};

const MOST_COLUMNS: usize = 16;
const MOST_BINS: usize = 60;
const WIDTH: f64 = 760.0;
/// Room in pixels on the left, for the word "density" alone.
const LEFT: f64 = 40.0;
const RIGHT: f64 = 20.0;
const GAP: f64 = 22.0;
/// Room in pixels below each panel, for the labels of its ticks, the column's name, and space.
const BELOW: f64 = 56.0;

/// Figure of histograms of the first sixteen columns, each of area one. Two to four panels stand in
/// a row; a single column has a row for itself.
///
/// # Shapes
/// `rows` of both sets is row-major, `columns.len()` values a row. One of the sets may be empty.
///
/// # Errors
/// When there are no columns or no rows at all, or a set isn't made of whole rows.
pub fn marginals(
    title: &str,
    columns: &[String],
    samples: Points,
    data: Points,
) -> Result<Figure, FigureError> {
    validate("marginals", columns.len(), samples, data)?;
    let drawn = columns.len().min(MOST_COLUMNS);
    let in_a_row = match drawn {
        1..=3 => drawn,
        4 => 2,
        5..=6 | 9 => 3,
        _ => 4,
    };
    let whole = WIDTH - LEFT - RIGHT;
    let width = (whole + GAP) / in_a_row as f64 - GAP;
    let height = f64::min(0.7 * width, 260.0);

    let mut svg = Svg::new();
    let top = head(&mut svg, title, &legend(data.name, samples.name), LEFT, whole);
    let (mut not_finite, mut beyond) = (0, 0);
    for (i, name) in columns[..drawn].iter().enumerate() {
        let sets = [data, samples].map(|points| column(points, i, columns.len()));
        let values = [data, samples].map(|points| points.rows.len() / columns.len());
        not_finite += values.iter().sum::<usize>() - sets.iter().map(Vec::len).sum::<usize>();
        let sets = within(sets, &mut beyond);
        let bars = Bars::new(sets.each_ref().map(Vec::as_slice), MOST_BINS);
        let panel = Panel {
            left: LEFT + (i % in_a_row) as f64 * (width + GAP),
            top: top + (i / in_a_row) as f64 * (height + BELOW),
            width,
            height,
            x: Axis::linear(Some(bars.span()), 0.04, width),
            y: bars.axis(height).without_ticks(),
        };
        panel.draw(&mut svg, name, if i % in_a_row == 0 { "density" } else { "" });
        bars.draw(&mut svg, &panel);
    }
    let mut notes = Vec::new();
    if columns.len() > drawn {
        notes.push(format!("the first {drawn} of {} columns", columns.len()));
    }
    notes.extend(left_out(not_finite, "missing or not finite"));
    notes.extend(left_out(beyond, "in long tails, beyond the range of 98 % of the data,"));
    let bottom = top + drawn.div_ceil(in_a_row) as f64 * (height + BELOW) - 10.0;
    let height = foot(&mut svg, &notes, LEFT, whole, bottom);
    Ok(svg.finish(title, WIDTH, height))
}

/// Ranges of the middle 98 % of the data that a column reaches at most; a longer one is drawn there alone.
const LONGEST: f64 = 3.0;

/// Values of data and samples that are drawn: all, or of a column with long tails those within the middle 98 % of the data.
/// Adds the number of the others to `beyond`.
fn within(sets: [Vec<f64>; 2], beyond: &mut usize) -> [Vec<f64>; 2] {
    let mut sorted = if sets[0].is_empty() { sets[1].clone() } else { sets[0].clone() };
    let Some(last) = sorted.len().checked_sub(1) else { return sets };
    sorted.sort_unstable_by(f64::total_cmp);
    let [low, high] = [last / 100, last - last / 100].map(|i| sorted[i]);
    let span = range(sets.iter().flatten().copied()).map_or(0.0, |(low, high)| high - low);
    if high <= low || span <= LONGEST * (high - low) {
        return sets;
    }
    let all = sets[0].len() + sets[1].len();
    let sets = sets.map(|set| {
        set.into_iter().filter(|value| (low..=high).contains(value)).collect::<Vec<_>>()
    });
    *beyond += all - sets[0].len() - sets[1].len();
    sets
}

/// Drawable values of one column.
fn column(points: Points, column: usize, columns: usize) -> Vec<f64> {
    let values = points.rows.iter().skip(column).step_by(columns);
    values.copied().filter(|value| drawable(*value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(columns: usize, samples: &[f64], data: &[f64]) -> Figure {
        let names: Vec<_> = (0..columns).map(|i| format!("x{i}")).collect();
        let samples = Points { name: "samples", rows: samples };
        marginals("t", &names, samples, Points { name: "data", rows: data }).unwrap()
    }

    #[test]
    fn every_column_has_a_panel_up_to_sixteen_and_the_rest_is_counted() {
        for columns in [1, 2, 3, 4, 5, 9, 16, 64] {
            let rows: Vec<_> = (0..10 * columns).map(|i| (i as f64).sin()).collect();
            let figure = drawn(columns, &rows, &rows);
            let named = (0..columns).filter(|i| figure.svg().contains(&format!(">x{i}</text>")));
            assert_eq!(named.count(), columns.min(16));
            assert_eq!(figure.svg().contains("the first 16 of 64 columns"), columns == 64);
        }
    }

    #[test]
    fn a_bad_value_costs_its_own_column_only() {
        let bad = [f64::NAN, 1.0, 2.0, 3.0, f64::INFINITY, 5.0];
        assert_eq!(column(Points { name: "", rows: &bad }, 0, 2), [2.0]);
        assert_eq!(column(Points { name: "", rows: &bad }, 1, 2), [1.0, 3.0, 5.0]);
        assert!(
            drawn(2, &bad, &[0.0, 0.0]).svg().contains("2 values missing or not finite left out")
        );
    }

    #[test]
    fn a_long_tail_is_left_out_and_counted() {
        let data: Vec<_> = (0..=1000).map(f64::from).collect();
        let samples = [&data[..500], &[1e7, -1e7]].concat();
        let mut beyond = 0;
        let [real, own] = within([data.clone(), samples], &mut beyond);
        assert_eq!((real[0], real[real.len() - 1], own.len()), (10.0, 990.0, 490));
        assert_eq!(beyond, 1001 - 981 + 2 + 10);
        assert_eq!(within([data.clone(), data.clone()], &mut beyond)[0].len(), 1001);
        let figure = drawn(1, &[&data[..], &[1e9]].concat(), &data);
        assert!(figure.svg().contains("41 values in long tails"), "{}", figure.svg());
    }

    #[test]
    fn a_million_rows_make_a_small_figure() {
        let rows: Vec<_> = (0..4_000_000).map(|i| f64::from(i).sin()).collect();
        let size = drawn(4, &rows, &rows).svg().len();
        assert!(size < 100_000, "{size} bytes");
    }
}
