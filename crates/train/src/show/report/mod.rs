//! Report of a run: its figures and its page, drawn from the files in the run's folder.

mod along;
mod captions;
mod cells;

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

use langevin_data::{
    Dataset, Part,
    measure::{Coverage, Estimate, LevelErrors},
};
use rayon::prelude::*;

use crate::{
    TrainError,
    config::{FigureKind, FilmConfig, FilmPicture},
    problem::Problem,
    sample::{
        Tones,
        file::read_samples,
        level_goal,
        levels::{LevelRecord, read_levels},
        spaces::{BothSpaces, drawn_columns},
        trajectory::read_trajectory,
    },
    show::{
        Comparison,
        denoising::denoising_text,
        figures::{
            self, CoveragePoint, Curve, DensityPanel, Distance, Figure, FigureError,
            LevelErrorCurve, LevelStatistics, Pixels, Points,
        },
        page::{self, PageFilm, Section},
    },
    store::{
        RunRecords,
        durable::{create_inner_folder, write_durably},
        fingerprint::same_data,
    },
    trainer::Metrics,
};

/// Most rows of data that are drawn under the samples.
const REFERENCE_ROWS: usize = 4000;

/// Result of drawing a run's figures, films and page.
pub(crate) struct Drawn {
    /// Paths of the files, in the order in which they were written.
    pub(crate) written: Vec<PathBuf>,
    /// Figures that the config names, but for which the run has no data.
    pub(crate) skipped: Vec<&'static str>,
}

/// Draws the figures and films that the config names, and the page.
///
/// # Errors
/// A malformed file in the run's folder; a figure that cannot be drawn or written.
pub(crate) fn draw(run: &Path, problem: &Problem, data: &dyn Dataset) -> Result<Drawn, TrainError> {
    let (material, config) = (Material::read(run, problem, data)?, problem.config());
    let film = config.report.film.as_ref().filter(|_| !material.trajectory.is_empty());
    // Figures, films and those of the page are drawn side by side, then written one after the other.
    let (figures, (films, sections)) = rayon::join(
        || -> Vec<_> {
            config.report.distinct_figures().par_iter().map(|k| material.files(*k)).collect()
        },
        || {
            rayon::join(
                || film.map_or(Ok(Vec::new()), |film| material.films(film)),
                || config.report.page.then(|| material.sections()).transpose(),
            )
        },
    );
    let films = films?;
    let page = sections?.map(|sections| {
        let mp4 = films.iter().find(|(name, _)| *name == "film.mp4");
        let film = film.zip(mp4).map(|(film, (_, mp4))| page_film(film, mp4.clone()));
        material.page(film.as_ref(), &sections)
    });
    let (mut written, mut skipped) = (Vec::new(), Vec::new());
    if !figures.is_empty() {
        let folder = run.join("figures");
        create_inner_folder(&folder)?;
        for drawn in figures {
            let (name, files) = drawn?;
            let Some((svg, png)) = files else {
                skipped.push(name);
                continue;
            };
            for (ending, bytes) in [("svg", svg.as_bytes()), ("png", &png)] {
                let path = folder.join(format!("{name}.{ending}"));
                write_durably(&path, bytes)?;
                written.push(path);
            }
        }
    }
    for (name, bytes) in films {
        let path = run.join(name);
        write_durably(&path, &bytes)?;
        written.push(path);
    }
    if let Some(html) = page.transpose()? {
        written.push(material.write_page(&html)?);
    }
    Ok(Drawn { written, skipped })
}

/// Remark on names of columns whose characters neither the embedded font nor the machine's have; `None` where a run
/// draws nothing as pixels.
pub(crate) fn missing_glyphs(problem: &Problem, data: &dyn Dataset) -> Option<String> {
    let report = &problem.config().report;
    if report.figures.is_empty() && report.film.is_none() {
        return None;
    }
    let names = data.column_names();
    figures::missing_glyphs(names.iter().map(String::as_str))
}

