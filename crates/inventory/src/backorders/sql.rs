//! The statements about back-orders, and the locks of their queues.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::id::{OrderId, VariantId, WarehouseId};
use pg::{Affected, Connection, DbError, DbResult};
use uuid::Uuid;

use super::{Backorder, BackorderStatus, Count, fill::Given};
use crate::{
    model::StockKey,
    reservations::{Reservation, ReservationStatus},
};

fn keys(variants: &[VariantId]) -> (Vec<i16>, Vec<Uuid>) {
    variants.iter().map(|variant| (variant.shard().to_i16(), variant.as_uuid())).unzip()
}

fn order_keys(orders: &[OrderId]) -> (Vec<i16>, Vec<Uuid>) {
    orders.iter().map(|order| (order.shard().to_i16(), order.as_uuid())).unzip()
}

/// Makes the counts of these variants that are missing, in their order.
pub async fn make_counts(conn: &mut Connection, variants: &[VariantId]) -> DbResult<()> {
    let (shards, ids) = keys(variants);
    sqlx::query!(
        r#"
        INSERT INTO inventory.backorder_counts (shard, variant_id)
        SELECT shard, variant_id FROM unnest($1::smallint[], $2::uuid[]) AS new (shard, variant_id)
         ORDER BY variant_id
        ON CONFLICT DO NOTHING
        "#,
        &shards,
        &ids,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Locks the counts of these variants, in their order; makes those that are missing, before any of
/// them is locked.
pub async fn lock_counts(
    conn: &mut Connection,
    variants: &[VariantId],
) -> DbResult<BTreeMap<VariantId, Count>> {
    make_counts(conn, variants).await?;
    lock_known(conn, variants).await
}

/// The variants that have a queue, whether or not anybody waits in it, in their order.
pub async fn queued(conn: &mut Connection) -> DbResult<Vec<VariantId>> {
    let ids = sqlx::query_scalar!(
        "SELECT variant_id FROM inventory.backorder_counts ORDER BY variant_id"
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(VariantId::from).collect())
}

/// Locks the counts that there are of these variants, in their order.
pub async fn lock_known(
    conn: &mut Connection,
    variants: &[VariantId],
) -> DbResult<BTreeMap<VariantId, Count>> {
    let (shards, ids) = keys(variants);
    let rows = sqlx::query!(
        r#"
        SELECT c.variant_id, c.waiting, c.last_seq
          FROM unnest($1::smallint[], $2::uuid[]) AS wanted (shard, variant_id)
          JOIN inventory.backorder_counts AS c USING (shard, variant_id)
         ORDER BY c.variant_id
           FOR UPDATE OF c
        "#,
        &shards,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    let count = |waiting, last_seq| Count { waiting, last_seq };
    Ok(rows.into_iter().map(|r| (r.variant_id.into(), count(r.waiting, r.last_seq))).collect())
}

/// How many stock rows these variants have together, and which warehouses are open.
pub async fn places(
    conn: &mut Connection,
    variants: &[VariantId],
) -> DbResult<(i64, Vec<WarehouseId>)> {
    let (shards, ids) = keys(variants);
    let row = sqlx::query!(
        r#"
        SELECT (SELECT count(*)
                  FROM unnest($1::smallint[], $2::uuid[]) AS wanted (shard, variant_id)
                  JOIN inventory.stock AS s USING (shard, variant_id)) AS "rows!"
             , ARRAY(SELECT id FROM inventory.warehouses WHERE active) AS "open!"
        "#,
        &shards,
        &ids,
    )
    .fetch_one(conn)
    .await?;
    Ok((row.rows, row.open.into_iter().map(WarehouseId::from).collect()))
}

/// How many of these stock rows there are.
pub async fn rows_among(conn: &mut Connection, keys: &[StockKey]) -> DbResult<i64> {
    let shards: Vec<i16> = keys.iter().map(|key| key.variant.shard().to_i16()).collect();
    let variants: Vec<Uuid> = keys.iter().map(|key| key.variant.as_uuid()).collect();
    let warehouses: Vec<Uuid> = keys.iter().map(|key| key.warehouse.as_uuid()).collect();
    let count = sqlx::query_scalar!(
        r#"
        SELECT count(*) AS "count!"
          FROM unnest($1::smallint[], $2::uuid[], $3::uuid[])
               AS wanted (shard, variant_id, warehouse_id)
          JOIN inventory.stock AS s USING (shard, variant_id, warehouse_id)
        "#,
        &shards,
        &variants,
        &warehouses,
    )
    .fetch_one(conn)
    .await?;
    Ok(count)
}

pub async fn set_counts(conn: &mut Connection, counts: &[(&VariantId, &Count)]) -> DbResult<()> {
    let shards: Vec<i16> = counts.iter().map(|(variant, _)| variant.shard().to_i16()).collect();
    let ids: Vec<Uuid> = counts.iter().map(|(variant, _)| variant.as_uuid()).collect();
    let waiting: Vec<i32> = counts.iter().map(|(_, count)| count.waiting).collect();
    let last: Vec<i64> = counts.iter().map(|(_, count)| count.last_seq).collect();
    sqlx::query!(
        r#"
        UPDATE inventory.backorder_counts AS c SET waiting = new.waiting, last_seq = new.last_seq
          FROM unnest($1::smallint[], $2::uuid[], $3::int[], $4::bigint[])
               AS new (shard, variant_id, waiting, last_seq)
         WHERE c.shard = new.shard AND c.variant_id = new.variant_id
        "#,
        &shards,
        &ids,
        &waiting,
        &last,
    )
    .execute(conn)
    .await?
    .rows("count back-orders", counts.len())
}

pub async fn insert(conn: &mut Connection, new: &[Backorder]) -> DbResult<()> {
    for it in new {
        sqlx::query!(
            r#"
            INSERT INTO inventory.backorders (shard, order_id, line_no, variant_id, seq, quantity
                 , waiting, status, expires_at, created_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            "#,
            it.order.shard().to_i16(),
            it.order.as_uuid(),
            it.line_no,
            it.variant.as_uuid(),
            it.seq,
            it.quantity,
            it.waiting,
            it.status.as_str(),
            it.expires_at.to_sqlx(),
            it.created_at.to_sqlx(),
        )
        .execute(&mut *conn)
        .await?
        .one_row("insert a back-order")?;
    }
    Ok(())
}

struct Row {
    order_id: Uuid,
    line_no: i16,
    variant_id: Uuid,
    seq: i64,
    quantity: i32,
    waiting: i32,
    status: String,
    paid: bool,
    expires_at: jiff_sqlx::Timestamp,
    created_at: jiff_sqlx::Timestamp,
}

impl TryFrom<Row> for Backorder {
    type Error = DbError;

    fn try_from(row: Row) -> DbResult<Self> {
        let status = BackorderStatus::parse(&row.status).ok_or(DbError::Corrupt {
            table: "inventory.backorders",
            column: "status",
            value: row.status,
        })?;
        Ok(Self {
            order: row.order_id.into(),
            line_no: row.line_no,
            variant: row.variant_id.into(),
            seq: row.seq,
            quantity: row.quantity,
            waiting: row.waiting,
            status,
            paid: row.paid,
            expires_at: row.expires_at.to_jiff(),
            created_at: row.created_at.to_jiff(),
        })
    }
}

pub async fn of_orders(conn: &mut Connection, orders: &[OrderId]) -> DbResult<Vec<Backorder>> {
    let (shards, ids) = order_keys(orders);
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT b.order_id, b.line_no, b.variant_id, b.seq, b.quantity, b.waiting, b.status, b.paid
             , b.expires_at AS "expires_at: jiff_sqlx::Timestamp"
             , b.created_at AS "created_at: jiff_sqlx::Timestamp"
          FROM unnest($1::smallint[], $2::uuid[]) AS wanted (shard, order_id)
          JOIN inventory.backorders AS b USING (shard, order_id)
         ORDER BY b.order_id, b.line_no, b.variant_id
        "#,
        &shards,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Backorder::try_from).collect()
}

pub async fn queue(
    conn: &mut Connection,
    variant: VariantId,
    after: i64,
    limit: i64,
) -> DbResult<Vec<Backorder>> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT order_id, line_no, variant_id, seq, quantity, waiting, status, paid
             , expires_at AS "expires_at: jiff_sqlx::Timestamp"
             , created_at AS "created_at: jiff_sqlx::Timestamp"
          FROM inventory.backorders
         WHERE variant_id = $1 AND status = 'waiting' AND seq > $2
         ORDER BY seq
         LIMIT $3
        "#,
        variant.as_uuid(),
        after,
        limit,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Backorder::try_from).collect()
}

pub async fn waiting(conn: &mut Connection, variant: VariantId) -> DbResult<i64> {
    let waiting = sqlx::query_scalar!(
        "SELECT waiting FROM inventory.backorder_counts WHERE shard = $1 AND variant_id = $2",
        variant.shard().to_i16(),
        variant.as_uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(waiting.map_or(0, i64::from))
}

pub async fn mark_paid(conn: &mut Connection, waiting: &[Backorder]) -> DbResult<()> {
    let orders: Vec<OrderId> = waiting.iter().map(|it| it.order).collect();
    let (shards, ids) = order_keys(&orders);
    let lines: Vec<i16> = waiting.iter().map(|it| it.line_no).collect();
    sqlx::query!(
        r#"
        UPDATE inventory.backorders AS b SET paid = true
          FROM unnest($1::smallint[], $2::uuid[], $3::smallint[])
               AS old (shard, order_id, line_no)
         WHERE b.shard = old.shard AND b.order_id = old.order_id AND b.line_no = old.line_no
           AND b.status = 'waiting' AND NOT b.paid
        "#,
        &shards,
        &ids,
        &lines,
    )
    .execute(conn)
    .await?
    .rows("mark back-orders paid", waiting.len())
}

/// Lets those who wait leave their queues, which get smaller by what they waited for.
pub async fn leave(
    conn: &mut Connection,
    waiting: &[Backorder],
    status: BackorderStatus,
    at: Timestamp,
) -> DbResult<()> {
    let orders: Vec<OrderId> = waiting.iter().map(|it| it.order).collect();
    let (shards, ids) = order_keys(&orders);
    let lines: Vec<i16> = waiting.iter().map(|it| it.line_no).collect();
    sqlx::query!(
        r#"
        UPDATE inventory.backorders AS b SET status = $4, closed_at = $5
          FROM unnest($1::smallint[], $2::uuid[], $3::smallint[])
               AS old (shard, order_id, line_no)
         WHERE b.shard = old.shard AND b.order_id = old.order_id AND b.line_no = old.line_no
           AND b.status = 'waiting'
        "#,
        &shards,
        &ids,
        &lines,
        status.as_str(),
        at.to_sqlx(),
    )
    .execute(&mut *conn)
    .await?
    .rows("close back-orders", waiting.len())?;
    shrink(conn, waiting.iter().map(|it| (it.variant, it.waiting))).await
}

async fn shrink(
    conn: &mut Connection,
    units: impl Iterator<Item = (VariantId, i32)>,
) -> DbResult<()> {
    let mut sums: BTreeMap<VariantId, i32> = BTreeMap::new();
    for (variant, units) in units {
        *sums.entry(variant).or_default() += units;
    }
    let shards: Vec<i16> = sums.keys().map(|variant| variant.shard().to_i16()).collect();
    let ids: Vec<Uuid> = sums.keys().map(|variant| variant.as_uuid()).collect();
    let units: Vec<i32> = sums.values().copied().collect();
    sqlx::query!(
        r#"
        UPDATE inventory.backorder_counts AS c SET waiting = c.waiting - less.units
          FROM unnest($1::smallint[], $2::uuid[], $3::int[]) AS less (shard, variant_id, units)
         WHERE c.shard = less.shard AND c.variant_id = less.variant_id
        "#,
        &shards,
        &ids,
        &units,
    )
    .execute(conn)
    .await?
    .rows("uncount back-orders", sums.len())
}

/// Writes what was given to those who wait: their reservations, and what they still wait for.
pub async fn save_given(conn: &mut Connection, given: &[Given], at: Timestamp) -> DbResult<()> {
    if given.is_empty() {
        return Ok(());
    }
    for Given { backorder: it, reservations } in given {
        if it.paid {
            crate::archive::take_back(conn, it.order).await?;
        }
        for reservation in reservations {
            add_reservation(conn, reservation, at).await?;
        }
        let filled = it.status == BackorderStatus::Filled;
        sqlx::query!(
            r#"
            UPDATE inventory.backorders SET waiting = $4, status = $5, closed_at = $6
             WHERE shard = $1 AND order_id = $2 AND line_no = $3 AND status = 'waiting'
            "#,
            it.order.shard().to_i16(),
            it.order.as_uuid(),
            it.line_no,
            it.waiting,
            it.status.as_str(),
            filled.then_some(at).map(ToSqlx::to_sqlx) as _,
        )
        .execute(&mut *conn)
        .await?
        .one_row("fill a back-order")?;
    }
    let units = |it: &Given| it.reservations.iter().map(|r| r.quantity).sum();
    shrink(conn, given.iter().map(|it| (it.backorder.variant, units(it)))).await
}

/// Adds units to what a line holds in a warehouse, or holds there again, and notes that they came
/// later.
async fn add_reservation(conn: &mut Connection, it: &Reservation, at: Timestamp) -> DbResult<()> {
    let closed = (it.status == ReservationStatus::Confirmed).then_some(at);
    sqlx::query!(
        r#"
        INSERT INTO inventory.reservations AS r (shard, order_id, line_no, warehouse_id, variant_id
             , quantity, available_before, status, expires_at, created_at, closed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (shard, order_id, line_no, variant_id, warehouse_id) DO UPDATE
           SET quantity = CASE WHEN r.status = excluded.status THEN r.quantity ELSE 0 END
                        + excluded.quantity
             , status = excluded.status, closed_at = excluded.closed_at
         WHERE r.status IN (excluded.status, 'released', 'expired')
        "#,
        it.order.shard().to_i16(),
        it.order.as_uuid(),
        it.line_no,
        it.key.warehouse.as_uuid(),
        it.key.variant.as_uuid(),
        it.quantity,
        it.available_before,
        it.status.as_str(),
        it.expires_at.to_sqlx(),
        it.created_at.to_sqlx(),
        closed.map(ToSqlx::to_sqlx) as _,
    )
    .execute(&mut *conn)
    .await?
    .one_row("add to a reservation")?;
    sqlx::query!(
        r#"
        INSERT INTO inventory.backorder_fills AS f (shard, order_id, line_no, variant_id
             , warehouse_id, quantity)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (shard, order_id, line_no, variant_id, warehouse_id) DO UPDATE
           SET quantity = f.quantity + excluded.quantity
        "#,
        it.order.shard().to_i16(),
        it.order.as_uuid(),
        it.line_no,
        it.key.variant.as_uuid(),
        it.key.warehouse.as_uuid(),
        it.quantity,
    )
    .execute(conn)
    .await?
    .one_row("note a fill")
}

pub async fn fills_of(
    conn: &mut Connection,
    orders: &[OrderId],
) -> DbResult<BTreeMap<(OrderId, i16, StockKey), i32>> {
    let (shards, ids) = order_keys(orders);
    let rows = sqlx::query!(
        r#"
        SELECT f.order_id, f.line_no, f.variant_id, f.warehouse_id, f.quantity
          FROM unnest($1::smallint[], $2::uuid[]) AS wanted (shard, order_id)
          JOIN inventory.backorder_fills AS f USING (shard, order_id)
        "#,
        &shards,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    let fill = |order: Uuid, line_no, variant: Uuid, warehouse: Uuid| {
        (order.into(), line_no, StockKey { variant: variant.into(), warehouse: warehouse.into() })
    };
    Ok(rows
        .into_iter()
        .map(|row| {
            (fill(row.order_id, row.line_no, row.variant_id, row.warehouse_id), row.quantity)
        })
        .collect())
}
