//! [`TableConfig::picture`]: the picture that a table's section says its rows are, and whether that fits the file.

use langevin_data::{ChannelAxis, Picture};

use super::{pixels::ImageChannels, table::TableConfig};
use crate::TrainError;

impl TableConfig {
    /// Checks what is said of pictures, without the file.
    ///
    /// # Errors
    /// A field out of its range, or at odds with another.
    pub(super) fn validate_pictures(&self) -> Result<(), TrainError> {
        let wrong = |field, message: String| Err(TrainError::config(field, message));
        if let Some(each) = &self.each_column {
            let said = each.spec().check("data.each_column");
            said.map_err(|error| TrainError::config(error.path, error.message))?;
        }
        if self.image_width == Some(0) {
            return wrong("data.image_width", "must be at least 1, got 0".to_owned());
        }
        if let Some(ImageChannels { count, .. }) = self.image_channels {
            if !matches!(count, 1 | 3 | 4) {
                return wrong(
                    "data.image_channels.count",
                    format!("must be 1, 3 or 4, got {count}"),
                );
            }
            if self.image_width.is_none() {
                let message = "needs data.image_width, the pixels of a line".to_owned();
                return wrong("data.image_channels", message);
            }
        }
        let Some(shape) = &self.shape else { return Ok(()) };
        if !(2..=3).contains(&shape.len()) || shape.contains(&0) {
            let message = format!("must be two or three numbers from 1 on, got {shape:?}");
            return wrong("data.shape", message);
        }
        let columns = shape.iter().try_fold(1_usize, |product, size| product.checked_mul(*size));
        let Some(columns) = columns else {
            return wrong("data.shape", format!("must have a product below 2^63, got {shape:?}"));
        };
        self.picture(columns, shape).map(|_| ())
    }

    /// The picture that a row of so many columns is, where the section says so by `image_width`; `axes` are those of
    /// a row in the file. Where it says nothing of channels, three axes tell them: colours are never taken for grey.
    ///
    /// # Errors
    /// A width and channels that do not divide the columns, or are at odds with the axes.
    pub(crate) fn picture(
        &self,
        columns: usize,
        axes: &[usize],
    ) -> Result<Option<Picture>, TrainError> {
        let Some(width) = self.image_width else { return Ok(None) };
        let told = Picture::of_axes(axes).filter(|told| axes.len() == 3 && told.is_coloured());
        let said = match (self.image_channels, told) {
            (Some(said), _) => said,
            (None, Some(told)) => ImageChannels { count: told.channels, axis: told.axis },
            (None, None) => ImageChannels { count: 1, axis: ChannelAxis::Last },
        };
        let ImageChannels { count, axis } = said;
        let wrong = |message| Err(TrainError::config("data.image_width", message));
        let Some(picture) = Picture::of_columns(columns, width, count, axis) else {
            let times = if count > 1 { format!(" times {count} channels") } else { String::new() };
            return wrong(format!("must divide the {columns} columns, got {width}{times}"));
        };
        let in_file = match (axes, axis) {
            ([_, width], _) | ([_, _, width], ChannelAxis::First) | ([_, width, _], _) => *width,
            _ => width,
        };
        // One channel of three axes may lie on either side.
        if in_file != width && !(count == 1 && axes.len() == 3) {
            return wrong(format!(
                "must be {in_file}, the pixels of a line by the axes {axes:?} of a row, got {width}"
            ));
        }
        Ok(Some(picture))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::DataConfig;

    fn table(said: &str) -> TableConfig {
        let text = format!(r#"{{"kind": "table", "path": "a.npy"{said}}}"#);
        match serde_json::from_str(&text).expect("a table") {
            DataConfig::Table(table) => *table,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn pictures_are_what_is_said_of_them() {
        let rgb = r#", "image_width": 8, "image_channels": {"count": 3, "axis": "first"}"#;
        for (said, columns, axes, expected) in [
            ("", 64, &[8, 8][..], None),
            (r#", "image_width": 8"#, 64, &[], Some(Picture::grey(8, 8))),
            (r#", "image_width": 8"#, 64, &[8, 8], Some(Picture::grey(8, 8))),
            (r#", "image_width": 8"#, 64, &[1, 8, 8], Some(Picture::grey(8, 8))),
            (rgb, 192, &[], Picture::of_columns(192, 8, 3, ChannelAxis::First)),
            (rgb, 192, &[3, 8, 8], Picture::of_columns(192, 8, 3, ChannelAxis::First)),
            // Colours are no grey, said or not.
            (r#", "image_width": 8"#, 192, &[8, 8, 3], Picture::of_axes(&[8, 8, 3])),
            (r#", "image_width": 8"#, 192, &[3, 8, 8], Picture::of_axes(&[3, 8, 8])),
        ] {
            let picture = table(said).picture(columns, axes).expect("a picture or none");
            assert_eq!(picture, expected, "{said} {axes:?}");
        }
    }

    #[test]
    fn pictures_that_do_not_fit_are_refused_by_field() {
        for (said, message) in [
            (r#", "shape": [8, 8], "image_width": 4"#, "data.image_width: must be 8, the pixels"),
            (
                r#", "shape": [8, 8, 3], "image_width": 24"#,
                "data.image_width: must divide the 192 columns, got 24 times 3 channels",
            ),
            (
                r#", "shape": [8, 6, 3], "image_width": 8"#,
                "data.image_width: must be 6, the pixels of a line",
            ),
            (r#", "shape": [8, 8], "image_width": 5"#, "must divide the 64 columns, got 5"),
            (r#", "shape": [64]"#, "data.shape: must be two or three numbers from 1 on, got [64]"),
            (r#", "shape": [8, 0]"#, "data.shape: must be two or three numbers"),
            (r#", "image_width": 0"#, "data.image_width: must be at least 1"),
            (
                r#", "image_channels": {"count": 3, "axis": "last"}"#,
                "data.image_channels: needs data.image_width",
            ),
            (
                r#", "image_width": 8, "image_channels": {"count": 2, "axis": "last"}"#,
                "data.image_channels.count: must be 1, 3 or 4, got 2",
            ),
            (r#", "each_column": {"kind": "date"}"#, "data.each_column.format: is needed"),
        ] {
            let error = table(said).validate().expect_err(said).to_string();
            assert!(error.contains(message), "{error}");
        }
    }

    #[test]
    fn what_is_left_out_is_null() {
        let text = serde_json::to_value(DataConfig::Table(Box::new(table("")))).expect("JSON");
        for field in ["shape", "image_width", "image_channels", "each_column"] {
            assert_eq!(text.get(field), Some(&serde_json::Value::Null), "{field}");
        }
    }
}
