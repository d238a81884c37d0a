//! Films of a sampling: the samples moving from noise to data through the levels, as GIF and as
//! MP4. Under the samples lie rows of the data, which they should come to look like.
//!
//! A frame shows the rows at a step position `p`, from 0 (the noise) to `steps` (the final
//! samples): `x(p) = x_i + (p − i)·(x_{i+1} − x_i)` with `i = ⌊p⌋`. Rows move in straight lines
//! from level to level, and every step takes the same time. The first frame is the noise itself and
//! the last the samples themselves, which stay for one second more.
//!
//! Points are drawn pixel by pixel: 48 frames of 2000 points take 0.07 s, against 0.66 s as circles
//! of tiny-skia and 0.82 s as SVG by resvg (dev profile, one core). Text, axes and densities are
//! drawn by [`crate::show::figures`], which is fast enough for few shapes: a GIF of 48 densities
//! takes 0.4 s.

mod container;
mod dots;
mod gif;
mod motion;
mod mp4;
pub(crate) mod of_run;

use resvg::tiny_skia::Pixmap;

use crate::{
    config::{Course, FilmConfig, FilmFault, FilmPicture, MOST_GIF_FPS},
    show::figures::{CANVAS, DATA, Field, FigureError, Ground, SAMPLES, density},
};
use dots::Dots;
pub use motion::Trajectory;

/// Density at a step position, as points `(x, density)` from left to right.
pub type DensityAt<'a> = &'a dyn Fn(f64) -> Vec<(f64, f64)>;

/// Error of a film that cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FilmError {
    /// A setting that no film can have.
    #[error(transparent)]
    Setting(#[from] FilmFault),
    /// Snapshots that do not form a trajectory.
    #[error("film: {0}")]
    Trajectory(String),
    /// A frame could not be drawn.
    #[error("film: {0}")]
    Frame(#[from] FigureError),
    /// The frames could not be written as GIF.
    #[error("film: GIF: {0}")]
    Gif(#[source] ::gif::EncodingError),
    /// The frames could not be coded for MP4.
    #[error("film: MP4: {0}")]
    Mp4(String),
}

/// Film with valid settings and a valid trajectory.
pub struct Film<'a> {
    config: FilmConfig,
    course: Course,
    trajectory: Trajectory<'a>,
    density: Option<DensityAt<'a>>,
    /// Rows of the data, which the samples should come to look like.
    target: &'a [f64],
    /// Names of the features that the axes show.
    features: [&'a str; 2],
    /// Ends of the horizontal and the vertical axis.
    axes: [(f64, f64); 2],
}

impl std::fmt::Debug for Film<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Film").field("config", &self.config).finish_non_exhaustive()
    }
}

impl<'a> Film<'a> {
    /// Film of a trajectory, one way or there and back. A given `density` is drawn over the
    /// histograms.
    ///
    /// A histogram is scaled to the height of its density. On a common scale it would grow a
    /// hundredfold from noise to data.
    ///
    /// # Errors
    /// [`FilmError::Setting`] for a setting out of its range, and for more than 2000 frames;
    /// [`FilmError::Trajectory`] for less than two snapshots, or snapshots that do not fit each
    /// other.
    pub fn new(
        config: FilmConfig,
        course: Course,
        trajectory: Trajectory<'a>,
        density: Option<DensityAt<'a>>,
    ) -> Result<Self, FilmError> {
        config.validate(course)?;
        trajectory.validate()?;
        let film = Self {
            config,
            course,
            trajectory,
            density,
            target: &[],
            features: ["", ""],
            axes: [(0.0, 1.0); 2],
        };
        Ok(film.with_target(&[]))
    }

    /// The film over rows of the data, each with as many values as a row of the trajectory. A film of points draws
    /// them in grey under the samples, and its axes reach as far as they do.
    #[must_use]
    pub fn with_target(mut self, rows: &'a [f64]) -> Self {
        self.target = rows;
        self.axes = match (self.config.extent, self.config.picture) {
            (Some(half), _) => [(-half, half); 2],
            (None, FilmPicture::Points) => self.trajectory.axes(rows),
            (None, FilmPicture::Density) => [self.trajectory.range(0, &[]); 2],
        };
        self
    }

