//! Writer of SVG documents. Coordinates are in pixels, rounded to a tenth; text is escaped. Nothing
//! here depends on the machine, so equal input gives equal bytes.

use std::{collections::BTreeSet, fmt::Write};

use super::Figure;
use super::fonts::families;
pub(super) use super::style::Stroke;
use super::style::{BLACK, INK, Mark, PAPER};

/// Place of a text relative to its anchor point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
    /// Centred on the point and turned to read upwards.
    Upwards,
}

/// SVG document in the making. Later shapes are drawn over earlier ones.
#[derive(Debug)]
pub(super) struct Svg {
    body: String,
}

impl Svg {
    pub(super) fn new() -> Self {
        Self { body: String::new() }
    }

    /// Finishes the document as a figure on white.
    pub(super) fn finish(self, title: &str, width: f64, height: f64) -> Figure {
        let (w, h) = (number(width), number(height));
        let title = escape(title);
        let families = families(&self.body);
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" \
             viewBox=\"0 0 {w} {h}\" font-family=\"{families}\">\n<title>{title}</title>\n\
             <rect width=\"{w}\" height=\"{h}\" fill=\"{PAPER}\"/>\n{}</svg>\n",
            self.body
        );
        Figure { svg, title, width, height }
    }

    fn push(&mut self, piece: std::fmt::Arguments) {
        // Writing to a string cannot fail.
        let _ = self.body.write_fmt(piece);
    }

    /// Opens a group of all shapes until `close`. `class` names the group for readers of the file.
    pub(super) fn open(&mut self, class: &str, fill: &str, opacity: f64) {
        self.push(format_args!(
            "<g class=\"{class}\" fill=\"{fill}\" fill-opacity=\"{opacity}\">\n"
        ));
    }

    pub(super) fn close(&mut self) {
        self.body.push_str("</g>\n");
    }

    pub(super) fn text(&mut self, x: f64, y: f64, anchor: Anchor, size: f64, text: &str) {
        self.coloured_text(x, y, anchor, size, INK, text);
    }

    pub(super) fn coloured_text(
        &mut self,
        x: f64,
        y: f64,
        anchor: Anchor,
        size: f64,
        colour: &str,
        text: &str,
    ) {
        let (x, y) = (number(x), number(y));
        let anchored = match anchor {
            Anchor::Start => String::new(),
            Anchor::Middle => " text-anchor=\"middle\"".to_owned(),
            Anchor::End => " text-anchor=\"end\"".to_owned(),
            Anchor::Upwards => {
                format!(" text-anchor=\"middle\" transform=\"rotate(-90 {x} {y})\"")
            }
        };
        self.push(format_args!(
            "<text x=\"{x}\" y=\"{y}\"{anchored} font-size=\"{size}\" fill=\"{colour}\">{}</text>\n",
            escape(text)
        ));
    }

    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: Stroke) {
        self.path(&[from, to], stroke);
    }

    /// Draws one open line through all points.
    pub(super) fn path(&mut self, points: &[(f64, f64)], stroke: Stroke) {
        self.shape(&path_data(points), "none", 1.0, Some(stroke));
    }

    /// Fills the area that the points enclose, without an outline.
    pub(super) fn area(&mut self, points: &[(f64, f64)], fill: &str, opacity: f64) {
        self.shape(&format!("{}Z", path_data(points)), fill, opacity, None);
    }

    /// Fills the areas that closed outlines enclose. An outline inside another cuts a hole.
    pub(super) fn regions(&mut self, outlines: &[Vec<(f64, f64)>], fill: &str) {
        if outlines.is_empty() {
            return;
        }
        // The last point is left out: it repeats the first, and `Z` closes the outline.
        let closed = |o: &Vec<_>| format!("{}Z", path_data(&o[..o.len().saturating_sub(1)]));
        let data = outlines.iter().map(closed).collect::<String>();
        self.push(format_args!("<path d=\"{data}\" fill=\"{fill}\" fill-rule=\"evenodd\"/>\n"));
    }

    fn shape(&mut self, data: &str, fill: &str, opacity: f64, stroke: Option<Stroke>) {
        self.push(format_args!("<path d=\"{data}\" fill=\"{fill}\""));
        if opacity < 1.0 {
            self.push(format_args!(" fill-opacity=\"{opacity}\""));
        }
        if let Some(Stroke { colour, width, dash, opacity }) = stroke {
            self.push(format_args!(" stroke=\"{colour}\" stroke-width=\"{width}\""));
            // Round caps make a line of a single point visible; in a dashed line they would close
            // the gaps.
            let ends = if dash.is_empty() { "round" } else { "butt" };
            self.push(format_args!(" stroke-linejoin=\"round\" stroke-linecap=\"{ends}\""));
            if !dash.is_empty() {
                self.push(format_args!(" stroke-dasharray=\"{dash}\""));
            }
            if opacity < 1.0 {
                self.push(format_args!(" stroke-opacity=\"{opacity}\""));
            }
        }
        self.body.push_str("/>\n");
    }

    /// Draws an image of square pixels, `side` wide, with its upper left corner at `(x, y)`. A
    /// pixel's opacity is its ink divided by `full`.
    ///
    /// Each amount of ink is one path of all runs of equal pixels along the lines, which keeps the
    /// file small.
    pub(super) fn pixels(&mut self, (x, y): (f64, f64), side: f64, lines: &[&[u8]], full: u8) {
        self.push(format_args!(
            "<g transform=\"translate({} {}) scale({side:.3})\" fill=\"none\" stroke=\"{BLACK}\" \
             shape-rendering=\"crispEdges\">\n",
            number(x),
            number(y + side / 2.0)
        ));
        for ink in 1..=full {
            let data = runs(lines, ink);
            if !data.is_empty() {
                let opacity = f64::from(ink) / f64::from(full);
                self.push(format_args!("<path stroke-opacity=\"{opacity:.3}\" d=\"{data}\"/>\n"));
            }
        }
        self.close();
    }

    /// Draws an image of square pixels in colours, as [`pixels`](Self::pixels) does in ink. A colour has four bits each of
    /// red, green and blue; where there is none, nothing is drawn.
    pub(super) fn coloured_pixels(
        &mut self,
        (x, y): (f64, f64),
        side: f64,
        lines: &[&[Option<u16>]],
    ) {
        self.push(format_args!(
            "<g transform=\"translate({} {}) scale({side:.3})\" fill=\"none\" shape-rendering=\"crispEdges\">\n",
            number(x),
            number(y + side / 2.0)
        ));
        let colours: BTreeSet<u16> = lines.concat().into_iter().flatten().collect();
        for colour in colours {
            let data = runs(lines, Some(colour));
            self.push(format_args!("<path stroke=\"#{colour:03x}\" d=\"{data}\"/>\n"));
        }
        self.close();
    }

    pub(super) fn circle(&mut self, (x, y): (f64, f64), radius: f64) {
        let (x, y) = (number(x), number(y));
        self.push(format_args!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"/>\n"));
    }

    /// Draws dots of one colour, which does not grow darker where they overlap. They take less room
    /// in the file than circles.
    pub(super) fn dots(&mut self, points: &[(f64, f64)], radius: f64, colour: &str, opacity: f64) {
        if points.is_empty() {
            return;
        }
        let dot = |(x, y): &(f64, f64)| format!("M{} {}h0", number(*x), number(*y));
        let data = points.iter().map(dot).collect::<String>();
        self.push(format_args!(
            "<path d=\"{data}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{}\" \
             stroke-linecap=\"round\" stroke-opacity=\"{opacity}\"/>\n",
            2.0 * radius
        ));
    }

    /// Draws a mark with about the area of a circle of that radius. Its group sets the fill.
    pub(super) fn mark(&mut self, mark: Mark, (x, y): (f64, f64), radius: f64) {
        let corners: &[(f64, f64)] = match mark {
            Mark::Circle => return self.circle((x, y), radius),
            Mark::Square => &[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
            Mark::Triangle => &[(0.0, -1.3), (1.2, 0.9), (-1.2, 0.9)],
            Mark::Diamond => &[(0.0, -1.35), (1.2, 0.0), (0.0, 1.35), (-1.2, 0.0)],
            Mark::Wedge => &[(0.0, 1.3), (1.2, -0.9), (-1.2, -0.9)],
            Mark::Cross => &CROSS,
            Mark::Bar => &[(-0.35, -2.3), (0.35, -2.3), (0.35, 2.3), (-0.35, 2.3)],
        };
        let corner = |(dx, dy): &(f64, f64)| (x + dx * radius, y + dy * radius);
        let points: Vec<_> = corners.iter().map(corner).collect();
        self.push(format_args!("<path d=\"{}Z\"/>\n", path_data(&points)));
    }
}

