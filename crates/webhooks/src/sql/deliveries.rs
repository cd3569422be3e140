//! Statements on messages, deliveries and attempts.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::id::{DeliveryId, WebhookId};
use pg::{Affected as _, Connection, DbError, DbResult};
use sqlx::{query, query_as, query_scalar};
use tracing::instrument;
use uuid::Uuid;

use super::{column, count, time};
use crate::{
    DeliveryFilter,
    model::{Attempt, Delivery, DeliveryStatus},
    send::Sent,
};

/// A message to be written.
pub struct NewMessage {
    pub id: Uuid,
    pub kind: String,
    pub subject: Uuid,
    pub body: String,
    pub occurred_at: Timestamp,
}

/// A delivery to be written.
pub struct NewDelivery {
    pub id: DeliveryId,
    pub endpoint: Uuid,
    /// Where its message stands among those that are written with it.
    pub message: usize,
}

/// Writes messages and their deliveries; what there is already is left alone. How many deliveries
/// were new.
#[instrument(level = "debug", name = "db.webhook.insert_deliveries", skip_all, err)]
pub async fn insert(
    conn: &mut Connection,
    messages: &[NewMessage],
    deliveries: &[NewDelivery],
    now: Timestamp,
) -> DbResult<u64> {
    let ids: Vec<Uuid> = messages.iter().map(|it| it.id).collect();
    let kinds: Vec<&str> = messages.iter().map(|it| it.kind.as_str()).collect();
    let subjects: Vec<Uuid> = messages.iter().map(|it| it.subject).collect();
    let bodies: Vec<&str> = messages.iter().map(|it| it.body.as_str()).collect();
    let times: Vec<jiff_sqlx::Timestamp> =
        messages.iter().map(|it| it.occurred_at.to_sqlx()).collect();
    query!(
        "INSERT INTO webhooks.messages (id, kind, subject, body, occurred_at)
         SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::timestamptz[])
             AS message (id, kind, subject, body, occurred_at) ORDER BY id
         ON CONFLICT (id) DO NOTHING",
        &ids,
        &kinds as &[&str],
        &subjects,
        &bodies as &[&str],
        &times as &[jiff_sqlx::Timestamp],
    )
    .execute(&mut *conn)
    .await?;
    let of = |it: &NewDelivery| &messages[it.message];
    let ids: Vec<Uuid> = deliveries.iter().map(|it| it.id.as_uuid()).collect();
    let endpoints: Vec<Uuid> = deliveries.iter().map(|it| it.endpoint).collect();
    let message_ids: Vec<Uuid> = deliveries.iter().map(|it| of(it).id).collect();
    let kinds: Vec<&str> = deliveries.iter().map(|it| of(it).kind.as_str()).collect();
    let times: Vec<jiff_sqlx::Timestamp> =
        deliveries.iter().map(|it| of(it).occurred_at.to_sqlx()).collect();
    let written = query!(
        "INSERT INTO webhooks.deliveries (id, endpoint_id, message_id, kind, occurred_at, status,
             next_attempt_at, created_at)
         SELECT id, endpoint_id, message_id, kind, occurred_at, 'pending', $6, $6
         FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[])
             AS delivery (id, endpoint_id, message_id, kind, occurred_at)
         ORDER BY endpoint_id, message_id
         ON CONFLICT (endpoint_id, message_id) DO NOTHING",
        &ids,
        &endpoints,
        &message_ids,
        &kinds as &[&str],
        &times as &[jiff_sqlx::Timestamp],
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(conn)
    .await?;
    Ok(written.rows_affected())
}

struct DeliveryRow {
    id: Uuid,
    endpoint_id: Uuid,
    message_id: Uuid,
    kind: String,
    occurred_at: jiff_sqlx::Timestamp,
    status: String,
    attempts: i16,
    next_attempt_at: Option<jiff_sqlx::Timestamp>,
    created_at: jiff_sqlx::Timestamp,
    finished_at: Option<jiff_sqlx::Timestamp>,
}

impl TryFrom<DeliveryRow> for Delivery {
    type Error = DbError;

