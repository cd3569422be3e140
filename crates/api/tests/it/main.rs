//! The API over its real router and a real database.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod access;
mod accounts;
mod actors;
mod after_sale;
mod api_keys;
mod app;
mod auth;
mod backorders;
mod bad_input;
mod belongings;
mod bundles;
mod buying;
mod cart;
mod catalog;
mod catalog_admin;
mod challenge;
mod description;
mod events;
mod examples;
mod hands;
mod headers;
mod inventory;
mod limits;
mod messages;
mod order_requests;
mod orders;
mod payments;
mod people;
mod pricing_admin;
mod refunds;
mod search;
mod second_factor;
mod stock_book;
mod stock_edges;
mod stocktake_edges;
mod stocktake_races;
mod stocktakes;
mod transfers;
mod warehouses;
mod webhooks;
