//! Which orders have been told what no event tells: that they were received, and that their time to
//! pay is nearly over. A mark is made in the transaction that writes the message's job, so each order
//! is told once, whatever number of workers looks.
//!
//! The marks lie apart from the orders, so that placing and paying an order costs nothing more. They
//! are forgotten after some days: by then nobody looks for these orders any more.

use jiff::Timestamp;
use kernel::id::OrderId;
use pg::{Connection, DbResult};

use crate::sql;

/// What an order is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// That it was received.
    Received,
    /// That its time to pay is nearly over.
    Ending,
}

impl Mark {
    /// As the database has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Ending => "ending",
        }
    }
}

/// Marks orders, each with the time it is told about (when it was placed; when its time ends), and
/// says which of them were not marked yet. An order whose time was extended may be told of its new
/// end. Somebody else who marks the same orders at this moment is waited for.
#[tracing::instrument(level = "debug", name = "db.notifications.mark", skip_all, err)]
pub async fn mark(
    conn: &mut Connection,
    mark: Mark,
    orders: &[(OrderId, Timestamp)],
    now: Timestamp,
) -> DbResult<Vec<OrderId>> {
    if orders.is_empty() {
        return Ok(Vec::new());
    }
    sql::mark(conn, mark, orders, now).await
}

/// Forgets up to `limit` marks that were made before `before`, and says how many.
#[tracing::instrument(name = "db.notifications.forget_marks", skip_all, err)]
pub async fn forget(conn: &mut Connection, before: Timestamp, limit: u32) -> DbResult<u64> {
    sql::forget(conn, before, i64::from(limit)).await
}
