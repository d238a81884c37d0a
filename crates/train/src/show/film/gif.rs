//! GIF of a film. One palette serves all frames: shades between white and the films' inks.

use ::gif::{Encoder, Frame, Repeat};
use resvg::tiny_skia::Pixmap;

use super::FilmError;
use crate::show::figures::FILM_INKS;

/// Shades of each ink, without white. More shades make larger files that look no better.
const SHADES: usize = 31;
const UNKNOWN: u8 = u8::MAX;

/// Encodes frames as a GIF of `size` by `size` pixels that loops for ever. The frame `held` stays for a second more.
pub(super) fn encode(
    frames: impl Iterator<Item = Result<Pixmap, FilmError>>,
    size: u32,
    fps: u32,
    held: usize,
) -> Result<Vec<u8>, FilmError> {
    let mut palette = Palette::new();
    // A validated film is at most 2000 pixels wide.
    let side = u16::try_from(size).unwrap_or(u16::MAX);
    let mut encoder =
        Encoder::new(Vec::new(), side, side, &palette.colours.concat()).map_err(FilmError::Gif)?;
    encoder.set_repeat(Repeat::Infinite).map_err(FilmError::Gif)?;
    for (i, frame) in frames.enumerate() {
        let pixels = palette.indices(&frame?);
        let mut frame = Frame::from_indexed_pixels(side, side, pixels, None);
        let hold = if i == held { 100 } else { 0 };
        frame.delay = (hundredths(i + 1, fps) - hundredths(i, fps) + hold) as u16;
        encoder.write_frame(&frame).map_err(FilmError::Gif)?;
    }
    encoder.into_inner().map_err(FilmError::Gif)
}

/// Time at which a frame begins, in the nearest hundredth of a second.
fn hundredths(frame: usize, fps: u32) -> u64 {
    (100.0 * frame as f64 / f64::from(fps)).round() as u64
}

struct Palette {
    colours: Vec<[u8; 3]>,
    /// Index of the palette's nearest colour, for every colour of six bits a channel. It is found
    /// when the colour first occurs.
    nearest: Vec<u8>,
}

impl Palette {
    fn new() -> Self {
        let shade = |ink: [u8; 3], part: usize| {
            ink.map(|channel| {
                let light = (255 - usize::from(channel)) * part / SHADES;
                (255 - light) as u8
            })
        };
        let inks = FILM_INKS.into_iter();
        let shades = inks.flat_map(|ink| (1..=SHADES).map(move |part| shade(ink, part)));
        let colours = std::iter::once([255; 3]).chain(shades).collect();
        Self { colours, nearest: vec![UNKNOWN; 1 << 18] }
    }

    fn indices(&mut self, image: &Pixmap) -> Vec<u8> {
        let pixels = image.data().chunks_exact(4);
        pixels.map(|pixel| self.index([pixel[0], pixel[1], pixel[2]])).collect()
    }

    fn index(&mut self, colour: [u8; 3]) -> u8 {
        let place = colour.iter().fold(0, |place, channel| place << 6 | usize::from(channel >> 2));
        if self.nearest[place] == UNKNOWN {
            let distance = |other: &[u8; 3]| {
                let squares = colour.iter().zip(other).map(|(a, b)| a.abs_diff(*b));
                squares.map(|difference| u32::from(difference).pow(2)).sum::<u32>()
            };
            let nearest = (0..self.colours.len()).min_by_key(|i| distance(&self.colours[*i]));
            self.nearest[place] = nearest.unwrap_or(0) as u8;
        }
        self.nearest[place]
    }
}
