//! Scatter of samples over data: histograms for one column, a scatter on one scale for two, a grid
//! of pairs for more. Data is a grey backdrop of large marks, with small dark marks of the samples
//! over it.

use super::axes::{Axis, Panel, left_margin, widened};
use super::histogram::{Bars, legend};
use super::legend::{Key, foot, head};
use super::points::{Points, validate};
use super::style::{BACKDROP, MOST_MARKS, PALETTE, counted, drawable, elide, range, spread};
use super::svg::Svg;
use super::{Figure, FigureError};

const SAMPLES: &str = PALETTE[0];
const MOST_COLUMNS: usize = 4;

/// Figure of samples over data.
///
/// One column gives histograms, two a scatter with both axes on one scale. More give a grid of the
/// pairs of the first four columns, with histograms on the diagonal.
///
/// # Shapes
/// `rows` of both sets is row-major, `columns.len()` values a row. One of the sets may be empty.
///
/// # Errors
/// When there are no columns or no rows at all, or a set isn't made of whole rows.
pub fn scatter(
    title: &str,
    columns: &[String],
    samples: Points,
    data: Points,
) -> Result<Figure, FigureError> {
    validate("scatter", columns.len(), samples, data)?;
    let sets = [Set::new(data, columns.len()), Set::new(samples, columns.len())];
    Ok(match columns {
        [column] => histograms(title, column, &sets),
        [x, y] => pair(title, x, y, &sets),
        _ => grid(title, columns, &sets),
    })
}

/// Drawable rows of one of the two sets, column by column.
struct Set<'a> {
    name: &'a str,
    columns: Vec<Vec<f64>>,
    rows_left_out: usize,
}

impl<'a> Set<'a> {
    fn new(points: Points<'a>, width: usize) -> Self {
        let drawn = width.min(MOST_COLUMNS);
        let mut columns = vec![Vec::new(); drawn];
        let mut rows_left_out = 0;
        for row in points.rows.chunks_exact(width).map(|row| &row[..drawn]) {
            if row.iter().all(|value| drawable(*value)) {
                columns.iter_mut().zip(row).for_each(|(column, value)| column.push(*value));
            } else {
                rows_left_out += 1;
            }
        }
        Self { name: points.name, columns, rows_left_out }
    }

    fn len(&self) -> usize {
        self.columns[0].len()
    }
}

/// Both sets in the order in which they are drawn: data, then samples.
type Sets<'a> = [Set<'a>; 2];

/// Values of one column, of both sets.
fn columns<'a>(sets: &'a Sets, column: usize) -> [&'a [f64]; 2] {
    sets.each_ref().map(|set| set.columns[column].as_slice())
}

fn column_range(sets: &Sets, column: usize) -> Option<(f64, f64)> {
    range(sets.iter().flat_map(|set| set.columns[column].iter().copied()))
}

fn notes(sets: &Sets, most: Option<usize>, columns: usize) -> Vec<String> {
    let mut notes = Vec::new();
    if columns > MOST_COLUMNS {
        notes.push(format!("the first {MOST_COLUMNS} of {columns} columns"));
    }
    for set in sets {
        let name = elide(set.name, super::style::NOTE_SIZE, 220.0);
        if let Some(most) = most.filter(|most| set.len() > *most) {
            notes.push(format!("{name}: {most} of {} marks drawn", set.len()));
        }
        if set.rows_left_out > 0 {
            let rows = counted(set.rows_left_out, "row");
            notes.push(format!("{name}: {rows} with values not finite left out"));
        }
    }
    notes
}

fn histograms(title: &str, column: &str, sets: &Sets) -> Figure {
    let (whole, height) = (680.0, 340.0);
    let bars = Bars::new(columns(sets, 0), 80);
    let y = bars.axis(height);
    let left = left_margin(&y);
    let width = whole - left - 24.0;
    let x = Axis::linear(Some(bars.span()), 0.03, width);
    let mut svg = Svg::new();
    let top = head(&mut svg, title, &legend(sets[0].name, sets[1].name), left, width);
    let panel = Panel { left, top, width, height, x, y };
    panel.draw(&mut svg, column, "probability density");
    bars.draw(&mut svg, &panel);
    let notes = notes(sets, None, 1);
    let height = foot(&mut svg, &notes, left, width, panel.bottom() + 46.0);
    svg.finish(title, whole, height)
}

