//! Distributions at every noise level, one panel each: exact and of the samples, as probability
//! densities or as cumulative distributions. They show the level at which the samples leave the
//! exact distribution.

use super::axes::{Axis, widened};
use super::histogram::Bars;
use super::legend::{Key, foot, head, left_out};
use super::multiples::{Axes, MOST_PANELS, Multiples, size};
use super::simplify::simplified;
use super::style::{BACKDROP, EXACT, PALETTE, counted, drawable, range, spread};
use super::svg::{Stroke, Svg};
use super::{Figure, FigureError};

/// Panel of one noise level.
#[derive(Clone, Debug, PartialEq)]
pub struct DensityPanel {
    /// Name above the panel, such as "k = 8, σ = 0.99".
    pub name: String,
    /// Exact probability density: points of place and value, in ascending order of places.
    pub curve: Vec<(f64, f64)>,
    /// Samples at the level. May be empty.
    pub samples: Vec<f64>,
}

const SAMPLES: Stroke = Stroke { colour: PALETTE[0], width: 1.6, dash: "", opacity: 1.0 };
/// Opacity of the area below the exact density.
const BELOW: f64 = 0.4;
const MOST_BINS: usize = 120;
/// Most bins of samples that are not crowded in a few of them.
const MOST_COARSE: usize = 40;
/// Most steps of the samples' cumulative distribution in a panel.
const MOST_STEPS: usize = 240;
/// Error that simplifying a line may make, in pixels: no more than rounding its coordinates.
const TOLERANCE: f64 = 0.05;
/// Share of the peak below which a density is a tail, which the axis may leave out.
const TAIL: f64 = 1e-3;
/// Share of the samples at either end that the axis may leave out.
const ASTRAY: f64 = 0.005;

/// Figure of probability densities at up to twelve levels, evenly spread.
///
/// The exact density is a filled dashed line, the samples are a histogram of the same area. Every
/// panel has axes of its own.
///
/// # Errors
/// When there are no panels, or a panel has neither a curve nor samples.
pub fn densities(
    title: &str,
    column: &str,
    panels: &[DensityPanel],
) -> Result<Figure, FigureError> {
    draw("densities", title, column, panels, "probability density", |level, height| {
        let bars = level.bars();
        let highest = level.visible().chain(bars.iter().copied()).map(|(_, y)| y);
        let highest = highest.fold(0.0, f64::max);
        let y = Axis::linear(Some((0.0, f64::min(1.06 * highest, 1e300))), 0.0, height);
        let exact: Vec<_> = level.visible().collect();
        Lines { y, exact, samples: bars, filled: true }
    })
}

/// Figure of cumulative distributions at up to twelve levels, evenly spread.
///
/// The exact distribution is a dashed line, the samples' distribution rises in steps. The exact one
/// is the integral of the panel's density by the trapezoid rule, so the curve must reach from tail
/// to tail. Every panel has a horizontal axis of its own.
///
/// # Errors
/// When there are no panels, or a panel has neither a curve nor samples.
pub fn cumulative(
    title: &str,
    column: &str,
    panels: &[DensityPanel],
) -> Result<Figure, FigureError> {
    draw("cumulative", title, column, panels, "probability below", |level, height| {
        let exact = level.integral();
        // The axis shows where the integral ends. A curve that is no density ends elsewhere than at
        // one.
        let ends = exact.iter().map(|(_, y)| *y).chain([0.0, 1.0]);
        let y = Axis::linear(range(ends), 0.03, height);
        Lines { y, exact, samples: level.steps(), filled: false }
    })
}

/// Lines of a panel, and its vertical axis.
struct Lines {
    y: Axis,
    exact: Vec<(f64, f64)>,
    samples: Vec<(f64, f64)>,
    filled: bool,
}

