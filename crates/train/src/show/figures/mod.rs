//! Figures of a run, as SVG and as PNG.
//!
//! The PNG is the rasterised SVG with one embedded font. It thus has text on a machine without
//! fonts, and equal input gives equal bytes everywhere, but for text with characters that this font lacks: they come
//! from the machine's fonts.
//!
//! Values that are not finite (or beyond 1e300, where ranges overflow) are left out, and the figure
//! says how many. The colour-blind can tell the colours apart; marks and dashes differ too.

mod axes;
mod bands;
mod coloured_images;
mod contours;
mod convergence;
mod coverage;
mod cross_table;
mod curves;
mod densities;
mod distances;
mod field;
mod fonts;
mod histogram;
mod images;
mod legend;
mod level_errors;
mod levels;
mod marginals;
mod modes;
mod moving;
mod multiples;
mod noise_scales;
mod pair_errors;
mod paths;
mod points;
mod scatter;
mod shares;
mod simplify;
mod steps;
mod style;
mod svg;
mod theme;

use resvg::{tiny_skia, usvg};

pub(crate) use axes::widened;
pub use coloured_images::coloured_images;
pub use contours::{ContourPanel, contours};
pub use convergence::{ConvergenceStep, convergence};
pub use coverage::{CoveragePoint, coverage};
pub use cross_table::{CrossTable, cross_table};
pub use curves::{Curve, curves};
pub use densities::{DensityPanel, cumulative, densities};
pub use distances::{Distance, distances};
pub(crate) use fonts::missing_glyphs;
pub use images::{Pixels, images};
pub use level_errors::{LevelErrorCurve, level_errors};
pub use levels::{LevelStatistics, levels};
pub use marginals::marginals;
pub use modes::{ModeSummary, modes};
pub(crate) use moving::{CANVAS, DATA, FILM_INKS, Field, Ground, SAMPLES, density};
pub use noise_scales::{NoiseScale, noise_scales};
pub use pair_errors::{PairError, pair_errors};
pub use paths::{TrajectoryStep, trajectory};
pub use points::Points;
pub use scatter::scatter;
pub use shares::{ShareBar, SharePanel, shares};
pub use theme::FIGURE_CSS;

/// Scale of the PNG: its pixels for each pixel of the SVG.
const PNG_SCALE: f32 = 2.0;

/// Error of a figure that cannot be drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FigureError {
    /// An argument without anything to draw.
    #[error("figures.{figure}: nothing to draw: {what} is empty")]
    Empty {
        /// The figure's kind.
        figure: &'static str,
        /// The argument that is empty.
        what: &'static str,
    },
    /// An argument whose length does not fit the number of columns.
    #[error("figures.{figure}: {what} has {got} values, which does not fit {columns} column(s)")]
    Length {
        /// The figure's kind.
        figure: &'static str,
        /// The argument, with its index if it is one of many.
        what: String,
        /// The argument's length.
        got: usize,
        /// The number of columns.
        columns: usize,
    },
    /// An argument whose length does not fit the grid.
    #[error("figures.{figure}: {what} has {got} values, not {columns} by {rows}")]
    Grid {
        /// The figure's kind.
        figure: &'static str,
        /// The argument, with its index if it is one of many.
        what: String,
        /// The argument's length.
        got: usize,
        /// The number of columns.
        columns: usize,
        /// The number of rows.
        rows: usize,
    },
    /// The rasteriser refused the SVG.
    #[error("figures: the SVG can't be read back: {0}")]
    Svg(#[source] usvg::Error),
    /// A figure that is too large for an image in memory.
    #[error("figures: an image of {width} by {height} pixels can't be made")]
    Size {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// The image could not be written as PNG.
    #[error("figures: PNG: {0}")]
    Png(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Finished figure: an SVG document.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    svg: String,
    title: String,
    width: f64,
    height: f64,
}

impl Figure {
    /// The SVG document. Its text is set in Inter, or the reader's sans-serif font.
    pub fn svg(&self) -> &str {
        &self.svg
    }

    /// The figure as a PNG file on white, with text in the embedded font, or another where it lacks a character. A pixel of the SVG is two
    /// by two pixels of the PNG.
    ///
    /// # Errors
    /// When the image doesn't fit into memory or can't be encoded.
    pub fn png(&self) -> Result<Vec<u8>, FigureError> {
        let image = self.raster(PNG_SCALE)?;
        image.encode_png().map_err(|error| FigureError::Png(Box::new(error)))
    }

    /// The figure as an image, rasterised at `scale` times the SVG's size.
    pub(crate) fn raster(&self, scale: f32) -> Result<tiny_skia::Pixmap, FigureError> {
        let tree = self.tree()?;
        let size = tree.size();
        let width = (size.width() * scale).ceil() as u32;
        let height = (size.height() * scale).ceil() as u32;
        let mut image =
            tiny_skia::Pixmap::new(width, height).ok_or(FigureError::Size { width, height })?;
        let scale = tiny_skia::Transform::from_scale(scale, scale);
        resvg::render(&tree, scale, &mut image.as_mut());
        Ok(image)
    }

    fn tree(&self) -> Result<usvg::Tree, FigureError> {
        usvg::Tree::from_str(&self.svg, &fonts::options(&self.svg)).map_err(FigureError::Svg)
    }
}

#[cfg(test)]
mod tests;
