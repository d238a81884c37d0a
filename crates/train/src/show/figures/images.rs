//! Images, one per row: data beside samples, in ink on paper. The least value is blank and the
//! greatest black.

use super::axes::{four_digits, widened};
use super::legend::{foot, head};
use super::points::{Points, validate};
use super::style::{GRID, NAME_SIZE, NOTE_SIZE, counted, drawable, elide, range, spread};
use super::svg::{Anchor, Stroke, Svg};
use super::{Figure, FigureError};

/// Layout of an image in a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pixels {
    /// Values in a row.
    pub columns: usize,
    /// Pixels in a line of the image. A row has `columns / width` lines, one after the other.
    pub width: usize,
    /// Values that are blank and black. By default they are the least and the greatest value of the
    /// data.
    pub value_range: Option<(f64, f64)>,
}

const LEFT: f64 = 20.0;
const GAP: f64 = 20.0;
/// Width and height of a grid of images, in pixels.
const ROOM: f64 = 350.0;
/// Most images in a line of a grid, and most lines.
const MOST_ACROSS: usize = 8;
/// Most pixels in a grid: 64 images of 28 × 28. The limit keeps the file below 1 MB even if all
/// images are noise.
const MOST_PIXELS: usize = 64 * 28 * 28;
/// Most pixels along an image's side. Four images of this size stay within [`MOST_PIXELS`].
const MOST_ALONG: usize = 110;
/// Amount of ink of a black pixel; a blank one has none.
const FULL: u8 = 31;

/// Figure of two grids of images in one scale of ink: data on the left, samples on the right.
///
/// A grid has up to 8 × 8 images, evenly spread over the rows. A grid of large images has fewer. In
/// very large images each drawn pixel is the mean of a block.
///
/// # Shapes
/// `rows` of both sets is row-major, `pixels.columns` values a row. One of the sets may be empty.
///
/// # Errors
/// When there are no columns or no rows at all, a set isn't made of whole rows, an image isn't made
/// of whole lines, or the range of values is empty.
pub fn images(
    title: &str,
    pixels: Pixels,
    samples: Points,
    data: Points,
) -> Result<Figure, FigureError> {
    let Pixels { columns, width, value_range } = pixels;
    let figure = "images";
    validate(figure, columns, samples, data)?;
    if !columns.is_multiple_of(width) {
        let what = "a line of an image".to_owned();
        return Err(FigureError::Length { figure, what, got: width, columns });
    }
    if value_range.is_some_and(|(low, high)| !(drawable(low) && drawable(high) && low < high)) {
        return Err(FigureError::Empty { figure, what: "value_range" });
    }
    let of = |points: Points| range(points.rows.iter().copied());
    let scale = value_range.or_else(|| of(data)).or_else(|| of(samples)).unwrap_or((0.0, 1.0));
    let sets = [Set::new(data, columns), Set::new(samples, columns)];
    let most = sets.iter().map(|set| set.images.len()).fold(1, usize::max);
    let grid = Grid::new(width, columns / width, most);
    let (blank, black) = (four_digits(scale.0), four_digits(scale.1));
    let tones = format!("no ink at {blank}, full ink at {black}");
    Ok(two_grids(title, &sets, &grid, tones, |svg, set, corner| {
        grid.draw(svg, set, widened(scale), corner)
    }))
}

/// Figure of two sets side by side, each under its caption, with notes below. `draw` draws a set from its upper left
/// corner on and returns the y of its lower edge; `tones` says which values its pixels show.
pub(super) fn two_grids(
    title: &str,
    sets: &[Set; 2],
    grid: &Grid,
    tones: String,
    draw: impl Fn(&mut Svg, &Set, (f64, f64)) -> f64,
) -> Figure {
    let whole = 2.0 * ROOM + GAP;
    let mut svg = Svg::new();
    let top = head(&mut svg, title, &[], LEFT, whole);
    let mut bottom = top;
    for (set, left) in sets.iter().zip([LEFT, LEFT + ROOM + GAP]) {
        let caption = elide(&set.caption(grid), NAME_SIZE, ROOM);
        svg.text(left, top - 9.0, Anchor::Start, NAME_SIZE, &caption);
        bottom = f64::max(bottom, draw(&mut svg, set, (left, top)));
    }
    let mut notes = vec![tones];
    if grid.block > 1 {
        notes.push(format!("each pixel the mean of {0} × {0}", grid.block));
    }
    notes.extend(sets.iter().filter_map(Set::note));
    let height = foot(&mut svg, &notes, LEFT, whole, bottom + 6.0);
    svg.finish(title, LEFT + whole + LEFT, height)
}

