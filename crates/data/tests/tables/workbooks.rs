//! Workbooks: a sheet is the table that its CSV file would be, cell by cell, and what is no such sheet is refused.

use langevin_data::{
    CellKind, ColumnKind, ColumnSpec, Decimal, Guess, Layout, Survey, Table, TableError,
    TableOptions,
};

use crate::books::{Cell, Rows, archive, ods, xlsx};

const SUBJECT: &str = "name, long";

/// A table of all kinds of cells, and the CSV file that it would be.
fn mixed() -> (Rows<'static>, String) {
    let mut rows = vec![vec![
        Cell::Text("mass"),
        Cell::Text(SUBJECT),
        Cell::Text("day"),
        Cell::Text("at"),
        Cell::Text("long"),
        Cell::Text("ok"),
        Cell::Text("ratio"),
    ]];
    let mut csv = format!("mass,\"{SUBJECT}\",day,at,long,ok,ratio\n");
    for i in 0..60_usize {
        let mass = (i * i % 17) as f64 + 0.1;
        let days = [(45292.0, "2024-01-01"), (45350.0, "2024-02-28"), (45351.0, "2024-02-29")];
        let moments = [
            (45292.0, "2024-01-01T00:00:00"),
            (45350.4375, "2024-02-28T10:30:00"),
            (45351.75, "2024-02-29T18:00:00"),
        ];
        let (day, moment) = (days[i % 3], moments[i % 3]);
        let length = [(0.5, "PT12H00M00S", "12:00:00"), (0.0625, "PT1H30M00S", "01:30:00")][i % 2];
        let ratio = if i == 7 { Cell::Error("#DIV/0!") } else { Cell::Number((i % 5) as f64) };
        let is_gap = i == 11;
        rows.push(vec![
            if is_gap { Cell::Empty } else { Cell::Number(mass) },
            Cell::Text("a \"b\", c"),
            Cell::Date(day.0, day.1),
            Cell::Date(moment.0, moment.1),
            Cell::Time(length.0, length.1),
            Cell::Yes(i % 3 == 0),
            ratio,
        ]);
        let mass = if is_gap { String::new() } else { mass.to_string() };
        let ratio = if i == 7 { "#DIV/0!".to_owned() } else { (i % 5).to_string() };
        let ok = if i % 3 == 0 { "TRUE" } else { "FALSE" };
        csv += &format!(
            "{mass},\"a \"\"b\"\", c\",{},{},{},{ok},{ratio}\n",
            day.1, moment.1, length.2
        );
    }
    (rows, csv)
}

/// How a file is read by a guess, and the survey and the table of all columns that can be.
fn read(name: &str, bytes: &[u8]) -> (Guess, Survey, Table) {
    let guess = Guess::from_bytes(name, bytes, &TableOptions::default()).unwrap();
    let survey = Survey::from_bytes(name, bytes, &guess.options).unwrap();
    let is_learnt = |kind| ![ColumnKind::Text, ColumnKind::Empty, ColumnKind::Id].contains(&kind);
    let columns = survey.columns.iter().filter(|column| is_learnt(column.kind)).map(|column| {
        let mut spec = ColumnSpec::named(column.name.as_str());
        spec.kind = match column.kind {
            ColumnKind::Date => CellKind::Date,
            ColumnKind::YesNo => CellKind::YesNo,
            _ => CellKind::Number,
        };
        (spec.words, spec.format) = (column.words.clone(), column.format.clone());
        spec.missing = column.odd.iter().map(|cell| cell.text.clone()).collect();
        spec
    });
    let columns = Some(columns.collect());
    let table = Table::from_bytes(name, bytes, &TableOptions { columns, ..guess.options.clone() });
    (guess, survey, table.unwrap())
}

/// All that a survey says, but for the name of the file.
fn same(csv: &(Guess, Survey, Table), book: &(Guess, Survey, Table)) {
    assert_eq!(csv.1, book.1, "the survey");
    assert_eq!(csv.2.columns(), book.2.columns());
    assert_eq!(csv.2.rows(), book.2.rows());
    for row in 0..csv.2.rows() {
        let bits = |table: &Table| table.row(row).iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&csv.2), bits(&book.2), "row {row}");
    }
    assert_eq!(csv.2.dropped_rows(), book.2.dropped_rows());
}

