//! Samples as pictures: a PNG for each, or one sheet of all.

use std::path::{Path, PathBuf};

use langevin_data::{Dataset, Part, Picture};

use crate::{
    TrainError,
    sample::spaces::{BothSpaces, drawn_columns},
    store::durable::{create_folders, write_new, write_new_files},
};

/// Most rows of the data whose values tell black and white.
const TOLD_BY: usize = 4000;
/// Least side of a picture on a sheet, in pixels: smaller ones are enlarged.
const LEAST_SIDE: usize = 64;
/// Pixels between the pictures of a sheet, and around them.
const GAP: usize = 2;
/// Most pixels of a sheet with enlarged pictures, and of any sheet.
const MOST_ENLARGED: usize = 1 << 24;
const MOST_PIXELS: usize = 1 << 27;

/// Reason why samples cannot be pictures, or not in one sheet.
#[derive(Debug, thiserror::Error)]
enum PicturesError {
    #[error(
        "the run's data are no pictures, so its samples cannot be drawn; write them to a name that ends in .csv or .npy \
         (of pictures data.image_width says the pixels of a line)"
    )]
    NoPictures,
    #[error(
        "a sheet of {count} pictures of {width} by {height} would have more than {MOST_PIXELS} pixels; ask for fewer by \
         --count, or name a folder, as pictures/"
    )]
    LargeSheet { count: usize, width: usize, height: usize },
    #[error("{0}")]
    Png(#[from] png::EncodingError),
}

/// Values that are black and white in pictures of samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tones {
    /// Value of black.
    pub black: f64,
    /// Value of white.
    pub white: f64,
}

impl Tones {
    /// Tones of a data set, by its training rows: the usual ends of pixels (0 or −1 to 1, 0 to 255 or 65,535) where
    /// all values lie within and reach beyond half of them, else from 0, or the least value below it, to the largest.
    #[must_use]
    pub fn of_data(data: &dyn Dataset) -> Self {
        if let Some([black, white]) = data.kept_rows().and_then(|kept| kept.tones) {
            return Self { black, white };
        }
        let rows = BothSpaces::of_data(data, Part::Training, 0, 0, Some(TOLD_BY)).user;
        Self::of(&drawn_columns(data, &rows))
    }

    fn of(values: &[f64]) -> Self {
        let finite = values.iter().copied().filter(|value| value.is_finite());
        let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        let (black, white) = match (low, high) {
            _ if low > high => (0.0, 1.0),
            _ if (-1.0..-0.5).contains(&low) && high <= 1.0 => (-1.0, 1.0),
            _ if low < 0.0 => (low, if high > low { high } else { low + 1.0 }),
            (_, high) => {
                let is_usual = |end: &f64| high <= *end && (*end == 1.0 || 2.0 * high > *end);
                (0.0, [1.0, 255.0, 65_535.0].into_iter().find(is_usual).unwrap_or(high))
            }
        };
        Self { black, white }
    }

    /// Share of white, from 0 to 1.
    pub(crate) fn share(&self, value: f64) -> f64 {
        // A value that is not finite is black: NaN has no order, and clamp keeps it.
        let share = ((value - self.black) / (self.white - self.black)).clamp(0.0, 1.0);
        if share.is_nan() { 0.0 } else { share }
    }

    fn byte(&self, value: f64) -> u8 {
        (255.0 * self.share(value)).round() as u8
    }
}

/// Fails where `count` samples of the data cannot become a sheet at `path`.
pub(super) fn check_sheet(path: &Path, data: &dyn Dataset, count: usize) -> Result<(), TrainError> {
    let picture = picture_of(path, data)?;
    Sheet::new(picture, count).map(|_| ()).map_err(at(path))
}

/// Fails where `count` samples of the data cannot become files in the folder `path`.
pub(super) fn check_folder(
    path: &Path,
    data: &dyn Dataset,
    count: usize,
) -> Result<(), TrainError> {
    picture_of(path, data)?;
    if let Some(name) = names(path, count).find(|name| name.exists()) {
        return Err(TrainError::Exists(name));
    }
    // Samples of another number have names of other lengths, and would lie among these.
    let is_sample = |path: &PathBuf| {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        path.extension().is_some_and(|it| it == "png") && stem.parse::<u64>().is_ok()
    };
    let mut others = std::fs::read_dir(path).into_iter().flatten().flatten().map(|it| it.path());
    others.find(is_sample).map_or(Ok(()), |_| Err(TrainError::HoldsPictures(path.to_owned())))
}

