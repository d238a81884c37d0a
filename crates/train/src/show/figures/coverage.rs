//! Coverage of the central intervals of filled-in cells, by their level.

use super::axes::{Axis, Panel, left_margin};
use super::legend::{Key, foot, head};
use super::style::{EXACT, colour, mark};
use super::svg::{Stroke, Svg};
use super::{Figure, FigureError};

/// Share of the hidden cells that an interval holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CoveragePoint {
    /// Level of the interval, 0 to 1.
    pub level: f64,
    /// Share of the cells within it.
    pub share: f64,
    /// Standard error of the share.
    pub standard_error: f64,
}

const SIDE: f64 = 360.0;
const RIGHT: f64 = 24.0;

/// Figure of the share of hidden cells that each central interval of the draws holds. The dashed diagonal is exact; a
/// vertical line is two standard errors to either side. `notes` stand below it.
///
/// # Errors
/// When there are no points, or one that is no share.
pub fn coverage(
    title: &str,
    points: &[CoveragePoint],
    notes: &[String],
) -> Result<Figure, FigureError> {
    let is_share =
        |it: &CoveragePoint| (0.0..=1.0).contains(&it.level) && (0.0..=1.0).contains(&it.share);
    if points.is_empty() || !points.iter().all(is_share) {
        return Err(FigureError::Empty { figure: "coverage", what: "shares" });
    }
    let y = Axis::linear(Some((0.0, 1.0)), 0.0, SIDE);
    let left = left_margin(&y);
    let x = Axis::linear(Some((0.0, 1.0)), 0.0, SIDE);
    let line = Stroke::solid(colour(0), 1.8);
    let legend = [
        (Key::MarkedLine(line, mark(0)), "filled-in cells".to_owned()),
        (Key::Line(EXACT), "exact".to_owned()),
    ];
    let mut svg = Svg::new();
    let top = head(&mut svg, title, &legend, left, SIDE);
    let panel = Panel { left, top, width: SIDE, height: SIDE, x, y };
    panel.draw(&mut svg, "level of the interval", "share of the cells within it");
    svg.line(panel.at(0.0, 0.0), panel.at(1.0, 1.0), EXACT);
    for point in points {
        let ends =
            [-2.0, 2.0].map(|side| (point.share + side * point.standard_error).clamp(0.0, 1.0));
        let [low, high] = ends.map(|share| panel.at(point.level, share));
        svg.line(low, high, Stroke::solid(colour(0), 1.0));
    }
    let places: Vec<_> = points.iter().map(|it| panel.at(it.level, it.share)).collect();
    svg.path(&places, line);
    svg.open("marks", colour(0), 1.0);
    places.iter().for_each(|place| svg.mark(mark(0), *place, 3.0));
    svg.close();
    let height = foot(&mut svg, notes, left, SIDE, panel.bottom() + 46.0);
    Ok(svg.finish(title, left + SIDE + RIGHT, height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_stands_at_each_level_and_the_diagonal_is_exact() {
        let point = |level, share| CoveragePoint { level, share, standard_error: 0.02 };
        let points = [point(0.1, 0.1), point(0.5, 0.4), point(0.9, 0.95)];
        let figure = coverage("t", &points, &["410 cells".to_owned()]).unwrap();
        let svg = figure.svg();
        let marks = svg.split("class=\"marks\"").nth(1).unwrap().split("</g>").next().unwrap();
        assert_eq!(marks.matches("/>").count(), 3);
        assert!(svg.contains("410 cells") && svg.contains("stroke-dasharray"));
        assert!(coverage("t", &[], &[]).is_err());
        assert!(coverage("t", &[point(0.5, 1.5)], &[]).is_err());
    }
}
