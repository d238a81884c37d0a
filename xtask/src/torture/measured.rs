//! Programs run to their end, with the time and the memory that they took.

use std::{
    fs::{self, File},
    io,
    path::Path,
    process::{Child, Command},
    thread::sleep,
    time::{Duration, Instant},
};

/// Longest time of a program; then it is stopped.
const HANGS: Duration = Duration::from_secs(120);

/// End of a program.
pub struct Ended {
    /// Exit code; none where a signal ended the program.
    pub code: Option<i32>,
    /// Text of standard output.
    pub out: String,
    /// Text of standard error.
    pub err: String,
    /// Time from start to end.
    pub took: Duration,
    /// Peak memory in KiB; 0 where the system does not say.
    pub peak: u64,
}

/// Runs a program in a folder to its end.
pub fn measured(command: &mut Command, folder: &Path) -> Result<Ended, String> {
    let failed = |error: io::Error| format!("langevin: {error}");
    // Files, since nobody would empty pipes while the program runs.
    let [out, err] = ["said-out", "said-err"].map(|name| folder.join(name));
    command.stdout(File::create(&out).map_err(failed)?);
    command.stderr(File::create(&err).map_err(failed)?);
    let start = Instant::now();
    let mut child = command.current_dir(folder).spawn().map_err(failed)?;
    let (code, peak) = loop {
        if let Some(ended) = end(&mut child).map_err(failed)? {
            break ended;
        }
        if start.elapsed() > HANGS {
            child.kill().map_err(failed)?;
        }
        sleep(Duration::from_millis(1));
    };
    let took = start.elapsed();
    let text = |path: &Path| {
        let bytes = fs::read(path).map_err(failed)?;
        Ok::<_, String>(String::from_utf8_lossy(&bytes).into_owned())
    };
    Ok(Ended { code, out: text(&out)?, err: text(&err)?, took, peak })
}

/// Exit code and peak memory of a process that has ended; none while it runs.
#[cfg(target_os = "linux")]
fn end(child: &mut Child) -> io::Result<Option<(Option<i32>, u64)>> {
    let mut status = 0;
    // SAFETY: all-zero bytes are a valid value of this structure of numbers.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    let id = libc::pid_t::try_from(child.id()).map_err(io::Error::other)?;
    // SAFETY: both places may be written, and the process is our own child, which nobody else waits for.
    match unsafe { libc::wait4(id, &mut status, libc::WNOHANG, &mut usage) } {
        0 => Ok(None),
        found if found == id => {
            let code = libc::WIFEXITED(status).then(|| libc::WEXITSTATUS(status));
            Ok(Some((code, usage.ru_maxrss.try_into().unwrap_or(0))))
        }
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(not(target_os = "linux"))]
fn end(child: &mut Child) -> io::Result<Option<(Option<i32>, u64)>> {
    Ok(child.try_wait()?.map(|status| (status.code(), 0)))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::program::Scratch;

    #[test]
    fn a_program_s_end_its_words_and_its_memory_are_known() {
        let scratch = Scratch::new("test-of-measured").expect("a temporary folder");
        let mut command = Command::new("sh");
        command.args(["-c", "echo out; echo err >&2; exit 7"]);
        let ended = measured(&mut command, scratch.folder()).expect("it runs");
        assert_eq!((ended.code, &*ended.out, &*ended.err), (Some(7), "out\n", "err\n"));
        assert!((100..100_000).contains(&ended.peak), "{} KiB", ended.peak);
    }
}
