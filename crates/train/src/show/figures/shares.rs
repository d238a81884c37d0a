//! Shares of the values of categories: for each column a panel with two bars a value, data and samples.

use super::legend::{Key, foot, head};
use super::style::{BACKDROP, LEGEND_SIZE, MUTED, NOTE_SIZE, PALETTE, TICK_SIZE, elide};
use super::svg::{Anchor, Svg};
use super::{Figure, FigureError};

/// Share of one value.
#[derive(Clone, Debug, PartialEq)]
pub struct ShareBar {
    /// The value, as its user writes it.
    pub name: String,
    /// Its share of the data, 0 to 1.
    pub data: f64,
    /// Its share of the samples.
    pub samples: f64,
}

/// Panel of one column.
#[derive(Clone, Debug, PartialEq)]
pub struct SharePanel {
    /// Name of the column.
    pub name: String,
    /// Its values, in the order in which they are drawn.
    pub bars: Vec<ShareBar>,
}

const MOST_PANELS: usize = 16;
const WIDTH: f64 = 760.0;
const SIDE: f64 = 20.0;
const GAP: f64 = 30.0;
/// Width of each of the two columns of panels, and in it of a value's name and of the numbers.
const PANEL: f64 = (WIDTH - 2.0 * SIDE - GAP) / 2.0;
const NAME: f64 = 118.0;
const NUMBERS: f64 = 84.0;
const BARS: f64 = PANEL - NAME - NUMBERS - 12.0;
const ROW: f64 = 19.0;
/// Room above a panel's bars, for its name, and below them.
const ABOVE: f64 = 24.0;
const BELOW: f64 = 14.0;
/// Opacity of the data's bars.
const DATA: f64 = 0.55;

/// Figure of shares, of the first sixteen panels. `names` are those of data and samples. A panel's bars are as long as its
/// largest share asks for.
///
/// # Errors
/// When there are no panels, or one has a share that is none.
pub fn shares(title: &str, names: [&str; 2], panels: &[SharePanel]) -> Result<Figure, FigureError> {
    let is_share = |share: f64| (0.0..=1.0).contains(&share);
    let bars = panels.iter().flat_map(|panel| &panel.bars);
    if panels.is_empty() || !bars.clone().all(|bar| is_share(bar.data) && is_share(bar.samples)) {
        return Err(FigureError::Empty { figure: "shares", what: "shares" });
    }
    let drawn = &panels[..panels.len().min(MOST_PANELS)];
    let mut svg = Svg::new();
    let top = head(&mut svg, title, &keys(names), SIDE, WIDTH - 2.0 * SIDE);
    // Each panel goes below the shorter of two columns.
    let mut bottoms = [top; 2];
    for panel in drawn {
        let column = usize::from(bottoms[1] < bottoms[0]);
        let left = SIDE + column as f64 * (PANEL + GAP);
        draw(&mut svg, panel, left, bottoms[column]);
        bottoms[column] += ABOVE + ROW * panel.bars.len() as f64 + BELOW;
    }
    let [data, samples] = names.map(|name| elide(name, NOTE_SIZE, 200.0));
    let mut notes = vec![format!("numbers: share of {samples} / of {data}")];
    if panels.len() > drawn.len() {
        notes.push(format!("the first {} of {} panels", drawn.len(), panels.len()));
    }
    let bottom = bottoms[0].max(bottoms[1]);
    let height = foot(&mut svg, &notes, SIDE, WIDTH - 2.0 * SIDE, bottom);
    Ok(svg.finish(title, WIDTH, height))
}

