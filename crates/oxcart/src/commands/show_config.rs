//! `oxcart config`.

use std::process::ExitCode;

use crate::{config::Config, supervise::lifecycle::say};

/// Prints every key with what it does and what it is.
pub fn run(config: &Config) -> ExitCode {
    for (key, value) in config.shown() {
        say(&format!("#{}\n{}={value}\n", key.doc, key.variable));
    }
    ExitCode::SUCCESS
}
