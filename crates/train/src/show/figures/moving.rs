//! Frames of films: the background of a point film, and a density with its histogram.

use super::Figure;
use super::axes::{Axis, Panel};
use super::style::{INK, MUTED, NOTE_SIZE, PALETTE, TICK_SIZE, drawable, elide, range};
use super::svg::{Anchor, Stroke, Svg};

const SAMPLES_COLOUR: &str = PALETTE[0];
const DENSITY_COLOUR: &str = PALETTE[1];

/// Colour of samples, `PALETTE[0]`, by its channels.
pub(crate) const SAMPLES: [u8; 3] = [0x00, 0x72, 0xb2];
/// Inks of films: samples; density; text and axes.
pub(crate) const FILM_INKS: [[u8; 3]; 3] = [SAMPLES, [0xd5, 0x5e, 0x00], [0x22, 0x22, 0x22]];

/// White background with a level's name in the upper corner and a note in the lower. Either may be
/// empty.
pub(crate) fn caption(size: f64, name: &str, note: &str) -> Figure {
    let mut svg = Svg::new();
    write_name(&mut svg, size, name);
    if !note.is_empty() {
        let note = elide(note, NOTE_SIZE, size - 16.0);
        svg.coloured_text(8.0, size - 8.0, Anchor::Start, NOTE_SIZE, MUTED, &note);
    }
    svg.finish(name, size, size)
}

/// Histogram of values under a density's curve, which is given as points from left to right.
///
/// The vertical axis is as high as the density, or as the histogram if `curve` is empty. It has no
/// ticks, since heights of two frames cannot be compared.
pub(crate) fn density(
    size: f64,
    name: &str,
    (low, high): (f64, f64),
    values: &[f64],
    curve: &[(f64, f64)],
) -> Figure {
    let margin = 14.0;
    let (width, height) = (size - 2.0 * margin, size - 60.0);
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
        svg.path(&line, Stroke::solid(DENSITY_COLOUR, 1.8));
    }
    write_name(&mut svg, size, name);
    svg.finish(name, size, size)
}

fn write_name(svg: &mut Svg, size: f64, name: &str) {
    if !name.is_empty() {
        let name = elide(name, TICK_SIZE, size - 16.0);
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
