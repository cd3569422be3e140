//! Stock against a real database.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bench;
mod low_stock;
mod parts;
mod reading;
mod repair;
mod withdrawing;
