#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzing::idempotency_key(data));
