//! What comes after the sale, over HTTP: operations' orders, parcels, returns.

mod operations;
mod parcels;
mod printing;
mod returns;
