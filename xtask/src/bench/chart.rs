//! Charts with logarithmic axes, as SVG by hand.

use std::fmt::Write;

const WIDTH: f64 = 520.0;
const HEIGHT: f64 = 340.0;
/// Margins for the labels: left, right, top, below.
const MARGIN: [f64; 4] = [64.0, 104.0, 16.0, 48.0];
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
    pub fn svg(&self) -> Option<String> {
        let points = || self.curves.iter().flat_map(|curve| &curve.points);
        let x = range(points().map(|point| point.0))?;
        let y = range(points().map(|point| point.1))?;
        let [left, right, top, below] = MARGIN;
        let x = Axis { from: x.0, to: x.1, start: left, end: WIDTH - right };
        let y = Axis {
            from: 10_f64.powf(y.0.log10().floor()),
            to: 10_f64.powf(y.1.log10().ceil()),
            start: HEIGHT - below,
            end: top,
        };
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
             font-family=\"sans-serif\" font-size=\"12\">\n\
             <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n"
        );
        self.axes(&mut svg, &x, &y);
        // Writing to a String never fails.
        let _ = self.lines(&mut svg, &x, &y);
        Some(svg + "</svg>\n")
    }

    fn axes(&self, svg: &mut String, x: &Axis, y: &Axis) {
        let (left, low) = (x.start, y.start);
        let mut decade = y.from;
        while decade <= y.to * 1.001 {
            let at = y.at(decade);
            *svg += &format!(
                "<line x1=\"{left}\" x2=\"{}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#dddddd\"/>\n\
                 <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{decade}</text>\n",
                x.end,
                left - 6.0,
                at + 4.0
            );
            decade *= 10.0;
        }
        let values = self.curves.first().into_iter().flat_map(|curve| &curve.points);
        for (value, _) in values {
            *svg += &format!(
                "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{value}</text>\n",
                x.at(*value),
                low + 18.0
            );
        }
        let middle = (x.start + x.end) / 2.0;
        let height = (y.start + y.end) / 2.0;
        *svg += &format!(
            "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n\
             <text transform=\"translate(16 {height}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n",
            HEIGHT - 10.0,
            self.x_label,
            self.y_label
        );
    }

    fn lines(&self, svg: &mut String, x: &Axis, y: &Axis) -> std::fmt::Result {
        let mut names: Vec<(f64, &str, &str)> = Vec::new();
        for (curve, colour) in self.curves.iter().zip(COLOURS) {
            let at = |(a, b): &(f64, f64)| format!("{:.1},{:.1}", x.at(*a), y.at(*b));
            let path: Vec<String> = curve.points.iter().map(at).collect();
            writeln!(
                svg,
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
                path.join(" ")
            )?;
            for (a, b) in &curve.points {
                let (a, b) = (x.at(*a), y.at(*b));
                writeln!(svg, "<circle cx=\"{a:.1}\" cy=\"{b:.1}\" r=\"3\" fill=\"{colour}\"/>")?;
            }
            names.extend(curve.points.last().map(|(_, b)| (y.at(*b), curve.name, colour)));
        }
        // Names stand beside the ends of their lines, moved down where they would overlap.
        names.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut free = f64::NEG_INFINITY;
        for (place, name, colour) in names {
            let place = place.max(free);
            free = place + 15.0;
            let (left, low) = (x.end + 8.0, place + 4.0);
            writeln!(svg, "<text x=\"{left}\" y=\"{low:.1}\" fill=\"{colour}\">{name}</text>")?;
        }
        Ok(())
    }
}

/// Smallest and largest of some values, moved apart where they are equal; none where they are not above 0.
fn range(values: impl Iterator<Item = f64> + Clone) -> Option<(f64, f64)> {
    let least = values.clone().fold(f64::INFINITY, f64::min);
    let most = values.fold(0.0, f64::max);
    (least > 0.0 && most.is_finite() && most > 0.0)
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
        let svg = chart.svg().expect("points");
        assert_eq!(svg.matches("<circle").count(), 4);
        assert!(svg.contains(">one<") && svg.contains(">two<") && svg.ends_with("</svg>\n"));
        assert_eq!(Chart { curves: Vec::new(), ..chart }.svg(), None);
    }
}
