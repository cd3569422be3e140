//! The worker that sends: takes deliveries that are due, sends them outside any transaction, writes
//! down what came back. One on every node.
//!
//! One slow endpoint cannot starve the others: of each at most a few are on their way at a time, of
//! one that fails only one, and after some failures it is left in peace for a while, whatever waits
//! for it.

use std::{collections::HashMap, time::Duration};

use futures::{StreamExt as _, stream::FuturesUnordered};
use jiff::{SignedDuration, Timestamp};
use kernel::{Ids, SharedClock, id::WebhookId, later};
use pg::{Backoff, Db, DbError, retry::AsDbError, retry_when};
use telemetry::{
    Metrics,
    prometheus::{self, Histogram, IntCounterVec},
};
use tokio_util::sync::CancellationToken;

use crate::{
    Sealer, Sender, WebhookError, endpoints,
    locks::{self, Claimed, Room},
    outcome::{self, Outcome},
    send::{Attempt, Sent, TIME_LIMIT},
};

/// Deliveries on their way at the same time.
pub const AT_ONCE: usize = 32;
/// Of one endpoint.
pub const EACH: i64 = 4;
/// How much longer than an attempt a claim holds: time to write down what came of it.
const GRACE: Duration = Duration::from_secs(45);
/// How often to look when nothing is due.
const POLL: Duration = Duration::from_millis(500);
/// The same while the database cannot be reached.
const OUTAGE_POLL: Duration = Duration::from_secs(5);

/// What is counted.
#[derive(Clone, Debug)]
pub struct WebhookMetrics {
    attempts: IntCounterVec,
    seconds: Histogram,
}

impl WebhookMetrics {
    /// Registers them.
    pub fn new(metrics: &Metrics) -> prometheus::Result<Self> {
        const SECONDS: [f64; 7] = [0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0];
        Ok(Self {
            attempts: metrics.counters(
                "oxcart_webhook_attempts_total",
                "Attempts to deliver a webhook, by what came of them",
                &["outcome"],
            )?,
            seconds: metrics.histogram(
                "oxcart_webhook_attempt_seconds",
                "How long attempts to deliver a webhook took",
                &SECONDS,
            )?,
        })
    }
}

/// How long endpoints may fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// An endpoint where nothing has arrived for so long is disabled.
    pub disable_after: SignedDuration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { disable_after: SignedDuration::from_hours(24 * 5) }
    }
}

/// Sends what is due.
#[derive(Clone, Debug)]
pub struct Dispatcher {
    db: Db,
    clock: SharedClock,
    ids: Ids,
    sealer: Sealer,
    sender: Sender,
    patience: Patience,
    metrics: WebhookMetrics,
}

impl Dispatcher {
    /// From its parts.
    pub fn new(
        db: Db,
        (clock, ids): (SharedClock, Ids),
        sealer: Sealer,
        sender: Sender,
        patience: Patience,
        metrics: WebhookMetrics,
    ) -> Self {
        Self { db, clock, ids, sealer, sender, patience, metrics }
    }

    /// Sends what is due, as much as there is room for, and says how many deliveries that was.
    pub async fn run_due(&self) -> Result<usize, WebhookError> {
        let claimed = self.claim(AT_ONCE, &HashMap::new()).await?;
        let tried = claimed.len();
        let mut sending: FuturesUnordered<_> =
            claimed.into_iter().map(|it| self.deliver(it)).collect();
        while let Some((_, done)) = sending.next().await {
            done?;
        }
        Ok(tried)
    }

    /// Works until it is cancelled. What is on its way is waited for; its time is limited.
    pub async fn run(&self, stop: CancellationToken) {
        let mut sending = FuturesUnordered::new();
        let mut busy: HashMap<WebhookId, i64> = HashMap::new();
        while !stop.is_cancelled() {
            let mut pause = POLL;
            let free = AT_ONCE - sending.len();
            if free > 0 {
                match self.claim(free, &busy).await {
                    Ok(claimed) => {
                        for it in claimed {
                            *busy.entry(it.endpoint).or_default() += 1;
                            sending.push(self.deliver(it));
                        }
                    }
                    Err(error) => {
                        pause = OUTAGE_POLL;
                        tracing::warn!(%error, "webhooks that are due could not be read");
                    }
                }
            }
            tokio::select! {
                () = stop.cancelled() => {}
                Some((endpoint, done)) = sending.next(), if !sending.is_empty() => {
                    report(done);
                    if let Some(number) = busy.get_mut(&endpoint) {
                        *number -= 1;
                    }
                    busy.retain(|_, number| *number > 0);
                }
                () = tokio::time::sleep(pause), if sending.len() < AT_ONCE => {}
            }
        }
        while let Some((_, done)) = sending.next().await {
            report(done);
        }
    }

