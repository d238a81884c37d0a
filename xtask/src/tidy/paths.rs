//! The paths in the code of a crate, read by `syn`: which file takes what from which.
//!
//! Seen is what a `use` or a path names, in macros a path of at least two names. Methods called on a
//! value and attributes are not.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{
    Attribute, Expr, ExprLit, ImplItemFn, Item, ItemConst, ItemEnum, ItemFn, ItemForeignMod,
    ItemImpl, ItemMacro, ItemMod, ItemStatic, ItemStruct, ItemTrait, ItemType, ItemUnion, ItemUse,
    Lit, Macro, Meta, MetaNameValue, Path, Signature, UseTree,
};

use super::modules::{Module, Modules, folder};
use super::{Finding, numbered};

/// The text of each Rust file, by its path.
pub type Sources<'a> = BTreeMap<&'a str, String>;

/// A place in a file that names what another file of the crate defines.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrow {
    pub from: String,
    /// The first line that holds the path, or its last name.
    pub line: usize,
    pub to: String,
    /// What is taken; `*` for all of a module.
    pub name: String,
    /// Whether it is taken by the name that the crate's root has for it.
    pub from_root: bool,
}

/// The arrows between the files of the crate that begins with the file `root`, tests left out.
/// What a module re-exports leads to the file that defines it.
pub fn arrows(root: &str, sources: &Sources) -> Result<BTreeSet<Arrow>, Finding> {
    let mut reader = Reader {
        sources,
        modules: Modules::default(),
        mentions: Vec::new(),
        current: 0,
        folder: String::new(),
        fault: None,
    };
    reader.read(root, &folder(root), None);
    match reader.fault {
        Some(fault) => Err(fault),
        None => Ok(reader.mentions.iter().filter_map(|mention| reader.arrow(mention)).collect()),
    }
}

/// A path in the code of a module.
struct Mention {
    module: usize,
    path: Vec<String>,
    /// Whether all of the module is imported.
    glob: bool,
}

struct Reader<'a> {
    sources: &'a Sources<'a>,
    modules: Modules,
    mentions: Vec<Mention>,
    current: usize,
    /// Where the files of the current module's children lie.
    folder: String,
    fault: Option<Finding>,
}

impl Reader<'_> {
    /// Reads a file, if it is there, as the child `name` of the current module.
    fn read(&mut self, path: &str, folder: &str, name: Option<&Ident>) {
        let Some(text) = self.sources.get(path) else { return };
        match syn::parse_file(text) {
            Ok(file) => self.enter(path, folder, name, &file.items),
            Err(error) => {
                let advice = format!("cannot be read: {error}");
                self.fault = Some(Finding::new(path, 1, "arrows", advice));
            }
        }
    }

    fn enter(&mut self, path: &str, folder: &str, name: Option<&Ident>, items: &[Item]) {
        let module = self.modules.0.len();
        let parent = name.map(|name| {
            self.here().children.insert(name.to_string(), module);
            self.current
        });
        self.modules.0.push(Module { file: path.to_owned(), parent, ..Module::default() });
        let outside = std::mem::replace(&mut self.folder, folder.to_owned());
        self.current = module;
        items.iter().for_each(|item| self.visit_item(item));
        self.current = parent.unwrap_or_default();
        self.folder = outside;
    }

    fn here(&mut self) -> &mut Module {
        &mut self.modules.0[self.current]
    }

    fn mention(&mut self, path: Vec<String>, glob: bool) {
        self.mentions.push(Mention { module: self.current, path, glob });
    }

    /// Takes the names of a `use` that stand below a path.
    fn import(&mut self, tree: &UseTree, above: &[String]) {
        let below = |name: &Ident| [above, &[name.to_string()]].concat();
        let (name, alias) = match tree {
            UseTree::Path(part) => return self.import(&part.tree, &below(&part.ident)),
            UseTree::Group(group) => {
                return group.items.iter().for_each(|tree| self.import(tree, above));
            }
            UseTree::Glob(_) => {
                self.here().globs.push(above.to_vec());
                return self.mention(above.to_vec(), true);
            }
            UseTree::Name(name) => (&name.ident, &name.ident),
            UseTree::Rename(name) => (&name.ident, &name.rename),
        };
        // `a::{self}` is `a`.
        let path = if name == "self" { above.to_vec() } else { below(name) };
        let alias = if alias == "self" { path.last().cloned() } else { Some(alias.to_string()) };
        self.here().uses.extend(alias.map(|alias| (alias, path.clone())));
        self.mention(path, false);
    }

    /// Mentions the paths of at least two names in the body of a macro.
    fn scan(&mut self, tokens: &TokenStream) {
        let mut path = Vec::new();
        let mut colons = 0;
        for token in tokens.clone() {
            match token {
                TokenTree::Punct(mark) if mark.as_char() == ':' => {
                    colons += 1;
                    continue;
                }
                TokenTree::Ident(name) if colons == 2 => path.push(name.to_string()),
                other => {
                    self.finish(&mut path);
                    match other {
                        TokenTree::Ident(name) => path.push(name.to_string()),
                        TokenTree::Group(group) => self.scan(&group.stream()),
                        _ => {}
                    }
                }
            }
            colons = 0;
        }
        self.finish(&mut path);
    }

    fn finish(&mut self, path: &mut Vec<String>) {
        let path = std::mem::take(path);
        if path.len() > 1 {
            self.mention(path, false);
        }
    }

    fn arrow(&self, Mention { module, path, glob }: &Mention) -> Option<Arrow> {
        let place = self.modules.resolve(*module, path)?;
        let from_root = self.modules.is_from_root(*module, path, &place);
        let name = place.name.or(glob.then(|| "*".to_owned()))?;
        let [from, to] = [*module, place.module].map(|module| &self.modules.0[module].file);
        let line = line(self.sources.get(from.as_str())?, path, *glob);
        let arrow = || Arrow { from: from.clone(), line, to: to.clone(), name, from_root };
        (from != to).then(arrow)
    }
}

