//! Contours of a density of two features, filled, with the samples over them: one panel per level
//! of the sampling.

use super::axes::Axis;
use super::field::Field;
use super::legend::{Key, foot, head, left_out};
use super::multiples::{Axes, MOST_PANELS, Multiples, size};
use super::simplify::simplified;
use super::style::{BANDS, BLACK, LEGEND_SIZE, MUTED, TICK_SIZE, counted, drawable, spread};
use super::svg::{Anchor, Stroke, Svg};
use super::{Figure, FigureError};

/// Panel of one level.
#[derive(Clone, Debug, PartialEq)]
pub struct ContourPanel {
    /// Name above the panel, such as "step 3, σ = 0.48".
    pub name: String,
    /// Places of the grid's first and last column.
    pub x: (f64, f64),
    /// Places of the grid's first and last row.
    pub y: (f64, f64),
    /// Columns of the grid.
    pub columns: usize,
    /// Rows of the grid.
    pub rows: usize,
    /// Probability density, row by row from `y.0` on.
    pub values: Vec<f64>,
    /// Samples at the level, two values each. May be empty.
    pub samples: Vec<f64>,
}

/// Lower ends of the bands, as shares of the peak. For a Gaussian they lie 3.0, 2.4, 1.9, 1.6, 1.2,
/// 0.8 and 0.5 standard deviations from the mean.
const SHARES: [f64; 7] = [0.01, 0.05, 0.15, 0.3, 0.5, 0.7, 0.9];
const MOST_SAMPLES: usize = 400;
/// Error that simplifying an outline may make, in pixels: about that of rounding its coordinates.
const TOLERANCE: f64 = 0.08;
/// Width and height in pixels of a band's colour in the scale.
const SWATCH: (f64, f64) = (33.0, 11.0);
/// Least logarithm of a density's share of the peak. Zero density has this value.
const NOTHING: f64 = -50.0;

/// Figure of filled contours of the density at up to twelve levels, evenly spread.
///
/// The contours of a panel are shares of its own peak. Up to 400 samples of each level are dots.
/// Every panel has axes of its own.
///
/// # Shapes
/// `values` is row-major, `rows` of `columns` values; `samples` is row-major, 2 values a row.
///
/// # Errors
/// When there are no panels, a panel's grid has fewer than two columns or rows or another number of
/// values, its ends are not in order, or its samples are not whole rows.
pub fn contours(
    title: &str,
    columns: &[String; 2],
    panels: &[ContourPanel],
) -> Result<Figure, FigureError> {
    validate(panels)?;
    let shown: Vec<_> = spread(panels.len(), MOST_PANELS).map(|i| &panels[i]).collect();
    let size = size(shown.len(), 1.0);
    let axes: Vec<_> = shown
        .iter()
        .map(|panel| {
            [Axis::linear(Some(panel.x), 0.0, size.0), Axis::linear(Some(panel.y), 0.0, size.1)]
        })
        .collect();
    let widest = axes.iter().map(|[_, y]| y.widest()).fold(0.0, f64::max);
    let multiples = Multiples::new(shown.len(), size, Axes::Own, widest);

    let mut svg = Svg::new();
    let (left, width) = (multiples.left, multiples.width());
    let with_samples = shown.iter().any(|panel| !panel.samples.is_empty());
    let key = (Key::Dot { colour: BLACK, radius: 1.8 }, "samples".to_owned());
    let legend: Vec<_> = with_samples.then_some(key).into_iter().collect();
    let top = head(&mut svg, title, &legend, left, width);
    let top = draw_scale(&mut svg, left, if with_samples { top } else { top - 20.0 });
    let mut counts = Counts::default();
    for (i, (contour, axes)) in shown.iter().zip(axes).enumerate() {
        let names = [columns[0].as_str(), &columns[1]];
        let panel = multiples.panel(&mut svg, (i, top), axes, &contour.name, names);
        let (values, no_density) = logarithms(&contour.values);
        if let Some(values) = &values {
            let field = Field { columns: contour.columns, rows: contour.rows, values };
            draw_bands(&mut svg, &field, (panel.left, panel.bottom()), size);
        }
        let samples = Samples::new(contour);
        let drawn = spread(samples.inside.len(), MOST_SAMPLES).map(|i| samples.inside[i]);
        let dots: Vec<_> = drawn.map(|(x, y)| panel.at(x, y)).collect();
        svg.dots(&dots, 0.9, BLACK, 0.75);
        counts.no_density += no_density;
        counts.outside += samples.outside;
        counts.not_finite += samples.not_finite;
        counts.most = counts.most.max(samples.inside.len());
    }
    let notes = counts.notes(shown.len(), panels.len());
    let height = foot(&mut svg, &notes, left, width, multiples.bottom(top));
    Ok(svg.finish(title, multiples.figure_width(), height))
}

