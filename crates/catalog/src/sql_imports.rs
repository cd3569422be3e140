//! The statements about files of products, but for those of whoever takes them.

use std::net::IpAddr;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::id::ProductImportId;
use pg::{Affected as _, Connection, DbError, DbResult};
use serde_json::Value;
use sqlx::{query, query_as, query_scalar};
use tracing::instrument;
use uuid::Uuid;

use crate::imports::{
    ImportFailure, ImportRow, ImportStatus, ImportSums, NewImport, ProductImport, Sender,
};

/// A row of `catalog.product_imports`.
struct ImportRecord {
    id: Uuid,
    status: String,
    rules: Value,
    sent_by: Uuid,
    source: String,
    ip: Option<String>,
    trace_id: String,
    bytes: i64,
    lines: i64,
    lines_read: i64,
    added: i64,
    changed: i64,
    unchanged: i64,
    refused: i64,
    categories_added: i64,
    bad_rows: i64,
    read_notes: Value,
    taken_notes: Value,
    is_written: bool,
    is_complete: bool,
    failure: Option<String>,
    created_at: jiff_sqlx::Timestamp,
    started_at: Option<jiff_sqlx::Timestamp>,
    finished_at: Option<jiff_sqlx::Timestamp>,
}

/// As the database has it.
pub fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// As it is counted with; nothing in the tables is below zero.
pub fn counted(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn corrupt(column: &'static str, value: &str) -> DbError {
    DbError::Corrupt { table: "catalog.product_imports", column, value: value.to_owned() }
}

impl TryFrom<ImportRecord> for ProductImport {
    type Error = DbError;

    fn try_from(row: ImportRecord) -> Result<Self, DbError> {
        let failure =
            |word: &str| ImportFailure::parse(word).ok_or_else(|| corrupt("failure", word));
        let ip = |text: &str| text.parse::<IpAddr>().map_err(|_| corrupt("ip", text));
        Ok(Self {
            id: row.id.into(),
            status: ImportStatus::parse(&row.status)
                .ok_or_else(|| corrupt("status", &row.status))?,
            failure: row.failure.as_deref().map(failure).transpose()?,
            rules: row.rules,
            sender: Sender {
                user: row.sent_by.into(),
                source: row.source,
                ip: row.ip.as_deref().map(ip).transpose()?,
                trace_id: row.trace_id,
            },
            bytes: counted(row.bytes),
            lines: counted(row.lines),
            sums: ImportSums {
                lines_read: counted(row.lines_read),
                added: counted(row.added),
                changed: counted(row.changed),
                unchanged: counted(row.unchanged),
                refused: counted(row.refused),
                categories_added: counted(row.categories_added),
                bad_rows: counted(row.bad_rows),
            },
            read_notes: row.read_notes,
            taken_notes: row.taken_notes,
            is_written: row.is_written,
            is_complete: row.is_complete,
            created_at: row.created_at.to_jiff(),
            started_at: row.started_at.map(jiff_sqlx::Timestamp::to_jiff),
            finished_at: row.finished_at.map(jiff_sqlx::Timestamp::to_jiff),
        })
    }
}

#[instrument(name = "db.product_import.begin", skip_all, err)]
pub async fn begin(conn: &mut Connection, import: &NewImport<'_>) -> DbResult<()> {
    query!(
        "INSERT INTO catalog.product_imports (id, status, rules, sent_by, source, ip, trace_id,
             created_at)
         VALUES ($1, 'receiving', $2, $3, $4, $5, $6, $7)",
        import.id.as_uuid(),
        import.rules,
        import.sender.user.as_uuid(),
        import.sender.source,
        import.sender.ip.map(|ip| ip.to_string()),
        import.sender.trace_id,
        import.at.to_sqlx() as _,
    )
    .execute(conn)
    .await?
    .one_row("begin an import of products")
}

#[instrument(name = "db.product_import.open", skip_all, err)]
pub async fn open(conn: &mut Connection) -> DbResult<u64> {
    let count = query_scalar!(
        r#"SELECT count(*) AS "count!" FROM catalog.product_imports
         WHERE status IN ('receiving', 'queued', 'running')"#
    );
    Ok(counted(count.fetch_one(conn).await?))
}

