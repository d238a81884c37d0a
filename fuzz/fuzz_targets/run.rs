//! Any bytes as files of a run folder.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    langevin_fuzz::run(bytes);
});
