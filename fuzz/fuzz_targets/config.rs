//! Any bytes as run files.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    langevin_fuzz::config(bytes);
});
