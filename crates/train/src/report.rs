//! The figures of a run and its page, all from what the run's folder holds.

mod along;

use std::path::{Path, PathBuf};

use langevin_data::{Dataset, Part};

use crate::{
    Comparison, Metrics, RunConfig, RunRecords, TrainError,
    config::{DataConfig, FigureKind},
    durable::{create_inner_folder, write_durably},
    figures::{self, Curve, Distance, Figure, FigureError, LevelStatistics, Pixels, Points},
    fingerprint::same_data,
    page::{self, Section},
    records::{LevelRecord, read_levels, read_samples},
    sampling::level_goal,
    spaces::BothSpaces,
    trajectory::read_trajectory,
};

/// Rows of data drawn under the samples.
const REFERENCE_ROWS: usize = 4000;

/// What was drawn of a run.
pub(crate) struct Drawn {
    /// The files, in the order in which they were written.
    pub(crate) written: Vec<PathBuf>,
    /// Figures that the config names and the run has nothing to draw from.
    pub(crate) skipped: Vec<&'static str>,
}

/// Draws the figures and films that the config names, and the page.
///
/// # Errors
/// A file of the run that is not ours, a figure that cannot be drawn or written.
pub(crate) fn draw(
    run: &Path,
    config: &RunConfig,
    data: &dyn Dataset,
) -> Result<Drawn, TrainError> {
    let material = Material::read(run, data)?;
    let (mut written, mut skipped) = (Vec::new(), Vec::new());
    if !config.report.figures.is_empty() {
        let folder = run.join("figures");
        create_inner_folder(&folder)?;
        for kind in &config.report.figures {
            let (name, figure) = material.figure(*kind)?;
            let Some(figure) = figure else {
                skipped.push(name);
                continue;
            };
            let svg = folder.join(format!("{name}.svg"));
            write_durably(&svg, figure.svg().as_bytes())?;
            let png = folder.join(format!("{name}.png"));
            write_durably(&png, &figure.png().map_err(failed(name))?)?;
            written.extend([svg, png]);
        }
    }
    if let Some(film) = config.report.film.as_ref().filter(|_| !material.trajectory.is_empty()) {
        for (name, bytes) in material.films(film)? {
            let path = run.join(name);
            write_durably(&path, &bytes)?;
            written.push(path);
        }
    }
    if config.report.page {
        written.push(material.write_page()?);
    }
    Ok(Drawn { written, skipped })
}

/// Writes report.html of a run, new or long finished, and gives its path.
///
/// # Errors
/// A file of the run that is not ours, or a figure that cannot be drawn.
pub fn report_run(run: &Path, data: &dyn Dataset) -> Result<PathBuf, TrainError> {
    let material = Material::read(run, data)?;
    same_data(&material.records.manifest.data, data)
        .map_err(|why| TrainError::Usage(format!("{}: {why}", run.display())))?;
    material.write_page()
}

/// The page of several runs: results, what differs in their configs, and their curves.
///
/// # Errors
/// A figure that cannot be drawn.
pub fn compare_runs(records: &[RunRecords], comparison: &Comparison) -> Result<String, TrainError> {
    type Quantity = fn(&Metrics) -> Option<f64>;
    let quantities: [(&str, Quantity); 4] = [
        ("training loss", |line| Some(line.mean_loss)),
        ("held-out loss", |line| line.held_out_loss),
        ("learning rate", |line| Some(line.learning_rate)),
        ("gradient norm", |line| Some(line.gradient_norm)),
    ];
    let mut sections = Vec::new();
    for (name, value) in quantities {
        let points: Vec<Vec<_>> = records
            .iter()
            .map(|r| r.metrics.iter().filter_map(|line| Some((line.step, value(line)?))).collect())
            .collect();
        let named = comparison.runs.iter().zip(&points).filter(|(_, points)| !points.is_empty());
        let curves: Vec<_> = named.map(|(name, points)| Curve { name, points }).collect();
        if !curves.is_empty() {
            let figure = figures::curves(name, name, &curves).map_err(failed(name))?;
            sections.push(Section { name, source: "metrics.jsonl", svg: figure.themed_svg() });
        }
    }
    page::compare_page(comparison, &sections)
}

