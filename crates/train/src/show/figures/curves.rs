//! Curves over the training step: loss, learning rate or gradient norm of one run or of several.
//!
//! Long noisy curves are drawn twice: every value thin and light, and over it the mean of
//! neighbouring values, which the eye looks for in noise.

use super::axes::{Axis, Panel, left_margin};
use super::legend::{Key, foot, head, left_out};
use super::style::{MOST_MARKS, NOTE_SIZE, colour, dash, drawable, elide, mark, range, spread};
use super::svg::{Stroke, Svg};
use super::{Figure, FigureError};

/// Curve over the training steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curve<'a> {
    /// Name in the legend.
    pub name: &'a str,
    /// Points of training step and value, in the order in which they are joined.
    pub points: &'a [(u64, f64)],
}

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 340.0;
const RIGHT: f64 = 24.0;
/// Most curves of a figure: more would share colours, dashes and marks.
const MOST_CURVES: usize = 6;
/// Most points of a curve with marks. Longer curves are lines only.
const MOST_MARKED: usize = 60;

/// Figure of curves over the training steps. The first six curves are drawn.
///
/// `y_name` names the axis of the values. It is logarithmic if all values are positive and span
/// more than a decade.
///
/// # Errors
/// When none of these curves has a point.
pub fn curves(title: &str, y_name: &str, curves: &[Curve]) -> Result<Figure, FigureError> {
    let drawn = &curves[..curves.len().min(MOST_CURVES)];
    if drawn.iter().all(|curve| curve.points.is_empty()) {
        return Err(FigureError::Empty { figure: "curves", what: "curves" });
    }
    let points = drawn.iter().flat_map(|curve| curve.points);
    let not_finite = points.clone().filter(|(_, value)| !drawable(*value)).count();
    let values = range(points.clone().map(|(_, value)| *value));
    let steps = range(points.map(|(step, _)| *step as f64));
    let y = match values {
        Some((low, high)) if low > 0.0 && high / low > 10.0 => Axis::log(values, 0.04),
        _ => Axis::linear(values, 0.05, HEIGHT),
    };
    let left = left_margin(&y);
    let width = WIDTH - left - RIGHT;
    let x = Axis::linear(steps, 0.015, width);

    // All curves together have at most as many points as two curves may have, so that the file
    // stays below 1 MB.
    let most = MOST_MARKS.min(2 * MOST_MARKS / drawn.len());
    let lines: Vec<_> = drawn.iter().map(|curve| Line::new(curve, most)).collect();
    let mut svg = Svg::new();
    let legend: Vec<_> =
        lines.iter().enumerate().map(|(i, line)| (line.key(i), line.name.to_owned())).collect();
    let top = head(&mut svg, title, &legend, left, width);
    let panel = Panel { left, top, width, height: HEIGHT, x, y };
    panel.draw(&mut svg, "training step", y_name);
    // Single values are drawn before all lines, so that no curve hides another's mean.
    let opacity = if lines.len() > 2 { 0.2 } else { 0.35 };
    for (i, line) in lines.iter().enumerate().filter(|(_, line)| line.half_window.is_some()) {
        let thin = Stroke { opacity, ..Stroke::solid(colour(i), 0.9) };
        draw_line(&mut svg, &panel, &line.points, thin);
    }
    for (i, line) in lines.iter().enumerate() {
        line.draw(&mut svg, &panel, i);
    }
    let mut notes = Vec::new();
    if curves.len() > drawn.len() {
        notes.push(format!("the first {} of {} curves", drawn.len(), curves.len()));
    }
    notes.extend(notes_on_means(&lines));
    notes.extend(left_out(not_finite, "not finite"));
    let height = foot(&mut svg, &notes, left, width, panel.bottom() + 46.0);
    Ok(svg.finish(title, WIDTH, height))
}

/// Line that is drawn for a curve.
struct Line<'a> {
    name: &'a str,
    /// Number of points of the whole curve.
    count: usize,
    points: Vec<(f64, f64)>,
    /// Half the window of the running mean that is drawn over the values, if these are many and
    /// noisy.
    half_window: Option<usize>,
}

