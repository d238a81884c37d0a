//! Rows in the user's columns through the model's features and back.

use langevin_data::{Column, ColumnValues, Dataset, FeatureKind};

/// A row in the user's columns, to fill in what is not given.
pub(super) fn base_of(data: &dyn Dataset) -> Vec<f64> {
    let mut base = Vec::new();
    data.restore(&vec![0.0; data.features()], &mut base);
    base
}

/// A row through the model's features, which look up what is a function of another column.
pub(super) fn there_and_back(data: &dyn Dataset, row: &[f64]) -> Vec<f64> {
    let (mut features, mut back) = (Vec::new(), Vec::new());
    data.scale(row, &mut features);
    data.restore(&features, &mut back);
    back
}

/// Fails, in words, where a number is given of a column whose numbers are classes, and is none of them.
pub(super) fn check_class(
    data: &dyn Dataset,
    columns: &[Column],
    place: usize,
    value: f64,
) -> Result<(), String> {
    let own = &columns[place];
    let is_class = |kind| matches!(kind, FeatureKind::Category { .. });
    let are_classes = data.layout().iter().any(|it| it.column == place && is_class(it.kind));
    if !are_classes || matches!(own.values, ColumnValues::Category(_)) {
        return Ok(());
    }
    let mut row = base_of(data);
    row[place] = value;
    let near = there_and_back(data, &row)[place];
    match near == value {
        true => Ok(()),
        false => Err(format!(
            "`{}` must be one of the values that the training rows have, got {}; the nearest is {}",
            own.name,
            own.text(value),
            own.text(near)
        )),
    }
}
