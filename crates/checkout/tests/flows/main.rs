//! The flows against a real PostgreSQL: placing, paying, cancelling, expiring. Every test ends with
//! an audit of the whole database.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod after_sale;
mod archive;
mod asking;
mod backorders;
mod bench;
mod bundles;
mod by_hand;
mod desk;
mod ecpay_money;
mod ending;
mod expiry;
mod faults;
mod gate;
mod holds;
mod limits;
mod matrix;
mod methods;
mod paying;
mod placing;
mod polling;
mod promotions;
mod races;
mod reconciling;
mod refunds;
mod reminding;
mod scenarios;
