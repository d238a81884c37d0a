//! Axes, and the panel that two of them span. An axis is a range and its ticks, with labels for
//! people (0.001, 1e−6, never 17 digits).

use super::style::{GRID, MUTED, NAME_SIZE, TICK_SIZE, elide, text_width};
use super::svg::{Anchor, Stroke, Svg};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scale {
    Linear,
    Log,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Axis {
    scale: Scale,
    /// Lower end; on a log axis its logarithm to base 10, as in `high`.
    low: f64,
    high: f64,
    /// Labelled ticks: place as a fraction of the axis, and label.
    pub(super) ticks: Vec<(f64, String)>,
    minor: Vec<f64>,
}

impl Axis {
    /// Linear axis over `range`, which is widened at both ends by the share `padding` of itself. It
    /// has as many ticks as fit on `pixels` without their labels touching.
    pub(super) fn linear(range: Option<(f64, f64)>, padding: f64, pixels: f64) -> Self {
        let (low, high) = widened(range.unwrap_or((0.0, 1.0)));
        let padding = padding * (high - low);
        let (low, high) = (low - padding, high + padding);
        let most = (pixels / 52.0).clamp(2.0, 8.0);
        let axis = Self::with_ticks(low, high, most);
        // Labels of a vertical axis need less room than this; wide ones need more, and get three
        // ticks.
        let axis = if axis.widest() + 12.0 < pixels / most {
            axis
        } else {
            Self::with_ticks(low, high, 3.0)
        };
        // Fewer than three labels hardly show a scale.
        let finer = Self::with_ticks(low, high, 2.0 * most);
        let fits = (finer.widest() + 12.0) * (finer.ticks.len() as f64) < pixels;
        if axis.ticks.len() < 3 && fits { finer } else { axis }
    }

    fn with_ticks(low: f64, high: f64, most: f64) -> Self {
        let rough = (high - low) / most;
        let exponent = rough.log10().floor() as i32;
        let mantissa = rough / power(exponent);
        let (mantissa, exponent) = match mantissa {
            m if m <= 1.0 => (1, exponent),
            m if m <= 2.0 => (2, exponent),
            m if m <= 5.0 => (5, exponent),
            _ => (1, exponent + 1),
        };
        let step = f64::from(mantissa) * power(exponent);
        let (first, last) =
            ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
        let numbers: Vec<i64> = (first..=last).map(|i| i * i64::from(mantissa)).collect();
        let largest = numbers.iter().map(|n| n.abs()).max().unwrap_or(0);
        let ticks = numbers
            .iter()
            .map(|n| {
                let place = (*n as f64 * power(exponent) - low) / (high - low);
                (place, decimal(*n, exponent, largest))
            })
            .collect();
        Self { scale: Scale::Linear, low, high, ticks, minor: Vec::new() }
    }

    /// Log axis over the positive `range`, widened to at least one decade.
    pub(super) fn log(range: Option<(f64, f64)>, padding: f64) -> Self {
        let (low, high) = range.unwrap_or((0.1, 1.0));
        let (low, high) = (low.log10(), high.log10());
        let padding = f64::max(padding * (high - low), (1.0 - (high - low)) / 2.0);
        let (low, high) = (low - padding, high + padding);
        let decades = (low.floor() as i32)..=(high.floor() as i32);
        let stride = ((high - low) / 7.0).ceil() as i32;
        let plain = low >= -4.0 && high <= 5.0;
        let mut ticks = Vec::new();
        let mut minor = Vec::new();
        for decade in decades {
            for digit in 1..10 {
                let place = (f64::from(decade) + f64::from(digit).log10() - low) / (high - low);
                let labelled = digit == 1 || ((digit == 2 || digit == 5) && high - low < 2.2);
                if !(0.0..=1.0).contains(&place) {
                    continue;
                } else if labelled && decade.rem_euclid(stride) == 0 {
                    ticks.push((place, decade_label(digit, decade, plain)));
                } else if stride == 1 || digit == 1 {
                    minor.push(place);
                }
            }
        }
        Self { scale: Scale::Log, low, high, ticks, minor }
    }

    /// Axis over the whole numbers 0 to `last`, with labels that the caller places.
    pub(super) fn steps(last: usize, labels: &[(usize, String)]) -> Self {
        let margin = f64::max(0.5, 0.03 * last as f64);
        let (low, high) = (-margin, last as f64 + margin);
        let place = |i: usize| (i as f64 - low) / (high - low);
        let ticks = labels.iter().map(|(i, label)| (place(*i), label.clone())).collect();
        Self { scale: Scale::Linear, low, high, ticks, minor: Vec::new() }
    }

    /// Place of a value between the ends, 0 to 1.
    pub(super) fn place(&self, value: f64) -> f64 {
        let value = if self.scale == Scale::Log { value.log10() } else { value };
        (value - self.low) / (self.high - self.low)
    }

    /// Width of the widest label, in pixels.
    pub(super) fn widest(&self) -> f64 {
        let widths = self.ticks.iter().map(|(_, label)| text_width(label, TICK_SIZE));
        widths.fold(0.0, f64::max)
    }

    pub(super) fn without_ticks(mut self) -> Self {
        self.ticks.clear();
        self
    }

    pub(super) fn without_labels(mut self) -> Self {
        self.ticks.iter_mut().for_each(|(_, label)| label.clear());
        self
    }
}

/// Range that is not empty, widened so that seven digits tell its ends apart.
pub(crate) fn widened((low, high): (f64, f64)) -> (f64, f64) {
    let largest = f64::max(low.abs(), high.abs());
    let half = match high - low {
        _ if largest < 1e-290 => 0.5,
        0.0 => 0.1 * largest,
        span if span < 1e-6 * largest => 0.5e-6 * largest,
        _ => return (low, high),
    };
    let middle = low / 2.0 + high / 2.0;
    (middle - half, middle + half)
}

/// Panel of a figure: a rectangle with axes along its left and lower edge.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Panel {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) x: Axis,
    pub(super) y: Axis,
}

