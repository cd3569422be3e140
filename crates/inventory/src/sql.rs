//! Every SQL statement of this module but the locks. Set-based: one statement whatever the number
//! of rows, so that a batch of orders costs what one order costs.

pub(crate) mod archive;
pub(crate) mod bulk;
pub(crate) mod fulfilments;
pub(crate) mod holding;
mod marks;
pub(crate) mod movements;
pub(crate) mod repair;
pub(crate) mod sourcing;
pub(crate) mod warehouses;

use std::collections::HashSet;

use jiff_sqlx::ToSqlx;
use kernel::id::{OrderId, VariantId};
use pg::{Affected, Connection, DbError, DbResult, copy::Table};
use uuid::Uuid;

pub(crate) use self::warehouses::warehouse_is_active;
use crate::{
    SaveContext, events,
    ledger::{Ledger, Movement},
    model::{Balance, StockKey, StockRow},
    reservations::{Reservation, ReservationStatus},
};

/// Writes balances, movements and events of a ledger.
pub(crate) async fn save(
    conn: &mut Connection,
    mut ledger: Ledger,
    context: &SaveContext<'_>,
) -> DbResult<()> {
    if ledger.movements().is_empty() {
        return Ok(());
    }
    crate::backorders::fill(conn, &mut ledger, context).await?;
    #[cfg(feature = "mutants")]
    let ledger = crate::locks_mutant::overlook(conn, ledger).await?;
    save_balances(conn, &ledger).await?;
    marks::save(conn, &ledger).await?;
    insert_movements(conn, ledger.movements()).await?;
    outbox::append(conn, &events::of(&ledger, context)).await
}

async fn save_balances(conn: &mut Connection, ledger: &Ledger) -> DbResult<()> {
    let changed: Vec<_> = ledger.changed().collect();
    let column = |pick: fn(&Balance) -> i32| -> Vec<i32> {
        changed.iter().map(|entry| pick(&entry.row.balance)).collect()
    };
    let shards: Vec<i16> = changed.iter().map(|e| e.row.key.variant.shard().to_i16()).collect();
    let variants: Vec<Uuid> = changed.iter().map(|e| e.row.key.variant.as_uuid()).collect();
    let warehouses: Vec<Uuid> = changed.iter().map(|e| e.row.key.warehouse.as_uuid()).collect();
    let versions: Vec<i64> = changed.iter().map(|e| e.row.version).collect();
    let versions_before: Vec<i64> = changed.iter().map(|e| e.before.version).collect();
    let done = sqlx::query!(
        r#"
        UPDATE inventory.stock AS s
           SET total = new.total, available = new.available, reserved = new.reserved
             , sold = new.sold, version = new.version
          FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::int[], $5::int[], $6::int[]
             , $7::int[], $8::bigint[], $9::bigint[])
               AS new (shard, variant_id, warehouse_id, total, available, reserved, sold, version
             , version_before)
         WHERE s.shard = new.shard AND s.variant_id = new.variant_id
           AND s.warehouse_id = new.warehouse_id AND s.version = new.version_before
        "#,
        &shards,
        &variants,
        &warehouses,
        &column(|balance| balance.total),
        &column(|balance| balance.available),
        &column(|balance| balance.reserved),
        &column(|balance| balance.sold),
        &versions,
        &versions_before,
    )
    .execute(conn)
    .await?;
    done.rows("save stock balances", changed.len())
}

const MOVEMENTS: Table = Table {
    name: "inventory.movements",
    columns: &[
        "shard",
        "variant_id",
        "warehouse_id",
        "seq",
        "kind",
        "d_total",
        "d_available",
        "d_reserved",
        "d_sold",
        "available_after",
        "reference_id",
        "actor_kind",
        "actor_id",
        "reason",
        "occurred_at",
    ],
};

