//! Curves of the cost of a step over batch, width, depth and cores.

use serde_json::{Value, json};

use super::Bench;
use super::chart::{Chart, Curve};
use super::rounds::{by_side, in_turns, median_of};
use super::side::Side;
use crate::statistics::numbers;

/// Curve over one setting of job B.
struct Growing {
    name: &'static str,
    /// Label under the axis.
    label: &'static str,
    setting: &'static str,
    values: &'static [usize],
}

const GROWING: [Growing; 3] = [
    Growing {
        name: "batch",
        label: "rows of a batch (width 128, two hidden layers)",
        setting: "train.batch",
        values: &[16, 64, 256, 1024, 4096],
    },
    Growing {
        name: "width",
        label: "width (batch 256, two hidden layers)",
        setting: "denoiser.network.width",
        values: &[32, 64, 128, 256, 512],
    },
    Growing {
        name: "depth",
        label: "hidden layers (batch 256, width 128)",
        setting: "denoiser.network.depth",
        values: &[1, 2, 4, 8],
    },
];

/// Sides that have a line in each curve.
const SIDES: [Side; 3] = [Side::FLEX, Side::JAX_SCAN, Side::TORCH];

impl Bench<'_> {
    /// Measures the points of all curves: three over settings of job B, one over the cores of job D.
    pub(super) fn curves(&self) -> Result<Value, String> {
        let mut curves = json!({});
        for growing in &GROWING {
            let mut points = Vec::new();
            for value in growing.values.iter().filter(|value| !self.extent.short || **value < 100) {
                println!("curve {}: {value}", growing.name);
                let setting = format!("{}={value}", growing.setting);
                points.push((*value, self.point("benches/jobs/b.json", Some(setting), None)?));
            }
            curves[growing.name] = of_points(&points);
        }
        let mut points = Vec::new();
        let most = if self.tools.holds_to_cores { self.tools.cores } else { 0 };
        let counts = (0..).map(|power| 1 << power).take_while(|cores| *cores <= most);
        for cores in counts {
            println!("curve cores: {cores}");
            points.push((cores, self.point("benches/jobs/d.json", None, Some(cores))?));
        }
        curves["cores"] = of_points(&points);
        Ok(curves)
    }

    /// Measures one point: the seconds of a step of each side.
    fn point(
        &self,
        run_file: &str,
        setting: Option<String>,
        cores: Option<usize>,
    ) -> Result<Value, String> {
        let training = self.training(run_file, setting);
        Side::FLEX.start(&self.tools, None)?.ask(&json!({
            "export": true, "config": training.run_file, "settings": training.settings,
            "folder": training.folder, "steps": 1,
        }))?;
        let rounds = self.extent.rounds.min(3);
        let few = super::Extent { rounds, seconds: self.extent.seconds / 2.0, ..self.extent };
        Ok(by_side(&in_turns(few, &mut self.ready(&SIDES, &training, cores)?)?))
    }
}

/// Curve of some points: their values, and each side's medians there.
fn of_points(points: &[(usize, Value)]) -> Value {
    let mut curve = json!({ "x": points.iter().map(|(x, _)| x).collect::<Vec<_>>() });
    for side in SIDES {
        let medians: Vec<f64> = points.iter().map(|(_, point)| median_of(point, side)).collect();
        if medians.iter().all(|seconds| seconds.is_finite()) {
            curve[side.key] = json!(medians);
        }
    }
    curve
}

/// Names of all curves and the labels under their axes.
fn labels() -> impl Iterator<Item = (&'static str, &'static str)> {
    let growing = GROWING.iter().map(|growing| (growing.name, growing.label));
    growing.chain([("cores", "cores to take (job D)")])
}

/// Name, label and SVG of each curve that the figures hold.
pub fn pictures(results: &Value) -> Result<Vec<(&'static str, &'static str, String)>, String> {
    let drawn = labels().filter_map(|(name, label)| {
        let curve = &results["curves"][name];
        let x = numbers(&curve["x"]);
        let lines = SIDES.iter().filter_map(|side| {
            let seconds = numbers(&curve[side.key]);
            let points = x.iter().zip(&seconds).map(|(x, seconds)| (*x, 1e6 * seconds)).collect();
            let whole = seconds.len() == x.len() && !x.is_empty();
            whole.then_some(Curve { name: side.shown, points })
        });
        let chart = Chart { x_label: label, y_label: "µs a step", curves: lines.collect() };
        Some(chart.svg().transpose()?.map(|svg| (name, label, svg)))
    });
    drawn.collect()
}

/// Points where JAX's scan takes less time than ours, by the medians, as `batch 16: 1.66`.
pub fn slower_than_jax(results: &Value) -> Vec<String> {
    let found = labels().flat_map(|(name, _)| {
        let curve = &results["curves"][name];
        let of = |side: Side| numbers(&curve[side.key]);
        let ratios = of(Side::FLEX).into_iter().zip(of(Side::JAX_SCAN)).map(|(a, b)| a / b);
        let points: Vec<(f64, f64)> = numbers(&curve["x"]).into_iter().zip(ratios).collect();
        let slower = points.into_iter().filter(|(_, ratio)| *ratio > 1.0);
        slower.map(move |(x, ratio)| format!("{name} {x}: {ratio:.2}"))
    });
    found.collect()
}
