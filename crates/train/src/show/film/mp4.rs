//! MP4 of a film, by an H.264 encoder in Rust: no other program is needed.
//!
//! The encoder is young: docs/decisions.md, "Films", says what it was measured against. It is built
//! without `std`, and so can neither read the environment nor write a file.

use resvg::tiny_skia::Pixmap;
use rusty_h264_common::YuvFrame;
use rusty_h264_encoder::{Encoder, EncoderConfig};

use super::{
    FilmError,
    container::{Track, film},
};

/// Quantisation parameter of H.264, from 0 (finest) to 51. At 26, dots still look as drawn when
/// enlarged (signal-to-noise ratio 43 dB), and the file is smaller than the GIF.
const QUANTIZER: u8 = 26;
/// Frames from one key frame to the next. Players can jump to key frames only.
const FRAMES_BETWEEN_KEYS: u32 = 100;

/// Encodes frames as an MP4 of `size` by `size` pixels. The last one is there for a second more, as frames of its own:
/// players differ in how they take a longer frame.
pub(super) fn encode(
    frames: impl Iterator<Item = Result<Pixmap, FilmError>>,
    size: u32,
    fps: u32,
) -> Result<Vec<u8>, FilmError> {
    let failed = |error: rusty_h264_encoder::EncodeError| FilmError::Mp4(error.to_string());
    let side = size as usize;
    let mut config = EncoderConfig::new(side, side);
    config.qp = QUANTIZER;
    config.gop_size = FRAMES_BETWEEN_KEYS;
    config.level_idc = level(size, fps);
    // Films have no cuts to look ahead for, and without a look-ahead every frame comes out when it
    // goes in.
    (config.scenecut, config.lookahead) = (0, 0);
    let mut encoder = Encoder::new(config).map_err(failed)?;
    let mut track = Track::new(size, fps);
    let mut last = None;
    for frame in frames {
        let frame = yuv(&frame?);
        track.push(&encoder.try_encode(&frame).map_err(failed)?);
        last = Some(frame);
    }
    for frame in last.iter().cycle().take(fps as usize) {
        track.push(&encoder.try_encode(frame).map_err(failed)?);
    }
    film(&track).ok_or_else(|| FilmError::Mp4("the encoder gave no whole stream".to_owned()))
}

/// Lowest level of H.264 (table A-1) that allows pictures of this size at this rate. Players
/// reserve memory according to the level.
fn level(size: u32, fps: u32) -> u8 {
    /// Level times ten, most blocks of 16 by 16 pixels in a picture, and most blocks per second.
    const LEVELS: [(u8, u32, u32); 5] = [
        (30, 1_620, 40_500),
        (31, 3_600, 108_000),
        (40, 8_192, 245_760),
        (51, 36_864, 983_040),
        (52, 36_864, 2_073_600),
    ];
    let blocks = size.div_ceil(16).pow(2);
    let fits =
        |(_, picture, second): &&(u8, u32, u32)| blocks <= *picture && blocks * fps <= *second;
    LEVELS.iter().find(fits).map_or(52, |(level, ..)| *level)
}

/// Brightness of every pixel, and two colour differences of every four pixels. The colour space is
/// BT.601 in its narrow range, which [`Track`] writes into the file.
fn yuv(image: &Pixmap) -> YuvFrame {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let colour = |row: usize, column: usize| {
        let first = 4 * (row * width + column);
        [0, 1, 2].map(|channel| f64::from(image.data()[first + channel]) / 255.0)
    };
    let sum = |[r, g, b]: [f64; 3], [of_r, of_g, of_b]: [f64; 3], zero: f64| {
        (zero + of_r * r + of_g * g + of_b * b).round() as u8
    };
    let pixels = (0..height).flat_map(|row| (0..width).map(move |column| (row, column)));
    let y = pixels.map(|(row, column)| sum(colour(row, column), [65.481, 128.553, 24.966], 16.0));
    let mut frame = YuvFrame { width, height, y: y.collect(), u: Vec::new(), v: Vec::new() };
    for row in (0..height).step_by(2) {
        for column in (0..width).step_by(2) {
            let four = [(0, 0), (0, 1), (1, 0), (1, 1)];
            let four = four.map(|(down, right)| colour(row + down, column + right));
            let mean = [0, 1, 2].map(|c| four.iter().map(|pixel| pixel[c]).sum::<f64>() / 4.0);
            frame.u.push(sum(mean, [-37.797, -74.203, 112.0], 128.0));
            frame.v.push(sum(mean, [112.0, -93.786, -18.214], 128.0));
        }
    }
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_those_of_the_standard() {
        let mixed = |colours: [[u8; 3]; 4]| {
            let mut image = Pixmap::new(2, 2).unwrap();
            let pixels = colours.map(|[r, g, b]| [r, g, b, 255]);
            image.data_mut().copy_from_slice(&pixels.concat());
            yuv(&image)
        };
        let of = |r, g, b| {
            let frame = mixed([[r, g, b]; 4]);
            (frame.y[3], frame.u[0], frame.v[0])
        };
        assert_eq!(of(255, 255, 255), (235, 128, 128));
        assert_eq!(of(0, 0, 0), (16, 128, 128));
        assert_eq!(of(255, 0, 0), (81, 90, 240));
        assert_eq!(of(0, 0, 255), (41, 240, 110));
        let (red, blue, white) = ([255, 0, 0], [0, 0, 255], [255; 3]);
        let frame = mixed([red, white, white, blue]);
        assert_eq!(frame.y, [81, 235, 235, 41]);
        assert_eq!((frame.u, frame.v), (vec![147], vec![151]), "the mean of the four");
    }

    #[test]
    fn a_level_allows_size_and_rate() {
        assert_eq!([level(480, 24), level(640, 25), level(640, 26)], [30, 30, 31]);
        assert_eq!([level(1000, 24), level(2000, 24), level(2000, 100)], [40, 51, 52]);
    }
}
