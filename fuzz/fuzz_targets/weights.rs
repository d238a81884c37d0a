//! Any bytes as safetensors files.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    langevin_fuzz::weights(bytes);
});
