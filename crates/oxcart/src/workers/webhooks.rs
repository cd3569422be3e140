//! Webhooks: put together, sent, and operations told when one is given up.

use std::sync::Arc;

use ::webhooks::{
    Dispatcher, FanOut, Guard, Office, Patience, Sealer, Sender, WebhookMetrics, events,
};
use anyhow::{Context as _, Result};
use jiff::{SignedDuration, Timestamp};
use kernel::{Ids, Locale, SharedClock, id::JobId};
use outbox::{BoxFuture, Event, HandleError, NewJob, Subscriber, Wants};
use pg::Connection;
use serde::{Deserialize, Serialize};
use telemetry::Metrics;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{compose::Base, config::Config, supervise::worker};

/// What the back office and the dispatcher share.
pub fn office(config: &Config, base: &Base, key: &[u8; 32]) -> Result<Office> {
    let source = config.public_url()?;
    Ok(Office {
        guard: Guard::new(config.webhook_allow.clone()),
        sealer: Sealer::new(key),
        fan_out: FanOut::new(source, base.clock.clone(), base.ids.clone()),
    })
}

/// Who listens to events for webhooks: the fan-out, and who tells operations, where an address is
/// configured.
pub fn subscribers(
    config: &Config,
    base: &Base,
    office: &Office,
) -> Result<Vec<Arc<dyn Subscriber>>> {
    let mut subscribers: Vec<Arc<dyn Subscriber>> = vec![Arc::new(office.fan_out.clone())];
    if let Some(to) = &config.ops_email {
        let to = identity::Email::new(to).context("OXCART_OPS_EMAIL")?;
        let (clock, ids, to) = (base.clock.clone(), base.ids.clone(), to.as_str().to_owned());
        subscribers.push(Arc::new(Notices { clock, ids, to }));
    }
    Ok(subscribers)
}

/// Starts the dispatcher.
pub fn spawn(
    tasks: &TaskTracker,
    stop: &CancellationToken,
    metrics: &Metrics,
    config: &Config,
    base: &Base,
    office: &Office,
) -> Result<()> {
    // Without certificates to trust there is no TLS: a shop that tells nobody does without.
    let sender = match Sender::new(&office.guard) {
        Ok(sender) => sender,
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "webhooks are not sent: is ca-certificates installed?");
            return Ok(());
        }
    };
    let days = i64::from(config.webhook_disable_days);
    let dispatcher = Dispatcher::new(
        base.db.clone(),
        (base.clock.clone(), base.ids.clone()),
        office.sealer.clone(),
        sender,
        Patience { disable_after: SignedDuration::from_hours(24 * days) },
        WebhookMetrics::new(metrics)?,
    );
    worker::spawn(tasks, stop, "webhooks", move |stop| {
        let dispatcher = dispatcher.clone();
        async move { dispatcher.run(stop).await }
    });
    Ok(())
}

/// The kind of the job that tells operations.
const SEND_WEBHOOK_DISABLED: &str = "send_webhook_disabled";

/// Writes the job that tells operations of a webhook that was given up.
struct Notices {
    clock: SharedClock,
    ids: Ids,
    to: String,
}

/// What of [`events::DISABLED`] is told.
#[derive(Deserialize)]
struct Disabled {
    host: String,
    failing_since: Option<Timestamp>,
    last_error: String,
}

/// What the mail needs to know.
#[derive(Serialize)]
struct Notice<'a> {
    email: &'a str,
    locale: Locale,
    endpoint: &'a str,
    failing_since: Timestamp,
    last_error: &'a str,
}

impl Subscriber for Notices {
    fn name(&self) -> &'static str {
        "webhook_notices"
    }

    fn wants(&self) -> Wants {
        Wants::Kinds(&[events::DISABLED])
    }

    fn handle<'a>(
        &'a self,
        conn: &'a mut Connection,
        event: &'a Event,
    ) -> BoxFuture<'a, Result<(), HandleError>> {
        Box::pin(async move {
            let disabled: Disabled = serde_json::from_value(event.data.clone())?;
            let notice = Notice {
                email: &self.to,
                locale: Locale::default(),
                endpoint: &disabled.host,
                failing_since: disabled.failing_since.unwrap_or(event.occurred_at),
                last_error: &disabled.last_error,
            };
            let job = NewJob {
                id: self.ids.next::<JobId>(&*self.clock),
                kind: SEND_WEBHOOK_DISABLED,
                payload: serde_json::to_value(&notice)?,
                event_id: Some(event.id),
                run_at: self.clock.now(),
            };
            Ok(outbox::enqueue(conn, &[job]).await?)
        })
    }
}

#[cfg(test)]
mod tests {
    use outbox::{NewEvent, Relay};
    use serde_json::{Value, json};
    use testkit::TestDb;
    use uuid::Uuid;

    use super::*;

    #[tokio::test]
    async fn operations_are_told_once_of_a_webhook_that_was_given_up() {
        let test = TestDb::new().await;
        let (clock, ids) = (test.shared_clock(), test.ids().clone());
        let to = "ops@example.com".to_owned();
        let notices = Notices { clock: clock.clone(), ids: ids.clone(), to };
        let data = json!({
            "webhook_id": Uuid::nil(), "host": "erp.example", "description": "ERP",
            "failing_since": clock.now(), "failures": 40, "last_error": "it took too long"
        });
        let shard = kernel::shard_of(Uuid::nil());
        let told = NewEvent::new(events::DISABLED, shard, Uuid::nil(), &data, &*clock, &ids);
        let mut tx = test.db().begin().await.unwrap();
        outbox::append(&mut tx, &[told]).await.unwrap();
        tx.commit().await.unwrap();
        let relay = Relay::new(test.db().clone(), clock.clone(), ids, vec![Arc::new(notices)]);
        assert_eq!(relay.drain_batch().await.unwrap(), 1);
        let mut conn = test.owner().acquire().await.unwrap();
        let jobs: Vec<(String, Value)> = sqlx::query_as("SELECT kind, payload FROM outbox.jobs")
            .fetch_all(&mut *conn)
            .await
            .unwrap();
        let expected = json!({
            "email": "ops@example.com", "locale": Locale::default(), "endpoint": "erp.example",
            "failing_since": clock.now(), "last_error": "it took too long"
        });
        assert_eq!(jobs, [(SEND_WEBHOOK_DISABLED.to_owned(), expected)]);
    }
}
