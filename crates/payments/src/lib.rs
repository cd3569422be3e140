//! Payments: ways of paying, attempts to pay an order, and what the providers said about them.
//!
//! *Invariants:*
//! - every attempt has a trade number of its own, never used again;
//! - at most one success an order is kept (unique index); any other success goes back;
//! - money wins: a success is taken from any state that is not one already, and a paid attempt
//!   never goes back to failed because of a late notice;
//! - every notice is kept word for word, with the verdict;
//! - an attempt whose provider can be asked ([`Payment::askable`]) is asked about until its money is
//!   there or nobody can pay any more ([`polling`]), and its order is not expired unasked;
//! - what goes back of a payment is never more than it brought ([`refunds`]).
//!
//! Who takes the money is a [`PaymentProvider`]; which ones there are, [`Providers`] knows.
//!
//! *Lock order:* attempts are locked after their order's row, refunds after their attempt's, and both
//! before any stock row; a method of payment alone.

pub mod code;
pub mod error;
pub mod events;
mod locks;
pub mod methods;
pub mod model;
pub mod notices;
pub mod polling;
pub mod provider;
pub mod providers;
pub mod receipts;
pub mod reconciliation;
pub mod refunds;
mod sql;
pub mod tasks;
pub mod trade_no;
pub mod transition;

pub use code::IssuedCode;
pub use error::PaymentError;
pub use locks::{lock, lock_by_key};
pub use methods::{Method, MethodError, MethodRefusal};
pub use model::{InvalidPaymentMove, Payment, PaymentMove, PaymentStatus};
pub use provider::{
    BankAccount, Instruction, PaymentAsk, PaymentProvider, ProviderError, ProviderState,
    RefundAnswer, RefundOrder,
};
pub use providers::Providers;
pub use trade_no::TradeNo;
pub use transition::{Settlement, transition};

use jiff::Timestamp;
use kernel::id::{OrderId, PaymentId};
use pg::{Connection, DbResult};

/// Writes a new attempt, `created`; it is asked about from `next_poll_at` on.
pub async fn insert(
    conn: &mut Connection,
    payment: &Payment,
    idempotency_key: uuid::Uuid,
    next_poll_at: Option<Timestamp>,
) -> DbResult<()> {
    sql::insert(conn, payment, idempotency_key, next_poll_at).await
}

/// The attempt a trade number belongs to, without locking.
pub async fn find(conn: &mut Connection, trade_no: &TradeNo) -> DbResult<Option<Payment>> {
    sql::find(conn, trade_no).await
}

/// One attempt, without locking.
pub async fn load(conn: &mut Connection, payment: PaymentId) -> DbResult<Option<Payment>> {
    sql::load(conn, payment).await
}

/// The attempts to pay an order, oldest first.
pub async fn of_order(conn: &mut Connection, order: OrderId) -> DbResult<Vec<Payment>> {
    sql::of_order(conn, order).await
}