impl<'a> Line<'a> {
    fn new(curve: &Curve<'a>, most: usize) -> Self {
        let chosen = spread(curve.points.len(), most).map(|i| curve.points[i]);
        let points: Vec<_> = chosen.map(|(step, value)| (step as f64, value)).collect();
        let averaged = points.len() > MOST_MARKED && is_noisy(&points);
        let half_window = averaged.then(|| (points.len() / 60).max(2));
        Self { name: curve.name, count: curve.points.len(), points, half_window }
    }

    fn marked(&self) -> bool {
        self.points.len() <= MOST_MARKED
    }

    fn key(&self, series: usize) -> Key {
        if self.marked() {
            Key::MarkedLine(stroke(series), mark(series))
        } else {
            Key::Line(stroke(series))
        }
    }

    fn draw(&self, svg: &mut Svg, panel: &Panel, series: usize) {
        match self.half_window {
            Some(half) => draw_line(svg, panel, &running_mean(&self.points, half), stroke(series)),
            None => draw_line(svg, panel, &self.points, stroke(series)),
        }
        if self.marked() {
            svg.open("marks", colour(series), 1.0);
            for (step, value) in self.points.iter().filter(|(_, value)| drawable(*value)) {
                svg.mark(mark(series), panel.at(*step, *value), 3.0);
            }
            svg.close();
        }
    }
}

fn stroke(series: usize) -> Stroke<'static> {
    Stroke { dash: dash(series), ..Stroke::solid(colour(series), 2.0) }
}

/// Whether the values turn between up and down at more than an eighth of the points. Independent
/// noise turns at two thirds of them, a learning rate schedule at a few.
fn is_noisy(points: &[(f64, f64)]) -> bool {
    let turns = points.windows(3).filter(|near| {
        let (before, after) = (near[1].1 - near[0].1, near[2].1 - near[1].1);
        (before < 0.0 && after > 0.0) || (before > 0.0 && after < 0.0)
    });
    8 * turns.count() > points.len()
}

/// Notes on the thin and the thick line of averaged curves. If all curves have the same note it is
/// written once.
fn notes_on_means(lines: &[Line]) -> Vec<String> {
    let note = |line: &Line| {
        let (window, points) = (2 * line.half_window? + 1, line.points.len());
        Some(match line.count {
            count if count > points => {
                format!("{points} of {count} values thin, the mean of {window} of them thick")
            }
            _ => format!("every value thin, the mean of {window} neighbouring ones thick"),
        })
    };
    let notes: Vec<_> = lines.iter().map(note).collect();
    match notes.as_slice() {
        [Some(first), rest @ ..] if rest.iter().all(|note| note.as_ref() == Some(first)) => {
            vec![first.clone()]
        }
        _ => {
            let named = lines.iter().zip(notes);
            let name = |line: &Line| elide(line.name, NOTE_SIZE, 240.0);
            named.filter_map(|(line, note)| Some(format!("{}: {}", name(line), note?))).collect()
        }
    }
}

/// Draws a line through the points. A value that isn't finite leaves a gap.
fn draw_line(svg: &mut Svg, panel: &Panel, points: &[(f64, f64)], stroke: Stroke) {
    for piece in points.split(|(_, value)| !drawable(*value)).filter(|piece| !piece.is_empty()) {
        let pixels: Vec<_> = piece.iter().map(|(step, value)| panel.at(*step, *value)).collect();
        svg.path(&pixels, stroke);
    }
}

