//! Noise schedule along the sampling: the scales of data and noise at every step,
//! `x = alpha · data + sigma · noise`.

use super::axes::{Axis, Panel, left_margin};
use super::legend::{Key, foot, head, left_out};
use super::steps::{self, Series, positive};
use super::style::{colour, counted, dash, drawable, mark, range};
use super::svg::{Stroke, Svg};
use super::{Figure, FigureError};

/// Scales of data and noise at one step of the sampling.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NoiseScale {
    /// Scale of the data.
    pub alpha: f64,
    /// Standard deviation of the noise.
    pub sigma: f64,
}

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 320.0;
const RIGHT: f64 = 24.0;
/// Ratio of noise scales above which they have a log axis: a decade and a half.
const LINEAR_SPAN: f64 = 31.7;

/// Figure of signal and noise scale over the sampling steps.
///
/// If the signal scale is one at every step, as for the schedules of Karras et al. (2022), only the
/// noise scale is drawn. It then has a log axis if it spans more than a decade and a half.
///
/// # Shapes
/// One entry per step, the noisiest first.
///
/// # Errors
/// When there are no steps.
pub fn noise_scales(title: &str, levels: &[NoiseScale]) -> Result<Figure, FigureError> {
    if levels.is_empty() {
        return Err(FigureError::Empty { figure: "noise_scales", what: "levels" });
    }
    let alphas: Vec<_> = levels.iter().map(|level| level.alpha).collect();
    let sigmas: Vec<_> = levels.iter().map(|level| level.sigma).collect();
    let alone = alphas.iter().all(|alpha| (alpha - 1.0).abs() < 1e-12);
    let span = range(sigmas.iter().copied().filter(|sigma| positive(*sigma)));
    let is_log = alone && span.is_some_and(|(low, high)| high / LINEAR_SPAN > low);
    let shown = if is_log { positive } else { drawable };
    let y = if is_log {
        Axis::log(span, 0.05)
    } else {
        let signal = alphas.iter().filter(|_| !alone);
        // The axis begins at zero: no noise, or no signal.
        let values = sigmas.iter().chain(signal).copied().chain([0.0]);
        Axis::linear(range(values), 0.04, HEIGHT)
    };

    let left = left_margin(&y);
    let width = WIDTH - left - RIGHT;
    let x = steps::axis(&sigmas, width);
    let mut svg = Svg::new();
    let [noise, signal] = [0, 1].map(stroke);
    let mut legend = vec![(Key::MarkedLine(noise, mark(0)), "noise scale σ".to_owned())];
    if !alone {
        legend.push((Key::MarkedLine(signal, mark(1)), "signal scale α".to_owned()));
    }
    let top = head(&mut svg, title, &legend, left, width);
    let panel = Panel { left, top, width, height: HEIGHT, x, y };
    let name = if alone { "noise scale σ (in the model's units)" } else { "scale" };
    panel.draw(&mut svg, "sampling step, noisiest first", name);
    if !alone {
        Series { values: &alphas, shown, stroke: signal }.draw(&mut svg, &panel, Some(mark(1)));
    }
    Series { values: &sigmas, shown, stroke: noise }.draw(&mut svg, &panel, Some(mark(0)));

    let mut notes = Vec::new();
    if alone {
        notes.push("signal scale α = 1 at every step".to_owned());
    }
    let values = || sigmas.iter().chain(&alphas).copied();
    let not_finite = values().filter(|value| !drawable(*value)).count();
    notes.extend(left_out(not_finite, "not finite"));
    if is_log {
        let without_noise = sigmas.iter().filter(|v| drawable(**v) && **v <= 0.0).count();
        if without_noise > 0 {
            let steps = counted(without_noise, "step");
            notes.push(format!("{steps} without noise left out: a log axis has no zero"));
        }
    }
    let height = foot(&mut svg, &notes, left, width, panel.bottom() + 46.0);
    Ok(svg.finish(title, WIDTH, height))
}

fn stroke(series: usize) -> Stroke<'static> {
    Stroke { dash: dash(series), ..Stroke::solid(colour(series), 1.8) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(levels: &[(f64, f64)]) -> String {
        let level = |(alpha, sigma): &(f64, f64)| NoiseScale { alpha: *alpha, sigma: *sigma };
        let levels: Vec<_> = levels.iter().map(level).collect();
        noise_scales("t", &levels).unwrap().svg().to_owned()
    }

    fn marks(svg: &str) -> Vec<usize> {
        let groups = svg.split("class=\"marks\"").skip(1);
        let shapes = |g: &str| g.split("</g>").next().unwrap().matches("/>").count();
        groups.map(shapes).collect()
    }

    #[test]
    fn signal_is_drawn_only_where_it_changes() {
        let changing = drawn(&[(0.1, 0.99), (0.7, 0.7), (0.99, 0.1)]);
        assert_eq!(marks(&changing), [3, 3]);
        assert!(changing.contains("signal scale α<"));
        let constant = drawn(&[(1.0, 3.0), (1.0, 2.0), (1.0, 1.0)]);
        assert_eq!(marks(&constant), [3]);
        assert!(constant.contains("signal scale α = 1 at every step"));
    }

    #[test]
    fn axis_is_logarithmic_beyond_a_decade_and_a_half_and_for_noise_alone() {
        let is_log = |svg: String| svg.contains(">0.01</text>");
        assert!(is_log(drawn(&[(1.0, 1.0), (1.0, 0.01)])));
        assert!(!is_log(drawn(&[(1.0, 0.3), (1.0, 0.01)])));
        assert!(!is_log(drawn(&[(0.9, 1.0), (1.0, 0.01)])));
    }

    #[test]
    fn the_end_without_noise_is_said_where_a_log_axis_cannot_show_it() {
        let svg = drawn(&[(1.0, 1.0), (1.0, 0.001), (1.0, 0.0)]);
        assert!(svg.contains("1 step without noise left out"));
        assert_eq!(marks(&svg), [2]);
        let linear = drawn(&[(0.5, 1.0), (1.0, 0.001), (1.0, 0.0)]);
        assert!(!linear.contains("without noise"));
        assert_eq!(marks(&linear), [3, 3]);
        assert!(drawn(&[(f64::NAN, 1.0), (1.0, f64::INFINITY)]).contains("2 values not finite"));
    }
}
