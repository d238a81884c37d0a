//! [`TableData`]: a table as a [`Dataset`], split by the seed and scaled.

use std::sync::OnceLock;

use super::{
    KeptRows, KeptTable, SplitOptions, Table, TableError, ToldRows,
    fit::fit,
    remarks::remarks,
    rows::Rows,
    scale::Map,
    space::Space,
    split::{held_out_rows, put_first},
    weights::Weights,
};
use crate::{
    ChannelAxis, Column, Dataset, DrawnCategory, FeatureGroup, Part, Picture, Purpose, Shape,
    Stream, Streams,
};

/// Largest number of features for which variance and covariance are stated; the size of the latter is their square.
const COVARIANCE_LIMIT: usize = 2048;

/// Data of a table, in the model's space: the columns that vary among the training rows, scaled.
///
/// A row is drawn uniformly, or with a chance in proportion to its weight, with replacement. One word w chooses the row `⌊w n / 2^64⌋` of n, so that
/// the probabilities of two rows differ by at most 2^-64; where rows have weights, the fraction that this leaves chooses that row or the one
/// that shares its place. Where no row is held out, held-out rows are
/// drawn from the training rows. A further word for each column of [`Encoding::Rank`](super::Encoding::Rank) places the
/// row among its equals, and one for each that may lack a number, or is in parts, stands for it; a row by its number has words of its own.
///
/// The distribution that is learnt is that of the training rows, by what they weigh. So the exact mean and covariance are
/// theirs.
#[derive(Clone, Debug)]
pub struct TableData {
    space: Space,
    /// Rows of all columns, scaled but where a column is dithered; the held-out rows come first.
    rows: Rows,
    /// Places in the ranks of the rows by their numbers, in [`Purpose::Dither`].
    dither: Streams,
    held_out: usize,
    /// What the rows weigh, where they do not weigh alike.
    weights: Option<Weights>,
    /// How many rows apart two have no value in common.
    apart: usize,
    /// What is told of training rows.
    told: ToldRows,
    /// Digest of the table's rows in their order, before they were split and scaled.
    source_digest: [u8; 32],
    remarks: Vec<String>,
    attribution: Option<String>,
    moments: OnceLock<Moments>,
}

/// Moments of the training rows' features.
#[derive(Clone, Debug)]
struct Moments {
    mean: Vec<f64>,
    variance: Vec<f64>,
    /// What the uniform numbers that place rows add to the variances, summed over the rows.
    within: Vec<f64>,
}

impl TableData {
    /// Splits a table and scales it in place, by the statistics of its training rows.
    ///
    /// [`Split::Last`](super::Split::Last) holds out the last rows that are not dropped and weigh more than 0. Otherwise the first steps of Fisher and Yates' shuffle move the rows that are held out to the front, every
    /// row with equal probability. The random numbers are drawn without bias (Lemire 2019) from the
    /// seed's stream for splits. So the split depends on the seed and the number of rows alone. A split
    /// that holds out more rows holds out the same ones and others. Of [windows](super::Window) the last in time are held
    /// out.
    ///
    /// # Errors
    /// `holdout` must be a share from 0 to below 1 and leave at least 2 training rows. At least one
    /// column must vary among the training rows. Each column that varies must be neither too large nor
    /// too small to be scaled.
    pub fn new(mut table: Table, options: &SplitOptions) -> Result<Self, TableError> {
        let (mut held_out, mut apart) = (held_out_rows(&table, options.holdout)?, 1);
        let source_digest = digest(&table);
        if let Some(series) = &table.series {
            held_out = series.split(&mut table.rows, held_out, &table.file)?;
            apart = series.apart();
            table.untell_constants(held_out)?;
        } else {
            put_first(&mut table.rows, held_out, options);
        }
        let weights = table.take_weights().map(|weights| Weights::new(weights, held_out));
        let scales = fit(&table, held_out, weights.as_ref(), options.transform)?;
        let told = ToldRows::of(&table, held_out, weights.as_ref());
        // Held-out values of constant columns that differ from the constant: restoring loses them.
        let mut lost = 0;
        // Column by column, since the knots of one quantile map fill the cache.
        for (column, scale) in scales.iter().enumerate() {
            if scale.has_own_values() {
                continue;
            }
            let is_constant = matches!(scale.map, Map::Constant(_) | Map::Word(_));
            let constant = is_constant.then(|| table.rows.row(held_out)[column]);
            for row in 0..table.rows.len() {
                let value = &mut table.rows.row_mut(row)[column];
                lost += u64::from(constant.is_some_and(|constant| *value != constant));
                *value = scale.map.apply(*value, 0.5);
            }
        }
        Ok(Self {
            remarks: remarks(
                &table,
                held_out,
                weights.as_ref(),
                &scales,
                lost,
                options.round_integers,
            ),
            space: Space::new(table.specs, scales, table.told, options.round_integers, None),
            rows: table.rows,
            told,
            dither: Streams::new(options.seed),
            held_out,
            weights,
            apart,
            source_digest,
            attribution: None,
            moments: OnceLock::new(),
        })
    }

