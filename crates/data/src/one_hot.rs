//! Classes as features: 1 at the row's own, 0 at the others; or that less the shares, scaled.

/// The features of the class of a place among `count` classes.
pub(crate) fn one_hot(place: f64, count: usize) -> impl Iterator<Item = f64> {
    (0..count).map(move |i| f64::from(place == i as f64))
}

/// The place of the class that features are nearest to; NaN where there are none.
pub(crate) fn nearest_class<'a>(features: impl IntoIterator<Item = &'a f64>) -> f64 {
    let largest = features.into_iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
    largest.map_or(f64::NAN, |(place, _)| place as f64)
}

/// The features of the class of a place where they are `scale · (one-hot − shares)`.
pub(crate) fn code(place: f64, scale: f64, shares: &[f64]) -> impl Iterator<Item = f64> {
    let one_hot = one_hot(place, shares.len()).zip(shares);
    one_hot.map(move |(one, share)| scale * (one - share))
}

/// The place of the class whose features a row starts with, where they are `scale · (one-hot − shares)`.
pub(crate) fn nearest_code(row: &[f64], scale: f64, shares: &[f64]) -> f64 {
    let one_hot: Vec<f64> = row.iter().zip(shares).map(|(x, share)| x / scale + share).collect();
    nearest_class(&one_hot)
}
