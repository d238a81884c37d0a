//! Rows of which some columns are given, which xtask/tables/given.py measures: its part of docs/tables.md.

use std::{fs, process::Command};

use serde_json::Value;

use super::sets::Bar;
use crate::cargo::Workspace;
use crate::files::{named, read_json};
use crate::program::{Program, Scratch};
use crate::python;

/// Name of the part of the page.
pub const NAME: &str = "given";
/// Folder of the study in Python, and one for its environment.
const STUDY: &str = "xtask/tables";
const FOLDER: &str = "target/tables";

/// Figure by the names that the study gives it and its part.
struct Figure {
    part: &'static str,
    key: &'static str,
    name: &'static str,
    places: usize,
    /// Least bar and aim.
    bars: Option<[Bar; 2]>,
    /// What else scores, and by which key of the study.
    beside: &'static [(&'static str, &'static str)],
}

const fn most(least: f64, aim: f64) -> Option<[Bar; 2]> {
    Some([Bar(None, Some(least)), Bar(None, Some(aim))])
}

const fn least(least: f64, aim: f64) -> Option<[Bar; 2]> {
    Some([Bar(Some(least), None), Bar(Some(aim), None)])
}

const FIGURES: [Figure; 12] = [
    Figure {
        part: "adult",
        key: "seconds",
        name: "Adult: training, sampling and measuring, s",
        places: 0,
        bars: most(300.0, 300.0),
        beside: &[],
    },
    Figure {
        part: "adult",
        key: "z",
        name: "education and sex given: root mean square z of 8 means by group",
        places: 2,
        bars: most(2.3, 1.5),
        beside: &[("training rows", "z_training_rows"), ("rows of any group", "z_any_rows")],
    },
    Figure {
        part: "adult",
        key: "income_auc",
        name: "income, all else given: AUC (boosted trees 0.925)",
        places: 3,
        bars: least(0.88, 0.91),
        beside: &[],
    },
    Figure {
        part: "adult",
        key: "marital_accuracy",
        name: "marital status, all else given: right (boosted trees 0.851)",
        places: 3,
        bars: least(0.83, 0.85),
        beside: &[("most frequent", "marital_most_frequent")],
    },
    Figure {
        part: "adult",
        key: "occupation_accuracy",
        name: "occupation, all else given: right (boosted trees 0.392)",
        places: 3,
        bars: least(0.335, 0.335),
        beside: &[("most frequent", "occupation_most_frequent")],
    },
    Figure {
        part: "adult",
        key: "age_ks",
        name: "age, all else given: Kolmogorov–Smirnov distance of one draw a row",
        places: 3,
        bars: most(0.02, 0.02),
        beside: &[],
    },
    Figure {
        part: "adult",
        key: "hours_ks",
        name: "hours a week, likewise",
        places: 3,
        bars: most(0.02, 0.02),
        beside: &[],
    },
    Figure {
        part: "mixture",
        key: "seconds",
        name: "mixture: training, sampling and measuring, s",
        places: 0,
        bars: None,
        beside: &[],
    },
    Figure {
        part: "mixture",
        key: "log_p",
        name: "half of the cells given: mean log density of the others",
        places: 3,
        bars: None,
        beside: &[("true rows", "log_p_true"), ("each column alone", "log_p_columns")],
    },
    Figure {
        part: "mixture",
        key: "way",
        name: "the same, as a share of the way from each column alone to true rows",
        places: 3,
        bars: Some([Bar(Some(0.92), Some(1.02)), Bar(Some(0.95), Some(1.02))]),
        beside: &[],
    },
    Figure {
        part: "mixture",
        key: "ks",
        name: "largest Kolmogorov–Smirnov distance of a column's probability integral transform",
        places: 3,
        bars: most(0.05, 0.03),
        beside: &[("true rows", "ks_true")],
    },
    Figure {
        part: "mixture",
        key: "whole_log_p",
        name: "nothing given: mean log density of samples",
        places: 3,
        bars: None,
        beside: &[("true rows", "whole_log_p_true")],
    },
];

/// Runs the study; its figures.
pub fn run(workspace: &Workspace, program: &Program, scratch: &Scratch) -> Result<Value, String> {
    let (study, folder) = (workspace.root.join(STUDY), workspace.root.join(FOLDER));
    fs::create_dir_all(&folder).map_err(named(&folder))?;
    let python = python::environment(&study.join("requirements.txt"), &folder, |_, _| {})?;
    let found = scratch.folder().join("given.json");
    let mut command = Command::new(python);
    command.arg(study.join("given.py")).arg(program.path()).arg(scratch.folder());
    command.arg(workspace.root.join("crates/data/assets/adult.csv.gz"));
    command.arg(workspace.root.join("configs/categorical-mixture.json")).arg(&found);
    python::call(command.env_remove("LANGEVIN_BACKEND"))?;
    read_json(&found)
}

/// Least bars that are broken, in words.
pub fn broken_bars(found: &Value) -> Vec<String> {
    let broken = |figure: &Figure| {
        let [least, _] = figure.bars?;
        let value = found[figure.part][figure.key].as_f64().unwrap_or(f64::NAN);
        let (name, bar) = (figure.name, least.text());
        (!least.holds(value)).then(|| format!("{name} must be {bar}, got {value:.3}"))
    };
    FIGURES.iter().filter_map(broken).collect()
}

/// Text of the part of the page.
pub fn text(found: &Value) -> String {
    let row = |figure: &Figure| {
        let places = figure.places;
        let value = |key: &str| {
            let value = found[figure.part][key].as_f64();
            value.map_or("–".to_owned(), |value| format!("{value:.places$}"))
        };
        let bar = |place: usize| figure.bars.map_or("–".to_owned(), |bars| bars[place].text());
        let beside = figure.beside.iter().map(|(name, key)| format!("{name} {}", value(key)));
        let beside: Vec<_> = beside.collect();
        format!(
            "| {} | {} | {} | {} | {} |",
            figure.name,
            value(figure.key),
            bar(0),
            bar(1),
            beside.join(", ")
        )
    };
    let head = ["| | ours | least | aim | beside |", "|---|---|---|---|---|"].map(str::to_owned);
    head.into_iter().chain(FIGURES.iter().map(row)).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn figures_stand_beside_their_bars_and_a_missing_one_breaks_its_bar() {
        let adult = json!({
            "seconds": 250.0, "z": 2.0, "z_training_rows": 0.97, "z_any_rows": 10.3, "income_auc": 0.9,
            "marital_accuracy": 0.84, "occupation_accuracy": 0.36, "age_ks": 0.01, "hours_ks": 0.01,
        });
        let mut found = json!({ "adult": adult, "mixture": { "way": 0.93, "ks": 0.04 } });
        assert_eq!(broken_bars(&found), Vec::<String>::new());
        let text = text(&found);
        let line =
            "by group | 2.00 | ≤ 2.3 | ≤ 1.5 | training rows 0.97, rows of any group 10.30 |";
        assert!(text.contains(line), "{text}");
        found["adult"]["income_auc"] = json!(0.8);
        found["mixture"]["ks"] = Value::Null;
        let broken = broken_bars(&found);
        assert!(
            broken.len() == 2 && broken[0].ends_with("must be ≥ 0.88, got 0.800"),
            "{broken:?}"
        );
    }
}
