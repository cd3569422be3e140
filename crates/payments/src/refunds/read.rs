//! Looking at refunds, without locking.

use jiff::Timestamp;
use kernel::id::{OrderId, RefundId};
use pg::{Connection, DbResult};

use super::{
    model::{Refund, RefundStatus, RefundStep},
    sql,
};

/// Which refunds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RefundFilter {
    /// With this status.
    pub status: Option<RefundStatus>,
    /// Of this order.
    pub order: Option<OrderId>,
    /// Requested by the shop itself, or by somebody.
    pub automatic: Option<bool>,
    /// To be transferred by hand, or not.
    pub by_hand: Option<bool>,
    /// Requested at this time or later.
    pub from: Option<Timestamp>,
    /// Requested before this time.
    pub until: Option<Timestamp>,
}

/// A refund.
pub async fn find(conn: &mut Connection, id: RefundId) -> DbResult<Option<Refund>> {
    sql::find(conn, id).await
}

/// The refunds of an order, the oldest first.
pub async fn of_order(conn: &mut Connection, order: OrderId) -> DbResult<Vec<Refund>> {
    sql::of_order(conn, order).await
}

/// Refunds that fit, the newest first; `after` is the last one of the page before.
pub async fn list(
    conn: &mut Connection,
    filter: &RefundFilter,
    after: Option<RefundId>,
    limit: i64,
) -> DbResult<Vec<Refund>> {
    sql::list(conn, filter, after, limit).await
}

/// What happened to a refund, the first thing first.
pub async fn steps(conn: &mut Connection, id: RefundId) -> DbResult<Vec<RefundStep>> {
    sql::steps(conn, id).await
}
