//! The statements about edits of orders.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::{Actor, Money, id::OrderId};
use pg::{Affected as _, Connection, DbError, DbResult};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    edit::{Amounts, Cut, Edit},
    placing::Order,
};

pub(crate) async fn version(conn: &mut Connection, order: OrderId) -> DbResult<i64> {
    Ok(sqlx::query_scalar!(
        r#"
        SELECT 1 + (SELECT count(*) FROM orders.transitions WHERE shard = $1 AND order_id = $2)
                 + (SELECT count(*) FROM orders.edits WHERE shard = $1 AND order_id = $2) AS "n!"
        "#,
        order.shard().to_i16(),
        order.as_uuid(),
    )
    .fetch_one(conn)
    .await?)
}

/// Writes the address and the amounts of a locked order, which still is where it was.
pub(crate) async fn update(conn: &mut Connection, order: &Order) -> DbResult<()> {
    let to = &order.shipping_address;
    sqlx::query!(
        r#"
        UPDATE orders.orders
           SET ship_name = $4, ship_phone = $5, ship_postal_code = $6, ship_city = $7
             , ship_district = $8, ship_address1 = $9, ship_address2 = $10, subtotal = $11
             , discount = $12, total = $13
         WHERE shard = $1 AND id = $2 AND status = $3 AND shipping_fee = $14
        "#,
        order.id.shard().to_i16(),
        order.id.as_uuid(),
        order.status.as_str(),
        to.name.as_str(),
        to.phone.as_str(),
        to.postal_code.as_str(),
        to.city.as_str(),
        to.district.as_str(),
        to.address1.as_str(),
        to.address2.as_deref(),
        order.subtotal.amount(),
        order.discount.amount(),
        order.total.amount(),
        order.shipping_fee.amount(),
    )
    .execute(conn)
    .await?
    .one_row("edit an order")
}

pub(crate) async fn put_cuts(conn: &mut Connection, order: OrderId, cuts: &[Cut]) -> DbResult<()> {
    let lines: Vec<i16> = cuts.iter().map(|cut| cut.line_no).collect();
    let left: Vec<i32> =
        cuts.iter().map(|cut| i32::try_from(cut.quantity).unwrap_or(i32::MAX)).collect();
    sqlx::query!(
        r#"
        INSERT INTO orders.cut_lines AS c (shard, order_id, line_no, quantity)
        SELECT $1, $2, * FROM unnest($3::smallint[], $4::int[])
        ON CONFLICT (shard, order_id, line_no) DO UPDATE SET quantity = excluded.quantity
         WHERE excluded.quantity < c.quantity
        "#,
        order.shard().to_i16(),
        order.as_uuid(),
        &lines,
        &left,
    )
    .execute(conn)
    .await?
    .rows("cut lines of an order", cuts.len())
}

/// An edit to be written.
pub(crate) struct Record<'a> {
    pub before: Value,
    pub after: Value,
    pub amounts_before: Amounts,
    pub change: &'a Edit<'a>,
    pub actor: Actor,
    pub at: Timestamp,
}

pub(crate) async fn insert(
    conn: &mut Connection,
    order: OrderId,
    record: &Record<'_>,
) -> DbResult<()> {
    sqlx::query!(
        r#"
        INSERT INTO orders.edits (shard, order_id, seq, actor_kind, actor_id, reason, occurred_at
             , before, after, subtotal_before, discount_before, total_before, total_after, refunded)
        SELECT $1, $2
             , 1 + (SELECT count(*) FROM orders.edits WHERE shard = $1 AND order_id = $2)::smallint
             , $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13
        "#,
        order.shard().to_i16(),
        order.as_uuid(),
        record.actor.kind(),
        record.actor.user_id().map(kernel::id::UserId::as_uuid),
        record.change.reason,
        record.at.to_sqlx(),
        record.before,
        record.after,
        record.amounts_before.subtotal.amount(),
        record.amounts_before.discount.amount(),
        record.amounts_before.total.amount(),
        record.change.amounts.total.amount(),
        record.change.refunded.amount(),
    )
    .execute(conn)
    .await?
    .one_row("insert an edit")
}

/// What these orders were placed with; only of those that were edited.
pub(crate) async fn first_amounts(
    conn: &mut Connection,
    orders: &[OrderId],
) -> DbResult<HashMap<OrderId, Amounts>> {
    let shards: Vec<i16> = orders.iter().map(|order| order.shard().to_i16()).collect();
    let ids: Vec<Uuid> = orders.iter().map(|order| order.as_uuid()).collect();
    let rows = sqlx::query!(
        r#"
        SELECT e.order_id, e.subtotal_before, e.discount_before, e.total_before
          FROM unnest($1::smallint[], $2::uuid[]) AS wanted (shard, order_id)
          JOIN orders.edits AS e USING (shard, order_id)
         WHERE e.seq = 1
        "#,
        &shards,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let amounts = Amounts {
                subtotal: money(row.subtotal_before)?,
                discount: money(row.discount_before)?,
                total: money(row.total_before)?,
            };
            Ok((row.order_id.into(), amounts))
        })
        .collect()
}

fn money(amount: i64) -> DbResult<Money> {
    Money::twd(amount).map_err(|_| DbError::Corrupt {
        table: "orders.edits",
        column: "amount",
        value: amount.to_string(),
    })
}
