//! Statements on stocktakes.

mod lines;

use std::collections::HashMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::id::{StocktakeId, UserId, VariantId, WarehouseId};
use pg::{Affected as _, Connection, DbError, DbResult};
use sqlx::{query, query_as, query_scalar};
use uuid::Uuid;

pub(super) use self::lines::{
    clear_marks, decide, insert_counts, insert_lines, known, line, lines, promised, set_posted,
    skip, variants_of,
};
use super::{
    model::{Stocktake, StocktakeStatus},
    read::StocktakeFilter,
};

struct StocktakeRow {
    id: Uuid,
    number: i64,
    warehouse_id: Uuid,
    status: String,
    counts_required: i16,
    note: String,
    version: i64,
    opened_by: Uuid,
    opened_at: jiff_sqlx::Timestamp,
    expires_at: jiff_sqlx::Timestamp,
    closed_by: Option<Uuid>,
    closed_at: Option<jiff_sqlx::Timestamp>,
    close_reason: Option<String>,
}

impl TryFrom<StocktakeRow> for Stocktake {
    type Error = DbError;

    fn try_from(row: StocktakeRow) -> DbResult<Self> {
        let status = StocktakeStatus::parse(&row.status).ok_or_else(|| DbError::Corrupt {
            table: "inventory.stocktakes",
            column: "status",
            value: row.status.clone(),
        })?;
        Ok(Self {
            id: row.id.into(),
            number: row.number,
            warehouse: row.warehouse_id.into(),
            status,
            counts_required: row.counts_required,
            note: row.note,
            version: row.version,
            opened_by: row.opened_by.into(),
            opened_at: row.opened_at.to_jiff(),
            expires_at: row.expires_at.to_jiff(),
            closed_by: row.closed_by.map(UserId::from),
            closed_at: row.closed_at.map(jiff_sqlx::Timestamp::to_jiff),
            close_reason: row.close_reason,
        })
    }
}

