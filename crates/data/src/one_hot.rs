//! Classes as features: 1 at the row's own, 0 at the others.

/// The features of the class of a place among `count` classes.
pub(crate) fn one_hot(place: f64, count: usize) -> impl Iterator<Item = f64> {
    (0..count).map(move |i| f64::from(place == i as f64))
}

/// The place of the class that features are nearest to; NaN where there are none.
pub(crate) fn nearest_class<'a>(features: impl IntoIterator<Item = &'a f64>) -> f64 {
    let largest = features.into_iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
    largest.map_or(f64::NAN, |(place, _)| place as f64)
}