/// Images of a set: its rows whose values are all drawable.
pub(super) struct Set<'a> {
    name: &'a str,
    pub(super) images: Vec<&'a [f64]>,
    left_out: usize,
}

impl<'a> Set<'a> {
    pub(super) fn new(points: Points<'a>, columns: usize) -> Self {
        let rows = points.rows.chunks_exact(columns);
        let images: Vec<_> =
            rows.clone().filter(|row| row.iter().all(|value| drawable(*value))).collect();
        Self { name: points.name, left_out: rows.len() - images.len(), images }
    }

    pub(super) fn drawn(&self, grid: &Grid) -> usize {
        self.images.len().min(grid.across * grid.across)
    }

    /// Sentence on the images that are left out.
    fn note(&self) -> Option<String> {
        let images = counted(self.left_out, "image");
        let name = elide(self.name, NOTE_SIZE, 220.0);
        (self.left_out > 0).then(|| format!("{name}: {images} with values not finite left out"))
    }

    fn caption(&self, grid: &Grid) -> String {
        let name = elide(self.name, NAME_SIZE, 200.0);
        let (drawn, count) = (self.drawn(grid), self.images.len());
        match count {
            0 => format!("{name}: no images"),
            _ if drawn < count => format!("{name}: {drawn} of {count} images"),
            _ => format!("{name}: {}", counted(count, "image")),
        }
    }
}

/// Grid of images, a pixel apart.
pub(super) struct Grid {
    /// Width of an image in the data.
    width: usize,
    /// Side of the square block of values whose mean is one drawn pixel.
    pub(super) block: usize,
    /// Width and height of an image, in drawn pixels.
    pub(super) size: (usize, usize),
    pub(super) across: usize,
}

impl Grid {
    fn new(width: usize, height: usize, images: usize) -> Self {
        Self::of(width, height, images, MOST_PIXELS)
    }

    /// Grid of so many images, of at most `most` pixels together.
    pub(super) fn of(width: usize, height: usize, images: usize, most: usize) -> Self {
        let block = width.max(height).div_ceil(MOST_ALONG);
        let size = (width.div_ceil(block), height.div_ceil(block));
        let fitting = (most / (size.0 * size.1)).isqrt().clamp(1, MOST_ACROSS);
        let needed = (1..=fitting).find(|across| across * across >= images);
        Self { width, block, size, across: needed.unwrap_or(fitting) }
    }

    /// Draws a set's images from `(left, top)` on. Returns the y of the grid's lower edge.
    fn draw(&self, svg: &mut Svg, set: &Set, scale: (f64, f64), corner: (f64, f64)) -> f64 {
        self.frame(svg, set, corner, |svg, corner, side| {
            let drawn = self.drawn_into(set, scale);
            let lines: Vec<_> = drawn.chunks(self.pixels_across()).collect();
            svg.pixels(corner, side, &lines, FULL);
        })
    }

