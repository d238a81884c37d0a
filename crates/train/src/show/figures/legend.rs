//! Head and foot of a figure. The head has the title and below it the legend, where it covers no
//! data; the foot has notes on what was left out.

use super::style::{
    INK, LEGEND_SIZE, MUTED, Mark, NOTE_SIZE, TITLE_SIZE, counted, elide, text_width,
};
use super::svg::{Anchor, Stroke, Svg};

/// Key of a legend's entry, drawn before its name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Key {
    Line(Stroke<'static>),
    MarkedLine(Stroke<'static>, Mark),
    Mark(&'static str, Mark),
    Dot { colour: &'static str, radius: f64 },
    Area { colour: &'static str, opacity: f64 },
}

impl Key {
    fn width(self) -> f64 {
        match self {
            Key::Dot { radius, .. } => 2.0 * radius,
            Key::Mark(..) => 10.0,
            _ => 26.0,
        }
    }
}

const ROW: f64 = 20.0;
const GAP: f64 = 22.0;

/// Draws title and legend from `left` on. Returns the y at which the panels may begin.
pub(super) fn head(
    svg: &mut Svg,
    title: &str,
    entries: &[(Key, String)],
    left: f64,
    width: f64,
) -> f64 {
    svg.text(left, 30.0, Anchor::Start, TITLE_SIZE, &elide(title, TITLE_SIZE, width));
    let (mut x, mut y) = (left, 53.0);
    for (key, name) in entries {
        let key_width = key.width();
        let name = elide(name, LEGEND_SIZE, f64::min(260.0, width - key_width - 8.0));
        let entry = key_width + 7.0 + text_width(&name, LEGEND_SIZE);
        if x > left && x + entry > left + width {
            (x, y) = (left, y + ROW);
        }
        draw_key(svg, *key, x, y - 4.0);
        svg.coloured_text(x + key_width + 7.0, y, Anchor::Start, LEGEND_SIZE, INK, &name);
        x += entry + GAP;
    }
    y + 17.0
}

fn draw_key(svg: &mut Svg, key: Key, x: f64, y: f64) {
    let (end, middle) = (x + key.width(), x + key.width() / 2.0);
    match key {
        Key::Line(stroke) => svg.line((x, y), (end, y), stroke),
        Key::MarkedLine(stroke, mark) => {
            svg.line((x, y), (end, y), stroke);
            draw_key(svg, Key::Mark(stroke.colour, mark), middle - 5.0, y);
        }
        Key::Mark(colour, mark) => {
            svg.open("key", colour, 1.0);
            svg.mark(mark, (middle, y), 3.4);
            svg.close();
        }
        Key::Dot { colour, radius } => {
            svg.open("key", colour, 1.0);
            svg.circle((middle, y), radius);
            svg.close();
        }
        Key::Area { colour, opacity } => {
            let (top, bottom) = (y - 5.0, y + 5.0);
            svg.area(&[(x, top), (end, top), (end, bottom), (x, bottom)], colour, opacity);
        }
    }
}

/// Writes the notes from `top` down. Returns the height of the whole figure.
pub(super) fn foot(svg: &mut Svg, notes: &[String], left: f64, width: f64, top: f64) -> f64 {
    let mut y = top;
    for note in notes {
        y += 17.0;
        let note = elide(note, NOTE_SIZE, width);
        svg.coloured_text(left, y, Anchor::Start, NOTE_SIZE, MUTED, &note);
    }
    y + 16.0
}

/// Note on values that no axis can show, if there are any.
pub(super) fn left_out(count: usize, what: &str) -> Option<String> {
    (count > 0).then(|| format!("{} {what} left out", counted(count, "value")))
}
