//! [`CategoricalMixture`]: products of numbers and categories, mixed. It is a table of which everything is known: the density of
//! a row, of a noisy row, and the best estimate of a clean row behind a noisy one, with some of its cells told or none.

mod dataset;
mod posterior;
#[cfg(test)]
mod tests;

use crate::{
    DataError, DrawnCategory,
    error::{error, positive},
};

/// Largest number of features.
const MOST_FEATURES: usize = 65_536;

/// Component of a [`CategoricalMixture`]: independent columns, first the numbers, then the categories.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(deny_unknown_fields)
)]
pub struct ProductComponent {
    /// Mean of each number.
    #[cfg_attr(feature = "serde", serde(default))]
    pub means: Vec<f64>,
    /// Standard deviation of each number.
    #[cfg_attr(feature = "serde", serde(default))]
    pub stds: Vec<f64>,
    /// Shares of each category's values, a list for each category.
    #[cfg_attr(feature = "serde", serde(default))]
    pub shares: Vec<Vec<f64>>,
}

/// Mixture `Σ_c w_c Π_j N(z_j; m_cj, s_cj²) Π_i th_cik` of rows with numbers z_j and categories of value k.
///
/// In the model's space numbers have the mean 0 and the standard deviation 1, and a category is a [`DrawnCategory`] of its shares
/// in the whole mixture. So the noisy rows `alpha · x_0 + sigma · eps` are a mixture of Gaussians for each component and each
/// combination of values, which all formulas here sum over without listing them: given the component, columns are
/// independent.
#[derive(Clone, Debug, PartialEq)]
pub struct CategoricalMixture {
    weights: Vec<f64>,
    /// In the model's space.
    components: Vec<ProductComponent>,
    /// Mean and standard deviation of each number in the user's units.
    scales: Vec<[f64; 2]>,
    categories: Vec<DrawnCategory>,
    /// Of the columns.
    names: Vec<String>,
    /// Of each category's values.
    values: Vec<Vec<String>>,
}

impl CategoricalMixture {
    /// Creates a mixture. Weights and shares are scaled to sum 1; where there are no weights, all are equal. The numbers are
    /// called x0, x1, …, the categories c0, c1, …, and their values 0, 1, ….
    ///
    /// # Errors
    /// There must be a component at least, and all must have as many numbers and categories as the first, with as many values
    /// each: a column at least, two values at least, and 65,536 features at most. Means must be finite; standard deviations,
    /// weights and shares finite and above 0. The spread of each number must be a finite number too.
    pub fn new(
        components: Vec<ProductComponent>,
        weights: Option<Vec<f64>>,
    ) -> Result<Self, DataError> {
        let Some(first) = components.first() else {
            return Err(error("components", "must hold at least one component", "none"));
        };
        let (numbers, first) = (first.means.len(), first.clone());
        let counts: Vec<usize> = first.shares.iter().map(Vec::len).collect();
        let features = numbers + counts.iter().sum::<usize>();
        if features == 0 || features > MOST_FEATURES {
            let requirement = format!("must have 1 to {MOST_FEATURES} numbers and values");
            return Err(error("components[0]", requirement, features));
        }
        let count = components.len();
        let weights = weights.unwrap_or_else(|| vec![1.0; count]);
        let weights = scaled("weights", weights, (count, "one a component"))?;
        let checked = components.into_iter().enumerate();
        let mut components: Vec<ProductComponent> =
            checked.map(|(i, own)| checked_component(i, own, &first)).collect::<Result<_, _>>()?;

        let mut scales = Vec::with_capacity(numbers);
        for j in 0..numbers {
            let mixed = |of: &dyn Fn(&ProductComponent) -> f64| -> f64 {
                weights.iter().zip(&components).map(|(w, own)| w * of(own)).sum()
            };
            let mean = mixed(&|own| own.means[j]);
            let std = mixed(&|own| own.stds[j].powi(2) + (own.means[j] - mean).powi(2)).sqrt();
            positive(&format!("components: the standard deviation of number {j}"), std)?;
            scales.push([mean, std]);
        }
        for own in &mut components {
            for ((m, s), [mean, std]) in own.means.iter_mut().zip(&mut own.stds).zip(&scales) {
                (*m, *s) = ((*m - mean) / std, *s / std);
            }
        }
        let mut place = numbers;
        let categories = counts.iter().enumerate().map(|(i, count)| {
            let share = |k: usize| -> f64 {
                weights.iter().zip(&components).map(|(w, own)| w * own.shares[i][k]).sum()
            };
            let own = DrawnCategory::calibrated(place, (0..*count).map(share).collect());
            place += count;
            own
        });
        let categories = categories.collect();
        let named = |letter: char, count: usize| (0..count).map(move |i| format!("{letter}{i}"));
        let names = named('x', numbers).chain(named('c', counts.len())).collect();
        let values = counts.iter().map(|count| (0..*count).map(|k| k.to_string()).collect());
        let values = values.collect();
        Ok(Self { weights, components, scales, categories, names, values })
    }

