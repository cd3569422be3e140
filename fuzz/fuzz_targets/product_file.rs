#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzing::product_file(data));
