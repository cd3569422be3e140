//! Statements that read the ledger. All go along its primary key.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::id::VariantId;
use pg::{Connection, DbError, DbResult};
use uuid::Uuid;

use crate::{
    model::{Balance, Delta, MovementKind, StockKey, StockRow},
    movements::{KindRow, LedgerEntry, MovementFilter, Place, Sums},
};

fn kind(word: String) -> DbResult<MovementKind> {
    let (table, column) = ("inventory.movements", "kind");
    MovementKind::parse(&word).ok_or(DbError::Corrupt { table, column, value: word })
}

/// Of each warehouse, the newest movements below a number, at most `limit` of each.
pub(crate) async fn newest(
    conn: &mut Connection,
    variant: VariantId,
    below: &Place,
    filter: &MovementFilter,
    limit: usize,
) -> DbResult<Vec<LedgerEntry>> {
    let warehouses: Vec<Uuid> = below.keys().map(|warehouse| warehouse.as_uuid()).collect();
    let bounds: Vec<i64> = below.values().copied().collect();
    let rows = sqlx::query!(
        r#"
        SELECT m.warehouse_id, m.seq, m.kind, m.d_total, m.d_available, m.d_reserved, m.d_sold
             , m.available_after, m.reference_id, m.actor_kind, m.actor_id, m.reason, m.occurred_at
          FROM unnest($3::uuid[], $4::bigint[]) AS wanted (warehouse_id, below)
         CROSS JOIN LATERAL (
              SELECT * FROM inventory.movements AS l
               WHERE l.shard = $1 AND l.variant_id = $2 AND l.warehouse_id = wanted.warehouse_id
                 AND l.seq < wanted.below
                 AND ($5::text IS NULL OR l.kind = $5)
                 AND ($6::uuid IS NULL OR l.reference_id = $6)
                 AND ($7::timestamptz IS NULL OR l.occurred_at >= $7)
                 AND ($8::timestamptz IS NULL OR l.occurred_at < $8)
               ORDER BY l.seq DESC
               LIMIT $9) AS m
         ORDER BY m.warehouse_id, m.seq DESC
        "#,
        variant.shard().to_i16(),
        variant.as_uuid(),
        &warehouses,
        &bounds,
        filter.kind.map(MovementKind::as_str),
        filter.reference,
        filter.from.map(ToSqlx::to_sqlx) as _,
        filter.until.map(ToSqlx::to_sqlx) as _,
        i64::try_from(limit).unwrap_or(i64::MAX),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(LedgerEntry {
                key: StockKey { variant, warehouse: row.warehouse_id.into() },
                seq: row.seq,
                kind: kind(row.kind)?,
                delta: Delta {
                    total: row.d_total,
                    available: row.d_available,
                    reserved: row.d_reserved,
                    sold: row.d_sold,
                },
                available_after: row.available_after,
                reference: row.reference_id,
                actor_kind: row.actor_kind,
                actor_id: row.actor_id,
                reason: row.reason,
                at: row.occurred_at.to_jiff(),
            })
        })
        .collect()
}

/// A stock row and the sums of its movements, kind by kind: one statement, so one instant. Of the
/// past, all movements up to the last one of that time: a transaction may take its time before it
/// waits for the row, so that times are not sorted as numbers are, and only the first so many
/// movements together are a balance that was.
pub(crate) async fn sums(
    conn: &mut Connection,
    key: StockKey,
    at: Timestamp,
) -> DbResult<Option<(StockRow, Vec<KindRow>)>> {
    let rows = sqlx::query!(
        r#"
        WITH until AS (
            SELECT coalesce(max(seq), 0) AS seq
              FROM inventory.movements
             WHERE shard = $1 AND variant_id = $2 AND warehouse_id = $3 AND occurred_at <= $4),
        sums AS (
            SELECT kind, count(*) AS count, sum(d_total) AS total, sum(d_available) AS available
                 , sum(d_reserved) AS reserved, sum(d_sold) AS sold
                 , count(*) FILTER (WHERE seq <= (SELECT seq FROM until)) AS count_then
                 , sum(d_total) FILTER (WHERE seq <= (SELECT seq FROM until)) AS total_then
                 , sum(d_available) FILTER (WHERE seq <= (SELECT seq FROM until)) AS available_then
                 , sum(d_reserved) FILTER (WHERE seq <= (SELECT seq FROM until)) AS reserved_then
                 , sum(d_sold) FILTER (WHERE seq <= (SELECT seq FROM until)) AS sold_then
              FROM inventory.movements
             WHERE shard = $1 AND variant_id = $2 AND warehouse_id = $3
             GROUP BY kind)
        SELECT s.total, s.available, s.reserved, s.sold, s.safety_stock, s.frozen_by, s.version
             , sums.kind AS "kind?", coalesce(sums.count, 0) AS "count!"
             , coalesce(sums.total, 0) AS "sum_total!"
             , coalesce(sums.available, 0) AS "sum_available!"
             , coalesce(sums.reserved, 0) AS "sum_reserved!", coalesce(sums.sold, 0) AS "sum_sold!"
             , coalesce(count_then, 0) AS "count_then!", coalesce(total_then, 0) AS "total_then!"
             , coalesce(available_then, 0) AS "available_then!"
             , coalesce(reserved_then, 0) AS "reserved_then!", coalesce(sold_then, 0) AS "sold_then!"
          FROM inventory.stock AS s
          LEFT JOIN sums ON true
         WHERE s.shard = $1 AND s.variant_id = $2 AND s.warehouse_id = $3
        "#,
        key.variant.shard().to_i16(),
        key.variant.as_uuid(),
        key.warehouse.as_uuid(),
        at.to_sqlx() as _,
    )
    .fetch_all(conn)
    .await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let balance = Balance {
        total: first.total,
        available: first.available,
        reserved: first.reserved,
        sold: first.sold,
    };
    let now = StockRow {
        key,
        balance,
        safety_stock: first.safety_stock,
        frozen_by: first.frozen_by,
        version: first.version,
    };
    let mut kinds = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(word) = row.kind else { continue };
        let (total, available, reserved) = (row.total_then, row.available_then, row.reserved_then);
        let then = Sums { total, available, reserved, sold: row.sold_then };
        let (total, available, reserved) = (row.sum_total, row.sum_available, row.sum_reserved);
        let sums = Sums { total, available, reserved, sold: row.sum_sold };
        kinds.push(KindRow {
            kind: kind(word)?,
            then: (row.count_then, then),
            now: (row.count, sums),
        });
    }
    Ok(Some((now, kinds)))
}
