//! Modes of the data, one per row: share and standard deviation of the samples near each, against
//! the exact values.

use super::axes::{Axis, Panel, four_digits};
use super::legend::{Key, foot, head, left_out};
use super::steps::positive;
use super::style::{BACKDROP, EXACT, TICK_SIZE, colour, counted, drawable, elide, mark, range};
use super::svg::{Stroke, Svg};
use super::{Figure, FigureError};

/// Summary of one mode of the data and of the samples near it.
#[derive(Clone, Debug, PartialEq)]
pub struct ModeSummary {
    /// Centre of the mode, which names it in the figure.
    pub center: Vec<f64>,
    /// Share of the data that belongs to the mode.
    pub exact_share: f64,
    /// Share of the samples that belong to the mode.
    pub share: f64,
    /// Standard deviation of the data about the centre, equal along all axes.
    pub exact_std: f64,
    /// Standard deviation of the samples near the mode, one value per axis.
    pub std: Option<Vec<f64>>,
}

const WIDTH: f64 = 760.0;
const LEFT: f64 = 20.0;
const RIGHT: f64 = 20.0;
const BETWEEN: f64 = 36.0;
const ROW: f64 = 30.0;
/// Room in pixels for a mode's name.
const NAME: f64 = 150.0;
const MOST_MODES: usize = 32;
const MOST_AXES: usize = 4;
/// Opacity of the shares' bars.
const SHARE: f64 = 0.55;
/// Half of a bar's height, in rows.
const HALF_BAR: f64 = 0.27;

/// Figure of modes: two panels with a row for each of the first 32 modes. Exact values are dashed
/// lines.
///
/// The left panel has each mode's share of the samples as a bar. The right panel has the standard
/// deviation along each of the first four axes as a mark, over the samples no further than `near`
/// from the centre. It has a log axis if the deviations span more than a decade.
///
/// # Shapes
/// `center` and `std` have one value per feature, equally many for all modes.
///
/// # Errors
/// When there are no modes or no features, or a mode has another number of values.
pub fn modes(title: &str, modes: &[ModeSummary], near: f64) -> Result<Figure, FigureError> {
    let features = validate(modes)?;
    let drawn = &modes[..modes.len().min(MOST_MODES)];
    let axes = features.min(MOST_AXES);
    let last = drawn.len() - 1;
    let centers = || drawn.iter().flat_map(|mode| mode.center.iter().map(|value| value.abs()));
    let rounding = 1e-12 * centers().filter(|value| drawable(*value)).fold(0.0, f64::max);
    let label = |i: usize| {
        let name = name(&drawn[i].center, rounding);
        (last - i, elide(&name, TICK_SIZE, NAME))
    };
    let y = Axis::steps(last, &(0..=last).map(label).collect::<Vec<_>>());
    let left = LEFT + y.widest() + 8.0;
    let width = (WIDTH - left - BETWEEN - RIGHT) / 2.0;

    let shares = || drawn.iter().flat_map(|mode| [mode.share, mode.exact_share]);
    let most = shares().filter(|share| drawable(*share)).fold(0.0, f64::max);
    let share_axis = Axis::linear(Some((0.0, f64::min(1.06 * most, 1e300))), 0.0, width);
    let own = |mode: &ModeSummary| mode.std.clone().unwrap_or_default().into_iter().take(axes);
    let stds = || drawn.iter().flat_map(|mode| own(mode).chain([mode.exact_std]));
    let span = range(stds().filter(|std| positive(*std)));
    let std_axis = match span {
        Some((low, high)) if high / 10.0 > low => Axis::log(span, 0.06),
        _ => Axis::linear(range(stds().chain([0.0])), 0.06, width),
    };

    let mut svg = Svg::new();
    let top = head(&mut svg, title, &legend(axes), LEFT, WIDTH - LEFT - RIGHT);
    let height = ROW * drawn.len() as f64;
    let shares_panel = Panel { left, top, width, height, x: share_axis, y: y.clone() };
    let right = left + width + BETWEEN;
    let y = y.without_labels();
    let std_panel = Panel { left: right, top, width, height, x: std_axis, y };
    shares_panel.draw(&mut svg, "share of the samples", "");
    std_panel.draw(&mut svg, "standard deviation (in the model's units)", "");
    for (i, mode) in drawn.iter().enumerate() {
        draw_share(&mut svg, &shares_panel, (last - i) as f64, mode.share);
        if let Some(std) = &mode.std {
            draw_spread(&mut svg, &std_panel, (last - i) as f64, &std[..axes]);
        }
    }
    let exact_shares: Vec<_> = drawn.iter().map(|mode| mode.exact_share).collect();
    draw_exact(&mut svg, &shares_panel, &exact_shares);
    let exact_stds: Vec<_> = drawn.iter().map(|mode| mode.exact_std).collect();
    draw_exact(&mut svg, &std_panel, &exact_stds);

    let mut notes = Vec::new();
    if modes.len() > drawn.len() {
        notes.push(format!("the first {} of {} modes", drawn.len(), modes.len()));
    }
    if features > axes {
        notes.push(format!("the first {axes} of {features} axes"));
    }
    let near = four_digits(near);
    notes.push(format!("standard deviations of the samples no further than {near} from a mode"));
    match drawn.iter().filter(|mode| mode.std.is_none()).count() {
        0 => {}
        empty => notes.push(format!("{} without samples near", counted(empty, "mode"))),
    }
    let values = || shares().chain(stds());
    notes.extend(left_out(values().filter(|value| !drawable(*value)).count(), "not finite"));
    let outside = |value: &f64, panel: &Panel| drawable(*value) && !inside(panel, *value);
    let outside = shares().filter(|value| outside(value, &shares_panel)).count()
        + stds().filter(|value| outside(value, &std_panel)).count();
    notes.extend(left_out(outside, "not positive"));
    let height = foot(&mut svg, &notes, LEFT, WIDTH - 2.0 * LEFT, shares_panel.bottom() + 46.0);
    Ok(svg.finish(title, WIDTH, height))
}