fn draw(
    figure: &'static str,
    title: &str,
    column: &str,
    panels: &[DensityPanel],
    y_name: &str,
    lines: fn(&Level, f64) -> Lines,
) -> Result<Figure, FigureError> {
    if panels.is_empty() {
        return Err(FigureError::Empty { figure, what: "panels" });
    }
    if panels.iter().any(|panel| panel.curve.is_empty() && panel.samples.is_empty()) {
        return Err(FigureError::Empty { figure, what: "curve and samples" });
    }
    let shown: Vec<_> = spread(panels.len(), MOST_PANELS).map(|i| Level::new(&panels[i])).collect();
    let size = size(shown.len(), 0.8);
    let drawn: Vec<_> = shown.iter().map(|level| lines(level, size.1)).collect();
    let widest = drawn.iter().map(|lines| lines.y.widest()).fold(0.0, f64::max);
    let multiples = Multiples::new(shown.len(), size, Axes::Own, widest);

    let mut svg = Svg::new();
    let mut legend = vec![(Key::Line(EXACT), "exact".to_owned())];
    if shown.iter().any(|level| !level.samples.is_empty()) {
        legend.push((Key::Line(SAMPLES), "samples".to_owned()));
    }
    let (left, width) = (multiples.left, multiples.width());
    let top = head(&mut svg, title, &legend, left, width);
    for (i, (level, lines)) in shown.iter().zip(drawn).enumerate() {
        let x = Axis::linear(Some(level.span), 0.0, size.0);
        let names = [column, y_name];
        let panel = multiples.panel(&mut svg, (i, top), [x, lines.y], level.name, names);
        let at = |points: &[(f64, f64)]| -> Vec<(f64, f64)> {
            points.iter().map(|(x, y)| panel.at(*x, *y)).collect()
        };
        let exact = simplified(&at(&lines.exact), TOLERANCE);
        if let ([(first, _), ..], [.., (last, _)], true) = (&*exact, &*exact, lines.filled) {
            let (foot, end) = ((*first, panel.bottom()), (*last, panel.bottom()));
            let area: Vec<_> =
                [foot].into_iter().chain(exact.iter().copied()).chain([end]).collect();
            svg.area(&area, BACKDROP, BELOW);
        }
        for (line, stroke) in [(at(&lines.samples), SAMPLES), (exact, EXACT)] {
            if !line.is_empty() {
                svg.path(&line, stroke);
            }
        }
    }
    let mut notes = Vec::new();
    if panels.len() > shown.len() {
        notes.push(format!("{} of {} levels", shown.len(), panels.len()));
    }
    let outside = shown.iter().map(|level| level.outside()).sum::<usize>();
    if outside > 0 {
        notes.push(format!("{} outside of the axes", counted(outside, "sample")));
    }
    let count = |pick: fn(&Level) -> usize| shown.iter().map(pick).sum::<usize>();
    notes.extend(left_out(count(|level| level.not_finite), "not finite"));
    notes.extend(left_out(count(|level| level.negative), "of a density below zero"));
    let height = foot(&mut svg, &notes, left, width, multiples.bottom(top));
    Ok(svg.finish(title, multiples.figure_width(), height))
}

/// Drawable curve and samples of a panel.
struct Level<'a> {
    name: &'a str,
    curve: Vec<(f64, f64)>,
    /// Samples in ascending order.
    samples: Vec<f64>,
    /// Ends of the horizontal axis.
    span: (f64, f64),
    not_finite: usize,
    negative: usize,
}

impl<'a> Level<'a> {
    fn new(panel: &'a DensityPanel) -> Self {
        let finite = |(x, y): &(f64, f64)| drawable(*x) && drawable(*y);
        let mut curve: Vec<_> = panel.curve.iter().copied().filter(finite).collect();
        let mut samples: Vec<_> = panel.samples.iter().copied().filter(|v| drawable(*v)).collect();
        let all = panel.curve.len() + panel.samples.len();
        let not_finite = all - curve.len() - samples.len();
        let before = curve.len();
        curve.retain(|(_, y)| *y >= 0.0);
        let negative = before - curve.len();
        samples.sort_by(f64::total_cmp);
        let span = widened(span(&curve, &samples));
        let padding = 0.04 * (span.1 - span.0);
        let span = (span.0 - padding, span.1 + padding);
        Self { name: &panel.name, curve, samples, span, not_finite, negative }
    }

    fn shows(&self, x: f64) -> bool {
        (self.span.0..=self.span.1).contains(&x)
    }

    /// Part of the curve that the axis shows.
    fn visible(&self) -> impl Iterator<Item = (f64, f64)> {
        self.curve.iter().copied().filter(|(x, _)| self.shows(*x))
    }

    fn outside(&self) -> usize {
        self.samples.iter().filter(|x| !self.shows(**x)).count()
    }

    /// Exact cumulative distribution, constant beyond the ends of the curve.
    fn integral(&self) -> Vec<(f64, f64)> {
        let mut line: Vec<_> = integral(&self.curve).filter(|(x, _)| self.shows(*x)).collect();
        if let ([first, ..], [.., last]) = (&*self.curve, &*line) {
            let end = (self.span.1, last.1);
            if first.0 > self.span.0 {
                line.insert(0, (self.span.0, 0.0));
            }
            line.push(end);
        }
        line
    }

