//! The statements of whoever takes a file of products. Each says again whose the file is.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::id::{ProductId, ProductImportId};
use pg::{Affected as _, Connection, DbResult};
use sqlx::{query, query_scalar};
use tracing::instrument;
use uuid::Uuid;

use crate::{
    imports::{ImportClaim, ImportFailure, ImportProgress, ImportRelation, ImportRow},
    sql_imports::{counted, stored},
};

/// The oldest one alone, and only if nobody is at it: files that came one after the other are taken so.
/// Who comes second waits for the first one's claim, and then finds it.
#[instrument(level = "debug", name = "db.product_import.claim", skip_all, err)]
pub async fn claim(
    conn: &mut Connection,
    now: Timestamp,
    until: Timestamp,
) -> DbResult<Option<ImportClaim>> {
    let row = query!(
        "UPDATE catalog.product_imports
         SET status = 'running', attempt = attempt + 1, tries = tries + 1, lease_until = $2,
             started_at = coalesce(started_at, $1)
         WHERE id = (
             SELECT id FROM catalog.product_imports
             WHERE status IN ('queued', 'running')
             ORDER BY queued_at, id
             LIMIT 1)
             AND (status = 'queued' OR (status = 'running' AND lease_until <= $1))
         RETURNING id, attempt, tries",
        now.to_sqlx() as _,
        until.to_sqlx() as _,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|it| ImportClaim { id: it.id.into(), attempt: it.attempt, tries: it.tries }))
}

#[instrument(level = "debug", name = "db.product_import.piece", skip_all, err)]
pub async fn piece(
    conn: &mut Connection,
    id: ProductImportId,
    number: i32,
) -> DbResult<Option<Vec<u8>>> {
    let content = query_scalar!(
        "SELECT content FROM catalog.product_import_pieces WHERE import_id = $1 AND number = $2",
        id.as_uuid(),
        number,
    );
    Ok(content.fetch_optional(conn).await?)
}

