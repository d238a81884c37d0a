//! Errors of the trends of all pairs of columns: a map of squares, samples below the diagonal and held-out rows above it; of many
//! columns the worst pairs.

use super::bands::Bands;
use super::legend::{foot, head};
use super::shares::{bars, keys, percent};
use super::style::{MUTED, TICK_SIZE, elide};
use super::svg::{Anchor, Svg};
use super::{Figure, FigureError};

/// Error of one pair's trend, 0 to 1, of samples and of held-out rows; `None` where it is not defined.
pub type PairError = [Option<f64>; 2];

/// Most columns of a map.
const MOST_COLUMNS: usize = 40;
/// Most pairs of a list.
const MOST_PAIRS: usize = 25;
const WIDTH: f64 = 760.0;
const SIDE: f64 = 20.0;
/// Room in pixels for a column's name.
const NAME: f64 = 130.0;
/// Room for a pair's names in a list, and for its numbers.
const NAMES: f64 = 330.0;
const NUMBERS: f64 = 90.0;
const ROW: f64 = 19.0;
const ERRORS: Bands = Bands([0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2]);

/// Figure of the errors of the pairs' trends, in percent. `errors` are those of the first column with the second, with the third
/// and so on. Of more than forty columns it lists the worst pairs.
///
/// # Errors
/// When there are fewer than two columns, or not one error for each pair.
pub fn pair_errors(
    title: &str,
    columns: &[String],
    errors: &[PairError],
) -> Result<Figure, FigureError> {
    let count = columns.len();
    if count < 2 {
        return Err(FigureError::Empty { figure: "pairs", what: "pairs" });
    }
    if errors.len() != count * (count - 1) / 2 {
        let (what, got) = ("errors".to_owned(), errors.len());
        return Err(FigureError::Length { figure: "pairs", what, got, columns: count });
    }
    let pairs = (0..count).flat_map(|first| (first + 1..count).map(move |second| (first, second)));
    let pairs: Vec<_> = pairs.zip(errors.iter().copied()).collect();
    Ok(if count > MOST_COLUMNS { list(title, columns, pairs) } else { map(title, columns, &pairs) })
}

/// Places of a pair's columns, and its errors.
type Pair = ((usize, usize), PairError);

fn map(title: &str, columns: &[String], pairs: &[Pair]) -> Figure {
    let count = columns.len() as f64;
    let side = ((WIDTH - 2.0 * SIDE - NAME) / count).min(48.0);
    let mut svg = Svg::new();
    let top = head(&mut svg, title, &ERRORS.legend(), SIDE, WIDTH - 2.0 * SIDE) + 16.0;
    let left = SIDE + NAME;
    let mut square = |row: usize, column: usize, error: Option<f64>| {
        let at = (left + side * column as f64, top + side * row as f64);
        ERRORS.cell(&mut svg, at, [side; 2], error);
    };
    for ((first, second), [samples, held_out]) in pairs {
        square(*second, *first, *samples);
        square(*first, *second, *held_out);
    }
    for (i, name) in columns.iter().enumerate() {
        let middle = side * (i as f64 + 0.5);
        let name = elide(&format!("{} {name}", i + 1), TICK_SIZE, NAME - 8.0);
        svg.text(left - 8.0, top + middle + 4.0, Anchor::End, TICK_SIZE, &name);
        // Numbers of two digits touch each other above narrow columns.
        if side > 18.0 || i % 2 == 0 {
            let number = (i + 1).to_string();
            svg.coloured_text(left + middle, top - 6.0, Anchor::Middle, TICK_SIZE, MUTED, &number);
        }
    }
    let notes =
        ["below the diagonal: samples; above it: held-out rows, which is what real rows get"];
    let bottom = top + side * count;
    let width = WIDTH - 2.0 * SIDE;
    let height = foot(&mut svg, &notes.map(str::to_owned), SIDE, width, bottom);
    svg.finish(title, WIDTH, height)
}

