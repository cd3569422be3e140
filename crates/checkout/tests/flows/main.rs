//! The flows against a real PostgreSQL: placing, paying, cancelling, expiring. Every test ends with
//! an audit of the whole database.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod archive;
mod backorders;
mod bench;
mod bundles;
mod ending;
mod expiry;
mod faults;
mod gate;
mod holds;
mod limits;
mod paying;
mod placing;
mod races;
mod scenarios;
