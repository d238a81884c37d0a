//! Configs: the built-in ones, which the binary carries, and those that a user names.

#[cfg(unix)]
use std::os::unix::fs::FileTypeExt;
use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use langevin_train::{CONFIG_LIMIT, TrainError, nearest, parse_config, shell_word};

use crate::{commented::commented, failure::Failure, output::note};

/// A built-in config.
pub struct BuiltIn {
    /// The name that stands for it on the command line.
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    text: &'static str,
}

/// Every built-in config; the first is what `train` runs without a name.
pub const BUILT_IN: &[BuiltIn] = &[
    BuiltIn {
        name: "default",
        about: "four narrow modes in the plane, from noise to data: what `train` runs without a name",
        text: include_str!("../../../configs/default.json"),
    },
    BuiltIn {
        name: "four-modes",
        about: "the same as default, by its name",
        text: include_str!("../../../configs/four-modes.json"),
    },
    BuiltIn {
        name: "gaussian-1d",
        about: "one narrow Gaussian on a line",
        text: include_str!("../../../configs/gaussian-1d.json"),
    },
    BuiltIn {
        name: "two-moons",
        about: "two interleaved half circles",
        text: include_str!("../../../configs/two-moons.json"),
    },
    BuiltIn {
        name: "spiral",
        about: "a spiral in the plane",
        text: include_str!("../../../configs/spiral.json"),
    },
    BuiltIn {
        name: "checkerboard",
        about: "the dark squares of a checkerboard, with sharp edges",
        text: include_str!("../../../configs/checkerboard.json"),
    },
    BuiltIn {
        name: "penguins",
        about: "a table: four measurements of penguins",
        text: include_str!("../../../configs/penguins.json"),
    },
    BuiltIn {
        name: "digits",
        about: "pictures: handwritten digits of 8 by 8 pixels",
        text: include_str!("../../../configs/digits.json"),
    },
    BuiltIn {
        name: "penguins-species",
        about: "a table told something: penguins of a species",
        text: include_str!("../../../configs/penguins-species.json"),
    },
    BuiltIn {
        name: "penguins-gaps",
        about: "a table any columns of which may be given: the rest is filled in",
        text: include_str!("../../../configs/penguins-gaps.json"),
    },
    BuiltIn {
        name: "categorical-mixture",
        about: "a table of numbers and categories that is known exactly: its regret, its density",
        text: include_str!("../../../configs/categorical-mixture.json"),
    },
    BuiltIn {
        name: "weather-forecast",
        about: "a series in windows: a week's weather given the fortnight before",
        text: include_str!("../../../configs/weather-forecast.json"),
    },
    BuiltIn {
        name: "adult",
        about: "a table of categories, numbers and gaps: the census data that papers measure by",
        text: include_str!("../../../configs/adult.json"),
    },
    BuiltIn {
        name: "diamonds",
        about: "a table of numbers that hang together, and three categories",
        text: include_str!("../../../configs/diamonds.json"),
    },
    BuiltIn {
        name: "credit",
        about: "a smaller table of categories, numbers and gaps: loans",
        text: include_str!("../../../configs/credit.json"),
    },
    BuiltIn {
        name: "iris",
        about: "a small table: four measurements of flowers, and their species",
        text: include_str!("../../../configs/iris.json"),
    },
    BuiltIn {
        name: "wine",
        about: "a small table: 13 measurements of wines, and their cultivar",
        text: include_str!("../../../configs/wine.json"),
    },
    BuiltIn {
        name: "breast-cancer",
        about: "a small table: 30 measurements of tumours, and the diagnosis",
        text: include_str!("../../../configs/breast-cancer.json"),
    },
    BuiltIn {
        name: "two-moons-posterior",
        about: "simulation-based inference: parameters given an observation",
        text: include_str!("../../../configs/two-moons-posterior.json"),
    },
    BuiltIn {
        name: "gaussian-linear",
        about: "the same of a posterior that is a known Gaussian",
        text: include_str!("../../../configs/gaussian-linear.json"),
    },
    BuiltIn {
        name: "1-gaussian",
        about: "article 1: one Gaussian on a line, level by level",
        text: include_str!("../../../configs/article/1-gaussian.json"),
    },
    BuiltIn {
        name: "1-gaussian-corrected",
        about: "article 1 with the corrected target",
        text: include_str!("../../../configs/article/1-gaussian-corrected.json"),
    },
    BuiltIn {
        name: "2-gaussian-video",
        about: "article 2: the same as 1, as a film",
        text: include_str!("../../../configs/article/2-gaussian-video.json"),
    },
    BuiltIn {
        name: "2-gaussian-video-corrected",
        about: "article 2 with the corrected target",
        text: include_str!("../../../configs/article/2-gaussian-video-corrected.json"),
    },
    BuiltIn {
        name: "3-gaussian-2d",
        about: "article 3: one Gaussian in the plane",
        text: include_str!("../../../configs/article/3-gaussian-2d.json"),
    },
    BuiltIn {
        name: "3-gaussian-2d-corrected",
        about: "article 3 with the corrected target",
        text: include_str!("../../../configs/article/3-gaussian-2d-corrected.json"),
    },
    BuiltIn {
        name: "4-four-modes",
        about: "article 4: four modes in the plane, level by level",
        text: include_str!("../../../configs/article/4-four-modes.json"),
    },
    BuiltIn {
        name: "4-four-modes-corrected",
        about: "article 4 with the corrected target, for which its budget is too small",
        text: include_str!("../../../configs/article/4-four-modes-corrected.json"),
    },
    BuiltIn {
        name: "4-four-modes-recommended",
        about: "article 4's data, learnt as we recommend",
        text: include_str!("../../../configs/article/4-four-modes-recommended.json"),
    },
    BuiltIn {
        name: "5-four-modes-video",
        about: "article 5: the same as 4 on another grid, as a film there and back",
        text: include_str!("../../../configs/article/5-four-modes-video.json"),
    },
    BuiltIn {
        name: "5-four-modes-video-corrected",
        about: "article 5 with the corrected target, for which its budget is too small",
        text: include_str!("../../../configs/article/5-four-modes-video-corrected.json"),
    },
    BuiltIn {
        name: "6-ddpm-single",
        about: "article 6: DDPM on a line, one network for all levels",
        text: include_str!("../../../configs/article/6-ddpm-single.json"),
    },
    BuiltIn {
        name: "7-ddpm-per-level",
        about: "article 7: DDPM with a network for each level",
        text: include_str!("../../../configs/article/7-ddpm-per-level.json"),
    },
    BuiltIn {
        name: "8-ddpm-four-modes",
        about: "article 8: DDPM on four modes, its last step repeated",
        text: include_str!("../../../configs/article/8-ddpm-four-modes.json"),
    },
    BuiltIn {
        name: "9-ddpm-density",
        about: "article 9: DDPM and the exact density of every level, as a film",
        text: include_str!("../../../configs/article/9-ddpm-density.json"),
    },
];

