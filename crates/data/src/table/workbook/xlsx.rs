//! [`Xlsx`]: workbooks of Excel since 2007, by Office Open XML (ECMA-376, part 1, SpreadsheetML).

use std::{borrow::Cow, collections::HashMap};

use super::{
    Fault, Named,
    cells::{Cells, ROWS},
    number_format::Format,
    package::Package,
    spelling::{Moment, number},
    xml::{Element, Node, Xml},
};

/// Workbook, and where its parts are.
pub(super) struct Xlsx {
    package: Package,
    pub sheets: Vec<Named>,
    /// Part of each sheet.
    parts: Vec<String>,
    strings: Vec<String>,
    formats: Vec<Format>,
    is_1904: bool,
}

/// Relation of a part to another: its id, the last word of its type, and the other part.
struct Relation {
    id: String,
    kind: String,
    target: String,
}

impl Xlsx {
    pub fn open(mut package: Package) -> Result<Self, Fault> {
        let roots = relations(&mut package, "")?;
        let is_book = |relation: &&Relation| relation.kind == "officeDocument";
        let book =
            roots.iter().find(is_book).map_or("xl/workbook.xml", |root| &root.target).to_owned();
        let relations = relations(&mut package, &book)?;
        let part = |kind: &str| relations.iter().find(|relation| relation.kind == kind);
        let mut xlsx = Self {
            sheets: Vec::new(),
            parts: Vec::new(),
            strings: Vec::new(),
            formats: Vec::new(),
            is_1904: false,
            package,
        };
        xlsx.read_book(&book, &relations)?;
        if let Some(part) = part("sharedStrings") {
            xlsx.read_strings(&part.target)?;
        }
        if let Some(part) = part("styles") {
            xlsx.read_formats(&part.target)?;
        }
        Ok(xlsx)
    }

    /// Reads the names of the sheets and the date system.
    fn read_book(&mut self, book: &str, relations: &[Relation]) -> Result<(), Fault> {
        let text = self.package.needed(book)?;
        let known: HashMap<&str, &Relation> =
            relations.iter().map(|relation| (relation.id.as_str(), relation)).collect();
        let mut xml = Xml::new(&text);
        loop {
            match xml.next()? {
                Node::Open(element) if element.name() == "workbookPr" => {
                    let is_1904 = element.attribute("date1904")?;
                    self.is_1904 = is_1904.is_some_and(|is_it| is_it == "1" || is_it == "true");
                }
                Node::Open(element) if element.name() == "sheet" => {
                    let Some(id) = element.attribute("id")? else { continue };
                    let found = known.get(&*id);
                    // A sheet of a chart has no cells.
                    if let Some(relation) = found.filter(|relation| relation.kind == "worksheet") {
                        let name = element.attribute("name")?.unwrap_or_default().into_owned();
                        let is_hidden =
                            element.attribute("state")?.is_some_and(|it| it != "visible");
                        self.sheets.push(Named { name, is_hidden });
                        self.parts.push(relation.target.clone());
                    }
                }
                Node::End => return Ok(()),
                _ => {}
            }
        }
    }

    /// Reads the texts that cells share.
    fn read_strings(&mut self, part: &str) -> Result<(), Fault> {
        let Some(text) = self.package.text(part)? else { return Ok(()) };
        let mut xml = Xml::new(&text);
        loop {
            match xml.next()? {
                Node::Open(element) if element.name() == "si" => {
                    let string = rich_text(&mut xml, "si")?;
                    self.strings.push(string);
                }
                Node::End => return Ok(()),
                _ => {}
            }
        }
    }

    /// Reads what the formats of cells make of their numbers.
    fn read_formats(&mut self, part: &str) -> Result<(), Fault> {
        let Some(text) = self.package.text(part)? else { return Ok(()) };
        let mut own = HashMap::new();
        let mut xml = Xml::new(&text);
        let mut is_in_cells = false;
        loop {
            match xml.next()? {
                Node::Open(element) => match element.name() {
                    "numFmt" => {
                        let id = element.attribute("numFmtId")?.unwrap_or_default().into_owned();
                        let code = element.attribute("formatCode")?.unwrap_or_default();
                        own.insert(id, Format::of_code(&code));
                    }
                    "cellXfs" => is_in_cells = true,
                    "xf" if is_in_cells => {
                        let id = element.attribute("numFmtId")?.unwrap_or_default();
                        let known = || Format::of_id(id.parse().unwrap_or(0));
                        self.formats.push(own.get(&*id).copied().unwrap_or_else(known));
                    }
                    _ => {}
                },
                Node::Close(end) if end.name() == "cellXfs" => is_in_cells = false,
                Node::End => return Ok(()),
                Node::Close(_) | Node::Text(_) => {}
            }
        }
    }