/// What figures are drawn from.
struct Material<'a> {
    records: RunRecords,
    data: &'a dyn Dataset,
    columns: Vec<String>,
    /// In the user's columns and units.
    reference: Vec<f64>,
    /// The same of the samples; empty before they are drawn.
    samples: Vec<f64>,
    levels: Vec<LevelRecord>,
    /// The first samples at each of the levels, in the model's space; empty where they were not kept.
    trajectory: Vec<Vec<f32>>,
}

impl<'a> Material<'a> {
    fn read(run: &Path, data: &'a dyn Dataset) -> Result<Self, TrainError> {
        let records = RunRecords::read(run)?;
        let columns = data.columns();
        // Where no row is held out, the training rows are all there is.
        let part = if data.len(Part::HeldOut) == Some(0) { Part::Training } else { Part::HeldOut };
        let seed = records.config.seed;
        let levels = read_levels(run)?;
        Ok(Self {
            trajectory: read_trajectory(run, levels.len(), data.features())?,
            reference: BothSpaces::of_data(data, part, seed, 0, REFERENCE_ROWS).user,
            samples: read_samples(run, columns.len())?,
            levels,
            records,
            data,
            columns,
        })
    }

    /// The name of a figure's file, and the figure; none where the run has nothing to draw it from.
    fn figure(&self, kind: FigureKind) -> Result<(&'static str, Option<Figure>), TrainError> {
        let name = &self.records.config.name;
        let (file, drawn) = match kind {
            FigureKind::Loss => ("loss", self.loss()),
            FigureKind::Scatter => ("scatter", self.scatter(&format!("{name}: samples over data"))),
            FigureKind::Levels => ("levels", self.levels()),
            FigureKind::Marginals => ("marginals", self.marginals()),
            FigureKind::Images => ("images", self.images()),
            FigureKind::Noise => ("noise", self.noise()),
            FigureKind::Trajectory => ("trajectory", self.trajectory()),
            FigureKind::Convergence => ("convergence", self.convergence()),
            FigureKind::Modes => ("modes", self.modes()),
            FigureKind::Density => ("density", self.density()),
            FigureKind::Cumulative => ("cumulative", self.cumulative()),
        };
        Ok((file, drawn.transpose().map_err(failed(file))?))
    }

    fn loss(&self) -> MaybeFigure {
        let metrics = &self.records.metrics;
        let training: Vec<_> = metrics.iter().map(|line| (line.step, line.mean_loss)).collect();
        let held_out: Vec<_> =
            metrics.iter().filter_map(|line| Some((line.step, line.held_out_loss?))).collect();
        let mut curves = vec![Curve { name: "training", points: &training }];
        if !held_out.is_empty() {
            curves.push(Curve { name: "held out", points: &held_out });
        }
        let title = format!("{}: loss", self.records.config.name);
        (!training.is_empty()).then(|| figures::curves(&title, "loss", &curves))
    }

    /// A number of each log line over the steps.
    fn curve(&self, quantity: &str, value: impl Fn(&Metrics) -> f64) -> MaybeFigure {
        let points: Vec<_> =
            self.records.metrics.iter().map(|line| (line.step, value(line))).collect();
        let title = format!("{}: {quantity}", self.records.config.name);
        let curves = [Curve { name: quantity, points: &points }];
        (!points.is_empty()).then(|| figures::curves(&title, quantity, &curves))
    }

    fn sets(&self) -> Option<(Points<'_>, Points<'_>)> {
        let samples = Points { name: "samples", rows: &self.samples };
        (!self.samples.is_empty())
            .then_some((samples, Points { name: "data", rows: &self.reference }))
    }

    fn scatter(&self, title: &str) -> MaybeFigure {
        let (samples, data) = self.sets()?;
        Some(figures::scatter(title, &self.columns, samples, data))
    }

    fn marginals(&self) -> MaybeFigure {
        let (samples, data) = self.sets()?;
        let title = format!("{}: each column", self.records.config.name);
        Some(figures::marginals(&title, &self.columns, samples, data))
    }

