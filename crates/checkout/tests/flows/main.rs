//! The flows against a real PostgreSQL: placing, paying, cancelling, expiring. Every test ends with
//! an audit of the whole database.

mod bench;
mod ending;
mod paying;
mod placing;
mod races;
