//! [`Xml`]: the elements and texts of a part of a workbook, names without their prefixes.

use std::borrow::Cow;

use quick_xml::{
    Reader, XmlVersion,
    events::{BytesEnd, BytesRef, BytesStart, Event},
};

use super::Fault;

/// Reader of an XML text.
pub(super) struct Xml<'a> {
    reader: Reader<&'a [u8]>,
    /// Elements that are open.
    depth: usize,
}

/// What comes next in an XML text. An empty element opens and closes.
pub(super) enum Node<'a> {
    Open(Element<'a>),
    Close(Closed<'a>),
    Text(Cow<'a, str>),
    /// The end of the text.
    End,
}

/// End of an element.
pub(super) struct Closed<'a>(BytesEnd<'a>);

/// Element with its attributes.
pub(super) struct Element<'a>(BytesStart<'a>);

impl<'a> Xml<'a> {
    pub fn new(text: &'a str) -> Self {
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        Self { reader, depth: 0 }
    }

    /// Number of bytes that were read.
    pub fn place(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX)
    }

    /// The next element or text.
    pub fn next(&mut self) -> Result<Node<'a>, Fault> {
        loop {
            return Ok(match self.reader.read_event().map_err(|error| damaged(&error))? {
                Event::Start(element) => {
                    self.depth += 1;
                    Node::Open(Element(element))
                }
                Event::End(element) => {
                    self.depth = self.depth.saturating_sub(1);
                    Node::Close(Closed(element))
                }
                Event::Text(text) => Node::Text(text.xml10_content()),
                Event::CData(text) => Node::Text(text.xml10_content()),
                Event::GeneralRef(reference) => Node::Text(Cow::Owned(character(&reference)?)),
                Event::Eof if self.depth > 0 => {
                    return Err(Fault::Damaged("its XML ends early".to_owned()));
                }
                Event::Eof => Node::End,
                _ => continue,
            });
        }
    }

    /// The next element or text inside the innermost open element; `None` where that closes.
    pub fn inside(&mut self, name: &str) -> Result<Option<Node<'a>>, Fault> {
        Ok(match self.next()? {
            Node::Close(closed) if closed.name() == name => None,
            Node::End => None,
            node => Some(node),
        })
    }

    /// Goes behind the end of the element that was opened last, and gives its text.
    pub fn text(&mut self) -> Result<String, Fault> {
        let (mut text, depth) = (String::new(), self.depth);
        while self.depth >= depth {
            match self.next()? {
                Node::Text(part) => text.push_str(&part),
                Node::End => break,
                _ => {}
            }
        }
        Ok(text)
    }
}

impl Closed<'_> {
    /// The name without its prefix.
    pub fn name(&self) -> &str {
        self.0.local_name().into_inner()
    }
}

impl Element<'_> {
    /// The name without its prefix.
    pub fn name(&self) -> &str {
        self.0.local_name().into_inner()
    }

    /// The value of an attribute, by its name without a prefix.
    pub fn attribute(&self, name: &str) -> Result<Option<Cow<'_, str>>, Fault> {
        for attribute in self.0.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| damaged(&error.into()))?;
            if attribute.key.local_name().into_inner() == name {
                let value = attribute.normalized_value(XmlVersion::Implicit1_0);
                return Ok(Some(value.map_err(|error| damaged(&error))?));
            }
        }
        Ok(None)
    }
}

fn damaged(error: &quick_xml::Error) -> Fault {
    Fault::Damaged(error.to_string())
}

/// The text of a reference such as `&amp;`.
fn character(reference: &BytesRef<'_>) -> Result<String, Fault> {
    if let Some(character) = reference.resolve_char_ref().map_err(|error| damaged(&error))? {
        return Ok(character.to_string());
    }
    let name = reference.xml10_content();
    let text = quick_xml::escape::resolve_predefined_entity(&name);
    text.map(str::to_owned).ok_or_else(|| Fault::Damaged(format!("it has the entity {name}")))
}
