//! docs/cases.md: its rows are the folders of tests/cases and the tests here, its lists the tables of more.rs.

use std::{collections::BTreeSet, fs};

use super::more::{self, GROUPS};
use crate::documents::ROOT;

/// Word of a row whose case waits for its change.
const NEXT: &str = "next";

fn page() -> String {
    fs::read_to_string(format!("{ROOT}/docs/cases.md")).expect("the page")
}

/// The cells of the rows of a page's tables whose first cell is such.
fn rows(page: &str, is_it: impl Fn(&str) -> bool) -> Vec<Vec<&str>> {
    let rows = page.lines().filter(|line| line.starts_with("| "));
    let cells = rows.map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect());
    cells.filter(|cells: &Vec<&str>| is_it(cells[0])).collect()
}

/// Whether a text is the name of a folder of a case.
fn is_case(text: &str) -> bool {
    let (letter, rest) = text.split_at(text.len().min(1));
    let (digits, rest) = rest.split_at(rest.len().min(2));
    "op".contains(letter) && digits.parse::<u8>().is_ok() && rest.starts_with('-')
}

/// The code of the tests of cases.
fn sources() -> String {
    let folder = format!("{ROOT}/tests/commands/cases");
    let paths = fs::read_dir(folder).expect("the tests").flatten().map(|entry| entry.path());
    let code = paths.filter(|path| path.is_file() && !path.ends_with("page.rs"));
    code.map(|path| fs::read_to_string(path).expect("a source file")).collect()
}

#[test]
fn every_case_has_a_row_and_every_row_a_case_and_its_test() {
    let (page, sources) = (page(), sources());
    let rows = rows(&page, is_case);
    let folders = fs::read_dir(format!("{ROOT}/tests/cases")).expect("the cases").flatten();
    let folders: BTreeSet<_> =
        folders.map(|entry| entry.file_name().into_string().expect("UTF-8")).collect();
    let named: BTreeSet<_> = rows.iter().map(|row| row[0].to_owned()).collect();
    assert_eq!(named, folders);
    assert_eq!((rows.len(), folders.len()), (57, 57));
    let tests: BTreeSet<_> =
        sources.split("\nfn ").skip(1).filter_map(|code| code.split('(').next()).collect();
    for row in &rows {
        let [case, _, _, _, now, test] = row[..] else { panic!("six cells: {row:?}") };
        let name = case.replace('-', "_");
        if test == NEXT {
            assert!(!tests.contains(name.as_str()), "{case} has a test");
            assert!(now.starts_with("wrong: "), "{case}: {now}");
        } else {
            assert_eq!(test, format!("`{name}`"));
            assert!(tests.contains(name.as_str()), "{case} has no test");
        }
    }
    let of_cases = tests.iter().filter(|name| is_case(&name.replace('_', "-")));
    assert_eq!(of_cases.count(), rows.iter().filter(|row| row[5] != NEXT).count());
}

#[test]
fn every_odd_table_is_listed_and_tried() {
    let page = page();
    let (_, list) = page.split_once("## More tables").expect("the list");
    let listed = rows(list, |cell| cell != "kind" && !cell.starts_with("---"));
    let listed: BTreeSet<_> = listed.iter().map(|row| (row[0], row[1])).collect();
    let tried: BTreeSet<_> = more::all().map(|odd| (odd.kind, odd.name)).collect();
    assert_eq!(listed, tried);
    assert!(tried.len() >= 30 && tried.len() == more::all().count());
    let kinds: BTreeSet<_> = more::all().map(|odd| odd.kind).collect();
    assert_eq!(kinds, GROUPS.into_iter().flatten().copied().collect());
}
