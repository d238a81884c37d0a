//! Ordinary tables: `langevin init` and `langevin train`, unattended, on each CSV file of a folder.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use serde_json::Value;

use crate::files::{named, read_json};
use crate::program::{Program, Scratch};

/// Name of the part of the page.
pub const NAME: &str = "ordinary";

/// Level of the verdict, below which rows fail its test.
const LEVEL: f64 = 0.005;

/// Outcome of one table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Line {
    table: String,
    /// Rows that were trained on or held out, and columns.
    rows: u64,
    columns: u64,
    verdict: String,
    /// Trend errors of samples, held-out rows and independent columns, in percent.
    trends: [Option<f64>; 3],
    /// Energy distances to held-out rows of samples and of independent columns.
    energies: Option<[f64; 2]>,
    /// p value by pairs of independent columns.
    independent_p: Option<f64>,
    seconds: f64,
    /// What the program said where it failed.
    failed: Option<String>,
}

/// Runs every table of the folder; `write` is called after each, so that nothing is lost when it is stopped.
pub fn run(
    program: &Program,
    scratch: &Scratch,
    folder: &Path,
    mut write: impl FnMut(&[Line]) -> Result<(), String>,
) -> Result<Vec<Line>, String> {
    let mut tables: Vec<PathBuf> = fs::read_dir(folder)
        .map_err(named(folder))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "csv"))
        .collect();
    tables.sort();
    let mut lines = Vec::new();
    for table in &tables {
        let line = one(program, scratch, table);
        println!("{}", row(&line));
        lines.push(line);
        write(&lines)?;
    }
    Ok(lines)
}

/// Outcome of one table.
fn one(program: &Program, scratch: &Scratch, table: &Path) -> Line {
    let name = table.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let [config, run] =
        ["json", "run"].map(|ending| scratch.folder().join(format!("{name}.{ending}")));
    let start = Instant::now();
    let mut init = program.command(&["--quiet", "init"]);
    init.arg(table).arg("--out").arg(&config);
    let mut train = program.command(&["--quiet", "train"]);
    train.arg(&config).arg("--out").arg(&run);
    let outcome = said(&mut init).and_then(|()| said(&mut train));
    let seconds = start.elapsed().as_secs_f64();
    let outcome = outcome.and_then(|()| read_json(&run.join("evaluation.json")));
    // Samples and checkpoints of a table that is done only fill the disk.
    let _ = fs::remove_dir_all(&run);
    match outcome {
        Ok(evaluation) => Line { table: name, seconds, ..read(&evaluation) },
        Err(error) => Line { table: name, seconds, failed: Some(error), ..Line::default() },
    }
}

/// Runs a command; an error is what it said last.
fn said(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(text.trim().lines().last().unwrap_or("failed and said nothing").to_owned())
}

/// Line of an evaluation.json.
fn read(evaluation: &Value) -> Line {
    let (verdict, rows) = (&evaluation["verdict"], &evaluation["rows"]);
    let count = |of: &str| rows[of].as_u64().unwrap_or(0);
    let energy = |of: &str| verdict["energy"][of].as_f64();
    let trend =
        |of: &str| evaluation["table"][of]["trend_error"].as_f64().map(|error| 100.0 * error);
    Line {
        rows: count("training") + count("held_out"),
        columns: evaluation["columns"].as_array().map_or(0, Vec::len) as u64,
        verdict: verdict["word"].as_str().unwrap_or("none").replace('_', " "),
        trends: ["samples", "held_out", "independent"].map(trend),
        energies: energy("samples").zip(energy("independent")).map(<[f64; 2]>::from),
        independent_p: verdict["pairs"]["independent_p_value"].as_f64(),
        ..Line::default()
    }
}

impl Line {
    /// Whether independent columns fail the test on pairs.
    fn independent_fail(&self) -> bool {
        self.independent_p.is_some_and(|p| p < LEVEL)
    }

