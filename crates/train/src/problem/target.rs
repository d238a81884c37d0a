//! The column that `report.target` names, checked against the data.

use langevin_data::{ColumnValues, Dataset};

use super::Problem;
use crate::{
    TrainError,
    config::{list, no_column},
};

/// Most values of a category that is predicted: trees are grown for each of them.
const MOST_VALUES: usize = 100;

impl Problem {
    /// The place of the column that is to be predicted from the others, where the run file names one.
    ///
    /// # Errors
    /// A name that is no column, or of a column that the model does not learn: one that is constant, looked up from another,
    /// or told alone.
    pub(crate) fn target(&self, data: &dyn Dataset) -> Result<Option<usize>, TrainError> {
        let Some(name) = &self.config.report.target else { return Ok(None) };
        let columns = data.columns();
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        let refused = |message: String| TrainError::config("report.target", message);
        let Some(place) = names.iter().position(|own| own == name) else {
            return Err(refused(no_column(name, &names)));
        };
        let (told, layout) = (data.told(), data.layout());
        let is_learnt = |column: &usize| {
            !told.contains(column) && layout.iter().any(|group| group.column == *column)
        };
        let learnt: Vec<usize> = (0..columns.len()).filter(is_learnt).collect();
        let why = match &columns[place].values {
            ColumnValues::Category(values) if values.len() > MOST_VALUES => {
                return Err(refused(format!(
                    "must name a number, or a category of at most {MOST_VALUES} values, got {name:?}, which has {}",
                    values.len()
                )));
            }
            _ if learnt.contains(&place) && learnt.len() > 1 => return Ok(Some(place)),
            _ if learnt.contains(&place) => "is the only one",
            _ if told.contains(&place) => "is told to the model",
            ColumnValues::Constant(_) => "is constant",
            _ => "is looked up from another, or constant",
        };
        let learnt: Vec<&str> = learnt.iter().map(|column| names[*column]).collect();
        let learnt = list(&learnt);
        Err(refused(format!(
            "must name one of several columns that the model learns, got {name:?}, which {why}; learnt are {learnt}"
        )))
    }
}

#[cfg(test)]
mod tests {
    use langevin_data::{ColumnSpec, SplitOptions, Table, TableData, TableOptions};

    use super::*;
    use crate::config::parse_config;

    const RUN: &str = r#"{"name":"t","data":{"kind":"gaussian","mean":[1],"std":0.1},
        "noise":{"schedule":{"kind":"karras"}},
        "denoiser":{"network":{"kind":"mlp","width":1,"depth":3},"prediction":{"kind":"edm"}},
        "train":{"steps":1,"batch":1,"optimizer":{"kind":"sgd"},
                 "learning_rate":{"kind":"constant","value":0.1}},
        "sample":{"sampler":{"kind":"euler","steps":2}}}"#;

    /// The target of a table of the columns wing, name, weight of one value and, told, kind.
    fn target(name: Option<&str>) -> Result<Option<usize>, String> {
        let rows: String = (0..40).map(|i| format!("{i},{},7,{}\n", i % 10, i % 3)).collect();
        let text = format!("wing,beak,weight,kind\n{rows}");
        let specs = ["wing", "beak", "weight", "kind"].map(ColumnSpec::named).to_vec();
        let options = TableOptions {
            columns: Some(specs),
            told: vec!["kind".to_owned()],
            ..TableOptions::default()
        };
        let table = Table::from_bytes("t", text.as_bytes(), &options).expect("sound");
        let data = TableData::new(table, &SplitOptions::default()).expect("sound");
        let settings: Vec<String> =
            name.map(|name| format!("report.target={name}")).into_iter().collect();
        let problem = Problem::new(parse_config("t", RUN, &settings).expect("valid"));
        problem.expect("valid").target(&data).map_err(|error| error.to_string())
    }

    #[test]
    fn a_learnt_column_is_found_by_its_name_and_others_are_refused_by_theirs() {
        assert_eq!(target(None), Ok(None));
        assert_eq!(target(Some("beak")), Ok(Some(1)));
        for (name, why) in [
            ("beaks", "names no column of the data, got \"beaks\"; did you mean `beak`?"),
            ("kind", "got \"kind\", which is told to the model; learnt are wing, beak"),
            ("weight", "got \"weight\", which is constant; learnt are wing, beak"),
        ] {
            let error = target(Some(name)).expect_err("no target");
            assert!(error.contains(why) && error.contains("report.target"), "{error}");
        }
    }
}
