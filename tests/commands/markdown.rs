//! What a Markdown page holds that a machine can check: spans of code, blocks, and the command lines
//! in both.

/// A piece of code in a page.
#[derive(Debug, PartialEq)]
pub struct Code {
    /// The line that it starts in, from 1.
    pub line: usize,
    /// What follows the fence of a block; `None` for a span.
    pub language: Option<String>,
    pub text: String,
}

/// All code of a page: the blocks, the spans of text, and the spans inside blocks.
pub fn code(page: &str) -> Vec<Code> {
    let mut found = Vec::new();
    let mut block: Option<Code> = None;
    let mut paragraph = (1, String::new());
    for (number, line) in page.lines().enumerate().map(|(i, line)| (i + 1, line)) {
        let fence = line.trim_start().strip_prefix("```");
        match (&mut block, fence) {
            (Some(_), Some(_)) => found.extend(block.take()),
            (Some(block), None) => {
                block.text += &format!("{line}\n");
                spans(number, line, &mut found);
            }
            (None, Some(language)) => {
                let language = Some(language.trim().to_owned());
                block = Some(Code { line: number, language, text: String::new() });
            }
            (None, None) if !line.trim().is_empty() => paragraph.1 += &format!("{line}\n"),
            (None, None) => {}
        }
        // A span goes over lines, and never beyond its paragraph.
        if fence.is_some() || line.trim().is_empty() {
            spans(paragraph.0, &paragraph.1, &mut found);
            paragraph = (number + 1, String::new());
        }
    }
    spans(paragraph.0, &paragraph.1, &mut found);
    found
}

fn spans(first_line: usize, text: &str, found: &mut Vec<Code>) {
    let mut line = first_line;
    for (number, part) in text.split('`').enumerate() {
        if number % 2 == 1 {
            found.push(Code { line, language: None, text: part.replace('\n', " ") });
        }
        line += part.matches('\n').count();
    }
}

/// The words of every command in a piece of code, as a shell would split them.
pub fn commands(text: &str) -> Vec<Vec<String>> {
    let joined = text.replace("\\\n", " ");
    joined.lines().flat_map(line_commands).filter(|words| !words.is_empty()).collect()
}

fn line_commands(line: &str) -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let mut word = String::new();
    let mut quote = None;
    for character in line.chars().chain([' ']) {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (None, '\'' | '"') => quote = Some(character),
            (None, '#') if word.is_empty() => break,
            (None, ' ' | ';' | '|' | '&' | '>') => {
                let words = commands.last_mut().expect("at least one");
                words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
                if character != ' ' {
                    commands.push(Vec::new());
                }
            }
            _ => word.push(character),
        }
    }
    commands
}

/// JSON without the comments that start with two slashes.
pub fn without_comments(json: &str) -> String {
    let mut kept = String::new();
    for line in json.lines() {
        let mut inside = false;
        let comment = line.char_indices().find(|(at, character)| {
            inside ^= *character == '"' && !line[..*at].ends_with('\\');
            !inside && line[*at..].starts_with("//")
        });
        kept += comment.map_or(line, |(at, _)| &line[..at]);
        kept += "\n";
    }
    kept
}

#[test]
fn spans_and_blocks_are_found_with_their_lines() {
    let page = "One `a` and `b\nc`.\nAn odd ` here.\n\n`d`\n```sh\nlangevin `e`\n```\n| `f` |\n";
    let found: Vec<(usize, Option<&str>, String)> =
        code(page).into_iter().map(|c| (c.line, c.language.map(|_| "block"), c.text)).collect();
    let span = |line, text: &str| (line, None, text.to_owned());
    let block = (6, Some("block"), "langevin `e`\n".to_owned());
    let expected = [span(1, "a"), span(1, "b c"), span(3, " here. ")];
    assert_eq!(found[..3], expected);
    assert_eq!(found[3..], [span(5, "d"), span(7, "e"), block, span(9, "f")]);
}

#[test]
fn commands_end_where_a_shell_ends_them() {
    let text = "$ A=1 langevin schema > x.json  # why\nlangevin train \\\n  --set 'a=[1, -1]' && b | c\n\n";
    let expected: [&[&str]; 5] = [
        &["$", "A=1", "langevin", "schema"],
        &["x.json"],
        &["langevin", "train", "--set", "a=[1, -1]"],
        &["b"],
        &["c"],
    ];
    assert_eq!(commands(text), expected);
}

#[test]
fn comments_are_taken_out_and_addresses_are_not() {
    let json = "{ // one\n  \"a\": \"http://b\\\"//c\" } // two";
    assert_eq!(without_comments(json), "{ \n  \"a\": \"http://b\\\"//c\" } \n");
}
