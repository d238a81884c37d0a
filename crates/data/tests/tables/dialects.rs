//! CSV in all its dialects, and which columns and rows of it become a table.

use std::fs;

use langevin_data::{Missing, Place, Table, TableOptions, built_in_table};

use super::{names, packed, read, rows, specs};

const ROWS: [[f64; 3]; 2] = [[1.5, -2.0, 3e-7], [0.0, 1e300, -4.25]];

#[test]
fn one_table_is_read_from_every_dialect() {
    for text in [
        "a,b c,d\n1.5,-2,3e-7\n0,1e300,-4.25\n",
        "a;b c;d\n1.5;-2;3e-7\n0;1e300;-4.25\n",
        "a\tb c\td\n1.5\t-2\t3e-7\n0\t1e300\t-4.25\n",
        "a,b c,d\r\n1.5,-2,3e-7\r\n0,1e300,-4.25\r\n",
        "\u{feff}a,b c,d\n1.5,-2,3e-7\n0,1e300,-4.25",
        "\u{feff}\"a\",\"b c\",\"d\"\r\n\"1.5\",\"-2\",\"3e-7\"\r\n\"0\",\"1e300\",\"-4.25\"",
        " a , b c , d \n 1.5 , -2.0 ,\t0.3E-6\n +0 , 10e+299 , -004.250 ",
        "\n\r\n  \na,b c,d\n\n1.5,-2,3e-7\n \n0,1e300,-4.25\n\n\n",
        // What stands in quotes is no delimiter.
        "a;\"b c\";d\n1.5;\"-2\";3e-7\n0;1e300;-4.25\n",
    ] {
        for bytes in [text.as_bytes().to_vec(), packed(text.as_bytes())] {
            let table = Table::from_bytes("a.csv", &bytes, &TableOptions::default()).unwrap();
            assert_eq!(table.columns(), ["a", "b c", "d"], "{text:?}");
            assert_eq!(rows(&table), ROWS, "{text:?}");
            assert!(table.left_out().is_empty() && table.dropped().is_empty(), "{text:?}");
        }
    }
}

#[test]
fn the_delimiter_is_the_most_frequent_one_of_the_first_record_outside_quotes() {
    let columns = |text: &str, delimiter| {
        let options = TableOptions { delimiter, ..TableOptions::default() };
        Table::from_bytes("a.csv", text.as_bytes(), &options).unwrap().columns().to_vec()
    };
    assert_eq!(columns("\"a,b,\"\"c\"\",d\";e\n1;2\n", None), ["a,b,\"c\",d", "e"]);
    assert_eq!(columns("a\tb;c\td\n1\t2\t3\n", None), ["a", "b;c", "d"]);
    assert_eq!(
        columns("a\"b;c\n1;2\n", None),
        ["a\"b", "c"],
        "a quote inside a field opens nothing"
    );
    assert_eq!(columns("a,b|c\n1|2\n", Some(b'|')), ["a,b", "c"]);
    assert_eq!(columns("a;b,c\n1,2\n", None), ["a;b", "c"], "of equals the comma");
    assert_eq!(columns("a\n1\n", None), ["a"]);
}

#[test]
fn a_header_is_there_if_a_field_of_the_first_record_is_text() {
    let table = |text: &str, header| {
        let options = TableOptions { header, ..TableOptions::default() };
        let table = Table::from_bytes("a.csv", text.as_bytes(), &options).unwrap();
        (table.columns().to_vec(), table.rows() as u64 + table.dropped_rows())
    };
    let unnamed = names(&["x0", "x1"]);
    assert_eq!(table("1,2\n3,4\n", None), (unnamed.clone(), 2));
    assert_eq!(table("NA,2\n3,4\n", None), (unnamed.clone(), 2), "a missing value is no text");
    assert_eq!(table("1,mass\n3,4\n", None), (names(&["1", "mass"]), 1));
    assert_eq!(table("2025,2026\n3,4\n", Some(true)), (names(&["2025", "2026"]), 1));
    assert_eq!(table("1,2\n3,4\n", Some(false)), (unnamed, 2));
    assert_eq!(table(",b\n3,4\n", None), (names(&["x0", "b"]), 1), "a name that is missing");
}

#[test]
fn rows_that_lack_a_value_are_dropped_with_the_line_they_start_on() {
    let text =
        "\na,b\n1,2\n,4\n\n5,NA\n\"6\",\"n/a\"\n\"\n7\n\",\"\n\"\n8,NaN\nnull,9\n10,11\n-nan,0";
    for text in [text.to_owned(), text.replace('\n', "\r\n")] {
        let table = read(&text).unwrap();
        assert_eq!(rows(&table), [[1.0, 2.0], [10.0, 11.0]], "{text:?}");
        let dropped: Vec<_> =
            table.dropped().iter().map(|row| (row.place, row.column.as_str())).collect();
        let exact = [(4, "a"), (6, "b"), (7, "b"), (8, "b"), (12, "b"), (13, "a"), (15, "a")];
        assert_eq!(dropped, exact.map(|(line, column)| (Place::Line(line), column)), "{text:?}");
        assert_eq!(table.dropped_rows(), 7);
    }
}

