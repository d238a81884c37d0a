//! NPY: every type of number in both byte orders and both orders of axes, and what is no table.

use langevin_data::{
    CellKind, ColumnSpec, FloatArray, Gaps, Guess, Layout, Place, Survey, Table, TableError,
    TableOptions,
};

use super::{array, npy, packed, rows, specs};

fn read(bytes: &[u8]) -> Result<Table, TableError> {
    Table::from_bytes("a.npy", bytes, &TableOptions::default())
}

#[test]
fn bytes_that_are_no_float_array_are_refused_with_the_reason() {
    let whole = array("<f4", false, "2, 2", &[0; 16]);
    for (bytes, why) in [
        (&b"PK\x03\x04 a zip"[..], "it does not start as one"),
        (&whole[..20], "it ends early"),
        (&array("<f4", true, "2, 2", &[0; 16]), "it is in Fortran order"),
        (&whole[..whole.len() - 4], "it declares 16 bytes of numbers and has 12"),
    ] {
        assert_eq!(FloatArray::from_npy(bytes).unwrap_err().to_string(), why);
    }
}

/// Written by NumPy 2: a Fortran array of float64 with a NaN, and an axis of big-endian int16.
#[test]
fn arrays_that_numpy_wrote_are_read() {
    let mut bytes =
        b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': True, 'shape': (3, 2), }"
            .to_vec();
    bytes.resize(127, b' ');
    bytes.push(b'\n');
    for value in [1.5, f64::NAN, 4.0, -2.0, 3.0, 5.25] {
        bytes.extend(value.to_le_bytes());
    }
    let table = read(&bytes).unwrap();
    assert_eq!(rows(&table), [[1.5, -2.0], [4.0, 5.25]]);
    assert_eq!(table.columns(), ["x0", "x1"]);

    let mut bytes =
        b"\x93NUMPY\x01\x00v\x00{'descr': '>i2', 'fortran_order': False, 'shape': (3,), }".to_vec();
    bytes.resize(127, b' ');
    bytes.extend(b"\n\x00\x01\x00\x02\x01,");
    assert_eq!(rows(&read(&bytes).unwrap()), [[1.0], [2.0], [300.0]]);
}

#[test]
fn every_type_of_number_is_read_in_both_byte_orders() {
    macro_rules! check {
        ($kind:literal, $type:ty, $values:expr) => {
            let values: [$type; 4] = $values;
            let little: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            let big: Vec<u8> = values.iter().flat_map(|value| value.to_be_bytes()).collect();
            let exact: Vec<_> = values.iter().map(|value| *value as f64).collect();
            for (order, data) in [('<', little), ('>', big)] {
                // NumPy writes `|` for one byte.
                let order = if size_of::<$type>() == 1 { '|' } else { order };
                let table = read(&array(&format!("{order}{}", $kind), false, "2, 2", &data));
                assert_eq!(rows(&table.unwrap()).concat(), exact, "{order}{}", $kind);
            }
        };
    }
    check!("f8", f64, [1.5, -2.25e300, 0.0, 5e-324]);
    check!("f4", f32, [1.5, -2.25e30, 0.1, 1e-40]);
    check!("i8", i64, [1, -2, i64::MIN, 1 << 52]);
    check!("i4", i32, [1, -2, i32::MIN, i32::MAX]);
    check!("i2", i16, [1, -2, i16::MIN, i16::MAX]);
    check!("i1", i8, [1, -2, i8::MIN, i8::MAX]);
    check!("u8", u64, [1, 2, 0, u64::MAX]);
    check!("u4", u32, [1, 2, 0, u32::MAX]);
    check!("u2", u16, [1, 2, 0, u16::MAX]);
    check!("u1", u8, [1, 2, 0, 255]);
}

#[test]
fn both_orders_give_the_same_rows_columns_and_gaps() {
    let exact = [[1.0, 2.0, 3.0], [4.0, f64::NAN, 6.0], [7.0, 8.0, f64::NAN], [10.0, 11.0, 12.0]];
    let by_row = exact.iter().flatten().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>();
    let columns = (0..3).flat_map(|column| exact.map(|row| row[column]));
    let by_column = columns.flat_map(f64::to_le_bytes).collect::<Vec<_>>();
    let options = TableOptions { columns: Some(specs(&["x2", "x0"])), ..TableOptions::default() };
    for bytes in [array("<f8", false, "4, 3", &by_row), array("<f8", true, "4, 3", &by_column)] {
        let table = read(&bytes).unwrap();
        assert_eq!(rows(&table), [exact[0], exact[3]]);
        let dropped: Vec<_> = table.dropped().iter().map(|row| (row.place, &*row.column)).collect();
        assert_eq!(dropped, [(Place::Row(1), "x1"), (Place::Row(2), "x2")]);

        let table = Table::from_bytes("a.NPY.gz", &packed(&bytes), &options).unwrap();
        assert_eq!(rows(&table), [[3.0, 1.0], [6.0, 4.0], [12.0, 10.0]]);
        assert_eq!(table.left_out(), ["x1"]);

        let survey = Survey::from_bytes("a.npy", &bytes, &TableOptions::default()).unwrap();
        let missing: Vec<_> = survey.columns.iter().map(|column| column.missing).collect();
        let range: Vec<_> = survey.columns.iter().map(|column| column.range.unwrap()).collect();
        assert_eq!((survey.rows, survey.has_header, missing), (4, false, vec![0, 1, 1]));
        assert_eq!(range, [(1.0, 10.0), (2.0, 11.0), (3.0, 12.0)]);
    }
}

