//! Ctrl-C and SIGTERM: finish the step, save, and say how to go on. A second one ends at once.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use signal_hook::consts::{SIGINT, SIGTERM};

/// Whether a signal has asked the program to stop.
#[derive(Debug, Clone)]
pub struct Signals {
    received: Arc<AtomicUsize>,
}

impl Signals {
    /// Listens from now on. A system that does not let it leaves the signals as they are.
    pub fn listen() -> Self {
        let received = Arc::new(AtomicUsize::new(0));
        for signal in [SIGINT, SIGTERM] {
            let again = Arc::new(AtomicBool::new(false));
            // In this order, the first signal arms the second to end the process.
            let exit = 128 + signal;
            let _ =
                signal_hook::flag::register_conditional_shutdown(signal, exit, Arc::clone(&again));
            let _ = signal_hook::flag::register(signal, again);
            let value = signal as usize;
            let _ = signal_hook::flag::register_usize(signal, Arc::clone(&received), value);
        }
        Self { received }
    }

    /// The exit code of the signal that was received.
    pub fn exit_code(&self) -> Option<u8> {
        match self.received.load(Ordering::Relaxed) {
            0 => None,
            signal => Some(128 + signal as u8),
        }
    }
}
