//! Profile of a step: the lines at which `perf` finds a thread, by what their file does.
//!
//! The kernels are generic functions, one for each instruction set, so the names of functions say little.
//! Each address is therefore brought to its source files, the inlined ones first. The first file that is
//! known counts.

use std::{
    collections::BTreeMap,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use super::Bench;
use super::jobs::{JOBS, Job};
use super::side::Side;

/// Jobs whose time is shown.
const PROFILED: [&str; 3] = ["A", "B", "D"];

/// Kinds of code, by a part of the file's path. The first that fits counts.
const FILES: [(&str, &[&str]); 7] = [
    ("matrix products", &["/mlp_cpu/product"]),
    ("activation and its slope", &["/mlp_cpu/activation", "/mlp_cpu/functions"]),
    ("optimizer and norm of the gradient", &["/mlp_cpu/update"]),
    (SHARING, &["/mlp_cpu/team", "/rayon", "/crossbeam"]),
    ("input, loss, transposed weights, sums of chunks", &["/mlp_cpu/"]),
    ("random numbers", &["/chacha20", "data/src/normal", "data/src/math", "data/src/streams"]),
    ("rows, levels and targets", &["/diffusion.rs", "crates/core/src/", "crates/data/src/"]),
];
/// Kinds of functions without a file, by a part of their names. What the operating system's kernel does
/// beside memory is counted as threads that wait or are woken.
const FUNCTIONS: [(&str, &[&str]); 3] = [
    ("memory and copies", &["memmove", "memset", "memcpy", "mi_", "alloc", "page", "fault"]),
    ("rows, levels and targets", &["hypot", "ieee754", "log", "exp"]),
    (SHARING, &["futex", "sched", "pthread", "switch", "irq", "yield"]),
];
const SHARING: &str = "handing out work, and waiting for it";
const OTHER: &str = "other";

impl Bench<'_> {
    /// Measures the shares of each kind of code, job by job; none where perf, nm or addr2line is missing.
    pub(super) fn profile(&self) -> Result<Value, String> {
        let mut profile = json!({});
        for job in JOBS.iter().filter(|job| PROFILED.contains(&job.name)) {
            match self.shares(job)? {
                Some(shares) => profile[job.name] = json!(shares),
                None => return Ok(json!(null)),
            }
        }
        Ok(profile)
    }

    /// Share of each kind, the largest first.
    fn shares(&self, job: &Job) -> Result<Option<Vec<(&'static str, f64)>>, String> {
        let data = self.scratch.folder().join("perf.data");
        if !self.record(job, &data)? {
            return Ok(None);
        }
        let mut script = Command::new("perf");
        script.args(["script", "--no-demangle", "--fields", "ip,sym,symoff", "--input"]);
        let worker = &self.tools.worker;
        let (Some(samples), Some(symbols)) =
            (said(script.arg(&data)), said(Command::new("nm").arg(worker)))
        else {
            return Ok(None);
        };
        let samples = samples_of(&samples, &addresses(&symbols));
        let places: Vec<u64> = samples.iter().filter_map(|sample| sample.address).collect();
        Ok(lines(worker, &places).map(|files| shares_of(&samples, &files)))
    }

    /// Records a second and a half of steps on all cores. Gives whether there is a perf to do it.
    fn record(&self, job: &Job, data: &Path) -> Result<bool, String> {
        let training = self.training(job.run_file, None);
        let mut worker = Side::FLEX.ready(&self.tools, None, &training)?;
        let mut perf = Command::new("perf");
        perf.args(["record", "--quiet", "--event", "cpu-clock", "--freq", "2000", "--pid"]);
        perf.arg(worker.id().to_string()).arg("--output").arg(data);
        perf.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let Ok(mut recording) = perf.args(["--", "sleep", "1.5"]).spawn() else { return Ok(false) };
        worker.ask(&json!({ "measure": 2.0 }))?;
        Ok(recording.wait().is_ok_and(|status| status.success()))
    }
}

/// Sample of perf: where a thread was found.
#[derive(Debug, PartialEq)]
struct Sample {
    function: String,
    /// Address in the program, where the function is the program's.
    address: Option<u64>,
    in_kernel: bool,
}

