//! The relay: hands events to their subscribers, in order, exactly once in the database.
//!
//! One batch is one transaction. It locks *lanes* first: the shards of the oldest due events, by an
//! advisory lock each, leaving out those that another relay holds. A subject lives on one shard, so
//! while a relay holds the lane nobody else can hand over an event of that subject, and the order
//! is kept with any number of relays. (Claiming rows with `SKIP LOCKED` would not do: a relay
//! would step over the rows of another and overtake them.) The events are read by a statement of
//! its own after the locks, so that it sees everything the lane's last holder committed.

use std::{
    collections::HashSet,
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::FutureExt as _;
use jiff::Timestamp;
use kernel::{Ids, Shard, SharedClock};
use pg::{Db, DbResult};
use sqlx::Connection as _;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    Event, HandleError, Subscriber,
    error::keep,
    pause,
    sql::events::{self, Due, Failure, Key},
};

/// An event that failed this often is dead.
pub const EVENT_ATTEMPTS: u16 = 12;

/// Events a batch takes at most.
const BATCH: u16 = 500;
/// Savepoints a batch uses at most: PostgreSQL keeps 64 subtransactions of a transaction at hand,
/// and every snapshot in the whole database gets slower past that.
const SAVEPOINTS: usize = 50;
/// When a batch has run this long, it commits what it has.
const BATCH_TIME: Duration = Duration::from_secs(1);
/// No handler may take longer; its statements are cut off earlier (`prepare_relay`).
const HANDLER_TIME: Duration = Duration::from_secs(10);
/// How often to look when there is nothing to do; up to a half less.
pub(crate) const POLL: Duration = Duration::from_millis(250);
/// The longest pause while the database cannot be reached.
pub(crate) const OUTAGE_POLL: Duration = Duration::from_secs(5);

/// Hands events to their subscribers. Any number of relays may run, here and elsewhere.
pub struct Relay {
    db: Db,
    clock: SharedClock,
    ids: Ids,
    subscribers: Vec<Arc<dyn Subscriber>>,
    shards: Option<Vec<i16>>,
}

/// What a batch came to.
struct Outcome {
    handled: usize,
    /// There is more to do right now.
    more: bool,
}

/// What happened to the events of a batch.
#[derive(Default)]
struct Verdicts {
    published: Vec<Key>,
    failed: Vec<Failure>,
    /// Subjects whose later events wait.
    waiting: HashSet<Uuid>,
}

impl Relay {
    /// A relay for all shards.
    pub fn new(
        db: Db,
        clock: SharedClock,
        ids: Ids,
        subscribers: Vec<Arc<dyn Subscriber>>,
    ) -> Self {
        Self { db, clock, ids, subscribers, shards: None }
    }

    /// The same for these shards only, where the database is distributed.
    #[must_use]
    pub fn on_shards(mut self, shards: impl IntoIterator<Item = Shard>) -> Self {
        self.shards = Some(shards.into_iter().map(Shard::to_i16).collect());
        self
    }

    /// Handles what is due, a batch at most, and says how many events it dealt with (handled or
    /// failed). Zero: nothing is due, or other relays are at it.
    pub async fn drain_batch(&self) -> DbResult<usize> {
        Ok(self.batch().await?.handled)
    }

