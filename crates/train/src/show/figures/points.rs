//! The rows that samples are compared with data by, in every figure that draws both.

use super::FigureError;

/// A named set of rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Points<'a> {
    /// Name in the legend.
    pub name: &'a str,
    /// Values row after row, one a column.
    pub rows: &'a [f64],
}

/// Whether there is something to draw, in whole rows of `columns` values.
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
