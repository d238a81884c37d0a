//! Every message in full: the file, the place, what is required, and a way out.

use langevin_data::{
    Holdout, Missing, SplitOptions, Survey, Table, TableData, TableOptions, Transform,
};

use super::{array, names, npy, packed, read, specs};

fn refused(name: &str, bytes: &[u8], options: &TableOptions) -> String {
    Table::from_bytes(name, bytes, options).expect_err("refused").to_string()
}

fn all() -> TableOptions {
    TableOptions::default()
}

fn columns(chosen: &[&str]) -> TableOptions {
    TableOptions { columns: Some(specs(chosen)), ..all() }
}

fn exclude(left_out: &[&str]) -> TableOptions {
    TableOptions { exclude: names(left_out), ..all() }
}

#[test]
fn a_file_that_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().join("none.csv"), folder.path().to_owned()] {
        let error = Table::read(&path, &all()).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{}: cannot be read: ", path.display())), "{error}");
        assert!(
            error.ends_with(
                "; it must be a CSV or NPY file, as it is or packed by gzip, or a workbook"
            ),
            "{error}"
        );
        assert_eq!(Survey::read(&path, &TableOptions::default()).unwrap_err().to_string(), error);
    }
}

#[test]
fn numbers_that_do_not_fit_are_refused_before_they_are_kept() {
    let limit = |memory| TableOptions { memory: Some(memory), ..all() };
    let csv = "1,2\n".repeat(1000);
    assert_eq!(Table::from_bytes("a.csv", csv.as_bytes(), &limit(16_000)).unwrap().rows(), 1000);
    let refusal = "a.csv: its numbers take more than 15999 bytes, the most that this machine has for them; choose fewer \
                   columns by data.columns, or give fewer rows";
    assert_eq!(refused("a.csv", csv.as_bytes(), &limit(15_999)), refusal);
    assert_eq!(refused("a.csv", &packed(csv.as_bytes()), &limit(15_999)), refusal);
    let numbers = [1.0_f64.to_le_bytes(); 2000].concat();
    for by_column in [false, true] {
        let array = array("<f8", by_column, "1000, 2", &numbers);
        assert_eq!(Table::from_bytes("a.npy", &array, &limit(16_000)).unwrap().rows(), 1000);
        let message = refused("a.npy", &array, &limit(15_999));
        assert!(message.starts_with("a.npy: its numbers take more than 15999 bytes"), "{message}");
    }
}

#[test]
fn blank_lines_without_end_are_no_table() {
    // 64 MiB of them, packed into 64 KiB.
    let blank = [b"1,2\n".as_slice(), &vec![b'\n'; 64 << 20]].concat();
    let message = refused("a.csv", &packed(&blank), &all());
    assert!(
        message.starts_with("a.csv, line 2: the record that starts here is longer than"),
        "{message}"
    );
}

/// A pipe would be waited for, and a device has no end.
#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe.csv");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [pipe.as_path(), std::path::Path::new("/dev/zero")] {
        let error = Table::read(path, &all()).unwrap_err().to_string();
        assert!(error.contains("cannot be read: it must be a regular file"), "{error}");
        assert_eq!(Survey::read(path, &TableOptions::default()).unwrap_err().to_string(), error);
    }
}

#[test]
fn files_without_rows() {
    let empty = "a.csv: is empty; at least one row of numbers is required";
    for bytes in [b"".as_slice(), b"\n \r\n\n", b"\xef\xbb\xbf", &packed(b"")] {
        assert_eq!(refused("a.csv", bytes, &all()), empty);
        assert_eq!(
            Survey::from_bytes("a.csv", bytes, &TableOptions::default()).unwrap_err().to_string(),
            empty
        );
    }
    let empty = "a.npy: is empty; at least one row of numbers is required";
    assert_eq!(refused("a.npy", b"", &all()), empty);
    assert_eq!(refused("a.npy", &array("<f8", false, "0, 3", b""), &all()), empty);
    assert_eq!(refused("a.npy", &array("<f8", false, "3, 0", b""), &all()), empty);

    let header_only = "a.csv: holds no row below its header; at least one row of numbers is required (if the first line \
                       is one, set data.header to false)";
    assert_eq!(refused("a.csv", b"a,b\n\n", &all()), header_only);
    assert_eq!(
        Survey::from_bytes("a.csv", b"a,b", &TableOptions::default()).unwrap_err().to_string(),
        header_only
    );

    assert_eq!(
        refused("a.csv", b"a,b\n1,NA\n,2\n", &all()),
        "a.csv: each of its 2 rows lacks a value, the first (line 2) in column `b`; leave the columns with gaps out by \
         data.exclude, or fill them in"
    );
    let gaps = [f64::NAN.to_le_bytes(), f64::NAN.to_le_bytes()].concat();
    assert_eq!(
        refused("a.npy", &array("<f8", true, "2, 1", &gaps), &all()),
        "a.npy: each of its 2 rows lacks a value, the first (row 0 (counted from 0)) in column `x0`; leave the columns \
         with gaps out by data.exclude, or fill them in"
    );
}

