//! The relay: hands events to their subscribers, in order, exactly once in the database.
//!
//! # Lanes
//!
//! A lane is a shard of `outbox.events`. One round is one transaction: it locks *lanes* first, by
//! an advisory lock each that it only tries, those where something is due and no other relay is at
//! it. A subject lives on one shard, so while a relay holds the lane nobody else can hand over an
//! event of that subject, and the order is kept with any number of relays. (Claiming rows with
//! `SKIP LOCKED` would not do: a relay would step over the rows of another and overtake them.)
//!
//! # What has been taken
//!
//! Nothing is written on an event. Each row carries its transaction (`tx`), and each lane a
//! snapshot (`taken`): **taken are exactly the events that `taken` sees**. A round takes a new
//! snapshot after it has the lanes (*target*), takes every event that `target` sees and `taken`
//! does not, and writes `target` in place of `taken`, in the transaction in which handlers write.
//! Why that is right:
//!
//! - *Nothing is lost or taken twice.* The two snapshots differ by the transactions that committed
//!   between them, and those are listed in `taken` as in progress or numbered from its end on: both
//!   are ranges of the primary key `(shard, tx, position)`. Every commit is seen by all snapshots
//!   made after it and by none made before, so it falls between exactly two successive ones.
//!   Successive they are: `target` is asked for by a statement of its own after the lock (READ
//!   COMMITTED), and the lane's last holder gave the lock back after its commit. Later statements
//!   of the round see more, but take only what `target` sees.
//! - *Late commits need no care.* A transaction that draws its positions early and commits late is
//!   unseen by `taken` and is found by its number. Positions are compared with no mark, so it does
//!   not matter that they commit out of order.
//! - *A writer that runs for hours* stays one entry in the snapshots' lists and costs each round
//!   one descent of the index. Nobody waits for it.
//! - *What the round itself writes.* A snapshot counts its own transaction among those it sees, so
//!   `target` is refused to a transaction that has a number already (`lanes::target`): a
//!   handler's own events get a number past the snapshot's end and are taken by the next round.
//! - *Order.* Whoever appends an event holds its subject's row lock until the commit. If T2
//!   appended after T1 did, T1 had committed before, so every snapshot that sees T2 sees T1: T1's
//!   event is taken in the same round or an earlier one. In a round events go by position, and T2
//!   drew its position after T1 (the sequence has no cache that could hand out old numbers late).
//! - *A crash* forgets the marks and the handlers' writes together, or neither. Numbers of
//!   transactions that a crash makes PostgreSQL give away again are higher than any that reached
//!   the disk, and therefore unseen by every stored snapshot.
//! - *A restored dump* lives in another cluster, whose transaction numbers mean something else. The
//!   lane knows the cluster its snapshot is from; of a foreign one, untaken are the events that
//!   `taken` does not see, judged by the old numbers, and those past `high`, the last position
//!   given away when `taken` was made. The relay puts them aside first (`lanes::adopt`) and from
//!   then on passes over everything up to `floor`, the old `high`, whose numbers are of the old
//!   cluster. New positions are higher: a dump holds the sequence no lower than the events. (A copy
//!   of the files, a standby or a recovery to a point in time are the same cluster, and need
//!   nothing.)
//!
//! # What is not handed over at once
//!
//! A round advances its lanes always: what it cannot finish it writes to `outbox.deferred`: an
//! event that failed, those of its subject that come after it, and what is more than one batch.
//! Live rows there come before their subject's fresh events. A dead one holds nobody back.

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
    Event, HandleError, Subscriber, Wants,
    error::keep,
    pause,
    sql::{
        Due, Place,
        deferred::{self, Trouble},
        events, lanes,
    },
};

/// An event that failed this often is dead.
pub const EVENT_ATTEMPTS: u16 = 12;

/// Fresh events a round reads at most.
const BATCH: u16 = 500;
/// Savepoints a round uses at most: PostgreSQL keeps 64 subtransactions of a transaction at hand,
/// and every snapshot in the whole database gets slower past that.
const SAVEPOINTS: u16 = 50;
/// When a round has been handing over this long, it defers the rest and commits.
const BATCH_TIME: Duration = Duration::from_secs(1);
/// No handler may take longer; its statements are cut off earlier ([`lanes::allow_statements`]).
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
    /// The kinds that some subscriber wants; none: all.
    wanted: Option<Vec<&'static str>>,
    shards: Option<Vec<i16>>,
}

