//! Every SQL statement about tasks.

use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kernel::{
    Actor,
    id::{OrderId, PaymentId, PaymentTaskId, RefundId, UserId},
};
use pg::{Connection, DbError, DbResult};
use serde_json::Value;
use uuid::Uuid;

use super::model::{NewTask, PaymentTask, TaskFilter, TaskKind, TaskResolution, TaskStatus};

struct TaskRow {
    id: Uuid,
    kind: String,
    reference: String,
    order_id: Option<Uuid>,
    payment_id: Option<Uuid>,
    refund_id: Option<Uuid>,
    details: Value,
    status: String,
    version: i64,
    resolution: Option<String>,
    note: Option<String>,
    resolved_by_kind: Option<String>,
    resolved_by: Option<Uuid>,
    created_at: SqlTimestamp,
    resolved_at: Option<SqlTimestamp>,
}

impl TryFrom<TaskRow> for PaymentTask {
    type Error = DbError;

    fn try_from(row: TaskRow) -> DbResult<Self> {
        let corrupt = |column, value: &str| DbError::Corrupt {
            table: "payments.tasks",
            column,
            value: value.to_owned(),
        };
        let resolution = row
            .resolution
            .as_deref()
            .map(|word| TaskResolution::parse(word).ok_or_else(|| corrupt("resolution", word)));
        Ok(Self {
            id: row.id.into(),
            kind: TaskKind::parse(&row.kind).ok_or_else(|| corrupt("kind", &row.kind))?,
            reference: row.reference,
            order: row.order_id.map(OrderId::from),
            payment: row.payment_id.map(PaymentId::from),
            refund: row.refund_id.map(RefundId::from),
            details: row.details,
            status: TaskStatus::parse(&row.status).ok_or_else(|| corrupt("status", &row.status))?,
            version: row.version,
            resolution: resolution.transpose()?,
            note: row.note,
            resolved_by_kind: row.resolved_by_kind,
            resolved_by: row.resolved_by.map(UserId::from),
            created_at: row.created_at.to_jiff(),
            resolved_at: row.resolved_at.map(SqlTimestamp::to_jiff),
        })
    }
}

pub(super) async fn insert(
    conn: &mut Connection,
    id: PaymentTaskId,
    new: &NewTask<'_>,
    at: Timestamp,
) -> DbResult<bool> {
    let done = sqlx::query!(
        r#"
        INSERT INTO payments.tasks (id, kind, reference, order_id, payment_id, refund_id, details
             , status, version, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', 1, $8)
            ON CONFLICT (kind, reference) WHERE status = 'open' DO NOTHING
        "#,
        id.as_uuid(),
        new.kind.as_str(),
        new.reference,
        new.order.map(OrderId::as_uuid),
        new.payment.map(PaymentId::as_uuid),
        new.refund.map(RefundId::as_uuid),
        new.details,
        at.to_sqlx(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

pub(super) async fn insert_once(
    conn: &mut Connection,
    id: PaymentTaskId,
    new: &NewTask<'_>,
    at: Timestamp,
) -> DbResult<bool> {
    let done = sqlx::query!(
        r#"
        INSERT INTO payments.tasks (id, kind, reference, order_id, payment_id, refund_id, details
             , status, version, created_at)
        SELECT $1, $2, $3, $4, $5, $6, $7, 'open', 1, $8
         WHERE NOT EXISTS (SELECT FROM payments.tasks WHERE kind = $2 AND reference = $3)
            ON CONFLICT (kind, reference) WHERE status = 'open' DO NOTHING
        "#,
        id.as_uuid(),
        new.kind.as_str(),
        new.reference,
        new.order.map(OrderId::as_uuid),
        new.payment.map(PaymentId::as_uuid),
        new.refund.map(RefundId::as_uuid),
        new.details,
        at.to_sqlx(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

pub(super) async fn find(
    conn: &mut Connection,
    id: PaymentTaskId,
) -> DbResult<Option<PaymentTask>> {
    let row = sqlx::query_as!(
        TaskRow,
        r#"
        SELECT id, kind, reference, order_id, payment_id, refund_id, details, status, version
             , resolution, note, resolved_by_kind, resolved_by, created_at, resolved_at
          FROM payments.tasks
         WHERE id = $1
        "#,
        id.as_uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(PaymentTask::try_from).transpose()
}

pub(super) async fn list(
    conn: &mut Connection,
    filter: &TaskFilter<'_>,
    after: Option<PaymentTaskId>,
    limit: i64,
) -> DbResult<Vec<PaymentTask>> {
    let rows = sqlx::query_as!(
        TaskRow,
        r#"
        SELECT id, kind, reference, order_id, payment_id, refund_id, details, status, version
             , resolution, note, resolved_by_kind, resolved_by, created_at, resolved_at
          FROM payments.tasks
         WHERE ($1::uuid IS NULL OR id < $1)
           AND ($2::text IS NULL OR status = $2)
           AND ($3::text IS NULL OR kind = $3)
           AND ($4::uuid IS NULL OR order_id = $4)
           AND ($5::text IS NULL OR starts_with(reference, $5))
         ORDER BY id DESC
         LIMIT $6
        "#,
        after.map(PaymentTaskId::as_uuid),
        filter.status.map(TaskStatus::as_str),
        filter.kind.map(TaskKind::as_str),
        filter.order.map(OrderId::as_uuid),
        filter.reference,
        limit,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(PaymentTask::try_from).collect()
}

/// Writes that a task is resolved, if it still is as it was; whether it was.
pub(super) async fn resolve(conn: &mut Connection, after: &PaymentTask) -> DbResult<bool> {
    let done = sqlx::query!(
        r#"
        UPDATE payments.tasks
           SET status = $3, version = $4, resolution = $5, note = $6, resolved_by_kind = $7
             , resolved_by = $8, resolved_at = $9
         WHERE id = $1 AND version = $2 AND status = 'open'
        "#,
        after.id.as_uuid(),
        after.version - 1,
        after.status.as_str(),
        after.version,
        after.resolution.map(TaskResolution::as_str),
        after.note,
        after.resolved_by_kind,
        after.resolved_by.map(UserId::as_uuid),
        after.resolved_at.map(ToSqlx::to_sqlx) as Option<SqlTimestamp>,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn close_of_refund(
    conn: &mut Connection,
    refund: RefundId,
    resolution: TaskResolution,
    actor: Actor,
    at: Timestamp,
) -> DbResult<()> {
    sqlx::query!(
        r#"
        UPDATE payments.tasks
           SET status = 'resolved', version = version + 1, resolution = $2, resolved_by_kind = $3
             , resolved_by = $4, resolved_at = $5
         WHERE refund_id = $1 AND status = 'open'
        "#,
        refund.as_uuid(),
        resolution.as_str(),
        actor.kind(),
        actor.user_id().map(UserId::as_uuid),
        at.to_sqlx(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn close_gone(
    conn: &mut Connection,
    kind: TaskKind,
    beginning: &str,
    still: &[String],
    at: Timestamp,
) -> DbResult<()> {
    sqlx::query!(
        r#"
        UPDATE payments.tasks
           SET status = 'resolved', version = version + 1, resolution = 'done'
             , resolved_by_kind = $4, resolved_at = $5
         WHERE kind = $1 AND status = 'open' AND starts_with(reference, $2)
           AND reference <> ALL ($3)
        "#,
        kind.as_str(),
        beginning,
        still,
        Actor::System.kind(),
        at.to_sqlx(),
    )
    .execute(conn)
    .await?;
    Ok(())
}
