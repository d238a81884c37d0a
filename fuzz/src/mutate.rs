//! Damages to sound files, at random but the same for the same seed: fields dropped, doubled, retyped, out of
//! range, huge numbers, NaN, deep nesting, bytes that are no UTF-8.

use std::ops::Range;

use langevin_data::{Purpose, Stream, Streams};
use serde_json::Value;

/// Replacements for a value in JSON; some are not JSON themselves.
const VALUES: [&str; 24] = [
    "null",
    "true",
    "-1",
    "0",
    "1",
    "-0.0",
    "1e308",
    "-1e308",
    "1e-320",
    "1e999",
    "NaN",
    "-Infinity",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "0.5",
    "\"\"",
    "\"adam\"",
    "\"\\ud800\"",
    "[]",
    "{}",
    "[[]]",
    "{\"kind\":\"mlp\"}",
    "[1e300,-1e300,0,1e-300]",
];

/// Replacements for a field of a table.
const FIELDS: [&str; 20] = [
    "",
    "NA",
    "nan",
    "inf",
    "-1e999",
    "1e308",
    "-1e308",
    "4e-324",
    "0x10",
    "1,5",
    "\"",
    "\"\"",
    "\"a",
    "a\"b\"",
    "1e",
    "--1",
    "\u{feff}",
    "\0",
    "12:30",
    "99999999999999999999999999",
];

/// Random numbers of one damaged file; they depend on the seed and the file's number alone.
pub struct Random(Stream);

impl Random {
    /// The random numbers of file `number`.
    #[must_use]
    pub fn new(seed: u64, number: u64) -> Self {
        Self(Streams::new(seed).at(Purpose::Data, number, 0))
    }

    /// A random whole number below `bound`; 0 where `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.0.next_word() % bound.max(1) as u64) as usize
    }

    fn one_of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    /// The range of a short random piece of a file of `length` bytes.
    fn piece(&mut self, length: usize) -> Range<usize> {
        let start = self.below(length + 1);
        start..(start + self.below(40)).min(length)
    }
}

/// A JSON file with random damages: most to its values, some to its bytes.
#[must_use]
pub fn json(sound: &[u8], random: &mut Random) -> Vec<u8> {
    let mut text = match serde_json::from_slice::<Value>(sound) {
        Ok(mut document) if random.below(4) > 0 => {
            let mut raw = Vec::new();
            for _ in 0..=random.below(2) {
                let count = values(&document);
                damage(&mut document, &mut random.below(count), random, &mut raw);
            }
            let mut text = document.to_string();
            for (i, value) in raw.iter().enumerate() {
                text = text.replace(&format!("\"@{i}@\""), value);
            }
            text.into_bytes()
        }
        _ => return bytes(sound, random),
    };
    if random.below(8) == 0 {
        text = bytes(&text, random);
    }
    text
}

/// The number of values in a document, itself among them.
fn values(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(values).sum(),
        Value::Object(fields) => fields.values().map(values).sum(),
        _ => 0,
    }
}

/// Damages value number `place` of a document. Text that JSON cannot hold goes to `raw`, and a mark into the
/// document.
fn damage(value: &mut Value, place: &mut usize, random: &mut Random, raw: &mut Vec<String>) {
    if *place == 0 {
        let mark = |text: String, raw: &mut Vec<String>| {
            raw.push(text);
            Value::String(format!("@{}@", raw.len() - 1))
        };
        *value = match (random.below(8), &value) {
            (0, _) => {
                let depth = 1 + random.below(300);
                mark(format!("{}0{}", "[".repeat(depth), "]".repeat(depth)), raw)
            }
            (1, Value::Object(fields)) if !fields.is_empty() => {
                let mut fields = fields.clone();
                let name = random.one_of(&fields.keys().cloned().collect::<Vec<_>>()).clone();
                match random.below(3) {
                    0 => drop(fields.remove(&name)),
                    1 => drop(fields.insert(format!("{name}x"), Value::Null)),
                    _ => {
                        // The same name twice.
                        let twice =
                            format!("{},{}: {}", fields[&name], Value::from(&*name), fields[&name]);
                        let twice = mark(twice, raw);
                        fields.insert(name, twice);
                    }
                }
                Value::Object(fields)
            }
            (1 | 2, Value::Array(items)) if !items.is_empty() => {
                let mut items = items.clone();
                match random.below(3) {
                    0 => drop(items.pop()),
                    1 => items.extend_from_within(..),
                    _ => items.clear(),
                }
                Value::Array(items)
            }
            (2, Value::Number(number)) => {
                let digits = "9".repeat(random.below(30));
                mark(format!("{number}{digits}"), raw)
            }
            // A number near the old one is often still valid.
            (3..=6, Value::Number(number)) => {
                let near = ["0", "-", "1", "e-1", "e1", ".5", "00"];
                let near = *random.one_of(&near);
                mark(
                    if near == "-" { format!("-{number}") } else { format!("{number}{near}") },
                    raw,
                )
            }
            (3, Value::String(text)) => Value::String(text.repeat(1 + random.below(200))),
            (4, Value::String(_)) => Value::from("<script>\u{202e}../../\0&'\""),
            _ => mark((*random.one_of(&VALUES)).to_owned(), raw),
        };
        *place = usize::MAX;
        return;
    }
    *place -= 1;
    let children: Vec<&mut Value> = match value {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Object(fields) => fields.values_mut().collect(),
        _ => return,
    };
    for child in children {
        damage(child, place, random, raw);
        if *place == usize::MAX {
            return;
        }
    }
}

