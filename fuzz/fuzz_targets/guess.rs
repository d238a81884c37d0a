//! Any bytes as tables whose layout is guessed.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    langevin_fuzz::guess(bytes);
});
