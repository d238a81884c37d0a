//! Errors of denoisers by noise level: a run's own beside the optimum's, or beside those of simple ones.

use super::axes::{Axis, Panel, left_margin};
use super::legend::{Key, foot, head, left_out};
use super::steps::positive;
use super::style::{colour, dash, drawable, mark, range};
use super::svg::{Stroke, Svg};
use super::{Figure, FigureError};

/// Error by noise level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LevelErrorCurve<'a> {
    /// Name in the legend.
    pub name: &'a str,
    /// Points of `sigma / alpha` and mean squared error, in the order in which they are joined.
    pub points: &'a [(f64, f64)],
}

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 340.0;
const RIGHT: f64 = 24.0;
/// Most marks of a curve: more would merge into one thick line.
const MOST_MARKED: usize = 60;

/// Figure of mean squared errors over the noise levels, both axes logarithmic. `note` stands below it.
///
/// # Errors
/// When no curve has a point.
pub fn level_errors(
    title: &str,
    curves: &[LevelErrorCurve],
    note: Option<&str>,
) -> Result<Figure, FigureError> {
    if curves.iter().all(|curve| curve.points.is_empty()) {
        return Err(FigureError::Empty { figure: "level_errors", what: "curves" });
    }
    let points = || curves.iter().flat_map(|curve| curve.points).copied();
    let shown = |(ratio, error): &(f64, f64)| positive(*ratio) && positive(*error);
    let x = Axis::log(range(points().filter(shown).map(|(ratio, _)| ratio)), 0.03);
    let y = Axis::log(range(points().filter(shown).map(|(_, error)| error)), 0.05);
    let left = left_margin(&y);
    let width = WIDTH - left - RIGHT;
    let mut svg = Svg::new();
    let key = |(i, curve): (usize, &LevelErrorCurve)| {
        (Key::MarkedLine(stroke(i), mark(i)), curve.name.to_owned())
    };
    let legend: Vec<_> = curves.iter().enumerate().map(key).collect();
    let top = head(&mut svg, title, &legend, left, width);
    let panel = Panel { left, top, width, height: HEIGHT, x, y };
    panel.draw(&mut svg, "noise over signal σ / α, more noise to the right", "mean squared error");
    for (i, curve) in curves.iter().enumerate() {
        let place = |(ratio, error): &(f64, f64)| panel.at(*ratio, *error);
        for piece in curve.points.split(|point| !shown(point)).filter(|piece| !piece.is_empty()) {
            svg.path(&piece.iter().map(place).collect::<Vec<_>>(), stroke(i));
        }
        if curve.points.len() <= MOST_MARKED {
            svg.open("marks", colour(i), 1.0);
            for point in curve.points.iter().filter(|point| shown(point)) {
                svg.mark(mark(i), place(point), 3.0);
            }
            svg.close();
        }
    }
    let finite = |(ratio, error): &(f64, f64)| drawable(*ratio) && drawable(*error);
    let mut notes: Vec<String> = note.map(str::to_owned).into_iter().collect();
    notes.push("squares are sums over the features, in the model's units".to_owned());
    notes.extend(left_out(points().filter(|point| !finite(point)).count(), "not finite"));
    let not_positive = points().filter(|point| finite(point) && !shown(point)).count();
    notes.extend(left_out(not_positive, "not positive"));
    let height = foot(&mut svg, &notes, left, width, panel.bottom() + 46.0);
    Ok(svg.finish(title, WIDTH, height))
}

fn stroke(series: usize) -> Stroke<'static> {
    Stroke { dash: dash(series), ..Stroke::solid(colour(series), 1.8) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(figure: &Figure) -> Vec<usize> {
        let groups = figure.svg().split("class=\"marks\"").skip(1);
        groups.map(|g| g.split("</g>").next().unwrap().matches("/>").count()).collect()
    }

    #[test]
    fn every_level_is_a_mark_on_each_curve_and_both_axes_are_logarithmic() {
        let regret = [(10.0, 0.1), (1.0, 0.01), (0.01, 1e-6)];
        let optimum = [(10.0, 2.0), (1.0, 0.5), (0.01, 1e-4)];
        let curves = [
            LevelErrorCurve { name: "regret", points: &regret },
            LevelErrorCurve { name: "optimum", points: &optimum },
        ];
        let figure = level_errors("t", &curves, Some("0.1 nats")).unwrap();
        assert_eq!(marks(&figure), [3, 3]);
        // A decade is as wide from 0.01 to 0.1 as from 1 to 10.
        let svg = figure.svg();
        let x = |label: &str| -> f64 {
            let text = svg.split(&format!(">{label}</text>")).next().unwrap();
            let at = text.rsplit("<text x=\"").next().unwrap();
            at.split('"').next().unwrap().parse().unwrap()
        };
        assert!((x("0.1") - x("0.01") - (x("10") - x("1"))).abs() < 0.2);
        assert!(svg.contains("0.1 nats"));
    }

    #[test]
    fn what_a_log_axis_cannot_show_is_a_gap_and_is_said() {
        let points = [(f64::INFINITY, 2.0), (2.0, 1.0), (1.0, 0.0), (0.5, 0.1), (0.1, f64::NAN)];
        let figure =
            level_errors("t", &[LevelErrorCurve { name: "a", points: &points }], None).unwrap();
        assert_eq!(marks(&figure), [2]);
        assert!(figure.svg().contains("2 values not finite left out"));
        assert!(figure.svg().contains("1 value not positive left out"));
        assert!(level_errors("t", &[], None).is_err());
    }
}
