//! Charts with logarithmic axes, as SVG.

use minijinja::context;

use crate::markdown::{environment, fill};
use crate::statistics::extremes;

const TEMPLATE: &str = include_str!("../../templates/chart.svg.jinja");
/// Colours that a colour-blind reader can tell apart (M. Okabe and K. Ito).
const COLOURS: [&str; 4] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7"];

/// Line of a chart.
pub struct Curve {
    pub name: &'static str,
    /// Points of the line; both coordinates are above 0.
    pub points: Vec<(f64, f64)>,
}

/// Chart of some curves.
pub struct Chart {
    pub x_label: &'static str,
    pub y_label: &'static str,
    pub curves: Vec<Curve>,
}

/// Logarithmic axis, which gives a value its place.
struct Axis {
    from: f64,
    to: f64,
    start: f64,
    end: f64,
}

impl Axis {
    /// Place of a value.
    fn at(&self, value: f64) -> f64 {
        let share = (value / self.from).ln() / (self.to / self.from).ln();
        self.start + share * (self.end - self.start)
    }
}

impl Chart {
    /// SVG of the chart; none where there is nothing to draw.
    pub fn svg(&self) -> Result<Option<String>, String> {
        let points = self.curves.iter().flat_map(|curve| curve.points.iter().copied());
        let (x, y): (Vec<f64>, Vec<f64>) = points.unzip();
        let (Some(x), Some(y)) = (range(&x), range(&y)) else { return Ok(None) };
        // The places leave margins for the labels.
        let x = Axis { from: x.0, to: x.1, start: 64.0, end: 416.0 };
        let (from, to) = (10_f64.powf(y.0.log10().floor()), 10_f64.powf(y.1.log10().ceil()));
        let y = Axis { from, to, start: 292.0, end: 16.0 };
        let decades = std::iter::successors(Some(from), |decade| Some(decade * 10.0));
        let decades = decades.take_while(|decade| *decade <= to * 1.001);
        let values = self.curves.first().into_iter().flat_map(|curve| &curve.points);
        let coloured = || self.curves.iter().zip(COLOURS);
        let lines = coloured().map(|(curve, colour)| {
            let points = curve.points.iter().map(|(a, b)| [x.at(*a), y.at(*b)]);
            context! { colour, points => points.collect::<Vec<_>>() }
        });
        let ends = coloured().filter_map(|(curve, colour)| {
            curve.points.last().map(|(_, b)| (curve.name, colour, y.at(*b)))
        });
        // Names stand beside the ends of their lines, moved down where they would overlap.
        let mut names: Vec<_> = ends.collect();
        names.sort_by(|a, b| a.2.total_cmp(&b.2));
        let mut free = f64::NEG_INFINITY;
        for (_, _, place) in &mut names {
            *place = place.max(free);
            free = *place + 15.0;
        }
        let filling = context! {
            decades => decades.map(|value| (value.to_string(), y.at(value))).collect::<Vec<_>>(),
            values => values.map(|(value, _)| (value.to_string(), x.at(*value))).collect::<Vec<_>>(),
            lines => lines.collect::<Vec<_>>(),
            names,
            x_label => self.x_label,
            y_label => self.y_label,
        };
        fill(&environment()?, "chart.svg", TEMPLATE, filling).map(Some)
    }
}

/// Smallest and largest of some values, moved apart where they are equal; none where they are not above 0.
fn range(values: &[f64]) -> Option<(f64, f64)> {
    let [least, most] = extremes(values);
    (least > 0.0 && most.is_finite())
        .then_some((least, if most > least { most } else { 2.0 * least }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_factors_are_equal_distances() {
        let axis = Axis { from: 1.0, to: 100.0, start: 0.0, end: 10.0 };
        assert_eq!([1.0, 10.0, 100.0].map(|value| axis.at(value)), [0.0, 5.0, 10.0]);
    }

    #[test]
    fn a_chart_shows_every_point_and_every_name() {
        let curve = |name| Curve { name, points: vec![(1.0, 5.0), (2.0, 50.0)] };
        let chart = Chart { x_label: "x", y_label: "y", curves: vec![curve("one"), curve("two")] };
        let svg = chart.svg().expect("filled").expect("points");
        assert_eq!(svg.matches("<circle").count(), 4);
        assert!(svg.contains(">one<") && svg.contains(">two<") && svg.ends_with("</svg>\n"));
        assert_eq!(Chart { curves: Vec::new(), ..chart }.svg(), Ok(None));
    }
}
