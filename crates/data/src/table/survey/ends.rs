//! [`Ends`]: the smallest and largest numbers of a column, to find one that stands far from all others.

use super::Sentinel;

/// Distance to the nearest other number, in ranges of the others, from which a number is far outside.
const FAR: f64 = 3.0;
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
        take(&mut self.low, value, |a, b| a < b);
        take(&mut self.high, value, |a, b| a > b);
    }

    /// A number that occurs at least twice at an end, far outside the others, of which there are three at least.
    pub fn sentinel(&self) -> Option<Sentinel> {
        let [(lowest, low_count), (low_next, _), ..] = self.low[..] else { return None };
        let [(highest, high_count), (high_next, _), ..] = self.high[..] else { return None };
        // With both ends taken away three are left; at fewer distinct numbers all are kept.
        let is_far = |distance: f64, range: f64| range > 0.0 && distance > FAR * range;
        let below = is_far(low_next - lowest, highest - low_next) && low_count >= 2;
        if below && self.low.len() == KEPT {
            let (value, count) = (lowest, low_count);
            return Some(Sentinel { value, count, others: (low_next, highest) });
        }
        let above = is_far(highest - high_next, high_next - lowest) && high_count >= 2;
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

/// Counts a number, or puts it in its place. One that fell out does not come back: those kept only move on.
fn take(kept: &mut Vec<(f64, u64)>, value: f64, before: fn(f64, f64) -> bool) {
    let place = kept.iter().position(|(other, _)| !before(*other, value)).unwrap_or(kept.len());
    match kept.get_mut(place) {
        Some((other, count)) if *other == value => *count += 1,
        _ if place < KEPT => {
            kept.insert(place, (value, 1));
            kept.truncate(KEPT);
        }
        _ => {}
    }
}