    /// Draws a set's pixels, by `pixels`, which is given their corner and their side, and the lines between the
    /// images. Returns the y of the grid's lower edge.
    pub(super) fn frame(
        &self,
        svg: &mut Svg,
        set: &Set,
        (left, top): (f64, f64),
        pixels: impl FnOnce(&mut Svg, (f64, f64), f64),
    ) -> f64 {
        if set.images.is_empty() {
            return top;
        }
        let extent = self.across * (self.size.0.max(self.size.1) + 1) + 1;
        let side = ROOM / extent as f64;
        // The side is a multiple of 0.5, a whole number of the PNG's pixels, so that all pixels
        // have one size.
        let side = if side > 0.5 { (2.0 * side).floor() / 2.0 } else { side };
        // The images are shifted by half a gap, so that their frames, in the middle of the gaps,
        // begin at `(left, top)`.
        let shift = side.floor() / 2.0;
        pixels(svg, (left - shift, top - shift), side);

        let down = set.drawn(self).div_ceil(self.across);
        let edge = |i: usize, size: usize| side * (i * (size + 1)) as f64;
        let (x, y) = (|i| left + edge(i, self.size.0), |i| top + edge(i, self.size.1));
        for column in 0..=self.across {
            let x = x(column);
            svg.line((x, y(0)), (x, y(down)), Stroke::solid(GRID, 1.0));
        }
        for row in 0..=down {
            let y = y(row);
            svg.line((x(0), y), (x(self.across), y), Stroke::solid(GRID, 1.0));
        }
        y(down)
    }

    pub(super) fn pixels_across(&self) -> usize {
        self.across * (self.size.0 + 1) + 1
    }

    /// Amounts of ink of the whole grid, line by line.
    fn drawn_into(&self, set: &Set, (low, high): (f64, f64)) -> Vec<u8> {
        let (across, (width, height)) = (self.pixels_across(), self.size);
        let count = set.drawn(self);
        let mut grid = vec![0; across * (count.div_ceil(self.across) * (height + 1) + 1)];
        for (place, i) in spread(set.images.len(), count).enumerate() {
            let corner = self.corner(place);
            for y in 0..height {
                for x in 0..width {
                    let value = self.pixel(set.images[i], x, y);
                    let ink = (value - low) / (high - low) * f64::from(FULL);
                    // The cast to u8 saturates at 0.
                    grid[corner + y * across + x] = ink.round().min(f64::from(FULL)) as u8;
                }
            }
        }
        grid
    }

    /// Place of the upper left pixel of an image among those of the grid.
    pub(super) fn corner(&self, place: usize) -> usize {
        let (column, row) = (place % self.across, place / self.across);
        (row * (self.size.1 + 1) + 1) * self.pixels_across() + column * (self.size.0 + 1) + 1
    }

