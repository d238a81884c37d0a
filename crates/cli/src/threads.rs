//! Threads of the program: its own, whose stack does not depend on the shell's limits, and the pool that computes.

use std::{process::ExitCode, thread};

use rayon::ThreadPoolBuilder;

use crate::{failure::Failure, output::note};

/// The environment variable that names the number of threads, rayon's own.
const ASKED: &str = "RAYON_NUM_THREADS";

/// Bytes of stack of the program's thread.
const PROGRAM_STACK: usize = 16 << 20;

/// Bytes of stack of each thread of the pool.
const STACK: usize = 4 << 20;

/// Most threads for each processor that the program may use.
const MOST_EACH: usize = 4;

/// Runs the program in a thread of its own. `ulimit -s` sets the stack of a process's first thread alone.
pub fn run(program: impl FnOnce() -> ExitCode + Send + 'static) -> Result<ExitCode, Failure> {
    let thread = thread::Builder::new().name("langevin".to_owned()).stack_size(PROGRAM_STACK);
    let thread = thread.spawn(program).map_err(|error| none_starts(1, &error))?;
    // A panic has said what it is.
    Ok(thread.join().unwrap_or(ExitCode::from(101)))
}

/// Starts the pool of threads that computes: as many as there are processors, or as RAYON_NUM_THREADS asks for within
/// what the machine can use.
pub fn start_pool() -> Result<(), Failure> {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let asked = std::env::var_os(ASKED).filter(|asked| !asked.is_empty());
    let (threads, warning) = match &asked {
        None => (processors, None),
        Some(asked) => threads_for(&asked.to_string_lossy(), processors),
    };
    warning.iter().for_each(|warning| note(&format!("warning: {warning}")));
    let pool = ThreadPoolBuilder::new().num_threads(threads).stack_size(STACK);
    pool.build_global().map_err(|error| none_starts(threads, &error))
}

/// Number of threads for what RAYON_NUM_THREADS asks for, and what is to be said of it.
fn threads_for(asked: &str, processors: usize) -> (usize, Option<String>) {
    let most = processors.saturating_mul(MOST_EACH);
    match asked.trim().parse::<u128>() {
        // Rayon's own meaning of it.
        Ok(0) => (processors, None),
        Ok(asked) if asked <= most as u128 => (asked as usize, None),
        Ok(asked) => {
            let said = format!(
                "{ASKED}={asked}: this process may use {processors} processors, and starts {most} threads, the most \
                 that it makes of them"
            );
            (most, Some(said))
        }
        Err(_) => {
            let said = format!(
                "{ASKED} must be a whole number, got {asked:?}: {processors} threads are started"
            );
            (processors, Some(said))
        }
    }
}

fn none_starts(threads: usize, error: &dyn std::error::Error) -> Failure {
    let why = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    let many = if threads == 1 { "a thread".to_owned() } else { format!("{threads} threads") };
    Failure::at_run_time(format!("cannot start {many}: {why}")).then(format!(
        "hint: the limits on processes and memory (ulimit -u, ulimit -v, a container's) must allow \
                       them; {ASKED}=1 needs the fewest"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_bounded_by_the_processors_with_a_word() {
        for (asked, threads) in [("1", 1), (" 8 ", 8), ("0", 2)] {
            assert_eq!(threads_for(asked, 2), (threads, None), "{asked}");
        }
        for (asked, threads) in
            [("9", 8), ("1000000000", 8), ("99999999999999999999999", 8), ("x", 2), ("-1", 2)]
        {
            let (started, said) = threads_for(asked, 2);
            assert_eq!(started, threads, "{asked}");
            assert!(said.is_some_and(|said| said.contains(asked)), "{asked}");
        }
    }
}
