//! Histograms of samples over data: the data as a grey area, the samples as a dark outline.

use super::axes::{Axis, Panel, widened};
use super::style::{BACKDROP, PALETTE, range};
use super::svg::{Stroke, Svg};

const SAMPLES: &str = PALETTE[0];

/// Histograms of both sets over the same bins, each of area one.
pub(super) struct Bars {
    edges: Vec<f64>,
    densities: [Vec<f64>; 2],
}

impl Bars {
    pub(super) fn new(columns: [&[f64]; 2], most_bins: usize) -> Self {
        let values = columns.iter().flat_map(|values| values.iter().copied());
        let (low, high) = widened(range(values).unwrap_or((0.0, 1.0)));
        let fewest =
            columns.iter().map(|values| values.len()).filter(|len| *len > 0).min().unwrap_or(1);
        let count = ((fewest as f64).sqrt() as usize).clamp(8, most_bins);
        let width = high / count as f64 - low / count as f64;
        let edges: Vec<_> = (0..=count).map(|i| low + width * i as f64).collect();
        let densities = columns.map(|values| {
            let mut density = vec![0.0; count];
            for value in values {
                let bin = ((value - low) / width) as usize;
                density[bin.min(count - 1)] += 1.0 / (values.len() as f64 * width);
            }
            density
        });
        Self { edges, densities }
    }

    pub(super) fn axis(&self, height: f64) -> Axis {
        let highest = self.densities.iter().flatten().copied().fold(0.0, f64::max);
        Axis::linear(Some((0.0, f64::min(1.06 * highest, 1e300))), 0.0, height)
    }

    pub(super) fn draw(&self, svg: &mut Svg, panel: &Panel) {
        let [data, samples] = self.densities.each_ref().map(|density| self.outline(panel, density));
        svg.area(&data, BACKDROP, 0.55);
        svg.path(&data, Stroke::solid(BACKDROP, 1.0));
        svg.path(&samples, Stroke::solid(SAMPLES, 1.6));
    }

    fn outline(&self, panel: &Panel, density: &[f64]) -> Vec<(f64, f64)> {
        let mut outline = vec![panel.at(self.edges[0], 0.0)];
        for (ends, height) in self.edges.windows(2).zip(density) {
            outline.extend(ends.iter().map(|edge| panel.at(*edge, *height)));
        }
        outline.push(panel.at(self.edges[self.edges.len() - 1], 0.0));
        outline
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histograms_have_area_one() {
        let rows: Vec<_> = (0..1000).map(|i| (f64::from(i) * 0.37).sin()).collect();
        let bars = Bars::new([&rows, &rows[..300]], 80);
        for density in &bars.densities {
            let widths = bars.edges.windows(2).map(|ends| ends[1] - ends[0]);
            let area: f64 = density.iter().zip(widths).map(|(d, w)| d * w).sum();
            assert!((area - 1.0).abs() < 1e-12, "{area}");
        }
    }
}
