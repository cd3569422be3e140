//! Statements on transfers.

use std::collections::BTreeMap;

use jiff_sqlx::ToSqlx as _;
use kernel::id::{TransferId, VariantId, WarehouseId};
use pg::{Affected as _, Connection, DbError, DbResult};
use sqlx::{query, query_as, query_scalar};
use uuid::Uuid;

use super::{
    model::{Transfer, TransferLine, TransferStatus},
    read::{Coming, TransferFilter},
};
use crate::model::{Balance, StockKey, StockRow};

struct TransferRow {
    id: Uuid,
    number: i64,
    from_warehouse_id: Uuid,
    to_warehouse_id: Uuid,
    status: String,
    version: i64,
    note: String,
    created_by: Uuid,
    created_at: jiff_sqlx::Timestamp,
    dispatched_at: Option<jiff_sqlx::Timestamp>,
    closed_at: Option<jiff_sqlx::Timestamp>,
}

impl TryFrom<TransferRow> for Transfer {
    type Error = DbError;

    fn try_from(row: TransferRow) -> DbResult<Self> {
        let status = TransferStatus::parse(&row.status).ok_or_else(|| DbError::Corrupt {
            table: "inventory.transfers",
            column: "status",
            value: row.status.clone(),
        })?;
        Ok(Self {
            id: row.id.into(),
            number: row.number,
            from: row.from_warehouse_id.into(),
            to: row.to_warehouse_id.into(),
            status,
            version: row.version,
            note: row.note,
            created_by: row.created_by.into(),
            created_at: row.created_at.to_jiff(),
            dispatched_at: row.dispatched_at.map(jiff_sqlx::Timestamp::to_jiff),
            closed_at: row.closed_at.map(jiff_sqlx::Timestamp::to_jiff),
            lines: Vec::new(),
        })
    }
}

