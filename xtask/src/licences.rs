//! `cargo xtask licences`: checks that every dependency, with all features and for all targets, is under a
//! licence that lets users do as they like with the program.

use std::collections::BTreeSet;

use serde::Deserialize;
use spdx::{Expression, ParseMode};

use crate::cargo::Workspace;

/// Licences that ask for no more than the notice; none is copyleft.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0", // of data: the root certificates in webpki-roots
    "ISC",
    "MIT",
    "MIT-0",
    "NCSA",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Unlicense",
    "Zlib",
];

/// Syntax of the expressions. Older manifests write `/` for OR, and names that SPDX has since replaced.
const SYNTAX: ParseMode =
    ParseMode { allow_slash_as_or_operator: true, allow_deprecated: true, ..ParseMode::STRICT };

/// Package that may be used although its licence is not in [`ALLOWED`].
struct Exception {
    package: &'static str,
    /// Licence in its manifest, empty for none. Another one in a later release is an error.
    licence: &'static str,
    reason: &'static str,
}

/// Reason for the Mozilla Public License. It asks only that changes to its own files are published, so a
/// crate that is used as it was released lays no duty on the program.
const UNCHANGED: &str = "copyleft of its own files only, and they are used unchanged";

/// Packages that may be used for a reason of their own.
const EXCEPTIONS: &[Exception] = &[
    Exception { package: "attohttpc", licence: "MPL-2.0", reason: UNCHANGED },
    Exception { package: "buildid", licence: "MPL-2.0", reason: UNCHANGED },
    Exception {
        package: "cfg_block",
        licence: "",
        reason: "names no expression; its LICENSE file is Apache-2.0",
    },
    Exception { package: "colored", licence: "MPL-2.0", reason: UNCHANGED },
    Exception { package: "option-ext", licence: "MPL-2.0", reason: UNCHANGED },
];

/// Output of `cargo metadata`, as far as it is read here.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

/// Package of the lock file, with the licence that its manifest names.
#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    #[serde(rename = "license")]
    licence: Option<String>,
}

/// Checks the licences; fails where one is not allowed, or an exception is not needed.
pub fn run(workspace: &Workspace) -> Result<(), String> {
    let options = ["metadata", "--format-version", "1", "--locked", "--all-features"];
    let Metadata { packages } = serde_json::from_str(&workspace.cargo_output(&options)?)
        .map_err(|error| format!("cargo metadata: {error}"))?;
    let faults = faults(&packages);
    if faults.is_empty() {
        println!("{} packages, {} exceptions", packages.len(), EXCEPTIONS.len());
        for exception in EXCEPTIONS {
            println!("  {}: {}", exception.package, exception.reason);
        }
        return Ok(());
    }
    Err(format!("{} to settle in xtask/src/licences.rs:\n  {}", faults.len(), faults.join("\n  ")))
}

/// Packages whose licence is not allowed, and exceptions that are not needed, in words.
fn faults(packages: &[Package]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut used = BTreeSet::new();
    for package in packages {
        let Package { name, version, licence } = package;
        let licence = licence.as_deref().unwrap_or_default();
        if let Some(exception) = EXCEPTIONS.iter().find(|e| e.package == name) {
            used.insert(exception.package);
            if exception.licence != licence {
                let before = exception.licence;
                faults.push(format!(
                    "{name} {version}: the exception is for `{before}`, the package has `{licence}`"
                ));
            }
            continue;
        }
        match allowed(licence) {
            Ok(true) => {}
            Ok(false) => faults.push(format!("{name} {version}: `{licence}` is not allowed")),
            Err(error) => faults.push(format!("{name} {version}: `{licence}`: {error}")),
        }
    }
    let unused = EXCEPTIONS.iter().filter(|exception| !used.contains(exception.package));
    faults.extend(unused.map(|e| format!("{}: the exception is no longer needed", e.package)));
    faults
}

/// Whether allowed licences meet an SPDX expression.
fn allowed(expression: &str) -> Result<bool, String> {
    let parsed = Expression::parse_mode(expression, SYNTAX);
    let parsed = parsed.map_err(|error| error.reason.to_string())?;
    Ok(parsed.evaluate(|licence| ALLOWED.contains(&licence.to_string().as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_allowed_side_of_or_suffices() {
        for expression in ["MIT", "MIT OR GPL-3.0-only", "GPL-3.0-only/MIT", "GPL-2.0 / Zlib"] {
            assert_eq!(allowed(expression), Ok(true), "{expression}");
        }
        assert_eq!(allowed("GPL-3.0-only OR LGPL-2.1-or-later"), Ok(false));
    }

    #[test]
    fn both_sides_of_and_are_needed() {
        assert_eq!(allowed("BSD-3-Clause AND BSD-2-Clause"), Ok(true));
        assert_eq!(allowed("MIT AND GPL-3.0-only"), Ok(false));
    }

    #[test]
    fn and_binds_closer_than_or_and_parentheses_closest() {
        assert_eq!(allowed("MIT OR ISC AND GPL-3.0-only"), Ok(true));
        assert_eq!(allowed("GPL-3.0-only AND ISC OR MIT"), Ok(true));
        assert_eq!(allowed("(MIT OR ISC) AND GPL-3.0-only"), Ok(false));
        assert_eq!(allowed("((MIT OR GPL-3.0-only) AND (Unicode-3.0))"), Ok(true));
    }

    #[test]
    fn an_exception_belongs_to_its_licence() {
        assert_eq!(allowed("Apache-2.0 WITH LLVM-exception"), Ok(true));
        assert_eq!(allowed("GPL-2.0 WITH Classpath-exception-2.0"), Ok(false));
        assert_eq!(allowed("MIT WITH LLVM-exception"), Ok(false));
    }

    #[test]
    fn what_is_no_expression_is_an_error() {
        for expression in ["", "MIT OR", "OR MIT", "MIT ISC", "(MIT", "MIT)", "MIT WITH", "()"] {
            assert!(allowed(expression).is_err(), "{expression}");
        }
    }

    fn package(name: &str, licence: &str) -> Package {
        Package { name: name.into(), version: "1.0.0".into(), licence: Some(licence.into()) }
    }

    /// Packages of all exceptions, with the licences of the exceptions.
    fn excepted() -> Vec<Package> {
        EXCEPTIONS.iter().map(|e| package(e.package, e.licence)).collect()
    }

    #[test]
    fn copyleft_and_unnamed_licences_are_faults() {
        let mut packages = excepted();
        packages.extend([
            package("good", "MIT"),
            package("viral", "GPL-3.0-only"),
            package("mute", ""),
        ]);
        let faults = faults(&packages);
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].starts_with("viral 1.0.0") && faults[1].starts_with("mute 1.0.0"));
    }

    #[test]
    fn an_exception_ends_with_its_licence_or_its_package() {
        let mut packages = excepted();
        packages[0].licence = Some("GPL-3.0-only".into());
        packages.pop();
        let faults = faults(&packages);
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].contains("the exception is for") && faults[1].contains("no longer"));
    }
}