    /// Names the authors and the source of the data.
    #[must_use]
    pub fn with_attribution(mut self, attribution: &str) -> Self {
        self.attribution = Some(attribution.to_owned());
        self
    }

    /// Says that the columns that are drawn are images of grey pixels, `width` in a line, where lines are whole. Where
    /// constant columns are left out of the features, rows have no shape.
    #[must_use]
    pub fn with_image_width(self, width: usize) -> Self {
        match Picture::of_columns(self.space.drawn_columns(), width, 1, ChannelAxis::Last) {
            Some(picture) => self.with_picture(picture),
            None => self,
        }
    }

    /// Says that the columns that are drawn are pictures, of as many columns as there are; of others it says nothing.
    #[must_use]
    pub fn with_picture(mut self, picture: Picture) -> Self {
        let is_whole = picture.columns() == self.space.drawn_columns();
        self.space.picture = is_whole.then_some(picture);
        self
    }

    /// The index of the first row of a part, and the number of its rows.
    fn part(&self, part: Part) -> (usize, usize) {
        match part {
            Part::Training => (self.held_out, self.rows.len() - self.held_out),
            Part::HeldOut => (0, self.held_out),
        }
    }

    /// Copies a row's features. A column that has many of a value takes a uniform number.
    fn copy(&self, index: usize, mut uniform: impl FnMut() -> f64, out: &mut [f64]) {
        let row = self.rows.row(index);
        for (column, own) in self.space.by_column(out) {
            let scale = &self.space.scales[column];
            match own {
                [feature] if !scale.has_own_values() => *feature = row[column],
                own => scale.write(row[column], &mut uniform, own),
            }
        }
    }

    /// Fills in the means of a row's features, and adds their variances to `variance`: both 0 and 1 over all
    /// rows where a column is dithered.
    fn expected(&self, index: usize, mean: &mut [f64], variance: &mut [f64]) {
        let row = self.rows.row(index);
        let features = self.space.by_column(mean).zip(self.space.by_column(variance));
        for ((column, mean), (_, variance)) in features {
            let scale = &self.space.scales[column];
            match mean {
                [feature] if !scale.has_own_values() => *feature = row[column],
                mean => scale.moments(row[column], mean, variance),
            }
        }
    }

    /// Each training row's weight, 1 where rows have none, and its features' means and variances over the uniform numbers that place it.
    fn for_each_expected(&self, mut see: impl FnMut(f64, &[f64], &[f64])) {
        let (first, count) = self.part(Part::Training);
        let mut row = vec![0.0; self.features()];
        let mut within = row.clone();
        for index in first..first + count {
            let weight = match &self.weights {
                Some(weights) => weights.of_training()[index - first],
                None => 1.0,
            };
            within.fill(0.0);
            self.expected(index, &mut row, &mut within);
            see(weight, &row, &within);
        }
    }

    fn moments(&self) -> &Moments {
        self.moments.get_or_init(|| {
            let count = self.part(Part::Training).1 as f64;
            let mut mean = vec![0.0; self.features()];
            let mut within = mean.clone();
            self.for_each_expected(|weight, row, own| {
                within.iter_mut().zip(own).for_each(|(sum, variance)| *sum += weight * variance);
                mean.iter_mut().zip(row).for_each(|(mean, value)| *mean += weight * value / count);
            });
            let mut variance = vec![0.0; mean.len()];
            self.for_each_expected(|weight, row, _| {
                let values = variance.iter_mut().zip(row).zip(&mean);
                values.for_each(|((sum, value), mean)| {
                    let away = value - mean;
                    *sum += weight * away / count * away;
                });
            });
            variance.iter_mut().zip(&within).for_each(|(sum, within)| *sum += within / count);
            Moments { mean, variance, within }
        })
    }
}

impl Dataset for TableData {
    fn features(&self) -> usize {
        self.space.features()
    }

    fn words_per_row(&self) -> u64 {
        1 + self.space.dithered() as u64
    }

    fn draw(&self, part: Part, stream: &mut Stream, rows: &mut [f64]) {
        let part = if self.part(part).1 == 0 { Part::Training } else { part };
        let (first, count) = self.part(part);
        for row in rows.chunks_exact_mut(self.features()) {
            let index = match &self.weights {
                Some(weights) => weights.draw(part == Part::HeldOut, stream),
                None => stream.index(count),
            };
            self.copy(first + index, || stream.uniform(), row);
        }
    }

    fn columns(&self) -> Vec<Column> {
        self.space.columns()
    }

    fn layout(&self) -> Vec<FeatureGroup> {
        self.space.layout()
    }

    fn drawn_categories(&self) -> &[DrawnCategory] {
        &self.space.categories
    }

    fn shape(&self) -> Option<Shape> {
        self.space.shape()
    }