    fn images(&self) -> MaybeFigure {
        let DataConfig::Table(table) = &self.records.config.data else { return None };
        let (samples, data) = self.sets()?;
        let pixels =
            Pixels { columns: self.columns.len(), width: table.image_width?, value_range: None };
        let title = format!("{}: images", self.records.config.name);
        Some(figures::images(&title, pixels, samples, data))
    }

    /// None for data that does not state its moments: it has no goal to be measured against.
    fn levels(&self) -> MaybeFigure {
        let (mean, variance) = (self.data.mean()?, self.data.variance()?);
        let statistics: Vec<_> = self
            .levels
            .iter()
            .filter(|seen| seen.mean.len() == mean.len() && seen.std.len() == mean.len())
            .filter_map(|seen| {
                let level = langevin_core::NoiseLevel::new(seen.alpha, seen.sigma).ok()?;
                let goal = level_goal(&mean, &variance, &level);
                Some(LevelStatistics {
                    sigma: seen.sigma,
                    mean: seen.mean.clone(),
                    std: seen.std.clone(),
                    goal_mean: goal.mean,
                    goal_std: goal.std,
                })
            })
            .collect();
        let names = self.feature_names();
        let title = format!("{}: along the sampling", self.records.config.name);
        (!statistics.is_empty()).then(|| figures::levels(&title, &names, &statistics))
    }

    fn distances(&self) -> MaybeFigure {
        let evaluation = self.records.evaluation.as_ref()?;
        let baselines: Vec<Vec<_>> = evaluation
            .metrics
            .iter()
            .map(|m| m.distance.baselines.iter().map(|(name, d)| (name.as_str(), *d)).collect())
            .collect();
        let rows: Vec<_> = evaluation
            .metrics
            .iter()
            .zip(&baselines)
            .map(|(metric, baselines)| Distance {
                name: page::metric_name(&metric.name),
                samples: metric.distance.samples,
                standard_error: Some(metric.distance.standard_error),
                floor: Some(metric.distance.floor),
                baselines,
            })
            .collect();
        Some(figures::distances("Distances to the held-out rows", &rows))
    }

    fn write_page(&self) -> Result<PathBuf, TrainError> {
        let from_samples = "samples.csv over the rows of the data that are held out";
        let exact = "levels.json, against the exact goal of each level";
        let first = "trajectory.npy: the first samples at each level";
        let plan: [(&str, &str, MaybeFigure); 14] = [
            ("images", from_samples, self.images()),
            ("scatter", from_samples, self.scatter("Samples over data")),
            ("distances", "evaluation.json", self.distances()),
            ("marginals", from_samples, self.marginals()),
            ("modes", "samples.csv", self.modes()),
            ("levels", exact, self.levels()),
            ("convergence", "levels.json", self.convergence()),
            ("trajectory", first, self.trajectory()),
            ("density", first, self.density()),
            ("cumulative", first, self.cumulative()),
            ("noise", "config.json", self.noise()),
            ("loss", "metrics.jsonl", self.loss()),
            ("learning rate", "metrics.jsonl", self.curve("learning rate", |l| l.learning_rate)),
            ("gradient norm", "metrics.jsonl", self.curve("gradient norm", |l| l.gradient_norm)),
        ];
        let mut sections = Vec::new();
        for (name, source, drawn) in plan {
            if let Some(figure) = drawn.transpose().map_err(failed(name))? {
                sections.push(Section { name, source, svg: figure.themed_svg() });
            }
        }
        let path = self.records.run.join("report.html");
        let html = page::run_page(&self.records, self.data, &sections)?;
        write_durably(&path, html.as_bytes())?;
        Ok(path)
    }
}

/// None where a run has nothing to draw a figure from.
type MaybeFigure = Option<Result<Figure, FigureError>>;

/// A figure that could not be drawn, by its name.
fn failed(name: &str) -> impl Fn(FigureError) -> TrainError + '_ {
    |error| TrainError::Figure { name: name.to_owned(), message: error.to_string() }
}