/// Writes one sheet of all samples, whose values are in the user's columns, to a new file.
pub(super) fn write_sheet(
    path: &Path,
    data: &dyn Dataset,
    values: &[f64],
) -> Result<(), TrainError> {
    let picture = picture_of(path, data)?;
    let values = drawn_columns(data, values);
    let bytes = sheet(picture, Tones::of_data(data), &values).map_err(at(path))?;
    write_new(path, &bytes)
}

/// Writes a file for each sample into a folder, which is made where it is not there: 0.png and so on, with as many
/// digits as the last one has. All are written, or none.
pub(super) fn write_folder(
    path: &Path,
    data: &dyn Dataset,
    values: &[f64],
) -> Result<(), TrainError> {
    let picture = picture_of(path, data)?;
    let tones = Tones::of_data(data);
    let values = drawn_columns(data, values);
    let rows = values.chunks_exact(picture.columns());
    create_folders(path)?;
    let encoded = |(name, row)| {
        let bytes = encode(picture, (picture.width, picture.height), pixels(picture, tones, row));
        Ok((name, bytes.map_err(at(path))?))
    };
    write_new_files(names(path, rows.len()).zip(rows).map(encoded))
}

fn picture_of(path: &Path, data: &dyn Dataset) -> Result<Picture, TrainError> {
    data.picture().ok_or_else(|| at(path)(PicturesError::NoPictures))
}

fn at(path: &Path) -> impl Fn(PicturesError) -> TrainError + '_ {
    |error| TrainError::SamplesFile(path.to_owned(), error.into())
}

/// The names of so many files in a folder.
fn names(folder: &Path, count: usize) -> impl Iterator<Item = PathBuf> {
    let digits = count.saturating_sub(1).to_string().len();
    (0..count).map(move |index| folder.join(format!("{index:0digits$}.png")))
}

/// Bytes of a picture's pixels, line by line, the channels of each side by side.
fn pixels(picture: Picture, tones: Tones, row: &[f64]) -> Vec<u8> {
    let places = (0..picture.height).flat_map(|y| (0..picture.width).map(move |x| (x, y)));
    let columns = places.flat_map(|at| (0..picture.channels).map(move |c| picture.column(at, c)));
    columns.map(|column| tones.byte(row[column])).collect()
}

fn encode(
    picture: Picture,
    (width, height): (usize, usize),
    pixels: Vec<u8>,
) -> Result<Vec<u8>, PicturesError> {
    let side = |pixels: usize| u32::try_from(pixels).unwrap_or(u32::MAX);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side(width), side(height));
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_color(match picture.channels {
        1 => png::ColorType::Grayscale,
        3 => png::ColorType::Rgb,
        _ => png::ColorType::Rgba,
    });
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(bytes)
}

/// Layout of a sheet: pictures from the upper left, line by line, on white.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Sheet {
    across: usize,
    down: usize,
    /// Pixels of the sheet along one of a picture.
    scale: usize,
}

impl Sheet {
    fn new(picture: Picture, count: usize) -> Result<Self, PicturesError> {
        let Picture { width, height, .. } = picture;
        let (mut across, mut scale) = (1, (LEAST_SIDE / width.max(height)).max(1));
        while across * across < count {
            across += 1;
        }
        let down = count.div_ceil(across).max(1);
        let area = |scale| {
            let (width, height) = Self { across, down, scale }.size(picture);
            width.saturating_mul(height)
        };
        while scale > 1 && area(scale) > MOST_ENLARGED {
            scale -= 1;
        }
        match area(scale) > MOST_PIXELS {
            true => Err(PicturesError::LargeSheet { count, width, height }),
            false => Ok(Self { across, down, scale }),
        }
    }

    /// Width and height in pixels.
    fn size(&self, picture: Picture) -> (usize, usize) {
        let along = |count: usize, side: usize| {
            count.saturating_mul(side.saturating_mul(self.scale).saturating_add(GAP)) + GAP
        };
        (along(self.across, picture.width), along(self.down, picture.height))
    }
}

fn sheet(picture: Picture, tones: Tones, values: &[f64]) -> Result<Vec<u8>, PicturesError> {
    let rows = values.chunks_exact(picture.columns());
    let sheet = Sheet::new(picture, rows.len())?;
    let (width, height) = sheet.size(picture);
    let mut drawn = vec![255; width * height * picture.channels];
    let line = picture.width * picture.channels;
    for (place, row) in rows.enumerate() {
        let (column, down) = (place % sheet.across, place / sheet.across);
        let left = GAP + column * (picture.width * sheet.scale + GAP);
        let top = GAP + down * (picture.height * sheet.scale + GAP);
        for (y, line) in pixels(picture, tones, row).chunks_exact(line).enumerate() {
            let wide: Vec<u8> = line
                .chunks_exact(picture.channels)
                .flat_map(|pixel| std::iter::repeat_n(pixel, sheet.scale).flatten().copied())
                .collect();
            for copy in 0..sheet.scale {
                let start = ((top + y * sheet.scale + copy) * width + left) * picture.channels;
                drawn[start..start + wide.len()].copy_from_slice(&wide);
            }
        }
    }
    encode(picture, (width, height), drawn)
}

