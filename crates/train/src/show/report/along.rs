//! Figures along the sampling: noise levels, samples at each level, and exact densities.

use langevin_core::NoiseLevel;
use langevin_data::{
    LevelDensity, Mode,
    measure::{MODE_RADIUS, Rows, modes},
};
use rayon::prelude::*;

use super::{Material, MaybeFigure};
use crate::{
    TrainError,
    config::FilmConfig,
    sample::spaces::feature_names,
    show::{
        figures::{
            self, ContourPanel, ConvergenceStep, DensityPanel, ModeSummary, NoiseScale,
            TrajectoryStep,
        },
        film::of_run::{FilmFormat, Way},
        numbers::number,
    },
};

/// Grid points along each side of a contour panel.
const FIELD: usize = 160;
/// Most levels whose density is drawn as contours.
const MOST_CONTOURS: usize = 6;

impl Material<'_> {
    /// Names of the model's features.
    pub(super) fn feature_names(&self) -> Vec<String> {
        feature_names(self.data)
    }

    fn title(&self, what: &str) -> String {
        format!("{}: {what}", self.records.config.name)
    }

    pub(super) fn noise(&self) -> MaybeFigure {
        let levels = self.problem.sampling_levels();
        let scales: Vec<_> =
            levels.map(|level| NoiseScale { alpha: level.alpha(), sigma: level.sigma() }).collect();
        Some(figures::noise_scales(&self.title("noise scales"), &scales))
    }

    pub(super) fn trajectory(&self) -> MaybeFigure {
        let steps: Vec<_> = self
            .along()
            .map(|(step, level, rows)| TrajectoryStep { step, sigma: level.sigma(), rows })
            .collect();
        let title = self.title("samples at each level");
        let names = self.feature_names();
        (!steps.is_empty())
            .then(|| figures::trajectory(&title, &names, &steps, &self.reference.model))
    }

    /// Figure of the distances to the nearest mode. Data without modes has none.
    pub(super) fn convergence(&self) -> MaybeFigure {
        let modes = self.data.modes()?;
        let steps: Vec<_> = self
            .levels
            .iter()
            .filter_map(|level| {
                Some(ConvergenceStep { sigma: level.sigma, value: level.convergence? })
            })
            .collect();
        let spread = |mode: &Mode| mode.share * mode.center.len() as f64 * mode.std.powi(2);
        let floor = modes.iter().map(spread).sum();
        let title = self.title("convergence");
        (!steps.is_empty()).then(|| figures::convergence(&title, &steps, Some(floor)))
    }

    /// Figure of the share and the spread of each mode. Data without modes has none.
    pub(super) fn modes(&self) -> MaybeFigure {
        let goals = self.data.modes().filter(|_| !self.samples.is_empty())?;
        let rows = Rows::new("samples", self.columns.len(), &self.samples).ok()?;
        let found = modes(rows, &goals, MODE_RADIUS).ok()?;
        let summaries: Vec<_> = found
            .modes
            .into_iter()
            .map(|mode| ModeSummary {
                center: mode.center,
                exact_share: mode.expected_share,
                share: mode.share,
                exact_std: mode.expected_std,
                std: mode.std,
            })
            .collect();
        let widest = goals.iter().map(|mode| mode.std).fold(0.0, f64::max);
        Some(figures::modes(&self.title("modes"), &summaries, MODE_RADIUS * widest))
    }

    /// Figure of the exact density at each level. There is none for data that does not state its
    /// density, or has more than two features.
    pub(super) fn density(&self) -> MaybeFigure {
        let title = self.title("probability density of each level");
        if self.data.features() == 2 {
            let panels = self.contour_panels()?;
            let names = <[String; 2]>::try_from(self.feature_names()).ok()?;
            return (!panels.is_empty()).then(|| figures::contours(&title, &names, &panels));
        }
        let panels = self.density_panels();
        let name = &self.feature_names()[0];
        (!panels.is_empty()).then(|| figures::densities(&title, name, panels))
    }

    /// Figure of the exact cumulative distribution at each level. There is none for data that does
    /// not state its density, or has more than one feature.
    pub(super) fn cumulative(&self) -> MaybeFigure {
        let panels = self.density_panels();
        let title = self.title("cumulative distribution of each level");
        let name = &self.feature_names()[0];
        (!panels.is_empty()).then(|| figures::cumulative(&title, name, panels))
    }

    /// Films that the config asks for, by the names of their files.
    pub(super) fn films(
        &self,
        config: &FilmConfig,
    ) -> Result<Vec<(&'static str, Vec<u8>)>, TrainError> {
        let levels = self.noise_levels();
        Way { levels: &levels, trajectory: &self.trajectory, data: self.data }.films(config)
    }

    /// The film of the run's page, as an MP4.
    pub(super) fn film(&self, config: &FilmConfig) -> Result<Vec<u8>, TrainError> {
        let levels = self.noise_levels();
        let way = Way { levels: &levels, trajectory: &self.trajectory, data: self.data };
        way.film(config, FilmFormat::Mp4)
    }

    fn noise_levels(&self) -> Vec<NoiseLevel> {
        let levels = self.levels.iter();
        levels.filter_map(|level| NoiseLevel::new(level.alpha, level.sigma).ok()).collect()
    }

    /// Steps of the sampling: number, level and kept rows of each. Empty where the run did not keep
    /// rows.
    fn along(&self) -> impl Iterator<Item = (usize, NoiseLevel, Vec<f64>)> + '_ {
        let steps = self.levels.iter().zip(&self.trajectory).enumerate();
        steps.filter_map(|(step, (level, rows))| {
            let level = NoiseLevel::new(level.alpha, level.sigma).ok()?;
            Some((step, level, rows.iter().map(|x| f64::from(*x)).collect()))
        })
    }

    fn density_panels(&self) -> &[DensityPanel] {
        self.densities.get_or_init(|| {
            if self.data.features() != 1 {
                return Vec::new();
            }
            let panel = |(step, level, samples): (usize, NoiseLevel, Vec<f64>)| {
                let exact = LevelDensity::new(self.data, level.alpha(), level.sigma()).ok()?;
                let points = exact.grid().iter().zip(exact.densities());
                let curve = points.map(|(x, density)| (*x, *density)).collect();
                Some(DensityPanel { name: panel_name(step, &level), curve, samples })
            };
            self.along().filter_map(panel).collect()
        })
    }

    fn contour_panels(&self) -> Option<Vec<ContourPanel>> {
        let modes = self.data.modes().filter(|modes| !modes.is_empty())?;
        let steps: Vec<_> = self.along().collect();
        let last = steps.len().saturating_sub(1);
        let count = MOST_CONTOURS.min(steps.len());
        let chosen = (0..count).map(|i| (i * last).checked_div(count - 1).unwrap_or(0));
        let panel = |i: usize| {
            let (step, level, samples) = &steps[i];
            let (alpha, sigma) = (level.alpha(), level.sigma());
            self.data.diffused_log_density(alpha, sigma, &modes[0].center)?;
            let window = Window::of(&modes, level);
            let ([x, y], samples) = (window.sides, samples.clone());
            let at = |(low, high): (f64, f64), i: usize| {
                low + (high - low) * i as f64 / (FIELD - 1) as f64
            };
            let value = |row: usize, column: usize| {
                let place = [at(x, column), at(y, row)];
                self.data.diffused_log_density(alpha, sigma, &place).map_or(0.0, f64::exp)
            };
            let cells = (0..FIELD).flat_map(|row| (0..FIELD).map(move |column| (row, column)));
            Some(ContourPanel {
                name: format!("{}{}", panel_name(*step, level), window.remark),
                x,
                y,
                columns: FIELD,
                rows: FIELD,
                values: cells.map(|(row, column)| value(row, column)).collect(),
                samples,
            })
        };
        let chosen: Vec<usize> = chosen.collect();
        chosen.into_par_iter().map(panel).collect()
    }
}

