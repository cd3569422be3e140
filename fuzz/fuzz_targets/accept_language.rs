#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzing::accept_language(data));
