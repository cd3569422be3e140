//! Statements on endpoints, their secrets and their moves.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::{
    Actor,
    id::{UserId, WebhookId, WebhookSecretId},
};
use pg::{Affected as _, Connection, DbResult};
use sqlx::{query, query_as, query_scalar};
use tracing::instrument;
use uuid::Uuid;

use super::{EndpointRow, time};
use crate::{
    Endpoint, EndpointForm,
    model::{EndpointStatus, SecretInfo},
};

fn patterns(form: &EndpointForm) -> Vec<String> {
    form.filters.iter().map(|it| it.as_str().to_owned()).collect()
}

#[instrument(name = "db.webhook.insert", skip_all, err)]
pub async fn insert(
    conn: &mut Connection,
    id: WebhookId,
    form: &EndpointForm,
    by: UserId,
    now: Timestamp,
) -> DbResult<()> {
    query!(
        "INSERT INTO webhooks.endpoints (id, url, description, filters, status, created_by, created_at)
         VALUES ($1, $2, $3, $4, 'active', $5, $6)",
        id.as_uuid(),
        form.url,
        form.description,
        &patterns(form),
        by.as_uuid(),
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(conn)
    .await?
    .one_row("register an endpoint")
}

#[instrument(name = "db.webhook.count", skip_all, err)]
pub async fn number(conn: &mut Connection) -> DbResult<i64> {
    let number = query_scalar!(r#"SELECT count(*) AS "number!" FROM webhooks.endpoints"#);
    Ok(number.fetch_one(conn).await?)
}

#[instrument(name = "db.webhook.find", skip_all, err)]
pub async fn find(conn: &mut Connection, id: WebhookId) -> DbResult<Option<Endpoint>> {
    let row = query_as!(
        EndpointRow,
        "SELECT id, url, description, filters, status, version, created_by, created_at,
                failing_since, failures
         FROM webhooks.endpoints WHERE id = $1",
        id.as_uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(Endpoint::try_from).transpose()
}

#[instrument(name = "db.webhook.list", skip_all, err)]
pub async fn list(conn: &mut Connection) -> DbResult<Vec<Endpoint>> {
    let rows = query_as!(
        EndpointRow,
        "SELECT id, url, description, filters, status, version, created_by, created_at,
                failing_since, failures
         FROM webhooks.endpoints ORDER BY id",
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Endpoint::try_from).collect()
}

/// Those that are told of events, and of which.
#[instrument(level = "debug", name = "db.webhook.listening", skip_all, err)]
pub async fn listening(conn: &mut Connection) -> DbResult<Vec<(Uuid, Vec<String>)>> {
    let rows = query!("SELECT id, filters FROM webhooks.endpoints WHERE status = 'active'")
        .fetch_all(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.filters)).collect())
}

/// Writes what people change. Another address begins anew.
#[instrument(name = "db.webhook.update", skip_all, err)]
pub async fn update(conn: &mut Connection, before: &Endpoint, form: &EndpointForm) -> DbResult<()> {
    query!(
        "UPDATE webhooks.endpoints
         SET url = $3, description = $4, filters = $5, version = version + 1,
             failures = CASE WHEN url = $3 THEN failures ELSE 0 END,
             failing_since = CASE WHEN url = $3 THEN failing_since END,
             rests_until = CASE WHEN url = $3 THEN rests_until END
         WHERE id = $1 AND version = $2",
        before.id.as_uuid(),
        before.version,
        form.url,
        form.description,
        &patterns(form),
    )
    .execute(conn)
    .await?
    .one_row("change an endpoint")
}

/// A move of the machine: exactly one row, from where it was.
#[instrument(name = "db.webhook.move", skip_all, err)]
pub async fn set_status(
    conn: &mut Connection,
    endpoint: &Endpoint,
    to: EndpointStatus,
) -> DbResult<()> {
    query!(
        "UPDATE webhooks.endpoints
         SET status = $3, version = version + 1, rests_until = NULL,
             failures = CASE $3 WHEN 'active' THEN 0 ELSE failures END,
             failing_since = CASE $3 WHEN 'active' THEN NULL ELSE failing_since END
         WHERE id = $1 AND status = $2",
        endpoint.id.as_uuid(),
        endpoint.status.as_str(),
        to.as_str(),
    )
    .execute(conn)
    .await?
    .one_row("move an endpoint")
}

/// A row of the history of moves.
pub struct Transition<'a> {
    pub id: Uuid,
    pub from: EndpointStatus,
    pub to: EndpointStatus,
    pub actor: Actor,
    pub reason: Option<&'a str>,
    pub at: Timestamp,
}

