//! What the operator sees of a running Oxcart: log lines and metrics.
//!
//! *Invariant:* no globals but the subscriber, of which a process has exactly one: [`Metrics`] is a
//! value made by the composition root and handed to whoever counts something.

pub mod logs;
pub mod metrics;

pub use logs::{LogError, LogFormat, LogOptions, init};
pub use metrics::Metrics;
pub use prometheus;
