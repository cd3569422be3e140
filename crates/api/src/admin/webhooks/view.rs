//! Webhooks and deliveries as they are shown. No secret is ever among it.

use ::webhooks::{
    Attempt, Delivery, DeliveryStatus, Endpoint, EndpointStatus, deliveries::WholeDelivery,
    endpoints, model::SecretInfo,
};
use jiff::Timestamp;
use kernel::id::{DeliveryId, UserId, WebhookId, WebhookSecretId};
use pg::Connection;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::kit::Problem;

/// A webhook.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct WebhookView {
    /// Its id.
    pub id: WebhookId,
    /// Where events are sent.
    pub url: String,
    /// What it is, for people.
    pub description: String,
    /// The events it is told of.
    pub events: Vec<String>,
    /// `active`, `paused` (by somebody) or `disabled` (because nothing arrived).
    #[schema(value_type = String, example = "active")]
    pub status: EndpointStatus,
    /// Who registered it.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// Since when nothing has arrived; `null`: the last one did.
    #[schema(required)]
    pub failing_since: Option<Timestamp>,
    /// Attempts in a row that failed.
    pub failures: u32,
    /// Counts what people change; also its `ETag`.
    pub version: i64,
}

impl From<Endpoint> for WebhookView {
    fn from(endpoint: Endpoint) -> Self {
        Self {
            id: endpoint.id,
            events: endpoint.filters.iter().map(ToString::to_string).collect(),
            url: endpoint.url,
            description: endpoint.description,
            status: endpoint.status,
            created_by: endpoint.created_by,
            created_at: endpoint.created_at,
            failing_since: endpoint.failing_since,
            failures: endpoint.failures,
            version: endpoint.version,
        }
    }
}

/// A secret, without itself.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
pub struct SecretView {
    /// Its id.
    pub id: WebhookSecretId,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when deliveries are signed with it; `null`: until another follows it.
    #[schema(required)]
    pub ends_at: Option<Timestamp>,
}

impl From<SecretInfo> for SecretView {
    fn from(info: SecretInfo) -> Self {
        let SecretInfo { id, created_at, ends_at } = info;
        Self { id, created_at, ends_at }
    }
}

/// A webhook with its secrets, without themselves.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct WholeWebhook {
    /// The webhook.
    #[serde(flatten)]
    pub webhook: WebhookView,
    /// Its secrets, the newest first.
    pub secrets: Vec<SecretView>,
}

/// A webhook with a new secret, shown this once.
#[derive(Serialize, ToSchema)]
pub struct WebhookWithSecret {
    /// The webhook.
    #[serde(flatten)]
    pub webhook: WholeWebhook,
    /// What its deliveries are signed with from now on. It is not shown again.
    #[schema(example = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    pub secret: String,
}

/// With its secrets.
pub async fn whole(
    conn: &mut Connection,
    endpoint: Endpoint,
    now: Timestamp,
) -> Result<WholeWebhook, Problem> {
    let secrets = endpoints::secrets(conn, endpoint.id, now).await?;
    let secrets = secrets.into_iter().map(SecretView::from).collect();
    Ok(WholeWebhook { webhook: endpoint.into(), secrets })
}

/// One event on its way to one webhook.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct DeliveryView {
    /// Its id.
    pub id: DeliveryId,
    /// What the receiver sees as `webhook-id`: the event's id, but for a test.
    pub message_id: Uuid,
    /// What happened.
    #[schema(example = "order.paid")]
    pub kind: String,
    /// When.
    pub occurred_at: Timestamp,
    /// `pending`, `delivered` or `failed` (given up).
    #[schema(value_type = String, example = "delivered")]
    pub status: DeliveryStatus,
    /// How often it was tried.
    pub attempts: u16,
    /// When it is tried next.
    #[schema(required)]
    pub next_attempt_at: Option<Timestamp>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it arrived, or was given up.
    #[schema(required)]
    pub finished_at: Option<Timestamp>,
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        Self {
            id: delivery.id,
            message_id: delivery.message_id,
            kind: delivery.kind,
            occurred_at: delivery.occurred_at,
            status: delivery.status,
            attempts: delivery.attempts,
            next_attempt_at: delivery.next_attempt_at,
            created_at: delivery.created_at,
            finished_at: delivery.finished_at,
        }
    }
}

/// One attempt to deliver.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AttemptView {
    /// Which, from 1.
    pub number: u16,
    /// When it began.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub millis: u32,
    /// The HTTP status of the answer; `null`: there was none.
    #[schema(required)]
    pub status: Option<u16>,
    /// Why there was none, or why it does not count.
    #[schema(required)]
    pub error: Option<String>,
    /// The first 1,024 bytes of the answer.
    #[schema(required)]
    pub reply: Option<String>,
}

impl From<Attempt> for AttemptView {
    fn from(attempt: Attempt) -> Self {
        let Attempt { number, at, millis, status, error, reply } = attempt;
        Self { number, at, millis, status, error, reply }
    }
}

/// A delivery with all that is known of it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct WholeDeliveryView {
    /// The delivery.
    #[serde(flatten)]
    pub delivery: DeliveryView,
    /// What is sent, as the receiver reads it.
    #[schema(value_type = Object)]
    pub body: Value,
    /// The attempts, the first one first.
    pub log: Vec<AttemptView>,
}

impl From<WholeDelivery> for WholeDeliveryView {
    fn from(whole: WholeDelivery) -> Self {
        Self {
            delivery: whole.delivery.into(),
            body: serde_json::from_str(&whole.body).unwrap_or(Value::String(whole.body)),
            log: whole.attempts.into_iter().map(AttemptView::from).collect(),
        }
    }
}
