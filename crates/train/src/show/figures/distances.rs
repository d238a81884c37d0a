//! Distances between samples and data on a log axis, one row per metric. A row shows the samples'
//! distance with its error bar, the floor that a perfect model would reach, and the baselines that
//! a model should beat.

use super::axes::{Axis, Panel, two_digits};
use super::legend::{Key, foot, head, left_out};
use super::style::{BLACK, MUTED, Mark, PALETTE, TICK_SIZE, colour, drawable, elide, mark, range};
use super::svg::{Anchor, Stroke, Svg};
use super::{Figure, FigureError};

/// Distances of one metric of an evaluation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Distance<'a> {
    /// Name of the metric.
    pub name: &'a str,
    /// Distance between samples and held-out data.
    pub samples: f64,
    /// Standard error of the samples' distance.
    pub standard_error: Option<f64>,
    /// Distance between training and held-out data, which a perfect model would reach.
    pub floor: Option<f64>,
    /// Names and distances of baselines, which a good model should beat.
    pub baselines: &'a [(&'a str, f64)],
}

const WIDTH: f64 = 760.0;
const LEFT: f64 = 20.0;
const ROW: f64 = 30.0;
const MOST_ROWS: usize = 40;
/// Room in pixels for a metric's name.
const NAME: f64 = 210.0;
/// Room in pixels for the numbers on the right.
const NUMBERS: f64 = 120.0;
/// Stroke of the samples' mark and error bar.
const SAMPLES: Stroke = Stroke { colour: PALETTE[0], width: 2.0, dash: "", opacity: 1.0 };

/// Figure of distances: a row of marks for each of the first forty metrics, and the samples'
/// distance in numbers.
///
/// # Errors
/// When there are no rows.
pub fn distances(title: &str, rows: &[Distance]) -> Result<Figure, FigureError> {
    if rows.is_empty() {
        return Err(FigureError::Empty { figure: "distances", what: "rows" });
    }
    let drawn = &rows[..rows.len().min(MOST_ROWS)];
    let baselines = baseline_names(drawn);
    let last = drawn.len() - 1;
    let label = |i: usize| (last - i, elide(drawn[i].name, TICK_SIZE, NAME));
    let y = Axis::steps(last, &(0..=last).map(label).collect::<Vec<_>>());
    let values = drawn.iter().flat_map(values);
    let ends = drawn.iter().flat_map(|row| row.standard_error.map(|error| bar(row.samples, error)));
    let shown = values.clone().chain(ends.flatten()).filter(|value| *value > 0.0);
    let x = Axis::log(range(shown), 0.05);
    let left = y.widest() + LEFT + 8.0;
    let width = WIDTH - left - NUMBERS;

    let mut svg = Svg::new();
    let top = head(&mut svg, title, &legend(drawn, &baselines), LEFT, WIDTH - 2.0 * LEFT);
    let panel = Panel { left, top, width, height: ROW * drawn.len() as f64, x, y };
    panel.draw(&mut svg, "distance, less is better", "");
    let beside = panel.left + panel.width + 14.0;
    svg.coloured_text(beside, top - 1.0, Anchor::Start, TICK_SIZE, MUTED, "samples");
    for (i, row) in drawn.iter().enumerate() {
        draw_row(&mut svg, &panel, (last - i) as f64, row, &baselines);
    }
    let mut notes = Vec::new();
    if rows.len() > drawn.len() {
        notes.push(format!("the first {} of {} metrics", drawn.len(), rows.len()));
    }
    let errors = drawn.iter().filter_map(|row| row.standard_error);
    let not_finite = values.clone().chain(errors).filter(|v| !drawable(*v)).count();
    notes.extend(left_out(not_finite, "not finite"));
    notes.extend(left_out(values.filter(|v| drawable(*v) && *v <= 0.0).count(), "not positive"));
    let height = foot(&mut svg, &notes, LEFT, WIDTH - 2.0 * LEFT, panel.bottom() + 46.0);
    Ok(svg.finish(title, WIDTH, height))
}

/// Values that have a mark in a row.
fn values(row: &Distance) -> impl Iterator<Item = f64> + Clone {
    let baselines = row.baselines.iter().map(|(_, value)| *value);
    [row.samples].into_iter().chain(row.floor).chain(baselines)
}

/// Ends of an error bar.
fn bar(value: f64, error: f64) -> [f64; 2] {
    [value - error, value + error]
}

/// Names of all baselines in the order in which they occur. The order decides their marks.
fn baseline_names<'a>(rows: &[Distance<'a>]) -> Vec<&'a str> {
    let mut names = Vec::new();
    for (name, _) in rows.iter().flat_map(|row| row.baselines) {
        if !names.contains(name) {
            names.push(*name);
        }
    }
    names
}

fn legend(rows: &[Distance], baselines: &[&str]) -> Vec<(Key, String)> {
    let errors = rows.iter().any(|row| row.standard_error.is_some());
    let samples = if errors { "samples ± standard error" } else { "samples" };
    let mut entries = vec![(Key::MarkedLine(SAMPLES, Mark::Circle), samples.to_owned())];
    if rows.iter().any(|row| row.floor.is_some()) {
        entries.push((Key::Mark(BLACK, Mark::Bar), "floor: training data".to_owned()));
    }
    for (i, name) in baselines.iter().enumerate() {
        entries.push((Key::Mark(colour(i + 1), mark(i + 1)), (*name).to_owned()));
    }
    entries
}

