//! Tables that `init` refuses, as `train` would, and files that are none.

use crate::{
    program::Program,
    strangers::{init, names, rows, says, wave},
};

fn refused(text: &str, flags: &[&str], parts: &[&str]) {
    let program = Program::new();
    program.write("t.csv", text);
    let said = program.run(&[&["init", "t.csv"], flags].concat()).code(2);
    for part in parts {
        assert!(said.err.contains(part), "{part:?} is not in {}", said.err);
    }
    assert_eq!(program.everything(), ["t.csv"], "nothing is written");
}

#[test]
fn what_train_would_refuse_is_refused_or_left_out_by_init() {
    refused("a,b\n1,2\n3,4\n", &[], &["2 complete rows, and at least 3 are required"]);
    refused(
        &format!("a,b\n{}", "1.5,2.5\n".repeat(40)),
        &[],
        &["a (is 1.5 in all rows", "b (is 2.5 in all rows"],
    );
    for power in ["e-200", "e200"] {
        refused(
            &format!("a\n{}", rows(40, |i| format!("{:.3}{power}", wave(i, 1)))),
            &[],
            &["no column can be learnt: a (its values from ", "cannot be scaled in 64 bits"],
        );
    }
    // Gaps in other columns of each row.
    let gaps = format!(
        "s0,s1,s2,s3,s4,s5\n{}",
        rows(120, |i| {
            let cell =
                |j: usize| if i % 6 == j { String::new() } else { format!("{:.2}", wave(i, j)) };
            (0..6).map(cell).collect::<Vec<_>>().join(",")
        })
    );
    let (said, data) = init(&gaps, &[]);
    says(&said, "0 of 120 rows are complete; what the others lack is learnt");
    assert_eq!((names(&data).len(), &data["missing"]), (6, &"model".into()), "{}", said.out);
    let wide = format!(
        "gene,{}\n{}",
        (0..30).map(|j| format!("s{j}")).collect::<Vec<_>>().join(","),
        rows(6, |i| format!(
            "G{i},{}",
            (0..30).map(|j| format!("{:.2}", wave(i, j))).collect::<Vec<_>>().join(",")
        ))
    );
    says(
        &init(&wide, &[]).0,
        "30 columns of 6 rows: rows must be samples; is the table transposed?",
    );
}

#[test]
fn what_is_no_table_says_what_it_is_and_what_to_do() {
    let program = Program::new();
    let files: [(&str, &[u8], &str); 12] = [
        ("t.parquet", b"PAR1\x15\x04\x15\x10", "is a Parquet file"),
        ("a.npz", b"PK\x03\x04\x14\0\0\0\0\0\0\0!\0\0\0arr_0.npy", "is a NumPy archive (npz)"),
        ("soil.csv.zip", b"PK\x03\x04\x14\0\0\0\0\0\0\0!\0\0\0soil.csv", "is a zip archive"),
        (
            "book.xlsx",
            b"PK\x03\x04\x14\0\0\0\0\0\0\0!\0\0\0[Content_Types].xml",
            "is a damaged workbook (",
        ),
        (
            "book.ods",
            b"PK\x03\x04\x14\0mimetypeapplication/vnd.oasis.opendocument.spreadsheet",
            "is a damaged workbook (",
        ),
        ("book.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", "is an old Office file"),
        ("soil.csv.xz", b"\xfd7zXZ\0\0\x04", "is a file packed by xz"),
        ("soil.csv.bz2", b"BZh91AY&SY\x01", "is a file packed by bzip2"),
        ("rows.json", b"[{\"a\": 0, \"b\": 0}]", "is JSON"),
        ("rows.jsonl", b"{\"a\": 0}\n{\"a\": 1}\n", "is JSON, an object a line"),
        ("utf16.csv", b"\xff\xfea\0,\0b\0\n\0", "is text in UTF-16"),
        ("page.csv", b"<!DOCTYPE html><html>", "is a web page"),
    ];
    for (name, bytes, what) in files {
        std::fs::write(program.path(name), bytes).expect("written");
        program.run(&["init", name]).code(2).err_has(&format!("{name}: {what}"));
    }
    program.write("run.json", crate::program::SMALL);
    program
        .run(&["init", "run.json"])
        .code(2)
        .err_has("is a run file")
        .err_has("langevin train run.json");
    program.run(&["train", "run.json", "--out", "run", "--steps", "15"]).code(0);
    program
        .run(&["init", "run"])
        .code(2)
        .err_has("is the folder of a run")
        .err_has("langevin sample");
    // An array under another name is read.
    let mut array =
        b"\x93NUMPY\x01\0v\0{'descr': '<f8', 'fortran_order': False, 'shape': (20, 2), }".to_vec();
    array.resize(127, b' ');
    array.push(b'\n');
    (0..40).for_each(|i| array.extend(wave(i, i % 2).to_le_bytes()));
    std::fs::write(program.path("array.csv"), array).expect("written");
    let said = program.run(&["init", "array.csv"]).code(0);
    says(&said, "20 rows, 2 columns to learn");
}