/// Writes report.html of a run, new or long finished, and returns its path.
///
/// # Errors
/// A malformed file in the run's folder, data that is not the run's, or a figure that cannot be
/// drawn.
pub fn report_run(
    run: &Path,
    problem: &Problem,
    data: &dyn Dataset,
) -> Result<PathBuf, TrainError> {
    let material = Material::read(run, problem, data)?;
    same_data(&material.records.manifest.data, data).map_err(|why| why.of(run))?;
    let film = problem.config().report.film.as_ref().filter(|_| !material.trajectory.is_empty());
    let (film, sections) = rayon::join(
        || film.map(|film| material.film(film).map(|mp4| page_film(film, mp4))).transpose(),
        || material.sections(),
    );
    material.write_page(&material.page(film?.as_ref(), &sections?)?)
}

/// Film of a page, by its settings and its bytes.
fn page_film(film: &FilmConfig, mp4: Vec<u8>) -> PageFilm {
    let says = captions::film_caption(film.picture == FilmPicture::Density);
    PageFilm { mp4, size: film.size, says }
}

/// Page that compares runs: their results, the differences of their configs, and their curves.
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
            let says = captions::caption(name, 0);
            sections.push(Section {
                name,
                says,
                source: "metrics.jsonl",
                svg: figure.themed_svg(),
            });
        }
    }
    page::compare_page(comparison, &sections)
}

/// Material of a run's figures, read from its folder.
struct Material<'a> {
    records: RunRecords,
    problem: &'a Problem,
    data: &'a dyn Dataset,
    columns: Vec<String>,
    /// Rows of the data, held-out ones if there are any.
    reference: BothSpaces,
    /// Samples in the user's columns and units, row by row. Empty before samples are drawn.
    samples: Vec<f64>,
    levels: Vec<LevelRecord>,
    /// The first samples at each level, in the model's space. Empty where the run did not keep
    /// them.
    trajectory: Vec<Vec<f32>>,
    /// Exact density at each level, computed once for several figures.
    densities: OnceLock<Vec<DensityPanel>>,
}

impl<'a> Material<'a> {
    fn read(run: &Path, problem: &'a Problem, data: &'a dyn Dataset) -> Result<Self, TrainError> {
        let records = RunRecords::read(run)?;
        let columns = data.column_names();
        // Without held-out rows the figures show the training rows.
        let part = if data.len(Part::HeldOut) == Some(0) { Part::Training } else { Part::HeldOut };
        let seed = records.config.seed;
        let levels = read_levels(run)?;
        Ok(Self {
            trajectory: read_trajectory(run, levels.len(), data.features())?,
            reference: BothSpaces::of_data(data, part, seed, 0, Some(REFERENCE_ROWS)),
            densities: OnceLock::new(),
            samples: read_samples(run, &data.columns())?,
            levels,
            records,
            problem,
            data,
            columns,
        })
    }

    /// Name of a figure with its SVG and PNG. There is none of either if the run has no data for
    /// the figure.
    #[expect(clippy::type_complexity, reason = "two files, or none")]
    fn files(
        &self,
        kind: FigureKind,
    ) -> Result<(&'static str, Option<(String, Vec<u8>)>), TrainError> {
        let (name, figure) = self.figure(kind)?;
        let Some(figure) = figure else { return Ok((name, None)) };
        let png = figure.png().map_err(failed(name))?;
        Ok((name, Some((figure.svg().to_owned(), png))))
    }