fn validate(panels: &[ContourPanel]) -> Result<(), FigureError> {
    let figure = "contours";
    if panels.is_empty() {
        return Err(FigureError::Empty { figure, what: "panels" });
    }
    for (i, panel) in panels.iter().enumerate() {
        let (columns, rows) = (panel.columns, panel.rows);
        let ordered = |(low, high): (f64, f64)| drawable(low) && drawable(high) && low < high;
        let ranges = [("x", !ordered(panel.x)), ("y", !ordered(panel.y))];
        let sides =
            [("columns beyond the first", columns < 2), ("rows beyond the first", rows < 2)];
        let mut lists = ranges.into_iter().chain(sides);
        if let Some((what, _)) = lists.find(|(_, empty)| *empty) {
            return Err(FigureError::Empty { figure, what });
        }
        let got = panel.values.len();
        if Some(got) != columns.checked_mul(rows) {
            let what = format!("panels[{i}].values");
            return Err(FigureError::Grid { figure, what, got, columns, rows });
        }
        let got = panel.samples.len();
        if !got.is_multiple_of(2) {
            let what = format!("panels[{i}].samples");
            return Err(FigureError::Length { figure, what, got, columns: 2 });
        }
    }
    Ok(())
}

/// Logarithms of the densities as shares of their peak, and the number of values that are negative
/// or not finite. Without any positive density there are no logarithms.
///
/// Between grid points the logarithm of a Gaussian tail is nearer to a straight line than the tail
/// itself. Contours interpolated in logarithms are thus nearer to the exact ones.
fn logarithms(values: &[f64]) -> (Option<Vec<f64>>, usize) {
    let is_density = |value: &&f64| drawable(**value) && **value >= 0.0;
    let peak = values.iter().filter(is_density).copied().fold(0.0, f64::max);
    let share = |value: &f64| if is_density(&value) { value / peak } else { 0.0 };
    let logarithms = || values.iter().map(|value| share(value).ln().max(NOTHING)).collect();
    let no_density = values.len() - values.iter().filter(is_density).count();
    ((peak > 0.0).then(logarithms), no_density)
}

/// Draws the bands, each over the lower ones. `(left, bottom)` is the panel's lower left corner.
fn draw_bands(svg: &mut Svg, field: &Field, (left, bottom): (f64, f64), size: (f64, f64)) {
    let across = size.0 / (field.columns - 1) as f64;
    let up = size.1 / (field.rows - 1) as f64;
    for (share, colour) in SHARES.iter().zip(BANDS) {
        let outlines = field.region(share.ln());
        let drawn: Vec<_> = outlines
            .into_iter()
            .map(|outline| {
                let closed = outline.iter().chain(&outline[..1]);
                let pixels: Vec<_> =
                    closed.map(|(x, y)| (left + across * x, bottom - up * y)).collect();
                simplified(&pixels, TOLERANCE)
            })
            .filter(|outline| outline.len() > 3)
            .collect();
        svg.regions(&drawn, colour);
    }
}

/// Draws the scale below `top`: the bands' colours and lower ends. Returns the y at which the
/// panels may begin.
fn draw_scale(svg: &mut Svg, left: f64, top: f64) -> f64 {
    let (width, height) = SWATCH;
    let (upper, lower) = (top - 5.0, top - 5.0 + height);
    for (i, (share, colour)) in SHARES.iter().zip(BANDS).enumerate() {
        let x = left + width * i as f64;
        let (right, label) = (x + width, share.to_string());
        svg.area(&[(x, upper), (right, upper), (right, lower), (x, lower)], colour, 1.0);
        svg.line((x, upper), (x, lower + 3.0), Stroke::solid(MUTED, 0.7));
        svg.coloured_text(x, lower + 15.0, Anchor::Middle, TICK_SIZE, MUTED, &label);
    }
    let end = left + width * SHARES.len() as f64;
    svg.line((end, upper), (end, lower + 3.0), Stroke::solid(MUTED, 0.7));
    svg.coloured_text(end, lower + 15.0, Anchor::Middle, TICK_SIZE, MUTED, "1");
    svg.text(end + 10.0, lower - 1.0, Anchor::Start, LEGEND_SIZE, "density / its peak");
    lower + 26.0
}

