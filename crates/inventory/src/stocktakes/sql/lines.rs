//! Statements on the lines of stocktakes, and their counts.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::id::{StocktakeId, UserId, VariantId, WarehouseId};
use pg::{Affected as _, Connection, DbResult};
use sqlx::{query, query_as, query_scalar};
use uuid::Uuid;

use crate::{
    model::StockRow,
    stocktakes::model::{CountEntry, StocktakeLine},
};

struct LineRow {
    variant_id: Uuid,
    expected: i32,
    promised: i32,
    skipped_reason: Option<String>,
    decided: Option<i32>,
    decided_by: Option<Uuid>,
    posted: Option<i32>,
}

impl From<LineRow> for StocktakeLine {
    fn from(row: LineRow) -> Self {
        Self {
            variant: row.variant_id.into(),
            expected: row.expected,
            promised: row.promised,
            skipped_reason: row.skipped_reason,
            decided: row.decided,
            decided_by: row.decided_by.map(UserId::from),
            posted: row.posted,
            counts: Vec::new(),
        }
    }
}

fn ids(variants: &[VariantId]) -> Vec<Uuid> {
    variants.iter().map(|variant| variant.as_uuid()).collect()
}

/// The lines after a variant, in order, with their counts.
pub(crate) async fn lines(
    conn: &mut Connection,
    id: StocktakeId,
    after: Option<VariantId>,
    limit: i64,
) -> DbResult<Vec<StocktakeLine>> {
    let rows = query_as!(
        LineRow,
        r#"
        SELECT variant_id, expected, promised, skipped_reason, decided, decided_by, posted
          FROM inventory.stocktake_lines
         WHERE stocktake_id = $1 AND ($2::uuid IS NULL OR variant_id > $2)
         ORDER BY variant_id
         LIMIT $3
        "#,
        id.as_uuid(),
        after.map(VariantId::as_uuid),
        limit,
    )
    .fetch_all(&mut *conn)
    .await?;
    with_counts(conn, id, rows).await
}

/// One line with its counts.
pub(crate) async fn line(
    conn: &mut Connection,
    id: StocktakeId,
    variant: VariantId,
) -> DbResult<Option<StocktakeLine>> {
    let row = query_as!(
        LineRow,
        r#"
        SELECT variant_id, expected, promised, skipped_reason, decided, decided_by, posted
          FROM inventory.stocktake_lines
         WHERE stocktake_id = $1 AND variant_id = $2
        "#,
        id.as_uuid(),
        variant.as_uuid(),
    )
    .fetch_optional(&mut *conn)
    .await?;
    let lines = with_counts(conn, id, row.into_iter().collect()).await?;
    Ok(lines.into_iter().next())
}

async fn with_counts(
    conn: &mut Connection,
    id: StocktakeId,
    rows: Vec<LineRow>,
) -> DbResult<Vec<StocktakeLine>> {
    let variants: Vec<Uuid> = rows.iter().map(|row| row.variant_id).collect();
    let counted = query!(
        r#"
        SELECT variant_id, round, counted, counted_by, counted_at
          FROM inventory.stocktake_counts
         WHERE stocktake_id = $1 AND variant_id = ANY ($2)
         ORDER BY variant_id, round
        "#,
        id.as_uuid(),
        &variants,
    )
    .fetch_all(conn)
    .await?;
    let mut counts: HashMap<Uuid, Vec<CountEntry>> = HashMap::new();
    for row in counted {
        counts.entry(row.variant_id).or_default().push(CountEntry {
            round: row.round,
            counted: row.counted,
            by: row.counted_by.into(),
            at: row.counted_at.to_jiff(),
        });
    }
    let line = |row: LineRow| {
        let counts = counts.remove(&row.variant_id).unwrap_or_default();
        StocktakeLine { counts, ..row.into() }
    };
    Ok(rows.into_iter().map(line).collect())
}

/// What is promised of these in a warehouse, now.
pub(crate) async fn promised(
    conn: &mut Connection,
    warehouse: WarehouseId,
    variants: &[VariantId],
) -> DbResult<HashMap<VariantId, i32>> {
    let shards: Vec<i16> = variants.iter().map(|variant| variant.shard().to_i16()).collect();
    let rows = query!(
        r#"
        SELECT s.variant_id, s.reserved + s.sold AS "promised!"
          FROM unnest($2::smallint[], $3::uuid[]) AS wanted (shard, variant_id)
          JOIN inventory.stock AS s USING (shard, variant_id)
         WHERE s.warehouse_id = $1
        "#,
        warehouse.as_uuid(),
        &shards,
        &ids(variants),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.variant_id.into(), row.promised)).collect())
}

/// The variants of a stocktake, in order.
pub(crate) async fn variants_of(
    conn: &mut Connection,
    id: StocktakeId,
) -> DbResult<Vec<VariantId>> {
    let found = query_scalar!(
        r#"
        SELECT variant_id FROM inventory.stocktake_lines
         WHERE stocktake_id = $1
         ORDER BY variant_id
        "#,
        id.as_uuid(),
    )
    .fetch_all(conn)
    .await?;
    Ok(found.into_iter().map(VariantId::from).collect())
}

