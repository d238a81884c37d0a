//! Measures of a run of the article: mean and spread of the samples, how they lie about the four modes,
//! and the loss over a window of steps. All come from samples.csv and metrics.jsonl.

use std::{fs, path::Path};

use serde::Deserialize;

use crate::statistics::mean;

/// Centres of the four modes, for the systems that have them.
pub const MODES: [[f64; 2]; 4] = [[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]];

/// Largest distance from a mode at which a sample counts as near it.
pub const NEAR: f64 = 0.05;

/// Number of steps over which the loss is averaged.
const LOSS_STEPS: u64 = 1000;

/// Finished run.
pub struct Run {
    pub rows: Vec<Vec<f64>>,
    pub log: Vec<LogLine>,
}

/// Line of metrics.jsonl.
#[derive(Deserialize)]
pub struct LogLine {
    pub step: u64,
    /// Mean loss of the steps since the line before.
    pub mean_loss: f64,
}

impl Run {
    /// Run that a folder holds.
    pub fn read(folder: &Path) -> Result<Self, String> {
        let read = |name: &str| {
            fs::read_to_string(folder.join(name)).map_err(|error| format!("{name}: {error}"))
        };
        let rows = samples(&read("samples.csv")?).map_err(|e| format!("samples.csv: {e}"))?;
        let log = log(&read("metrics.jsonl")?).map_err(|e| format!("metrics.jsonl: {e}"))?;
        Ok(Self { rows, log })
    }

    /// Column of the samples.
    fn column(&self, axis: usize) -> Result<Vec<f64>, String> {
        let values: Option<Vec<f64>> = self.rows.iter().map(|row| row.get(axis).copied()).collect();
        match values {
            Some(values) if !values.is_empty() => Ok(values),
            _ => Err(format!("the samples have no column {axis}")),
        }
    }
}

/// Rows of a CSV file with a heading.
fn samples(text: &str) -> Result<Vec<Vec<f64>>, String> {
    let number = |cell: &str| cell.parse().map_err(|_| format!("`{cell}` is no number"));
    text.lines().skip(1).map(|line| line.split(',').map(number).collect()).collect()
}

fn log(text: &str) -> Result<Vec<LogLine>, String> {
    text.lines().map(serde_json::from_str).collect::<Result<_, _>>().map_err(|e| e.to_string())
}

/// Quantity that a run gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Mean of samples in one dimension.
    Mean,
    /// Standard deviation of samples in one dimension.
    Std,
    /// Mean of −x in two dimensions.
    MeanOfMirroredX,
    /// Mean of y in two dimensions.
    MeanOfY,
    /// Standard deviation of x in two dimensions.
    StdOfX,
    /// Standard deviation of y in two dimensions.
    StdOfY,
    /// Mean squared distance to the nearest mode.
    Convergence,
    /// Share of the samples within [`NEAR`] of a mode.
    Share,
    /// Smallest share of the samples that one mode is nearest to.
    SmallestMode,
    /// Largest share of the samples that one mode is nearest to.
    LargestMode,
    /// Mean loss of the last steps.
    Loss,
    /// Mean loss of the last steps of level 0, which ends with this step.
    LossAtLevel0(u64),
}

impl Measure {
    /// Name on the page.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Std => "std",
            Self::MeanOfMirroredX => "mean of −x",
            Self::MeanOfY => "mean of y",
            Self::StdOfX => "std of x",
            Self::StdOfY => "std of y",
            Self::Convergence => "convergence",
            Self::Share => "share within 0.05 of a mode",
            Self::SmallestMode => "smallest share of a mode",
            Self::LargestMode => "largest share of a mode",
            Self::Loss => "loss",
            Self::LossAtLevel0(_) => "loss at level 0",
        }
    }

    /// Value in a run.
    pub fn of(self, run: &Run) -> Result<f64, String> {
        let counts = || mode_counts(&run.rows).map(|count| count as f64 / run.rows.len() as f64);
        Ok(match self {
            Self::Mean => mean(&run.column(0)?),
            Self::Std | Self::StdOfX => std(&run.column(0)?),
            Self::MeanOfMirroredX => -mean(&run.column(0)?),
            Self::MeanOfY => mean(&run.column(1)?),
            Self::StdOfY => std(&run.column(1)?),
            Self::Convergence => mean(&squared_distances(run)?),
            Self::Share => {
                let distances = squared_distances(run)?;
                let near = distances.iter().filter(|square| square.sqrt() <= NEAR).count();
                near as f64 / distances.len() as f64
            }
            Self::SmallestMode => counts().into_iter().fold(1.0, f64::min),
            Self::LargestMode => counts().into_iter().fold(0.0, f64::max),
            Self::Loss => {
                let last = run.log.last().ok_or("metrics.jsonl has no line")?.step;
                loss(&run.log, last)?
            }
            Self::LossAtLevel0(last) => loss(&run.log, last)?,
        })
    }
}