/// Samples of a panel: the drawable ones within its axes, and the numbers of the others.
struct Samples {
    inside: Vec<(f64, f64)>,
    outside: usize,
    not_finite: usize,
}

impl Samples {
    fn new(panel: &ContourPanel) -> Self {
        let rows = panel.samples.chunks_exact(2).map(|row| (row[0], row[1]));
        let count = rows.len();
        let finite: Vec<_> = rows.filter(|(x, y)| drawable(*x) && drawable(*y)).collect();
        let within = |value: f64, (low, high): (f64, f64)| (low..=high).contains(&value);
        let is_inside = |(x, y): &&(f64, f64)| within(*x, panel.x) && within(*y, panel.y);
        let inside: Vec<_> = finite.iter().filter(is_inside).copied().collect();
        let (outside, not_finite) = (finite.len() - inside.len(), count - finite.len());
        Self { inside, outside, not_finite }
    }
}

/// Counts that the notes report.
#[derive(Default)]
struct Counts {
    most: usize,
    outside: usize,
    not_finite: usize,
    no_density: usize,
}

impl Counts {
    fn notes(&self, shown: usize, panels: usize) -> Vec<String> {
        let mut notes = Vec::new();
        if panels > shown {
            notes.push(format!("{shown} of {panels} levels"));
        }
        if self.most > MOST_SAMPLES {
            notes.push(format!("{MOST_SAMPLES} of {} samples drawn in a panel", self.most));
        }
        if self.outside > 0 {
            notes.push(format!("{} outside of the axes", counted(self.outside, "sample")));
        }
        if self.not_finite > 0 {
            let samples = counted(self.not_finite, "sample");
            notes.push(format!("{samples} with values not finite left out"));
        }
        notes.extend(left_out(self.no_density, "of a density not finite or below zero"));
        notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Panel of four Gaussians of standard deviation `std` at (±1, ±1).
    fn four(side: usize, std: f64, samples: Vec<f64>) -> ContourPanel {
        let reach = 1.0 + 3.5 * std;
        let place = |i: usize| reach * (2.0 * i as f64 / (side - 1) as f64 - 1.0);
        let bump = |v: f64| {
            [-1.0, 1.0].map(|c| (-((v - c) / std).powi(2) / 2.0).exp()).iter().sum::<f64>()
        };
        let values = (0..side * side).map(|i| bump(place(i % side)) * bump(place(i / side)));
        let (x, y) = ((-reach, reach), (-reach, reach));
        let values = values.collect();
        ContourPanel {
            name: format!("σ = {std}"),
            x,
            y,
            columns: side,
            rows: side,
            values,
            samples,
        }
    }

    fn drawn(panels: &[ContourPanel]) -> Figure {
        contours("t", &["x".to_owned(), "y".to_owned()], panels).unwrap()
    }

    /// Number of paths of each band, without the scale.
    fn bands(figure: &Figure) -> [usize; 7] {
        let paths = figure.svg().lines().filter(|line| line.contains("evenodd"));
        let paths: Vec<_> = paths.collect();
        BANDS.map(|colour| paths.iter().filter(|path| path.contains(colour)).count())
    }

    #[test]
    fn every_band_is_one_path_a_panel_of_as_many_outlines_as_modes() {
        let figure = drawn(&[four(60, 0.2, vec![]), four(60, 0.2, vec![])]);
        assert_eq!(bands(&figure), [2; 7]);
        for path in figure.svg().lines().filter(|line| line.contains("evenodd")) {
            assert_eq!(path.matches('M').count(), 4, "{path}");
        }
    }

    #[test]
    fn bands_are_shares_of_the_peak_whatever_it_is() {
        let one = four(60, 0.3, vec![]);
        let mut other = one.clone();
        other.values.iter_mut().for_each(|value| *value *= 1e-9);
        let paths = |panel: &ContourPanel| drawn(std::slice::from_ref(panel)).svg().to_owned();
        assert_eq!(paths(&one), paths(&other));
        other.values.iter_mut().for_each(|value| *value = 0.0);
        assert_eq!(bands(&drawn(&[other])), [0; 7]);
    }

    #[test]
    fn contours_of_a_gaussian_are_where_they_should_be_on_a_coarse_grid() {
        // The grid's cells are as wide as a standard deviation.
        let at = |i: usize| i as f64 - 5.0;
        let radius = |i: usize| f64::hypot(at(i % 11), at(i / 11));
        let values: Vec<_> = (0..121).map(|i| (-radius(i).powi(2) / 2.0).exp()).collect();
        let values = logarithms(&values).0.unwrap();
        let field = Field { columns: 11, rows: 11, values: &values };
        for (share, want) in SHARES.iter().zip([3.035, 2.448, 1.948, 1.552, 1.177]) {
            for (x, y) in field.region(share.ln()).concat() {
                // Over a cell of width 1, x² and its chord differ by at most 1/4, and so x²/2 by at
                // most 1/8.
                let off = f64::hypot(x - 5.0, y - 5.0) - want;
                assert!(off.abs() < 0.126 / want + 0.01, "{share}: {off}");
            }
        }
    }

    #[test]
    fn rows_go_up_from_the_first() {
        // The peak is in the last row's last value, at the upper right.
        let values = vec![0.5, 0.5, 0.5, 1.0];
        let name = String::new();
        let (x, y) = ((0.0, 1.0), (0.0, 1.0));
        let panel = ContourPanel { name, x, y, columns: 2, rows: 2, values, samples: vec![] };
        let figure = drawn(&[panel]);
        let png = resvg::tiny_skia::Pixmap::decode_png(&figure.png().unwrap()).unwrap();
        let darkest = |x: std::ops::Range<u32>, y: std::ops::Range<u32>| {
            let reds = y.flat_map(|y| x.clone().map(move |x| (x, y)));
            reds.filter_map(|(x, y)| png.pixel(x, y))
                .filter(|p| p.red() < 60 && p.blue() > 150)
                .count()
        };
        let (middle_x, middle_y) = (png.width() / 2, png.height() / 2);
        assert!(darkest(middle_x + 100..png.width(), 160..middle_y) > 100);
        assert_eq!(darkest(0..middle_x, middle_y..png.height()), 0);
    }

    #[test]
    fn samples_outside_and_not_finite_are_said() {
        let samples = vec![0.0, 0.0, 9.0, 0.0, f64::NAN, 0.0, 1.0, 1.0];
        let mut panel = four(20, 0.2, samples);
        panel.values[0] = -1.0;
        let figure = drawn(&[panel]);
        assert_eq!(figure.svg().matches("h0").count(), 2);
        assert!(figure.svg().contains("1 sample outside of the axes"));
        assert!(figure.svg().contains("1 sample with values not finite left out"));
        assert!(figure.svg().contains("1 value of a density not finite or below zero left out"));
    }

    #[test]
    fn twelve_fine_grids_stay_below_half_a_megabyte() {
        let samples: Vec<_> = (0..4000).map(|i| f64::from(i).sin()).collect();
        let panels: Vec<_> =
            (1..=20).map(|i| four(200, 0.05 * f64::from(i), samples.clone())).collect();
        let figure = drawn(&panels);
        assert!(figure.svg().contains("12 of 20 levels"));
        assert!(figure.svg().contains("400 of 2000 samples drawn in a panel"));
        assert!(figure.svg().len() < 500_000, "{} bytes", figure.svg().len());
    }

    #[test]
    fn what_is_no_grid_is_an_error() {
        let good = four(4, 0.5, vec![]);
        let error = |panel: ContourPanel| {
            contours("t", &["x".to_owned(), "y".to_owned()], &[panel]).unwrap_err().to_string()
        };
        let values = ContourPanel { values: vec![0.0; 15], ..good.clone() };
        assert!(error(values).contains("panels[0].values has 15 values, not 4 by 4"));
        assert!(error(ContourPanel { x: (1.0, 1.0), ..good.clone() }).contains("x is empty"));
        assert!(error(ContourPanel { rows: 1, ..good.clone() }).contains("rows beyond the first"));
        let samples = ContourPanel { samples: vec![0.0; 3], ..good };
        assert!(error(samples).contains("panels[0].samples has 3 values"));
    }
}
