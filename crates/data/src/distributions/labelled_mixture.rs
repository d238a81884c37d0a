//! [`LabelledMixture`]: a mixture of Gaussians whose rows say which of them they come from.

use super::GaussianMixture;
use crate::{
    Column, ColumnValues, Dataset, FeatureGroup, FeatureKind, Part, Stream,
    one_hot::{nearest_class, one_hot},
};

/// Mixture of M Gaussians with a last column `component`, 0 to M − 1: the one that the row comes from, which a model is
/// told and never draws. Its M features are 1 at the row's own and 0 at the others.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelledMixture {
    mixture: GaussianMixture,
}

impl LabelledMixture {
    /// The mixture with its labels.
    #[must_use]
    pub const fn new(mixture: GaussianMixture) -> Self {
        Self { mixture }
    }

    /// The mixture without them.
    #[must_use]
    pub const fn mixture(&self) -> &GaussianMixture {
        &self.mixture
    }

    fn components(&self) -> usize {
        self.mixture.weights().len()
    }
}

impl Dataset for LabelledMixture {
    fn features(&self) -> usize {
        self.mixture.features() + self.components()
    }

    fn words_per_row(&self) -> u64 {
        self.mixture.words_per_row()
    }

    fn draw(&self, part: Part, stream: &mut Stream, rows: &mut [f64]) {
        let (all, numbers) = (self.features(), self.mixture.features());
        let mut bare = vec![0.0; rows.len() / all * numbers];
        let mut components = Vec::with_capacity(rows.len() / all);
        self.mixture.draw_components(part, stream, &mut bare, |own| components.push(own));
        let labelled = rows.chunks_exact_mut(all).zip(bare.chunks_exact(numbers)).zip(components);
        for ((row, bare), component) in labelled {
            row[..numbers].copy_from_slice(bare);
            row[numbers..].fill(0.0);
            row[numbers + component] = 1.0;
        }
    }

    fn columns(&self) -> Vec<Column> {
        let mut columns = self.mixture.columns();
        let names = (0..self.components()).map(|i| i.to_string()).collect();
        let values = ColumnValues::Category(names);
        columns.push(Column {
            name: "component".to_owned(),
            values,
            decimals: None,
            spelling: None,
            may_miss: false,
        });
        columns
    }

    fn layout(&self) -> Vec<FeatureGroup> {
        let mut layout = self.mixture.layout();
        let kind = FeatureKind::Category { count: self.components() };
        layout.push(FeatureGroup { column: self.mixture.features(), kind });
        layout
    }

    fn told(&self) -> Vec<usize> {
        vec![self.mixture.features()]
    }

    fn restore(&self, row: &[f64], out: &mut Vec<f64>) {
        let (numbers, label) = row.split_at(self.mixture.features());
        out.extend_from_slice(numbers);
        out.push(nearest_class(label));
    }

    fn is_final(&self, column: usize) -> bool {
        column == self.mixture.features()
    }

    fn scale(&self, row: &[f64], out: &mut Vec<f64>) {
        let (numbers, label) = row.split_at(self.mixture.features());
        out.extend_from_slice(numbers);
        out.extend(one_hot(label.first().copied().unwrap_or(f64::NAN), self.components()));
    }

    fn mean(&self) -> Option<Vec<f64>> {
        let mut mean = self.mixture.mean()?;
        mean.extend_from_slice(self.mixture.weights());
        Some(mean)
    }

