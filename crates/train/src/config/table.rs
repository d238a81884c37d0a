//! `data` of kind `table`: columns of a CSV or NPY file, or of a workbook's sheet, split and scaled.

use std::path::{Path, PathBuf};

use langevin_data::{
    ColumnSpec, Decimal, Encoding, Holdout, Layout, Missing, Split, Transform, Window,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    ConditionConfig,
    pixels::{EachColumn, ImageChannels},
};
use crate::TrainError;

/// Prefix of the names of tables that the binary holds.
pub const BUILT_IN: &str = "builtin:";

/// Columns of a CSV or NPY file, or of a sheet of a workbook, split into training and held-out rows and scaled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableConfig {
    /// The file, relative to this one: CSV, or NPY where its name ends in `.npy`; either may be
    /// gzipped. A workbook of Excel or OpenDocument is known by its content. `builtin:penguins`, `builtin:digits`, `builtin:weather`,
    /// `builtin:adult`, `builtin:diamonds`, `builtin:credit`, `builtin:iris`, `builtin:wine`, `builtin:breast-cancer`,
    /// `builtin:two-moons-simulations` and `builtin:gaussian-linear-simulations` are in the binary.
    pub path: String,
    /// The columns to learn, in this order; all where left out. Each is its name, or an object that
    /// says more of it. Without a header, and in an array, they are called x0, x1, …
    #[serde(default)]
    pub columns: Option<Vec<ColumnSpec>>,
    /// What is said of each column of which `columns` says its name alone, or, where that is left out, of all.
    #[serde(default)]
    pub each_column: Option<EachColumn>,
    /// Columns to leave out.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// The sheet of a workbook, by its name or its number from 1; where left out, the first that has cells.
    #[serde(default)]
    pub sheet: Option<String>,
    /// Lines above the table, or rows of a sheet, that are skipped whatever they hold, as a title.
    #[serde(default)]
    pub skip_lines: u64,
    /// Whether the first line names the columns; where left out, it does if one of its fields is text.
    #[serde(default)]
    pub header: Option<bool>,
    /// The character between fields; where left out, the one of comma, semicolon and tab that is most
    /// frequent in the first line.
    #[serde(default)]
    pub delimiter: Option<char>,
    /// Whether columns are aligned: blanks in a row are one delimiter, and none at a line's ends.
    #[serde(default)]
    pub aligned: bool,
    /// The sign before decimals, `"."` or `","`. Where it is given, the other may group digits by three, as in
    /// 1.299,99; where left out, a point, and no groups.
    #[serde(default)]
    pub decimal: Option<Decimal>,
    /// The character that opens a comment at a line's start; where left out, there are no comments.
    #[serde(default)]
    pub comment: Option<char>,
    /// Whether the last comment before the first row is the header.
    #[serde(default)]
    pub header_in_comment: bool,
    /// Whether the line below the header holds units, which are skipped.
    #[serde(default)]
    pub units_row: bool,
    /// Whether each row starts with a name that the header has no field for, as R writes tables. That column
    /// is called row.
    #[serde(default)]
    pub row_names: bool,
    /// Whether a delimiter may end a line without another field after it.
    #[serde(default)]
    pub trailing_delimiter: bool,
    /// Whether a column with the name of one before it is called anew, as x and x_2; else it is an error to
    /// take one of them.
    #[serde(default)]
    pub unique_names: bool,
    /// What becomes of rows that lack a value.
    #[serde(default)]
    pub missing: Missing,
    /// Fields that stand for a missing value, beside the empty one, NA, N/A, NaN and null: texts, or numbers
    /// such as "-9999", which stand for that number in any spelling.
    #[serde(default)]
    pub missing_values: Vec<String>,
    /// Column of what rows weigh, in numbers of 0 or more: a row is drawn as often as it weighs, and statistics, held-out losses
    /// and measures weigh alike. It is not learnt. Where left out, all rows weigh alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<String>,
    /// Windows of a series that are the rows, where the file's rows are its steps, the oldest first; the file's rows themselves
    /// where left out. Of a column t they have the columns t.1, t.2 and so on, and no window reaches across a row that lacks a value.
    #[serde(default)]
    pub window: Option<Window>,
    /// Rows held out to measure by: a share below 1, or a number of rows from 1 on. `split` says
    /// which; with `window` they are the last rows of the file, and windows across their border are left out.
    #[serde(default = "fifth")]
    pub holdout: f64,
    /// Which rows are held out: `random`, as the seed decides, or `last`, the last of the file, of those that are not left out.
    #[serde(default, skip_serializing_if = "is_random")]
    pub split: Split,
    /// How columns become numbers near 1, by the training rows; undone when sampling.
    #[serde(default)]
    pub transform: Transform,
    /// Whether samples are rounded in columns that hold only whole numbers.
    #[serde(default = "yes")]
    pub round_integers: bool,
    /// Axes of a row in an array of three axes or four, which the file must have, as [height, width] of a picture;
    /// where left out, those that it has. The numbers of a row are its columns, the last axis running fastest.
    #[serde(default)]
    pub shape: Option<Vec<usize>>,
    /// Width of the image in pixels, where each row of the table is an image: grey where `image_channels` and the axes
    /// of the file tell of no colours.
    #[serde(default)]
    pub image_width: Option<usize>,
    /// Channels of an image: how many, and on which axis of a row.
    #[serde(default)]
    pub image_channels: Option<ImageChannels>,
    /// What the model is told about a row; nothing where left out.
    #[serde(default)]
    pub condition: Option<ConditionConfig>,
}

