//! The proof: tries to make Oxcart sell a unit twice, lose an order or make one twice.
//!
//! - [`simulation`] plays generated scenarios, from a seed, on the pure models and through the real
//!   flows, beside an auditor that keeps its own books;
//! - [`live`] runs the real program under faults and records what its clients saw;
//! - [`checker`] decides from those histories and the database whether a promise was broken.

#![expect(clippy::similar_names, reason = "takes are taken from shelves by themselves")]

pub mod checker;
pub mod live;
pub mod simulation;
mod sql;