#[test]
fn all_dropped_rows_are_counted_and_the_first_ten_kept() {
    let table = read(&format!("a\n1\n{}2\n", "NA\n".repeat(5000))).unwrap();
    assert_eq!((table.rows(), table.dropped_rows(), table.dropped().len()), (2, 5000, 10));
    assert_eq!(table.dropped()[9].place, Place::Line(12));
}

#[test]
fn chosen_columns_come_in_their_order_and_only_their_gaps_count() {
    let text = "id,name,a,b\n7,x,1,2\n8,y,,3\n9,z,4,NA\n";
    let read = |columns: Option<&[&str]>, exclude: &[&str]| {
        let options = TableOptions {
            columns: columns.map(specs),
            exclude: names(exclude),
            ..TableOptions::default()
        };
        Table::from_bytes("a.csv", text.as_bytes(), &options).unwrap()
    };
    let table = read(Some(&["b", "id"]), &[]);
    assert_eq!(table.columns(), ["b", "id"]);
    assert_eq!(table.left_out(), ["name", "a"]);
    assert_eq!(rows(&table), [[2.0, 7.0], [3.0, 8.0]]);
    assert_eq!((table.value(1, 0), table.dropped_rows()), (3.0, 1));
    let table = read(None, &["name", "b"]);
    assert_eq!(table.columns(), ["id", "a"]);
    assert_eq!(rows(&table), [[7.0, 1.0], [9.0, 4.0]]);
    let table = read(Some(&["a", "b", "name"]), &["name", "b"]);
    assert_eq!(table.columns(), ["a"]);
}

#[test]
fn a_name_may_occur_twice_if_it_is_left_out() {
    let options = TableOptions { exclude: names(&["x"]), ..TableOptions::default() };
    let table = Table::from_bytes("a.csv", b"x,a,x\n1,2,3\n", &options).unwrap();
    assert_eq!((table.columns(), table.left_out()), (&*names(&["a"]), &*names(&["x", "x"])));
    assert_eq!(rows(&table), [[2.0]]);
}

#[test]
fn complete_rows_are_read_alike_when_missing_values_are_refused() {
    let options = TableOptions { missing: Missing::Refuse, ..TableOptions::default() };
    assert_eq!(Table::from_bytes("a.csv", b"a\n1\n2\n", &options).unwrap().rows(), 2);
}

#[test]
fn files_are_read_with_their_packing_known_by_its_first_bytes() {
    let folder = tempfile::tempdir().unwrap();
    // Two members, as `cat a.gz b.gz` makes them, under a name that doesn't say so.
    let members = [packed(b"a,b\n1,2\n"), packed(b"3,4\n")].concat();
    for (name, bytes) in [("plain.csv", b"a,b\n1,2\n3,4\n".to_vec()), ("packed.txt", members)] {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let table = Table::read(&path, &TableOptions::default()).unwrap();
        assert_eq!(rows(&table), [[1.0, 2.0], [3.0, 4.0]]);
        assert_eq!(table.file(), path.display().to_string());
    }
}

#[test]
fn the_built_in_tables_are_there_with_their_attribution() {
    let penguins = built_in_table("penguins").unwrap();
    let columns = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"];
    let options = TableOptions { columns: Some(specs(&columns)), ..TableOptions::default() };
    let table = Table::from_bytes(penguins.name, penguins.bytes, &options).unwrap();
    assert_eq!((table.rows(), table.dropped_rows()), (342, 2));
    assert_eq!(
        table.dropped().iter().map(|row| row.place).collect::<Vec<_>>(),
        [Place::Line(5), Place::Line(273)]
    );
    assert_eq!(table.row(0), [39.1, 18.7, 181.0, 3750.0]);
    assert_eq!(penguins.licence, "CC0 1.0");
    assert!(penguins.attribution.contains("Gorman"));

    let digits = built_in_table("digits").unwrap();
    let table = Table::from_bytes(digits.name, digits.bytes, &TableOptions::default()).unwrap();
    assert_eq!((table.rows(), table.columns().len()), (1797, 65));
    assert_eq!(table.row(0)[..8], [0.0, 0.0, 5.0, 13.0, 9.0, 1.0, 0.0, 0.0]);
    let mut counts = [0; 10];
    (0..table.rows()).for_each(|row| counts[table.value(row, 64) as usize] += 1);
    assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    assert_eq!(digits.licence, "CC BY 4.0");
    assert!(digits.attribution.contains("Alpaydin"));
    assert_eq!(built_in_table("penguin"), None);
}
