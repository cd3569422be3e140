//! Refunds 退款: money that goes back, all of a payment or part of it.
//!
//! *Invariants:*
//! - what refunds ask for that were not rejected is never more than the payment brought: it is decided
//!   under the payment's lock;
//! - what went back is counted on the payment, whose constraint holds its status to it;
//! - `processing` is committed before the provider is asked, and `unclear` with it: after a crash it
//!   is known that the provider may have been asked;
//! - one refund of a payment is at the provider at a time (unique index);
//! - every move has its row, with who, when and why.
//!
//! *Lock order:* the order's row, the payment's, the refund's. The workers' claims hold nothing else
//! and skip what is locked.

pub mod error;
pub mod events;
mod locks;
pub mod model;
pub mod pay_back;
pub mod read;
pub mod request;
mod sql;
mod transition;

pub use error::RefundError;
pub use locks::lock;
pub use model::{
    AutomaticRefund, InvalidRefundMove, Refund, RefundAccount, RefundBalance, RefundLine,
    RefundMove, RefundStatus, RefundStep,
};
pub use pay_back::{Claim, Wait, adopt, claim, confirm, fail, hand_over, retry, succeed, wait};
pub use read::{RefundFilter, find, list, of_order, steps};
pub use request::{
    NewRefund, RequestKey, approve, balance, find_by_key, lines_taken, paid_by_provider, reject,
    request, request_automatic, set_account,
};
