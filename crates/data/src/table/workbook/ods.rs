//! [`Ods`]: sheets of OpenDocument (OASIS Open Document Format 1.3, part 3, 9 and 19).

use std::ops::Range;

use super::{
    Fault, Named,
    cells::{COLUMNS, Cells, ROWS},
    package::Package,
    spelling::{Moment, number},
    xml::{Element, Node, Xml},
};

/// Most blanks in a row that are kept.
const BLANKS: u32 = 1000;

/// What a cell shows in place of a value that cannot be had.
const ERRORS: [&str; 7] = ["#N/A", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!"];

/// Document, of which the sheets are read one by one.
pub(super) struct Ods {
    content: String,
    /// Where each sheet starts.
    starts: Vec<usize>,
    pub sheets: Vec<Named>,
}

/// Value of a cell.
enum Value {
    Text(String),
    Moment(Moment),
}

impl Ods {
    pub fn open(mut package: Package) -> Result<Self, Fault> {
        let manifest = package.text("META-INF/manifest.xml")?.unwrap_or_default();
        if manifest.contains("encryption-data") {
            return Err(Fault::Locked);
        }
        let content = package.needed("content.xml")?;
        let (mut starts, mut sheets) = (Vec::new(), Vec::new());
        read_tables(&content, |element, start, xml| {
            let name = element.attribute("name")?.unwrap_or_default().into_owned();
            sheets.push(Named { name, is_hidden: false });
            starts.push(start);
            xml.text().map(|_| ())
        })?;
        Ok(Self { content, starts, sheets })
    }

    /// The cells of a sheet.
    pub fn cells(&self, sheet: usize, limit: u64) -> Result<Cells, Fault> {
        let mut cells = Cells::new(limit);
        let start = self.starts.get(sheet).copied();
        if let Some(text) = start.and_then(|start| self.content.get(start..)) {
            let mut xml = Xml::new(text);
            xml.next()?;
            read_table(&mut xml, &mut cells)?;
        }
        Ok(cells)
    }
}

/// Goes through the tables of the document, each with the place where it starts, but for those inside others and of
/// former versions.
fn read_tables<'a>(
    content: &'a str,
    mut each: impl FnMut(&Element<'a>, usize, &mut Xml<'a>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut xml = Xml::new(content);
    loop {
        let start = xml.place();
        match xml.next()? {
            Node::Open(element) => match element.name() {
                "table" => each(&element, start, &mut xml)?,
                "tracked-changes" | "dde-links" | "automatic-styles" => {
                    xml.text()?;
                }
                _ => {}
            },
            Node::End => return Ok(()),
            _ => {}
        }
    }
}

/// Reads the rows of a table that was opened.
fn read_table(xml: &mut Xml<'_>, cells: &mut Cells) -> Result<(), Fault> {
    let mut row = 0_u32;
    while let Some(node) = xml.inside("table")? {
        let Node::Open(element) = node else { continue };
        match element.name() {
            "table-row" => {
                let times = times(&element, "number-rows-repeated")?;
                let values = read_row(xml)?;
                // Rows behind the last one of a sheet are none.
                let last = row.saturating_add(times).min(ROWS);
                let copies = if values.is_empty() { row..row } else { row..last };
                for row in copies {
                    for (columns, value) in &values {
                        for column in columns.clone() {
                            match value {
                                Value::Text(text) => cells.text(row, column, text)?,
                                Value::Moment(moment) => cells.moment(row, column, *moment)?,
                            }
                        }
                    }
                }
                row = last;
            }
            "table-row-group" | "table-rows" | "table-header-rows" => {}
            _ => {
                xml.text()?;
            }
        }
    }
    Ok(())
}

/// Reads a row that was opened: its cells that hold something, each with its columns.
fn read_row(xml: &mut Xml<'_>) -> Result<Vec<(Range<u32>, Value)>, Fault> {
    let (mut values, mut column) = (Vec::new(), 0_u32);
    while let Some(node) = xml.inside("table-row")? {
        let Node::Open(element) = node else { continue };
        if !["table-cell", "covered-table-cell"].contains(&element.name()) {
            xml.text()?;
            continue;
        }
        let times = times(&element, "number-columns-repeated")?;
        let last = column.saturating_add(times).min(COLUMNS);
        let name = element.name().to_owned();
        let shown = paragraphs(xml, &name)?;
        // What a merged cell hides is not shown.
        if name == "table-cell" {
            match value(&element, &shown)? {
                Value::Text(text) if text.is_empty() => {}
                value => values.push((column..last, value)),
            }
        }
        column = last;
    }
    Ok(values)
}

/// The value of a cell, by its attributes or else by its text.
fn value(element: &Element<'_>, shown: &str) -> Result<Value, Fault> {
    let text = |text: &str| Ok(Value::Text(text.to_owned()));
    let attribute = |name| Ok::<_, Fault>(element.attribute(name)?.unwrap_or_default());
    let moment = |moment: Option<Moment>| {
        moment.map_or_else(|| Value::Text(shown.to_owned()), Value::Moment)
    };
    // A formula that has no value shows an error.
    match &*attribute("value-type")? {
        _ if ERRORS.contains(&shown) || shown.starts_with("Err:") => text(shown),
        "float" | "percentage" | "currency" => match attribute("value")?.trim().parse::<f64>() {
            Ok(value) => Ok(Value::Text(number(value))),
            Err(_) => text(shown),
        },
        "date" => Ok(moment(Moment::of_date(&attribute("date-value")?))),
        "time" => Ok(moment(Moment::of_time(&attribute("time-value")?))),
        "boolean" => text(if attribute("boolean-value")? == "true" { "TRUE" } else { "FALSE" }),
        "string" => match element.attribute("string-value")? {
            Some(value) => text(&value),
            None => text(shown),
        },
        _ => text(shown),
    }
}

/// The text of a cell that was opened, a line for each paragraph, without notes and drawings.
fn paragraphs(xml: &mut Xml<'_>, cell: &str) -> Result<String, Fault> {
    let (mut text, mut is_first) = (String::new(), true);
    while let Some(node) = xml.inside(cell)? {
        let Node::Open(element) = node else { continue };
        if element.name() != "p" {
            xml.text()?;
            continue;
        }
        if !std::mem::take(&mut is_first) {
            text.push('\n');
        }
        while let Some(node) = xml.inside("p")? {
            match node {
                Node::Text(part) => text.push_str(&part),
                Node::Open(element) => match element.name() {
                    "s" => {
                        let blanks = times(&element, "c")?.min(BLANKS);
                        text.extend(std::iter::repeat_n(' ', blanks as usize));
                    }
                    "tab" => text.push(' '),
                    "line-break" => text.push('\n'),
                    "annotation" => {
                        xml.text()?;
                    }
                    _ => {}
                },
                Node::Close(_) | Node::End => {}
            }
        }
    }
    Ok(text)
}

/// How often a row or a cell stands.
fn times(element: &Element<'_>, name: &str) -> Result<u32, Fault> {
    let Some(times) = element.attribute(name)? else { return Ok(1) };
    times.trim().parse().map_err(|_| Fault::Damaged(format!("it repeats a cell {times} times")))
}