    /// The cells of a sheet.
    pub fn cells(&mut self, sheet: usize, limit: u64) -> Result<Cells, Fault> {
        let part = self.parts.get(sheet).cloned().unwrap_or_default();
        let text = self.package.needed(&part)?;
        let mut cells = Cells::new(limit);
        let mut xml = Xml::new(&text);
        let (mut row, mut column) = (0, 0);
        loop {
            match xml.next()? {
                Node::Open(element) if element.name() == "row" => {
                    if let Some(place) = element.attribute("r")? {
                        row = place
                            .parse::<u32>()
                            .ok()
                            .and_then(|row| row.checked_sub(1))
                            .filter(|row| *row < ROWS)
                            .ok_or_else(|| Fault::Damaged(format!("it has a row {place}")))?;
                    }
                    column = 0;
                }
                Node::Close(end) if end.name() == "row" => row = row.saturating_add(1),
                Node::Open(element) if element.name() == "c" => {
                    if let Some(place) = element.attribute("r")? {
                        (row, column) = place_of(&place)
                            .ok_or_else(|| Fault::Damaged(format!("it has a cell {place}")))?;
                    }
                    self.read_cell(&mut xml, &element, (row, column), &mut cells)?;
                    column = column.saturating_add(1);
                }
                Node::Close(end) if end.name() == "sheetData" => return Ok(cells),
                Node::End => return Err(Fault::Damaged(format!("{part} is no sheet"))),
                _ => {}
            }
        }
    }

    fn read_cell(
        &self,
        xml: &mut Xml<'_>,
        element: &Element<'_>,
        (row, column): (u32, u32),
        cells: &mut Cells,
    ) -> Result<(), Fault> {
        let kind = element.attribute("t")?.unwrap_or(Cow::Borrowed("n"));
        let style = element.attribute("s")?.and_then(|style| style.parse::<usize>().ok());
        let (mut value, mut formula, mut inline) = (String::new(), None, None);
        while let Some(node) = xml.inside("c")? {
            let Node::Open(inner) = node else { continue };
            match inner.name() {
                "v" => value = xml.text()?,
                "f" => formula = Some(xml.text()?),
                "is" => inline = Some(rich_text(xml, "is")?),
                _ => {
                    xml.text()?;
                }
            }
        }
        match (&*kind, inline) {
            ("inlineStr", text) => cells.text(row, column, &text.unwrap_or_default()),
            ("s", _) if value.is_empty() => Ok(()),
            ("s", _) => {
                let text =
                    value.trim().parse::<usize>().ok().and_then(|place| self.strings.get(place));
                let text = text.ok_or_else(|| Fault::Damaged(format!("it has no text {value}")))?;
                cells.text(row, column, text)
            }
            ("b", _) if value.is_empty() => Ok(()),
            ("b", _) => cells.text(row, column, if value.trim() == "0" { "FALSE" } else { "TRUE" }),
            ("d", _) => match Moment::of_date(value.trim()) {
                Some(moment) => cells.moment(row, column, moment),
                None => cells.text(row, column, &value),
            },
            ("str" | "e", _) => cells.text(row, column, &unescaped(&value)),
            _ => match (value.trim().parse::<f64>(), formula) {
                (Ok(value), _) => {
                    let format = style.and_then(|style| self.formats.get(style)).copied();
                    let moment = match format.unwrap_or_default() {
                        Format::Number => None,
                        Format::Date => Moment::of_serial(value, self.is_1904),
                        Format::Length => Moment::of_length(value),
                    };
                    match moment {
                        Some(moment) => cells.moment(row, column, moment),
                        None => cells.text(row, column, &number(value)),
                    }
                }
                // A program that does not calculate wrote it: its value is not known.
                (Err(_), Some(formula)) if value.is_empty() => {
                    cells.text(row, column, &format!("={formula}"))
                }
                (Err(_), _) => cells.text(row, column, &value),
            },
        }
    }
}

