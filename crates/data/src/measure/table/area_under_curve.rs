//! [`area_under_curve`]: how well scores tell two kinds of rows apart.

/// Area under the receiver operating characteristic curve: the probability that a positive row has a higher score than a
/// negative one, `P(s⁺ > s⁻) + P(s⁺ = s⁻) / 2`, over all pairs. It is 1 where the scores tell all apart, and 0.5 where they tell
/// nothing. None where all rows are of one kind.
///
/// Source: Mann & Whitney 1947; with ties, by mean ranks.
#[must_use]
pub fn area_under_curve(scores: &[f64], positive: &[bool]) -> Option<f64> {
    let mut order: Vec<usize> = (0..scores.len().min(positive.len())).collect();
    order.sort_unstable_by(|a, b| scores[*a].total_cmp(&scores[*b]));
    // Twice the number of pairs that are in order, equal ones counted once: whole numbers, so exact.
    let (mut below, mut positives, mut twice) = (0_u64, 0_u64, 0_u64);
    for equal in order.chunk_by(|a, b| scores[*a] == scores[*b]) {
        let up = equal.iter().filter(|i| positive[**i]).count() as u64;
        let down = equal.len() as u64 - up;
        twice += up * (2 * below + down);
        below += down;
        positives += up;
    }
    let pairs = positives * below;
    (pairs > 0).then(|| twice as f64 / (2 * pairs) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_is_the_share_of_pairs_in_order() {
        let scores = [0.3, 0.1, 0.3, 0.8, 0.1, 0.3, -0.0, 0.0];
        let positive = [true, false, false, true, true, true, false, true];
        let of = |kind: bool| (0..8).filter(move |i| positive[*i] == kind);
        let pair = |up: f64, down: f64| match up.partial_cmp(&down) {
            Some(std::cmp::Ordering::Greater) => 1.0,
            Some(std::cmp::Ordering::Equal) => 0.5,
            _ => 0.0,
        };
        let sum: f64 =
            of(true).flat_map(|i| of(false).map(move |j| pair(scores[i], scores[j]))).sum();
        assert_eq!(area_under_curve(&scores, &positive), Some(sum / 15.0));
    }

    #[test]
    fn rows_of_one_kind_have_no_area() {
        assert_eq!(area_under_curve(&[0.1, 0.2], &[true, true]), None);
        assert_eq!(area_under_curve(&[], &[]), None);
    }
}