/// What a round came to.
struct Outcome {
    handled: usize,
    /// There is more to do right now.
    more: bool,
}

/// What a round has done so far.
struct Round {
    now: Timestamp,
    started: Instant,
    savepoints: u16,
    handled: usize,
    /// Subjects whose later events wait.
    waiting: HashSet<Uuid>,
}

impl Round {
    fn new(now: Timestamp) -> Self {
        let (started, waiting) = (Instant::now(), HashSet::new());
        Self { now, started, savepoints: 0, handled: 0, waiting }
    }

    /// It has done enough and leaves the rest to the next one.
    fn is_full(&self) -> bool {
        self.savepoints == SAVEPOINTS || self.started.elapsed() > BATCH_TIME
    }
}

/// What became of events that were to be handed over.
#[derive(Default)]
struct Verdicts<'a> {
    done: Vec<Place>,
    troubles: Vec<(&'a Due, Trouble)>,
    /// The first one that nothing has been decided about.
    rest: Option<i64>,
}

impl Relay {
    /// A relay for all shards.
    pub fn new(
        db: Db,
        clock: SharedClock,
        ids: Ids,
        subscribers: Vec<Arc<dyn Subscriber>>,
    ) -> Self {
        let wanted = subscribers
            .iter()
            .map(|it| match it.wants() {
                Wants::Everything => None,
                Wants::Kinds(kinds) => Some(kinds),
            })
            .collect::<Option<Vec<_>>>()
            .map(|kinds| kinds.concat());
        Self { db, clock, ids, subscribers, wanted, shards: None }
    }

    /// The same for these shards only, where the database is distributed.
    #[must_use]
    pub fn on_shards(mut self, shards: impl IntoIterator<Item = Shard>) -> Self {
        self.shards = Some(shards.into_iter().map(Shard::to_i16).collect());
        self
    }

    /// Hands over what is due, a batch at most, and says how many events it handed over, those that
    /// failed included. Zero: nothing is due, or other relays are at it.
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

    /// Rounds until one hands something over, or nothing is due.
    async fn batch(&self) -> DbResult<Outcome> {
        loop {
            let outcome = self.round().await?;
            if outcome.handled > 0 || !outcome.more {
                return Ok(outcome);
            }
        }
    }

    #[tracing::instrument(level = "debug", name = "outbox.relay.round", skip_all)]
    async fn round(&self) -> DbResult<Outcome> {
        let mut round = Round::new(self.clock.now());
        let mut tx = self.db.begin().await?;
        lanes::prepare_relay(&mut tx).await?;
        let locked = lanes::lock(&mut tx, round.now, self.shards.as_deref()).await?;
        if locked.is_empty() {
            return Ok(Outcome { handled: 0, more: false });
        }
        let foreign: Vec<i16> = locked.iter().filter(|it| it.foreign).map(|it| it.shard).collect();
        if !foreign.is_empty() {
            tracing::warn!(lanes = foreign.len(), "the database was restored: lanes are adopted");
            lanes::adopt(&mut tx, &foreign, self.wanted.as_deref()).await?;
            tx.commit().await?;
            return Ok(Outcome { handled: 0, more: true });
        }
        let locked: Vec<i16> = locked.into_iter().map(|lane| lane.shard).collect();
        let target = lanes::target(&mut tx).await?;
        let mut more = self.hand_over_deferred(&mut tx, &locked, &mut round).await?;
        more |= self.take_fresh(&mut tx, &locked, &target, &mut round).await?;
        lanes::store(&mut tx, &locked, &target).await?;
        tx.commit().await?;
        Ok(Outcome { handled: round.handled, more })
    }