#[test]
fn headers_of_version_2_and_data_behind_the_array_are_fine() {
    let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (2,)}\n";
    let mut bytes = b"\x93NUMPY\x02\x00".to_vec();
    bytes.extend((header.len() as u32).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend([5, 6, 99, 99]);
    assert_eq!(rows(&read(&bytes).unwrap()), [[5.0], [6.0]]);
}

#[test]
fn what_is_no_table_is_refused_before_anything_is_allocated() {
    let deep = "(".repeat(5000);
    for (bytes, reason) in [
        (b"a,b\n1,2,3,4,5".to_vec(), "it does not start as one"),
        (b"\x93NUM".to_vec(), "it ends early"),
        (array("<f8", false, "1,", &[])[..60].to_vec(), "it ends early"),
        (array("<f8", false, "1, 2, 2, 2, 1", &[0; 64]), "it has 5 axes"),
        (array("<f8", false, "", &[0; 8]), "it has 0 axes"),
        (array("<U5", false, "2,", &[0; 40]), "its numbers are of the type '<U5'"),
        (array("|O", false, "2,", &[0; 40]), "its numbers are of the type '|O'"),
        (array("<f2", false, "2,", &[0; 4]), "its numbers are of the type '<f2'"),
        (array("|b1", false, "2,", &[0; 2]), "its numbers are of the type '|b1'"),
        (array("<c16", false, "2,", &[0; 32]), "its numbers are of the type '<c16'"),
        (array("<M8[ns]", false, "2,", &[0; 32]), "its header is not that of a plain array"),
        (array("<f8", false, "3,", &[0; 23]), "it declares 24 bytes of numbers and is shorter"),
        (
            array("<f8", true, "1000000000, 1000", &[0; 23]),
            "it declares 8000000000000 bytes of numbers and is shorter",
        ),
        // Products that overflow 64 bits, written in several ways, one hidden behind a zero.
        (
            array("<f8", false, "0, 1099511627776, 1099511627776", &[]),
            "its header is not that of a plain array",
        ),
        (
            array("<f8", false, "4294967296, 4294967296", &[]),
            "its header is not that of a plain array",
        ),
        (
            array("<f8", false, "0xffffffffffff, 65536", &[]),
            "its header is not that of a plain array",
        ),
        (
            array("<f8", false, "99999999999999999999, 1", &[]),
            "its header is not that of a plain array",
        ),
        (array("<f8", false, "-1, 2", &[]), "its header is not that of a plain array"),
        (npy(&deep, &[]), "its header is not that of a plain array"),
        (npy(&"1,".repeat(8000), &[]), "its header is too long"),
        (npy("{'descr': '<f8'}", &[]), "dict is missing key 'fortran_order'"),
        (npy("nonsense", &[]), "could not parse Python expression"),
    ] {
        for read in [
            read(&bytes).err(),
            Survey::from_bytes("a.npy", &bytes, &TableOptions::default()).err(),
        ] {
            let Some(TableError::BadNpy { reason: given, .. }) = read else { panic!("{read:?}") };
            assert!(given.starts_with(reason), "{given}");
        }
    }
    // Within the bound that the packed size sets, and still not there.
    let cut = packed(&array("<f8", true, "30, 2", &[0; 472]));
    let error = Table::from_bytes("a.npy", &cut, &TableOptions::default()).unwrap_err();
    assert!(matches!(error, TableError::BadNpy { reason, .. } if reason == "it ends early"));
}

/// The values of an array of the shape 3, 2, 2, 3, each its own digits: 1021 stands at [1][0][2 − 1][…].
fn by_digits(by_column: bool) -> Vec<u8> {
    let (rows, axes) = (3, [2, 2, 3]);
    let mut values = Vec::new();
    for i in 0..36 {
        let at = match by_column {
            true => [i % rows, i / rows % axes[0], i / 6 % axes[1], i / 12],
            false => [i / 12, i / 6 % axes[0], i / 3 % axes[1], i % axes[2]],
        };
        values.push(at.iter().fold(0.0, |digits, digit| 10.0 * digits + *digit as f64));
    }
    let bytes: Vec<u8> = values.into_iter().flat_map(f64::to_le_bytes).collect();
    array("<f8", by_column, "3, 2, 2, 3", &bytes)
}