/// What is not written is no progress: it is tried so many times and not more.
#[instrument(level = "debug", name = "db.product_import.advance", skip_all, err)]
pub async fn advance(
    conn: &mut Connection,
    claim: &ImportClaim,
    progress: &ImportProgress<'_>,
    until: Timestamp,
) -> DbResult<bool> {
    let sums = progress.sums;
    let done = query!(
        "UPDATE catalog.product_imports
         SET products = $3, lines_read = $4, added = $5, changed = $6, unchanged = $7, refused = $8,
             categories_added = $9, bad_rows = $10, read_notes = $11, taken_notes = $12,
             is_written = $13, lease_until = $14, tries = CASE WHEN $13 THEN 0 ELSE tries END
         WHERE id = $1 AND attempt = $2 AND status = 'running'",
        claim.id.as_uuid(),
        claim.attempt,
        stored(sums.products()),
        stored(sums.lines_read),
        stored(sums.added),
        stored(sums.changed),
        stored(sums.unchanged),
        stored(sums.refused),
        stored(sums.categories_added),
        stored(sums.bad_rows),
        progress.read_notes,
        progress.taken_notes,
        progress.is_written,
        until.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

#[instrument(name = "db.product_import.finish", skip_all, err)]
pub async fn finish(
    conn: &mut Connection,
    claim: &ImportClaim,
    progress: &ImportProgress<'_>,
    (failure, is_complete): (Option<ImportFailure>, bool),
    now: Timestamp,
) -> DbResult<bool> {
    let sums = progress.sums;
    let done = query!(
        "UPDATE catalog.product_imports
         SET status = CASE WHEN $14::text IS NULL THEN 'done' ELSE 'failed' END, failure = $14,
             products = $3, lines_read = $4, added = $5, changed = $6, unchanged = $7, refused = $8,
             categories_added = $9, bad_rows = $10, read_notes = $11, taken_notes = $12,
             is_written = $13, is_complete = $15, finished_at = $16, lease_until = NULL
         WHERE id = $1 AND attempt = $2 AND status = 'running'",
        claim.id.as_uuid(),
        claim.attempt,
        stored(sums.products()),
        stored(sums.lines_read),
        stored(sums.added),
        stored(sums.changed),
        stored(sums.unchanged),
        stored(sums.refused),
        stored(sums.categories_added),
        stored(sums.bad_rows),
        progress.read_notes,
        progress.taken_notes,
        progress.is_written,
        failure.map(ImportFailure::as_str),
        is_complete,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

#[instrument(name = "db.product_import.cancel", skip_all, err)]
pub async fn cancel(conn: &mut Connection, id: ProductImportId, now: Timestamp) -> DbResult<bool> {
    let done = query!(
        "UPDATE catalog.product_imports
         SET status = 'cancelled', finished_at = $2, lease_until = NULL
         WHERE id = $1 AND status IN ('queued', 'running')",
        id.as_uuid(),
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What nobody needs any more.
#[instrument(name = "db.product_import.clear", skip_all, err)]
pub async fn clear(conn: &mut Connection, id: ProductImportId) -> DbResult<()> {
    query!("DELETE FROM catalog.product_import_pieces WHERE import_id = $1", id.as_uuid())
        .execute(&mut *conn)
        .await?;
    query!("DELETE FROM catalog.product_import_relations WHERE import_id = $1", id.as_uuid())
        .execute(conn)
        .await?;
    Ok(())
}

#[instrument(level = "debug", name = "db.product_import.let_go", skip_all, err)]
pub async fn let_go(
    conn: &mut Connection,
    claim: &ImportClaim,
    at: Timestamp,
    is_counted: bool,
) -> DbResult<bool> {
    let done = query!(
        "UPDATE catalog.product_imports
         SET lease_until = $3, tries = CASE WHEN $4 THEN tries ELSE greatest(tries - 1, 0) END
         WHERE id = $1 AND attempt = $2 AND status = 'running'",
        claim.id.as_uuid(),
        claim.attempt,
        at.to_sqlx() as _,
        is_counted,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

#[instrument(level = "debug", name = "db.product_import.add_rows", skip_all, err)]
pub async fn add_rows(
    conn: &mut Connection,
    id: ProductImportId,
    rows: &[ImportRow],
) -> DbResult<()> {
    let numbers: Vec<i64> = rows.iter().map(|row| stored(row.number)).collect();
    let lines: Vec<i64> = rows.iter().map(|row| stored(row.line)).collect();
    let columns: Vec<&str> = rows.iter().map(|row| row.column.as_str()).collect();
    let codes: Vec<&str> = rows.iter().map(|row| row.code.as_str()).collect();
    let messages: Vec<&str> = rows.iter().map(|row| row.message.as_str()).collect();
    let products: Vec<&str> = rows.iter().map(|row| row.product.as_str()).collect();
    query!(
        "INSERT INTO catalog.product_import_rows (import_id, number, line, column_name, code,
             message, product)
         SELECT $1, bad.number, bad.line, bad.column_name, bad.code, bad.message, bad.product
         FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[])
             AS bad (number, line, column_name, code, message, product)",
        id.as_uuid(),
        &numbers,
        &lines,
        &columns as &[&str],
        &codes as &[&str],
        &messages as &[&str],
        &products as &[&str],
    )
    .execute(conn)
    .await?
    .rows("add bad rows of an import", rows.len())
}

#[instrument(level = "debug", name = "db.product_import.add_relations", skip_all, err)]
pub async fn add_relations(
    conn: &mut Connection,
    id: ProductImportId,
    relations: &[ImportRelation],
) -> DbResult<()> {
    let lines: Vec<i64> = relations.iter().map(|it| stored(it.line)).collect();
    let products: Vec<Uuid> = relations.iter().map(|it| it.product.as_uuid()).collect();
    // An array of arrays would have to be a rectangle.
    let related: Vec<String> = relations.iter().map(|it| listed(&it.related)).collect();
    query!(
        "INSERT INTO catalog.product_import_relations (import_id, line, product_id, related)
         SELECT $1, later.line, later.product_id, later.related::uuid[]
         FROM unnest($2::bigint[], $3::uuid[], $4::text[]) AS later (line, product_id, related)",
        id.as_uuid(),
        &lines,
        &products,
        &related,
    )
    .execute(conn)
    .await?
    .rows("add relations of an import", relations.len())
}

/// As PostgreSQL writes an array.
fn listed(ids: &[ProductId]) -> String {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    format!("{{{}}}", ids.join(","))
}

#[instrument(level = "debug", name = "db.product_import.relations", skip_all, err)]
pub async fn relations(
    conn: &mut Connection,
    id: ProductImportId,
    limit: i64,
) -> DbResult<Vec<ImportRelation>> {
    let rows = query!(
        "SELECT line, product_id, related FROM catalog.product_import_relations
         WHERE import_id = $1 ORDER BY line LIMIT $2",
        id.as_uuid(),
        limit,
    )
    .fetch_all(conn)
    .await?;
    let rows = rows.into_iter().map(|row| ImportRelation {
        line: counted(row.line),
        product: row.product_id.into(),
        related: row.related.into_iter().map(ProductId::from).collect(),
    });
    Ok(rows.collect())
}

#[instrument(level = "debug", name = "db.product_import.drop_relations", skip_all, err)]
pub async fn drop_relations(conn: &mut Connection, id: ProductImportId, line: u64) -> DbResult<()> {
    query!(
        "DELETE FROM catalog.product_import_relations WHERE import_id = $1 AND line <= $2",
        id.as_uuid(),
        stored(line),
    )
    .execute(conn)
    .await?;
    Ok(())
}