/// Checks that all modes have equally many values; returns the number of features.
fn validate(modes: &[ModeSummary]) -> Result<usize, FigureError> {
    let figure = "modes";
    let Some(first) = modes.first() else {
        return Err(FigureError::Empty { figure, what: "modes" });
    };
    let columns = first.center.len();
    if columns == 0 {
        return Err(FigureError::Empty { figure, what: "center" });
    }
    for (i, mode) in modes.iter().enumerate() {
        let std = mode.std.as_ref().map(Vec::len);
        for (name, got) in [("center", Some(mode.center.len())), ("std", std)] {
            if let Some(got) = got.filter(|got| *got != columns) {
                let what = format!("modes[{i}].{name}");
                return Err(FigureError::Length { figure, what, got, columns });
            }
        }
    }
    Ok(columns)
}

/// Name of a mode: its centre as "(−1, 1)", or "−1" for one feature. Values up to `rounding`, such
/// as the computed cosine of a right angle, are written as zero.
fn name(center: &[f64], rounding: f64) -> String {
    let value = |value: &f64| if value.abs() <= rounding { 0.0 } else { *value };
    let values: Vec<_> = center.iter().map(|v| four_digits(value(v))).collect();
    if values.len() == 1 { values.concat() } else { format!("({})", values.join(", ")) }
}

fn legend(axes: usize) -> Vec<(Key, String)> {
    let share = Key::Area { colour: BACKDROP, opacity: SHARE };
    let mut entries = vec![(share, "share".to_owned())];
    entries.extend((0..axes).map(|axis| {
        let name = match axes {
            1 => "standard deviation".to_owned(),
            _ => format!("standard deviation along axis {}", axis + 1),
        };
        (Key::Mark(colour(axis), mark(axis)), name)
    }));
    entries.push((Key::Line(EXACT), "exact".to_owned()));
    entries
}

/// Whether the panel's horizontal axis can show a value.
fn inside(panel: &Panel, value: f64) -> bool {
    drawable(value) && (-1e-9..=1.0 + 1e-9).contains(&panel.x.place(value))
}

fn draw_share(svg: &mut Svg, panel: &Panel, row: f64, share: f64) {
    if inside(panel, share) {
        let (from, to) = (panel.at(0.0, row - HALF_BAR), panel.at(share, row + HALF_BAR));
        let bar = [from, (to.0, from.1), to, (from.0, to.1)];
        svg.area(&bar, BACKDROP, SHARE);
        svg.path(&bar, Stroke::solid(BACKDROP, 1.0));
    }
}

/// Draws one mark per axis. The marks stand below each other, since their values are often equal.
fn draw_spread(svg: &mut Svg, panel: &Panel, row: f64, std: &[f64]) {
    for (axis, value) in std.iter().enumerate().filter(|(_, value)| inside(panel, **value)) {
        let shift = (axis as f64 + 0.5) / std.len() as f64 - 0.5;
        svg.open("marks", colour(axis), 1.0);
        svg.mark(mark(axis), panel.at(*value, row - 0.64 * shift), 4.0);
        svg.close();
    }
}

