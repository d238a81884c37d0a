//! [`Dataset`]: the trait of the data that a model is trained on, for a user's own data too.

use crate::{
    Column, DrawnCategory, FeatureGroup, FeatureKind, KeptRows, KeptTable, Picture, Shape, Stream,
};

/// Part of the data that rows are taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Rows that the model is trained on.
    Training,
    /// Rows that are held out, to measure by.
    HeldOut,
}

/// A mode of a distribution.
#[derive(Clone, Debug, PartialEq)]
pub struct Mode {
    /// Centre, a number for each axis.
    pub center: Vec<f64>,
    /// Share of the rows that belong to the mode.
    pub share: f64,
    /// Standard deviation along every axis.
    pub std: f64,
}

/// Rows that a model is trained on.
///
/// A table draws from its rows of the part that is asked for. A distribution draws from its density and ignores the part,
/// unless it balances its training rows: each part has a stream of its own, which keeps the parts apart. The methods that
/// return an `Option` are for what a data set knows exactly; by default it knows nothing.
pub trait Dataset: Send + Sync {
    /// The number of features: the numbers in a row.
    fn features(&self) -> usize;

    /// The number of 64-bit words of the stream that one row uses. It is the same for every row, so
    /// that the place of a row is known without drawing the rows before it.
    fn words_per_row(&self) -> u64;

    /// Fills `rows`, row by row; row i uses exactly [`words_per_row`](Self::words_per_row) words.
    fn draw(&self, part: Part, stream: &mut Stream, rows: &mut [f64]);

    /// The user's columns, one for each number that [`restore`](Self::restore) gives. There may be more
    /// columns than features. By default there are as many, of numbers: x0, x1, and so on.
    fn columns(&self) -> Vec<Column> {
        (0..self.features()).map(|i| Column::number(format!("x{i}"))).collect()
    }

    /// The names of the columns.
    fn column_names(&self) -> Vec<String> {
        self.columns().into_iter().map(|column| column.name).collect()
    }

    /// How the features are laid out: in their order, those of each column that the model learns. By
    /// default feature i stands for the number in column i.
    fn layout(&self) -> Vec<FeatureGroup> {
        let group = |column| FeatureGroup { column, kind: FeatureKind::Number };
        (0..self.features()).map(group).collect()
    }

    /// The columns that the model is told and never draws, whose features end each row, in this order. By default
    /// there are none, and the model draws all.
    fn told(&self) -> Vec<usize> {
        Vec::new()
    }

    /// The categories that the model draws, in the order of their features: those groups of the
    /// [`layout`](Self::layout) that are no numbers and not told. By default there are none.
    fn drawn_categories(&self) -> &[DrawnCategory] {
        &[]
    }

    /// The column that another is a function of, by which it is looked up; `None` of one that is learnt.
    fn derived_from(&self, _column: usize) -> Option<usize> {
        None
    }

    /// The shape of what is drawn of a row, where that is an image; else `None`.
    fn shape(&self) -> Option<Shape> {
        None
    }

    /// The picture that the columns of a row are, but those that are told, where rows are pictures; else `None`. Unlike
    /// [`shape`](Self::shape) it has the pixels that never vary too.
    fn picture(&self) -> Option<Picture> {
        None
    }

    /// The number of rows that a finite data set has in a part. A distribution has no end and returns
    /// `None`.
    fn len(&self, _part: Part) -> Option<usize> {
        None
    }

    /// Indices of rows of a part of a finite data set that stand for it where each counts as much, in their order: where rows
    /// have weights, some of them, a heavy one more than once. `None`, by default, where all rows count alike.
    fn representatives(&self, _part: Part) -> Option<&[usize]> {
        None
    }

    /// How many rows apart two rows of a part have no value in common: 1, and more where rows are windows of a series that
    /// overlap. Tests that take rows for independent look at rows that far apart.
    fn apart(&self) -> usize {
        1
    }

    /// Fills `out`, of [`features`](Self::features) numbers, with row `index` of a finite data set,
    /// counted from 0. Where there is no such row, `out` stays as it is.
    fn row(&self, _part: Part, _index: usize, _out: &mut [f64]) {}

    /// Converts a row of the model's features to the user's columns and units, and appends it to `out`.
    fn restore(&self, row: &[f64], out: &mut Vec<f64>) {
        out.extend_from_slice(row);
    }

    /// Converts a row as [`restore`](Self::restore) does, but sets nothing to an end of its range, and appends it to
    /// `out`: how far beyond the data's range rows lie is counted on it.
    fn restore_free(&self, row: &[f64], out: &mut Vec<f64>) {
        self.restore(row, out);
    }

