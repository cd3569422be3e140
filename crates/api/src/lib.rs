//! The HTTP API (DESIGN 7): thin endpoints over the flows and the read side.
//!
//! *Invariant:* one endpoint a file, holding its request and answer types, its description and its
//! handler. *Invariant:* handlers decide nothing: they read the input, call a flow or a query, and
//! map the outcome to a status and a problem code.

pub mod access;
pub mod admin;
mod after_sale;
pub mod dev;
pub mod hooks;
pub mod kit;
pub mod openapi;
pub mod ops;
mod pictures;
mod router;
mod state;
pub mod stock_files;
pub mod storefront;

pub use router::{busy, router, surround};
pub use state::{AppState, Parts};
