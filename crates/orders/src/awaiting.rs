//! While an order waits for its money: how it is to be paid, until when it is held, and whether somebody
//! has to be asked before it may end.

use std::collections::HashMap;

use jiff::Timestamp;
use kernel::id::OrderId;
use pg::{Connection, DbResult};

use crate::{locks, placing::Order, sql_awaiting as sql};

/// What an order waits for from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Awaiting<'a> {
    /// The method of payment's code.
    pub payment_method: &'a str,
    /// Until when it is held; never less than it was.
    pub until: Timestamp,
    /// Whether somebody may have money for it and has to be asked before it ends.
    pub ask_first: bool,
}

/// Writes down what a locked order waits for. Who has to be asked once has to be asked for good.
pub async fn await_payment(
    conn: &mut Connection,
    order: &mut Order,
    awaiting: &Awaiting<'_>,
) -> DbResult<()> {
    let until = order.reserved_until.max(awaiting.until);
    sql::await_payment(conn, order.id, &Awaiting { until, ..*awaiting }).await?;
    order.payment_method = awaiting.payment_method.into();
    order.reserved_until = until;
    Ok(())
}

/// Puts off until `at` the next time that somebody is asked about a locked order.
pub async fn ask_again(conn: &mut Connection, order: OrderId, at: Timestamp) -> DbResult<()> {
    sql::ask_at(conn, order, at).await
}

/// Claims up to `limit` orders whose time is over and about which somebody has to be asked, for this
/// node alone until `lease`, skipping those somebody else holds.
pub async fn claim_to_ask(
    conn: &mut Connection,
    now: Timestamp,
    lease: Timestamp,
    limit: i64,
) -> DbResult<Vec<OrderId>> {
    locks::claim_to_ask(conn, now, lease, limit).await
}

/// The money of a locked order that was sold without it has come.
pub async fn note_paid(conn: &mut Connection, order: &mut Order, at: Timestamp) -> DbResult<()> {
    sql::note_paid(conn, order.id, at).await?;
    order.paid_at = Some(at);
    Ok(())
}

/// Until when these orders were held at first, of those that are held for longer by now.
pub async fn first_ends(
    conn: &mut Connection,
    orders: &[OrderId],
) -> DbResult<HashMap<OrderId, Timestamp>> {
    sql::first_ends(conn, orders).await
}
