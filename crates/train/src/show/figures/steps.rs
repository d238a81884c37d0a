//! Sampling steps as a figure's horizontal axis, noisiest step first, and series of values along
//! it. The noise level stands below each labelled step.

use super::axes::{Axis, Panel, two_digits};
use super::style::{MOST_MARKS, MUTED, Mark, NAME_SIZE, TICK_SIZE, spread, text_width};
use super::svg::{Anchor, Stroke, Svg};

/// Most marks of a series: more would merge into one thick line.
const MOST_MARKED: usize = 40;

/// Axis of `pixels` with one step per noise level. Its labels leave room for the noise levels below
/// them.
pub(super) fn axis(sigmas: &[f64], pixels: f64) -> Axis {
    Axis::steps(sigmas.len().saturating_sub(1), &labels(sigmas, pixels))
}

/// Labelled steps: multiples of 1, 2 or 5 · 10^k, and the last step, which replaces a neighbour
/// that is too close.
fn labels(sigmas: &[f64], pixels: f64) -> Vec<(usize, String)> {
    let last = sigmas.len().saturating_sub(1);
    let widths = sigmas.iter().map(|sigma| text_width(&two_digits(*sigma), TICK_SIZE));
    let widest = widths.fold(text_width(&last.to_string(), TICK_SIZE), f64::max) + 16.0;
    let most = (pixels / widest.clamp(36.0, 120.0)) as usize;
    let strides = (0..).flat_map(|k| [1, 2, 5].map(|m| m * 10usize.saturating_pow(k)));
    let stride = strides.into_iter().find(|stride| last / stride < most).unwrap_or(1);
    let mut steps: Vec<_> = (0..=last).step_by(stride).collect();
    if !last.is_multiple_of(stride) {
        if 10 * (last % stride) < 7 * stride && steps.len() > 1 {
            steps.pop();
        }
        steps.push(last);
    }
    steps.into_iter().map(|step| (step, step.to_string())).collect()
}

/// Writes the noise level below each labelled step, and the name of both rows.
pub(super) fn sigma_row(svg: &mut Svg, panel: &Panel, sigmas: &[f64]) {
    let y = panel.bottom() + 32.0;
    for (place, label) in &panel.x.ticks {
        let step = label.parse::<usize>().ok();
        if let Some(sigma) = step.and_then(|step| sigmas.get(step)) {
            let x = panel.left + place * panel.width;
            svg.coloured_text(x, y, Anchor::Middle, TICK_SIZE, MUTED, &two_digits(*sigma));
        }
    }
    svg.coloured_text(panel.left - 8.0, y, Anchor::End, TICK_SIZE, MUTED, "σ =");
    let middle = panel.left + panel.width / 2.0;
    let name = "sampling step, its noise level σ (in the model's units) below";
    svg.text(middle, y + 22.0, Anchor::Middle, NAME_SIZE, name);
}

/// Series of one value per step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Series<'a> {
    pub(super) values: &'a [f64],
    /// Whether the axis can show a value.
    pub(super) shown: fn(f64) -> bool,
    pub(super) stroke: Stroke<'static>,
}

impl Series<'_> {
    /// Draws the series as a line, with a gap where a value cannot be shown, and marks at most
    /// forty steps.
    pub(super) fn draw(&self, svg: &mut Svg, panel: &Panel, mark: Option<Mark>) {
        let drawn = spread(self.values.len(), MOST_MARKS);
        let points: Vec<_> = drawn.map(|i| (i as f64, self.values[i])).collect();
        for piece in points.split(|(_, v)| !(self.shown)(*v)).filter(|piece| !piece.is_empty()) {
            let pixels: Vec<_> = piece.iter().map(|(i, v)| panel.at(*i, *v)).collect();
            svg.path(&pixels, self.stroke);
        }
        let Some(mark) = mark else { return };
        svg.open("marks", self.stroke.colour, 1.0);
        for i in spread(self.values.len(), MOST_MARKED).filter(|i| (self.shown)(self.values[*i])) {
            svg.mark(mark, panel.at(i as f64, self.values[i]), 3.2);
        }
        svg.close();
    }
}

/// Whether a log axis can show a value.
pub(super) fn positive(value: f64) -> bool {
    super::style::drawable(value) && value > 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_include_first_and_last_and_fit() {
        for count in [1, 2, 7, 25, 26, 50, 1000, 100_000] {
            let steps: Vec<_> =
                labels(&vec![0.0123; count], 400.0).into_iter().map(|(step, _)| step).collect();
            assert_eq!((steps[0], steps[steps.len() - 1]), (0, count - 1));
            assert!(steps.len() <= 12, "{count}: {steps:?}");
        }
    }
}
