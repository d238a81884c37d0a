//! Dots with soft edges, blended into an image.

use resvg::tiny_skia::Pixmap;

use crate::show::figures::SAMPLES;

/// How the dots of a frame look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dots {
    radius: f64,
    opacity: f64,
}

impl Dots {
    /// The more dots there are the smaller and fainter, so that their density is seen.
    pub(super) fn new(count: usize, size: f64) -> Self {
        let (radius, opacity) = match count {
            0..=200 => (3.0, 0.9),
            201..=1000 => (2.2, 0.7),
            1001..=5000 => (1.7, 0.5),
            _ => (1.3, 0.3),
        };
        Self { radius: f64::max(radius * size / 480.0, 0.8), opacity }
    }

    /// Draws a dot as far as it is on the image; none where the point is not finite.
    pub(super) fn draw(self, image: &mut Pixmap, (x, y): (f64, f64)) {
        let (width, height) = (image.width() as usize, image.height() as usize);
        let reach = self.radius + 0.5;
        let inside = |at: f64, length: usize| at > -reach && at < length as f64 + reach;
        if !(inside(x, width) && inside(y, height)) {
            return;
        }
        // Conversions to usize stop at 0. A pixel's middle lies at its half.
        let pixels = |at: f64, length: usize| {
            (at - reach) as usize..((at + reach).ceil() as usize).min(length)
        };
        let data = image.data_mut();
        for row in pixels(y, height) {
            for column in pixels(x, width) {
                let distance = f64::hypot(column as f64 + 0.5 - x, row as f64 + 0.5 - y);
                let cover = self.opacity * (reach - distance).clamp(0.0, 1.0);
                let first = 4 * (row * width + column);
                for (channel, ink) in data[first..first + 3].iter_mut().zip(SAMPLES) {
                    let old = f64::from(*channel);
                    *channel = (old + cover * (f64::from(ink) - old)).round() as u8;
                }
            }
        }
    }
}