    /// Says whether there is more of it right now.
    async fn hand_over_deferred(
        &self,
        tx: &mut pg::Transaction,
        lanes: &[i16],
        round: &mut Round,
    ) -> DbResult<bool> {
        let due = deferred::due(tx, round.now, lanes, i64::from(SAVEPOINTS)).await?;
        if due.is_empty() {
            return Ok(false);
        }
        let verdicts = self.decide(tx, &due, round).await?;
        deferred::done(tx, &verdicts.done).await?;
        for (_, trouble) in &verdicts.troubles {
            // What waits for one that failed in this round stays as it is.
            if trouble.error.is_some() {
                deferred::failed(tx, trouble).await?;
            }
        }
        Ok(verdicts.rest.is_some() || due.len() == usize::from(SAVEPOINTS))
    }

    /// Hands over, or defers, all that `target` sees and its lane has not taken. Says whether some
    /// of it was deferred only because it was much.
    async fn take_fresh(
        &self,
        tx: &mut pg::Transaction,
        lanes: &[i16],
        target: &lanes::Target,
        round: &mut Round,
    ) -> DbResult<bool> {
        let wanted = self.wanted.as_deref();
        let fresh = events::fresh(tx, lanes, target, wanted, i64::from(BATCH)).await?;
        let Some(last) = fresh.last() else { return Ok(false) };
        let verdicts = self.decide(tx, &fresh, round).await?;
        if !verdicts.troubles.is_empty() {
            deferred::put(tx, &verdicts.troubles).await?;
        }
        let full = fresh.len() == usize::from(BATCH);
        let rest = verdicts.rest.or_else(|| full.then(|| last.place.position + 1));
        match rest {
            Some(from) => Ok(events::defer(tx, lanes, target, wanted, from).await? > 0),
            None => Ok(false),
        }
    }

    /// Hands over `due`, in order, until the round is full.
    async fn decide<'a>(
        &self,
        tx: &mut pg::Transaction,
        due: &'a [Due],
        round: &mut Round,
    ) -> DbResult<Verdicts<'a>> {
        let mut verdicts = Verdicts::default();
        lanes::allow_statements(tx, false).await?;
        for event in due {
            if event.held || round.waiting.contains(&event.subject) {
                verdicts.troubles.push((event, held_back(event)));
                continue;
            }
            // One that was deferred may be wanted by nobody any more.
            if self.subscribers.iter().any(|it| it.wants().include(&event.kind)) {
                if round.is_full() {
                    verdicts.rest = Some(event.place.position);
                    break;
                }
                round.savepoints += 1;
                round.handled += 1;
                if let Err(error) = self.hand_over(tx, event).await? {
                    round.waiting.insert(event.subject);
                    verdicts.troubles.push((event, self.failure(event, &error, round.now)));
                    continue;
                }
            }
            verdicts.done.push(event.place);
        }
        lanes::allow_statements(tx, true).await?;
        Ok(verdicts)
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
        for subscriber in self.subscribers.iter().filter(|it| it.wants().include(&event.kind)) {
            if let Err(error) = ask(subscriber.as_ref(), &mut savepoint, &event).await {
                savepoint.rollback().await?;
                return Ok(Err(error));
            }
        }
        savepoint.commit().await?;
        Ok(Ok(()))
    }

    fn failure(&self, event: &Due, error: &HandleError, now: Timestamp) -> Trouble {
        let attempts = event.attempts.saturating_add(1);
        let dead = attempts >= EVENT_ATTEMPTS;
        let (id, kind) = (event.id, &event.kind);
        if dead {
            tracing::error!(event.id = %id, event.kind = kind, attempts, %error,
                "event {id} ({kind}) failed for the last time");
        } else {
            tracing::warn!(event.id = %id, event.kind = kind, attempts, %error,
                "event {id} ({kind}) failed and will be tried again");
        }
        let pause = pause::after_failures(attempts, &self.ids);
        Trouble {
            place: event.place,
            attempts,
            error: Some(keep(&error.to_string())),
            next_attempt_at: (!dead).then(|| pause::later(now, pause)),
            dead,
        }
    }
}

fn held_back(event: &Due) -> Trouble {
    let (place, attempts) = (event.place, event.attempts);
    Trouble { place, attempts, error: None, next_attempt_at: None, dead: false }
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
