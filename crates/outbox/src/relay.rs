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

mod round;

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use futures::FutureExt as _;
use jiff::Timestamp;
use kernel::{Ids, Shard, SharedClock, later};
use pg::{Db, DbResult};
use sqlx::Connection as _;
use tokio_util::sync::CancellationToken;

use self::round::{Audience, BATCH_TIME, Round, Verdicts};
use crate::{
    Event, HandleError, Subscriber,
    error::keep,
    pause,
    sql::{
        Due,
        deferred::{self, Trouble},
        events, lanes,
    },
};

/// An event that failed this often is dead.
pub const EVENT_ATTEMPTS: u16 = 12;

/// Fresh events a round reads at most, and deferred ones.
const BATCH: u16 = 500;
/// Events handed over together, in one savepoint. When one of them fails they are handed over again
/// one by one, which takes as many savepoints.
const TOGETHER: usize = 40;
/// Rounds for which that is not tried again after it took too long.
const ALONE: u32 = 100;
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
    shards: Option<Vec<i16>>,
    /// Rounds for which events go one by one, because several at a time took too long.
    alone: AtomicU32,
}

/// What a round came to.
struct Outcome {
    handled: usize,
    /// There is more to do right now.
    more: bool,
}

impl Relay {
    /// A relay for all shards.
    pub const fn new(
        db: Db,
        clock: SharedClock,
        ids: Ids,
        subscribers: Vec<Arc<dyn Subscriber>>,
    ) -> Self {
        Self { db, clock, ids, subscribers, shards: None, alone: AtomicU32::new(0) }
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
            let audience = self.audience(&mut tx).await?;
            lanes::adopt(&mut tx, &foreign, &audience.whole).await?;
            tx.commit().await?;
            return Ok(Outcome { handled: 0, more: true });
        }
        let locked: Vec<i16> = locked.into_iter().map(|lane| lane.shard).collect();
        let target = lanes::target(&mut tx).await?;
        // Asked after the target was fixed: an event that it sees was committed before.
        round.audience = self.audience(&mut tx).await?;
        let mut more = self.hand_over_deferred(&mut tx, &locked, &mut round).await?;
        more |= self.take_fresh(&mut tx, &locked, &target, &mut round).await?;
        lanes::store(&mut tx, &locked, &target).await?;
        tx.commit().await?;
        Ok(Outcome { handled: round.handled, more })
    }

    /// Who wants what, right now.
    async fn audience(&self, conn: &mut pg::Connection) -> DbResult<Audience> {
        let mut audience = Audience::default();
        for subscriber in &self.subscribers {
            let interest = subscriber.interest(conn).await?;
            audience.whole.extend(&interest);
            audience.each.push(interest);
        }
        Ok(audience)
    }

    /// Says whether there is more of it right now.
    async fn hand_over_deferred(
        &self,
        tx: &mut pg::Transaction,
        lanes: &[i16],
        round: &mut Round,
    ) -> DbResult<bool> {
        let due = deferred::due(tx, round.now, lanes, i64::from(BATCH)).await?;
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
        Ok(verdicts.rest.is_some() || due.len() == usize::from(BATCH))
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
        let limit = i64::from(BATCH);
        let fresh = events::fresh(tx, lanes, target, &round.audience.whole, limit).await?;
        let Some(last) = fresh.last() else { return Ok(false) };
        let verdicts = self.decide(tx, &fresh, round).await?;
        if !verdicts.troubles.is_empty() {
            deferred::put(tx, &verdicts.troubles).await?;
        }
        let full = fresh.len() == usize::from(BATCH);
        let rest = verdicts.rest.or_else(|| full.then(|| last.place.position + 1));
        match rest {
            Some(from) => {
                let wanted = &round.audience.whole;
                Ok(events::defer(tx, lanes, target, wanted, from).await? > 0)
            }
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
        let alone = self.alone.load(Ordering::Relaxed);
        self.alone.store(alone.saturating_sub(1), Ordering::Relaxed);
        let together = if alone == 0 { TOGETHER } else { 1 };
        let mut left = due;
        while let Some(event) = left.first() {
            if round.is_full() && round.hands_over(event) {
                verdicts.rest = Some(event.place.position);
                break;
            }
            let ready = left.iter().take(together).take_while(|it| round.hands_over(it)).count();
            if ready > 1 && self.hand_over_together(tx, &left[..ready], round).await? {
                verdicts.done.extend(left[..ready].iter().map(|it| it.place));
                left = &left[ready..];
                continue;
            }
            // One by one: there is only one, or one of them fails. The first of them is handed over
            // however long the attempt with all of them took, so that each round gets on.
            let (each, rest) = left.split_at(ready.max(1));
            left = rest;
            if let Some(first) = self.decide_each(tx, each, round, &mut verdicts).await? {
                verdicts.rest = Some(first);
                break;
            }
        }
        lanes::allow_statements(tx, true).await?;
        Ok(verdicts)
    }

    /// Hands over `due` one by one; answers the first one there was no room for.
    async fn decide_each<'a>(
        &self,
        tx: &mut pg::Transaction,
        due: &'a [Due],
        round: &mut Round,
        verdicts: &mut Verdicts<'a>,
    ) -> DbResult<Option<i64>> {
        for (place, event) in due.iter().enumerate() {
            if round.holds_back(event) {
                verdicts.troubles.push((event, held_back(event)));
                continue;
            }
            // One that was deferred may be wanted by nobody any more.
            if round.hands_over(event) {
                if place > 0 && round.is_full() {
                    return Ok(Some(event.place.position));
                }
                round.savepoints += 1;
                round.handled += 1;
                if let Err(error) = self.hand_over(tx, event, &round.audience).await? {
                    round.waiting.insert(event.subject);
                    verdicts.troubles.push((event, self.failure(event, &error, round.now)));
                    continue;
                }
            }
            verdicts.done.push(event.place);
        }
        Ok(None)
    }

    /// Hands several events to all who want them, within one savepoint. `false`: it is as if nobody
    /// had been asked, and each of them has to be handed over by itself.
    async fn hand_over_together(
        &self,
        tx: &mut pg::Transaction,
        due: &[Due],
        round: &mut Round,
    ) -> DbResult<bool> {
        let Ok(events) = due.iter().map(Due::read).collect::<Result<Vec<Event>, _>>() else {
            return Ok(false);
        };
        round.savepoints += 1;
        let began = Instant::now();
        let mut savepoint = tx.begin().await?;
        for (subscriber, interest) in self.subscribers.iter().zip(&round.audience.each) {
            let wanted: Vec<&Event> =
                events.iter().filter(|it| interest.includes(&it.kind)).collect();
            if wanted.is_empty() {
                continue;
            }
            if ask(subscriber.as_ref(), &mut savepoint, &wanted).await.is_err() {
                savepoint.rollback().await?;
                if began.elapsed() > BATCH_TIME {
                    self.alone.store(ALONE, Ordering::Relaxed);
                }
                return Ok(false);
            }
        }
        savepoint.commit().await?;
        round.handled += due.len();
        Ok(true)
    }

    /// Hands one event to all who want it, within a savepoint: all of them did it, or none. The
    /// outer error is the transaction's end, the inner one only the event's.
    async fn hand_over(
        &self,
        tx: &mut pg::Transaction,
        due: &Due,
        audience: &Audience,
    ) -> DbResult<Result<(), HandleError>> {
        let event = match due.read() {
            Ok(event) => event,
            Err(error) => return Ok(Err(error.into())),
        };
        let mut savepoint = tx.begin().await?;
        for (subscriber, interest) in self.subscribers.iter().zip(&audience.each) {
            if !interest.includes(&event.kind) {
                continue;
            }
            if let Err(error) = ask(subscriber.as_ref(), &mut savepoint, &[&event]).await {
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
            next_attempt_at: (!dead).then(|| later(now, pause)),
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
    events: &[&Event],
) -> Result<(), HandleError> {
    let name = subscriber.name();
    let handled = match events {
        [event] => subscriber.handle(conn, event),
        events => subscriber.handle_all(conn, events),
    };
    let handling = AssertUnwindSafe(handled).catch_unwind();
    let why = match tokio::time::timeout(HANDLER_TIME, handling).await {
        Ok(Ok(Ok(()))) => return Ok(()),
        Ok(Ok(Err(error))) => error.to_string(),
        Ok(Err(_panic)) => "panicked".to_owned(),
        Err(_elapsed) => format!("took longer than {HANDLER_TIME:?}"),
    };
    Err(HandleError::new(format!("{name}: {why}")))
}
