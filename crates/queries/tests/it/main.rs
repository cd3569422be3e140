//! What pages show, on a real database.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod cart;
mod orders;
mod products;