impl Panel {
    pub(super) fn bottom(&self) -> f64 {
        self.top + self.height
    }

    /// Pixel of a data point.
    pub(super) fn at(&self, x: f64, y: f64) -> (f64, f64) {
        let (x, y) = (self.x.place(x), self.y.place(y));
        (self.left + x * self.width, self.bottom() - y * self.height)
    }

    /// Draws grid lines and labelled axes, before the data. An empty name is left out.
    pub(super) fn draw(&self, svg: &mut Svg, x_name: &str, y_name: &str) {
        let (right, bottom) = (self.left + self.width, self.bottom());
        let (grid, axis) = (Stroke::solid(GRID, 1.0), Stroke::solid(MUTED, 1.0));
        for (place, label) in &self.x.ticks {
            let x = self.left + place * self.width;
            svg.line((x, self.top), (x, bottom), grid);
            svg.line((x, bottom), (x, bottom + 4.0), axis);
            if !label.is_empty() {
                svg.text(x, bottom + 17.0, Anchor::Middle, TICK_SIZE, label);
            }
        }
        for (place, label) in &self.y.ticks {
            let y = bottom - place * self.height;
            svg.line((self.left, y), (right, y), grid);
            svg.line((self.left - 4.0, y), (self.left, y), axis);
            if !label.is_empty() {
                svg.text(self.left - 8.0, y + 4.0, Anchor::End, TICK_SIZE, label);
            }
        }
        for place in &self.x.minor {
            let x = self.left + place * self.width;
            svg.line((x, bottom), (x, bottom + 2.5), Stroke::solid(MUTED, 0.7));
        }
        for place in &self.y.minor {
            let y = bottom - place * self.height;
            svg.line((self.left - 2.5, y), (self.left, y), Stroke::solid(MUTED, 0.7));
        }
        svg.path(&[(self.left, self.top), (self.left, bottom), (right, bottom)], axis);
        let below = (self.left + self.width / 2.0, bottom + 38.0);
        self.name(svg, x_name, below, Anchor::Middle, self.width);
        let beside = (self.left - self.y.widest() - 20.0, self.top + self.height / 2.0);
        self.name(svg, y_name, beside, Anchor::Upwards, self.height);
    }

    fn name(&self, svg: &mut Svg, name: &str, (x, y): (f64, f64), anchor: Anchor, room: f64) {
        if !name.is_empty() {
            svg.text(x, y, anchor, NAME_SIZE, &elide(name, NAME_SIZE, room));
        }
    }
}

/// Room in pixels that a y axis with these labels and a name needs on its left.
pub(super) fn left_margin(axis: &Axis) -> f64 {
    axis.widest() + 40.0
}

fn power(exponent: i32) -> f64 {
    if exponent < 0 { 1.0 / 10f64.powi(-exponent) } else { 10f64.powi(exponent) }
}

/// Label of `number · 10^exponent`: in full between 1e-4 and 1e6, else as "1.5e−7". All labels of
/// an axis have the form that its largest number `largest` asks for.
fn decimal(number: i64, exponent: i32, largest: i64) -> String {
    let digits = largest.max(1).ilog10() as i32;
    let magnitude = digits + exponent;
    let text = if (0..6).contains(&magnitude) || (magnitude < 0 && exponent >= -4) {
        format!("{:.*}", exponent.min(0).unsigned_abs() as usize, number as f64 * power(exponent))
    } else if number == 0 {
        "0".to_owned()
    } else {
        let own = number.unsigned_abs().max(1).ilog10() as i32;
        let mantissa = format!("{:.*}", own as usize, number as f64 / power(own));
        let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
        let mantissa = if own == 0 { format!("{number}") } else { mantissa.to_owned() };
        format!("{mantissa}e{}", own + exponent)
    };
    text.replace('-', "−")
}

fn decade_label(digit: i32, decade: i32, plain: bool) -> String {
    if plain {
        let digits = decade.min(0).unsigned_abs() as usize;
        format!("{:.digits$}", f64::from(digit) * power(decade))
    } else {
        format!("{digit}e{decade}").replace('-', "−")
    }
}

