//! Statements about parts of what orders hold and bought.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::id::OrderId;
use pg::{Affected, Connection, DbResult};
use uuid::Uuid;

use crate::{
    model::StockKey,
    parts::{Fulfilment, Place},
    reservations::Reservation,
};

/// Takes units off reservations, which must still be as they were read; one of which nothing is left
/// is released.
pub(crate) async fn cut_reservations(
    conn: &mut Connection,
    cuts: &[(Reservation, i32)],
    at: Timestamp,
) -> DbResult<()> {
    let shards: Vec<i16> = cuts.iter().map(|(r, _)| r.order.shard().to_i16()).collect();
    let orders: Vec<Uuid> = cuts.iter().map(|(r, _)| r.order.as_uuid()).collect();
    let lines: Vec<i16> = cuts.iter().map(|(r, _)| r.line_no).collect();
    let variants: Vec<Uuid> = cuts.iter().map(|(r, _)| r.key.variant.as_uuid()).collect();
    let warehouses: Vec<Uuid> = cuts.iter().map(|(r, _)| r.key.warehouse.as_uuid()).collect();
    let quantities: Vec<i32> = cuts.iter().map(|(r, _)| r.quantity).collect();
    let units: Vec<i32> = cuts.iter().map(|(_, units)| *units).collect();
    let done = sqlx::query!(
        r#"
        UPDATE inventory.reservations AS r
           SET quantity = CASE WHEN cut.units < r.quantity THEN r.quantity - cut.units
                               ELSE r.quantity END
             , status = CASE WHEN cut.units < r.quantity THEN 'active' ELSE 'released' END
             , closed_at = CASE WHEN cut.units < r.quantity THEN NULL ELSE $8::timestamptz END
          FROM unnest($1::smallint[], $2::uuid[], $3::smallint[], $4::uuid[], $5::uuid[], $6::int[]
             , $7::int[]) AS cut (shard, order_id, line_no, variant_id, warehouse_id, quantity
             , units)
         WHERE r.shard = cut.shard AND r.order_id = cut.order_id AND r.line_no = cut.line_no
           AND r.variant_id = cut.variant_id AND r.warehouse_id = cut.warehouse_id
           AND r.status = 'active' AND r.quantity = cut.quantity
        "#,
        &shards,
        &orders,
        &lines,
        &variants,
        &warehouses,
        &quantities,
        &units,
        at.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    done.rows("release part of reservations", cuts.len())
}

/// Notes what was taken off reservations, and what each of them was at first.
pub(crate) async fn note_cuts(conn: &mut Connection, cuts: &[(Reservation, i32)]) -> DbResult<()> {
    let shards: Vec<i16> = cuts.iter().map(|(r, _)| r.order.shard().to_i16()).collect();
    let orders: Vec<Uuid> = cuts.iter().map(|(r, _)| r.order.as_uuid()).collect();
    let lines: Vec<i16> = cuts.iter().map(|(r, _)| r.line_no).collect();
    let variants: Vec<Uuid> = cuts.iter().map(|(r, _)| r.key.variant.as_uuid()).collect();
    let warehouses: Vec<Uuid> = cuts.iter().map(|(r, _)| r.key.warehouse.as_uuid()).collect();
    let originals: Vec<i32> = cuts.iter().map(|(r, _)| r.quantity).collect();
    let units: Vec<i32> = cuts.iter().map(|(_, units)| *units).collect();
    let done = sqlx::query!(
        r#"
        INSERT INTO inventory.reservation_cuts AS c (shard, order_id, line_no, variant_id
             , warehouse_id, original, cut)
        SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::smallint[], $4::uuid[], $5::uuid[]
             , $6::int[], $7::int[])
        ON CONFLICT (shard, order_id, line_no, variant_id, warehouse_id) DO UPDATE
           SET cut = c.cut + excluded.cut
        "#,
        &shards,
        &orders,
        &lines,
        &variants,
        &warehouses,
        &originals,
        &units,
    )
    .execute(conn)
    .await?;
    done.rows("note what was cut", cuts.len())
}