/// Locks a stocktake's row for the rest of the transaction.
pub(crate) async fn lock(conn: &mut Connection, id: StocktakeId) -> DbResult<Option<Stocktake>> {
    let row = query_as!(
        StocktakeRow,
        r#"
        SELECT id, number, warehouse_id, status, counts_required, note, version, opened_by
             , opened_at, expires_at, closed_by, closed_at, close_reason
          FROM inventory.stocktakes
         WHERE id = $1
           FOR UPDATE
        "#,
        id.as_uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(Stocktake::try_from).transpose()
}

/// The one whose time has been over for the longest, but none of those that were tried.
pub(crate) async fn next_due(
    conn: &mut Connection,
    now: Timestamp,
    tried: &[StocktakeId],
) -> DbResult<Option<StocktakeId>> {
    let tried: Vec<Uuid> = tried.iter().map(|id| id.as_uuid()).collect();
    let id = query_scalar!(
        r#"
        SELECT id
          FROM inventory.stocktakes
         WHERE status IN ('open', 'review') AND expires_at <= $1 AND id <> ALL ($2)
         ORDER BY expires_at, id
         LIMIT 1
        "#,
        now.to_sqlx(),
        &tried,
    )
    .fetch_optional(conn)
    .await?;
    Ok(id.map(StocktakeId::from))
}

/// Locks a stocktake, if its time is over and nobody else has locked it.
pub(crate) async fn claim_due(
    conn: &mut Connection,
    id: StocktakeId,
    now: Timestamp,
) -> DbResult<Option<Stocktake>> {
    let row = query_as!(
        StocktakeRow,
        r#"
        SELECT id, number, warehouse_id, status, counts_required, note, version, opened_by
             , opened_at, expires_at, closed_by, closed_at, close_reason
          FROM inventory.stocktakes
         WHERE id = $1 AND status IN ('open', 'review') AND expires_at <= $2
           FOR UPDATE SKIP LOCKED
        "#,
        id.as_uuid(),
        now.to_sqlx(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(Stocktake::try_from).transpose()
}

pub(crate) async fn find(conn: &mut Connection, id: StocktakeId) -> DbResult<Option<Stocktake>> {
    let row = query_as!(
        StocktakeRow,
        r#"
        SELECT id, number, warehouse_id, status, counts_required, note, version, opened_by
             , opened_at, expires_at, closed_by, closed_at, close_reason
          FROM inventory.stocktakes
         WHERE id = $1
        "#,
        id.as_uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(Stocktake::try_from).transpose()
}

pub(crate) async fn list(
    conn: &mut Connection,
    filter: &StocktakeFilter,
    after: Option<StocktakeId>,
    limit: i64,
) -> DbResult<Vec<Stocktake>> {
    let rows = query_as!(
        StocktakeRow,
        r#"
        SELECT id, number, warehouse_id, status, counts_required, note, version, opened_by
             , opened_at, expires_at, closed_by, closed_at, close_reason
          FROM inventory.stocktakes AS t
         WHERE ($1::uuid IS NULL OR id < $1)
           AND ($2::text IS NULL OR status = $2)
           AND ($3::uuid IS NULL OR warehouse_id = $3)
           AND ($4::uuid IS NULL OR EXISTS (
                   SELECT FROM inventory.stocktake_lines AS l
                    WHERE l.stocktake_id = t.id AND l.variant_id = $4))
         ORDER BY id DESC
         LIMIT $5
        "#,
        after.map(StocktakeId::as_uuid),
        filter.status.map(StocktakeStatus::as_str),
        filter.warehouse.map(WarehouseId::as_uuid),
        filter.variant.map(VariantId::as_uuid),
        limit,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Stocktake::try_from).collect()
}

/// Writes a new stocktake without its lines; its number.
pub(crate) async fn insert(conn: &mut Connection, stocktake: &Stocktake) -> DbResult<i64> {
    let number = query_scalar!(
        r#"
        INSERT INTO inventory.stocktakes (id, warehouse_id, status, counts_required, note, version
             , opened_by, opened_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        RETURNING number
        "#,
        stocktake.id.as_uuid(),
        stocktake.warehouse.as_uuid(),
        stocktake.status.as_str(),
        stocktake.counts_required,
        stocktake.note,
        stocktake.version,
        stocktake.opened_by.as_uuid(),
        stocktake.opened_at.to_sqlx(),
        stocktake.expires_at.to_sqlx(),
    )
    .fetch_one(conn)
    .await?;
    Ok(number)
}

/// Writes a stocktake as it is now, if it still is as it was.
pub(crate) async fn update(
    conn: &mut Connection,
    before: &Stocktake,
    after: &Stocktake,
) -> DbResult<()> {
    query!(
        r#"
        UPDATE inventory.stocktakes
           SET status = $4, version = $5, expires_at = $6, closed_by = $7, closed_at = $8
             , close_reason = $9
         WHERE id = $1 AND status = $2 AND version = $3
        "#,
        before.id.as_uuid(),
        before.status.as_str(),
        before.version,
        after.status.as_str(),
        after.version,
        after.expires_at.to_sqlx(),
        after.closed_by.map(UserId::as_uuid),
        after.closed_at.map(jiff_sqlx::ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
        after.close_reason,
    )
    .execute(conn)
    .await?
    .one_row("move a stocktake")
}

/// The numbers of stocktakes.
pub(crate) async fn numbers_of(
    conn: &mut Connection,
    ids: &[Uuid],
) -> DbResult<HashMap<Uuid, i64>> {
    let rows = query!("SELECT id, number FROM inventory.stocktakes WHERE id = ANY ($1)", ids)
        .fetch_all(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.number)).collect())
}

/// The variants that a warehouse has, or ever had.
pub(crate) async fn variants_in(
    conn: &mut Connection,
    warehouse: WarehouseId,
) -> DbResult<Vec<VariantId>> {
    let ids = query_scalar!(
        "SELECT variant_id FROM inventory.stock WHERE warehouse_id = $1 ORDER BY variant_id",
        warehouse.as_uuid(),
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(VariantId::from).collect())
}

pub(crate) async fn warehouse_exists(
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
