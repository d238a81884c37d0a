//! [`Ends`]: the smallest and largest numbers of a column, to find one that stands far from all others.

use super::Sentinel;

/// Distance to the nearest other number, in ranges of the others, from which a number is far outside.
const FAR: f64 = 3.0;
/// The same distance for a number that occurs once: tails reach far by chance.
const FAR_ONCE: f64 = 100.0;
/// Distinct numbers kept at each end.
const KEPT: usize = 4;

/// Distinct numbers at both ends, and how often each occurs.
#[derive(Clone, Debug, Default)]
pub(super) struct Ends {
    low: Vec<(f64, u64)>,
    high: Vec<(f64, u64)>,
}

impl Ends {
    pub fn take(&mut self, value: f64) {
        take(&mut self.low, (value, 1), |a, b| a < b);
        take(&mut self.high, (value, 1), |a, b| a > b);
    }

    /// Takes the ends of other numbers of the column.
    pub fn join(&mut self, other: &Self) {
        other.low.iter().for_each(|it| take(&mut self.low, *it, |a, b| a < b));
        other.high.iter().for_each(|it| take(&mut self.high, *it, |a, b| a > b));
    }

    /// A number at an end that lies far outside the others, of which there are three at least: a mark of missing
    /// values, or a typing error.
    pub fn sentinel(&self) -> Option<Sentinel> {
        let [(lowest, low_count), (low_next, _), ..] = self.low[..] else { return None };
        let [(highest, high_count), (high_next, _), ..] = self.high[..] else { return None };
        // With both ends taken away three are left; at fewer distinct numbers all are kept.
        let is_far = |distance: f64, range: f64| range > 0.0 && distance > FAR * range;
        let stands_out = |distance: f64, range: f64, count: u64| {
            is_far(distance, range) && (count >= 2 || distance > FAR_ONCE * range)
        };
        let below = stands_out(low_next - lowest, highest - low_next, low_count);
        if below && self.low.len() == KEPT {
            let (value, count) = (lowest, low_count);
            return Some(Sentinel { value, count, others: (low_next, highest) });
        }
        let above = stands_out(highest - high_next, high_next - lowest, high_count);
        if above && self.high.len() == KEPT {
            let (value, count) = (highest, high_count);
            return Some(Sentinel { value, count, others: (lowest, high_next) });
        }
        // Both ends, as −9999 and 9999.
        let inner = high_next - low_next;
        let both = is_far(low_next - lowest, inner) && is_far(highest - high_next, inner);
        let (value, count) =
            if low_count >= high_count { (lowest, low_count) } else { (highest, high_count) };
        (both && count >= 2 && self.low.len() == KEPT).then_some(Sentinel {
            value,
            count,
            others: (low_next, high_next),
        })
    }
}

/// Counts a number that comes so often, or puts it in its place. One that fell out does not come back: those kept only
/// move on.
fn take(kept: &mut Vec<(f64, u64)>, (value, more): (f64, u64), before: fn(f64, f64) -> bool) {
    let place = kept.iter().position(|(other, _)| !before(*other, value)).unwrap_or(kept.len());
    match kept.get_mut(place) {
        Some((other, count)) if *other == value => *count += more,
        _ if place < KEPT => {
            kept.insert(place, (value, more));
            kept.truncate(KEPT);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(extra: &[f64]) -> Option<(f64, u64)> {
        let mut ends = Ends::default();
        (0..50).map(f64::from).chain(extra.iter().copied()).for_each(|value| ends.take(value));
        ends.sentinel().map(|it| (it.value, it.count))
    }

    #[test]
    fn numbers_far_outside_are_found_sooner_where_they_repeat() {
        assert_eq!(found(&[]), None);
        assert_eq!(found(&[-999.0, -999.0]), Some((-999.0, 2)));
        assert_eq!(found(&[-999.0]), None);
        assert_eq!(found(&[1e30]), Some((1e30, 1)));
        assert_eq!(found(&[-1e30]), Some((-1e30, 1)));
        assert_eq!(found(&[120.0, 120.0]), None);
    }
}