    /// Outline of the samples' histogram. Its area is the share of the samples that the axis shows.
    fn bars(&self) -> Vec<(f64, f64)> {
        let visible: Vec<_> = self.samples.iter().copied().filter(|x| self.shows(*x)).collect();
        if visible.is_empty() {
            return Vec::new();
        }
        let share = visible.len() as f64 / self.samples.len() as f64;
        let outline = Bars::with_bins([&[], &visible], Self::bins(&visible)).samples();
        outline.into_iter().map(|(x, density)| (x, share * density)).collect()
    }

    /// Number of bins: the root of the number of samples, or more if the samples crowd in a few
    /// bins. Then there are as many as leave a tenth of the samples in the highest bin, so that
    /// modes far apart keep their shape.
    fn bins(visible: &[f64]) -> usize {
        let root = (visible.len() as f64).sqrt();
        let coarse = Bars::new([&[], visible], MOST_COARSE);
        let peak = coarse.samples().iter().map(|(_, density)| *density).fold(0.0, f64::max);
        let (low, high) = coarse.span();
        let fine = (high - low) * peak / f64::max(0.1, 3.0 / root);
        (f64::max(root.min(MOST_COARSE as f64), fine) as usize).clamp(8, MOST_BINS)
    }

    /// Cumulative distribution of the samples, from one end of the axis to the other.
    fn steps(&self) -> Vec<(f64, f64)> {
        if self.samples.is_empty() {
            return Vec::new();
        }
        let below = self.samples.partition_point(|x| *x < self.span.0);
        let visible = self.samples.len() - below - {
            self.samples.len() - self.samples.partition_point(|x| *x <= self.span.1)
        };
        let share = |count: usize| count as f64 / self.samples.len() as f64;
        let mut steps = vec![(self.span.0, share(below))];
        let mut height = share(below);
        for i in spread(visible, MOST_STEPS).map(|i| below + i) {
            steps.push((self.samples[i], height));
            height = share(i + 1);
            steps.push((self.samples[i], height));
        }
        steps.push((self.span.1, height));
        steps
    }
}

/// Range of the places where the density is no tail, and of all samples but the outermost.
fn span(curve: &[(f64, f64)], samples: &[f64]) -> (f64, f64) {
    let peak = curve.iter().map(|(_, y)| *y).fold(0.0, f64::max);
    let high = curve.iter().filter(|(_, y)| *y > TAIL * peak).map(|(x, _)| *x);
    let astray = (ASTRAY * samples.len() as f64) as usize;
    let central = samples.get(astray..samples.len() - astray).unwrap_or(&[]);
    range(high.chain(central.iter().copied())).unwrap_or((0.0, 1.0))
}

