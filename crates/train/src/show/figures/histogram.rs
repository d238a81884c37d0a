//! Histograms of samples over data: data as a grey area, samples as a dark outline.

use super::axes::{Axis, Panel, widened};
use super::legend::Key;
use super::style::{BACKDROP, PALETTE, range};
use super::svg::{Stroke, Svg};

const SAMPLES: &str = PALETTE[0];
/// Opacity of the data's area.
const DATA: f64 = 0.55;

/// Histograms of data and samples over the same bins, each of area one.
pub(super) struct Bars {
    edges: Vec<f64>,
    densities: [Vec<f64>; 2],
}

impl Bars {
    /// Histograms of data and samples. The number of bins is the root of the smaller set's length,
    /// from 8 to `most_bins`.
    pub(super) fn new(columns: [&[f64]; 2], most_bins: usize) -> Self {
        let lengths = columns.iter().map(|values| values.len());
        let fewest = lengths.filter(|len| *len > 0).min().unwrap_or(1);
        Self::with_bins(columns, ((fewest as f64).sqrt() as usize).clamp(8, most_bins))
    }

    /// Histograms with `count` bins, or fewer if the values are whole numbers.
    pub(super) fn with_bins(columns: [&[f64]; 2], count: usize) -> Self {
        let values = columns.iter().flat_map(|values| values.iter().copied());
        let (low, high) = widened(range(values).unwrap_or((0.0, 1.0)));
        let width = high / count as f64 - low / count as f64;
        let (low, width, count) = if of_whole_numbers(columns) {
            // Every bin holds equally many whole numbers; otherwise bins with and without one would
            // alternate.
            let (low, width) = (low.floor() - 0.5, width.ceil());
            (low, width, ((high - low) / width).ceil() as usize)
        } else {
            (low, width, count)
        };
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

    /// Range from the first edge to the last.
    pub(super) fn span(&self) -> (f64, f64) {
        (self.edges[0], self.edges[self.edges.len() - 1])
    }

    /// Axis of the densities.
    pub(super) fn axis(&self, height: f64) -> Axis {
        let highest = self.densities.iter().flatten().copied().fold(0.0, f64::max);
        Axis::linear(Some((0.0, f64::min(1.06 * highest, 1e300))), 0.0, height)
    }

    /// Outline of the samples' histogram, in the units of the data.
    pub(super) fn samples(&self) -> Vec<(f64, f64)> {
        self.outline(&self.densities[1])
    }

    pub(super) fn draw(&self, svg: &mut Svg, panel: &Panel) {
        let pixels = |density: &Vec<f64>| -> Vec<_> {
            self.outline(density).into_iter().map(|(x, y)| panel.at(x, y)).collect()
        };
        let [data, samples] = self.densities.each_ref().map(pixels);
        svg.area(&data, BACKDROP, DATA);
        svg.path(&data, Stroke::solid(BACKDROP, 1.0));
        svg.path(&samples, Stroke::solid(SAMPLES, 1.6));
    }

    fn outline(&self, density: &[f64]) -> Vec<(f64, f64)> {
        let mut outline = vec![(self.edges[0], 0.0)];
        for (ends, height) in self.edges.windows(2).zip(density) {
            outline.extend(ends.iter().map(|edge| (*edge, *height)));
        }
        outline.push((self.edges[self.edges.len() - 1], 0.0));
        outline
    }
}

/// Whether the data consists of whole numbers that are not all equal. Without data the samples
/// decide.
fn of_whole_numbers(columns: [&[f64]; 2]) -> bool {
    let values = if columns[0].is_empty() { columns[1] } else { columns[0] };
    values.iter().any(|value| *value != values[0])
        && values.iter().all(|value| value.fract() == 0.0 && value.abs() < 1e9)
}

/// Entries of the legend: area of the data, outline of the samples.
pub(super) fn legend(data: &str, samples: &str) -> [(Key, String); 2] {
    let line = Key::Line(Stroke::solid(SAMPLES, 1.8));
    [(Key::Area { colour: BACKDROP, opacity: DATA }, data.to_owned()), (line, samples.to_owned())]
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

    #[test]
    fn whole_numbers_have_bins_of_equally_many() {
        let data: Vec<_> = (0..1700).map(|i| f64::from(i % 17)).collect();
        let samples: Vec<_> = data.iter().map(|value| value + 0.3).collect();
        let bars = Bars::new([&data, &samples], 60);
        assert_eq!(bars.span(), (-0.5, 16.5));
        let flat = |density: &[f64]| density.iter().all(|d| (d - 1.0 / 17.0).abs() < 1e-12);
        assert!(flat(&bars.densities[0]) && flat(&bars.densities[1]));
        let coarse = Bars::new([&data[..51], &samples], 60);
        assert_eq!(coarse.edges[..3], [-0.5, 2.5, 5.5], "few rows: three numbers a bin");
        assert_eq!(Bars::new([&samples, &data], 60).span(), (0.0, 16.3), "only the data decides");
    }
}
