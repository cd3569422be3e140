//! The API over its real router and a real database.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod app;
mod auth;
mod bad_input;
mod cart;
mod catalog;
mod description;
mod hands;
mod inventory;
mod order_requests;
mod orders;