/// Samples near the modes, of a run with four modes.
pub struct Near {
    pub share: f64,
    /// Standard deviation by mode and axis.
    pub std: [[f64; 2]; 4],
}

impl Near {
    pub fn of(run: &Run) -> Result<Self, String> {
        let share = Measure::Share.of(run)?;
        let mut std_of = [[0.0; 2]; 4];
        for (mode, of_mode) in std_of.iter_mut().enumerate() {
            for (axis, of_axis) in of_mode.iter_mut().enumerate() {
                let values = run.rows.iter().filter(|row| {
                    nearest(row).is_some_and(|(at, square)| at == mode && square.sqrt() <= NEAR)
                });
                let values: Vec<f64> = values.map(|row| row[axis]).collect();
                if values.is_empty() {
                    return Err(format!("no sample is within {NEAR} of mode {mode}"));
                }
                *of_axis = std(&values);
            }
        }
        Ok(Self { share, std: std_of })
    }
}

/// Nearest mode of a row, and the squared distance to it.
fn nearest(row: &[f64]) -> Option<(usize, f64)> {
    let [x, y] = *row else { return None };
    let squares = MODES.iter().map(|mode| (x - mode[0]).powi(2) + (y - mode[1]).powi(2));
    squares.enumerate().min_by(|a, b| a.1.total_cmp(&b.1))
}

fn squared_distances(run: &Run) -> Result<Vec<f64>, String> {
    let distances: Option<Vec<f64>> = run.rows.iter().map(|row| Some(nearest(row)?.1)).collect();
    match distances {
        Some(distances) if !distances.is_empty() => Ok(distances),
        _ => Err("the samples are no points of a plane".to_owned()),
    }
}

/// Number of samples that each mode is nearest to.
fn mode_counts(rows: &[Vec<f64>]) -> [usize; 4] {
    let mut counts = [0; 4];
    for (mode, _) in rows.iter().filter_map(|row| nearest(row)) {
        counts[mode] += 1;
    }
    counts
}

/// Mean loss of the [`LOSS_STEPS`] steps that end with `last`. A line counts as often as it has steps.
fn loss(log: &[LogLine], last: u64) -> Result<f64, String> {
    let first = last.checked_sub(LOSS_STEPS).ok_or(format!("only {last} steps"))?;
    let (mut before, mut steps, mut total) = (0, 0, 0.0);
    for line in log {
        let (from, to) = (std::mem::replace(&mut before, line.step), line.step);
        if to <= first || from >= last {
            continue;
        }
        if from < first || to > last {
            return Err(format!("the loss of steps {from} to {to} is one line, over a boundary"));
        }
        steps += to - from;
        total += (to - from) as f64 * line.mean_loss;
    }
    if steps != LOSS_STEPS {
        return Err(format!("the log ends before step {last}"));
    }
    Ok(total / steps as f64)
}