fn is_random(split: &Split) -> bool {
    *split == Split::Random
}
fn fifth() -> f64 {
    0.2
}
fn yes() -> bool {
    true
}

impl TableConfig {
    /// Checks what can be checked without the file.
    ///
    /// # Errors
    /// A field out of its range.
    pub(crate) fn validate(&self) -> Result<(), TrainError> {
        let delimiter = self.delimiter()?;
        self.layout()?;
        self.holdout()?;
        if self.aligned && delimiter.is_some_and(|delimiter| delimiter != b' ') {
            let message = "needs the delimiter \" \", or none";
            return Err(TrainError::config("data.aligned", message));
        }
        for (i, spec) in self.columns.iter().flatten().enumerate() {
            let said = spec.check(&format!("data.columns[{i}]"));
            said.map_err(|error| TrainError::config(error.path, error.message))?;
        }
        let each = self.each_column.as_ref().and_then(|each| each.encoding);
        let said = each.filter(|each| matches!(each, Encoding::Category | Encoding::Parts));
        let is_picture = self.image_width.is_some() || self.shape.is_some();
        if is_picture && (said.is_some() || self.missing == Missing::Model) {
            let (field, what) = match said {
                Some(Encoding::Parts) => ("data.each_column.encoding", "\"parts\""),
                Some(_) => ("data.each_column.encoding", "\"category\""),
                None => ("data.missing", "\"model\""),
            };
            let message =
                format!("must not be {what} where rows are pictures, whose pixels are numbers");
            return Err(TrainError::config(field, message));
        }
        if let Some(window) = self.window {
            window.check(self.past()).map_err(|error| TrainError::Table(error.into()))?;
            if self.missing == Missing::Model {
                let message = "must not be \"model\" where rows are windows, which reach across no row that lacks a value";
                return Err(TrainError::config("data.missing", message));
            }
            if self.image_width.is_some() || self.shape.is_some() {
                let message = "must be left out where rows are pictures, which make no series";
                return Err(TrainError::config("data.window", message));
            }
        } else if self.past() > 0 {
            let message = "needs data.window, whose first steps are told";
            return Err(TrainError::config("data.condition.past", message));
        }
        if self.path.is_empty() {
            return Err(TrainError::config("data.path", "must name a file, got nothing"));
        }
        self.validate_pictures()
    }