/// Running mean of the finite values up to `half` places away. Towards the ends the window shrinks,
/// so that it stays centred.
///
/// The mean is NaN where the value itself isn't finite, and so close to an end that it would be as
/// noisy as the values.
fn running_mean(points: &[(f64, f64)], half: usize) -> Vec<(f64, f64)> {
    let mean = |i: usize| {
        let reach = half.min(i).min(points.len() - 1 - i);
        if reach < half.div_ceil(3) {
            return f64::NAN;
        }
        let near = points[i - reach..=i + reach].iter().map(|(_, value)| *value);
        let finite: Vec<_> = near.filter(|value| drawable(*value)).collect();
        finite.iter().map(|value| value / finite.len() as f64).sum::<f64>()
    };
    let value = |(i, (step, value)): (usize, &(f64, f64))| {
        (*step, if drawable(*value) { mean(i) } else { f64::NAN })
    };
    points.iter().enumerate().map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn running_mean_is_centred_and_keeps_a_straight_line() {
        let line: Vec<_> = (0..9).map(|i| (f64::from(i), f64::from(3 * i))).collect();
        let means = running_mean(&line, 3);
        assert!(means[0].1.is_nan() && means[8].1.is_nan(), "the ends have no neighbours");
        for ((step, mean), (_, loss)) in means[1..8].iter().zip(&line[1..8]) {
            assert!((mean - loss).abs() < 1e-12, "step {step}: {mean} is not {loss}");
        }
    }

    #[test]
    fn every_point_of_a_short_curve_is_a_mark() {
        let points: Vec<_> = (0..24).map(|i| (i * 500, 1.0 / (1.0 + i as f64))).collect();
        let figure =
            curves("loss", "loss", &[Curve { name: "held out", points: &points }]).unwrap();
        let marks = figure.svg().split("class=\"marks\"").nth(1).unwrap();
        assert_eq!(marks.matches("<circle").count(), 24);
    }

    #[test]
    fn axis_is_logarithmic_only_when_that_helps() {
        let ticks = |points: &[(u64, f64)]| {
            let figure = curves("", "loss", &[Curve { name: "a", points }]).unwrap();
            (figure.svg().contains(">0.1</text>"), figure.svg().contains(">0.5</text>"))
        };
        assert_eq!(ticks(&[(0, 100.0), (1, 0.01)]), (true, false), "4 decades: powers of ten");
        assert_eq!(ticks(&[(0, 1.0), (1, 0.2)]), (false, false), "less than one: linear");
        assert_eq!(ticks(&[(0, 10.0), (1, -0.1)]), (false, false), "a negative one: linear");
    }

    #[test]
    fn a_gap_is_left_where_a_value_is_not_finite() {
        let points = [(0, 1.0), (1, 0.9), (2, f64::NAN), (3, 0.8), (4, f64::INFINITY), (5, 0.7)];
        let figure = curves("loss", "loss", &[Curve { name: "a", points: &points }]).unwrap();
        assert!(figure.svg().contains("2 values not finite left out"));
        let marks = figure.svg().split("class=\"marks\"").nth(1).unwrap();
        assert_eq!(marks.matches("<circle").count(), 4);
    }

    #[test]
    fn only_noise_is_averaged() {
        let steps = 0..400u64;
        let noise =
            |step: u64| 1.0 + (step.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f64 * 1e-8;
        let noisy: Vec<_> = steps.clone().map(|step| (step, noise(step))).collect();
        // Warm-up, then a cosine: its kink must not be rounded off.
        let smooth = |step: u64| f64::min(step as f64 / 50.0, (step as f64 / 300.0).cos());
        let schedule: Vec<_> = steps.map(|step| (step, smooth(step))).collect();
        let figure = |points: &[(u64, f64)]| {
            let figure = curves("", "", &[Curve { name: "a", points }]).unwrap();
            (figure.svg().contains("the mean of 13"), figure.svg().contains("stroke-opacity"))
        };
        assert_eq!(figure(&noisy), (true, true));
        assert_eq!(figure(&schedule), (false, false));
    }

    #[test]
    fn six_curves_look_different_and_the_seventh_is_said_to_be_left_out() {
        let points = [(0, 1.0), (1, 0.5)];
        let seven = [Curve { name: "run", points: &points }; 7];
        let figure = curves("", "loss", &seven).unwrap();
        assert!(figure.svg().contains("the first 6 of 7 curves"));
        let looks = (0..MOST_CURVES).map(stroke).map(|s| (s.colour, s.dash));
        let looks: std::collections::BTreeSet<_> = looks.collect();
        assert_eq!(looks.len(), 6);
        let dashes: std::collections::BTreeSet<_> = looks.iter().map(|(_, dash)| dash).collect();
        assert_eq!(dashes.len(), 6, "without colour too");
    }

    #[test]
    fn curves_of_equal_length_share_one_note() {
        let noise = |i: u64, by: u64| (i.wrapping_mul(by) >> 40) as f64 + 1.0;
        let one: Vec<_> = (0..300).map(|i| (i, noise(i, 0x9e37_79b9_7f4a_7c15))).collect();
        let pair = [Curve { name: "one", points: &one }, Curve { name: "other", points: &one }];
        let notes = |curves_: &[Curve]| {
            curves("", "", curves_).unwrap().svg().matches("neighbouring ones thick").count()
        };
        assert_eq!(notes(&pair), 1);
        assert_eq!(notes(&[pair[0], Curve { name: "other", points: &one[..80] }]), 2);
    }
}
