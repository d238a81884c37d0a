//! The loss against the training step. Long curves are drawn twice: every value thin and light, and
//! over it the mean of neighbouring values, which is what the eye looks for in noise.

use super::axes::{Axis, Panel, left_margin};
use super::legend::{Key, foot, head, left_out};
use super::style::{MOST_MARKS, NOTE_SIZE, colour, dash, drawable, elide, mark, range, spread};
use super::svg::{Stroke, Svg};
use super::{Figure, FigureError};

/// One curve of a loss figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LossCurve<'a> {
    /// Name in the legend.
    pub name: &'a str,
    /// Training step and loss, in the order in which they are joined.
    pub points: &'a [(u64, f64)],
}

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 340.0;
const RIGHT: f64 = 24.0;
/// Curves with more points than this are drawn as thin lines under their running mean.
const MOST_MARKED: usize = 60;

/// Loss curves over the training steps; the loss axis is logarithmic when all values are positive
/// and span more than a decade.
///
/// # Errors
/// When there is no curve with a point.
pub fn loss(title: &str, curves: &[LossCurve]) -> Result<Figure, FigureError> {
    if curves.iter().all(|curve| curve.points.is_empty()) {
        return Err(FigureError::Empty { figure: "loss", what: "curves" });
    }
    let values = curves.iter().flat_map(|curve| curve.points);
    let left_out_values = values.clone().filter(|(_, loss)| !drawable(*loss)).count();
    let losses = range(values.clone().map(|(_, loss)| *loss));
    let steps = range(values.map(|(step, _)| *step as f64));
    let y = match losses {
        Some((low, high)) if low > 0.0 && high / low > 10.0 => Axis::log(losses, 0.04),
        _ => Axis::linear(losses, 0.05, HEIGHT),
    };
    let left = left_margin(&y);
    let width = WIDTH - left - RIGHT;
    let x = Axis::linear(steps, 0.015, width);

    let mut svg = Svg::new();
    let legend: Vec<_> =
        curves.iter().enumerate().map(|(i, c)| (key(i, c), c.name.to_owned())).collect();
    let top = head(&mut svg, title, &legend, left, width);
    let panel = Panel { left, top, width, height: HEIGHT, x, y };
    panel.draw(&mut svg, "training step", "loss");
    let mut notes = Vec::new();
    for (i, curve) in curves.iter().enumerate() {
        let window = draw_curve(&mut svg, &panel, i, curve);
        notes.extend(window.map(|window| running_mean_note(curve, window)));
    }
    notes.extend(left_out(left_out_values, "not finite"));
    let height = foot(&mut svg, &notes, left, width, panel.bottom() + 46.0);
    Ok(Figure { svg: svg.finish(title, WIDTH, height) })
}

fn running_mean_note(curve: &LossCurve, window: usize) -> String {
    let name = elide(curve.name, NOTE_SIZE, 240.0);
    match curve.points.len() {
        count if count > MOST_MARKS => {
            format!(
                "{name}: {MOST_MARKS} of {count} values thin, the mean of {window} of them thick"
            )
        }
        _ => format!("{name}: every value thin, the mean of {window} neighbouring ones thick"),
    }
}

fn stroke(series: usize) -> Stroke<'static> {
    Stroke { dash: dash(series), ..Stroke::solid(colour(series), 2.0) }
}

fn key(series: usize, curve: &LossCurve) -> Key {
    if curve.points.len() > MOST_MARKED {
        Key::Line(stroke(series))
    } else {
        Key::MarkedLine(stroke(series), mark(series))
    }
}

/// Draws a curve; returns the number of values in its running mean when it has one.
fn draw_curve(svg: &mut Svg, panel: &Panel, series: usize, curve: &LossCurve) -> Option<usize> {
    let chosen = spread(curve.points.len(), MOST_MARKS).map(|i| curve.points[i]);
    let points: Vec<_> = chosen.map(|(step, loss)| (step as f64, loss)).collect();
    if points.len() <= MOST_MARKED {
        draw_line(svg, panel, &points, stroke(series));
        svg.open("marks", colour(series), 1.0);
        for (step, loss) in points.into_iter().filter(|(_, loss)| drawable(*loss)) {
            svg.mark(mark(series), panel.at(step, loss), 3.0);
        }
        svg.close();
        return None;
    }
    let thin = Stroke { opacity: 0.35, ..Stroke::solid(colour(series), 0.9) };
    draw_line(svg, panel, &points, thin);
    let half = (points.len() / 60).max(2);
    draw_line(svg, panel, &running_mean(&points, half), stroke(series));
    Some(2 * half + 1)
}

/// Joins neighbouring points; a loss that isn't finite leaves a gap.
fn draw_line(svg: &mut Svg, panel: &Panel, points: &[(f64, f64)], stroke: Stroke) {
    for piece in points.split(|(_, loss)| !drawable(*loss)).filter(|piece| !piece.is_empty()) {
        let pixels: Vec<_> = piece.iter().map(|(step, loss)| panel.at(*step, *loss)).collect();
        svg.path(&pixels, stroke);
    }
}

/// The mean of the finite values up to `half` places away, fewer towards the ends so that it stays
/// centred. None (NaN) so close to an end that it would be as noisy as the values, and where the
/// value itself isn't finite.
fn running_mean(points: &[(f64, f64)], half: usize) -> Vec<(f64, f64)> {
    let mean = |i: usize| {
        let reach = half.min(i).min(points.len() - 1 - i);
        if reach < half.div_ceil(3) {
            return f64::NAN;
        }
        let near = points[i - reach..=i + reach].iter().map(|(_, loss)| *loss);
        let finite: Vec<_> = near.filter(|loss| drawable(*loss)).collect();
        finite.iter().map(|loss| loss / finite.len() as f64).sum::<f64>()
    };
    let value = |(i, (step, loss)): (usize, &(f64, f64))| {
        (*step, if drawable(*loss) { mean(i) } else { f64::NAN })
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
        let figure = loss("loss", &[LossCurve { name: "held out", points: &points }]).unwrap();
        let marks = figure.svg().split("class=\"marks\"").nth(1).unwrap();
        assert_eq!(marks.matches("<circle").count(), 24);
    }

    #[test]
    fn axis_is_logarithmic_only_when_that_helps() {
        let ticks = |points: &[(u64, f64)]| {
            let figure = loss("", &[LossCurve { name: "a", points }]).unwrap();
            (figure.svg().contains(">0.1</text>"), figure.svg().contains(">0.5</text>"))
        };
        assert_eq!(ticks(&[(0, 100.0), (1, 0.01)]), (true, false), "4 decades: powers of ten");
        assert_eq!(ticks(&[(0, 1.0), (1, 0.2)]), (false, false), "less than one: linear");
        assert_eq!(ticks(&[(0, 10.0), (1, -0.1)]), (false, false), "a negative one: linear");
    }

    #[test]
    fn a_gap_is_left_where_a_value_is_not_finite() {
        let points = [(0, 1.0), (1, 0.9), (2, f64::NAN), (3, 0.8), (4, f64::INFINITY), (5, 0.7)];
        let figure = loss("loss", &[LossCurve { name: "a", points: &points }]).unwrap();
        assert!(figure.svg().contains("2 values not finite left out"));
        let marks = figure.svg().split("class=\"marks\"").nth(1).unwrap();
        assert_eq!(marks.matches("<circle").count(), 4);
    }
}
