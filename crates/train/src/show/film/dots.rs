//! Dots with soft edges, blended into a frame.

use resvg::tiny_skia::Pixmap;

/// Radius and opacity of a frame's dots.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dots {
    radius: f64,
    opacity: f64,
}

impl Dots {
    /// Dots for `count` rows on a frame of `size` pixels. More dots are smaller and fainter, so
    /// that their density is seen.
    pub(super) fn new(count: usize, size: f64) -> Self {
        let (radius, opacity) = match count {
            0..=200 => (3.0, 0.9),
            201..=1000 => (2.2, 0.7),
            1001..=5000 => (1.7, 0.5),
            _ => (1.3, 0.3),
        };
        Self { radius: f64::max(radius * size / 480.0, 0.8), opacity }
    }

    /// Draws the part of a dot of a colour that lies on the image. A point that is not finite draws nothing.
    pub(super) fn draw(self, image: &mut Pixmap, colour: [u8; 3], (x, y): (f64, f64)) {
        let (width, height) = (image.width() as usize, image.height() as usize);
        let reach = self.radius + 0.5;
        let inside = |at: f64, length: usize| at > -reach && at < length as f64 + reach;
        if !(inside(x, width) && inside(y, height)) {
            return;
        }
        // The cast to usize saturates at 0. The middle of pixel i lies at i + 0.5.
        let pixels = |at: f64, length: usize| {
            (at - reach) as usize..((at + reach).ceil() as usize).min(length)
        };
        let data = image.data_mut();
        for row in pixels(y, height) {
            for column in pixels(x, width) {
                let distance = f64::hypot(column as f64 + 0.5 - x, row as f64 + 0.5 - y);
                let cover = self.opacity * (reach - distance).clamp(0.0, 1.0);
                let first = 4 * (row * width + column);
                for (channel, ink) in data[first..first + 3].iter_mut().zip(colour) {
                    let old = f64::from(*channel);
                    *channel = (old + cover * (f64::from(ink) - old)).round() as u8;
                }
            }
        }
    }
}
