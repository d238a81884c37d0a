//! Any bytes as checkpoints.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    langevin_fuzz::checkpoint(bytes);
});
