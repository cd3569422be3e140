//! The mails: what each needs to know, and what it says.

pub mod account;
pub mod operations;
pub mod order;
pub mod payment;
pub mod refund;
pub mod shipping;
pub mod stock;