fn draw(svg: &mut Svg, panel: &SharePanel, left: f64, top: f64) {
    let name = elide(&panel.name, LEGEND_SIZE, PANEL);
    svg.text(left, top + 14.0, Anchor::Start, LEGEND_SIZE, &name);
    let shares = panel.bars.iter().flat_map(|bar| [bar.data, bar.samples]);
    let largest = shares.fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let zero = left + NAME + 8.0;
    for (i, bar) in panel.bars.iter().enumerate() {
        let y = top + ABOVE + ROW * i as f64;
        let name = elide(&bar.name, TICK_SIZE, NAME);
        svg.text(zero - 8.0, y + 12.0, Anchor::End, TICK_SIZE, &name);
        let length = |share: f64| BARS * share / largest;
        bars(svg, (zero, y), [bar.data, bar.samples].map(length));
        let numbers = format!("{} / {} %", percent(bar.samples), percent(bar.data));
        let x = left + PANEL;
        svg.coloured_text(x, y + 12.0, Anchor::End, TICK_SIZE, MUTED, &numbers);
    }
}

/// Entries of the legend for data and samples, whose bars are drawn one in the other.
pub(super) fn keys([data, samples]: [&str; 2]) -> [(Key, String); 2] {
    let key = |colour, opacity| Key::Area { colour, opacity };
    [(key(BACKDROP, DATA), data.to_owned()), (key(PALETTE[0], 1.0), samples.to_owned())]
}

/// Draws two bars from `(zero, y)` on, so long for data and samples.
pub(super) fn bars(svg: &mut Svg, (zero, y): (f64, f64), [data, samples]: [f64; 2]) {
    let mut area = |length: f64, from: f64, to: f64, colour, opacity| {
        let (low, high, end) = (y + from, y + to, zero + length);
        svg.area(&[(zero, low), (end, low), (end, high), (zero, high)], colour, opacity);
    };
    area(data, 1.0, 15.0, BACKDROP, DATA);
    area(samples, 5.0, 11.0, PALETTE[0], 1.0);
}

/// A share in percent, without the sign: 0, 0.02, 4.1, 31.
pub(super) fn percent(share: f64) -> String {
    match 100.0 * share {
        0.0 => "0".to_owned(),
        percent if percent < 0.095 => format!("{percent:.2}"),
        percent if percent < 9.95 => format!("{percent:.1}"),
        percent => format!("{percent:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel(name: &str, shares: &[(f64, f64)]) -> SharePanel {
        let bar = |(i, (data, samples)): (usize, &(f64, f64))| ShareBar {
            name: format!("value {i}"),
            data: *data,
            samples: *samples,
        };
        SharePanel { name: name.to_owned(), bars: shares.iter().enumerate().map(bar).collect() }
    }

    #[test]
    fn every_value_has_two_bars_as_long_as_its_shares_and_their_numbers() {
        let panels = [panel("kind", &[(0.5, 0.25), (0.5, 0.75)])];
        let figure = shares("t", ["data", "samples"], &panels).unwrap();
        let svg = figure.svg();
        assert!(svg.contains(">25 / 50 %</text>") && svg.contains(">75 / 50 %</text>"));
        // The largest share is .75: a bar of a third of the room, two of two thirds, one of all.
        let zero = SIDE + NAME + 8.0;
        for (share, count) in [(1.0 / 3.0, 1), (2.0 / 3.0, 2), (1.0, 1)] {
            let end = super::super::svg::number(zero + BARS * share);
            assert_eq!(svg.matches(&format!("L{end} ")).count(), 2 * count, "{share}");
        }
    }

    #[test]
    fn sixteen_panels_are_drawn_and_no_shares_are_refused() {
        let panels: Vec<_> = (0..20).map(|i| panel(&format!("c{i}"), &[(0.5, 0.5)])).collect();
        let figure = shares("t", ["data", "samples"], &panels).unwrap();
        assert!(figure.svg().contains(">c15<") && !figure.svg().contains(">c16<"));
        assert!(figure.svg().contains("the first 16 of 20 panels"));
        assert!(shares("t", ["data", "samples"], &[]).is_err());
        assert!(shares("t", ["", ""], &[panel("x", &[(1.5, 0.0)])]).is_err());
        assert!(shares("t", ["", ""], &[panel("x", &[(f64::NAN, 0.0)])]).is_err());
    }

    #[test]
    fn shares_are_short() {
        let written = [0.0, 0.0002, 0.041, 0.0994, 0.0996, 1.0].map(percent);
        assert_eq!(written, ["0", "0.02", "4.1", "9.9", "10", "100"]);
    }
}
