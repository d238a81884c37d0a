//! Small multiples: panels of one size in rows, each with its name above. The panels share their
//! axes, or each has its own.

use super::axes::{Axis, Panel};
use super::style::{LEGEND_SIZE, elide};
use super::svg::{Anchor, Svg};

/// Most panels of a figure.
pub(super) const MOST_PANELS: usize = 12;
const RIGHT: f64 = 20.0;
/// Room in pixels for the name above each panel.
const ABOVE: f64 = 20.0;
/// Room in pixels for the axes' names, on the left and below.
const NAME: f64 = 40.0;

/// Whether panels share their axes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Axes {
    /// All panels have the same axes, labelled only along the left and the lower edge of the
    /// figure.
    Shared,
    /// Each panel has its own axes.
    Own,
}

/// Layout of the panels.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Multiples {
    count: usize,
    across: usize,
    axes: Axes,
    /// Width and height of a panel.
    pub(super) size: (f64, f64),
    /// Left edge of the first panel.
    pub(super) left: f64,
    /// Distance from a panel to its neighbours, across and down.
    gap: (f64, f64),
}

/// Size of each of `count` panels, whose height is `aspect` times their width.
pub(super) fn size(count: usize, aspect: f64) -> (f64, f64) {
    let width = match across(count) {
        1 => 400.0,
        2 => 290.0,
        3 => 210.0,
        _ => 165.0,
    };
    (width, aspect * width)
}

fn across(count: usize) -> usize {
    match count {
        0..=4 => count.max(1),
        5 | 6 | 9 => 3,
        _ => 4,
    }
}

impl Multiples {
    /// Layout of `count` panels. `widest` is the width of the widest label of a y axis.
    pub(super) fn new(count: usize, size: (f64, f64), axes: Axes, widest: f64) -> Self {
        let gap = match axes {
            Axes::Shared => (22.0, ABOVE + 10.0),
            Axes::Own => (widest + 26.0, ABOVE + 28.0),
        };
        Self { count, across: across(count), axes, size, left: widest + NAME, gap }
    }

    /// Width of a row, from the first panel's left edge to the last panel's right edge.
    pub(super) fn width(&self) -> f64 {
        self.across as f64 * (self.size.0 + self.gap.0) - self.gap.0
    }

    /// Width of the whole figure.
    pub(super) fn figure_width(&self) -> f64 {
        self.left + self.width() + RIGHT
    }

    /// Lower edge of all panels below `top`, with the names of their axes.
    pub(super) fn bottom(&self, top: f64) -> f64 {
        let rows = self.count.div_ceil(self.across) as f64;
        top + ABOVE + rows * (self.size.1 + self.gap.1) - self.gap.1 + NAME + 6.0
    }

    /// Draws and returns panel `i`, with its name above and the axes' names along the figure's
    /// edges.
    pub(super) fn panel(
        &self,
        svg: &mut Svg,
        (i, top): (usize, f64),
        [x, y]: [Axis; 2],
        name: &str,
        [x_name, y_name]: [&str; 2],
    ) -> Panel {
        let (column, row) = (i % self.across, i / self.across);
        let (leftmost, lowest) = (column == 0, i + self.across >= self.count);
        let labelled = |axis: Axis, at_edge: bool| match self.axes {
            Axes::Shared if !at_edge => axis.without_labels(),
            _ => axis,
        };
        let panel = Panel {
            left: self.left + column as f64 * (self.size.0 + self.gap.0),
            top: top + ABOVE + row as f64 * (self.size.1 + self.gap.1),
            width: self.size.0,
            height: self.size.1,
            x: labelled(x, lowest),
            y: labelled(y, leftmost),
        };
        panel.draw(svg, if lowest { x_name } else { "" }, if leftmost { y_name } else { "" });
        let name = elide(name, LEGEND_SIZE, self.size.0);
        svg.text(panel.left, panel.top - 6.0, Anchor::Start, LEGEND_SIZE, &name);
        panel
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_do_not_overlap_and_stay_inside_the_figure() {
        for count in 1..=MOST_PANELS {
            for axes in [Axes::Shared, Axes::Own] {
                let multiples = Multiples::new(count, size(count, 0.8), axes, 30.0);
                let mut svg = Svg::new();
                let axis = || Axis::linear(Some((0.0, 1.0)), 0.0, 165.0);
                let panels: Vec<_> = (0..count)
                    .map(|i| multiples.panel(&mut svg, (i, 60.0), [axis(), axis()], "n", ["", ""]))
                    .collect();
                for (i, one) in panels.iter().enumerate() {
                    assert!(one.left + one.width <= multiples.figure_width() - RIGHT + 1e-9);
                    assert!(one.bottom() <= multiples.bottom(60.0) - NAME);
                    for other in &panels[i + 1..] {
                        let beside = other.left >= one.left + one.width + 16.0;
                        assert!(beside || other.top >= one.bottom() + ABOVE, "{count}: {i}");
                    }
                }
            }
        }
    }

    #[test]
    fn shared_axes_are_labelled_at_the_edges_only() {
        let labels = |axes| {
            let multiples = Multiples::new(5, size(5, 1.0), axes, 30.0);
            let axis = || Axis::linear(Some((0.0, 1.0)), 0.0, 165.0);
            let mut svg = Svg::new();
            let panels =
                (0..5).map(|i| multiples.panel(&mut svg, (i, 0.0), [axis(), axis()], "", ["", ""]));
            let labelled = |axis: &Axis| axis.ticks.iter().any(|(_, label)| !label.is_empty());
            panels.map(|panel| (labelled(&panel.x), labelled(&panel.y))).collect::<Vec<_>>()
        };
        let shared = [(false, true), (false, false), (true, false), (true, true), (true, false)];
        assert_eq!(labels(Axes::Shared), shared, "the third has nothing below it");
        assert_eq!(labels(Axes::Own), [(true, true); 5]);
    }
}
