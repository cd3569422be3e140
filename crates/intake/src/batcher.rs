//! What empties the queue: batchers, which place orders, and the lane of what is sold out.

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use catalog::OfferBook;
use futures::FutureExt;
use kernel::{Ids, SharedClock};
use pg::{Backoff, Db, DbError};
use pricing::{PriceBook, PromotionBook};
use tokio::sync::{Mutex, Notify, mpsc};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::{
    batch::{self, Batch, BatchError, Means},
    caution::Caution,
    engine::Settings,
    gate::Gate,
    metrics::IntakeMetrics,
    placed::Placed,
    request::{PlaceError, PlaceOrder, Refusal},
    ticket::{Answer, Counts, InFlight, Ticket},
};

/// The engine's works, shared by all batchers.
#[derive(Debug)]
pub(crate) struct Works {
    pub db: Db,
    pub clock: SharedClock,
    pub ids: Ids,
    pub settings: Settings,
    pub metrics: IntakeMetrics,
    pub gate: Gate,
    pub caution: Caution,
    pub book: OfferBook,
    pub prices: PriceBook,
    pub promotions: PromotionBook,
    pub in_flight: InFlight,
    pub counts: Arc<Counts>,
    /// The queue's entrance, for those who come back.
    pub queue: mpsc::WeakSender<Ticket>,
    /// Batches under way.
    pub busy: AtomicUsize,
    /// A batch has ended.
    pub ended: Notify,
}

/// The queue's exit; one batcher at a time stands at it.
pub(crate) type Waiting = Arc<Mutex<mpsc::Receiver<Ticket>>>;

impl Works {
    /// Places what waits, batch after batch, until the queue is closed and empty.
    pub async fn run(self: Arc<Self>, waiting: Waiting, stop: CancellationToken) {
        loop {
            let tickets = {
                let mut waiting = waiting.lock().await;
                if stop.is_cancelled() {
                    waiting.close();
                }
                let Some(tickets) = self.gather(&mut waiting, &stop).await else { return };
                self.busy.fetch_add(usize::from(!tickets.is_empty()), Ordering::AcqRel);
                tickets
            };
            if tickets.is_empty() {
                continue;
            }
            self.counts.take(tickets.len());
            self.place_all(tickets).await;
            self.busy.fetch_sub(1, Ordering::AcqRel);
            self.ended.notify_waiters();
        }
    }

    /// The next batch; none when the queue is closed, an empty one when it has to be closed.
    ///
    /// With nothing under way, whatever waits is taken at once: a lone order does not wait for
    /// company. While other batches are under way, a small one would only cost a transaction and
    /// wait for the same rows; it lingers until it is half full, or a batch has ended, or a few
    /// milliseconds are over (a batch may be held up by a lock that does not concern this one).
    async fn gather(
        &self,
        waiting: &mut mpsc::Receiver<Ticket>,
        stop: &CancellationToken,
    ) -> Option<Vec<Ticket>> {
        let full = self.settings.batch.max(1);
        let mut tickets = Vec::new();
        tokio::select! {
            biased;
            taken = waiting.recv_many(&mut tickets, full) => if taken == 0 { return None },
            () = stop.cancelled(), if !stop.is_cancelled() => return Some(tickets),
        }
        let linger = tokio::time::sleep(self.settings.linger);
        tokio::pin!(linger);
        while tickets.len() < full.div_ceil(2) {
            let ended = self.ended.notified();
            tokio::pin!(ended);
            ended.as_mut().enable();
            if self.busy.load(Ordering::Acquire) == 0 {
                break;
            }
            let room = full - tickets.len();
            tokio::select! {
                biased;
                () = &mut ended => {}
                () = &mut linger => break,
                taken = waiting.recv_many(&mut tickets, room) => if taken == 0 { break },
            }
        }
        // Whatever came while it lingered.
        fill(&mut tickets, full, waiting);
        Some(tickets)
    }

