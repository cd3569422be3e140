//! Every SQL statement of the audit log.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::id::UserId;
use pg::{Affected as _, Connection, DbResult};
use sqlx::query;
use tracing::instrument;
use uuid::Uuid;

use crate::{Entry, Filter, NewEntry};

#[instrument(name = "db.audit.insert", skip_all, err)]
pub async fn insert(conn: &mut Connection, entry: &NewEntry<'_>) -> DbResult<()> {
    query!(
        "INSERT INTO audit.entries (id, at, actor_kind, actor_id, source, action, target_kind,
             target_id, before, after, reason, ip, trace_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::text::inet, $13)",
        entry.id,
        entry.at.to_sqlx() as _,
        entry.actor.kind(),
        entry.actor.user_id().map(UserId::as_uuid),
        entry.source,
        entry.action,
        entry.target_kind,
        entry.target_id,
        entry.before,
        entry.after,
        entry.reason,
        entry.ip.map(|ip| ip.to_string()),
        entry.trace_id,
    )
    .execute(conn)
    .await?
    .one_row("write an audit entry")
}

#[instrument(name = "db.audit.list", skip_all, err)]
pub async fn list(
    conn: &mut Connection,
    filter: &Filter,
    after: Option<Uuid>,
    limit: i64,
) -> DbResult<Vec<Entry>> {
    let time = |at: Option<Timestamp>| at.map(ToSqlx::to_sqlx);
    let rows = query!(
        r#"SELECT id, at, actor_kind, actor_id, source, action, target_kind, target_id,
             before, after, reason, host(ip) AS ip, trace_id
         FROM audit.entries
         WHERE ($1::uuid IS NULL OR id < $1)
             AND ($2::uuid IS NULL OR actor_id = $2)
             AND ($3::text IS NULL OR action = $3)
             AND ($4::text IS NULL OR target_kind = $4)
             AND ($5::text IS NULL OR target_id = $5)
             AND ($6::timestamptz IS NULL OR at >= $6)
             AND ($7::timestamptz IS NULL OR at < $7)
             AND ($8::text IS NULL OR strpos(lower(concat_ws(' ', target_id, reason,
                 before::text, after::text)), lower($8)) > 0)
         ORDER BY id DESC LIMIT $9"#,
        after,
        filter.actor_id.map(UserId::as_uuid),
        filter.action,
        filter.target_kind,
        filter.target_id,
        time(filter.from) as _,
        time(filter.until) as _,
        filter.q,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Entry {
            id: row.id,
            at: row.at.to_jiff(),
            actor_kind: row.actor_kind,
            actor_id: row.actor_id.map(Into::into),
            source: row.source,
            action: row.action,
            target_kind: row.target_kind,
            target_id: row.target_id,
            before: row.before,
            after: row.after,
            reason: row.reason,
            ip: row.ip,
            trace_id: row.trace_id,
        })
        .collect())
}
