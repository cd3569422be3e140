//! The deterministic simulation: thousands of seeds on the models, hundreds through the real flows,
//! and the proof that the auditor finds mistakes that were planted.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod flows;
mod models;