    fn try_from(row: DeliveryRow) -> DbResult<Self> {
        let status = DeliveryStatus::parse(&row.status).ok_or_else(|| DbError::Corrupt {
            table: "webhooks.deliveries",
            column: "status",
            value: row.status.clone(),
        })?;
        Ok(Self {
            id: row.id.into(),
            endpoint: row.endpoint_id.into(),
            message_id: row.message_id,
            kind: row.kind,
            occurred_at: row.occurred_at.to_jiff(),
            status,
            attempts: count(row.attempts),
            next_attempt_at: time(row.next_attempt_at),
            created_at: row.created_at.to_jiff(),
            finished_at: time(row.finished_at),
        })
    }
}

#[instrument(name = "db.webhook.list_deliveries", skip_all, err)]
pub async fn list(
    conn: &mut Connection,
    endpoint: WebhookId,
    filter: &DeliveryFilter,
    after: Option<DeliveryId>,
    limit: i64,
) -> DbResult<Vec<Delivery>> {
    let moment = |at: Option<Timestamp>| at.map(jiff_sqlx::ToSqlx::to_sqlx);
    let rows = query_as!(
        DeliveryRow,
        "SELECT id, endpoint_id, message_id, kind, occurred_at, status, attempts, next_attempt_at,
                created_at, finished_at
         FROM webhooks.deliveries
         WHERE endpoint_id = $1 AND ($2::uuid IS NULL OR id < $2)
           AND ($3::text IS NULL OR status = $3) AND ($4::text IS NULL OR kind = $4)
           AND ($5::timestamptz IS NULL OR occurred_at >= $5)
           AND ($6::timestamptz IS NULL OR occurred_at < $6)
         ORDER BY id DESC LIMIT $7",
        endpoint.as_uuid(),
        after.map(DeliveryId::as_uuid),
        filter.status.map(DeliveryStatus::as_str),
        filter.kind.as_deref(),
        moment(filter.from) as Option<jiff_sqlx::Timestamp>,
        moment(filter.until) as Option<jiff_sqlx::Timestamp>,
        limit,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Delivery::try_from).collect()
}

#[instrument(name = "db.webhook.find_delivery", skip_all, err)]
pub async fn find(
    conn: &mut Connection,
    endpoint: WebhookId,
    id: DeliveryId,
) -> DbResult<Option<Delivery>> {
    let row = query_as!(
        DeliveryRow,
        "SELECT id, endpoint_id, message_id, kind, occurred_at, status, attempts, next_attempt_at,
                created_at, finished_at
         FROM webhooks.deliveries WHERE id = $1 AND endpoint_id = $2",
        id.as_uuid(),
        endpoint.as_uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(Delivery::try_from).transpose()
}

#[instrument(name = "db.webhook.body", skip_all, err)]
pub async fn body(conn: &mut Connection, message: Uuid) -> DbResult<Option<String>> {
    let body = query_scalar!("SELECT body FROM webhooks.messages WHERE id = $1", message);
    Ok(body.fetch_optional(conn).await?)
}

#[instrument(name = "db.webhook.attempts", skip_all, err)]
pub async fn attempts(conn: &mut Connection, id: DeliveryId) -> DbResult<Vec<Attempt>> {
    let rows = query!(
        "SELECT number, at, millis, status, error, reply FROM webhooks.attempts
         WHERE delivery_id = $1 ORDER BY number",
        id.as_uuid(),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Attempt {
            number: count(row.number),
            at: row.at.to_jiff(),
            millis: u32::try_from(row.millis).unwrap_or(0),
            status: row.status.and_then(|status| u16::try_from(status).ok()),
            error: row.error,
            reply: row.reply,
        })
        .collect())
}

#[instrument(name = "db.webhook.insert_attempt", skip_all, err)]
pub async fn insert_attempt(
    conn: &mut Connection,
    id: DeliveryId,
    number: u16,
    at: Timestamp,
    sent: &Sent,
) -> DbResult<()> {
    query!(
        "INSERT INTO webhooks.attempts (delivery_id, number, at, millis, status, error, reply)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        id.as_uuid(),
        column(number),
        at.to_sqlx() as jiff_sqlx::Timestamp,
        i32::try_from(sent.took.as_millis()).unwrap_or(i32::MAX),
        sent.status.map(column),
        sent.error,
        sent.reply,
    )
    .execute(conn)
    .await?
    .one_row("write down an attempt")
}

