//! [`built_in_table`]: tables that every build holds.

use super::simulations::{gaussian_linear, two_moons};

/// Built-in table: a small CSV file, as it is or packed by gzip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuiltInTable {
    /// Name of the file.
    pub name: &'static str,
    /// Bytes of the file.
    pub bytes: &'static [u8],
    /// Authors and source of the data.
    pub attribution: &'static str,
    /// Licence of the data.
    pub licence: &'static str,
}

/// The names of the built-in tables.
pub const BUILT_IN_TABLES: [&str; 11] = [
    "penguins",
    "digits",
    "weather",
    "adult",
    "diamonds",
    "credit",
    "iris",
    "wine",
    "breast-cancer",
    "two-moons-simulations",
    "gaussian-linear-simulations",
];

/// The built-in table of a name, if there is one.
///
/// Penguins has a header and 344 rows. Four of its columns are measurements, which two rows lack.
/// Digits has 1797 rows and no header. The columns x0 to x63 are the pixels, from 0 to 16, of an image
/// of 8 by 8, row by row; x64 is the digit. Weather has a header and a row for each of 3927 days: the date, the highest and
/// the lowest temperature in °F, and the cosine and sine of the season. Adult (48,842 rows), diamonds (53,940) and credit (4454) have
/// categories, and adult and credit lack values; the last 16,281, 10,789 and 893 rows are the test part of what is published. Iris, wine and
/// breast-cancer have 150, 178 and 569 rows of numbers, and a class. The simulations have 10,000
/// rows each of parameters theta1, theta2, … drawn from a prior and of what a simulator makes of them, x1, x2, …
///
/// ```
/// use langevin_data::{Table, TableOptions, built_in_table};
///
/// let digits = built_in_table("digits").expect("built in");
/// let options = TableOptions { exclude: vec!["x64".to_owned()], ..TableOptions::default() };
/// let table = Table::from_bytes(digits.name, digits.bytes, &options)?;
/// assert_eq!((table.rows(), table.columns().len()), (1797, 64));
/// # Ok::<(), langevin_data::TableError>(())
/// ```
#[must_use]
pub fn built_in_table(name: &str) -> Option<BuiltInTable> {
    let simulations = |name, bytes| BuiltInTable {
        name,
        bytes,
        attribution: "simulations of a task of J.-M. Lueckmann, J. Boelts, D. Greenberg, P. Gonçalves, J. Macke, Benchmarking \
                      Simulation-Based Inference, AISTATS 2021",
        licence: "CC0 1.0",
    };
    match name {
        "penguins" => Some(BuiltInTable {
            name: "penguins.csv.gz",
            bytes: include_bytes!("../../assets/penguins.csv.gz"),
            attribution: "Palmer Station penguins: K. B. Gorman, T. D. Williams, W. R. Fraser, PLOS ONE 9(3), 2014, \
                          doi:10.1371/journal.pone.0090081; A. M. Horst, A. P. Hill, K. B. Gorman, palmerpenguins, \
                          2020, doi:10.5281/zenodo.3960218",
            licence: "CC0 1.0",
        }),
        "digits" => Some(BuiltInTable {
            name: "digits.csv.gz",
            bytes: include_bytes!("../../assets/digits.csv.gz"),
            attribution: "E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits (test part), UCI Machine \
                          Learning Repository, 1998, doi:10.24432/C50P49",
            licence: "CC BY 4.0",
        }),
        "weather" => Some(BuiltInTable {
            name: "weather.csv.gz",
            bytes: include_bytes!("../../assets/weather.csv.gz"),
            attribution: "NOAA National Centers for Environmental Information, Global Historical Climatology Network daily, station \
                          USW00094728 (Central Park, New York), two columns, with the season's angle added",
            licence: "CC0 1.0",
        }),
        "adult" => Some(BuiltInTable {
            name: "adult.csv.gz",
            bytes: include_bytes!("../../assets/adult.csv.gz"),
            attribution: "B. Becker, R. Kohavi, Adult, UCI Machine Learning Repository, 1996, doi:10.24432/C5XW20",
            licence: "CC BY 4.0",
        }),
        "diamonds" => Some(BuiltInTable {
            name: "diamonds.csv.gz",
            bytes: include_bytes!("../../assets/diamonds.csv.gz"),
            attribution: "diamonds of ggplot2 3.4.1, copyright 2020 ggplot2 authors, in another order",
            licence: "MIT",
        }),
        "credit" => Some(BuiltInTable {
            name: "credit.csv.gz",
            bytes: include_bytes!("../../assets/credit.csv.gz"),
            attribution: "credit_data of modeldata 1.1.0, copyright 2019 Max Kuhn, RStudio, after L. Belanche and G. Sanchez, \
                          CreditScoring; in another order",
            licence: "MIT",
        }),
        "iris" => Some(BuiltInTable {
            name: "iris.csv.gz",
            bytes: include_bytes!("../../assets/iris.csv.gz"),
            attribution: "R. A. Fisher, Iris, UCI Machine Learning Repository, 1936, doi:10.24432/C56C76, as scikit-learn has it",
            licence: "CC BY 4.0",
        }),
        "wine" => Some(BuiltInTable {
            name: "wine.csv.gz",
            bytes: include_bytes!("../../assets/wine.csv.gz"),
            attribution: "S. Aeberhard, M. Forina, Wine, UCI Machine Learning Repository, 1991, doi:10.24432/C5PC7J, as \
                          scikit-learn has it",
            licence: "CC BY 4.0",
        }),
        "breast-cancer" => Some(BuiltInTable {
            name: "breast-cancer.csv.gz",
            bytes: include_bytes!("../../assets/breast-cancer.csv.gz"),
            attribution: "W. Wolberg, O. Mangasarian, N. Street, W. Street, Breast Cancer Wisconsin (Diagnostic), UCI Machine \
                          Learning Repository, 1993, doi:10.24432/C5DW2B, as scikit-learn has it",
            licence: "CC BY 4.0",
        }),
        "two-moons-simulations" => Some(simulations("two-moons-simulations.csv", two_moons())),
        "gaussian-linear-simulations" => {
            Some(simulations("gaussian-linear-simulations.csv", gaussian_linear()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Table, TableOptions};

    #[test]
    fn every_name_is_a_table_s_with_its_source() {
        for name in BUILT_IN_TABLES {
            let table = built_in_table(name).expect(name);
            assert!(table.name.starts_with(name) && table.attribution.len() > 20, "{name}");
            let columns = (name == "weather").then(|| vec![crate::ColumnSpec::named("tmax")]);
            let exclude = match name {
                "penguins" => vec!["species", "island", "sex"],
                "adult" => vec![
                    "workclass",
                    "education",
                    "marital-status",
                    "occupation",
                    "relationship",
                    "race",
                    "sex",
                    "native-country",
                    "income",
                ],
                "diamonds" => vec!["cut", "color", "clarity"],
                "credit" => vec!["Status", "Home", "Marital", "Records", "Job"],
                "iris" => vec!["species"],
                "wine" => vec!["cultivar"],
                "breast-cancer" => vec!["diagnosis"],
                _ => Vec::new(),
            };
            let exclude = exclude.into_iter().map(str::to_owned).collect();
            let options = TableOptions { columns, exclude, ..TableOptions::default() };
            assert!(Table::from_bytes(table.name, table.bytes, &options).is_ok(), "{name}");
        }
        assert_eq!(built_in_table("moons"), None);
    }

    #[test]
    fn tables_that_are_measured_elsewhere_have_their_rows_and_their_test_part_last() {
        // First training row, last one, first test row, by two numbers; the test part is the published one.
        for (name, columns, rows, ends) in [
            (
                "adult",
                ["age", "fnlwgt"],
                48_842,
                [(0, [39.0, 77516.0]), (32_561, [25.0, 226_802.0])],
            ),
            ("diamonds", ["carat", "price"], 53_940, [(0, [0.21, 326.0]), (43_151, [0.23, 326.0])]),
            ("credit", ["Age", "Price"], 4454, [(0, [58.0, 1658.0]), (3561, [30.0, 846.0])]),
        ] {
            let table = built_in_table(name).expect(name);
            let columns = Some(columns.map(crate::ColumnSpec::named).to_vec());
            let options = TableOptions { columns, ..TableOptions::default() };
            let read = Table::from_bytes(table.name, table.bytes, &options).expect(name);
            assert_eq!(read.rows(), rows, "{name}");
            for (row, values) in ends {
                assert_eq!(read.row(row), values, "{name}, row {row}");
            }
        }
    }
}