    /// The covariance: that of the numbers; `w_i (δ_ij − w_j)` of the labels; `w_i (m_i − m)` of numbers and labels.
    fn covariance(&self) -> Option<Vec<Vec<f64>>> {
        let (mean, weights) = (self.mixture.mean()?, self.mixture.weights());
        let means = self.mixture.means();
        let mut covariance = self.mixture.covariance()?;
        for (feature, row) in covariance.iter_mut().enumerate() {
            let own = weights.iter().zip(means);
            row.extend(own.map(|(weight, of)| weight * (of[feature] - mean[feature])));
        }
        for (i, (weight, of)) in weights.iter().zip(means).enumerate() {
            let mut row: Vec<_> =
                of.iter().zip(&mean).map(|(of, mean)| weight * (of - mean)).collect();
            row.extend(
                weights
                    .iter()
                    .enumerate()
                    .map(|(j, other)| weight * (f64::from(u8::from(i == j)) - other)),
            );
            covariance.push(row);
        }
        Some(covariance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Purpose, Streams};

    fn labelled() -> LabelledMixture {
        let means = vec![vec![-3.0, 0.0], vec![3.0, 1.0], vec![0.0, 9.0]];
        let weights = Some(vec![0.5, 0.2, 0.3]);
        LabelledMixture::new(GaussianMixture::new(means, 0.4, weights).expect("valid"))
    }

    #[test]
    fn a_row_is_the_mixture_s_own_with_the_component_that_made_it() {
        let (labelled, rows) = (labelled(), 40_000);
        let mut stream = Streams::new(4).at(Purpose::Data, 0, 0);
        let (mut with, mut bare) = (vec![0.0; rows * 5], vec![0.0; rows * 2]);
        labelled.draw(Part::Training, &mut stream, &mut with);
        assert_eq!(stream.position(), rows as u64 * labelled.words_per_row());
        labelled.mixture().draw(
            Part::Training,
            &mut Streams::new(4).at(Purpose::Data, 0, 0),
            &mut bare,
        );
        let mut counts = [0.0; 3];
        for (row, bare) in with.chunks_exact(5).zip(bare.chunks_exact(2)) {
            assert_eq!(row[..2], *bare);
            let mut user = Vec::new();
            labelled.restore(row, &mut user);
            let mean = &labelled.mixture().means()[user[2] as usize];
            // The components lie more than 12 standard deviations apart.
            assert!(bare.iter().zip(mean).all(|(x, mean)| (x - mean).abs() < 2.4), "{user:?}");
            counts[user[2] as usize] += 1.0 / rows as f64;
            let mut back = Vec::new();
            labelled.scale(&user, &mut back);
            assert_eq!(back, row);
        }
        for (share, weight) in counts.iter().zip([0.5, 0.2, 0.3]) {
            let error = (weight * (1.0 - weight) / rows as f64).sqrt();
            assert!((share - weight).abs() < 5.0 * error, "{share} for {weight}");
        }
    }

    #[test]
    fn the_moments_are_those_of_many_rows() {
        let (labelled, count) = (labelled(), 100_000);
        let mut rows = vec![0.0; count * 5];
        labelled.draw(Part::Training, &mut Streams::new(5).at(Purpose::Data, 0, 0), &mut rows);
        let mean = labelled.mean().expect("known");
        for (i, line) in labelled.covariance().expect("known").iter().enumerate() {
            let found = rows.iter().skip(i).step_by(5).sum::<f64>() / count as f64;
            assert!(
                (found - mean[i]).abs() < 5.0 * (line[i] / count as f64).sqrt(),
                "{i}: {found}"
            );
            for (j, want) in line.iter().enumerate() {
                let products =
                    rows.chunks_exact(5).map(|row| (row[i] - mean[i]) * (row[j] - mean[j]));
                let products: Vec<f64> = products.collect();
                let found = products.iter().sum::<f64>() / count as f64;
                let squares = products.iter().map(|x| (x - found).powi(2)).sum::<f64>();
                let error = squares.sqrt() / count as f64;
                assert!(
                    (found - want).abs() < 5.0 * error.max(1e-9),
                    "{i} {j}: {found} for {want}"
                );
            }
        }
    }

    #[test]
    fn the_label_is_told_and_ends_the_row() {
        let labelled = labelled();
        let columns = labelled.columns();
        assert_eq!(labelled.told(), [2]);
        assert_eq!((columns[2].name.as_str(), columns[2].text(1.0)), ("component", "1".to_owned()));
        assert_eq!((columns[2].value("2"), columns[2].value("3")), (Some(2.0), None));
        let features: usize = labelled.layout().iter().map(|group| group.kind.features()).sum();
        assert_eq!(features, labelled.features());
    }
}
