//! `langevin compare`: runs side by side, as text and as a page.

use langevin_train::{ComparedRow, Comparison, RunRecords};
use serde_json::json;

use crate::{
    args::{Args, CompareArgs},
    failure::Failure,
    output::{print, print_json, print_lines},
    table::table,
};

/// Compares runs: prints tables, and writes a page where one is asked for.
pub fn run(args: &Args, compare: &CompareArgs) -> Result<(), Failure> {
    if let Some(path) = &compare.out {
        check_page(path)?;
    }
    let records: Vec<_> =
        compare.runs.iter().map(|run| RunRecords::read(run)).collect::<Result<_, _>>()?;
    let comparison = Comparison::of(&records)?;
    if args.json {
        print_json(&json!(comparison));
    } else {
        let names = comparison.runs.iter().map(String::as_str);
        let header: Vec<&str> = ["results"].into_iter().chain(names.clone()).collect();
        print_lines(table(&header, &lines(&comparison.results)));
        print("");
        let header: Vec<&str> = ["config"].into_iter().chain(names).collect();
        match comparison.differences.is_empty() {
            true => print("the configs are the same"),
            false => print_lines(table(&header, &lines(&comparison.differences))),
        }
    }
    if let Some(path) = &compare.out {
        write_page(path, &records, &comparison)?;
        if !args.json {
            print("");
            print(&path.display().to_string());
        }
    }
    Ok(())
}

/// Fails early where the page could not be written later.
fn check_page(path: &std::path::Path) -> Result<(), Failure> {
    if path.extension().is_none_or(|extension| extension != "html") {
        return Err(Failure::usage(format!("--out {}: must end in .html", path.display())));
    }
    if path.exists() {
        return Err(langevin_train::TrainError::Exists(path.to_owned()).into());
    }
    Ok(())
}

fn lines(rows: &[ComparedRow]) -> Vec<Vec<String>> {
    let line = |row: &ComparedRow| [row.name.clone()].into_iter().chain(row.shown()).collect();
    rows.iter().map(line).collect()
}

fn write_page(
    path: &std::path::Path,
    records: &[RunRecords],
    comparison: &Comparison,
) -> Result<(), Failure> {
    let page = langevin_train::compare_runs(records, comparison)?;
    Ok(langevin_train::write_new_file(path, page.as_bytes())?)
}