/// Output of a command; none where it fails.
fn said(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Addresses of the program's functions, from the output of nm.
fn addresses(symbols: &str) -> BTreeMap<&str, u64> {
    let entry = |line| {
        let mut words = str::split_whitespace(line);
        let address = u64::from_str_radix(words.next()?, 16).ok()?;
        Some((words.nth(1)?, address))
    };
    symbols.lines().filter_map(entry).collect()
}

/// Samples in lines like `7f2f9de64f02 function+0x122`.
fn samples_of(script: &str, addresses: &BTreeMap<&str, u64>) -> Vec<Sample> {
    let sample = |line: &str| {
        let (place, function) = line.trim().split_once(' ')?;
        let (function, offset) = function.rsplit_once("+0x").unwrap_or((function, "0"));
        let offset = u64::from_str_radix(offset.split(' ').next()?, 16).ok()?;
        let address = addresses.get(function).map(|start| start + offset);
        let in_kernel = place.len() == 16 && place.starts_with('f');
        Some(Sample { function: function.to_owned(), address, in_kernel })
    };
    script.lines().filter_map(sample).collect()
}

/// Source files of each address, the inlined ones first.
fn lines(program: &Path, addresses: &[u64]) -> Option<BTreeMap<u64, Vec<String>>> {
    let mut command = Command::new("addr2line");
    command.args(["--addresses", "--inlines", "--exe"]).arg(program);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let mut input = child.stdin.take()?;
    let list: String = addresses.iter().map(|address| format!("{address:#x}\n")).collect();
    let writing = std::thread::spawn(move || input.write_all(list.as_bytes()));
    let output = child.wait_with_output().ok()?;
    writing.join().ok()?.ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let (mut files, mut present) = (BTreeMap::new(), 0);
    for line in text.lines() {
        match line.strip_prefix("0x").and_then(|digits| u64::from_str_radix(digits, 16).ok()) {
            Some(address) => {
                present = address;
                files.insert(address, Vec::new());
            }
            None => files.entry(present).or_default().push(line.to_owned()),
        }
    }
    Some(files)
}

/// Share of each kind in percent, the largest first.
fn shares_of(samples: &[Sample], files: &BTreeMap<u64, Vec<String>>) -> Vec<(&'static str, f64)> {
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    for sample in samples {
        *counts.entry(kind(sample, files)).or_default() += 1;
    }
    let share = |(name, count): (&'static str, usize)| {
        (name, (1000.0 * count as f64 / samples.len() as f64).round() / 10.0)
    };
    let mut shares: Vec<_> = counts.into_iter().map(share).collect();
    shares.sort_by(|a, b| b.1.total_cmp(&a.1));
    shares
}

fn kind(sample: &Sample, files: &BTreeMap<u64, Vec<String>>) -> &'static str {
    let own = sample.address.and_then(|address| files.get(&address));
    // All kernels are made of this file, so it does not tell which of them it is.
    let mut frames = own.into_iter().flatten().filter(|file| !file.contains("/mlp_cpu/simd"));
    let known = frames.find_map(|file| first(&FILES, file));
    known.or_else(|| first(&FUNCTIONS, &sample.function)).unwrap_or(match sample.in_kernel {
        true => SHARING,
        false => OTHER,
    })
}

/// First kind of which a part stands in a text.
fn first(kinds: &[(&'static str, &[&str])], text: &str) -> Option<&'static str> {
    let fits = |parts: &[&str]| parts.iter().any(|part| text.contains(part));
    kinds.iter().find(|(_, parts)| fits(parts)).map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SYMBOLS: &str =
        "0000000000001000 t kernel_a\n0000000000002000 T kernel_b\n                 U x\n";

    #[test]
    fn an_inlined_line_counts_for_the_file_that_it_comes_from() {
        let script = "  555500001010 kernel_a+0x10\n  555500002000 kernel_b+0x0\n  7f00 memset_x+0x1\n\
                      ffffffff82001234 __schedule+0x5\n";
        let samples = samples_of(script, &addresses(SYMBOLS));
        assert_eq!(samples[0].address, Some(0x1010));
        let path = |file: &str| format!("/x/crates/train/src/mlp_cpu/{file}.rs:1");
        let files = BTreeMap::from([
            (
                0x1010,
                vec![
                    "/rustc/core/slice.rs:9".to_owned(),
                    path("simd"),
                    path("product"),
                    path("pass"),
                ],
            ),
            (0x2000, vec![path("pass")]),
        ]);
        assert_eq!(
            shares_of(&samples, &files),
            [
                (SHARING, 25.0),
                ("input, loss, transposed weights, sums of chunks", 25.0),
                ("matrix products", 25.0),
                ("memory and copies", 25.0),
            ]
        );
    }
}