/// Draws the exact values as a dashed line through the rows, broken where the value changes.
fn draw_exact(svg: &mut Svg, panel: &Panel, values: &[f64]) {
    let mut start = 0;
    for run in values.chunk_by(|a, b| a == b) {
        if inside(panel, run[0]) {
            let row = |i: usize| panel.top + panel.height * i as f64 / values.len() as f64;
            let x = panel.left + panel.x.place(run[0]) * panel.width;
            svg.line((x, row(start) + 1.5), (x, row(start + run.len()) - 1.5), EXACT);
        }
        start += run.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(center: &[f64], share: f64, std: f64) -> ModeSummary {
        let (exact_share, exact_std) = (0.25, 0.01);
        let (center, std) = (center.to_vec(), Some(vec![std; center.len()]));
        ModeSummary { center, exact_share, share, exact_std, std }
    }

    fn marks(figure: &Figure) -> usize {
        figure.svg().matches("class=\"marks\"").count()
    }

    fn dashed(figure: &Figure) -> usize {
        figure.svg().matches("dasharray=\"5 3\"").count()
    }

    #[test]
    fn every_mode_has_a_row_with_its_centre_for_a_name() {
        let rows = [mode(&[-1.0, 1.0], 0.2, 0.01), mode(&[0.5, -0.6125], 0.3, 0.02)];
        let figure = modes("t", &rows, 0.05).unwrap();
        for name in [">(−1, 1)<", ">(0.5, −0.6125)<", "no further than 0.05 from a mode"] {
            assert!(figure.svg().contains(name), "{name}");
        }
        assert_eq!(marks(&figure), 4, "two modes of two axes");
        assert_eq!(name(&[1e-16, -2.0], 2e-12), "(0, −2)");
        assert_eq!(name(&[1e-6, -2.0], 2e-12), "(1.000e−6, −2)");
        assert!(modes("t", &[mode(&[2.0], 1.0, 0.1)], 1.0).unwrap().svg().contains(">2<"));
    }

    #[test]
    fn equal_exact_values_are_one_dashed_line_and_others_their_own() {
        let mut rows = vec![mode(&[0.0, 0.0], 0.2, 0.01); 3];
        assert_eq!(dashed(&modes("t", &rows, 0.05).unwrap()), 3, "legend and a line a panel");
        rows[1].exact_share = 0.5;
        assert_eq!(dashed(&modes("t", &rows, 0.05).unwrap()), 5);
    }

    #[test]
    fn a_bar_ends_at_its_share() {
        let rows = [mode(&[0.0], 0.5, 0.01), mode(&[1.0], 0.25, 0.01)];
        let figure = modes("t", &rows, 0.05).unwrap();
        let bars = figure.svg().lines().filter(|line| line.contains("fill-opacity=\"0.55\""));
        let widths = bars.skip(1).map(|line| {
            let xs = line.split(['M', 'L']).skip(1).filter_map(|p| p.split(' ').next());
            let xs: Vec<f64> = xs.map(|x| x.parse().unwrap()).collect();
            xs[1] - xs[0]
        });
        let widths: Vec<_> = widths.collect();
        assert_eq!(widths.len(), 2);
        assert!((widths[0] - 2.0 * widths[1]).abs() < 0.3, "{widths:?}");
    }

    #[test]
    fn a_mode_without_samples_is_said() {
        let mut rows = [mode(&[0.0, 0.0], 0.0, f64::NAN), mode(&[1.0, 0.0], 1.0, 0.2)];
        let figure = modes("t", &rows, 0.05).unwrap();
        assert!(figure.svg().contains("2 values not finite left out"));
        rows[0].std = None;
        let figure = modes("t", &rows, 0.05).unwrap();
        assert!(figure.svg().contains("1 mode without samples near"));
        assert!(!figure.svg().contains("not finite"));
        assert_eq!(marks(&figure), 2, "those of the other mode");
        let rows = [mode(&[0.0, 0.0], 0.5, 0.0), mode(&[1.0, 0.0], 0.5, 0.2)];
        let figure = modes("t", &rows, 0.05).unwrap();
        assert!(figure.svg().contains("2 values not positive left out"), "0.01 to 0.2: log");
    }

    #[test]
    fn what_does_not_fit_is_counted_or_refused() {
        let many = vec![mode(&[0.0; 6], 0.01, 0.1); 40];
        let figure = modes("t", &many, 0.05).unwrap();
        assert!(figure.svg().contains("the first 32 of 40 modes"));
        assert!(figure.svg().contains("the first 4 of 6 axes"));
        let other = modes("t", &[mode(&[0.0, 0.0], 0.5, 0.1), mode(&[0.0], 0.5, 0.1)], 0.1);
        assert!(other.is_err_and(|e| e.to_string().contains("modes[1].center has 1 values")));
        assert!(modes("t", &[mode(&[], 0.5, 0.1)], 0.1).is_err());
    }
}
