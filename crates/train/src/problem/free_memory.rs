//! Amount of memory that is free.

use sysinfo::CGroupLimits;

/// Bytes of memory that are free for a new process, within the limits of a container where it runs in
/// one. Returns `None` where the system does not say.
pub fn free_memory() -> Option<u64> {
    let mut system = sysinfo::System::new();
    system.refresh_memory();
    let available = Some(system.available_memory()).filter(|bytes| *bytes > 0);
    available.map(|available| within(available, system.cgroup_limits()))
}

/// Bytes that are free both in the whole system and within the limits of a control group, where there
/// are any.
///
/// The limits' own `free_memory` counts the group's cache of files as used. The cache gives way to a
/// process that needs memory, so it counts as free here, as it does in `available`.
fn within(available: u64, limits: Option<CGroupLimits>) -> u64 {
    let left = limits.map(|limits| limits.total_memory.saturating_sub(limits.rss));
    left.map_or(available, |left| available.min(left))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_s_limit_counts_without_its_cache_of_files() {
        let limits = |total_memory, rss| {
            Some(CGroupLimits { total_memory, rss, free_memory: 1, free_swap: 0 })
        };
        assert_eq!(within(100, None), 100);
        assert_eq!(within(100, limits(80, 20)), 60);
        assert_eq!(within(50, limits(80, 20)), 50);
        assert_eq!(within(100, limits(80, 90)), 0, "none left");
    }
}
