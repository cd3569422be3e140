//! Statements that move reservations between the hot table and the archive, and read both.

use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kernel::{Shard, id::OrderId};
use pg::{Connection, DbError, DbResult};
use uuid::Uuid;

use crate::{
    model::StockKey,
    reservations::{Reservation, ReservationStatus},
};

/// A reservation as it is read, from wherever.
struct Row {
    order_id: Uuid,
    line_no: i16,
    warehouse_id: Uuid,
    variant_id: Uuid,
    quantity: i32,
    available_before: i32,
    status: String,
    expires_at: SqlTimestamp,
    created_at: SqlTimestamp,
}

impl TryFrom<Row> for Reservation {
    type Error = DbError;

    fn try_from(row: Row) -> DbResult<Self> {
        let status = ReservationStatus::parse(&row.status).ok_or(DbError::Corrupt {
            table: "inventory.reservations",
            column: "status",
            value: row.status,
        })?;
        Ok(Self {
            order: row.order_id.into(),
            line_no: row.line_no,
            key: StockKey { variant: row.variant_id.into(), warehouse: row.warehouse_id.into() },
            quantity: row.quantity,
            available_before: row.available_before,
            status,
            expires_at: row.expires_at.to_jiff(),
            created_at: row.created_at.to_jiff(),
        })
    }
}

/// What orders hold or ever held, in line order, wherever it lies.
pub(crate) async fn every_reservation_of(
    conn: &mut Connection,
    orders: &[OrderId],
) -> DbResult<Vec<Reservation>> {
    let shards: Vec<i16> = orders.iter().map(|order| order.shard().to_i16()).collect();
    let ids: Vec<Uuid> = orders.iter().map(|order| order.as_uuid()).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT r.order_id AS "order_id!", r.line_no AS "line_no!", r.warehouse_id AS "warehouse_id!"
             , r.variant_id AS "variant_id!", r.quantity AS "quantity!"
             , r.available_before AS "available_before!", r.status AS "status!"
             , r.expires_at AS "expires_at!: SqlTimestamp"
             , r.created_at AS "created_at!: SqlTimestamp"
          FROM unnest($1::smallint[], $2::uuid[]) AS wanted (shard, order_id)
          JOIN inventory.every_reservation AS r USING (shard, order_id)
         ORDER BY r.order_id, r.line_no, r.variant_id, r.available_before DESC, r.warehouse_id
        "#,
        &shards,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Reservation::try_from).collect()
}

/// The smallest id of an order that is placed at `at`.
fn first_id(at: Timestamp) -> Uuid {
    let millis = u128::try_from(at.as_millisecond()).unwrap_or(0);
    Uuid::from_u128(millis << 80)
}

/// An order is older than what closed its reservations, and its id begins with its time: the oldest
/// lie at the beginning of the primary key, and no other index is needed to find them.
pub(crate) async fn archive(
    conn: &mut Connection,
    shard: Shard,
    before: Timestamp,
    limit: u32,
) -> DbResult<u64> {
    let done = sqlx::query!(
        r#"
        WITH old AS (
            SELECT r.order_id, r.line_no, r.variant_id, r.warehouse_id
              FROM inventory.reservations AS r
             WHERE r.shard = $1 AND r.order_id < $2 AND r.closed_at < $3
             ORDER BY r.order_id
             LIMIT $4
               FOR UPDATE SKIP LOCKED),
        moved AS (
            DELETE FROM inventory.reservations AS r USING old
             WHERE r.shard = $1 AND r.order_id = old.order_id AND r.line_no = old.line_no
               AND r.variant_id = old.variant_id AND r.warehouse_id = old.warehouse_id
            RETURNING r.shard, r.order_id, r.line_no, r.warehouse_id, r.variant_id, r.quantity
                 , r.available_before, r.status, r.expires_at, r.created_at, r.closed_at)
        INSERT INTO inventory.reservations_archive (shard, order_id, line_no, warehouse_id
             , variant_id, quantity, available_before, status, expires_at, created_at, closed_at)
        SELECT shard, order_id, line_no, warehouse_id, variant_id, quantity
             , available_before, status, expires_at, created_at, closed_at
          FROM moved
        "#,
        shard.to_i16(),
        first_id(before),
        before.to_sqlx(),
        i64::from(limit),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Waits for whoever is moving them, and keeps everybody else from it.
pub(crate) async fn lock(conn: &mut Connection, order: OrderId) -> DbResult<()> {
    sqlx::query!(
        r#"
        SELECT line_no FROM inventory.reservations
         WHERE shard = $1 AND order_id = $2
         ORDER BY line_no, variant_id, warehouse_id
           FOR UPDATE
        "#,
        order.shard().to_i16(),
        order.as_uuid(),
    )
    .fetch_all(conn)
    .await?;
    Ok(())
}

pub(crate) async fn take_back(conn: &mut Connection, order: OrderId) -> DbResult<u64> {
    let done = sqlx::query!(
        r#"
        WITH back AS (
            DELETE FROM inventory.reservations_archive
             WHERE shard = $1 AND order_id = $2
            RETURNING shard, order_id, line_no, warehouse_id, variant_id, quantity
                 , available_before, status, expires_at, created_at, closed_at)
        INSERT INTO inventory.reservations (shard, order_id, line_no, warehouse_id, variant_id
             , quantity, available_before, status, expires_at, created_at, closed_at)
        SELECT shard, order_id, line_no, warehouse_id, variant_id, quantity
             , available_before, status, expires_at, created_at, closed_at
          FROM back
        "#,
        order.shard().to_i16(),
        order.as_uuid(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

#[cfg(test)]
mod tests {
    use kernel::{Clock as _, Ids, ManualClock};

    use super::*;

    #[test]
    fn ids_of_orders_are_sorted_by_their_time() {
        let clock = ManualClock::at("2026-03-01T08:00:00.123Z".parse().unwrap());
        let id: OrderId = Ids::from_seed(1).next_on(&clock, Shard::new(7));
        assert!(first_id(clock.now()) <= id.as_uuid());
        let next = clock.now() + jiff::SignedDuration::from_millis(1);
        assert!(id.as_uuid() < first_id(next));
        assert_eq!(first_id(Timestamp::UNIX_EPOCH), Uuid::nil());
        assert_eq!(first_id(Timestamp::MIN), Uuid::nil());
    }
}
