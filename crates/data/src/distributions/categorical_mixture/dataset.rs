//! The mixture as a [`Dataset`]: draws, columns, moments and what is known of noisy rows.

use super::CategoricalMixture;
use crate::{
    Column, ColumnValues, Dataset, DrawnCategory, FeatureGroup, FeatureKind, Part, Stream,
    distributions::chosen, normal_words, one_hot::code,
};

impl CategoricalMixture {
    pub(super) fn features_of_a_row(&self) -> usize {
        self.numbers() + self.categories.iter().map(DrawnCategory::count).sum::<usize>()
    }

    /// Means of the features of each component, those of the whole mixture being 0.
    fn feature_means(&self) -> Vec<Vec<f64>> {
        let of_component = |own: &super::ProductComponent| {
            let mut means = own.means.clone();
            for (category, shares) in self.categories.iter().zip(&own.shares) {
                let both = shares.iter().zip(&category.shares);
                means.extend(both.map(|(own, share)| category.scale * (own - share)));
            }
            means
        };
        self.components.iter().map(of_component).collect()
    }
}

impl Dataset for CategoricalMixture {
    fn features(&self) -> usize {
        self.features_of_a_row()
    }

    fn words_per_row(&self) -> u64 {
        1 + self.categories.len() as u64 + normal_words(self.numbers())
    }

    /// A row's words are the component's, one for each category, and those of the numbers.
    fn draw(&self, _part: Part, stream: &mut Stream, rows: &mut [f64]) {
        for row in rows.chunks_exact_mut(self.features_of_a_row()) {
            let own = &self.components[chosen(&self.weights, stream.uniform())];
            for (category, shares) in self.categories.iter().zip(&own.shares) {
                let value = chosen(shares, stream.uniform());
                let features = row[category.features()].iter_mut();
                features.zip(category.code(value)).for_each(|(x, code)| *x = code);
            }
            let z = &mut row[..own.means.len()];
            stream.fill_normal(z);
            z.iter_mut().zip(&own.means).zip(&own.stds).for_each(|((z, m), s)| *z = m + s * *z);
        }
    }

    fn columns(&self) -> Vec<Column> {
        let (numbers, categories) = self.names.split_at(self.numbers());
        let category = |(name, values): (&String, &Vec<String>)| Column {
            values: ColumnValues::Category(values.clone()),
            ..Column::number(name)
        };
        let categories = categories.iter().zip(&self.values).map(category);
        numbers.iter().map(Column::number).chain(categories).collect()
    }

    fn layout(&self) -> Vec<FeatureGroup> {
        let numbers = (0..self.numbers()).map(|_| FeatureKind::Number);
        let counts = self.categories.iter().map(DrawnCategory::count);
        let kinds = numbers.chain(counts.map(|count| FeatureKind::Category { count }));
        kinds.enumerate().map(|(column, kind)| FeatureGroup { column, kind }).collect()
    }

    fn drawn_categories(&self) -> &[DrawnCategory] {
        &self.categories
    }

    fn restore(&self, row: &[f64], out: &mut Vec<f64>) {
        out.extend(row.iter().zip(&self.scales).map(|(z, [mean, std])| mean + std * z));
        out.extend(self.categories.iter().map(|category| category.value(row) as f64));
    }

    fn is_final(&self, column: usize) -> bool {
        column >= self.numbers()
    }

    fn scale(&self, row: &[f64], out: &mut Vec<f64>) {
        let (numbers, values) = row.split_at(self.numbers());
        out.extend(numbers.iter().zip(&self.scales).map(|(z, [mean, std])| (z - mean) / std));
        for (category, value) in self.categories.iter().zip(values) {
            out.extend(code(*value, category.scale, &category.shares));
        }
    }

    fn mean(&self) -> Option<Vec<f64>> {
        Some(vec![0.0; self.features_of_a_row()])
    }

    /// The covariance `Σ w_c (C_c + m_c m_cᵀ)`, with C_c the variances of the numbers and `scale² (th_k δ_kl − th_k th_l)` of a
    /// category's features.
    fn covariance(&self) -> Option<Vec<Vec<f64>>> {
        let features = self.features_of_a_row();
        let mut covariance = vec![vec![0.0; features]; features];
        let means = self.feature_means();
        for ((weight, own), means) in self.weights.iter().zip(&self.components).zip(&means) {
            for (row, m) in covariance.iter_mut().zip(means) {
                row.iter_mut().zip(means).for_each(|(out, other)| *out += weight * m * other);
            }
            for (j, std) in own.stds.iter().enumerate() {
                covariance[j][j] += weight * std * std;
            }
            for (category, shares) in self.categories.iter().zip(&own.shares) {
                let factor = weight * category.scale * category.scale;
                for (k, share) in shares.iter().enumerate() {
                    let row = &mut covariance[category.first + k][category.features()];
                    row.iter_mut().zip(shares).for_each(|(out, l)| *out -= factor * share * l);
                    row[k] += factor * share;
                }
            }
        }
        Some(covariance)
    }

    fn variance(&self) -> Option<Vec<f64>> {
        let of_value = |category: &DrawnCategory, share: f64| {
            category.scale * category.scale * share * (1.0 - share)
        };
        let mut variance = vec![1.0; self.numbers()];
        for category in &self.categories {
            variance.extend(category.shares.iter().map(|share| of_value(category, *share)));
        }
        Some(variance)
    }

    /// The density of the numbers times the probability of the values.
    fn log_density(&self, x: &[f64]) -> Option<f64> {
        let mut row = Vec::new();
        self.restore(x, &mut row);
        let units: f64 = self.scales.iter().map(|[_, std]| std.ln()).sum();
        Some(self.row_log_density(&row) + units)
    }

    fn diffused_log_density(&self, alpha: f64, sigma: f64, x: &[f64]) -> Option<f64> {
        let is_density = sigma > 0.0 || alpha > 0.0 && self.categories.is_empty();
        is_density.then(|| self.noisy_log_density(alpha, sigma, x))
    }

    fn posterior_means(&self, rows: &[f64], alpha: f64, sigma: f64) -> Option<Vec<f64>> {
        Some(Self::posterior_means(self, rows, alpha, sigma))
    }
}