/// Of these variants, those that are among the lines.
pub(crate) async fn known(
    conn: &mut Connection,
    id: StocktakeId,
    variants: &[VariantId],
) -> DbResult<Vec<VariantId>> {
    let found = query_scalar!(
        r#"
        SELECT variant_id FROM inventory.stocktake_lines
         WHERE stocktake_id = $1 AND variant_id = ANY ($2)
        "#,
        id.as_uuid(),
        &ids(variants),
    )
    .fetch_all(conn)
    .await?;
    Ok(found.into_iter().map(VariantId::from).collect())
}

/// Writes the lines of a new stocktake: what the books say.
pub(crate) async fn insert_lines(
    conn: &mut Connection,
    id: StocktakeId,
    rows: &[StockRow],
) -> DbResult<()> {
    let variants: Vec<Uuid> = rows.iter().map(|row| row.key.variant.as_uuid()).collect();
    let expected: Vec<i32> = rows.iter().map(|row| row.balance.total).collect();
    let promised: Vec<i32> =
        rows.iter().map(|row| row.balance.reserved + row.balance.sold).collect();
    let done = query!(
        r#"
        INSERT INTO inventory.stocktake_lines (stocktake_id, variant_id, expected, promised)
        SELECT $1, variant_id, expected, promised
          FROM unnest($2::uuid[], $3::int[], $4::int[]) AS new (variant_id, expected, promised)
        "#,
        id.as_uuid(),
        &variants,
        &expected,
        &promised,
    )
    .execute(conn)
    .await?;
    done.rows("write stocktake lines", rows.len())
}

/// Writes counts, each as the next of its line. The stocktake's row is locked.
pub(crate) async fn insert_counts(
    conn: &mut Connection,
    id: StocktakeId,
    counts: &[(VariantId, i32)],
    by: UserId,
    at: Timestamp,
) -> DbResult<()> {
    let variants: Vec<Uuid> = counts.iter().map(|(variant, _)| variant.as_uuid()).collect();
    let counted: Vec<i32> = counts.iter().map(|(_, counted)| *counted).collect();
    let done = query!(
        r#"
        INSERT INTO inventory.stocktake_counts (stocktake_id, variant_id, round, counted
             , counted_by, counted_at)
        SELECT $1, new.variant_id
             , coalesce((SELECT max(c.round) FROM inventory.stocktake_counts AS c
                          WHERE c.stocktake_id = $1 AND c.variant_id = new.variant_id), 0) + 1
             , new.counted, $4, $5
          FROM unnest($2::uuid[], $3::int[]) AS new (variant_id, counted)
        "#,
        id.as_uuid(),
        &variants,
        &counted,
        by.as_uuid(),
        at.to_sqlx(),
    )
    .execute(conn)
    .await?;
    done.rows("write counts", counts.len())
}

/// Lines that are counted again are neither skipped nor decided any more.
pub(crate) async fn clear_marks(
    conn: &mut Connection,
    id: StocktakeId,
    variants: &[VariantId],
) -> DbResult<()> {
    query!(
        r#"
        UPDATE inventory.stocktake_lines
           SET skipped_reason = NULL, decided = NULL, decided_by = NULL
         WHERE stocktake_id = $1 AND variant_id = ANY ($2)
           AND (skipped_reason IS NOT NULL OR decided IS NOT NULL)
        "#,
        id.as_uuid(),
        &ids(variants),
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn skip(
    conn: &mut Connection,
    id: StocktakeId,
    variants: &[VariantId],
    reason: &str,
) -> DbResult<()> {
    let done = query!(
        r#"
        UPDATE inventory.stocktake_lines
           SET skipped_reason = $3
         WHERE stocktake_id = $1 AND variant_id = ANY ($2)
        "#,
        id.as_uuid(),
        &ids(variants),
        reason,
    )
    .execute(conn)
    .await?;
    done.rows("skip stocktake lines", variants.len())
}

pub(crate) async fn decide(
    conn: &mut Connection,
    id: StocktakeId,
    variant: VariantId,
    counted: i32,
    by: UserId,
) -> DbResult<()> {
    query!(
        r#"
        UPDATE inventory.stocktake_lines
           SET decided = $3, decided_by = $4
         WHERE stocktake_id = $1 AND variant_id = $2
        "#,
        id.as_uuid(),
        variant.as_uuid(),
        counted,
        by.as_uuid(),
    )
    .execute(conn)
    .await?
    .one_row("decide a stocktake line")
}

/// Writes what the lines were posted with.
pub(crate) async fn set_posted(
    conn: &mut Connection,
    id: StocktakeId,
    posted: &[(&StocktakeLine, i32)],
) -> DbResult<()> {
    let variants: Vec<Uuid> = posted.iter().map(|(line, _)| line.variant.as_uuid()).collect();
    let units: Vec<i32> = posted.iter().map(|(_, units)| *units).collect();
    let done = query!(
        r#"
        UPDATE inventory.stocktake_lines AS l
           SET posted = new.posted
          FROM unnest($2::uuid[], $3::int[]) AS new (variant_id, posted)
         WHERE l.stocktake_id = $1 AND l.variant_id = new.variant_id
        "#,
        id.as_uuid(),
        &variants,
        &units,
    )
    .execute(conn)
    .await?;
    done.rows("post stocktake lines", posted.len())
}