fn list(title: &str, columns: &[String], mut pairs: Vec<Pair>) -> Figure {
    let all = pairs.len();
    pairs.retain(|(_, [samples, _])| samples.is_some());
    pairs.sort_by(|(_, a), (_, b)| b[0].unwrap_or(0.0).total_cmp(&a[0].unwrap_or(0.0)));
    pairs.truncate(MOST_PAIRS);
    let mut svg = Svg::new();
    let keys = keys(["held-out rows", "samples"]);
    let top = head(&mut svg, title, &keys, SIDE, WIDTH - 2.0 * SIDE);
    let errors = pairs.iter().flat_map(|(_, errors)| errors).flatten();
    let largest = errors.copied().fold(f64::MIN_POSITIVE, f64::max);
    let (zero, room) = (SIDE + NAMES + 8.0, WIDTH - 2.0 * SIDE - NAMES - NUMBERS - 16.0);
    for (i, ((first, second), [samples, held_out])) in pairs.iter().enumerate() {
        let y = top + ROW * i as f64;
        let half = |column: usize| elide(&columns[column], TICK_SIZE, NAMES / 2.0 - 8.0);
        let name = format!("{} × {}", half(*first), half(*second));
        svg.text(zero - 8.0, y + 12.0, Anchor::End, TICK_SIZE, &name);
        let length = |error: Option<f64>| room * error.unwrap_or(0.0) / largest;
        bars(&mut svg, (zero, y), [*held_out, *samples].map(length));
        let text = |error: &Option<f64>| error.map_or("–".to_owned(), percent);
        let numbers = format!("{} / {} %", text(samples), text(held_out));
        svg.coloured_text(WIDTH - SIDE, y + 12.0, Anchor::End, TICK_SIZE, MUTED, &numbers);
    }
    let notes = [format!("the {} worst of {all} pairs; samples / held-out rows", pairs.len())];
    let bottom = top + ROW * pairs.len() as f64 + 4.0;
    let height = foot(&mut svg, &notes, SIDE, WIDTH - 2.0 * SIDE, bottom);
    svg.finish(title, WIDTH, height)
}

#[cfg(test)]
mod tests {
    use super::super::style::{BANDS, GRID};
    use super::*;

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|i| format!("c{i}")).collect()
    }

    #[test]
    fn a_pair_has_its_band_below_the_diagonal_and_the_real_rows_above() {
        let errors = [[Some(0.3), Some(0.012)], [Some(0.0), None], [Some(0.0499), Some(0.05)]];
        let figure = pair_errors("t", &names(3), &errors).unwrap();
        // Beside the legend's own seven.
        let squares = |colour: &str| figure.svg().matches(&format!("fill=\"{colour}\"")).count();
        let bands: Vec<_> = BANDS.iter().map(|band| squares(band) - 1).collect();
        assert_eq!(bands, [1, 0, 1, 1, 1, 0, 1]);
        assert_eq!(squares(GRID), 1, "the pair without an error");
        for text in [">30<", ">1.2<", ">0<", ">–<", ">5.0<", ">1 c0<", ">3 c2<"] {
            assert!(figure.svg().contains(text), "{text}");
        }
    }

    #[test]
    fn of_many_columns_the_worst_pairs_are_listed() {
        let count = 41;
        let error = |i: usize| [Some(i as f64 / 1000.0), Some(0.001)];
        let errors: Vec<_> = (0..count * (count - 1) / 2).map(error).collect();
        let figure = pair_errors("t", &names(count), &errors).unwrap();
        assert!(figure.svg().contains("the 25 worst of 820 pairs"));
        // The last pair is the worst.
        assert!(figure.svg().contains(">c39 × c40<") && figure.svg().contains(">82 / 0.1 %<"));
        assert!(!figure.svg().contains("c0 × c1<"));
        let full = pair_errors("t", &names(40), &errors[..780]).unwrap();
        assert!(full.svg().contains(">40 c39<") && full.svg().len() < 400_000);
    }

    #[test]
    fn errors_that_fit_no_pairs_are_refused() {
        assert!(matches!(pair_errors("t", &names(1), &[]), Err(FigureError::Empty { .. })));
        let found = pair_errors("t", &names(3), &[[None, None]]);
        assert!(matches!(found, Err(FigureError::Length { got: 1, .. })));
    }
}
