//! Endpoints: registered, changed, paused, resumed, removed; their secrets.

use jiff::{SignedDuration, Timestamp};
use kernel::{
    Actor, Clock, Ids,
    id::{UserId, WebhookId},
};
use pg::{Connection, DbError, DbResult};

use crate::{
    Endpoint, Guard, Sealer, Secret, WebhookError,
    filter::EventPattern,
    locks,
    model::{EndpointMove, SecretInfo},
    sql::endpoints::{self as sql, Transition},
};

/// The most endpoints of a shop: each event is matched with all of them.
pub const MOST_ENDPOINTS: usize = 50;
/// How long a secret may be good beside the one that follows it.
pub const LONGEST_OVERLAP: SignedDuration = SignedDuration::from_hours(24 * 7);

/// What people say of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointForm {
    /// Where it is.
    pub url: String,
    /// What it is.
    pub description: String,
    /// The events it wants; at least one pattern.
    pub filters: Vec<EventPattern>,
}

/// Registers an endpoint; with its secret, which is shown once.
pub async fn register(
    conn: &mut Connection,
    form: &EndpointForm,
    by: UserId,
    (guard, sealer): (&Guard, &Sealer),
    (ids, clock): (&Ids, &dyn Clock),
) -> Result<(Endpoint, Secret), WebhookError> {
    guard.look(&form.url)?;
    let (id, now) = (ids.next::<WebhookId>(clock), clock.now());
    let there = sql::number(conn).await?;
    if usize::try_from(there).is_ok_and(|there| there >= MOST_ENDPOINTS) {
        return Err(WebhookError::TooMany(MOST_ENDPOINTS));
    }
    sql::insert(conn, id, form, by, now).await?;
    let secret = new_secret(conn, id, sealer, ids, clock).await?;
    let endpoint = sql::find(conn, id).await?;
    let endpoint = endpoint.ok_or(DbError::Affected {
        what: "read an endpoint that was just registered",
        expected: 1,
        actual: 0,
    })?;
    Ok((endpoint, secret))
}

/// All endpoints, the oldest first.
pub async fn list(conn: &mut Connection) -> DbResult<Vec<Endpoint>> {
    sql::list(conn).await
}

/// One endpoint.
pub async fn find(conn: &mut Connection, id: WebhookId) -> DbResult<Option<Endpoint>> {
    sql::find(conn, id).await
}

/// Changes what people say of an endpoint, if nobody has since `seen`; before and after.
pub async fn change(
    conn: &mut Connection,
    id: WebhookId,
    seen: i64,
    form: &EndpointForm,
    guard: &Guard,
) -> Result<(Endpoint, Endpoint), WebhookError> {
    guard.look(&form.url)?;
    let before = locked(conn, id, Some(seen)).await?;
    sql::update(conn, &before, form).await?;
    let after = sql::find(conn, id).await?.ok_or(WebhookError::NotFound)?;
    Ok((before, after))
}

/// Who moves an endpoint, why and when.
#[derive(Clone, Copy, Debug)]
pub struct Cause<'a> {
    /// Who.
    pub actor: Actor,
    /// Why.
    pub reason: Option<&'a str>,
}

/// Pauses or resumes an endpoint, if nobody has changed it since `seen`, where that was said; before
/// and after. What waits for it goes on when it is resumed.
pub async fn set(
    conn: &mut Connection,
    id: WebhookId,
    seen: Option<i64>,
    asked: EndpointMove,
    cause: Cause<'_>,
    (ids, clock): (&Ids, &dyn Clock),
) -> Result<(Endpoint, Endpoint), WebhookError> {
    let before = locked(conn, id, seen).await?;
    transition(conn, &before, asked, cause, (ids, clock)).await?;
    let after = sql::find(conn, id).await?.ok_or(WebhookError::NotFound)?;
    Ok((before, after))
}

/// Removes an endpoint with its secrets and its log; answers what it was.
pub async fn remove(conn: &mut Connection, id: WebhookId) -> Result<Endpoint, WebhookError> {
    let endpoint = locked(conn, id, None).await?;
    sql::delete(conn, id).await?;
    Ok(endpoint)
}

/// The secrets that an endpoint's deliveries are signed with right now, the newest first.
pub async fn secrets(
    conn: &mut Connection,
    id: WebhookId,
    now: Timestamp,
) -> DbResult<Vec<SecretInfo>> {
    let rows = sql::secrets(conn, id, now).await?;
    Ok(rows.into_iter().map(|(info, _)| info).collect())
}

/// Gives an endpoint a new secret, which is shown once. Those it has sign beside it for `overlap`
/// more, so that its owner can exchange it without missing anything.
pub async fn rotate(
    conn: &mut Connection,
    id: WebhookId,
    overlap: SignedDuration,
    sealer: &Sealer,
    (ids, clock): (&Ids, &dyn Clock),
) -> Result<Secret, WebhookError> {
    locked(conn, id, None).await?;
    let now = clock.now();
    let overlap = overlap.clamp(SignedDuration::ZERO, LONGEST_OVERLAP);
    sql::end_secrets(conn, id, now + overlap, now).await?;
    new_secret(conn, id, sealer, ids, clock).await
}

/// The secrets themselves, for signing.
pub(crate) async fn opened(
    conn: &mut Connection,
    id: WebhookId,
    sealer: &Sealer,
    now: Timestamp,
) -> Result<Vec<Secret>, WebhookError> {
    let rows = sql::secrets(conn, id, now).await?;
    rows.iter().map(|(_, sealed)| sealer.open(id, sealed)).collect()
}

/// A move of an endpoint that is locked, with its row in the history.
pub(crate) async fn transition(
    conn: &mut Connection,
    endpoint: &Endpoint,
    asked: EndpointMove,
    cause: Cause<'_>,
    (ids, clock): (&Ids, &dyn Clock),
) -> Result<(), WebhookError> {
    let to = endpoint.status.after(asked)?;
    sql::set_status(conn, endpoint, to).await?;
    let transition = Transition {
        id: ids.uuid(clock),
        from: endpoint.status,
        to,
        actor: cause.actor,
        reason: cause.reason,
        at: clock.now(),
    };
    Ok(sql::insert_transition(conn, endpoint.id, &transition).await?)
}

async fn locked(
    conn: &mut Connection,
    id: WebhookId,
    seen: Option<i64>,
) -> Result<Endpoint, WebhookError> {
    let endpoint = locks::endpoint(conn, id).await?.ok_or(WebhookError::NotFound)?;
    match seen {
        Some(seen) if seen != endpoint.version => {
            Err(WebhookError::VersionConflict(endpoint.version))
        }
        _ => Ok(endpoint),
    }
}

async fn new_secret(
    conn: &mut Connection,
    endpoint: WebhookId,
    sealer: &Sealer,
    ids: &Ids,
    clock: &dyn Clock,
) -> Result<Secret, WebhookError> {
    let secret = Secret::new(ids);
    let kept = sealer.seal(endpoint, &secret, ids)?;
    sql::insert_secret(conn, ids.next(clock), endpoint, &kept, clock.now()).await?;
    Ok(secret)
}
