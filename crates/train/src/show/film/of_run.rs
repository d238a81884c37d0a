//! Films of a run, as its run file asks for them, from the trajectories of its first samples.

use langevin_core::NoiseLevel;
use langevin_data::{Dataset, LevelDensity, Part};
use rayon::prelude::*;

use crate::{
    TrainError,
    config::{FilmConfig, TRAJECTORY_ROWS},
    sample::{
        Samples,
        spaces::{BothSpaces, feature_names},
    },
    show::{
        film::{Course, DensityAt, Film, FilmError, Trajectory},
        numbers::number,
    },
};

/// Format of a film.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilmFormat {
    /// GIF that loops, from noise to samples.
    Gif,
    /// GIF that loops, from noise to samples and back.
    LoopedGif,
    /// MP4 of H.264, from noise to samples.
    Mp4,
}

/// Film of samples that move through the levels, as a file's bytes. `format` decides whether the
/// film also goes back; `config.there_and_back` is not read.
///
/// # Errors
/// A setting out of its range, or frames that cannot be coded.
pub fn draw_film(
    config: &FilmConfig,
    data: &dyn Dataset,
    samples: &Samples,
    format: FilmFormat,
) -> Result<Vec<u8>, TrainError> {
    let levels: Vec<_> = samples.levels.iter().map(|seen| seen.level).collect();
    let way = Way { levels: &levels, trajectory: &samples.trajectory, data };
    way.film(config, format)
}

/// Way of a run's first samples through the levels, with the data whose density is drawn.
pub(crate) struct Way<'a> {
    pub(crate) levels: &'a [NoiseLevel],
    pub(crate) trajectory: &'a [Vec<f32>],
    pub(crate) data: &'a dyn Dataset,
}

impl Way<'_> {
    /// Films that the config asks for, by the names of their files.
    pub(crate) fn films(
        &self,
        config: &FilmConfig,
    ) -> Result<Vec<(&'static str, Vec<u8>)>, TrainError> {
        let mut formats = vec![("film.gif", FilmFormat::Gif), ("film.mp4", FilmFormat::Mp4)];
        if config.there_and_back {
            formats.push(("film-loop.gif", FilmFormat::LoopedGif));
        }
        let film = |(name, format)| Ok((name, self.film(config, format)?));
        formats.into_par_iter().map(film).collect()
    }

    /// One film, as a file's bytes.
    pub(crate) fn film(
        &self,
        config: &FilmConfig,
        format: FilmFormat,
    ) -> Result<Vec<u8>, TrainError> {
        let course = match format {
            FilmFormat::LoopedGif => Course::ThereAndBack,
            FilmFormat::Gif | FilmFormat::Mp4 => Course::OneWay,
        };
        let failed = |error: FilmError| TrainError::figure("film", error);
        let snapshots: Vec<_> = self.trajectory.iter().map(Vec::as_slice).collect();
        let names: Vec<_> =
            self.levels.iter().map(|level| format!("σ = {}", number(level.sigma()))).collect();
        let features = self.data.features();
        let trajectory = Trajectory { levels: &snapshots, features, names: &names };
        let density: DensityAt = &|position| self.density(position);
        let density = (features == 1).then_some(density);
        let film = Film::new(*config, course, trajectory, density).map_err(failed)?;
        let (target, names) = (self.target(), feature_names(self.data));
        let name = |feature: usize| names.get(feature).map_or("", String::as_str);
        let film = film.with_target(&target).with_features([name(0), name(1)]);
        match format {
            FilmFormat::Gif | FilmFormat::LoopedGif => film.gif(),
            FilmFormat::Mp4 => film.mp4(),
        }
        .map_err(failed)
    }

    /// Rows of the data that lie under the samples: training rows, of which there are most. A distribution draws the
    /// same ones whatever the run's seed.
    fn target(&self) -> Vec<f64> {
        BothSpaces::of_data(self.data, Part::Training, 0, 0, Some(TRAJECTORY_ROWS)).model
    }

    /// Exact density at a step position. Between two levels, alpha and sigma are interpolated as
    /// the samples are. The list is empty where the data does not state its density.
    fn density(&self, position: f64) -> Vec<(f64, f64)> {
        let from = position as usize;
        let (Some(a), Some(b)) =
            (self.levels.get(from), self.levels.get(from + 1).or(self.levels.last()))
        else {
            return Vec::new();
        };
        let between = |a: f64, b: f64| a + (position - from as f64) * (b - a);
        let exact = LevelDensity::new(
            self.data,
            between(a.alpha(), b.alpha()),
            between(a.sigma(), b.sigma()),
        );
        let points = |exact: LevelDensity| {
            exact.grid().iter().copied().zip(exact.densities().iter().copied()).collect()
        };
        exact.map(points).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use langevin_data::Gaussian;

    use super::*;

    #[test]
    fn the_density_of_a_frame_is_that_of_the_scales_between_its_levels() {
        let data = Gaussian::new(vec![1.0], 0.1).expect("valid");
        let levels =
            [(0.2, 1.0), (0.6, 0.5)].map(|(a, s)| NoiseLevel::new(a, s).expect("valid level"));
        let way = Way { levels: &levels, trajectory: &[], data: &data };
        for (position, alpha, sigma) in [(0.0, 0.2, 1.0), (0.5, 0.4, 0.75), (1.0, 0.6, 0.5)] {
            let points = way.density(position);
            assert!(points.len() > 10);
            let std = (alpha * 0.1_f64).hypot(sigma);
            for (x, density) in points {
                let z = (x - alpha) / std;
                let exact = (-z * z / 2.0).exp() / (std * std::f64::consts::TAU.sqrt());
                assert!((density - exact).abs() < 1e-6 / std, "{position} {x} {density} {exact}");
            }
        }
    }
}
