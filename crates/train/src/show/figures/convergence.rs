//! Convergence of the samples on the modes of the data: the mean squared distance to the nearest
//! mode at every step, against the exact value of the data itself.

use super::axes::{Axis, Panel, left_margin};
use super::legend::{Key, foot, head, left_out};
use super::steps::{self, Series, positive};
use super::style::{BACKDROP, EXACT, colour, drawable, mark, range};
use super::svg::{Stroke, Svg};
use super::{Figure, FigureError};

/// Distance of the samples after one step of the sampling.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConvergenceStep {
    /// Noise scale sigma of the step's level, zero at the end.
    pub sigma: f64,
    /// Mean squared distance of the samples to the nearest mode.
    pub value: f64,
}

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 320.0;
const RIGHT: f64 = 24.0;
const SAMPLES: usize = 0;
/// Opacity of the grey behind the steps that repeat the last level.
const REPEATS: f64 = 0.13;

/// Figure of the mean squared distance to the nearest mode over the sampling steps, on a log axis.
///
/// The exact distance `floor`, `d · std²` for `d` features, is a dashed line. Steps that repeat the
/// last level stand on grey.
///
/// # Shapes
/// One entry per step, the noisiest first.
///
/// # Errors
/// When there are no steps.
pub fn convergence(
    title: &str,
    steps: &[ConvergenceStep],
    floor: Option<f64>,
) -> Result<Figure, FigureError> {
    if steps.is_empty() {
        return Err(FigureError::Empty { figure: "convergence", what: "steps" });
    }
    let sigmas: Vec<_> = steps.iter().map(|step| step.sigma).collect();
    let values: Vec<_> = steps.iter().map(|step| step.value).collect();
    let all = || values.iter().copied().chain(floor);
    let y = Axis::log(range(all().filter(|value| positive(*value))), 0.06);
    let left = left_margin(&y);
    let width = WIDTH - left - RIGHT;
    let x = steps::axis(&sigmas, width);
    let floor = floor.filter(|floor| positive(*floor));
    let repeats = repeats(&sigmas);

    let line = Stroke::solid(colour(SAMPLES), 1.8);
    let mut legend = vec![(Key::MarkedLine(line, mark(SAMPLES)), "samples".to_owned())];
    if floor.is_some() {
        legend.push((Key::Line(EXACT), "exact: the data itself".to_owned()));
    }
    if repeats.is_some() {
        let key = Key::Area { colour: BACKDROP, opacity: REPEATS };
        legend.push((key, "repeats of the last level".to_owned()));
    }
    let mut svg = Svg::new();
    let top = head(&mut svg, title, &legend, left, width);
    let panel = Panel { left, top, width, height: HEIGHT, x, y };
    if let Some(first) = repeats {
        let place = |step: f64| panel.left + panel.x.place(step) * panel.width;
        let (from, to) = (place(first as f64 - 0.5), panel.left + panel.width);
        let (top, bottom) = (panel.top, panel.bottom());
        svg.area(&[(from, top), (to, top), (to, bottom), (from, bottom)], BACKDROP, REPEATS);
    }
    panel.draw(&mut svg, "", "mean squared distance to the nearest mode");
    steps::sigma_row(&mut svg, &panel, &sigmas);
    let series = Series { values: &values, shown: positive, stroke: line };
    series.draw(&mut svg, &panel, Some(mark(SAMPLES)));
    if let Some(floor) = floor {
        let y = panel.bottom() - panel.y.place(floor) * panel.height;
        svg.line((panel.left, y), (panel.left + panel.width, y), EXACT);
    }

    let mut notes = vec!["distances in the model's units".to_owned()];
    notes.extend(left_out(all().filter(|value| !drawable(*value)).count(), "not finite"));
    let not_positive = all().filter(|value| drawable(*value) && *value <= 0.0).count();
    notes.extend(left_out(not_positive, "not positive"));
    let height = foot(&mut svg, &notes, left, width, panel.bottom() + 64.0);
    Ok(svg.finish(title, WIDTH, height))
}

/// First of the steps at the end that repeat the level of the step before, if there are any.
fn repeats(sigmas: &[f64]) -> Option<usize> {
    let last = sigmas.last()?;
    let same = sigmas.iter().rev().take_while(|sigma| *sigma == last).count();
    (same > 1).then(|| sigmas.len() - same + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(values: &[(f64, f64)]) -> Vec<ConvergenceStep> {
        values
            .iter()
            .map(|(sigma, value)| ConvergenceStep { sigma: *sigma, value: *value })
            .collect()
    }

    #[test]
    fn repeats_begin_after_the_first_of_the_last_level() {
        assert_eq!(repeats(&[1.0, 0.5, 0.0]), None);
        assert_eq!(repeats(&[1.0, 0.5, 0.0, 0.0, 0.0]), Some(3));
        assert_eq!(repeats(&[1.0, 1.0, 0.5]), None, "only the last level counts");
        assert_eq!(repeats(&[1.0]), None);
        let figure = convergence("t", &run(&[(1.0, 2.0), (0.0, 0.1), (0.0, 0.05)]), None).unwrap();
        assert!(figure.svg().contains("repeats of the last level"));
    }

    #[test]
    fn every_step_is_a_mark_and_the_floor_a_dashed_line_across() {
        let steps = run(&[(1.0, 2.0), (0.1, 0.02), (0.0, 0.0004)]);
        let figure = convergence("t", &steps, Some(0.0002)).unwrap();
        let marks = figure.svg().split("class=\"marks\"").nth(1).unwrap();
        assert_eq!(marks.split("</g>").next().unwrap().matches("<circle").count(), 3);
        let dashed = |figure: &Figure| figure.svg().matches("dasharray=\"5 3\"").count();
        assert_eq!(dashed(&figure), 2, "legend and line");
        assert_eq!(dashed(&convergence("t", &steps, None).unwrap()), 0);
    }

    #[test]
    fn the_floor_is_within_the_axis() {
        let steps = run(&[(1.0, 2.0), (0.0, 1.0)]);
        let reaches =
            |floor| convergence("t", &steps, floor).unwrap().svg().contains(">0.001</text>");
        assert!(reaches(Some(1e-3)) && !reaches(None));
    }

    #[test]
    fn what_a_log_axis_cannot_show_is_said() {
        let steps = run(&[(1.0, 2.0), (0.1, f64::NAN), (0.0, 0.0)]);
        let figure = convergence("t", &steps, Some(f64::INFINITY)).unwrap();
        assert!(figure.svg().contains("2 values not finite left out"));
        assert!(figure.svg().contains("1 value not positive left out"));
    }
}
