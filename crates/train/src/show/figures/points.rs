//! Rows of samples and data, for the figures that draw both.

use super::FigureError;

/// Set of rows with a name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Points<'a> {
    /// Name in the legend.
    pub name: &'a str,
    /// Values row by row, one per column.
    pub rows: &'a [f64],
}

/// Checks that there is something to draw, in whole rows of `columns` values.
pub(super) fn validate(
    figure: &'static str,
    columns: usize,
    samples: Points,
    data: Points,
) -> Result<(), FigureError> {
    if columns == 0 {
        return Err(FigureError::Empty { figure, what: "columns" });
    }
    if samples.rows.is_empty() && data.rows.is_empty() {
        return Err(FigureError::Empty { figure, what: "samples and data" });
    }
    for (what, points) in [("samples", samples), ("data", data)] {
        let got = points.rows.len();
        if !got.is_multiple_of(columns) {
            return Err(FigureError::Length { figure, what: what.to_owned(), got, columns });
        }
    }
    Ok(())
}