    pub(crate) fn delimiter(&self) -> Result<Option<u8>, TrainError> {
        self.delimiter.map(|c| byte("data.delimiter", c)).transpose()
    }

    /// How the file lays out its table.
    pub(crate) fn layout(&self) -> Result<Layout, TrainError> {
        if self.header_in_comment && self.comment.is_none() {
            let message = "needs data.comment, the character that opens the comment";
            return Err(TrainError::config("data.header_in_comment", message));
        }
        Ok(Layout {
            sheet: self.sheet.clone(),
            skip_lines: Some(self.skip_lines),
            aligned: self.aligned,
            decimal: self.decimal,
            comment: self.comment.map(|c| byte("data.comment", c)).transpose()?,
            header_in_comment: self.header_in_comment,
            units_row: self.units_row,
            row_names: self.row_names,
            trailing_delimiter: self.trailing_delimiter,
            unique_names: self.unique_names,
            missing_values: self.missing_values.clone(),
        })
    }

    /// First steps of a window that are told.
    pub(crate) fn past(&self) -> usize {
        self.condition.as_ref().and_then(|condition| condition.past).unwrap_or(0)
    }

    pub(crate) fn holdout(&self) -> Result<Holdout, TrainError> {
        match self.holdout {
            share if (0.0..1.0).contains(&share) => Ok(Holdout::Share(share)),
            rows if rows >= 1.0 && rows.fract() == 0.0 && rows < 1e15 => {
                Ok(Holdout::Rows(rows as usize))
            }
            other => {
                let message = format!(
                    "must be a share from 0 to below 1, or a whole number of rows, got {other}"
                );
                Err(TrainError::config("data.holdout", message))
            }
        }
    }

    pub(super) fn is_built_in(&self) -> bool {
        self.path.starts_with(BUILT_IN)
    }

    pub(super) fn point_from(&mut self, folder: &Path) {
        if !self.is_built_in() {
            self.path = folder.join(&self.path).display().to_string();
        }
    }

    pub(super) fn point_into(&mut self, folder: &Path) {
        if !self.is_built_in() {
            self.path = relative_path(Path::new(&self.path), folder).display().to_string();
        }
    }
}

/// A character as the byte that it is in a file.
fn byte(field: &str, c: char) -> Result<u8, TrainError> {
    let byte = u8::try_from(c).ok().filter(|b| b.is_ascii() && !b"\"\r\n".contains(b));
    let message = || format!("must be one ASCII character, not a quote, got {c:?}");
    byte.ok_or_else(|| TrainError::config(field, message()))
}

/// The path of `file` relative to `folder`, or its absolute path where one of the two does not exist.
pub fn relative_path(file: &Path, folder: &Path) -> PathBuf {
    let (Ok(file), Ok(folder)) = (file.canonicalize(), folder.canonicalize()) else {
        return std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    };
    let shared = file.components().zip(folder.components()).take_while(|(a, b)| a == b).count();
    if shared == 0 {
        return file;
    }
    let up = folder.components().skip(shared).map(|_| "..");
    up.map(PathBuf::from).chain(file.components().skip(shared).map(|c| PathBuf::from(&c))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_s_path_leads_to_the_same_file() {
        let root = tempfile::tempdir().expect("temporary folder");
        let [data, runs] = ["project/data", "project/runs/one"].map(|name| root.path().join(name));
        for folder in [&data, &runs] {
            std::fs::create_dir_all(folder).expect("created");
        }
        std::fs::write(data.join("a.csv"), "a\n1\n").expect("written");
        let path = relative_path(&data.join("a.csv"), &runs);
        assert_eq!(path, Path::new("../../data/a.csv"));
        assert!(runs.join(path).is_file());
        assert_eq!(relative_path(&data.join("a.csv"), &data), Path::new("a.csv"));
    }
}
