//! Payments: attempts to pay an order, and what the provider said about them.
//!
//! *Invariants:*
//! - every attempt has a trade number of its own, never used again;
//! - at most one success an order is kept (unique index); any other success goes back;
//! - money wins: a success is taken from any state that is not one already, and a paid attempt
//!   never goes back to failed because of a late notice;
//! - every notice is kept word for word, with the verdict.
//!
//! *Lock order:* attempts are locked after their order's row and before any stock row.

pub mod error;
pub mod events;
mod locks;
pub mod model;
pub mod notices;
pub mod refunds;
mod sql;
pub mod trade_no;
pub mod transition;

pub use error::PaymentError;
pub use locks::{lock, lock_by_key};
pub use model::{InvalidPaymentMove, Payment, PaymentMove, PaymentStatus};
pub use trade_no::TradeNo;
pub use transition::{Settlement, transition};

use kernel::id::OrderId;
use pg::{Connection, DbResult};

/// Writes a new attempt, `created`.
pub async fn insert(
    conn: &mut Connection,
    payment: &Payment,
    idempotency_key: uuid::Uuid,
) -> DbResult<()> {
    sql::insert(conn, payment, idempotency_key).await
}

/// The attempt a trade number belongs to, without locking.
pub async fn find(conn: &mut Connection, trade_no: &TradeNo) -> DbResult<Option<Payment>> {
    sql::find(conn, trade_no).await
}

/// The attempts to pay an order, oldest first.
pub async fn of_order(conn: &mut Connection, order: OrderId) -> DbResult<Vec<Payment>> {
    sql::of_order(conn, order).await
}
