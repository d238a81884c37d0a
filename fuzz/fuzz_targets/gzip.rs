//! Any bytes as tables packed by gzip.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    langevin_fuzz::gzip(bytes);
});
