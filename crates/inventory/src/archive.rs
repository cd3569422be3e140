//! Reservations that were closed long ago lie apart from those at work (ADR 0019): what every order
//! reads and writes stays as small as the orders of the last weeks, whatever the shop has sold in
//! its life.
//!
//! Nothing is lost or changed on the way, and only what is closed is moved: what is reserved is
//! always the sum of what lies in the hot table. Who reads by order looks in both places
//! ([`crate::reservations::of_orders`]); who changes a closed reservation takes the order's back
//! first ([`take_back`]).

use jiff::Timestamp;
use kernel::{Shard, id::OrderId};
use pg::{Connection, DbResult};

use crate::sql::archive as sql;

/// Moves reservations of one shard that were closed before `before` into the archive, at most
/// `limit` of them, the oldest orders first. What somebody holds locked is passed by. Returns how
/// many were moved.
pub async fn archive(
    conn: &mut Connection,
    shard: Shard,
    before: Timestamp,
    limit: u32,
) -> DbResult<u64> {
    sql::archive(conn, shard, before, limit).await
}

/// Brings everything an order held back to where it can be changed, and locks it for the rest of
/// the transaction, so that it stays there. The order's row is locked. Returns how many
/// reservations came back.
pub async fn take_back(conn: &mut Connection, order: OrderId) -> DbResult<u64> {
    sql::lock(conn, order).await?;
    sql::take_back(conn, order).await
}
