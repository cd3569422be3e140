//! `create_order_with_inventory_deduction`, the order in SQL, against the order engine: the same
//! answers, the same rows, and both at once on one shop.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod archive;
mod client;
mod differential;
mod form;
mod races;
mod sourcing;
mod twins;
mod world;
