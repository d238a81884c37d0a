//! [`shell_word`]: a path in a command that is advised.

use std::{fmt::Write, path::Path};

/// Whether a character does more in a line than to stand in it, so that no message shows it as it is: control
/// characters, separators of lines, and those that turn the direction of the text after them.
#[must_use]
pub fn steers_a_terminal(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The path as text that a shell takes for one word, and no program for a flag. A name that cannot be shown as it is
/// stands in the quotes `$'…'` of bash and zsh, with its bytes as numbers.
#[must_use]
pub fn shell_word(path: &Path) -> String {
    let Some(text) = path.to_str().filter(|text| !text.chars().any(is_by_number)) else {
        return by_bytes(path);
    };
    let text = if text.starts_with('-') { format!("./{text}") } else { text.to_owned() };
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    let quoted = format!("'{}'", text.replace('\'', "'\\''"));
    if !text.is_empty() && text.chars().all(is_safe) { text } else { quoted }
}

/// Whether a character stands as a number: a command that is advised ends at a backtick, too.
fn is_by_number(c: char) -> bool {
    steers_a_terminal(c) || c == '`'
}

/// The path in `$'…'`.
fn by_bytes(path: &Path) -> String {
    let bytes = path.as_os_str().as_encoded_bytes();
    let mut word = String::from(if bytes.starts_with(b"-") { "$'./" } else { "$'" });
    let byte = |word: &mut String, byte: u8| {
        let _ = write!(word, "\\x{byte:02x}");
    };
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\'' | '\\' => word.extend(['\\', c]),
                c if is_by_number(c) => {
                    c.encode_utf8(&mut [0; 4]).bytes().for_each(|it| byte(&mut word, it));
                }
                c => word.push(c),
            }
        }
        chunk.invalid().iter().for_each(|it| byte(&mut word, *it));
    }
    word + "'"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_for_a_shell() {
        let words = ["a-1", "a b", "it's", "-x", ""].map(|path| shell_word(path.as_ref()));
        assert_eq!(words, ["a-1", "'a b'", "'it'\\''s'", "./-x", "''"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_shell_takes_an_odd_name_for_what_it_is() {
        use std::{ffi::OsStr, os::unix::ffi::OsStrExt, process::Command};
        let names: [&[u8]; 6] = [
            b"a\x1b[31m\nb",
            "it's\u{9b} größe \\ \u{202e}".as_bytes(),
            b"\xff\xfe7",
            b"-\n",
            b"\x01f0",
            b"$HOME `x`\t",
        ];
        for name in names {
            let word = shell_word(Path::new(OsStr::from_bytes(name)));
            assert!(!word.chars().any(is_by_number), "{word:?}");
            let output = Command::new("bash").args(["-c", &format!("printf %s {word}")]).output();
            let given = output.expect("bash runs").stdout;
            let expected = [if name.starts_with(b"-") { &b"./"[..] } else { b"" }, name].concat();
            assert_eq!(given, expected, "{word}");
        }
    }
}
