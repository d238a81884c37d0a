//! The cases of docs/cases.md: small inputs after public reports and of our own, a test for each. What is
//! read, what is said, and whether samples stay in the column's world.

mod cells;
mod dates_and_ids;
mod formats;
mod header;
mod layout;
mod messages;
mod more;
mod page;
mod programs;
mod samples;
#[cfg(target_os = "linux")]
mod scripts;
#[cfg(unix)]
mod shell;

use std::{collections::BTreeSet, fs};

use serde_json::Value;

use crate::{
    documents::ROOT,
    program::{Program, Said},
};

/// A folder with the inputs of a case.
pub struct Case {
    pub program: Program,
}

/// What `init` said and wrote.
pub struct Read {
    /// The event of `--json`.
    pub event: Value,
    /// `data` of the config.
    pub data: Value,
    /// What is printed for people, its lines joined.
    pub listing: String,
}

/// A trained run.
pub struct Run {
    pub said: Said,
    pub samples: Rows,
    pub evaluation: Value,
}

/// Text cells under names.
#[derive(Clone)]
pub struct Rows {
    pub names: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Case {
    /// A copy of a folder of tests/cases.
    pub fn new(name: &str) -> Self {
        let case = Self { program: Program::new() };
        for entry in fs::read_dir(format!("{ROOT}/tests/cases/{name}")).expect("the case").flatten()
        {
            let name = entry.file_name().into_string().expect("UTF-8");
            fs::copy(entry.path(), case.program.path(&name)).expect("copied");
        }
        case
    }

    /// A folder with one table.
    pub fn of(file: &str, text: impl AsRef<[u8]>) -> Self {
        let case = Self { program: Program::new() };
        fs::write(case.program.path(file), text).expect("written");
        case
    }

    /// What `init` makes of a file; the config is `t.json` each time, and a step of training takes it.
    #[track_caller]
    pub fn init(&self, file: &str, flags: &[&str]) -> Read {
        for config in ["t.json", "again.json"] {
            let _ = fs::remove_file(self.program.path(config));
        }
        let arguments = ["--json", "init", file, "--out", "t.json"];
        let event = self.program.run(&[&arguments, flags].concat()).code(0).out;
        let event: Value = serde_json::from_str(&event).expect("JSON");
        let config = String::from_utf8(self.program.read("t.json")).expect("UTF-8");
        let lines = config.lines().filter(|line| !line.trim_start().starts_with("//"));
        let config: Value = serde_json::from_str(&lines.collect::<String>()).expect("JSON");
        let again = ["init", file, "--out", "again.json"];
        let said = self.program.run(&[&again, flags].concat()).code(0).out;
        let widest = said.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(80), "{said}");
        let listing = said.split_whitespace().collect::<Vec<_>>().join(" ");
        self.program.run(&["train", "./t.json", "--dry-run"]).code(0);
        Read { event, data: config["data"].clone(), listing }
    }

    /// The words by which `init` refuses a file: one line, that names it; nothing is written.
    #[track_caller]
    pub fn refused(&self, file: &str, flags: &[&str]) -> String {
        let before = self.program.everything();
        let said = self.program.run(&[&["init", file], flags].concat()).code(2);
        assert!(said.err.starts_with(&format!("error: {file}")), "{}", said.err);
        assert_eq!(said.err.lines().count(), 1, "{}", said.err);
        assert_eq!((said.out.as_str(), self.program.everything()), ("", before));
        said.err
    }

    /// Trains what `init` wrote, for so many steps, to the folder `run`.
    #[track_caller]
    pub fn train(&self, steps: usize) -> Run {
        self.train_of("./t.json", steps)
    }

    /// Trains a run file, for so many steps, to the folder `run`.
    #[track_caller]
    pub fn train_of(&self, config: &str, steps: usize) -> Run {
        let steps = format!("train.steps={steps}");
        let mut arguments = vec!["train", config, "--out", "run"];
        for setting in
            [&steps, "sample.count=300", "report.figures=[]", "train.validate_every=100000"]
        {
            arguments.extend(["--set", setting]);
        }
        let said = self.program.run(&arguments).code(0);
        let samples = String::from_utf8(self.program.read("run/samples.csv")).expect("UTF-8");
        let evaluation = match self.program.path("run/evaluation.json").is_file() {
            true => {
                serde_json::from_slice(&self.program.read("run/evaluation.json")).expect("JSON")
            }
            false => Value::Null,
        };
        Run { said, samples: Rows::of(&samples, ','), evaluation }
    }

    /// The cells of a table of the case, whose first line names the columns.
    pub fn rows(&self, file: &str, delimiter: char) -> Rows {
        Rows::of(&String::from_utf8(self.program.read(file)).expect("UTF-8"), delimiter)
    }
}