#[test]
fn a_sheet_and_its_csv_file_are_one_table() {
    let (rows, csv) = mixed();
    let text = read("a.csv", csv.as_bytes());
    assert_eq!(text.1.columns[2].format.as_deref(), Some("%Y-%m-%d"));
    assert_eq!(text.1.columns[3].format.as_deref(), Some("%Y-%m-%dT%H:%M:%S"));
    assert_eq!(text.1.columns[4].kind, ColumnKind::Date);
    assert_eq!(text.1.columns[5].kind, ColumnKind::YesNo);
    let excel = read("a.bin", &xlsx(&[("One", rows.clone())], false));
    same(&text, &excel);
    same(&text, &read("a.bin", &ods(&[("One", rows)])));
    // What is said names rows of the sheet.
    let dropped: Vec<_> = excel.2.dropped().iter().map(|row| row.place.to_string()).collect();
    assert_eq!(dropped, ["row 9", "row 13"]);
    assert_eq!(
        (excel.1.columns[6].odd[0].text.as_str(), excel.1.columns[6].odd[0].line),
        ("#DIV/0!", 9)
    );
    assert!(
        excel
            .0
            .said
            .contains(&"row 1 names the columns: mass, day, at, … above other values".to_owned()),
        "{:?}",
        excel.0.said
    );
    assert_eq!(excel.0.options.layout.sheet.as_deref(), Some("One"));
}

/// LibreOffice 7.4 made the workbooks of `book.fods`, which workbooks/make.py writes beside `book.csv`.
#[test]
fn workbooks_of_libreoffice_are_the_csv_file_beside_them() {
    let csv = read("a.csv", include_bytes!("workbooks/book.csv"));
    assert_eq!(csv.1.rows, 60);
    let kinds: Vec<_> = csv.1.columns.iter().map(|column| column.kind).collect();
    use ColumnKind::{Date, Integer, Number, Text, YesNo};
    assert_eq!(kinds, [Number, Text, Date, Date, Date, YesNo, Integer]);
    for bytes in [&include_bytes!("workbooks/book.xlsx")[..], include_bytes!("workbooks/book.ods")]
    {
        let book = read("book", bytes);
        same(&csv, &book);
        assert_eq!(book.0.options.layout.sheet.as_deref(), Some("Penguins"));
    }
}

#[test]
fn days_of_1904_and_days_that_never_were() {
    let column = |serials: &[f64]| {
        let mut rows = vec![vec![Cell::Text("day"), Cell::Text("v")]];
        rows.extend(
            serials
                .iter()
                .enumerate()
                .map(|(i, serial)| vec![Cell::Date(*serial, ""), Cell::Number(i as f64)]),
        );
        rows
    };
    let days = |bytes: &[u8]| {
        Survey::from_bytes("a", bytes, &TableOptions::default()).unwrap().columns[0]
            .distinct
            .clone()
            .unwrap()
    };
    let serials = [1.0, 60.0, 61.0, 45352.0];
    let sheets = [("S", column(&serials))];
    assert_eq!(
        days(&xlsx(&sheets, false)),
        ["1900-01-01", "1900-02-29", "1900-03-01", "2024-03-01"]
    );
    assert_eq!(
        days(&xlsx(&sheets, true)),
        ["1904-01-02", "1904-03-01", "1904-03-02", "2028-03-02"]
    );
}

#[test]
fn numbers_are_whole_where_they_are_and_texts_keep_their_signs() {
    let rows = vec![
        vec![Cell::Text("a"), Cell::Text("b & <c>")],
        vec![Cell::Spelled("3.0"), Cell::Spelled("1E-7")],
        vec![Cell::Spelled("2.9999999999999996"), Cell::Spelled("0.30000000000000004")],
        vec![Cell::Spelled("-4"), Cell::Text("0.5")],
    ];
    for bytes in [xlsx(&[("S", rows.clone())], false), ods(&[("S", rows)])] {
        let (_, survey, table) = read("a", &bytes);
        assert_eq!(survey.columns[0].kind, ColumnKind::Integer);
        assert_eq!(survey.columns[0].distinct.as_ref().unwrap(), &["3", "-4"]);
        assert_eq!(survey.columns[1].name, "b & <c>");
        assert_eq!(table.row(1), [3.0, 0.1 + 0.2]);
        assert_eq!([table.value(0, 1), table.value(2, 1)], [1e-7, 0.5]);
    }
}

fn three() -> Vec<(&'static str, Rows<'static>)> {
    let numbers = |from: i32| {
        let mut rows = vec![vec![Cell::Text("x")]];
        rows.extend((from..from + 5).map(|i| vec![Cell::Number(f64::from(i * i))]));
        rows
    };
    vec![("notes", vec![vec![], vec![Cell::Text("")]]), ("Data", numbers(0)), ("2024", numbers(10))]
}