/// The first line of code that holds a path, or its last name where it stands in a group. What
/// `syn` knows of places is not built in: see Cargo.toml.
fn line(text: &str, path: &[String], glob: bool) -> usize {
    let star = glob.then(|| "*".to_owned());
    let path: Vec<String> = path.iter().cloned().chain(star).collect();
    let in_name = |c: char| c.is_alphanumeric() || c == '_';
    let first = |words: &str| {
        let holds = |line: &str| {
            line.match_indices(words).any(|(at, _)| {
                !line[..at].ends_with(in_name) && !line[at + words.len()..].starts_with(in_name)
            })
        };
        let mut code = numbered(text).filter(|(_, line)| !line.trim_start().starts_with("//"));
        code.find(|(_, line)| holds(line)).map(|(number, _)| number)
    };
    first(&path.join("::")).or_else(|| first(path.last()?)).unwrap_or(1)
}

/// Whether the code under these attributes is compiled for tests alone.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => {
            let condition = list.tokens.to_string().replace(' ', "");
            condition == "test" || condition.starts_with("all(test,")
        }
        _ => false,
    })
}

/// The file that `#[path = ".."]` names.
fn named_file(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(MetaNameValue {
            path,
            value: Expr::Lit(ExprLit { lit: Lit::Str(file), .. }),
            ..
        }) if path.is_ident("path") => Some(file.value()),
        _ => None,
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let (attributes, name) = match item {
            Item::Const(ItemConst { attrs, ident, .. })
            | Item::Enum(ItemEnum { attrs, ident, .. })
            | Item::Fn(ItemFn { attrs, sig: Signature { ident, .. }, .. })
            | Item::Static(ItemStatic { attrs, ident, .. })
            | Item::Struct(ItemStruct { attrs, ident, .. })
            | Item::Trait(ItemTrait { attrs, ident, .. })
            | Item::Type(ItemType { attrs, ident, .. })
            | Item::Union(ItemUnion { attrs, ident, .. }) => (attrs, Some(ident)),
            Item::ForeignMod(ItemForeignMod { attrs, .. })
            | Item::Impl(ItemImpl { attrs, .. })
            | Item::Macro(ItemMacro { attrs, .. })
            | Item::Mod(ItemMod { attrs, .. })
            | Item::Use(ItemUse { attrs, .. }) => (attrs, None),
            _ => return,
        };
        if !is_test(attributes) {
            self.here().items.extend(name.map(ToString::to_string));
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        if !is_test(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        let name = &module.ident;
        let path = self.here().file.clone();
        let below = format!("{}{name}/", self.folder);
        if let Some((_, items)) = &module.content {
            self.enter(&path, &below, Some(name), items);
        } else if let Some(file) = module.attrs.iter().find_map(named_file) {
            let beside = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let path = format!("{beside}/{file}");
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            self.read(&path, &format!("{folder}/"), Some(name));
        } else {
            self.read(&format!("{}{name}.rs", self.folder), &below, Some(name));
            self.read(&format!("{below}mod.rs"), &below, Some(name));
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if item.leading_colon.is_none() {
            self.import(&item.tree, &[]);
        }
    }

    fn visit_path(&mut self, path: &'ast Path) {
        if path.leading_colon.is_none() {
            let names = path.segments.iter().map(|segment| segment.ident.to_string());
            self.mention(names.collect(), false);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.visit_path(&call.path);
        self.scan(&call.tokens);
    }

    fn visit_attribute(&mut self, _: &'ast Attribute) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of each arrow of a crate: `from:line name to`, with `!` where it is taken from the root.
    fn found(files: &[(&'static str, &str)]) -> Vec<String> {
        let sources = files.iter().map(|(path, text)| (*path, (*text).to_owned())).collect();
        let arrows = arrows("x/src/lib.rs", &sources).unwrap_or_default();
        let short = |path: &str| path.trim_start_matches("x/src/").to_owned();
        let told = arrows.iter().map(|arrow| {
            let root = if arrow.from_root { "!" } else { "" };
            let (from, to) = (short(&arrow.from), short(&arrow.to));
            format!("{from}:{} {}{root} {to}", arrow.line, arrow.name)
        });
        told.filter(|arrow| !arrow.starts_with("lib.rs")).collect()
    }

    /// What `a.rs` takes in a crate where `b/mod.rs` re-exports what is in `b/c.rs` and `b/d.rs`.
    fn taken(text: &str) -> Vec<String> {
        let arrows = found(&[
            ("x/src/lib.rs", "mod a;\nmod b;\npub use b::C;\npub use serde::Value;\n"),
            ("x/src/a.rs", text),
            (
                "x/src/b/mod.rs",
                "mod c;\nmod d;\npub use c::C;\npub(crate) use self::d::*;\nfn b() {}\n",
            ),
            ("x/src/b/c.rs", "pub struct C;\n"),
            ("x/src/b/d.rs", "pub enum D { E }\npub fn d() {}\n"),
        ]);
        arrows.iter().filter_map(|arrow| arrow.strip_prefix("a.rs:").map(str::to_owned)).collect()
    }

    #[test]
    fn a_name_leads_through_re_exports_to_the_file_that_defines_it() {
        assert_eq!(taken("use crate::b::C;\n"), ["1 C b/c.rs"]);
        assert_eq!(taken("use super::b::{b, D as E};\n"), ["1 D b/d.rs", "1 b b/mod.rs"]);
        assert_eq!(taken("use crate::b;\nfn f() { b::d() }\n"), ["2 d b/d.rs"]);
        assert_eq!(taken("use crate::b::{self as z};\ntype F = z::D;\n"), ["2 D b/d.rs"]);
        assert_eq!(taken("use crate::b::D::*;\n"), ["1 D b/d.rs"]);
        assert_eq!(taken("use crate::b::*;\n\nfn f(_: C) {}\n"), ["1 * b/mod.rs", "3 C b/c.rs"]);
        assert_eq!(taken("use crate::b::made_by_a_macro;\n"), ["1 made_by_a_macro b/mod.rs"]);
    }

    #[test]
    fn a_path_is_seen_wherever_it_stands() {
        for text in [
            "fn f() { crate::b::d(); }\n",
            "fn f(_: Vec<crate::b::C>) {}\n",
            "impl From<crate::b::C> for F {}\n",
            "fn f(x: u8) { match x { crate::b::D::E => {} _ => {} } }\n",
            "fn f() { use crate::b::d; }\n",
            "mod i { fn f() { super::super::b::d(); } }\n",
            "const F: &str = format!(\"{}\", g(crate::b::d()));\n",
            "fn f() { crate::b::made!(); }\n",
        ] {
            assert_eq!(taken(text).len(), 1, "{text}");
        }
    }

    #[test]
    fn other_crates_local_names_modules_alone_and_tests_are_no_arrows() {
        for text in [
            "use std::fmt;\nfn f(_: fmt::Error) {}\n",
            "use ::b::C;\n",
            "pub(in crate::b) fn f(b: u8) -> u8 { b }\n",
            "use crate::b;\n",
            "#[cfg(test)]\nmod tests { use crate::b::C; }\n",
            "#[cfg(all(test, unix))]\nuse crate::b::C;\n",
            "impl F { #[cfg(test)]\nfn f() { crate::b::d() } }\n",
            "use self::e::f;\nmod e { pub use super::f; }\n",
        ] {
            assert_eq!(taken(text), Vec::<String>::new(), "{text}");
        }
        assert_eq!(taken("#[cfg(not(test))]\nuse crate::b::C;\n").len(), 1);
    }

    #[test]
    fn what_is_taken_from_the_root_is_told() {
        assert_eq!(taken("use crate::C;\n"), ["1 C! b/c.rs"]);
        assert_eq!(taken("fn f(_: super::Value) {}\n"), ["1 Value! lib.rs"]);
        assert_eq!(taken("use super::*;\n"), ["1 *! lib.rs"]);
    }

    #[test]
    fn modules_are_found_where_rustc_finds_them() {
        let arrows = found(&[
            ("x/src/lib.rs", "mod a;\n#[path = \"odd/z.rs\"]\nmod b;\nmod i { mod j; }\n"),
            ("x/src/a.rs", "mod e;\nfn f() {}\n"),
            ("x/src/a/e.rs", "use super::f;\n"),
            ("x/src/odd/z.rs", "mod e;\n"),
            ("x/src/odd/e.rs", "use super::super::a::f;\n"),
            ("x/src/i/j.rs", "use crate::b::e::g;\n"),
        ]);
        assert_eq!(arrows, ["a/e.rs:1 f a.rs", "i/j.rs:1 g odd/e.rs", "odd/e.rs:1 f a.rs"]);
    }

    #[test]
    fn what_is_not_rust_is_told() {
        let sources = Sources::from([("x/src/lib.rs", "fn f() {}\nfn {\n".to_owned())]);
        let fault = arrows("x/src/lib.rs", &sources).err().expect("a fault");
        assert!(fault.to_string().starts_with("x/src/lib.rs:1: arrows: cannot be read"), "{fault}");
    }
}
