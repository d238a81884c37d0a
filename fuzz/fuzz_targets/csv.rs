//! Any bytes as tables of text.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    langevin_fuzz::csv(bytes);
});