async fn insert_movements(conn: &mut Connection, movements: &[Movement]) -> DbResult<()> {
    pg::copy::rows(conn, &MOVEMENTS, movements, |m, row| {
        row.put(m.key.variant.shard().to_i16())
            .put(m.key.variant.as_uuid())
            .put(m.key.warehouse.as_uuid())
            .put(m.seq)
            .put(m.kind.as_str())
            .put(m.delta.total)
            .put(m.delta.available)
            .put(m.delta.reserved)
            .put(m.delta.sold)
            .put(m.available_after)
            .put(m.reference)
            .put(m.actor.kind())
            .put(m.actor.user_id().map(kernel::id::UserId::as_uuid))
            .put(m.reason.as_deref())
            .put(m.at);
    })
    .await
}

const RESERVATIONS: Table = Table {
    name: "inventory.reservations",
    columns: &[
        "shard",
        "order_id",
        "line_no",
        "warehouse_id",
        "variant_id",
        "quantity",
        "available_before",
        "status",
        "expires_at",
        "created_at",
    ],
};

pub(crate) async fn insert_reservations(
    conn: &mut Connection,
    reservations: &[Reservation],
) -> DbResult<()> {
    pg::copy::rows(conn, &RESERVATIONS, reservations, |r, row| {
        row.put(r.order.shard().to_i16())
            .put(r.order.as_uuid())
            .put(r.line_no)
            .put(r.key.warehouse.as_uuid())
            .put(r.key.variant.as_uuid())
            .put(r.quantity)
            .put(r.available_before)
            .put(r.status.as_str())
            .put(r.expires_at)
            .put(r.created_at);
    })
    .await
}

/// Writes reservations a late payment made anew; a row of the same line, variant and warehouse that
/// was given back becomes this one.
pub(crate) async fn reinstate_reservations(
    conn: &mut Connection,
    reservations: &[Reservation],
) -> DbResult<()> {
    for r in reservations {
        sqlx::query!(
            r#"
            INSERT INTO inventory.reservations AS r (shard, order_id, line_no, warehouse_id
                 , variant_id, quantity, available_before, status, expires_at, created_at
                 , closed_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
            ON CONFLICT (shard, order_id, line_no, variant_id, warehouse_id) DO UPDATE
               SET quantity = excluded.quantity, available_before = excluded.available_before
                 , status = excluded.status, closed_at = excluded.closed_at
             WHERE r.status IN ('released', 'expired')
            "#,
            r.order.shard().to_i16(),
            r.order.as_uuid(),
            r.line_no,
            r.key.warehouse.as_uuid(),
            r.key.variant.as_uuid(),
            r.quantity,
            r.available_before,
            r.status.as_str(),
            r.expires_at.to_sqlx(),
            r.created_at.to_sqlx(),
        )
        .execute(&mut *conn)
        .await?
        .one_row("reinstate a reservation")?;
    }
    Ok(())
}

/// What orders hold or held, in line order.
pub(crate) async fn reservations_of(
    conn: &mut Connection,
    orders: &[OrderId],
) -> DbResult<Vec<Reservation>> {
    let shards: Vec<i16> = orders.iter().map(|order| order.shard().to_i16()).collect();
    let ids: Vec<Uuid> = orders.iter().map(|order| order.as_uuid()).collect();
    let rows = sqlx::query!(
        r#"
        SELECT r.order_id, r.line_no, r.warehouse_id, r.variant_id, r.quantity, r.available_before
             , r.status, r.expires_at, r.created_at
          FROM unnest($1::smallint[], $2::uuid[]) AS wanted (shard, order_id)
          JOIN inventory.reservations AS r USING (shard, order_id)
         ORDER BY r.order_id, r.line_no, r.variant_id, r.available_before DESC, r.warehouse_id
        "#,
        &shards,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let status = ReservationStatus::parse(&row.status).ok_or_else(|| DbError::Corrupt {
                table: "inventory.reservations",
                column: "status",
                value: row.status.clone(),
            })?;
            Ok(Reservation {
                order: row.order_id.into(),
                line_no: row.line_no,
                key: StockKey {
                    variant: row.variant_id.into(),
                    warehouse: row.warehouse_id.into(),
                },
                quantity: row.quantity,
                available_before: row.available_before,
                status,
                expires_at: row.expires_at.to_jiff(),
                created_at: row.created_at.to_jiff(),
            })
        })
        .collect()
}