    /// Works until it is cancelled. A batch in progress is finished first.
    pub async fn run(&self, cancel: CancellationToken) {
        let mut outages = 0;
        while !cancel.is_cancelled() {
            let pause = match self.batch().await {
                Ok(outcome) => {
                    if outages > 0 {
                        tracing::info!(outages, "the event relay works again");
                        outages = 0;
                    }
                    if outcome.more {
                        continue;
                    }
                    POLL
                }
                Err(error) => {
                    outages += 1;
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        outages,
                        "the event relay could not finish a batch"
                    );
                    (POLL * outages).min(OUTAGE_POLL)
                }
            };
            tokio::select! {
                () = cancel.cancelled() => {}
                () = tokio::time::sleep(pause::jittered(pause, &self.ids)) => {}
            }
        }
    }

    #[tracing::instrument(level = "debug", name = "outbox.relay.batch", skip_all)]
    async fn batch(&self) -> DbResult<Outcome> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        events::prepare_relay(&mut tx).await?;
        let lanes =
            events::lock_lanes(&mut tx, now, self.shards.as_deref(), i64::from(BATCH)).await?;
        if lanes.is_empty() {
            return Ok(Outcome { handled: 0, more: false });
        }
        let due = events::due(&mut tx, now, &lanes, i64::from(BATCH)).await?;
        let (verdicts, cut_short) = self.decide(&mut tx, &due, now).await?;
        if !verdicts.published.is_empty() {
            events::mark_published(&mut tx, now, &verdicts.published).await?;
        }
        for failure in &verdicts.failed {
            events::mark_failed(&mut tx, failure).await?;
        }
        tx.commit().await?;
        let handled = verdicts.published.len() + verdicts.failed.len();
        let more = handled > 0 && (cut_short || due.len() >= usize::from(BATCH));
        Ok(Outcome { handled, more })
    }

    /// Hands over `due`, in order. Also says whether some of it was left for the next batch.
    async fn decide(
        &self,
        tx: &mut pg::Transaction,
        due: &[Due],
        now: Timestamp,
    ) -> DbResult<(Verdicts, bool)> {
        let started = Instant::now();
        let mut verdicts = Verdicts::default();
        let mut savepoints = 0;
        for event in due {
            if verdicts.waiting.contains(&event.subject) {
                continue;
            }
            // What nobody wants costs no savepoint and is not even read.
            if self.subscribers.iter().any(|it| it.wants(&event.kind)) {
                if savepoints == SAVEPOINTS || started.elapsed() > BATCH_TIME {
                    return Ok((verdicts, true));
                }
                savepoints += 1;
                if let Err(error) = self.hand_over(tx, event).await? {
                    verdicts.waiting.insert(event.subject);
                    verdicts.failed.push(self.failure(event, &error, now));
                    continue;
                }
            }
            verdicts.published.push(event.key);
        }
        Ok((verdicts, false))
    }

    /// Hands one event to all who want it, within a savepoint: all of them did it, or none. The
    /// outer error is the transaction's end, the inner one only the event's.
    async fn hand_over(
        &self,
        tx: &mut pg::Transaction,
        due: &Due,
    ) -> DbResult<Result<(), HandleError>> {
        let event = match due.read() {
            Ok(event) => event,
            Err(error) => return Ok(Err(error.into())),
        };
        let mut savepoint = tx.begin().await?;
        for subscriber in self.subscribers.iter().filter(|it| it.wants(&event.kind)) {
            if let Err(error) = ask(subscriber.as_ref(), &mut savepoint, &event).await {
                savepoint.rollback().await?;
                return Ok(Err(error));
            }
        }
        savepoint.commit().await?;
        Ok(Ok(()))
    }

    fn failure(&self, event: &Due, error: &HandleError, now: Timestamp) -> Failure {
        let attempts = event.attempts.saturating_add(1);
        let dead = attempts >= EVENT_ATTEMPTS;
        let (id, kind) = (event.key.id, &event.kind);
        if dead {
            tracing::error!(event.id = %id, event.kind = kind, attempts, %error,
                "event {id} ({kind}) failed for the last time");
        } else {
            tracing::warn!(event.id = %id, event.kind = kind, attempts, %error,
                "event {id} ({kind}) failed and will be tried again");
        }
        let pause = pause::after_failures(attempts, &self.ids);
        Failure {
            key: event.key,
            attempts,
            error: keep(&error.to_string()),
            next_attempt_at: (!dead).then(|| pause::later(now, pause)),
        }
    }
}

/// Asks one subscriber, and survives its panics and its dawdling.
async fn ask(
    subscriber: &dyn Subscriber,
    conn: &mut pg::Connection,
    event: &Event,
) -> Result<(), HandleError> {
    let name = subscriber.name();
    let handling = AssertUnwindSafe(subscriber.handle(conn, event)).catch_unwind();
    let why = match tokio::time::timeout(HANDLER_TIME, handling).await {
        Ok(Ok(Ok(()))) => return Ok(()),
        Ok(Ok(Err(error))) => error.to_string(),
        Ok(Err(_panic)) => "panicked".to_owned(),
        Err(_elapsed) => format!("took longer than {HANDLER_TIME:?}"),
    };
    Err(HandleError::new(format!("{name}: {why}")))
}
