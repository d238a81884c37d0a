//! [`repeated_key`]: a field that stands twice in one object, of which a parser would keep the last.

use std::{borrow::Cow, collections::HashMap};

/// Object or list that is open.
#[derive(Default)]
struct Open<'a> {
    /// The key that it stands under.
    name: Cow<'a, str>,
    /// Its keys so far, each with its line.
    keys: HashMap<Cow<'a, str>, usize>,
}

/// The path of the first key that an object of this text, which is sound JSON, has twice, and both lines. Places in
/// lists are left out of it.
pub(super) fn repeated_key(text: &str) -> Option<(String, [usize; 2])> {
    let mut open: Vec<Open<'_>> = Vec::new();
    let (mut line, mut at) = (1, 0);
    let (mut last, mut key) = (Cow::Borrowed(""), Cow::Borrowed(""));
    while let Some(byte) = text.as_bytes().get(at) {
        match byte {
            b'"' => {
                let start = at + 1;
                at = end_of_string(text, start);
                last = unescaped(text.get(start..at).unwrap_or_default());
            }
            b'{' | b'[' => {
                open.push(Open { name: std::mem::take(&mut key), ..Open::default() });
            }
            b'}' | b']' => {
                open.pop();
                key = Cow::Borrowed("");
            }
            // Outside strings a colon stands after a key alone.
            b':' => {
                key = last.clone();
                let keys = open.last_mut().map(|object| &mut object.keys);
                if let Some(first) = keys.and_then(|keys| keys.insert(key.clone(), line)) {
                    let parts = open.iter().map(|it| &it.name).filter(|name| !name.is_empty());
                    let path: Vec<&str> = parts.chain([&key]).map(|part| &**part).collect();
                    return Some((path.join("."), [first, line]));
                }
            }
            b'\n' => line += 1,
            _ => {}
        }
        at += 1;
    }
    None
}

/// A string as it is read, from what stands between its quotes.
fn unescaped(text: &str) -> Cow<'_, str> {
    match text.contains('\\') {
        true => serde_json::from_str(&format!("\"{text}\"")).map_or(text.into(), Cow::Owned),
        false => text.into(),
    }
}

/// Where the quote is that ends the string which starts here.
fn end_of_string(text: &str, start: usize) -> usize {
    let mut escaped = false;
    let rest = text.as_bytes().iter().skip(start);
    let length = rest.take_while(|byte| {
        let ends = **byte == b'"' && !escaped;
        escaped = **byte == b'\\' && !escaped;
        !ends
    });
    start + length.count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_stands_twice_is_found_with_both_lines() {
        let text =
            "{\n \"a\": {\"b\": 1},\n \"c\": [{\"b\": \"a\\\": \"}, {\"b\": 2}],\n \"b\": {}\n";
        assert_eq!(repeated_key(&format!("{text}}}")), None);
        assert_eq!(repeated_key(&format!("{text}, \"a\": 1}}")), Some(("a".to_owned(), [2, 5])));
        assert_eq!(repeated_key("{\"x\": {\"y\": 1, \"y\": 1}}"), Some(("x.y".to_owned(), [1, 1])));
    }
}
