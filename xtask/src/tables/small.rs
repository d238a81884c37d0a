//! Small tables by ForestDiffusion's protocol, which xtask/tables/small.py measures: its part of docs/tables.md.

use std::{fs, process::Command};

use serde_json::Value;

use super::sets::Bar;
use crate::cargo::Workspace;
use crate::files::{named, read_json};
use crate::program::{Program, Scratch};
use crate::python;

/// Name of the part of the page.
pub const NAME: &str = "small";
/// Folder of the study in Python.
const STUDY: &str = "xtask/tables";
/// Folder for its environment.
const FOLDER: &str = "target/tables";

/// Measure by the name that the study gives it.
struct Measure {
    key: &'static str,
    name: &'static str,
    places: usize,
    /// Least bar and aim of iris, wine and breast cancer.
    bars: Option<[[Bar; 2]; 3]>,
}

const fn most(least: f64, aim: f64) -> [Bar; 2] {
    [Bar(None, Some(least)), Bar(None, Some(aim))]
}

/// Samples lie at least this far from the nearest training row, over test rows.
const FAR: [Bar; 2] = [Bar(Some(0.8), None), Bar(Some(0.8), None)];

const SETS: [&str; 3] = ["iris", "wine", "breast-cancer"];

const MEASURES: [Measure; 7] = [
    Measure {
        key: "w1_test",
        name: "W1 to test rows, as many of each class as in the training rows",
        places: 3,
        bars: Some([most(0.25, 0.23), most(1.46, 1.39), most(1.86, 1.77)]),
    },
    Measure {
        key: "w1_test_as_drawn",
        name: "W1 to test rows, classes as drawn",
        places: 3,
        bars: None,
    },
    Measure { key: "w1_train", name: "W1 to training rows", places: 3, bars: None },
    Measure { key: "f1", name: "F1 on test rows, three classifiers", places: 3, bars: None },
    Measure {
        key: "near_copies",
        name: "near copies, share",
        places: 3,
        bars: Some([most(0.1, 0.1), most(0.03, 0.03), most(0.01, 0.01)]),
    },
    Measure {
        key: "closest",
        name: "distance to the closest row, over test rows'",
        places: 2,
        bars: Some([FAR, FAR, FAR]),
    },
    Measure {
        key: "spread",
        name: "spread within a class, over training rows'",
        places: 2,
        bars: None,
    },
];

/// Figures that others have published of W1 to test rows: ForestDiffusion's own table.
const PUBLISHED: [(&str, [f64; 3]); 2] =
    [("Forest-Flow", [0.328, 1.421, 1.749]), ("TabDDPM", [0.329, 1.531, 3.438])];

/// Runs the study; its figures.
pub fn run(workspace: &Workspace, program: &Program, scratch: &Scratch) -> Result<Value, String> {
    let (study, folder) = (workspace.root.join(STUDY), workspace.root.join(FOLDER));
    fs::create_dir_all(&folder).map_err(named(&folder))?;
    let python = python::environment(&study.join("requirements.txt"), &folder, |_, _| {})?;
    let found = scratch.folder().join("small.json");
    let mut command = Command::new(python);
    command.arg(study.join("small.py")).arg(program.path()).arg(scratch.folder()).arg(&found);
    // Two libraries that thread at once are slower than one.
    command.env_remove("LANGEVIN_BACKEND").env("OPENBLAS_NUM_THREADS", "1");
    python::call(&mut command)?;
    read_json(&found)
}

/// Mean and standard deviation over all sets of samples, or of training rows.
fn value(found: &Value, set: &str, of: &str, key: &str) -> Option<(f64, f64)> {
    let pair = &found[set][of][key];
    pair[0].as_f64().zip(pair[1].as_f64())
}

/// Least bars that are broken, in words.
pub fn broken_bars(found: &Value) -> Vec<String> {
    let mut broken = Vec::new();
    for measure in &MEASURES {
        for (set, [least, _]) in SETS.iter().zip(measure.bars.into_iter().flatten()) {
            let mean = value(found, set, "samples", measure.key).map_or(f64::NAN, |(mean, _)| mean);
            if !least.holds(mean) {
                broken.push(format!(
                    "{set}: {} must be {}, got {mean:.3}",
                    measure.name,
                    least.text()
                ));
            }
        }
    }
    broken
}

/// Text of the part of the page.
pub fn text(found: &Value) -> String {
    let mut lines = vec![
        "Mean ± standard deviation over the 15 sets. The training rows themselves score what stands below them, which are \
         the protocol's oracle."
            .to_owned(),
        String::new(),
        "| | iris | least, aim | wine | least, aim | breast cancer | least, aim |".to_owned(),
        "|---|---|---|---|---|---|---|".to_owned(),
    ];
    let row = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    for measure in &MEASURES {
        let mut cells = vec![measure.name.to_owned()];
        for (at, set) in SETS.iter().enumerate() {
            let places = measure.places;
            let own = value(found, set, "samples", measure.key);
            let text = |(mean, std): (f64, f64)| format!("**{mean:.places$}** ± {std:.places$}");
            cells.push(own.map_or("–".to_owned(), text));
            let bars = measure.bars.map(|bars| bars[at].map(Bar::text).join(", "));
            cells.push(bars.unwrap_or("–".to_owned()));
        }
        lines.push(row(cells));
    }
    let dashes = |name: String, values: [Option<f64>; 3]| {
        let values =
            values.map(|value| value.map_or("–".to_owned(), |value| format!("{value:.3}")));
        row(std::iter::once(name)
            .chain(values.into_iter().flat_map(|text| [text, "–".to_owned()]))
            .collect())
    };
    for (key, name) in [("w1_test", "training rows: W1 to test rows"), ("f1", "training rows: F1")]
    {
        let mean = |set| value(found, set, "training", key).map(|(mean, _)| mean);
        lines.push(dashes(name.to_owned(), SETS.map(mean)));
    }
    for (name, values) in PUBLISHED {
        lines.push(dashes(
            format!("{name}, published: W1 to test rows, classes as drawn"),
            values.map(Some),
        ));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(iris: f64) -> Value {
        let set = |w1: f64| {
            json!({ "samples": { "w1_test": [w1, 0.01], "near_copies": [0.005, 0.001], "closest": [0.9, 0.1] },
                    "training": { "w1_test": [0.236, 0.01] } })
        };
        json!({ "iris": set(iris), "wine": set(1.4), "breast-cancer": set(1.8) })
    }

    #[test]
    fn figures_stand_beside_their_bars_and_a_broken_one_is_named() {
        let text = text(&found(0.24));
        let line = "| W1 to test rows, as many of each class as in the training rows | **0.240** ± 0.010 | ≤ 0.25, ≤ 0.23 |";
        assert!(text.contains(line), "{text}");
        assert!(text.contains("| training rows: W1 to test rows | 0.236 | – | 0.236 |"), "{text}");
        assert!(broken_bars(&found(0.24)).is_empty());
        let said = broken_bars(&found(0.26)).join("\n");
        assert!(
            said.starts_with("iris: W1") && said.ends_with("must be ≤ 0.25, got 0.260"),
            "{said}"
        );
        assert_eq!(broken_bars(&json!({})).len(), 9);
    }
}
