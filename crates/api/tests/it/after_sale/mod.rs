//! What comes after the sale, over HTTP: operations' orders, parcels, returns.

mod journey;
mod operations;
mod parcels;
mod printing;
mod returns;
