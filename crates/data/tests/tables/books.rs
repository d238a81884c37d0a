//! Workbooks as the tests need them, made here part by part: no spreadsheet program wrote them.

use std::{
    fmt::Write as _,
    io::{Cursor, Write as _},
};

use zip::{ZipWriter, write::SimpleFileOptions};

/// Cell of a sheet.
#[derive(Clone, Copy, Debug)]
pub enum Cell<'a> {
    Empty,
    Number(f64),
    /// A number as the file spells it.
    Spelled(&'a str),
    Text(&'a str),
    Yes(bool),
    Error(&'a str),
    /// A day, or a moment, by its serial number and by ISO 8601.
    Date(f64, &'a str),
    /// A time by its share of a day and by ISO 8601.
    Time(f64, &'a str),
    /// A formula without a value.
    Formula(&'a str),
}

pub type Rows<'a> = Vec<Vec<Cell<'a>>>;

/// A zip archive of these files.
pub fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, text) in files {
        zip.start_file(*name, options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

fn column(mut number: usize) -> String {
    let mut name = String::new();
    loop {
        name.insert(0, char::from(b'A' + (number % 26) as u8));
        match number / 26 {
            0 => return name,
            rest => number = rest - 1,
        }
    }
}

fn sheet(rows: &Rows<'_>, strings: &mut Vec<String>) -> String {
    let mut xml = "<worksheet><sheetData>".to_owned();
    for (i, row) in rows.iter().enumerate().filter(|(_, row)| !row.is_empty()) {
        write!(xml, "<row r=\"{}\">", i + 1).unwrap();
        for (j, cell) in row.iter().enumerate() {
            let place = format!("r=\"{}{}\"", column(j), i + 1);
            match cell {
                Cell::Empty => {}
                Cell::Number(value) => write!(xml, "<c {place}><v>{value}</v></c>").unwrap(),
                Cell::Spelled(text) => write!(xml, "<c {place}><v>{text}</v></c>").unwrap(),
                // Every other text stands in the cell.
                Cell::Text(text) if strings.len() % 2 == 1 => {
                    strings.push(String::new());
                    let text = escaped(text);
                    write!(xml, "<c {place} t=\"inlineStr\"><is><t>{text}</t></is></c>").unwrap();
                }
                Cell::Text(text) => {
                    write!(xml, "<c {place} t=\"s\"><v>{}</v></c>", strings.len()).unwrap();
                    strings.push((*text).to_owned());
                }
                Cell::Yes(yes) => {
                    write!(xml, "<c {place} t=\"b\"><v>{}</v></c>", u8::from(*yes)).unwrap();
                }
                Cell::Error(text) => {
                    write!(xml, "<c {place} t=\"e\"><f>1/0</f><v>{text}</v></c>").unwrap();
                }
                Cell::Date(serial, _) => {
                    write!(xml, "<c {place} s=\"1\"><v>{serial}</v></c>").unwrap();
                }
                Cell::Time(serial, _) => {
                    write!(xml, "<c {place} s=\"2\"><v>{serial}</v></c>").unwrap();
                }
                Cell::Formula(text) => {
                    write!(xml, "<c {place}><f>{}</f><v></v></c>", escaped(text)).unwrap();
                }
            }
        }
        xml.push_str("</row>");
    }
    xml + "</sheetData></worksheet>"
}

/// A workbook as Excel writes it, in the date system of 1900 or of 1904. A name that starts with `-` is that of a
/// hidden sheet.
pub fn xlsx(sheets: &[(&str, Rows<'_>)], is_1904: bool) -> Vec<u8> {
    let mut strings = Vec::new();
    let parts: Vec<_> = sheets.iter().map(|(_, rows)| sheet(rows, &mut strings)).collect();
    let (mut names, mut relations) = (String::new(), String::new());
    let kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    for (i, (name, _)) in sheets.iter().enumerate() {
        let state = if name.starts_with('-') { " state=\"hidden\"" } else { "" };
        let name = escaped(name.trim_start_matches('-'));
        write!(names, "<sheet name=\"{name}\" sheetId=\"{0}\"{state} r:id=\"rId{0}\"/>", i + 1)
            .unwrap();
        write!(
            relations,
            "<Relationship Id=\"rId{0}\" Type=\"{kind}/worksheet\" Target=\"worksheets/sheet{0}.xml\"/>",
            i + 1
        )
        .unwrap();
    }
    let strings: String = strings
        .iter()
        .map(|text| format!("<si><r><t xml:space=\"preserve\">{}</t></r></si>", escaped(text)))
        .collect();
    let files = [
        (
            "_rels/.rels".to_owned(),
            format!(
                "<Relationships><Relationship Id=\"a\" Type=\"{kind}/officeDocument\" Target=\"xl/workbook.xml\"/>\
                 </Relationships>"
            ),
        ),
        (
            "xl/workbook.xml".to_owned(),
            format!(
                "<?xml version=\"1.0\"?><workbook><workbookPr date1904=\"{}\"/><sheets>{names}</sheets></workbook>",
                u8::from(is_1904)
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels".to_owned(),
            format!(
                "<Relationships>{relations}<Relationship Id=\"s\" Type=\"{kind}/sharedStrings\" \
                 Target=\"sharedStrings.xml\"/><Relationship Id=\"t\" Type=\"{kind}/styles\" \
                 Target=\"/xl/styles.xml\"/></Relationships>"
            ),
        ),
        ("xl/sharedStrings.xml".to_owned(), format!("<sst>{strings}</sst>")),
        (
            "xl/styles.xml".to_owned(),
            "<styleSheet><numFmts><numFmt numFmtId=\"164\" formatCode=\"[h]:mm:ss\"/></numFmts>\
             <cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs>\
             <cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"164\"/></cellXfs></styleSheet>"
                .to_owned(),
        ),
    ];
    let sheets = parts.into_iter().enumerate();
    let sheets = sheets.map(|(i, part)| (format!("xl/worksheets/sheet{}.xml", i + 1), part));
    let files: Vec<_> = files.into_iter().chain(sheets).collect();
    archive(&files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect::<Vec<_>>())
}

/// A document of sheets as LibreOffice writes it: rows and cells that repeat stand once.
pub fn ods(sheets: &[(&str, Rows<'_>)]) -> Vec<u8> {
    let mut tables = String::new();
    for (name, rows) in sheets {
        write!(tables, "<table:table table:name=\"{}\">", escaped(name)).unwrap();
        for row in rows {
            tables.push_str("<table:table-row>");
            for cell in row {
                let (kind, value, shown) = match cell {
                    Cell::Empty => {
                        tables.push_str("<table:table-cell/>");
                        continue;
                    }
                    Cell::Number(value) => {
                        ("float", format!("office:value=\"{value}\""), value.to_string())
                    }
                    Cell::Spelled(text) => {
                        ("float", format!("office:value=\"{text}\""), (*text).to_owned())
                    }
                    Cell::Text(text) => ("string", String::new(), escaped(text)),
                    Cell::Yes(yes) => {
                        ("boolean", format!("office:boolean-value=\"{yes}\""), yes.to_string())
                    }
                    Cell::Error(text) => {
                        ("string", "office:string-value=\"\"".to_owned(), (*text).to_owned())
                    }
                    Cell::Date(_, text) => {
                        ("date", format!("office:date-value=\"{text}\""), "1 May".to_owned())
                    }
                    Cell::Time(_, text) => {
                        ("time", format!("office:time-value=\"{text}\""), "noon".to_owned())
                    }
                    Cell::Formula(text) => ("string", String::new(), format!("={}", escaped(text))),
                };
                write!(
                    tables,
                    "<table:table-cell office:value-type=\"{kind}\" {value}><office:annotation><text:p>a note</text:p>\
                     </office:annotation><text:p>{shown}</text:p></table:table-cell>"
                )
                .unwrap();
            }
            tables.push_str(
                "<table:table-cell table:number-columns-repeated=\"16000\"/></table:table-row>",
            );
        }
        tables.push_str(
            "<table:table-row table:number-rows-repeated=\"1048000\"><table:table-cell \
             table:number-columns-repeated=\"16384\"/></table:table-row></table:table>",
        );
    }
    let content = format!(
        "<?xml version=\"1.0\"?><office:document-content><office:body><office:spreadsheet>{tables}\
         </office:spreadsheet></office:body></office:document-content>"
    );
    archive(&[
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        ("content.xml", &content),
        ("META-INF/manifest.xml", "<manifest:manifest/>"),
    ])
}
