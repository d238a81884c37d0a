//! The case on names in other scripts: figures have them from the machine's fonts, or say that they lack them.

use std::fs;

use super::Case;
use crate::{documents::ROOT, program::Said};

/// What is said of names that no font has.
const SAID: &str = "names have characters that no font of this machine has";

/// A case on a machine whose fonts are those of a folder; fontconfig's own variable says so.
fn with_fonts(case: Case, fonts: &[&str]) -> Case {
    let Case { program } = case;
    let folder = program.path("fonts");
    fs::create_dir(&folder).expect("created");
    for font in fonts {
        fs::copy(format!("{ROOT}/tests/fonts/{font}"), folder.join(font)).expect("copied");
    }
    let config = format!("<fontconfig><dir>{}</dir></fontconfig>", folder.display());
    program.write("fonts.conf", &config);
    let path = program.path("fonts.conf").display().to_string();
    Case { program: program.with("FONTCONFIG_FILE", &path) }
}

/// A short run with a figure of two columns, and one of each.
#[track_caller]
fn drawn(case: &Case, file: &str) -> Said {
    case.init(file, &[]);
    let arguments = ["train", "./t.json", "--out", "run", "--set", "train.steps=2"];
    let figures =
        ["--set", "sample.count=40", "--set", "report.figures=[\"scatter\",\"marginals\"]"];
    case.program.run(&[&arguments[..], &figures].concat()).code(0)
}

/// A table of two columns, whose run has a name of its own file.
fn table(names: [&str; 2]) -> String {
    let rows = (0..40).map(|i| format!("{}.{},{}\n", i % 7, i % 10, i * i % 23));
    format!("{},{}\n", names[0], names[1]) + &rows.collect::<String>()
}

#[test]
fn o16_other_scripts() {
    // A machine without fonts: said before training, and on the page.
    let case = with_fonts(Case::new("o16-other-scripts"), &[]);
    let said = drawn(&case, "cjk.csv");
    assert!(said.err.contains(SAID) && said.err.contains('温'), "{}", said.err);
    let page = String::from_utf8(case.program.read("run/report.html")).expect("UTF-8");
    assert!(page.contains(SAID));
    // The files that scale have the letters themselves, and name fonts that have them.
    let figure = String::from_utf8(case.program.read("run/figures/scatter.svg")).expect("UTF-8");
    assert!(figure.contains("温度") && figure.contains("'Noto Sans CJK SC'"));

    // A font that has some of them: of the others alone it is said.
    let case = with_fonts(Case::new("o16-other-scripts"), &["three-letters.ttf"]);
    let said = drawn(&case, "cjk.csv");
    assert!(said.err.contains(SAID) && !said.err.contains('温'), "{}", said.err);
}

#[test]
fn letters_that_the_embedded_font_lacks_are_those_of_another() {
    // The other font has H at 温 and E at 度, so that both figures must be the same pixels.
    let other = with_fonts(Case::of("a.csv", table(["温温", "度度"])), &["three-letters.ttf"]);
    let said = drawn(&other, "a.csv");
    assert!(!said.err.contains(SAID), "{}", said.err);
    let own = with_fonts(Case::of("a.csv", table(["HH", "EE"])), &[]);
    drawn(&own, "a.csv");
    let boxes = with_fonts(Case::of("a.csv", table(["温温", "度度"])), &[]);
    assert!(drawn(&boxes, "a.csv").err.contains(SAID));
    let [other, own, boxes] =
        [other, own, boxes].map(|case| case.program.read("run/figures/scatter.png"));
    assert!(other == own, "the letters of the other font");
    assert!(other != boxes, "boxes are other pixels");
}

#[test]
fn figures_of_the_embedded_font_are_the_same_whatever_the_machine_has() {
    let drawn_with = |fonts: &[&str]| {
        let case = with_fonts(Case::of("a.csv", table(["Größe", "σ²"])), fonts);
        assert!(!drawn(&case, "a.csv").err.contains(SAID));
        ["scatter.png", "scatter.svg", "marginals.png", "marginals.svg"]
            .map(|name| case.program.read(&format!("run/figures/{name}")))
    };
    let figures = drawn_with(&["three-letters.ttf"]);
    assert!(figures == drawn_with(&[]), "the same bytes");
    let figure = String::from_utf8(figures[1].clone()).expect("UTF-8");
    assert!(figure.contains("font-family=\"Inter, sans-serif\">"));
}