#[instrument(name = "db.webhook.insert_transition", skip_all, err)]
pub async fn insert_transition(
    conn: &mut Connection,
    endpoint: WebhookId,
    it: &Transition<'_>,
) -> DbResult<()> {
    query!(
        "INSERT INTO webhooks.transitions (id, endpoint_id, from_status, to_status, actor_kind,
             actor_id, reason, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        it.id,
        endpoint.as_uuid(),
        it.from.as_str(),
        it.to.as_str(),
        it.actor.kind(),
        it.actor.user_id().map(UserId::as_uuid),
        it.reason,
        it.at.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(conn)
    .await?
    .one_row("write down a move of an endpoint")
}

/// With its secrets and deliveries.
#[instrument(name = "db.webhook.delete", skip_all, err)]
pub async fn delete(conn: &mut Connection, id: WebhookId) -> DbResult<()> {
    query!("DELETE FROM webhooks.endpoints WHERE id = $1", id.as_uuid())
        .execute(conn)
        .await?
        .one_row("remove an endpoint")
}

/// Something arrived: writes only where something had failed.
#[instrument(level = "debug", name = "db.webhook.works", skip_all, err)]
pub async fn works(conn: &mut Connection, id: WebhookId) -> DbResult<()> {
    query!(
        "UPDATE webhooks.endpoints SET failures = 0, failing_since = NULL, rests_until = NULL
         WHERE id = $1 AND failures > 0",
        id.as_uuid(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// An attempt failed, of an endpoint that is locked.
#[instrument(name = "db.webhook.fails", skip_all, err)]
pub async fn fails(
    conn: &mut Connection,
    endpoint: &Endpoint,
    rests_until: Option<Timestamp>,
) -> DbResult<()> {
    query!(
        "UPDATE webhooks.endpoints SET failures = $2, failing_since = $3, rests_until = $4
         WHERE id = $1",
        endpoint.id.as_uuid(),
        i32::try_from(endpoint.failures).unwrap_or(i32::MAX),
        endpoint.failing_since.map(jiff_sqlx::ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
        rests_until.map(jiff_sqlx::ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
    )
    .execute(conn)
    .await?
    .one_row("note that an endpoint fails")
}

#[instrument(name = "db.webhook.insert_secret", skip_all, err)]
pub async fn insert_secret(
    conn: &mut Connection,
    id: WebhookSecretId,
    endpoint: WebhookId,
    sealed: &[u8],
    now: Timestamp,
) -> DbResult<()> {
    query!(
        "INSERT INTO webhooks.secrets (id, endpoint_id, sealed, created_at)
         VALUES ($1, $2, $3, $4)",
        id.as_uuid(),
        endpoint.as_uuid(),
        sealed,
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(conn)
    .await?
    .one_row("write a secret")
}

/// Those that are good at a moment, the newest first.
#[instrument(level = "debug", name = "db.webhook.secrets", skip_all, err)]
pub async fn secrets(
    conn: &mut Connection,
    endpoint: WebhookId,
    now: Timestamp,
) -> DbResult<Vec<(SecretInfo, Vec<u8>)>> {
    let rows = query!(
        "SELECT id, sealed, created_at, ends_at FROM webhooks.secrets
         WHERE endpoint_id = $1 AND (ends_at IS NULL OR ends_at > $2)
         ORDER BY id DESC",
        endpoint.as_uuid(),
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let info = SecretInfo {
                id: row.id.into(),
                created_at: row.created_at.to_jiff(),
                ends_at: time(row.ends_at),
            };
            (info, row.sealed)
        })
        .collect())
}

/// Those there are end at `ends_at` at the latest; what ended is thrown away.
#[instrument(name = "db.webhook.end_secrets", skip_all, err)]
pub async fn end_secrets(
    conn: &mut Connection,
    endpoint: WebhookId,
    ends_at: Timestamp,
    now: Timestamp,
) -> DbResult<()> {
    query!(
        "UPDATE webhooks.secrets SET ends_at = least(coalesce(ends_at, $2), $2)
         WHERE endpoint_id = $1",
        endpoint.as_uuid(),
        ends_at.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(&mut *conn)
    .await?;
    query!(
        "DELETE FROM webhooks.secrets WHERE endpoint_id = $1 AND ends_at <= $2",
        endpoint.as_uuid(),
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Endpoints that are told of events, those where nothing arrives, and deliveries that wait (counted
/// up to a hundred thousand).
#[instrument(level = "debug", name = "db.webhook.depth", skip_all, err)]
pub async fn depth(conn: &mut Connection) -> DbResult<[i64; 3]> {
    let row = query!(
        r#"SELECT count(*) FILTER (WHERE status = 'active') AS "active!",
                  count(*) FILTER (WHERE status = 'disabled' OR failing_since IS NOT NULL)
                      AS "failing!",
                  (SELECT count(*) FROM (
                      SELECT FROM webhooks.deliveries WHERE status = 'pending' LIMIT 100000) d)
                      AS "pending!"
           FROM webhooks.endpoints"#
    )
    .fetch_one(conn)
    .await?;
    Ok([row.active, row.failing, row.pending])
}