#[cfg(test)]
mod tests {
    use langevin_data::ChannelAxis;

    use super::*;

    /// Width, height, channels and bytes of a PNG.
    fn decoded(bytes: &[u8]) -> (u32, u32, usize, Vec<u8>) {
        let decoder = png::Decoder::new(std::io::Cursor::new(bytes));
        let mut reader = decoder.read_info().expect("a PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
        let info = reader.next_frame(&mut pixels).expect("a picture");
        (info.width, info.height, info.color_type.samples(), pixels)
    }

    #[test]
    fn tones_are_the_usual_ends_of_pixels_or_those_of_the_values() {
        for (values, black, white) in [
            (&[0.0, 0.3, 0.9][..], 0.0, 1.0),
            (&[0.0, 255.0], 0.0, 255.0),
            (&[12.0, 190.0], 0.0, 255.0),
            (&[0.0, 16.0], 0.0, 16.0),
            (&[0.0, 40_000.0], 0.0, 65_535.0),
            (&[-0.9, 0.9], -1.0, 1.0),
            (&[-0.25, 0.75], -0.25, 0.75),
            (&[-3.0, 5.0], -3.0, 5.0),
            (&[-3.0], -3.0, -2.0),
            (&[], 0.0, 1.0),
            (&[0.0, f64::NAN, f64::INFINITY], 0.0, 1.0),
        ] {
            assert_eq!(Tones::of(values), Tones { black, white }, "{values:?}");
        }
        let tones = Tones { black: 0.0, white: 16.0 };
        let bytes = [-1.0, 0.0, 8.0, 16.0, 99.0, f64::NAN].map(|value| tones.byte(value));
        assert_eq!(bytes, [0, 0, 128, 255, 255, 0]);
    }

    #[test]
    fn channels_are_those_of_the_pixel_on_either_axis() {
        let tones = Tones { black: 0.0, white: 255.0 };
        let picture = |axis| Picture { width: 2, height: 1, channels: 3, axis };
        let last = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let first = [1.0, 4.0, 2.0, 5.0, 3.0, 6.0];
        for (axis, row) in [(ChannelAxis::Last, last), (ChannelAxis::First, first)] {
            let bytes = encode(picture(axis), (2, 1), pixels(picture(axis), tones, &row));
            assert_eq!(decoded(&bytes.expect("encoded")), (2, 1, 3, vec![1, 2, 3, 4, 5, 6]));
        }
    }

    #[test]
    fn a_sheet_has_every_picture_in_its_place() {
        // Three pictures of 32 by 16, enlarged twice, two in a line.
        let picture = Picture::grey(32, 16);
        let rows: Vec<_> = [10.0, 20.0, 30.0].iter().flat_map(|v| vec![*v; 512]).collect();
        let bytes = sheet(picture, Tones { black: 0.0, white: 255.0 }, &rows).expect("a sheet");
        let (width, height, channels, pixels) = decoded(&bytes);
        assert_eq!((width, height, channels), (2 * 66 + 2, 2 * 34 + 2, 1));
        let at = |x: usize, y: usize| pixels[y * width as usize + x];
        assert_eq!([at(2, 2), at(65, 33), at(68, 2), at(2, 36)], [10, 10, 20, 30]);
        // The gaps, and the place of a fourth, are white.
        assert_eq!([at(0, 0), at(66, 2), at(2, 34), at(68, 36)], [255; 4]);
    }

    #[test]
    fn sheets_stay_within_their_size() {
        let of = |side, count| Sheet::new(Picture::grey(side, side), count);
        let sheet = of(8, 100).expect("a sheet");
        assert_eq!(sheet, Sheet { across: 10, down: 10, scale: 8 });
        // 4000 at eight times their size would have 17.5 million pixels.
        assert_eq!(of(8, 4000).expect("a sheet").scale, 7);
        assert_eq!(of(256, 1000).expect("a sheet").scale, 1);
        let error = of(256, 4000).expect_err("too large").to_string();
        assert!(error.contains("4000 pictures of 256 by 256") && error.contains("--count"));
    }

    #[test]
    fn names_sort_as_samples_do() {
        let names: Vec<_> = names(Path::new("a"), 11).collect();
        assert_eq!(
            (names[0].as_path(), names[10].as_path()),
            (Path::new("a/00.png"), Path::new("a/10.png"))
        );
    }
}
