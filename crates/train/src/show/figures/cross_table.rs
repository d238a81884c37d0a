//! Two columns crossed: the shares of one column's values given the other's, data and samples side by side.

use super::bands::Bands;
use super::legend::{foot, head};
use super::style::{LEGEND_SIZE, NAME_SIZE, NOTE_SIZE, TICK_SIZE, elide, text_width};
use super::svg::{Anchor, Svg};
use super::{Figure, FigureError};

/// Shares of the values of one column, given those of another.
#[derive(Clone, Debug, PartialEq)]
pub struct CrossTable {
    /// Names of the column that is given, and of the one whose shares are drawn.
    pub names: [String; 2],
    /// Values, or ranges of values, of either.
    pub values: [Vec<String>; 2],
    /// Shares, of data and of samples: for each value of the second column those given each of the first; none, as NaN,
    /// where no row has the given value.
    pub shares: [Vec<f64>; 2],
}

const WIDTH: f64 = 760.0;
const SIDE: f64 = 20.0;
/// Room for the names of values, on the left and below.
const NAME: f64 = 140.0;
const BELOW: f64 = 110.0;
const GAP: f64 = 18.0;
const ROW: f64 = 26.0;
const SHARES: Bands = Bands([0.0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75]);

/// Figure of the shares of one column's values given another's. `sets` are the names of data and samples.
///
/// # Errors
/// When a column has no values, or there is not one share for each pair of values.
pub fn cross_table(
    title: &str,
    sets: [&str; 2],
    table: &CrossTable,
) -> Result<Figure, FigureError> {
    let [given, drawn] = table.values.each_ref().map(Vec::len);
    if given == 0 || drawn == 0 {
        return Err(FigureError::Empty { figure: "worst_pair", what: "values" });
    }
    for (name, shares) in sets.iter().zip(&table.shares) {
        if shares.len() != given * drawn {
            let (what, got) = ((*name).to_owned(), shares.len());
            let (columns, rows, figure) = (given, drawn, "worst_pair");
            return Err(FigureError::Grid { figure, what, got, columns, rows });
        }
    }
    let mut svg = Svg::new();
    let width = WIDTH - 2.0 * SIDE;
    let top = head(&mut svg, title, &SHARES.legend(), SIDE, width) + 22.0;
    let panel = (width - NAME - GAP) / 2.0;
    let cell = panel / given as f64;
    let bottom = top + ROW * drawn as f64;
    for (i, (set, shares)) in sets.iter().zip(&table.shares).enumerate() {
        let left = SIDE + NAME + i as f64 * (panel + GAP);
        svg.text(left, top - 8.0, Anchor::Start, LEGEND_SIZE, &elide(set, LEGEND_SIZE, panel));
        for (place, share) in shares.iter().enumerate() {
            let at = (left + cell * (place % given) as f64, top + ROW * (place / given) as f64);
            SHARES.cell(
                &mut svg,
                at,
                [cell, ROW],
                Some(*share).filter(|share| (0.0..=1.0).contains(share)),
            );
        }
        for (column, value) in table.values[0].iter().enumerate() {
            let value = elide(value, TICK_SIZE, BELOW);
            let x = left + cell * (column as f64 + 0.5) + 4.0;
            // Turned to read upwards, about its middle, with its end at the cells.
            let y = bottom + 6.0 + text_width(&value, TICK_SIZE) / 2.0;
            svg.text(x, y, Anchor::Upwards, TICK_SIZE, &value);
        }
    }
    for (row, value) in table.values[1].iter().enumerate() {
        let value = elide(value, TICK_SIZE, NAME - 8.0);
        let y = top + ROW * (row as f64 + 0.5) + 4.0;
        svg.text(SIDE + NAME - 8.0, y, Anchor::End, TICK_SIZE, &value);
    }
    let name = elide(&table.names[1], NAME_SIZE, NAME - 8.0);
    svg.text(SIDE + NAME - 8.0, top - 8.0, Anchor::End, NAME_SIZE, &name);
    let longest = table.values[0].iter().map(|value| text_width(value, TICK_SIZE));
    let below = bottom + longest.fold(0.0, f64::max).min(BELOW) + 28.0;
    let name = elide(&table.names[0], NAME_SIZE, width - NAME);
    svg.text(SIDE + NAME + (width - NAME) / 2.0, below, Anchor::Middle, NAME_SIZE, &name);
    let [given, drawn] = table.names.each_ref().map(|name| elide(name, NOTE_SIZE, 170.0));
    let notes = [format!("columns of numbers: shares of {drawn}, in percent, given {given}")];
    let height = foot(&mut svg, &notes, SIDE, width, below + 4.0);
    Ok(svg.finish(title, WIDTH, height))
}

#[cfg(test)]
mod tests {
    use super::super::style::{BANDS, GRID};
    use super::*;

    fn table(shares: [Vec<f64>; 2]) -> CrossTable {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        CrossTable {
            names: ["sex", "kind"].map(str::to_owned),
            values: [list(&["f", "m"]), list(&["a", "b", "c"])],
            shares,
        }
    }

    #[test]
    fn each_cell_has_the_colour_and_the_number_of_its_share() {
        let data = vec![0.5, 0.04, 0.3, 0.96, 0.2, 0.0];
        let samples = vec![1.0, f64::NAN, 0.0, f64::NAN, 0.0, f64::NAN];
        let figure = cross_table("t", ["data", "samples"], &table([data, samples])).unwrap();
        let cells = |colour: &str| figure.svg().matches(&format!("fill=\"{colour}\"")).count();
        let bands: Vec<_> = BANDS.iter().map(|band| cells(band) - 1).collect();
        assert_eq!(bands, [4, 0, 0, 2, 0, 1, 2]);
        assert_eq!(cells(GRID), 3);
        for text in [">96<", ">4.0<", ">100<", ">sex<", ">kind<", ">m<", ">c<"] {
            assert!(figure.svg().contains(text), "{text}");
        }
    }

    #[test]
    fn shares_that_fit_no_values_are_refused() {
        let found = cross_table("t", ["data", "samples"], &table([vec![0.5; 6], vec![0.5; 5]]));
        assert!(matches!(found, Err(FigureError::Grid { got: 5, columns: 2, rows: 3, .. })));
        let mut none = table([Vec::new(), Vec::new()]);
        none.values[1].clear();
        assert!(matches!(cross_table("t", ["", ""], &none), Err(FigureError::Empty { .. })));
    }
}
