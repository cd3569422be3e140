//! The log of deliveries, and sending again.

use jiff::Timestamp;
use kernel::id::{DeliveryId, WebhookId};
use outbox::{
    Interest,
    history::{self, EventFilter},
};
use pg::{Connection, DbResult};
use serde_json::json;
use uuid::Uuid;

use crate::{
    Attempt, Delivery, DeliveryStatus, Endpoint, FanOut, WebhookError,
    fan_out::Listener,
    model::{EndpointStatus, TEST},
    sql::deliveries::{self as sql, NewDelivery, NewMessage},
};

/// The most deliveries that one call begins anew, and the most events it looks at.
pub const MOST_AT_ONCE: i64 = 5_000;
/// Events that are read at a time.
const PAGE: i64 = 500;

/// Which deliveries. What is left out is not asked about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// How far they have come.
    pub status: Option<DeliveryStatus>,
    /// Of this kind of event.
    pub kind: Option<String>,
    /// Of events that occurred not before this.
    pub from: Option<Timestamp>,
    /// Before this.
    pub until: Option<Timestamp>,
}

/// Deliveries of an endpoint that fit, the newest first, from the one after `after` on.
pub async fn list(
    conn: &mut Connection,
    endpoint: WebhookId,
    filter: &DeliveryFilter,
    after: Option<DeliveryId>,
    limit: i64,
) -> DbResult<Vec<Delivery>> {
    sql::list(conn, endpoint, filter, after, limit).await
}

/// A delivery with all that is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WholeDelivery {
    /// The delivery.
    pub delivery: Delivery,
    /// What is sent.
    pub body: String,
    /// The attempts, the first one first.
    pub attempts: Vec<Attempt>,
}

/// One delivery of an endpoint.
pub async fn find(
    conn: &mut Connection,
    endpoint: WebhookId,
    id: DeliveryId,
) -> Result<WholeDelivery, WebhookError> {
    let delivery = sql::find(conn, endpoint, id).await?.ok_or(WebhookError::NotFound)?;
    let body = sql::body(conn, delivery.message_id).await?.ok_or(WebhookError::NotFound)?;
    let attempts = sql::attempts(conn, id).await?;
    Ok(WholeDelivery { delivery, body, attempts })
}

/// Sends one that ended once more, with all its attempts and the same `webhook-id`.
pub async fn redeliver(
    conn: &mut Connection,
    endpoint: WebhookId,
    id: DeliveryId,
    now: Timestamp,
) -> Result<Delivery, WebhookError> {
    let begun = sql::redeliver(conn, endpoint, id, now).await?;
    let delivery = sql::find(conn, endpoint, id).await?.ok_or(WebhookError::NotFound)?;
    if begun { Ok(delivery) } else { Err(WebhookError::StillPending) }
}

/// Of which time, and which of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Events that occurred not before this.
    pub from: Timestamp,
    /// Before this.
    pub until: Timestamp,
    /// Not what arrived.
    pub only_failed: bool,
}

/// What was begun anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redelivered {
    /// Deliveries that had ended; [`MOST_AT_ONCE`]: there may be more, call again.
    pub again: u64,
    /// Events that the endpoint was never told of: it was paused, disabled, or did not exist yet.
    pub missed: u64,
    /// There may be more before this: call again with this as the end.
    pub rest_until: Option<Timestamp>,
}

/// Sends events of a time once more, and those the endpoint missed, as far as events are still kept
/// (a week). At most [`MOST_AT_ONCE`] of each.
pub async fn redeliver_range(
    conn: &mut Connection,
    endpoint: &Endpoint,
    range: Range,
    fan_out: &FanOut,
) -> Result<Redelivered, WebhookError> {
    active(endpoint)?;
    let Range { from, until, only_failed } = range;
    let now = fan_out.context().1.now();
    let again =
        sql::redeliver_range(conn, endpoint.id, from, until, only_failed, now, MOST_AT_ONCE)
            .await?;
    let interest = Interest::of(&endpoint.filters);
    let filter = EventFilter {
        kinds: Some(interest.clone()),
        from: Some(from),
        until: Some(until),
        ..EventFilter::default()
    };
    let listener = [Listener { id: endpoint.id.as_uuid(), interest }];
    let (mut after, mut missed, mut read, mut oldest) = (None, 0, 0, None);
    while read < MOST_AT_ONCE {
        let page = history::events(conn, &filter, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        (after, oldest) = (Some(last.place), Some(last.event.occurred_at));
        read += i64::try_from(page.len()).unwrap_or(PAGE);
        let events: Vec<_> = page.iter().map(|it| &it.event).collect();
        missed += fan_out.write(conn, &listener, &events).await?;
    }
    Ok(Redelivered { again, missed, rest_until: oldest.filter(|_| read >= MOST_AT_ONCE) })
}

/// Sends an endpoint a test: one attempt, which changes nothing about the endpoint.
pub async fn test(
    conn: &mut Connection,
    endpoint: &Endpoint,
    fan_out: &FanOut,
) -> Result<Delivery, WebhookError> {
    active(endpoint)?;
    let (ids, clock) = fan_out.context();
    let (message_id, id, now) = (ids.uuid(&**clock), ids.next(&**clock), clock.now());
    let subject = endpoint.id.as_uuid();
    let body = json!({
        "specversion": "1.0", "id": message_id, "source": fan_out.source(), "type": TEST,
        "subject": subject, "time": now, "datacontenttype": "application/json",
        "data": {"webhook_id": subject},
    });
    let message = NewMessage {
        id: message_id,
        kind: TEST.to_owned(),
        subject,
        body: body.to_string(),
        occurred_at: now,
    };
    let delivery = NewDelivery { id, endpoint: subject, message: 0 };
    sql::insert(conn, &[message], &[delivery], now).await?;
    sql::find(conn, endpoint.id, id).await?.ok_or(WebhookError::NotFound)
}

/// Nothing is sent to an endpoint that is paused or disabled.
fn active(endpoint: &Endpoint) -> Result<(), WebhookError> {
    if endpoint.status == EndpointStatus::Active {
        return Ok(());
    }
    Err(WebhookError::NotActive(endpoint.status))
}

/// The smallest id of a time: ids are in the order of time.
pub(crate) fn first_id_of(at: Timestamp) -> Uuid {
    let millis = u128::try_from(at.as_millisecond()).unwrap_or(0);
    Uuid::from_u128(millis << 80)
}
