//! Virtual environments of Python under target/, with pinned packages.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::files::named;

/// Calls pip's `install` with these words.
pub type Pip<'a> = dyn Fn(&[&str]) -> Result<(), String> + 'a;

/// Python of the environment with the packages of a file of requirements, in `venv` of a folder. It is made where it is not
/// there yet, by the interpreter that `LANGEVIN_PYTHON` names, or by python3; `first` may install some of the packages its
/// own way.
pub fn environment(
    requirements: &Path,
    folder: &Path,
    first: impl FnOnce(&Pip<'_>, &str),
) -> Result<PathBuf, String> {
    let wanted = fs::read_to_string(requirements).map_err(named(requirements))?;
    let environment = folder.join("venv");
    let (python, mark) = (environment.join("bin/python"), environment.join("requirements.txt"));
    if fs::read_to_string(&mark).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    let interpreter = std::env::var("LANGEVIN_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    call(Command::new(interpreter).args(["-m", "venv"]).arg(&environment))?;
    let pip = |arguments: &[&str]| {
        let mut command = Command::new(&python);
        call(command.args(["-m", "pip", "install", "--quiet"]).args(arguments))
    };
    first(&pip, &wanted);
    pip(&["--requirement", &requirements.display().to_string()])?;
    fs::write(&mark, wanted).map_err(named(&mark))?;
    Ok(python)
}

/// Runs a command, which it shows.
pub fn call(command: &mut Command) -> Result<(), String> {
    println!("$ {command:?}");
    let status = command.status().map_err(|error| format!("{command:?}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} failed ({status})")) }
}