impl Read {
    pub fn rows(&self) -> u64 {
        self.event["rows"].as_u64().expect("rows")
    }

    pub fn complete(&self) -> u64 {
        self.event["complete_rows"].as_u64().expect("complete rows")
    }

    /// The names of the columns to learn.
    pub fn names(&self) -> Vec<&str> {
        let names = self.event["columns"].as_array().expect("columns");
        names.iter().map(|name| name.as_str().expect("a name")).collect()
    }

    /// What the config says of a column.
    #[track_caller]
    pub fn column(&self, name: &str) -> &Value {
        let columns = self.data["columns"].as_array().expect("columns");
        columns.iter().find(|column| column["name"] == name).expect("the column")
    }

    /// Why a column is left out.
    #[track_caller]
    pub fn why_not(&self, name: &str) -> &str {
        let left_out = self.event["left_out"].as_array().expect("left out");
        let column = left_out.iter().find(|column| column["name"] == name).expect("left out");
        column["why"].as_str().expect("a reason")
    }

    /// The names of the columns that are left out.
    pub fn left_out(&self) -> Vec<&str> {
        let left_out = self.event["left_out"].as_array().expect("left out");
        left_out.iter().map(|column| column["name"].as_str().expect("a name")).collect()
    }

    /// Whether the listing holds a text.
    #[track_caller]
    pub fn says(&self, text: &str) {
        assert!(self.listing.contains(text), "{text:?} is not in {}", self.listing);
    }
}

impl Run {
    /// The one word of the verdict.
    pub fn word(&self) -> &str {
        self.evaluation["verdict"]["word"].as_str().expect("a word")
    }

    /// Fails unless each sample could stand in a table of numbers: within a column's ends, with no more decimals
    /// than it has.
    #[track_caller]
    pub fn stays_in(&self, table: &Rows) {
        assert_eq!(self.samples.rows.len(), 300);
        for name in &self.samples.names {
            let (numbers, texts) = (table.numbers(name), table.column(name));
            let (low, high) = ends(&numbers);
            let most = texts.iter().map(|text| decimals(text)).max();
            for text in self.samples.column(name) {
                let value: f64 = text.parse().expect("a number");
                assert!((low..=high).contains(&value), "{name}: {text} of {low} to {high}");
                assert!(Some(decimals(text)) <= most, "{name}: {text} has more than {most:?}");
            }
        }
    }
}

impl Rows {
    fn of(text: &str, delimiter: char) -> Self {
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        let mut lines = lines.map(|line| {
            let mut is_quoted = false;
            let is_end = |c| {
                is_quoted ^= c == '"';
                c == delimiter && !is_quoted
            };
            let fields = line.split(is_end).map(|field| field.trim().trim_matches('"'));
            fields.map(str::to_owned).collect::<Vec<_>>()
        });
        Self { names: lines.next().expect("a line"), rows: lines.collect() }
    }

    /// The texts of a column.
    #[track_caller]
    pub fn column(&self, name: &str) -> Vec<&str> {
        let place = self.names.iter().position(|other| other == name).expect("the column");
        self.rows.iter().map(|row| row[place].as_str()).collect()
    }

    /// The numbers of a column; what is none is passed over.
    #[track_caller]
    pub fn numbers(&self, name: &str) -> Vec<f64> {
        self.column(name).iter().filter_map(|text| text.parse().ok()).collect()
    }

    /// The rows without a cell that is one of these.
    pub fn but(mut self, texts: &[&str]) -> Self {
        self.rows.retain(|row| !row.iter().any(|cell| texts.contains(&cell.as_str())));
        self
    }

    /// The distinct texts of a column.
    #[track_caller]
    pub fn distinct(&self, name: &str) -> BTreeSet<&str> {
        self.column(name).into_iter().collect()
    }

    /// Whether each number of a column is one of the other table's; 3.50 and 3.5 are one.
    #[track_caller]
    pub fn has_but_numbers_of(&self, table: &Self, name: &str) -> bool {
        let bits = |rows: &Self| -> BTreeSet<u64> {
            rows.numbers(name).into_iter().map(f64::to_bits).collect()
        };
        bits(self).is_subset(&bits(table))
    }

    /// The share of a column's texts that are this.
    #[track_caller]
    pub fn share(&self, name: &str, of: &str) -> f64 {
        let column = self.column(name);
        column.iter().filter(|text| **text == of).count() as f64 / column.len() as f64
    }
}

pub fn ends(numbers: &[f64]) -> (f64, f64) {
    numbers.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(*value), high.max(*value))
    })
}

/// The number of digits after a text's point.
pub fn decimals(text: &str) -> usize {
    text.split_once('.').map_or(0, |(_, digits)| digits.len())
}
