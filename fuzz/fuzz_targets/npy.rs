//! Any bytes as arrays of NumPy.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    langevin_fuzz::npy(bytes);
});