fn pair(title: &str, x_name: &str, y_name: &str, sets: &Sets) -> Figure {
    let side = 480.0;
    let [x, y] = equal_spans(column_range(sets, 0), column_range(sets, 1));
    let (x, y) = (Axis::linear(Some(x), 0.04, side), Axis::linear(Some(y), 0.04, side));
    let left = left_margin(&y);
    let mut svg = Svg::new();
    let top = head(&mut svg, title, &dots_legend(sets), left, side);
    let panel = Panel { left, top, width: side, height: side, x, y };
    panel.draw(&mut svg, x_name, y_name);
    draw_marks(&mut svg, &panel, sets, (0, 1), MOST_MARKS);
    let notes = notes(sets, Some(MOST_MARKS), 2);
    let height = foot(&mut svg, &notes, left, side, panel.bottom() + 46.0);
    svg.finish(title, left + side + 24.0, height)
}

/// Grid of the pairs of columns: scatters in the lower triangle, histograms on the diagonal.
fn grid(title: &str, names: &[String], sets: &Sets) -> Figure {
    let count = names.len().min(MOST_COLUMNS);
    let (side, gap) = (if count == 3 { 220.0 } else { 180.0 }, 22.0);
    let bars: Vec<_> = (0..count).map(|i| Bars::new(columns(sets, i), 40)).collect();
    let axes: Vec<_> =
        bars.iter().map(|bars| Axis::linear(Some(bars.span()), 0.06, side)).collect();
    let left = axes[1..].iter().map(left_margin).fold(0.0, f64::max);
    let width = count as f64 * (side + gap) - gap;
    // All scatters together have at most as many marks as two single ones, so that the file stays
    // below 1 MB.
    let most = MOST_MARKS.min(4 * MOST_MARKS / (count * (count - 1)));
    let mut svg = Svg::new();
    let top = head(&mut svg, title, &dots_legend(sets), left, width);
    for row in 0..count {
        for column in 0..=row {
            let place = |i: usize| i as f64 * (side + gap);
            let (left, top) = (left + place(column), top + place(row));
            let x = axes[column].clone();
            let x = if row + 1 == count { x } else { x.without_labels() };
            let x_name = if row + 1 == count { names[column].as_str() } else { "" };
            if row == column {
                let bars = &bars[row];
                let y = bars.axis(side).without_ticks();
                let panel = Panel { left, top, width: side, height: side, x, y };
                panel.draw(&mut svg, x_name, if row == 0 { "density" } else { "" });
                bars.draw(&mut svg, &panel);
            } else {
                let y = axes[row].clone();
                let (y, y_name) =
                    if column == 0 { (y, names[row].as_str()) } else { (y.without_labels(), "") };
                let panel = Panel { left, top, width: side, height: side, x, y };
                panel.draw(&mut svg, x_name, y_name);
                draw_marks(&mut svg, &panel, sets, (column, row), most);
            }
        }
    }
    let bottom = top + width + 46.0;
    let height = foot(&mut svg, &notes(sets, Some(most), names.len()), left, width, bottom);
    svg.finish(title, left + width + 24.0, height)
}

/// Ranges of one length about the middles of `x` and `y`, so that both axes have one scale.
pub(super) fn equal_spans(x: Option<(f64, f64)>, y: Option<(f64, f64)>) -> [(f64, f64); 2] {
    let ranges = [x, y].map(|range| range.unwrap_or((0.0, 1.0)));
    let middles = ranges.map(|(low, high)| low / 2.0 + high / 2.0);
    let largest = ranges.iter().fold(0.0, |most, (low, high)| low.abs().max(high.abs()).max(most));
    let span = ranges.iter().map(|(low, high)| high - low).fold(1e-6 * largest, f64::max);
    let (low, high) = if span > 1e-6 * largest { (0.0, span) } else { widened((0.0, 0.0)) };
    let half = (high - low) / 2.0;
    middles.map(|middle| (middle - half, middle + half))
}

