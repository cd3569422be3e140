//! What must hold for every input from outside, whatever its bytes: nothing panics, what is read
//! can be written and read again, what is forged is refused, and what comes out is bounded.
//!
//! Each function here is the body of a fuzz target of the same name. `scripts/fuzz.sh` runs them
//! under libFuzzer, guided by coverage (`fuzz/`); the tests of this crate run each over its seeds in
//! `fuzz/corpus/` and over some thousands of their neighbours, in seconds.
//!
//! A function panics when a property does not hold: that is its only outcome.

use serde_json::Value;

/// A fuzz target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name: of its module here, its program in `fuzz/` and its folder of seeds.
    pub name: &'static str,
    /// Panics when something does not hold for these bytes.
    pub run: fn(&[u8]),
}

macro_rules! targets {
    ($($name:ident)+) => {
        $(
            mod $name;
            pub use $name::$name;
        )+

        /// All of them.
        pub const TARGETS: &[Target] = &[$(Target { name: stringify!($name), run: $name },)+];
    };
}

targets! {
    accept_language
    access_token
    account_words
    csv_row
    cursor
    ecpay_files
    ecpay_notice
    ecpay_replies
    forwarded_for
    idempotency_key
    list_parameters
    opaque_token
    order_body
    policy_file
    product_file
}

/// The bytes as text; what is no UTF-8 is replaced.
fn text(data: &[u8]) -> String {
    String::from_utf8_lossy(data).into_owned()
}

/// Whether a text somewhere in it holds what PostgreSQL's texts cannot.
fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(parts) => parts.iter().any(holds_nul),
        Value::Object(parts) => {
            parts.iter().any(|(name, part)| name.contains('\0') || holds_nul(part))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