    /// Mean of the block of values that the drawn pixel (x, y) stands for.
    fn pixel(&self, image: &[f64], x: usize, y: usize) -> f64 {
        let lines = image.chunks(self.width).skip(y * self.block).take(self.block);
        let values = lines.flat_map(|line| line.iter().skip(x * self.block).take(self.block));
        let count = values.clone().count() as f64;
        values.map(|value| value / count).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pixels(columns: usize, width: usize) -> Pixels {
        Pixels { columns, width, value_range: None }
    }

    fn drawn(shape: Pixels, samples: &[f64], data: &[f64]) -> Result<Figure, FigureError> {
        let samples = Points { name: "samples", rows: samples };
        images("t", shape, samples, Points { name: "data", rows: data })
    }

    #[test]
    fn least_is_blank_greatest_black_and_lines_run_along_the_row() {
        // Image of three columns and two lines: blank, black, black / blank, half, beyond the
        // range.
        let image = [0.0, 1.0, 1.0, 0.0, 0.5, 7.0];
        let points = Points { name: "", rows: &image };
        let grid = Grid::new(3, 2, 1);
        let got = grid.drawn_into(&Set::new(points, 6), (0.0, 1.0));
        #[rustfmt::skip]
        let want = [
            0, 0, 0, 0, 0,
            0, 0, 31, 31, 0,
            0, 0, 16, 31, 0,
            0, 0, 0, 0, 0,
        ];
        assert_eq!(got, want);
    }

    #[test]
    fn the_ink_of_every_pixel_is_on_the_paper() {
        let image = [0.0, 1.0, 1.0, 0.0, 0.5, 1.0];
        let figure = drawn(pixels(6, 3), &image, &image).unwrap();
        let png = resvg::tiny_skia::Pixmap::decode_png(&figure.png().unwrap()).unwrap();
        // Image of 3 × 2 pixels in a grid 5 pixels wide. A pixel is 70 wide in the SVG and 140 in
        // the PNG.
        let grey = |left: f64, x: u32, y: u32| {
            let middle = |from: f64, i: u32| (2.0 * (from + 70.0 * (f64::from(i) + 1.0))) as u32;
            png.pixel(middle(left, x), middle(70.0, y)).unwrap().red()
        };
        for left in [LEFT, LEFT + ROOM + GAP] {
            let line = |y| [0, 1, 2].map(|x| grey(left, x, y));
            assert_eq!(line(0), [255, 0, 0]);
            assert_eq!(line(1), [255, 123, 0], "16 of 31");
        }
    }

    #[test]
    fn both_sets_have_the_scale_of_the_data() {
        let figure = drawn(pixels(2, 1), &[-5.0, 40.0], &[0.0, 16.0]).unwrap();
        assert!(figure.svg().contains("no ink at 0, full ink at 16"));
        let given = Pixels { value_range: Some((-1.0, 1.0)), ..pixels(2, 1) };
        let figure = drawn(given, &[-5.0, 40.0], &[0.0, 16.0]).unwrap();
        assert!(figure.svg().contains("no ink at −1, full ink at 1"));
    }

    #[test]
    fn noise_of_any_shape_stays_below_a_megabyte() {
        let noise = |i: u64| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11) as f64;
        let shapes =
            [(64, 8), (784, 28), (4096, 64), (110 * 110, 110), (300 * 200, 300), (9999, 9999)];
        for (columns, width) in shapes.into_iter().chain([(9999, 1), (1, 1)]) {
            let count = 100.min(2_000_000 / columns) * columns;
            let rows: Vec<_> = (0..count as u64).map(noise).collect();
            let figure = drawn(pixels(columns, width), &rows, &rows).unwrap();
            assert!(figure.svg().len() < 1_000_000, "{columns}: {} bytes", figure.svg().len());
            figure.tree().unwrap();
        }
    }

    #[test]
    fn a_million_images_are_sixty_four() {
        let rows = vec![0.5; 4_000_000];
        let figure = drawn(pixels(4, 2), &rows, &rows[..8]).unwrap();
        assert!(figure.svg().contains("samples: 64 of 1000000 images"));
        assert!(figure.svg().contains("data: 2 images"));
    }

    #[test]
    fn a_large_image_is_drawn_by_means_of_blocks() {
        let grid = Grid::new(220, 220, 1);
        let image: Vec<_> = (0..220 * 220).map(|i| f64::from(i % 220)).collect();
        assert_eq!((grid.block, grid.size), (2, (110, 110)));
        assert_eq!((grid.pixel(&image, 0, 0), grid.pixel(&image, 109, 109)), (0.5, 218.5));
        let figure = drawn(pixels(220 * 220, 220), &image, &image).unwrap();
        assert!(figure.svg().contains("each pixel the mean of 2 × 2"));
    }

    #[test]
    fn images_that_are_not_finite_are_counted_and_left_out() {
        let figure = drawn(pixels(2, 2), &[0.0, f64::NAN, 1.0, 0.0], &[0.0, 1.0]).unwrap();
        assert!(figure.svg().contains("samples: 1 image<"));
        assert!(figure.svg().contains("samples: 1 image with values not finite left out"));
    }

    #[test]
    fn what_makes_no_images_is_an_error() {
        let error = |shape| drawn(shape, &[0.0; 6], &[0.0; 6]).unwrap_err().to_string();
        assert!(error(pixels(6, 4)).contains("a line of an image has 4 values"));
        assert!(error(pixels(6, 0)).contains("a line of an image has 0 values"));
        assert!(error(pixels(4, 2)).contains("samples has 6 values"));
        assert!(error(pixels(0, 0)).contains("columns is empty"));
        let reversed = Pixels { value_range: Some((1.0, 0.0)), ..pixels(6, 3) };
        assert!(error(reversed).contains("value_range is empty"));
    }
}