fn of_sheet(sheet: &str) -> TableOptions {
    TableOptions {
        layout: Layout { sheet: Some(sheet.to_owned()), ..Layout::default() },
        ..TableOptions::default()
    }
}

#[test]
fn the_first_sheet_with_cells_is_read_or_the_one_that_is_named() {
    for bytes in [xlsx(&three(), false), ods(&three())] {
        let guess = Guess::from_bytes("a", &bytes, &TableOptions::default()).unwrap();
        assert_eq!(guess.options.layout.sheet.as_deref(), Some("Data"));
        assert_eq!(
            guess.said[0],
            "the sheet \"Data\" is read; the workbook has \"notes\", \"2024\" too: --sheet NAME reads another"
        );
        for (name, first) in
            [("Data", 0.0), ("data", 0.0), ("2", 0.0), ("2024", 100.0), ("3", 100.0)]
        {
            let table = Table::from_bytes("a", &bytes, &of_sheet(name)).unwrap();
            assert_eq!(table.value(0, 0), first, "{name}");
        }
        let error = |name| Table::from_bytes("a", &bytes, &of_sheet(name)).unwrap_err().to_string();
        assert_eq!(
            error("4"),
            "a: data.sheet names `4`, which is none of its sheets; they are `notes`, `Data`, `2024`"
        );
        assert_eq!(
            error("notes"),
            "a: its sheet `notes` has no cell that holds something; at least one row of numbers is required"
        );
    }
    // A hidden sheet comes last.
    let mut sheets = three();
    sheets[1].0 = "-Data";
    let guess = Guess::from_bytes("a", &xlsx(&sheets, false), &TableOptions::default()).unwrap();
    assert_eq!(guess.options.layout.sheet.as_deref(), Some("2024"));
}

#[test]
fn what_is_said_of_text_is_refused_for_a_workbook_and_a_sheet_for_text() {
    let bytes = xlsx(&three(), false);
    let layouts = [
        (TableOptions { delimiter: Some(b';'), ..TableOptions::default() }, "data.delimiter"),
        (layout(|layout| layout.aligned = true), "data.aligned"),
        (layout(|layout| layout.decimal = Some(Decimal::Comma)), "data.decimal"),
        (layout(|layout| layout.comment = Some(b'#')), "data.comment"),
    ];
    for (options, field) in layouts {
        let error = Guess::from_bytes("a.xlsx", &bytes, &options).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "a.xlsx: is a workbook, and {field} says how a file of text is read; leave it out"
            )
        );
    }
    let error = Guess::from_bytes("a.csv", b"a,b\n1,2\n", &of_sheet("x")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a.csv: is no workbook, and data.sheet names a sheet; leave it out"
    );
}

fn layout(change: impl Fn(&mut Layout)) -> TableOptions {
    let mut options = TableOptions::default();
    change(&mut options.layout);
    options
}

/// A compound file that has a stream of this name.
fn compound(stream: &str) -> Vec<u8> {
    let mut bytes = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    bytes.resize(600, 0);
    bytes.extend(stream.encode_utf16().flat_map(u16::to_le_bytes));
    bytes
}

#[cfg(not(feature = "xls"))]
#[test]
fn binary_workbooks_say_how_they_can_be_read() {
    let way = "and a CSV or NPY file or a workbook is required; open it in a spreadsheet program and save it as .xlsx, or \
               its sheet as CSV, or build Langevin with it: cargo build -p cli --features xls";
    for (bytes, what) in [
        (compound("Workbook"), "an Excel workbook of before 2007 (.xls)"),
        (archive(&[("xl/workbook.bin", "")]), "a binary Excel workbook (.xlsb)"),
        (include_bytes!("workbooks/book.xls").to_vec(), "an Excel workbook of before 2007 (.xls)"),
    ] {
        let error = Guess::from_bytes("a", &bytes, &TableOptions::default()).unwrap_err();
        assert_eq!(error.to_string(), format!("a: is {what}, {way}"));
    }
}

#[cfg(feature = "xls")]
#[test]
fn binary_workbooks_are_the_csv_file_beside_them() {
    let csv = read("a.csv", include_bytes!("workbooks/book.csv"));
    same(&csv, &read("book", include_bytes!("workbooks/book.xls")));
    for bytes in [compound("Workbook"), archive(&[("xl/workbook.bin", "x")])] {
        let error = Guess::from_bytes("a", &bytes, &TableOptions::default()).unwrap_err();
        assert!(matches!(error, TableError::BadWorkbook { .. }), "{error}");
    }
}