    /// Whether the samples are farther from the real rows than independent columns that fail.
    fn is_farther(&self) -> bool {
        self.independent_fail()
            && self.energies.is_some_and(|[samples, independent]| samples > independent)
    }
}

/// Tables on which the program failed, or whose samples are farther off than independent columns that fail.
pub fn faults(lines: &[Line]) -> Vec<String> {
    let fault = |line: &Line| match &line.failed {
        Some(error) => Some(format!("{}: {error}", line.table)),
        None => line.is_farther().then(|| {
            format!("{}: farther from the real rows than independent columns", line.table)
        }),
    };
    lines.iter().filter_map(fault).collect()
}

/// Text of the part of the page.
pub fn text(lines: &[Line]) -> String {
    let count = |word: &str| lines.iter().filter(|line| line.verdict == word).count();
    let failing = lines.iter().filter(|line| line.independent_fail()).count();
    let farther = lines.iter().filter(|line| line.is_farther()).count();
    let failed = lines.iter().filter(|line| line.failed.is_some()).count();
    let mut text = format!(
        "{} tables: {} good, {} fair, {} poor, {} with too few rows to judge, {failed} failed. Independent columns fail the \
         test on pairs of {failing}; on {farther} of these the samples are farther from the real rows than they are.\n\n",
        lines.len(),
        count("good"),
        count("fair"),
        count("poor"),
        count("too few rows"),
    );
    text += "| table | rows | columns | verdict | trend error, %: samples, held-out rows, independent columns | energy distance: \
             samples, independent columns | test of independent columns on pairs, p | s |\n|---|---|---|---|---|---|---|---|\n";
    text += &lines.iter().map(row).collect::<Vec<_>>().join("\n");
    text
}

fn row(line: &Line) -> String {
    if let Some(error) = &line.failed {
        let error = error.replace('|', "\\|");
        return format!(
            "| {} | – | – | failed: {error} | – | – | – | {:.0} |",
            line.table, line.seconds
        );
    }
    let trend = |error: &Option<f64>| error.map_or("–".to_owned(), |error| format!("{error:.1}"));
    let trends = line.trends.each_ref().map(trend).join(", ");
    let energies = line.energies.map_or("–".to_owned(), |[samples, independent]| {
        format!("{samples:.4}, {independent:.4}")
    });
    let p = line.independent_p.map_or("–".to_owned(), |p| format!("{p:.3}"));
    let Line { table, rows, columns, verdict, seconds, .. } = line;
    format!(
        "| {table} | {rows} | {columns} | {verdict} | {trends} | {energies} | {p} | {seconds:.0} |"
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn line(samples: f64, independent_p: f64) -> Line {
        let scores = |error: f64| json!({ "trend_error": error });
        let evaluation = json!({
            "rows": { "training": 80, "held_out": 20 }, "columns": [{}, {}],
            "table": { "samples": scores(0.02), "held_out": scores(0.03), "independent": scores(0.1) },
            "verdict": { "word": "good", "energy": { "samples": samples, "independent": 0.02 },
                         "pairs": { "independent_p_value": independent_p } }
        });
        Line { table: "people".to_owned(), ..read(&evaluation) }
    }

    #[test]
    fn a_table_is_a_line_and_a_failure_says_why() {
        let failed = Line {
            table: "x".to_owned(),
            failed: Some("error: a|b".to_owned()),
            ..Line::default()
        };
        let text = text(&[line(0.01, 0.001), failed]);
        let own = "| people | 100 | 2 | good | 2.0, 3.0, 10.0 | 0.0100, 0.0200 | 0.001 | 0 |";
        assert!(text.contains(own) && text.contains("failed: error: a\\|b"), "{text}");
        assert!(text.starts_with("2 tables: 1 good, 0 fair, 0 poor"), "{text}");
    }

    #[test]
    fn samples_beyond_independent_columns_are_a_fault_where_those_fail() {
        assert_eq!(faults(&[line(0.03, 0.001)]).len(), 1);
        assert!(faults(&[line(0.03, 0.2), line(0.01, 0.001)]).is_empty());
    }
}
