//! Fonts of figures: the embedded one, and those of the machine for characters that it lacks.
//!
//! The machine's fonts are looked for once a text has such a character, so that all other figures have the same
//! bytes on every machine.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use resvg::usvg::{
    FontResolver, Options,
    fontdb::{Database, FaceInfo, ID, Stretch, Style},
};
use skrifa::{FontRef, MetadataProvider};

/// Font of all text: Inter, reduced to the characters that figures use. See assets/README.md.
const FONT: &[u8] = include_bytes!("../../../assets/Inter-Regular-subset.ttf");
/// Name of the embedded font.
pub(super) const FONT_FAMILY: &str = "Inter";
/// Families of all text in a file of its own.
const FAMILIES: &str = "Inter, sans-serif";
/// Families of all text, where the embedded font lacks a character: fonts that have many, by system.
const MORE_FAMILIES: &str = "Inter, 'Noto Sans', 'Noto Sans CJK SC', 'Source Han Sans SC', 'PingFang SC', \
                             'Microsoft YaHei', 'Malgun Gothic', 'Segoe UI', 'Arial Unicode MS', sans-serif";
/// Fonts whose glyphs stand for characters that they do not have.
const PLACEHOLDERS: [&str; 3] = ["LastResort", "Last Resort", "Adobe Blank"];
/// Weight of plain text.
const PLAIN: u16 = 400;
/// Most characters that a sentence lists.
const LISTED: usize = 12;

/// How a document with this text is drawn: with the embedded font alone, unless it lacks a character of it.
pub(super) fn options(text: &str) -> Options<'static> {
    let plain = Options { font_family: FONT_FAMILY.to_owned(), ..Options::default() };
    if lacking(text).is_empty() {
        return Options { fontdb: Arc::new(embedded()), ..plain };
    }
    let select_fallback = Box::new(|c, used: &[ID], _: &mut Arc<Database>| {
        face_with(c).filter(|face| !used.contains(face))
    });
    let font_resolver = FontResolver { select_fallback, ..FontResolver::default() };
    Options { fontdb: with_others().clone(), font_resolver, ..plain }
}

/// The value of `font-family` for a document with this text.
pub(super) fn families(text: &str) -> &'static str {
    if lacking(text).is_empty() { FAMILIES } else { MORE_FAMILIES }
}

/// Sentence on the characters of some names that no font of this machine has: PNGs and films show boxes instead.
/// `None` where there is none.
pub(crate) fn missing_glyphs<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let lacking: BTreeSet<char> = names.into_iter().flat_map(lacking).collect();
    let missing: Vec<char> = lacking.into_iter().filter(|c| face_with(*c).is_none()).collect();
    let listed: Vec<_> = missing.iter().take(LISTED).map(char::to_string).collect();
    let more = if missing.len() > LISTED { ", …" } else { "" };
    (!missing.is_empty()).then(|| {
        format!(
            "names have characters that no font of this machine has ({}{more}): PNG figures and films show boxes for them, \
             SVG figures and the page have them where the reader's fonts do; install a font with them, such as one of \
             Noto's, before training, or read the SVG figures",
            listed.join(" ")
        )
    })
}

/// Visible characters of a text that the embedded font lacks.
fn lacking(text: &str) -> BTreeSet<char> {
    static EMBEDDED: OnceLock<BTreeSet<char>> = OnceLock::new();
    let embedded = EMBEDDED.get_or_init(|| {
        let codes = |font: FontRef| -> Vec<u32> {
            font.charmap().mappings().map(|(code, _)| code).collect()
        };
        let codes = FontRef::new(FONT).map(codes).unwrap_or_default();
        codes.into_iter().filter_map(char::from_u32).collect()
    });
    let is_lacking = |c: &char| !c.is_ascii() && !is_invisible(*c) && !embedded.contains(c);
    text.chars().filter(is_lacking).collect()
}

/// Whether a character has no glyph of its own: joiners, directions, variants, and what is no text in XML.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e0fff}'
        )
}

fn embedded() -> Database {
    let mut fonts = Database::new();
    fonts.load_font_data(FONT.to_vec());
    fonts.set_sans_serif_family(FONT_FAMILY);
    fonts
}

/// The embedded font and those of the machine, the plainest first: the first that has a character is taken.
fn with_others() -> &'static Arc<Database> {
    static OTHERS: OnceLock<Arc<Database>> = OnceLock::new();
    OTHERS.get_or_init(|| {
        let mut found = Database::new();
        found.load_system_fonts();
        let mut faces: Vec<_> =
            found.faces().filter(|face| !is_placeholder(face)).cloned().collect();
        faces.sort_by_cached_key(rank);
        let mut fonts = embedded();
        for face in faces {
            fonts.push_face_info(face);
        }
        Arc::new(fonts)
    })
}

fn is_placeholder(face: &FaceInfo) -> bool {
    let is_one = |name: &str| PLACEHOLDERS.iter().any(|known| name.contains(known));
    face.families.iter().any(|(name, _)| is_one(name))
}

/// How far a face is from plain text without serifs; equals are in the order of their names.
fn rank(face: &FaceInfo) -> impl Ord + use<> {
    let family = face.families.first().map_or(String::new(), |(name, _)| name.clone());
    (
        face.style != Style::Normal,
        face.stretch != Stretch::Normal,
        face.weight.0.abs_diff(PLAIN),
        face.monospaced,
        !family.contains("Sans"),
        family,
        face.post_script_name.clone(),
        face.index,
    )
}

/// The plainest face that has a character; looked for once.
fn face_with(c: char) -> Option<ID> {
    static KNOWN: Mutex<Option<HashMap<char, Option<ID>>>> = Mutex::new(None);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let look = || {
        let fonts = with_others();
        let has = |data: &[u8], index| {
            FontRef::from_index(data, index).is_ok_and(|font| font.charmap().map(c).is_some())
        };
        let mut faces = fonts.faces().map(|face| face.id);
        faces.find(|face| fonts.with_face_data(*face, has).unwrap_or(false))
    };
    *known.get_or_insert_with(HashMap::new).entry(c).or_insert_with(look)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_the_embedded_font_has_is_drawn_with_it_alone() {
        let text = "loss 0.5 − ×±²³√≤≥∞₀₁ασΣµé…·ÄöΩ \u{200d}\u{fe0f}";
        assert_eq!(lacking(text), BTreeSet::new());
        assert_eq!((options(text).fontdb.len(), families(text)), (1, FAMILIES));
        assert_eq!(missing_glyphs([text]), None);
        let lacking: Vec<_> = lacking("温度, हवा, 😀x").into_iter().collect();
        assert_eq!(lacking, ['व', 'ह', 'ा', '度', '温', '😀']);
        assert_eq!(families("温"), MORE_FAMILIES);
    }

    #[test]
    fn a_character_that_no_font_has_is_said() {
        // A private one, which no font of a system should have.
        let said = missing_glyphs(["a\u{10f0f0}", "b\u{10f0f0}"]).expect("a sentence");
        assert!(said.contains("(\u{10f0f0})") && said.contains("boxes"), "{said}");
    }
}
