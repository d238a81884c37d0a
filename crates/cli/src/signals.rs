//! Signals that stop a run: after Ctrl-C, SIGTERM or a closed terminal it finishes its step, saves, and
//! says how to go on. A second signal ends the process at once.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

#[cfg(unix)]
use signal_hook::consts::SIGXFSZ;
use signal_hook::consts::{SIGINT, SIGTERM};

/// Whether a signal has asked the program to stop.
#[derive(Debug, Clone)]
pub struct Signals {
    received: Arc<AtomicUsize>,
}

impl Signals {
    /// Starts to listen. Where the system allows no handler, a signal keeps its default effect.
    pub fn listen() -> Self {
        let received = Arc::new(AtomicUsize::new(0));
        for signal in stopping() {
            let again = Arc::new(AtomicBool::new(false));
            // In this order, the first signal arms the second to end the process.
            let exit = 128 + signal;
            let _ =
                signal_hook::flag::register_conditional_shutdown(signal, exit, Arc::clone(&again));
            let _ = signal_hook::flag::register(signal, again);
            let value = signal as usize;
            let _ = signal_hook::flag::register_usize(signal, Arc::clone(&received), value);
        }
        // A file may reach the system's limit of size. With this signal caught, the write fails with an
        // error that names the file; uncaught, the signal would end the process without a word.
        #[cfg(unix)]
        let _ = signal_hook::flag::register(SIGXFSZ, Arc::default());
        Self { received }
    }

    /// The exit code of the signal that was received, if one was.
    pub fn exit_code(&self) -> Option<u8> {
        match self.received.load(Ordering::Relaxed) {
            0 => None,
            signal => Some(128 + signal as u8),
        }
    }
}

/// The signals that ask to stop.
fn stopping() -> Vec<i32> {
    let mut signals = vec![SIGINT, SIGTERM];
    #[cfg(unix)]
    if !hangup_is_ignored() {
        signals.push(signal_hook::consts::SIGHUP);
    }
    signals
}

/// Whether the program was started to outlive its terminal, as by `nohup`, and so ignores SIGHUP.
#[cfg(unix)]
fn hangup_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let bits = ignored.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok());
    bits.is_some_and(|bits| bits & (1 << (signal_hook::consts::SIGHUP - 1)) != 0)
}
