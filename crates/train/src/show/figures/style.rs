//! Style that all figures share: colours, marks, dashes and sizes of text. Colours differ for the
//! colour-blind and on a grey printer too.
//!
//! The width of text is computed here, so that labels can be placed and cut without drawing them.

pub(super) const PAPER: &str = "#ffffff";
pub(super) const INK: &str = "#222222";
pub(super) const MUTED: &str = "#5c5c5c";
pub(super) const GRID: &str = "#e8e8e8";
/// Colour of exact curves, and of a pixel with full ink.
pub(super) const BLACK: &str = "#000000";
/// Colour of data that something is drawn over.
pub(super) const BACKDROP: &str = "#949494";

/// Colours of a density's bands, from its tails to its peak: one hue (OKLCH 245°) in equal steps of
/// contrast. They are thus in order in grey too. All are lighter than the black marks drawn over
/// them.
pub(super) const BANDS: [&str; 7] =
    ["#d8eeff", "#b9d8f3", "#9bc3e5", "#7fb0d9", "#639ece", "#478dc4", "#267cbb"];

/// Colours of the series. The first four are Okabe and Ito's (2008) that stand out from white paper
/// (contrast 3 to 1). The last two are Tol's (2021) indigo and wine, which are darker and so differ
/// from the four in grey too.
pub(super) const PALETTE: [&str; 6] =
    ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#332288", "#882255"];
/// Dash patterns of the series, so that lines differ without colour.
const DASHES: [&str; 6] = ["", "7 3", "2 2.5", "8 3 2 3", "14 4", "5 2 1.5 2 1.5 2"];
/// Marks of the series.
const MARKS: [Mark; 6] =
    [Mark::Circle, Mark::Square, Mark::Triangle, Mark::Diamond, Mark::Wedge, Mark::Cross];
/// Stroke of exact curves and values, in every figure.
pub(super) const EXACT: Stroke = Stroke { colour: BLACK, width: 1.3, dash: "5 3", opacity: 1.0 };

pub(super) const TITLE_SIZE: f64 = 16.0;
pub(super) const NAME_SIZE: f64 = 13.0;
pub(super) const TICK_SIZE: f64 = 11.5;
pub(super) const LEGEND_SIZE: f64 = 12.0;
pub(super) const NOTE_SIZE: f64 = 11.0;

/// Most marks, or points of a line, of one series.
pub(super) const MOST_MARKS: usize = 5000;

/// Stroke of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stroke<'a> {
    pub(super) colour: &'a str,
    pub(super) width: f64,
    pub(super) dash: &'a str,
    pub(super) opacity: f64,
}

impl<'a> Stroke<'a> {
    pub(super) fn solid(colour: &'a str, width: f64) -> Self {
        Self { colour, width, dash: "", opacity: 1.0 }
    }
}

/// Shape of a mark. Every series has its own, so that colour is never the only difference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Mark {
    Circle,
    Square,
    Triangle,
    Diamond,
    /// A triangle that stands on its tip.
    Wedge,
    Cross,
    /// A narrow upright bar.
    Bar,
}

pub(super) fn colour(series: usize) -> &'static str {
    PALETTE[series % PALETTE.len()]
}

pub(super) fn dash(series: usize) -> &'static str {
    DASHES[series % DASHES.len()]
}

pub(super) fn mark(series: usize) -> Mark {
    MARKS[series % MARKS.len()]
}

/// Whether a value can be placed on an axis. Values beyond 1e300 count as not finite, since their
/// range would overflow.
pub(super) fn drawable(value: f64) -> bool {
    value.abs() <= 1e300
}

/// Indices below `count`, at most `most`, evenly spread from the first to the last.
pub(super) fn spread(count: usize, most: usize) -> impl Iterator<Item = usize> {
    let drawn = count.min(most);
    let gaps = drawn.saturating_sub(1).max(1) as u128;
    (0..drawn).map(move |i| (i as u128 * (count as u128 - 1) / gaps) as usize)
}

/// Least and greatest of the drawable values. `None` if there is no such value.
pub(super) fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|v| drawable(*v)).fold(None, |range, v| match range {
        None => Some((v, v)),
        Some((low, high)) => Some((f64::min(low, v), f64::max(high, v))),
    })
}

/// Advance widths of U+0020 to U+007E in the embedded font, in thousandths of its size.
#[rustfmt::skip]
const WIDTHS: [u16; 95] = [
    281, 288, 466, 633, 642, 982, 644, 300, 365, 365, 501, 662, 288, 460, 288, 360, 631, 407, 610,
    618, 646, 593, 620, 566, 619, 620, 288, 302, 662, 662, 662, 511, 966, 690, 654, 730, 722, 601,
    590, 746, 743, 269, 571, 672, 565, 903, 753, 765, 639, 765, 644, 642, 646, 744, 690, 985, 682,
    679, 629, 365, 360, 365, 471, 456, 323, 562, 612, 571, 612, 583, 370, 613, 591, 242, 242, 549,
    242, 876, 591, 600, 612, 612, 376, 528, 327, 591, 562, 818, 546, 562, 552, 426, 333, 426, 662,
];

/// Width of a text in pixels. Characters beyond ASCII count as wide ones, and those of China, Japan and Korea
/// as squares.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    let width = |c: char| {
        let place = (c as usize).checked_sub(0x20);
        let beyond = if is_square(c) { 1000 } else { 700 };
        place.and_then(|i| WIDTHS.get(i)).copied().unwrap_or(beyond)
    };
    text.chars().map(|c| f64::from(width(c))).sum::<f64>() * size / 1000.0
}

/// Whether a character is as wide as it is high in most fonts: those of China, Japan and Korea, and pictures.
fn is_square(c: char) -> bool {
    matches!(
        c,
        '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}'
            | '\u{fe30}'..='\u{fe4f}' | '\u{ff00}'..='\u{ff60}' | '\u{1f300}'..='\u{1faff}'
            | '\u{20000}'..='\u{3fffd}'
    )
}

/// Text of at most `width` pixels: a longer one is cut and ends in "…".
pub(super) fn elide(text: &str, size: f64, width: f64) -> String {
    if text_width(text, size) <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    for c in text.chars() {
        kept.push(c);
        if text_width(&kept, size) + size > width {
            kept.pop();
            break;
        }
    }
    format!("{}…", kept.trim_end())
}

/// Number with its noun: "1 value", "2 values".
pub(super) fn counted(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_takes_all_when_they_fit_and_the_limit_when_not() {
        assert_eq!(spread(4, 5000).collect::<Vec<_>>(), [0, 1, 2, 3]);
        let some: Vec<_> = spread(100_000, 5000).collect();
        assert_eq!((some.len(), some[0], some[1], some[4999]), (5000, 0, 20, 99_999));
        assert_eq!(spread(0, 5000).count(), 0);
    }

    #[test]
    fn elided_text_fits() {
        let long = "a name that goes on and on and on, é and Ω included, and on";
        for width in [20.0, 60.0, 150.0] {
            let cut = elide(long, 12.0, width);
            assert!(cut.ends_with('…') && text_width(&cut, 12.0) <= width, "{cut}");
        }
        assert_eq!(elide("loss", 12.0, 60.0), "loss");
    }

    #[test]
    fn range_skips_what_is_not_finite() {
        let values = [f64::NAN, 2.0, f64::INFINITY, -1.0, f64::MAX];
        assert_eq!(range(values.into_iter()), Some((-1.0, 2.0)));
        assert_eq!(range([f64::NAN].into_iter()), None);
    }
}
