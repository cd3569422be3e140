//! The events this module publishes: its contract with the world.

use jiff::Timestamp;
use kernel::{Clock, Ids, id::WebhookId, shard_of};
use outbox::NewEvent;
use serde::Serialize;

use crate::Endpoint;

/// An endpoint was given up: nothing had arrived for days, or it said that it is gone.
pub const DISABLED: &str = "webhook.disabled";

#[derive(Serialize)]
struct Disabled<'a> {
    webhook_id: WebhookId,
    /// Where it is, without what stands behind the host: that may be secret.
    host: &'a str,
    /// What it is, in a person's words.
    description: &'a str,
    failing_since: Option<Timestamp>,
    /// Attempts in a row that failed.
    failures: u32,
    /// What went wrong the last time.
    last_error: &'a str,
}

/// The event that an endpoint was given up.
pub fn disabled(endpoint: &Endpoint, last_error: &str, clock: &dyn Clock, ids: &Ids) -> NewEvent {
    let data = Disabled {
        webhook_id: endpoint.id,
        host: endpoint.host(),
        description: &endpoint.description,
        failing_since: endpoint.failing_since,
        failures: endpoint.failures,
        last_error,
    };
    let subject = endpoint.id.as_uuid();
    NewEvent::new(DISABLED, shard_of(subject), subject, &data, clock, ids)
}