#[test]
fn what_is_no_workbook_that_can_be_read_says_what_it_is() {
    let error = |bytes: &[u8]| {
        Guess::from_bytes("a.xlsx", bytes, &TableOptions::default()).unwrap_err().to_string()
    };
    let sound = xlsx(&three(), false);
    let empty = xlsx(&[("a", vec![]), ("b", vec![vec![Cell::Empty]])], false);
    let book = "<workbook><sheets><sheet name=\"S\" r:id=\"r\"/></sheets></workbook>";
    let relations = "<Relationships><Relationship Id=\"r\" Type=\"x/worksheet\" Target=\"s.xml\"/></Relationships>";
    let with_sheet = |text: &str| {
        archive(&[
            ("xl/workbook.xml", book),
            ("xl/_rels/workbook.xml.rels", relations),
            ("xl/s.xml", text),
        ])
    };
    for (bytes, said) in [
        (sound[..sound.len() / 2].to_vec(), "is a damaged workbook ("),
        (empty, "is a workbook with no cell that holds something"),
        (ods(&[("a", vec![])]), "is a workbook with no cell that holds something"),
        (compound("EncryptedPackage"), "is a workbook locked by a password; save it without one"),
        (compound("WordDocument"), "is an old Office file"),
        (archive(&[("word/document.xml", "<a/>")]), "is a document of Word"),
        (archive(&[("soil.csv", "a,b\n1,2\n")]), "is a zip archive and no workbook"),
        (archive(&[("arr_0.npy", "\u{93}")]), "is a NumPy archive (npz)"),
        (
            archive(&[("xl/worksheets/sheet1.xml", "")]),
            "is a damaged workbook (it has no xl/workbook.xml)",
        ),
        (
            archive(&[
                ("content.xml", ""),
                ("META-INF/manifest.xml", "<a><manifest:encryption-data/></a>"),
            ]),
            "is a workbook locked by a password",
        ),
        (
            with_sheet("<worksheet><sheetData><row><c><v>1</v>"),
            "is a damaged workbook (its XML ends early)",
        ),
        (with_sheet("<worksheet><sheetData><row></c>"), "is a damaged workbook ("),
        (with_sheet("<chart/>"), "is a damaged workbook (xl/s.xml is no sheet)"),
        (
            with_sheet("<worksheet><sheetData><c t=\"s\"><v>7</v></c></sheetData></worksheet>"),
            "is a damaged workbook (it has no text 7)",
        ),
        (
            with_sheet("<worksheet><sheetData><c r=\"XFE1\"><v>7</v></c></sheetData></worksheet>"),
            "is a damaged workbook (it has a cell beyond",
        ),
        (
            with_sheet(
                "<worksheet><sheetData><c r=\"A1048576\"><v>7</v></c><c r=\"XFD1\"><v>7</v></c></sheetData></worksheet>",
            ),
            "is larger than a workbook that is read: ",
        ),
    ] {
        let error = error(&bytes);
        assert!(
            error.starts_with(&format!("a.xlsx: {said}")) || error.contains(said),
            "{said:?} is not in {error:?}"
        );
    }
}

#[test]
fn a_sheet_whose_cells_repeat_without_end_is_refused() {
    let cell = "<table:table-cell office:value-type=\"string\" table:number-columns-repeated=\"99999999\"><text:p>x</text:p></table:table-cell>";
    let table = format!(
        "<table:table table:name=\"S\"><table:table-row table:number-rows-repeated=\"4000000000\">{cell}</table:table-row></table:table>"
    );
    let bytes =
        archive(&[("content.xml", &format!("<a>{table}</a>")), ("META-INF/manifest.xml", "<a/>")]);
    let options = TableOptions { memory: Some(64 << 20), ..TableOptions::default() };
    let error = Guess::from_bytes("a.ods", &bytes, &options).unwrap_err();
    assert!(
        matches!(error, TableError::LargeWorkbook { limit, .. } if limit == 64 << 20),
        "{error}"
    );
}