fn panel_name(step: usize, level: &NoiseLevel) -> String {
    format!("step {step}, σ = {}", number(level.sigma()))
}

/// Part of the plane that a contour panel shows.
struct Window {
    sides: [(f64, f64); 2],
    remark: String,
}

impl Window {
    /// Window around all modes at a level, or around the first mode alone if the modes are too
    /// narrow for the panel's grid.
    fn of(modes: &[Mode], level: &NoiseLevel) -> Self {
        let alpha = level.alpha();
        let spread = |mode: &Mode| (alpha * mode.std).hypot(level.sigma());
        let side = |modes: &[Mode], axis: usize, reach: f64| {
            let ends = modes.iter().map(|mode| {
                let (at, reach) = (alpha * mode.center[axis], reach * spread(mode));
                (at - reach, at + reach)
            });
            ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (a, b)| {
                (low.min(a), high.max(b))
            })
        };
        let sides = |modes: &[Mode], reach| [side(modes, 0, reach), side(modes, 1, reach)];
        let whole = sides(modes, 3.5);
        let widest = whole.iter().map(|(low, high)| high - low).fold(0.0, f64::max);
        let narrowest = modes.iter().map(spread).fold(f64::INFINITY, f64::min);
        // A mode whose standard deviation is below two grid steps would show as a few squares.
        if narrowest > 2.0 * widest / FIELD as f64 {
            // A margin of a tenth of the longer side, so that nothing sits on the panel's frame.
            let sides = whole.map(|(low, high)| (low - 0.1 * widest, high + 0.1 * widest));
            return Self { sides, remark: String::new() };
        }
        let center = modes[0].center.iter().map(|c| number(alpha * c)).collect::<Vec<_>>();
        let remark = format!(", near ({})", center.join(", "));
        Self { sides: sides(&modes[..1], 4.5), remark }
    }
}