/// The end of an attempt: a move out of `pending`, or on to the next attempt. The number of attempts
/// says whether it is still ours; another node that took it over after our lease ran out counted up.
#[instrument(name = "db.webhook.end_attempt", skip_all, err)]
pub async fn end_attempt(
    conn: &mut Connection,
    id: DeliveryId,
    attempts: u16,
    to: DeliveryStatus,
    next_attempt_at: Option<Timestamp>,
    now: Timestamp,
) -> DbResult<bool> {
    let finished_at = next_attempt_at.is_none().then_some(now);
    let done = query!(
        "UPDATE webhooks.deliveries
         SET status = $3, next_attempt_at = $4, finished_at = $5, leased_until = NULL
         WHERE id = $1 AND attempts = $2 AND status = 'pending'",
        id.as_uuid(),
        column(attempts),
        to.as_str(),
        next_attempt_at.map(jiff_sqlx::ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
        finished_at.map(jiff_sqlx::ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether it had ended, and begins anew.
#[instrument(name = "db.webhook.redeliver", skip_all, err)]
pub async fn redeliver(
    conn: &mut Connection,
    endpoint: WebhookId,
    id: DeliveryId,
    now: Timestamp,
) -> DbResult<bool> {
    let begun = query!(
        "UPDATE webhooks.deliveries
         SET status = 'pending', next_attempt_at = $3, finished_at = NULL, attempts_before = attempts
         WHERE id = $1 AND endpoint_id = $2 AND status IN ('delivered', 'failed')",
        id.as_uuid(),
        endpoint.as_uuid(),
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(conn)
    .await?;
    Ok(begun.rows_affected() == 1)
}

/// Begins those anew that ended, of events of a time; of all, or of those that failed. How many.
#[instrument(name = "db.webhook.redeliver_range", skip_all, err)]
pub async fn redeliver_range(
    conn: &mut Connection,
    endpoint: WebhookId,
    from: Timestamp,
    until: Timestamp,
    only_failed: bool,
    now: Timestamp,
    limit: i64,
) -> DbResult<u64> {
    let begun = query!(
        "UPDATE webhooks.deliveries
         SET status = 'pending', next_attempt_at = $5, finished_at = NULL, attempts_before = attempts
         WHERE status IN ('delivered', 'failed') AND id IN (
             SELECT id FROM webhooks.deliveries
             WHERE endpoint_id = $1 AND occurred_at >= $2 AND occurred_at < $3
               AND kind <> 'webhook.test'
               AND (status = 'failed' OR (status = 'delivered' AND NOT $4))
             ORDER BY id LIMIT $6)",
        endpoint.as_uuid(),
        from.to_sqlx() as jiff_sqlx::Timestamp,
        until.to_sqlx() as jiff_sqlx::Timestamp,
        only_failed,
        now.to_sqlx() as jiff_sqlx::Timestamp,
        limit,
    )
    .execute(conn)
    .await?;
    Ok(begun.rows_affected())
}

/// Deletes deliveries written before, with their attempts: those that ended, and those that wait for
/// an endpoint that is told of nothing any more. Ids are in the order of time.
#[instrument(name = "db.webhook.forget_deliveries", skip_all, err)]
pub async fn forget(conn: &mut Connection, before: Uuid, limit: i64) -> DbResult<u64> {
    let gone = query!(
        "DELETE FROM webhooks.deliveries WHERE id IN (
             SELECT d.id FROM webhooks.deliveries d
             JOIN webhooks.endpoints e ON e.id = d.endpoint_id
             WHERE d.id < $1 AND (d.status <> 'pending' OR e.status <> 'active')
             ORDER BY d.id LIMIT $2)",
        before,
        limit,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}

/// Deletes messages of before that no delivery is about any more.
#[instrument(name = "db.webhook.forget_messages", skip_all, err)]
pub async fn forget_messages(conn: &mut Connection, before: Uuid, limit: i64) -> DbResult<u64> {
    let gone = query!(
        "DELETE FROM webhooks.messages WHERE id IN (
             SELECT m.id FROM webhooks.messages m
             WHERE m.id < $1
               AND NOT EXISTS (SELECT FROM webhooks.deliveries d WHERE d.message_id = m.id)
             ORDER BY m.id LIMIT $2)",
        before,
        limit,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}
