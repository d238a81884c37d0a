//! Films of a sampling: the samples moving from noise to data through the levels, as GIF and as MP4.
//!
//! A frame lies at a step position `p` between 0, the noise, and `steps`, the final samples, and shows
//! `x(p) = x_i + (p − i)·(x_{i+1} − x_i)` with `i = ⌊p⌋`: straight lines from level to level, at one
//! speed in step number. The first frame is the noise itself and the last the samples themselves.
//!
//! Points are drawn pixel by pixel: 48 frames of 2000 take 0.07 s so, 0.66 s as circles of tiny-skia
//! and 0.82 s as SVG by resvg (dev profile, one core). Text, axes and densities come through
//! [`crate::show::figures`], which is fast enough for few shapes: a GIF of 48 densities takes 0.4 s.

mod container;
mod dots;
mod gif;
mod motion;
mod mp4;
pub(crate) mod of_run;

use resvg::tiny_skia::Pixmap;

use crate::show::figures::{FigureError, caption, density};
use dots::Dots;
pub use motion::Trajectory;

/// Browsers slow a GIF down whose frames are shorter than 2/100 s.
const MOST_GIF_FPS: u32 = 50;

/// Which way a film goes through the levels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Course {
    /// From the noise to the samples.
    #[default]
    OneWay,
    /// To the samples and back to the noise, in twice the time, so that it loops without a jump.
    ThereAndBack,
}

/// Length, rate and size of a film.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FilmSettings {
    /// Seconds from the noise to the samples, at most 60.
    pub seconds: f64,
    /// Frames a second, 1 to 100. A GIF has no more than 50.
    pub fps: u32,
    /// Width and height in pixels, an even number from 64 to 2000.
    pub size: u32,
    /// Axes reach from minus this to this. From what the samples do where absent: then one in a
    /// hundred may lie outside.
    pub extent: Option<f64>,
    /// Which way it goes.
    pub course: Course,
}

impl Default for FilmSettings {
    /// Two seconds of 24 frames one way, 480 pixels wide and high.
    fn default() -> Self {
        Self { seconds: 2.0, fps: 24, size: 480, extent: None, course: Course::OneWay }
    }
}

/// A density by step position, as points `(x, density)` from left to right.
pub type DensityAt<'a> = &'a dyn Fn(f64) -> Vec<(f64, f64)>;

/// What a film shows of the samples.
#[derive(Clone, Copy)]
pub enum Picture<'a> {
    /// A dot a row, without axes: the first column across and the second up, in one scale; the value
    /// over the index of the row where there is but one column.
    Points,
    /// The histogram of the first column, over a density where one is given. A frame is as high as
    /// its density, which would else grow a hundredfold on the way from noise to data.
    Density(Option<DensityAt<'a>>),
}

impl std::fmt::Debug for Picture<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Picture::Points => "Points",
            Picture::Density(None) => "Density(None)",
            Picture::Density(Some(_)) => "Density(Some(..))",
        })
    }
}

/// Why a film can't be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FilmError {
    /// A setting that no film can have.
    #[error("film.{field}: must be {required}, got {got}")]
    Setting {
        /// The field of [`FilmSettings`].
        field: &'static str,
        /// What is required.
        required: String,
        /// What was given.
        got: String,
    },
    /// Snapshots that are no trajectory.
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

/// A film that can be drawn.
#[derive(Debug)]
pub struct Film<'a> {
    settings: FilmSettings,
    trajectory: Trajectory<'a>,
    picture: Picture<'a>,
    /// Ends of the axes, across and up.
    axes: [(f64, f64); 2],
}

impl<'a> Film<'a> {
    /// A film of a trajectory.
    ///
    /// # Errors
    /// [`FilmError::Setting`] for a setting out of its range, and for more than 2000 frames;
    /// [`FilmError::Trajectory`] for less than two snapshots, or such as do not fit each other.
    pub fn new(
        settings: FilmSettings,
        trajectory: Trajectory<'a>,
        picture: Picture<'a>,
    ) -> Result<Self, FilmError> {
        settings.validate()?;
        trajectory.validate()?;
        let axes = match (settings.extent, picture) {
            (Some(half), _) => [(-half, half); 2],
            (None, Picture::Points) => trajectory.axes(),
            (None, Picture::Density(_)) => [trajectory.range(0); 2],
        };
        Ok(Self { settings, trajectory, picture, axes })
    }

    /// The film as a GIF that loops for ever. Its delays are whole hundredths of a second that keep
    /// time with the rate: 4, 4 and 5 in turn for 24 frames a second.
    ///
    /// # Errors
    /// When a frame can't be drawn or encoded.
    pub fn gif(&self) -> Result<Vec<u8>, FilmError> {
        let fps = self.settings.fps.min(MOST_GIF_FPS);
        gif::encode(self.frames(fps), self.settings.size, fps)
    }

