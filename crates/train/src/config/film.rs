//! `report.film`: the film of a run, and the positions of its frames.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most frames a second of a GIF: browsers slow one down whose frames are shorter than 2/100 s.
pub const MOST_GIF_FPS: u32 = 50;

/// Direction in which a film goes through the levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// From the noise to the samples.
    OneWay,
    /// To the samples and back to the noise, in twice the time, so that it loops without a jump.
    ThereAndBack,
}

/// A film of the samples moving through the levels, interpolated between them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FilmConfig {
    /// Seconds from the noise to the samples, at most 60. The samples then stay for one second more.
    pub seconds: f64,
    /// Frames a second, 1 to 100. A GIF has no more than 50.
    pub fps: u32,
    /// Width and height in pixels, an even number from 64 to 2000.
    pub size: u32,
    /// End of the axes, which go from minus to plus this number. Where left out, the axes reach as far
    /// as the noise, but no further from data and samples than these are wide, on either side; one in a
    /// hundred may lie outside.
    pub extent: Option<f64>,
    /// What the film shows.
    pub picture: FilmPicture,
    /// Whether there is also a GIF that goes back to its beginning: `film-loop.gif`.
    pub there_and_back: bool,
}

impl Default for FilmConfig {
    fn default() -> Self {
        Self {
            seconds: 2.0,
            fps: 24,
            size: 480,
            extent: None,
            picture: FilmPicture::Points,
            there_and_back: false,
        }
    }
}

/// What a film shows of the samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FilmPicture {
    /// Each sample as a dot over the data's: its first two features, or its only feature over its index.
    #[default]
    Points,
    /// The histogram of the first feature, over the exact density where data of one feature states it.
    Density,
}

/// A setting that no film can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("film.{field}: must be {required}, got {got}")]
pub struct FilmFault {
    /// The field of [`FilmConfig`].
    pub field: &'static str,
    /// The requirement, in words.
    pub required: String,
    /// The given value.
    pub got: String,
}

impl FilmConfig {
    /// Checks the settings of a film on a course.
    ///
    /// # Errors
    /// The first setting that no film can have.
    pub(crate) fn validate(&self, course: Course) -> Result<(), FilmFault> {
        const MOST_FRAMES: usize = 2000;
        let fault = |field, required: &str, got: String| {
            Err(FilmFault { field, required: required.to_owned(), got })
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
        let played = self.frame_count(course);
        if frames < 2 || played > MOST_FRAMES {
            let required = format!("such that there are 2 to {MOST_FRAMES} frames");
            let got = format!("{} (frames: {played})", self.seconds);
            return fault("seconds", &required, got);
        }
        Ok(())
    }

    /// Number of frames of the whole film as it is played.
    pub(crate) fn frame_count(&self, course: Course) -> usize {
        self.positions(course, self.fps, 1).count()
    }

    fn frames_one_way(&self, fps: u32) -> usize {
        (self.seconds * f64::from(fps)).round() as usize
    }

    /// Position of every frame along the sampling, in steps. A film there and back shows the noise once
    /// and the samples once, so that its loop closes with a step like all others.
    pub(crate) fn positions(
        &self,
        course: Course,
        fps: u32,
        steps: usize,
    ) -> impl Iterator<Item = f64> + use<> {
        let frames = self.frames_one_way(fps);
        let (count, last) = match course {
            Course::OneWay => (frames, frames.saturating_sub(1).max(1)),
            Course::ThereAndBack => (2 * frames, frames),
        };
        let step = move |frame: usize| frame.min(2 * last - frame);
        (0..count).map(move |frame| (steps * step(frame)) as f64 / last as f64)
    }
}
