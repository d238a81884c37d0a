//! Images in colours, one per row: data beside samples.

use langevin_data::Picture;

use super::axes::four_digits;
use super::images::{Grid, Set, two_grids};
use super::points::{Points, validate};
use super::style::spread;
use super::{Figure, FigureError};

/// Most amounts of red, green or blue: four bits hold them, which keeps the file small.
const FULL: f64 = 15.0;
/// Most pixels in a grid. Colours repeat less than ink does; the limit keeps the file below 1 MB even if all
/// images are noise.
const MOST_PIXELS: usize = 36 * 28 * 28;

/// Figure of two grids of images in colours: data on the left, samples on the right. `tones` are the values that are
/// dark and full of light; a pixel that is not opaque lies on white. Images are chosen and made smaller as by
/// the figure of grey ones.
///
/// # Shapes
/// `rows` of both sets is row-major, as many values a row as the picture has columns. One of the sets may be empty.
///
/// # Errors
/// When there are no rows at all, a set isn't made of whole rows, or `tones` is no range.
pub fn coloured_images(
    title: &str,
    picture: Picture,
    tones: (f64, f64),
    samples: Points,
    data: Points,
) -> Result<Figure, FigureError> {
    let (figure, columns) = ("images", picture.columns());
    validate(figure, columns, samples, data)?;
    if !(tones.0 < tones.1 && (tones.1 - tones.0).is_finite()) {
        return Err(FigureError::Empty { figure, what: "tones" });
    }
    let sets = [Set::new(data, columns), Set::new(samples, columns)];
    let most = sets.iter().map(|set| set.images.len()).fold(1, usize::max);
    let grid = Grid::of(picture.width, picture.height, most, MOST_PIXELS);
    let (dark, light) = (four_digits(tones.0), four_digits(tones.1));
    let amounts = format!("no light at {dark}, full light at {light}, in 16 amounts");
    Ok(two_grids(title, &sets, &grid, amounts, |svg, set, corner| {
        grid.frame(svg, set, corner, |svg, corner, side| {
            let drawn = coloured(&grid, set, picture, tones);
            let lines: Vec<_> = drawn.chunks(grid.pixels_across()).collect();
            svg.coloured_pixels(corner, side, &lines);
        })
    }))
}

/// Colours of the whole grid, line by line; none between the images.
fn coloured(grid: &Grid, set: &Set, picture: Picture, tones: (f64, f64)) -> Vec<Option<u16>> {
    let (across, (width, height)) = (grid.pixels_across(), grid.size);
    let count = set.drawn(grid);
    let mut drawn = vec![None; across * (count.div_ceil(grid.across) * (height + 1) + 1)];
    for (place, i) in spread(set.images.len(), count).enumerate() {
        let corner = grid.corner(place);
        for y in 0..height {
            for x in 0..width {
                drawn[corner + y * across + x] =
                    Some(colour(grid, picture, tones, set.images[i], (x, y)));
            }
        }
    }
    drawn
}

/// Colour of a drawn pixel: the mean of its block.
fn colour(
    grid: &Grid,
    picture: Picture,
    (dark, light): (f64, f64),
    image: &[f64],
    (x, y): (usize, usize),
) -> u16 {
    let block = |at: usize, most: usize| at * grid.block..((at + 1) * grid.block).min(most);
    let share = |channel: usize| {
        let places = block(y, picture.height)
            .flat_map(|y| block(x, picture.width).map(move |x| picture.column((x, y), channel)));
        let count = places.clone().count() as f64;
        let mean: f64 = places.map(|column| image[column] / count).sum();
        ((mean - dark) / (light - dark)).clamp(0.0, 1.0)
    };
    let opacity = if picture.channels > 3 { share(3) } else { 1.0 };
    (0..3).fold(0, |colour, channel| {
        let share = share(channel) * opacity + 1.0 - opacity;
        colour << 4 | (share * FULL).round() as u16
    })
}

#[cfg(test)]
mod tests {
    use langevin_data::ChannelAxis;
    use resvg::tiny_skia::Pixmap;

    use super::*;

    fn picture(width: usize, height: usize, channels: usize, axis: ChannelAxis) -> Picture {
        Picture { width, height, channels, axis }
    }

    fn drawn(picture: Picture, rows: &[f64]) -> Figure {
        let points = Points { name: "data", rows };
        coloured_images("t", picture, (0.0, 255.0), points, points).expect("a figure")
    }

    #[test]
    fn a_pixel_has_its_colour_on_either_axis() {
        // Red and half grey, side by side.
        let last = [255.0, 0.0, 0.0, 136.0, 136.0, 136.0];
        let first = [255.0, 136.0, 0.0, 136.0, 0.0, 136.0];
        for (axis, row) in [(ChannelAxis::Last, last), (ChannelAxis::First, first)] {
            let figure = drawn(picture(2, 1, 3, axis), &row);
            let image = Pixmap::decode_png(&figure.png().expect("PNG")).expect("an image");
            let is_there = |r: u8, g: u8, b: u8| {
                image.pixels().iter().any(|p| (p.red(), p.green(), p.blue()) == (r, g, b))
            };
            assert!(is_there(255, 0, 0) && is_there(136, 136, 136), "{axis:?}");
            assert!(!is_there(0, 255, 0) && !is_there(0, 0, 255), "{axis:?}");
        }
    }

    #[test]
    fn what_is_not_opaque_lies_on_white() {
        let rgba = picture(1, 1, 4, ChannelAxis::Last);
        let grid = Grid::of(1, 1, 1, MOST_PIXELS);
        for (row, expected) in [
            ([255.0, 0.0, 0.0, 255.0], 0xf00),
            ([255.0, 0.0, 0.0, 0.0], 0xfff),
            ([0.0, 0.0, 0.0, 127.5], 0x888),
        ] {
            assert_eq!(colour(&grid, rgba, (0.0, 255.0), &row, (0, 0)), expected);
        }
    }

    #[test]
    fn noise_in_colours_stays_below_a_megabyte() {
        let noise = |i: u64| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as f64;
        for side in [8, 28, 32, 64, 110, 128] {
            let columns = 3 * side * side;
            let count = 100.min(2_000_000 / columns) * columns;
            let rows: Vec<_> = (0..count as u64).map(noise).collect();
            let figure = drawn(picture(side, side, 3, ChannelAxis::Last), &rows);
            assert!(figure.svg().len() < 1_000_000, "{side}: {} bytes", figure.svg().len());
        }
    }

    #[test]
    fn a_dark_page_keeps_the_colours() {
        let figure = drawn(picture(1, 1, 3, ChannelAxis::Last), &[255.0, 255.0, 255.0]);
        assert!(figure.themed_svg().contains("stroke=\"#fff\""));
    }
}
