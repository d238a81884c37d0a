//! Configs: the built-in ones, which the binary carries, and those that a user names.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use langevin_train::{CONFIG_LIMIT, TrainError, nearest, parse_config, shell_word};

use crate::{commented::commented, failure::Failure};

/// Name and text of every built-in config; the first is what `train` runs without a name.
const BUILT_IN: &[(&str, &str)] = &[
    ("default", include_str!("../../../configs/default.json")),
    ("four-modes", include_str!("../../../configs/four-modes.json")),
    ("gaussian-1d", include_str!("../../../configs/gaussian-1d.json")),
    ("two-moons", include_str!("../../../configs/two-moons.json")),
    ("spiral", include_str!("../../../configs/spiral.json")),
    ("checkerboard", include_str!("../../../configs/checkerboard.json")),
    ("penguins", include_str!("../../../configs/penguins.json")),
    ("digits", include_str!("../../../configs/digits.json")),
    ("1-gaussian", include_str!("../../../configs/article/1-gaussian.json")),
    ("1-gaussian-corrected", include_str!("../../../configs/article/1-gaussian-corrected.json")),
    ("2-gaussian-video", include_str!("../../../configs/article/2-gaussian-video.json")),
    (
        "2-gaussian-video-corrected",
        include_str!("../../../configs/article/2-gaussian-video-corrected.json"),
    ),
    ("3-gaussian-2d", include_str!("../../../configs/article/3-gaussian-2d.json")),
    (
        "3-gaussian-2d-corrected",
        include_str!("../../../configs/article/3-gaussian-2d-corrected.json"),
    ),
    ("4-four-modes", include_str!("../../../configs/article/4-four-modes.json")),
    (
        "4-four-modes-corrected",
        include_str!("../../../configs/article/4-four-modes-corrected.json"),
    ),
    (
        "4-four-modes-recommended",
        include_str!("../../../configs/article/4-four-modes-recommended.json"),
    ),
    ("5-four-modes-video", include_str!("../../../configs/article/5-four-modes-video.json")),
    (
        "5-four-modes-video-corrected",
        include_str!("../../../configs/article/5-four-modes-video-corrected.json"),
    ),
    ("6-ddpm-single", include_str!("../../../configs/article/6-ddpm-single.json")),
    ("7-ddpm-per-level", include_str!("../../../configs/article/7-ddpm-per-level.json")),
    ("8-ddpm-four-modes", include_str!("../../../configs/article/8-ddpm-four-modes.json")),
    ("9-ddpm-density", include_str!("../../../configs/article/9-ddpm-density.json")),
];

/// The names of the built-in configs.
pub fn names() -> Vec<&'static str> {
    BUILT_IN.iter().map(|(name, _)| *name).collect()
}

/// The text of a built-in config.
pub fn built_in(name: &str) -> Result<&'static str, Failure> {
    let found = BUILT_IN.iter().find(|(known, _)| *known == name);
    found.map(|(_, text)| *text).ok_or_else(|| {
        let names = names();
        let hint = match nearest(name, &names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", names.join(", ")),
        };
        Failure::usage(format!(
            "no built-in config is called `{name}`; {hint}. A config's path has a `/` or ends in .json; \
             `langevin init DATA` writes one for a file of data"
        ))
    })
}

/// The default config with a comment on every field.
pub fn with_comments() -> Result<String, Failure> {
    let name = "the built-in config default";
    let config = parse_config(name, built_in("default")?, &[])?;
    let text =
        commented(&config).map_err(|source| TrainError::Json { name: name.to_owned(), source })?;
    Ok(text.trim_end().to_owned())
}

/// The attribution that a built-in config's data asks for, if any.
pub fn attribution(name: &str) -> Option<String> {
    let config = parse_config(name, built_in(name).ok()?, &[]).ok()?;
    Some(config.data.build(config.seed).ok()?.attribution()?.to_owned())
}

/// Config that the argument CONFIG stands for, unparsed.
pub struct Source {
    /// The config's name in messages.
    pub name: String,
    /// The folder from which paths in the config start.
    pub folder: PathBuf,
    /// The config's text.
    pub text: String,
}

/// Reads the config that the argument CONFIG stands for: a path or a built-in config's name.
pub fn load(config: Option<&str>) -> Result<Source, Failure> {
    let name = config.unwrap_or("default");
    if !name.contains('/') && !name.contains('\\') && !name.ends_with(".json") {
        let text = built_in(name)?.to_owned();
        let name = format!("the built-in config {name}");
        return Ok(Source { name, folder: PathBuf::new(), text });
    }
    let path = Path::new(name);
    if path.is_dir() {
        return Err(Failure::usage(match path.join("config.json").is_file() {
            true => format!(
                "{name} is the folder of a run; to go on with it: langevin train --resume {0}, to train its run \
                 file anew: langevin train {1}",
                shell_word(path),
                shell_word(&path.join("config.json"))
            ),
            false => format!("{name} is a folder, and a run file is required"),
        }));
    }
    let text =
        read(path).map_err(|error| Failure::usage(format!("cannot read {name}: {error}")))?;
    if !text.trim_start().starts_with(['{', '/']) {
        return Err(Failure::usage(format!(
            "{name} is no run file, which starts with {{; for a table or an array of data, this writes one: \
             langevin init {}",
            shell_word(path)
        )));
    }
    let folder = Path::new(name).parent().map(Path::to_owned).unwrap_or_default();
    Ok(Source { name: name.to_owned(), folder, text })
}

/// Reads a config's text, up to the limit of its size: the text may come from a pipe and have no end.
fn read(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(CONFIG_LIMIT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > CONFIG_LIMIT {
        let message = format!("it has more than {CONFIG_LIMIT} bytes, the most of a run file");
        return Err(io::Error::other(message));
    }
    decoded(bytes)
}

/// Text of UTF-8 or UTF-16 bytes, without a byte order mark.
fn decoded(mut bytes: Vec<u8>) -> io::Result<String> {
    let of_pair: fn([u8; 2]) -> u16 = match bytes.as_slice() {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => {
            if bytes.starts_with(&[0xef, 0xbb, 0xbf]) {
                bytes.drain(..3);
            }
            let text = String::from_utf8(bytes);
            return text.map_err(|error| io::Error::other(error.utf8_error()));
        }
    };
    let (pairs, rest) = bytes.as_chunks();
    if !rest.is_empty() {
        return Err(io::Error::other("its UTF-16 ends in the middle of a character"));
    }
    let units: Vec<u16> = pairs.iter().skip(1).copied().map(of_pair).collect();
    String::from_utf16(&units).map_err(io::Error::other)
}