    /// The same mixture with other names of its columns, numbers first.
    ///
    /// # Errors
    /// There must be a name for each column, none empty and none twice.
    pub fn with_names(self, names: Vec<String>) -> Result<Self, DataError> {
        check_names("names", &names, (self.names.len(), "one a column"))?;
        Ok(Self { names, ..self })
    }

    /// The same mixture with other texts for the values of its categories.
    ///
    /// # Errors
    /// There must be a list for each category, and in it a text for each value, none empty and none twice.
    pub fn with_values(self, values: Vec<Vec<String>>) -> Result<Self, DataError> {
        let count = self.categories.len();
        if values.len() != count {
            let requirement = format!("must hold {count} lists, one a category");
            return Err(error("values", requirement, values.len()));
        }
        for (i, (own, category)) in values.iter().zip(&self.categories).enumerate() {
            check_names(&format!("values[{i}]"), own, (category.count(), "one a value"))?;
        }
        Ok(Self { values, ..self })
    }

    /// The weights of the components, which sum to 1.
    #[must_use]
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// The components in the model's space, where numbers have the mean 0 and the standard deviation 1.
    #[must_use]
    pub fn components(&self) -> &[ProductComponent] {
        &self.components
    }

    /// The categories among the features of a row, behind the numbers.
    #[must_use]
    pub fn categories(&self) -> &[DrawnCategory] {
        &self.categories
    }

    /// Number of columns that are numbers: the first features of a row.
    #[must_use]
    pub const fn numbers(&self) -> usize {
        self.scales.len()
    }
}

/// Component number i, its shares scaled to sum 1.
fn checked_component(
    i: usize,
    own: ProductComponent,
    first: &ProductComponent,
) -> Result<ProductComponent, DataError> {
    let at = |field: &str| format!("components[{i}].{field}");
    let numbers = first.means.len();
    let counts = [
        ("means", own.means.len(), numbers, "as the first component's"),
        ("stds", own.stds.len(), numbers, "one a mean"),
        ("shares", own.shares.len(), first.shares.len(), "as the first component's"),
    ];
    for (field, got, needed, why) in counts {
        if got != needed {
            return Err(error(&at(field), format!("must have the length {needed}, {why}"), got));
        }
    }
    if let Some(bad) = own.means.iter().find(|mean| !mean.is_finite()) {
        return Err(error(&at("means"), "must hold finite numbers", bad));
    }
    for (j, std) in own.stds.iter().enumerate() {
        positive(&at(&format!("stds[{j}]")), *std)?;
    }
    let of_first = first.shares.iter().map(Vec::len).enumerate();
    let shares = own.shares.into_iter().zip(of_first).map(|(shares, (j, count))| {
        let field = at(&format!("shares[{j}]"));
        if count < 2 {
            return Err(error(&field, "must hold at least two shares", count));
        }
        scaled(&field, shares, (count, "as the first component's"))
    });
    Ok(ProductComponent { shares: shares.collect::<Result<_, _>>()?, ..own })
}

/// Numbers above 0, scaled to sum 1.
fn scaled(
    parameter: &str,
    mut numbers: Vec<f64>,
    (count, why): (usize, &str),
) -> Result<Vec<f64>, DataError> {
    if numbers.len() != count {
        let requirement = format!("must have the length {count}, {why}");
        return Err(error(parameter, requirement, numbers.len()));
    }
    for (i, number) in numbers.iter().enumerate() {
        positive(&format!("{parameter}[{i}]"), *number)?;
    }
    let sum: f64 = numbers.iter().sum();
    for (i, number) in numbers.iter_mut().enumerate() {
        *number /= sum;
        positive(&format!("{parameter}[{i}] over the sum of all"), *number)?;
    }
    Ok(numbers)
}

fn check_names(
    parameter: &str,
    names: &[String],
    (count, why): (usize, &str),
) -> Result<(), DataError> {
    if names.len() != count {
        let requirement = format!("must have the length {count}, {why}");
        return Err(error(parameter, requirement, names.len()));
    }
    for (i, name) in names.iter().enumerate() {
        if name.trim().is_empty() || names[..i].contains(name) {
            let requirement = "must be a name that stands once";
            return Err(error(&format!("{parameter}[{i}]"), requirement, format!("{name:?}")));
        }
    }
    Ok(())
}
