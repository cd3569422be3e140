//! What pages show, on a real database.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod cart;
mod layout;
mod orders;
mod prices;
mod products;
mod search;