/// Corners of an upright cross, clockwise from the inner corner at the upper left.
#[rustfmt::skip]
const CROSS: [(f64, f64); 12] = [
    (-0.4, -0.4), (-0.4, -1.3), (0.4, -1.3), (0.4, -0.4), (1.3, -0.4), (1.3, 0.4),
    (0.4, 0.4), (0.4, 1.3), (-0.4, 1.3), (-0.4, 0.4), (-1.3, 0.4), (-1.3, -0.4),
];

fn path_data(points: &[(f64, f64)]) -> String {
    let mut data = String::new();
    for (i, (x, y)) in points.iter().enumerate() {
        let command = if i == 0 { "M" } else { "L" };
        data.push_str(&format!("{command}{} {}", number(*x), number(*y)));
    }
    if points.len() == 1 {
        data.push_str("h0");
    }
    data
}

/// Path data of all runs of pixels with that ink or colour, each placed relative to the end of the previous
/// run.
fn runs<T: Copy + PartialEq>(lines: &[&[T]], ink: T) -> String {
    let mut data = String::new();
    let (mut x, mut y) = (0, 0);
    for (line_y, line) in lines.iter().enumerate() {
        let mut start = 0;
        for run in line.chunk_by(|a, b| a == b) {
            if run[0] == ink {
                let (right, down) = (start as i64 - x as i64, line_y - y);
                data.push_str(&format!("m{right} {down}h{}", run.len()));
                (x, y) = (start + run.len(), line_y);
            }
            start += run.len();
        }
    }
    data
}

/// Coordinate as text, rounded to a tenth of a pixel, without a needless ".0".
pub(super) fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    match text.strip_suffix(".0") {
        Some("-0") => "0".to_owned(),
        Some(whole) => whole.to_owned(),
        None => text,
    }
}

/// Text escaped for XML. Characters that XML doesn't allow become "·".
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\t' | '\n' | '\r' => escaped.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('·'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_is_valid_xml() {
        let names = "<a> & \"b\" 'c' ]]> \0 \u{1b} \u{ffff} \n é σ";
        let mut svg = Svg::new();
        svg.text(1.0, 1.0, Anchor::Start, 12.0, names);
        let written = svg.finish(names, 10.0, 10.0).svg;
        let parsed = resvg::usvg::roxmltree::Document::parse(&written).unwrap();
        let text = parsed.descendants().find(|n| n.has_tag_name("text")).unwrap();
        assert_eq!(text.text(), Some("<a> & \"b\" 'c' ]]> · · ·   é σ"));
    }

    #[test]
    fn coordinates_are_short() {
        let written: Vec<_> = [1.0, -0.04, 12.345, 100.0, 0.25].map(number).into();
        assert_eq!(written, ["1", "0", "12.3", "100", "0.2"]);
    }
}
