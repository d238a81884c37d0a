//! Regions where a field is at least a level, as closed outlines. The method is marching squares
//! (Lorensen and Cline 1987, in two dimensions), linear between the values of the grid.

/// Field given by values on a regular grid, row by row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'a> {
    pub(super) columns: usize,
    pub(super) rows: usize,
    pub(super) values: &'a [f64],
}

impl Field<'_> {
    /// Outlines of the region where the field is at least `level`, in columns and rows of the grid.
    /// The region lies on the left of each outline, so that the outline of a hole runs the other
    /// way round. Where the region reaches the edge of the grid, the outline follows the edge.
    pub(super) fn region(&self, level: f64) -> Vec<Vec<(f64, f64)>> {
        let mut next = self.segments(level);
        let mut outlines = Vec::new();
        for start in 0..next.len() {
            let mut outline = Vec::new();
            let mut edge = start;
            while let Some(after) = next[edge].take() {
                outline.push(self.crossing(edge, level));
                edge = after;
            }
            if !outline.is_empty() {
                outlines.push(outline);
            }
        }
        outlines
    }

    /// Number of nodes in a row of the padded grid: the grid and a ring of empty nodes around it.
    /// The ring has no width: its nodes lie where their neighbours in the grid do.
    fn across(&self) -> usize {
        self.columns + 2
    }

    /// Value at a node, `None` in the ring.
    fn value(&self, node: usize) -> Option<f64> {
        let (x, y) = (node % self.across(), node / self.across());
        let inside = (1..=self.columns).contains(&x) && (1..=self.rows).contains(&y);
        inside.then(|| self.values[(y - 1) * self.columns + x - 1])
    }

    /// Next edge that the outline crosses after each edge of the grid, `None` where no outline
    /// crosses the edge.
    ///
    /// An edge to the right of node n has the number 2n, an edge upwards from it 2n + 1.
    fn segments(&self, level: f64) -> Vec<Option<usize>> {
        let across = self.across();
        let mut next = vec![None; 2 * across * (self.rows + 2)];
        for y in 0..=self.rows {
            for x in 0..=self.columns {
                let node = y * across + x;
                // Corners and edges are counterclockwise, with y upwards. Edge k goes from corner k
                // to the next.
                let corners = [node, node + 1, node + across + 1, node + across];
                let edges = [2 * node, 2 * (node + 1) + 1, 2 * (node + across), 2 * node + 1];
                let values = corners.map(|corner| self.value(corner));
                let inside = values.map(|value| value.is_some_and(|value| value >= level));
                let leaves = |k: usize| inside[k] && !inside[(k + 1) % 4];
                let enters = |k: usize| !inside[k] && inside[(k + 1) % 4];
                let saddle = (0..4).filter(|k| leaves(*k)).count() == 2;
                // The mean of the corners decides whether the two high corners of a saddle are
                // joined in the middle.
                let mean = values.iter().flatten().map(|value| value / 4.0).sum::<f64>();
                let joined = saddle && mean >= level;
                for from in (0..4).filter(|k| leaves(*k)) {
                    let steps = if joined { [1, 2, 3] } else { [3, 2, 1] };
                    let to = steps.map(|step| (from + step) % 4).into_iter().find(|k| enters(*k));
                    next[edges[from]] = to.map(|to| edges[to]);
                }
            }
        }
        next
    }

    /// Point of an edge at which the field has the level.
    fn crossing(&self, edge: usize, level: f64) -> (f64, f64) {
        let (node, across) = (edge / 2, self.across());
        let end = if edge.is_multiple_of(2) { node + 1 } else { node + across };
        let share = match (self.value(node), self.value(end)) {
            (Some(from), Some(to)) => ((level - from) / (to - from)).clamp(0.0, 1.0),
            _ => 0.0,
        };
        let place = |node: usize| {
            let (x, y) = (node % across, node / across);
            let within = |i: usize, count: usize| i.clamp(1, count) as f64 - 1.0;
            (within(x, self.columns), within(y, self.rows))
        };
        let ((x0, y0), (x1, y1)) = (place(node), place(end));
        (x0 + share * (x1 - x0), y0 + share * (y1 - y0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Signed area of an outline, positive if the inside is on the left.
    fn area(outline: &[(f64, f64)]) -> f64 {
        let next = outline.iter().cycle().skip(1);
        outline.iter().zip(next).map(|((x, y), (u, v))| (x * v - u * y) / 2.0).sum()
    }

    fn sampled(columns: usize, rows: usize, f: impl Fn(f64, f64) -> f64) -> Vec<f64> {
        (0..columns * rows).map(|i| f((i % columns) as f64, (i / columns) as f64)).collect()
    }

    #[test]
    fn a_cone_is_cut_into_circles() {
        let values = sampled(61, 51, |x, y| 100.0 - f64::hypot(x - 30.0, y - 25.0));
        let field = Field { columns: 61, rows: 51, values: &values };
        for radius in [3.0, 10.0, 20.0] {
            let outlines = field.region(100.0 - radius);
            assert_eq!(outlines.len(), 1);
            let want = std::f64::consts::PI * radius * radius;
            // Chords across cells of width 1 lie inside the circle by at most 1 / (8 radius).
            assert!((area(&outlines[0]) / want - 1.0).abs() < 0.25 / radius, "{radius}");
            for (x, y) in &outlines[0] {
                assert!((f64::hypot(x - 30.0, y - 25.0) - radius).abs() < 0.125 / radius + 1e-9);
            }
        }
    }

    #[test]
    fn a_plane_is_cut_exactly_and_closed_along_the_edge() {
        let values = sampled(5, 4, |x, _| x);
        let field = Field { columns: 5, rows: 4, values: &values };
        let areas: Vec<_> =
            [1.25, -1.0, 4.5].map(|level| field.region(level)).into_iter().collect();
        assert!((areas[0].iter().map(|o| area(o)).sum::<f64>() - 2.75 * 3.0).abs() < 1e-12);
        assert!((areas[1].iter().map(|o| area(o)).sum::<f64>() - 4.0 * 3.0).abs() < 1e-12, "all");
        assert!(areas[2].is_empty());
    }

    #[test]
    fn a_ring_has_a_hole_that_runs_the_other_way() {
        let values = sampled(41, 41, |x, y| -(f64::hypot(x - 20.0, y - 20.0) - 12.0).abs());
        let field = Field { columns: 41, rows: 41, values: &values };
        let mut areas: Vec<_> = field.region(-4.0).iter().map(|outline| area(outline)).collect();
        areas.sort_by(f64::total_cmp);
        let [hole, disc] = areas[..] else { panic!("{areas:?}") };
        let circle = |radius: f64| std::f64::consts::PI * radius * radius;
        assert!((hole / -circle(8.0) - 1.0).abs() < 0.02, "{hole}");
        assert!((disc / circle(16.0) - 1.0).abs() < 0.02, "{disc}");
    }

    #[test]
    fn the_middle_of_a_saddle_decides() {
        let region = |low: f64| {
            let values = [1.0, low, low, 1.0];
            Field { columns: 2, rows: 2, values: &values }.region(0.5).len()
        };
        assert_eq!(region(0.2), 1, "the mean is 0.6: one region");
        assert_eq!(region(-0.2), 2, "the mean is 0.4: two corners");
    }

    #[test]
    fn any_grid_gives_closed_outlines_inside_of_it() {
        let noise = |i: usize| ((i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f64;
        for (columns, rows) in [(1, 1), (1, 7), (7, 1), (2, 2), (13, 9)] {
            let values: Vec<_> = (0..columns * rows).map(noise).collect();
            let field = Field { columns, rows, values: &values };
            for level in [0.0, 4e6, 8e6, 1.2e7, 1e9] {
                let next = field.segments(level);
                let mut ends: Vec<_> = next.iter().copied().flatten().collect();
                ends.sort();
                let begins = (0..next.len()).filter(|edge| next[*edge].is_some());
                assert!(ends.into_iter().eq(begins), "every end is a beginning");
                for (x, y) in field.region(level).concat() {
                    assert!((0.0..=(columns - 1) as f64).contains(&x));
                    assert!((0.0..=(rows - 1) as f64).contains(&y));
                }
            }
        }
    }
}
