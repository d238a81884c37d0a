//! Rules on the structure of the code: the rooms of `train`, their order, and no circle of files in
//! any crate.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use super::modules::folder;
use super::paths::{Arrow, Sources, arrows};

/// The source folder of `train`.
const HOUSE: &str = "crates/train/src/";

/// The rooms of `train`: a file takes from its own and from those before it.
const ROOMS: [&str; 8] =
    ["config", "problem", "engine", "trainer", "store", "sample", "show", "run"];

/// What each file takes from others of its crate, and the folder it lies in, keep the order. Given
/// all Rust files; a crate begins at each `lib.rs` and `main.rs`.
pub fn keep_the_order(sources: &Sources) -> Vec<Finding> {
    let mut findings = flat(sources);
    let begins = |path: &&&str| path.ends_with("/lib.rs") || path.ends_with("/main.rs");
    for root in sources.keys().filter(begins) {
        match arrows(root, sources) {
            Ok(arrows) => {
                let ties = ties(&arrows);
                findings.extend(hidden(&arrows));
                findings.extend(upward(&ties));
                findings.extend(circles(&ties));
            }
            Err(fault) => findings.push(fault),
        }
    }
    findings
}

/// `train` has files in its rooms, each with a `mod.rs`, and beside them `lib.rs` and `error.rs` with its
/// folder.
fn flat(sources: &Sources) -> Vec<Finding> {
    let within: Vec<&str> = sources.keys().filter_map(|path| path.strip_prefix(HOUSE)).collect();
    if within.is_empty() {
        return Vec::new();
    }
    let mut strange: BTreeMap<&str, &str> = BTreeMap::new();
    for path in &within {
        let part = path.split('/').next().unwrap_or(path);
        // `error` holds the words of errors, whose file is full.
        let is_ours = ["lib.rs", "error.rs", "error"].contains(&part);
        if !ROOMS.contains(&part) && !is_ours {
            strange.entry(part).or_insert(path);
        }
    }
    let finding =
        |path: &str, advice: String| Finding::new(&format!("{HOUSE}{path}"), 1, "flat", advice);
    let rooms = ROOMS.join(", ");
    let moved = strange.iter().map(|(part, path)| {
        finding(path, format!("`{part}` is no room; move it into one of {rooms}"))
    });
    let doors = ROOMS.iter().map(|room| format!("{room}/mod.rs"));
    let absent = doors.filter(|door| !within.contains(&door.as_str()));
    let written = absent.map(|door| finding(&door, "write it: what the room is for".to_owned()));
    moved.chain(written).collect()
}

/// Inside `train` a path names the room of what it takes, which the crate's root hides. Errors are
/// in no room.
fn hidden(arrows: &BTreeSet<Arrow>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for Arrow { from, line, to, name, .. } in arrows.iter().filter(|arrow| arrow.from_root) {
        let inside = from.strip_prefix(HOUSE).is_some_and(|file| file != "lib.rs");
        let file = to.trim_start_matches(HOUSE);
        if inside && file != "error.rs" {
            let advice = format!(
                "`{name}` of {file}: name its room, as in `crate::store::Manifest`, not the crate's root"
            );
            findings.push(Finding::new(from, *line, "arrows", advice));
        }
    }
    findings
}

/// All that one file takes from another, by both. Without what files above and below each other take
/// (`x.rs` or `x/mod.rs`, and `x/y.rs`): what children share stands in the parent that calls them.
type Ties<'a> = BTreeMap<(&'a str, &'a str), Vec<&'a Arrow>>;

fn ties(arrows: &BTreeSet<Arrow>) -> Ties<'_> {
    let mut ties = Ties::new();
    for arrow in arrows {
        let (from, to) = (arrow.from.as_str(), arrow.to.as_str());
        if !from.starts_with(&folder(to)) && !to.starts_with(&folder(from)) {
            ties.entry((from, to)).or_default().push(arrow);
        }
    }
    ties
}

/// What is taken, each thing once.
fn names(arrows: &[&Arrow]) -> String {
    let names: BTreeSet<String> = arrows.iter().map(|arrow| format!("`{}`", arrow.name)).collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}

/// No file of `train` takes from a room after its own, nor `error.rs` from any.
fn upward(ties: &Ties) -> Vec<Finding> {
    let mut findings = Vec::new();
    for ((from, to), arrows) in ties {
        if rank(from).zip(rank(to)).is_some_and(|(from, to)| from < to) {
            let (names, file) = (names(arrows), to.trim_start_matches(HOUSE));
            let advice = format!(
                "takes {names} of {file}, which stands above it (error < {}); move that down or this up",
                ROOMS.join(" < ")
            );
            findings.push(Finding::new(from, arrows[0].line, "arrows", advice));
        }
    }
    findings
}

