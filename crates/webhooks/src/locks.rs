//! The locks of this module: endpoints, then deliveries.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::id::{DeliveryId, WebhookId};
use pg::{Connection, DbResult};
use sqlx::{query, query_as};
use tracing::instrument;
use uuid::Uuid;

use crate::{
    Endpoint,
    sql::{EndpointRow, count},
};

/// Locks an endpoint for the rest of the transaction. Deliveries to it can be written meanwhile.
#[instrument(name = "db.webhook.lock", skip_all, err)]
pub async fn endpoint(conn: &mut Connection, id: WebhookId) -> DbResult<Option<Endpoint>> {
    let row = query_as!(
        EndpointRow,
        "SELECT id, url, description, filters, status, version, created_by, created_at,
                failing_since, failures
         FROM webhooks.endpoints WHERE id = $1
         FOR NO KEY UPDATE",
        id.as_uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(Endpoint::try_from).transpose()
}

/// A delivery that somebody is at.
#[derive(Clone, Debug)]
pub struct Claimed {
    pub id: DeliveryId,
    pub endpoint: WebhookId,
    pub url: String,
    pub message_id: Uuid,
    pub kind: String,
    pub body: String,
    /// Which attempt this is, of all.
    pub attempt: u16,
    /// How many there were before it was begun (anew).
    pub attempts_before: u16,
}

/// What a node has room for.
#[derive(Debug)]
pub struct Room {
    /// Deliveries in all.
    pub free: i64,
    /// Deliveries of one endpoint at a time; of one that fails, one.
    pub each: i64,
    /// Those it is at.
    pub busy: Vec<(Uuid, i64)>,
}

/// Takes deliveries that are due, until `leased_until`: of each endpoint as many as it has room for,
/// so that none has to wait for another one. The attempt is counted already here: a delivery that
/// kills the program is given up one day, too.
#[instrument(level = "debug", name = "db.webhook.claim", skip_all, err)]
pub async fn claim(
    conn: &mut Connection,
    now: Timestamp,
    leased_until: Timestamp,
    room: &Room,
) -> DbResult<Vec<Claimed>> {
    let (endpoints, counts): (Vec<Uuid>, Vec<i64>) = room.busy.iter().copied().unzip();
    let rows = query!(
        r#"WITH due AS MATERIALIZED (
               SELECT d.id FROM webhooks.endpoints e
               LEFT JOIN unnest($3::uuid[], $4::bigint[]) AS busy (id, number) ON busy.id = e.id
               CROSS JOIN LATERAL (
                   SELECT d.id FROM webhooks.deliveries d
                   WHERE d.endpoint_id = e.id AND d.status = 'pending' AND d.next_attempt_at <= $1
                     AND (d.leased_until IS NULL OR d.leased_until <= $1)
                   ORDER BY d.next_attempt_at
                   LIMIT greatest(0, CASE WHEN e.failures = 0 THEN $5::bigint ELSE 1 END
                       - coalesce(busy.number, 0))
                   FOR UPDATE SKIP LOCKED) d
               WHERE e.status = 'active' AND (e.rests_until IS NULL OR e.rests_until <= $1)
               ORDER BY random() LIMIT $6)
           UPDATE webhooks.deliveries d
           SET attempts = least(d.attempts, 32766) + 1, leased_until = $2
           FROM webhooks.endpoints e, webhooks.messages m
           -- An array, so that PostgreSQL takes them by their key however many it thinks there are.
           WHERE d.id = ANY (ARRAY(SELECT id FROM due)) AND e.id = d.endpoint_id
             AND m.id = d.message_id
           RETURNING d.id AS "id!", d.endpoint_id AS "endpoint_id!", e.url AS "url!",
                     d.message_id AS "message_id!", d.kind AS "kind!", m.body AS "body!",
                     d.attempts AS "attempts!", d.attempts_before AS "attempts_before!""#,
        now.to_sqlx() as jiff_sqlx::Timestamp,
        leased_until.to_sqlx() as jiff_sqlx::Timestamp,
        &endpoints,
        &counts,
        room.each,
        room.free,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Claimed {
            id: row.id.into(),
            endpoint: row.endpoint_id.into(),
            url: row.url,
            message_id: row.message_id,
            kind: row.kind,
            body: row.body,
            attempt: count(row.attempts),
            attempts_before: count(row.attempts_before),
        })
        .collect())
}
