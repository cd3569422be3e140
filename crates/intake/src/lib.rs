//! The order engine: queue → batch → one transaction → answers (DESIGN 6).
//!
//! Requests enter a bounded queue. A few batchers each take what is waiting and place the whole
//! batch in one transaction: lock the stock rows touched, in key order; decide every request in
//! arrival order with the pure rules; write everything with set-based statements; commit; answer.
//! One request costs a fraction of a transaction, and the rows of a hot variant are locked once a
//! batch instead of once an order.
//!
//! *Invariants:*
//! - there is no other way to place an order, but the function in SQL that a differential test holds
//!   to this one (`docs/sql-orders.md`);
//! - an answer "placed" is given after the commit, never before;
//! - a batch that fails is split until the guilty request is alone: an innocent one never fails
//!   because of a neighbour;
//! - a batch whose commit was not acknowledged is done again as it is: the idempotency keys stored
//!   with the orders tell what had been placed;
//! - the queue is bounded; when it is full, requests are refused at once ([`PlaceError::QueueFull`]);
//! - requests with the same key never run beside each other in one process;
//! - the sold-out gate never refuses but by a look at the database.

mod allowances;
mod backorders;
mod batch;
mod batcher;
mod bundles;
mod caution;
mod decide;
mod engine;
mod gate;
mod holds;
mod metrics;
#[cfg(feature = "mutants")]
mod mutants;
mod pending;
mod placed;
mod recall;
mod request;
mod ticket;

pub use engine::{Intake, Settings};
pub use metrics::IntakeMetrics;
pub use pending::{Followed, Pending, RequestName};
pub use placed::{Deduction, LineFace, Placed};
pub use recall::recall;
pub use request::{
    OverLimit, PlaceError, PlaceOrder, PriceChange, Refusal, RequestedLine, ShortLine,
};
pub use ticket::Submission;
