//! Mean and standard deviation of every feature along the sampling, against the exact values of
//! each noise level. Where a sampler or a network errs, the marks leave the dashed line.

use super::axes::{Axis, Panel, left_margin};
use super::legend::{Key, foot, head, left_out};
use super::steps::{self, Series, positive};
use super::style::{EXACT, colour, drawable, mark, range};
use super::svg::{Stroke, Svg};
use super::{Figure, FigureError};

/// Measured and exact statistics at one level of the sampling.
#[derive(Clone, Debug, PartialEq)]
pub struct LevelStatistics {
    /// Noise scale sigma of the level, zero at the end.
    pub sigma: f64,
    /// Measured mean, one value per feature.
    pub mean: Vec<f64>,
    /// Measured standard deviation, one value per feature.
    pub std: Vec<f64>,
    /// Exact mean, one value per feature. Empty where it isn't known.
    pub goal_mean: Vec<f64>,
    /// Exact standard deviation, one value per feature. Empty where it isn't known.
    pub goal_std: Vec<f64>,
}

const MOST_FEATURES: usize = 4;
const PANEL: (f64, f64) = (400.0, 320.0);
const RIGHT: f64 = 20.0;

/// Figure of two panels over the sampling steps: mean, and standard deviation (log axis), of the
/// first four features. Measured values are marks and a line, exact values a dashed black line.
///
/// # Shapes
/// One entry per level, the noisiest first. Each has `columns.len()` values, or none in the goals.
///
/// # Errors
/// When there are no columns or no levels, or a level has another number of values.
pub fn levels(
    title: &str,
    columns: &[String],
    levels: &[LevelStatistics],
) -> Result<Figure, FigureError> {
    validate(columns, levels)?;
    let features = columns.len().min(MOST_FEATURES);
    let by_feature = |pick: fn(&LevelStatistics) -> &Vec<f64>| -> Vec<Vec<f64>> {
        let value = |level, feature| pick(level).get(feature).copied();
        (0..features).map(|f| levels.iter().filter_map(|l| value(l, f)).collect()).collect()
    };
    let mean = Statistic::new(by_feature(|l| &l.mean), by_feature(|l| &l.goal_mean), drawable);
    let std = Statistic::new(by_feature(|l| &l.std), by_feature(|l| &l.goal_std), positive);

    let mean_axis = Axis::linear(mean.range(), 0.06, PANEL.1);
    let std_axis = Axis::log(std.range(), 0.05);
    let sigmas: Vec<_> = levels.iter().map(|level| level.sigma).collect();
    let x = steps::axis(&sigmas, PANEL.0);
    let (left, between) = (left_margin(&mean_axis), left_margin(&std_axis) + 28.0);
    let width = left + 2.0 * PANEL.0 + between + RIGHT;

    let mut svg = Svg::new();
    let goal = mean.goal.iter().chain(&std.goal).any(|line| !line.is_empty());
    let legend = legend(&columns[..features], goal);
    let top = head(&mut svg, title, &legend, left, width - left - RIGHT);
    let panel = |left, y| Panel { left, top, width: PANEL.0, height: PANEL.1, x: x.clone(), y };
    let left_panel = panel(left, mean_axis);
    let right_panel = panel(left + PANEL.0 + between, std_axis);
    for (panel, statistic, name) in [
        (&left_panel, &mean, "mean (in the model's units)"),
        (&right_panel, &std, "standard deviation (in the model's units)"),
    ] {
        panel.draw(&mut svg, "", name);
        steps::sigma_row(&mut svg, panel, &sigmas);
        statistic.draw(&mut svg, panel);
    }

    let mut notes = vec![
        "marks: the samples after each step, from noise on the left to data on the right"
            .to_owned(),
    ];
    if goal {
        notes.push(
            "good: all marks lie on the dashed line; where they leave it, the network or the step errs".to_owned(),
        );
    }
    if columns.len() > features {
        notes.push(format!("the first {features} of {} features", columns.len()));
    }
    notes.extend(left_out(mean.not_finite() + std.not_finite(), "not finite"));
    notes.extend(left_out(std.not_shown() - std.not_finite(), "not positive"));
    let bottom = left_panel.bottom() + 64.0;
    let height = foot(&mut svg, &notes, left, width - left - RIGHT, bottom);
    Ok(svg.finish(title, width, height))
}