#[test]
fn titles_units_and_gaps_of_a_sheet_are_read_as_those_of_text() {
    let mut rows = vec![
        vec![Cell::Text("Report 2024")],
        vec![],
        vec![Cell::Text("time"), Cell::Text("force"), Cell::Text("strain")],
        vec![Cell::Text("s"), Cell::Text("N"), Cell::Text("%")],
    ];
    for i in 0..30 {
        let force = if i == 4 { Cell::Text("-") } else { Cell::Number(f64::from(i * 7 % 11)) };
        rows.push(vec![Cell::Number(f64::from(i) * 0.5), force, Cell::Number(f64::from(i * i))]);
        if i % 10 == 9 {
            rows.push(vec![Cell::Empty, Cell::Text("")]);
        }
    }
    for bytes in [xlsx(&[("S", rows.clone())], false), ods(&[("S", rows)])] {
        let guess = Guess::from_bytes("a", &bytes, &TableOptions::default()).unwrap();
        assert_eq!(guess.options.layout.skip_lines, Some(2));
        assert!(guess.options.layout.units_row && guess.options.header == Some(true));
        assert_eq!(
            guess.said[0],
            "row 1 is a title (Report 2024), and is skipped; if not: --skip-lines 0"
        );
        let survey = Survey::from_bytes("a", &bytes, &guess.options).unwrap();
        assert_eq!((survey.rows, survey.columns[1].marks.as_slice()), (30, &["-".to_owned()][..]));
        let names: Vec<_> = survey.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["time", "force", "strain"]);
    }
}

#[test]
fn a_formula_without_its_value_is_no_gap() {
    let mut rows = vec![vec![Cell::Text("a"), Cell::Text("b")]];
    rows.extend((0..9).map(|i| vec![Cell::Number(f64::from(i)), Cell::Formula("A2*2")]));
    let survey =
        Survey::from_bytes("a", &xlsx(&[("S", rows)], false), &TableOptions::default()).unwrap();
    assert_eq!((survey.columns[1].kind, survey.columns[1].missing), (ColumnKind::Text, 0));
    assert_eq!(survey.columns[1].example.as_ref().unwrap().text, "=A2*2");
}

#[test]
fn rows_beyond_the_last_one_are_damage() {
    let sheet = "<worksheet><sheetData><row r=\"4294967295\"/><row/><row/></sheetData></worksheet>";
    let relations = |id: &str, kind: &str, target: &str| {
        format!(
            "<Relationships><Relationship Id=\"{id}\" Type=\"a/{kind}\" Target=\"{target}\"/></Relationships>"
        )
    };
    let of_package = relations("b", "officeDocument", "xl/workbook.xml");
    let of_book = relations("s", "worksheet", "worksheets/sheet1.xml");
    let with_row = |sheet: &str| {
        archive(&[
            ("[Content_Types].xml", "<Types/>"),
            ("_rels/.rels", &of_package),
            (
                "xl/workbook.xml",
                "<workbook><sheets><sheet name=\"S\" r:id=\"s\"/></sheets></workbook>",
            ),
            ("xl/_rels/workbook.xml.rels", &of_book),
            ("xl/worksheets/sheet1.xml", sheet),
        ])
    };
    let error = Survey::from_bytes("a", &with_row(sheet), &TableOptions::default()).unwrap_err();
    assert!(error.to_string().contains("it has a row 4294967295"), "{error}");
    let sound = "<worksheet><sheetData><row r=\"1048576\"/><row/></sheetData></worksheet>";
    let error = Survey::from_bytes("a", &with_row(sound), &TableOptions::default()).unwrap_err();
    assert!(matches!(error, TableError::NoCells { .. }), "{error}");
}

#[test]
fn the_sheets_of_a_document_are_found_by_their_places() {
    let content = |tables: &str| {
        let text =
            format!("\u{feff}<?xml version=\"1.0\"?><office><body>text {tables} </body></office>");
        let manifest = ("META-INF/manifest.xml", "<manifest/>");
        let kind = ("mimetype", "application/vnd.oasis.opendocument.spreadsheet");
        archive(&[kind, manifest, ("content.xml", &text)])
    };
    let cell = |text: &str| {
        format!(
            "<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>"
        )
    };
    let row =
        |a: &str, b: &str| format!("<table:table-row>{}{}</table:table-row>", cell(a), cell(b));
    let empty: String = (0..3000).map(|i| format!("<table:table table:name=\"e{i}\"/>")).collect();
    let last = format!(
        "<table:table table:name=\"last\">{}{}</table:table>",
        row("a", "b"),
        row("x", "y")
    );
    let bytes = content(&(empty + &last));
    let guess = Guess::from_bytes("a", &bytes, &TableOptions::default()).unwrap();
    assert_eq!(guess.options.layout.sheet.as_deref(), Some("last"));
    let survey = Survey::from_bytes("a", &bytes, &of_sheet("last")).unwrap();
    assert_eq!(survey.columns.len(), 2);
    let error = Survey::from_bytes("a", &bytes, &of_sheet("e7")).unwrap_err();
    assert!(matches!(error, TableError::NoCells { .. }), "{error}");
}
