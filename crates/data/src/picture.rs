//! [`Picture`]: how the columns of a row are the pixels of a picture.

use std::fmt;

/// Largest number of channels: red, green, blue and opacity.
const MOST_CHANNELS: usize = 4;

/// Axis on which the channels of a picture lie, among those of a row in an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(rename_all = "snake_case")
)]
pub enum ChannelAxis {
    /// Before lines and pixels: all of one channel, then all of the next.
    First,
    /// Behind them: the channels of each pixel side by side.
    Last,
}

/// Picture whose pixels are the columns of a row, line by line from the top, each from the left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields)
)]
pub struct Picture {
    /// Pixels of a line.
    pub width: usize,
    /// Lines.
    pub height: usize,
    /// Numbers of a pixel: 1 is grey, 3 are red, green and blue, 4 those and opacity.
    pub channels: usize,
    /// Where the channels lie.
    pub axis: ChannelAxis,
}

impl Picture {
    /// Picture of grey pixels.
    #[must_use]
    pub const fn grey(width: usize, height: usize) -> Self {
        Self { width, height, channels: 1, axis: ChannelAxis::Last }
    }

    /// Picture of so many columns and channels, `width` pixels in a line; `None` where lines are not whole or
    /// the number of channels is none of 1, 3 and 4.
    #[must_use]
    pub fn of_columns(
        columns: usize,
        width: usize,
        channels: usize,
        axis: ChannelAxis,
    ) -> Option<Self> {
        let line = width.checked_mul(channels).filter(|line| *line > 0)?;
        let is_whole = columns > 0 && columns.is_multiple_of(line) && is_channels(channels);
        is_whole.then_some(Self { width, height: columns / line, channels, axis })
    }

    /// Picture that the axes of a row are: [height, width], [height, width, channels] or [channels, height,
    /// width]. `None` for others. Where both outer axes could be the channels, they are the last, unless the first
    /// alone leaves squares. Two axes of which the last is 3 or 4 are no grey pixels: they are as likely the
    /// channels of one line.
    #[must_use]
    pub fn of_axes(axes: &[usize]) -> Option<Self> {
        let last =
            |height, width, channels| Self { width, height, channels, axis: ChannelAxis::Last };
        match *axes {
            [height, width] if width > MOST_CHANNELS => Some(Self::grey(width, height)),
            [first, second, third] => {
                let is_first = is_channels(first)
                    && (!is_channels(third) || second == third && first != second);
                if is_first {
                    let axis = ChannelAxis::First;
                    return Some(Self { width: third, height: second, channels: first, axis });
                }
                is_channels(third).then(|| last(first, second, third))
            }
            _ => None,
        }
    }

    /// Number of columns.
    #[must_use]
    pub const fn columns(&self) -> usize {
        self.width * self.height * self.channels
    }

    /// Column of a channel of the pixel at `(x, y)`.
    #[must_use]
    pub const fn column(&self, (x, y): (usize, usize), channel: usize) -> usize {
        let pixel = y * self.width + x;
        match self.axis {
            ChannelAxis::First => channel * self.width * self.height + pixel,
            ChannelAxis::Last => pixel * self.channels + channel,
        }
    }

    /// Whether pixels have colours.
    #[must_use]
    pub const fn is_coloured(&self) -> bool {
        self.channels > 1
    }
}

const fn is_channels(number: usize) -> bool {
    matches!(number, 1 | 3 | MOST_CHANNELS)
}

/// Width, height and colours in words: `8 by 8, grey`.
impl fmt::Display for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let colours = match self.channels {
            1 => "grey",
            3 => "red, green and blue",
            _ => "red, green, blue and opacity",
        };
        write!(f, "{} by {}, {colours}", self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_tell_lines_from_channels() {
        let (first, last) = (ChannelAxis::First, ChannelAxis::Last);
        for (axes, told) in [
            (&[28, 20][..], Some((20, 28, 1, last))),
            (&[8, 8, 3], Some((8, 8, 3, last))),
            (&[3, 6, 8], Some((8, 6, 3, first))),
            (&[1, 8, 8], Some((8, 8, 1, first))),
            (&[8, 8, 1], Some((8, 8, 1, last))),
            (&[8, 6, 4], Some((6, 8, 4, last))),
            // Both outer axes could be channels.
            (&[3, 4, 4], Some((4, 4, 3, first))),
            (&[4, 4, 3], Some((4, 4, 3, last))),
            (&[3, 3, 3], Some((3, 3, 3, last))),
            (&[1, 8, 3], Some((8, 1, 3, last))),
            // One picture in colour, or points of three coordinates; a volume; a flat row.
            (&[64, 3], None),
            (&[10, 28, 28], None),
            (&[64], None),
            (&[2, 3, 8, 8], None),
        ] {
            let told = told.map(|(width, height, channels, axis)| Picture {
                width,
                height,
                channels,
                axis,
            });
            assert_eq!(Picture::of_axes(axes), told, "{axes:?}");
            let columns: usize = axes.iter().product();
            assert!(told.is_none_or(|picture| picture.columns() == columns));
        }
    }

    #[test]
    fn a_column_is_where_the_array_has_it() {
        // The value at [y][x][c] of an array in C order, and at [c][y][x].
        let last = Picture { width: 5, height: 4, channels: 3, axis: ChannelAxis::Last };
        let first = Picture { axis: ChannelAxis::First, ..last };
        assert_eq!(last.column((2, 1), 1), 22);
        assert_eq!(first.column((2, 1), 1), 27);
        assert_eq!(Picture::grey(5, 4).column((2, 1), 0), 7);
    }

    #[test]
    fn lines_are_whole() {
        let of = |columns, width, channels| {
            Picture::of_columns(columns, width, channels, ChannelAxis::Last)
        };
        assert_eq!(of(64, 8, 1), Some(Picture::grey(8, 8)));
        assert_eq!(of(192, 8, 3).map(|picture| picture.height), Some(8));
        for (columns, width, channels) in
            [(64, 7, 1), (64, 0, 1), (64, 8, 2), (0, 8, 1), (64, 8, 3)]
        {
            assert_eq!(of(columns, width, channels), None);
        }
    }
}