#[test]
fn the_axes_behind_the_first_are_a_row_in_c_order() {
    let exact: Vec<Vec<f64>> = (0..3)
        .map(|n| {
            let row = (0..12).map(|i| [n, i / 6, i / 3 % 2, i % 3]);
            row.map(|at| at.iter().fold(0.0, |all, digit| 10.0 * all + *digit as f64)).collect()
        })
        .collect();
    for by_column in [false, true] {
        let bytes = by_digits(by_column);
        let table = read(&bytes).unwrap();
        assert_eq!(rows(&table), exact);
        assert_eq!(table.axes(), [2, 2, 3]);
        let survey = Survey::from_bytes("a.npy", &bytes, &TableOptions::default()).unwrap();
        let ranges: Vec<_> = survey.columns.iter().map(|column| column.range.unwrap()).collect();
        let expected: Vec<_> = exact[0].iter().zip(&exact[2]).map(|(a, b)| (*a, *b)).collect();
        assert_eq!((survey.axes, ranges), (vec![2, 2, 3], expected));
        let axes = |axes: &[usize]| {
            let options = TableOptions { axes: Some(axes.to_vec()), ..TableOptions::default() };
            Table::from_bytes("a.npy", &bytes, &options)
        };
        assert!(axes(&[2, 2, 3]).is_ok());
        let error = axes(&[3, 2, 2]).unwrap_err().to_string();
        assert!(
            error.contains("its rows are 2 by 2 by 3, and data.shape says 3 by 2 by 2"),
            "{error}"
        );
    }
    assert_eq!(read(&array("|u1", false, "2, 2", &[1, 2, 3, 4])).unwrap().axes(), [] as [usize; 0]);
    let wide = array("|u1", false, "2, 300, 300", &[0; 180_000]);
    let error = read(&wide).unwrap_err().to_string();
    assert!(error.contains("its rows of 300 by 300 have 90000 numbers"), "{error}");
}

#[test]
fn numbers_that_mean_none_are_gaps_of_an_array() {
    let values = [1.0, -9.0, f64::INFINITY, 4.0, 5.0, 6.0, 7.0, f64::NEG_INFINITY];
    let bytes = array("<f8", false, "4, 2", &values.map(f64::to_le_bytes).concat());
    let infinite = read(&bytes).unwrap_err();
    assert!(matches!(infinite, TableError::Infinite { .. }), "{infinite}");
    let layout = Layout { missing_values: vec!["-9".to_owned()], ..Layout::default() };
    let texts = vec!["inf".to_owned(), "-inf".to_owned()];
    let each = ColumnSpec { missing: texts, kind: CellKind::Whole, ..ColumnSpec::named("any") };
    let options = TableOptions { layout, each: Some(each), ..TableOptions::default() };
    let table = Table::from_bytes("a.npy", &bytes, &options).unwrap();
    assert_eq!(rows(&table), [[5.0, 6.0]]);
    let specs = table.specs();
    assert_eq!((specs[1].name.as_str(), specs[1].kind), ("x1", CellKind::Whole));
    assert_eq!(Gaps::from_bytes("a.npy", &bytes, &options).unwrap().complete(&[]), 1);
    let survey = Survey::from_bytes("a.npy", &bytes, &options).unwrap();
    assert_eq!(survey.columns[1].missing, 1);
}

#[test]
fn one_infinity_of_many_is_odd_and_the_first_nan_is_told() {
    let value = |i: usize| match i {
        7 => f64::INFINITY,
        20 | 22 => f64::NAN,
        _ => i as f64 / 4.0,
    };
    let bytes: Vec<u8> = (0..60).map(value).flat_map(f64::to_le_bytes).collect();
    let survey =
        Survey::from_bytes("a.npy", &array("<f8", false, "60,", &bytes), &TableOptions::default());
    let column = survey.unwrap().columns.remove(0);
    assert_eq!((column.infinite, column.missing), (0, 2));
    let told = |cell: &langevin_data::Cell| (cell.text.clone(), cell.line, cell.count);
    assert_eq!(column.odd.iter().map(told).collect::<Vec<_>>(), [("inf".to_owned(), 7, 1)]);
    assert_eq!(column.gap.as_ref().map(told), Some(("NaN".to_owned(), 20, 2)));
}

#[test]
fn what_is_said_of_text_is_refused_when_an_array_is_guessed() {
    let bytes = array("|u1", false, "2, 2", &[1, 2, 3, 4]);
    for (options, field) in [
        (TableOptions { header: Some(false), ..TableOptions::default() }, "data.header"),
        (TableOptions { delimiter: Some(b';'), ..TableOptions::default() }, "data.delimiter"),
    ] {
        let error = Guess::from_bytes("a.npy", &bytes, &options).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("a.npy: is an array (NPY), and {field} says")),
            "{error}"
        );
        // A run file that says so is read as before.
        assert!(Table::from_bytes("a.npy", &bytes, &options).is_ok());
    }
}