/// Locks a transfer's row for the rest of the transaction, and reads its lines.
pub(super) async fn lock(conn: &mut Connection, id: TransferId) -> DbResult<Option<Transfer>> {
    let row = query_as!(
        TransferRow,
        r#"
        SELECT id, number, from_warehouse_id, to_warehouse_id, status, version, note, created_by
             , created_at, dispatched_at, closed_at
          FROM inventory.transfers
         WHERE id = $1
           FOR UPDATE
        "#,
        id.as_uuid(),
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let transfers = with_lines(conn, vec![row.try_into()?]).await?;
    Ok(transfers.into_iter().next())
}

pub(super) async fn find(conn: &mut Connection, id: TransferId) -> DbResult<Option<Transfer>> {
    let row = query_as!(
        TransferRow,
        r#"
        SELECT id, number, from_warehouse_id, to_warehouse_id, status, version, note, created_by
             , created_at, dispatched_at, closed_at
          FROM inventory.transfers
         WHERE id = $1
        "#,
        id.as_uuid(),
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let transfers = with_lines(conn, vec![row.try_into()?]).await?;
    Ok(transfers.into_iter().next())
}

pub(super) async fn list(
    conn: &mut Connection,
    filter: &TransferFilter,
    after: Option<TransferId>,
    limit: i64,
) -> DbResult<Vec<Transfer>> {
    let rows = query_as!(
        TransferRow,
        r#"
        SELECT id, number, from_warehouse_id, to_warehouse_id, status, version, note, created_by
             , created_at, dispatched_at, closed_at
          FROM inventory.transfers AS t
         WHERE ($1::uuid IS NULL OR id < $1)
           AND ($2::text IS NULL OR status = $2)
           AND ($3::uuid IS NULL OR $3 IN (from_warehouse_id, to_warehouse_id))
           AND ($4::uuid IS NULL OR EXISTS (
                   SELECT FROM inventory.transfer_lines AS l
                    WHERE l.transfer_id = t.id AND l.variant_id = $4))
         ORDER BY id DESC
         LIMIT $5
        "#,
        after.map(TransferId::as_uuid),
        filter.status.map(TransferStatus::as_str),
        filter.warehouse.map(WarehouseId::as_uuid),
        filter.variant.map(VariantId::as_uuid),
        limit,
    )
    .fetch_all(&mut *conn)
    .await?;
    let transfers = rows.into_iter().map(Transfer::try_from).collect::<DbResult<Vec<_>>>()?;
    with_lines(conn, transfers).await
}

async fn with_lines(
    conn: &mut Connection,
    mut transfers: Vec<Transfer>,
) -> DbResult<Vec<Transfer>> {
    let ids: Vec<Uuid> = transfers.iter().map(|transfer| transfer.id.as_uuid()).collect();
    let rows = query!(
        r#"
        SELECT transfer_id, variant_id, quantity, sent, received, returned, lost, lost_reason
          FROM inventory.transfer_lines
         WHERE transfer_id = ANY ($1)
         ORDER BY transfer_id, variant_id
        "#,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    let mut lines: BTreeMap<Uuid, Vec<TransferLine>> = BTreeMap::new();
    for row in rows {
        lines.entry(row.transfer_id).or_default().push(TransferLine {
            variant: row.variant_id.into(),
            quantity: row.quantity,
            sent: row.sent,
            received: row.received,
            returned: row.returned,
            lost: row.lost,
            lost_reason: row.lost_reason,
        });
    }
    for transfer in &mut transfers {
        transfer.lines = lines.remove(&transfer.id.as_uuid()).unwrap_or_default();
    }
    Ok(transfers)
}

/// Writes a new transfer without its lines; its number.
pub(super) async fn insert(conn: &mut Connection, transfer: &Transfer) -> DbResult<i64> {
    let number = query_scalar!(
        r#"
        INSERT INTO inventory.transfers (id, from_warehouse_id, to_warehouse_id, status, version
             , note, created_by, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        RETURNING number
        "#,
        transfer.id.as_uuid(),
        transfer.from.as_uuid(),
        transfer.to.as_uuid(),
        transfer.status.as_str(),
        transfer.version,
        transfer.note,
        transfer.created_by.as_uuid(),
        transfer.created_at.to_sqlx(),
    )
    .fetch_one(conn)
    .await?;
    Ok(number)
}

/// Writes lines of a draft.
pub(super) async fn insert_lines(
    conn: &mut Connection,
    id: TransferId,
    lines: &[TransferLine],
) -> DbResult<()> {
    let variants: Vec<Uuid> = lines.iter().map(|line| line.variant.as_uuid()).collect();
    let quantities: Vec<i32> = lines.iter().map(|line| line.quantity).collect();
    query!(
        r#"
        INSERT INTO inventory.transfer_lines (transfer_id, variant_id, quantity)
        SELECT $1, variant_id, quantity
          FROM unnest($2::uuid[], $3::int[]) AS new (variant_id, quantity)
        "#,
        id.as_uuid(),
        &variants,
        &quantities,
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn delete_lines(conn: &mut Connection, id: TransferId) -> DbResult<()> {
    query!("DELETE FROM inventory.transfer_lines WHERE transfer_id = $1", id.as_uuid())
        .execute(conn)
        .await?;
    Ok(())
}

/// Writes a transfer as it is now, if it still is as it was.
pub(super) async fn update(
    conn: &mut Connection,
    before: &Transfer,
    after: &Transfer,
) -> DbResult<()> {
    query!(
        r#"
        UPDATE inventory.transfers
           SET from_warehouse_id = $4, to_warehouse_id = $5, status = $6, version = $7, note = $8
             , dispatched_at = $9, closed_at = $10
         WHERE id = $1 AND status = $2 AND version = $3
        "#,
        before.id.as_uuid(),
        before.status.as_str(),
        before.version,
        after.from.as_uuid(),
        after.to.as_uuid(),
        after.status.as_str(),
        after.version,
        after.note,
        after.dispatched_at.map(jiff_sqlx::ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
        after.closed_at.map(jiff_sqlx::ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
    )
    .execute(conn)
    .await?
    .one_row("move a transfer")
}

/// Writes what became of the lines.
pub(super) async fn update_lines(
    conn: &mut Connection,
    id: TransferId,
    lines: &[TransferLine],
) -> DbResult<()> {
    let column = |pick: fn(&TransferLine) -> i32| -> Vec<i32> { lines.iter().map(pick).collect() };
    let variants: Vec<Uuid> = lines.iter().map(|line| line.variant.as_uuid()).collect();
    let reasons: Vec<Option<&str>> = lines.iter().map(|line| line.lost_reason.as_deref()).collect();
    let done = query!(
        r#"
        UPDATE inventory.transfer_lines AS l
           SET sent = new.sent, received = new.received, returned = new.returned
             , lost = new.lost, lost_reason = new.lost_reason
          FROM unnest($2::uuid[], $3::int[], $4::int[], $5::int[], $6::int[], $7::text[])
               AS new (variant_id, sent, received, returned, lost, lost_reason)
         WHERE l.transfer_id = $1 AND l.variant_id = new.variant_id
        "#,
        id.as_uuid(),
        &variants,
        &column(|line| line.sent),
        &column(|line| line.received),
        &column(|line| line.returned),
        &column(|line| line.lost),
        &reasons as &[Option<&str>],
    )
    .execute(conn)
    .await?;
    done.rows("write transfer lines", lines.len())
}

/// What is planned for and on its way to which warehouse, of these variants.
pub(super) async fn coming(conn: &mut Connection, variants: &[VariantId]) -> DbResult<Vec<Coming>> {
    let ids: Vec<Uuid> = variants.iter().map(|variant| variant.as_uuid()).collect();
    let rows = query!(
        r#"
        SELECT l.variant_id, t.from_warehouse_id, t.to_warehouse_id
             , sum(l.quantity) FILTER (WHERE t.status = 'draft') AS planned
             , sum(l.sent - l.received - l.returned - l.lost) AS "in_transit!"
          FROM inventory.transfer_lines AS l
          JOIN inventory.transfers AS t ON t.id = l.transfer_id
         WHERE l.variant_id = ANY ($1)
           AND t.status IN ('draft', 'in_transit')
         GROUP BY l.variant_id, t.from_warehouse_id, t.to_warehouse_id
         ORDER BY l.variant_id, t.to_warehouse_id, t.from_warehouse_id
        "#,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Coming {
            variant: row.variant_id.into(),
            from: row.from_warehouse_id.into(),
            to: row.to_warehouse_id.into(),
            planned: row.planned.unwrap_or_default(),
            in_transit: row.in_transit,
        })
        .collect())
}

/// What is on its way of one variant, by destination.
pub(super) async fn in_transit(
    conn: &mut Connection,
    variant: VariantId,
) -> DbResult<Vec<(WarehouseId, i64)>> {
    let rows = query!(
        r#"
        SELECT t.to_warehouse_id
             , sum(l.sent - l.received - l.returned - l.lost) AS "quantity!"
          FROM inventory.transfer_lines AS l
          JOIN inventory.transfers AS t ON t.id = l.transfer_id
         WHERE l.variant_id = $1 AND l.received + l.returned + l.lost < l.sent
         GROUP BY t.to_warehouse_id
         ORDER BY t.to_warehouse_id
        "#,
        variant.as_uuid(),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.to_warehouse_id.into(), row.quantity)).collect())
}

/// The rows of variants, without locking, in lock order.
pub(super) async fn rows_of(
    conn: &mut Connection,
    variants: &[VariantId],
) -> DbResult<Vec<StockRow>> {
    let shards: Vec<i16> = variants.iter().map(|variant| variant.shard().to_i16()).collect();
    let ids: Vec<Uuid> = variants.iter().map(|variant| variant.as_uuid()).collect();
    let rows = query!(
        r#"
        SELECT s.variant_id, s.warehouse_id, s.total, s.available, s.reserved, s.sold
             , s.safety_stock, s.frozen_by, s.version
          FROM unnest($1::smallint[], $2::uuid[]) AS wanted (shard, variant_id)
          JOIN inventory.stock AS s USING (shard, variant_id)
         ORDER BY s.variant_id, s.warehouse_id
        "#,
        &shards,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| StockRow {
            key: StockKey { variant: row.variant_id.into(), warehouse: row.warehouse_id.into() },
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

/// Variants of which a warehouse has less than its safety stock, in their order.
pub(super) async fn low_variants(
    conn: &mut Connection,
    after: Option<VariantId>,
    limit: i64,
) -> DbResult<Vec<VariantId>> {
    let ids = query_scalar!(
        r#"
        SELECT DISTINCT variant_id
          FROM inventory.stock
         WHERE safety_stock > 0 AND available < safety_stock
           AND ($1::uuid IS NULL OR variant_id > $1)
         ORDER BY variant_id
         LIMIT $2
        "#,
        after.map(VariantId::as_uuid),
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(VariantId::from).collect())
}

pub(super) async fn warehouse_exists(
    conn: &mut Connection,
    warehouse: WarehouseId,
) -> DbResult<bool> {
    let exists = query_scalar!(
        r#"SELECT EXISTS (SELECT FROM inventory.warehouses WHERE id = $1) AS "exists!""#,
        warehouse.as_uuid(),
    )
    .fetch_one(conn)
    .await?;
    Ok(exists)
}