#[test]
fn columns_that_cannot_be_chosen() {
    let csv = b"id,Body mass (g),bill_length\n1,2,3\n";
    assert_eq!(
        refused("a.csv", csv, &columns(&["id", "bill_lenght"])),
        "a.csv: data.columns names `bill_lenght`, which is none of its columns; did you mean `bill_length`? its columns \
         are `id`, `Body mass (g)`, `bill_length`"
    );
    assert_eq!(
        refused("a.csv", csv, &exclude(&["body mass"])),
        "a.csv: data.exclude names `body mass`, which is none of its columns; did you mean `Body mass (g)`? its columns \
         are `id`, `Body mass (g)`, `bill_length`"
    );
    let wide = "1,".repeat(12) + "1\n";
    assert_eq!(
        refused("a.csv", wide.as_bytes(), &columns(&["mass"])),
        "a.csv: data.columns names `mass`, which is none of its columns; it has 13 columns, `x0` to `x12`"
    );
    assert_eq!(
        refused("a.csv", csv, &columns(&["id", "id"])),
        "a.csv: data.columns names `id` twice; name each column once"
    );
    for options in [all(), columns(&["a"])] {
        assert_eq!(
            refused("a.csv", b"a,b, a\n1,2,3\n", &options),
            "a.csv: columns 1 and 3 are both named `a`; rename one, or leave both out by data.exclude"
        );
    }
    for options in [columns(&[]), exclude(&["id", "bill_length", "Body mass (g)"])] {
        assert_eq!(
            refused("a.csv", csv, &options),
            "a.csv: data.columns and data.exclude leave no column; at least one is required"
        );
    }
    let message = |file: &str, columns: u64| {
        format!(
            "{file}: has {columns} columns, and at most 65536 are allowed; rows must be samples: transpose it, or check \
             data.delimiter"
        )
    };
    let widest = "1,".repeat(65_535) + "1";
    assert_eq!(read(&widest).unwrap().columns().len(), 65_536);
    assert_eq!(refused("a.csv", (widest + ",1").as_bytes(), &all()), message("a.csv", 65_537));
    let array = array("|u1", false, "1, 70000", &[0; 70_000]);
    assert_eq!(refused("a.npy", &array, &all()), message("a.npy", 70_000));
}

#[test]
fn fields_that_are_no_finite_numbers() {
    let way = "leave the column out by data.exclude, or choose the numeric ones by data.columns";
    assert_eq!(
        refused("a.csv", b"a,species\r\n1,2\r\n3,Adelie\r\n", &all()),
        format!(
            "a.csv, line 3, column `species`: `Adelie` is not a number, such as 1.5 or 2e-3; {way}"
        )
    );
    let long = format!("a\n1\n{}\n", "é".repeat(41));
    assert_eq!(
        refused("a.csv", long.as_bytes(), &all()),
        format!(
            "a.csv, line 3, column `a`: `{}…` is not a number, such as 1.5 or 2e-3; {way}",
            "é".repeat(40)
        )
    );
    assert_eq!(
        refused("a.csv", b"a\n1\n\xff2\n", &all()),
        format!(
            "a.csv, line 3, column `a`: `\u{fffd}2` is not a number, such as 1.5 or 2e-3; {way}"
        )
    );
    for number in ["inf", "-Infinity", "1e999"] {
        assert_eq!(
            refused("a.csv", format!("a,b\n1,\"2\n\"\n3,{number}\n").as_bytes(), &all()),
            "a.csv, line 4, column `b`: the number is infinite or too large, and must be finite; correct it, write NA for \
             a missing value, or leave the column out by data.exclude"
        );
    }
    for by_column in [false, true] {
        let data = [1.0, 2.0, f64::NEG_INFINITY, 4.0].map(f64::to_le_bytes).concat();
        let place = if by_column {
            "row 0 (counted from 0), column `x1`"
        } else {
            "row 1 (counted from 0), column `x0`"
        };
        assert_eq!(
            refused("a.npy", &array("<f8", by_column, "2, 2", &data), &all()),
            format!(
                "a.npy, {place}: the number is infinite or too large, and must be finite; correct it, write NA for a \
                 missing value, or leave the column out by data.exclude"
            )
        );
    }
    let refuse = TableOptions { missing: Missing::Refuse, ..all() };
    assert_eq!(
        refused("a.csv", b"a,b\n1,2\n\n3, na \n", &refuse),
        "a.csv, line 4, column `b`: the value is missing, and data.missing is \"refuse\"; fill it in, set data.missing to \
         \"drop\", or leave the column out by data.exclude"
    );
}