    fn picture(&self) -> Option<Picture> {
        self.space.picture
    }

    fn len(&self, part: Part) -> Option<usize> {
        Some(self.part(part).1)
    }

    fn representatives(&self, part: Part) -> Option<&[usize]> {
        Some(self.weights.as_ref()?.representatives(part == Part::HeldOut))
    }

    fn apart(&self) -> usize {
        self.apart
    }

    fn row(&self, part: Part, index: usize, out: &mut [f64]) {
        let (first, count) = self.part(part);
        if index < count {
            let index = first + index;
            // Most tables need none.
            let mut stream = None;
            let uniform = || {
                let open = || {
                    let word = (index * self.space.dithered()) as u64;
                    self.dither.at(Purpose::Dither, 0, word)
                };
                stream.get_or_insert_with(open).uniform()
            };
            self.copy(index, uniform, out);
        }
    }

    fn restore(&self, row: &[f64], out: &mut Vec<f64>) {
        self.space.restore(row, out);
    }

    fn restore_free(&self, row: &[f64], out: &mut Vec<f64>) {
        self.space.restore_free(row, out);
    }

    fn is_final(&self, column: usize) -> bool {
        self.space.is_final(column)
    }

    fn user_row(&self, part: Part, index: usize, out: &mut Vec<f64>) {
        let (first, count) = self.part(part);
        if index >= count {
            return;
        }
        for (value, scale) in self.rows.row(first + index).iter().zip(&self.space.scales) {
            out.push(if scale.has_own_values() {
                *value
            } else {
                self.space.rounded(scale, scale.given(*value))
            });
        }
    }

    fn restore_as_version_0_1(&self, row: &[f64], out: &mut Vec<f64>) {
        self.space.restore_as_version_0_1(row, out);
    }

    fn source_digest(&self) -> Option<[u8; 32]> {
        Some(self.source_digest)
    }

    fn scale(&self, row: &[f64], out: &mut Vec<f64>) {
        self.space.scale(row, || 0.5, out);
    }

    fn scale_at_random(&self, row: &[f64], uniform: &mut dyn FnMut() -> f64, out: &mut Vec<f64>) {
        self.space.scale(row, uniform, out);
    }

    fn told(&self) -> Vec<usize> {
        self.space.told.clone()
    }

    fn draw_user_row(&self, stream: &mut Stream, out: &mut Vec<f64>) {
        self.told.draw(stream, &self.space, out);
    }

    fn derived_from(&self, column: usize) -> Option<usize> {
        self.space.derived_from(column)
    }

    fn seen_range(&self, column: usize) -> Option<[f64; 2]> {
        self.space.scales.get(column)?.seen
    }

    fn remarks(&self) -> Vec<String> {
        self.remarks.clone()
    }

    fn attribution(&self) -> Option<&str> {
        self.attribution.as_deref()
    }

    fn mean(&self) -> Option<Vec<f64>> {
        Some(self.moments().mean.clone())
    }

    fn covariance(&self) -> Option<Vec<Vec<f64>>> {
        let features = self.features();
        if features > COVARIANCE_LIMIT {
            return None;
        }
        let (Moments { mean, within, .. }, count) =
            (self.moments(), self.part(Part::Training).1 as f64);
        let mut covariance = vec![vec![0.0; features]; features];
        let mut away = vec![0.0; features];
        self.for_each_expected(|weight, row, _| {
            away.iter_mut()
                .zip(row)
                .zip(mean)
                .for_each(|((away, value), mean)| *away = value - mean);
            for (line, own) in covariance.iter_mut().zip(&away) {
                let scaled = weight * own / count;
                line.iter_mut().zip(&away).for_each(|(sum, value)| *sum += scaled * value);
            }
        });
        covariance
            .iter_mut()
            .zip(within)
            .enumerate()
            .for_each(|(i, (line, within))| line[i] += within / count);
        Some(covariance)
    }

    fn variance(&self) -> Option<Vec<f64>> {
        (self.features() <= COVARIANCE_LIMIT).then(|| self.moments().variance.clone())
    }

    fn keep(&self, rows: KeptRows) -> Option<KeptTable> {
        let (space, attribution) = (self.space.clone(), self.attribution.clone());
        Some(KeptTable { rows, space, told: self.told.clone(), attribution })
    }
}

/// The blake3 of all numbers, row by row, and of the names that stand for numbers.
fn digest(table: &Table) -> [u8; 32] {
    let (rows, mut hasher) = (&table.rows, blake3::Hasher::new());
    let mut bytes = Vec::new();
    for name in table.categories.iter().flatten().flatten() {
        hasher.update(&(name.len() as u64).to_le_bytes());
        hasher.update(name.as_bytes());
    }
    for row in 0..rows.len() {
        bytes.clear();
        bytes.extend(rows.row(row).iter().flat_map(|value| value.to_le_bytes()));
        hasher.update(&bytes);
    }
    *hasher.finalize().as_bytes()
}