/// Standard deviation of the values themselves, not of the distribution that they were drawn from.
fn std(values: &[f64]) -> f64 {
    let centre = mean(values);
    let square = values.iter().map(|value| (value - centre).powi(2)).sum::<f64>();
    (square / values.len() as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(rows: &[&[f64]], log: &[(u64, f64)]) -> Run {
        let rows = rows.iter().map(|row| row.to_vec()).collect();
        let log = log.iter().map(|&(step, mean_loss)| LogLine { step, mean_loss }).collect();
        Run { rows, log }
    }

    #[test]
    fn files_become_rows_and_lines() {
        let rows = samples("x0,x1\n1.5,-2\n0,3e-4\n").expect("numbers");
        assert_eq!(rows, [[1.5, -2.0], [0.0, 3e-4]]);
        assert_eq!(samples("x0\none\n").expect_err("a word"), "`one` is no number");
        let lines = log("{\"step\":50,\"loss\":9,\"mean_loss\":0.5}\n").expect("a line");
        assert_eq!((lines[0].step, lines[0].mean_loss), (50, 0.5));
        assert!(log("{\"step\":50}\n").is_err());
    }

    #[test]
    fn spread_is_of_the_samples_and_by_axis() {
        let flat = run(&[&[1.0], &[1.0], &[4.0], &[4.0]], &[]);
        assert_eq!((Measure::Mean.of(&flat), Measure::Std.of(&flat)), (Ok(2.5), Ok(1.5)));
        let plane = run(&[&[-3.0, 1.0], &[1.0, 2.0]], &[]);
        let of = |measure: Measure| measure.of(&plane).expect("two columns");
        assert_eq!([of(Measure::MeanOfMirroredX), of(Measure::MeanOfY)], [1.0, 1.5]);
        assert_eq!([of(Measure::StdOfX), of(Measure::StdOfY)], [2.0, 0.5]);
        assert!(Measure::MeanOfY.of(&flat).is_err());
    }

    #[test]
    fn samples_count_for_their_nearest_mode() {
        // Their distances from a mode are 0.03, 0, 0.04 and 0.3. Exactly 0.05 would be a matter of rounding.
        let rows: [&[f64]; 4] = [&[-1.03, -1.0], &[1.0, 1.0], &[1.0, 0.96], &[1.0, -0.7]];
        let run = run(&rows, &[]);
        let of = |measure: Measure| measure.of(&run).expect("points of a plane");
        let convergence = (0.03 * 0.03 + 0.04 * 0.04 + 0.3 * 0.3) / 4.0;
        assert!((of(Measure::Convergence) - convergence).abs() < 1e-15);
        assert_eq!(of(Measure::Share), 0.75);
        assert_eq!([of(Measure::SmallestMode), of(Measure::LargestMode)], [0.0, 0.5]);
        let line = Run { rows: vec![vec![1.0]], log: Vec::new() };
        assert!(Measure::Convergence.of(&line).is_err());
    }

    #[test]
    fn near_samples_are_measured_mode_by_mode() {
        let mut rows: Vec<Vec<f64>> = Vec::new();
        for mode in MODES {
            rows.push(vec![mode[0] - 0.01, mode[1] - 0.02]);
            rows.push(vec![mode[0] + 0.01, mode[1] + 0.02]);
        }
        // Both are nearest to the first mode, yet not near it.
        rows.push(vec![-1.4, -1.0]);
        rows.push(vec![-1.0, -1.4]);
        let near = Near::of(&Run { rows, log: Vec::new() }).expect("all modes are met");
        assert_eq!(near.share, 0.8);
        for std in near.std {
            assert!((std[0] - 0.01).abs() < 1e-12 && (std[1] - 0.02).abs() < 1e-12, "{std:?}");
        }
        let one_mode = run(&[&[1.0, 1.0]], &[]);
        assert!(Near::of(&one_mode).is_err());
    }

    #[test]
    fn a_log_line_weighs_as_much_as_it_has_steps() {
        let run = run(&[], &[(1000, 9.0), (1100, 1.0), (2000, 2.0), (3000, 5.0)]);
        let over = |last| Measure::LossAtLevel0(last).of(&run);
        assert!((over(2000).expect("whole") - 1.9).abs() < 1e-12);
        assert_eq!(over(1000), Ok(9.0));
        assert_eq!(Measure::Loss.of(&run), Ok(5.0));
        assert!(over(2100).is_err(), "a line goes over the boundary");
        assert!(over(4000).is_err(), "the log is shorter");
        assert!(over(900).is_err(), "the window is longer than the run");
        let lines = [500, 1500].map(|step| LogLine { step, mean_loss: 1.0 });
        let short = Run { rows: Vec::new(), log: lines.into() };
        let shifted = Measure::LossAtLevel0(2000).of(&short);
        assert!(shifted.is_err(), "a thousand steps, and not those of the window");
    }
}