    async fn claim(
        &self,
        free: usize,
        busy: &HashMap<WebhookId, i64>,
    ) -> Result<Vec<Claimed>, WebhookError> {
        let now = self.clock.now();
        let room = Room {
            free: i64::try_from(free).unwrap_or(i64::MAX),
            each: EACH,
            busy: busy.iter().map(|(id, number)| (id.as_uuid(), *number)).collect(),
        };
        let mut tx = self.db.begin().await?;
        let claimed = locks::claim(&mut tx, now, later(now, TIME_LIMIT + GRACE), &room).await?;
        tx.commit().await.map_err(DbError::from)?;
        Ok(claimed)
    }

    /// One attempt, and what came of it written down.
    #[tracing::instrument(name = "webhooks.deliver", skip_all,
        fields(delivery = %claimed.id, webhook = %claimed.endpoint, attempt = claimed.attempt))]
    async fn deliver(&self, claimed: Claimed) -> (WebhookId, Result<Outcome, WebhookError>) {
        let endpoint = claimed.endpoint;
        let done = async {
            let began = self.clock.now();
            let sent = self.send(&claimed, began).await?;
            self.metrics.seconds.observe(sent.took.as_secs_f64());
            let outcome = self.record(&claimed, began, &sent).await?;
            self.metrics.attempts.with_label_values(&[outcome.as_str()]).inc();
            tracing::debug!(status = sent.status, error = sent.error, "{outcome:?}");
            Ok(outcome)
        };
        (endpoint, done.await)
    }

    /// Nothing of it is in a transaction.
    async fn send(&self, claimed: &Claimed, at: Timestamp) -> Result<Sent, WebhookError> {
        let opened = {
            let mut conn = self.db.acquire().await?;
            endpoints::opened(&mut conn, claimed.endpoint, &self.sealer, at).await
        };
        let secrets = match opened {
            Ok(secrets) if secrets.is_empty() => {
                // It was removed a moment ago.
                return Ok(Sent {
                    error: Some("there is no secret".to_owned()),
                    ..Sent::default()
                });
            }
            Ok(secrets) => secrets,
            Err(WebhookError::Sealed) => {
                let why = "its secret cannot be opened: rotate it";
                return Ok(Sent { error: Some(why.to_owned()), ..Sent::default() });
            }
            Err(error) => return Err(error),
        };
        let id = claimed.message_id.to_string();
        let message =
            Attempt { url: &claimed.url, id: &id, body: &claimed.body, secrets: &secrets, at };
        Ok(self.sender.send(&message).await)
    }

    /// Worth some patience: what is not written down is sent again.
    async fn record(
        &self,
        claimed: &Claimed,
        began: Timestamp,
        sent: &Sent,
    ) -> Result<Outcome, WebhookError> {
        let context = (&self.ids, &*self.clock);
        let again = |error: &WebhookError| error.as_db_error().is_some_and(DbError::is_transient);
        retry_when(Backoff::EDIT, &self.ids, again, async || {
            let mut tx = self.db.begin().await?;
            let disable_after = self.patience.disable_after;
            let outcome =
                outcome::record(&mut tx, claimed, (began, sent), disable_after, context).await?;
            tx.commit().await.map_err(DbError::from)?;
            Ok(outcome)
        })
        .await
    }
}

impl AsDbError for WebhookError {
    fn as_db_error(&self) -> Option<&DbError> {
        match self {
            Self::Db(error) => Some(error),
            _ => None,
        }
    }
}

fn report(done: Result<Outcome, WebhookError>) {
    match done {
        Ok(Outcome::Lost) => {
            tracing::warn!("the lease ran out meanwhile: somebody else sends the webhook");
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "what came of a webhook could not be written down"),
    }
}