    /// The film as an MP4: H.264, which every browser and player plays.
    ///
    /// # Errors
    /// As [`Film::gif`].
    pub fn mp4(&self) -> Result<Vec<u8>, FilmError> {
        mp4::encode(self.frames(self.settings.fps), self.settings.size, self.settings.fps)
    }

    /// Every frame in turn, drawn when it is asked for.
    fn frames(&self, fps: u32) -> impl Iterator<Item = Result<Pixmap, FilmError>> {
        let mut ground = Ground::default();
        self.settings.positions(fps, self.trajectory.steps()).map(move |position| {
            let rows = self.trajectory.at(position);
            match self.picture {
                Picture::Points => self.points(&rows, ground.at(self, position)?),
                Picture::Density(curve) => {
                    let curve = curve.map(|curve| curve(position)).unwrap_or_default();
                    let name = self.trajectory.name(position);
                    let columns = self.trajectory.features;
                    let values: Vec<f64> = rows.iter().step_by(columns).copied().collect();
                    let size = f64::from(self.settings.size);
                    Ok(density(size, name, self.axes[0], &values, &curve).raster(1.0)?)
                }
            }
        })
    }

    /// The rows as dots over what stands behind them.
    fn points(&self, rows: &[f64], mut image: Pixmap) -> Result<Pixmap, FilmError> {
        let size = f64::from(self.settings.size);
        let columns = self.trajectory.features;
        let dots = Dots::new(rows.len() / columns, size);
        let place = |value: f64, (low, high): (f64, f64)| (value - low) / (high - low) * size;
        let [across, up] = self.axes;
        let count = rows.len() as f64 / columns as f64;
        for (index, row) in rows.chunks_exact(columns).enumerate() {
            let (x, y) = match *row {
                [value] => ((index as f64 + 0.5) / count * size, place(value, up)),
                [first, second, ..] => (place(first, across), place(second, up)),
                [] => continue,
            };
            dots.draw(&mut image, (x, size - y));
        }
        Ok(image)
    }
}

/// What stands behind the dots, kept while the level's name stays.
#[derive(Default)]
struct Ground {
    drawn: Option<(String, Pixmap)>,
}

impl Ground {
    fn at(&mut self, film: &Film, position: f64) -> Result<Pixmap, FilmError> {
        let name = film.trajectory.name(position);
        if let Some((_, image)) = self.drawn.as_ref().filter(|(drawn, _)| drawn == name) {
            return Ok(image.clone());
        }
        let size = f64::from(film.settings.size);
        let image = caption(size, name, &film.trajectory.note()).raster(1.0)?;
        self.drawn = Some((name.to_owned(), image.clone()));
        Ok(image)
    }
}

impl FilmSettings {
    /// Whether such a film can be made.
    ///
    /// # Errors
    /// See [`Film::new`].
    pub(crate) fn validate(&self) -> Result<(), FilmError> {
        const MOST_FRAMES: usize = 2000;
        let fault = |field, required: &str, got: String| {
            Err(FilmError::Setting { field, required: required.to_owned(), got })
        };
        if !(1..=100).contains(&self.fps) {
            return fault("fps", "from 1 to 100", self.fps.to_string());
        }
        if !(self.seconds > 0.0 && self.seconds <= 60.0) {
            return fault("seconds", "above 0 and at most 60", self.seconds.to_string());
        }
        if !(64..=2000).contains(&self.size) || self.size % 2 == 1 {
            return fault("size", "an even number from 64 to 2000", self.size.to_string());
        }
        if let Some(half) = self.extent.filter(|half| !(1e-30..=1e30).contains(half)) {
            return fault("extent", "from 1e-30 to 1e30", half.to_string());
        }
        let frames = self.frames_one_way(self.fps.min(MOST_GIF_FPS));
        let played = self.frame_count();
        if frames < 2 || played > MOST_FRAMES {
            let required = format!("such that there are 2 to {MOST_FRAMES} frames");
            let got = format!("{} (frames: {played})", self.seconds);
            return fault("seconds", &required, got);
        }
        Ok(())
    }

    /// Frames of the whole film as it is played.
    pub fn frame_count(&self) -> usize {
        self.positions(self.fps, 1).count()
    }

    fn frames_one_way(&self, fps: u32) -> usize {
        (self.seconds * f64::from(fps)).round() as usize
    }

    /// The step position of every frame. There and back the noise comes once and the samples once, and
    /// the loop closes with the step that it is made of.
    fn positions(&self, fps: u32, steps: usize) -> impl Iterator<Item = f64> + use<> {
        let frames = self.frames_one_way(fps);
        let (count, last) = match self.course {
            Course::OneWay => (frames, frames.saturating_sub(1).max(1)),
            Course::ThereAndBack => (2 * frames, frames),
        };
        let step = move |frame: usize| frame.min(2 * last - frame);
        (0..count).map(move |frame| (steps * step(frame)) as f64 / last as f64)
    }
}

#[cfg(test)]
mod tests;
