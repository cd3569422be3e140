#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzing::opaque_token(data));