/// Integral of a density up to each of its places, by the trapezoid rule.
fn integral(curve: &[(f64, f64)]) -> impl Iterator<Item = (f64, f64)> {
    let mut sum = 0.0;
    let mut before = curve.first().copied().unwrap_or((0.0, 0.0));
    curve.iter().map(move |(x, y)| {
        sum = (sum + (x - before.0) * (y / 2.0 + before.1 / 2.0)).clamp(-1e300, 1e300);
        before = (*x, *y);
        (*x, sum)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gaussian(std: f64) -> Vec<(f64, f64)> {
        let density = |x: f64| (-x * x / 2.0).exp() / (std * std::f64::consts::TAU.sqrt());
        (0..=1200).map(|i| f64::from(i - 600) / 100.0).map(|z| (std * z, density(z))).collect()
    }

    fn panel(std: f64, samples: &[f64]) -> DensityPanel {
        DensityPanel {
            name: format!("σ = {std}"), curve: gaussian(std), samples: samples.to_vec()
        }
    }

    /// Evenly spread quantiles of a logistic distribution of that scale.
    fn logistic(count: usize, scale: f64) -> Vec<f64> {
        let share = |i: usize| (i as f64 + 0.5) / count as f64;
        (0..count).map(|i| scale * (share(i) / (1.0 - share(i))).ln()).collect()
    }

    #[test]
    fn the_integral_of_a_density_is_its_distribution() {
        let cumulative: Vec<_> = integral(&gaussian(0.1)).collect();
        let at = |x: f64| cumulative.iter().find(|(place, _)| *place >= x - 1e-9).unwrap().1;
        // The normal distribution's values at 0, 1 and 1.96 standard deviations.
        for (x, want) in [(0.0, 0.5), (0.1, 0.841_345), (0.196, 0.975_002), (0.6, 1.0)] {
            assert!((at(x) - want).abs() < 1e-5, "{x}: {}", at(x));
        }
    }

    #[test]
    fn the_histogram_has_the_area_of_the_samples_that_are_shown() {
        let mut samples = logistic(1000, 0.05);
        let area = |level: &Level| {
            let bars = level.bars();
            bars.windows(2).map(|pair| (pair[1].0 - pair[0].0) * pair[0].1).sum::<f64>()
        };
        let own = panel(0.1, &samples);
        let level = Level::new(&own);
        assert!((area(&level) - (1.0 - level.outside() as f64 / 1000.0)).abs() < 1e-9);
        samples[999] = 1e6;
        let own = panel(0.1, &samples);
        let level = Level::new(&own);
        assert!(level.span.1 < 1.0, "one sample astray does not set the axis");
        assert!(densities("t", "x", &[own]).unwrap().svg().contains("outside of the axes"));
    }

    #[test]
    fn bins_are_narrow_enough_for_narrow_modes() {
        let two = |x: f64| -> Vec<(f64, f64)> {
            gaussian(0.05).into_iter().map(|(place, y)| (place + x, y / 2.0)).collect()
        };
        let curve = [two(-1.0), two(1.0)].concat();
        let samples: Vec<_> = [-1.0, 1.0]
            .iter()
            .flat_map(|x| logistic(1000, 0.028).into_iter().map(move |v| v + x))
            .collect();
        let level = DensityPanel { name: String::new(), curve, samples };
        let highest = Level::new(&level).bars().iter().map(|(_, y)| *y).fold(0.0, f64::max);
        assert!((3.0..5.5).contains(&highest), "{highest} for a peak of 4");
        let even: Vec<_> = (0..1000).map(f64::from).map(|i| 0.001 * i).collect();
        assert_eq!(Level::bins(&even), 31, "the root");
        assert_eq!(Level::bins(&logistic(10, 1.0)), 8);
    }

    #[test]
    fn the_exact_distribution_reaches_from_edge_to_edge() {
        let own = panel(0.1, &[-3.0, 3.0]);
        let level = Level::new(&own);
        let line = level.integral();
        assert_eq!((line[0], line[line.len() - 1].0), ((level.span.0, 0.0), level.span.1));
        assert!((line[line.len() - 1].1 - 1.0).abs() < 1e-6);
    }

    #[test]
    fn steps_of_the_samples_rise_from_none_to_all() {
        let own = panel(1.0, &[-1.0, 0.0, 0.0, 2.0]);
        let steps = Level::new(&own).steps();
        let heights: Vec<_> = steps.iter().map(|(_, y)| *y).collect();
        assert_eq!(heights, [0.0, 0.0, 0.25, 0.25, 0.5, 0.5, 0.75, 0.75, 1.0, 1.0]);
        let beyond = panel(1.0, &[vec![-1e9; 1], vec![0.0; 999]].concat());
        assert_eq!(Level::new(&beyond).steps()[0].1, 0.001, "those outside count");
    }

    #[test]
    fn every_level_has_a_panel_up_to_twelve_and_the_file_is_small() {
        let levels: Vec<_> =
            (1..=20).map(|i| panel(f64::from(i), &logistic(5000, f64::from(i)))).collect();
        for draw in [densities, cumulative] {
            let figure = draw("t", "x", &levels).unwrap();
            assert!(figure.svg().contains("12 of 20 levels"));
            assert!(figure.svg().contains(">σ = 1<") && figure.svg().contains(">σ = 20<"));
            assert_eq!(figure.svg().matches("dasharray").count(), 13, "and the legend's");
            assert!(figure.svg().len() < 300_000, "{} bytes", figure.svg().len());
        }
    }

    #[test]
    fn a_panel_may_have_a_curve_or_samples_alone() {
        let curve = DensityPanel { samples: vec![], ..panel(1.0, &[]) };
        let samples = DensityPanel { curve: vec![], ..panel(1.0, &[0.0, 1.0]) };
        for draw in [densities, cumulative] {
            let figure = draw("t", "x", std::slice::from_ref(&curve)).unwrap();
            assert!(!figure.svg().contains(">samples<"));
            assert!(draw("t", "x", std::slice::from_ref(&samples)).is_ok());
            let nothing = DensityPanel { curve: vec![], ..curve.clone() };
            let error = draw("t", "x", &[nothing]).unwrap_err().to_string();
            assert!(error.contains("curve and samples is empty"), "{error}");
        }
    }

    #[test]
    fn what_no_density_is_said_to_be_left_out() {
        let mut broken = panel(1.0, &[0.0, f64::NAN, 1.0]);
        broken.curve[3].1 = -0.5;
        broken.curve[4].1 = f64::INFINITY;
        let figure = densities("t", "x", &[broken]).unwrap();
        assert!(figure.svg().contains("2 values not finite left out"));
        assert!(figure.svg().contains("1 value of a density below zero left out"));
    }
}
