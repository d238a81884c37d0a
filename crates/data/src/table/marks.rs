//! Words that stand in columns of numbers: what means a missing value, and pairs that mean no and yes.

/// Fields that mean a missing value in a column of numbers, beside the empty one, NA, N/A, NaN and null.
const MISSING: &[&str] = &[
    "?", "-", "--", "---", ".", "..", "...", "*", "#N/A", "#N/A N/A", "#NA", "N.A.", "n.a", "None",
    "Nil", "NULL", "\\N", "<NA>", "NaT", "missing", "unknown", "–", "—", "-nan", "1.#QNAN",
    "-1.#IND", "1.#IND", "-1.#QNAN",
];

/// Words for no and yes, in lower case.
const PAIRS: &[[&str; 2]] = &[
    ["false", "true"],
    ["no", "yes"],
    ["f", "t"],
    ["n", "y"],
    ["off", "on"],
    ["nein", "ja"],
    ["non", "oui"],
    ["falsch", "wahr"],
    ["faux", "vrai"],
];

/// Whether a field means a missing value where numbers are expected.
pub(super) fn is_missing_mark(field: &str) -> bool {
    MISSING.iter().any(|mark| mark.eq_ignore_ascii_case(field))
}

/// Whether a word means no or yes.
pub(super) fn is_yes_or_no(word: &str) -> bool {
    PAIRS.iter().flatten().any(|known| known.eq_ignore_ascii_case(word))
}

/// The words for no and yes of a column that holds these words in the file's spelling, if they are such a
/// pair. The spelling of a word that the column lacks follows that of the other.
pub(super) fn pair<'a>(words: impl Iterator<Item = &'a str>) -> Option<[String; 2]> {
    let words: Vec<_> = words.collect();
    let find = |known: &str| words.iter().find(|word| known.eq_ignore_ascii_case(word));
    let like = |known: &str, other: &str| {
        let mut letters = other.chars().filter(|letter| letter.is_alphabetic());
        let (first, second) = (letters.next(), letters.next());
        match (first.is_some_and(char::is_uppercase), second.is_some_and(char::is_uppercase)) {
            (true, true) => known.to_uppercase(),
            (true, false) if other.chars().count() == 1 => known.to_uppercase(),
            (true, false) => known[..1].to_uppercase() + &known[1..],
            _ => known.to_owned(),
        }
    };
    PAIRS.iter().find_map(|[no, yes]| {
        let is_all =
            words.iter().all(|word| [no, yes].iter().any(|k| k.eq_ignore_ascii_case(word)));
        if words.is_empty() || !is_all {
            return None;
        }
        let [first, second] = match (find(no), find(yes)) {
            (Some(first), Some(second)) => [(*first).to_owned(), (*second).to_owned()],
            // A letter alone says too little.
            _ if no.len() == 1 => return None,
            (Some(first), None) => [(*first).to_owned(), like(yes, first)],
            (None, Some(second)) => [like(no, second), (*second).to_owned()],
            (None, None) => return None,
        };
        Some([first, second])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_found_and_completed_in_their_spelling() {
        let pair =
            |words: &[&str]| pair(words.iter().copied()).map(|[no, yes]| format!("{no} {yes}"));
        for (words, found) in [
            (&["TRUE", "FALSE"][..], Some("FALSE TRUE")),
            (&["t", "f"], Some("f t")),
            (&["Yes", "No", "yes"], Some("No Yes")),
            (&["TRUE"], Some("FALSE TRUE")),
            (&["No"], Some("No Yes")),
            (&["Y"], None),
            (&["yes", "false"], None),
            (&["m", "f"], None),
            (&[], None),
        ] {
            assert_eq!(pair(words).as_deref(), found, "{words:?}");
        }
    }

    #[test]
    fn marks_are_found_in_any_case() {
        assert!(
            ["?", ".", "-", "#n/a", "none", "NULL", "nAt"].iter().all(|mark| is_missing_mark(mark))
        );
        assert!(!["0", "x", "#DIV/0!", "no", ""].iter().any(|mark| is_missing_mark(mark)));
    }
}