fn dots_legend(sets: &Sets) -> [(Key, String); 2] {
    let [data, samples] = sets.each_ref().map(|set| set.name.to_owned());
    [
        (Key::Dot { colour: BACKDROP, radius: 4.5 }, data),
        (Key::Dot { colour: SAMPLES, radius: 2.8 }, samples),
    ]
}

fn draw_marks(svg: &mut Svg, panel: &Panel, sets: &Sets, (x, y): (usize, usize), most: usize) {
    let looks = [("data", BACKDROP, 2.0), ("samples", SAMPLES, 1.0)];
    for (set, (class, colour, size)) in sets.iter().zip(looks) {
        let (radius, opacity): (f64, f64) = match set.len().min(most) {
            0..=200 => (2.4, 0.9),
            201..=1000 => (1.6, 0.7),
            _ => (1.0, 0.45),
        };
        svg.open(class, colour, opacity);
        for i in spread(set.len(), most) {
            let at = panel.at(set.columns[x][i], set.columns[y][i]);
            svg.circle(at, radius * size);
        }
        svg.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|i| format!("x{i}")).collect()
    }

    /// Number of marks of a class in the whole figure.
    fn marks(figure: &Figure, class: &str) -> usize {
        let opening = format!("<g class=\"{class}\"");
        let groups = figure.svg().split(&opening).skip(1);
        groups.map(|g| g.split("</g>").next().unwrap().matches("<circle").count()).sum()
    }

    fn drawn(columns: usize, samples: &[f64], data: &[f64]) -> Figure {
        let samples = Points { name: "samples", rows: samples };
        scatter("t", &names(columns), samples, Points { name: "data", rows: data }).unwrap()
    }

    #[test]
    fn every_row_is_a_mark_up_to_the_limit() {
        let rows: Vec<_> = (0..600).map(|i| (f64::from(i) * 0.7).sin()).collect();
        let figure = drawn(2, &rows, &rows[..200]);
        assert_eq!((marks(&figure, "samples"), marks(&figure, "data")), (300, 100));
        let figure = drawn(4, &rows, &rows[..200]);
        assert_eq!((marks(&figure, "samples"), marks(&figure, "data")), (6 * 150, 6 * 50));
        let many: Vec<_> = (0..200_000).map(|i| f64::from(i).sin()).collect();
        let figure = drawn(2, &many, &many);
        assert_eq!(marks(&figure, "samples"), 5000);
        assert!(figure.svg().contains("samples: 5000 of 100000 marks drawn"));
        for columns in [1, 2, 4, 5] {
            let size = drawn(columns, &many, &many).svg().len();
            assert!(size < 1_000_000, "{columns} columns: {size} bytes");
        }
    }

    #[test]
    fn rows_that_are_not_finite_are_counted_and_left_out() {
        let figure = drawn(2, &[0.0, 1.0, f64::NAN, 2.0, 1.0, f64::INFINITY], &[0.0, 0.0]);
        assert!(figure.svg().contains("samples: 2 rows with values not finite left out"));
        assert_eq!((marks(&figure, "samples"), marks(&figure, "data")), (1, 1));
    }

    #[test]
    fn both_axes_of_a_pair_have_one_scale() {
        let spans = equal_spans(Some((0.0, 10.0)), Some((5.0, 6.0)));
        assert_eq!(spans, [(0.0, 10.0), (0.5, 10.5)]);
        let [(a, b), (c, d)] = equal_spans(Some((3.0, 3.0)), Some((3.0, 3.0)));
        assert!(b > a && d > c && b - a == d - c);
    }

    #[test]
    fn a_set_that_is_not_whole_rows_is_an_error() {
        let data = Points { name: "data", rows: &[0.0, 0.0] };
        let bad = scatter("t", &names(2), Points { name: "samples", rows: &[0.0] }, data);
        assert!(bad.is_err_and(|e| e.to_string().contains("samples has 1 values")));
    }
}