#[test]
fn lines_that_are_not_as_the_first() {
    let plain = "correct the line, or check its quotes and data.delimiter";
    let names =
        "one more than there are names: if each row starts with a name, set data.row_names to true";
    let trailing = "if lines end in a delimiter, set data.trailing_delimiter to true";
    let comment = "if it is a comment, set data.comment to \"#\"";
    let message = |line, fields, expected, way| {
        format!(
            "a.csv, line {line}: holds {fields} fields, and {expected} are required, as in the first record; {way}"
        )
    };
    for (text, line, fields, expected, way) in [
        ("a,b\n1,2\n3\n", 3, 1, 2, plain),
        ("1,2\n3,4,5\n", 2, 3, 2, plain),
        ("a,b\r\n\r\n1,2,3\r\n", 3, 3, 2, names),
        ("1,2\n\"3\n\n\",4\n5,6,\n", 5, 3, 2, trailing),
        ("a,b\n1,2\n# three\n5,6\n", 3, 1, 2, comment),
        // The quote that is never closed takes in the rest.
        ("a,b\n1,2\n3,\"4\n5,6\n", 3, 2, 2, plain),
    ] {
        let refused = refused("a.csv", text.as_bytes(), &all());
        if fields == expected {
            assert!(
                refused.starts_with(&format!("a.csv, line {line}, column `b`: `4")),
                "{refused}"
            );
        } else {
            assert_eq!(refused, message(line, fields, expected, way), "{text:?}");
            let survey = Survey::from_bytes("a.csv", text.as_bytes(), &TableOptions::default());
            assert_eq!(survey.unwrap_err().to_string(), refused);
        }
    }
    let blanks = TableOptions { delimiter: Some(b' '), ..all() };
    assert_eq!(
        refused("a.csv", b"1 2\n 3  4\n", &blanks),
        message(2, 4, 2, "if blanks align the columns, set data.aligned to true")
    );
    let open = format!("a,b\n1,2\n3,\"4\n{}", "5,6\n".repeat(3 << 20));
    assert_eq!(
        refused("a.csv", open.as_bytes(), &all()),
        "a.csv, line 3: the record that starts here is longer than 4194304 bytes; close its quotes, or check \
         data.delimiter"
    );
    let open = format!("\"a,b\n{}", "5,6\n".repeat(3 << 20));
    assert_eq!(
        refused("a.csv", open.as_bytes(), &all()),
        "a.csv, line 1: the record that starts here is longer than 4194304 bytes; close its quotes, or check \
         data.delimiter"
    );
    assert_eq!(
        refused("a.csv", b"a,b\r1,2\r3,4\r", &all()),
        "a.csv: its lines end in carriage returns alone; save it with the line ends of Unix or Windows (LF or CRLF)"
    );
    assert_eq!(
        refused("a.csv", b"\na,gr\xf6\xdfe\n1,2\n", &all()),
        "a.csv, line 2: the name of column 2 must be UTF-8; save the file as UTF-8 (iconv -f latin1 -t utf-8)"
    );
}