/// The relations of a part, or of the package where the part has no name.
fn relations(package: &mut Package, part: &str) -> Result<Vec<Relation>, Fault> {
    let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
    let folder = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    let Some(text) = package.text(&format!("{folder}_rels/{name}.rels"))? else {
        return Ok(Vec::new());
    };
    let mut relations = Vec::new();
    let mut xml = Xml::new(&text);
    loop {
        match xml.next()? {
            Node::Open(element) if element.name() == "Relationship" => {
                let value = |name| Ok::<_, Fault>(element.attribute(name)?.unwrap_or_default());
                let kind = value("Type")?.rsplit('/').next().unwrap_or_default().to_owned();
                let target = joined(&folder, &value("Target")?.replace('\\', "/"));
                relations.push(Relation { id: value("Id")?.into_owned(), kind, target });
            }
            Node::End => return Ok(relations),
            _ => {}
        }
    }
}

/// A path from a folder, or from the package's root where it starts with a slash.
fn joined(folder: &str, path: &str) -> String {
    let whole = match path.strip_prefix('/') {
        Some(path) => path.to_owned(),
        None => format!("{folder}{path}"),
    };
    let mut steps = Vec::new();
    for step in whole.split('/') {
        match step {
            "." => {}
            ".." => {
                steps.pop();
            }
            step => steps.push(step),
        }
    }
    steps.join("/")
}

/// The text of an element whose runs have formats of their own; how it is pronounced is no part of it.
fn rich_text(xml: &mut Xml<'_>, name: &str) -> Result<String, Fault> {
    let mut text = String::new();
    while let Some(node) = xml.inside(name)? {
        match node {
            Node::Open(inner) if inner.name() == "t" => text.push_str(&xml.text()?),
            Node::Open(inner) if ["rPh", "phoneticPr"].contains(&inner.name()) => {
                xml.text()?;
            }
            _ => {}
        }
    }
    Ok(unescaped(&text))
}

/// A text with characters for escapes such as `_x000D_`.
fn unescaped(text: &str) -> String {
    let (mut plain, mut rest) = (String::new(), text);
    while let Some(at) = rest.find("_x") {
        let code = rest.get(at + 2..at + 6).filter(|_| rest.get(at + 6..at + 7) == Some("_"));
        let character =
            code.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32);
        let (before, length) = match character {
            Some(_) => (at, 7),
            None => (at + 2, 0),
        };
        plain.push_str(rest.get(..before).unwrap_or_default());
        plain.extend(character);
        rest = rest.get(before + length..).unwrap_or_default();
    }
    plain + rest
}

/// Row and column of a cell by its name, as B3, from 0.
fn place_of(name: &str) -> Option<(u32, u32)> {
    let letters = name.find(|c: char| c.is_ascii_digit())?;
    let (letters, digits) = name.split_at(letters);
    let column = letters.bytes().try_fold(0_u32, |column, letter| {
        let letter = letter.to_ascii_uppercase();
        let is_letter = letter.is_ascii_uppercase();
        is_letter
            .then(|| column.checked_mul(26)?.checked_add(u32::from(letter - b'A') + 1))
            .flatten()
    });
    Some((digits.parse::<u32>().ok()?.checked_sub(1)?, column?.checked_sub(1)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_have_places_and_texts_have_escapes() {
        for (name, place) in [
            ("A1", Some((0, 0))),
            ("aa10", Some((9, 26))),
            ("XFD1048576", Some((1_048_575, 16_383))),
        ] {
            assert_eq!(place_of(name), place);
        }
        for name in ["", "A", "1", "A0", "ZZZZZZZZ1", "A-1", "Ä1"] {
            assert_eq!(place_of(name), None, "{name}");
        }
        assert_eq!(unescaped("a_x000A_b _x00e4_ _x_ _x12"), "a\nb ä _x_ _x12");
        assert_eq!(joined("xl/", "../docProps/./a.xml"), "docProps/a.xml");
        assert_eq!(joined("xl/", "/xl/worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml");
    }
}