/// What reservations of these orders were before anything was taken off them; only of those.
pub(crate) async fn originals_of(
    conn: &mut Connection,
    orders: &[OrderId],
) -> DbResult<HashMap<(OrderId, Place), i32>> {
    let shards: Vec<i16> = orders.iter().map(|order| order.shard().to_i16()).collect();
    let ids: Vec<Uuid> = orders.iter().map(|order| order.as_uuid()).collect();
    let rows = sqlx::query!(
        r#"
        SELECT c.order_id, c.line_no, c.variant_id, c.warehouse_id, c.original
          FROM unnest($1::smallint[], $2::uuid[]) AS wanted (shard, order_id)
          JOIN inventory.reservation_cuts AS c USING (shard, order_id)
        "#,
        &shards,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let key =
                StockKey { variant: row.variant_id.into(), warehouse: row.warehouse_id.into() };
            ((row.order_id.into(), (row.line_no, key)), row.original)
        })
        .collect())
}

/// Writes how many units were shipped and returned by now. The caller has the order's row locked:
/// nobody else counts for it.
pub(crate) async fn put(conn: &mut Connection, counts: &[Fulfilment]) -> DbResult<()> {
    let shards: Vec<i16> = counts.iter().map(|it| it.order.shard().to_i16()).collect();
    let orders: Vec<Uuid> = counts.iter().map(|it| it.order.as_uuid()).collect();
    let lines: Vec<i16> = counts.iter().map(|it| it.line_no).collect();
    let variants: Vec<Uuid> = counts.iter().map(|it| it.key.variant.as_uuid()).collect();
    let warehouses: Vec<Uuid> = counts.iter().map(|it| it.key.warehouse.as_uuid()).collect();
    let quantities: Vec<i32> = counts.iter().map(|it| it.quantity).collect();
    let shipped: Vec<i32> = counts.iter().map(|it| it.shipped).collect();
    let returned: Vec<i32> = counts.iter().map(|it| it.returned).collect();
    let withdrawn: Vec<i32> = counts.iter().map(|it| it.withdrawn).collect();
    let done = sqlx::query!(
        r#"
        INSERT INTO inventory.fulfilments AS f (shard, order_id, line_no, variant_id, warehouse_id
             , quantity, shipped, returned, withdrawn)
        SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::smallint[], $4::uuid[], $5::uuid[]
             , $6::int[], $7::int[], $8::int[], $9::int[])
        ON CONFLICT (shard, order_id, line_no, variant_id, warehouse_id) DO UPDATE
           SET quantity = greatest(f.quantity, excluded.quantity), shipped = excluded.shipped
             , returned = excluded.returned, withdrawn = excluded.withdrawn
         WHERE f.shipped <= excluded.shipped AND f.returned <= excluded.returned
           AND f.withdrawn <= excluded.withdrawn
        "#,
        &shards,
        &orders,
        &lines,
        &variants,
        &warehouses,
        &quantities,
        &shipped,
        &returned,
        &withdrawn,
    )
    .execute(conn)
    .await?;
    done.rows("count what was shipped or returned", counts.len())
}

/// How many units of a line were shipped, and of them returned.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Count {
    pub(crate) shipped: i32,
    pub(crate) returned: i32,
    pub(crate) withdrawn: i32,
}

/// What was counted of these orders.
pub(crate) async fn of_orders(
    conn: &mut Connection,
    orders: &[OrderId],
) -> DbResult<HashMap<(OrderId, Place), Count>> {
    let shards: Vec<i16> = orders.iter().map(|order| order.shard().to_i16()).collect();
    let ids: Vec<Uuid> = orders.iter().map(|order| order.as_uuid()).collect();
    let rows = sqlx::query!(
        r#"
        SELECT f.order_id, f.line_no, f.variant_id, f.warehouse_id, f.shipped, f.returned
             , f.withdrawn
          FROM unnest($1::smallint[], $2::uuid[]) AS wanted (shard, order_id)
          JOIN inventory.fulfilments AS f USING (shard, order_id)
        "#,
        &shards,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let key =
                StockKey { variant: row.variant_id.into(), warehouse: row.warehouse_id.into() };
            let count =
                Count { shipped: row.shipped, returned: row.returned, withdrawn: row.withdrawn };
            ((row.order_id.into(), (row.line_no, key)), count)
        })
        .collect())
}
