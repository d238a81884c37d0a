//! Frames of films: the ground of a point film, and a density with its histogram. They are drawn on a canvas of
//! one size, which a film scales to its own.

use super::Figure;
use super::axes::{Axis, Panel, left_margin};
use super::style::{BACKDROP, INK, MUTED, PALETTE, TICK_SIZE, drawable, elide, range, text_width};
use super::svg::{Anchor, Stroke, Svg};

const SAMPLES_COLOUR: &str = PALETTE[0];
const DENSITY_COLOUR: &str = PALETTE[1];

/// Colour of samples, `PALETTE[0]`, by its channels.
pub(crate) const SAMPLES: [u8; 3] = [0x00, 0x72, 0xb2];
/// Colour of data under the samples, [`BACKDROP`], by its channels.
pub(crate) const DATA: [u8; 3] = [0x94, 0x94, 0x94];
/// Inks of films: samples; density; text and axes.
pub(crate) const FILM_INKS: [[u8; 3]; 3] = [SAMPLES, [0xd5, 0x5e, 0x00], [0x22, 0x22, 0x22]];

/// Side of the canvas. Text is as large as on a film of that size: letters of 11.5 pixels are 18 on the 480 pixels
/// that a film has, and still 12 where a narrow page shows it on 314.
pub(crate) const CANVAS: f64 = 300.0;

/// Room for the legend above a panel.
const ABOVE: f64 = 28.0;
/// Room for ticks and the axis' name below it.
const BELOW: f64 = 46.0;
const RIGHT: f64 = 14.0;

/// Ground of a point film: axes, the level's name, and a legend.
#[derive(Debug)]
pub(crate) struct Ground<'a> {
    /// Name of the level; empty for none.
    pub(crate) name: &'a str,
    /// Note above the axes; empty for none.
    pub(crate) note: &'a str,
    /// Names of the horizontal and the vertical axis.
    pub(crate) axes: [&'a str; 2],
    /// Ends of both axes. Points without a horizontal value stand side by side, without ticks.
    pub(crate) ends: [Option<(f64, f64)>; 2],
    /// Whether data lies under the samples, which a legend tells apart.
    pub(crate) has_data: bool,
}

/// Place of the points on a ground, in the canvas' units.
#[derive(Debug, Clone)]
pub(crate) struct Field(Panel);

impl Field {
    /// Place of a point, or `None` outside of the axes.
    pub(crate) fn at(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let (x, y) = self.0.at(x, y);
        let Panel { left, top, width, height, .. } = self.0;
        let inside = (left..=left + width).contains(&x) && (top..=top + height).contains(&y);
        inside.then_some((x, y))
    }
}

impl Ground<'_> {
    /// Figure of the ground, and where its points go. Both axes are as long.
    pub(crate) fn draw(&self) -> (Figure, Field) {
        let top = if self.note.is_empty() { ABOVE } else { ABOVE + 18.0 };
        let side = CANVAS - top - BELOW;
        let axis = |ends: Option<(f64, f64)>| match ends {
            Some(ends) => Axis::linear(Some(ends), 0.0, side),
            None => Axis::linear(Some((0.0, 1.0)), 0.0, side).without_ticks(),
        };
        let [x, y] = self.ends.map(axis);
        let left = left_margin(&y);
        let side = side.min(CANVAS - left - RIGHT);
        let panel = Panel { left, top, width: side, height: side, x, y };
        let mut svg = Svg::new();
        let [across, up] = self.axes;
        panel.draw(&mut svg, across, up);
        write_name(&mut svg, self.name);
        if self.has_data {
            self.legend(&mut svg);
        }
        if !self.note.is_empty() {
            let note = elide(self.note, TICK_SIZE, CANVAS - 16.0);
            svg.coloured_text(8.0, ABOVE + 8.0, Anchor::Start, TICK_SIZE, MUTED, &note);
        }
        (svg.finish(self.name, CANVAS, CANVAS), Field(panel))
    }

    /// Names of the dots, in the upper right corner.
    fn legend(&self, svg: &mut Svg) {
        let mut right = CANVAS - 8.0;
        for (colour, name) in [(SAMPLES_COLOUR, "samples"), (BACKDROP, "data")] {
            svg.coloured_text(right, 20.0, Anchor::End, TICK_SIZE, INK, name);
            right -= text_width(name, TICK_SIZE) + 8.0;
            svg.open("key", colour, 1.0);
            svg.circle((right, 16.0), 3.4);
            svg.close();
            right -= 16.0;
        }
    }
}

