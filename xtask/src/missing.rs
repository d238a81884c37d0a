//! What this machine lacks, so that tests skip a part: said before they run, not after.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// A need of some tests, and how to tell whether it is there.
struct Need {
    /// What is skipped without it.
    skips: &'static str,
    /// What is missing, and how it comes.
    lacks: &'static str,
    /// The variable by which its absence is a failure.
    required_by: &'static str,
    is_there: fn() -> bool,
}

const NEEDS: &[Need] = &[
    Need {
        skips: "tests on wgpu",
        lacks: "no Vulkan driver: apt-get install mesa-vulkan-drivers libvulkan1",
        required_by: "LANGEVIN_REQUIRE_WGPU",
        is_there: has_vulkan,
    },
    Need {
        skips: "pages in a browser",
        lacks: "no chromium: apt-get install chromium; and a Python with websocket-client, by LANGEVIN_PYTHON",
        required_by: "LANGEVIN_REQUIRE_CHROMIUM",
        is_there: || {
            ["chromium", "chromium-browser", "google-chrome"].into_iter().any(has)
                && imports("websocket")
        },
    },
    Need {
        skips: "films by another decoder",
        lacks: "no ffmpeg: apt-get install ffmpeg",
        required_by: "LANGEVIN_REQUIRE_FFMPEG",
        is_there: || has("ffmpeg") && has("ffprobe"),
    },
    Need {
        skips: "system calls that fail",
        lacks: "no strace: apt-get install strace",
        required_by: "LANGEVIN_REQUIRE_STRACE",
        is_there: || !cfg!(target_os = "linux") || has("strace"),
    },
    Need {
        skips: "weights as numpy reads them",
        lacks: "no Python with numpy and safetensors, by LANGEVIN_PYTHON",
        required_by: "LANGEVIN_PYTHON",
        is_there: || imports("numpy, safetensors"),
    },
    Need {
        skips: "full disks and read-only mounts",
        lacks: "this system lets nobody make mounts of their own",
        required_by: "LANGEVIN_REQUIRE_MOUNTS",
        is_there: || works(Command::new("unshare").args(["--map-root-user", "--mount", "true"])),
    },
];

/// A line for each part of the tests that is skipped here.
pub fn skipped() -> Vec<String> {
    let missing = NEEDS.iter().filter(|need| !(need.is_there)());
    let line = |need: &Need| match env::var_os(need.required_by) {
        None => format!("skipped: {} ({})", need.skips, need.lacks),
        Some(_) => format!("required by {}, and missing: {}", need.required_by, need.lacks),
    };
    missing.map(line).collect()
}

fn has(program: &str) -> bool {
    let folders = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&folders).any(|folder| folder.join(program).is_file())
}

fn imports(modules: &str) -> bool {
    let python = env::var_os("LANGEVIN_PYTHON").unwrap_or("python3".into());
    works(Command::new(python).args(["-c", &format!("import {modules}")]))
}

fn works(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// Whether Vulkan has a loader's list of drivers; other systems than Linux have a GPU's own API.
fn has_vulkan() -> bool {
    let lists = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"].map(PathBuf::from);
    let has_driver =
        |list: &PathBuf| Path::read_dir(list).is_ok_and(|mut list| list.next().is_some());
    !cfg!(target_os = "linux")
        || ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"].iter().any(|name| env::var_os(name).is_some())
        || lists.iter().any(has_driver)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_told_from_what_is_not() {
        assert!(has("cargo") && !has("no-such-program"));
        assert!(works(Command::new("cargo").arg("--version")));
        assert!(!works(Command::new("cargo").arg("no-such-command")));
        assert!(!works(&mut Command::new("no-such-program")));
    }
}
