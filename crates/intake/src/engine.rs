//! The queue and the batchers that empty it.

use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::FutureExt;
use jiff::SignedDuration;
use kernel::{Ids, SharedClock};
use pg::{Backoff, Db, DbError};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    batch::{self, BatchError},
    placed::Placed,
    request::{PlaceError, PlaceOrder, Refusal},
};

/// How the engine is set up.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Requests that may wait; more are refused at once.
    pub queue: usize,
    /// The most orders in one transaction.
    pub batch: usize,
    /// Transactions at the same time: while one waits for the disk, the next one fills.
    pub batchers: usize,
    /// How long stock is held for an unpaid order (BR-003).
    pub reservation: SignedDuration,
    /// How long a caller waits for an answer before it is told to ask again.
    pub patience: Duration,
    /// How long a batch is tried again while the database is away.
    pub persistence: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            queue: 10_000,
            batch: 500,
            batchers: 2,
            reservation: SignedDuration::from_mins(30),
            patience: Duration::from_secs(15),
            persistence: Duration::from_secs(10),
        }
    }
}

/// The outcome of one request.
pub(crate) type Outcome = Result<Arc<Placed>, Refusal>;

struct Ticket {
    request: PlaceOrder,
    answer: oneshot::Sender<Result<Arc<Placed>, PlaceError>>,
}

/// The engine's entrance. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Intake {
    queue: mpsc::Sender<Ticket>,
    patience: Duration,
    batch_max: usize,
}

impl Intake {
    /// Starts the batchers on `tracker`. When `stop` is cancelled nothing more is let in; what is
    /// waiting is still placed and answered before the batchers end.
    pub fn start(
        db: Db,
        clock: SharedClock,
        ids: Ids,
        settings: Settings,
        tracker: &TaskTracker,
        stop: &CancellationToken,
    ) -> Self {
        let (queue, waiting) = mpsc::channel(settings.queue);
        let waiting = Arc::new(Mutex::new(waiting));
        let batcher = Arc::new(Batcher { db, clock, ids, settings });
        for _ in 0..settings.batchers.max(1) {
            tracker.spawn(Arc::clone(&batcher).run(Arc::clone(&waiting), stop.clone()));
        }
        Self { queue, patience: settings.patience, batch_max: settings.batch }
    }

    /// Places an order, or says why not. Dropping the future gives up the answer only: the order
    /// may still be placed, and its key still finds it.
    pub async fn place(&self, request: PlaceOrder) -> Result<Arc<Placed>, PlaceError> {
        let (answer, answered) = oneshot::channel();
        self.queue.try_send(Ticket { request, answer }).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => PlaceError::QueueFull,
            mpsc::error::TrySendError::Closed(_) => PlaceError::Unavailable,
        })?;
        match tokio::time::timeout(self.patience, answered).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(PlaceError::Unavailable),
            Err(_) => Err(PlaceError::StillWorking),
        }
    }

    /// How many requests are waiting.
    pub fn depth(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// How many batches the waiting requests make: what to tell somebody who has to come back.
    pub fn batches_waiting(&self) -> usize {
        self.depth().div_ceil(self.batch_max.max(1))
    }
}

struct Batcher {
    db: Db,
    clock: SharedClock,
    ids: Ids,
    settings: Settings,
}

impl Batcher {
    async fn run(
        self: Arc<Self>,
        waiting: Arc<Mutex<mpsc::Receiver<Ticket>>>,
        stop: CancellationToken,
    ) {
        loop {
            let mut tickets = Vec::new();
            {
                // Whoever holds the receiver takes all there is; the others wait for it to come
                // free, while this batch is placed.
                let mut waiting = waiting.lock().await;
                if stop.is_cancelled() {
                    waiting.close();
                }
                tokio::select! {
                    biased;
                    taken = waiting.recv_many(&mut tickets, self.settings.batch.max(1)) => {
                        if taken == 0 {
                            return;
                        }
                    }
                    () = stop.cancelled(), if !stop.is_cancelled() => continue,
                }
            }
            self.place_all(tickets).await;
        }
    }

    /// Places tickets, splitting the batch as often as it takes to isolate a request that makes the
    /// transaction fail.
    async fn place_all(&self, tickets: Vec<Ticket>) {
        let mut groups = vec![tickets];
        while let Some(mut group) = groups.pop() {
            // Nobody waits any more: leave it out. Its order may be asked for again by its key.
            group.retain(|ticket| !ticket.answer.is_closed());
            if group.is_empty() {
                continue;
            }
            match self.place_group(&group).await {
                Ok(outcomes) => {
                    for (ticket, outcome) in group.into_iter().zip(outcomes) {
                        answer(ticket, outcome.map_err(PlaceError::Refused));
                    }
                }
                Err(PlaceError::Internal) if group.len() > 1 => {
                    let second = group.split_off(group.len() / 2);
                    groups.push(second);
                    groups.push(group);
                }
                Err(error) => {
                    for ticket in group {
                        answer(ticket, Err(error.clone()));
                    }
                }
            }
        }
    }

    /// One transaction, done again while the reason is a passing one. Doing it again is safe even
    /// when a commit's acknowledgement was lost: the keys tell what is placed already.
    async fn place_group(&self, group: &[Ticket]) -> Result<Vec<Outcome>, PlaceError> {
        let requests: Vec<&PlaceOrder> = group.iter().map(|ticket| &ticket.request).collect();
        let began = Instant::now();
        let mut attempt = 0;
        loop {
            attempt += 1;
            let work = batch::place(
                &self.db,
                &*self.clock,
                &self.ids,
                self.settings.reservation,
                &requests,
            );
            match AssertUnwindSafe(work).catch_unwind().await {
                Ok(Ok(outcomes)) => return Ok(outcomes),
                Ok(Err(error)) if error.is_passing() => {
                    if began.elapsed() > self.settings.persistence {
                        tracing::warn!(orders = group.len(), %error, "gave up a batch of orders");
                        return Err(PlaceError::Unavailable);
                    }
                    let pause = Backoff {
                        first: Duration::from_millis(2),
                        longest: Duration::from_millis(500),
                        attempts: u32::MAX,
                    };
                    tokio::time::sleep(pause.pause(attempt, &self.ids)).await;
                }
                Ok(Err(error)) => {
                    let error = anyhow_chain(&error);
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

fn answer(ticket: Ticket, outcome: Result<Arc<Placed>, PlaceError>) {
    // The caller may have gone meanwhile; its key finds the order.
    drop(ticket.answer.send(outcome));
}

/// An error with its causes, on one line.
fn anyhow_chain(error: &dyn std::error::Error) -> String {
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
            Self::KeyRace => true,
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