    /// Answers those who ask for what is sold out; the others go on to the queue.
    pub async fn run_lane(
        self: Arc<Self>,
        mut lane: mpsc::Receiver<Ticket>,
        stop: CancellationToken,
    ) {
        // When the lane may look again: a lone request comes later than that, and does not wait.
        let mut next = Instant::now();
        loop {
            let mut tickets = Vec::new();
            if stop.is_cancelled() {
                lane.close();
            }
            tokio::select! {
                biased;
                taken = lane.recv_many(&mut tickets, LANE_BATCH) => if taken == 0 { return },
                () = stop.cancelled(), if !stop.is_cancelled() => continue,
            }
            tokio::time::sleep_until(next.into()).await;
            fill(&mut tickets, LANE_BATCH, &mut lane);
            next = Instant::now() + LANE_PACE;
            let tickets = self.still_wanted(tickets);
            let looked = self.gate.look(&self.db, &tickets).await;
            let refusals = looked.unwrap_or_else(|error| {
                // The batchers know how to wait for a database that is away.
                tracing::warn!(%error, "the sold-out gate could not look");
                vec![None; tickets.len()]
            });
            let (mut answered, mut passed) = (Vec::new(), Vec::new());
            for (ticket, refusal) in tickets.into_iter().zip(refusals) {
                match refusal {
                    Some(refusal) => answered.push((ticket, Err(PlaceError::Refused(refusal)))),
                    None => passed.push(ticket),
                }
            }
            self.metrics.sold_out(answered.len());
            self.answer_all(answered, None);
            for ticket in passed {
                self.enqueue(ticket);
            }
        }
    }

    /// Puts a ticket that is in flight into the queue; when that is full, its way ends.
    fn enqueue(&self, ticket: Ticket) {
        let refused = match self.queue.upgrade() {
            Some(queue) => match queue.try_send(ticket) {
                Ok(()) => {
                    self.counts.enter();
                    return;
                }
                Err(mpsc::error::TrySendError::Full(ticket)) => (ticket, PlaceError::QueueFull),
                Err(mpsc::error::TrySendError::Closed(ticket)) => (ticket, PlaceError::Unavailable),
            },
            None => (ticket, PlaceError::Unavailable),
        };
        self.answer_all(vec![(refused.0, Err(refused.1))], None);
    }

    /// Places tickets, splitting the batch as often as it takes to isolate a request that makes the
    /// transaction fail.
    async fn place_all(&self, tickets: Vec<Ticket>) {
        let mut groups = vec![tickets];
        while let Some(group) = groups.pop() {
            let mut group = self.still_wanted(group);
            if group.is_empty() {
                continue;
            }
            match self.place_group(&group).await {
                Ok((batch, took)) => {
                    self.gate.close(batch.sold_out, batch.revision);
                    let answers =
                        batch.outcomes.into_iter().map(|o| o.map_err(PlaceError::Refused));
                    self.answer_all(group.into_iter().zip(answers).collect(), Some(took));
                }
                Err(PlaceError::Internal) if group.len() > 1 => {
                    self.metrics.split();
                    let second = group.split_off(group.len() / 2);
                    groups.push(second);
                    groups.push(group);
                }
                Err(error) => {
                    let answers = group.into_iter().map(|ticket| (ticket, Err(error.clone())));
                    self.answer_all(answers.collect(), None);
                }
            }
        }
    }

    /// Leaves out those for which nobody waits any more. Their keys are free again: the order may be
    /// asked for anew.
    fn still_wanted(&self, tickets: Vec<Ticket>) -> Vec<Ticket> {
        if !tickets.iter().any(Ticket::is_abandoned) {
            return tickets;
        }
        let (gone, wanted): (Vec<_>, Vec<_>) = tickets.into_iter().partition(Ticket::is_abandoned);
        let unavailable = |ticket| (ticket, Err(PlaceError::Unavailable));
        self.answer_all(gone.into_iter().map(unavailable).collect(), None);
        wanted
    }

    /// Answers, also those who waited behind the same keys: a placed order is theirs, too, if they
    /// asked for the same; after a refusal they are asked anew.
    fn answer_all(&self, answers: Vec<(Ticket, Answer)>, took: Option<Duration>) {
        if answers.is_empty() {
            return;
        }
        self.metrics.outcomes(answers.iter().map(|(_, answer)| answer));
        let keys = answers.iter().map(|(ticket, _)| ticket.request.key);
        let followers = self.in_flight.leave(keys);
        let (known, anew): (Vec<_>, Vec<_>) = followers
            .into_iter()
            .map(|follower| (told_with(&follower, &answers), follower))
            .partition(|(answer, _)| answer.is_some());
        let orders = answers.len();
        for (ticket, answer) in answers {
            tracing::debug!(
                parent: &ticket.span, orders, transaction = ?took, since = ?ticket.since.elapsed(),
                "answered"
            );
            ticket.answer(answer);
        }
        for (answer, follower) in known {
            follower.answer(answer.unwrap_or(Err(PlaceError::Unavailable)));
        }
        for (_, follower) in anew {
            // Else it waits behind the first of the followers; or too many do, and it was dropped,
            // which tells its caller to ask again.
            if let Ok(Some(ticket)) = self.in_flight.enter(follower) {
                self.enqueue(ticket);
            }
        }
    }