    /// Whether [`restore`](Self::restore) gives the values of a column as they are to be written. Elsewhere samples are
    /// rounded to about a millionth of the column's spread, since their features are 32-bit floats.
    fn is_final(&self, _column: usize) -> bool {
        false
    }

    /// Appends row `index` of a finite data set to `out`, in the user's columns and units as they were given,
    /// counted from 0.
    fn user_row(&self, part: Part, index: usize, out: &mut Vec<f64>) {
        let mut row = vec![0.0; self.features()];
        self.row(part, index, &mut row);
        self.restore(&row, out);
    }

    /// Converts a row in the user's columns and units to the model's features, and appends it to
    /// `out`: the inverse of [`restore`](Self::restore).
    fn scale(&self, row: &[f64], out: &mut Vec<f64>) {
        out.extend_from_slice(row);
    }

    /// Converts a row as [`scale`](Self::scale) does, but places a value that many features stand for by a `uniform`
    /// number in (0, 1), as [`draw`](Self::draw) does.
    fn scale_at_random(&self, row: &[f64], _uniform: &mut dyn FnMut() -> f64, out: &mut Vec<f64>) {
        self.scale(row, out);
    }

    /// Appends a row drawn as the training rows are, in the user's columns and units. Where the rows are not at hand,
    /// the columns that the model draws are NaN.
    fn draw_user_row(&self, stream: &mut Stream, out: &mut Vec<f64>) {
        let mut row = vec![0.0; self.features()];
        self.draw(Part::Training, stream, &mut row);
        self.restore(&row, out);
    }

    /// The least and the largest training value of a column, where they are known.
    fn seen_range(&self, _column: usize) -> Option<[f64; 2]> {
        None
    }

    /// Converts a row as [`restore`](Self::restore) did in Langevin 0.1, of which the fingerprints of its
    /// runs are made. It never changes, whatever becomes of `restore`.
    fn restore_as_version_0_1(&self, row: &[f64], out: &mut Vec<f64>) {
        self.restore(row, out);
    }

    /// Checksum of the rows as their user gave them, before they were split and scaled. It tells apart
    /// data whose differences scaling cancels, such as a column in other units. `None` where the
    /// features are the rows themselves.
    fn source_digest(&self) -> Option<[u8; 32]> {
        None
    }

    /// What samples need of the data where its rows are not at hand, for a run's folder. `None` where nothing is
    /// needed, or where a program of the user's own makes the data.
    fn keep(&self, _rows: KeptRows) -> Option<KeptTable> {
        None
    }

    /// What is known of the rows where they are not at hand.
    fn kept_rows(&self) -> Option<&KeptRows> {
        None
    }

    /// Remarks on the data that a user should read.
    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }

    /// The authors and the source of the data, where they must be named.
    fn attribution(&self) -> Option<&str> {
        None
    }

    /// The exact mean.
    fn mean(&self) -> Option<Vec<f64>> {
        None
    }

    /// The exact covariance, row by row.
    fn covariance(&self) -> Option<Vec<Vec<f64>>> {
        None
    }

    /// The exact variance of each feature: the diagonal of the covariance, for data whose whole
    /// covariance is too large.
    fn variance(&self) -> Option<Vec<f64>> {
        Some(self.covariance()?.iter().enumerate().map(|(i, row)| row[i]).collect())
    }

    /// The logarithm of the density at a row.
    fn log_density(&self, _x: &[f64]) -> Option<f64> {
        None
    }

    /// The logarithm of the density of the level `alpha · x_0 + sigma · eps` at a row, where there is a
    /// closed formula for it. It is `None` where alpha and sigma are both 0. In one dimension
    /// [`LevelDensity`](crate::LevelDensity) needs no closed formula.
    fn diffused_log_density(&self, _alpha: f64, _sigma: f64, _x: &[f64]) -> Option<f64> {
        None
    }

    /// The gradient of the log density at a row.
    fn score(&self, _x: &[f64]) -> Option<Vec<f64>> {
        None
    }

    /// The exact posterior means `E[x_0 | alpha · x_0 + sigma · eps = x]` of many rows x, one after the other in
    /// `rows` as in the result: the best estimates of the clean rows, by which a denoiser's
    /// [regret](crate::measure::Denoising) is measured. `None` where they are not known.
    fn posterior_means(&self, _rows: &[f64], _alpha: f64, _sigma: f64) -> Option<Vec<f64>> {
        None
    }

    /// The modes, where the distribution has any.
    fn modes(&self) -> Option<Vec<Mode>> {
        None
    }
}