#[instrument(level = "debug", name = "db.product_import.keep_piece", skip_all, err)]
pub async fn keep_piece(
    conn: &mut Connection,
    id: ProductImportId,
    number: i32,
    content: &[u8],
) -> DbResult<()> {
    query!(
        "INSERT INTO catalog.product_import_pieces (import_id, number, content)
         VALUES ($1, $2, $3)",
        id.as_uuid(),
        number,
        content,
    )
    .execute(conn)
    .await?
    .one_row("keep a piece of an import")
}

#[instrument(name = "db.product_import.queue", skip_all, err)]
pub async fn queue(
    conn: &mut Connection,
    id: ProductImportId,
    (bytes, lines): (u64, u64),
    now: Timestamp,
) -> DbResult<bool> {
    let done = query!(
        "UPDATE catalog.product_imports
         SET status = 'queued', bytes = $2, lines = $3, queued_at = $4
         WHERE id = $1 AND status = 'receiving'",
        id.as_uuid(),
        stored(bytes),
        stored(lines),
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

#[instrument(name = "db.product_import.drop_unsent", skip_all, err)]
pub async fn drop_unsent(conn: &mut Connection, id: ProductImportId) -> DbResult<()> {
    query!(
        "DELETE FROM catalog.product_imports WHERE id = $1 AND status = 'receiving'",
        id.as_uuid(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

#[instrument(level = "debug", name = "db.product_import.drop_all_unsent", skip_all, err)]
pub async fn drop_all_unsent(conn: &mut Connection, before: Timestamp) -> DbResult<u64> {
    let done = query!(
        "DELETE FROM catalog.product_imports WHERE status = 'receiving' AND created_at < $1",
        before.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

#[instrument(name = "db.product_import.forget", skip_all, err)]
pub async fn forget(conn: &mut Connection, before: Timestamp, limit: i64) -> DbResult<u64> {
    let done = query!(
        "DELETE FROM catalog.product_imports
         WHERE id IN (SELECT id FROM catalog.product_imports WHERE finished_at < $1 LIMIT $2)",
        before.to_sqlx() as _,
        limit,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

#[instrument(name = "db.product_import.get", skip_all, err)]
pub async fn get(conn: &mut Connection, id: ProductImportId) -> DbResult<Option<ProductImport>> {
    let row = query_as!(
        ImportRecord,
        "SELECT id, status, rules, sent_by, source, ip, trace_id, bytes, lines, lines_read, added,
             changed, unchanged, refused, categories_added, bad_rows, read_notes, taken_notes,
             is_written, is_complete, failure, created_at, started_at, finished_at
         FROM catalog.product_imports WHERE id = $1 AND status <> 'receiving'",
        id.as_uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(ProductImport::try_from).transpose()
}

#[instrument(name = "db.product_import.list", skip_all, err)]
pub async fn list(
    conn: &mut Connection,
    after: Option<ProductImportId>,
    limit: i64,
) -> DbResult<Vec<ProductImport>> {
    let rows = query_as!(
        ImportRecord,
        "SELECT id, status, rules, sent_by, source, ip, trace_id, bytes, lines, lines_read, added,
             changed, unchanged, refused, categories_added, bad_rows, read_notes, taken_notes,
             is_written, is_complete, failure, created_at, started_at, finished_at
         FROM catalog.product_imports
         WHERE status <> 'receiving' AND ($1::uuid IS NULL OR id < $1)
         ORDER BY id DESC LIMIT $2",
        after.map(ProductImportId::as_uuid),
        limit,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(ProductImport::try_from).collect()
}

#[instrument(name = "db.product_import.rows", skip_all, err)]
pub async fn rows(
    conn: &mut Connection,
    id: ProductImportId,
    after: Option<u64>,
    limit: i64,
) -> DbResult<Vec<ImportRow>> {
    let rows = query!(
        "SELECT number, line, column_name, code, message, product
         FROM catalog.product_import_rows
         WHERE import_id = $1 AND number > $2
         ORDER BY number LIMIT $3",
        id.as_uuid(),
        after.map_or(-1, stored),
        limit,
    )
    .fetch_all(conn)
    .await?;
    let rows = rows.into_iter().map(|row| ImportRow {
        number: counted(row.number),
        line: counted(row.line),
        column: row.column_name,
        code: row.code,
        message: row.message,
        product: row.product,
    });
    Ok(rows.collect())
}