/// The place of a file of `train` in the order: `error.rs`, then the rooms.
fn rank(path: &str) -> Option<usize> {
    let path = path.strip_prefix(HOUSE)?;
    if path == "error.rs" {
        return Some(0);
    }
    let (room, _) = path.split_once('/')?;
    ROOMS.iter().position(|name| *name == room).map(|place| place + 1)
}

/// Files that lie on a circle, or between two: what is left when every file that takes nothing, or that
/// nothing takes from, is set aside, again and again.
fn circles(ties: &Ties) -> Option<Finding> {
    let mut left: Vec<_> = ties.iter().collect();
    let mut before = 0;
    while left.len() != before {
        before = left.len();
        let givers: BTreeSet<&str> = left.iter().map(|((_, to), _)| *to).collect();
        let takers: BTreeSet<&str> = left.iter().map(|((from, _), _)| *from).collect();
        left.retain(|((from, to), _)| givers.contains(from) && takers.contains(to));
    }
    let ((first, _), arrows) = left.first()?;
    let files: BTreeSet<&str> = left.iter().map(|((from, _), _)| *from).collect();
    let ties = left.iter().map(|((from, to), arrows)| {
        format!("\n  {from}:{} takes {} of {to}", arrows[0].line, names(arrows))
    });
    let advice = format!(
        "{} files take from each other; move what ties them into a file below them:{}",
        files.len(),
        ties.collect::<String>()
    );
    Some(Finding::new(first, arrows[0].line, "circle", advice))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found in a `train` of one small file a room, after some files are put in the place of
    /// others: `path:line: rule`, and the advice.
    fn found(files: &[(&'static str, &str)]) -> Vec<String> {
        let lib = "mod config;\nmod engine;\nmod error;\nmod problem;\nmod run;\nmod sample;\n\
                   mod show;\nmod store;\nmod trainer;\npub use error::*;\npub use store::Disk;\n";
        let mut sources = Sources::from([
            ("crates/train/src/lib.rs", lib.to_owned()),
            ("crates/train/src/error.rs", "pub enum TrainError {}\n".to_owned()),
            (
                "crates/train/src/config/mod.rs",
                "use crate::TrainError;\npub struct C;\n".to_owned(),
            ),
            ("crates/train/src/problem/mod.rs", "use crate::config::C;\n".to_owned()),
            ("crates/train/src/engine/mod.rs", "use super::config::C;\n".to_owned()),
            ("crates/train/src/trainer/mod.rs", "fn t() { crate::config::C; }\n".to_owned()),
            (
                "crates/train/src/store/mod.rs",
                "mod disk;\npub use disk::Disk;\nfn s() { disk::d() }\n".to_owned(),
            ),
            (
                "crates/train/src/store/disk.rs",
                "use super::s;\npub struct Disk;\nfn d() {}\n".to_owned(),
            ),
            ("crates/train/src/sample/mod.rs", "use crate::store::Disk;\n".to_owned()),
            ("crates/train/src/show/mod.rs", "#[cfg(test)]\nuse crate::run::R;\n".to_owned()),
            ("crates/train/src/run/mod.rs", "use crate::show;\npub struct R;\n".to_owned()),
        ]);
        sources.extend(files.iter().map(|(path, text)| (*path, (*text).to_owned())));
        keep_the_order(&sources).iter().map(ToString::to_string).collect()
    }

    /// The places of what is found when a file of `train` has this text.
    fn places(path: &'static str, text: &str) -> Vec<String> {
        let found = found(&[(path, text)]);
        let place = |finding: &String| finding.split(": ").take(2).collect::<Vec<_>>().join(": ");
        found.iter().map(place).collect()
    }

    #[test]
    fn files_in_order_pass() {
        assert_eq!(found(&[]), Vec::<String>::new());
        assert_eq!(keep_the_order(&Sources::new()), []);
    }

    #[test]
    fn an_arrow_against_the_order_is_found_wherever_it_stands() {
        for text in [
            "//! Doc.\nuse crate::store::Disk;\n",
            "//! Doc.\nuse super::store::disk::{Disk as D};\n",
            "//! Doc.\nfn p(_: &crate::store::Disk) {}\n",
            "//! Doc.\nfn p() -> String { format!(\"{:?}\", crate::store::Disk) }\n",
            "use crate::store;\nfn p() { store::Disk; }\n",
            "//! Doc.\npub use crate::store::*;\n",
        ] {
            let path = "crates/train/src/problem/mod.rs";
            assert_eq!(places(path, text), [format!("{path}:2: arrows")], "{text}");
        }
    }

    #[test]
    fn an_error_that_takes_from_a_room_is_found() {
        let text = "use crate::config::C;\npub enum TrainError {}\n";
        let files = [
            ("crates/train/src/error.rs", text),
            ("crates/train/src/config/mod.rs", "pub struct C;\n"),
        ];
        let found = found(&files);
        let start = "crates/train/src/error.rs:1: arrows: takes `C` of config/mod.rs, which";
        assert!(found.len() == 1 && found[0].starts_with(start), "{found:?}");
    }

    #[test]
    fn the_finding_says_what_stands_above() {
        let text = "use crate::store::Disk;\nfn p(_: Disk) { crate::store::made() }\n";
        let found = found(&[("crates/train/src/problem/mod.rs", text)]);
        let start =
            "crates/train/src/problem/mod.rs:1: arrows: takes `Disk` of store/disk.rs, which";
        assert!(found.len() == 2 && found[0].starts_with(start), "{found:?}");
        assert!(found[1].contains(":2: arrows: takes `made` of store/mod.rs, which"), "{found:?}");
    }

    #[test]
    fn a_name_of_the_crates_root_is_found_but_for_errors() {
        let start = "crates/train/src/run/mod.rs:1: arrows: `Disk` of store/disk.rs: name its room";
        for text in ["use crate::{Disk, TrainError};\n", "fn r(_: super::Disk) {}\n"] {
            let found = found(&[("crates/train/src/run/mod.rs", text)]);
            assert!(found.len() == 1 && found[0].starts_with(start), "{found:?}");
        }
    }

    #[test]
    fn a_file_beside_the_rooms_and_a_strange_folder_are_found() {
        let path = "crates/train/src/disk.rs";
        assert_eq!(places(path, ""), [format!("{path}:1: flat")]);
        let path = "crates/train/src/pages/svg.rs";
        assert_eq!(places(path, ""), [format!("{path}:1: flat")]);
    }

    #[test]
    fn a_room_without_mod_rs_is_found() {
        let sources = Sources::from([("crates/train/src/run/a.rs", String::new())]);
        let found = keep_the_order(&sources);
        assert_eq!(found.len(), ROOMS.len());
        assert_eq!(found[7].path, "crates/train/src/run/mod.rs");
    }

    /// The circles of a crate of three files and one below the first.
    fn circles_of(a: &str, b: &str, c: &str, below_a: &str) -> Vec<String> {
        let sources = Sources::from([
            ("xtask/src/main.rs", "mod a;\nmod b;\nmod c;\nfn m() { a::a() }\n".to_owned()),
            ("xtask/src/a.rs", format!("mod x;\npub fn a() {{}}\n{a}")),
            ("xtask/src/a/x.rs", format!("pub fn x() {{}}\n{below_a}")),
            ("xtask/src/b.rs", format!("pub fn b() {{}}\n{b}")),
            ("xtask/src/c.rs", format!("pub fn c() {{}}\n{c}")),
        ]);
        keep_the_order(&sources).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn circles_of_two_and_of_three_files_are_found() {
        let advice = "files take from each other; move what ties them into a file below them:";
        let two = circles_of("use super::b::b;\n", "fn f() { crate::a::a() }\n", "", "");
        let expected = format!(
            "xtask/src/a.rs:3: circle: 2 {advice}\n  xtask/src/a.rs:3 takes `b` of xtask/src/b.rs\n  \
             xtask/src/b.rs:2 takes `a` of xtask/src/a.rs"
        );
        assert_eq!(two, [expected]);
        let (a, b, c) = ("use crate::b::b;\n", "use crate::c::c;\n", "use crate::a::a;\n");
        let three = circles_of(a, b, c, "");
        assert_eq!(three.len(), 1);
        assert!(
            three[0].starts_with(&format!("xtask/src/a.rs:3: circle: 3 {advice}")),
            "{three:?}"
        );
        assert_eq!(circles_of(a, b, "", ""), Vec::<String>::new());
    }

    #[test]
    fn a_file_and_those_below_it_may_take_from_each_other() {
        let below = "use super::a;\nfn f() { crate::m() }\n";
        assert_eq!(circles_of("fn f() { x::x() }\n", "", "", below), Vec::<String>::new());
        assert_eq!(circles_of("", "use super::a::x::x;\n", "", "use crate::b::b;\n").len(), 1);
    }
}