    /// One transaction, done again while the reason is a passing one. Doing it again is safe even
    /// when a commit's acknowledgement was lost: the keys tell what is placed already.
    async fn place_group(&self, group: &[Ticket]) -> Result<(Batch, Duration), PlaceError> {
        let requests: Vec<&PlaceOrder> = group.iter().map(|ticket| &ticket.request).collect();
        let began = Instant::now();
        self.metrics.queued(group.iter().map(|ticket| began.duration_since(ticket.since)));
        let span = tracing::debug_span!("batch", orders = group.len());
        for ticket in group {
            span.follows_from(&ticket.span);
        }
        let means = Means {
            db: &self.db,
            clock: &*self.clock,
            ids: &self.ids,
            book: &self.book,
            prices: &self.prices,
            promotions: &self.promotions,
            reservation: self.settings.reservation,
            hold_limit: self.settings.hold_limit,
            sourcing: self.settings.sourcing,
        };
        let mut attempt = 0;
        loop {
            attempt += 1;
            let draft = attempt == 1 && self.caution.allows();
            let started = Instant::now();
            let work = batch::place(means, &requests, draft);
            let work = AssertUnwindSafe(work.instrument(span.clone())).catch_unwind();
            match work.await {
                Ok(Ok(batch)) => {
                    let took = started.elapsed();
                    if batch.drafted {
                        self.caution.less();
                    }
                    self.metrics.batch(group.len(), took, batch.lock_wait);
                    return Ok((batch, took));
                }
                Ok(Err(BatchError::DraftsFailed)) => {
                    self.caution.more();
                    self.metrics.redrafted();
                }
                Ok(Err(error)) if error.is_passing() => {
                    if began.elapsed() > self.settings.persistence {
                        tracing::warn!(orders = group.len(), %error, "gave up a batch of orders");
                        return Err(PlaceError::Unavailable);
                    }
                    self.metrics.retry();
                    let pause = Backoff {
                        first: Duration::from_millis(2),
                        longest: Duration::from_millis(500),
                        attempts: u32::MAX,
                    };
                    tokio::time::sleep(pause.pause(attempt, &self.ids)).await;
                }
                Ok(Err(error)) => {
                    let error = with_causes(&error);
                    tracing::error!(orders = group.len(), error, "a batch of orders failed");
                    return Err(PlaceError::Internal);
                }
                Err(_panic) => {
                    tracing::error!(orders = group.len(), "a batch of orders broke an assertion");
                    return Err(PlaceError::Internal);
                }
            }
        }
    }
}

/// What a follower is told when the request before it, with the same key, was placed.
fn told_with(follower: &Ticket, answers: &[(Ticket, Answer)]) -> Option<Answer> {
    let first = |(ticket, _): &&(Ticket, Answer)| ticket.request.key == follower.request.key;
    let (ticket, answer) = answers.iter().find(first)?;
    let placed = answer.as_ref().ok()?;
    if ticket.request.fingerprint != follower.request.fingerprint {
        return Some(Err(PlaceError::Refused(Refusal::KeyReused)));
    }
    Some(Ok(Arc::new(Placed { replayed: true, ..Placed::clone(placed) })))
}

/// Takes what waits already, until there are `full` of them.
fn fill(tickets: &mut Vec<Ticket>, full: usize, waiting: &mut mpsc::Receiver<Ticket>) {
    while tickets.len() < full
        && let Ok(ticket) = waiting.try_recv()
    {
        tickets.push(ticket);
    }
}

/// Requests the lane looks for at once.
const LANE_BATCH: usize = 2000;
/// The least time between two looks of the lane. A look costs the same for one request as for
/// hundreds; without a pace, a crowd keeps it busy with a dozen at a time.
const LANE_PACE: Duration = Duration::from_millis(5);

/// An error with its causes, on one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

impl BatchError {
    const fn is_passing(&self) -> bool {
        match self {
            Self::KeyRace | Self::DraftsFailed | Self::StockMoved => true,
            Self::Db(error) | Self::Inventory(inventory::InventoryError::Db(error)) => {
                error.is_transient()
            }
            Self::Inventory(_) => false,
        }
    }
}

impl From<DbError> for BatchError {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}