/// A table of text with one to four damages: to its fields, its lines and its bytes.
#[must_use]
pub fn csv(sound: &[u8], random: &mut Random) -> Vec<u8> {
    let mut text = sound.to_vec();
    for _ in 0..=random.below(4) {
        let mut lines: Vec<Vec<u8>> =
            text.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
        let line = random.below(lines.len());
        match random.below(6) {
            0 | 1 if !lines.is_empty() => {
                let mut fields: Vec<_> =
                    lines[line].split(|b| *b == b',').map(<[u8]>::to_vec).collect();
                let field = random.below(fields.len());
                fields[field] = random.one_of(&FIELDS).as_bytes().to_vec();
                lines[line] = fields.join(&b","[..]);
            }
            2 if !lines.is_empty() => {
                let again = lines[line].repeat(1 + random.below(3));
                lines.insert(line, again);
            }
            3 if !lines.is_empty() => drop(lines.remove(line)),
            4 => {
                let from = *random.one_of(b",\n\"1");
                let to = *random.one_of(b",;\t\r\n\"\0 ");
                text.iter_mut().filter(|byte| **byte == from).for_each(|byte| *byte = to);
                continue;
            }
            _ => {
                text = bytes(&text, random);
                continue;
            }
        }
        text = lines.concat();
    }
    text
}

/// A safetensors file with damages: to the length of its JSON header, to the header, or to its bytes.
#[must_use]
pub fn safetensors(sound: &[u8], random: &mut Random) -> Vec<u8> {
    let Some((length, rest)) = sound.split_first_chunk::<8>() else { return bytes(sound, random) };
    let end = u64::from_le_bytes(*length).min(rest.len() as u64) as usize;
    match random.below(6) {
        0 => bytes(sound, random),
        // A byte of the numbers changes.
        1 | 2 if end < rest.len() => {
            let mut sound = sound.to_vec();
            let place = 8 + end + random.below(rest.len() - end);
            sound[place] = random.0.next_word() as u8;
            sound
        }
        // The header's length is random.
        3 => [&random.0.next_word().to_le_bytes()[..], rest].concat(),
        _ => {
            let header = json(&rest[..end], random);
            [&(header.len() as u64).to_le_bytes()[..], &header, &rest[end..]].concat()
        }
    }
}

/// Any file, with one to four damages to its bytes.
#[must_use]
pub fn bytes(sound: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = sound.to_vec();
    for _ in 0..=random.below(4) {
        let piece = random.piece(bytes.len());
        match random.below(6) {
            0 | 1 => {
                if let Some(byte) = bytes.get_mut(piece.start) {
                    *byte = random.0.next_word() as u8;
                }
            }
            2 => drop(bytes.drain(piece)),
            3 => {
                let doubled = bytes[piece.clone()].to_vec();
                bytes.splice(piece.start..piece.start, doubled);
            }
            4 => {
                let new =
                    (0..random.below(9)).map(|_| random.0.next_word() as u8).collect::<Vec<_>>();
                bytes.splice(piece, new);
            }
            _ if random.below(4) == 0 => bytes.truncate(piece.start),
            _ => {
                let depth = 1 + random.below(2000);
                let bracket = *random.one_of(b"[{(\"");
                bytes.splice(piece.start..piece.start, vec![bracket; depth]);
            }
        }
    }
    bytes
}
