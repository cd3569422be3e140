//! The API over its real router and a real database.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod access;
mod accounts;
mod actors;
mod api_keys;
mod app;
mod auth;
mod backorders;
mod bad_input;
mod bundles;
mod cart;
mod catalog;
mod challenge;
mod description;
mod hands;
mod headers;
mod inventory;
mod limits;
mod order_requests;
mod orders;
mod people;
mod second_factor;
mod stock_book;
mod stocktake_races;
mod stocktakes;
mod transfers;
mod warehouses;