fn validate(columns: &[String], levels: &[LevelStatistics]) -> Result<(), FigureError> {
    let figure = "levels";
    for (what, empty) in [("columns", columns.is_empty()), ("levels", levels.is_empty())] {
        if empty {
            return Err(FigureError::Empty { figure, what });
        }
    }
    for (i, level) in levels.iter().enumerate() {
        let lists = [
            ("mean", &level.mean, false),
            ("std", &level.std, false),
            ("goal_mean", &level.goal_mean, true),
            ("goal_std", &level.goal_std, true),
        ];
        for (name, list, may_be_empty) in lists {
            let got = list.len();
            if got != columns.len() && !(may_be_empty && got == 0) {
                let (what, columns) = (format!("levels[{i}].{name}"), columns.len());
                return Err(FigureError::Length { figure, what, got, columns });
            }
        }
    }
    Ok(())
}

/// Lines of one statistic, one per feature.
struct Statistic {
    measured: Vec<Vec<f64>>,
    goal: Vec<Vec<f64>>,
    shown: fn(f64) -> bool,
}

impl Statistic {
    fn new(measured: Vec<Vec<f64>>, goal: Vec<Vec<f64>>, shown: fn(f64) -> bool) -> Self {
        Self { measured, goal, shown }
    }

    fn values(&self) -> impl Iterator<Item = f64> {
        self.measured.iter().chain(&self.goal).flatten().copied()
    }

    fn range(&self) -> Option<(f64, f64)> {
        range(self.values().filter(|v| (self.shown)(*v)))
    }

    fn not_finite(&self) -> usize {
        self.values().filter(|v| !drawable(*v)).count()
    }

    fn not_shown(&self) -> usize {
        self.values().filter(|v| !(self.shown)(*v)).count()
    }

    fn draw(&self, svg: &mut Svg, panel: &Panel) {
        for (feature, values) in self.measured.iter().enumerate() {
            let series = Series { values, shown: self.shown, stroke: measured_stroke(feature) };
            series.draw(svg, panel, Some(mark(feature)));
        }
        // Exact lines are drawn over the measured ones: where they agree, both can be seen.
        for values in &self.goal {
            Series { values, shown: self.shown, stroke: EXACT }.draw(svg, panel, None);
        }
    }
}

fn measured_stroke(feature: usize) -> Stroke<'static> {
    Stroke { opacity: 0.8, ..Stroke::solid(colour(feature), 1.6) }
}

fn legend(columns: &[String], goal: bool) -> Vec<(Key, String)> {
    let entry =
        |(f, name): (usize, &String)| (Key::MarkedLine(measured_stroke(f), mark(f)), name.clone());
    let mut entries: Vec<_> = columns.iter().enumerate().map(entry).collect();
    if goal {
        entries.push((Key::Line(EXACT), "exact, of the data with that noise".to_owned()));
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(sigma: f64, mean: f64, std: f64) -> LevelStatistics {
        let (mean, std) = (vec![mean], vec![std]);
        LevelStatistics { sigma, goal_mean: mean.clone(), goal_std: vec![], mean, std }
    }

    #[test]
    fn every_level_is_a_mark_in_both_panels() {
        let run: Vec<_> = (0..25).map(|i| level(f64::from(24 - i), 0.1, 1.0)).collect();
        let figure = levels("levels", &["x".to_owned()], &run).unwrap();
        let panels: Vec<_> = figure.svg().split("class=\"marks\"").skip(1).collect();
        assert_eq!(panels.len(), 2);
        for panel in panels {
            assert_eq!(panel.split("</g>").next().unwrap().matches("<circle").count(), 25);
        }
    }

    #[test]
    fn the_figure_says_what_it_shows_and_what_is_good() {
        let run = [level(1.0, 0.1, 1.0), level(0.0, 0.1, 1.0)];
        let svg = |run: &[LevelStatistics]| {
            levels("levels", &["x".to_owned()], run).unwrap().svg().to_owned()
        };
        let known = svg(&run);
        for text in ["exact, of the data with that noise", "marks: the samples", "good: all marks"]
        {
            assert!(known.contains(text), "{text}");
        }
        let unknown = run.map(|level| LevelStatistics { goal_mean: vec![], ..level });
        assert!(!svg(&unknown).contains("good:"), "no line to compare with");
    }

    #[test]
    fn what_a_log_axis_cannot_show_is_said() {
        let run = [level(1.0, f64::NAN, 1.0), level(0.5, 0.0, 0.0), level(0.0, 0.0, f64::INFINITY)];
        let figure = levels("levels", &["x".to_owned()], &run).unwrap();
        assert!(figure.svg().contains("3 values not finite left out"), "NaN is in the goal too");
        assert!(figure.svg().contains("1 value not positive left out"));
    }

    #[test]
    fn a_level_of_another_width_is_an_error() {
        let error = levels("levels", &["x".to_owned(), "y".to_owned()], &[level(1.0, 0.0, 1.0)]);
        assert!(error.is_err_and(|e| e.to_string().contains("levels[0].mean has 1 values")));
    }
}
