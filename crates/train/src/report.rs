//! The figures of a run, from its files.

use std::path::{Path, PathBuf};

use langevin_data::{Dataset, Part, Purpose, Streams};

use crate::{
    FigureKind, Metrics, RunConfig, Samples, TrainError,
    durable::{create_folder, write_durably},
    figures::{self, Curve, Figure, LevelStatistics, Points},
    sampling::level_goal,
};

/// Rows of data drawn under the samples.
const REFERENCE_ROWS: usize = 4000;

/// Draws the figures that the config names; gives the files written.
///
/// # Errors
/// A figure that cannot be drawn or written.
pub(crate) fn draw_figures(
    run: &Path,
    config: &RunConfig,
    data: &dyn Dataset,
    samples: &Samples,
) -> Result<Vec<PathBuf>, TrainError> {
    let folder = run.join("figures");
    create_folder(&folder)?;
    let mut written = Vec::new();
    for kind in &config.report.figures {
        let (name, figure) = match kind {
            FigureKind::Loss => ("loss", loss(run, config)?),
            FigureKind::Scatter => ("scatter", scatter(config, data, samples)),
            FigureKind::Levels => match levels(config, data, samples) {
                Some(figure) => ("levels", figure),
                // Data that does not state its moments has no goal to be measured against.
                None => continue,
            },
        };
        let failed = |error: figures::FigureError| TrainError::Figure {
            name: name.to_owned(),
            message: error.to_string(),
        };
        let figure = figure.map_err(failed)?;
        let svg = folder.join(format!("{name}.svg"));
        write_durably(&svg, figure.svg().as_bytes())?;
        let png = folder.join(format!("{name}.png"));
        write_durably(&png, &figure.png().map_err(failed)?)?;
        written.extend([svg, png]);
    }
    Ok(written)
}

type Drawn = Result<Figure, figures::FigureError>;

fn loss(run: &Path, config: &RunConfig) -> Result<Drawn, TrainError> {
    let path = run.join("metrics.jsonl");
    let text = std::fs::read_to_string(&path)
        .map_err(|source| TrainError::io("cannot read", &path, source))?;
    let lines: Vec<Metrics> = text.lines().filter_map(|l| serde_json::from_str(l).ok()).collect();
    let training: Vec<_> = lines.iter().map(|line| (line.step, line.mean_loss)).collect();
    let held_out: Vec<_> =
        lines.iter().filter_map(|line| Some((line.step, line.held_out_loss?))).collect();
    let mut curves = vec![Curve { name: "training", points: &training }];
    if !held_out.is_empty() {
        curves.push(Curve { name: "held out", points: &held_out });
    }
    Ok(figures::curves(&format!("{}: loss", config.name), "loss", &curves))
}

fn scatter(config: &RunConfig, data: &dyn Dataset, samples: &Samples) -> Drawn {
    let mut rows = vec![0.0; REFERENCE_ROWS * data.features()];
    let mut stream = Streams::new(config.seed).at(Purpose::Reference, 0, 0);
    data.draw(Part::HeldOut, &mut stream, &mut rows);
    let values: Vec<f64> = samples.values.iter().map(|v| f64::from(*v)).collect();
    figures::scatter(
        &format!("{}: samples over data", config.name),
        &data.columns(),
        Points { name: "samples", rows: &values },
        Points { name: "data", rows: &rows },
    )
}

fn levels(config: &RunConfig, data: &dyn Dataset, samples: &Samples) -> Option<Drawn> {
    let (mean, variance) = (data.mean()?, data.variance()?);
    let statistics: Vec<_> = samples
        .levels
        .iter()
        .map(|seen| {
            let goal = level_goal(&mean, &variance, &seen.level);
            LevelStatistics {
                sigma: seen.level.sigma(),
                mean: seen.mean.clone(),
                std: seen.std.clone(),
                goal_mean: goal.mean,
                goal_std: goal.std,
            }
        })
        .collect();
    let title = format!("{}: along the sampling", config.name);
    Some(figures::levels(&title, &data.columns(), &statistics))
}
