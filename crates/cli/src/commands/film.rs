//! `langevin film`: a run's samples moving from noise to data.

use std::path::{Path, PathBuf};

use langevin_train::{FilmFormat, Problem, TrainError, draw_film, sample_run};
use serde_json::json;

use super::{Needs, check_folder_of, config_of, on_trained, with_settings};
use crate::{
    args::{Args, FilmArgs},
    failure::Failure,
};

/// Largest number of samples that a film shows: a run keeps the trajectories of as many.
const MOST_SAMPLES: usize = 2000;

/// Draws the run's first samples again and makes films of their trajectories.
pub fn run(args: &Args, film: &FilmArgs) -> Result<u8, Failure> {
    let mut config = config_of(&film.run, film.data.as_deref())?;
    let own = serde_json::to_value(config.report.film.unwrap_or_default())
        .map_err(|source| TrainError::Json { name: "report.film".to_owned(), source })?;
    let count = config.sample.count.min(MOST_SAMPLES);
    let mut settings = vec![format!("sample.count={count}"), format!("report.film={own}")];
    if let Some(setting) = film.set.iter().find(|setting| !setting.contains('=')) {
        return Err(Failure::usage(format!("--set {setting}: must be KEY=VALUE, as seconds=4")));
    }
    settings.extend(film.set.iter().map(|setting| format!("report.film.{setting}")));
    config = with_settings(&config, &settings)?;
    let looped = config.report.film.as_ref().is_some_and(|film| film.there_and_back);
    let outputs = outputs(film, looped)?;
    let (run, problem) = (&film.run, Problem::new(config.clone())?);
    // The rows lie under the samples where they are there, and still the run's.
    let needs = if film.data.is_some() { Needs::Rows } else { Needs::RowsIfSame };
    let needs = ("film", needs);
    let drawn =
        on_trained(args, run, problem, needs, |problem, network, data, options, display| {
            sample_run(run, problem, config.seed, network, data, options, display)
        })?;
    let (display, data, samples) = match drawn {
        Ok(drawn) => drawn,
        Err(stopped) => return Ok(stopped),
    };
    let settings = config.report.film.unwrap_or_default();
    for (path, format) in outputs {
        let bytes = draw_film(&settings, data.as_ref(), &samples, format)?;
        langevin_train::write_new_file(&path, &bytes)
            .map_err(Failure::writing_to(film.out.as_deref()))?;
        let shown = path.display().to_string();
        display.result(&format!("{count} samples in {shown}"));
        display.json(&json!({ "event": "wrote", "path": shown, "samples": count }));
    }
    Ok(0)
}

/// The files to write, each with its format; none of them exists yet.
fn outputs(film: &FilmArgs, looped: bool) -> Result<Vec<(PathBuf, FilmFormat)>, Failure> {
    let Some(path) = &film.out else {
        let new = |name, extension| free(&film.run, name, extension);
        let mut outputs =
            vec![(new("film", "gif"), FilmFormat::Gif), (new("film", "mp4"), FilmFormat::Mp4)];
        if looped {
            outputs.push((new("film-loop", "gif"), FilmFormat::LoopedGif));
        }
        return Ok(outputs);
    };
    let format = match path.extension().and_then(|extension| extension.to_str()) {
        Some("gif") if looped => FilmFormat::LoopedGif,
        Some("gif") => FilmFormat::Gif,
        Some("mp4") if looped => {
            let message = "--out: only a .gif goes there and back";
            return Err(Failure::usage(message));
        }
        Some("mp4") => FilmFormat::Mp4,
        _ => {
            let message = format!("--out: must end in .gif or .mp4, got {}", path.display());
            return Err(Failure::usage(message));
        }
    };
    if path.exists() {
        return Err(TrainError::Exists(path.clone()).into());
    }
    check_folder_of(path)?;
    Ok(vec![(path.clone(), format)])
}

/// The first path in the run's folder that is free, of NAME.EXTENSION, NAME-2.EXTENSION, NAME-3.EXTENSION …
fn free(run: &Path, name: &str, extension: &str) -> PathBuf {
    let numbered = (2_u64..).map(|number| format!("{name}-{number}.{extension}"));
    let names = std::iter::once(format!("{name}.{extension}")).chain(numbered);
    let mut paths = names.map(|name| run.join(name));
    paths.find(|path| !path.exists()).unwrap_or_else(|| run.join(name))
}
