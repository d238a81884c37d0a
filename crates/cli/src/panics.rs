//! Panics: what they say, and what follows.

use std::{backtrace::Backtrace, panic, sync::atomic::Ordering};

use crate::{
    failure::Failure,
    memory::SAYS_JSON,
    output::{note, note_lines, print_failure},
};

/// Sets what a panic says, and what follows.
///
/// The standard library and others panic where the system denies them what it has never denied: random numbers, a pause,
/// the end of a folder's list. That is no defect of the program, and no part of it can go on then, so it ends as other
/// failures do.
pub fn watch() {
    panic::set_hook(Box::new(|panic| {
        let what = panic.payload_as_str().unwrap_or("without a word");
        let place = panic.location().map_or(String::new(), |place| place.to_string());
        let is_denied = place.contains("library/std/src/sys/")
            || ["os error ", "Os { code: "].iter().any(|error| what.contains(error));
        if is_denied {
            let failure = Failure::at_run_time(format!(
                "the system denies this process what it needs: {what}. What was saved before is kept"
            ));
            print_failure(&failure, SAYS_JSON.load(Ordering::Relaxed));
            signal_hook::low_level::exit(1);
        }
        note(&format!("panic: {what}, at {place}"));
        let trace = Backtrace::capture().to_string();
        note_lines(trace.lines().filter(|line| !line.starts_with("disabled")));
    }));
}

/// Runs what others wrote, which may panic where the system gives too little; then the panic's message comes back.
#[cfg(feature = "wgpu")]
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let done = panic::catch_unwind(panic::AssertUnwindSafe(work));
    panic::set_hook(hook);
    done.map_err(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        text.unwrap_or_else(|| "it gave up without a word".to_owned())
    })
}