/// Text of a positive number with two digits: 10, 2.3, 0.001, 4.5e−6.
pub(super) fn two_digits(value: f64) -> String {
    let rounded = format!("{value:.1e}");
    let parts = rounded.split_once('e').map(|(m, e)| (m.replace('.', ""), e.parse::<i32>()));
    match parts {
        Some((mantissa, Ok(exponent))) if value > 0.0 => {
            let number = mantissa.parse().unwrap_or(0);
            // 2.3 is 23 · 10^-1, but 2.0 is 2 · 10^0: a zero as the second digit is dropped.
            let (number, least) =
                if number % 10 == 0 { (number / 10, exponent) } else { (number, exponent - 1) };
            decimal(number, least, number)
        }
        _ => "0".to_owned(),
    }
}

/// Text of a value with four digits: 0, 200 (for 199.98), 1.5, 1.000e−7; "?" if it is not finite.
pub(super) fn four_digits(value: f64) -> String {
    if !value.is_finite() {
        return "?".to_owned();
    }
    let magnitude = if value == 0.0 { 0 } else { value.abs().log10().floor() as i32 };
    let text = if (-4..7).contains(&magnitude) {
        let plain = format!("{value:.*}", (3 - magnitude).max(0) as usize);
        match plain.contains('.') {
            true => plain.trim_end_matches('0').trim_end_matches('.').to_owned(),
            false => plain,
        }
    } else {
        format!("{value:.3e}")
    };
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn linear_ticks_are_readable() {
        let ticks = |low, high| Axis::linear(Some((low, high)), 0.0, 300.0);
        assert_eq!(labels(&ticks(-1.1, 1.1)), ["−1.0", "−0.5", "0.0", "0.5", "1.0"]);
        assert_eq!(labels(&ticks(0.0, 12000.0)), ["0", "5000", "10000"]);
        assert_eq!(labels(&ticks(0.0, 4e-7)), ["0", "1e−7", "2e−7", "3e−7", "4e−7"]);
        assert_eq!(labels(&ticks(0.0, 2e12)), ["0", "5e11", "1e12", "1.5e12", "2e12"]);
        assert_eq!(labels(&ticks(0.1, 0.3)), ["0.10", "0.15", "0.20", "0.25", "0.30"]);
    }

    #[test]
    fn a_narrow_axis_has_two_labels_where_they_fit() {
        let ticks = |low, high| Axis::linear(Some((low, high)), 0.0, 165.0);
        assert_eq!(labels(&ticks(-3.7, 2.8)), ["−2", "0", "2"], "not 0 alone");
        assert_eq!(labels(&ticks(100000.1, 100000.75)), ["100000.5"], "no room for more");
    }

    #[test]
    fn log_ticks_are_decades_or_parts_of_one() {
        let ticks = |low, high| Axis::log(Some((low, high)), 0.0);
        assert_eq!(labels(&ticks(1e-3, 10.0)), ["0.001", "0.01", "0.1", "1", "10"]);
        assert_eq!(labels(&ticks(0.02, 1.0)), ["0.02", "0.05", "0.1", "0.2", "0.5", "1"]);
        let huge = ticks(1e-12, 1e12);
        assert_eq!(labels(&huge), ["1e−12", "1e−8", "1e−4", "1e0", "1e4", "1e8", "1e12"]);
    }

    #[test]
    fn any_range_gives_finite_places_and_few_short_labels() {
        let ends = [0.0, 1.0, -1.0, 5e-324, 1e-300, 1e-12, 1e12, 1e300, -1e300, 1.0 + 1e-15, 1e6];
        for low in ends {
            for high in ends.into_iter().filter(|high| *high >= low) {
                let axis = Axis::linear(Some((low, high)), 0.05, 300.0);
                assert!((1..20).contains(&axis.ticks.len()), "{low} {high} {axis:?}");
                assert!(axis.ticks.iter().all(|(place, _)| (-0.01..=1.01).contains(place)));
                assert!(labels(&axis).iter().all(|l| l.chars().count() <= 14), "{axis:?}");
                let place = axis.place(low / 2.0 + high / 2.0);
                assert!((0.0..=1.0).contains(&place), "{low} {high}: {place}");
                if low > 0.0 {
                    let axis = Axis::log(Some((low, high)), 0.05);
                    assert!((1..20).contains(&axis.ticks.len()), "{low} {high} {axis:?}");
                    assert!((0.0..=1.0).contains(&axis.place(low)));
                }
            }
        }
    }

    #[test]
    fn two_digits_are_short() {
        let numbers = [10.0, 2.345, 0.001, 0.0316, 0.0, 4.56e-7, 150.0, 80.0, 1.0];
        let short: Vec<_> = numbers.map(two_digits).into();
        assert_eq!(short, ["10", "2.3", "0.001", "0.032", "0", "4.6e−7", "150", "80", "1"]);
    }

    #[test]
    fn four_digits_are_short() {
        let ends = [0.0, 255.0, -1.0, 199.98, -0.12345, 1e-7, 3.0000001, 1234567.0, -2.5e9];
        let want = ["0", "255", "−1", "200", "−0.1235", "1.000e−7", "3", "1234567", "−2.500e9"];
        assert_eq!(ends.map(four_digits), want);
    }
}
