//! Any bytes as the XML of a workbook's sheet, and as a workbook.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    langevin_fuzz::sheet(bytes);
});
