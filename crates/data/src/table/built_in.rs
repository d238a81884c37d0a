//! [`built_in_table`]: tables that every build holds.

/// Built-in table: a small CSV file, packed by gzip.
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

/// The built-in table called `name`, if there is one: `penguins` or `digits`.
///
/// Penguins has a header and 344 rows. Four of its columns are measurements, which two rows lack.
/// Digits has 1797 rows and no header. The columns x0 to x63 are the pixels, from 0 to 16, of an image
/// of 8 by 8, row by row; x64 is the digit.
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
        _ => None,
    }
}