/// Gives reservations their final status: every one of them must
/// still have the status it was read with.
pub(crate) async fn set_reservation_status(
    conn: &mut Connection,
    reservations: &[Reservation],
    status: ReservationStatus,
    at: jiff::Timestamp,
) -> DbResult<()> {
    let shards: Vec<i16> = reservations.iter().map(|r| r.order.shard().to_i16()).collect();
    let orders: Vec<Uuid> = reservations.iter().map(|r| r.order.as_uuid()).collect();
    let lines: Vec<i16> = reservations.iter().map(|r| r.line_no).collect();
    let variants: Vec<Uuid> = reservations.iter().map(|r| r.key.variant.as_uuid()).collect();
    let warehouses: Vec<Uuid> = reservations.iter().map(|r| r.key.warehouse.as_uuid()).collect();
    let statuses: Vec<&str> = reservations.iter().map(|r| r.status.as_str()).collect();
    let done = sqlx::query!(
        r#"
        UPDATE inventory.reservations AS r
           SET status = $7, closed_at = $8
          FROM unnest($1::smallint[], $2::uuid[], $3::smallint[], $4::uuid[], $5::uuid[]
             , $6::text[]) AS old (shard, order_id, line_no, variant_id, warehouse_id, status)
         WHERE r.shard = old.shard AND r.order_id = old.order_id AND r.line_no = old.line_no
           AND r.variant_id = old.variant_id AND r.warehouse_id = old.warehouse_id
           AND r.status = old.status
        "#,
        &shards,
        &orders,
        &lines,
        &variants,
        &warehouses,
        &statuses as &[&str],
        status.as_str(),
        at.to_sqlx(),
    )
    .execute(conn)
    .await?;
    done.rows("close reservations", reservations.len())
}

/// Of these variants, those of which something is available anywhere.
pub(crate) async fn in_stock(
    conn: &mut Connection,
    variants: &[VariantId],
) -> DbResult<HashSet<VariantId>> {
    let shards: Vec<i16> = variants.iter().map(|variant| variant.shard().to_i16()).collect();
    let ids: Vec<Uuid> = variants.iter().map(|variant| variant.as_uuid()).collect();
    let found = sqlx::query_scalar!(
        r#"
        SELECT wanted.variant_id AS "variant!"
          FROM unnest($1::smallint[], $2::uuid[]) AS wanted (shard, variant_id)
         WHERE EXISTS (SELECT FROM inventory.stock AS s
                        WHERE s.shard = wanted.shard AND s.variant_id = wanted.variant_id
                          AND s.available > 0)
        "#,
        &shards,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    Ok(found.into_iter().map(VariantId::from).collect())
}

/// Makes sure a stock row exists, so that it can be locked.
pub(crate) async fn ensure_stock_row(conn: &mut Connection, key: StockKey) -> DbResult<()> {
    sqlx::query!(
        r#"
        INSERT INTO inventory.stock (shard, variant_id, warehouse_id) VALUES ($1, $2, $3)
        ON CONFLICT DO NOTHING
        "#,
        key.variant.shard().to_i16(),
        key.variant.as_uuid(),
        key.warehouse.as_uuid(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn balances(conn: &mut Connection, variant: VariantId) -> DbResult<Vec<StockRow>> {
    let rows = sqlx::query!(
        r#"
        SELECT warehouse_id, total, available, reserved, sold, safety_stock, frozen_by, version
          FROM inventory.stock
         WHERE shard = $1 AND variant_id = $2
         ORDER BY warehouse_id
        "#,
        variant.shard().to_i16(),
        variant.as_uuid(),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| StockRow {
            key: StockKey { variant, warehouse: row.warehouse_id.into() },
            balance: Balance {
                total: row.total,
                available: row.available,
                reserved: row.reserved,
                sold: row.sold,
            },
            safety_stock: row.safety_stock,
            frozen_by: row.frozen_by,
            version: row.version,
        })
        .collect())
}