/// Scripts of the article "Introduction to Diffusion Models", each with the config that is the same system.
const SCRIPTS: [(&str, &str); 9] = [
    ("simple_1diffusion", "1-gaussian"),
    ("simple_1diffusion_video", "2-gaussian-video"),
    ("simple_2diffusion", "3-gaussian-2d"),
    ("simple_multimodal", "4-four-modes"),
    ("simple_multimodal_video", "5-four-modes-video"),
    ("single_ddpm", "6-ddpm-single"),
    ("simple_ddpm", "7-ddpm-per-level"),
    ("multimodal_ddpm", "8-ddpm-four-modes"),
    ("detailed_ddpm", "9-ddpm-density"),
];

/// The config that is the system of one of the article's scripts, given by its name or as a file.
fn of_script(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let name = name.strip_suffix(".py").unwrap_or(&name);
    SCRIPTS.iter().find(|(script, _)| *script == name).map(|(_, config)| *config)
}

/// The names of the built-in configs.
pub fn names() -> Vec<&'static str> {
    BUILT_IN.iter().map(|config| config.name).collect()
}

/// The text of a built-in config.
pub fn built_in(name: &str) -> Result<&'static str, Failure> {
    let found = BUILT_IN.iter().find(|config| config.name == name);
    found.map(|config| config.text).ok_or_else(|| {
        let names = names();
        let hint = match (of_script(name), nearest(name, &names)) {
            _ if Path::new(&format!("{name}.json")).is_file() => {
                format!("did you mean {}.json, a file here?", shell_word(Path::new(name)))
            }
            (Some(config), _) => format!("that script of the article is `{config}` here."),
            (None, Some(near)) => format!("did you mean `{near}`?"),
            (None, None) => "`langevin configs` lists them.".to_owned(),
        };
        Failure::usage(format!(
            "no built-in config is called `{name}`; {hint} A config's path has a `/` or ends in .json; \
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
    let is_named = !name.contains('/') && !name.contains('\\') && !name.ends_with(".json");
    // What is there by that name is no config that was meant by it, and below it is said what it is.
    if is_named && (names().contains(&name) || name.is_empty() || !Path::new(name).exists()) {
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
            false => format!("{name} is a folder, and a run file is required; name a file in it"),
        }));
    }
    let text = read(path).map_err(|error| {
        let way = match error.kind() {
            io::ErrorKind::NotFound => {
                "; `langevin configs` lists the built-in configs, `langevin init DATA` writes one for a file of data"
                    .to_owned()
            }
            io::ErrorKind::InvalidData => format!(
                "; save it as UTF-8, and if it is data and no run file: langevin init {}",
                shell_word(path)
            ),
            _ => String::new(),
        };
        Failure::usage(format!("cannot read {name}: {error}{way}"))
    })?;
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
    // Who waits for a pipe that never speaks should know what for; what a shell connects is under /dev.
    #[cfg(unix)]
    if !path.starts_with("/dev")
        && std::fs::metadata(path).is_ok_and(|found| found.file_type().is_fifo())
    {
        note(&format!("reading the run file from {}, a pipe", path.display()));
    }
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
            return text.map_err(|error| {
                let at = error.utf8_error().valid_up_to();
                let message = format!("it is no text in UTF-8, from byte {at} on");
                io::Error::new(io::ErrorKind::InvalidData, message)
            });
        }
    };
    let (pairs, rest) = bytes.as_chunks();
    if !rest.is_empty() {
        return Err(io::Error::other("its UTF-16 ends in the middle of a character"));
    }
    let units: Vec<u16> = pairs.iter().skip(1).copied().map(of_pair).collect();
    String::from_utf16(&units).map_err(io::Error::other)
}