/// Histogram of values under a density's curve, which is given as points from left to right.
///
/// The vertical axis is as high as the density, or as the histogram if `curve` is empty. It has no
/// ticks, since heights of two frames cannot be compared.
pub(crate) fn density(
    name: &str,
    (low, high): (f64, f64),
    values: &[f64],
    curve: &[(f64, f64)],
) -> Figure {
    let margin = 14.0;
    let (width, height) = (CANVAS - 2.0 * margin, CANVAS - 60.0);
    let bars = bars(values, (low, high));
    let curve: Vec<_> = curve
        .iter()
        .copied()
        .filter(|(x, y)| drawable(*x) && drawable(*y) && (low..=high).contains(x))
        .collect();
    let peak = range(curve.iter().map(|(_, y)| *y)).or_else(|| range(bars.iter().map(|bar| bar.2)));
    let top = peak.map_or(1.0, |(_, peak)| 1.15 * peak).clamp(1e-300, 1e300);
    let x = Axis::linear(Some((low, high)), 0.0, width);
    let y = Axis::linear(Some((0.0, top)), 0.0, height).without_ticks();
    let panel = Panel { left: margin, top: 30.0, width, height, x, y };
    let mut svg = Svg::new();
    panel.draw(&mut svg, "", "");
    let at = |x: f64, y: f64| panel.at(x, y.min(top));
    let steps = bars.iter().flat_map(|(left, right, y)| [at(*left, *y), at(*right, *y)]);
    if let (Some(first), Some(last)) = (bars.first(), bars.last()) {
        let ends = [at(last.1, 0.0), at(first.0, 0.0)];
        svg.area(&steps.chain(ends).collect::<Vec<_>>(), SAMPLES_COLOUR, 0.5);
    }
    let line: Vec<_> = curve.iter().map(|(x, y)| at(*x, *y)).collect();
    if !line.is_empty() {
        svg.path(&line, Stroke::solid(DENSITY_COLOUR, 1.3));
    }
    write_name(&mut svg, name);
    svg.finish(name, CANVAS, CANVAS)
}

fn write_name(svg: &mut Svg, name: &str) {
    if !name.is_empty() {
        let name = elide(name, TICK_SIZE, CANVAS - 150.0);
        svg.coloured_text(8.0, 20.0, Anchor::Start, TICK_SIZE, INK, &name);
    }
}

/// Bins of the values that lie in a range: left edge, right edge and density of each. Values
/// outside count too, so that the bins' area is the share of the values inside.
fn bars(values: &[f64], (low, high): (f64, f64)) -> Vec<(f64, f64, f64)> {
    let finite = values.iter().filter(|value| drawable(**value)).count();
    let inside = || values.iter().copied().filter(|value| (low..=high).contains(value));
    let Some((first, last)) = range(inside()) else { return Vec::new() };
    let bins = (inside().count() as f64).sqrt().clamp(8.0, 60.0).floor();
    // A least width keeps the bar visible when all points are in one place.
    let width = f64::max((last - first) / bins, (high - low) / 400.0);
    let mut counts = vec![0u32; bins as usize];
    let most = counts.len() - 1;
    for value in inside() {
        counts[(((value - first) / width) as usize).min(most)] += 1;
    }
    let bar = |(i, count): (usize, &u32)| {
        let left = first + i as f64 * width;
        (left, left + width, f64::from(*count) / (finite as f64 * width))
    };
    counts.iter().enumerate().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inks_are_those_of_the_palette() {
        let written = FILM_INKS.map(|[r, g, b]| format!("#{r:02x}{g:02x}{b:02x}"));
        assert_eq!(written, [SAMPLES_COLOUR, DENSITY_COLOUR, INK]);
        let [r, g, b] = DATA;
        assert_eq!(format!("#{r:02x}{g:02x}{b:02x}"), BACKDROP);
    }

    #[test]
    fn a_ground_has_both_axes_names_and_a_legend_and_places_points_within_them() {
        let axes = ["length", "width"];
        let mut ground = Ground {
            name: "σ = 1",
            note: "",
            axes,
            ends: [Some((-1.0, 1.0)), Some((10.0, 12.0))],
            has_data: true,
        };
        let (figure, field) = ground.draw();
        for text in ["σ = 1", "length", "width", "samples", "data", "−1.0", "0.5", "10.0", "12.0"]
        {
            assert!(figure.svg().contains(&format!(">{text}</text>")), "{text}");
        }
        let place = |x, y| field.at(x, y).unwrap();
        let ((left, bottom), (right, top)) = (place(-1.0, 10.0), place(1.0, 12.0));
        assert!((right - left - (bottom - top)).abs() < 1e-9 && right - left > 180.0);
        assert!(left > 0.0 && right < CANVAS && top > 0.0 && bottom < CANVAS);
        assert_eq!(place(0.0, 11.0), ((left + right) / 2.0, (bottom + top) / 2.0));
        for (x, y) in [(1.1, 11.0), (0.0, 9.9), (f64::NAN, 11.0), (0.0, f64::INFINITY)] {
            assert_eq!(field.at(x, y), None, "{x} {y}");
        }
        (ground.has_data, ground.note, ground.ends[0]) = (false, "2 of 3", None);
        let (figure, _) = ground.draw();
        assert!(!figure.svg().contains(">data<") && figure.svg().contains("2 of 3"));
        assert!(!figure.svg().contains("−1.0"), "no ticks where points have no horizontal value");
    }

    #[test]
    fn bars_have_the_area_of_the_values_inside() {
        let values: Vec<_> = (0..1000).map(|i| (f64::from(i) * 0.37).sin()).collect();
        let area = |low, high| bars(&values, (low, high)).iter().map(|(l, r, y)| (r - l) * y).sum();
        let (whole, half): (f64, f64) = (area(-3.0, 3.0), area(0.0, 3.0));
        let positive = values.iter().filter(|value| **value >= 0.0).count() as f64 / 1000.0;
        assert!((whole - 1.0).abs() < 1e-12, "{whole}");
        assert!((half - positive).abs() < 1e-12, "{half} for {positive}");
        assert!(bars(&[f64::NAN, 7.0], (0.0, 1.0)).is_empty());
    }
}
