//! Trajectory of the samples from noise to data: one panel per level, the noisiest first. All
//! panels have the same axes, so that shrinking is visible.

use super::axes::{Axis, two_digits};
use super::legend::{Key, foot, head};
use super::multiples::{Axes, MOST_PANELS, Multiples, size};
use super::scatter::equal_spans;
use super::style::{BACKDROP, PALETTE, counted, drawable, range, spread};
use super::svg::Svg;
use super::{Figure, FigureError};

/// Samples after one step of the sampling.
#[derive(Clone, Debug, PartialEq)]
pub struct TrajectoryStep {
    /// Number of the step. Step 0 is pure noise.
    pub step: usize,
    /// Noise scale sigma of the step's level, zero at the end.
    pub sigma: f64,
    /// Values sample by sample, one per column.
    pub rows: Vec<f64>,
}

const SAMPLES: &str = PALETTE[0];
/// Most marks of samples in a panel.
const MOST_SAMPLES: usize = 500;
const MOST_DATA: usize = 250;
/// Radius of the data's marks, in pixels.
const DATUM: f64 = 2.4;

/// Figure of the samples at up to twelve steps, evenly spread from the first to the last, with the
/// data as grey marks behind.
///
/// One column is drawn against the number of the sample. More columns give a scatter of the first
/// two, with both axes on one scale. The axes fit the noisiest step and the data, and are somewhat
/// longer if later samples lie beyond them.
///
/// # Shapes
/// `rows` and `data` are row-major, `columns.len()` values a row; the data may be empty. Steps are
/// in order, the noisiest first.
///
/// # Errors
/// When there are no columns, no steps or no rows at all, or rows are not whole.
pub fn trajectory(
    title: &str,
    columns: &[String],
    steps: &[TrajectoryStep],
    data: &[f64],
) -> Result<Figure, FigureError> {
    validate(columns.len(), steps, data)?;
    let shown: Vec<_> = spread(steps.len(), MOST_PANELS).map(|i| &steps[i]).collect();
    let sets: Vec<_> = shown.iter().map(|step| Set::new(&step.rows, columns.len())).collect();
    let longest = sets.iter().map(|set| set.count).max().unwrap_or(0);
    let mut data = Set::new(data, columns.len());
    if columns.len() == 1 {
        data.stretch(longest);
    }

    let size = size(sets.len(), if columns.len() == 1 { 0.85 } else { 1.0 });
    let across = |axis| common_range(&sets, &data, axis);
    let axes = if columns.len() == 1 {
        let numbers = Some((0.0, longest.saturating_sub(1).max(1) as f64));
        [Axis::linear(numbers, 0.03, size.0), Axis::linear(across(1), 0.04, size.1)]
    } else {
        let [x, y] = equal_spans(across(0), across(1));
        [Axis::linear(Some(x), 0.04, size.0), Axis::linear(Some(y), 0.04, size.1)]
    };
    let names = match columns {
        [value] => ["sample", value.as_str()],
        [x, y, ..] => [x.as_str(), y.as_str()],
        [] => ["", ""],
    };
    let multiples = Multiples::new(sets.len(), size, Axes::Shared, axes[1].widest());

    let mut svg = Svg::new();
    let mut legend = vec![(Key::Dot { colour: SAMPLES, radius: 2.8 }, "samples".to_owned())];
    if !data.points.is_empty() {
        legend.push((Key::Dot { colour: BACKDROP, radius: 3.6 }, "data".to_owned()));
    }
    let (left, width) = (multiples.left, multiples.width());
    let top = head(&mut svg, title, &legend, left, width);
    let mut outside = 0;
    for (i, (step, set)) in shown.iter().zip(&sets).enumerate() {
        let name = format!("step {}, σ = {}", step.step, two_digits(step.sigma));
        let panel = multiples.panel(&mut svg, (i, top), axes.clone(), &name, names);
        let inside = |(x, y): &(f64, f64)| {
            [panel.x.place(*x), panel.y.place(*y)].iter().all(|p| (0.0..=1.0).contains(p))
        };
        let at = |set: &Set, most| -> Vec<(f64, f64)> {
            let points = spread(set.points.len(), most).map(|i| set.points[i]);
            points.filter(inside).map(|(x, y)| panel.at(x, y)).collect()
        };
        svg.dots(&at(&data, MOST_DATA), DATUM, BACKDROP, 0.5);
        let radius = if set.points.len() > 150 { 1.3 } else { 2.0 };
        svg.open("samples", SAMPLES, 0.6);
        at(set, MOST_SAMPLES).into_iter().for_each(|point| svg.circle(point, radius));
        svg.close();
        outside += set.points.iter().filter(|point| !inside(point)).count();
    }
    let notes = notes(columns.len(), steps.len(), &sets, outside, data.left_out);
    let height = foot(&mut svg, &notes, left, width, multiples.bottom(top));
    Ok(svg.finish(title, multiples.figure_width(), height))
}

