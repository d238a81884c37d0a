//! [`repeated_key`]: a field that stands twice in one object, of which a parser would keep the last.

use std::collections::HashMap;

/// The first key that an object of this text, which is sound JSON, has twice, with both lines.
pub(super) fn repeated_key(text: &str) -> Option<(String, [usize; 2])> {
    let mut open: Vec<HashMap<&str, usize>> = Vec::new();
    let (mut line, mut last) = (1, "");
    let mut at = 0;
    while let Some(byte) = text.as_bytes().get(at) {
        match byte {
            b'"' => {
                let start = at + 1;
                at = end_of_string(text, start);
                last = text.get(start..at).unwrap_or_default();
            }
            b'{' | b'[' => open.push(HashMap::new()),
            b'}' | b']' => drop(open.pop()),
            // Outside strings a colon stands after a key alone.
            b':' => {
                if let Some(first) = open.last_mut().and_then(|keys| keys.insert(last, line)) {
                    return Some((last.to_owned(), [first, line]));
                }
            }
            b'\n' => line += 1,
            _ => {}
        }
        at += 1;
    }
    None
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
        assert_eq!(repeated_key("{\"x\": {\"y\": 1, \"y\": 1}}"), Some(("y".to_owned(), [1, 1])));
    }
}