    /// Name of a figure's file, and the figure if the run has data for it.
    fn figure(&self, kind: FigureKind) -> Result<(&'static str, Option<Figure>), TrainError> {
        let name = &self.records.config.name;
        let (file, drawn) = match kind {
            FigureKind::Loss => ("loss", self.loss()),
            FigureKind::Scatter => ("scatter", self.scatter(&format!("{name}: samples over data"))),
            FigureKind::Levels => ("levels", self.levels()),
            FigureKind::Marginals => ("marginals", self.marginals()),
            FigureKind::Shares => ("shares", self.shares()),
            FigureKind::Pairs => ("pairs", self.pairs()),
            FigureKind::WorstPair => ("worst_pair", self.worst_pair()),
            FigureKind::Images => ("images", self.images()),
            FigureKind::Noise => ("noise", self.noise()),
            FigureKind::Trajectory => ("trajectory", self.trajectory()),
            FigureKind::Convergence => ("convergence", self.convergence()),
            FigureKind::Modes => ("modes", self.modes()),
            FigureKind::Density => ("density", self.density()),
            FigureKind::Denoising => ("denoising", self.denoising()),
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

    /// Curve of one number of every log line, over the steps.
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
            .then_some((samples, Points { name: "data", rows: &self.reference.user }))
    }

    fn scatter(&self, title: &str) -> MaybeFigure {
        let numbers = self.numbers()?;
        let (samples, data) = numbers.sets();
        Some(figures::scatter(title, &numbers.names, samples, data))
    }

    fn marginals(&self) -> MaybeFigure {
        let numbers = self.numbers()?;
        let (samples, data) = numbers.sets();
        let title = format!("{}: each column", self.records.config.name);
        Some(figures::marginals(&title, &numbers.names, samples, data))
    }

    fn images(&self) -> MaybeFigure {
        let picture = self.data.picture()?;
        let (samples, data) = self.sets()?;
        let [own, real] = [samples.rows, data.rows].map(|rows| drawn_columns(self.data, rows));
        let (samples, data) = (Points { rows: &own, ..samples }, Points { rows: &real, ..data });
        let title = format!("{}: images", self.records.config.name);
        if picture.is_coloured() {
            let Tones { black, white } = Tones::of_data(self.data);
            return Some(figures::coloured_images(&title, picture, (black, white), samples, data));
        }
        let pixels = Pixels { columns: picture.columns(), width: picture.width, value_range: None };
        Some(figures::images(&title, pixels, samples, data))
    }

    /// Figure of the moments at each level. Data that does not state its own moments has none:
    /// there is no exact goal.
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

    /// Figure of the denoiser's errors by noise level. A run that was not evaluated has none.
    fn denoising(&self) -> MaybeFigure {
        let denoising = self.records.evaluation.as_ref()?.denoising.as_ref()?;
        let curve = |name, of: &dyn Fn(&LevelErrors) -> Option<Estimate>| {
            let point = |level: &LevelErrors| Some((level.ratio(), of(level)?.mean));
            (name, denoising.levels.iter().filter_map(point).collect::<Vec<_>>())
        };
        let known = denoising.levels.iter().any(|level| level.regret.is_some());
        let (what, curves) = if known {
            let regret = curve("regret of the network, E|D − D*|²", &|level| level.regret);
            let optimum =
                curve("the optimum's own error, E|D* − x₀|²", &|level| level.optimum);
            ("regret by noise level", vec![regret, optimum])
        } else {
            let network = curve("network", &|level| Some(level.error));
            let constant = curve("constant", &|level| Some(level.constant));
            let independent = curve("independent features", &|level| level.independent);
            ("held-out error by noise level", vec![network, constant, independent])
        };
        let drawn = curves.iter().filter(|(_, points)| !points.is_empty());
        let curves: Vec<_> = drawn.map(|(name, points)| LevelErrorCurve { name, points }).collect();
        let title = format!("{}: {what}", self.records.config.name);
        let note = denoising_text(denoising);
        (!curves.is_empty()).then(|| figures::level_errors(&title, &curves, note.as_deref()))
    }

    /// Figure of how many hidden cells the intervals of what was filled in hold. A run whose model is told nothing, or
    /// columns that it never draws, has none.
    fn coverage(&self) -> MaybeFigure {
        let found = self.records.evaluation.as_ref()?.conditionals.as_ref()?.filled.as_ref()?;
        let point = |it: &Coverage| {
            let Coverage { level, share, standard_error } = *it;
            CoveragePoint { level, share, standard_error }
        };
        let points: Vec<_> = found.coverage.iter().map(point).collect();
        let title = format!("{}: hidden cells, filled in", self.records.config.name);
        let notes = [format!(
            "{} cells of {} held-out rows, {} draws each; lines of two standard errors",
            found.cells, found.rows, found.draws
        )];
        Some(figures::coverage(&title, &points, &notes))
    }

    /// Page of the run, as HTML.
    fn page(&self, film: Option<&PageFilm>, sections: &[Section]) -> Result<String, TrainError> {
        let glyphs = missing_glyphs(self.problem, self.data);
        let remarks: Vec<_> = self.problem.remarks(self.data).into_iter().chain(glyphs).collect();
        page::run_page(&self.records, self.data, &remarks, film, sections)
    }

    /// Figures of the run's page.
    fn sections(&self) -> Result<Vec<Section>, TrainError> {
        let columns = self.numbers().map_or(0, |numbers| numbers.names.len());
        let from_samples = "samples.csv over the rows of the data that are held out";
        let exact = "levels.json, against the exact goal of each level";
        let first = "trajectory.npy: the first samples at each level";
        type Draw<'a> = &'a (dyn Fn() -> MaybeFigure + Sync);
        let plan: [(&'static str, &'static str, Draw<'_>); 19] = [
            ("images", from_samples, &|| self.images()),
            ("scatter", from_samples, &|| self.scatter("Samples over data")),
            ("distances", "evaluation.json", &|| self.distances()),
            ("coverage", "evaluation.json", &|| self.coverage()),
            ("denoising", "evaluation.json", &|| self.denoising()),
            // Of one column, the scatter is this histogram.
            ("marginals", from_samples, &|| self.marginals().filter(|_| columns > 1)),
            ("shares", from_samples, &|| self.shares()),
            ("pairs", "evaluation.json", &|| self.pairs()),
            ("worst pair", "evaluation.json, and samples.csv over held-out rows", &|| {
                self.worst_pair()
            }),
            ("modes", "samples.csv", &|| self.modes()),
            ("levels", exact, &|| self.levels()),
            ("convergence", "levels.json", &|| self.convergence()),
            ("trajectory", first, &|| self.trajectory()),
            ("density", first, &|| self.density()),
            ("cumulative", first, &|| self.cumulative()),
            ("noise", "config.json", &|| self.noise()),
            ("loss", "metrics.jsonl", &|| self.loss()),
            ("learning rate", "metrics.jsonl", &|| {
                self.curve("learning rate", |line| line.learning_rate)
            }),
            ("gradient norm", "metrics.jsonl", &|| {
                self.curve("gradient norm", |line| line.gradient_norm)
            }),
        ];
        let section = |&(name, source, draw): &(&'static str, &'static str, Draw<'_>)| {
            let figure = draw().transpose().map_err(failed(name))?;
            let says = captions::caption(name, columns);
            Ok(figure.map(|figure| Section { name, says, source, svg: figure.themed_svg() }))
        };
        let sections: Result<Vec<Option<Section>>, TrainError> =
            plan.par_iter().map(section).collect();
        Ok(sections?.into_iter().flatten().collect())
    }

    fn write_page(&self, html: &str) -> Result<PathBuf, TrainError> {
        let path = self.records.run.join("report.html");
        write_durably(&path, html.as_bytes())?;
        Ok(path)
    }
}

/// Figure, or `None` if the run has no data for it.
type MaybeFigure = Option<Result<Figure, FigureError>>;

/// Error of a figure that cannot be drawn, under the figure's name.
fn failed(name: &str) -> impl Fn(FigureError) -> TrainError + '_ {
    |error| TrainError::figure(name, error)
}