fn validate(columns: usize, steps: &[TrajectoryStep], data: &[f64]) -> Result<(), FigureError> {
    let figure = "trajectory";
    let no_rows = data.is_empty() && steps.iter().all(|step| step.rows.is_empty());
    let lists = [("columns", columns == 0), ("steps", steps.is_empty()), ("rows", no_rows)];
    if let Some((what, _)) = lists.into_iter().find(|(_, empty)| *empty) {
        return Err(FigureError::Empty { figure, what });
    }
    let rows = steps.iter().enumerate().map(|(i, step)| (format!("steps[{i}].rows"), &*step.rows));
    for (what, rows) in rows.chain([("data".to_owned(), data)]) {
        let got = rows.len();
        if !got.is_multiple_of(columns) {
            return Err(FigureError::Length { figure, what, got, columns });
        }
    }
    Ok(())
}

/// Drawable points of a panel.
struct Set {
    points: Vec<(f64, f64)>,
    /// Number of rows, with those that are left out.
    count: usize,
    left_out: usize,
}

impl Set {
    /// Points of rows: number and value if there is one column, else the first two values.
    fn new(rows: &[f64], columns: usize) -> Self {
        let rows = rows.chunks_exact(columns).enumerate();
        let count = rows.len();
        let point = |(i, row): (usize, &[f64])| match row {
            [value] => (i as f64, *value),
            _ => (row[0], row[1]),
        };
        let points: Vec<_> =
            rows.map(point).filter(|(x, y)| drawable(*x) && drawable(*y)).collect();
        Self { count, left_out: count - points.len(), points }
    }

    /// Stretches the rows' numbers over `count` samples.
    fn stretch(&mut self, count: usize) {
        let factor = count.saturating_sub(1) as f64 / self.count.saturating_sub(1).max(1) as f64;
        self.points.iter_mut().for_each(|(x, _)| *x *= factor);
    }
}

/// Range of the noisiest step and the data. For the other steps it grows by at most its length at
/// either end, so that a few stray samples don't hide the others.
fn common_range(sets: &[Set], data: &Set, axis: usize) -> Option<(f64, f64)> {
    let of = |sets: &[Set]| {
        let points = sets.iter().chain([data]).flat_map(|set| &set.points);
        range(points.map(|(x, y)| if axis == 0 { *x } else { *y }))
    };
    let (all, noisiest) = (of(sets)?, of(&sets[..1]));
    let Some((low, high)) = noisiest.filter(|(low, high)| low < high) else {
        return Some(all);
    };
    let span = high - low;
    Some((f64::max(all.0, low - span), f64::min(all.1, high + span)))
}

