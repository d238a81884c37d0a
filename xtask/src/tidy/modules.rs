//! The modules of a crate, the names that each knows, and the file that a path leads to.

use std::collections::{BTreeMap, BTreeSet};

/// One module of a crate.
#[derive(Default)]
pub struct Module {
    pub file: String,
    /// None for the crate's root.
    pub parent: Option<usize>,
    pub children: BTreeMap<String, usize>,
    /// What the module defines.
    pub items: BTreeSet<String>,
    /// Names that it imports or re-exports, and the path of each.
    pub uses: BTreeMap<String, Vec<String>>,
    /// Modules of which it imports or re-exports all.
    pub globs: Vec<Vec<String>>,
}

/// All modules of a crate, its root first.
#[derive(Default)]
pub struct Modules(pub Vec<Module>);

/// Where a path leads: to a thing that a module defines, or to the module itself.
pub struct Place {
    pub module: usize,
    pub name: Option<String>,
}

/// Names that were looked up on the way, so that a circle of imports ends.
type Seen = BTreeSet<(usize, String)>;

impl Modules {
    /// The place that defines what a path in the module `from` names, through all re-exports. None
    /// where it leads to another crate, or begins with a local name.
    pub fn resolve(&self, from: usize, path: &[String]) -> Option<Place> {
        let follow = |path: &[String]| self.follow(from, path, &mut Seen::new());
        // What isn't found in a module, as a macro makes it or another crate, counts as its own.
        let own = |(end, name): (usize, &String)| match follow(&path[..end])? {
            Place { module, name: None } => Some(Place { module, name: Some(name.clone()) }),
            _ => None,
        };
        follow(path).or_else(|| path.iter().enumerate().skip(1).rev().find_map(own))
    }

    /// Whether a path that leads to `place` takes it by the name that the crate's root has for it.
    pub fn is_from_root(&self, from: usize, path: &[String], place: &Place) -> bool {
        let Some((start, rest)) = self.start(from, path) else { return false };
        let of_child = rest.first().is_some_and(|name| self.0[0].children.contains_key(name))
            && (rest.len() > 1 || place.name.is_none());
        start == 0 && rest.len() < path.len() && !of_child
    }

    /// The module that `crate`, `self` and `super` at the start of a path lead to, and the rest.
    fn start<'a>(&self, from: usize, path: &'a [String]) -> Option<(usize, &'a [String])> {
        let Some((first, rest)) = path.split_first() else { return Some((from, path)) };
        match first.as_str() {
            "crate" => self.start(0, rest),
            "self" => self.start(from, rest),
            "super" => self.start(self.0[from].parent?, rest),
            _ => Some((from, path)),
        }
    }

    fn follow(&self, from: usize, path: &[String], seen: &mut Seen) -> Option<Place> {
        match self.start(from, path)? {
            (module, []) => Some(Place { module, name: None }),
            (module, rest) => self.find(module, rest, seen),
        }
    }

    fn find(&self, at: usize, path: &[String], seen: &mut Seen) -> Option<Place> {
        let (name, rest) = path.split_first()?;
        let child = self.0[at].children.get(name).copied();
        if let Some(child) = child.filter(|_| !rest.is_empty()) {
            return self.find(child, rest, seen);
        }
        if self.0[at].items.contains(name) {
            return Some(Place { module: at, name: Some(name.clone()) });
        }
        // A module and a function may share their name: that of the function is looked for first.
        let place = self.find_import(at, path, seen);
        match child {
            Some(module) if place.as_ref().is_none_or(|place| place.name.is_none()) => {
                Some(Place { module, name: None })
            }
            _ => place,
        }
    }

    fn find_import(&self, at: usize, path: &[String], seen: &mut Seen) -> Option<Place> {
        let (name, rest) = path.split_first()?;
        if !seen.insert((at, name.clone())) {
            return None;
        }
        let Module { uses, globs, .. } = &self.0[at];
        if let Some(target) = uses.get(name) {
            return self.follow(at, &[target, rest].concat(), seen);
        }
        globs.iter().find_map(|glob| self.follow(at, &[glob, path].concat(), seen))
    }
}

/// The folder of the modules below a file, with a slash at its end.
pub fn folder(file: &str) -> String {
    match file.rsplit_once('/') {
        Some((parent, "lib.rs" | "main.rs" | "mod.rs")) => format!("{parent}/"),
        _ => format!("{}/", file.trim_end_matches(".rs")),
    }
}
