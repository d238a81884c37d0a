//! Amount of memory that is free, and what sets it.

use std::{fmt, fs, path::Path};

/// Memory that this process may still take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FreeMemory {
    /// Bytes.
    pub bytes: u64,
    /// What sets them.
    pub bound: MemoryBound,
}

/// What sets how much memory a process may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MemoryBound {
    /// The memory that the machine has available.
    Machine,
    /// The limit of the container, a control group.
    Container,
    /// The process's limit on its address space, `ulimit -v`.
    AddressSpace,
    /// The process's limit on its data, `ulimit -d`.
    Data,
}

impl fmt::Display for MemoryBound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Machine => "the machine's memory",
            Self::Container => "the memory limit of this container (control group)",
            Self::AddressSpace => "this process's limit on its address space (ulimit -v)",
            Self::Data => "this process's limit on its data (ulimit -d)",
        })
    }
}

/// Memory that is free for this process: the least of what the machine has available, and what is left within the
/// limits of its control groups and its own. Returns `None` where the system does not say.
pub fn free_memory() -> Option<FreeMemory> {
    let mut system = sysinfo::System::new();
    system.refresh_memory();
    let available = Some(system.available_memory()).filter(|bytes| *bytes > 0);
    let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let container = left_in_groups(Path::new("/sys/fs/cgroup"), &text("/proc/self/cgroup"));
    let [space, data] = left_of_process(&text("/proc/self/limits"), &text("/proc/self/status"));
    let bounds = [
        (available, MemoryBound::Machine),
        (container, MemoryBound::Container),
        (space, MemoryBound::AddressSpace),
        (data, MemoryBound::Data),
    ];
    bounds.into_iter().filter_map(|(bytes, bound)| Some(FreeMemory { bytes: bytes?, bound })).min()
}

/// Bytes left within a process's limits on its address space and its data, from Linux's files on it. Other systems
/// have no such files, and do not hold a process to these limits.
///
/// Data that no one has touched counts as left: the allocator reserves a gibibyte before it gives any away.
fn left_of_process(limits: &str, status: &str) -> [Option<u64>; 2] {
    let number = |text: &str, name: &str, unit: u64| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(unit)
    };
    let used = |name: &str| number(status, name, 1024);
    [("Max address space", "VmSize:"), ("Max data size", "VmData:")].map(|(limit, all)| {
        let untouched = used("VmData:")?.saturating_sub(used("RssAnon:")?);
        let used = used(all)?.saturating_sub(untouched);
        Some(number(limits, limit, 1)?.saturating_sub(used))
    })
}

/// Bytes left within the limits of a process's control groups and of those that these lie in, which `root` has as
/// folders. `groups` is the process's /proc/self/cgroup.
fn left_in_groups(root: &Path, groups: &str) -> Option<u64> {
    let left = |line: &str| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, path) = (fields.next()?, fields.next()?);
        let is_memory = controllers.split(',').any(|it| it == "memory");
        let (root, limit) = match controllers {
            "" => (root.to_owned(), "memory.max"),
            _ if is_memory => (root.join("memory"), "memory.limit_in_bytes"),
            _ => return None,
        };
        let group = root.join(path.trim_start_matches('/'));
        let groups = group.ancestors().take_while(|folder| folder.starts_with(&root));
        groups.filter_map(|folder| left_in(folder, limit)).min()
    };
    groups.lines().filter_map(left).min()
}

/// Bytes left within a control group's own limit. Its cache of files gives way to a process that needs memory, so only
/// the memory of processes counts as used, as it does in what the machine has available.
fn left_in(folder: &Path, limit_file: &str) -> Option<u64> {
    let limit: u64 = fs::read_to_string(folder.join(limit_file)).ok()?.trim().parse().ok()?;
    let statistics = fs::read_to_string(folder.join("memory.stat")).unwrap_or_default();
    let used = |name: &str| -> Option<u64> {
        let mut fields = statistics.lines().map(|line| line.split_whitespace());
        fields.find_map(
            |mut line| if line.next()? == name { line.next()?.parse().ok() } else { None },
        )
    };
    // The names of version 2; those of version 1 for all groups within this one.
    let names = match limit_file {
        "memory.max" => ["anon", "shmem"],
        _ => ["total_rss", "total_shmem"],
    };
    Some(limit.saturating_sub(names.iter().filter_map(|name| used(name)).sum()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of control groups, with each file and its text.
    fn groups(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("temporary folder");
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("created");
            fs::write(path, text).expect("written");
        }
        root
    }

    #[test]
    fn a_container_s_limit_counts_without_its_cache_of_files() {
        let root =
            groups(&[("memory.max", "80\n"), ("memory.stat", "anon 15\nfile 60\nshmem 5\n")]);
        assert_eq!(left_in_groups(root.path(), "0::/"), Some(60));
        let old = groups(&[
            ("memory/memory.limit_in_bytes", "80\n"),
            ("memory/memory.stat", "cache 70\nrss 9\ntotal_rss 20\n"),
        ]);
        assert_eq!(left_in_groups(old.path(), "5:cpu,memory:/\n1:cpu:/x"), Some(60));
        assert_eq!(left_in_groups(old.path(), "1:cpu:/"), None);
    }

    #[test]
    fn the_least_of_a_group_and_those_around_it_counts() {
        let root = groups(&[
            ("a/b/memory.max", "max\n"),
            ("a/b/memory.stat", "anon 10\n"),
            ("a/memory.max", "100\n"),
            ("a/memory.stat", "anon 70\n"),
            ("memory.max", "1000\n"),
        ]);
        assert_eq!(left_in_groups(root.path(), "0::/a/b\n"), Some(30));
        assert_eq!(left_in_groups(root.path(), "0::/elsewhere\n"), Some(1000));
        assert_eq!(left_in_groups(&root.path().join("none"), "0::/\n"), None);
    }

    #[test]
    fn limits_of_the_process_count_by_what_it_has_taken() {
        let limits = "Limit  Soft Limit  Hard Limit  Units\n\
                      Max data size             unlimited            unlimited            bytes\n\
                      Max address space         1536000              unlimited            bytes\n";
        let status = "VmPeak:\t 900 kB\nVmSize:\t 500 kB\nRssAnon:\t 60 kB\nVmData:\t 100 kB\n";
        assert_eq!(left_of_process(limits, status), [Some(1024 * 1040), None]);
        let limits = "Max data size  102400  unlimited  bytes\n";
        assert_eq!(left_of_process(limits, status), [None, Some(1024 * 40)]);
        assert_eq!(left_of_process("", ""), [None, None]);
    }
}
