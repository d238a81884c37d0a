//! Simplified lines, without points that the eye cannot see. Source: Douglas & Peucker 1973.

/// Simplified line: a subset of the points, from which no dropped point is farther away than
/// `tolerance`. First and last point stay, and so a closed line stays closed.
pub(super) fn simplified(points: &[(f64, f64)], tolerance: f64) -> Vec<(f64, f64)> {
    let mut kept = vec![false; points.len()];
    let mut open = vec![(0, points.len().saturating_sub(1))];
    while let Some((from, to)) = open.pop() {
        for end in [from, to] {
            if let Some(end) = kept.get_mut(end) {
                *end = true;
            }
        }
        let (mut farthest, mut most) = (from, tolerance);
        for i in from + 1..to {
            let away = distance(points[i], points[from], points[to]);
            if away > most {
                (farthest, most) = (i, away);
            }
        }
        if farthest > from {
            open.extend([(from, farthest), (farthest, to)]);
        }
    }
    points.iter().zip(kept).filter(|(_, kept)| *kept).map(|(point, _)| *point).collect()
}

/// Distance of a point from the line segment between two others.
fn distance((x, y): (f64, f64), (x0, y0): (f64, f64), (x1, y1): (f64, f64)) -> f64 {
    let (dx, dy) = (x1 - x0, y1 - y0);
    let length = f64::hypot(dx, dy);
    if length == 0.0 {
        return f64::hypot(x - x0, y - y0);
    }
    // Length along the segment up to the point's projection.
    let along = ((x - x0) * (dx / length) + (y - y0) * (dy / length)).clamp(0.0, length);
    f64::hypot(x - x0 - along * (dx / length), y - y0 - along * (dy / length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_straight_line_is_its_ends_and_a_corner_stays() {
        let straight: Vec<_> = (0..50).map(|i| (f64::from(i), 2.0 * f64::from(i))).collect();
        assert_eq!(simplified(&straight, 0.01), [(0.0, 0.0), (49.0, 98.0)]);
        let corner = [(0.0, 0.0), (1.0, 0.0), (2.0, 0.0), (2.0, 1.0), (2.0, 2.0)];
        assert_eq!(simplified(&corner, 0.01), [(0.0, 0.0), (2.0, 0.0), (2.0, 2.0)]);
        for few in [&corner[..0], &corner[..1], &corner[..2]] {
            assert_eq!(simplified(few, 0.01), few);
        }
    }

    #[test]
    fn a_circle_stays_closed_and_within_the_tolerance() {
        let at = |i: u32| (std::f64::consts::TAU * f64::from(i) / 1000.0).sin_cos();
        let circle: Vec<_> =
            (0..=1000).map(|i| at(i % 1000)).map(|(y, x)| (50.0 * x, 50.0 * y)).collect();
        let fewer = simplified(&circle, 0.1);
        assert_eq!(fewer[0], fewer[fewer.len() - 1]);
        assert!((20..80).contains(&fewer.len()), "{}", fewer.len());
        for point in circle {
            let away = fewer.windows(2).map(|ends| distance(point, ends[0], ends[1]));
            assert!(away.fold(f64::INFINITY, f64::min) <= 0.1 + 1e-12);
        }
    }
}