fn notes(
    columns: usize,
    steps: usize,
    sets: &[Set],
    outside: usize,
    data_left_out: usize,
) -> Vec<String> {
    let mut notes = Vec::new();
    if columns > 2 {
        notes.push(format!("the first 2 of {columns} columns"));
    }
    if steps > sets.len() {
        notes.push(format!("{} of {steps} steps", sets.len()));
    }
    let most = sets.iter().map(|set| set.points.len()).max().unwrap_or(0);
    if most > MOST_SAMPLES {
        notes.push(format!("{MOST_SAMPLES} of {most} samples drawn in a panel"));
    }
    if outside > 0 {
        notes.push(format!("{} outside of the axes", counted(outside, "sample")));
    }
    let samples = sets.iter().map(|set| set.left_out).sum::<usize>();
    for (left_out, what) in [(samples, "sample"), (data_left_out, "row")] {
        if left_out > 0 {
            let rows = counted(left_out, what);
            let of = if what == "row" { " of the data" } else { "" };
            notes.push(format!("{rows}{of} with values not finite left out"));
        }
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(steps: usize, rows: &[f64]) -> Vec<TrajectoryStep> {
        let step = |step| TrajectoryStep {
            step,
            sigma: (steps - 1 - step) as f64,
            rows: rows.iter().map(|v| v * (steps - step) as f64 / steps as f64).collect(),
        };
        (0..steps).map(step).collect()
    }

    fn drawn(columns: usize, steps: &[TrajectoryStep], data: &[f64]) -> Figure {
        let names: Vec<_> = (0..columns).map(|i| format!("x{i}")).collect();
        trajectory("t", &names, steps, data).unwrap()
    }

    fn samples(figure: &Figure) -> Vec<usize> {
        let groups = figure.svg().split("<g class=\"samples\"").skip(1);
        groups.map(|g| g.split("</g>").next().unwrap().matches("<circle").count()).collect()
    }

    #[test]
    fn first_and_last_step_are_among_at_most_twelve() {
        let rows = [0.0, 1.0, -1.0, 0.5];
        let figure = drawn(2, &run(21, &rows), &rows);
        assert_eq!(samples(&figure), [2; 12]);
        assert!(figure.svg().contains(">step 0, σ = 20<"));
        assert!(figure.svg().contains(">step 20, σ = 0<"));
        assert!(figure.svg().contains("12 of 21 steps"));
        assert_eq!(samples(&drawn(2, &run(5, &rows), &rows)), [2; 5]);
    }

    #[test]
    fn one_column_is_drawn_against_the_number_of_the_sample() {
        let figure = drawn(1, &run(2, &[0.0, 1.0, 2.0, 3.0]), &[1.0, 1.1]);
        assert_eq!(samples(&figure), [4, 4]);
        assert!(figure.svg().contains(">sample</text>") && figure.svg().contains(">x0</text>"));
        let mut set = Set::new(&[1.0, f64::NAN, 3.0], 1);
        assert_eq!((set.points.as_slice(), set.left_out), (&[(0.0, 1.0), (2.0, 3.0)][..], 1));
        set.stretch(5);
        assert_eq!(set.points, [(0.0, 1.0), (4.0, 3.0)]);
        let figure = drawn(3, &run(2, &[0.0; 6]), &[0.0; 3]);
        assert!(figure.svg().contains("the first 2 of 3 columns"));
    }

    #[test]
    fn axes_are_those_of_the_noise_even_when_samples_go_astray() {
        let of = |rows: &[f64]| Set::new(rows, 2);
        let noise = of(&[-1.0, 0.0, 1.0, 0.0]);
        let none = of(&[]);
        let ends = |later: &[f64]| common_range(&[of(&[-1.0, 0.0, 1.0, 0.0]), of(later)], &none, 0);
        assert_eq!(ends(&[0.1, 0.0]), Some((-1.0, 1.0)));
        assert_eq!(ends(&[2.0, 0.0]), Some((-1.0, 2.0)));
        assert_eq!(ends(&[1e6, 0.0]), Some((-1.0, 3.0)));
        assert_eq!(
            common_range(&[noise], &of(&[5.0, 0.0]), 0),
            Some((-1.0, 5.0)),
            "the data is in"
        );
        let mut steps = run(2, &[-1.0, 0.0, 1.0, 0.0]);
        steps[1].rows = vec![1e6, 0.0, 0.0, f64::NAN];
        let figure = drawn(2, &steps, &[0.0, 0.0]);
        assert_eq!(samples(&figure), [2, 0]);
        assert!(figure.svg().contains("1 sample outside of the axes"));
        assert!(figure.svg().contains("1 sample with values not finite left out"));
    }

    #[test]
    fn twelve_panels_of_many_samples_stay_below_half_a_megabyte() {
        let rows: Vec<_> = (0..20_000).map(|i| f64::from(i).sin()).collect();
        for columns in [1, 2] {
            let figure = drawn(columns, &run(20, &rows), &rows);
            assert_eq!(samples(&figure), [MOST_SAMPLES; 12]);
            assert!(figure.svg().contains("samples drawn in a panel"));
            assert!(figure.svg().len() < 500_000, "{} bytes", figure.svg().len());
        }
    }

    #[test]
    fn rows_that_are_not_whole_are_an_error() {
        let names = ["x".to_owned(), "y".to_owned()];
        let error = |steps: &[TrajectoryStep], data: &[f64]| {
            trajectory("t", &names, steps, data).unwrap_err().to_string()
        };
        assert!(error(&run(2, &[0.0; 3]), &[]).contains("steps[0].rows has 3 values"));
        assert!(error(&run(2, &[0.0; 4]), &[0.0]).contains("data has 1 values"));
        assert!(error(&run(2, &[]), &[]).contains("rows is empty"));
    }
}
