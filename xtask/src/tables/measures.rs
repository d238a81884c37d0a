//! Measures of samples of a table, and where evaluation.json has them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// Measure of samples of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Error of the columns' shapes, in percent.
    Shape,
    /// Error of the trends of pairs of columns, in percent.
    Trend,
    /// Detection by boosted trees: 1 where they cannot tell samples from training rows.
    Detection,
    /// What boosted trees that learnt from samples reach on real rows.
    Usefulness,
    /// Share of samples that lie closer to a training row than to a held-out one.
    Closest,
    /// Samples that are training rows, in percent.
    Copies,
    /// Share of all rare values together, in samples over training rows.
    Rare,
    /// Seconds of training and sampling.
    Seconds,
}

/// Values of the measures.
pub type Figures = BTreeMap<Measure, f64>;

impl Measure {
    /// All measures, in the order of the page.
    pub const ALL: [Self; 8] = [
        Self::Shape,
        Self::Trend,
        Self::Detection,
        Self::Usefulness,
        Self::Closest,
        Self::Copies,
        Self::Rare,
        Self::Seconds,
    ];

    /// Name of the measure; `score` is that of the usefulness.
    pub fn name(self, score: &str) -> String {
        match self {
            Self::Shape => "shape error, %".to_owned(),
            Self::Trend => "trend error, %".to_owned(),
            Self::Detection => "boosted-tree detection".to_owned(),
            Self::Usefulness => format!("trained on samples, tested on real rows: {score}"),
            Self::Closest => "closest-record share".to_owned(),
            Self::Copies => "copies, %".to_owned(),
            Self::Rare => "rare values kept".to_owned(),
            Self::Seconds => "training and sampling, s".to_owned(),
        }
    }

    /// Value with the digits that tell; a dash where there is none.
    pub fn text(self, value: Option<f64>) -> String {
        let places = match self {
            Self::Seconds => 0,
            Self::Shape | Self::Trend | Self::Copies | Self::Rare => 2,
            Self::Detection | Self::Usefulness | Self::Closest => 3,
        };
        value
            .filter(|value| !value.is_nan())
            .map_or("–".to_owned(), |value| format!("{value:.places$}"))
    }
}

/// Rows that are measured beside the training rows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    Samples,
    HeldOut,
    Independent,
}

/// Figures in an evaluation.json.
pub fn figures(evaluation: &Value, rows: Rows) -> Figures {
    let table = &evaluation["table"];
    let scores = match rows {
        Rows::Samples => &table["samples"],
        Rows::HeldOut => &table["held_out"],
        Rows::Independent => &table["independent"],
    };
    let percent = |value: &Value| value.as_f64().map(|share| 100.0 * share);
    let mut found = vec![
        (Measure::Shape, percent(&scores["shape_error"])),
        (Measure::Trend, percent(&scores["trend_error"])),
        (Measure::Detection, scores["detection"].as_f64()),
        (Measure::Usefulness, usefulness(evaluation, rows)),
    ];
    let closest = &table["closest"];
    match rows {
        Rows::Samples => found.extend([
            (Measure::Closest, closest["share"].as_f64()),
            (Measure::Copies, percent(&closest["copies"])),
            (Measure::Rare, table["cells"]["rare_kept"].as_f64()),
        ]),
        Rows::HeldOut => found.push((Measure::Copies, percent(&closest["held_out_copies"]))),
        Rows::Independent => {}
    }
    found.into_iter().filter_map(|(measure, value)| Some((measure, value?))).collect()
}

/// What trees reach on held-out rows that learnt from samples, or from training rows, as real rows do.
fn usefulness(evaluation: &Value, rows: Rows) -> Option<f64> {
    let found = &evaluation["target"];
    let quality = match rows {
        Rows::Samples => &found["samples"]["quality"],
        Rows::HeldOut => &found["training"]["quality"],
        Rows::Independent => &found["independent"]["quality"],
    };
    let scores =
        [&quality["two_values"]["auc"], &quality["values"]["auc"], &quality["number"]["r_squared"]];
    scores.into_iter().find_map(Value::as_f64)
}

/// Mean of each measure over runs that all have it.
pub fn means(runs: &[Figures]) -> Figures {
    let mean = |measure: Measure| {
        let values: Option<Vec<f64>> = runs.iter().map(|run| run.get(&measure).copied()).collect();
        let values = values.filter(|values| !values.is_empty())?;
        Some((measure, crate::statistics::mean(&values)))
    };
    Measure::ALL.into_iter().filter_map(mean).collect()
}

#[cfg(test)]
pub mod tests {
    use serde_json::json;

    use super::*;

    /// An evaluation of samples with this detection.
    pub fn evaluation(detection: f64) -> Value {
        let scores = |detection: f64| json!({ "shape_error": 0.005, "trend_error": 0.02, "detection": detection });
        json!({ "table": {
            "samples": scores(detection), "held_out": scores(1.0), "independent": scores(0.01),
            "closest": { "share": 0.5, "copies": 0.001, "held_out_copies": 0.002 },
            "cells": { "rare_kept": 0.95 }
        }, "target": { "samples": { "quality": { "two_values": { "auc": 0.9 } } },
                       "training": { "quality": { "number": { "r_squared": 0.98 } } } } })
    }

    #[test]
    fn figures_are_read_in_percent_where_they_are_errors_and_shares_of_copies() {
        let found = figures(&evaluation(0.7), Rows::Samples);
        let values: Vec<f64> = found.values().map(|value| (1e4 * value).round() / 1e4).collect();
        assert_eq!(values, [0.5, 2.0, 0.7, 0.9, 0.5, 0.1, 0.95]);
        let real = figures(&evaluation(0.7), Rows::HeldOut);
        assert_eq!((real[&Measure::Usefulness], real[&Measure::Copies]), (0.98, 0.2));
        assert_eq!(figures(&evaluation(0.7), Rows::Independent).len(), 3);
        assert!(figures(&json!({}), Rows::Samples).is_empty());
    }

    #[test]
    fn a_mean_is_of_what_all_runs_have() {
        let runs = [0.6, 0.8].map(|value| Figures::from([(Measure::Detection, value)]));
        assert!((means(&runs)[&Measure::Detection] - 0.7).abs() < 1e-12);
        assert!(means(&[runs[0].clone(), Figures::new()]).is_empty() && means(&[]).is_empty());
    }
}
