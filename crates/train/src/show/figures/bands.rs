//! Cells of a table of shares or errors, coloured by bands, with their numbers in percent.

use super::legend::Key;
use super::shares::percent;
use super::style::{BANDS, BLACK, GRID, TICK_SIZE, text_width};
use super::svg::{Anchor, Svg};

/// Least width of a cell that has its number in it.
const NUMBERED: f64 = 28.0;

/// Least value of each band, from 0 on.
pub(super) struct Bands(pub(super) [f64; BANDS.len()]);

impl Bands {
    /// Entries of the legend.
    pub(super) fn legend(&self) -> Vec<(Key, String)> {
        let name = |i: usize| match self.0.get(i + 1) {
            Some(next) => format!("< {} %", 100.0 * next),
            None => format!("≥ {} %", 100.0 * self.0[i]),
        };
        let key = |i: usize| Key::Area { colour: BANDS[i], opacity: 1.0 };
        (0..BANDS.len()).map(|i| (key(i), name(i))).collect()
    }

    /// Draws a cell with its upper left corner at `(x, y)`, and its number where there is room. There is a grey cell where there
    /// is no value.
    pub(super) fn cell(
        &self,
        svg: &mut Svg,
        (x, y): (f64, f64),
        size: [f64; 2],
        value: Option<f64>,
    ) {
        let band = |value: f64| self.0.partition_point(|from| *from <= value).max(1) - 1;
        let colour = value.map_or(GRID, |value| BANDS[band(value)]);
        let (right, bottom) = (x + size[0] - 1.0, y + size[1] - 1.0);
        svg.area(&[(x, y), (right, y), (right, bottom), (x, bottom)], colour, 1.0);
        let text = value.map_or("–".to_owned(), percent);
        if text_width(&text, TICK_SIZE) < size[0] && size[0] >= NUMBERED {
            let (x, y) = (x + size[0] / 2.0, y + size[1] / 2.0 + 4.0);
            svg.coloured_text(x, y, Anchor::Middle, TICK_SIZE, BLACK, &text);
        }
    }
}