    /// The film with names of its first two features at the axes.
    #[must_use]
    pub fn with_features(mut self, names: [&'a str; 2]) -> Self {
        self.features = names;
        self
    }

    /// The film as a GIF that loops for ever.
    ///
    /// GIF delays are whole hundredths of a second. They are rounded so that the frame rate holds
    /// on average: 4, 4 and 5 in turn for 24 frames a second.
    ///
    /// # Errors
    /// When a frame can't be drawn or encoded.
    pub fn gif(&self) -> Result<Vec<u8>, FilmError> {
        let fps = self.config.fps.min(MOST_GIF_FPS);
        let frames = self.config.positions(self.course, fps, 1).count();
        let held = match self.course {
            Course::OneWay => frames.saturating_sub(1),
            Course::ThereAndBack => frames / 2,
        };
        gif::encode(self.frames(fps), self.config.size, fps, held)
    }

    /// The film as an MP4 of H.264, which every browser and player plays.
    ///
    /// # Errors
    /// As [`Film::gif`].
    pub fn mp4(&self) -> Result<Vec<u8>, FilmError> {
        mp4::encode(self.frames(self.config.fps), self.config.size, self.config.fps)
    }

    /// Frames in order, each drawn when the iterator reaches it.
    fn frames(&self, fps: u32) -> impl Iterator<Item = Result<Pixmap, FilmError>> {
        let mut ground = Background::default();
        self.config.positions(self.course, fps, self.trajectory.steps()).map(move |position| {
            let rows = self.trajectory.at(position);
            match self.config.picture {
                FilmPicture::Points => {
                    let (mut image, field) = ground.at(self, position)?;
                    self.draw_rows(&mut image, &field, SAMPLES, &rows);
                    Ok(image)
                }
                FilmPicture::Density => {
                    let curve = self.density.map(|curve| curve(position)).unwrap_or_default();
                    let name = self.trajectory.name(position);
                    let columns = self.trajectory.features;
                    let values: Vec<f64> = rows.iter().step_by(columns).copied().collect();
                    Ok(density(name, self.axes[0], &values, &curve).raster(self.scale())?)
                }
            }
        })
    }

    /// Pixels for each unit of the canvas. A little less than the exact ratio, so that rounding up a side of the
    /// image does not add a pixel.
    fn scale(&self) -> f32 {
        (self.config.size as f32 - 1e-3) / CANVAS as f32
    }

    /// Draws rows as dots of a colour. Rows of one value stand over their index.
    fn draw_rows(&self, image: &mut Pixmap, field: &Field, colour: [u8; 3], rows: &[f64]) {
        let columns = self.trajectory.features;
        let count = rows.len() / columns;
        let dots = Dots::new(count, f64::from(self.config.size));
        let scale = f64::from(self.config.size) / CANVAS;
        for (index, row) in rows.chunks_exact(columns).enumerate() {
            let (x, y) = match *row {
                [value] => ((index as f64 + 0.5) / count as f64, value),
                [first, second, ..] => (first, second),
                [] => continue,
            };
            if let Some((x, y)) = field.at(x, y) {
                dots.draw(image, colour, (x * scale, y * scale));
            }
        }
    }
}

/// Background of the samples: axes, data and the name of the level. The last one is kept, since several frames
/// share it.
#[derive(Default)]
struct Background {
    drawn: Option<(String, Pixmap, Field)>,
}

impl Background {
    fn at(&mut self, film: &Film, position: f64) -> Result<(Pixmap, Field), FilmError> {
        let name = film.trajectory.name(position);
        if let Some((_, image, field)) = self.drawn.as_ref().filter(|(drawn, ..)| drawn == name) {
            return Ok((image.clone(), field.clone()));
        }
        let [x, y] = film.axes;
        let (axes, ends) = match film.trajectory.features {
            1 => (["sample", film.features[0]], [None, Some(y)]),
            _ => (film.features, [Some(x), Some(y)]),
        };
        let note = film.trajectory.note();
        let has_data = !film.target.is_empty();
        let (figure, field) = Ground { name, note: &note, axes, ends, has_data }.draw();
        let mut image = figure.raster(film.scale())?;
        film.draw_rows(&mut image, &field, DATA, film.target);
        self.drawn = Some((name.to_owned(), image.clone(), field.clone()));
        Ok((image, field))
    }
}

#[cfg(test)]
mod tests;
