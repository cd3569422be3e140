//! Every SQL statement of the outbox.

pub mod events;
pub mod jobs;