#[test]
fn packing_and_arrays_that_are_damaged() {
    let text: String = (0..20_000).map(|i| format!("{i},{}\n", i * i)).collect();
    let whole = packed(text.as_bytes());
    for length in [3, 12, whole.len() / 2, whole.len() - 1] {
        assert_eq!(
            refused("a.csv.gz", &whole[..length], &all()),
            "a.csv.gz: its gzip packing is cut or damaged (it ends early); pack or fetch it again",
            "{length}"
        );
    }
    let mut damaged = whole.clone();
    let checksum = damaged.len() - 8;
    damaged[checksum] ^= 1;
    assert_eq!(
        refused("a.csv.gz", &damaged, &all()),
        "a.csv.gz: its gzip packing is cut or damaged (corrupt gzip stream does not have a matching checksum); pack or \
         fetch it again"
    );
    assert_eq!(
        refused("a.npy.gz", &packed(&array("<f8", false, "2, 2", &[0; 32]))[..40], &all()),
        "a.npy.gz: its gzip packing is cut or damaged (it ends early); pack or fetch it again"
    );
    let way = "numpy.save must have written numbers (float32, float64 or integers), rows along the first of one to four \
               axes, as of the shape [rows, features]; array.astype(\"float32\") makes such numbers, \
               array.reshape(len(array), -1) such axes";
    assert_eq!(
        refused("a.npy", &array("<f8", false, "1, 2, 2, 2, 1", &[0; 64]), &all()),
        format!("a.npy: is not an NPY table: it has 5 axes; {way}")
    );
    assert_eq!(
        refused("a.npy", &npy("nonsense", &[])[..20], &all()),
        format!("a.npy: is not an NPY table: it ends early; {way}")
    );
}

#[test]
fn splits_and_scales_that_cannot_be() {
    let refused = |text: &str, holdout, transform| {
        let options = SplitOptions { holdout, transform, ..SplitOptions::default() };
        TableData::new(read(text).unwrap(), &options).unwrap_err().to_string()
    };
    let none = Transform::None;
    let table = |rows: u64| (0..rows).map(|row| format!("{row},7\n")).collect::<String>();
    for (rows, holdout, message) in [
        (
            1,
            Holdout::Rows(0),
            "a.csv: 1 complete row, and at least 2 are required to train on and to hold out; give more rows",
        ),
        (
            2,
            Holdout::Share(0.2),
            "a.csv: 2 complete rows, and at least 3 are required to train on and to hold out; give more rows",
        ),
        (
            2,
            Holdout::Rows(1),
            "a.csv: 2 complete rows, and at least 3 are required to train on and to hold out; give more rows",
        ),
        (
            10,
            Holdout::Rows(9),
            "data.holdout: 9 of the 10 rows of a.csv leaves 1 to train on, and at least 2 are required; hold out less",
        ),
        (
            10,
            Holdout::Rows(1000),
            "data.holdout: 1000 of the 10 rows of a.csv leaves 0 to train on, and at least 2 are required; hold out less",
        ),
        (
            10,
            Holdout::Share(0.95),
            "data.holdout: a share of 0.95 of the 10 rows of a.csv leaves 0 to train on, and at least 2 are required; hold out less",
        ),
        (
            10,
            Holdout::Share(1.0),
            "data.holdout: must be a share from 0 to below 1 or a number of rows, got 1",
        ),
        (
            10,
            Holdout::Share(-0.1),
            "data.holdout: must be a share from 0 to below 1 or a number of rows, got -0.1",
        ),
        (
            10,
            Holdout::Share(f64::NAN),
            "data.holdout: must be a share from 0 to below 1 or a number of rows, got NaN",
        ),
    ] {
        assert_eq!(refused(&table(rows), holdout, none), message);
    }
    assert_eq!(
        refused("1,2\n1,2\n1,2\n1,2\n", Holdout::Rows(1), Transform::Standardise),
        "a.csv: each column holds one and the same value in all 3 training rows, and at least one must vary; choose others \
         by data.columns"
    );
    for transform in [Transform::Standardise, Transform::StandardiseTogether, Transform::Quantile] {
        assert_eq!(
            refused("1,-1.5e308\n2,1.5e308\n", Holdout::Rows(0), transform),
            "a.csv, column `x1`: values from -1.5e308 to 1.5e308 cannot be scaled in 64 bits; rescale the column, leave it \
             out by data.exclude, or set data.transform to \"none\""
        );
        assert_eq!(
            refused("1e-200,1\n2e-200,1\n", Holdout::Rows(0), transform),
            "a.csv, column `x0`: values from 1e-200 to 2e-200 cannot be scaled in 64 bits; rescale the column, leave it \
             out by data.exclude, or set data.transform to \"none\""
        );
    }
}