fn draw_row(svg: &mut Svg, panel: &Panel, y: f64, row: &Distance, baselines: &[&str]) {
    let shown = |value: f64| drawable(value) && value > 0.0;
    let mut draw = |colour, mark, value| {
        if shown(value) {
            svg.open("marks", colour, 1.0);
            svg.mark(mark, panel.at(value, y), 4.2);
            svg.close();
        }
    };
    for (name, value) in row.baselines {
        let series = 1 + baselines.iter().position(|known| known == name).unwrap_or(0);
        draw(colour(series), mark(series), *value);
    }
    if let Some(floor) = row.floor {
        draw(BLACK, Mark::Bar, floor);
    }
    draw(SAMPLES.colour, Mark::Circle, row.samples);

    let middle = panel.at(1.0, y).1;
    let error = row.standard_error.filter(|error| shown(row.samples) && shown(*error));
    if let Some(error) = error {
        let [low, high] = bar(row.samples, error);
        // An error bar that reaches to zero or below ends at the panel's edge: a log axis has no
        // zero.
        let from = if shown(low) { panel.at(low, y).0 } else { panel.left };
        let to = panel.at(high, y).0;
        svg.line((from, middle), (to, middle), SAMPLES);
        for end in [to].into_iter().chain(shown(low).then_some(from)) {
            svg.line((end, middle - 5.0), (end, middle + 5.0), Stroke { width: 1.4, ..SAMPLES });
        }
    }
    if drawable(row.samples) {
        let error = row.standard_error.filter(|error| drawable(*error));
        let error = error.map_or(String::new(), |error| format!(" ± {}", signed(error)));
        let numbers = signed(row.samples) + &error;
        let x = panel.left + panel.width + 14.0;
        svg.coloured_text(x, middle + 4.0, Anchor::Start, TICK_SIZE, MUTED, &numbers);
    }
}

fn signed(value: f64) -> String {
    format!("{}{}", if value < 0.0 { "−" } else { "" }, two_digits(value.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: Distance = Distance {
        name: "energy distance",
        samples: 0.012,
        standard_error: Some(0.002),
        floor: Some(0.01),
        baselines: &[("fitted Gaussian", 0.4), ("untrained network", 3.0)],
    };

    /// Number of marks of a colour in the whole figure, with the legend's keys.
    fn marks(figure: &Figure, colour: &str) -> usize {
        figure.svg().matches(&format!("fill=\"{colour}\" fill-opacity=\"1\"")).count()
    }

    #[test]
    fn a_row_has_a_mark_for_samples_floor_and_every_baseline() {
        let figure = distances("t", &[ROW, ROW]).unwrap();
        for colour in [PALETTE[0], BLACK, PALETTE[1], PALETTE[2]] {
            assert_eq!(marks(&figure, colour), 3, "{colour}: two rows and the legend");
        }
        assert!(figure.svg().contains("0.012 ± 0.002"));
        let alone = Distance { standard_error: None, floor: None, baselines: &[], ..ROW };
        let figure = distances("t", &[alone]).unwrap();
        assert_eq!((marks(&figure, PALETTE[0]), marks(&figure, BLACK)), (2, 0));
        assert!(!figure.svg().contains("floor") && !figure.svg().contains('±'));
    }

    #[test]
    fn a_baseline_has_one_mark_in_all_rows() {
        let other = Distance { baselines: &[("untrained network", 2.0)], ..ROW };
        let figure = distances("t", &[ROW, other]).unwrap();
        assert_eq!((marks(&figure, PALETTE[1]), marks(&figure, PALETTE[2])), (2, 3));
    }

    #[test]
    fn what_a_log_axis_cannot_show_is_said_and_its_number_kept() {
        let below = Distance { samples: -0.003, floor: Some(0.0), ..ROW };
        let broken = Distance { samples: f64::NAN, standard_error: Some(f64::INFINITY), ..ROW };
        let figure = distances("t", &[below, broken]).unwrap();
        assert!(figure.svg().contains("2 values not positive left out"));
        assert!(figure.svg().contains("2 values not finite left out"));
        assert!(figure.svg().contains("−0.003 ± 0.002"));
    }

    #[test]
    fn an_error_as_large_as_the_value_stays_inside_the_panel() {
        let vague = Distance { standard_error: Some(1.0), ..ROW };
        let figure = distances("t", &[vague]).unwrap();
        let lines = figure.svg().lines().filter(|line| line.contains("#0072b2"));
        let ends = lines.filter_map(|line| line.split("d=\"M").nth(1)?.split(' ').next());
        let ends: Vec<f64> = ends.map(|x| x.parse().unwrap()).collect();
        assert!(!ends.is_empty() && ends.iter().all(|x| (0.0..WIDTH).contains(x)), "{ends:?}");
    }

    #[test]
    fn rows_beyond_forty_are_counted() {
        let figure = distances("t", &[ROW; 64]).unwrap();
        assert!(figure.svg().contains("the first 40 of 64 metrics"));
        assert!(distances("t", &[]).is_err());
    }
}
